#!/usr/bin/env python3
"""validate.py SCHEMA [FILE...]

Check JSON lines (standard input without FILE, or as "-") against a JSON schema, Draft 7, such as the one Suricata
publishes for EVE. Each line must also be one line to every reader: strict JSON, ASCII or UTF-8, no key twice, no raw
control character or line separator. Says where and why for the first faults, and how many lines were read; exit 1 when
there was a fault, 2 when there was nothing to check.
"""
import json
import sys

import jsonschema

FAULTS_SHOWN = 20


def unique_keys(pairs):
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError('a key stands twice in one object')
    return dict(pairs)


def not_json(word):
    raise ValueError('%s is not JSON' % word)


def parse(raw):
    if not raw.endswith(b'\n'):
        raise ValueError('does not end in a newline')
    text = raw[:-1].decode('utf-8')
    if len(text.splitlines()) != 1:
        raise ValueError('is empty, or several lines to some readers')
    if any(c < ' ' or c == '\x7f' for c in text):
        raise ValueError('has a raw control character')
    return json.loads(text, object_pairs_hook=unique_keys, parse_constant=not_json)


def faults_of(raw, validator):
    try:
        value = parse(raw)
    except ValueError as why:
        return [str(why)]
    return ['/'.join(str(part) for part in fault.absolute_path) + ': ' + fault.message[:200]
            for fault in validator.iter_errors(value)]


def check(name, stream, validator, shown):
    """(lines, lines with a fault); prints faults while `shown` lasts."""
    n_lines = n_bad = 0
    for raw in stream:
        n_lines += 1
        faults = faults_of(raw, validator)
        n_bad += bool(faults)
        for fault in faults:
            if len(shown) < FAULTS_SHOWN:
                shown.append(fault)
                print('%s:%d: %s' % (name, n_lines, fault), file=sys.stderr)
    return n_lines, n_bad


def main(argv):
    if len(argv) < 2 or argv[1].startswith('-'):
        sys.exit(__doc__)
    with open(argv[1], encoding='utf-8') as f:
        schema = json.load(f)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    n_lines = n_bad = 0
    shown = []
    for name in argv[2:] or ['-']:
        stream = sys.stdin.buffer if name == '-' else open(name, 'rb')
        lines, bad = check(name, stream, validator, shown)
        n_lines += lines
        n_bad += bad
    print('%d lines, %d with faults' % (n_lines, n_bad), file=sys.stderr)
    return 1 if n_bad else 0 if n_lines else 2


if __name__ == '__main__':
    sys.exit(main(sys.argv))
