# SPDX-License-Identifier: MIT
"""The scenes that are recorded: each makes one or more connections between the hosts of a Lab."""
import socket
import struct
import threading
import time
from dataclasses import dataclass
from typing import Callable

from lab.net import ACK, FIN, SYN

REQUEST = b"GET /hello HTTP/1.1\r\nHost: server.example\r\n\r\n"
RESPONSE = (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\n"
            b"Hello, world\n")
MSG_FASTOPEN = 0x20000000
MSS = 1448          # with timestamps


@dataclass
class Scene:
    play: Callable
    file: str
    shows: str
    vantage: str = "client"
    connections: int = 1
    delay: float = 0.005
    offload: bool = False
    tcpdump: tuple = ()


SCENES = {}


def scene(file, shows, **more):
    def register(play):
        SCENES[file] = Scene(play, file, shows, **more)
        return play
    return register


# ----------------------------------------------------------------------------- what applications do

def text(size):
    line = b"line %05d of a text that both ends can check\n"
    return b"".join(line % i for i in range(size // 45 + 1))[:size]


def receive(sock, size):
    got = b""
    while len(got) < size:
        piece = sock.recv(size - len(got))
        if not piece:
            break
        got += piece
    return got


def receive_all(sock):
    """Until the other end closes."""
    while sock.recv(65536):
        pass


def converse(client, server):
    client.sendall(REQUEST)
    receive(server, len(REQUEST))
    server.sendall(RESPONSE)
    receive(client, len(RESPONSE))


def close_in_turn(first, second, pause=0.06):
    """`pause` is long enough for the second end to acknowledge the FIN before it closes."""
    first.shutdown(socket.SHUT_WR)
    receive_all(second)
    time.sleep(pause)
    second.close()
    receive_all(first)
    first.close()
    time.sleep(0.05)


def abort(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def transfer(lab, size, before=lambda: None):
    """The client sends `size` bytes at once; `before` may ask for losses once connected."""
    client, server = lab.connect()
    before()
    sender = threading.Thread(target=client.sendall, args=(text(size),))
    sender.start()
    receive(server, size)
    sender.join()
    time.sleep(0.05)
    close_in_turn(client, server, 0)


def try_connect(lab, port=80):
    client = lab.client.new_socket(40000)
    try:
        client.connect((lab.server.address[socket.AF_INET], port))
    except OSError:
        pass
    client.close()
    time.sleep(0.05)


def is_syn(frame):
    return frame.flags & SYN


def is_fin(frame):
    return frame.flags & FIN


def is_data(frame):
    return frame.length > 0


def is_bare_ack(frame):
    return frame.flags == ACK and frame.length == 0


# ------------------------------------------------------------------------------------ ordinary life

@scene("normal.pcap", "request, response, the client closes first: four-way close")
def normal(lab):
    client, server = lab.connect()
    converse(client, server)
    close_in_turn(client, server)


@scene("server-close.pcap", "the server closes first: four-way close", vantage="server")
def server_close(lab):
    client, server = lab.connect()
    converse(client, server)
    close_in_turn(server, client)


@scene("three-segment-close.pcap",
       "the server answers the client's FIN with FIN and ACK in one segment")
def three_segment_close(lab):
    client, server = lab.connect()
    converse(client, server)
    close_in_turn(client, server, 0)


@scene("simultaneous-close.pcap",
       "both FINs cross on the wire: FIN-WAIT-1, CLOSING, TIME-WAIT on both sides",
       delay=0.04)
def simultaneous_close(lab):
    client, server = lab.connect()
    converse(client, server)
    time.sleep(0.15)
    client.shutdown(socket.SHUT_WR)
    server.shutdown(socket.SHUT_WR)
    receive_all(client)
    receive_all(server)
    client.close()
    server.close()
    time.sleep(0.1)


@scene("simultaneous-open.pcap",
       "both ends connect to each other and the SYNs cross; nobody listens", delay=0.04)
def simultaneous_open(lab):
    ends = (lab.client, 40000), (lab.server, 80)
    socks = [host.new_socket(port) for host, port in ends]
    targets = reversed([(host.address[socket.AF_INET], port) for host, port in ends])
    threads = [threading.Thread(target=s.connect, args=(t,)) for s, t in zip(socks, targets)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    converse(*socks)
    close_in_turn(*socks)


@scene("half-close.pcap",
       "the client shuts down its sending side; the server goes on sending for 0.3 s")
def half_close(lab):
    client, server = lab.connect()
    client.sendall(REQUEST)
    receive(server, len(REQUEST))
    client.shutdown(socket.SHUT_WR)
    receive_all(server)
    for _ in range(4):
        time.sleep(0.07)
        server.sendall(text(1000))
    server.close()
    receive_all(client)
    client.close()
    time.sleep(0.05)


@scene("keepalive.pcap", "three keepalive probes of an idle connection, one a second, all answered")
def keepalive(lab):
    client, server = lab.connect()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    converse(client, server)
    time.sleep(3.5)
    close_in_turn(client, server)


@scene("keepalive-timeout.pcap",
       "the client is cut off: two keepalive probes without answer, then its reset; "
       "the server's later close meets no connection")
def keepalive_timeout(lab):
    client, server = lab.connect()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2)
    converse(client, server)
    time.sleep(0.06)
    lab.lose("client", lambda frame: True, 1, 1000)
    time.sleep(3.5)
    client.close()
    server.close()


@scene("ipv6.pcap", "the same as normal.pcap over IPv6")
def ipv6(lab):
    client, server = lab.connect(family=socket.AF_INET6)
    converse(client, server)
    close_in_turn(client, server)


@scene("fast-open.pcap",
       "Fast Open: the first connection gets a cookie, the second has data in its SYN",
       connections=2)
def fast_open(lab):
    for host in (lab.client, lab.server):
        host.sysctl("net.ipv4.tcp_fastopen", 3)
    listener = lab.server.listen()
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)
    for port in (40000, 40001):
        client = lab.client.new_socket(port)
        client.settimeout(None)
        client.sendto(REQUEST, MSG_FASTOPEN, (lab.server.address[socket.AF_INET], 80))
        server = listener.accept()[0]
        receive(server, len(REQUEST))
        server.sendall(RESPONSE)
        receive(client, len(RESPONSE))
        close_in_turn(client, server)


@scene("timewait-reuse.pcap",
       "one 4-tuple lives twice: the client connects again while the server is in TIME-WAIT",
       connections=2)
def timewait_reuse(lab):
    listener = lab.server.listen()
    for _ in range(2):
        client, server = lab.connect(listener=listener)
        converse(client, server)
        close_in_turn(server, client)
        time.sleep(1.1)


@scene("nanoseconds.pcap", "time stamps in nanoseconds", tcpdump=("--time-stamp-precision=nano",))
def nanoseconds(lab):
    normal(lab)


@scene("any-interface.pcap", "taken on all interfaces at once: Linux cooked header",
       tcpdump=("-i", "any"))
def any_interface(lab):
    normal(lab)


@scene("snaplen96.pcap", "96 bytes of each packet were kept", tcpdump=("-s", "96"))
def snaplen96(lab):
    transfer(lab, 8 * MSS)


@scene("offload.pcap",
       "taken on the sender with offload on: segments larger than the MSS, "
       "checksums not yet filled in",
       offload=True)
def offload(lab):
    transfer(lab, 8 * MSS)


# ------------------------------------------------------------------------------ refused, unanswered

@scene("refused-port.pcap", "nobody listens on the port: the SYN is answered by RST")
def refused_port(lab):
    try_connect(lab, 81)


@scene("refused-firewall.pcap", "the server's packet filter answers the SYN with a TCP reset")
def refused_firewall(lab):
    lab.server.listen()
    lab.server.reject(80, "reject with tcp reset")
    try_connect(lab)


@scene("refused-icmp.pcap",
       "the server's packet filter answers the SYN with ICMP: administratively prohibited")
def refused_icmp(lab):
    lab.server.listen()
    lab.server.reject(80, "reject with icmpx type admin-prohibited")
    try_connect(lab)


@scene("unanswered.pcap", "SYNs after 0, 1 and 3 s and no answer: a packet filter drops them")
def unanswered(lab):
    lab.client.sysctl("net.ipv4.tcp_syn_linear_timeouts", 0)
    lab.server.reject(80, "drop")
    client = lab.client.new_socket(40000)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 2)
    try:
        client.connect((lab.server.address[socket.AF_INET], 80))
    except OSError:
        pass
    client.close()


# --------------------------------------------------------------------------------------------- loss

@scene("syn-lost.pcap", "the first SYN is lost; the second, a second later, is answered")
def syn_lost(lab):
    lab.lose("client", is_syn)
    normal(lab)


@scene("synack-lost.pcap",
       "the first SYN-ACK is lost behind the server, which sends it again", vantage="server")
def synack_lost(lab):
    lab.lose("server", is_syn)
    normal(lab)


@scene("handshake-ack-lost.pcap",
       "the ACK of the SYN-ACK is lost: the server repeats its SYN-ACK, the client its ACK")
def handshake_ack_lost(lab):
    lab.lose("client", is_bare_ack)
    listener = lab.server.listen()
    client = lab.client.new_socket(40000)
    client.connect((lab.server.address[socket.AF_INET], 80))
    server = listener.accept()[0]
    converse(client, server)
    close_in_turn(client, server)


@scene("fin-lost.pcap", "the client's FIN is lost and sent again")
def fin_lost(lab):
    client, server = lab.connect()
    converse(client, server)
    lab.lose("client", is_fin)
    close_in_turn(client, server)


@scene("last-ack-lost.pcap",
       "the ACK of the server's FIN is lost: the server repeats its FIN, TIME-WAIT answers")
def last_ack_lost(lab):
    client, server = lab.connect()
    converse(client, server)
    client.shutdown(socket.SHUT_WR)
    receive_all(server)
    time.sleep(0.06)
    lab.lose("client", is_bare_ack)
    server.close()
    receive_all(client)
    client.close()
    time.sleep(0.5)


@scene("data-lost.pcap", "the third of ten data segments is lost: SACKs and a fast retransmission")
def data_lost(lab):
    transfer(lab, 10 * MSS, lambda: lab.lose("client", is_data, 3))


@scene("spoiled.pcap",
       "the third of ten data segments arrives with a wrong checksum: ignored, sent again",
       vantage="server")
def spoiled(lab):
    transfer(lab, 10 * MSS, lambda: lab.spoil("client", is_data, 3))


@scene("tail-lost.pcap",
       "the last two of ten data segments are lost: "
       "a tail loss probe after two round trips finds out")
def tail_lost(lab):
    transfer(lab, 10 * MSS, lambda: lab.lose("client", is_data, 9, 2))


@scene("timeout.pcap",
       "everything the client sends is lost for a while: retransmission timer with back-off")
def timeout(lab):
    transfer(lab, 2 * MSS, lambda: lab.lose("client", is_data, 1, 6))


@scene("reordered.pcap",
       "the third of ten data segments arrives behind the fifth; nothing is sent again",
       vantage="server")
def reordered(lab):
    transfer(lab, 10 * MSS, lambda: lab.hold("client", is_data, 2, 3))


@scene("zero-window.pcap", "the server does not read for 1.5 s: zero window, probes, window update")
def zero_window(lab):
    size = 10 * 1024
    listener = lab.server.listen()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    client, server = lab.connect(listener=listener)
    sender = threading.Thread(target=client.sendall, args=(text(size),))
    sender.start()
    time.sleep(1.5)
    receive(server, size)
    sender.join()
    close_in_turn(client, server)


# ------------------------------------------------------------------------------------------- resets

@scene("reset-unread-data.pcap", "the server closes without having read the request: RST")
def reset_unread_data(lab):
    client, server = lab.connect()
    client.sendall(REQUEST)
    time.sleep(0.1)
    server.close()
    time.sleep(0.1)
    client.close()


@scene("reset-linger.pcap", "the client aborts with SO_LINGER 0 after the response")
def reset_linger(lab):
    client, server = lab.connect()
    converse(client, server)
    time.sleep(0.06)
    abort(client)
    time.sleep(0.05)
    server.close()


@scene("reset-data-after-close.pcap",
       "the server has closed; the client sends more and is answered by RST")
def reset_data_after_close(lab):
    client, server = lab.connect()
    converse(client, server)
    server.close()
    receive_all(client)
    time.sleep(0.06)
    client.sendall(REQUEST)
    time.sleep(0.1)
    client.close()
