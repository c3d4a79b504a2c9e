"""Cases about DTLS: hellos over UDP, however they are cut and repeated."""
from case import CLIENT, CLIENT6, SERVER, SERVER6, case
from dtls import CLIENT_HELLO, DTLS10, HELLO_VERIFY_REQUEST, SERVER_HELLO, body_of, fragment, record
from frames import udp
from messages import TLS12, client_hello, server_hello

LIST = {"domains.txt": "evil.example\n"}
ALERT = "alert tls.sni www.evil.example = suffix evil.example"
NO_VERSIONS = (TLS12,)


def hello(name, cookie=b""):
    return body_of(client_hello(name, ("webrtc",), NO_VERSIONS), cookie)


def sent(*records, port=40000, server_port=4433, client=CLIENT, server=SERVER):
    return udp((client, port), (server, server_port), b"".join(records))


def received(*records, port=40000, server_port=4433):
    return udp((SERVER, server_port), (CLIENT, port), b"".join(records))


EVIL = hello("www.evil.example")
ANSWER = body_of(server_hello(TLS12, 0xc02f, "webrtc"))

case("dtls-hello", """A hello, the server's request for a cookie, the hello again with it, and the server's: what is reported of both sides, each once.""",
     [sent(record(fragment(CLIENT_HELLO, hello("www.good.example")), version=DTLS10)),
      received(record(fragment(HELLO_VERIFY_REQUEST, b"\xfe\xff\x06cookie"), version=DTLS10)),
      sent(record(fragment(CLIENT_HELLO, hello("www.good.example", b"cookie"), sequence=1), number=1)),
      received(record(fragment(SERVER_HELLO, ANSWER, sequence=1), number=1), record(fragment(11, b"\0\0\0", sequence=2), number=2)),
      sent(record(b"x" * 40, 23, epoch=1)), received(record(b"y" * 40, 23, epoch=1))],
     """tls sni=www.good.example version="DTLS 1.2" client_alpns=webrtc
     tls version="DTLS 1.2" server_alpns=webrtc""", stderr=["tls 1 seen = 1 readable + 0 unreadable"])

case("dtls-sni", """A listed name on any port, over IPv6, on the port of DNS; a hello behind another record in its datagram.""",
     [sent(record(fragment(CLIENT_HELLO, EVIL))), sent(record(fragment(CLIENT_HELLO, EVIL)), port=40001, client=CLIENT6, server=SERVER6),
      sent(record(fragment(CLIENT_HELLO, EVIL)), port=40002, server_port=53),
      sent(record(fragment(CLIENT_HELLO, EVIL)), record(b"\1", 20), port=40003)],
     "\n".join([ALERT] * 4), LIST)

PARTS = [(at, min(at + 60, len(EVIL))) for at in range(0, len(EVIL), 50)]

case("dtls-fragments", """A hello in overlapping fragments: a datagram each, last one first, and all in one datagram, in one record or each in its own; and one whose first
     fragment is missing, which tells nothing.""",
     [sent(record(fragment(CLIENT_HELLO, EVIL, *part))) for part in PARTS]
     + [sent(record(fragment(CLIENT_HELLO, EVIL, *part)), port=40001) for part in reversed(PARTS)]
     + [sent(record(b"".join(fragment(CLIENT_HELLO, EVIL, *part) for part in PARTS)), port=40002),
        sent(*[record(fragment(CLIENT_HELLO, EVIL, *part)) for part in PARTS], port=40003)]
     + [sent(record(fragment(CLIENT_HELLO, EVIL, *part)), port=40004) for part in PARTS[1:]],
     "\n".join([ALERT] * 4), LIST, stderr=["tls 5 seen = 4 readable + 1 unreadable (cut 1)"])

case("dtls-not", """Datagrams that begin as DTLS does, and are not: a length that disagrees, another message, another epoch.""",
     [sent(record(fragment(CLIENT_HELLO, EVIL))[:-1]), sent(record(fragment(11, EVIL)), port=40001),
      sent(record(fragment(CLIENT_HELLO, EVIL), epoch=1), port=40002)],
     "", LIST, stderr=["tls 0 seen"])
