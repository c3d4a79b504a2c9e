"""Cases about what IP is carried in: tunnels, tags and labels, rarer links; the way in is in the alert."""
import struct

import captures
import frames
from case import CLIENT, RESOLVER, SERVER, ask, case, talk
from frames import ethernet, fragments, gre, ip, ipv4, mpls, udp

LIST = {"domains.txt": "evil.example\n"}
ALERT = "alert dns.query www.evil.example = suffix evil.example"
A, B = "198.51.100.1", "198.51.100.2"
A6, B6 = "2001:db8:a::1", "2001:db8:b::2"
TEREDO, TEREDO_PEER = "2001:0:c633:6401::1", "2001:0:c633:6401::2"


def queries(*wraps, start=40000):
    """A query in each wrap (a function from a datagram to a frame), each in a flow of its own."""
    return captures.pcap([captures.Frame(captures.START_NS + i * captures.STEP_NS, wrap(ask("www.evil.example", port=start + i)[0]))
                          for i, wrap in enumerate(wraps)])


def queries6(*wraps):
    made = [wrap(ask("www.evil.example", port=40000 + i, client=TEREDO, resolver=TEREDO_PEER)[0]) for i, wrap in enumerate(wraps)]
    return captures.pcap([captures.Frame(captures.START_NS + i * captures.STEP_NS, frame) for i, frame in enumerate(made)])


def tunnels(name, shows, *wraps, **more):
    case(name, shows, queries(*wraps), "\n".join([ALERT] * len(wraps)), LIST, **more)


def over_ip(proto, build, v6=False):
    return lambda d: ethernet(ip(A6 if v6 else A, B6 if v6 else B, proto, build(d)))


def over_udp(port, build, v6=False):
    return lambda d: ethernet(udp((A6 if v6 else A, 50000), (B6 if v6 else B, port), build(d)))


def over_gre(build, ethertype, **more):
    return over_ip(frames.PROTO_GRE, lambda d: gre(build(d), ethertype, **more))


def itself(datagram):
    return datagram


# ---- between link and IP ----

tunnels("tunnel-mpls", "MPLS: one label, three with a traffic class, a pseudowire with and without a control word, labels behind a VLAN tag.",
        lambda d: ethernet(mpls(d, 18), ethertype=frames.ETHERTYPE_MPLS),
        lambda d: ethernet(mpls(d, 16, (17, 5), 18), ethertype=frames.ETHERTYPE_MPLS),
        lambda d: ethernet(mpls(bytes(4) + ethernet(d), 100), ethertype=frames.ETHERTYPE_MPLS),
        lambda d: ethernet(mpls(ethernet(d, [7]), 100), ethertype=frames.ETHERTYPE_MPLS),
        lambda d: ethernet(mpls(d, 18), [5], ethertype=frames.ETHERTYPE_MPLS))
tunnels("tunnel-pppoe", "PPPoE sessions, plain and behind two VLAN tags.",
        lambda d: ethernet(frames.pppoe(d, 0x1234), ethertype=frames.ETHERTYPE_PPPOE),
        lambda d: ethernet(frames.pppoe(d, 1), [10, 20], ethertype=frames.ETHERTYPE_PPPOE))
tunnels("tunnel-bridges", "What bridges put around a frame: 802.1ah, VNTag, 802.1BR, MACsec without encryption, NSH.",
        lambda d: ethernet(b"\0\x12\x34\x56" + ethernet(d), ethertype=frames.ETHERTYPE_PBB),
        lambda d: ethernet(b"\xc1\x23\x04\x56\x08\0" + d, ethertype=frames.ETHERTYPE_VNTAG),
        lambda d: ethernet(b"\x01\x23\x14\x56\0\0\x08\0" + d, ethertype=frames.ETHERTYPE_ETAG),
        lambda d: ethernet(b"\0\0\0\0\0\x01\x08\0" + d, ethertype=frames.ETHERTYPE_MACSEC),
        lambda d: ethernet(frames.nsh(d, 1, 0x010203, 254), ethertype=frames.ETHERTYPE_NSH))

# ---- in IP ----

tunnels("tunnel-ip", "IP in IP, over both versions, and MPLS, Ethernet and L2TPv3 in IP.",
        over_ip(frames.PROTO_IPIP, itself), over_ip(frames.PROTO_IPIP, itself, True),
        over_ip(frames.PROTO_MPLS, lambda d: mpls(d, 18)), over_ip(frames.PROTO_ETHERIP, lambda d: b"\x30\0" + ethernet(d)),
        over_ip(frames.PROTO_L2TP, lambda d: b"\0\0\0\x07" + ethernet(d)))
case("tunnel-6in4", "IPv6 in IPv4 and in IPv6.", queries6(over_ip(frames.PROTO_IPV6, itself), over_ip(frames.PROTO_IPV6, itself, True)),
     "\n".join([ALERT] * 2), LIST)
tunnels("tunnel-gre", "GRE with and without its fields, carrying IP, Ethernet and MPLS; WCCP's redirect header; PPTP.",
        over_gre(itself, frames.ETHERTYPE_IPV4), over_gre(itself, frames.ETHERTYPE_IPV4, key=7, sequence=1, with_checksum=True),
        over_gre(lambda d: ethernet(d, [9]), frames.ETHERTYPE_BRIDGING, key=8), over_gre(lambda d: mpls(d, 18), frames.ETHERTYPE_MPLS),
        over_gre(lambda d: bytes(4) + d, 0x883e), over_ip(frames.PROTO_GRE, lambda d: frames.pptp(d, 0x1234)))
tunnels("tunnel-erspan", "ERSPAN, types I, II and III.",
        over_gre(ethernet, frames.ETHERTYPE_ERSPAN), over_gre(lambda d: frames.erspan(ethernet(d), 101, 100), frames.ETHERTYPE_ERSPAN, sequence=1),
        over_gre(lambda d: frames.erspan_iii(ethernet(d), 102, 200), frames.ETHERTYPE_ERSPAN_III, sequence=1))

# ---- in UDP ----

tunnels("tunnel-vxlan", "VXLAN, with and without a group, over both IP versions; VXLAN-GPE with IPv4 and with NSH.",
        over_udp(frames.PORT_VXLAN, lambda d: frames.vxlan(ethernet(d), 5)), over_udp(frames.PORT_VXLAN, lambda d: frames.vxlan(ethernet(d), 6, 77), True),
        over_udp(frames.PORT_VXLAN_GPE, lambda d: frames.vxlan_gpe(d, 7, 1)),
        over_udp(frames.PORT_VXLAN_GPE, lambda d: frames.vxlan_gpe(frames.nsh(d, 1, 9, 8), 7, 4)))
tunnels("tunnel-geneve", "Geneve with an Ethernet frame, and with options and IPv4.",
        over_udp(frames.PORT_GENEVE, lambda d: frames.geneve(ethernet(d), 5)),
        over_udp(frames.PORT_GENEVE, lambda d: frames.geneve(d, 6, frames.ETHERTYPE_IPV4, b"\x01\x02\x03\x01opti")))
tunnels("tunnel-gtp-u", "GTP-U with and without a sequence number.",
        over_udp(frames.PORT_GTP_U, lambda d: frames.gtp_u(d, 0x12345678)), over_udp(frames.PORT_GTP_U, lambda d: frames.gtp_u(d, 2, 1), True))
tunnels("tunnel-udp", "L2TP, and MPLS in UDP.",
        over_udp(frames.PORT_L2TP, lambda d: frames.l2tp(d, 3, 4)), over_udp(frames.PORT_MPLS, lambda d: mpls(d, 18)))
case("tunnel-teredo", "Teredo, with an origin and without.",
     queries6(over_udp(frames.PORT_TEREDO, itself), over_udp(frames.PORT_TEREDO, lambda d: b"\0\0\x12\x34\x3f\xff\xfd\xfd" + d)),
     "\n".join([ALERT] * 2), LIST)

# ---- all together ----

tunnels("tunnel-nested", "Labels, GRE, VXLAN and GTP-U around each other: every layer is in the alert, and `tunnel` tells the outermost ends.",
        lambda d: ethernet(mpls(ip(A, B, frames.PROTO_GRE, gre(ethernet(udp((A6, 50000), (B6, frames.PORT_VXLAN), frames.vxlan(ethernet(
            udp((CLIENT, 50001), (SERVER, frames.PORT_GTP_U), frames.gtp_u(d, 9)), [30]), 8))), frames.ETHERTYPE_BRIDGING, key=7)), 18), [10],
            ethertype=frames.ETHERTYPE_MPLS))
case("tunnel-eve-7", "The same to Suricata 7's schema: the way in is in alert.metadata.",
     queries(over_udp(frames.PORT_VXLAN, lambda d: frames.vxlan(ethernet(d), 5))), ALERT, LIST, args="replay --eve 7 -l lists in.pcap")
case("tunnel-events", "Events of tunnelled traffic tell the outermost ends; the flow is that of the innermost packet.",
     queries(over_udp(frames.PORT_VXLAN, lambda d: frames.vxlan(ethernet(d), 5))), "dns request www.evil.example/A")
case("tunnel-ends", "Whoever holds a tunnel's ends is an address that was talked to: a list that names it gives an alert on the flow inside.",
     queries(over_gre(itself, frames.ETHERTYPE_IPV4)), "alert ip.dst 198.51.100.2 = exact 198.51.100.2", {"addresses.txt": B + "\n"})
case("tunnel-tcp", "A request in two segments in a tunnel: the way in is kept until the second one completes it.",
     captures.pcap(captures.frames_of(talk().client(b"GET / HTTP/1.1\r\nHost: ").client(b"evil.example\r\n\r\n").only(True).datagrams(),
                                      over_udp(frames.PORT_VXLAN, lambda d: frames.vxlan(ethernet(d), 5)))),
     "alert http.host evil.example = suffix evil.example", LIST)
case("tunnel-fragments", "A tunnel's datagram that came in fragments, and a fragmented datagram in a tunnel, whose fragments came in fragments.",
     [cut for d in ask("www.evil.example") for cut in fragments(udp((A, 50000), (B, frames.PORT_GTP_U), frames.gtp_u(d, 1)), 24, ident=5)] +
     [piece for i, cut in enumerate(fragments(ask("www.evil.example", port=40001)[0], 24, ident=6))
      for piece in fragments(ipv4(A, B, frames.PROTO_IPIP, cut), 32, ident=7 + i)],
     "\n".join([ALERT] * 2), LIST)
TWO = zip(*(fragments(ask("www.evil.example", port=40000 + i)[0], 24, ident=5) for i in range(2)))
case("tunnel-same-addresses", "Fragments with equal addresses and identification in two VXLAN networks are of two datagrams.",
     [udp((A, 50000), (B, frames.PORT_VXLAN), frames.vxlan(ethernet(cut), 5 + i)) for pair in TWO for i, cut in enumerate(pair)],
     "\n".join([ALERT] * 2), LIST)
DAMAGED = b"\x45\x01" + ask("www.evil.example")[0][2:]
case("tunnel-not", "Datagrams to and from the ports of tunnels that carry none: DNS from port 1701, 2152 and 4789, and VXLAN around a damaged header.",
     [udp((CLIENT, port), (RESOLVER, 53), ask("www.evil.example")[0][28:]) for port in (1701, 2152, 4789)] +
     [udp((A, 50000), (B, frames.PORT_VXLAN), frames.vxlan(ethernet(DAMAGED), 5))],
     "\n".join([ALERT] * 3), LIST)


def deep(datagram, n):
    for _ in range(n):
        datagram = ipv4(A, B, frames.PROTO_IPIP, datagram)
    return ethernet(datagram)


case("tunnel-too-deep", "Sixteen headers around a packet are read; seventeen are out of scope, and counted.",
     queries(lambda d: deep(d, 16), lambda d: deep(d, 17)), ALERT, LIST,
     stderr=["packets   2 received = 1 processed + 0 undecodable + 1 out of scope (nested_too_deep 1)"])

# ---- rarer links ----


def link(name, shows, link_type, *wraps):
    made = [captures.Frame(captures.START_NS + i * captures.STEP_NS, wrap(ask("www.evil.example", port=40000 + i)[0])) for i, wrap in enumerate(wraps)]
    case(name, shows, captures.pcap(made, link_type), "\n".join([ALERT] * len(wraps)), LIST)


link("link-ppp", "PPP with address and control, without, with one byte of protocol; and Cisco HDLC, which captures of serial lines mix in.", frames.LINK_PPP,
     frames.ppp, lambda d: frames.ppp(d, False), lambda d: b"\x21" + d, lambda d: b"\x0f\0\x08\0" + d)
link("link-pppoe", "A PPPoE session header and no Ethernet.", frames.LINK_PPPOE, lambda d: frames.pppoe(d, 7))
link("link-chdlc", "Cisco HDLC.", frames.LINK_CHDLC, lambda d: b"\x0f\0\x08\0" + d)
link("link-frame-relay", "Frame Relay with a network layer's number, with SNAP, bridged, and Cisco's.", frames.LINK_FRAME_RELAY,
     lambda d: b"\x18\xc1\x03\xcc" + d, lambda d: b"\x18\xc1\x03\0\x80\0\0\0\x08\0" + d, lambda d: b"\x18\xc1\x03\0\x80\0\x80\xc2\0\x07" + ethernet(d),
     lambda d: b"\x18\xc1\x08\0" + d)
link("link-80211", "IEEE 802.11 data.", frames.LINK_IEEE802_11, frames.wireless)
link("link-radiotap", "802.11 behind a radiotap header, whose flags say that the header is padded.", frames.LINK_RADIOTAP,
     lambda d: b"\0\0\x09\0\x02\0\0\0\0" + frames.wireless(d), lambda d: b"\0\0\x09\0\x02\0\0\0\x20" + b"\x88" + frames.wireless(d)[1:24] + b"\0\0PP" + frames.wireless(d)[24:])
link("link-ppi", "802.11 behind a Per-Packet Information header.", frames.LINK_PPI, lambda d: b"\0\0\x08\0\x69\0\0\0" + frames.wireless(d))
link("link-prism", "802.11 behind a Prism and an AVS header.", frames.LINK_PRISM, lambda d: bytes(144) + frames.wireless(d),
     lambda d: b"\x80\x21\x10\x01\0\0\0\x40" + bytes(56) + frames.wireless(d))
link("link-arcnet", "ARCNET as Linux captures it, by RFC 1201 and by RFC 1051.", frames.LINK_ARCNET_LINUX,
     lambda d: b"\1\2\0\0\xd4\0\0\0" + d, lambda d: b"\1\2\0\0\xf0" + d)
link("link-nflog", "Linux netfilter log: the packet is one of the attributes.", frames.LINK_NFLOG,
     lambda d: b"\2\0\0\0\x08\0\1\0\x08\0\0\0" + struct.pack("<HH", 4 + len(d), 9) + d)
link("link-pktap", "Apple's PKTAP, around Ethernet.", frames.LINK_PKTAP, lambda d: struct.pack("<III", 12, 1, 1) + ethernet(d))
link("link-mpls", "A label stack and no Ethernet.", frames.LINK_MPLS, lambda d: mpls(d, 18))
link("link-llc", "LLC, as over ATM.", frames.LINK_LLC, lambda d: b"\xaa\xaa\x03\0\0\0\x08\0" + d)
