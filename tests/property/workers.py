#!/usr/bin/env python3
"""workers.py [--seed N] [--rounds N] [--vedette PATH]: the same bytes come out, however many workers there are.

The packets of all bundled captures and of `vedette selftest` are put together to a few large ones: copies with other addresses side by side,
flows that stand still until they are idle, times that go back, are missing or far away, packets that are lost, doubled or out of
place. Then `fields` and `replay` with --stats run with 1, 2, 3 and 8 workers, over one such capture, over several, and joined. What they
write, and the sums on stderr, must be the same. Captures beside the project ($VEDETTE_SHARED), where there are any, run as they are.

The seed is printed; --seed replays a failure. The program is --vedette, else $VEDETTE.
"""
import argparse
import glob
import os
import random
import re
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "traffic"))

from captures import START_NS, Frame, pcap  # noqa: E402

WORKERS = (1, 2, 3, 8)
COPIES, SPAN_S, PACKETS_MAX = 6, 3000, 40000
TIMEOUT_S = 300
LIST = "hello.example\nexample\n192.0.2.0/24\n198.51.100.80\nhttp://www.example/\n"


def frames_in(path):
    """Of a plain Ethernet pcap; none of others."""
    with open(path, "rb") as f:
        data = f.read()
    if len(data) < 24 or struct.unpack_from("<I", data)[0] != 0xa1b2c3d4 or struct.unpack_from("<I", data, 20)[0] != 1:
        return []
    frames, at = [], 24
    while at + 16 <= len(data):
        seconds, micros, captured, wire = struct.unpack_from("<IIII", data, at)
        body = data[at + 16:at + 16 + captured]
        if len(body) < captured or captured > 65536:
            break
        frames.append(Frame(seconds * 10**9 + micros * 1000, body, wire))
        at += 16 + captured
    return frames


def elsewhere(frame, copy):
    """Between other hosts, the same for both directions. Checksums are not looked at."""
    b = bytearray(frame)
    if len(b) >= 34 and b[12:14] == b"\x08\x00":
        b[27] ^= copy
        b[31] ^= copy
    elif len(b) >= 54 and b[12:14] == b"\x86\xdd":
        b[28] ^= copy
        b[44] ^= copy
    return bytes(b)


def strange_time(chance, ns):
    return chance.choice((0, ns - 10**12, ns + 10**12, 4 * 10**18, ns))


def mixture(chance, conversations):
    """One capture of about PACKETS_MAX packets: conversations at random times, most of them in order."""
    timed = []
    while len(timed) < PACKETS_MAX:
        frames = chance.choice(conversations)
        copy, at = chance.randrange(COPIES), START_NS + chance.randrange(SPAN_S * 10**9)
        pace = chance.choice((10**5, 10**6, 10**8, 3 * 10**9, 5 * 10**10))
        for f in frames:
            at += chance.randrange(pace)
            for _ in range(chance.choice((1,) * 97 + (0, 2, 2))):
                timed.append((at, len(timed), Frame(at, elsewhere(f.bytes, copy), f.wire_len)))
    timed.sort(key=lambda t: t[:2])
    frames = [f for _, _, f in timed]
    for _ in range(len(frames) // 50):  # out of place, with their times
        a = chance.randrange(len(frames) - 20)
        b = a + chance.randrange(20)
        frames[a], frames[b] = frames[b], frames[a]
    for _ in range(len(frames) // 500):
        at = chance.randrange(len(frames))
        frames[at] = Frame(strange_time(chance, frames[at].time_ns), frames[at].bytes, frames[at].wire_len)
    return pcap(frames)


class Check:
    def __init__(self, vedette, room):
        self.vedette, self.room, self.n_runs, self.n_lines, self.faults = vedette, room, 0, 0, []

    def outcome(self, args, workers):
        done = subprocess.run([self.vedette, *args, "-j", str(workers)], cwd=self.room, capture_output=True, timeout=TIMEOUT_S,
                              stdin=subprocess.DEVNULL)
        self.n_runs += 1
        said = re.sub(rb"(?m)^time .*\n|^lists ready in .*\n", b"", done.stderr)
        return done.returncode, done.stdout, said

    def compare(self, what, args):
        one = self.outcome(args, WORKERS[0])
        self.n_lines += one[1].count(b"\n")
        if one[0] not in (0, 1):
            self.faults.append("%s: exit status %d\n%s" % (what, one[0], one[2][-2000:].decode(errors="replace")))
        for workers in WORKERS[1:]:
            other = self.outcome(args, workers)
            for name, a, b in zip(("exit status", "lines", "messages"), one, other):
                if a != b:
                    self.faults.append("%s: %s differ with %d workers%s" % (what, name, workers, first_difference(a, b)))


def first_difference(a, b):
    if not isinstance(a, bytes):
        return ": %r, %r" % (a, b)
    for n, (x, y) in enumerate(zip(a.split(b"\n"), b.split(b"\n"))):
        if x != y:
            return " from line %d on:\n  %s\n  %s" % (n + 1, x[:400].decode(errors="replace"), y[:400].decode(errors="replace"))
    return ": %d bytes, %d bytes" % (len(a), len(b))


def write(room, name, data):
    with open(os.path.join(room, name), "wb") as f:
        f.write(data)
    return name


def conversations_of(vedette, room):
    root = os.path.join(HERE, "..")
    found = [frames_in(p) for p in sorted(glob.glob(os.path.join(root, "golden", "*", "*.pcap")))]
    subprocess.run([vedette, "selftest", "--write", "selftest.pcap"], cwd=room, capture_output=True, check=False)
    torture = frames_in(os.path.join(room, "selftest.pcap"))
    found += [torture[i:i + 40] for i in range(0, len(torture), 40)]
    return [frames for frames in found if 0 < len(frames) <= 400]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--vedette", default=os.environ.get("VEDETTE"))
    args = parser.parse_args()
    if not args.vedette:
        parser.error("which program? --vedette or $VEDETTE")
    vedette = os.path.abspath(args.vedette)
    seed = random.randrange(2**32) if args.seed is None else args.seed
    print("seed %d" % seed, flush=True)
    with tempfile.TemporaryDirectory(prefix="vedette-workers.") as room:
        check, chance = Check(vedette, room), random.Random(seed)
        write(room, "list.txt", LIST.encode())
        conversations = conversations_of(vedette, room)
        for n in range(args.rounds):
            names = [write(room, "mix-%d-%d.pcap" % (n, i), mixture(chance, conversations)) for i in range(2)]
            for what in (["fields"], ["replay", "--no-cache", "-l", "list.txt"]):
                check.compare("%s of one" % what[0], what + ["--stats", names[0]])
                check.compare("%s of two" % what[0], what + ["--stats"] + names)
                check.compare("%s of two, joined" % what[0], what + ["--stats", "--join"] + names)
        beside = os.path.join(os.environ.get("VEDETTE_SHARED", ""), "captures")
        if os.path.isdir(beside):
            check.compare("fields of captures beside the project", ["fields", "--stats", beside])
    for fault in check.faults:
        print(fault)
    print("%d runs, %d lines of one worker, %d faults" % (check.n_runs, check.n_lines, len(check.faults)))
    return 1 if check.faults else 0


if __name__ == "__main__":
    sys.exit(main())
