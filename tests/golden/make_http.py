"""Cases about HTTP/1: requests and responses as they come and as they are cut, and what of them matches."""
from case import BAD, CLIENT, SERVER, case, talk
from conversation import Conversation
from messages import client_hello, http_chunked, http_request, http_response, tls_records

LIST = {"domains.txt": "evil.example\n"}


def exchanges(*requests, first_port=40000, server_port=80):
    """Each request in a flow of its own, answered."""
    return [datagram for index, request in enumerate(requests)
            for datagram in talk(first_port + index, server_port).client(request).server(http_response(204)).datagrams()]


case("http-request-response",
     """A request and its response, all headers that are reported; a redirect; a POST with a body.""",
     talk().client(http_request("/index.html?a=b", "www.good.example", headers=[
         "User-Agent: Mozilla/5.0 (X11; Linux x86_64)", "Referer: http://from.example/page", "Accept: */*"]))
     .server(http_response(200, headers=["Content-Type: text/html"], body=b"<html></html>"))
     .client(http_request("/old", "www.good.example"))
     .server(http_response(301, "Moved", ["Location: https://www.good.example/new"]))
     .client(http_request("/form", "www.good.example", "POST", ["Content-Type: application/x-www-form-urlencoded"], b"a=1&b=2"))
     .server(http_response(404, "Not Found")).close().datagrams(),
     """http GET www.good.example /index.html?a=b
     http 200
     http GET www.good.example /old
     http 301 https://www.good.example/new
     http POST www.good.example /form
     http 404""")

case("http-host",
     """A listed name in the Host header, once in each of two connections and twice in a third.""",
     exchanges(http_request("/", "www.evil.example"), http_request("/a", "evil.example"), http_request("/", "good.example"))
     + talk(40010).client(http_request("/1", "evil.example")).server(http_response())
     .client(http_request("/2", "evil.example")).server(http_response()).datagrams(),
     """alert http.host www.evil.example = suffix evil.example
     alert http.host evil.example = suffix evil.example
     alert http.host evil.example = suffix evil.example""", LIST)

case("http-keep-alive",
     """Requests one after another in a connection, with bodies between them that must be passed over by their length:
     a response that looks like a request, an empty 304, a 204, an answer of 100 bytes in three segments.""",
     talk().client(http_request("/1", "one.example"))
     .server(http_response(body=b"GET /not HTTP/1.1\r\nHost: not.example\r\n\r\n"))
     .client(http_request("/2", "two.example")).server(http_response(304, "Not Modified", ["Content-Length: 5000"]))
     .client(http_request("/3", "three.example", "PUT", body=b"POST /not HTTP/1.1\r\nHost: not.example\r\n\r\n"))
     .server(http_response(204, "No Content", ["Server: test"]))
     .client(http_request("/4", "four.example")).server(http_response(body=b"x" * 100), sizes=[60, 30])
     .client(http_request("/5", "five.example")).server(http_response(500, "Error")).close().datagrams(),
     """http GET one.example /1
     http 200
     http GET two.example /2
     http 304
     http PUT three.example /3
     http 204
     http GET four.example /4
     http 200
     http GET five.example /5
     http 500""")

case("http-pipelined",
     """Three requests in one segment, three responses in one segment.""",
     talk().client(http_request("/1", "one.example") + http_request("/2", "two.example") + http_request("/3", "three.example"))
     .server(http_response(200, body=b"a") + http_response(302, "Found", ["Location: /3"]) + http_response(404)).close().datagrams(),
     """http GET one.example /1
     http GET two.example /2
     http GET three.example /3
     http 200
     http 302 /3
     http 404""")

INNER = b"GET /inner HTTP/1.1\r\nHost: inner.example\r\n\r\n"

case("http-chunked",
     """Chunked bodies in both directions, with extensions and trailers, cut in awkward places; their data look like
     requests and must not be taken for any.""",
     talk().client(http_request("/up", "up.example", "POST", ["Transfer-Encoding: chunked"])
                   + http_chunked(INNER, b"0\r\n\r\n" + INNER, trailers=["X-Sum: 1"], extension="a=b"), sizes=[75, 3, 1, 40])
     .server(http_response(200, headers=["Transfer-Encoding: chunked"], body=http_chunked(b"HTTP/1.1 404 Not\r\n\r\n", b"y" * 300)),
             sizes=[50, 2, 7, 100])
     .client(http_request("/next", "next.example")).server(http_response()).close().datagrams(),
     """http POST up.example /up
     http 200
     http GET next.example /next
     http 200""")

HEAD_TEXT = http_response(200, headers=["Connection: close"], version="HTTP/1.0")

case("http-until-close",
     """A response without a length runs until the connection ends: what looks like a response in its body is body, even where a
     segment starts with it.""",
     talk().client(http_request("/", "old.example", version="HTTP/1.0"))
     .server(HEAD_TEXT + b"<pre>" + b"HTTP/1.1 500 Not\r\n\r\n" * 3, sizes=[len(HEAD_TEXT) + 5, 20]).close().datagrams(),
     """http GET old.example /
     http 200""")

case("http-head",
     """The answer to HEAD announces a body that does not come: the next answer follows at once.""",
     talk().client(http_request("/a", "head.example", "HEAD")).server(http_response(200, headers=["Content-Length: 5000"]))
     .client(http_request("/b", "head.example")).server(http_response(404, "Not Found", body=b"gone")).close().datagrams(),
     """http HEAD head.example /a
     http 200
     http GET head.example /b
     http 404""")

case("http-absolute-form",
     """A request to a proxy names its origin in the target; the Host header may say something else. Where they differ
     both names count.""",
     exchanges(http_request("http://www.evil.example/path?q", "www.evil.example"),
               http_request("http://evil.example/a", "proxy.example"), http_request("http://good.example:8080/b", "evil.example"),
               server_port=3128),
     """alert http.host www.evil.example = suffix evil.example
     alert http.url http://www.evil.example/path?q = exact http://www.evil.example/path?q
     alert http.host evil.example = suffix evil.example
     alert http.host evil.example = suffix evil.example""",
     {"domains.txt": "evil.example\n", "urls.txt": "http://www.evil.example/path?q\n"})

CONNECT = talk(server_port=3128)
CONNECT.client(http_request("evil.example:443", "evil.example:443", "CONNECT")).server(http_response(200, "Connection established",
                                                                                                     ["X-Proxy: test"]))
CONNECT.client(tls_records(client_hello("inner.evil.example")))

case("http-connect",
     """CONNECT through a proxy: the name it asks for, and the name in the TLS hello that follows in the tunnel.""",
     CONNECT.datagrams(),
     """alert http.host evil.example = suffix evil.example
     alert tls.sni inner.evil.example = suffix evil.example""", LIST)

case("http-odd-lines",
     """Line ends and blanks as tolerant servers take them: bare LF, empty lines before the request, a blank before the
     colon, no blank after it, blanks around the value, odd case of names, a folded header, a header line without colon.""",
     exchanges(b"GET /lf HTTP/1.1\nHost: lf.evil.example\n\n",
               b"\r\n\r\nGET /empty-lines HTTP/1.1\r\nHost: lines.evil.example\r\n\r\n",
               b"GET /colon HTTP/1.1\r\nHost : colon.evil.example\r\n\r\n",
               b"GET /tight HTTP/1.1\r\nhOsT:tight.evil.example\r\n\r\n",
               b"GET /blanks HTTP/1.1\r\nHOST: \t blanks.evil.example \t \r\n\r\n",
               b"GET /fold HTTP/1.1\r\nX-Long: a\r\n b\r\n\tHost: not.evil.example\r\nHost: fold.evil.example\r\n\r\n",
               b"GET /no-colon HTTP/1.1\r\nno colon here\r\nHost: nocolon.evil.example\r\n\r\n",
               b"BREW /token HTTP/1.1\r\nHost: token.evil.example\r\n\r\n"),
     """alert http.host lf.evil.example = suffix evil.example
     alert http.host lines.evil.example = suffix evil.example
     alert http.host colon.evil.example = suffix evil.example
     alert http.host tight.evil.example = suffix evil.example
     alert http.host blanks.evil.example = suffix evil.example
     alert http.host fold.evil.example = suffix evil.example
     alert http.host nocolon.evil.example = suffix evil.example
     alert http.host token.evil.example = suffix evil.example""", LIST)

SHORT = b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"

case("http-split-everywhere",
     """One request, cut in two at every byte: each of the 38 flows alerts once. Then one that arrives byte by byte.""",
     [d for cut in range(1, len(SHORT)) for d in talk(40000 + cut).client(SHORT, sizes=[cut, len(SHORT)]).only(True).datagrams()]
     + talk(41000).client(SHORT, sizes=[1]).only(True).datagrams(),
     "\n".join(["alert http.host evil.example = suffix evil.example"] * len(SHORT)), LIST)

REORDERED = talk().client(SHORT, sizes=[10])
DATA = REORDERED.data_indexes()
REORDERED.segments[DATA[0]:] = [REORDERED.segments[i] for i in reversed(DATA)]

case("http-out-of-order", """A request whose segments arrive last to first.""", REORDERED.datagrams(),
     "alert http.host evil.example = suffix evil.example", LIST)

case("http-one-sided",
     """Only requests are seen of one connection, only responses of another; and a connection that was open before the
     capture began.""",
     talk(40000).client(http_request("/", "evil.example")).server(http_response()).client(http_request("/2", "b.evil.example"))
     .only(True).datagrams()
     + talk(40001).client(http_request("/", "evil.example"))
     .server(http_response(302, "Found", ["Location: http://to.evil.example/"])).only(False).datagrams()
     + Conversation((CLIENT, 40002), (SERVER, 80)).client(http_request("/", "mid.evil.example")).datagrams(),
     """alert http.host evil.example = suffix evil.example
     alert http.host b.evil.example = suffix evil.example
     alert http.host mid.evil.example = suffix evil.example""", LIST)

case("http-host-forms",
     """A port after the name, a final dot, upper case, an address, an IPv6 address in brackets, several Host headers.""",
     exchanges(http_request("/", "evil.example:8080"), http_request("/", "evil.example."), http_request("/", "EVIL.Example"),
               http_request("/", BAD), http_request("/", "[2001:db8:bad::66]:8080"),
               http_request("/", "good.example", headers=["Host: evil.example"]),
               http_request("/", "evil.example.good.example"), server_port=8080),
     """alert http.host evil.example = suffix evil.example
     alert http.host evil.example. = suffix evil.example
     alert http.host EVIL.Example = suffix evil.example
     alert http.host 203.0.113.66 = exact 203.0.113.66
     alert http.host [2001:db8:bad::66] = exact 2001:db8:bad::66
     alert http.host evil.example = suffix evil.example""",
     {"mixed.txt": "evil.example\n203.0.113.66\n2001:db8:bad::66\n"})

case("http-domain-port",
     """A listed name with a port hits only with that port, be it in the Host header or the server's.""",
     exchanges(http_request("/", "c2.example:8443"), http_request("/", "c2.example"), server_port=8443)
     + exchanges(http_request("/", "c2.example"), http_request("/", "c2.example:80"), first_port=40100),
     """alert http.host c2.example = exact c2.example:8443
     alert http.host c2.example = exact c2.example:8443""", {"ports.txt": "c2.example:8443\n"})

case("http-url",
     """A listed URL in full: the same host, port and target, whatever the escapes and the scheme; not a longer path, not
     another query, not another port, not a host below it.""",
     exchanges(http_request("/gate.php?id=1", "evil.example"), http_request("/%67ate%2ephp?id=1", "EVIL.example:80"),
               http_request("/gate.php?id=12", "evil.example"), http_request("/gate.php", "evil.example"),
               http_request("/Gate.php?id=1", "evil.example"), http_request("/gate.php?id=1", "www.evil.example"),
               http_request("/gate.php?id=1", "evil.example:8080"), http_request("/tls", "evil.example"),
               http_request("/%e2%82%ac", "evil.example"))
     + exchanges(http_request("/alt", "evil.example:8080"), http_request("/alt", "evil.example"),
                 first_port=40100, server_port=8080),
     """alert http.url http://evil.example/gate.php?id=1 = exact http://evil.example/gate.php?id=1
     alert http.url http://EVIL.example:80/%67ate%2ephp?id=1 = exact http://evil.example/gate.php?id=1
     alert http.url http://evil.example/tls = exact https://evil.example/tls
     alert http.url http://evil.example/%e2%82%ac = exact http://evil.example/%E2%82%AC
     alert http.url http://evil.example:8080/alt = exact http://evil.example:8080/alt
     alert http.url http://evil.example/alt = exact http://evil.example:8080/alt""",
     {"urls.txt": "http://evil.example/gate.php?id=1\nhttps://evil.example/tls\nhttp://evil.example:8080/alt\n"
                  "http://evil.example/€\n"})

case("http-url-prefix",
     """A URL listed as prefix hits all that starts so, and a listed host with a path does so without a scheme.""",
     exchanges(http_request("/kit/", "evil.example"), http_request("/kit/login.php?u=1", "evil.example"),
               http_request("/kitchen", "evil.example"), http_request("/kit", "evil.example"), http_request("/drop", "bad.example"),
               http_request("/drop/x", "bad.example")),
     """alert http.url http://evil.example/kit/ = prefix http://evil.example/kit/
     alert http.url http://evil.example/kit/login.php?u=1 = prefix http://evil.example/kit/
     alert http.url http://bad.example/drop = exact bad.example/drop""",
     {"urls.yaml": """vedette: 1
indicators:
  - {url: "http://evil.example/kit/", match: prefix}
  - bad.example/drop
"""})

case("http-uri-path",
     """A path alone is looked for on every host: to the byte, or as a prefix when it ends in '='.""",
     exchanges(http_request("/wp-content/x.php", "one.example"), http_request("/wp-content/x.php5", "two.example"),
               http_request("/panel/gate?bot=", "three.example"), http_request("/panel/gate?bot=42&v=1", "203.0.113.9"),
               http_request("/a/panel/gate?bot=42", "four.example"), http_request("http://five.example/wp-content/x.php", "five.example")),
     """alert http.url http://one.example/wp-content/x.php = exact /wp-content/x.php
     alert http.url http://three.example/panel/gate?bot= = prefix /panel/gate?bot=
     alert http.url http://203.0.113.9/panel/gate?bot=42&v=1 = prefix /panel/gate?bot=
     alert http.url http://five.example/wp-content/x.php = exact /wp-content/x.php""",
     {"paths.txt": "/wp-content/x.php\n/panel/gate?bot=\n"})

case("http-user-agent",
     """A listed user agent is compared to the byte; a regular expression on the field finds the rest.""",
     exchanges(http_request("/", "a.example", headers=["User-Agent: EvilBot/1.0 (x)"]),
               http_request("/", "b.example", headers=["User-Agent: evilbot/1.0 (x)"]),
               http_request("/", "c.example", headers=["user-agent:   sqlmap/1.7  "]),
               http_request("/", "sqlmap.example", headers=["User-Agent: curl/8.0"])),
     """alert http.user_agent EvilBot/1.0 (x) = exact EvilBot/1.0 (x)
     alert http.user_agent sqlmap/1.7 = regex ^sqlmap/[0-9.]+$""",
     {"agents.yaml": """vedette: 1
indicators:
  - {user_agent: "EvilBot/1.0 (x)"}
  - {regex: '^sqlmap/[0-9.]+$', fields: [http.user_agent]}
"""})

case("http-regex-url",
     """A regular expression on http.url sees scheme, host, port and target.""",
     exchanges(http_request("/dl/0a1b2c3d.exe", "evil.example"), http_request("/dl/0a1b2c3d.exe.txt", "evil.example"),
               http_request("/dl/0a1b2c3d.EXE", "evil.example")),
     """alert http.url http://evil.example/dl/0a1b2c3d.exe = regex ^http://[^/]+/dl/[0-9a-f]{8}\\.exe$
     alert http.url http://evil.example/dl/0a1b2c3d.exe = regex \\.exe$
     alert http.url http://evil.example/dl/0a1b2c3d.EXE = regex \\.exe$""",
     {"re.yaml": r"""vedette: 1
indicators:
  - {regex: '^http://[^/]+/dl/[0-9a-f]{8}\.exe$', fields: [http.url]}
  - {regex: '\.exe$', fields: [http.url], ignore_case: true}
"""})

case("http-location-referer",
     """Where an indicator names the fields, a redirect's target and the page that led here are looked at too.""",
     talk().client(http_request("/", "a.example", headers=["Referer: http://lure.example/mail?id=7"]))
     .server(http_response(302, "Found", ["Location: https://Phish.Example/login"])).close().datagrams(),
     """alert http.referer http://lure.example/mail?id=7 = exact http://lure.example/mail?id=7
     alert http.location https://Phish.Example/login = exact https://phish.example/login""",
     {"fields.yaml": """vedette: 1
indicators:
  - {url: "http://lure.example/mail?id=7", fields: [http.referer]}
  - {url: "https://phish.example/login", fields: [http.location]}
"""})

case("http-hostile-bytes",
     """Bytes that would break a careless writer of JSON, in every text of a request and of a response.""",
     talk().client(b"GET /\"\\\x02\x01\xff\xe2\x80\xa8 HTTP/1.1\r\nHost: \"},{\"a\":\"\r\nUser-Agent: \x1b[2J\xc3\x28 \xf0\x9f\x92\xa9\r\n"
                   b"Referer: \xed\xa0\x80\x7f\r\n\r\n")
     .server(b"HTTP/1.1 302 \xff\r\nLocation: \"\xc0\xaf\t\x08\r\nContent-Length: 0\r\n\r\n").close().datagrams(),
     r"""http GET "},{"a":" /"\x5c\x02\x01\xff\xe2\x80\xa8
     http 302 "\xc0\xaf\x09\x08""")

case("http-cut-head",
     """A head that never ends: the capture stops in its fourth line. The lines that are whole still name the host.""",
     talk().client(http_request("/", "evil.example", headers=["X-More: " + "y" * 200]), sizes=[150]).only(True).datagrams()[:-1],
     "alert http.host evil.example = suffix evil.example", LIST)

case("http-any-port",
     """HTTP on a port that is nobody's, and HTTP on the port of TLS; a protocol that only starts like HTTP is none.""",
     exchanges(http_request("/", "evil.example"), server_port=4444) + exchanges(http_request("/", "b.evil.example"), first_port=40100,
                                                                               server_port=443)
     + talk(40200, 4444).client(b"GET evil.example\r\nHost: evil.example\r\n").datagrams(),
     """alert http.host evil.example = suffix evil.example
     alert http.host b.evil.example = suffix evil.example""", LIST)

case("http-forwarded",
     """Whom proxies say they speak for: a listed address in each of the headers that tell it, first, in the middle, with a port, as IPv6; in the
     alert the header is shown. Once per connection.""",
     exchanges(*[http_request("/", "good.example", headers=[line]) for line in (
         "X-Forwarded-For: 203.0.113.66, 192.0.2.1", "X-Forwarded-For: 192.0.2.1, 203.0.113.66:4711, 192.0.2.2",
         'Forwarded: for="[2001:db8::66]:4711";proto=http, for=192.0.2.1', "X-Real-IP: 203.0.113.66", "True-Client-IP: 203.0.113.66",
         "CF-Connecting-IP: 203.0.113.66", "x-forwarded-host: 203.0.113.66", "X-Forwarded-For: unknown, 203.0.113.66.example")]),
     """alert http.xff 203.0.113.66 = exact 203.0.113.66
     alert http.xff 203.0.113.66 = exact 203.0.113.66
     alert http.xff 2001:db8::66 = exact 2001:db8::66
     alert http.xff 203.0.113.66 = exact 203.0.113.66
     alert http.xff 203.0.113.66 = exact 203.0.113.66
     alert http.xff 203.0.113.66 = exact 203.0.113.66""", {"addresses.txt": "203.0.113.66\n2001:db8::66\n"})

case("http-escaped-host",
     """A host in escapes is compared decoded and shown as it was sent; an escape that would end the name is none.""",
     exchanges(http_request("/", "www%2Eevil%2eexample"), http_request("/", "%65VIL.EXAMPLE."), http_request("/gate", "good%2Eexample:8080"),
               http_request("/", "evil.example%2F"), http_request("/", "evil.example%00.good.example"), http_request("/", "good.example%2evil.example")),
     """alert http.host www%2Eevil%2eexample = suffix evil.example
     alert http.host %65VIL.EXAMPLE. = suffix evil.example
     alert http.url http://good%2Eexample:8080/gate = exact http://good.example:8080/gate""",
     {"domains.txt": "evil.example\n", "urls.txt": "http://good.example:8080/gate\n"})

WEBSOCKET = talk().client(http_request("/chat", "ws.example", headers=["Upgrade: websocket", "Connection: Upgrade"]))
WEBSOCKET.server(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n")
WEBSOCKET.server(b"\x82\x7e\x01\x00").server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" * 6)

case("http-websocket",
     """After a 101 to WebSocket nothing that looks like a head is one.""",
     WEBSOCKET.close().datagrams(),
     """http GET ws.example /chat
     http 101""")

TUNNEL = talk(server_port=3128).client(http_request("inner.example:80", "inner.example:80", "CONNECT")).server(b"HTTP/1.1 200 OK\r\n\r\n")
TUNNEL.client(http_request("/one", "inner.example")).server(http_response(200, body=INNER)).client(http_request("/two", "inner.example"))
TUNNEL.server(http_response(200, headers=["Content-Length: 200"]) + b"x" * 100).server(http_response(404, body=b"y" * 60))

case("http-in-connect",
     """Plain HTTP through a proxy's tunnel: both sides are read on, and the inner answers' bodies are bodies.""",
     TUNNEL.close().datagrams(),
     """http CONNECT inner.example:80 inner.example:80
     http 200
     http GET inner.example /one
     http 200
     http GET inner.example /two
     http 200""")
