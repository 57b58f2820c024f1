# SPDX-License-Identifier: MIT
"""Captures that are made from recorded ones, or, for the textbook exchange, from nothing."""
import os
import struct
import subprocess
from dataclasses import dataclass
from typing import Callable

from lab import pcap
from lab.net import ACK, FIN, SYN

PSH = 8
CLIENT, SERVER = 1, 2
CLIENT_ADDRESS = "10.0.0.1"


@dataclass
class File:
    build: Callable         # (folder, path)
    made: str
    shows: str
    vantage: str = "client"
    connections: int = 1


def changed(source, change):
    """A builder that applies `change` to the packets of `source`."""
    def build(folder, path):
        pcap.write(path, change(pcap.read(os.path.join(folder, source))))
    return build


def packed(source, *command):
    def build(folder, path):
        with open(path, "wb") as f:
            subprocess.run([*command, os.path.join(folder, source)], stdout=f, check=True)
    return build


def cut_short(folder, path):
    with open(os.path.join(folder, "normal.pcap"), "rb") as source, open(path, "wb") as f:
        f.write(source.read()[:-20])


def two_interfaces(folder, path):
    pcap.write_pcapng(path, pcap.read(os.path.join(folder, "normal.pcap")),
                      pcap.read(os.path.join(folder, "refused-port.pcap")))


def near_wrap(packets):
    return pcap.renumbered(packets, CLIENT_ADDRESS, {"client": 2**32 - 4000, "server": 2**32 - 1})


def textbook(_, path):
    """Handshake, 20 bytes, 10 bytes, close by the client; seen half-way, 20 ms round trip."""
    def mss(value):
        return struct.pack("!BBH", 2, 4, value)
    script = [
        (0.000, CLIENT, 1000, 0, SYN, mss(1460), b""),
        (0.010, SERVER, 8000, 1001, SYN | ACK, mss(1024), b""),
        (0.020, CLIENT, 1001, 8001, ACK, b"", b""),
        (0.021, CLIENT, 1001, 8001, PSH | ACK, b"", b"twenty bytes to send"),
        (0.032, SERVER, 8001, 1021, PSH | ACK, b"", b"ten answer"),
        (0.042, CLIENT, 1021, 8011, ACK, b"", b""),
        (0.052, CLIENT, 1021, 8011, FIN | ACK, b"", b""),
        (0.062, SERVER, 8011, 1022, ACK, b"", b""),
        (0.082, SERVER, 8011, 1022, FIN | ACK, b"", b""),
        (0.092, CLIENT, 1022, 8012, ACK, b"", b""),
    ]
    packets = []
    for seconds, sender, seq, ack, flags, options, payload in script:
        data = pcap.segment(sender, seq, ack, flags, options, payload)
        packets.append(pcap.Packet(1700000000 * 10**9 + round(seconds * 1e9), data, len(data)))
    pcap.write(path, packets)


def seen_twice(packets):
    """Each packet once more, some microseconds later."""
    copies = [pcap.Packet(p.time_ns + 7000, p.data, p.wire_len) for p in packets]
    return sorted(packets + copies, key=lambda p: p.time_ns)


FILES = {
    "sequence-wrap.pcap": File(
        changed("data-lost.pcap", near_wrap), "data-lost.pcap with other initial sequence numbers",
        "both sequence spaces pass 2^32, with a loss and SACK blocks around the wrap"),
    "vlan.pcap": File(
        changed("server-close.pcap", lambda p: pcap.tagged(p, (0x8100, 5))),
        "server-close.pcap with tags inserted", "VLAN 5", "server"),
    "qinq.pcap": File(
        changed("server-close.pcap", lambda p: pcap.tagged(p, (0x88A8, 100), (0x8100, 5))),
        "server-close.pcap with tags inserted", "VLAN 5 inside service VLAN 100", "server"),
    "midstream.pcap": File(
        changed("half-close.pcap", lambda packets: packets[4:]),
        "half-close.pcap without its first 4 packets",
        "the capture began after the handshake"),
    "one-sided.pcap": File(
        changed("half-close.pcap", lambda packets: pcap.from_source(packets, CLIENT_ADDRESS)),
        "half-close.pcap without what the server sent", "only the client's packets were seen"),
    "seen-twice.pcap": File(
        changed("half-close.pcap", seen_twice), "half-close.pcap with each packet repeated",
        "the tap saw each packet on two ports"),
    "tap-loss.pcap": File(
        changed("half-close.pcap", lambda packets: packets[:9] + packets[10:]),
        "half-close.pcap without its 10th packet",
        "the tap missed a data segment that the client acknowledges"),
    "cut-short.pcap": File(
        cut_short, "normal.pcap without its last 20 bytes", "the file ends inside its last record"),
    "two-interfaces.pcapng": File(
        two_interfaces, "normal.pcap and the IP packets of refused-port.pcap",
        "pcapng with comments, two link types and two time resolutions", connections=2),
    "normal.pcap.gz": File(packed("normal.pcap", "gzip", "-9nc"), "gzip of normal.pcap", "gzip"),
    "normal.pcap.zst": File(
        packed("normal.pcap", "zstd", "-19qc"), "zstd of normal.pcap", "Zstandard"),
    "textbook.pcap": File(
        textbook, "written by a script",
        "every state of an ordinary connection with small round numbers", "middle"),
}
