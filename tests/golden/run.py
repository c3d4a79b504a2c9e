#!/usr/bin/env python3
"""run.py [--vedette PATH] [--update] [--list] [NAME...]: run golden cases (all of them) and compare.

A case is a directory with
    in.pcap, lists/...   what goes in
    cmd                  arguments after `vedette`, split as a shell does, run in the case's directory
    expect.jsonl         stdout, byte for byte
    expect.gist          the intent, written by hand: stdout's gist (gist.py) must be this
    expect.exit          exit status, 0 if there is no such file
    expect.stderr        how some lines on stderr must begin, in any order
It runs again with several workers, a replay also from the cache and without it, and with either names engine, and must give the same
bytes each time.
The sums in its summary must hold.

--update rewrites expect.jsonl, for review; a case whose gist or exit status is wrong is not rewritten.
The program is --vedette, else $VEDETTE. Exit status 1 when a case failed, 2 on wrong use.
"""
import argparse
import difflib
import json
import os
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "traffic"))

from gist import gist_of  # noqa: E402
from sums import alerts_written, sum_faults  # noqa: E402

TIMEOUT_S = 120
SHOWN_DIFF_LINES, SHOWN_BYTES = 60, 300


class Case:
    def __init__(self, name, program, cache):
        self.name, self.program = name, program
        # Odd surroundings on purpose: nothing of them may show.
        self.environment = dict(os.environ, TZ="Asia/Kolkata", XDG_CACHE_HOME=cache)
        self.path = os.path.join(HERE, name)
        self.args = shlex.split(self.read("cmd"))

    def read(self, file, default=""):
        try:
            with open(os.path.join(self.path, file), encoding="utf-8") as f:
                return f.read()
        except FileNotFoundError:
            return default

    def run(self, *more):
        return subprocess.run([self.program] + self.args + list(more), cwd=self.path, capture_output=True,
                              timeout=TIMEOUT_S, stdin=subprocess.DEVNULL, env=self.environment)


def diff(expected, actual, what):
    lines = list(difflib.unified_diff(expected.splitlines(), actual.splitlines(), what, "what came", lineterm="", n=1))
    if len(lines) > SHOWN_DIFF_LINES:
        lines[SHOWN_DIFF_LINES:] = ["... %d more lines" % (len(lines) - SHOWN_DIFF_LINES)]
    return [line if len(line) <= SHOWN_BYTES else line[:SHOWN_BYTES] + "..." for line in lines]


def changed_keys(expected, actual):
    """For lines of JSON that differ: which keys do."""
    def flat(value, path=""):
        if isinstance(value, dict):
            return {k: v for key, inner in value.items() for k, v in flat(inner, path + "." + key).items()}
        if isinstance(value, list):
            return {k: v for i, inner in enumerate(value) for k, v in flat(inner, "%s[%d]" % (path, i)).items()}
        return {path.lstrip("."): value}
    try:
        a, b = flat(json.loads(expected)), flat(json.loads(actual))
    except ValueError:
        return []
    return ["  %s: expected %r, came %r" % (key, a.get(key), b.get(key))
            for key in sorted(set(a) | set(b)) if a.get(key) != b.get(key)]


def compare_lines(expected, actual):
    """Readable differences of two runs of JSON lines."""
    a, b = expected.splitlines(), actual.splitlines()
    faults = []
    if len(a) != len(b):
        faults.append("%d lines expected, %d came" % (len(a), len(b)))
        return faults + diff(expected, actual, "expect.jsonl")
    for number, (x, y) in enumerate(zip(a, b), 1):
        if x != y:
            faults.append("line %d differs" % number)
            faults += changed_keys(x, y) or ["  expected " + x, "  came     " + y]
    return faults or (["line ends differ"] if expected != actual else [])


def check_intent(case, result, out):
    """Exit status, stderr, gist: what no update rewrites."""
    faults = []
    expected_exit = int(case.read("expect.exit", "0"))
    said = result.stderr.decode("utf-8", "replace")
    if result.returncode != expected_exit:
        faults.append("exit status %d, expected %d; stderr:" % (result.returncode, expected_exit))
        faults += ["  " + line for line in said.splitlines()[:12]]
    lines = [line.strip() for line in said.splitlines()]
    for wanted in case.read("expect.stderr").splitlines():
        if not any(line.startswith(wanted.strip()) for line in lines):
            faults.append("stderr lacks: " + wanted)
    if faults and case.read("expect.stderr"):
        faults += ["  stderr: " + line for line in lines]
    try:
        gist = gist_of(out)
    except (ValueError, KeyError, TypeError) as problem:
        return faults + ["stdout is not EVE: %r" % problem]
    return faults + diff(case.read("expect.gist"), gist, "expect.gist")


def check_sums(case, result):
    """The summary's sums hold, and it counts as many alerts as were written."""
    summary = result.stderr.decode("utf-8", "replace")
    never_began = result.returncode != 0 and "received =" not in summary and not result.stdout
    if case.args[0] not in ("replay", "fields") or never_began:
        return []
    faults = sum_faults(summary)
    if case.args[0] == "replay" and alerts_written(summary) != result.stdout.count(b"\n"):
        faults.append("%d lines on stdout, %s alerts in the summary" % (result.stdout.count(b"\n"), alerts_written(summary)))
    return faults + (["  stderr: " + line for line in summary.splitlines()] if faults else [])


def check_repeats(case, result):
    """The same again, with either names engine, and with several workers."""
    if case.args[0] not in ("replay", "fields"):
        return []
    faults, ways = [], [("-j", "3")]
    if case.args[0] == "replay":
        ways += [(), ("--names-engine", "hyperscan"), ("--names-engine", "table"), ("--no-cache",)]
    for more in ways:
        again = case.run(*more)
        if again.stdout != result.stdout:
            faults.append("other output when run with %s:" % (" ".join(more) or "the same arguments"))
            faults += diff(result.stdout.decode(errors="replace"), again.stdout.decode(errors="replace"), "first run")
    return faults


def run_case(case, update):
    """Returns what is wrong, in lines; nothing when the case passes."""
    try:
        result = case.run()
        out = result.stdout.decode("utf-8")
        faults = check_intent(case, result, out) + check_sums(case, result) + check_repeats(case, result)
    except subprocess.TimeoutExpired:
        return ["did not end within %d s" % TIMEOUT_S]
    except UnicodeDecodeError as problem:
        return ["stdout is not UTF-8: %s" % problem]
    if update and not faults:
        with open(os.path.join(case.path, "expect.jsonl"), "wb") as f:
            f.write(result.stdout)
    if faults:
        return faults
    if not os.path.exists(os.path.join(case.path, "expect.jsonl")):
        return ["there is no expect.jsonl yet: --update writes it"]
    return compare_lines(case.read("expect.jsonl"), out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vedette", default=os.environ.get("VEDETTE"), help="the program (default: $VEDETTE)")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--list", action="store_true", help="name the cases and stop")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    known = sorted(name for name in os.listdir(HERE) if os.path.exists(os.path.join(HERE, name, "cmd")))
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error("no case named " + ", ".join(unknown))
    if options.list:
        print("\n".join(known))
        return 0
    if not options.vedette or not os.access(options.vedette, os.X_OK):
        parser.error("say where the program is: --vedette PATH or $VEDETTE")
    return run_all(options.names or known, os.path.abspath(options.vedette), options.update)


def run_all(names, program, update):
    n_failed = 0
    with tempfile.TemporaryDirectory(prefix="vedette-golden-") as cache:
        for name in names:
            faults = run_case(Case(name, program, cache), update)
            n_failed += bool(faults)
            print("%s %s" % ("FAIL" if faults else "ok  ", name), flush=True)
            for fault in faults:
                print("       " + fault)
    print("%d passed, %d failed" % (len(names) - n_failed, n_failed))
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
