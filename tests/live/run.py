#!/usr/bin/env python3
"""run.py [--vedette PATH]: `vedette live` on a veth pair, against `vedette replay` of what tcpdump saw there.

Clients talk to servers across the pair (tests/traffic/lab.py) while both programs listen. Both must give the same
alerts; live must end with exit status 0 on SIGINT, and its sums must hold. Exit status 77 (skipped) without root,
namespaces or the programs that the lab needs. The program is --vedette, else $VEDETTE.
"""
import argparse
import collections
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, "..", "traffic"))

from lab import BAD, BAD6, CLIENT_NS, PROXY, RESOLVER, WEB, Client, Lab, start_servers  # noqa: E402
from sums import received, sum_faults  # noqa: E402

SKIPPED = 77
NEEDED = ["ip", "dnsmasq", "nginx", "openssl", "curl", "dig", "tcpdump"]
LISTS = os.path.join(ROOT, "examples", "lists")
# What differs by nature between an interface and a file, and clocks of two sockets.
NOT_COMPARED = {"timestamp", "in_iface", "pcap_cnt", "pcap_filename", "flow_id", "pkt_src"}
START_S, STOP_S = 20, 20


def why_not():
    """A reason to skip, or None."""
    if os.geteuid() != 0:
        return "not root"
    missing = [program for program in NEEDED if not shutil.which(program)]
    if missing:
        return "not installed: " + ", ".join(missing)
    probe = "vedette-probe-%d" % os.getpid()
    if subprocess.run(["ip", "netns", "add", probe], stderr=subprocess.DEVNULL).returncode:
        return "no network namespaces here"
    can_enter = subprocess.run(["ip", "netns", "exec", probe, "true"], stderr=subprocess.DEVNULL).returncode == 0
    subprocess.run(["ip", "netns", "del", probe], check=True)
    return None if can_enter else "network namespaces can't be entered here"


def traffic(client):
    server = "@" + RESOLVER
    client.dig(server, "www.shop.example")
    client.dig(server, "c2.update-service.example")
    client.dig(server, "+tcp", "node-17.botnet.example")
    client.dig(server, "gateway.example")
    client.dig(server, "metrics.news.example")
    client.curl("http://www.shop.example/")
    client.curl("http://downloads.example/tools/setup.exe")
    client.curl("--http1.1", "https://login.bank-verify.example/")
    client.curl("https://www.shop.example/")
    client.curl("http://%s/" % BAD)
    client.curl("http://[%s]/" % BAD6)
    client.curl("--proxy", "http://%s:3128" % PROXY, "--proxytunnel", "https://c2.update-service.example/")
    client.tls("secure-parcel.test", WEB)
    client.python_tls("shop.example", WEB)


def wait_until_live(client, alerts):
    """Ask for a listed name, each time with another port, until its alert comes out."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        client.dig("@" + RESOLVER, "ads.tracker.example")
        time.sleep(0.3)
        if os.path.getsize(alerts):
            return True
    return False


def wait_for_tcpdump(process):
    for line in process.stderr:
        if b"listening on" in line:
            return
    sys.exit("tcpdump did not start")


def stop(process):
    """SIGINT; returns the exit status, or None if it had to be killed."""
    process.send_signal(signal.SIGINT)
    try:
        return process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return None


def comparable(text):
    """Alerts as a bag of JSON texts without what must differ; the waiting probes are left out."""
    bag = collections.Counter()
    for line in text.splitlines():
        event = json.loads(line)
        if event["event_type"] != "alert" or "ads.tracker.example" in line:
            continue
        bag[json.dumps({k: v for k, v in event.items() if k not in NOT_COMPARED}, sort_keys=True)] += 1
    return bag


def differences(live, replay):
    shown = []
    for name, bag in (("only live gave", live - replay), ("only replay gave", replay - live)):
        shown += ["%s (%d times): %s" % (name, n, line) for line, n in bag.items()]
    return shown


def listen(lab, program):
    """Live and tcpdump side by side on the client's end. Returns (exit status, summary, live's alerts, the capture)."""
    paths = {name: lab.path(name) for name in ("alerts", "summary", "seen.pcap")}
    with open(paths["alerts"], "wb") as out, open(paths["summary"], "wb") as said:
        live = lab.start(CLIENT_NS, program, "live", "-i", "eth0", "-l", LISTS, stdout=out, stderr=said)
        tcpdump = lab.start(CLIENT_NS, "tcpdump", "-i", "eth0", "-w", paths["seen.pcap"], "-s", "0", "-U",
                            "--immediate-mode", "-Z", "root")
        wait_for_tcpdump(tcpdump)
        client = Client(lab)
        if wait_until_live(client, paths["alerts"]):
            traffic(client)
        time.sleep(1)
        stop(tcpdump)
        status = stop(live)
    return status, open(paths["summary"], encoding="utf-8").read(), open(paths["alerts"], encoding="utf-8").read(), \
        paths["seen.pcap"]


def check(program):
    with Lab() as lab:
        lab.connect()
        start_servers(lab)
        status, summary, alerts, capture = listen(lab, program)
        replay = subprocess.run([program, "replay", "-l", LISTS, "--no-cache", capture], capture_output=True, text=True)
    faults = [] if status == 0 else ["live ended with %s instead of 0 on SIGINT" % status]
    faults += [] if replay.returncode == 0 else ["replay ended with %d:" % replay.returncode, replay.stderr]
    live_bag, replay_bag = comparable(alerts), comparable(replay.stdout)
    if not live_bag:
        faults.append("live gave no alerts")
    faults += differences(live_bag, replay_bag) + sum_faults(summary) + sum_faults(replay.stderr)
    if not received(summary):
        faults.append("live received no packets")
    print("live: %d alerts, replay: %d alerts" % (sum(live_bag.values()), sum(replay_bag.values())))
    return faults + (["", "live said:", summary] if faults else [])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vedette", default=os.environ.get("VEDETTE"), help="the program (default: $VEDETTE)")
    options = parser.parse_args()
    if not options.vedette or not os.access(options.vedette, os.X_OK):
        parser.error("say where the program is: --vedette PATH or $VEDETTE")
    reason = why_not()
    if reason:
        print("skipped: " + reason)
        return SKIPPED
    faults = check(os.path.abspath(options.vedette))
    print("\n".join(faults) if faults else "ok")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
