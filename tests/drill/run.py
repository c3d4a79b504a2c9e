#!/usr/bin/env python3
"""run.py [--vedette PATH] [--seed N] [--rounds N]: `vedette drill` and `vedette replay` over random lists, and `vedette drill score` over what came out.

- What replay alerts on the drill's capture is what --expected says, alert by alert: indicator, field, value seen, conversation, lists, packet and time within
  its bounds; no more and no less. The same seed gives the same bytes.
- score says the same, of our EVE in both versions, and of the same alerts written as Suricata, Zeek (TSV and JSON), Snort and Maltrail write them; with some
  taken away it says which are missed, with some added which are too much.
- tshark, where it is installed, finds nothing malformed and no wrong checksum.

The seed of a round that fails is printed; --seed N --rounds 1 runs it again. The program is --vedette, else $VEDETTE. Exit status 1 when something is wrong,
2 on wrong use.
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

TIMEOUT_S = 240
WORDS = ("bad", "evil", "drop", "gate", "panel", "cdn", "login", "relay")


# ---- random lists ----

def name(r):
    labels = [r.choice(WORDS) + (str(r.randrange(100)) if r.random() < 0.5 else "") for _ in range(r.randrange(1, 4))]
    return ".".join(labels) + "." + r.choice(("test", "invalid", "com.example", "evil.test", "bad.invalid"))


def ipv4(r):
    return "%s.%d" % (r.choice(("192.0.2", "198.51.100", "203.0.113")), r.randrange(1, 255))


def ipv6(r):
    return "2001:db8:%x::%x" % (r.randrange(4), r.randrange(1, 65536))


def path(r):
    return "/" + "/".join(r.choice(WORDS) for _ in range(r.randrange(1, 3))) + r.choice(("", ".php?id=1", "/%7euser", "?q=%2F"))


VALUES = (
    name, name, name, lambda r: "*." + name(r), ipv4, ipv6,
    lambda r: "192.0.2.%d/%d" % (r.randrange(256), r.randrange(24, 33)),
    lambda r: "2001:db8:%x::/%d" % (r.randrange(16), r.randrange(48, 65)),
    lambda r: "203.0.113.%d-203.0.113.%d" % (r.randrange(10), r.randrange(10, 20)),
    lambda r: "%s:%d" % (ipv4(r), r.choice((80, 443, 8443))),
    lambda r: "[%s]:%d" % (ipv6(r), r.choice((80, 443, 8080))),
    lambda r: "%s:%d" % (name(r), r.choice((80, 443, 8080))),
    lambda r: "http://" + name(r) + path(r),
    lambda r: "https://%s:%d%s" % (name(r), r.choice((443, 8443)), path(r)),
    lambda r: "http://" + ipv4(r) + path(r),
    lambda r: name(r) + path(r), path,
    lambda r: "evil-*." + name(r),
)


REGEXES = ("^%s[0-9]+\\.test$", "%s-\\d{2}\\.(test|invalid)", "(^|\\.)%s\\.[a-z]{4}$", "/%s/[a-z]+\\.php$", "^http://[^/]+/%s\\?id=\\w+", "%s(?=x)",
           "[a-f0-9]{8}\\.%s\\.")


def text_list(r):
    return "".join(r.choice(VALUES)(r) + "\n" for _ in range(r.randrange(1, 40)))


def yaml_list(r):
    out = ["vedette: 1", "name: native %d" % r.randrange(9), "indicators:"]
    for _ in range(r.randrange(1, 15)):
        entry = {"value": r.choice(VALUES)(r)}
        kind = r.random()
        if kind < 0.1:
            entry = {"user_agent": "Bot/%d.0 %s" % (r.randrange(9), r.choice(WORDS))}
        elif kind < 0.2:
            entry = {"domain": name(r), "match": r.choice(("exact", "suffix", "below"))}
        elif kind < 0.3:
            entry = {"regex": r.choice(REGEXES) % r.choice(WORDS), "ignore_case": r.random() < 0.5}
        elif kind < 0.35:
            entry = {"ja3": "%032x" % r.getrandbits(128)}
        elif kind < 0.45:
            entry = {"domain": name(r), "fields": [r.choice(("dns.query", "tls.sni", "http.host", "quic.sni", "smtp.helo"))]}
        if r.random() < 0.2:
            entry["valid_from"] = "20%02d-01-01" % r.randrange(20, 30)
        if r.random() < 0.2:
            entry["valid_until"] = "20%02d-06-01" % r.randrange(20, 30)
        out.append("  - " + json.dumps(entry))
    return "\n".join(out) + "\n"


def options(r):
    out = ["--seed", str(r.randrange(1000))]
    if r.random() < 0.3:
        out += ["--ways", r.choice(("one", "dns,tls", "http,connection", "quic"))]
    if r.random() < 0.3:
        out += ["--hit-rate", r.choice(("0.05", "0.5", "1"))]
    if r.random() < 0.2:
        out += ["--size", "3M"]
    if r.random() < 0.2:
        out += ["--packets", "5k"]
    if r.random() < 0.2:
        out += ["--mix", r.choice(("dns=1", "tls=3,quic=1", "connection=1,http=2"))]
    if r.random() < 0.2:
        out += ["--start", "2024-0%d-01T00:00:00Z" % r.randrange(1, 10)]
    for option, chance in (("--one-sided", 0.2), ("--near-misses", 0.4)):
        out += [option] if r.random() < chance else []
    if r.random() < 0.4:
        out += ["--evasion", str(r.randrange(1, 4))]
    if r.random() < 0.2:
        out += ["--tunnel", "service-vlan", "--tunnel", "vlan"]
    return out


# ---- what is expected, and what was reported ----

def lines(file):
    with open(file, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def ends(o):
    return (o["src_ip"], o.get("src_port", 0)), (o["dest_ip"], o.get("dest_port", 0))


def of_expected(o):
    return (tuple(sorted(ends(o))), o["proto"], o["community_id"], o["type"], o["value"], o["match"], o["field"], o["observed"],
            tuple(o["lists"]))


def of_alert(o):
    ioc = o["alert"]["context"]["ioc"]
    named = []
    for origin in ioc["origins"]:
        if not named or named[-1] != origin["list"]:
            named.append(origin["list"])
    return (tuple(sorted(ends(o))), o["proto"], o["community_id"], ioc["type"], ioc["value"], ioc["match"], ioc["field"], ioc["observed"],
            tuple(named))


def compare(expected, alerts):
    wanted, got = sorted(map(of_expected, expected)), sorted(map(of_alert, alerts))
    faults = ["expected, not alerted: %s" % (w,) for w in wanted if w not in got][:5] + \
             ["alerted, not expected: %s" % (g,) for g in got if g not in wanted][:5]
    if not faults and wanted != got:
        faults.append("%d expected, %d alerts: some are told twice" % (len(wanted), len(got)))
    window = {of_expected(e): e for e in expected}
    for a in alerts:
        e = window.get(of_alert(a))
        if e and not (e["packet_first"] <= a["pcap_cnt"] <= e["packet_last"] and e["start"] <= a["timestamp"] <= e["end"]):
            faults.append("alert out of its bounds: %s" % (a["pcap_cnt"],))
    return faults


# ---- the same alerts as others write them ----

def as_suricata(alerts):
    return "".join(json.dumps({"timestamp": a["timestamp"], "event_type": "alert", "src_ip": a["src_ip"], "src_port": a.get("src_port", 0),
                               "dest_ip": a["dest_ip"], "dest_port": a.get("dest_port", 0), "proto": a["proto"],
                               "alert": {"signature": "listed %s" % a["alert"]["context"]["ioc"]["value"], "signature_id": 1}}) + "\n"
                   for a in alerts) + json.dumps({"event_type": "flow", "src_ip": "192.0.2.1", "dest_ip": "192.0.2.2"}) + "\n"


def as_zeek_json(alerts):
    return "".join(json.dumps({"ts": 1.5, "uid": "C1", "id.orig_h": a["src_ip"], "id.orig_p": a.get("src_port", 0), "id.resp_h": a["dest_ip"],
                               "id.resp_p": a.get("dest_port", 0), "seen.indicator": a["alert"]["context"]["ioc"]["observed"]}) + "\n" for a in alerts)


def as_zeek_tsv(alerts):
    head = "#separator \\x09\n#path\tintel\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tseen.indicator\tseen.where\n"
    return head + "".join("1.5\tC1\t%s\t%d\t%s\t%d\t%s\tDNS::IN_REQUEST\n" % (a["src_ip"], a.get("src_port", 0), a["dest_ip"], a.get("dest_port", 0),
                                                                         a["alert"]["context"]["ioc"]["value"]) for a in alerts) + "#close\n"


def as_snort(alerts):
    return "".join(json.dumps({"msg": "LIST hit", "src_ap": "%s:%d" % (a["src_ip"], a.get("src_port", 0)),
                               "dst_ap": "%s:%d" % (a["dest_ip"], a.get("dest_port", 0))}) + "\n" for a in alerts)


def as_maltrail(alerts):
    return "".join('"2026-01-01 00:00:00.000000" sensor %s %d %s %d %s DNS "(www.)%s" "malware (x)" (static)\n' % (
        a["src_ip"], a.get("src_port", 0), a["dest_ip"], a.get("dest_port", 0), a["proto"], a["alert"]["context"]["ioc"]["value"]) for a in alerts)


# ---- a round ----

class Room:
    def __init__(self, program, directory):
        self.program, self.directory = program, directory

    def path(self, file):
        return os.path.join(self.directory, file)

    def write(self, file, text):
        with open(self.path(file), "w", encoding="utf-8") as out:
            out.write(text)
        return self.path(file)

    def run(self, *arguments, allowed=(0,)):
        done = subprocess.run([self.program, *arguments], cwd=self.directory, capture_output=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL)
        if done.returncode not in allowed:
            raise AssertionError("vedette %s: exit %d: %s" % (" ".join(arguments), done.returncode, done.stderr.decode(errors="replace")[-2000:]))
        return done

    def score(self, *reports, allowed=(0,)):
        done = self.run("drill", "score", "--expected", self.path("expected.json"), "--json", *reports, allowed=allowed)
        return json.loads(done.stdout)


def check_scores(room, expected, alerts, r):
    faults = []
    is_spoken = not any(a["alert"]["context"]["ioc"]["type"] == "regex" for a in alerts)  # by Maltrail: brackets mean something there
    for label, write in (("suricata", as_suricata), ("zeek.json", as_zeek_json), ("zeek.log", as_zeek_tsv), ("snort", as_snort)) + ((("maltrail", as_maltrail),) if is_spoken else ()):
        total = room.score(room.write(label, write(alerts)), allowed=(0, 1))["total"] if alerts else {"missed": 0, "extra": 0}
        if total["missed"] or total["extra"]:
            faults.append("as %s: %s" % (label, total))
    pairs = {(of_expected(e)[0], e["type"], e["value"]) for e in expected}
    if pairs:
        gone = r.choice(sorted(pairs))
        left = [a for a in alerts if (of_alert(a)[0], *of_alert(a)[3:5]) != gone]
        stray = dict(alerts[0], src_ip="192.0.2.251", src_port=9)
        report = room.score(room.write("less.json", "".join(json.dumps(a) + "\n" for a in left + [stray])), allowed=(1,))
        missed = [(m["type"], m["value"]) for m in report["missed"]]
        if missed != [gone[1:]] or report["total"]["extra"] != 1 or report["total"]["expected"] != len(pairs):
            faults.append("one taken away, one added: %s" % report["total"])
    return faults


def check_tshark(capture):
    if not shutil.which("tshark"):
        return []
    done = subprocess.run(["tshark", "-n", "-r", capture, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
                           "-Y", "(_ws.malformed and (dns or quic or tls)) or tcp.checksum.status == 0 or udp.checksum.status == 0 or ip.checksum.status == 0"],
                          capture_output=True, timeout=TIMEOUT_S, check=False)
    return ["tshark: " + line for line in done.stdout.decode(errors="replace").splitlines()[:3]]


def run_round(program, seed):
    r = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="vedette-drill.") as directory:
        room = Room(program, directory)
        lists = [room.write("list%d.txt" % i, text_list(r)) for i in range(r.randrange(1, 3))]
        lists += [room.write("native.yaml", yaml_list(r))] if r.random() < 0.7 else []
        allow = ["--allow", room.write("allow.txt", "".join(name(r) + "\n" for _ in range(3)) + ipv4(r) + "\n")] if r.random() < 0.4 else []
        chosen = options(r)
        room.run("drill", "-q", *chosen, *allow, *lists, "-o", "x.pcap", "--expected", "expected.json")
        room.run("drill", "-q", *chosen, *allow, *lists, "-o", "again.pcap")
        with open(room.path("x.pcap"), "rb") as one, open(room.path("again.pcap"), "rb") as other:
            faults = [] if one.read() == other.read() else ["the same seed gave other bytes"]
        with_lists = [a for file in lists for a in ("-l", file)]
        room.run("replay", "-q", "--no-cache", *with_lists, *allow, "-o", "eve.json", "x.pcap")
        said, alerts = lines(room.path("expected.json")), lines(room.path("eve.json"))
        expected = [e for e in said if e["kind"] == "alert"]
        faults += compare(expected, alerts)
        total = room.score(room.path("eve.json"), allowed=(0, 1))["total"]
        if total["missed"] or total["extra"]:
            faults.append("score: %s" % total)
        if "--evasion" not in chosen:
            faults += check_scores(room, expected, alerts, r) + check_tshark(room.path("x.pcap"))
        return ["seed %d (%s): %s" % (seed, " ".join(chosen), fault) for fault in faults], len(expected)


def main():
    parser = argparse.ArgumentParser(description="vedette drill over random lists.")
    parser.add_argument("--vedette", default=os.environ.get("VEDETTE"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=12)
    options_given = parser.parse_args()
    if not options_given.vedette:
        parser.error("which program? --vedette or $VEDETTE")
    faults, n = [], 0
    for seed in range(options_given.seed, options_given.seed + options_given.rounds):
        try:
            found, n_expected = run_round(os.path.abspath(options_given.vedette), seed)
        except AssertionError as fault:
            found, n_expected = ["seed %d: %s" % (seed, fault)], 0
        faults += found
        n += n_expected
    print("\n".join(faults) if faults else "ok: %d rounds, %d alerts as expected" % (options_given.rounds, n))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
