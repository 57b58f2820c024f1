#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""root_peer - both ends of real TCP connections, for tests/root.sh.

  root_peer.py serve ADDRESS PORT            answer "N\\n" with N bytes and close; says "ready" first
  root_peer.py fetch ADDRESS PORT COUNT N [PAUSE]   COUNT connections that fetch N bytes each, PAUSE seconds apart
  root_peer.py refused ADDRESS PORT COUNT    COUNT connections to a port where nobody listens
  root_peer.py reset ADDRESS PORT COUNT      COUNT connections that the client aborts
  root_peer.py mixed ADDRESS PORT SECONDS    all of these, for a while
Prints how many connections went as they should.
"""
import socket
import struct
import sys
import threading
import time


def answer(conn):
    with conn:
        try:
            line = conn.makefile("rb").readline()
            conn.sendall(b"x" * int(line or b"0"))
        except OSError:
            pass


def serve(address, port):
    with socket.create_server((address, port), backlog=1024) as listener:
        print("ready", flush=True)
        while True:
            conn, _ = listener.accept()
            threading.Thread(target=answer, args=(conn,), daemon=True).start()


def fetch_one(address, port, n):
    with socket.create_connection((address, port), timeout=30) as s:
        s.sendall(b"%d\n" % n)
        got = 0
        while block := s.recv(1 << 16):
            got += len(block)
    return got == n


def refused_one(address, port):
    try:
        socket.create_connection((address, port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def reset_one(address, port):
    s = socket.create_connection((address, port), timeout=5)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.sendall(b"100")
    s.close()
    return True


def mixed(address, port, seconds):
    end, done = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        done += fetch_one(address, port, 20000)
        done += refused_one(address, port + 1)
        done += reset_one(address, port)
        time.sleep(0.005)
    return done


def fetch(address, port, count, n, pause):
    done = 0
    for _ in range(count):
        done += fetch_one(address, port, n)
        time.sleep(pause)
    return done


def main():
    what, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    more = [float(x) for x in sys.argv[4:]]
    if what == "serve":
        serve(address, port)
    elif what == "fetch":
        print(fetch(address, port, int(more[0]), int(more[1]), more[2] if len(more) > 2 else 0))
    elif what == "refused":
        print(sum(refused_one(address, port) for _ in range(int(more[0]))))
    elif what == "reset":
        print(sum(reset_one(address, port) for _ in range(int(more[0]))))
    elif what == "mixed":
        print(mixed(address, port, more[0]))


main()
