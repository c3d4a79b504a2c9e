#!/usr/bin/env python3
"""fields.py [--vedette PATH] [--shared DIR] [--update] [--list] [TOPIC/CAPTURE ...]

Runs `vedette fields` over real captures and compares what it reports with the values that an independent dissector
wrote down for them. Every difference must be listed in known_disagreements.tsv with the reason for it and who is right,
and everything listed there must still happen. Each line of output must also be good EVE, and the sums must hold.

  DIR/captures/TOPIC/CAPTURE                    the captures
  DIR/captures/expected/TOPIC/CAPTURE.jsonl     a record a line: kind, value, type, and the packet's addresses and ports
  DIR/eve-schema/suricata-8.0.6.schema.json

The program is --vedette, else $VEDETTE; DIR is --shared, else $VEDETTE_SHARED. With captures named only they are looked
at.

--list prints the differences with their addresses, the listed ones too; --update prints rows for those that are not
listed, of class `unexplained`, which is never accepted: look at the bytes, then write the class and the reason.

A row of known_disagreements.tsv:
  capture  kind  missing|extra  value  count  class  reason
`value` is * for all values of that capture, kind and sign that have no row of their own; `count` is how many they are.
Classes: ours-right; oracle-right, a defect to be mended; scope, what this release does not read; ambiguous.

Exit status: 0 all is explained, 1 not, 2 wrong use, 77 there is no DIR.
"""
import argparse
import collections
import ipaddress
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True

HERE = os.path.dirname(os.path.abspath(__file__))
KNOWN = os.path.join(HERE, "known_disagreements.tsv")
SCHEMA = os.path.join("eve-schema", "suricata-8.0.6.schema.json")
TOPICS = ["dns", "http", "tls", "tcp", "ip", "link", "malformed", "other", "tunnels", "quic"]
KINDS = [protocol + "." + what for protocol in ("dns", "mdns", "llmnr") for what in ("query", "rquery", "answer")] + [
    "http.host", "http.uri", "http.method", "http.user_agent", "tls.sni", "tls.ja3", "quic.sni"]
CLASSES = ["ours-right", "oracle-right", "scope", "ambiguous"]
SKIPPED = 77
TIMEOUT_S = 120
FAULTS_SHOWN = 40

# `detail` is a DNS record's type, and an answer's owner; `ends` the protocol and both ends, in the packet's direction.
Record = collections.namedtuple("Record", "kind value detail ends")
Row = collections.namedtuple("Row", "capture kind sign value count why_class reason")


# ---- canonical values ----

def wire_bytes(text):
    """The bytes that a value stands for: \\xNN is one byte, all else is UTF-8."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes.fromhex(found.group(1).decode()), text.encode())


def readable(raw):
    return "".join(chr(b) if 0x20 <= b <= 0x7e and b != 0x5c else "\\x%02x" % b for b in raw)


def address(text):
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text


def canonical(kind, value, rrtype):
    """Names have no case and no final dot; other values are compared as they are."""
    raw = wire_bytes(value)
    is_name = kind.endswith(("query", ".host", ".sni")) or (kind.endswith(".answer") and rrtype not in ("TXT", "SPF"))
    if is_name:
        raw = raw.lower()
        raw = raw[:-1] if len(raw) > 1 and raw.endswith(b".") else raw
    text = readable(raw)
    return address(text) if kind.endswith(".answer") else text


def record(kind, value, rrtype, owner, *ends):
    proto, src, sport, dst, dport = ends
    detail = " ".join(filter(None, (rrtype, owner and canonical("owner.query", owner, rrtype))))
    return Record(kind, canonical(kind, value, rrtype), detail,
                  "%s %s %s > %s %s" % (proto.lower(), address(src), sport, address(dst), dport))


# ---- what vedette says ----

def dns_protocol(event):
    """EVE has no event type for LLMNR."""
    ports = (event["src_port"], event["dest_port"])
    return "llmnr" if event["event_type"] == "dns" and 5355 in ports and 53 not in ports else event["event_type"]


def answer_value(answer):
    """A record's data: where they lie depends on the type."""
    for holder, key in ((answer, "rdata"), (answer.get("srv"), "name"), (answer.get("soa"), "mname")):
        if holder and key in holder:
            return holder[key]
    return ""


def dns_fields(event):
    dns, protocol = event["dns"], dns_protocol(event)
    question = ".query" if dns["type"] == "request" else ".rquery"
    for query in dns.get("queries", []):
        yield protocol + question, query.get("rrname", ""), query["rrtype"], None
    for answer in dns.get("answers", []):
        yield protocol + ".answer", answer_value(answer), answer["rrtype"], answer.get("rrname")


def http_fields(event):
    http = event["http"]
    if "http_method" not in http:
        return
    for kind, key in (("http.host", "hostname"), ("http.uri", "url"), ("http.method", "http_method"),
                      ("http.user_agent", "http_user_agent")):
        yield kind, http.get(key, ""), None, None


def fields_of(event):
    """(kind, value, DNS type, DNS owner) for all that an event shows."""
    if "dns" in event:
        return dns_fields(event)
    if "http" in event:
        return http_fields(event)
    if "quic" in event:
        return [("quic.sni", event["quic"].get("sni", ""), None, None)]
    if "tls" in event:
        return [("tls.sni", event["tls"].get("sni", ""), None, None),
                ("tls.ja3", event["tls"].get("ja3", {}).get("hash", ""), None, None)]
    return []


def observed_records(events):
    """An empty value is not shown by EVE, so it can't be told from one that is absent."""
    for event in events:
        for kind, value, rrtype, owner in fields_of(event):
            if value:
                yield record(kind, value, rrtype, owner, event["proto"], event["src_ip"], event["src_port"],
                             event["dest_ip"], event["dest_port"])


# ---- what is expected ----

class Expected:
    """Records that must be there, may be there, and those whose value the other dissector could not show."""

    def __init__(self, path):
        self.firm, self.optional, self.lossy = collections.Counter(), collections.Counter(), collections.Counter()
        with open(path, encoding="utf-8") as f:
            for line in f:
                self.add(json.loads(line))

    def add(self, r):
        if r["kind"] not in KINDS:
            return
        ends = r["proto"], r["src"], r["sport"], r["dst"], r["dport"]
        if r.get("lossy"):
            self.lossy[record(r["kind"], "", None, None, *ends)] += 1
        elif r["value"]:
            kept = self.optional if r.get("optional") else self.firm
            kept[record(r["kind"], r["value"], r.get("type"), r.get("name"), *ends)] += 1

    def differences(self, observed):
        """(missing, extra, observed without what is neither right nor wrong)"""
        judged = observed - ((observed - self.firm) & self.optional)
        extra = judged - self.firm
        for key in sorted(extra):
            unshown = key._replace(value="", detail="")
            pardoned = min(extra[key], self.lossy[unshown])
            self.lossy[unshown] -= pardoned
            extra[key] -= pardoned
            judged[key] -= pardoned
        return self.firm - judged, +extra, judged


# ---- one capture ----

class Look:
    """What came of one capture."""

    def __init__(self, name, expected_path, run, validator):
        self.name = name
        self.lines = run.stdout.splitlines(keepends=True)
        self.faults = list(faults_of_run(run, self.lines, validator))
        events = [] if self.faults else [json.loads(line) for line in self.lines]
        self.faults = self.faults or faults_of_sums(events)
        self.observed = collections.Counter(observed_records(events))
        self.expected = Expected(expected_path)
        self.missing, self.extra, self.judged = self.expected.differences(self.observed)

    def differences(self):
        """Counter of values for (capture, kind, sign)."""
        found = collections.defaultdict(collections.Counter)
        for sign, records in (("missing", self.missing), ("extra", self.extra)):
            for key, n in records.items():
                found[self.name, key.kind, sign][key.value] += n
        return found


def faults_of_run(run, lines, validator):
    """Exit status 1 says that a capture is broken or of a kind that is not read, which many here are."""
    if run.returncode not in (0, 1):
        yield "exit status %d: %s" % (run.returncode, run.stderr.decode("utf-8", "replace").strip()[-300:])
    for n, line in enumerate(lines, 1):
        for fault in validator.faults_of(line):
            yield "line %d: %s" % (n, fault)


def faults_of_sums(events):
    stats = [event for event in events if event["event_type"] == "stats"]
    if len(stats) != 1:
        return ["%d stats events, one was asked for" % len(stats)]
    ledger = stats[0]["metadata"]["flowints"]["vedette"]
    parts = [("packets", "received", ["processed", "undecodable", "out_of_scope"], ledger["packets"])]
    parts += [(name, "seen", ["readable", "unreadable"], sums) for name, sums in ledger["sessions"].items()]
    faults = ["%s: %s is not the sum of its parts" % (name, whole) for name, whole, terms, sums in parts
              if sums[whole] != sum(sums[term] for term in terms)]
    faults += ["%s: %s is not the sum of its reasons" % (name, by[:-3]) for name, _, _, sums in parts for by in sums
               if by.endswith("_by") and sums[by[:-3]] != sum(sums[by].values())]
    return faults if ledger["sums_hold"] else faults + ["the program itself says that its sums do not hold"]


class Validator:
    """Each line against the schema; with its standard library alone Python can still tell good JSON."""

    def __init__(self, schema_path):
        sys.path.insert(0, os.path.join(HERE, "..", "schema"))
        try:
            import jsonschema
            import validate
        except ImportError:
            self.faults_of = self.json_faults_of
            print("python3-jsonschema is not there: lines are only parsed", file=sys.stderr)
            return
        with open(schema_path, encoding="utf-8") as f:
            schema = jsonschema.Draft7Validator(json.load(f))
        self.faults_of = lambda raw: validate.faults_of(raw, schema)

    @staticmethod
    def json_faults_of(raw):
        try:
            json.loads(raw)
        except ValueError as why:
            return [str(why)]
        return []


def look_at(name, program, captures, validator):
    command = [program, "fields", "--quiet", "--stats", os.path.join(captures, name)]
    try:
        run = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        run = subprocess.CompletedProcess(command, -1, b"", b"still running after %d s" % TIMEOUT_S)
    return Look(name, os.path.join(captures, "expected", name + ".jsonl"), run, validator)


# ---- known disagreements ----

def read_known(path):
    rows = []
    with open(path, encoding="utf-8") as f:
        for n, line in enumerate(f, 1):
            if not line.strip() or line.startswith("#"):
                continue
            parts = line.rstrip("\n").split("\t")
            if len(parts) != 7 or parts[2] not in ("missing", "extra") or not parts[4].isdigit():
                sys.exit("%s:%d: a row is capture, kind, missing or extra, value, count, class, reason" % (path, n))
            rows.append(Row(*parts[:4], int(parts[4]), *parts[5:]))
    return rows


def unlisted(found, rows):
    """Take what the rows explain out of `found`, the differences there were; says which rows do not hold."""
    for row in sorted(rows, key=lambda row: row.value == "*"):
        values = found[row.capture, row.kind, row.sign]
        taken = sum(values.values()) if row.value == "*" else values[row.value]
        if row.value == "*":
            values.clear()
        else:
            del values[row.value]
        if taken != row.count:
            yield "listed %d times, happened %d times: %s" % (row.count, taken, "\t".join(row[:4]))
        if row.why_class not in CLASSES or not row.reason:
            yield "not explained: %s" % "\t".join(row[:4])


def proposals(found):
    for (capture, kind, sign), values in sorted(found.items()):
        for value, count in sorted(values.items()):
            yield Row(capture, kind, sign, value, count, "unexplained", "")


# ---- all ----

def captures_of(root, wanted):
    names = wanted or ["%s/%s" % (topic, file[:-len(".jsonl")]) for topic in TOPICS
                       for file in sorted(os.listdir(os.path.join(root, "expected", topic))) if file.endswith(".jsonl")]
    for name in names:
        if not os.path.exists(os.path.join(root, name)):
            sys.exit("there is no capture %s in %s" % (name, root))
    return names


def print_figures(looks):
    """Optional records count only where they stand: how many there are and how many of them were observed."""
    print("kind              expected  observed   matched   recall precision  optional")
    for kind in KINDS:
        def total(counter):
            return sum(n for look in looks for key, n in counter(look).items() if key.kind == kind)
        n_expected, n_observed = total(lambda look: look.expected.firm), total(lambda look: look.judged)
        n_matched = n_expected - total(lambda look: look.missing)
        print("%-16s %9d %9d %9d %8.4f %9.4f  %d of %d" % (
            kind, n_expected, n_observed, n_matched, n_matched / n_expected if n_expected else 1,
            n_matched / n_observed if n_observed else 1, total(lambda look: look.expected.optional & look.observed),
            total(lambda look: look.expected.optional)))


def print_differences(look):
    for sign, records in (("missing", look.missing), ("extra", look.extra)):
        for key, n in sorted(records.items()):
            print("%s\t%s\t%s\t%dx %s %s\t%s" % (look.name, key.kind, sign, n, key.value, key.detail, key.ends))


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--vedette", default=os.environ.get("VEDETTE"))
    parser.add_argument("--shared", default=os.environ.get("VEDETTE_SHARED"))
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("captures", nargs="*")
    a = parser.parse_args()
    if not a.vedette:
        parser.error("--vedette or $VEDETTE must name the program")
    return a


def report(looks, rows, a):
    """Print what was found; True when all is well."""
    faults = ["%s: %s" % (look.name, fault) for look in looks for fault in look.faults]
    found = collections.defaultdict(collections.Counter)
    for look in looks:
        found.update(look.differences())
        if a.list:
            print_differences(look)
    n_differences = sum(sum(values.values()) for values in found.values())
    faults += unlisted(found, rows)
    news = list(proposals(found))
    for row in news:
        print("\t".join(map(str, row)) if a.update else "not listed: " + "\t".join(map(str, row[:5])))
    for fault in faults[:FAULTS_SHOWN]:
        print(fault)
    print_figures(looks)
    by_class = collections.Counter({name: 0 for name in CLASSES})
    for row in rows:
        by_class[row.why_class] += row.count
    print("%d captures, %d lines; %d differences (listed: %s), %d not listed; %d faults" % (
        len(looks), sum(len(look.lines) for look in looks), n_differences,
        ", ".join("%s %d" % pair for pair in by_class.items()), sum(row.count for row in news), len(faults)))
    return not faults and not news


def main():
    a = arguments()
    root = os.path.join(a.shared, "captures") if a.shared else None
    if not root or not os.path.isdir(root):
        print("skipped: no shared captures (set VEDETTE_SHARED)")
        return SKIPPED
    names = captures_of(root, a.captures)
    rows = [row for row in read_known(KNOWN) if not a.captures or row.capture in names]
    validator = Validator(os.path.join(a.shared, SCHEMA))
    looks = [look_at(name, a.vedette, root, validator) for name in names]
    return 0 if report(looks, rows, a) else 1


if __name__ == "__main__":
    sys.exit(main())
