#!/usr/bin/env python3
"""exports.py [--vedette PATH] [LIST...]: convert lists (one with every kind of entry) and hold what comes out to what others want.

STIX 2.1: required properties, forms of identifiers and times, no identifier twice, every reference resolved in the bundle.
MISP: the fields an import wants, known types, no attribute twice. Native YAML: PyYAML reads it, each bare value as text. Zeek intel: as
many columns as it says. Dataset: Base64 of names. RPZ: named-checkzone, where it is installed. Exit 1 when something is wrong.
"""
import argparse
import base64
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
EVERY_KIND = os.path.join(HERE, "..", "fuzz", "fuzz_list_export.corpus", "every-kind")
NAME = re.compile(r"^[a-z0-9_.-]+$")
STIX_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
STIX_REQUIRED = {  # STIX 2.1, sections 3.2, 4.5, 4.7 and 7.2.1
    "identity": {"type", "spec_version", "id", "created", "modified", "name"},
    "indicator": {"type", "spec_version", "id", "created", "modified", "pattern", "pattern_type", "valid_from"},
    "marking-definition": {"type", "spec_version", "id", "created"},
}
MISP_EVENT = {"uuid", "info", "date", "timestamp", "threat_level_id", "analysis", "distribution", "published", "Attribute"}
MISP_ATTRIBUTE = {"uuid", "type", "category", "value", "to_ids", "distribution", "comment"}
MISP_TYPES = {"domain", "hostname", "ip-dst", "ip-dst|port", "hostname|port", "url", "uri", "user-agent", "ja3-fingerprint-md5",
              "x509-fingerprint-sha1"}  # all are of the category "Network activity"


def unique_pairs(pairs):
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return dict(pairs)


def read_json(text):
    return json.loads(text.decode("utf-8"), object_pairs_hook=unique_pairs)


def is_uuid(text):
    return str(uuid.UUID(text)) == text and uuid.UUID(text).variant == uuid.RFC_4122


def stix_identifier_faults(o):
    kind, _, rest = o["id"].partition("--")
    if kind != o["type"] or not is_uuid(rest):
        yield "bad id"
    for key in ("created", "modified", "valid_from", "valid_until"):
        if key in o and not STIX_TIME.match(o[key]):
            yield "bad " + key


def stix_indicator_faults(o):
    if o["modified"] < o["created"] or ("valid_until" in o and o["valid_until"] <= o["valid_from"]):
        yield "times out of order"
    if not re.match(r"^\[.+\]$", o["pattern"], re.DOTALL) or o["pattern_type"] != "stix":
        yield "bad pattern"
    if not 0 <= o.get("confidence", 0) <= 100:
        yield "bad confidence"
    for key in ("labels", "kill_chain_phases", "external_references", "object_marking_refs"):
        if key in o and not o[key]:
            yield key + " is empty"
    for reference in o.get("external_references", []):
        if "source_name" not in reference or not {"description", "url", "external_id"} & set(reference):
            yield "bad external reference"


def stix_faults(text):
    bundle = read_json(text)
    objects = bundle.get("objects", [])
    ids = [o["id"] for o in objects]
    if bundle["type"] != "bundle" or not is_uuid(bundle["id"].partition("--")[2]):
        yield "no bundle"
    if len(ids) != len(set(ids)):
        yield "an identifier stands twice"
    for at, o in enumerate(objects):
        missing = STIX_REQUIRED[o["type"]] - set(o)
        if missing:
            yield "%s lacks %s" % (o["id"], missing)
            continue
        faults = list(stix_identifier_faults(o)) + (list(stix_indicator_faults(o)) if o["type"] == "indicator" else [])
        for reference in o.get("object_marking_refs", []) + [o[k] for k in ("created_by_ref",) if k in o]:
            if reference not in ids[:at]:
                faults.append("%s has not been introduced" % reference)
        yield from ("%s: %s" % (o["id"], fault) for fault in faults)


def misp_faults(text):
    event = read_json(text)["Event"]
    if MISP_EVENT - set(event) or not is_uuid(event["uuid"]):
        yield "event lacks something"
    datetime.date.fromisoformat(event["date"])
    attributes = event["Attribute"]
    for key in (lambda a: a["uuid"], lambda a: (a["type"], a["value"])):
        if len({key(a) for a in attributes}) != len(attributes):
            yield "an attribute stands twice"
    for a in attributes:
        if MISP_ATTRIBUTE - set(a) or a["type"] not in MISP_TYPES or a["category"] != "Network activity" or not is_uuid(a["uuid"]):
            yield "%s: bad attribute" % a
        if "first_seen" in a:
            datetime.datetime.fromisoformat(a["first_seen"])


def yaml_faults(text):
    try:
        import yaml
    except ImportError:
        print("PyYAML is not there: YAML is not read", file=sys.stderr)
        return
    document = yaml.safe_load(text.decode("utf-8"))
    if document.pop("vedette") != 1:
        yield "no version"
    for entry in document.get("indicators", []) + document.get("allow", []):
        values = [entry] if not isinstance(entry, dict) else [entry[k] for k in list(entry)[:1] + [k for k in TEXT_KEYS if k in entry]]
        yield from ("%r is not a text" % value for value in values if not isinstance(value, str))


TEXT_KEYS = ("list", "organisation", "reference", "description", "id", "match", "tlp")


def zeek_faults(text):
    lines = text.decode("utf-8").split("\n")
    columns = lines[0].split("\t")[1:]
    if lines[0].split("\t")[0] != "#fields" or lines[-1]:
        yield "no head, or no end"
    for line in lines[1:-1]:
        if len(line.split("\t")) != len(columns) or not re.search(r"\tIntel::[A-Z_]+\t[^\t]", line):
            yield "bad line %r" % line


def dataset_faults(text):
    for line in text.decode("ascii").split("\n")[:-1]:
        if not NAME.match(base64.b64decode(line, validate=True).decode("ascii")):
            yield "bad line %r" % line


def rpz_faults(text):
    program = shutil.which("named-checkzone") or shutil.which("named-checkzone", path="/usr/sbin:/usr/bin")
    if not program:
        print("named-checkzone is not there: the zone is not read", file=sys.stderr)
        return
    with tempfile.NamedTemporaryFile() as zone:
        zone.write(text)
        zone.flush()
        done = subprocess.run([program, "rpz.example", zone.name], capture_output=True, text=True)
    if done.returncode != 0:
        yield done.stdout


CHECKS = {"stix": stix_faults, "misp": misp_faults, "yaml": yaml_faults, "zeek": zeek_faults, "dataset": dataset_faults, "rpz": rpz_faults}


def convert(vedette, target, path):
    done = subprocess.run([vedette, "lists", "convert", "-q", "--to", target, path], capture_output=True)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr.decode("utf-8", "replace"))
    return done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vedette", default=os.environ.get("VEDETTE"), required="VEDETTE" not in os.environ)
    parser.add_argument("lists", nargs="*", metavar="LIST", default=[EVERY_KIND])
    options = parser.parse_args()
    n_faults = 0
    for path in options.lists:
        for target, check in CHECKS.items():
            for fault in check(convert(options.vedette, target, path)):
                print("%s as %s: %s" % (path, target, fault))
                n_faults += 1
    print("%d faults" % n_faults)
    return 1 if n_faults else 0


if __name__ == "__main__":
    sys.exit(main())
