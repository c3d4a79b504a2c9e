/* See threshold.h. All windows are equally long, so they close in the order in which they were opened: a ring of them is all the clock that
 * is needed. Another table finds the window of a key: open addressing, kept at most half full; what leaves is closed up behind. */
#include "outputs/threshold.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/hash.h"

enum { SHARDS = 8, WINDOWS_DEFAULT = 1 << 16, OBSERVED_KEPT = 256 };

/* Of the last alert held back, what a summary shows. */
struct kept {
    struct event event;
    const struct db *db;
    uint32_t indicator;
    enum field field;
    uint16_t observed_len;
    uint8_t observed[OBSERVED_KEPT];
};

struct window {
    uint64_t key;
    int64_t opened_ns;
    uint32_t passed;
    struct alert_repeats held;
    struct kept
        *kept; /* owned; kept for the next window in this place; NULL: nothing was ever held back here */
};

struct shard {
    pthread_mutex_t mutex;
    struct window *ring; /* owned */
    uint32_t first, n, room;
    uint32_t *slots; /* owned; 1 + place in the ring; 0: empty */
    uint32_t mask;
    struct threshold_counts counts;
};

struct threshold {
    struct threshold_options o;
    int64_t length_ns;
    struct shard shards[SHARDS];
};

static bool init_shard(struct shard *s, uint32_t room)
{
    uint32_t n_slots = 2;
    while (n_slots < 2 * room)
        n_slots *= 2;
    pthread_mutex_init(&s->mutex, NULL);
    s->room = room;
    s->mask = n_slots - 1;
    s->ring = calloc(room, sizeof *s->ring);
    s->slots = calloc(n_slots, sizeof *s->slots);
    return s->ring && s->slots;
}

struct threshold *threshold_new(const struct threshold_options *o, struct err *err)
{
    struct threshold *t = calloc(1, sizeof *t);
    bool is_good = t != NULL;
    uint32_t windows = o->windows_max ? o->windows_max : WINDOWS_DEFAULT;
    if (t) {
        t->o = *o;
        t->length_ns = (int64_t)o->seconds * 1000000000;
    }
    for (int i = 0; is_good && i < SHARDS; i++)
        is_good = init_shard(&t->shards[i], (windows + SHARDS - 1) / SHARDS);
    if (is_good)
        return t;
    threshold_free(t);
    err_set(err, ERR_MEMORY, NULL, "out of memory");
    return NULL;
}

void threshold_free(struct threshold *t)
{
    if (!t)
        return;
    for (int i = 0; i < SHARDS; i++) {
        struct shard *s = &t->shards[i];
        for (uint32_t n = 0; s->ring && n < s->room; n++)
            free(s->ring[n].kept);
        free(s->ring);
        free(s->slots);
        if (s->room)
            pthread_mutex_destroy(&s->mutex);
    }
    free(t);
}

/* ---- finding windows ---- */

static uint64_t key_of(const struct threshold *t, const struct alert *a)
{
    const struct event *e = a->event;
    struct {
        struct ip client;
        uint64_t indicator;
    } key = {0};
    if (t->o.by != THRESHOLD_INDICATOR)
        key.client = e->is_to_server ? e->src : e->dst;
    key.indicator = t->o.by != THRESHOLD_CLIENT ? 1 + (uint64_t)a->indicator : 0;
    return hash_bytes(&key, sizeof key, t->o.seed);
}

static uint32_t *find_slot(const struct shard *s, uint64_t key)
{
    uint32_t at = (uint32_t)key & s->mask;
    while (s->slots[at] && s->ring[s->slots[at] - 1].key != key)
        at = (at + 1) & s->mask;
    return &s->slots[at];
}

/* Those that came to lie behind it because it was there move up. */
static void empty_slot(struct shard *s, uint32_t at)
{
    for (uint32_t next = (at + 1) & s->mask; s->slots[next]; next = (next + 1) & s->mask) {
        uint32_t home = (uint32_t)s->ring[s->slots[next] - 1].key & s->mask;
        if (((next - home) & s->mask) < ((next - at) & s->mask))
            continue;
        s->slots[at] = s->slots[next];
        at = next;
    }
    s->slots[at] = 0;
}

/* ---- closing ---- */

static void tell_of(struct shard *s, const struct window *w, threshold_summary *summary, void *to)
{
    const struct kept *k = w->kept;
    struct alert a = {.event = &k->event,
                      .db = k->db,
                      .indicator = k->indicator,
                      .field = k->field,
                      .observed = span_of(k->observed, k->observed_len),
                      .repeats = &w->held};
    s->counts.summaries++;
    s->counts.told += w->held.n;
    summary(to, &a);
}

static void close_oldest(struct shard *s, threshold_summary *summary, void *to)
{
    struct window *w = &s->ring[s->first];
    if (w->held.n)
        tell_of(s, w, summary, to);
    empty_slot(s, (uint32_t)(find_slot(s, w->key) - s->slots));
    s->first = (s->first + 1) % s->room;
    s->n--;
}

static void close_over(const struct threshold *t, struct shard *s, int64_t now_ns, threshold_summary *summary,
                       void *to)
{
    while (s->n && (now_ns == INT64_MAX || now_ns - s->ring[s->first].opened_ns >= t->length_ns))
        close_oldest(s, summary, to);
}

void threshold_close(struct threshold *t, int64_t now_ns, threshold_summary *summary, void *to)
{
    for (int i = 0; i < SHARDS; i++) {
        struct shard *s = &t->shards[i];
        pthread_mutex_lock(&s->mutex);
        close_over(t, s, now_ns, summary, to);
        pthread_mutex_unlock(&s->mutex);
    }
}

/* ---- opening, counting ---- */

static struct window *open_window(struct shard *s, uint64_t key, int64_t now_ns, threshold_summary *summary,
                                  void *to)
{
    if (s->n == s->room) {
        s->counts.evicted++;
        close_oldest(s, summary, to);
    }
    uint32_t at = (s->first + s->n++) % s->room;
    *find_slot(s, key) = at + 1;
    struct kept *kept = s->ring[at].kept;
    s->ring[at] = (struct window){.key = key, .opened_ns = now_ns, .kept = kept};
    return &s->ring[at];
}

/* Only what does not point into the batch, which dies. */
static void keep(struct kept *k, const struct alert *a)
{
    const struct event *e = a->event;
    *k = (struct kept){.db = a->db, .indicator = a->indicator, .field = a->field};
    k->event = (struct event){.kind = e->kind,
                              .is_bare = true,
                              .proto = e->proto,
                              .ip_version = e->ip_version,
                              .n_vlans = e->n_vlans,
                              .outer = e->outer,
                              .is_to_server = e->is_to_server,
                              .is_tunnelled = e->is_tunnelled,
                              .sport = e->sport,
                              .dport = e->dport,
                              .src = e->src,
                              .dst = e->dst,
                              .ts_ns = e->ts_ns,
                              .packet_number = e->packet_number,
                              .source = e->source,
                              .flow_id = e->flow_id,
                              .quic_version = e->quic_version};
    memcpy(k->event.vlans, e->vlans, sizeof e->vlans);
    struct span observed = span_first(a->observed, OBSERVED_KEPT);
    k->observed_len = (uint16_t)observed.len;
    if (observed.len)
        memcpy(k->observed, observed.ptr, observed.len);
}

/* False: there is no memory to tell of it later. */
static bool hold_back(struct shard *s, struct window *w, const struct alert *a)
{
    int64_t ts_ns = a->event->ts_ns;
    if (!w->kept && !(w->kept = malloc(sizeof *w->kept)))
        return false;
    keep(w->kept, a);
    if (w->held.n == 0 || ts_ns < w->held.first_ns)
        w->held.first_ns = ts_ns;
    if (w->held.n == 0 || ts_ns > w->held.last_ns)
        w->held.last_ns = ts_ns;
    w->held.n++;
    s->counts.held_back++;
    return true;
}

bool threshold_pass(struct threshold *t, const struct alert *a, threshold_summary *summary, void *to)
{
    uint64_t key = key_of(t, a);
    struct shard *s = &t->shards[key >> 61];
    pthread_mutex_lock(&s->mutex);
    close_over(t, s, a->event->ts_ns, summary, to);
    uint32_t slot = *find_slot(s, key);
    struct window *w = slot ? &s->ring[slot - 1] : open_window(s, key, a->event->ts_ns, summary, to);
    bool passes = w->passed < t->o.count || !hold_back(s, w, a);
    w->passed += passes;
    s->counts.passed += passes;
    pthread_mutex_unlock(&s->mutex);
    return passes;
}

void threshold_counts(struct threshold *t, struct threshold_counts *out)
{
    *out = (struct threshold_counts){0};
    for (int i = 0; i < SHARDS; i++) {
        struct shard *s = &t->shards[i];
        pthread_mutex_lock(&s->mutex);
        out->passed += s->counts.passed;
        out->held_back += s->counts.held_back;
        out->summaries += s->counts.summaries;
        out->told += s->counts.told;
        out->evicted += s->counts.evicted;
        pthread_mutex_unlock(&s->mutex);
    }
}
