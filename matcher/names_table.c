/* Hot, but for building; see names_table.h.
 *
 * A name is hashed from its right end, eight bytes at a time, and at each dot the state is finished into the hash of the
 * suffix that starts there: one pass gives all suffixes. Suffixes of a label count that no listed name has are not looked
 * up. Probes are gathered, their Bloom words fetched ahead, and looked at together; nearly all end there.
 *
 * The seed is fixed because hashes are stored. Somebody who writes names that collide costs himself and us a comparison,
 * never a wrong hit: every candidate is compared with the listed text. */
#include "matcher/names_table.h"

#include <endian.h>

#include "matcher/confirm.h"
#include "rules/name.h"

#define SEED      0x9e3779b97f4a7c15ull
#define ABSORB    0xd6e8feb86659fd93ull
#define FINISH    0xa0761d6478bd642full
#define PORT_SALT 0xe7037ed1a0b428dbull

enum { PROBES = 64, LABELS_MAX = 127 };

/* A walk over the suffixes of a name, shortest first. */
struct walk {
    const uint8_t *start, *at; /* the suffix starts at `at` */
    uint64_t state;
    uint32_t n_labels;
};

/* Bit 7 of each byte of `w` that is a dot. */
static inline uint64_t dots_of(uint64_t w)
{
    uint64_t x = w ^ 0x2e2e2e2e2e2e2e2eull;
    uint64_t low = 0x7f7f7f7f7f7f7f7full;
    return ~(((x & low) + low) | x | low);
}

static inline uint64_t absorb(uint64_t state, uint64_t word)
{
    return key_mix(state ^ word, ABSORB);
}

/* Move to the next label boundary to the left: the walk's `at` becomes the start of a suffix. Reads up to eight bytes
 * before the name. The byte before its start counts as a dot, so that the whole name is a suffix too. */
static inline void walk_label(struct walk *w)
{
    for (;;) {
        uint64_t word;
        memcpy(&word, w->at - 8, 8);
        word = le64toh(word);
        uint64_t dots = dots_of(word);
        size_t left = (size_t)(w->at - w->start);
        if (left < 8)
            dots |= 0x80ull << (8 * (7 - left));
        if (dots) {
            unsigned n_after = (unsigned)__builtin_clzll(dots) / 8; /* bytes of the label right of the dot */
            if (n_after)
                w->state = absorb(w->state, word >> (8 * (8 - n_after)));
            w->at -= n_after;
            w->n_labels++;
            return;
        }
        w->state = absorb(w->state, word);
        w->at -= 8;
    }
}

static inline void walk_over_dot(struct walk *w)
{
    w->at--;
    w->state ^= SEED;
}

static inline uint64_t walk_hash(const struct walk *w)
{
    return key_mix(w->state ^ SEED, FINISH);
}

static inline uint64_t with_port(uint64_t hash, uint16_t port)
{
    return key_mix(hash ^ port, PORT_SALT);
}

static inline bool has_label_count(const uint64_t mask[2], uint32_t n)
{
    return mask[n >> 6 & 1] >> (n & 63) & 1;
}

/* Names in the pool have other bytes before them, and the very first may have none: so they are hashed from a copy. */
static uint64_t hash_listed(struct span name, uint32_t *out_labels)
{
    uint8_t copy[8 + NAME_MAX_BYTES] = {0};
    memcpy(copy + 8, name.ptr, name.len);
    struct walk w = {.start = copy + 8, .at = copy + 8 + name.len, .state = SEED};
    for (walk_label(&w); w.at > w.start; walk_label(&w))
        walk_over_dot(&w);
    *out_labels = w.n_labels;
    return walk_hash(&w);
}

/* COLD */
static uint64_t add_listed(struct names_shape *shape, const struct set_view *v, uint32_t indicator)
{
    const struct indicator *ind = &v->indicators[indicator];
    struct span name = route_key(v, indicator);
    uint32_t n_labels;
    uint64_t hash = hash_listed(name, &n_labels);
    uint32_t bit = n_labels <= LABELS_MAX ? n_labels : LABELS_MAX;
    shape->whole_labels[bit >> 6] |= 1ull << (bit & 63);
    if (ind->match == MATCH_SUFFIX || ind->match == MATCH_BELOW)
        shape->suffix_labels[bit >> 6] |= 1ull << (bit & 63);
    if (name.len > shape->max_bytes)
        shape->max_bytes = (uint32_t)name.len;
    if (ind->type != IOC_DOMAIN_PORT)
        return hash;
    shape->has_ports = 1;
    return with_port(hash, ind->port);
}

bool names_table_build(struct names_table *out, const struct set_view *v, const struct routes *routes,
                       struct err *err)
{
    *out = (struct names_table){0};
    uint32_t n = routes->n[ROUTE_NAME];
    uint64_t *hashes = malloc((n + 1ull) * sizeof *hashes);
    uint32_t *indicators = malloc((n + 1ull) * sizeof *indicators);
    bool is_built = hashes && indicators;
    if (is_built) {
        uint32_t at = 0;
        for (uint32_t i = 0; i < v->n_indicators && at < n; i++) {
            if (routes->of[i] != ROUTE_NAME)
                continue;
            hashes[at] = add_listed(&out->shape, v, i);
            indicators[at++] = i;
        }
        is_built = key_table_build(&out->keys, hashes, indicators, at, err);
    } else {
        err_set(err, ERR_MEMORY, NULL, "out of memory for %u names", n);
    }
    free(hashes);
    free(indicators);
    return is_built;
}

void names_table_fini(struct names_table *t)
{
    key_table_fini(&t->keys);
    t->shape = (struct names_shape){0};
}

/* A suffix to look up. */
struct probe {
    uint64_t hash;
    uint32_t piece;
};

struct probes {
    struct probe all[PROBES];
    unsigned n;
};

/* Behind the Bloom filter. */
static void look_up(const struct names_table *t, const struct set_view *v, struct batch *b,
                    const struct probe *probe)
{
    const struct key_entry *end, *first = key_table_bucket(&t->keys, probe->hash, &end);
    uint32_t piece = probe->piece;
    do {
        const struct piece *p = &b->pieces[piece];
        for (const struct key_entry *e = first; e < end; e++)
            if (e->tag == (uint32_t)probe->hash &&
                confirm_name(v, e->indicator, (enum field)p->field, batch_text(b, p), p->port))
                batch_hit(b, p, e->indicator);
    } while (batch_is_repeat(b, ++piece));
}

static void drain(const struct names_table *t, const struct set_view *v, struct batch *b,
                  struct probes *probes)
{
    for (unsigned i = 0; i < probes->n; i++)
        if (key_table_maybe(&t->keys, probes->all[i].hash))
            look_up(t, v, b, &probes->all[i]);
    probes->n = 0;
}

static inline void push(const struct names_table *t, struct probes *probes, uint64_t hash, uint32_t piece)
{
    key_table_prefetch(&t->keys, hash);
    probes->all[probes->n++] = (struct probe){hash, piece};
}

static void scan_name(const struct names_table *t, const struct set_view *v, struct batch *b, uint32_t piece,
                      struct probes *probes)
{
    const struct piece *p = &b->pieces[piece];
    struct walk w = {.start = b->text.ptr + p->at, .at = b->text.ptr + p->at + p->len, .state = SEED};
    const uint8_t *end = w.at;
    bool has_port = t->shape.has_ports && p->port;
    for (;;) {
        walk_label(&w);
        if (end - w.at > t->shape.max_bytes || w.n_labels > LABELS_MAX)
            return;
        bool is_whole = w.at == w.start;
        if (has_label_count(is_whole ? t->shape.whole_labels : t->shape.suffix_labels, w.n_labels)) {
            if (probes->n > PROBES - 2)
                drain(t, v, b, probes);
            push(t, probes, walk_hash(&w), piece);
            if (has_port)
                push(t, probes, with_port(walk_hash(&w), p->port), piece);
        }
        if (is_whole)
            return;
        walk_over_dot(&w);
    }
}

void names_table_scan(const struct names_table *t, const struct set_view *v, struct batch *b)
{
    struct probes probes = {.n = 0};
    if (t->keys.n == 0)
        return;
    for (uint32_t i = 0; i < b->n; i++)
        if (b->pieces[i].kind == PIECE_NAME && !batch_is_repeat(b, i))
            scan_name(t, v, b, i, &probes);
    drain(t, v, b, &probes);
}
