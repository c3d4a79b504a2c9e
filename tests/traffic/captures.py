"""Capture files: pcap in both byte orders with microseconds or nanoseconds, and pcapng.

A capture is a list of Frame. Times start at START and advance by a millisecond a frame unless told otherwise.
"""
import dataclasses
import struct

from frames import LINK_ETHERNET, ethernet

START_NS = 1768478400 * 10**9  # 2026-01-15T12:00:00Z
STEP_NS = 10**6


@dataclasses.dataclass(frozen=True)
class Frame:
    time_ns: int
    bytes: bytes
    wire_len: int = 0  # 0: as long as `bytes`
    interface: int = 0  # pcapng only

    @property
    def length(self):
        return self.wire_len or len(self.bytes)


def frames_of(datagrams, link=ethernet, start_ns=START_NS, step_ns=STEP_NS, snaplen=0):
    """Frames around datagrams, one `step_ns` apart, cut to `snaplen` bytes if that is not 0."""
    out = []
    for index, datagram in enumerate(datagrams):
        whole = link(datagram)
        out.append(Frame(start_ns + index * step_ns, whole[:snaplen or None], len(whole)))
    return out


def pcap(frames, link_type=LINK_ETHERNET, order="<", nanoseconds=False, snaplen=262144):
    """The file's bytes. `order` is "<" or ">"."""
    magic = 0xa1b23c4d if nanoseconds else 0xa1b2c3d4
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link_type)
    for f in frames:
        seconds, rest = divmod(f.time_ns, 10**9)
        fraction = rest if nanoseconds else rest // 1000
        out += struct.pack(order + "IIII", seconds, fraction, len(f.bytes), f.length) + f.bytes
    return out


def pcapng_block(kind, body, order="<"):
    body += b"\0" * (-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def pcapng_option(code, value, order="<"):
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def pcapng(frames, link_types=(LINK_ETHERNET,), order="<", resolutions=(), snaplen=262144):
    """The file's bytes. One interface for each of `link_types`; `resolutions` are their if_tsresol, the power of ten (6
    is the default: microseconds)."""
    out = pcapng_block(0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1), order)
    powers = list(resolutions) + [6] * (len(link_types) - len(resolutions))
    for link_type, power in zip(link_types, powers):
        options = pcapng_option(9, bytes([power]), order) + pcapng_option(0, b"", order)
        out += pcapng_block(1, struct.pack(order + "HHI", link_type, 0, snaplen) + options, order)
    for f in frames:
        ticks = f.time_ns * 10**powers[f.interface] // 10**9
        header = struct.pack(order + "IIIII", f.interface, ticks >> 32, ticks & 0xffffffff, len(f.bytes), f.length)
        out += pcapng_block(6, header + f.bytes, order)
    return out
