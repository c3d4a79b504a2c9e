"""Cases about QUIC: a client's hello, however its packets cut, order, repeat and surround it."""
from case import CLIENT, CLIENT6, SERVER, SERVER6, case
from frames import udp
from messages import client_hello
from quic import (HANDSHAKE, PADDING, PING, V1, V2, ZERO_RTT, ack, crypto, draft, initial, negotiation, other, retry)

LIST = {"domains.txt": "evil.example\n"}
ALERT = "alert quic.sni www.evil.example = suffix evil.example"
HELLO = client_hello("www.evil.example", ("h3",))
LARGE = client_hello("www.evil.example", ("h3",), post_quantum=True)
ID, LATER = b"\x83\x94\xc8\xf0\x3e\x51\x57\x08", b"server-chosen-id"
SIZE = 1200


def sent(payload, port=40000, server_port=443, client=CLIENT, server=SERVER):
    return udp((client, port), (server, server_port), payload)


def received(payload, port=40000, server_port=443):
    return udp((SERVER, server_port), (CLIENT, port), payload)


def hello(name, port=40000, version=V1, **more):
    return sent(initial(crypto(client_hello(name, ("h3",))), version=version, pad_to=SIZE), port, **more)


case("quic-hello", """Initial packets of QUIC 1 and 2 and of drafts 27, 29, 32 and 34; one without a server name.""",
     [hello("www.good.example"), hello("two.good.example", 40001, V2)]
     + [hello("draft-%d.good.example" % n, 40000 + n, draft(n)) for n in (27, 29, 32, 34)] + [hello(None, 40002)],
     """quic version=1 sni=www.good.example
     quic version=2 sni=two.good.example
     quic version=draft-27 sni=draft-27.good.example
     quic version=draft-29 sni=draft-29.good.example
     quic version=draft-32 sni=draft-32.good.example
     quic version=draft-34 sni=draft-34.good.example
     quic version=1""")

case("quic-sni", """A listed name: on port 443, on another port, over IPv6, in mixed case with a final dot, on the ports of DNS; and near misses.""",
     [hello("www.evil.example"), hello("www.evil.example", 40001, server_port=50123),
      hello("www.evil.example", 40002, client=CLIENT6, server=SERVER6), hello("Www.EVIL.example.", 40003),
      hello("www.evil.example", 40004, V2, server_port=53), hello("xevil.example", 40005), hello("evil.example.good.test", 40006)],
     "\n".join([ALERT] * 3 + ["alert quic.sni Www.EVIL.example. = suffix evil.example", ALERT]), LIST)

case("quic-domain-port", """An indicator of a name and a port: met at its port, missed at another; and one for TLS over TCP only, which is not met.""",
     [hello("www.evil.example", 40000, server_port=8443), hello("www.evil.example", 40001), hello("tcp.example", 40002)],
     "alert quic.sni www.evil.example = exact www.evil.example:8443",
     {"list.yaml": "indicators:\n  - {domain_port: \"www.evil.example:8443\"}\n  - {domain: tcp.example, fields: [tls.sni]}\n"})

HALVES = [initial(crypto(LARGE[:900]), number=0, pad_to=SIZE), initial(crypto(LARGE[900:], 900), number=1, pad_to=SIZE)]

case("quic-two-datagrams", """A hello of a browser of today (1.7 KB) in two datagrams; the same, the second one first; the same in two packets of one
     datagram; and its second half without the first, which tells nothing.""",
     [sent(h) for h in HALVES] + [sent(h, 40001) for h in reversed(HALVES)] + [sent(b"".join(HALVES), 40002)] + [sent(HALVES[1], 40003)],
     "\n".join([ALERT] * 3), LIST)

PIECES = [(at, LARGE[at:at + 100]) for at in range(0, len(LARGE), 70)]
SHUFFLED = PIECES[1::3] + PIECES[::3] + PIECES[2::3]

case("quic-shuffled", """CRYPTO frames of 100 bytes that overlap by 30, out of order, spread over three datagrams, with PADDING, PING and ACK between them; and
     one where overlapping bytes differ: those that came first count.""",
     [sent(initial(b"".join(PING + crypto(d, at) + PADDING * 3 for at, d in part) + ack(5), number=n))
      for n, part in enumerate((SHUFFLED[:9], SHUFFLED[9:18], SHUFFLED[18:]))]
     + [sent(initial(crypto(HELLO[100:], 100), number=0), 40001),
        sent(initial(crypto(HELLO[:90] + b"\xff" * 60) + crypto(HELLO[90:100], 90), number=1), 40001)],
     ALERT, LIST)

case("quic-retry", """The server asks for a Retry: the client begins again with keys from the identifier it was given. In the second flow the first packet was
     not captured.""",
     [sent(initial(crypto(LARGE[:900]), pad_to=SIZE)), received(retry(b"", LATER)),
      sent(initial(crypto(LARGE[:900]), LATER, number=1, token=b"token", pad_to=SIZE)),
      sent(initial(crypto(LARGE[900:], 900), LATER, number=2, token=b"token", pad_to=SIZE)),
      received(retry(b"", LATER), 40001),
      sent(initial(crypto(HELLO), LATER, number=1, token=b"token", pad_to=SIZE), 40001)],
     ALERT + "\n" + ALERT, LIST)

case("quic-later-id", """The second half goes to the identifier that the server chose, under the keys of the first; the server's packets lie between.""",
     [sent(HALVES[0]), received(initial(ack(), b"", key_id=ID, scid=LATER, is_server=True)),
      sent(initial(ack() + crypto(LARGE[900:], 900), LATER, number=1, key_id=ID, pad_to=SIZE))], ALERT, LIST)

case("quic-negotiation", """A client offers a version that nobody has, is told which there are, and comes again with one.""",
     [sent(initial(crypto(HELLO), version=0x1a2a3a4a, pad_to=SIZE)), received(negotiation(b"", ID)),
      sent(initial(crypto(HELLO), pad_to=SIZE))], ALERT, LIST)

case("quic-coalesced", """The Initial behind a 0-RTT packet and before a Handshake packet in one datagram, with a packet number of one byte.""",
     [sent(other(ZERO_RTT) + initial(crypto(HELLO), number_size=1) + other(HANDSHAKE))], ALERT, LIST)

GOOD = initial(crypto(HELLO))

case("quic-unreadable", """What must give nothing: a packet with one bit changed, one cut short, a forbidden frame before the hello, another handshake message, a length that
     goes past the datagram, an identifier of 21 bytes, a version nobody has; then a good one.""",
     [sent(GOOD[:-1] + bytes([GOOD[-1] ^ 1])), sent(GOOD[:-5], 40001), sent(initial(b"\x08\0" + crypto(HELLO)), 40002),
      sent(initial(crypto(b"\x02" + HELLO[1:])), 40003), sent(initial(crypto(HELLO))[:60], 40004),
      sent(initial(crypto(HELLO), b"x" * 21), 40005), sent(initial(crypto(HELLO), version=0x1a2a3a4a, pad_to=SIZE), 40006),
      sent(GOOD, 40007)], ALERT, LIST)

case("quic-hostile-name", """A name of quotes, backslashes, line ends and bytes that are no text.""",
     [sent(initial(crypto(client_hello(b"a\"\\\n{\x00\xff\x7f.evil.example", ("h3",)))))],
     r'quic version=1 sni=a"\x5c\x0a{\x00\xff\x7f.evil.example')

case("quic-alpn", """What a client offers inside QUIC, as an indicator of the field says it, and what it nearly is.""",
     [sent(initial(crypto(client_hello("www.good.example", ("h3", "bad-proto"))), pad_to=SIZE)),
      sent(initial(crypto(client_hello("www.good.example", ("bad-prot", "h3"))), pad_to=SIZE), 40001)],
     "alert tls.alpn bad-proto = regex ^bad-proto$",
     {"list.yaml": "indicators:\n  - {regex: \"^bad-proto$\", fields: [tls.alpn]}\n"})
