"""Cases about allow-lists: what is covered, by what, and that each suppression is counted."""
import json

from case import BAD, CLIENT, SERVER, answer, ask, ask_all, case, talk
from frames import SYN, tcp
from messages import client_hello, http_request, http_response, record, tls_records


def house(*entries):
    return "vedette: 1\nname: house\nallow:\n" + "".join("  - %s\n" % entry for entry in entries)


def get(target, host, port=40010, server_port=80, **more):
    return talk(port, server_port, **more).client(http_request(target, host)).datagrams()


case("allow-child",
     """A name is listed with all below it, one name below it is allowed: that one and what is below it does not alert, its
     neighbours do. So in queries, in answers, in HTTP and in TLS.""",
     ask_all(["evil.example", "good.evil.example", "www.good.evil.example", "notgood.evil.example"])
     + answer("www.good.evil.example", records=[record("www.good.evil.example", "CNAME", "cdn.good.evil.example"),
                                                record("cdn.good.evil.example", "A", "192.0.2.80")], port=40002)
     + get("/", "good.evil.example") + talk(40011, 443).client(tls_records(client_hello("a.good.evil.example"))).datagrams(),
     """alert dns.query evil.example = suffix evil.example
     alert dns.query notgood.evil.example = suffix evil.example""",
     {"domains.txt": "evil.example\n"}, args="replay -l lists --allow house.yaml in.pcap",
     files={"house.yaml": house("good.evil.example")},
     stderr=["alerts    2 written; 10 hits = 2 alerts + 0 repeated + 0 expired + 0 unwritten + 8 suppressed",
             "allowed   8 hits by house:4 good.evil.example"])

LISTED = "evil.example\n%s\n/gate.php\nhttp://files.example/evil.exe\n" % BAD
AGENT = "vedette: 1\nname: agents\nindicators:\n  - {user_agent: evil agent}\n"

case("allow-destination",
     """Traffic to an allowed name or network does not alert, whatever else was seen in it: a listed path and user agent on an allowed
     host, a listed address as the answer to a question for an allowed name, a listed name at an allowed address. The same
     elsewhere does.""",
     get("/gate.php", "www.house.example", 40010)
     + talk(40011).client(http_request("/", "www.house.example", headers=["User-Agent: evil agent"])).datagrams()
     + get("/gate.php", "elsewhere.example", 40012)
     + ask("www.house.example", port=40013) + answer("www.house.example", records=[record("www.house.example", "A", BAD)], port=40013)
     + ask("elsewhere.example", port=40014) + answer("elsewhere.example", records=[record("elsewhere.example", "A", BAD)], port=40014)
     + get("/", "www.evil.example", 40015, server="198.51.100.7") + get("/", "www.evil.example", 40016),
     """alert http.url http://elsewhere.example/gate.php = exact /gate.php
     alert dns.answer.address %s = exact %s
     alert http.host www.evil.example = suffix evil.example""" % (BAD, BAD),
     {"listed.txt": LISTED, "agents.yaml": AGENT}, args="replay -l lists --allow house.yaml in.pcap",
     files={"house.yaml": house("house.example", "198.51.100.0/28")},
     stderr=["alerts    3 written; 7 hits = 3 alerts + 0 repeated + 0 expired + 0 unwritten + 4 suppressed",
             "allowed   3 hits by house:4 house.example", "1 hits by house:5 198.51.100.0/28"])

case("allow-not-the-resolver",
     """All questions pass through the resolver and all requests through the proxy: that these are allowed covers none of them. In a flow
     only the listed address itself is asked for, so a listed address alerts also where it talks to an allowed network.""",
     ask("www.evil.example", resolver="198.51.100.3", port=40001)
     + get("http://www.evil.example/", "www.evil.example", 40010, 3128, server="198.51.100.3")
     + talk(40011, 3128, server="198.51.100.3").client(b"CONNECT fine.example:443 HTTP/1.1\r\nHost: fine.example:443\r\n\r\n")
     .server(http_response()).client(tls_records(client_hello("www.evil.example"))).datagrams()
     + [tcp((BAD, 40012), ("198.51.100.3", 22), 1, 0, SYN)],
     """alert dns.query www.evil.example = suffix evil.example
     alert http.host www.evil.example = suffix evil.example
     alert tls.sni www.evil.example = suffix evil.example
     alert ip.src %s = exact %s""" % (BAD, BAD),
     {"listed.txt": LISTED}, args="replay -l lists --allow house.yaml in.pcap", files={"house.yaml": house("198.51.100.0/24")},
     stderr=["alerts    4 written; 4 hits = 4 alerts + 0 repeated + 0 expired + 0 unwritten + 0 suppressed"])

case("allow-same-list",
     """A native list allows what it knows to be good below its own names; that holds for all lists of the run.""",
     ask_all(["www.evil.example", "good.evil.example", "www.other.example"]),
     """alert dns.query www.evil.example = suffix evil.example""",
     {"a.yaml": "vedette: 1\nname: partner\nindicators:\n  - evil.example\nallow:\n  - good.evil.example\n  - other.example\n",
      "b.txt": "www.other.example\n"},
     stderr=["lists     partner: 1 entries = 1 loaded + 0 merged + 0 skipped, 2 for the allow side; 1 alerts",
             "b.txt: 1 entries = 1 loaded + 0 merged + 0 skipped; 0 alerts, 1 suppressed (partner 1)",
             "allowed   1 hits by partner:6 good.evil.example"])

case("allow-at-load",
     """An indicator that is covered whole is not even looked for: nothing of it is among the hits. It is told which list named it and
     which allow-list covers it.""",
     ask_all(["www.evil.example", "a.good.example", "other.example"]) + [tcp((CLIENT, 40100), (SERVER, 22), 1, 0, SYN)]
     + get("/x", "files.good.example"),
     """alert dns.query www.evil.example = suffix evil.example""",
     {"a.txt": "evil.example\na.good.example\nhttp://files.good.example/x\n198.51.100.0/25\n", "b.txt": "a.good.example\nother.example\n"},
     args="replay -l lists --allow allow in.pcap",
     files={"allow/good.txt": "good.example\n198.51.100.0/24\n", "allow/more.yaml": house("other.example")},
     stderr=["lists     a.txt: 4 entries = 4 loaded + 0 merged + 0 skipped; 1 alerts, 3 suppressed (good.txt 3)",
             "b.txt: 2 entries = 1 loaded + 1 merged + 0 skipped; 0 alerts, 2 suppressed (good.txt 1, house 1)",
             "good.txt: 0 entries = 0 loaded + 0 merged + 0 skipped, 2 for the allow side",
             "alerts    1 written; 1 hits = 1 alerts + 0 repeated + 0 expired + 0 unwritten + 0 suppressed"])

case("allow-expired",
     """An allowed entry has its time as any other: by the packet's time, 2026-01-15 12:00:00 UTC, what is no longer or not yet allowed
     alerts.""",
     ask_all(["past.example", "now.example", "future.example"]),
     """alert dns.query past.example = suffix past.example
     alert dns.query future.example = suffix future.example""",
     {"a.txt": "past.example\nnow.example\nfuture.example\n"}, args="replay -l lists --allow house.yaml in.pcap",
     files={"house.yaml": house("{domain: past.example, valid_until: 2026-01-15}",
                                "{domain: now.example, valid_from: 2026-01-15, valid_until: 2026-01-16}",
                                "{domain: future.example, valid_from: 2026-01-16}")},
     stderr=["lists     a.txt: 3 entries = 3 loaded + 0 merged + 0 skipped; 2 alerts",
             "allowed   1 hits by house:5 now.example"])

case("allow-two-hosts",
     """Who names two hosts in one request hides nothing behind the one that is allowed.""",
     talk(40010).client(b"GET /gate.php HTTP/1.1\r\nHost: www.house.example\r\nHost: www.evil.example\r\n\r\n").datagrams(),
     """alert http.host www.evil.example = suffix evil.example
     alert http.url http://www.evil.example/gate.php = exact /gate.php""",
     {"listed.txt": LISTED}, args="replay -l lists --allow house.yaml in.pcap", files={"house.yaml": house("house.example")},
     stderr=["allowed   1 hits by house:4 house.example"])

RANKS = json.dumps({"name": "Names that many ask for", "version": 3, "description": "", "type": "string",
                    "matching_attributes": ["hostname", "domain", "url"], "list": ["top.example", "files.example"]})
OFFICE = json.dumps({"name": "Networks of an office suite", "version": 1, "description": "", "type": "cidr",
                     "matching_attributes": ["ip-dst"], "list": ["198.51.100.0/25"]})

case("allow-warninglist",
     """MISP's warninglists judge names and addresses as such: top.example is no indicator, however a list would match it. A URL on a
     well-known host is one all the same, as is a user agent seen there, or a name at an address of theirs.""",
     ask_all(["top.example", "www.top.example", "files.example"]) + get("/evil.exe", "files.example", 40010)
     + talk(40011).client(http_request("/", "top.example", headers=["User-Agent: evil agent"])).datagrams()
     + [tcp((CLIENT, 40100), (SERVER, 22), 1, 0, SYN)] + get("/", "www.evil.example", 40012),
     """alert http.url http://files.example/evil.exe = exact http://files.example/evil.exe
     alert http.user_agent evil agent = exact evil agent
     alert http.host www.evil.example = suffix evil.example""",
     {"listed.txt": LISTED + "top.example\nfiles.example\n198.51.100.80\n", "agents.yaml": AGENT},
     args="replay -l lists --allow warninglists in.pcap",
     files={"warninglists/office.json": OFFICE, "warninglists/ranks.json": RANKS},
     stderr=["listed.txt: 7 entries = 7 loaded + 0 merged + 0 skipped; 2 alerts, 3 suppressed (Networks of an office suite 1, "
             "Names that many ask for 2)",
             "alerts    3 written; 3 hits = 3 alerts + 0 repeated + 0 expired + 0 unwritten + 0 suppressed"])

ZONE = """$TTL 60
@ IN SOA ns.rpz.example. root.rpz.example. 1 2 3 4 5
@ IN NS ns.rpz.example.
evil.example CNAME .
*.evil.example CNAME .
good.evil.example CNAME rpz-passthru.
"""

case("allow-in-place",
     """Allow-lists that lie among the others, and exceptions in lists of any format: an RPZ passthru lets that one name through and none
     below it, an exception of an ad blocker's list a name and all below it. Lists come in whatever order.""",
     ask_all(["evil.example", "good.evil.example", "www.good.evil.example", "ads.example", "cdn.ads.example", "top.example"]),
     """alert dns.query evil.example = exact evil.example
     alert dns.query www.good.evil.example = below evil.example
     alert dns.query ads.example = suffix ads.example""",
     {"a-ranks.json": RANKS, "b-zone": ZONE, "c-ads.txt": "[Adblock Plus 2.0]\n||ads.example^\n@@||cdn.ads.example^\n",
      "d.txt": "top.example\n"},
     stderr=["alerts    3 written; 5 hits = 3 alerts + 0 repeated + 0 expired + 0 unwritten + 2 suppressed",
             "allowed   1 hits by b-zone:6 good.evil.example", "1 hits by c-ads.txt:3 cdn.ads.example"])
