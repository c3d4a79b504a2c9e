#!/usr/bin/env python3
"""run.py [--vedette PATH] [--update]: `vedette selftest` as a whole.

- What is not seen is what not_seen.tsv says, cell by cell with its reason: no more, and no less. --update rewrites it, for review.
- The capture and the list that it writes, given to `vedette replay` as one capture with everything side by side, alert for the very same cells.
- tshark, where it is installed, finds nothing malformed in the capture and no wrong checksum.

The program is --vedette, else $VEDETTE. Exit status 1 when something is wrong, 2 on wrong use.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
NOT_SEEN = os.path.join(HERE, "not_seen.tsv")
TIMEOUT_S = 120
# Bytes are lost, or come twice and differ; and "cut" is thousands of conversations like "bytes".
LEFT_TO_US = {"cut", "overlap", "lies", "reset", "alive", "reused", "loss", "client", "server", "middle"}


def run(*command):
    return subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL)


def failed_cells(report):
    return ["%s\t%s\t%s" % (c["what"], c["how"], c["reason"]) for c in report["cells"] if c["seen"] < c["conversations"]]


def check_cells(report, update):
    """What is not seen, against the list of what is known not to be."""
    cells = failed_cells(report)
    if update:
        with open(NOT_SEEN, "w", encoding="utf-8") as out:
            out.write("".join(cell + "\n" for cell in cells))
    with open(NOT_SEEN, encoding="utf-8") as known:
        expected = known.read().splitlines()
    return ["not seen, and not in not_seen.tsv: " + cell for cell in cells if cell not in expected] + \
           ["seen now, or for another reason: take it out of not_seen.tsv: " + cell for cell in expected if cell not in cells]


def check_verdict(result, report):
    """The exit status, the totals and the cells say the same."""
    total, cells = report["total"], report["cells"]
    seen = sum(c["seen"] == c["conversations"] for c in cells)
    passed = seen == len(cells) and total["wrong_alerts"] == 0 and total["sums_hold"]
    faults = []
    if (result.returncode == 0) != passed or total["passed"] != passed:
        faults.append("exit status %d, \"passed\" %s, but the cells say %s" % (result.returncode, total["passed"], passed))
    if total["seen"] != seen or total["cells"] != len(cells) or total["conversations"] != sum(c["conversations"] for c in cells):
        faults.append("the totals are not those of the cells: %s" % total)
    if total["wrong_alerts"] or not total["sums_hold"]:
        faults.append("wrong alerts, or sums that do not hold: %s" % total)
    return faults


def value_of(cell):
    return "%s.%s.selftest.example" % (cell["what"], cell["how"])


def check_replay(program, report, capture, names):
    """Replayed as one capture, the same cells alert: of those that are told by a name."""
    result = run(program, "replay", "--no-cache", "-q", "-l", names, capture)
    if result.returncode:
        return ["replay: exit status %d: %s" % (result.returncode, result.stderr.decode(errors="replace"))]
    alerts = {json.loads(line)["alert"]["context"]["ioc"]["value"] for line in result.stdout.splitlines()}
    faults = []
    for cell in report["cells"]:
        if cell["what"] == "connection":
            continue
        if bool(cell["seen"]) != (value_of(cell) in alerts):
            faults.append("%s, %s: %s here, but %s by replay" % (cell["what"], cell["how"], "seen" if cell["seen"] else "not seen",
                                                                 "seen" if value_of(cell) in alerts else "not seen"))
    return faults


def dissect(capture, bad):
    """Frames that another dissector finds fault with, when it puts segments in order as an endpoint does."""
    checks = ["-o", "tcp.reassemble_out_of_order:TRUE"] + [part for layer in ("ip", "tcp", "udp") for part in ("-o", layer + ".check_checksum:TRUE")]
    result = run("tshark", "-r", capture, *checks, "-Y", bad, "-T", "fields", "-e", "frame.number", "-e", "frame.protocols",
                 "-e", "_ws.expert.message")
    return ["tshark: " + line for line in result.stdout.decode(errors="replace").splitlines()[:10]]


def check_dissection(program, report, capture):
    """No wrong checksum anywhere; and nothing malformed where no bytes are lost, or come twice and differ."""
    if not shutil.which("tshark"):
        print("tshark is not installed: its opinion is not asked")
        return []
    faults = dissect(capture, "ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0")
    orderly = sorted({c["how"] for c in report["cells"]} - LEFT_TO_US)
    run(program, "selftest", "--write", capture, *(part for how in orderly for part in ("--how", how)))
    return faults + dissect(capture, "_ws.malformed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vedette", default=os.environ.get("VEDETTE"), help="the program (default: $VEDETTE)")
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    if not options.vedette or not os.access(options.vedette, os.X_OK):
        parser.error("say where the program is: --vedette PATH or $VEDETTE")
    program = os.path.abspath(options.vedette)
    with tempfile.TemporaryDirectory(prefix="vedette-selftest-") as folder:
        capture, names = os.path.join(folder, "selftest.pcap"), os.path.join(folder, "selftest.txt")
        result = run(program, "selftest", "--json", "--write", capture, "--write-list", names)
        if result.returncode not in (0, 1) or result.stderr:
            print("exit status %d: %s" % (result.returncode, result.stderr.decode(errors="replace")))
            return 1
        report = json.loads(result.stdout)
        faults = check_verdict(result, report) + check_cells(report, options.update)
        faults += check_replay(program, report, capture, names) + check_dissection(program, report, capture)
    print("\n".join(faults) or "%(seen)d of %(cells)d cells seen, as expected" % report["total"])
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
