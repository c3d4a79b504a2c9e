"""Frames, from the inside out: TCP and UDP over IPv4 and IPv6, and the link layers around them.

Everything is bytes in, bytes out, so that a test can break any layer by hand:

    datagram = udp(("192.0.2.10", 40000), ("198.51.100.53", 53), message)
    frame = ethernet(datagram, vlans=[100])

Beside this file: messages.py (DNS, HTTP, TLS), conversation.py (TCP flows), captures.py (pcap, pcapng).
Nothing here asks the clock or the host; the same calls give the same bytes.
"""
import ipaddress
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_ARP, ETHERTYPE_LLDP = 0x0800, 0x86dd, 0x0806, 0x88cc
VLAN, QINQ, QINQ_OLD = 0x8100, 0x88a8, 0x9100

PROTO_HOP_BY_HOP, PROTO_ICMP, PROTO_TCP, PROTO_UDP = 0, 1, 6, 17
PROTO_ROUTING, PROTO_FRAGMENT, PROTO_DESTINATION, PROTO_ICMP6 = 43, 44, 60, 58

CLIENT_MAC = bytes.fromhex("020000000001")
SERVER_MAC = bytes.fromhex("020000000002")


# ---- transport -------------------------------------------------------------------------------------------

def checksum(data):
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def transport_checksum(src, dst, proto, segment):
    """Checksum of a TCP, UDP or ICMPv6 message with its pseudo header; `src` and `dst` are address texts."""
    a, b = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    if a.version == 4:
        pseudo = a.packed + b.packed + struct.pack("!BBH", 0, proto, len(segment))
    else:
        pseudo = a.packed + b.packed + struct.pack("!IxxxB", len(segment), proto)
    return checksum(pseudo + segment)


def udp_segment(src, dst, payload):
    header = struct.pack("!HHHH", src[1], dst[1], 8 + len(payload), 0)
    value = transport_checksum(src[0], dst[0], PROTO_UDP, header + payload) or 0xffff
    return header[:6] + struct.pack("!H", value) + payload


def tcp_segment(src, dst, seq, ack, flags, payload=b"", options=b"", window=64240):
    options += b"\0" * (-len(options) % 4)
    offset = (5 + len(options) // 4) << 4
    header = struct.pack("!HHIIBBHHH", src[1], dst[1], seq & 0xffffffff, ack & 0xffffffff, offset, flags, window, 0, 0)
    segment = header + options + payload
    value = transport_checksum(src[0], dst[0], PROTO_TCP, segment)
    return segment[:16] + struct.pack("!H", value) + segment[18:]


# ---- IP --------------------------------------------------------------------------------------------------

def ipv4(src, dst, proto, payload, ident=0, fragment_offset=0, more_fragments=False, ttl=64, options=b""):
    """`fragment_offset` counts bytes and must be a multiple of 8."""
    options += b"\0" * (-len(options) % 4)
    flags = (0x2000 if more_fragments else 0) | fragment_offset // 8
    header = struct.pack("!BBHHHBBH4s4s", 0x45 + len(options) // 4, 0, 20 + len(options) + len(payload), ident, flags,
                         ttl, proto, 0, ipaddress.IPv4Address(src).packed, ipaddress.IPv4Address(dst).packed) + options
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def ipv6(src, dst, proto, payload, extensions=(), hop_limit=64):
    """`extensions` are (number, body) outermost first; a body lacks its next-header byte, which is filled in."""
    chain = b""
    for index, (_, body) in enumerate(extensions):
        following = extensions[index + 1][0] if index + 1 < len(extensions) else proto
        chain += bytes([following]) + body
    first = extensions[0][0] if extensions else proto
    return struct.pack("!IHBB16s16s", 6 << 28, len(chain) + len(payload), first, hop_limit,
                       ipaddress.IPv6Address(src).packed, ipaddress.IPv6Address(dst).packed) + chain + payload


def extension_options(length=8):
    """Body of a hop-by-hop or destination options header of `length` bytes: one PadN option."""
    return bytes([length // 8 - 1, 1, length - 4]) + bytes(length - 4)


def extension_fragment(offset, more, ident):
    return struct.pack("!BHI", 0, offset | (1 if more else 0), ident)


def ip(src, dst, proto, payload, **more):
    """An IPv4 or IPv6 datagram, whichever the addresses are."""
    build = ipv6 if ":" in src else ipv4
    return build(src, dst, proto, payload, **more)


def udp(src, dst, payload, **more):
    """`src` and `dst` are (address, port)."""
    return ip(src[0], dst[0], PROTO_UDP, udp_segment(src, dst, payload), **more)


def tcp(src, dst, seq, ack, flags, payload=b"", options=b"", **more):
    return ip(src[0], dst[0], PROTO_TCP, tcp_segment(src, dst, seq, ack, flags, payload, options), **more)


def icmp_echo(src, dst, ident=1, payload=b"ping"):
    if ":" in src:
        body = struct.pack("!BBHHH", 128, 0, 0, ident, 1) + payload
        value = transport_checksum(src, dst, PROTO_ICMP6, body)
        return ipv6(src, dst, PROTO_ICMP6, body[:2] + struct.pack("!H", value) + body[4:])
    body = struct.pack("!BBHHH", 8, 0, 0, ident, 1) + payload
    return ipv4(src, dst, PROTO_ICMP, body[:2] + struct.pack("!H", checksum(body)) + body[4:])


def fragments(datagram, size, ident=1):
    """Cut an IPv4 datagram without options into fragments of at most `size` payload bytes (a multiple of 8)."""
    src, dst = (str(ipaddress.IPv4Address(datagram[at:at + 4])) for at in (12, 16))
    payload = datagram[20:]
    return [ipv4(src, dst, datagram[9], payload[at:at + size], ident=ident, fragment_offset=at,
                 more_fragments=at + size < len(payload)) for at in range(0, len(payload), size)]


# ---- links -----------------------------------------------------------------------------------------------

LINK_NULL, LINK_ETHERNET, LINK_RAW, LINK_LOOP, LINK_SLL, LINK_IEEE802_11, LINK_USB = 0, 1, 101, 108, 113, 105, 189
LINK_IPV4, LINK_IPV6, LINK_SLL2 = 228, 229, 276


def ethertype_of(datagram):
    return ETHERTYPE_IPV6 if datagram[0] >> 4 == 6 else ETHERTYPE_IPV4


def ethernet(datagram, vlans=(), ethertype=None, src=CLIENT_MAC, dst=SERVER_MAC, pad=False):
    """`vlans`, outermost first: ids, or (tag protocol, id). With `pad` at least 60 bytes, as on the wire."""
    frame = dst + src
    for tag in vlans:
        protocol, vid = tag if isinstance(tag, tuple) else (VLAN, tag)
        frame += struct.pack("!HH", protocol, vid)
    frame += struct.pack("!H", ethertype or ethertype_of(datagram)) + datagram
    return frame.ljust(60, b"\0") if pad else frame


def sll(datagram, outgoing=False):
    """Linux cooked capture (LINK_SLL), as of the "any" device."""
    return struct.pack("!HHH8sH", 4 if outgoing else 0, 1, 6, CLIENT_MAC, ethertype_of(datagram)) + datagram


def sll2(datagram, outgoing=False, interface=2):
    return struct.pack("!HHIHBB8s", ethertype_of(datagram), 0, interface, 1, 4 if outgoing else 0, 6,
                       CLIENT_MAC) + datagram


def raw(datagram):
    """No link header at all (LINK_RAW, LINK_IPV4, LINK_IPV6)."""
    return datagram


def null(datagram, order="<", family6=30):
    """BSD loopback (LINK_NULL): the address family in the byte order of the machine that captured. AF_INET6 is 24, 28
    or 30, depending on the system."""
    return struct.pack(order + "I", family6 if datagram[0] >> 4 == 6 else 2) + datagram


def loop(datagram):
    """OpenBSD loopback (LINK_LOOP): as LINK_NULL, always big-endian."""
    return null(datagram, order=">", family6=24)


def arp_request(src, dst):
    body = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, CLIENT_MAC, ipaddress.IPv4Address(src).packed,
                       bytes(6), ipaddress.IPv4Address(dst).packed)
    return ethernet(body, ethertype=ETHERTYPE_ARP, dst=b"\xff" * 6, pad=True)


# ---- what IP is carried in ---------------------------------------------------------------------------------
#
# Each takes what it carries (a datagram; where it says `frame`, an Ethernet frame) and gives what goes one further out: a frame's
# content with its EtherType for ethernet(), or the payload of ip() or udp().

LINK_PPP, LINK_PPPOE, LINK_CHDLC, LINK_FRAME_RELAY, LINK_LLC, LINK_MPLS = 9, 51, 104, 107, 100, 219
LINK_RADIOTAP, LINK_PRISM, LINK_PPI, LINK_ARCNET, LINK_ARCNET_LINUX, LINK_NFLOG, LINK_PKTAP = 127, 119, 192, 7, 129, 239, 258
ETHERTYPE_BRIDGING, ETHERTYPE_PPP, ETHERTYPE_MPLS, ETHERTYPE_PPPOE, ETHERTYPE_PBB = 0x6558, 0x880b, 0x8847, 0x8864, 0x88e7
ETHERTYPE_MACSEC, ETHERTYPE_VNTAG, ETHERTYPE_ETAG, ETHERTYPE_NSH = 0x88e5, 0x8926, 0x893f, 0x894f
ETHERTYPE_ERSPAN, ETHERTYPE_ERSPAN_III = 0x88be, 0x22eb
PROTO_IPIP, PROTO_IPV6, PROTO_GRE, PROTO_ETHERIP, PROTO_L2TP, PROTO_MPLS = 4, 41, 47, 97, 115, 137
PORT_L2TP, PORT_GTP_U, PORT_TEREDO, PORT_VXLAN, PORT_VXLAN_GPE, PORT_AYIYA = 1701, 2152, 3544, 4789, 4790, 5072
PORT_CAPWAP, PORT_GENEVE, PORT_MPLS = 5247, 6081, 6635


def mpls(content, *labels):
    """`labels`, outermost first: numbers, or (number, traffic class)."""
    entries = [label if isinstance(label, tuple) else (label, 0) for label in labels]
    return b"".join(struct.pack("!I", number << 12 | tc << 9 | (0x100 if i == len(entries) - 1 else 0) | 64)
                    for i, (number, tc) in enumerate(entries)) + content


def ppp(datagram, is_framed=True):
    return (b"\xff\x03" if is_framed else b"") + struct.pack("!H", 0x57 if datagram[0] >> 4 == 6 else 0x21) + datagram


def pppoe(datagram, session):
    content = ppp(datagram, False)
    return struct.pack("!BBHH", 0x11, 0, session, len(content)) + content


def nsh(content, next_protocol, path, index):
    return struct.pack("!BBBBI", 0x0f, 0xc2, 2, next_protocol, path << 8 | index) + content


def gre(content, ethertype, key=None, sequence=None, with_checksum=False):
    flags = (0x8000 if with_checksum else 0) | (0x2000 if key is not None else 0) | (0x1000 if sequence is not None else 0)
    return (struct.pack("!HH", flags, ethertype) + (bytes(4) if with_checksum else b"") +
            b"".join(struct.pack("!I", field) for field in (key, sequence) if field is not None) + content)


def pptp(datagram, call, sequence=1):
    content = ppp(datagram)
    return struct.pack("!HHHHI", 0x3001, ETHERTYPE_PPP, len(content), call, sequence) + content


def erspan(frame, session, vlan=0):
    """Type II."""
    return struct.pack("!HHI", 0x1000 | vlan, session, 0) + frame


def erspan_iii(frame, session, vlan=0):
    return struct.pack("!HHII", 0x2000 | vlan, session, 0, 0) + frame


def vxlan(frame, vni, group=None):
    return struct.pack("!BBHI", 0x08 if group is None else 0x88, 0, group or 0, vni << 8) + frame


def vxlan_gpe(content, vni, next_protocol):
    return struct.pack("!BHBI", 0x0c, 0, next_protocol, vni << 8) + content


def geneve(content, vni, ethertype=ETHERTYPE_BRIDGING, options=b""):
    return struct.pack("!BBHI", len(options) // 4, 0, ethertype, vni << 8) + options + content


def gtp_u(datagram, teid, sequence=None):
    fields = b"" if sequence is None else struct.pack("!HBB", sequence, 0, 0)
    return struct.pack("!BBHI", 0x30 | (2 if fields else 0), 255, len(fields + datagram), teid) + fields + datagram


def l2tp(datagram, tunnel, session):
    content = ppp(datagram)
    return struct.pack("!HHHH", 0x4002, 8 + len(content), tunnel, session) + content


def wireless(datagram):
    """An 802.11 data frame to an access point (LINK_IEEE802_11)."""
    return (b"\x08\x01\0\0" + SERVER_MAC + CLIENT_MAC + SERVER_MAC + b"\x10\0" +
            b"\xaa\xaa\x03\0\0\0" + struct.pack("!H", ethertype_of(datagram)) + datagram)
