#!/usr/bin/env python3
"""certificates.py [--vedette PATH] [--shared DIR] [CAPTURE ...]

What `vedette fields` says of servers' certificates, against tshark, which cuts them out of real captures, and `openssl x509`, which reads them:
fingerprint, subject, issuer, serial, dates and alternative names of each certificate that a server sends first.

  DIR/captures/TOPIC/CAPTURE   the captures: all of them, or those named as TOPIC/CAPTURE

The program is --vedette, else $VEDETTE; DIR is --shared, else $VEDETTE_SHARED. Differences have to be in known_certificates.tsv, and what is there
has to happen: capture, missing|extra, SHA-1, count, reason.

Exit status: 0 all is explained, 1 not, 77 there is no DIR, or no tshark or openssl.
"""
import argparse
import collections
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True

HERE = os.path.dirname(os.path.abspath(__file__))
KNOWN = os.path.join(HERE, "known_certificates.tsv")
SKIPPED = 77
TIMEOUT_S = 120
NAME_OPTIONS = "sname,utf8,esc_2253,esc_ctrl,sep_comma_plus_space"
TSHARK = ["tshark", "-n", "-o", "tcp.reassemble_out_of_order:TRUE", "-Y", "tls.handshake.type in {2, 11}", "-T", "fields",
          "-E", "occurrence=a", "-E", "aggregator=,", "-e", "ip.src", "-e", "ipv6.src", "-e", "tcp.srcport",
          "-e", "ip.dst", "-e", "ipv6.dst", "-e", "tcp.dstport", "-e", "tls.handshake.type", "-e", "tls.handshake.certificate", "-r"]


def last(text):
    return text.split(",")[-1]


def servers_certificates(path):
    """Ends and DER of the first certificate of each Certificate message of a side that says ServerHello, as tshark has them; TCP only."""
    out = subprocess.run(TSHARK + [path], capture_output=True, text=True, timeout=TIMEOUT_S).stdout
    servers = set()
    for line in out.splitlines():
        src4, src6, sport, dst4, dst6, dport, types, ders = (line.split("\t") + [""] * 8)[:8]
        ends = (last(src4) or last(src6), last(sport), last(dst4) or last(dst6), last(dport))
        if "2" in types.split(","):
            servers.add(ends)
        if sport and ders and ends in servers:
            yield ends, bytes.fromhex(ders.split(",")[0].replace(":", ""))


def openssl(der, *args):
    done = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout"] + list(args), input=der, capture_output=True)
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else ""


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def date(text):
    """"Oct 10 15:55:47 2015 GMT" """
    found = re.match(r"(\w{3}) +(\d+) (\S+) (\d{4}) GMT", text)
    return found and "%s-%02d-%02dT%s" % (found[4], MONTHS.index(found[1]) + 1, int(found[2]), found[3])


def read_by_openssl(der):
    text = openssl(der, "-subject", "-issuer", "-dates", "-serial", "-nameopt", NAME_OPTIONS)
    said = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    alt = openssl(der, "-ext", "subjectAltName")
    names = re.findall(r"(?:DNS|IP Address):([^,\n]*)", alt)
    return {"fingerprint": ":".join(re.findall("..", hashlib.sha1(der).hexdigest())), "subject": said.get("subject", ""),
            "issuerdn": said.get("issuer", ""), "serial": int(said.get("serial", "0") or "0", 16),
            "notbefore": date(said.get("notBefore", "")), "notafter": date(said.get("notAfter", "")),
            "subjectaltname": sorted(canonical_alt(n) for n in names)}


def canonical_alt(name):
    if ":" in name or re.fullmatch(r"[\d.]+", name):
        import ipaddress
        try:
            return str(ipaddress.ip_address(name))
        except ValueError:
            return name
    return name


def serial_number(text):
    """DER's INTEGER is signed."""
    raw = bytes.fromhex(text.replace(":", ""))
    return int.from_bytes(raw, "big", signed=True) if raw else 0


def read_by_vedette(tls):
    return {"fingerprint": tls["fingerprint"], "subject": tls.get("subject", ""), "issuerdn": tls.get("issuerdn", ""),
            "serial": serial_number(tls.get("serial", "")), "notbefore": tls.get("notbefore"), "notafter": tls.get("notafter"),
            "subjectaltname": sorted(canonical_alt(n) for n in tls.get("subjectaltname", []))}


def observed(program, path):
    out = subprocess.run([program, "fields", path], capture_output=True, timeout=TIMEOUT_S).stdout
    for line in out.splitlines():
        event = json.loads(line)
        if "fingerprint" in event.get("tls", {}):
            yield (event["src_ip"], str(event["src_port"]), event["dest_ip"], str(event["dest_port"])), event["tls"]


def read_known():
    known = {}
    try:
        with open(KNOWN, encoding="utf-8") as f:
            for line in f:
                if line.strip() and not line.startswith("#"):
                    capture, sign, sha1, count, reason = line.rstrip("\n").split("\t")
                    known[capture, sign, sha1] = int(count), reason
    except FileNotFoundError:
        pass
    return known


class Tally:
    def __init__(self):
        self.certificates = self.values = self.faults = 0
        self.differences = collections.Counter()

    def fault(self, *words):
        self.faults += 1
        print(*words)


def compare_values(tally, capture, der, tls):
    right, ours = read_by_openssl(der), read_by_vedette(tls)
    for key in right:
        tally.values += 1
        if right[key] != ours[key] and not (key.startswith("not") and ours[key] is None):
            tally.fault(capture, key, "openssl:", repr(right[key]), "vedette:", repr(ours[key]))


def compare(tally, program, shared, capture):
    path = os.path.join(shared, "captures", capture)
    expected = collections.defaultdict(list)
    for ends, der in servers_certificates(path):
        expected[ends, hashlib.sha1(der).hexdigest()].append(der)
    for ends, tls in observed(program, path):
        sha1 = tls["fingerprint"].replace(":", "")
        if expected[ends, sha1]:
            tally.certificates += 1
            compare_values(tally, capture, expected[ends, sha1].pop(), tls)
        else:
            tally.differences[capture, "extra", sha1] += 1
    for (ends, sha1), ders in expected.items():
        if ders:
            tally.differences[capture, "missing", sha1] += len(ders)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vedette", default=os.environ.get("VEDETTE"))
    parser.add_argument("--shared", default=os.environ.get("VEDETTE_SHARED"))
    parser.add_argument("captures", nargs="*")
    args = parser.parse_args()
    root = os.path.join(args.shared or "", "captures")
    if not args.vedette or not args.shared or not os.path.isdir(root) or not shutil.which("tshark") or not shutil.which("openssl"):
        print("skipped: needs vedette, captures, tshark and openssl")
        return SKIPPED
    captures = args.captures or sorted(os.path.relpath(p, root) for p in glob.glob(os.path.join(root, "*", "*.pcap*")))
    tally, known = Tally(), read_known()
    for capture in captures:
        compare(tally, args.vedette, args.shared, capture)
    for key, count in sorted(tally.differences.items()):
        if known.get(key, (0,))[0] != count:
            tally.fault("\t".join(key + (str(count), "unexplained")))
    for key, (count, reason) in known.items():
        if key[0] in captures and tally.differences[key] != count:
            tally.fault("known, but it did not happen:", *key)
    print("%d captures, %d certificates alike in %d values, %d differences, %d unexplained"
          % (len(captures), tally.certificates, tally.values, sum(tally.differences.values()), tally.faults))
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
