#!/usr/bin/env python3
"""run.py [--vedette PATH]: alerts on their way to sockets, files, syslog, Redis and Kafka, with readers that stall, die and come back.

Each case replays examples/sample.pcap into an output and compares what the other side got with what -o FILE holds. Servers are real
where they are installed (redis-server); a case without its server is skipped and says so. Kafka: tests/unit/outputs/kinds/test_kafka.c.
The program is --vedette, else $VEDETTE. Exit status 1 when a case failed.
"""
import argparse
import contextlib
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
CAPTURE = os.path.join(ROOT, "examples", "sample.pcap")
LISTS = os.path.join(ROOT, "examples", "lists")
WAIT_S = 30


class Skip(Exception):
    pass


class Case:
    def __init__(self, program, folder):
        self.program, self.folder, self.started = program, folder, []
        self.expected = self.lines_of("expected.json", "-o", self.path("expected.json"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def command(self, *arguments):
        return [self.program, "replay", "--no-cache", "-l", LISTS, *arguments, CAPTURE]

    def run(self, *arguments, status=0):
        done = subprocess.run(self.command(*arguments), stderr=subprocess.PIPE, stdout=subprocess.PIPE, timeout=120)
        assert done.returncode == status, (done.returncode, done.stderr.decode())
        return done

    def lines_of(self, name, *arguments):
        self.run("-q", *arguments)
        with open(self.path(name), "rb") as f:
            return f.read()


def read_stream(server, into, until=None, drop_after=None):
    """What clients send until they go; the first one is dropped after so many bytes."""
    while True:
        client, _ = server.accept()
        with client:
            while data := client.recv(65536):
                into.append(data)
                if drop_after and sum(map(len, into)) >= drop_after:
                    return
        if until is None:
            return


@contextlib.contextmanager
def unix_server(path, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_UNIX, kind) as server:
        server.bind(path)
        if kind == socket.SOCK_STREAM:
            server.listen()
        server.settimeout(WAIT_S)
        yield server
    os.unlink(path)


def case_unix(case):
    got = []
    with unix_server(case.path("s")) as server:
        reader = threading.Thread(target=read_stream, args=(server, got))
        reader.start()
        case.run("-q", "-o", "unix:" + case.path("s"))
        reader.join()
    assert b"".join(got) == case.expected


def case_unix_reader_comes_late(case):
    got = []
    process = subprocess.Popen(case.command("-q", "-o", "unix:" + case.path("s")), stderr=subprocess.PIPE)
    time.sleep(1)
    with unix_server(case.path("s")) as server:
        read_stream(server, got)
    said = process.communicate(timeout=WAIT_S)[1].decode()
    assert process.returncode == 0 and "can't connect" in said and "is back" in said, said
    assert b"".join(got) == case.expected


def case_unixgram(case):
    got = []
    with unix_server(case.path("s"), socket.SOCK_DGRAM) as server:
        process = subprocess.Popen(case.command("-q", "-o", "unixgram:" + case.path("s")))
        want = case.expected.decode().splitlines()
        while len(got) < len(want):
            got.append(server.recv(1 << 20).decode())
            if len(got) == 1:
                time.sleep(0.3)  # the socket's buffer fills up meanwhile
        assert process.wait(WAIT_S) == 0
    assert got == want


def check_syslog(messages, expected):
    want = expected.decode().splitlines()
    assert len(messages) == len(want), (len(messages), len(want))
    for message, line in zip(messages, want):
        head, text = message.decode().split(" alert - ", 1)
        priority, stamp = head.split(" ")[:2]
        assert text == line and priority == "<29>1", message
        assert stamp == json.loads(line)["timestamp"].replace("+0000", "Z"), stamp


def case_syslog_tcp(case):
    got = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(WAIT_S)
        reader = threading.Thread(target=read_stream, args=(server, got))
        reader.start()
        case.run("-q", "-o", "syslog:tcp://127.0.0.1:%d,max_tlp=red" % server.getsockname()[1])
        reader.join()
    rest, messages = b"".join(got), []
    while rest:
        count, rest = rest.split(b" ", 1)
        messages.append(rest[:int(count)])
        rest = rest[int(count):]
    check_syslog(messages, case.expected)


def case_syslog_unix(case):
    messages = []
    with unix_server(case.path("log"), socket.SOCK_DGRAM) as server:
        process = subprocess.Popen(case.command("-q", "-o", "syslog:" + case.path("log")))
        for _ in case.expected.splitlines():
            messages.append(server.recv(1 << 20))
        assert process.wait(WAIT_S) == 0
    check_syslog(messages, case.expected)


def case_several(case):
    got = []
    with unix_server(case.path("s")) as server:
        reader = threading.Thread(target=read_stream, args=(server, got))
        reader.start()
        done = case.run("-o", "unix:" + case.path("s"), "-o", "file:%s,eve=7,max_tlp=clear" % case.path("7.json"),
                        "-o", case.path("8.json"))
        reader.join()
    assert b"".join(got) == case.expected == open(case.path("8.json"), "rb").read()
    clear = [json.loads(line) for line in open(case.path("7.json"))]
    for alert in clear:
        origins = alert["alert"]["metadata"]["ioc"]["origins"]
        assert origins and all(origin["tlp"] == "clear" for origin in origins), alert
    assert len(clear) < len(case.expected.splitlines())
    assert b"above the ceiling" in done.stderr


def case_gives_up(case):
    """A run whose file fails fails."""
    done = case.run("-q", "-o", case.path("good.json"), "-o", "/dev/full", status=1)
    assert b"writing failed: No space left on device" in done.stderr, done.stderr


def case_full_disk(case):
    """In a mount namespace, a file system of 16 KiB: what is on it are whole lines."""
    script = ("mount -t tmpfs -o size=16k none %s && exec \"$@\"" % case.path("."))
    os.mkdir(case.path("small"))
    script = script.replace(case.path("."), case.path("small"))
    check = "; s=$?; tail -c1 %s | od -An -c >%s; exit $s" % (case.path("small/a.json"), case.path("last"))
    done = subprocess.run(["unshare", "-m", "sh", "-c", script.replace("exec ", "") + check, "sh",
                           *case.command("-q", "-o", case.path("small/a.json"))], stderr=subprocess.PIPE, timeout=60)
    if b"unshare" in done.stderr or b"mount:" in done.stderr:
        raise Skip("no mount namespaces here")
    assert done.returncode == 1 and b"No space left" in done.stderr, done
    assert open(case.path("last")).read().strip() == "\\n"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def start_redis(case, port):
    process = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", case.folder,
                                "--requirepass", "secret", "--appendonly", "yes", "--appendfsync", "always"],
                               stdout=subprocess.DEVNULL)
    for _ in range(WAIT_S * 10):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return process
        time.sleep(0.1)
    raise AssertionError("redis-server does not start")


def redis_lines(port):
    out = subprocess.run(["redis-cli", "-p", str(port), "-a", "secret", "--json", "XRANGE", "alerts", "-", "+"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    return "".join(fields[1] + "\n" for _, fields in json.loads(out)).encode()


def case_redis(case):
    if not shutil.which("redis-server"):
        raise Skip("redis-server is not installed")
    port = free_port()
    with open(case.path("password"), "w") as f:
        f.write("secret\n")
    output = "redis:alerts@127.0.0.1:%d,password_file=%s,max_tlp=red" % (port, case.path("password"))
    process = subprocess.Popen(case.command("-q", "-o", output), stderr=subprocess.PIPE)
    time.sleep(0.5)  # it comes up late
    redis = start_redis(case, port)
    try:
        said = process.communicate(timeout=WAIT_S)[1].decode()
        assert process.returncode == 0, said
        assert redis_lines(port) == case.expected
    finally:
        redis.terminate()
        redis.wait()


def case_spill(case):
    """Nobody listens: a run that may not wait (SIGKILL ends it) leaves lines on disk, and the next one sends them first."""
    output = "unix:%s,spill=%s,name=u" % (case.path("s"), case.folder)
    process = subprocess.Popen(case.command("-q", "-o", output), stderr=subprocess.PIPE)
    for _ in range(100):
        if any(os.path.getsize(name) > 64 for name in glob.glob(case.path("u.*.spill"))):
            break
        time.sleep(0.1)
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    got = []
    with unix_server(case.path("s")) as server:
        reader = threading.Thread(target=read_stream, args=(server, got))
        reader.start()
        done = case.run("-o", output)
        reader.join()
    assert b"".join(got) == case.expected * 2, (len(b"".join(got)), len(case.expected), done.stderr.decode())
    assert b"found in the spill" in done.stderr
    assert not glob.glob(case.path("u.*.spill"))


QUERIES = 4000
SENDER = """
import socket, struct, sys
name = b"".join(bytes([len(l)]) + l for l in b"c2.update-service.example".split(b".")) + bytes(1)
for i in range(int(sys.argv[1])):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.%d" % (2 + i // 1000), 20000 + i))
        s.sendto(struct.pack(">6H", i, 256, 1, 0, 0, 0) + name + bytes([0, 1, 0, 1]), ("127.0.0.1", 53))
"""


def live_alerts(path):
    with open(path) as f:
        return [line for line in f if '"event_type":"alert"' in line]


def wait_for(condition, what):
    for _ in range(WAIT_S * 10):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("waited in vain: " + what)


def case_live(case):
    """On the loopback of a network namespace of its own: one reader stalls while thousands of alerts come, the file is rotated under way
    (SIGUSR1), and in the end all have all."""
    if os.geteuid() != 0 or subprocess.run(["unshare", "-n", "true"], stderr=subprocess.DEVNULL).returncode:
        raise Skip("no network namespaces here")
    os.chmod(case.folder, 0o777)
    with open(case.path("list.txt"), "w") as f:
        f.write("c2.update-service.example\n")
    with unix_server(case.path("s")) as server:
        os.chmod(case.path("s"), 0o777)
        process = subprocess.Popen(
            ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", case.program, "live", "-i", "lo", "--stats",
             "--no-cache", "-l", case.path("list.txt"), "-o", case.path("a.json"),
             "-o", "unix:%s,queue_mib=2,spill=%s,name=u,stats=no" % (case.path("s"), case.folder)], stderr=subprocess.PIPE)
        case.started.append(process)
        wait_for(lambda: os.path.exists(case.path("a.json")), "the file")
        time.sleep(1)

        def send(n):
            subprocess.run(["nsenter", "-t", str(process.pid), "-n", sys.executable, "-c", SENDER, str(n)], check=True)

        send(QUERIES)
        wait_for(lambda: glob.glob(case.path("u.*.spill")), "the spill")
        os.rename(case.path("a.json"), case.path("a.json.1"))
        process.send_signal(signal.SIGUSR1)
        send(1)  # the signal is noticed with the next packet
        wait_for(lambda: os.path.exists(case.path("a.json")), "the new file")
        got = []
        reader = threading.Thread(target=read_stream, args=(server, got))
        reader.start()
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=WAIT_S)[1].decode()
        reader.join()
    assert process.returncode == 0, said
    lines = live_alerts(case.path("a.json.1")) + live_alerts(case.path("a.json"))
    assert len(lines) >= QUERIES and b"".join(got).decode() == "".join(lines), (len(lines), len(got), said)
    stats = [line for line in open(case.path("a.json")) if '"event_type":"stats"' in line]
    outputs = json.loads(stats[-1])["metadata"]["flowints"]["vedette"]["outputs"]
    assert all(o["sums_hold"] and o["dropped"] == 0 for o in outputs) and outputs[1]["spilled_ever"] > 0, outputs


def case_threshold(case):
    done = case.run("--threshold", "1/86400,by=client", "-o", case.path("t.json"))
    alerts = [json.loads(line) for line in open(case.path("t.json"))]
    repeats = [a["alert"]["context"]["ioc"].get("repeats", {"count": 1})["count"] for a in alerts]
    assert sum(repeats) == len(case.expected.splitlines()), (repeats, done.stderr)
    assert len(repeats) < sum(repeats)
    again = case.lines_of("t2.json", "--threshold", "1/86400,by=client", "-o", case.path("t2.json"))
    assert again == open(case.path("t.json"), "rb").read()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vedette", default=os.environ.get("VEDETTE"))
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    failed = 0
    for name, function in [(n[5:], f) for n, f in globals().items() if n.startswith("case_")]:
        if options.names and name not in options.names:
            continue
        with tempfile.TemporaryDirectory(prefix="vedette-outputs.") as folder:
            case = Case(os.path.abspath(options.vedette), folder)
            try:
                function(case)
                print("ok  ", name, flush=True)
            except Skip as why:
                print("skip", name + ":", why, flush=True)
            except (AssertionError, subprocess.TimeoutExpired, OSError) as fault:
                failed += 1
                print("FAIL", name + ":", repr(fault)[:2000], flush=True)
            for process in case.started:
                process.kill()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
