"""Cases about mail, and about TLS that begins inside another protocol."""
from case import case, talk
from messages import client_hello, http_request, server_hello, tls_records

LIST = {"domains.txt": "evil.example\n"}
HELLO = tls_records(client_hello("www.evil.example"))
ANSWER = tls_records(server_hello())
ALERT = "alert tls.sni www.evil.example = suffix evil.example"
EHLO_LINES = b"".join(b"250-X-EXTENSION-%d parameter\r\n" % i for i in range(60))


def mail(port=40000, server_port=25, **more):
    return talk(port, server_port, **more)


def dialogue(lines, port=40000, server_port=25):
    """Turns of client and server, the server first; None: nothing said."""
    flow = talk(port, server_port)
    for i, line in enumerate(lines):
        if line is not None:
            (flow.client if i % 2 else flow.server)(line)
    return flow


SMTP = dialogue([b"220 mx.good.example ESMTP ready\r\n", b"EHLO client.evil.example\r\n", b"250-mx.good.example\r\n250 PIPELINING\r\n",
                 b"MAIL FROM:<someone@from.evil.example> SIZE=100\r\n", b"250 OK\r\n",
                 b"RCPT TO:<one@good.example>\r\nRCPT TO:<two@to.evil.example>\r\nDATA\r\n", b"250 OK\r\n250 OK\r\n354 go\r\n",
                 b"Subject: x\r\n\r\nMAIL FROM:<not@this.evil.example>\r\n.\r\n", b"250 sent\r\n",
                 b"MAIL FROM:<>\r\nRCPT TO:<three@good.example>\r\nBDAT 20 LAST\r\n01234567890123456\r\nQUIT\r\n", b"221 bye\r\n"])

case("smtp-mails", """Two mails of one connection, the second one with BDAT: who says what it is, who sends, who receives. Lines of a mail
     that look like commands are none.""", SMTP.datagrams(),
     """smtp banner=mx.good.example
     smtp helo=client.evil.example from=<someone@from.evil.example> to=<one@good.example>,<two@to.evil.example>
     smtp from=<> to=<three@good.example>""", stderr=["smtp 1 seen = 1 readable + 0 unreadable"])

case("smtp-eve-7", """The same in the older format.""", SMTP.datagrams(),
     """smtp banner=mx.good.example
     smtp helo=client.evil.example from=<someone@from.evil.example> to=<one@good.example>,<two@to.evil.example>
     smtp from=<> to=<three@good.example>""", args="fields --eve 7 in.pcap")

case("smtp-names", """Listed names in EHLO, in a sender's and in a recipient's address, and in a server's greeting, which comes from another flow.""",
     SMTP.datagrams() + mail(40001).server(b"220 mail.evil.example SMTP\r\n").datagrams(),
     """alert smtp.helo client.evil.example = suffix evil.example
     alert smtp.mail_from from.evil.example = suffix evil.example
     alert smtp.rcpt_to to.evil.example = suffix evil.example
     alert smtp.banner mail.evil.example = suffix evil.example""", LIST)

case("smtp-addresses", """Listed addresses of a sender and of two recipients: upper or lower case is the same, a longer local part and another domain
     are not. The list has one as an e-mail, one to be seen in recipients only, and one that only a sender of this mail has.""",
     dialogue([b"220 mx.good.example\r\n", b"HELO c.good.example\r\n", b"250 hi\r\n",
               b"MAIL FROM:<Billing.Dept@Fraud.example>\r\n", b"250 OK\r\n",
               b"RCPT TO:<DROP+1@good.example>\r\nRCPT TO:<xdrop+1@good.example>\r\nRCPT TO:<@relay.example:reply@good.example>\r\nDATA\r\n",
               b"250 OK\r\n250 OK\r\n250 OK\r\n354 go\r\n", b"x\r\n.\r\n"]).datagrams(),
     """alert smtp.mail_from Billing.Dept@Fraud.example = exact billing.dept@fraud.example
     alert smtp.rcpt_to DROP+1@good.example = exact drop+1@good.example
     alert smtp.rcpt_to reply@good.example = exact reply@good.example""",
     {"mail.yaml": "indicators:\n- Billing.Dept[@]fraud.example\n- drop+1@good.example\n"
                   "- {email: reply@good.example, fields: smtp.rcpt_to}\n"
                   "- {email: xdrop@good.example, fields: smtp.rcpt_to}\n- {email: drop@good.example, fields: smtp.mail_from}\n"})

STARTTLS = [b"220 mx.good.example ready\r\n", b"EHLO c.good.example\r\n", b"250-mx.good.example\r\n" + EHLO_LINES + b"250 STARTTLS\r\n",
            b"NOOP\r\n" * 40, b"250 OK\r\n" * 40, b"STARTTLS\r\n", b"220 go ahead\r\n"]
LONG = dialogue(STARTTLS).client(HELLO).server(ANSWER)
TLS = 'tls from_proto=%s version="TLS 1.3"'
SAYS = """smtp banner=mx.good.example
smtp helo=c.good.example
tls from_proto=smtp sni=www.evil.example version="TLS 1.3" client_alpns=h2,http/1.1
tls from_proto=smtp version="TLS 1.3\""""

case("starttls-smtp", """STARTTLS after a long dialogue, with more segments than are looked at where nothing is known.""", LONG.datagrams(), SAYS)
case("starttls-smtp-client", """The same, only the client's side.""", dialogue(STARTTLS).client(HELLO, [700]).only(True).datagrams(),
     "\n".join(line for line in SAYS.splitlines() if "helo" in line or "sni" in line))
case("starttls-smtp-server", """The same, only the server's side.""", dialogue(STARTTLS).server(ANSWER).only(False).datagrams(),
     "\n".join(line for line in SAYS.splitlines() if "helo" not in line and "sni" not in line))


def one_segment(lines, port, server_port, sizes=None):
    """The client's hello right behind its last line, in one segment or cut where `sizes` say."""
    flow = talk(port, server_port)
    return flow.client(lines + HELLO, sizes).only(True).datagrams()


XMPP = b"<?xml version='1.0'?><stream:stream to='x.example' version='1.0'><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
LDAP = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"
MYSQL = b"\x20\0\0\1\x85\xae\x0f\0\0\0\0\1\x21" + b"\0" * 23
OTHERS = [("imap", b"a1 CAPABILITY\r\na2 STARTTLS\r\n", 143), ("pop3", b"CAPA\r\nSTLS\r\n", 110),
          ("ftp", b"USER x\r\nAUTH TLS\r\n", 21), ("xmpp", XMPP, 5222), ("ldap", LDAP, 389), ("mysql", MYSQL, 3306),
          ("pgsql", b"\0\0\0\x08\x04\xd2\x16\x2f", 5432)]

case("starttls-others", """IMAP, POP3, FTP, XMPP, LDAP, MySQL and PostgreSQL: the hello in one segment with what asked for it; cut in the middle of it.""",
     [d for i, (_, lines, port) in enumerate(OTHERS) for d in one_segment(lines, 40000 + 2 * i, port)
      + one_segment(lines, 40001 + 2 * i, port, [len(lines) + 3, 100])],
     "\n".join('tls from_proto=%s sni=www.evil.example version="TLS 1.3" client_alpns=h2,http/1.1' % name for name, _, _ in OTHERS for _ in "12"))

SERVERS = [("imap", b"* OK [CAPABILITY STARTTLS] ready\r\na1 OK\r\n", 143), ("pop3", b"+OK ready\r\n+OK begin\r\n", 110),
           ("pgsql", b"S", 5432), ("ldap", b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0", 389),
           ("mysql", b"\x46\0\0\0\x0a8.0.36\0" + b"x" * 62, 3306)]

case("starttls-servers", """Servers that begin TLS, their side alone: their hello in one segment with their last word, and in one of its own.""",
     [d for i, (_, lines, port) in enumerate(SERVERS)
      for d in talk(40000 + 2 * i, port).server(lines + ANSWER).only(False).datagrams()
      + talk(40001 + 2 * i, port).server(lines).server(ANSWER).only(False).datagrams()],
     "\n".join(TLS % name for name, _, _ in SERVERS for _ in "12"))

SOCKS5 = b"\5\1\0\3\x10www.evil.example\1\xbb"
PROXIED = {"list.txt": "evil.example\n203.0.113.9\nport.example:8443\n"}

case("socks", """SOCKS 5, 4a and 4: the name or address asked for, and the name in the hello that follows; a name with a port.""",
     talk(40000, 1080).client(b"\5\1\0").server(b"\5\0").client(SOCKS5).server(b"\5\0\0\1\0\0\0\0\0\0").client(tls_records(client_hello("tls.evil.example"))).server(ANSWER).datagrams()
     + talk(40001, 1080).client(b"\4\1\1\xbb\0\0\0\1\0socks.evil.example\0").server(b"\0\x5a\0\0\0\0\0\0").client(
         http_request("/", "host.evil.example")).datagrams()
     + talk(40002, 1080).client(b"\4\1\0\x50\xcb\0\x71\x09me\0").datagrams()
     + talk(40003, 1080).client(b"\5\2\0\2").server(b"\5\2").client(b"\1\2me\2pw").server(b"\1\0").client(
         b"\5\1\0\3\x0cport.example\x20\xfb").datagrams(),
     """alert socks.host www.evil.example = suffix evil.example
     alert tls.sni tls.evil.example = suffix evil.example
     alert socks.host socks.evil.example = suffix evil.example
     alert http.host host.evil.example = suffix evil.example
     alert socks.host 203.0.113.9 = exact 203.0.113.9
     alert socks.host port.example = exact port.example:8443""", PROXIED)

case("socks-fields", """What is reported of the same kinds of request.""",
     talk(40000, 1080).client(b"\5\1\0").server(b"\5\0").client(SOCKS5).server(b"\5\0\0\1\0\0\0\0\0\0").client(HELLO).server(ANSWER).datagrams(),
     """socks host=www.evil.example port=443
     tls from_proto=socks sni=www.evil.example version="TLS 1.3" client_alpns=h2,http/1.1
     tls from_proto=socks version="TLS 1.3\"""")

PROXY2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\2\x9c\x40\1\xbb"

case("proxy-protocol", """What a load balancer says first, in both versions, in one segment with a hello or a request, or before it.""",
     talk(40000, 443).client(b"PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n" + HELLO).datagrams()
     + talk(40001, 443).client(PROXY2 + HELLO, [20, 30, 300]).datagrams()
     + talk(40002, 80).client(PROXY2).client(http_request("/", "www.evil.example")).datagrams(),
     "\n".join([ALERT, ALERT, "alert http.host www.evil.example = suffix evil.example"]), LIST)
