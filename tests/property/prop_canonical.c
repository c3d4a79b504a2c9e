/* Canonical form is canonical: whatever is read and accepted is, read again, the same. Values of every kind are taken apart
 * and mutated at random. `--seed N` repeats a run, `--count N` makes it longer. */
#include "tests/property/canonical.h"

#include <time.h>

static const char *const examples[] = {
    "evil.example",
    "*.evil.example",
    ".xyz",
    "evil-*.ex?mple.example",
    "b\xc3\xbc"
    "cher.\xd0\xb8\xd0\xbc\xd1\x8f.example",
    "xn--bcher-kva.example",
    "evil\xe3\x80\x82"
    "example\xef\xbc\x8e"
    "a",
    "192.0.2.1",
    "2001:db8::1",
    "::ffff:192.0.2.9",
    "192.0.2.77/24",
    "2001:db8::1/32",
    "::ffff:192.0.2.0/120",
    "192.0.2.10-192.0.2.20",
    "2001:db8::1 - 2001:db8::9",
    "192.0.2.5:8443",
    "[2001:db8::2]:443",
    "evil.example:8443",
    "hxxps[://]us:er@evil[.]example:8443/p%61th%2f%zz?q=1&amp;r#frag",
    "http://[2001:db8::5]:80/%\xf0\x9f\x94\xa5",
    "192.0.2.1/%324",
    "evil.example/path/../only",
    "/gate.php?id=%41",
    "user[@]mail(dot)example",
    "d41d8cd98f00b204e9800998ecf8427e",
    "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
};

/* What mutation puts in: the bytes that decide, more often than others. */
static const char *const pieces[] = {
    ".",     "..",   "*",   "?",      "/",     "//",   ":",        "://",          "@",
    "-",     "[",    "]",   "[.]",    "(dot)", "hxxp", "%",        "%2",           "%41",
    "&amp;", "amp;", "\\",  "\\.",    "#",     " ",    "0",        "0x",           "255",
    "/32",   "/0",   ":80", "::",     "ffff:", "xn--", "\xc3\xbc", "\xe3\x80\x82", "\xe2\x80\x8b",
    "\xff",  "_",    "A",   "http://"};

struct random {
    uint64_t state;
};

static uint32_t random_below(struct random *r, uint32_t n)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return (uint32_t)((r->state >> 32) * n >> 32);
}

static void mutate(struct random *r, struct buf *text, struct buf *spare)
{
    size_t at = random_below(r, (uint32_t)text->len + 1);
    size_t cut = at + random_below(r, 4);
    const char *other = examples[random_below(r, sizeof examples / sizeof *examples)];
    buf_reset(spare);
    buf_put(spare, span_first(buf_span(text), at));
    switch (random_below(r, 4)) {
    case 0:
        buf_put_str(spare, pieces[random_below(r, sizeof pieces / sizeof *pieces)]);
        break;
    case 1:
        buf_put_byte(spare, (uint8_t)random_below(r, 256));
        break;
    case 2:
        buf_put(spare, span_from(span_str(other), random_below(r, (uint32_t)strlen(other))));
        break;
    default:
        break;
    }
    buf_put(spare, span_from(buf_span(text), cut < text->len ? cut : text->len));
    struct buf swapped = *text;
    *text = *spare;
    *spare = swapped;
}

static bool try_one(struct random *r, struct buf *text, struct buf *spare)
{
    buf_reset(text);
    buf_put_str(text, examples[random_below(r, sizeof examples / sizeof *examples)]);
    for (uint32_t n = random_below(r, 6); n > 0; n--)
        mutate(r, text, spare);
    uint8_t *block = malloc(text->len ? text->len : 1);
    if (!block)
        abort();
    if (text->len)
        memcpy(block, text->ptr, text->len);
    bool is_good = canonical_check(span_of(block, text->len)) == REJECT_NONE;
    free(block);
    return is_good;
}

int main(int argc, char **argv)
{
    uint64_t seed = (uint64_t)time(NULL), count = 200000, n_good = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--count") == 0)
            count = strtoull(argv[i + 1], NULL, 10);
    }
    printf("prop_canonical --seed %llu --count %llu\n", (unsigned long long)seed, (unsigned long long)count);
    fflush(stdout);
    struct random r = {.state = seed * 0x9e3779b97f4a7c15 + 1};
    struct buf text, spare;
    buf_init(&text, 1 << 16);
    buf_init(&spare, 1 << 16);
    for (uint64_t i = 0; i < count; i++)
        n_good += try_one(&r, &text, &spare);
    buf_fini(&text);
    buf_fini(&spare);
    printf("%llu of %llu were accepted, and stayed as they were\n", (unsigned long long)n_good,
           (unsigned long long)count);
    return n_good * 20 > count ? 0 : 1; /* a test that rejects nearly all says nothing */
}
