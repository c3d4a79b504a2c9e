/* Whatever the order of the lists and of the entries in them, the set holds the same indicators with the same origins (list
 * and context; lines follow the order, of course). Random lists with many repetitions are loaded, shuffled, and loaded again;
 * both sets are written out as sorted text and compared. The seed is printed; --seed N replays it, --rounds N does more. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/buf.h"
#include "rules/set.h"

enum { LISTS = 5, ENTRIES_MAX = 400, NAMES = 60, CONTEXTS = 12 };

struct entry {
    struct indicator_in in;
    struct context_in context;
    unsigned list;
};

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

static void check(bool is_good, const char *what)
{
    if (is_good)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

/* Texts and runs that live as long as the program. */
static const char *const words[] = {"", "one", "two", "three"};
static const struct span tag_runs[3][2] = {{SPAN_LIT("a"), SPAN_LIT("b")}, {SPAN_LIT("b"), SPAN_LIT("a")}};

static struct context_in make_context(uint64_t *x)
{
    unsigned run = pick(x, 3);
    return (struct context_in){.organisation = span_str(words[pick(x, 4)]),
                               .reference = span_str(words[pick(x, 2)]),
                               .tags = tag_runs[run],
                               .n_tags = run == 2 ? 0 : 2,
                               .valid_from = INT64_MIN,
                               .valid_until = (int64_t)pick(x, 2),
                               .tlp = (enum tlp)pick(x, 3),
                               .confidence = (int)pick(x, 2) - 1};
}

static size_t make_entries(uint64_t *x, char names[NAMES][16], struct entry *out)
{
    struct context_in contexts[CONTEXTS];
    size_t n = 1 + pick(x, ENTRIES_MAX);
    unsigned n_names = 1 + pick(x, NAMES), n_contexts = 1 + pick(x, CONTEXTS); /* few: long chains */
    for (unsigned i = 0; i < CONTEXTS; i++)
        contexts[i] = make_context(x);
    for (size_t i = 0; i < n; i++) {
        unsigned name = pick(x, n_names);
        snprintf(names[name], 16, "n%u.example", name);
        out[i] = (struct entry){.list = pick(x, LISTS), .context = contexts[pick(x, n_contexts)]};
        out[i].in = (struct indicator_in){.type = IOC_DOMAIN,
                                          .match = (enum ioc_match)pick(x, 2),
                                          .fields = 1 + pick(x, 2),
                                          .value = span_str(names[name]),
                                          .flags = pick(x, 8) ? 0 : IOC_F_PUBLIC_SUFFIX};
    }
    return n;
}

static void shuffle(uint64_t *x, struct entry *entries, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = pick(x, (unsigned)i);
        struct entry held = entries[i - 1];
        entries[i - 1] = entries[k];
        entries[k] = held;
    }
}

static struct set *load(uint64_t *x, const struct entry *entries, size_t n)
{
    struct set *s = set_new();
    uint32_t lists[LISTS], context;
    unsigned first = pick(x, LISTS);
    check(s != NULL, "no memory");
    for (unsigned i = 0; i < LISTS; i++) {
        char name[8];
        unsigned list = (first + i) % LISTS;
        snprintf(name, sizeof name, "l%u", list);
        check(set_add_list(s, span_str(name), span_str(name), &lists[list], NULL), "list");
    }
    for (size_t i = 0; i < n; i++) {
        bool is_new;
        check(set_add_context(s, &entries[i].context, &context, NULL), "context");
        check(set_add(s, &entries[i].in, lists[entries[i].list], (uint32_t)i + 1, context, &is_new, NULL),
              "entry");
    }
    return s;
}

/* ---- as text ---- */

static void put_origin(const struct set_view *v, const struct origin *o, struct buf *out)
{
    const struct context *c = &v->contexts[o->context];
    buf_put(out, set_text(v, v->lists[o->list].name));
    buf_put_byte(out, '/');
    buf_put(out, set_text(v, c->organisation));
    buf_put_byte(out, '/');
    buf_put(out, set_text(v, c->reference));
    buf_printf(out, "/%d/%d/%lld/", c->tlp, c->confidence, (long long)c->valid_until);
    for (uint32_t i = 0; i < c->n_tags; i++)
        buf_put(out, set_text(v, v->tags[c->tags + i]));
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *finished(struct buf *b)
{
    buf_put_byte(b, 0);
    char *text = strdup((const char *)b->ptr);
    check(text && !b->is_full, "no memory");
    buf_reset(b);
    return text;
}

/* Join the texts, sorted; they are freed. */
static void put_sorted(char **texts, size_t n, char between, struct buf *out)
{
    qsort(texts, n, sizeof *texts, compare_texts);
    for (size_t i = 0; i < n; i++) {
        check(i == 0 || strcmp(texts[i], texts[i - 1]) != 0, "something is in the set twice");
        buf_put_str(out, texts[i]);
        buf_put_byte(out, (uint8_t)between);
    }
    for (size_t i = 0; i < n; i++)
        free(texts[i]);
}

static char *show(struct set *s)
{
    struct set_view v = set_view_of(s);
    char **lines = calloc(v.n_indicators + 1, sizeof *lines),
         **origins = calloc(v.n_origins + 1, sizeof *origins);
    struct buf line, part;
    buf_init(&line, 1 << 24);
    buf_init(&part, 1 << 16);
    check(lines && origins, "no memory");
    for (uint32_t i = 0; i < v.n_indicators; i++) {
        size_t n = 0;
        buf_put(&line, set_value(&v, i));
        buf_printf(&line, " %d %x %d:", v.indicators[i].match, v.indicators[i].fields, v.indicators[i].flags);
        for (uint32_t o = v.indicators[i].origins; o != ORIGIN_END; o = v.origins[o].next) {
            put_origin(&v, &v.origins[o], &part);
            origins[n++] = finished(&part);
        }
        put_sorted(origins, n, ' ', &line);
        lines[i] = finished(&line);
    }
    put_sorted(lines, v.n_indicators, '\n', &line);
    char *all = finished(&line);
    buf_fini(&line);
    buf_fini(&part);
    free(lines);
    free(origins);
    return all;
}

static bool one_round(uint64_t *x)
{
    struct entry entries[ENTRIES_MAX];
    char names[NAMES][16];
    size_t n = make_entries(x, names, entries);
    struct set *a = load(x, entries, n);
    shuffle(x, entries, n);
    struct set *b = load(x, entries, n);
    set_seal(b);
    char *text_a = show(a), *text_b = show(b);
    bool is_same = strcmp(text_a, text_b) == 0;
    if (!is_same)
        fprintf(stderr, "in one order:\n%s\nin another:\n%s\n", text_a, text_b);
    free(text_a);
    free(text_b);
    set_free(a);
    set_free(b);
    return is_same;
}

int main(int argc, char **argv)
{
    uint64_t seed;
    unsigned long rounds = 2000;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        seed = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], NULL, 0);
        else if (strcmp(argv[i], "--rounds") == 0)
            rounds = strtoul(argv[i + 1], NULL, 0);
    }
    printf("seed %#llx, %lu rounds\n", (unsigned long long)seed, rounds);
    fflush(stdout);
    for (unsigned long i = 0; i < rounds; i++) {
        uint64_t x = seed + i;
        if (!one_round(&x)) {
            fprintf(stderr, "replay with --seed %#llx --rounds 1\n", (unsigned long long)(seed + i));
            return 1;
        }
    }
    return 0;
}
