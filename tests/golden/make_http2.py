"""Cases about HTTP/2 in the clear: the preface and the Upgrade, header blocks as they are compressed and cut, and what is known after a loss."""
from case import case, talk
from http2 import (CONTINUATION, END_HEADERS, END_STREAM, PING, PREFACE, WINDOW_UPDATE, Encoder, data, frame, headers, push_promise, request_fields,
                   response_fields, settings, settings_ack)
from messages import http_request

LIST = {"domains.txt": "evil.example\n"}
AGENT = [("user-agent", "agent/2")]


class Connection:
    """A conversation with both sides' compression."""

    def __init__(self, port=40000, is_huffman=True):
        self.talk = talk(port)
        self.up, self.down = Encoder(is_huffman), Encoder(is_huffman)

    def start(self):
        self.talk.client(PREFACE + settings((3, 100), (4, 65535))).server(settings((3, 128)) + settings_ack())
        self.talk.client(settings_ack())
        return self

    def ask(self, stream, path, authority, method="GET", more=AGENT, body=b"", cuts=(), sizes=None, **how):
        block = self.up.block(request_fields(path, authority, method, more))
        how.setdefault("flags", 0 if body else END_STREAM)
        self.talk.client(headers(stream, block, sizes=cuts, **how) + (data(stream, body, END_STREAM) if body else b""), sizes)
        return self

    def answer(self, stream, status=200, more=(), body=b"", **how):
        how.setdefault("flags", 0 if body else END_STREAM)
        block = self.down.block(response_fields(status, more))
        self.talk.server(headers(stream, block, **how) + (data(stream, body, END_STREAM) if body else b""))
        return self

    def datagrams(self):
        return self.talk.close().datagrams()


INNER = b"GET /not HTTP/1.1\r\nHost: not.example\r\n\r\n"

PRIOR = Connection().start().ask(1, "/index.html?a=b", "www.good.example", more=AGENT + [("referer", "http://from.example/")])
PRIOR.answer(1, 200, [("content-type", "text/html"), ("content-length", "41"), ("server", "test")], INNER)
PRIOR.ask(3, "/form", "www.good.example", "POST", AGENT + [("content-type", "application/x-www-form-urlencoded")], INNER)
PRIOR.answer(3, 302, [("location", "https://www.good.example/new")])
PRIOR.ask(5, "/index.html?a=b", "www.good.example", more=AGENT + [("referer", "http://from.example/")])
PRIOR.answer(5, 200, [("content-type", "application/grpc")], flags=0)
PRIOR.talk.server(data(5, b"\0\0\0\0\1x") + headers(5, PRIOR.down.block([("grpc-status", "0")])))

case("http2-prior-knowledge",
     """A connection that begins with the preface: three requests, of which later ones name only what is new, with Huffman
     code and indexes into the table; bodies that look like requests; responses, a redirect, trailers.""",
     PRIOR.datagrams(),
     """http GET www.good.example /index.html?a=b
     http 200
     http POST www.good.example /form
     http 302 https://www.good.example/new
     http GET www.good.example /index.html?a=b
     http 200""")

case("http2-alerts",
     """Listed names in :authority, in a Host header beside it and alone, and a listed URL; the second request of the same
     kind is two indexes.""",
     Connection().start().ask(1, "/", "www.evil.example").ask(3, "/", "www.evil.example")
     .ask(5, "/", "good.example", more=[("host", "evil.example")]).ask(7, "/", None, more=[("host", "only.evil.example")])
     .ask(9, "/gate.php?id=7", "good.example:8080").datagrams(),
     """alert http.host www.evil.example = suffix evil.example
     alert http.host evil.example = suffix evil.example
     alert http.host only.evil.example = suffix evil.example
     alert http.url http://good.example:8080/gate.php?id=7 = exact http://good.example:8080/gate.php?id=7""",
     {"domains.txt": "evil.example\n", "urls.txt": "http://good.example:8080/gate.php?id=7\n"})

UPGRADE = talk()
UPGRADED, UPGRADED_DOWN = Encoder(), Encoder()
UPGRADE.client(http_request("/first", "one.example", headers=["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
                                                                   "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"]))
UPGRADE.server(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + settings((3, 100))
               + headers(1, UPGRADED_DOWN.block(response_fields(404))))
UPGRADE.client(PREFACE + settings() + headers(3, UPGRADED.block(request_fields("/second", "two.example"))), sizes=[10, 30])

case("http2-upgrade",
     """h2c by Upgrade: the request that asks is HTTP/1.1, its answer is the first of HTTP/2; the preface is cut by segments.""",
     UPGRADE.close().datagrams(),
     """http GET one.example /first
     http 101
     http 404
     http GET two.example /second""")

FRAMES = Connection().start()
FRAMES.ask(1, "/padded", "one.example", padding=20, sizes=[7])
FRAMES.talk.client(frame(PING, 0, 0, b"12345678") + frame(WINDOW_UPDATE, 0, 0, b"\0\0\1\0") + frame(0xb7, 0xff, 1, b"unknown"))
FRAMES.ask(3, "/priority", "two.example", priority=(0x80000001, 15), padding=0, sizes=[7])
FRAMES.ask(5, "/continued", "three.example", more=AGENT + [("x-filler", "f" * 300)], cuts=[1, 0, 5, 100], sizes=[7])
FRAMES.ask(7, "/last", "three.example")

case("http2-frames",
     """Blocks in every wrapping: padding, priority, CONTINUATION frames (one of them empty), a frame of an unknown type, PING and
     WINDOW_UPDATE between; the blocks in segments of seven bytes.""",
     FRAMES.datagrams(),
     """http GET one.example /padded
     http GET two.example /priority
     http GET three.example /continued
     http GET three.example /last""")

PUSH = Connection().start().ask(1, "/", "www.good.example")
PUSH.talk.server(push_promise(1, 2, PUSH.down.block(request_fields("/pushed.js", "evil.example"))))
PUSH.answer(1, 200).answer(2, 200, [("content-type", "text/javascript")])

case("http2-push",
     """A server promises what nobody asked for: the request it makes up is told as if the client had sent it.""",
     PUSH.datagrams(),
     """alert http.host evil.example = suffix evil.example""", LIST)

ONE_SIDED = Connection().start().ask(1, "/", "evil.example").answer(1, 200)

case("http2-one-sided",
     """The client's half alone tells as much.""",
     ONE_SIDED.talk.only(True).datagrams(),
     """alert http.host evil.example = suffix evil.example""", LIST)

MIDDLE = Connection().start().ask(1, "/before", "old.example")
MIDDLE.talk.segments.clear()
MIDDLE.ask(3, "/before", "old.example").ask(5, "/after", "new.example").ask(7, "/after", "new.example")
MIDDLE.answer(3, 200)

case("http2-middle",
     """A capture that begins in the middle: the first block is all indexes into a table that was never seen, and tells its method
     alone; what later ones add to the table is known.""",
     MIDDLE.datagrams(),
     """http GET - -
     http GET new.example /after
     http GET new.example /after
     http 200""")

LOSS = Connection().start().ask(1, "/one", "one.example", "POST", body=b"b" * 4000).ask(3, "/two", "two.example")
AFTER_BODY = len(LOSS.talk.segments)
LOSS.ask(5, "/lost", "lost.example").ask(7, "/lost", "lost.example").ask(9, "/four", "lost.example").ask(11, "/four", "five.example")
del LOSS.talk.segments[AFTER_BODY]
del LOSS.talk.segments[LOSS.talk.data_indexes()[3]]

case("http2-loss",
     """Two segments are missing. The first is body: the frames go on behind it, and the table is whole. The second held a header block:
     what indexes it is not known any more, what comes after is.""",
     LOSS.datagrams(),
     """http POST one.example /one
     http GET two.example /two
     http GET - -
     http GET - /four
     http GET five.example /four""")

BROKEN = Connection().start()
BROKEN.ask(1, "/first", "one.example")
BROKEN.talk.client(frame(1, END_STREAM, 3, BROKEN.up.block(request_fields("/interrupted", "two.example"))) + frame(PING, 0, 0, b"12345678"))
BROKEN.ask(5, "/after", "three.example")
BROKEN.talk.client(headers(7, b"\xff\xff\xff\xff\xff\xff") + frame(CONTINUATION, END_HEADERS, 9, b"\x82"))
BROKEN.ask(9, "/last", "four.example")

case("http2-broken",
     """What no endpoint would read on: a block that another frame interrupts, an index that is no number, a CONTINUATION of nothing. What is there
     is told, and the next block is read.""",
     BROKEN.datagrams(),
     """http GET one.example /first
     http GET two.example /interrupted
     http GET three.example /after
     http GET four.example /last""")

case("http2-v7",
     """The same keys under Suricata 7's schema.""",
     Connection().start().ask(1, "/", "www.good.example", more=AGENT + [("x-forwarded-for", "192.0.2.77")]).answer(1, 200).datagrams(),
     """http GET www.good.example /
     http 200""", args="fields --eve 7 in.pcap")
