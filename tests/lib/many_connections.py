#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""many_connections COUNT OUT.pcap - connections that are all open at once, each with 3,000 bytes on their way.

The client opens, the server sends and hears nothing more; every third is closed by a reset of the client.
"""
import struct
import sys

SYN, RST, PSH, ACK = 2, 4, 8, 16


def checksum(octets):
    """RFC 1071."""
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(src, dst, sport, dport, seq, ack, flags, data=b""):
    """An Ethernet frame; len(data) is even."""
    tcp = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 65535, 0, 0)
    pseudo = src + dst + struct.pack(">BBH", 0, 6, len(tcp) + len(data))
    tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp + data)) + tcp[18:] + data
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0x4000, 64, 6, 0) + src + dst
    return bytes(12) + b"\x08\x00" + ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + tcp


def packets(count):
    """All of them, in order."""
    server, data = bytes([10, 2, 0, 1]), b"x" * 1000
    for i in range(count):
        client, port = bytes([10, 1, i >> 8 & 255, i & 255]), 1024 + i % 64
        yield packet(client, server, port, 80, 100, 0, SYN)
        yield packet(server, client, 80, port, 500, 101, SYN | ACK)
        yield packet(client, server, port, 80, 101, 501, ACK)
        for k in range(3):
            yield packet(server, client, 80, port, 501 + 1000 * k, 101, PSH | ACK, data)
        if i % 3 == 0:
            yield packet(client, server, port, 80, 101, 3501, RST | ACK)


def main():
    """Writes the capture, a packet each millisecond."""
    with open(sys.argv[2], "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i, frame in enumerate(packets(int(sys.argv[1]))):
            out.write(struct.pack("<IIII", 1700000000 + i // 1000, i % 1000 * 1000, len(frame), len(frame)) + frame)


main()
