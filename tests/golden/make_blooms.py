"""Cases about Bloom filters: which names hit one, and what the alert then says."""
import gzip

from bloom import bloom
from case import BAD, answer, ask_all, case, talk
from frames import SYN, tcp
from messages import client_hello, http_request, record, tls_records

FILTER = bloom(["evil.example", "deep.bot.example"], data=b"Names of CSIRT Example, January 2026\n")

case("bloom-names",
     """A Bloom filter as a list: a name that is in it hits as a question, as the target of an answer, as HTTP host and as TLS
     server name, and so does a name below it, in any case; a parent of a name in it, a longer and a shorter name, and a top-level domain
     do not. The same filter compressed, under another name, is the same indicator with a second origin.""",
     ask_all(["evil.example", "WWW.Evil.Example", "x.y.deep.bot.example", "bot.example", "xevil.example", "evil.exampl",
              "evil.example.test", "example"])
     + answer("alias.test", records=[record("alias.test", "CNAME", "cdn.evil.example")], port=40100)
     + talk(40200).client(http_request("/", "www.evil.example:80")).datagrams()
     + talk(40201, 443).client(tls_records(client_hello("deep.bot.example"))).datagrams(),
     """alert dns.query evil.example = suffix names.bloom
     alert dns.query WWW.Evil.Example = suffix names.bloom
     alert dns.query x.y.deep.bot.example = suffix names.bloom
     alert dns.answer.target cdn.evil.example = suffix names.bloom
     alert http.host www.evil.example = suffix names.bloom
     alert tls.sni deep.bot.example = suffix names.bloom""",
     {"names.bloom": FILTER, "packed": gzip.compress(FILTER, mtime=0)},
     stderr=["lists     names.bloom: 1 entries = 1 loaded + 0 merged + 0 skipped; filter of 2 values (made for 100, p 1e-06), 1.4% of"
             " 2875 bits set; 6 alerts",
             "packed: 1 entries = 0 loaded + 1 merged + 0 skipped"])

case("bloom-options",
     """Settings that come with a filter: its name and what goes with it, names that must be in it themselves (match=exact), and
     fields that it is not asked about otherwise: addresses as text, URLs.""",
     ask_all(["evil.example", "www.evil.example"])
     + [tcp(("192.0.2.10", 40100), (BAD, 1), 1, 0, SYN), tcp(("192.0.2.10", 40101), ("203.0.113.67", 1), 1, 0, SYN)]
     + talk(40200).client(http_request("/gate?a=1", "Bad.example")).datagrams(),
     """alert dns.query evil.example = exact partner
     alert ip.dst 203.0.113.66 = suffix addresses
     alert http.url http://Bad.example/gate?a=1 = suffix urls""",
     {"names": FILTER, "addresses": bloom([BAD]), "urls": bloom(["bad.example/gate?a=1"])},
     args="replay -l lists/names,name=partner,match=exact,tlp=amber,confidence=80,org=CSIRT,tag=c2 -l lists/addresses,fields=ip"
          " -l lists/urls,fields=http.url in.pcap")

case("bloom-native",
     """A native list that names a filter says whose it is. Two filters that are called the same are two indicators.""",
     ask_all(["evil.example", "other.example"]),
     """alert dns.query evil.example = suffix tie
     alert dns.query other.example = suffix tie (2)""",
     {"tie.yaml": "vedette: 1\nname: tie\norganisation: CSIRT Example\ntlp: amber\nconfidence: 50\ntags: [c2]\nfile: tie.bloom\n",
      "tie.bloom": FILTER, "z/other": bloom(["other.example"])},
     args="replay -l lists/tie.yaml -l lists/z/other,name=tie in.pcap")
