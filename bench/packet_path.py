#!/usr/bin/env python3
"""packet_path.py [options] [WORKLOAD...]: what a packet costs, beside the least that libpcap can do with it.

Makes the workloads (bench-workloads) and lists, runs `vedette replay` and bench-null in turn on the same files, and prints medians over
the rounds: CPU time (user and system) per packet of each, without what starting costs (an empty capture with the same lists), and
null's time over vedette's, taken round by round. A run that does not give exactly the planted alerts fails.

--instructions counts instructions with callgrind instead, on smaller captures: free of noise, blind to caches. With --record they
are appended to history.tsv, one line each: version, commit, workload, instructions per packet.
"""
import argparse
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
EMPTY = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")
# Name: workload, packets or handshakes, the same under callgrind, flows open at a time, domains, what null's time over ours should be.
WORKLOADS = {
    "bulk": ("bulk", 1000000, 100000, 10000, 100000, 0.6),
    "small": ("small", 4000000, 200000, 10000, 100000, 0.35),
    "dns": ("dns", 1000000, 50000, 10000, 100000, None),
    "tls": ("tls", 200000, 20000, 10000, 100000, None),
    "bulk-1m-names": ("bulk", 1000000, 100000, 10000, 1000000, 0.57),
    "bulk-5m-names": ("bulk", 1000000, 100000, 10000, 5000000, 0.57),
    "small-1m-flows": ("small", 8000000, 400000, 1000000, 100000, None),
}


def run(argv):
    """CPU seconds, wall seconds, peak resident bytes, standard output."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(argv, stdout=out, stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        errors.seek(0)
        if status:
            raise SystemExit(f"{' '.join(map(str, argv))}: failed\n{errors.read().decode()}")
        out.seek(0)
        return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024, out.read()


class Bench:
    def __init__(self, build, room):
        self.room, self.build, self.cache = room, pathlib.Path(build), "cache"
        self.vedette = self.build / "tools/vedette"
        self.empty = room / "empty.pcap"
        self.empty.write_bytes(EMPTY)
        self.made = {}

    def make(self, *what):
        """Output of bench-workloads, and the path: made once."""
        if what not in self.made:
            path = self.room / "-".join(map(str, what))
            if what[0] == "lists":
                path.mkdir()
            argv = [self.build / "bench/bench-workloads", what[0], path, *map(str, what[1:])]
            self.made[what] = path, subprocess.run(argv, check=True, capture_output=True, text=True).stdout
        return self.made[what]

    def capture(self, kind, n, flows):
        path, said = self.make(kind, n, flows)
        packets, alerts = map(int, re.findall(r"\d+", said))
        return path, packets, alerts

    def replay(self, capture, domains):
        lists, _ = self.make("lists", domains)
        return [self.vedette, "replay", "-q", "--cache", self.room / self.cache, "-l", lists, capture]

    def forget(self, keep):
        """Captures are large: only one at a time stays."""
        for what, (path, _) in list(self.made.items()):
            if what[0] != "lists" and path != keep:
                path.unlink()
                del self.made[what]


def check(out, alerts, name):
    n = out.count(b"\n")
    if n != alerts:
        raise SystemExit(f"{name}: {n} alerts, {alerts} were planted")


def measure(bench, name, rounds):
    kind, n, _, flows, domains, target = WORKLOADS[name]
    path, packets, alerts = bench.capture(kind, n, flows)
    bench.forget(path)
    null, replay, idle = [bench.build / "bench/bench-null", path], bench.replay(path, domains), bench.replay(bench.empty, domains)
    check(run(replay)[3], alerts, name)  # fills the caches
    rows = []
    for _ in range(rounds):
        base, ready, ours = run(null), run(idle), run(replay)
        check(ours[3], alerts, name)
        rows.append((base[0], ours[0] - ready[0], ours[1], ours[2] - ready[2], ours[2]))
    null_ns, ours_ns = (statistics.median(r[i] for r in rows) / packets * 1e9 for i in (0, 1))
    ratios = sorted(r[0] / r[1] for r in rows)
    ratio = statistics.median(ratios)
    print(f"{name:16} {packets:9} {null_ns:8.1f} {ours_ns:8.1f} {1e3 / ours_ns:8.2f} {ratio:7.2f} {ratios[0]:6.2f}-{ratios[-1]:4.2f} "
          f"{'' if target is None else target:>7} {statistics.median(r[2] for r in rows):7.2f} {rows[0][4] / 2**20:8.0f}", flush=True)


def instructions(argv, alerts, room):
    report = room / "callgrind"
    argv = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={report}", *argv]
    done = subprocess.run(argv, check=True, capture_output=True)
    check(done.stdout, alerts, "under callgrind")
    return int(re.search(r"^(?:summary|totals): (\d+)", report.read_text(), re.M)[1])


def count(bench, name, record):
    kind, _, n, flows, domains, _ = WORKLOADS[name]
    path, packets, alerts = bench.capture(kind, n, flows)
    replay, idle = bench.replay(path, domains), bench.replay(bench.empty, domains)
    subprocess.run(["valgrind", "--tool=none", *idle], check=True, capture_output=True)  # what its processor may use is another db
    each = (instructions(replay, alerts, bench.room) - instructions(idle, 0, bench.room)) / packets
    print(f"{name:16} {packets:9} {each:12.1f}", flush=True)
    if record:
        version = subprocess.run([bench.vedette, "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
        commit = subprocess.run(["git", "-C", HERE, "rev-parse", "--short", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
        with open(HERE / "history.tsv", "a", encoding="ascii") as f:
            f.write(f"{version}\t{commit}\t{name}\t{each:.1f}\n")


def describe(bench):
    cpu = re.search(r"model name\s*: (.+)", pathlib.Path("/proc/cpuinfo").read_text())
    print(f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Linux {platform.release()}")
    print(subprocess.run([bench.vedette, "--version"], check=True, capture_output=True, text=True).stdout.strip())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build", help="build folder (build)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--record", action="store_true", help="append instructions to history.tsv")
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(WORKLOADS))
    args = parser.parse_intermixed_args()
    for name in args.workloads:
        if name not in WORKLOADS:
            parser.error(f"{name} is no workload; there are {', '.join(WORKLOADS)}")
    room = pathlib.Path(tempfile.mkdtemp(prefix="vedette-path."))
    try:
        bench = Bench(args.build, room)
        describe(bench)
        if args.instructions:
            print(f"{'workload':16} {'packets':>9} instructions")
        else:
            print(f"{'workload':16} {'packets':>9}  null ns  ours ns     Mpps   ratio    min-max  target  wall s peak MiB")
        for name in args.workloads or list(WORKLOADS)[:4]:
            if args.instructions:
                count(bench, name, args.record)
            else:
                measure(bench, name, args.rounds)
    finally:
        shutil.rmtree(room)


if __name__ == "__main__":
    sys.exit(main())
