"""Cases about names: what a listed name must hit, and above all what it must not."""
from case import ask_all, case
from messages import labels

NEAR_MISSES = ["xevil.example", "evil-example", "evil.example.attacker.test", "evil.exampl", "vil.example", "evil.examplee",
               "evil.example.", "notevil.example", "evil.example-x", "wwwevil.example", "example", "evil"]

case("names-near-misses",
     """Names that look like the listed one and are not: a letter more or less at either end, the listed name as the front
     of another, its last label alone. Only the one with the final dot cut off is the name itself (evil.example).""",
     ask_all(NEAR_MISSES),
     "alert dns.query evil.example = suffix evil.example", {"domains.txt": "evil.example\n"})

case("names-match-modes",
     """exact, suffix and below: the name itself, a name below it, one two levels below it.""",
     ask_all([prefix + name for name in ("exact.test", "suffix.test", "below.test") for prefix in ("", "a.", "b.a.")]),
     """alert dns.query exact.test = exact exact.test
     alert dns.query suffix.test = suffix suffix.test
     alert dns.query a.suffix.test = suffix suffix.test
     alert dns.query b.a.suffix.test = suffix suffix.test
     alert dns.query a.below.test = below below.test
     alert dns.query b.a.below.test = below below.test""",
     {"modes.yaml": """vedette: 1
name: modes
indicators:
  - {domain: exact.test, match: exact}
  - {domain: suffix.test, match: suffix}
  - {domain: below.test, match: below}
"""})

case("names-nested",
     """A listed name below a listed name, and the same name asked for in two ways: each that matches alerts.""",
     ask_all(["evil.example", "deep.evil.example", "x.deep.evil.example"]),
     """alert dns.query evil.example = suffix evil.example
     alert dns.query deep.evil.example = suffix evil.example
     alert dns.query deep.evil.example = exact deep.evil.example
     alert dns.query deep.evil.example = suffix deep.evil.example
     alert dns.query x.deep.evil.example = suffix evil.example
     alert dns.query x.deep.evil.example = suffix deep.evil.example""",
     {"nested.yaml": """vedette: 1
indicators:
  - evil.example
  - {domain: deep.evil.example, match: exact}
  - {domain: deep.evil.example, match: suffix}
"""})

case("names-upper-case",
     """Case on the wire and in the list make no difference (names with random case are how resolvers guard against
     forged answers); the alert shows the name as it was sent.""",
     ask_all(["WWW.EVIL.EXAMPLE", "wWw.EviL.ExaMplE", "other.example"]),
     """alert dns.query WWW.EVIL.EXAMPLE = suffix evil.example
     alert dns.query wWw.EviL.ExaMplE = suffix evil.example
     alert dns.query other.example = suffix other.example""",
     {"domains.txt": "Evil.Example\nOTHER.EXAMPLE.\n"})

case("names-public-suffix",
     """A public suffix in a list must not hit all that is below it: co.uk becomes exact, with a warning, and the rest of
     the list keeps its meaning. github.io is one of the suffixes that private companies registered.""",
     ask_all(["shop.co.uk", "co.uk", "user.github.io", "github.io", "a.evil.co.uk"]),
     """alert dns.query co.uk = exact co.uk
     alert dns.query github.io = exact github.io
     alert dns.query a.evil.co.uk = suffix evil.co.uk""",
     {"domains.txt": "co.uk\ngithub.io\nevil.co.uk\n"},
     stderr=["vedette: lists/domains.txt:1:1: warning: co.uk is a public suffix",
             "vedette: lists/domains.txt:2:1: warning: github.io is a public suffix"])

case("names-wildcard",
     """'*' stands for any bytes but dots, '?' for one: a wildcard never reaches over a label's end.""",
     ask_all(["evil-1.example", "evil-long-name.example", "evil-a.b.example", "x.evil-1.example", "evil-.example",
              "c2-7.test", "c2-77.test", "c2-.test", "a.tunnel.test", "tunnel.test"]),
     """alert dns.query evil-1.example = wildcard evil-*.example
     alert dns.query evil-long-name.example = wildcard evil-*.example
     alert dns.query evil-.example = wildcard evil-*.example
     alert dns.query c2-7.test = wildcard c2-?.test
     alert dns.query a.tunnel.test = suffix tunnel.test
     alert dns.query tunnel.test = suffix tunnel.test""",
     {"wild.txt": "evil-*.example\nc2-?.test\n*.tunnel.test\n"})

case("names-regex",
     """A regular expression on one named field: it sees names in lower case without the final dot, and no other field.""",
     ask_all(["a1b2c3d4.dga.example", "A1B2C3D4.DGA.EXAMPLE", "a1b2.dga.example", "a1b2c3d4.dga.example.test", "plain.example"]),
     """alert dns.query a1b2c3d4.dga.example = regex ^[a-z0-9]{8}\\.dga\\.example$
     alert dns.query A1B2C3D4.DGA.EXAMPLE = regex ^[a-z0-9]{8}\\.dga\\.example$""",
     {"dga.yaml": r"""vedette: 1
indicators:
  - {regex: '^[a-z0-9]{8}\.dga\.example$', fields: [dns.query]}
  - {regex: 'plain', fields: [tls.sni]}
"""})

case("names-idn",
     """An internationalised name, listed as people write it, is on the wire in its ASCII form; a homograph is another
     name.""",
     ask_all(["xn--bcher-kva.example", "www.xn--bcher-kva.example", "bucher.example"]),
     """alert dns.query xn--bcher-kva.example = suffix xn--bcher-kva.example
     alert dns.query www.xn--bcher-kva.example = suffix xn--bcher-kva.example""",
     {"domains.txt": "bücher.example\n"})

case("names-dot-in-label",
     """A dot may be a byte of a label. "evil.example" as one label below test, and "x.evil" above example, are not the
     listed name though they print like it; a label boundary is where the wire has one.""",
     ask_all([[b"evil.example"], [b"x.evil", b"example"], [b"www", b"evil", b"example"], [b"a.b", b"evil", b"example"]]),
     """alert dns.query www.evil.example = suffix evil.example
     alert dns.query a.b.evil.example = suffix evil.example""", {"domains.txt": "evil.example\n"})

LONG = labels(".".join(["a" * 63] * 3 + ["b" * 48]) + ".evil.example")

case("names-longest",
     """A name as long as names may be (255 bytes on the wire), and one of as many labels (127).""",
     ask_all([LONG, labels("a." * 125 + "e.x")]),
     "\n".join(["alert dns.query %s = suffix evil.example" % ".".join(label.decode() for label in LONG),
                "alert dns.query %se.x = suffix e.x" % ("a." * 125)]), {"domains.txt": "evil.example\ne.x\n"})

case("names-single-label",
     """A single label in a list is refused, and so is a whole top-level domain, unless that is asked for exactly: then it is that
     one name, never all names below it.""",
     ask_all(["wpad", "wpad.example", "xyz", "a.xyz", "top", "a.top"]),
     "alert dns.query xyz = exact xyz",
     {"labels.yaml": "vedette: 1\nindicators:\n  - wpad\n  - {domain: '*.xyz', match: exact}\n  - '*.top'\n"},
     stderr=["lists     labels.yaml: 3 entries = 1 loaded + 0 merged + 2 skipped (single-label 1, broad 1)"])

case("names-fields",
     """An indicator that is restricted to a field does not hit elsewhere.""",
     ask_all(["dns-only.example", "tls-only.example", "www.dns-only.example"]),
     """alert dns.query dns-only.example = suffix dns-only.example
     alert dns.query www.dns-only.example = suffix dns-only.example""",
     {"fields.yaml": """vedette: 1
indicators:
  - {domain: dns-only.example, fields: [dns.query]}
  - {domain: tls-only.example, fields: [tls.sni]}
"""})
