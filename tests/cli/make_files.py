#!/usr/bin/env python3
"""make_files.py: write tests/cli/files/ anew: the capture and the lists that the command-line cases use.

The capture is small and says the same at every run: names asked for, one HTTP exchange, one TLS hello. Its compressed
copies need the commands gzip, xz and zstd.
"""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "golden"))

from case import answer, ask, captures, talk  # noqa: E402
from bloom import bloom  # noqa: E402
from messages import client_hello, http_request, http_response, tls_records  # noqa: E402

LISTS = {
    "names.txt": "# TLP:GREEN\nevil.example\nbot.example   # seen in mails\n",
    "partner.yaml": "\n".join((
        "vedette: 1", "name: partner-c2", "organisation: CSIRT Example", "tlp: amber", "confidence: 80", "tags: [c2]",
        "indicators:", "  - evil.example", "  - http://evil.example/gate.php?id=*", "  - {domain: old.example, valid_until: 2020-01-01}",
        "")),
    "bad.txt": "\n".join((
        "good.example", "ev il.example", "192.0.2.300", "user@mail.example", "co.uk", "http://evil[.]example/x", "")),
    "regex.yaml": "indicators:\n  - {regex: '([a-z'}\n  - {regex: '(?=a)b'}\n  - evil.example\n",
    "not-a-list.yaml": "vedette: 2\nindicators: [evil.example]\n",
}


def datagrams():
    yield from ask("www.evil.example", port=40000)
    yield from answer("www.evil.example", port=40000)
    yield from ask("good.example", port=40001)
    yield from ask("old.example", port=40002)
    yield from talk(40010).client(http_request("/gate.php?id=7", "evil.example")).server(http_response()).close().datagrams()
    yield from talk(40011, 443).client(tls_records(client_hello("c2.bot.example"))).datagrams()


def main():
    os.makedirs(os.path.join(HERE, "files"), exist_ok=True)
    os.chdir(os.path.join(HERE, "files"))
    for name, text in LISTS.items():
        with open(name, "w", encoding="utf-8") as out:
            out.write(text)
    with open("names.bloom", "wb") as out:
        out.write(bloom(["evil.example", "bot.example"], data=b"Names of CSIRT Example\n"))
    with open("capture.pcap", "wb") as out:
        out.write(captures.pcap(captures.frames_of(datagrams())))
    for command, suffix in ((["gzip", "-9n"], "gz"), (["xz", "-9"], "xz"), (["zstd", "-q", "-19"], "zst")):
        with open("capture.pcap", "rb") as plain, open("capture.pcap." + suffix, "wb") as out:
            subprocess.run(command, stdin=plain, stdout=out, check=True)


if __name__ == "__main__":
    main()
