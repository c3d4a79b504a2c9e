"""What the case modules share: how a case is declared and written, and the hosts that talk in it.

A case is one capture and one reason. What it must give is said twice: here, by hand, as a gist (see gist.py) that a
person can check against the intent, and in expect.jsonl byte for byte. Only the latter is ever rewritten by a tool.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "traffic"))

import captures  # noqa: E402
from conversation import Conversation  # noqa: E402
from frames import udp  # noqa: E402
from messages import dns_query, dns_response  # noqa: E402

CLIENT, CLIENT6 = "192.0.2.10", "2001:db8:c::10"
RESOLVER, RESOLVER6 = "192.0.2.53", "2001:db8:c::53"
SERVER, SERVER6 = "198.51.100.80", "2001:db8:5::80"
BAD, BAD6 = "203.0.113.66", "2001:db8:bad::66"

README = """# {name}

{shows}

{made} by `tests/golden/{maker}.py`; `expect.gist` is the intent, written by hand there.
"""

ALL = {}


def case(name, shows, capture, gist="", lists=None, args=None, exit_code=0, stderr=(), files=None):
    """Declare a case.

    shows    what it is about, for its README.md
    capture  datagrams (Ethernet and an ordinary pcap go around them), or the bytes of a capture file, or None
    gist     one line for each line of output that must come, in order (expect.gist)
    lists    {file name: text or bytes}; with lists the command is `replay`, without `fields`
    args     the whole command instead
    stderr   how some lines on stderr must begin
    files    {path: bytes} besides in.pcap
    """
    if name in ALL:
        raise ValueError("two cases named " + name)
    if args is None:
        args = "replay -l lists in.pcap" if lists else "fields in.pcap"
    if capture is not None and not isinstance(capture, bytes):
        capture = captures.pcap(captures.frames_of(capture))
    contents = dict(files or {})
    contents.update({"lists/" + file: text for file, text in (lists or {}).items()})
    if capture is not None:
        contents["in.pcap"] = capture
    contents["cmd"] = args + "\n"
    contents["expect.gist"] = "".join(line.strip() + "\n" for line in gist.strip().splitlines())
    if exit_code:
        contents["expect.exit"] = "%d\n" % exit_code
    if stderr:
        contents["expect.stderr"] = "".join(line + "\n" for line in stderr)
    maker = os.path.splitext(os.path.basename(sys._getframe(1).f_code.co_filename))[0]
    contents["README.md"] = README.format(name=name, shows="\n".join(line.strip() for line in shows.strip().splitlines()),
                                          maker=maker,
                                          made="The case is made" if capture is None else "The capture is made")
    ALL[name] = contents


def write(name):
    """Write all files of a case but expect.jsonl, which only the program's output is."""
    for path, content in ALL[name].items():
        target = os.path.join(HERE, name, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        data = content if isinstance(content, bytes) else content.encode()
        if not os.path.exists(target) or open(target, "rb").read() != data:
            with open(target, "wb") as out:
                out.write(data)


# ---- small traffic that many cases need ------------------------------------------------------------------

def ask(name, rtype="A", port=40000, client=CLIENT, resolver=RESOLVER, **more):
    """A query as a list of one datagram."""
    return [udp((client, port), (resolver, 53), dns_query(name, rtype, ident=port & 0xffff, **more))]


def answer(name, rtype="A", records=(), port=40000, client=CLIENT, resolver=RESOLVER, **more):
    """The response to ask()."""
    return [udp((resolver, 53), (client, port), dns_response(name, rtype, records, ident=port & 0xffff, **more))]


def ask_all(names, first_port=40000):
    """One query for each name, each in a flow of its own."""
    return [datagram for index, name in enumerate(names) for datagram in ask(name, port=first_port + index)]


def talk(port=40000, server_port=80, client=CLIENT, server=SERVER, **more):
    """An open TCP conversation."""
    return Conversation((client, port), (server, server_port), **more).open()
