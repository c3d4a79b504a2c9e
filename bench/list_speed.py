#!/usr/bin/env python3
"""list_speed.py [--vedette PATH] [--megabytes N] [FORMAT...]: how fast large lists load, and what that costs in memory.

Makes one list per format in a temporary directory (random names, the same in every run), compiles each, and prints CPU time, rate, peak
memory, and that memory against the file and against the compiled db. Beside each stands what only reading the file takes (Python's
read loop), so that a slow disk or machine shows. FORMAT: plain csv stix misp ndjson maltrail; all of them when none is named.
"""
import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import uuid

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
TLDS = (".com", ".net", ".xyz", ".top", ".example", ".ru")
MARKING = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
IDENTITY = "identity--00000000-0000-4000-8000-000000000001"


def names():
    chance = random.Random(1)
    while True:
        yield "".join(chance.choices(LETTERS, k=8 + chance.randrange(7))) + chance.choice(TLDS)


def stix_object(i, name):
    return json.dumps({
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.UUID(int=i + 5)}",
        "created": "2026-01-02T03:04:05.000Z", "modified": "2026-01-02T03:04:05.000Z", "created_by_ref": IDENTITY,
        "name": f"Phishing domain {name}", "description": "Reported by an analyst; tags #phishing #scam",
        "indicator_types": ["malicious-activity"], "pattern": f"[domain-name:value = '{name}']", "pattern_type": "stix",
        "valid_from": "2026-01-02T03:04:05Z", "labels": ["phishing", "scam"], "confidence": 70,
        "external_references": [{"source_name": "x", "url": f"https://ref.example/status/{i}"}],
        "object_marking_refs": [MARKING]})


def misp_attribute(i, name):
    return json.dumps({
        "uuid": str(uuid.UUID(int=i + 5)), "type": "domain", "category": "Network activity", "value": name, "to_ids": True,
        "comment": "", "timestamp": "1767323045", "disable_correlation": False, "deleted": False,
        "Tag": [{"name": "tlp:green", "colour": "#33FF00"}]})


def ndjson_line(i, name):
    return json.dumps({"id": str(i), "ioc_value": name, "ioc_type": "domain", "threat_type": "botnet_cc", "malware": "emotet",
                       "first_seen_utc": "2026-01-02 03:04:05", "confidence_level": 75, "reporter": "someone"})


# Per format: what stands in front, an entry, what is between two, what stands behind.
FORMATS = {
    "plain": ("", lambda i, name: name, "\n", "\n"),
    "maltrail": ("# Copyright (c) 2014-2026 Maltrail developers\n\n# Reference: https://csirt.example/1\n\n", lambda i, name: name, "\n", "\n"),
    "csv": ('"id","first_seen_utc","ioc_type","ioc_value","confidence_level","tags"\n',
            lambda i, name: f'"{i}","2026-01-02 03:04:05","domain","{name}","75","c2,emotet"', "\n", "\n"),
    "ndjson": ("", ndjson_line, "\n", "\n"),
    "stix": ('{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[\n', stix_object, ",\n",
             ',\n' + json.dumps({"type": "identity", "spec_version": "2.1", "id": IDENTITY, "name": "Example CSIRT"}) + "]}\n"),
    "misp": ('{"Event":{"info":"big","uuid":"20000000-0000-4000-8000-000000000001","Attribute":[\n', misp_attribute, ",\n",
             '],"Orgc":{"name":"Example CSIRT"},"Tag":[{"name":"tlp:amber"}]}}\n'),
}
ENTRIES_MAX = {"plain": 1000000, "maltrail": 1000000, "csv": 1000000}


def make(path, name, limit):
    head, entry, between, tail = FORMATS[name]
    source, n, size = names(), 0, 0
    with open(path, "w", encoding="ascii") as f:
        f.write(head)
        while size < limit and n < ENTRIES_MAX.get(name, sys.maxsize):
            text = entry(n, next(source))
            f.write(between + text if n else text)
            size += len(text) + len(between)
            n += 1
        f.write(tail)
    return n


def read_seconds(path):
    start = time.process_time()
    with open(path, "rb", buffering=0) as f:
        while f.read(1 << 20):
            pass
    return time.process_time() - start


def measure(program, path, db):
    child = subprocess.Popen([program, "compile", "-q", "-l", path, "-o", db])
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{path}: {program} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vedette", default=os.environ.get("VEDETTE", "build/tools/vedette"))
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("formats", nargs="*", choices=[[], *FORMATS])
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(f"{'format':9} {'entries':>9} {'MB':>6} {'CPU s':>6} {'MB/s':>6} {'reading s':>9} {'peak MB':>8} {'of file':>8} {'of db':>6}")
    with tempfile.TemporaryDirectory(prefix="vedette-lists.") as room:
        for name in args.formats or FORMATS:
            path, db = os.path.join(room, name), os.path.join(room, "db")
            n = make(path, name, args.megabytes * 1000000)
            size = os.path.getsize(path)
            runs = sorted(measure(args.vedette, path, db) for _ in range(3))
            cpu, peak = runs[1]
            print(f"{name:9} {n:9} {size / 1e6:6.0f} {cpu:6.2f} {size / 1e6 / cpu:6.0f} {read_seconds(path):9.3f} {peak / 1e6:8.0f} "
                  f"{peak / size:8.1f} {peak / os.path.getsize(db):6.1f}")
            os.unlink(path)


if __name__ == "__main__":
    main()
