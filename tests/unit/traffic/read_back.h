#pragma once
/* What was made, read back by the sensor, and every checksum in it summed up again. For tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/decode/decode.h"
#include "sensor/worker.h"
#include "traffic/talk.h"

/* 16 bits at a time, as RFC 1071 says it: slow and plain. */
static inline uint32_t read_back_sum(uint32_t sum, struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        sum += i % 2 ? s.ptr[i] : (uint32_t)s.ptr[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

/* Of an IP packet, not a fragment, without extension headers. */
static inline void read_back_checksums(struct span ip)
{
    bool is_v4 = ip.ptr[0] >> 4 == 4;
    size_t header_len = is_v4 ? 20 : 40, addresses_len = is_v4 ? 8 : 32;
    uint8_t proto = is_v4 ? ip.ptr[9] : ip.ptr[6];
    struct span rest = span_from(ip, header_len), addresses = span_of(ip.ptr + header_len - addresses_len, addresses_len);
    if (is_v4)
        assert_int_equal(read_back_sum(0, span_first(ip, header_len)), 0xffff);
    if (proto == 6 || proto == 17)
        assert_int_equal(read_back_sum(read_back_sum(proto + (uint32_t)rest.len, addresses), rest), 0xffff);
}

static inline struct decoded read_back(const struct packet *pkt)
{
    struct decoded d = {0};
    struct decode_result r = decode_packet(pkt->link, pkt, &d);
    assert_int_equal(r.verdict, DECODE_OK);
    assert_int_equal(pkt->wire_len, pkt->bytes.len);
    return d;
}

/* A worker that looks for one indicator, and how often it told of it. */
struct read_back_worker {
    struct db *db;
    struct worker *worker;
    size_t n_alerts;
};

static inline bool read_back_line(void *to, struct span lines)
{
    struct read_back_worker *r = to;
    for (size_t i = 0; i < lines.len; i++)
        r->n_alerts += lines.ptr[i] == '\n';
    return true;
}

static inline void read_back_open(struct read_back_worker *r, enum ioc_type type, enum ioc_match match, struct span value, uint16_t port)
{
    static const char *const sources[] = {"made"};
    struct set *set = set_new();
    struct context_in c = {.valid_from = INT64_MIN, .valid_until = INT64_MAX, .confidence = -1};
    struct indicator_in in = {.type = type, .match = match, .fields = ioc_default_fields(type), .value = value, .port = port};
    uint32_t list, context;
    bool is_new;
    *r = (struct read_back_worker){0};
    assert_true(set_add_list(set, SPAN_LIT("one"), SPAN_LIT("one"), &list, NULL));
    assert_true(set_add_context(set, &c, &context, NULL));
    assert_true(set_add(set, &in, list, 1, context, &is_new, NULL));
    assert_true(db_build(set, &(struct db_options){.names_engine = NAMES_TABLE}, &r->db, NULL));
    r->worker = worker_new(&(struct worker_options){.db = r->db,
                                                    .eve = {.version = 8, .sources = sources},
                                                    .flows_max = 4096,
                                                    .write = read_back_line,
                                                    .write_to = r},
                           NULL);
    assert_non_null(r->worker);
}

static inline void read_back_close(struct read_back_worker *r)
{
    worker_free(r->worker);
    db_free(r->db);
}

/* All packets of a talk. Returns how many. */
static inline size_t read_back_talk(struct read_back_worker *r, struct talk *t, struct talk_room *room)
{
    struct packet pkt;
    size_t n = 0;
    while (talk_next(t, room, &pkt)) {
        pkt.number = ++n;
        worker_packet(r->worker, pkt.link, &pkt);
    }
    worker_end_source(r->worker);
    assert_true(stats_sums_hold(worker_stats(r->worker)));
    return n;
}
