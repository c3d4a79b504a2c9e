"""Cases about lists: origins, TLP, validity, formats, and what happens to lines that are wrong."""
from case import BAD, answer, ask, ask_all, case, talk
from frames import SYN, tcp
from messages import http_request, record

NATIVE = """vedette: 1
name: {name}
organisation: {organisation}
tlp: {tlp}
confidence: {confidence}
tags: [{tag}]
reference: https://{name}.example/reports/1
indicators:
  - {{domain: evil.example, id: {name}-1}}
"""


def native(name, organisation, tlp, confidence, tag):
    return NATIVE.format(name=name, organisation=organisation, tlp=tlp, confidence=confidence, tag=tag)


FIVE = {"a.yaml": native("alpha", "CSIRT Alpha", "green", 90, "c2"), "b.yaml": native("bravo", "CSIRT Bravo", "amber", 50, "c2"),
        "c.yaml": native("charlie", "CSIRT Charlie", "red", 20, "phishing"),
        "d.yaml": native("delta", "CSIRT Delta", "amber+strict", 75, "apt"), "e.txt": "# a plain list that says nothing\nevil.example\n"}

case("list-five-origins",
     """The same name on five lists is one indicator with five origins: one alert that names all five, under the strictest of their
     TLP markings and the highest confidence.""",
     ask("www.evil.example"), "alert dns.query www.evil.example = suffix evil.example", FIVE,
     stderr=["lists     alpha: 1 entries = 1 loaded + 0 merged + 0 skipped; 1 alerts",
             "e.txt: 1 entries = 0 loaded + 1 merged + 0 skipped; 1 alerts"])

DATED = """vedette: 1
name: dated
indicators:
  - {domain: past.example, valid_until: 2026-01-15}
  - {domain: last-second.example, valid_until: 2026-01-15T12:00:01Z}
  - {domain: future.example, valid_from: 2026-01-16}
  - {domain: now.example, valid_from: 2026-01-01, valid_until: 2026-02-01T00:00:00+02:00}
  - {domain: two.example, valid_until: 2025-12-31, reference: "https://old.example/"}
"""

case("list-expired",
     """Validity is judged by the packet's time, 2026-01-15 12:00:00 UTC and on, not by the clock: what ended before does not alert,
     nor what has not begun; what ends in a second does. A name that expired on one list and holds on another alerts with the
     latter's origin alone.""",
     ask_all(["past.example", "last-second.example", "future.example", "now.example", "two.example"]),
     """alert dns.query last-second.example = suffix last-second.example
     alert dns.query now.example = suffix now.example
     alert dns.query two.example = suffix two.example""",
     {"a-dated.yaml": DATED, "b-undated.txt": "two.example\n"},
     stderr=["alerts    3 written; 5 hits = 3 alerts + 0 repeated + 2 expired + 0 unwritten"])

case("list-once-per-flow",
     """One name again and again in one flow (query, question and owner in the answer, three requests): one alert for each flow and
     indicator; in another flow it alerts again.""",
     ask("evil.example") + answer("evil.example", records=[record("evil.example", "A", "192.0.2.1")]) + ask("evil.example")
     + talk(40010).client(http_request("/", "evil.example") * 3).datagrams() + ask("evil.example", port=40001),
     """alert dns.query evil.example = suffix evil.example
     alert http.host evil.example = suffix evil.example
     alert dns.query evil.example = suffix evil.example""", {"domains.txt": "evil.example\n"})

BAD_LINES = b"""# a list as it comes out of a hurried export
good-1.example
this is not a name
%s.example
exa mple.example
-.-
http://
good-2.example   # with a comment
256.1.1.1
010.0.0.1
bad_%%char.example
\xff\xfe\xfd.example
..
good-3.example
""" % (b"x" * 64)

case("list-bad-lines",
     """Bad lines are skipped, each with its place and reason; the good ones around them load.""",
     ask_all(["good-1.example", "good-2.example", "good-3.example", "example"]),
     """alert dns.query good-1.example = suffix good-1.example
     alert dns.query good-2.example = suffix good-2.example
     alert dns.query good-3.example = suffix good-3.example""", {"bad.txt": BAD_LINES},
     stderr=["vedette: lists/bad.txt:4:1: domain label is 64 bytes, at most 63 fit; line skipped",
             "vedette: lists/bad.txt:12:1: byte 0xff is out of place",
             "lists     bad.txt: 13 entries = 4 loaded + 0 merged + 9 skipped (bad-char 4, bad-ip 1, ip-leading-zero 1, bad-url 1,"
             " empty-label 1, label-too-long 1); 3 alerts"])

case("list-formats",
     """Hosts, CSV, plain text and native YAML in one directory, recognised by what they hold.""",
     ask_all(["hosts.example", "www.hosts.example", "csv.example", "www.csv.example", "www.plain.example", "www.native.example"]),
     """alert dns.query hosts.example = exact hosts.example
     alert dns.query csv.example = suffix csv.example
     alert dns.query www.csv.example = suffix csv.example
     alert dns.query www.plain.example = suffix plain.example
     alert dns.query www.native.example = suffix native.example""",
     {"a": "127.0.0.1 localhost\n0.0.0.0 hosts.example # tracker\n0.0.0.0 other.example third.example\n",
      "b": "\"first_seen\",\"ioc_value\",\"ioc_type\",\"confidence_level\",\"tags\"\n"
           "\"2025-11-02 10:00:00\",\"csv.example\",\"domain\",\"80\",\"c2,botnet\"\n"
           "\"2025-11-03 10:00:00\",\"198.51.100.7:443\",\"ip:port\",\"60\",\"\"\n",
      "c": "plain.example\n; a comment\n! another\n198.51.100.8\n",
      "d": "vedette: 1\nindicators:\n  - native.example\n"})

case("list-defanged",
     """Values that were made harmless for mail are understood.""",
     ask_all(["evil.example", "evil.test"])
     + talk(40100).client(http_request("/a", "bad.example")).datagrams() + [tcp(("192.0.2.10", 40200), (BAD, 1), 1, 0, SYN)],
     """alert dns.query evil.example = suffix evil.example
     alert dns.query evil.test = suffix evil.test
     alert http.url http://bad.example/a = exact http://bad.example/a
     alert ip.dst 203.0.113.66 = exact 203.0.113.66""",
     {"mail.txt": "evil[.]example\nevil(dot)test\nhxxp://bad[.]example/a\n203[.]0[.]113[.]66\n"})

case("list-line-ends",
     """A byte order mark, CRLF, blanks around values, no line end after the last.""",
     ask_all(["one.example", "two.example", "three.example", "four.example"]),
     """alert dns.query one.example = suffix one.example
     alert dns.query two.example = suffix two.example
     alert dns.query three.example = suffix three.example
     alert dns.query four.example = suffix four.example""",
     {"windows.txt": b"\xef\xbb\xbfone.example\r\n  two.example \t\r\n\r\nthree.example # comment\r\nfour.example"})

case("list-hostile-texts",
     """What a list says of an indicator goes into alerts: quotes, line ends, escapes and bytes that are no UTF-8 must not break or
     forge a line.""",
     ask_all(["evil.example", "other.example"]),
     """alert dns.query evil.example = suffix evil.example
     alert dns.query other.example = suffix other.example""",
     {"hostile.yaml": b'vedette: 1\nname: "quo\\"te\\n{\\"event_type\\":\\"alert\\"}"\norganisation: "tab\\tesc\\e[31m\\u2028"\n'
                      b'indicators:\n  - {domain: evil.example, tags: ["a\\"b", "\\\\", "\xc3\xa9"], description: "line\\nline"}\n',
      "x.csv": b'domain,description,tags\nother.example,"raw \xff\xfe ""quoted"" \x1b[2J",a\n'})

case("list-options",
     """Settings given with the list on the command line: its name, how names match, TLP and tags.""",
     ask_all(["evil.example", "www.evil.example"]),
     "alert dns.query evil.example = exact evil.example", {"domains.txt": "evil.example\n"},
     args="replay -l lists/domains.txt,name=partner,match=exact,tlp=amber,confidence=80,org=CSIRT,tag=c2,tag=test in.pcap")

case("list-missing",
     """A list that is not there: the others are used, and the run has failed (exit 1).""",
     ask("www.evil.example"), "alert dns.query www.evil.example = suffix evil.example", {"domains.txt": "evil.example\n"},
     args="replay -l lists -l nowhere.txt in.pcap", exit_code=1,
     stderr=["vedette: nowhere.txt: can't be opened: No such file or directory"])

case("list-none-usable",
     """No list that can be used: nothing is replayed as if all were well (exit 1).""",
     ask("www.evil.example"), "", {"domains.txt": "# nothing but a comment\n"}, args="replay -l lists -l nowhere.txt in.pcap",
     exit_code=1, stderr=["vedette: no indicator was loaded: nothing can be found"])

case("list-severity",
     """Confidence gives the severity, tags the category: one name of each kind.""",
     ask_all(["sure.example", "likely.example", "unsure.example", "unknown.example"]),
     """alert dns.query sure.example = suffix sure.example
     alert dns.query likely.example = suffix likely.example
     alert dns.query unsure.example = suffix unsure.example
     alert dns.query unknown.example = suffix unknown.example""",
     {"graded.yaml": """vedette: 1
name: graded
indicators:
  - {domain: sure.example, confidence: 75, tags: [c2]}
  - {domain: likely.example, confidence: 74, tags: [phishing]}
  - {domain: unsure.example, confidence: 39, tags: [malware-download]}
  - unknown.example
"""})
