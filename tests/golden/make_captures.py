"""Cases about frames and files: link layers, tags, IPv6 extension headers, fragments, snaplen, byte orders, damage."""
import struct

import captures
import frames
from case import CLIENT, CLIENT6, RESOLVER, RESOLVER6, ask, case, talk
from frames import ethernet, fragments, udp
from messages import dns_query, dns_response, http_request, record

LIST = {"domains.txt": "evil.example\n"}
ALERT = "alert dns.query www.evil.example = suffix evil.example"
QUERY = ask("www.evil.example")
QUERY6 = ask("www.evil.example", client=CLIENT6, resolver=RESOLVER6)


def one_link(name, shows, link, link_type, n_alerts=2, datagrams=None):
    made = captures.frames_of(datagrams or QUERY + QUERY6, link)
    case(name, shows, captures.pcap(made, link_type), "\n".join([ALERT] * n_alerts), LIST)


def tagged(*stacks):
    """One query in each stack of tags, from a port of its own."""
    return captures.pcap([captures.Frame(captures.START_NS + i * captures.STEP_NS,
                                         ethernet(ask("www.evil.example", port=40000 + i)[0], vlans=stack))
                          for i, stack in enumerate(stacks)])


case("link-vlan", """One VLAN tag, with priority bits set in one of them; the id is in the alert.""",
     tagged([100], [(frames.VLAN, 0xe000 | 4094)]), "\n".join([ALERT] * 2), LIST)

case("link-vlan-stacked",
     """Two and three tags, with the tag protocols that are in use: 0x8100 twice, 0x88a8 (802.1ad), 0x9100 (before there was a
     standard), and a stack of five, of which three are kept.""",
     tagged([10, 20], [(frames.QINQ, 10), 20], [(frames.QINQ_OLD, 10), 20], [(frames.QINQ, 1), (frames.QINQ, 2), 3], [1, 2, 3, 4, 5]),
     "\n".join([ALERT] * 5), LIST)

one_link("link-sll", "Linux cooked capture, as of the \"any\" device.", frames.sll, frames.LINK_SLL)
one_link("link-sll2", "Linux cooked capture, version 2.", frames.sll2, frames.LINK_SLL2)
one_link("link-raw", "No link layer at all, both IP versions (LINKTYPE_RAW).", frames.raw, frames.LINK_RAW)
one_link("link-ipv4", "No link layer, IPv4 only (LINKTYPE_IPV4).", frames.raw, frames.LINK_IPV4, 1, QUERY)
one_link("link-ipv6", "No link layer, IPv6 only (LINKTYPE_IPV6).", frames.raw, frames.LINK_IPV6, 1, QUERY6)
one_link("link-null", "BSD loopback, captured on a little-endian machine.", frames.null, frames.LINK_NULL)
one_link("link-null-big-endian", "BSD loopback, captured on a big-endian machine; AF_INET6 is 28 there.",
         lambda d: frames.null(d, ">", 28), frames.LINK_NULL)
one_link("link-loop", "OpenBSD loopback.", frames.loop, frames.LINK_LOOP)

case("link-padding",
     """Short frames are padded to 60 bytes on Ethernet: what follows the datagram is not payload.""",
     captures.pcap(captures.frames_of(
         talk().client(b"GET / HTTP/1.1\r\n").client(b"A: b\r\n").client(b"Host: evil.example\r\n\r\n").only(True).datagrams(),
         lambda d: ethernet(d).ljust(60, b"X"))),
     "alert http.host evil.example = suffix evil.example", LIST)

case("link-unknown",
     """A link type that is not read (USB): said on stderr, its packets counted as out of scope; nothing could be
     read, so the run has failed (exit 1).""",
     captures.pcap(captures.frames_of(QUERY), frames.LINK_USB), "", LIST, exit_code=1,
     stderr=["vedette: in.pcap: link type USB_LINUX is not read: its packets are counted, not looked into",
             "packets   1 received = 0 processed + 0 undecodable + 1 out of scope (unknown_link_type 1)"])

HOP, DEST = (frames.PROTO_HOP_BY_HOP, frames.extension_options(8)), (frames.PROTO_DESTINATION, frames.extension_options(24))
ROUTING = (frames.PROTO_ROUTING, bytes([2, 4, 0]) + bytes(20))
ATOMIC = (frames.PROTO_FRAGMENT, frames.extension_fragment(0, False, 7))


def extended(port, *extensions):
    return udp((CLIENT6, port), (RESOLVER6, 53), dns_query("www.evil.example"), extensions=extensions)


case("ipv6-extensions",
     """IPv6 extension headers before UDP: hop-by-hop, routing, destination options, all of them, and an atomic fragment, which
     is whole.""",
     [extended(40000, HOP), extended(40001, ROUTING), extended(40002, HOP, ROUTING, DEST), extended(40003, ATOMIC),
      extended(40004, *[DEST] * 6)],
     "\n".join([ALERT] * 5), LIST)

case("ipv6-extensions-broken",
     """Extension chains that run past the packet's end, or never end: undecodable and counted, and the packet after them is
     read.""",
     [frames.ipv6(CLIENT6, RESOLVER6, frames.PROTO_HOP_BY_HOP, bytes([frames.PROTO_UDP, 200]) + bytes(6)),
      frames.ipv6(CLIENT6, RESOLVER6, frames.PROTO_DESTINATION, b""), extended(40000, *[DEST] * 60), extended(40001, HOP)],
     ALERT, LIST,
     stderr=["packets   4 received = 1 processed + 3 undecodable (bad_ip_extension 3) + 0 out of scope"])

case("ipv4-options", """IPv4 with 40 bytes of options.""",
     [udp((CLIENT, 40000), (RESOLVER, 53), dns_query("www.evil.example"), options=b"\x01" * 40)],
     ALERT, LIST)

LARGE = udp((RESOLVER, 53), (CLIENT, 40000), dns_response("www.evil.example", "TXT", [
    record("www.evil.example", "TXT", ["x" * 250]), record("www.evil.example", "TXT", ["y" * 250])]))

FAR = udp((RESOLVER, 53), (CLIENT, 40000), dns_response("www.good.example", "CNAME", [
    record("www.good.example", "TXT", ["x" * 250]), record("www.good.example", "CNAME", "www.evil.example")]))
FAR_ALERT = "alert dns.answer.target www.evil.example = suffix evil.example"
PUT_TOGETHER = "          1 datagrams put together from fragments, 0 incomplete, 0 pushed out; 0 fragments overlapping"

case("fragments",
     """A response in fragments of 64 bytes. The name that is listed is in a later one; the alert has the number of the last.""",
     fragments(FAR, 64), FAR_ALERT, LIST,
     stderr=["packets   6 received = 6 processed + 0 undecodable + 0 out of scope", PUT_TOGETHER])

case("fragments-reordered",
     """The same, the last fragment first and others twice; the alert has the number of the one that made it whole.""",
     [fragments(FAR, 64)[i] for i in (5, 3, 3, 4, 0, 2, 0, 1)], FAR_ALERT, LIST,
     stderr=["packets   8 received = 8 processed + 0 undecodable + 0 out of scope", PUT_TOGETHER])

case("fragments-incomplete",
     """A response of which only the first and the third fragment came: the first is read alone when the capture ends, with its own
     number, after what followed it. The other counts as out of scope.""",
     fragments(LARGE, 256)[::2] + ask("later.evil.example", port=40001),
     "alert dns.query later.evil.example = suffix evil.example\n" + ALERT, LIST,
     stderr=["packets   3 received = 2 processed + 0 undecodable + 1 out of scope (incomplete_fragment 1)",
             "          0 datagrams put together from fragments, 1 incomplete, 0 pushed out; 0 fragments overlapping"])

REQUEST = talk(40001).client(http_request("/", "evil.example")).only(True).datagrams()

case("fragments-tcp",
     """A TCP connection whose every packet, the SYN too, is cut into fragments of eight bytes: the ports are in the first one, the flags
     in the second, and the host in several.""",
     [piece for n, datagram in enumerate(REQUEST) for piece in fragments(datagram, 8, ident=n)],
     "alert http.host evil.example = suffix evil.example", LIST)

GOOD, EVIL = (udp((CLIENT, 40000), (RESOLVER, 53), dns_query(name)) for name in ("aaaaaaaaaaaa.good.example", "aaaaaaaaaaaa.evil.example"))

case("fragments-overlapping",
     """IPv4 fragments that overlap and say different things: the byte that came first stays. In the first datagram that is the listed
     name, in the second, from another port, it is not.""",
     [fragments(EVIL, 32)[0], fragments(GOOD, 32)[0], fragments(EVIL, 32)[1]]
     + [fragments(GOOD, 32, ident=2)[0], fragments(EVIL, 32, ident=2)[0], fragments(EVIL, 32, ident=2)[1]],
     "alert dns.query aaaaaaaaaaaa.evil.example = suffix evil.example", LIST,
     stderr=["packets   6 received = 6 processed + 0 undecodable + 0 out of scope",
             "          2 datagrams put together from fragments, 0 incomplete, 0 pushed out; 2 fragments overlapping"])


def fragments6(segment, size, ident, extensions=(), shift=0):
    """UDP in IPv6 fragments of `size` bytes; all but the first begin `shift` bytes early."""
    starts = range(0, len(segment), size)
    return [frames.ipv6(CLIENT6, RESOLVER6, frames.PROTO_UDP, segment[max(at - shift, 0):at + size],
                        extensions=[*extensions, (frames.PROTO_FRAGMENT, frames.extension_fragment(
                            max(at - shift, 0), at + size < len(segment), ident))]) for at in starts]


def query6(port, name="www.evil.example"):
    return frames.udp_segment((CLIENT6, port), (RESOLVER6, 53), dns_query(name))


case("fragments-ipv6",
     """Queries in IPv6 fragments: plain, behind other extension headers and reordered, and overlapping: that one is dropped as a whole
     (RFC 5722) and its fragments counted as undecodable, the one that comes later too.""",
     fragments6(query6(40000), 16, 1) + fragments6(query6(40001), 24, 2, [HOP, DEST])[::-1] + fragments6(query6(40002), 16, 3, shift=8),
     "\n".join([ALERT] * 2), LIST,
     stderr=["packets   8 received = 5 processed + 3 undecodable (bad_fragment 3) + 0 out of scope",
             "          2 datagrams put together from fragments, 0 incomplete, 0 pushed out; 1 fragments overlapping"])

case("snaplen",
     """Frames cut to 96 bytes: a query that fits, a response that does not (its question does), a request whose Host header was
     cut away.""",
     captures.pcap(captures.frames_of(
         ask("www.evil.example") + [LARGE] + talk(40001).client(http_request("/" + "a" * 80, "evil.example")).only(True).datagrams(),
         snaplen=96), snaplen=96),
     ALERT, LIST,
     stderr=["packets   5 received = 5 processed + 0 undecodable + 0 out of scope",
             "2 of them cut by the snaplen",
             "http 1 seen = 0 readable + 1 unreadable (snaplen 1)"])

case("pcap-big-endian", "A capture file in the other byte order.", captures.pcap(captures.frames_of(QUERY + QUERY6), order=">"),
     "\n".join([ALERT] * 2), LIST)

ODD_NS = captures.START_NS + 123456789
case("pcap-nanoseconds", "Times in nanoseconds, little-endian.",
     captures.pcap(captures.frames_of(QUERY + QUERY6, start_ns=ODD_NS), nanoseconds=True), "\n".join([ALERT] * 2), LIST)

case("pcap-nanoseconds-big-endian", "Times in nanoseconds, big-endian.",
     captures.pcap(captures.frames_of(QUERY + QUERY6, start_ns=ODD_NS), order=">", nanoseconds=True), "\n".join([ALERT] * 2), LIST)

case("pcapng", "A pcapng file with nanosecond times.",
     captures.pcapng(captures.frames_of(QUERY + QUERY6, start_ns=ODD_NS), resolutions=[9]), "\n".join([ALERT] * 2), LIST)

case("pcapng-big-endian", "A pcapng file in the other byte order.",
     captures.pcapng(captures.frames_of(QUERY + QUERY6), order=">"), "\n".join([ALERT] * 2), LIST)

WHOLE = captures.pcap(captures.frames_of(QUERY + QUERY6))

case("file-truncated",
     """A capture file that ends within its second packet: the first one is read and alerts, and the run has failed (exit 1).""",
     WHOLE[:-10], ALERT, LIST, exit_code=1,
     stderr=["packets   1 received = 1 processed + 0 undecodable + 0 out of scope"])

case("file-truncated-header", "A capture file that ends within a packet's header.",
     WHOLE[:24 + 16 + len(ethernet(QUERY[0])) + 7], ALERT, LIST, exit_code=1)

case("file-empty", "A capture without packets: nothing to report, and nothing wrong.", captures.pcap([]), "", LIST,
     stderr=["packets   0 received = 0 processed + 0 undecodable + 0 out of scope"])

case("file-no-capture", "A file that is no capture at all (exit 1).", b"this is not a capture\n" * 4, "", LIST, exit_code=1)

case("file-zero-bytes", "A file of no bytes (exit 1).", b"", "", LIST, exit_code=1,
     stderr=["vedette: in.pcap: the file is empty, a pcap or pcapng capture was expected"])

case("file-huge-packet-length",
     """A packet header that claims four gigabytes: the file is damaged (exit 1), and nothing is allocated for it.""",
     WHOLE[:24 + 16 + len(ethernet(QUERY[0]))] + struct.pack("<IIII", 1768478400, 0, 0xfffffff0, 0xfffffff0) + b"x" * 50,
     ALERT, LIST, exit_code=1)

case("file-several",
     """Two captures in one run: each alert names its own.""",
     captures.pcap(captures.frames_of(QUERY)), "\n".join([ALERT] * 2), LIST, args="replay -l lists in.pcap second.pcap",
     files={"second.pcap": captures.pcap(captures.frames_of(QUERY6))})

case("file-several-one-bad",
     """One of three captures is truncated: the others are read all the same, and the run has failed (exit 1).""",
     captures.pcap(captures.frames_of(QUERY)), "\n".join([ALERT] * 2), LIST, args="replay -l lists in.pcap bad.pcap last.pcap",
     files={"bad.pcap": WHOLE[:30], "last.pcap": captures.pcap(captures.frames_of(QUERY6))}, exit_code=1)

case("not-ip",
     """ARP, LLDP and a frame of 802.3 with LLC: out of scope and counted; the query between them is read.""",
     captures.pcap([captures.Frame(captures.START_NS + i * captures.STEP_NS, frame) for i, frame in enumerate([
         frames.arp_request(CLIENT, RESOLVER), ethernet(QUERY[0]),
         ethernet(b"\x02\x07\x04\x02\0\0\0\0\x01\0\0", ethertype=frames.ETHERTYPE_LLDP, pad=True),
         ethernet(b"\x42\x42\x03" + bytes(35), ethertype=38, pad=True)])]),
     ALERT, LIST,
     stderr=["packets   4 received = 1 processed + 0 undecodable + 3 out of scope (not_ip 3)"])

BROKEN_IP = [QUERY[0][:12], b"\x40" + QUERY[0][1:], b"\x45\0\xff\xff" + QUERY[0][4:], QUERY[0][:24], b"\x55" + QUERY[0][1:],
             QUERY6[0][:30]]

case("not-decodable",
     """IP headers that are cut, of a wrong version, shorter than their own header, and a UDP header that is cut: counted as undecodable. A
     datagram that claims more bytes than its frame has is read as far as it goes; so is the query after them.""",
     captures.pcap(captures.frames_of(BROKEN_IP, lambda d: ethernet(d, ethertype=frames.ethertype_of(QUERY6[0]) if d[0] >> 4 == 6 else
                                                                    frames.ETHERTYPE_IPV4))
                   + captures.frames_of(QUERY, start_ns=captures.START_NS + 10**9)),
     ALERT, LIST,
     stderr=["packets   7 received = 2 processed + 5 undecodable (bad_ip_header 4, bad_udp_header 1) + 0 out of scope"])

EXAMPLES = "../../../examples/"

case("bundled-sample",
     """The capture and the lists in examples/ (real programs under tcpdump; scripts/make-sample): each planted contact alerts, and
     nothing else does. A recording made anew has other ports and times: update expect.jsonl then, not the intent.""",
     None,
     r"""alert dns.query c2.update-service.example = suffix c2.update-service.example
     alert dns.query node-17.botnet.example = wildcard node-*.botnet.example
     alert dns.query kqzvwxjtrmpl.dyn.example = regex ^[a-z]{12}\.dyn\.example$
     alert dns.answer.target edge.sync-cdn.example = below sync-cdn.example
     alert dns.answer.address 203.0.113.66 = exact 203.0.113.66
     alert dns.answer.address 2001:db8:bad::66 = cidr 2001:db8:bad::/48
     alert dns.query ADS.Tracker.Example = exact ads.tracker.example
     alert dns.query xn--bcher-konto-thb.example = suffix xn--bcher-konto-thb.example
     alert dns.query c2.update-service.example = suffix c2.update-service.example
     alert http.host c2.update-service.example = suffix c2.update-service.example
     alert dns.query login.bank-verify.example = suffix bank-verify.example
     alert tls.sni login.bank-verify.example = suffix bank-verify.example
     alert http.location http://login.bank-verify.example/session = exact http://login.bank-verify.example/session
     alert tls.sni secure-parcel.test = suffix secure-parcel.test
     alert tls.sni c2.update-service.example = suffix c2.update-service.example
     alert http.host c2.update-service.example = suffix c2.update-service.example
     alert ip.dst 203.0.113.66 = exact 203.0.113.66
     alert ip.dst 203.0.113.66 = exact 203.0.113.66:4443
     alert ip.dst 203.0.113.66 = exact 203.0.113.66
     alert http.host 203.0.113.66 = exact 203.0.113.66
     alert dns.answer.address 203.0.113.150 = cidr 203.0.113.128/26
     alert ip.dst 203.0.113.150 = cidr 203.0.113.128/26
     alert ip.dst 2001:db8:bad::66 = cidr 2001:db8:bad::/48
     alert http.host [2001:db8:bad::66] = cidr 2001:db8:bad::/48
     alert http.url http://downloads.example/tools/setup.exe = exact http://downloads.example/tools/setup.exe
     alert http.url http://downloads.example/%74ools/setup.exe = exact http://downloads.example/tools/setup.exe
     alert http.url http://downloads.example/kit/login.php?step=2 = exact http://downloads.example/kit/login.php?step=2
     alert http.user_agent Mozilla/4.0 (compatible; Updater 2.1) = exact Mozilla/4.0 (compatible; Updater 2.1)""",
     args="replay -l " + EXAMPLES + "lists " + EXAMPLES + "sample.pcap")
