# SPDX-License-Identifier: MIT
"""Reading, changing and writing small capture files."""
import struct
from dataclasses import dataclass, replace

MICRO, NANO = 0xA1B2C3D4, 0xA1B23C4D
ETHERNET, RAW_IP = 1, 101
TCP = 6
MASK = 0xFFFFFFFF


@dataclass
class Packet:
    time_ns: int
    data: bytes
    wire_len: int


def read(path):
    """Little-endian pcap, as tcpdump writes it here.  A last record that is cut off is left out."""
    with open(path, "rb") as f:
        raw = f.read()
    unit = {MICRO: 1000, NANO: 1}[struct.unpack_from("<I", raw)[0]]
    packets, at = [], 24
    while at + 16 <= len(raw):
        sec, fraction, caplen, wire_len = struct.unpack_from("<IIII", raw, at)
        at += 16
        if at + caplen > len(raw):
            break
        packets.append(Packet(sec * 10**9 + fraction * unit, raw[at:at + caplen], wire_len))
        at += caplen
    return packets


def write(path, packets, snaplen=262144, linktype=ETHERNET):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", MICRO, 2, 4, 0, 0, snaplen, linktype))
        for p in packets:
            sec, ns = divmod(p.time_ns, 10**9)
            f.write(struct.pack("<IIII", sec, ns // 1000, len(p.data), p.wire_len) + p.data)


# ------------------------------------------------------------------------------ headers

def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def tcp_offset(data):
    """Where the TCP header of an untagged Ethernet/IPv4 frame begins; None without one."""
    if data[12:14] != b"\x08\x00" or data[23] != TCP:
        return None
    return 14 + (data[14] & 15) * 4


def with_checksums(data):
    """The same Ethernet/IPv4/TCP frame with both checksums right."""
    frame, tcp = bytearray(data), tcp_offset(data)
    end = 14 + struct.unpack_from("!H", frame, 16)[0]
    frame[24:26] = b"\0\0"
    struct.pack_into("!H", frame, 24, checksum(bytes(frame[14:tcp])))
    frame[tcp + 16:tcp + 18] = b"\0\0"
    pseudo = bytes(frame[26:34]) + struct.pack("!HH", TCP, end - tcp)
    struct.pack_into("!H", frame, tcp + 16, checksum(pseudo + bytes(frame[tcp:end])))
    return bytes(frame)


def segment(sender, seq, ack, flags, options=b"", payload=b"", window=65535):
    """A frame from 10.0.0.1:40000 to 10.0.0.2:80 (`sender` 1) or back (2)."""
    ports = (40000, 80) if sender == 1 else (80, 40000)
    tcp = struct.pack("!HHIIBBHHH", *ports, seq, ack, (20 + len(options)) << 2, flags, window, 0, 0)
    tcp += options + payload
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, TCP, 0)
    ip += bytes([10, 0, 0, sender]) + bytes([10, 0, 0, 3 - sender])
    macs = bytes([2, 0, 0, 0, 0, 3 - sender]) + bytes([2, 0, 0, 0, 0, sender])
    return with_checksums(macs + b"\x08\x00" + ip + tcp)


# ------------------------------------------------------------------------------ changes

def tagged(packets, *tags):
    """VLAN tags as a port that carries several networks would show; outermost first, (type, id)."""
    inserted = b"".join(struct.pack("!HH", ethertype, vlan) for ethertype, vlan in tags)
    return [Packet(p.time_ns, p.data[:12] + inserted + p.data[12:], p.wire_len + len(inserted))
            for p in packets]


def from_source(packets, address):
    """Only what this IPv4 address sent."""
    return [p for p in packets if p.data[26:30] == bytes(map(int, address.split(".")))]


def shift_sack(frame, tcp, delta):
    """Adds delta to the edges of the SACK blocks of a TCP header."""
    at, end = tcp + 20, tcp + (frame[tcp + 12] >> 4) * 4
    while at < end and frame[at] != 0:
        if frame[at] == 1:
            at += 1
            continue
        if frame[at] == 5:
            for edge in range(at + 2, at + frame[at + 1], 4):
                value = struct.unpack_from("!I", frame, edge)[0]
                struct.pack_into("!I", frame, edge, (value + delta) & MASK)
        at += frame[at + 1]


def renumbered(packets, client, first):
    """The same connection; `first` maps "client" and "server" to new initial sequence numbers."""
    client = bytes(map(int, client.split(".")))
    delta = {}
    changed = []
    for p in packets:
        frame, tcp = bytearray(p.data), tcp_offset(p.data)
        me, peer = ("client", "server") if frame[26:30] == client else ("server", "client")
        seq, ack = struct.unpack_from("!II", frame, tcp + 4)
        delta.setdefault(me, first[me] - seq)
        ack = ack + delta[peer] if frame[tcp + 13] & 16 else 0
        struct.pack_into("!II", frame, tcp + 4, (seq + delta[me]) & MASK, ack & MASK)
        shift_sack(frame, tcp, delta.get(peer, 0))
        changed.append(replace(p, data=with_checksums(bytes(frame))))
    return changed


# ------------------------------------------------------------------------------ pcapng

def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def write_pcapng(path, ethernet, raw):
    """Interface 0: `ethernet` in microseconds.

    Interface 1: `raw` without its link layer, in nanoseconds.
    """
    end = option(0, b"")
    comment = option(1, b"two interfaces with different link types")
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + comment + end
    blocks = [block(0x0A0D0D0A, section),
              block(1, struct.pack("<HHI", ETHERNET, 0, 262144) + option(2, b"eth0") + end),
              block(1, struct.pack("<HHI", RAW_IP, 0, 262144) + option(2, b"tun0")
                    + option(9, b"\x09") + end)]
    for interface, p in sorted([(0, p) for p in ethernet] + [(1, p) for p in raw],
                               key=lambda entry: entry[1].time_ns):
        data, ticks = (p.data, p.time_ns // 1000) if interface == 0 else (p.data[14:], p.time_ns)
        wire_len = p.wire_len - len(p.data) + len(data)
        head = struct.pack("<IIIII", interface, ticks >> 32, ticks & MASK, len(data), wire_len)
        blocks.append(block(6, head + data + b"\0" * (-len(data) % 4)))
    for interface, count in ((0, len(ethernet)), (1, len(raw))):
        counters = option(4, struct.pack("<Q", count)) + option(5, struct.pack("<Q", 0))
        blocks.append(block(5, struct.pack("<III", interface, 0, 0) + counters + end))
    with open(path, "wb") as f:
        f.write(b"".join(blocks))
