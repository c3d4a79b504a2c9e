#!/usr/bin/env python3
"""count-results.py TESTLOG.json: Meson's results as one line, "N passed, N failed[, N skipped]".

Exit status 1 when any failed, or none ran at all.
"""
import json
import sys

PASSED, SKIPPED = {"OK", "EXPECTEDFAIL"}, {"SKIP", "IGNORED"}


def results(path):
    """The result of each test: Meson writes one JSON object a line."""
    try:
        with open(path, encoding="utf-8") as log:
            return [json.loads(line)["result"] for line in log if line.strip()]
    except FileNotFoundError:
        return []


def main():
    found = results(sys.argv[1])
    n_passed = sum(result in PASSED for result in found)
    n_skipped = sum(result in SKIPPED for result in found)
    n_failed = len(found) - n_passed - n_skipped
    print("%d passed, %d failed%s" % (n_passed, n_failed, ", %d skipped" % n_skipped if n_skipped else ""))
    return 1 if n_failed or not found else 0


if __name__ == "__main__":
    sys.exit(main())
