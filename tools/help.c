/* See help.h. */
#include "tools/help.h"

#include <string.h>

static const char overview[] =
    "vedette: match shared indicators of compromise against network traffic\n"
    "\n"
    "  vedette replay -l LIST... CAPTURE...   alerts from captures, one JSON line each\n"
    "  vedette fields CAPTURE...              every observed DNS, HTTP, TLS field and flow\n"
    "  vedette live -i IFACE -l LIST...       alerts from an interface\n"
    "  vedette lists check LIST...            what is wrong with lists, and what they will hit\n"
    "  vedette lists diff OLD NEW             what came and went, and which alerts that means\n"
    "  vedette lists convert --to F LIST...   the same lists in another format\n"
    "  vedette compile -l LIST... -o FILE     a compiled db for --db\n"
    "  vedette bench LIST...                  what lists cost, and which patterns cost most\n"
    "  vedette selftest                       does it see what it should, here and now?\n"
    "  vedette drill LIST... -o CAPTURE       a capture that contacts what lists name\n"
    "  vedette drill score                    what a sensor found of it\n"
    "  vedette version                        version and libraries\n"
    "\n"
    "`vedette COMMAND --help` tells a command's options; vedette(1) has the manual.\n"
    "stdout carries data, stderr speech; \"-\" is standard input. Exit: 0 done, 1 failed\n"
    "while running, 2 wrong use. Alerts are not failures.\n";

#define LIST_OPTIONS                                                                                         \
    "Lists\n"                                                                                                \
    "  -l, --list LIST         file or directory, with settings: c2.txt,tlp=amber,match=exact\n"             \
    "                          (vedette-lists(5)); again for more\n"                                         \
    "      --allow LIST        what is in it does not alert, whatever list names it; again for more\n"       \
    "      --db FILE           a db made by `vedette compile`, instead of lists\n"                           \
    "      --names-engine E    auto, hyperscan or table (auto)\n"                                            \
    "      --no-refang         reject defanged values such as evil[.]example\n"                              \
    "      --cache DIR         where compiled lists are kept (~/.cache/vedette)\n"                           \
    "      --no-cache          compile afresh, keep nothing\n"

#define ALERT_OUTPUT_OPTIONS                                                                                 \
    "Output\n"                                                                                               \
    "  -o, --output OUTPUT     file, unix:, unixgram:, syslog:, kafka:, redis: (stdout); again for more\n" \
    "      --threshold N/S     N alerts of an indicator at a client in S seconds, then a summary\n"         \
    "      --eve 7|8           shape of the lines: Suricata 7's or 8's EVE (8)\n"                            \
    "  -q, --quiet             no diagnostics of list entries, no progress, no summary\n"

#define OUTPUT_OPTIONS                                                                                       \
    "Output\n"                                                                                               \
    "  -o, --output FILE       write lines there (stdout)\n"                                                 \
    "      --eve 7|8           shape of the lines: Suricata 7's or 8's EVE (8)\n"                            \
    "  -q, --quiet             no diagnostics of list entries, no progress, no summary\n"

static const char replay[] =
    "usage: vedette replay -l LIST [-l LIST ...] [options] CAPTURE ...\n"
    "\n"
    "Reads captures (pcap, pcapng; plain, .gz, .zst, .xz; directories; - for stdin) and\n"
    "writes one EVE alert per flow, indicator and value.\n"
    "\n" LIST_OPTIONS "\n" ALERT_OUTPUT_OPTIONS "      --stats             end with a stats event\n"
    "\n"
    "Captures\n"
    "      --join              captures are parts of one: flows go on from file to file\n"
    "  -j, --workers N         threads that read flows, 1 to 64 (one a processor, at most 8)\n"
    "      --checksums C       ignore, or verify: what has a wrong one is not read (ignore)\n"
    "  -h, --help\n";

static const char fields[] =
    "usage: vedette fields [options] CAPTURE ...\n"
    "\n"
    "Writes every DNS message, HTTP head, TLS hello and flow as an EVE event, matched or not.\n"
    "\n" OUTPUT_OPTIONS "      --stats             end with a stats event\n"
    "\n"
    "Captures\n"
    "      --join              captures are parts of one: flows go on from file to file\n"
    "  -j, --workers N         threads that read flows, 1 to 64 (one a processor, at most 8)\n"
    "      --checksums C       ignore, or verify: what has a wrong one is not read (ignore)\n"
    "  -h, --help\n";

static const char live[] =
    "usage: vedette live -i IFACE -l LIST [-l LIST ...] [options]\n"
    "       vedette live -c FILE [options]\n"
    "\n"
    "Watches an interface until SIGINT or SIGTERM. Needs CAP_NET_RAW to open it; privileges\n"
    "are dropped before the first packet is looked at.\n"
    "\n"
    "Configuration\n"
    "  -c, --config FILE       settings (vedette.yaml(5)); options win over what is in it\n"
    "      --check             tell what is wrong with settings and lists, and end\n"
    "      --print-config      print the settings in force, with what they mean, and end\n"
    "\n"
    "Capture\n"
    "  -i, --interface IFACE   where to listen\n"
    "      --filter BPF        only packets that pass this pcap-filter(7) expression\n"
    "      --snaplen BYTES     most of a packet to take (262144)\n"
    "      --buffer MIB        the kernel's buffer (64)\n"
    "      --no-promiscuous    only what is addressed to this host\n"
    "      --checksums C       ignore, or verify: what has a wrong one is not read (ignore)\n"
    "      --user NAME         become this user once the interface is open (nobody)\n"
    "\n" LIST_OPTIONS "\n" ALERT_OUTPUT_OPTIONS
    "      --stats[=SECONDS]   a stats event at the end, and every so many seconds\n"
    "  -h, --help\n";

static const char lists[] =
    "usage: vedette lists check [options] LIST ...        what is wrong with lists (help check)\n"
    "       vedette lists diff [options] OLD NEW          what came and went (help diff)\n"
    "       vedette lists convert --to FORMAT LIST ...    the same in another format (help convert)\n"
    "\n"
    "Nothing is captured. A LIST is a file or directory, with settings:\n"
    "c2.txt,tlp=amber,match=exact (vedette-lists(5)); - is standard input.\n";

static const char check[] =
    "usage: vedette lists check [options] LIST ...\n"
    "\n"
    "The verdict before a list is published: loads lists as replay would and tells, by list\n"
    "and line and with a remedy, what does not load, is listed twice, is covered by another\n"
    "entry, has expired, is too broad, costs too much, or is never seen by a sensor. Prints\n"
    "entries = loaded + merged + skipped for each list.\n"
    "\n"
    "  LIST                    file or directory, with settings: c2.txt,tlp=amber,match=exact\n"
    "                          (vedette-lists(5)); - for stdin\n"
    "      --allow LIST        tell what this allow-list or MISP warninglist covers; again for more\n"
    "      --all               show all findings, not only twenty of a kind\n"
    "      --json              the same for machines, one object\n"
    "      --no-refang         reject defanged values such as evil[.]example\n"
    "  -h, --help\n"
    "\n"
    "Exit: 0 clean, 1 findings, 2 a list is unusable.\n";

static const char diff[] =
    "usage: vedette lists diff [options] OLD NEW\n"
    "\n"
    "Tells which indicators came (+), went (-) and changed (~) from the lists OLD to NEW; with\n"
    "captures, also which alerts are gained and lost.\n"
    "\n"
    "  OLD, NEW                file or directory, with settings: c2.txt,tlp=amber\n"
    "  -r, --read CAPTURE      a capture, or a directory of them; again for more\n"
    "      --json              the same for machines, one object\n"
    "  -h, --help\n"
    "\n"
    "Exit: 0 the same, 1 they differ, 2 a list or capture could not be read.\n";

static const char convert[] =
    "usage: vedette lists convert --to FORMAT [-o FILE] [options] LIST ...\n"
    "\n"
    "Loads lists into one set, as replay would, and writes it in another format. What that\n"
    "has no way to say is left out or said as well as can be, counted and told.\n"
    "\n"
    "  LIST                    file or directory, with settings: c2.txt,tlp=amber,match=exact\n"
    "                          (vedette-lists(5)); - for stdin\n"
    "      --to FORMAT         yaml     native: loses nothing\n"
    "                          stix     STIX 2.1 bundle\n"
    "                          misp     one MISP event\n"
    "                          zeek     Zeek intel\n"
    "                          dataset  Suricata dataset of names\n"
    "                          rpz      response policy zone\n"
    "                          text     one value per line\n"
    "  -o, --output FILE       write there, as a whole or not at all (stdout)\n"
    "      --max-tlp TLP       leave out what is marked stricter than clear, green, amber,\n"
    "                          amber+strict or red; what nobody marked counts as amber\n"
    "      --allow LIST        entries of this list must not alert; again for more\n"
    "      --serial N          of an RPZ zone (1)\n"
    "      --no-refang         reject defanged values such as evil[.]example\n"
    "  -q, --quiet             no diagnostics of list entries, no closing line\n"
    "  -h, --help\n"
    "\n"
    "Exit: 0 all was written, 1 something was left out that FORMAT has no way to say,\n"
    "2 wrong use, or a list is unusable: then nothing is written.\n";

static const char compile[] =
    "usage: vedette compile -l LIST [-l LIST ...] [--allow LIST ...] -o FILE\n"
    "\n"
    "Compiles lists into one db file for `--db`. It holds all their values and origins:\n"
    "it is written with mode 0600, for lists may be TLP:RED.\n"
    "\n"
    "  -l, --list LIST         file or directory, with settings; again for more\n"
    "      --allow LIST        what is in it does not alert, whatever list names it; again for more\n"
    "  -o, --output FILE       the db; a file that is there is replaced\n"
    "      --names-engine E    auto, hyperscan or table (auto)\n"
    "      --no-refang         reject defanged values such as evil[.]example\n"
    "  -q, --quiet             no diagnostics of list entries, no summary\n"
    "  -h, --help\n";

static const char bench[] =
    "usage: vedette bench [options] LIST ...\n"
    "\n"
    "What lists cost, before they are published: compile time, memory, nanoseconds per field\n"
    "and packet, shares by list and class, the ten most expensive patterns, regexes that need\n"
    "be none, expected hits. What the matcher finds is checked along the way.\n"
    "\n"
    "  LIST                    file or directory, with settings: c2.txt,tlp=amber,match=exact\n"
    "                          (vedette-lists(5)); read more than once: no -\n"
    "      --allow LIST        what is in it does not alert, whatever list names it; again for more\n"
    "      --no-refang         reject defanged values such as evil[.]example\n"
    "  -r, --read CAPTURE      measure with the fields and packets of this capture, or of a\n"
    "                          directory of them, not with the built-in mix; again for more\n"
    "      --seed N            of the built-in mix (1)\n"
    "      --seconds N         about how long to measure (20)\n"
    "      --baseline FILE     compare with what an earlier run wrote with --json\n"
    "      --json              the figures for machines, one object\n"
    "      --html FILE         a page with plots, too\n"
    "  -q, --quiet             no diagnostics of list entries\n"
    "  -h, --help\n"
    "\n"
    "Exit: 0 done, 1 failed, or the matcher's hits are wrong, 2 wrong use, 3 something costs\n"
    "more than in the baseline.\n";

static const char selftest[] =
    "usage: vedette selftest [options]\n"
    "\n"
    "Makes DNS, HTTP, TLS and QUIC conversations in all the ways they may travel (cut, out of\n"
    "order, in fragments, in tunnels ...), runs them through the sensor with a list that names\n"
    "them, and prints a matrix of what was seen; with the reason where it was not.\n"
    "\n"
    "      --what ROW          this row only, as JSON calls it (tls-1.3); again for more\n"
    "      --how COLUMN        this column only (gtp-u); again for more\n"
    "      --json              the same for machines, one object\n"
    "      --write FILE        the very packets, as pcap: for another sensor to read\n"
    "      --write-list FILE   what they contact, one name or address a line\n"
    "  -h, --help\n"
    "\n"
    "Exit: 0 all was seen, 1 something was not, 2 wrong use.\n";

static const char drill[] =
    "usage: vedette drill [options] LIST ... -o CAPTURE\n"
    "       vedette drill score --expected FILE REPORT ...      (help score)\n"
    "\n"
    "Makes a capture in which what lists name is contacted, in the ways that fit it, among\n"
    "traffic that contacts none of it. Files only: no packet is sent. The same lists and seed\n"
    "give the same bytes.\n"
    "\n"
    "  LIST                    file or directory, with settings: c2.txt,tlp=amber,match=exact\n"
    "                          (vedette-lists(5)); - for stdin\n"
    "      --allow LIST        what is in it is not contacted; again for more\n"
    "      --no-refang         reject defanged values such as evil[.]example\n"
    "  -o, --output CAPTURE    pcap with nanoseconds; - for stdout\n"
    "      --expected FILE     the alerts a sensor has to give, one JSON object a line\n"
    "      --near-misses       contact names like the listed ones, too, which must not alert\n"
    "  -q, --quiet             no diagnostics of list entries, no summary\n"
    "\n"
    "Traffic\n"
    "      --seed N            what is left to chance (1)\n"
    "      --ways W            all, one (of those that fit, for each indicator), or some of\n"
    "                          dns,http,tls,quic,connection (all)\n"
    "      --mix SHARES        of the other traffic (dns=40,http=20,tls=30,quic=10)\n"
    "      --hit-rate R        share of conversations that contact an indicator (0.1; with\n"
    "                          --size or --packets: each once)\n"
    "      --size BYTES        go on until there are so many: 500M, 10G\n"
    "      --packets N         go on until there are so many\n"
    "      --start TIME        of the first packet (when most indicators hold)\n"
    "      --one-sided         only what clients send\n"
    "      --tunnel KIND       vlan, service-vlan, mpls, pppoe, ip, gre, vxlan or gtp-u; again\n"
    "                          for one more inside of it\n"
    "      --evasion N         0: none, 1: cut, 2: out of order and in fragments too,\n"
    "                          3: repeated, in SYNs and with forged segments too (0)\n"
    "  -h, --help\n";

static const char score[] =
    "usage: vedette drill score --expected FILE [options] REPORT ...\n"
    "\n"
    "Compares what a sensor reported of a drill's capture with what was to be found: what was\n"
    "detected, missed, and reported though nothing was there, by type and way.\n"
    "\n"
    "  REPORT                  Vedette's or Suricata's eve.json, Zeek's intel.log (TSV or\n"
    "                          JSON), Snort's alert_json.txt, Maltrail's log; - for stdin\n"
    "      --expected FILE     what `vedette drill --expected` wrote\n"
    "      --all               show all that was missed or too much, not only twenty of each\n"
    "      --json              the same for machines, one object\n"
    "  -h, --help\n"
    "\n"
    "Exit: 0 all was detected and nothing else, 1 not so, 2 wrong use, or a file could not be\n"
    "read.\n";

static const struct {
    const char *name, *text;
} screens[] = {
    {"replay", replay}, {"fields", fields}, {"live", live}, {"lists", lists}, {"compile", compile},
    {"check", check},   {"diff", diff},     {"convert", convert},
    {"bench", bench},
    {"selftest", selftest},
    {"drill", drill},
    {"score", score},
};

static const char *screen_of(const char *subcommand)
{
    size_t len = strcspn(subcommand, " ");
    for (size_t i = 0; i < sizeof screens / sizeof *screens; i++)
        if (strncmp(screens[i].name, subcommand, len) == 0 && !screens[i].name[len])
            return screens[i].text;
    return NULL;
}

bool help_has(const char *subcommand)
{
    return screen_of(subcommand) != NULL;
}

void help_print(FILE *to, const char *subcommand)
{
    const char *text = screen_of(subcommand);
    fputs(text ? text : overview, to);
}
