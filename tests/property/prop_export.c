/* Whatever is in the sets, what is written holds its promises: see export_check.h. Random sets of values of every type, with texts that
 * like to break syntax. The seed is printed; --seed N replays it, --rounds N does more. */
#include <sys/random.h>

#include "tests/property/export_check.h"

enum { ENTRIES_MAX = 60, TEXT_MAX = 40 };

static uint64_t next_random(uint64_t *x) /* splitmix64 */
{
    uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static unsigned pick(uint64_t *x, unsigned n)
{
    return (unsigned)(next_random(x) % n);
}

/* ---- texts ---- */

/* Pieces that mean something to somebody who reads YAML, JSON, patterns, zones or tabs. */
static const char *const pieces[] = {
    "a",
    "Evil",
    " ",
    ": ",
    ":",
    " #",
    "#",
    "'",
    "\"",
    "\\",
    "\\x41",
    "\n",
    "\t",
    "\r\n",
    "- ",
    "-",
    "?",
    "? ",
    ",",
    "[",
    "]",
    "{",
    "}",
    "&",
    "*",
    "!",
    "|",
    ">",
    "%",
    "@",
    "`",
    "~",
    "null",
    "true",
    "no",
    "0x1f",
    "1:30",
    "2026-01-01",
    "1e5",
    "---",
    "...",
    "\xc3\xa9",
    "\xe2\x80\xa8",
    "\xef\xbb\xbf",
    "\xf3\xa0\x80\x81",
    "\x01",
    "\x7f",
    "\xc2\x85",
    "=",
    "<<",
    ";",
    "%_",
    "tlp:red",
};
enum { PIECES = sizeof pieces / sizeof *pieces };

/* As load_text() would leave it; now and then bytes that are no text. */
static struct span make_text(uint64_t *x, char out[static TEXT_MAX])
{
    size_t n = 0;
    if (pick(x, 3) == 0)
        return span_of(out, 0);
    for (unsigned k = 1 + pick(x, 6); k; k--) {
        const char *piece = pieces[pick(x, PIECES)];
        if (n + strlen(piece) < TEXT_MAX)
            n += (size_t)snprintf(out + n, TEXT_MAX - n, "%s", piece);
    }
    if (pick(x, 200) == 0)
        out[n++] = '\xff';
    return load_text(span_of(out, n));
}

struct texts {
    char bytes[12][TEXT_MAX];
    struct span tags[8];
};

static struct context_in make_context(uint64_t *x, struct texts *t)
{
    static const int64_t moments[] = {0,          1,      86400,        1767225600,
                                      1767225601, -86400, 253402300799, -62135596800};
    struct context_in c = {.valid_from = INT64_MIN, .valid_until = INT64_MAX, .tlp = (enum tlp)pick(x, 6)};
    c.organisation = make_text(x, t->bytes[0]);
    c.reference = make_text(x, t->bytes[1]);
    c.description = make_text(x, t->bytes[2]);
    c.id =
        pick(x, 3) ? make_text(x, t->bytes[3]) : SPAN_LIT("indicator--0188e6f4-aaaa-4bbb-8ccc-0123456789ab");
    for (unsigned n = pick(x, 8); n && pick(x, 3); n--) {
        struct span tag = make_text(x, t->bytes[4 + c.n_tags]);
        if (tag.len)
            t->tags[c.n_tags++] = tag;
    }
    c.tags = t->tags;
    c.confidence = (int)pick(x, 102) - 1;
    if (pick(x, 3) == 0)
        c.valid_from = moments[pick(x, 8)];
    if (pick(x, 3) == 0)
        c.valid_until = moments[pick(x, 8)];
    return c;
}

/* ---- values ---- */

static const char *const values[] = {
    "evil.example",
    "a.evil.example",
    "a_b.example",
    "1.e5",
    "1.2e",
    "0x1.cafe",
    "xn--e1afmkfd.example",
    "*.xyz",
    "co.jp",
    "evil-*.example",
    "?nope.example",
    "192.0.2.1",
    "192.0.2.0/24",
    "192.0.2.1-192.0.2.9",
    "2001:db8::1",
    "1:2:3:4:5:6:7:8",
    "::1",
    "2001:db8::",
    "2001:db8::/32",
    "2001:db8::1-2001:db8::ffff",
    "0.0.0.0-255.255.255.255",
    "::1-ffff::",
    "192.0.2.1:443",
    "[2001:db8::1]:443",
    "evil.example:8443",
    "http://evil.example/",
    "http://evil.example/a",
    "http://evil.example/a*",
    "http://evil.example/a%20b_c'd",
    "http://evil.example/?a=b:c,d",
    "evil.example/a",
    "192.0.2.1/a*",
    "/gate.php?id=",
    "/gate.php",
    "//gate",
    "/a#",
    "/a*",
    "1.rpz-ip",
};
enum { VALUES = sizeof values / sizeof *values };

static bool is_url(enum ioc_type t)
{
    return t == IOC_URL || t == IOC_HOSTPATH || t == IOC_URI_PATH;
}

static enum ioc_match make_match(uint64_t *x, const struct value *v)
{
    static const enum ioc_match names[] = {MATCH_EXACT, MATCH_SUFFIX, MATCH_BELOW};
    switch (v->type) {
    case IOC_DOMAIN:
        return public_suffixes_has(export_suffixes(), v->text) && !v->is_single_label ? MATCH_EXACT
                                                                                      : names[pick(x, 3)];
    case IOC_CIDR4:
    case IOC_CIDR6:
        return MATCH_CIDR;
    case IOC_RANGE4:
    case IOC_RANGE6:
        return MATCH_RANGE;
    case IOC_WILDCARD:
        return MATCH_WILDCARD;
    default:
        return is_url(v->type) && pick(x, 2) ? MATCH_PREFIX : MATCH_EXACT;
    }
}

/* One whose syntax says what it is. */
static struct indicator_in make_value(uint64_t *x, struct buf *scratch)
{
    struct value v;
    uint32_t col;
    const char *text = values[pick(x, VALUES)];
    LIST_MUST(value_read(span_str(text), scratch, &v, &col) == REJECT_NONE);
    struct indicator_in in = {.type = v.type, .match = make_match(x, &v), .value = v.text, .port = v.port};
    if (v.type == IOC_DOMAIN && !v.is_single_label && public_suffixes_has(export_suffixes(), v.text) &&
        pick(x, 2))
        in.flags = IOC_F_PUBLIC_SUFFIX;
    return in;
}

/* One whose type has to be said. */
static struct indicator_in make_typed(uint64_t *x, char bytes[static TEXT_MAX])
{
    static const enum ioc_type types[] = {IOC_REGEX, IOC_USER_AGENT, IOC_JA4, IOC_JA3, IOC_CERT_SHA1, IOC_CERT_SHA256};
    struct indicator_in in = {.type = types[pick(x, 6)]};
    in.match = in.type == IOC_REGEX ? MATCH_REGEX : MATCH_EXACT;
    in.flags = in.type == IOC_REGEX && pick(x, 2) ? IOC_F_CASELESS : 0;
    in.value = make_text(x, bytes);
    if (in.value.len == 0)
        in.value = SPAN_LIT("x");
    if (in.type == IOC_JA3)
        in.value = SPAN_LIT("00000000000000000000000000000001");
    if (in.type == IOC_CERT_SHA1)
        in.value = SPAN_LIT("0123456789abcdef0123456789abcdef01234567");
    if (in.type == IOC_CERT_SHA256)
        in.value = SPAN_LIT("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    return in;
}

static struct indicator_in make_indicator(uint64_t *x, struct buf *scratch, char bytes[static TEXT_MAX])
{
    static const field_mask masks[] = {FIELD_BIT(FIELD_TLS_SNI),
                                       FIELD_BIT(FIELD_DNS_QUERY) | FIELD_BIT(FIELD_HTTP_URL)};
    struct indicator_in in = pick(x, 4) ? make_value(x, scratch) : make_typed(x, bytes);
    in.fields = pick(x, 6) ? ioc_default_fields(in.type) : masks[pick(x, 2)];
    return in;
}

/* ---- sets ---- */

/* In some rounds all entries say the same, so that it goes to the top. */
static struct set *make_set(uint64_t *x, bool is_allow, bool is_alike)
{
    struct set *s = set_new();
    struct buf scratch;
    struct texts shared;
    struct context_in same = make_context(x, &shared);
    uint32_t lists[4], context;
    static const char *const names[] = {"names.txt", "names.txt", "b: \"c\"", "CSIRT"};
    unsigned n_lists = 1 + pick(x, 4);
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    LIST_MUST(s);
    for (unsigned i = 0; i < 4; i++)
        LIST_MUST(set_add_list(s, span_str(names[i]), SPAN_LIT("dir/path"), &lists[i], NULL));
    for (unsigned i = pick(x, is_allow ? 5 : ENTRIES_MAX); i; i--) {
        struct texts texts;
        char bytes[TEXT_MAX];
        bool is_new;
        struct indicator_in in = make_indicator(x, &scratch, bytes);
        struct context_in c = is_alike ? same : make_context(x, &texts);
        in.flags |= is_allow && pick(x, 2) ? IOC_F_HOST_ONLY : 0;
        LIST_MUST(set_add_context(s, &c, &context, NULL) &&
                  set_add(s, &in, lists[pick(x, n_lists)], i, context, &is_new, NULL));
    }
    buf_fini(&scratch);
    return s;
}

static void one_round(uint64_t *x)
{
    bool is_alike = pick(x, 3) == 0;
    struct set *set = make_set(x, false, is_alike), *allow = make_set(x, true, is_alike);
    export_check(set, allow, (enum tlp)(TLP_CLEAR + pick(x, 5)));
    set_free(set);
    set_free(allow);
}

int main(int argc, char **argv)
{
    uint64_t seed, rounds = 200;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        seed = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t n = strtoull(argv[i + 1], NULL, 0);
        if (strcmp(argv[i], "--seed") == 0)
            seed = n;
        else
            rounds = n;
    }
    printf("seed %llu, %llu rounds\n", (unsigned long long)seed, (unsigned long long)rounds);
    fflush(stdout);
    for (uint64_t i = 0; i < rounds; i++)
        one_round(&seed);
    return 0;
}
