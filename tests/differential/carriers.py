#!/usr/bin/env python3
"""carriers.py [--vedette PATH] [--shared DIR]

The way in that alerts tell, layer by layer, against what tshark reads in the same frames: labels, VNIs, TEIDs, keys, ids, outer
addresses. A list of all addresses makes an alert of every flow's first packet; its frame is looked up by its number. One capture for
each encapsulation that DIR/captures has.

Exit status: 0 all agree, 1 not, 77 there is no DIR or no tshark.
"""
import argparse
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
ALL = "0.0.0.0/1\n128.0.0.0/1\n::/1\n8000::/1\n"

# capture, what its alerts have to show: {type: [(key of the layer, tshark's field), ...]}
CAPTURES = [
    ("tunnels/arkime-twovlan.pcap", {"vlan": [("id", "vlan.id")]}),
    ("tunnels/pcpp-MplsPackets.pcap", {"mpls": [("label", "mpls.label"), ("tc", "mpls.exp")], "vlan": [("id", "vlan.id")]}),
    ("tunnels/arkime-mpls-basic.pcap", {"mpls": [("label", "mpls.label")]}),
    ("tunnels/arkime-pppoe.pcap", {"pppoe": [("session", "pppoe.session_id")]}),
    ("tunnels/ndpi-dns.pcapng", {"pppoe": [("session", "pppoe.session_id")], "vlan": [("id", "vlan.id")]}),
    ("tunnels/suri-decode-nsh-type2.pcap", {"nsh": [("spi", "nsh.spi"), ("si", "nsh.si")]}),
    ("tunnels/suri-decode-etag-02.pcap", {"etag": [("ecid", "etag.ecid_base")]}),
    ("tunnels/zeek-vntag_vlan_sandwich_clean.pcap", {"vntag": [("dvif", "vntag.dst"), ("svif", "vntag.src")], "vlan": [("id", "vlan.id")]}),
    ("tunnels/zeek-tunnels-4in4.pcap", {"ipip": [("src_ip", "ip.src"), ("dest_ip", "ip.dst")]}),
    ("tunnels/zeek-tunnels-6in4.pcap", {"ipv6_in_ip": [("src_ip", "ip.src"), ("dest_ip", "ip.dst")]}),
    ("tunnels/pcpp-GrePackets.pcapng", {"gre": [("key", "gre.key")], "pptp": [("call", "gre.key.call_id")]}),
    ("tunnels/suri-bug-5437-01.pcap", {"erspan": [("session", "erspan.spanid"), ("vlan", "erspan.vlan")]}),
    ("tunnels/tcpdump-erspan-type-ii-2.pcap", {"erspan": [("session", "erspan.spanid"), ("vlan", "erspan.vlan")]}),
    ("tunnels/ndpi-vxlan.pcap", {"vxlan": [("vni", "vxlan.vni")], "vlan": [("id", "vlan.id")]}),
    ("tunnels/arkime-gre-erspan-vxlan.pcap", {"vxlan_gpe": [("vni", "vxlan.vni")], "erspan": [("session", "erspan.spanid")]}),
    ("tunnels/tcpdump-nsh-over-vxlan-gpe.pcap", {"vxlan_gpe": [("vni", "vxlan.vni")], "nsh": [("spi", "nsh.spi"), ("si", "nsh.si")]}),
    ("tunnels/suri-geneve-decoder.pcap", {"geneve": [("vni", "geneve.vni")]}),
    ("tunnels/suri-bug-6402-01.pcap", {"geneve": [("vni", "geneve.vni")], "gre": [("key", "gre.key")]}),
    ("tunnels/arkime-gtp-iphone.pcap", {"gtp_u": [("teid", "gtp.teid")]}),
    ("tunnels/ndpi-false_positives.pcapng", {"gtp_u": [("teid", "gtp.teid")], "vlan": [("id", "vlan.id")]}),
    ("tunnels/zeek-gtp8_teredo.pcap", {"gtp_u": [("teid", "gtp.teid")], "teredo": []}),
    ("tunnels/tcpdump-mpls-over-udp.pcap", {"mpls_in_udp": [], "mpls": [("label", "mpls.label")]}),
    ("tunnels/zeek-tunnels-ayiya3.pcap", {"ayiya": []}),
    ("tunnels/ndpi-capwap.pcap", {"capwap": [("radio", "capwap.header.rid")]}),
]


def numbers(text):
    """A field's values in one frame, as numbers where they are: tshark writes some in hex."""
    out = []
    for value in text.split(",") if text else []:
        try:
            out.append(int(value, 0) if not value.isdigit() else int(value))
        except ValueError:
            out.append(value)
    return out


def dissected(tshark, capture, fields):
    """{frame number: {field: values}}"""
    command = [tshark, "-n", "-r", capture, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,"]
    for field in ["frame.number"] + fields:
        command += ["-e", field]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = (line.split("\t") for line in run.stdout.splitlines())
    return {int(row[0]): {field: numbers(cell) for field, cell in zip(fields, row[1:])} for row in rows}


def alerts(vedette, capture, lists):
    run = subprocess.run([vedette, "replay", "--quiet", "-l", lists, capture], capture_output=True, text=True)
    if run.returncode not in (0, 1):
        sys.exit("%s: exit status %d: %s" % (capture, run.returncode, run.stderr))
    return [json.loads(line) for line in run.stdout.splitlines()]


def layers_of(alert):
    """Plain VLAN tags have a place of their own."""
    layers = alert["alert"]["context"].get("carrier")
    return [{"type": "vlan", "id": tag} for tag in alert.get("vlan", [])] if layers is None else layers


def faults_of(name, found, frames, expected):
    """Each layer's values against the frame's, in the order they stand in it. Where there was no IP inside, the alert is on what would have
    carried it, and says nothing of that."""
    seen = collections.Counter()
    for alert in found:
        layers, fields = layers_of(alert), frames[alert["pcap_cnt"]]
        for kind, pairs in expected.items():
            of_kind = [layer for layer in layers if layer["type"] == kind]
            seen[kind] += len(of_kind)
            if not of_kind and "tunnel" not in alert:
                continue
            for key, field in pairs:
                ours = [layer[key] for layer in of_kind if key in layer]
                theirs = fields[field] if key not in ("src_ip", "dest_ip") else fields[field][:len(ours)] # tshark has the innermost too
                if ours != theirs:
                    yield "%s: frame %d: %s.%s is %s, %s is %s" % (name, alert["pcap_cnt"], kind, key, ours, field, fields[field])
    for kind in expected:
        if not seen[kind]:
            yield "%s: no alert came through %s" % (name, kind)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vedette", default=os.environ.get("VEDETTE"))
    parser.add_argument("--shared", default=os.environ.get("VEDETTE_SHARED"))
    options = parser.parse_args()
    tshark = shutil.which("tshark")
    captures = os.path.join(options.shared or "", "captures")
    if not options.shared or not os.path.isdir(captures) or not tshark:
        print("no captures, or no tshark: skipped")
        return SKIPPED
    faults, n = [], 0
    with tempfile.TemporaryDirectory() as directory:
        with open(os.path.join(directory, "all.txt"), "w", encoding="ascii") as f:
            f.write(ALL)
        for name, expected in CAPTURES:
            path = os.path.join(captures, name)
            fields = sorted({field for pairs in expected.values() for _, field in pairs})
            found = alerts(options.vedette, path, directory)
            n += len(found)
            faults += faults_of(name, found, dissected(tshark, path, fields) if fields else collections.defaultdict(dict), expected)
    for fault in faults:
        print(fault)
    print("%d captures, %d alerts, %d faults" % (len(CAPTURES), n, len(faults)))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
