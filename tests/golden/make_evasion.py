"""Cases about evasion: segments that somebody sends to be read otherwise by the sensor than by their receiver."""
import dataclasses
import struct

from case import case, talk
from frames import ACK, FIN, PSH, RST, SYN, fragments
from messages import client_hello, http_request, tls_records

LIST = {"domains.txt": "evil.example\n"}
HTTP = "alert http.host evil.example = suffix evil.example"
TLS = "alert tls.sni evil.example = suffix evil.example"
GOOD, EVIL = http_request("/", "good.example"), http_request("/", "evil.example")


def with_wrong_checksum(datagram):
    """The same TCP segment over IPv4, which its receiver drops."""
    at = 20 + 16
    value = struct.unpack("!H", datagram[at:at + 2])[0]
    return datagram[:at] + struct.pack("!H", value ^ 0x5555) + datagram[at + 2:]


def with_ttl(datagram, ttl):
    """Dies on its way; the header checksum is left to be mended by subtracting."""
    header = datagram[:8] + bytes([ttl]) + datagram[9:10] + b"\0\0" + datagram[12:20]
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xffff) + (total >> 16)
    return header[:10] + struct.pack("!H", (total + (total >> 16) & 0xffff) ^ 0xffff) + header[12:] + datagram[20:]


def decoy_first(spoil, decoy=GOOD, true=EVIL, sizes=None, port=40000):
    """The true segments, before each of those with data a decoy that `spoil` keeps from its receiver."""
    talked = talk(port).client(true, sizes)
    datagrams, at = [], 0
    for segment, datagram in zip(talked.segments, talked.datagrams()):
        if segment.data:
            part = segment.with_data(decoy[at:at + len(segment.data)])
            at += len(segment.data)
            talked.segments = [part]
            datagrams.append(spoil(talked.datagrams()[0]))
        datagrams.append(datagram)
    return datagrams


case("evasion-decoys",
     """Before each segment a decoy for a host that is not listed: with a wrong checksum, with a TTL of 1, cut in two, and all of it in IP
     fragments. What the sensor can't know is which of them arrives, so it reads both.""",
     decoy_first(with_wrong_checksum) + decoy_first(lambda d: with_ttl(d, 1), port=40001)
     + decoy_first(with_wrong_checksum, sizes=[25], port=40002)
     + [piece for n, d in enumerate(decoy_first(with_wrong_checksum, port=40003)) for piece in fragments(d, 24, ident=n + 1)],
     "\n".join([HTTP] * 4), LIST)

case("evasion-checksums-verified",
     """With --checksums verify a decoy is not read: here it is what names the listed host, in whole and in fragments.""",
     decoy_first(with_wrong_checksum, EVIL, GOOD)
     + [piece for n, d in enumerate(decoy_first(with_wrong_checksum, EVIL, GOOD, port=40001)) for piece in fragments(d, 24, ident=n + 1)],
     "", LIST, args="replay --checksums verify -l lists in.pcap",
     stderr=["packets   14 received = 10 processed + 4 undecodable (bad_checksum 4) + 0 out of scope"])


def with_control(flags, shift, port):
    """A decoy without data, its number `shift` off, in the middle of a request and after it."""
    talked = talk(port).client(EVIL, [20])
    first = talked.data_indexes()[0]
    decoy = dataclasses.replace(talked.segments[first + 1], flags=flags, data=b"", seq=talked.segments[first + 1].seq + shift)
    talked.segments.insert(first + 1, decoy)
    return talked.datagrams()


case("evasion-ends",
     """FIN, RST and SYN that their receiver never sees or does not believe, in the middle of a request: in place, in the window, far out
     of it.""",
     [d for n, (flags, shift) in enumerate([(FIN | ACK, 0), (RST, 0), (RST | ACK, 5000), (SYN, 1 << 24), (FIN | ACK, 100)])
      for d in with_control(flags, shift, 40000 + n)],
     "\n".join([HTTP] * 5), LIST)


def junk_ack(junk, true, port, server_port):
    talked = talk(port, server_port).client(true)
    at = talked.data_indexes()[0]
    talked.segments.insert(at, dataclasses.replace(talked.segments[at].with_data(junk), flags=ACK))
    return talked.datagrams()


HELLO = tls_records(client_hello("evil.example"))

case("evasion-junk-in-acks",
     """A bare ACK with a byte or two of junk, where the hello or request then begins.""",
     junk_ack(b"x", EVIL, 40000, 80) + junk_ack(b"\0\0", HELLO, 40001, 443) + junk_ack(HELLO[:20], EVIL, 40002, 80),
     "\n".join([HTTP, TLS, HTTP]), LIST)


def urgent(port):
    """An urgent byte in the middle of the host, which most receivers take out of the stream."""
    at = EVIL.index(b"evil") + 2
    talked = talk(port).client(EVIL[:at] + b"!" + EVIL[at:])
    *rest, datagram = talked.datagrams()
    pointer, flags = struct.pack("!H", at + 1), bytes([ACK | PSH | 32])
    return rest + [datagram[:33] + flags + datagram[34:38] + pointer + datagram[40:]]


case("evasion-urgent", """An urgent byte in the host's name: read with it and without.""", urgent(40000), HTTP, LIST)

case("evasion-tiny-segments",
     """A hello in segments of one byte, every other of the first sixty late, each sent twice.""",
     [d for d in (lambda t: [t[i] for i in range(3)] + [x for i in list(range(4, 33, 2)) + list(range(3, 33, 2)) for x in (t[i], t[i])]
                  + t[33:])(talk(server_port=443).client(HELLO, [1]).datagrams())],
     TLS, LIST)
