/* See fragments.h. Hot, if rarely used.
 *
 * A datagram is an entry with up to 32 chunks of 2 KiB, so a small one takes little of the ceiling and a large one needs no copying
 * while it grows. Offsets count in units of 8 bytes and every fragment but the last ends on one, so a bit for each unit tells exactly
 * what is there; a list of runs would need a bound that reordered small fragments reach. A whole datagram is laid end to end in
 * one buffer and its entry is free again before it is read. */
#include "sensor/fragments.h"

#include <stdlib.h>

#include "base/hash.h"

#define COLD __attribute__((cold, noinline))

enum {
    UNIT = 8,
    CHUNK_BYTES = 2048,
    CHUNK_UNITS = CHUNK_BYTES / UNIT,
    CHUNKS_OF_ONE = 32,
    CHUNKS_MIN = 2 * CHUNKS_OF_ONE,
    CHUNKS_MAX = 1 << 20,
    BUCKETS_MIN = 64,
};
_Static_assert(CHUNKS_OF_ONE *CHUNK_BYTES > DATAGRAM_BYTES_MAX, "a datagram fits into its chunks");

struct key {
    struct ip src, dst;
    uint32_t ident;
    uint16_t vlans[PACKET_VLANS_KEPT];
    uint8_t n_vlans, ip_version;
    uint8_t proto; /* IPv6: 0 */
    uint8_t unused[3];
    uint32_t carrier; /* its fingerprint: other tunnels have other datagrams */
};
_Static_assert(sizeof(struct key) == 52, "the key has no padding");

struct seen_at {
    int64_t ts_ns;
    uint64_t number;
    uint32_t source;
};

struct entry {
    struct key key;
    uint64_t hash, serial;
    int64_t begun_ns;
    uint32_t chain;                 /* 1 + index: of the bucket's next, or the next free one */
    uint32_t older, younger;        /* 1 + index: of the same IP version */
    uint32_t chunks[CHUNKS_OF_ONE]; /* 1 + index */
    uint32_t end;                   /* of the datagram; 0 until its last fragment came */
    uint32_t high;                  /* end of what came */
    uint32_t n_units;               /* there */
    uint32_t readable;              /* bytes from here on were not captured, some of them */
    uint32_t n_packets;
    uint32_t first_len, first_captured;
    struct seen_at first;
    uint8_t proto; /* IPv6: the first fragment's next header counts */
    bool has_first, is_dropped;
};

struct queue {
    uint32_t oldest, youngest; /* 1 + index */
};

struct fragments {
    struct fragments_options o;
    uint8_t *bytes;                      /* owned: chunks */
    uint64_t (*there)[CHUNK_UNITS / 64]; /* owned: which units of a chunk are */
    uint32_t *next_free;                 /* owned: of each chunk, 1 + index */
    struct entry *entries;               /* owned; as many as chunks */
    struct carrier *carriers;            /* owned; of each entry: the way in of the fragment that came first */
    uint32_t *buckets;                   /* owned: 1 + index of an entry */
    uint8_t *joined;                     /* owned: a datagram end to end */
    uint32_t n_chunks, bucket_mask;
    uint32_t free_chunk, high_chunk, free_entry, high_entry;
    uint32_t n_free_chunks;
    uint64_t serial;
    struct queue queues[2]; /* IPv4, IPv6 */
};

struct fragments *fragments_new(const struct fragments_options *o)
{
    struct fragments *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    size_t n = (o->cap_bytes ? o->cap_bytes : FRAGMENTS_CAP_DEFAULT) / CHUNK_BYTES;
    n = n < CHUNKS_MIN ? CHUNKS_MIN : n > CHUNKS_MAX ? CHUNKS_MAX : n;
    size_t n_buckets = BUCKETS_MIN;
    while (n_buckets < n)
        n_buckets *= 2;
    f->o = *o;
    f->n_chunks = f->n_free_chunks = (uint32_t)n;
    f->bucket_mask = (uint32_t)n_buckets - 1;
    f->bytes = malloc(n * CHUNK_BYTES);
    f->there = malloc(n * sizeof *f->there);
    f->next_free = malloc(n * sizeof *f->next_free);
    f->entries = malloc(n * sizeof *f->entries);
    f->carriers = malloc(n * sizeof *f->carriers);
    f->buckets = calloc(n_buckets, sizeof *f->buckets);
    f->joined = malloc(DATAGRAM_BYTES_MAX);
    if (f->bytes && f->there && f->next_free && f->entries && f->carriers && f->buckets && f->joined)
        return f;
    fragments_free(f);
    return NULL;
}

void fragments_free(struct fragments *f)
{
    if (!f)
        return;
    free(f->bytes);
    free(f->there);
    free(f->next_free);
    free(f->entries);
    free(f->carriers);
    free(f->buckets);
    free(f->joined);
    free(f);
}

/* ---- chunks ---- */

static uint8_t *chunk_bytes(const struct fragments *f, uint32_t chunk)
{
    return f->bytes + (size_t)(chunk - 1) * CHUNK_BYTES;
}

/* There must be one. */
static uint32_t take_chunk(struct fragments *f)
{
    uint32_t chunk = f->free_chunk;
    if (chunk)
        f->free_chunk = f->next_free[chunk - 1];
    else
        chunk = ++f->high_chunk;
    f->n_free_chunks--;
    memset(f->there[chunk - 1], 0, sizeof f->there[chunk - 1]);
    return chunk;
}

static void free_chunks(struct fragments *f, struct entry *e)
{
    for (int i = 0; i < CHUNKS_OF_ONE; i++) {
        if (!e->chunks[i])
            continue;
        f->next_free[e->chunks[i] - 1] = f->free_chunk;
        f->free_chunk = e->chunks[i];
        f->n_free_chunks++;
        e->chunks[i] = 0;
    }
}

static bool is_there(const struct fragments *f, const struct entry *e, uint32_t unit)
{
    uint32_t chunk = e->chunks[unit / CHUNK_UNITS], bit = unit % CHUNK_UNITS;
    return chunk && f->there[chunk - 1][bit / 64] >> (bit % 64) & 1;
}

static void mark(struct fragments *f, struct entry *e, uint32_t unit)
{
    uint32_t chunk = e->chunks[unit / CHUNK_UNITS], bit = unit % CHUNK_UNITS;
    f->there[chunk - 1][bit / 64] |= UINT64_C(1) << (bit % 64);
    e->n_units++;
}

static uint8_t *unit_bytes(const struct fragments *f, const struct entry *e, uint32_t unit)
{
    return chunk_bytes(f, e->chunks[unit / CHUNK_UNITS]) + (size_t)(unit % CHUNK_UNITS) * UNIT;
}

/* The first `len` bytes end to end; they must be there. */
static struct span join(const struct fragments *f, const struct entry *e, uint32_t len)
{
    for (uint32_t at = 0; at < len; at += CHUNK_BYTES) {
        uint32_t n = len - at < CHUNK_BYTES ? len - at : CHUNK_BYTES;
        memcpy(f->joined + at, chunk_bytes(f, e->chunks[at / CHUNK_BYTES]), n);
    }
    return span_of(f->joined, len);
}

/* ---- entries ---- */

static struct key key_of(const struct decoded *d)
{
    struct key k = {.src = d->src,
                    .dst = d->dst,
                    .ident = d->fragment_id,
                    .n_vlans = d->n_vlans,
                    .ip_version = d->ip_version,
                    .proto = d->ip_version == 4 ? d->proto : 0,
                    .carrier = d->carrier.is_tunnel ? carrier_fingerprint(&d->carrier) : 0};
    memcpy(k.vlans, d->vlans, sizeof k.vlans);
    return k;
}

static struct queue *queue_of(struct fragments *f, const struct entry *e)
{
    return &f->queues[e->key.ip_version == 6];
}

static void unlink_entry(struct fragments *f, struct entry *e)
{
    uint32_t index = (uint32_t)(e - f->entries) + 1;
    struct queue *q = queue_of(f, e);
    *(e->older ? &f->entries[e->older - 1].younger : &q->oldest) = e->younger;
    *(e->younger ? &f->entries[e->younger - 1].older : &q->youngest) = e->older;
    uint32_t *at = &f->buckets[e->hash & f->bucket_mask];
    while (*at != index)
        at = &f->entries[*at - 1].chain;
    *at = e->chain;
    free_chunks(f, e);
    e->chain = f->free_entry;
    f->free_entry = index;
}

static struct datagram datagram_of(const struct fragments *f, const struct entry *e, enum datagram_fate fate, struct seen_at at)
{
    struct datagram out = {
        .fate = fate,
        .decoded = {.src = e->key.src,
                    .dst = e->key.dst,
                    .ip_version = e->key.ip_version,
                    .proto = e->proto,
                    .n_vlans = e->key.n_vlans},
        .packet = {.ts_ns = at.ts_ns, .number = at.number, .source = at.source},
        .n_packets = e->n_packets,
    };
    memcpy(out.decoded.vlans, e->key.vlans, sizeof e->key.vlans);
    carrier_copy(&out.decoded.carrier, &f->carriers[e - f->entries]);
    return out;
}

/* COLD: it goes as it is. */
COLD static void give_up(struct fragments *f, struct entry *e, enum datagram_fate fate)
{
    struct datagram out = datagram_of(f, e, fate, e->first);
    bool is_told = !e->is_dropped;
    if (e->has_first && fate != DATAGRAM_DROPPED) {
        uint32_t captured = e->first_captured < e->readable ? e->first_captured : e->readable;
        out.bytes = join(f, e, captured);
        out.wire_len = e->first_len;
        out.is_cut = captured < e->first_len;
        out.decoded.is_fragment = true;
    }
    if (fate == DATAGRAM_DROPPED) { /* remembered without its bytes: what follows is refused */
        free_chunks(f, e);
        e->is_dropped = true;
        e->has_first = false;
        e->n_packets = 0;
    } else {
        unlink_entry(f, e);
    }
    if (is_told)
        f->o.gone(f->o.gone_to, &out);
}

/* COLD: other than `kept` (NULL: any). There must be one. */
COLD static void evict_oldest(struct fragments *f, const struct entry *kept)
{
    struct entry *victim = NULL;
    for (int i = 0; i < 2; i++) {
        uint32_t at = f->queues[i].oldest;
        if (at && &f->entries[at - 1] == kept)
            at = kept->younger;
        if (at && (!victim || f->entries[at - 1].serial < victim->serial))
            victim = &f->entries[at - 1];
    }
    give_up(f, victim, DATAGRAM_EVICTED);
}

static struct entry *begin(struct fragments *f, const struct key *key, uint64_t hash,
                           const struct packet *pkt, const struct decoded *d)
{
    if (!f->free_entry && f->high_entry == f->n_chunks)
        evict_oldest(f, NULL);
    uint32_t index = f->free_entry;
    if (index)
        f->free_entry = f->entries[index - 1].chain;
    else
        index = ++f->high_entry;
    struct entry *e = &f->entries[index - 1];
    uint32_t *bucket = &f->buckets[hash & f->bucket_mask];
    *e = (struct entry){.key = *key,
                        .hash = hash,
                        .serial = f->serial++,
                        .begun_ns = pkt->ts_ns,
                        .chain = *bucket,
                        .readable = UINT32_MAX,
                        .proto = d->proto};
    *bucket = index;
    carrier_copy(&f->carriers[index - 1], &d->carrier);
    struct queue *q = queue_of(f, e);
    e->older = q->youngest;
    *(q->youngest ? &f->entries[q->youngest - 1].younger : &q->oldest) = index;
    q->youngest = index;
    return e;
}

static struct entry *find(const struct fragments *f, const struct key *key, uint64_t hash)
{
    for (uint32_t at = f->buckets[hash & f->bucket_mask]; at; at = f->entries[at - 1].chain)
        if (f->entries[at - 1].hash == hash && memcmp(&f->entries[at - 1].key, key, sizeof *key) == 0)
            return &f->entries[at - 1];
    return NULL;
}

/* Captures may have any times, and go back. */
static bool has_waited(const struct entry *e, int64_t now_ns, uint64_t wait_s)
{
    return now_ns > e->begun_ns && (uint64_t)now_ns - (uint64_t)e->begun_ns > wait_s * 1000000000;
}

static void expire_queue(struct fragments *f, struct queue *q, int64_t now_ns, uint64_t wait_s)
{
    while (q->oldest && has_waited(&f->entries[q->oldest - 1], now_ns, wait_s))
        give_up(f, &f->entries[q->oldest - 1], DATAGRAM_INCOMPLETE);
}

void fragments_expire(struct fragments *f, int64_t now_ns)
{
    expire_queue(f, &f->queues[0], now_ns, FRAGMENTS_WAIT4_S);
    expire_queue(f, &f->queues[1], now_ns, FRAGMENTS_WAIT6_S);
}

void fragments_clear(struct fragments *f)
{
    for (int i = 0; i < 2; i++)
        while (f->queues[i].oldest)
            give_up(f, &f->entries[f->queues[i].oldest - 1], DATAGRAM_INCOMPLETE);
}

/* ---- one fragment ---- */

/* Where it lies in its datagram. */
struct part {
    uint32_t from, to; /* bytes */
    uint32_t unit, units_end;
    struct span bytes; /* as captured */
    bool is_last;
};

static bool contradicts_end(const struct entry *e, const struct part *p)
{
    if (e->end && p->to > e->end)
        return true;
    return p->is_last && ((e->end && p->to != e->end) || p->to < e->high);
}

/* All there already, byte for byte, as far as both were captured. */
static bool is_repeated(const struct fragments *f, const struct entry *e, const struct part *p)
{
    for (uint32_t unit = p->unit; unit < p->units_end; unit++) {
        if (!is_there(f, e, unit))
            return false;
        uint32_t at = unit * UNIT, captured = p->from + (uint32_t)p->bytes.len;
        uint32_t to = captured < e->readable ? captured : e->readable;
        if (at >= to)
            continue;
        uint32_t n = to - at < UNIT ? to - at : UNIT;
        if (memcmp(unit_bytes(f, e, unit), p->bytes.ptr + (at - p->from), n) != 0)
            return false;
    }
    return true;
}

static bool overlaps(const struct fragments *f, const struct entry *e, const struct part *p)
{
    for (uint32_t unit = p->unit; unit < p->units_end; unit++)
        if (is_there(f, e, unit))
            return true;
    return false;
}

static void make_room(struct fragments *f, struct entry *e, const struct part *p)
{
    for (uint32_t i = p->unit / CHUNK_UNITS; i <= (p->units_end - 1) / CHUNK_UNITS; i++) {
        if (e->chunks[i])
            continue;
        while (f->n_free_chunks == 0)
            evict_oldest(f, e);
        e->chunks[i] = take_chunk(f);
    }
}

/* What is not there yet. */
static void copy(struct fragments *f, struct entry *e, const struct part *p)
{
    size_t captured = p->bytes.len;
    for (uint32_t unit = p->unit; unit < p->units_end; unit++) {
        if (is_there(f, e, unit))
            continue;
        size_t at = (size_t)unit * UNIT - p->from;
        if (at < captured)
            memcpy(unit_bytes(f, e, unit), p->bytes.ptr + at, captured - at < UNIT ? captured - at : UNIT);
        mark(f, e, unit);
    }
    if (captured < p->to - p->from && p->from + captured < e->readable)
        e->readable = p->from + (uint32_t)captured;
    e->high = p->to > e->high ? p->to : e->high;
    if (p->is_last)
        e->end = p->to;
}

static void note_first(struct entry *e, const struct packet *pkt, const struct decoded *d,
                       const struct part *p)
{
    if (p->from != 0 || e->has_first)
        return;
    e->has_first = true;
    e->proto = d->proto;
    e->first_len = p->to;
    e->first_captured = (uint32_t)p->bytes.len;
    e->first = (struct seen_at){pkt->ts_ns, pkt->number, pkt->source};
}

static bool is_whole(const struct entry *e)
{
    return e->end && e->n_units == (e->end + UNIT - 1) / UNIT;
}

enum fragments_verdict fragments_add(struct fragments *f, const struct packet *pkt, const struct decoded *d,
                                     uint32_t n_packets, struct datagram *out_whole, bool *out_overlaps)
{
    struct part p = {.from = d->fragment_at,
                     .to = d->fragment_at + d->payload_wire_len,
                     .bytes = d->payload,
                     .is_last = !d->has_more_fragments};
    p.unit = p.from / UNIT;
    p.units_end = (p.to + UNIT - 1) / UNIT;
    struct key key = key_of(d);
    uint64_t hash = hash_bytes(&key, sizeof key, f->o.seed);

    *out_overlaps = false;
    fragments_expire(f, pkt->ts_ns);
    struct entry *e = find(f, &key, hash);
    if (!e)
        e = begin(f, &key, hash, pkt, d);
    if (e->is_dropped)
        return FRAGMENTS_REFUSED;
    e->n_packets += n_packets;
    bool is_against_end = contradicts_end(e, &p);
    if (!is_against_end && is_repeated(f, e, &p) && !(p.is_last && !e->end)) {
        if (e->n_packets >= FRAGMENTS_OF_ONE_MAX)
            give_up(f, e, DATAGRAM_INCOMPLETE);
        return FRAGMENTS_HELD;
    }
    *out_overlaps = is_against_end || overlaps(f, e, &p);
    if (*out_overlaps && key.ip_version == 6) {
        give_up(f, e, DATAGRAM_DROPPED);
        return FRAGMENTS_HELD;
    }
    if (!is_against_end) {
        make_room(f, e, &p);
        copy(f, e, &p);
        note_first(e, pkt, d, &p);
    }
    if (is_whole(e)) {
        *out_whole = datagram_of(f, e, DATAGRAM_WHOLE, (struct seen_at){pkt->ts_ns, pkt->number, pkt->source});
        uint32_t captured = e->end < e->readable ? e->end : e->readable;
        out_whole->bytes = join(f, e, captured);
        out_whole->wire_len = e->end;
        out_whole->is_cut = captured < e->end;
        unlink_entry(f, e);
        return FRAGMENTS_WHOLE;
    }
    if (e->n_packets >= FRAGMENTS_OF_ONE_MAX)
        give_up(f, e, DATAGRAM_INCOMPLETE);
    return FRAGMENTS_HELD;
}
