/* Random indicators against random fields: both names engines, fresh and loaded from a file, against the naive oracle.
 *
 *   diff_matcher [--seed N] [--rounds N]
 *
 * Names come from few labels, so that sub-names, siblings and near misses are common. The seed is printed; a failure names
 * the round and the first hit that differs, and --seed replays it. */
#define _GNU_SOURCE 1
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "matcher/scan.h"
#include "tests/differential/oracle_naive.h"

enum { FIELDS_MAX = 400, TEXT_MAX = 600, ROUNDS = 60 };

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

static uint32_t below(uint64_t *rng, uint32_t n)
{
    return (uint32_t)(next_random(rng) % n);
}

/* ---- indicators ---- */

/* Names of a few labels; `spread` widens the choice with the size of the set. */
static void put_name(uint64_t *rng, uint32_t spread, struct buf *out)
{
    static const char *const labels[] = {"evil",  "a",    "b",     "www",    "xevil",
                                         "evilx", "mail", "bad-1", "_dmarc", "longer-label-of-many-bytes"};
    static const char *const tops[] = {"com", "net", "org", "co.uk", "xn--p1ai"};
    for (uint32_t n = 1 + below(rng, 3); n > 0; n--) {
        buf_put_str(out, labels[below(rng, 10)]);
        if (spread > 50 && below(rng, 2))
            buf_put_u64(out, below(rng, spread));
        buf_put_byte(out, '.');
    }
    buf_put_str(out, tops[below(rng, 5)]);
}

static struct ip random_ip(uint64_t *rng, bool is_v4)
{
    uint8_t b[16] = {0x20, 0x01, 0x0d, 0xb8};
    if (is_v4) {
        uint8_t v4[4] = {10, (uint8_t)below(rng, 4), (uint8_t)below(rng, 4), (uint8_t)below(rng, 256)};
        return ip_from_v4(v4);
    }
    b[5] = (uint8_t)below(rng, 3);
    b[15] = (uint8_t)below(rng, 256);
    return ip_from_v6(b);
}

static void put_ip(struct buf *out, const struct ip *ip)
{
    char text[IP_TEXT_MAX];
    ip_format(ip, text);
    buf_put_str(out, text);
}

static void put_path(uint64_t *rng, uint32_t spread, struct buf *out)
{
    static const char *const parts[] = {"/",    "/a",     "/gate.php", "/bin.sh",
                                        "/a/b", "/i?id=", "/x%2Fy",    "/gate.php?q=1"};
    buf_put_str(out, parts[below(rng, 8)]);
    if (spread > 50 && below(rng, 2))
        buf_put_u64(out, below(rng, spread));
}

static void put_host(uint64_t *rng, uint32_t spread, struct buf *out)
{
    static const uint16_t ports[] = {8080, 8443, 81};
    struct ip ip = random_ip(rng, below(rng, 2));
    if (below(rng, 4)) {
        put_name(rng, spread, out);
    } else if (ip_is_v4(&ip)) {
        put_ip(out, &ip);
    } else {
        buf_put_byte(out, '[');
        put_ip(out, &ip);
        buf_put_byte(out, ']');
    }
    if (below(rng, 4) == 0)
        buf_printf(out, ":%u", ports[below(rng, 3)]);
}

static void put_range(uint64_t *rng, bool is_v4, struct buf *out)
{
    struct ip a = random_ip(rng, is_v4), b = random_ip(rng, is_v4);
    put_ip(out, ip_compare(&a, &b) <= 0 ? &a : &b);
    buf_put_byte(out, '-');
    put_ip(out, ip_compare(&a, &b) <= 0 ? &b : &a);
}

static void put_network(uint64_t *rng, bool is_v4, struct buf *out)
{
    struct ip ip = random_ip(rng, is_v4), first, last;
    unsigned bits = is_v4 ? 8 + below(rng, 24) : 24 + below(rng, 104);
    ip_prefix_range(&ip, is_v4 ? bits + 96 : bits, &first, &last);
    put_ip(out, &first);
    buf_printf(out, "/%u", bits);
}

static void put_ip_port(uint64_t *rng, uint16_t port, struct buf *out)
{
    struct ip ip = random_ip(rng, below(rng, 2));
    if (!ip_is_v4(&ip))
        buf_put_byte(out, '[');
    put_ip(out, &ip);
    if (!ip_is_v4(&ip))
        buf_put_byte(out, ']');
    buf_printf(out, ":%u", port);
}

/* What PCRE and POSIX extended regexes read alike. */
static const char *random_regex(uint64_t *rng)
{
    static const char *const regexes[] = {
        "^evil[0-9]*[.]", "(^|[.])bad-[0-9]+[.]com$",
        "gate[.]php",     "^http://[^/]+/gate",
        "[0-9]{3}",       "^a[.]",
        "EVIL",           "^[^x]*$",
        "Mozilla/[0-9]",  "^10[.]0[.]",
    };
    return regexes[below(rng, 10)];
}

static field_mask random_fields(uint64_t *rng)
{
    field_mask all = FIELD_BIT(FIELD_COUNT) - 1;
    return below(rng, 3) ? all : (field_mask)next_random(rng) & all;
}

/* A random indicator's value in `out`, the rest in the result. */
static struct indicator_in random_indicator(uint64_t *rng, uint32_t spread, bool with_patterns,
                                            struct buf *out)
{
    static const uint8_t types[] = {
        IOC_DOMAIN,  IOC_DOMAIN,   IOC_DOMAIN,     IOC_DOMAIN,   IOC_DOMAIN,      IOC_DOMAIN,
        IOC_IPV4,    IOC_IPV6,     IOC_CIDR4,      IOC_CIDR6,    IOC_RANGE4,      IOC_RANGE6,
        IOC_IP_PORT, IOC_URL,      IOC_URL,        IOC_HOSTPATH, IOC_DOMAIN_PORT, IOC_JA3,
        IOC_URL,     IOC_URI_PATH, IOC_USER_AGENT, IOC_EMAIL,    IOC_WILDCARD,    IOC_REGEX,
    };
    struct indicator_in in = {.fields = random_fields(rng),
                              .type =
                                  (enum ioc_type)types[below(rng, sizeof types - (with_patterns ? 0 : 2))]};
    struct ip ip;
    buf_reset(out);
    switch (in.type) {
    case IOC_DOMAIN_PORT:
        in.port = (uint16_t)(443 + below(rng, 3));
        /* fall through */
    case IOC_DOMAIN:
        in.match = (enum ioc_match)(MATCH_EXACT + below(rng, 3));
        put_name(rng, spread, out);
        if (in.port)
            buf_printf(out, ":%u", in.port);
        break;
    case IOC_IPV4:
    case IOC_IPV6:
        ip = random_ip(rng, in.type == IOC_IPV4);
        put_ip(out, &ip);
        break;
    case IOC_CIDR4:
    case IOC_CIDR6:
        in.match = MATCH_CIDR;
        put_network(rng, in.type == IOC_CIDR4, out);
        break;
    case IOC_RANGE4:
    case IOC_RANGE6:
        in.match = MATCH_RANGE;
        put_range(rng, in.type == IOC_RANGE4, out);
        break;
    case IOC_IP_PORT:
        in.port = (uint16_t)(443 + below(rng, 3));
        put_ip_port(rng, in.port, out);
        break;
    case IOC_URL:
        buf_put_str(out, below(rng, 2) ? "http://" : "https://");
        /* fall through */
    case IOC_HOSTPATH:
        put_host(rng, spread, out);
        /* fall through */
    case IOC_URI_PATH:
        in.match = below(rng, 3) ? MATCH_EXACT : MATCH_PREFIX;
        put_path(rng, spread, out);
        break;
    case IOC_WILDCARD:
        in.match = MATCH_WILDCARD;
        put_name(rng, 1, out);
        out->ptr[below(rng, 3)] = below(rng, 2) ? '*' : '?';
        break;
    case IOC_EMAIL:
        buf_printf(out, "user%u@", below(rng, 3));
        put_name(rng, spread, out);
        break;
    case IOC_REGEX:
        in.match = MATCH_REGEX;
        in.flags = below(rng, 3) ? 0 : IOC_F_CASELESS;
        buf_put_str(out, random_regex(rng));
        break;
    default:
        buf_printf(out, "Mozilla/%u (evil)", below(rng, spread));
        break;
    }
    in.value = buf_span(out);
    return in;
}

static struct set *random_set(uint64_t *rng, uint32_t n)
{
    struct set *s = set_new();
    struct buf value;
    uint32_t list, context;
    struct context_in c = {.valid_from = INT64_MIN, .valid_until = INT64_MAX, .confidence = -1};
    bool is_new, ok = set_add_list(s, SPAN_LIT("list"), SPAN_LIT("lists/list.txt"), &list, NULL) &&
                      set_add_context(s, &c, &context, NULL);
    buf_init(&value, TEXT_MAX);
    uint32_t n_patterns = 0;
    for (uint32_t i = 0; i < n && ok; i++) {
        struct indicator_in in = random_indicator(rng, n, n_patterns < 6, &value);
        n_patterns += in.type == IOC_WILDCARD || in.type == IOC_REGEX;
        ok = set_add(s, &in, list, i + 1, context, &is_new, NULL);
    }
    buf_fini(&value);
    if (!ok)
        abort();
    return s;
}

/* ---- fields ---- */

struct fields {
    struct oracle_field all[FIELDS_MAX];
    size_t n;
    struct arena texts; /* owned */
};

/* A listed value, often changed a little. */
static void put_near(uint64_t *rng, struct span value, struct buf *out)
{
    static const char *const before[] = {"", "", "", "a.", "x", "www.a.", ".", "evil.com."};
    static const char *const after[] = {"", "", "", ".", ".x", "x", "..", ".evil.com"};
    buf_put_str(out, before[below(rng, 8)]);
    if (below(rng, 8) == 0 && memchr(value.ptr, '.', value.len))
        value =
            span_from(value, (size_t)((const uint8_t *)memchr(value.ptr, '.', value.len) - value.ptr) + 1);
    size_t at = buf_mark(out);
    buf_put(out, value);
    if (below(rng, 3) == 0)
        for (; at < out->len; at++)
            if (out->ptr[at] >= 'a' && out->ptr[at] <= 'z' && below(rng, 2))
                out->ptr[at] -= 0x20;
    if (below(rng, 10) == 0 && out->len)
        out->ptr[below(rng, (uint32_t)out->len)] = (uint8_t)next_random(rng);
    buf_put_str(out, after[below(rng, 8)]);
}

static struct span key_text(const struct set_view *v, uint32_t i)
{
    struct span value = set_value(v, i);
    if (span_starts(value, SPAN_LIT("https://")))
        return span_from(value, 8);
    if (span_starts(value, SPAN_LIT("http://")))
        return span_from(value, 7);
    if (v->indicators[i].type == IOC_DOMAIN_PORT)
        while (value.ptr[--value.len] != ':')
            ;
    return value;
}

static struct span keep(struct fields *f, struct buf *text)
{
    struct span kept = arena_copy(&f->texts, buf_span(text));
    buf_reset(text);
    return kept;
}

static void make_name(uint64_t *rng, struct span near, struct buf *text, struct oracle_field *out,
                      struct fields *f)
{
    static const uint8_t fields[] = {FIELD_DNS_QUERY, FIELD_DNS_ANSWER_NAME, FIELD_DNS_ANSWER_TARGET,
                                     FIELD_HTTP_HOST, FIELD_TLS_SNI,         FIELD_QUIC_SNI};
    out->kind = ORACLE_NAME;
    out->field = (enum field)fields[below(rng, 6)];
    put_near(rng, near, text);
    out->text = keep(f, text);
}

static void make_address(uint64_t *rng, struct oracle_field *out)
{
    static const uint8_t fields[] = {FIELD_IP_SRC, FIELD_IP_DST, FIELD_DNS_ANSWER_ADDRESS};
    out->kind = ORACLE_ADDRESS;
    out->field = (enum field)fields[below(rng, 3)];
    out->ip = random_ip(rng, below(rng, 2));
}

/* The listed value cut into host and target, or the other form of request line. */
static void make_url(uint64_t *rng, struct span near, struct buf *text, struct oracle_field *out,
                     struct fields *f)
{
    const uint8_t *slash = memchr(near.ptr, '/', near.len);
    size_t host_len = slash ? (size_t)(slash - near.ptr) : near.len;
    out->kind = ORACLE_URL;
    out->field = FIELD_HTTP_URL;
    if (below(rng, 5) == 0) {
        buf_put_str(text, below(rng, 2) ? "http://" : "HTTPS://u:p@");
        put_near(rng, near, text);
        out->target = keep(f, text);
        out->text = SPAN_LIT("other.example");
        return;
    }
    put_near(rng, host_len ? span_first(near, host_len) : SPAN_LIT("evil.com"), text);
    if (below(rng, 4) == 0)
        buf_put_str(text, below(rng, 2) ? ":80" : ":8080");
    out->text = keep(f, text);
    if (below(rng, 6))
        buf_put(text, span_from(near, host_len));
    else
        put_path(rng, 1, text);
    if (below(rng, 4) == 0)
        buf_put_str(text, below(rng, 2) ? "%41~%7e#frag" : "x");
    out->target = keep(f, text);
}

static void make_text(uint64_t *rng, struct span near, struct buf *text, struct oracle_field *out,
                      struct fields *f)
{
    static const uint8_t fields[] = {FIELD_HTTP_USER_AGENT, FIELD_HTTP_LOCATION, FIELD_HTTP_REFERER,
                                     FIELD_TLS_JA3,         FIELD_HTTP_METHOD,   FIELD_SMTP_MAIL_FROM,
                                     FIELD_SMTP_RCPT_TO};
    out->kind = ORACLE_TEXT;
    out->field = (enum field)fields[below(rng, 7)];
    if (below(rng, 3) == 0)
        buf_put_str(text, "http://");
    if (below(rng, 2))
        buf_put(text, near);
    else
        put_near(rng, near, text);
    out->text = keep(f, text);
}

/* The name before, in whatever field of names. */
static void make_again(uint64_t *rng, struct oracle_field *out)
{
    static const enum field fields[] = {FIELD_DNS_QUERY, FIELD_DNS_ANSWER_NAME, FIELD_DNS_ANSWER_TARGET,
                                        FIELD_TLS_SNI};
    *out = out[-1];
    out->field = fields[below(rng, 4)];
    out->cookie = below(rng, 100);
    out->is_again = true;
}

static void random_field(uint64_t *rng, const struct set_view *v, struct fields *f)
{
    if (f->n && f->all[f->n - 1].kind == ORACLE_NAME && below(rng, 3) == 0) {
        make_again(rng, &f->all[f->n++]);
        return;
    }
    static const uint16_t ports[] = {0, 80, 443, 444, 445, 8080};
    struct oracle_field *out = &f->all[f->n++];
    struct buf text;
    *out = (struct oracle_field){.port = ports[below(rng, 6)], .cookie = below(rng, 100)};
    buf_init(&text, 4 * TEXT_MAX);
    struct span near = key_text(v, below(rng, v->n_indicators));
    switch (below(rng, 8)) {
    case 0:
        make_address(rng, out);
        break;
    case 1:
    case 2:
        make_url(rng, near, &text, out, f);
        break;
    case 3:
        make_text(rng, near, &text, out, f);
        break;
    default:
        make_name(rng, near, &text, out, f);
        break;
    }
    buf_fini(&text);
}

/* ---- comparing ---- */

static void print_hit(const char *who, const struct set_view *v, const struct hit *h)
{
    struct span value = set_value(v, h->indicator);
    fprintf(stderr, "  %s: cookie %u, %s, indicator %u: %s %s '%.*s' fields %x\n", who, h->cookie,
            field_name(h->field), h->indicator,
            ioc_type_name((enum ioc_type)v->indicators[h->indicator].type),
            ioc_match_name((enum ioc_match)v->indicators[h->indicator].match), (int)value.len,
            (const char *)value.ptr, v->indicators[h->indicator].fields);
}

static bool is_same(const struct hit *a, const struct hit *b)
{
    return a->cookie == b->cookie && a->indicator == b->indicator && a->field == b->field;
}

static bool compare(const struct set_view *v, const struct hit *want, size_t n_want, const struct hit *got,
                    size_t n_got)
{
    size_t i = 0;
    while (i < n_want && i < n_got && is_same(&want[i], &got[i]))
        i++;
    if (i == n_want && i == n_got)
        return true;
    fprintf(stderr, "  %zu hits wanted, %zu found; the first that differs is number %zu\n", n_want, n_got, i);
    if (i < n_want)
        print_hit("wanted", v, &want[i]);
    if (i < n_got)
        print_hit("found", v, &got[i]);
    return false;
}

/* `filler` bytes of a name that nothing lists go first, so that fields stand at any alignment. */
static bool check_scanner(struct scanner *s, const struct set_view *v, const struct fields *f,
                          const struct hit *want, size_t n_want, size_t filler)
{
    static const char name[65] = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
    const struct hit *got;
    if (filler)
        scan_add_name(s, FIELD_DNS_QUERY, span_of(name, filler), 0, UINT32_MAX);
    for (size_t i = 0; i < f->n; i++)
        oracle_add_to(s, &f->all[i]);
    size_t n_got = scan_run(s, &got);
    size_t first = 0;
    while (first < n_got && got[first].cookie == UINT32_MAX) /* "^[^x]*$" matches the filler too */
        first++;
    return compare(v, want, n_want, got + first, n_got - first);
}

static bool check_db(const struct db *db, const struct fields *f, const struct hit *want, size_t n_want,
                     size_t n_fillers)
{
    struct scanner *s = scanner_new(db, NULL);
    bool ok = s != NULL;
    for (size_t filler = 0; filler < n_fillers && ok; filler++)
        ok = check_scanner(s, db_set(db), f, want, n_want, filler);
    scanner_free(s);
    return ok;
}

static bool check_saved(const struct db *db, const struct fields *f, const struct hit *want, size_t n_want)
{
    char path[] = "/tmp/diff_matcher.XXXXXX";
    struct err err = {0};
    struct db *loaded = NULL;
    int fd = mkstemp(path);
    bool ok = fd >= 0 && db_save(db, path, 7, SPAN_LIT("kept"), &err) && db_load(path, 7, &loaded, &err);
    if (!ok)
        fprintf(stderr, "  %s\n", err.what);
    ok = ok && check_db(loaded, f, want, n_want, 2);
    db_free(loaded);
    unlink(path);
    if (fd >= 0)
        close(fd);
    return ok;
}

static void on_refused(void *to, uint32_t indicator, const char *why)
{
    fprintf(stderr, "  indicator %u refused: %s\n", indicator, why);
    *(bool *)to = true;
}

static struct db *build(uint64_t seed, uint32_t n, enum names_engine engine)
{
    bool was_refused = false;
    struct db_options options = {.names_engine = engine, .refused = on_refused, .refused_to = &was_refused};
    struct db *db;
    struct err err = {0};
    if (db_build(random_set(&seed, n), &options, &db, &err) && !was_refused)
        return db;
    fprintf(stderr, "  %s\n", err.what);
    return NULL;
}

/* One set, one run of fields, both engines. */
static bool run_round(uint64_t seed, uint32_t n, size_t n_fields, size_t n_fillers, uint64_t *n_hits)
{
    static const enum names_engine engines[] = {NAMES_HYPERSCAN, NAMES_TABLE};
    struct db *dbs[2] = {build(seed, n, engines[0]), build(seed, n, engines[1])};
    struct fields f = {.n = 0};
    struct hit *want = NULL;
    uint64_t rng = seed + 1;
    bool ok = dbs[0] && dbs[1];
    arena_init(&f.texts, 4096, 1 << 24);
    while (ok && f.n < n_fields)
        random_field(&rng, db_set(dbs[0]), &f);
    size_t n_want = ok ? oracle_match(db_set(dbs[0]), f.all, f.n, &want) : 0;
    for (int e = 0; e < 2 && ok; e++) {
        ok = check_db(dbs[e], &f, want, n_want, n_fillers) && check_saved(dbs[e], &f, want, n_want);
        if (!ok)
            fprintf(stderr, "  engine: %s\n", e ? "table" : "hyperscan");
    }
    *n_hits += n_want;
    free(want);
    arena_fini(&f.texts);
    db_free(dbs[0]);
    db_free(dbs[1]);
    return ok;
}

static uint64_t argument(int argc, char **argv, const char *name, uint64_t otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return strtoull(argv[i + 1], NULL, 10);
    return otherwise;
}

int main(int argc, char **argv)
{
    uint64_t seed = argument(argc, argv, "--seed", (uint64_t)time(NULL)), rng = seed;
    uint64_t rounds = argument(argc, argv, "--rounds", ROUNDS);
    printf("diff_matcher --seed %" PRIu64 " --rounds %" PRIu64 "\n", seed, rounds);
    uint64_t n_hits = 0;
    for (uint64_t r = 0; r < rounds; r++) {
        static const uint32_t sizes[] = {1, 2, 1000};
        bool is_large = r % 30 == 29;
        uint32_t n = is_large ? 20000 : sizes[r % 3];
        if (!run_round(next_random(&rng), n, is_large ? 100 : FIELDS_MAX, n < 10 ? 65 : 3, &n_hits)) {
            fprintf(stderr, "diff_matcher: round %" PRIu64 " of seed %" PRIu64 " (%u indicators) differs\n",
                    r, seed, n);
            return 1;
        }
    }
    printf("%" PRIu64 " hits, each found by both engines, fresh and loaded\n", n_hits);
    return n_hits == 0 && rounds > 10; /* a test that never hits tests nothing */
}
