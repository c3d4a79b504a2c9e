/* What goes below a ceiling tells nothing of what is above it: for random origins, ceilings and times each alert of the whole set is, byte
 * for byte, what a set makes of it in which the origins above the ceiling have never been; or it is withheld where that set has nothing that
 * holds. But for the generation, which names the lists that are loaded. The seed is printed; --seed N replays it. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "sensor/eve.h"

enum { ROUNDS = 25, INDICATORS = 6, ORIGINS_MAX = 40, START_S = 1767323045, GENERATION_LEN = 16 };

static uint64_t state;

static unsigned pick(unsigned n)
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((z ^ z >> 31) % n);
}

struct said {
    unsigned indicator, list, line;
    enum tlp tlp;
    int confidence;
    int64_t from, until;
    bool is_tagged;
};

static const char *const values[INDICATORS] = {"a.example", "b.example", "c.example",
                                               "d.example", "e.example", "f.example"};
static const char *const lists[] = {"partner", "feed", "secret"};

static void say(struct said *s, unsigned line)
{
    *s = (struct said){.indicator = pick(INDICATORS),
                       .line = line,
                       .tlp = (enum tlp)pick(6),
                       .confidence = (int)pick(102) - 1,
                       .from = pick(3) ? INT64_MIN : START_S - 1,
                       .until = pick(3) ? INT64_MAX : START_S + (int)pick(3) - 1,
                       .is_tagged = pick(2)};
}

/* A set of what is said within the ceiling. */
static struct db *make_db(const struct said *said, size_t n, enum tlp ceiling)
{
    struct db *db = NULL;
    struct set *set = set_new();
    struct span tag = SPAN_LIT("botnet_cc");
    uint32_t list, context;
    bool is_new, is_good = set != NULL;
    for (size_t l = 0; l < 3; l++)
        is_good = is_good && set_add_list(set, span_str(lists[l]), span_str(lists[l]), &list, NULL);
    for (size_t i = 0; i < n; i++) {
        const struct said *s = &said[i];
        if (!tlp_is_within(s->tlp, ceiling))
            continue;
        struct context_in c = {.organisation = span_str(lists[s->list]),
                               .tags = &tag,
                               .n_tags = s->is_tagged,
                               .valid_from = s->from,
                               .valid_until = s->until,
                               .tlp = s->tlp,
                               .confidence = s->confidence};
        struct indicator_in in = {.type = IOC_DOMAIN,
                                  .match = MATCH_SUFFIX,
                                  .fields = ioc_default_fields(IOC_DOMAIN),
                                  .value = span_str(values[s->indicator])};
        is_good = is_good && set_add_context(set, &c, &context, NULL) &&
                  set_add(set, &in, s->list, s->line, context, &is_new, NULL);
    }
    if (!is_good || !db_build(set, &(struct db_options){.names_engine = NAMES_TABLE}, &db, NULL))
        abort();
    return db;
}

/* The indicator's index, or UINT32_MAX. */
static uint32_t find(const struct db *db, const char *value)
{
    for (uint32_t i = 0; i < db_set(db)->n_indicators; i++)
        if (span_eq(set_value(db_set(db), i), span_str(value)))
            return i;
    return UINT32_MAX;
}

static enum alert_fate render(const struct db *db, uint32_t indicator, enum tlp ceiling, struct buf *out)
{
    static const char *const sources[] = {"x.pcap"};
    uint8_t address[4] = {192, 0, 2, 1};
    struct event e = {.kind = EVENT_FLOW,
                      .proto = 17,
                      .ip_version = 4,
                      .src = ip_from_v4(address),
                      .dst = ip_from_v4(address),
                      .ts_ns = START_S * INT64_C(1000000000)};
    struct eve_options o = {.version = 8, .sources = sources, .max_tlp = ceiling};
    struct alert a = {
        .event = &e, .db = db, .indicator = indicator, .field = FIELD_DNS_QUERY, .observed = SPAN_LIT("x")};
    enum alert_fate fate = eve_alert_fate(&o, &a);
    buf_reset(out);
    if (fate == ALERT_SHOWN && !eve_put_alert(out, &o, &a))
        abort();
    buf_put_byte(out, 0);
    char *generation = strstr((char *)out->ptr, db_generation(db));
    if (generation)
        memset(generation, '0', GENERATION_LEN);
    return fate;
}

/* Does anybody in that set say so at that time? */
static bool holds(const struct db *db, uint32_t indicator)
{
    const struct set_view *v = db_set(db);
    uint32_t at = indicator == UINT32_MAX ? ORIGIN_END : v->indicators[indicator].origins;
    while (at != ORIGIN_END && !set_origin_holds(v, &v->origins[at], START_S))
        at = v->origins[at].next;
    return at != ORIGIN_END;
}

static void check(const struct db *whole, const struct db *part, enum tlp ceiling, struct buf *a,
                  struct buf *b)
{
    for (unsigned i = 0; i < INDICATORS; i++) {
        uint32_t in_whole = find(whole, values[i]), in_part = find(part, values[i]);
        if (in_whole == UINT32_MAX)
            continue;
        enum alert_fate fate = render(whole, in_whole, ceiling, a);
        if (!holds(part, in_part)) {
            if (fate != ALERT_WITHHELD)
                abort();
            continue;
        }
        render(part, in_part, TLP_NONE, b);
        if (fate != ALERT_SHOWN || !span_eq(buf_span(a), buf_span(b))) {
            fprintf(stderr, "ceiling %d:\n%s%s", ceiling, (char *)a->ptr, (char *)b->ptr);
            abort();
        }
    }
}

int main(int argc, char **argv)
{
    struct said said[ORIGINS_MAX];
    struct buf a, b;
    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        state = strtoull(argv[2], NULL, 10);
    else if (getrandom(&state, sizeof state, 0) != sizeof state)
        return 1;
    printf("seed %llu\n", (unsigned long long)state);
    fflush(stdout);
    buf_init(&a, 1 << 20);
    buf_init(&b, 1 << 20);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned n = 1 + pick(ORIGINS_MAX);
        for (unsigned i = 0; i < n; i++)
            say(&said[i], i + 1);
        for (unsigned i = 0; i < n; i++) /* lists are loaded one by one */
            said[i].list = i * 3 / n;
        struct db *whole = make_db(said, n, TLP_NONE);
        for (enum tlp ceiling = TLP_CLEAR; ceiling <= TLP_RED; ceiling++) {
            struct db *part = make_db(said, n, ceiling);
            check(whole, part, ceiling, &a, &b);
            db_free(part);
        }
        db_free(whole);
    }
    buf_fini(&a);
    buf_fini(&b);
    return 0;
}
