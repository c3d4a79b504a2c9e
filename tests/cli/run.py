#!/usr/bin/env python3
"""run.py [--vedette PATH] [--update] [--list] [NAME...]: run the command-line cases (all of them) and compare.

A case is
    NAME.sh       a script for /bin/sh, run in a new directory that holds a copy of files/
    NAME.stdout   what it must write, byte for byte
    NAME.stderr
    NAME.exit     its exit status
In the script `vedette` is the program, and `try ARGUMENTS` runs it and says on stderr what was run and how it ended, so
that one case may hold many commands. What differs from run to run is made alike first: see ALIKE.

--update rewrites the expectations, for review. The program is --vedette, else $VEDETTE. Exit status 1 when a case
failed, 2 on wrong use.
"""
import argparse
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TIMEOUT_S = 120
STREAMS = ("stdout", "stderr", "exit")

TRY = """#!/bin/sh
echo "\\$ vedette $*" >&2
vedette "$@"
echo "[exit $?]" >&2
"""

# Times, versions of libraries, and the names of files in the cache.
ALIKE = (
    (rb"(?m)^time      [0-9.]+ s for (.*): [0-9.]+ Mpps, [0-9.]+ Gb/s", rb"time      T s for \1: T Mpps, T Gb/s"),
    (rb"made in [0-9.]+ s: [0-9]+ MB/s", rb"made in T s: N MB/s"),
    (rb"lists ready in [0-9.]+ s", rb"lists ready in T s"),
    (rb"[0-9.]+ ms to compile, [0-9.]+ ns per byte", rb"T ms to compile, T ns per byte"),
    (rb"(?m)^hyperscan .+$", rb"hyperscan V"),
    (rb"(?m)^libpcap version .+$", rb"libpcap version V"),
    (rb"[0-9a-f]{16}\.vdb", rb"HASH.vdb"),
)


def names_of_cases():
    return sorted(name[:-3] for name in os.listdir(HERE) if name.endswith(".sh"))


def alike(text):
    for pattern, replacement in ALIKE:
        text = re.sub(pattern, replacement, text)
    return text


def make_room(program):
    """A directory with the files, and beside it one with the commands that scripts may use."""
    room = tempfile.mkdtemp(prefix="vedette-cli.")
    shutil.copytree(os.path.join(HERE, "files"), os.path.join(room, "work"))
    os.mkdir(os.path.join(room, "bin"))
    os.mkdir(os.path.join(room, "home"))
    os.symlink(program, os.path.join(room, "bin", "vedette"))
    path = os.path.join(room, "bin", "try")
    with open(path, "w", encoding="utf-8") as out:
        out.write(TRY)
    os.chmod(path, 0o755)
    return room


def run(name, program):
    """What the case gave, by stream."""
    room = make_room(program)
    environment = dict(os.environ, HOME=os.path.join(room, "home"), LC_ALL="C", TZ="UTC",
                       PATH=os.path.join(room, "bin") + ":" + os.environ.get("PATH", "/usr/bin:/bin"))
    for variable in ("XDG_CACHE_HOME", "COLUMNS", "POSIXLY_CORRECT"):
        environment.pop(variable, None)
    try:
        done = subprocess.run(["/bin/sh", os.path.join(HERE, name + ".sh")], cwd=os.path.join(room, "work"),
                              env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S)
        return {"stdout": alike(done.stdout), "stderr": alike(done.stderr), "exit": b"%d\n" % done.returncode}
    except subprocess.TimeoutExpired:
        return {"stdout": b"", "stderr": b"ran for more than %d s\n" % TIMEOUT_S, "exit": b"none\n"}
    finally:
        shutil.rmtree(room)


def read(name, stream):
    try:
        with open(os.path.join(HERE, name + "." + stream), "rb") as f:
            return f.read()
    except FileNotFoundError:
        return None


def update(name, came):
    for stream in STREAMS:
        with open(os.path.join(HERE, name + "." + stream), "wb") as out:
            out.write(came[stream])


def faults(name, came):
    for stream in STREAMS:
        wanted = read(name, stream)
        if wanted is None:
            yield "  there is no %s.%s" % (name, stream)
        elif wanted != came[stream]:
            lines = [text.decode("utf-8", "backslashreplace").splitlines() for text in (wanted, came[stream])]
            yield from ("  " + line for line in difflib.unified_diff(*lines, name + "." + stream, "what came", lineterm="", n=1))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vedette", default=os.environ.get("VEDETTE"))
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--list", action="store_true", help="print the cases' names")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    if not options.list and not options.vedette:
        parser.error("which program? say --vedette or set VEDETTE")
    unknown = set(options.names) - set(names_of_cases())
    if unknown:
        parser.error("no such case: " + ", ".join(sorted(unknown)))
    return options


def main():
    options = parse_arguments()
    names = options.names or names_of_cases()
    if options.list:
        print("\n".join(names))
        return 0
    program, n_failed = os.path.abspath(options.vedette), 0
    for name in names:
        came = run(name, program)
        if options.update:
            update(name, came)
        found = list(faults(name, came))
        n_failed += bool(found)
        print("%s %s" % ("FAIL" if found else "ok  ", name))
        for line in found:
            print(line)
    print("%d passed, %d failed" % (len(names) - n_failed, n_failed))
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
