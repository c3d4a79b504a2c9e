"""Cases about TLS hellos: however they are cut, ordered, repeated, and whatever they lack."""
from case import CLIENT6, SERVER6, case, talk
from messages import (TLS12, client_hello, extension, server_hello, server_name, sslv2_client_hello,
                      tls_records)

LIST = {"domains.txt": "evil.example\n"}
ALERT = "alert tls.sni www.evil.example = suffix evil.example"
HELLO = tls_records(client_hello("www.evil.example"))
LARGE = tls_records(client_hello("www.evil.example", post_quantum=True))


def https(data=HELLO, sizes=None, port=40000, **more):
    return talk(port, 443, **more).client(data, sizes)


case("tls-hello",
     """A hello in one segment and its answer, with what is reported of both; one of TLS 1.2 with its answer; a server name in
     mixed case with a final dot.""",
     https().server(tls_records(server_hello())).close().datagrams()
     + https(tls_records(client_hello("old.example", ("http/1.1",), (TLS12,))), port=40001)
     .server(tls_records(server_hello(TLS12, 0xc02f, "http/1.1"))).close().datagrams()
     + https(tls_records(client_hello("WwW.Evil.EXAMPLE.", ())), port=40002).datagrams(),
     """tls sni=www.evil.example version="TLS 1.3" client_alpns=h2,http/1.1
     tls version="TLS 1.3"
     tls sni=old.example version="TLS 1.2" client_alpns=http/1.1
     tls version="TLS 1.2" server_alpns=http/1.1
     tls sni=WwW.Evil.EXAMPLE. version="TLS 1.3\"""")

case("tls-encrypted-dns", """DNS that goes encrypted: on its port, by its ALPN on another, to a public resolver over HTTPS; and a web server. Hellos are marked
     and counted; what was asked is not seen.""",
     talk(40000, 853).client(tls_records(client_hello("dot.example", ()))).datagrams()
     + https(tls_records(client_hello("alpn.example", ("dot",))), port=40001).datagrams()
     + https(tls_records(client_hello("Mozilla.Cloudflare-DNS.com")), port=40002).datagrams()
     + https(tls_records(client_hello("web.example")), port=40003).datagrams(),
     """tls sni=dot.example version="TLS 1.3"
     tls sni=alpn.example version="TLS 1.3" client_alpns=dot
     tls sni=Mozilla.Cloudflare-DNS.com version="TLS 1.3" client_alpns=h2,http/1.1
     tls sni=web.example version="TLS 1.3" client_alpns=h2,http/1.1""",
     stderr=["          encrypted DNS, not seen: 3 hellos (dot 2, doh 1)"])

case("tls-sni", """A listed name in a hello, in a hello of a browser of today (1.7 KB, two segments), in mixed case with a final
     dot; and near misses.""",
     https().datagrams() + https(LARGE, port=40001).datagrams()
     + https(tls_records(client_hello("Www.EVIL.example.")), port=40002).datagrams()
     + https(tls_records(client_hello("xevil.example")), port=40003).datagrams()
     + https(tls_records(client_hello("evil.example.good.test")), port=40004).datagrams(),
     """alert tls.sni www.evil.example = suffix evil.example
     alert tls.sni www.evil.example = suffix evil.example
     alert tls.sni Www.EVIL.example. = suffix evil.example""", LIST)

case("tls-split-everywhere",
     """A hello cut in two at every eighth byte: each flow alerts once.""",
     [d for cut in range(1, len(HELLO), 8) for d in https(HELLO, [cut, len(HELLO)], 40000 + cut).only(True).datagrams()],
     "\n".join([ALERT] * len(range(1, len(HELLO), 8))), LIST)

case("tls-byte-by-byte", """A hello that arrives one byte a segment.""", https(sizes=[1]).only(True).datagrams(), ALERT, LIST)

SHUFFLED = https(LARGE, [300]).only(True)
FIRST = SHUFFLED.data_indexes()[0]
SHUFFLED.segments[FIRST:] = [SHUFFLED.segments[FIRST + i] for i in (3, 0, 5, 1, 4, 2)]

case("tls-out-of-order", """A large hello in six segments that arrive in the order 4 1 6 2 5 3.""", SHUFFLED.datagrams(), ALERT, LIST)

REVERSED = https(LARGE, [300]).only(True)
REVERSED.segments[FIRST:] = reversed(REVERSED.segments[FIRST:])

case("tls-reversed", """The same, last segment first.""", REVERSED.datagrams(), ALERT, LIST)


def overlap_case():
    flow = https(LARGE, [250]).only(True)
    data = [flow.segments[i] for i in flow.data_indexes()]
    whole = flow.segments[FIRST].with_data(LARGE)
    flow.segments[FIRST:] = [data[0], data[0],              # retransmitted as it was
                             whole.part(200, 700),          # longer, overlaps the first
                             data[2].with_data(b"\xff" * 250),  # other bytes where there are some already: the first copy holds
                             data[1],                       # wholly within what is there
                             whole.part(1200, 1500),        # out of order
                             whole.part(600, 1300),         # fills the hole, overlaps both sides
                             whole.part(1400, None)]
    return flow.datagrams()


case("tls-overlap",
     """Segments that come again, longer, shifted, and once with other bytes: the first copy of a byte is the one that counts, so
     the hello comes out whole.""",
     overlap_case(), ALERT, LIST)

case("tls-records",
     """One hello spread over several records: of 50 bytes, of one byte each, the handshake header cut apart.""",
     https(tls_records(client_hello("www.evil.example"), [50] * 10)).datagrams()
     + https(tls_records(client_hello("www.evil.example"), [1] * 400), port=40001).datagrams()
     + https(tls_records(client_hello("www.evil.example"), [2, 3]), [9, 60], port=40002).datagrams(),
     "\n".join([ALERT] * 3), LIST)

case("tls-client-only", """Only the client's direction is seen, without the server's SYN-ACK.""",
     https().server(tls_records(server_hello())).only(True).datagrams(), ALERT, LIST)

case("tls-server-only", """Only the server's direction is seen: what its hello says is reported, and nothing is invented.""",
     https().server(tls_records(server_hello(TLS12, 0xc02f, "h2"))).only(False).datagrams(),
     """tls version="TLS 1.2" server_alpns=h2""",
     stderr=["tls 1 seen = 0 readable + 1 unreadable (one_sided 1)"])

case("tls-retry",
     """A HelloRetryRequest makes the client say hello twice in one flow: one alert.""",
     https().server(tls_records(server_hello(retry=True)))
     .client(b"\x14\x03\x03\x00\x01\x01" + tls_records(client_hello("www.evil.example", seed=9), version=TLS12))
     .server(tls_records(server_hello())).datagrams(), ALERT, LIST)

case("tls-without-name",
     """Hellos that name nobody: no server_name, an empty one, and SSLv2 framing, which has no place for it. They are sessions seen
     and not readable, and the summary says so.""",
     https(tls_records(client_hello(None))).datagrams()
     + https(tls_records(client_hello(b"")), port=40001).datagrams()
     + https(sslv2_client_hello(), port=40002).datagrams(),
     """tls version="TLS 1.3" client_alpns=h2,http/1.1
     tls version="TLS 1.3" client_alpns=h2,http/1.1
     tls version=TLSv1""",
     stderr=["tls 3 seen = 0 readable + 3 unreadable (no_name 3)"])

case("tls-two-names",
     """A server_name extension with two names: the second one counts as well.""",
     https(tls_records(client_hello(None, more_extensions=server_name("good.example", "second.evil.example")))).datagrams(),
     "alert tls.sni second.evil.example = suffix evil.example", LIST)

case("tls-any-port", """TLS on ports that are not its own, one of them HTTP's; and over IPv6.""",
     talk(40000, 4443).client(HELLO).datagrams() + talk(40001, 80).client(HELLO).datagrams()
     + talk(40002, 443, CLIENT6, SERVER6).client(HELLO).datagrams(),
     "\n".join([ALERT] * 3), LIST)

case("tls-broken",
     """Hellos whose lengths lie: an extension longer than the block, a name longer than its list, a record of length 0 before,
     an extension list cut. Names that were read before the break count.""",
     https(tls_records(client_hello("www.evil.example", more_extensions=b"\x12\x34\xff\xff" + b"x" * 8))).datagrams()
     + https(tls_records(client_hello(None, more_extensions=extension(0, b"\0\x40\0\0\x30evil.example"))), port=40001).datagrams()
     + https(b"\x16\x03\x01\x00\x00" + HELLO, port=40002).datagrams()
     + https(HELLO[:-20], port=40003).datagrams(),
     "\n".join([ALERT] * 3), LIST)

case("tls-hostile-name",
     """Server names that are no names: quotes, line ends, NUL, no UTF-8, 300 bytes of them.""",
     [d for i, name in enumerate([b'a".evil.example', b"a\n.evil.example", b"a\0.evil.example", b"\xff\xfe.evil.example",
                                  b"x" * 300 + b".evil.example", b"evil.example\0.good.test", b"203.0.113.66"])
      for d in https(tls_records(client_hello(name)), port=40000 + i).datagrams()],
     "\n".join("alert tls.sni %s.evil.example = suffix evil.example" % shown
               for shown in ('a"', r"a\x0a", r"a\x00", r"\xff\xfe", "x" * 300)),
     {"domains.txt": "evil.example\n203.0.113.66\n"})

case("tls-cut",
     """The capture ends within a hello, after its server name: the name counts.""",
     https(LARGE, [600]).only(True).datagrams()[:-2], ALERT, LIST)

case("tls-alpn-regex",
     """A regular expression on the protocols that a client offers.""",
     https(tls_records(client_hello("a.example", ("h2", "evil-c2/1")))).datagrams()
     + https(tls_records(client_hello("b.example")), port=40001).datagrams(),
     "alert tls.alpn evil-c2/1 = regex ^evil-c2/",
     {"alpn.yaml": "vedette: 1\nindicators:\n  - {regex: '^evil-c2/', fields: [tls.alpn]}\n"})

case("tls-gap",
     """A segment in the middle of a hello was lost for good, after the server name: the name that was there before the gap may
     count; a hello whose first segment was lost tells nothing. In the second flow all is well again.""",
     [d for i, d in enumerate(https(LARGE, [600]).only(True).datagrams()) if i != 3]
     + [d for i, d in enumerate(https(LARGE, [600], 40001).only(True).close().datagrams()) if i != 2]
     + https(port=40002).datagrams(),
     "\n".join([ALERT] * 2), LIST)

# Worked out from the definitions with hashlib, from the bytes of these hellos.
JA3, JA4 = "0aee74d2cc15449fbe4d08394a6759b8", "t13d0909h2_f91f431d341e_d74efd5dd1f8"
JA3_LARGE, JA4_LARGE = "692036bad15f0d59d85c26fe7b556566", "t13d0910h2_f91f431d341e_8f34e95f5fce"
JA4_NAMELESS = "t13i0908h2_f91f431d341e_d74efd5dd1f8"

case("tls-fingerprints",
     """Hellos listed by their JA3, in either case, and their JA4, and by the end of their JA4 alone; the second one has GREASE
     wherever there may be some, the third names nobody. A hello of TLS 1.2 and one that is cut match nothing.""",
     https().datagrams() + https(LARGE, [300], port=40001).datagrams()
     + https(tls_records(client_hello(None)), port=40002).datagrams()
     + https(tls_records(client_hello("old.example", ("http/1.1",), (TLS12,))), port=40003).datagrams()
     + https(HELLO[:-20], port=40004).datagrams(),
     "\n".join(["alert tls.ja3 %s = exact %s" % (JA3, JA3), "alert tls.ja4 %s = regex _d74efd5dd1f8$" % JA4,
                "alert tls.ja3 %s = regex ^6920" % JA3_LARGE, "alert tls.ja4 %s = exact %s" % (JA4_LARGE, JA4_LARGE),
                "alert tls.ja4 %s = regex _d74efd5dd1f8$" % JA4_NAMELESS]),
     {"fingerprints.yaml": "vedette: 1\nindicators:\n  - ja3: %s\n  - ja4: %s\n"
                           "  - {regex: '_d74efd5dd1f8$', fields: [tls.ja4]}\n  - {regex: '^6920', fields: [tls.ja3]}\n"
                           % (JA3.upper(), JA4_LARGE)})

case("tls-fingerprints-shown",
     """What is reported of hellos with GREASE, of answers, and of a hello in SSLv2 framing and one that is cut, which have no fingerprints.""",
     https(LARGE).server(tls_records(server_hello())).datagrams()
     + https(port=40001).server(tls_records(server_hello(retry=True))).datagrams()
     + https(sslv2_client_hello(), port=40002).datagrams() + https(HELLO[:-20], port=40003).datagrams(),
     """tls sni=www.evil.example version="TLS 1.3" client_alpns=h2,http/1.1
     tls version="TLS 1.3"
     tls sni=www.evil.example version="TLS 1.3" client_alpns=h2,http/1.1
     tls version="TLS 1.3"
     tls version=TLSv1
     tls sni=www.evil.example version="TLS 1.3" client_alpns=h2,http/1.1""")
