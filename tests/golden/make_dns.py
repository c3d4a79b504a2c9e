"""Cases about DNS: what is read out of messages, over what transports, and what is refused."""
import struct

from case import BAD, BAD6, CLIENT, CLIENT6, RESOLVER, RESOLVER6, answer, ask, case, talk
from frames import udp
from messages import (AA, NXDOMAIN, QR, RA, RD, TC, dns_message, dns_over_tcp, dns_query, dns_response, opt_record, record)

LIST = {"domains.txt": "evil.example\n"}

case("dns-query",
     """A query for a name below a listed one, its answer, and one for a name that nobody listed. The name is in both
     messages of the flow and alerts once.""",
     ask("www.evil.example") + answer("www.evil.example", records=[record("www.evil.example", "A", "192.0.2.1")])
     + ask("www.good.example", port=40001),
     "alert dns.query www.evil.example = suffix evil.example", LIST)

CHAIN = [record("www.shop.example", "CNAME", "shop.cdn.example"), record("shop.cdn.example", "CNAME", "e1.edge.example"),
         record("e1.edge.example", "A", "192.0.2.1"), record("e1.edge.example", "A", "192.0.2.2")]

case("dns-answer-types",
     """Every record type whose data are read, in compressed messages: A and AAAA, a chain of CNAMEs, MX, SRV, TXT in
     several strings, PTR, NS, HTTPS in service and alias form, DNAME, a SOA in the authority section, glue in the
     additional section, EDNS, and a type that is carried but not looked into.""",
     answer("www.shop.example", "A", CHAIN, 40000)
     + answer("v6.shop.example", "AAAA", [record("v6.shop.example", "AAAA", "2001:db8::1")], 40001)
     + answer("shop.example", "MX", [record("shop.example", "MX", (10, "mx1.mail.example")),
                                     record("shop.example", "MX", (20, "mx2.mail.example"))], 40002)
     + answer("_sip._tcp.shop.example", "SRV", [record("_sip._tcp.shop.example", "SRV", (1, 2, 5060, "sip.shop.example"))],
              40003)
     + answer("shop.example", "TXT", [record("shop.example", "TXT", ["v=spf1 ", "-all"])], 40004)
     + answer("1.2.0.192.in-addr.arpa", "PTR", [record("1.2.0.192.in-addr.arpa", "PTR", "host.shop.example")], 40005)
     + answer("shop.example", "NS", [record("shop.example", "NS", "ns1.shop.example")], 40006,
              additionals=[record("ns1.shop.example", "A", "192.0.2.53"), opt_record()])
     + answer("shop.example", "HTTPS", [record("shop.example", "HTTPS", (0, "alias.shop.example")),
                                        record("alias.shop.example", "HTTPS", (1, "", b"\0\1\0\3\x02h2"))], 40007)
     + answer("a.old.example", "A", [record("old.example", "DNAME", "new.example"),
                                     record("a.old.example", "CNAME", "a.new.example")], 40008)
     + answer("none.shop.example", "A", (), 40009, rcode=NXDOMAIN, authorities=[
         record("shop.example", "SOA", ("ns1.shop.example", "admin.shop.example", 7, 3600, 600, 86400, 300))])
     + answer("shop.example", 65280, [record("shop.example", 65280, b"\1\2\3")], 40010),
     """dns response www.shop.example/A NOERROR: www.shop.example CNAME shop.cdn.example; shop.cdn.example CNAME e1.edge.example; e1.edge.example A 192.0.2.1; e1.edge.example A 192.0.2.2
     dns response v6.shop.example/AAAA NOERROR: v6.shop.example AAAA 2001:db8::1
     dns response shop.example/MX NOERROR: shop.example MX mx1.mail.example; shop.example MX mx2.mail.example
     dns response _sip._tcp.shop.example/SRV NOERROR: _sip._tcp.shop.example SRV 1 2 5060 sip.shop.example
     dns response shop.example/TXT NOERROR: shop.example TXT v=spf1 -all
     dns response 1.2.0.192.in-addr.arpa/PTR NOERROR: 1.2.0.192.in-addr.arpa PTR host.shop.example
     dns response shop.example/NS NOERROR: shop.example NS ns1.shop.example; ns1.shop.example A 192.0.2.53
     dns response shop.example/HTTPS NOERROR: shop.example HTTPS alias.shop.example; alias.shop.example HTTPS
     dns response a.old.example/A NOERROR: old.example DNAME new.example; a.old.example CNAME a.new.example
     dns response none.shop.example/A NXDOMAIN: shop.example SOA ns1.shop.example admin.shop.example 7
     dns response shop.example/TYPE65280 NOERROR: shop.example TYPE65280""")

case("dns-answer-hits",
     """Listed names and addresses that only an answer shows: the end and the middle of a CNAME chain, an MX exchange, an
     SRV target, an HTTPS target, an A and an AAAA address, an address in a listed network.""",
     answer("www.shop.example", "A", [record("www.shop.example", "CNAME", "mid.evil.example"),
                                      record("mid.evil.example", "CNAME", "end.bad.example"),
                                      record("end.bad.example", "A", BAD)], 40000)
     + answer("mail.shop.example", "MX", [record("mail.shop.example", "MX", (10, "mx.evil.example"))], 40001)
     + answer("_s._tcp.shop.example", "SRV", [record("_s._tcp.shop.example", "SRV", (0, 0, 443, "srv.evil.example"))], 40002)
     + answer("h.shop.example", "HTTPS", [record("h.shop.example", "HTTPS", (1, "svc.evil.example"))], 40003)
     + answer("v6.shop.example", "AAAA", [record("v6.shop.example", "AAAA", BAD6)], 40004)
     + answer("net.shop.example", "A", [record("net.shop.example", "A", "198.51.100.200")], 40005),
     """alert dns.answer.target mid.evil.example = suffix evil.example
     alert dns.answer.target end.bad.example = exact end.bad.example
     alert dns.answer.address 203.0.113.66 = exact 203.0.113.66
     alert dns.answer.target mx.evil.example = suffix evil.example
     alert dns.answer.target srv.evil.example = suffix evil.example
     alert dns.answer.target svc.evil.example = suffix evil.example
     alert dns.answer.address 2001:db8:bad::66 = exact 2001:db8:bad::66
     alert dns.answer.address 198.51.100.200 = cidr 198.51.100.192/26""",
     {"a-names.yaml": "vedette: 1\nindicators:\n  - evil.example\n  - {domain: end.bad.example, match: exact}\n",
      "b-addresses.txt": "203.0.113.66\n2001:db8:bad::66\n198.51.100.192/26\n"})

case("dns-owner-name",
     """A response without its question, as after a cut: the listed name is only the owner of a record.""",
     [udp((RESOLVER, 53), (CLIENT, 40000), dns_message((), [record("www.evil.example", "A", "192.0.2.1")], flags=QR | RD | RA))],
     "alert dns.answer.name www.evil.example = suffix evil.example", LIST)

TCP_TALK = talk(server=RESOLVER, server_port=53)
TCP_TALK.client(dns_over_tcp(dns_query("first.evil.example", ident=1)), sizes=[1, 5, 20, 100])
TCP_TALK.client(dns_over_tcp(dns_query("good.example", ident=2), dns_query("third.evil.example", ident=3)))
TCP_TALK.server(dns_over_tcp(dns_response("good.example", "A", [record("good.example", "A", BAD)], ident=2)), sizes=[30, 1])
TCP_TALK.close()

case("dns-tcp-split",
     """DNS over TCP: a query that arrives in four segments, the first of them half of its length prefix; then two
     queries in one segment; then a response cut into a piece and single bytes.""",
     TCP_TALK.datagrams(),
     """alert dns.query first.evil.example = suffix evil.example
     alert dns.query third.evil.example = suffix evil.example
     alert dns.answer.address 203.0.113.66 = exact 203.0.113.66""",
     {"mixed.txt": "evil.example\n203.0.113.66\n"})

case("dns-mdns",
     """Multicast DNS: questions with the unicast-response bit, an unsolicited response with the cache-flush bit, several
     questions in one message.""",
     [udp((CLIENT, 5353), ("224.0.0.251", 5353),
          dns_message([("_http._tcp.local", "PTR", 0x8001), ("printer.local", "A")], ident=0, flags=0)),
      udp((CLIENT6, 5353), ("ff02::fb", 5353),
          dns_message((), [record("printer.local", "AAAA", "2001:db8::9", ttl=120, rclass=0x8001),
                           record("_http._tcp.local", "PTR", "printer._http._tcp.local")], ident=0, flags=QR | AA))],
     """mdns request _http._tcp.local/PTR printer.local/A
     mdns response NOERROR: printer.local AAAA 2001:db8::9; _http._tcp.local PTR printer._http._tcp.local""")

case("dns-llmnr",
     """LLMNR: a query for a single label and its answer.""",
     [udp((CLIENT, 50000), ("224.0.0.252", 5355), dns_message([("wpad", "A")], flags=0)),
      udp(("192.0.2.11", 5355), (CLIENT, 50000), dns_message([("wpad", "A")], [record("wpad", "A", "192.0.2.11")], flags=QR))],
     """dns request wpad/A
     dns response wpad/A NOERROR: wpad A 192.0.2.11""")


def pointing(target):
    """A query whose name is one label and then a pointer to `target`."""
    return dns_message([(b"\x04evil" + struct.pack("!H", 0xc000 | target), "A")])


case("dns-pointer-loop",
     """Compression pointers that must be refused: to itself, to a name that points back, forwards, past the end of the
     message. Each is a message of its own; none gives a name, none keeps the program busy.""",
     [udp((CLIENT, 40000), (RESOLVER, 53), pointing(17)), udp((CLIENT, 40001), (RESOLVER, 53), pointing(12)),
      udp((CLIENT, 40002), (RESOLVER, 53), pointing(19)), udp((CLIENT, 40003), (RESOLVER, 53), pointing(0x3fff)),
      udp((CLIENT, 40004), (RESOLVER, 53),
          dns_message([(b"\xc0\x0e\xc0\x0c\xc0\x0c", "A")]))],
     "", {"domains.txt": "evil\nevil.example\n", "more.txt": "evil.evil\n"},
     stderr=["sessions  dns 5 seen = 0 readable + 5 unreadable (malformed 5)"])

case("dns-cut-records",
     """Messages whose counts promise more than there is: what was readable before the break is reported. In the second
     the record's length runs past the end; in the third 65535 questions are promised and one is there.""",
     [udp((RESOLVER, 53), (CLIENT, 40000),
          dns_message([("one.example", "A")], [record("one.example", "CNAME", "two.example")], flags=QR, counts=(1, 9, 0, 0))),
      udp((RESOLVER, 53), (CLIENT, 40001),
          dns_message([("three.example", "A")], [record("three.example", "A", "192.0.2.1")], flags=QR)[:-2]),
      udp((CLIENT, 40002), (RESOLVER, 53), dns_message([("four.example", "A")], counts=(65535, 0, 0, 0)))],
     """dns response one.example/A NOERROR: one.example CNAME two.example
     dns response three.example/A NOERROR
     dns request four.example/A""")

case("dns-any-port",
     """DNS where no port says so: a query and its response on port 5300. A payload on port 53 that is no DNS, and text on
     port 5300, give nothing.""",
     [udp((CLIENT, 40000), (RESOLVER, 5300), dns_query("hidden.evil.example")),
      udp((RESOLVER, 5300), (CLIENT, 40000), dns_response("hidden.evil.example", "A",
                                                          [record("hidden.evil.example", "A", "192.0.2.1")])),
      udp((CLIENT, 40001), (RESOLVER, 5300), b"GET evil.example and other text that is no message at all"),
      udp((CLIENT, 40002), (RESOLVER, 53), b"\xff" * 40)],
     """dns request hidden.evil.example/A
     dns response hidden.evil.example/A NOERROR: hidden.evil.example A 192.0.2.1""")

case("dns-ipv6-edns",
     """Over IPv6, with EDNS in the query and a truncated response (TC).""",
     [udp((CLIENT6, 40000), (RESOLVER6, 53), dns_query("www.evil.example", "AAAA", additionals=[opt_record()])),
      udp((RESOLVER6, 53), (CLIENT6, 40000), dns_response("www.evil.example", "AAAA", flags=QR | TC | RD | RA))],
     """dns request www.evil.example/AAAA
     dns response www.evil.example/AAAA NOERROR""")

case("dns-eve-7",
     """The same messages in the shape that Suricata 7 writes (--eve 7).""",
     ask("www.evil.example") + answer("www.evil.example", records=[record("www.evil.example", "CNAME", "a.example"),
                                                                   record("a.example", "A", "192.0.2.1")]),
     """dns v2 query www.evil.example/A
     dns v2 answer www.evil.example/A""",
     args="fields --eve 7 in.pcap")

case("dns-alert-eve-7",
     """An alert in the shape that Suricata 7 writes (--eve 7): context in alert.metadata, no ip_v, older dns.""",
     ask("www.evil.example"), "alert dns.query www.evil.example = suffix evil.example", LIST,
     args="replay --eve 7 -l lists in.pcap")

HOSTILE = [b'quote"', b"back\\slash", b"new\nline", b"nul\0", b"high\xff\xfe", b"sep\xe2\x80\xa8", b"esc\x1b[31m",
           b"{\"event_type\":\"alert\"}", b"\xed\xa0\x80", b"dot.in.label"]
# Printable ASCII but the backslash stands for itself, and so would printable UTF-8; every other byte is \\xNN.
HOSTILE_SHOWN = ['quote"', r"back\x5cslash", r"new\x0aline", r"nul\x00", r"high\xff\xfe", r"sep\xe2\x80\xa8", r"esc\x1b[31m",
                 '{"event_type":"alert"}', r"\xed\xa0\x80", "dot.in.label"]

case("dns-hostile-bytes",
     """Labels that hold quotes, backslashes, line ends, NUL, bytes that are no UTF-8 (a lone surrogate among them), a
     line separator, a terminal escape and JSON: every line of output is one valid JSON object.""",
     [datagram for index, label in enumerate(HOSTILE) for datagram in ask([label, b"hostile", b"example"], port=40000 + index)],
     "\n".join("dns request %s.hostile.example/A" % shown for shown in HOSTILE_SHOWN))

case("dns-hostile-alerts",
     """The same labels below a listed name: the name matches, the alert shows the bytes escaped. The last one has its dot
     within a label ("x.evil" "example"), so no name on the list is above it.""",
     [datagram for index, label in enumerate(HOSTILE) for datagram in ask([label, b"evil", b"example"], port=40000 + index)]
     + ask([b"x.evil", b"example"], port=40100),
     "\n".join("alert dns.query %s.evil.example = suffix evil.example" % shown for shown in HOSTILE_SHOWN), LIST)
