#!/usr/bin/env python3
"""A folder may use only what stands to its left: base, rules, matcher, sensor, outputs, config, traffic, tools, bench, tests.

Reads the #include lines and says in words what Meson would only refuse to link. Also: one dependency, one door."""
import pathlib
import re
import sys

ORDER = ["base", "rules", "matcher", "sensor", "outputs", "config", "traffic", "tools", "bench", "tests"]
NOT_USED_BY_OTHERS = {"tools", "bench", "tests"}
DOORS = {
    "pcap/pcap.h": "sensor/capture/capture.c",
    "hs.h": "matcher/hyperscan.c",
    "hs/hs.h": "matcher/hyperscan.c",
    "yaml.h": "base/yaml.c",
    "cjson/cJSON.h": "base/json_read.c",
    "expat.h": "base/xml.c",
    "zlib.h": "base/codec_gzip.c",
    "zstd.h": "base/codec_zstd.c",
    "zstd_errors.h": "base/codec_zstd.c",
    "lzma.h": "base/codec_xz.c",
    "libpsl.h": "rules/public_suffix.c",
    "idn2.h": "rules/name.c",
    "xxhash.h": "base/hash.h",
    "cap-ng.h": "tools/live.c",
    "librdkafka/rdkafka.h": "outputs/kinds/kafka.c",
    "hiredis/hiredis.h": "outputs/kinds/redis.c",
    "openssl/md5.h": "base/digest.c",
    "openssl/sha.h": "base/digest.c",
}


def faults(root):
    for path in sorted(root.rglob("*.[ch]")):
        where = path.relative_to(root)
        folder = where.parts[0]
        if folder not in ORDER:
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            system = re.match(r"#include <(.+)>", line)
            if system and folder not in ("bench", "tests") and DOORS.get(system[1], str(where)) != str(where):
                yield f"{where}:{number}: <{system[1]}> enters at {DOORS[system[1]]} only"
            own = re.match(r'#include "(.+)"', line)
            if not own:
                continue
            if not (root / own[1]).exists():
                yield f"{where}:{number}: \"{own[1]}\" is no path from the root"
                continue
            used = own[1].split("/")[0]
            if used in NOT_USED_BY_OTHERS and used != folder and folder != "tests":
                yield f"{where}:{number}: nothing but tests may use {used}/"
            if ORDER.index(used) > ORDER.index(folder):
                yield f"{where}:{number}: {folder}/ may not use {used}/, which stands to its right"
    names = {}
    for path in sorted(root.rglob("*.h")):
        where = path.relative_to(root)
        if where.parts[0] in ORDER and path.name in names:
            yield f"{where}: there is a {names[path.name]} already; header names are unique"
        names[path.name] = where


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    found = list(faults(root))
    print("\n".join(found) or "every include points the right way")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
