/* See bench_fields.h. The mix is that of an access network with encrypted traffic: names in DNS and TLS make up three quarters, plain HTTP
 * little. A tenth of the names are of sites that everybody visits, so that a list which names one of them shows it. */
#include "tools/bench_fields.h"

#include <stdlib.h>

#include "matcher/corpus.h"

enum { TEXT_BYTES_MAX = 4096, POPULAR_PERCENT = 10 };

const uint16_t bench_mix[FIELD_COUNT] = {
    [FIELD_DNS_QUERY] = 300,
    [FIELD_DNS_ANSWER_NAME] = 100,
    [FIELD_DNS_ANSWER_TARGET] = 40,
    [FIELD_DNS_ANSWER_ADDRESS] = 100,
    [FIELD_HTTP_HOST] = 30,
    [FIELD_HTTP_URL] = 30,
    [FIELD_HTTP_LOCATION] = 5,
    [FIELD_HTTP_REFERER] = 5,
    [FIELD_HTTP_USER_AGENT] = 25,
    [FIELD_HTTP_METHOD] = 25,
    [FIELD_TLS_SNI] = 140,
    [FIELD_TLS_ALPN] = 40,
    [FIELD_QUIC_SNI] = 60,
    [FIELD_TLS_JA3] = 20,
    [FIELD_TLS_JA4] = 20,
    [FIELD_IP_SRC] = 30,
    [FIELD_IP_DST] = 30,
};

bool bench_fields_init(struct bench_fields *f, uint32_t room)
{
    *f = (struct bench_fields){.items = malloc(room * sizeof *f->items), .room = room};
    arena_init(&f->arena, 1 << 20, BENCH_FIELDS_BYTES);
    return f->items != NULL;
}

void bench_fields_fini(struct bench_fields *f)
{
    arena_fini(&f->arena);
    free(f->items);
    *f = (struct bench_fields){0};
}

void bench_fields_keep(void *to, const struct scan_field *field)
{
    struct bench_fields *f = to;
    struct scan_field kept = *field;
    kept.text = arena_copy(&f->arena, field->text);
    kept.target = arena_copy(&f->arena, field->target);
    bool has_texts = (kept.text.ptr || !kept.text.len) && (kept.target.ptr || !kept.target.len);
    if (f->n == f->room || !has_texts) {
        f->n_left_out++;
        return;
    }
    f->items[f->n++] = kept;
    f->by_field[field->field]++;
}

static enum field draw(struct corpus_random *r)
{
    uint32_t roll = corpus_below(r, 1000), f = 0;
    while (f < FIELD_COUNT - 1 && roll >= bench_mix[f])
        roll -= bench_mix[f++];
    return (enum field)f;
}

static void put_name(struct buf *out, struct corpus_random *r)
{
    if (corpus_below(r, 100) < POPULAR_PERCENT)
        corpus_put_popular(out, r);
    else
        corpus_put_benign(out, r);
}

/* One address in eight is IPv6. Most IPv4 ones are of the middle of the address space, as servers are; none is private. */
static struct ip make_address(struct corpus_random *r)
{
    uint8_t b[16];
    uint64_t high = corpus_next(r), low = corpus_next(r);
    bool is_v4 = corpus_below(r, 8) != 0;
    memcpy(b, &high, 8);
    memcpy(b + 8, &low, 8);
    b[0] = is_v4 ? (uint8_t)(20 + b[0] % 80) : 0x20;
    return is_v4 ? ip_from_v4(b) : ip_from_v6(b);
}

static void put_text(struct buf *out, struct corpus_random *r, enum field field)
{
    static const char *const methods[] = {"GET", "GET", "GET", "POST", "HEAD"}, *const alpn[] = {
                                                                                    "h2", "http/1.1", "h3"};
    switch (field) {
    case FIELD_HTTP_LOCATION:
    case FIELD_HTTP_REFERER:
        buf_put_str(out, "https://");
        put_name(out, r);
        corpus_put_target(out, r);
        break;
    case FIELD_HTTP_USER_AGENT:
        corpus_put_agent(out, r);
        break;
    case FIELD_HTTP_METHOD:
        buf_put_str(out, methods[corpus_below(r, 5)]);
        break;
    case FIELD_TLS_ALPN:
        buf_put_str(out, alpn[corpus_below(r, 3)]);
        break;
    case FIELD_TLS_JA4:
        buf_printf(out, "t13d%02u%02uh2_%012llx_%012llx", 10 + corpus_below(r, 10), 8 + corpus_below(r, 10),
                   (unsigned long long)corpus_next(r) >> 16, (unsigned long long)corpus_next(r) >> 16);
        break;
    default: /* JA3: an MD5 */
        buf_printf(out, "%016llx%016llx", (unsigned long long)corpus_next(r),
                   (unsigned long long)corpus_next(r));
    }
}

static void add_one(struct bench_fields *f, struct corpus_random *r, struct buf *text, struct buf *target)
{
    struct scan_field made = {.field = draw(r), .kind = SCAN_TEXT};
    field_mask bit = FIELD_BIT(made.field);
    buf_reset(text);
    buf_reset(target);
    if (bit & FIELD_BIT(FIELD_HTTP_URL)) {
        made.kind = SCAN_URL;
        made.port = 80;
        put_name(text, r);
        corpus_put_target(target, r);
    } else if (bit &
               (FIELD_BIT(FIELD_DNS_ANSWER_ADDRESS) | FIELD_BIT(FIELD_IP_SRC) | FIELD_BIT(FIELD_IP_DST))) {
        made.kind = SCAN_ADDRESS;
        made.port = made.field == FIELD_IP_DST ? 443 : made.field == FIELD_IP_SRC ? 50000 : 0;
        made.ip = make_address(r);
    } else if (bit & (FIELD_BIT(FIELD_DNS_QUERY) | FIELD_BIT(FIELD_DNS_ANSWER_NAME) |
                      FIELD_BIT(FIELD_DNS_ANSWER_TARGET) | FIELD_BIT(FIELD_HTTP_HOST) |
                      FIELD_BIT(FIELD_TLS_SNI) | FIELD_BIT(FIELD_QUIC_SNI))) {
        made.kind = SCAN_NAME;
        made.port = made.field == FIELD_HTTP_HOST                                 ? 80
                    : made.field == FIELD_TLS_SNI || made.field == FIELD_QUIC_SNI ? 443
                                                                                  : 0;
        put_name(text, r);
    } else {
        put_text(text, r, made.field);
    }
    made.text = buf_span(text);
    made.target = buf_span(target);
    bench_fields_keep(f, &made);
}

void bench_fields_make(struct bench_fields *f, uint64_t seed)
{
    struct corpus_random r = {seed};
    struct buf text, target;
    buf_init(&text, TEXT_BYTES_MAX);
    buf_init(&target, TEXT_BYTES_MAX);
    for (uint32_t i = 0; i < BENCH_FIELDS_BUILT_IN; i++)
        add_one(f, &r, &text, &target);
    buf_fini(&text);
    buf_fini(&target);
}
