"""Cases about TLS hellos: however they are cut, ordered, repeated, and whatever they lack."""
import hashlib
import ipaddress

from case import CLIENT6, SERVER6, case, talk
from messages import (TLS12, certificate, certificate_message, client_hello, extension, server_hello, server_name,
                      sslv2_client_hello, tls_handshake, tls_records, vector)

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


# ---- certificates --------------------------------------------------------------------------------------------

def tls12(certificates=(), port=40000, sizes=None, name="www.evil.example", before=b"", after=b"\x0e\0\0\0", record_sizes=(), **more):
    """A hello, and the server's flight of TLS 1.2: hello, certificates, ServerHelloDone, in one record unless cut."""
    flight = server_hello(TLS12, 0xc02f) + before + (certificate_message(*certificates) if certificates else b"") + after
    return talk(port, 443, **more).client(tls_records(client_hello(name, versions=(TLS12,)))).server(
        tls_records(flight, record_sizes, TLS12), sizes)


OWN = certificate((("C", "XX"), ("O", "Example, Inc."), ("CN", "www.evil.example")),
                  names=("www.evil.example", "*.shared.example", ipaddress.ip_address("203.0.113.66")))
SECOND = certificate((("CN", "Example CA"),), seed=7)
OWN_SHA1, SECOND_SHA1 = (hashlib.sha1(der).hexdigest() for der in (OWN, SECOND))
OWN_SHA256, SECOND_SHA256 = (hashlib.sha256(der).hexdigest() for der in (OWN, SECOND))

case("tls-certificate",
     """What a server's certificate says, in an event of its own behind the hello. `openssl x509 -nameopt
     sname,utf8,esc_2253,esc_ctrl,sep_comma_plus_space` prints the same names. The second flow's flight is in records of 100 bytes and
     segments of 61; of the third only the server's direction is there.""",
     tls12([OWN, SECOND]).datagrams() + tls12([OWN], 40001, sizes=[61], record_sizes=[100] * 20).only(False).datagrams()
     + tls12([OWN, SECOND], 40002).only(False).datagrams(),
     "\n".join(["""tls sni=www.evil.example version="TLS 1.2" client_alpns=h2,http/1.1"""] + 3 * ["""tls version="TLS 1.2\"
     tls version="TLS 1.2" subject="C=XX, O=Example\\, Inc., CN=www.evil.example" subjectaltname=www.evil.example,*.shared.example,203.0.113.66"""]))

case("tls-certificate-eve-7", """The same for readers of version 7, which has no alternative names.""",
     tls12([OWN, SECOND]).only(False).datagrams(),
     """tls version="TLS 1.2"
     tls version="TLS 1.2" subject="C=XX, O=Example\\, Inc., CN=www.evil.example\"""", args="fields --eve 7 in.pcap")

case("tls-certificate-hits",
     """Everything that a list can say of a certificate: SHA-1 and SHA-256, of the server's own and of one further up the chain, subject,
     issuer, serial number, and alternative names where a list asks for them.""",
     tls12([OWN, SECOND], name="other.example").datagrams(),
     f"""alert tls.cert_sha1 {OWN_SHA1} = exact {OWN_SHA1}
     alert tls.cert_sha1 {SECOND_SHA1} = exact {SECOND_SHA1}
     alert tls.cert_sha256 {OWN_SHA256} = exact {OWN_SHA256}
     alert tls.cert_sha256 {SECOND_SHA256} = exact {SECOND_SHA256}
     alert tls.cert_subject C=XX, O=Example\\, Inc., CN=www.evil.example = regex CN=[a-z.]*evil\\.example$
     alert tls.cert_issuer C=XX, O=Example CA = regex ^C=XX, O=Example CA$
     alert tls.cert_serial 00:9A:01 = regex ^00:9A:01$
     alert tls.cert_san www.evil.example = suffix evil.example
     alert tls.cert_san 203.0.113.66 = exact 203.0.113.66""",
     {"certificates.yaml": f"""vedette: 1
indicators:
  - {{cert_sha1: {OWN_SHA1}}}
  - {{cert_sha1: {SECOND_SHA1}}}
  - {{cert_sha256: {OWN_SHA256}}}
  - {{cert_sha256: {SECOND_SHA256}}}
  - {{regex: 'CN=[a-z.]*evil\\.example$', fields: [tls.cert_subject]}}
  - {{regex: '^C=XX, O=Example CA$', fields: [tls.cert_issuer]}}
  - {{regex: '^00:9A:01$', fields: [tls.cert_serial]}}
  - {{domain: evil.example, fields: [tls.cert_san]}}
  - {{ip: 203.0.113.66, fields: [tls.cert_san]}}
"""})

case("tls-certificate-san",
     """Names in a certificate are not looked at unless a list asks: one certificate of a CDN holds for the names of many, and the client went to
     another. A name of four letters is a name.""",
     tls12([certificate(names=("good.test", "www.evil.example", "x.yz"))], name="good.test").datagrams(),
     "alert tls.cert_san x.yz = exact x.yz",
     {"domains.txt": "evil.example\n", "asked.yaml": "vedette: 1\nindicators:\n  - {domain: x.yz, match: exact, fields: [tls.cert_san]}\n"})

case("tls-certificate-hostile",
     """Names that would pass for others: a NUL, a comma and what follows it, a line end, bytes that are no UTF-8, a mark that turns the writing
     direction. Dates that the schema has no words for are left out. The fourth flow's bytes are no certificate: it has a fingerprint and no more.""",
     tls12([certificate((("CN", b"good.example\0.evil.example"),), names=(b"a\0.example", b'"'))]).only(False).datagrams()
     + tls12([certificate((("O", "A, CN=www.evil.example + O=\r\n"),))], 40001).only(False).datagrams()
     + tls12([certificate((("O", b"\xff\xe2\x80\xae"),), valid=("500101000000Z", "99991231235959Z"))], 40002).only(False).datagrams()
     + tls12([b"0\x84\xff\xff\xff\xffno certificate"], 40003).only(False).datagrams(),
     """tls version="TLS 1.2"
     tls version="TLS 1.2" subject=CN=good.example\\00.evil.example subjectaltname=a\\x00.example,"
     tls version="TLS 1.2"
     tls version="TLS 1.2" subject="O=A\\, CN=www.evil.example \\+ O=\\0D\\0A"
     tls version="TLS 1.2"
     tls version="TLS 1.2" subject=O=\\FF\\E2\\80\\AE
     tls version="TLS 1.2"
     tls version="TLS 1.2\"""")

LONG = [certificate((("CN", "%d.example" % i),), names=["%d-%d.example" % (i, j) for j in range(400)], seed=i) for i in range(12)]

case("tls-certificate-long",
     """A chain of 90 KB, of which 60 are held: the certificates within them count, the last does not. A resumed session has none, and
     one whose server speaks TLS 1.3 hides them.""",
     tls12(LONG, record_sizes=[16000] * 8, sizes=[1400]).only(False).datagrams()
     + tls12([], 40001, after=b"").server(b"\x14\x03\x03\x00\x01\x01").only(False).datagrams()
     + https(port=40002).server(tls_records(server_hello())).only(False).datagrams(),
     "alert tls.cert_sha1 {0} = exact {0}".format(hashlib.sha1(LONG[2]).hexdigest()),
     {"sha1.yaml": "vedette: 1\nindicators:\n" + "".join("  - {cert_sha1: %s}\n" % hashlib.sha1(LONG[i]).hexdigest() for i in (2, 11))},
     stderr=["flows     3 (certificate chains cut 1)"])

case("tls-certificate-midstream",
     """The capture begins behind the ServerHello: the certificate is read all the same. The client's own, which looks alike, is not the
     server's.""",
     talk(40000, 443).server(tls_records(certificate_message(OWN), version=TLS12)).only(False).datagrams()[1:]
     + talk(40001, 443).client(tls_records(certificate_message(SECOND), version=TLS12)).only(True).datagrams()[1:],
     f"alert tls.cert_sha1 {OWN_SHA1} = exact {OWN_SHA1}",
     {"sha1.yaml": f"vedette: 1\nindicators:\n  - {{cert_sha1: {OWN_SHA1}}}\n  - {{cert_sha1: {SECOND_SHA1}}}\n"})


# ---- encrypted_client_hello ----------------------------------------------------------------------------------

def ech(enc=b"e" * 32, payload=b"p" * 208):
    return extension(0xfe0d, b"\0\0\1\0\1\x2a" + vector(enc, 2) + vector(payload, 2))


def with_ech(name, number=0xfe0d, data=None):
    return tls_records(client_hello(name, more_extensions=ech() if data is None else extension(number, data)))


case("tls-ech",
     """What an alert says of the name in a hello that may hide another: GREASE or real, which nobody can tell; an operator's front; a second hello,
     after a server has accepted the first; an inner hello; a draft's; none, since the extension makes no sense. The second and third are
     sessions whose name was not seen, and one of a draft without any name is.""",
     https(with_ech("www.evil.example")).datagrams() + https(with_ech("cloudflare-ech.com"), port=40001).datagrams()
     + https(tls_records(client_hello("front.evil.example", more_extensions=ech(enc=b""))), port=40002).datagrams()
     + https(with_ech("inner.evil.example", data=b"\1"), port=40004).datagrams()
     + https(with_ech("draft.evil.example", 0xffce, b"x" * 40), port=40005).datagrams()
     + https(with_ech(None, 0xffce, b"x" * 40), port=40006).datagrams()
     + https(with_ech("broken.evil.example", data=b"\0\0\1"), port=40007).datagrams(),
     """alert tls.sni www.evil.example = suffix evil.example
     alert tls.sni cloudflare-ech.com = suffix cloudflare-ech.com
     alert tls.sni front.evil.example = suffix evil.example
     alert tls.sni inner.evil.example = suffix evil.example
     alert tls.sni draft.evil.example = suffix evil.example
     alert tls.sni broken.evil.example = suffix evil.example""",
     {"domains.txt": "evil.example\ncloudflare-ech.com\n"},
     stderr=["tls 7 seen = 4 readable + 3 unreadable (ech 3)"])

case("tls-odd-hellos",
     """Hellos that are put together oddly: the name twice, in two server_name extensions, an empty extension before it, a list of ciphers of odd
     length, records of one byte.""",
     https(tls_records(client_hello("good.example", more_extensions=server_name("a.evil.example")))).datagrams()
     + https(tls_records(client_hello(None, more_extensions=extension(0, b"") + server_name("b.evil.example"))), port=40001).datagrams()
     + https(tls_records(tls_handshake(1, b"\3\3" + b"r" * 32 + b"\0" + vector(b"\x13\1\x13", 2) + b"\1\0"
                                       + vector(server_name("c.evil.example"), 2)), [1] * 200), port=40002).datagrams(),
     "\n".join("alert tls.sni %s.evil.example = suffix evil.example" % c for c in "abc"), LIST)
