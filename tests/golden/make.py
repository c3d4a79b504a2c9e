#!/usr/bin/env python3
"""make.py [NAME...]: write the golden cases (all of them): captures, lists, commands, intents.

expect.jsonl is left alone: `run.py --update` writes it, for review.
"""
import sys

sys.dont_write_bytecode = True

import case  # noqa: E402
import make_addresses  # noqa: E402,F401
import make_allow  # noqa: E402,F401
import make_blooms  # noqa: E402,F401
import make_captures  # noqa: E402,F401
import make_dns  # noqa: E402,F401
import make_dtls  # noqa: E402,F401
import make_evasion  # noqa: E402,F401
import make_http  # noqa: E402,F401
import make_http2  # noqa: E402,F401
import make_lists  # noqa: E402,F401
import make_mail  # noqa: E402,F401
import make_names  # noqa: E402,F401
import make_quic  # noqa: E402,F401
import make_tls  # noqa: E402,F401
import make_tunnels  # noqa: E402,F401


def main():
    names = sys.argv[1:] or sorted(case.ALL)
    for name in names:
        if name not in case.ALL:
            sys.exit("make.py: no case named " + name)
        case.write(name)
    print("%d cases written" % len(names))


if __name__ == "__main__":
    main()
