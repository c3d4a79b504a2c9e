#!/usr/bin/env python3
"""feeds.py [--vedette PATH] [--shared DIR] [--list] [FILE ...]

Checks real lists with `vedette lists check --json` and compares what was counted with what an independent reader of the
same files counted: entries by type, rejects by reason, exceptions. Every difference must be listed in
known_feed_differences.tsv with the reason for it, and everything listed there must still happen. The sums must hold:
entries = loaded + merged + skipped, for each list and each type.

  DIR/feeds/FILE             the lists
  DIR/feeds/EXPECTED.json    what the independent reader counted

The program is --vedette, else $VEDETTE; DIR is --shared, else $VEDETTE_SHARED. --list prints all differences.

A row of known_feed_differences.tsv:
  file  key  theirs  ours  reason
`key` is type.NAME, reject.CODE or allow.

Exit status: 0 all is explained, 1 not, 2 wrong use, 77 there is no DIR.
"""
import argparse
import collections
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True

HERE = os.path.dirname(os.path.abspath(__file__))
KNOWN = os.path.join(HERE, "known_feed_differences.tsv")
SKIPPED = 77
TIMEOUT_S = 120

# Their names of types in ours; what they tell apart and we do not is added up.
TYPES = {
    "domain_sub": "domain", "ipv4_port": "ip_port", "ipv6_port": "ip_port", "like": "regex", "wl_regex": "regex",
    "string": "other", "wl_string": "domain", "wl_substring": "regex",
}
# Types that no packet shows: skipped here, entries there.
UNMATCHABLE = {"md5", "sha1", "sha256", "other"}


# Formats whose entries are all exceptions here.
ALLOWING = {"warninglist", "psl"}


def theirs_of(expected):
    counts = collections.Counter()
    if expected["format"] in ALLOWING:
        counts["allow"] = expected["entries"]
        counts.update({"reject." + code: n for code, n in expected.get("rejects", {}).items()})
        return counts
    for name, n in expected.get("by_type", {}).items():
        counts["type." + TYPES.get(name, name)] += n
    for code, n in expected.get("rejects", {}).items():
        counts["reject." + code] += n
    counts["allow"] += expected.get("allow", 0)
    return counts


def ours_of(report, theirs):
    counts = collections.Counter()
    for name, n in report["by_type"].items():
        if name in UNMATCHABLE:
            if "type." + name in theirs:
                counts["type." + name] += n["skipped"]
        else:
            counts["type." + name] += n["loaded"] + n["merged"]
    for code, n in report["by_reason"].items():
        counts["reject." + code] += n
    counts["allow"] += report["allowed"]
    return counts


def fault_in_sums(report):
    if report["entries"] != report["loaded"] + report["merged"] + report["skipped"]:
        return "entries are not loaded + merged + skipped"
    for what in ("loaded", "merged", "skipped"):
        if sum(n[what] for n in report["by_type"].values()) != report[what]:
            return f"{what} is not the sum over the types"
    if report["skipped"] != report["rejected"] + report["passed_over"]:
        return "skipped is not rejected + passed over"
    return None


def check(program, path):
    done = subprocess.run([program, "lists", "check", "--json", path], capture_output=True, timeout=TIMEOUT_S)
    if done.returncode not in (0, 1, 2):
        raise SystemExit(f"{path}: exit status {done.returncode}: {done.stderr.decode(errors='replace')[:300]}")
    reports = json.loads(done.stdout)["lists"]
    return reports[0]


def read_known():
    known = {}
    with open(KNOWN, encoding="utf-8") as rows:
        for line in rows:
            if line.strip() and not line.startswith("#"):
                file, key, theirs, ours, reason = line.rstrip("\n").split("\t")
                known[file, key] = int(theirs), int(ours), reason
    return known


def differences(program, feeds, files):
    with open(os.path.join(feeds, "EXPECTED.json"), encoding="utf-8") as f:
        expected = json.load(f)
    for entry in expected if isinstance(expected, list) else expected["files"]:
        name = entry["file"]
        if files and name not in files:
            continue
        report = check(program, os.path.join(feeds, name))
        fault = fault_in_sums(report)
        if fault:
            yield name, "sum", 0, 1, fault
        theirs = theirs_of(entry)
        ours = ours_of(report, theirs)
        for key in sorted(set(theirs) | set(ours)):
            if theirs[key] != ours[key]:
                yield name, key, theirs[key], ours[key], report["format"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vedette", default=os.environ.get("VEDETTE"))
    parser.add_argument("--shared", default=os.environ.get("VEDETTE_SHARED"))
    parser.add_argument("--list", action="store_true")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    if not args.vedette:
        parser.error("which program? --vedette or $VEDETTE")
    feeds = os.path.join(args.shared or "", "feeds")
    if not args.shared or not os.path.exists(os.path.join(feeds, "EXPECTED.json")):
        print("no lists to compare with: skipped")
        return SKIPPED
    known, seen, faults = read_known(), set(), []
    for name, key, theirs, ours, what in differences(args.vedette, feeds, args.files):
        row = known.get((name, key))
        seen.add((name, key))
        if args.list:
            print(f"{name}\t{key}\t{theirs}\t{ours}\t{row[2] if row else '(' + what + ')'}")
        if not row or row[:2] != (theirs, ours):
            faults.append(f"{name}: {key}: theirs {theirs}, ours {ours} ({what})")
    if not args.files:
        faults += [f"{name}: {key} is listed as a difference, but there is none" for name, key in known if (name, key) not in seen]
    print("\n".join(faults) or f"all explained: {len(seen)} known differences")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
