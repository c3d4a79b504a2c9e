/* Fuzz target for sensor/worker.h: whole packets into a worker with a small db. The input:
 *   1 byte   1: every event as a line, 2: captures are joined, 4: EVE version 7, 8: no db, 16: with an allow side
 *   packets: link type and source (low and high four bits), length (2), bytes cut off by the snaplen, time passing in
 *            tenths of a second, then the bytes
 * What must hold beyond not crashing: the sums; every hit is accounted for; all that is written is lines, each a JSON object
 * without a key twice; and as many of them as the counters say. */
#include "sensor/worker.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "matcher/allow.h"

enum { PACKET_HEAD = 5, PACKETS_MAX = 256, SOURCES = 4 };
enum { WRITES_EVENTS = 1, IS_JOINED = 2, VERSION_7 = 4, NO_DB = 8, WITH_ALLOW = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds)
{
    if (!holds)
        abort();
}

struct entry {
    enum ioc_type type;
    enum ioc_match match;
    const char *value;
    uint16_t flags;
};

static const struct entry entries[] = {
    {IOC_DOMAIN, MATCH_SUFFIX, "example", 0},    {IOC_DOMAIN, MATCH_EXACT, "www.evil.example", 0},
    {IOC_IPV4, MATCH_EXACT, "192.0.2.1", 0},     {IOC_CIDR4, MATCH_CIDR, "203.0.113.0/24", 0},
    {IOC_CIDR6, MATCH_CIDR, "2001:db8::/32", 0}, {IOC_URL, MATCH_PREFIX, "http://www.evil.example/", 0},
    {IOC_URI_PATH, MATCH_EXACT, "/bad", 0},      {IOC_USER_AGENT, MATCH_EXACT, "evil", 0},
};

static const struct entry allowed[] = {
    {IOC_DOMAIN, MATCH_SUFFIX, "good.example", 0},
    {IOC_DOMAIN, MATCH_EXACT, "www.evil.example", IOC_F_HOST_ONLY},
    {IOC_CIDR4, MATCH_CIDR, "203.0.113.128/25", 0},
    {IOC_CIDR6, MATCH_CIDR, "2001:db8:1::/48", IOC_F_HOST_ONLY},
    {IOC_REGEX, MATCH_REGEX, "[0-9]", 0},
};

static struct set *make_set(const struct entry *rows, size_t n)
{
    struct set *set = set_new();
    uint32_t list, context;
    bool is_new;
    struct context_in always = {.valid_from = INT64_MIN, .valid_until = INT64_MAX, .confidence = -1};
    check(set && set_add_list(set, SPAN_LIT("list"), SPAN_LIT("list.txt"), &list, NULL) &&
          set_add_context(set, &always, &context, NULL));
    for (size_t i = 0; i < n; i++) {
        struct indicator_in in = {.type = rows[i].type,
                                  .match = rows[i].match,
                                  .fields = ioc_default_fields(rows[i].type),
                                  .value = span_str(rows[i].value),
                                  .flags = rows[i].flags};
        check(set_add(set, &in, list, (uint32_t)i + 1, context, &is_new, NULL));
    }
    return set;
}

static struct db *build_db(bool with_allow)
{
    struct set *set = make_set(entries, sizeof entries / sizeof *entries);
    struct db_options options = {0};
    struct db *db = NULL;
    if (with_allow)
        check(db_build(make_set(allowed, sizeof allowed / sizeof *allowed), NULL, &options.allow, NULL) &&
              allow_mark(options.allow, set, NULL));
    check(db_build(set, &options, &db, NULL));
    return db;
}

/* Built once: that takes longer than most inputs. */
static const struct db *the_db(bool with_allow)
{
    static struct db *dbs[2];
    if (!dbs[with_allow])
        dbs[with_allow] = build_db(with_allow);
    return dbs[with_allow];
}

static bool take_lines(void *to, struct span lines)
{
    uint64_t *n_lines = to;
    check(lines.len > 0 && lines.ptr[lines.len - 1] == '\n');
    while (lines.len) {
        const uint8_t *end = memchr(lines.ptr, '\n', lines.len);
        size_t n = (size_t)(end - lines.ptr);
        json_error_t error;
        json_t *line = json_loadb((const char *)lines.ptr, n, JSON_REJECT_DUPLICATES, &error);
        if (!line || !json_is_object(line)) {
            fprintf(stderr, "%s: %.*s\n", error.text, (int)n, (const char *)lines.ptr);
            abort();
        }
        json_decref(line);
        ++*n_lines;
        span_skip(&lines, n + 1);
    }
    return true;
}

/* One packet off the front of the input, its bytes in a block of their exact size. */
static bool send_packet(struct worker *w, struct span *in, uint64_t number, int64_t *ts_ns)
{
    struct span head, bytes;
    if (!span_take(in, PACKET_HEAD, &head))
        return false;
    bytes = span_first(*in, load_be16(head.ptr + 1));
    span_skip(in, bytes.len);
    size_t n_cut = head.ptr[3] < bytes.len ? head.ptr[3] : bytes.len, captured = bytes.len - n_cut;
    uint8_t *exact = malloc(captured ? captured : 1);
    check(exact != NULL);
    if (captured)
        memcpy(exact, bytes.ptr, captured);
    *ts_ns += head.ptr[4] * INT64_C(100000000);
    struct packet pkt = {.bytes = span_of(exact, captured),
                         .wire_len = (uint32_t)bytes.len,
                         .source = (head.ptr[0] >> 4) % SOURCES,
                         .link = (head.ptr[0] & 15) % (LINK_OTHER + 1),
                         .number = number,
                         .ts_ns = *ts_ns};
    worker_packet(w, pkt.link, &pkt);
    free(exact);
    return true;
}

static void check_counters(const struct worker *w, uint64_t n_packets, uint64_t n_lines, uint8_t flags)
{
    const struct stats *s = worker_stats(w);
    check(stats_sums_hold(s));
    check(s->packets == n_packets);
    check(s->processed == s->tcp + s->udp + s->other_ip && s->processed == s->ipv4 + s->ipv6);
    check(s->cut_by_snaplen <= s->processed);
    check(s->hits ==
          s->hits_expired + s->hits_repeated + s->hits_suppressed + s->alerts + s->alerts_unwritten);
    uint64_t n_allowed = 0;
    for (uint32_t o = 0; worker_allow_hits(w) && o < db_set(db_allow(the_db(true)))->n_origins; o++)
        n_allowed += worker_allow_hits(w)[o];
    check(n_allowed == s->hits_suppressed);
    check(!worker_output_is_broken(w));
    uint64_t n_events = 0;
    for (size_t i = 0; i < sizeof s->events / sizeof *s->events; i++)
        n_events += s->events[i];
    if (!(flags & WRITES_EVENTS))
        check(n_lines == s->alerts);
    else if (!(flags & VERSION_7)) /* there a DNS event may be several lines */
        check(n_lines == s->alerts + n_events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char *const sources[SOURCES] = {"a.pcap", "b \"\\\n.pcap", "c\xff.pcap", ""};
    if (len < 1)
        return 0;
    uint64_t n_lines = 0, n_packets = 0;
    int64_t ts_ns = INT64_C(1767323045) * 1000000000;
    struct span in = span_of(data + 1, len - 1);
    struct worker_options o = {.db = data[0] & NO_DB ? NULL : the_db(data[0] & WITH_ALLOW),
                               .eve = {.version = data[0] & VERSION_7 ? 7 : 8, .sources = sources},
                               .writes_events = data[0] & WRITES_EVENTS,
                               .is_joined = data[0] & IS_JOINED,
                               .flows_max = 16,
                               .buffer_cap_bytes = 64 * 1024,
                               .write = take_lines,
                               .write_to = &n_lines};
    struct worker *w = worker_new(&o, NULL);
    check(w != NULL);
    while (n_packets < PACKETS_MAX && send_packet(w, &in, n_packets + 1, &ts_ns)) {
        n_packets++;
        if (n_packets % 64 == 0)
            worker_end_source(w);
    }
    worker_end_run(w);
    check_counters(w, n_packets, n_lines, data[0]);
    worker_free(w);
    return 0;
}
