# SPDX-License-Identifier: MIT
"""Two hosts in network namespaces of their own, joined by a wire that can delay and lose packets.

The wire is a thread of this process that carries Ethernet frames between two TAP interfaces, so a
scene can say exactly which packet is lost.  A plain veth pair is used where the kernel's
segmentation and checksum offload is to be seen.  Nothing outside the two namespaces is touched.
"""
import contextlib
import ctypes
import fcntl
import heapq
import itertools
import os
import select
import signal
import socket
import struct
import subprocess
import threading
import time

FIN, SYN, RST, ACK = 1, 2, 4, 16
INTERFACE = "e0"
TIMEOUT_S = 10
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000


def run(*argv, **options):
    return subprocess.run(argv, check=True, text=True, **options)


def set_namespace(fd):
    if LIBC.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def inside(namespace):
    """The calling thread is in `namespace` meanwhile; sockets opened there stay in it."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open("/run/netns/" + namespace, os.O_RDONLY)
    try:
        set_namespace(there)
        yield
    finally:
        set_namespace(home)
        os.close(there)
        os.close(home)


class Frame:
    """What a rule may ask about an Ethernet frame; `flags` is 0 when it is not TCP over IPv4."""

    def __init__(self, data):
        self.flags = self.length = 0
        if data[12:14] != b"\x08\x00" or data[23] != socket.IPPROTO_TCP:
            return
        tcp = 14 + (data[14] & 15) * 4
        self.flags = data[tcp + 13]
        end = 14 + struct.unpack_from("!H", data, 16)[0]
        self.length = end - tcp - (data[tcp + 12] >> 4) * 4


class Rule:
    """Applies `action` to `count` frames for which `match` holds, from the nth on.

    An action is DROP, SPOIL (change its last byte) or a number of later frames of the same
    direction to let pass first.
    """
    DROP, SPOIL = -1, -2

    def __init__(self, match, action, nth=1, count=1):
        self.match, self.action = match, action
        self.first, self.last, self.seen = nth, nth + count - 1, 0

    def decide(self, frame):
        if not self.match(frame):
            return None
        self.seen += 1
        return self.action if self.first <= self.seen <= self.last else None


class Lane:
    """One direction of the wire."""

    def __init__(self, fd_in, fd_out, delay):
        self.fd_in, self.fd_out, self.delay = fd_in, fd_out, delay
        self.rules, self.held = [], []      # held: [frames still to let pass, bytes]

    def accept(self, data):
        """The frames to send on now that `data` has come in, in order."""
        frame = Frame(data)
        actions = [rule.decide(frame) for rule in self.rules]
        action = next((a for a in actions if a is not None), None)
        if action == Rule.DROP:
            return []
        if action == Rule.SPOIL:
            return [data[:-1] + bytes([data[-1] ^ 1])]
        if action is not None:
            self.held.append([action, data])
            return []
        for entry in self.held:
            entry[0] -= 1
        released = [d for left, d in self.held if left <= 0]
        self.held = [entry for entry in self.held if entry[0] > 0]
        return [data] + released


class Wire(threading.Thread):
    def __init__(self, fd_client, fd_server, delay):
        super().__init__(daemon=True)
        self.from_client = Lane(fd_client, fd_server, delay)
        self.from_server = Lane(fd_server, fd_client, delay)
        self.queue, self.order, self.running = [], itertools.count(), True

    def run(self):
        while self.running:
            wait = self.queue[0][0] - time.monotonic() if self.queue else 0.05
            fds = [self.from_client.fd_in, self.from_server.fd_in]
            ready, _, _ = select.select(fds, [], [], min(max(wait, 0), 0.05))
            for lane in (self.from_client, self.from_server):
                if lane.fd_in in ready:
                    self.receive(lane)
            self.deliver()

    def receive(self, lane):
        due = time.monotonic() + lane.delay
        for data in lane.accept(os.read(lane.fd_in, 65536)):
            heapq.heappush(self.queue, (due, next(self.order), lane.fd_out, data))

    def deliver(self):
        while self.queue and self.queue[0][0] <= time.monotonic():
            _, _, fd, data = heapq.heappop(self.queue)
            os.write(fd, data)

    def stop(self):
        self.running = False
        self.join()


class Host:
    def __init__(self, name, number):
        self.name, self.namespace = name, "tcpshadow-%d-%s" % (os.getpid(), name)
        self.mac = "02:00:00:00:00:%02x" % number
        self.address = {socket.AF_INET: "10.0.0.%d" % number,
                        socket.AF_INET6: "2001:db8::%d" % number}
        run("ip", "netns", "add", self.namespace)

    def run(self, *argv, **options):
        return run("ip", "netns", "exec", self.namespace, *argv, **options)

    def sysctl(self, name, value):
        self.run("sysctl", "-qw", "%s=%s" % (name, value))

    def reject(self, port, statement):
        """Packet filter: `statement` for what comes in for `port`."""
        self.run("nft", "-f", "-", input="table inet lab {\nchain input {\n"
                 "type filter hook input priority 0\ntcp dport %d %s\n}\n}\n" % (port, statement))

    def open_tap(self):
        with inside(self.namespace):
            fd = os.open("/dev/net/tun", os.O_RDWR)
            request = struct.pack("16sH22x", INTERFACE.encode(), IFF_TAP | IFF_NO_PI)
            fcntl.ioctl(fd, TUNSETIFF, request)
        return fd

    def configure(self, peer):
        """Static neighbours, so that no ARP or neighbour discovery is needed."""
        def ip(*argv):
            run("ip", "-n", self.namespace, *argv)
        ip("link", "set", INTERFACE, "address", self.mac, "up")
        for family, bits in ((socket.AF_INET, "24"), (socket.AF_INET6, "64")):
            options = ["nodad"] if family == socket.AF_INET6 else []
            ip("addr", "add", self.address[family] + "/" + bits, "dev", INTERFACE, *options)
            ip("neigh", "add", peer.address[family], "lladdr", peer.mac, "dev", INTERFACE)

    def new_socket(self, port=0, family=socket.AF_INET):
        with inside(self.namespace):
            sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.settimeout(TIMEOUT_S)
        sock.bind((self.address[family], port))
        return sock

    def listen(self, port=80, family=socket.AF_INET):
        sock = self.new_socket(port, family)
        sock.listen(5)
        return sock

    def remove(self):
        run("ip", "netns", "del", self.namespace)


class Recording:
    """tcpdump on one host."""

    def __init__(self, host, path, options=()):
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", host.namespace, "tcpdump", "-i", INTERFACE, "-U",
             "--immediate-mode", "-Z", "root", "-w", path, *options, "tcp or icmp"],
            stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "listening on" in line:
                return
        raise RuntimeError("tcpdump did not start")

    def stop(self):
        time.sleep(0.15)
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=TIMEOUT_S)


class Lab:
    """`delay` is seconds each way; `offload` asks for a veth pair, without delay and rules."""

    def __init__(self, delay=0.005, offload=False):
        self.stack = contextlib.ExitStack()
        with contextlib.ExitStack() as undo:
            self.client = Host("client", 1)
            undo.callback(self.client.remove)
            self.server = Host("server", 2)
            undo.callback(self.server.remove)
            taps = [] if offload else self.open_taps(undo)
            if offload:
                self.join_by_veth()
            self.client.configure(self.server)
            self.server.configure(self.client)
            if taps:                        # both are up now: before that a frame has nowhere to go
                self.wire = Wire(*taps, delay)
                self.wire.start()
                undo.callback(self.wire.stop)
            self.stack = undo.pop_all()

    def join_by_veth(self):
        run("ip", "link", "add", INTERFACE, "netns", self.client.namespace, "type", "veth",
            "peer", "name", INTERFACE, "netns", self.server.namespace)

    def open_taps(self, undo):
        fds = [host.open_tap() for host in (self.client, self.server)]
        for fd in fds:
            undo.callback(os.close, fd)
        return fds

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def rule(self, sender, match, action, nth=1, count=1):
        lane = self.wire.from_client if sender == "client" else self.wire.from_server
        lane.rules.append(Rule(match, action, nth, count))

    def lose(self, sender, match, nth=1, count=1):
        self.rule(sender, match, Rule.DROP, nth, count)

    def spoil(self, sender, match, nth=1):
        """The nth matching packet of `sender` arrives with a wrong checksum."""
        self.rule(sender, match, Rule.SPOIL, nth)

    def hold(self, sender, match, behind, nth=1):
        """The nth matching packet of `sender` is overtaken by the `behind` that follow it."""
        self.rule(sender, match, behind, nth)

    def connect(self, port=80, client_port=40000, family=socket.AF_INET, listener=None):
        """Returns both ends of a new connection: (client's socket, server's socket)."""
        accepting = listener or self.server.listen(port, family)
        client = self.client.new_socket(client_port, family)
        client.connect((self.server.address[family], port))
        server = accepting.accept()[0]
        server.settimeout(TIMEOUT_S)
        if not listener:
            accepting.close()
        return client, server
