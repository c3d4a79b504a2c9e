"""Do the sums hold that a run prints at its end? Nothing may be lost silently, so this is asked of every run.

    packets   5 received = 3 processed + 1 undecodable (bad_ip_header 1) + 1 out of scope (not_ip 1)
    sessions  dns 3 seen = 2 readable + 1 unreadable (malformed 1)
"""
import re

LINE = re.compile(r"(\d+) (?:received|on the wire|seen|entries|hits) = (.*)")
TERM = re.compile(r"(\d+) [a-z ]+(?:\(([^)]*)\))?")
WANTED = ["received =", "dns", "http", "tls"]


def sum_faults(summary):
    """What does not add up in the text of a summary, in lines; a line of it that is missing is a fault too."""
    faults = ["the summary has no sum of %s" % what.split()[0] for what in WANTED
              if not re.search(r"\b%s" % what + ("" if "=" in what else r" \d+ seen ="), summary)]
    for line in summary.splitlines():
        found = LINE.search(line)
        if found and not holds(int(found.group(1)), found.group(2)):
            faults.append("does not add up: " + line)
    return faults


def holds(total, terms):
    """`terms`: "3 processed + 1 undecodable (a 1) + ...; what follows a semicolon is no part of the sum"."""
    parts = [TERM.match(term) for term in re.sub(r"[;,] \d+ (alerts|expired).*", "", terms).split(" + ")]
    return all(parts) and total == sum(int(p.group(1)) for p in parts) and all(reasons_hold(p) for p in parts)


def reasons_hold(part):
    """The numbers in brackets, where there are some, sum up to the one before them."""
    if part.group(2) is None:
        return True
    return int(part.group(1)) == sum(int(reason.rsplit(" ", 1)[1]) for reason in part.group(2).split(", "))


def received(summary):
    """Packets received, or None."""
    found = re.search(r"(\d+) received =", summary)
    return int(found.group(1)) if found else None


def alerts_written(summary):
    found = re.search(r"(\d+) written;", summary)
    return int(found.group(1)) if found else None
