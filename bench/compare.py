#!/usr/bin/env python3
"""compare.py OLD NEW [--rounds N] [WORKLOAD...]: two build folders on the workloads of packet_path.py, in turn.

Each round runs both, in changing order, and takes the ratio of their CPU times, starting apart. What is printed is the median ratio and the
interval that holds the true median with 95% certainty whatever the noise looks like (order statistics: of 12 ratios the third to the
tenth). When that holds 1, no difference was seen, and it says so. Both must give the planted alerts.
"""
import argparse
import math
import pathlib
import shutil
import statistics
import sys
import tempfile

import packet_path


def interval(ratios):
    """Bounds for the median: the k-th from either end, with the largest k that is sure enough."""
    n, k, tail = len(ratios), 0, 0.0
    while tail + math.comb(n, k) / 2 ** n <= 0.025:
        tail += math.comb(n, k) / 2 ** n
        k += 1
    ordered = sorted(ratios)
    return (ordered[k - 1], ordered[n - k]) if k else (0.0, math.inf)


def verdict(low, high):
    if low <= 1 <= high:
        return "no difference seen"
    return "faster" if high < 1 else "SLOWER"


def seconds(bench, path, domains, alerts, name):
    ready, ours = packet_path.run(bench.replay(bench.empty, domains)), packet_path.run(bench.replay(path, domains))
    packet_path.check(ours[3], alerts, name)
    return ours[0] - ready[0]


def compare(old, new, name, rounds):
    kind, n, _, flows, domains, _ = packet_path.WORKLOADS[name]
    path, packets, alerts = new.capture(kind, n, flows)
    new.forget(path)
    old.made = new.made
    pairs = []
    for i in range(rounds + 1):
        a = seconds(old, path, domains, alerts, name) if i % 2 else None
        b = seconds(new, path, domains, alerts, name)
        pairs.append((a or seconds(old, path, domains, alerts, name), b))
    pairs = pairs[1:]  # the first warmed up
    ratios = [b / a for a, b in pairs]
    low, high = interval(ratios)
    each = [statistics.median(p[i] for p in pairs) / packets * 1e9 for i in (0, 1)]
    print(f"{name:16} {each[0]:8.1f} {each[1]:8.1f} {statistics.median(ratios):7.3f} {low:6.3f}-{high:5.3f}  {verdict(low, high)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(packet_path.WORKLOADS))
    args = parser.parse_intermixed_args()
    for name in args.workloads:
        if name not in packet_path.WORKLOADS:
            parser.error(f"{name} is no workload; there are {', '.join(packet_path.WORKLOADS)}")
    room = pathlib.Path(tempfile.mkdtemp(prefix="vedette-compare."))
    try:
        new, old = packet_path.Bench(args.new, room), packet_path.Bench(args.old, room)
        old.cache = "cache-old"  # an older version may write another db
        packet_path.describe(old)
        packet_path.describe(new)
        print(f"{'workload':16}   old ns   new ns   ratio        95%")
        for name in args.workloads or list(packet_path.WORKLOADS)[:4]:
            compare(old, new, name, args.rounds)
    finally:
        shutil.rmtree(room)


if __name__ == "__main__":
    sys.exit(main())
