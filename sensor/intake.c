/* See intake.h. Hot. */
#include "sensor/intake.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "sensor/decode/checksum.h"
#include "sensor/decode/decode.h"
#include "sensor/fragments.h"

#define COLD __attribute__((cold, noinline))

struct intake {
    struct intake_options o;
    struct fragments *fragments; /* owned */
    uint64_t turn;               /* the last one given */
    uint32_t n_in_epoch;         /* packets */
    int64_t clock_ns;            /* the epoch's earliest time; 0: none yet */
    size_t n_ahead;
    struct arrival ahead[ARRIVALS_AHEAD];      /* decoded, not yet handed on */
    const struct arrival *all[ARRIVALS_AHEAD]; /* them, in order */
};

static void datagram_gone(void *to, const struct datagram *g);

struct intake *intake_new(const struct intake_options *o)
{
    struct intake *in = calloc(1, sizeof *in);
    if (!in)
        return NULL;
    in->o = *o;
    for (size_t i = 0; i < ARRIVALS_AHEAD; i++)
        in->all[i] = &in->ahead[i];
    in->fragments = fragments_new(&(struct fragments_options){
        .cap_bytes = o->fragments_cap_bytes, .seed = o->seed, .gone = datagram_gone, .gone_to = in});
    if (in->fragments)
        return in;
    free(in);
    return NULL;
}

void intake_free(struct intake *in)
{
    if (!in)
        return;
    fragments_free(in->fragments);
    free(in);
}

/* ---- the ledger ---- */

static void count_received(struct stats *s, const struct packet *pkt)
{
    s->packets++;
    s->bytes += pkt->bytes.len;
    s->wire_bytes += pkt->wire_len;
    if (s->first_ns == 0 || pkt->ts_ns < s->first_ns)
        s->first_ns = pkt->ts_ns;
    if (pkt->ts_ns > s->last_ns)
        s->last_ns = pkt->ts_ns;
}

/* COLD: each kind of layer once. */
COLD static void count_tunnels(struct stats *s, const struct decoded *d, uint32_t n)
{
    const struct carrier *c = &d->carrier;
    uint32_t counted = 0;
    for (unsigned i = 0; i < c->n_layers; i++) {
        uint32_t bit = UINT32_C(1) << c->layers[i].type;
        if (!(counted & bit))
            s->encapsulated[c->layers[i].type] += n;
        counted |= bit;
    }
    if (d->is_unread_tunnel)
        s->tunnels_unread += n;
}

/* `n` packets: more than one when they were fragments. */
static void count_decoded(struct stats *s, const struct decoded *d, uint32_t n)
{
    s->processed += n;
    *(d->ip_version == 4 ? &s->ipv4 : &s->ipv6) += n;
    *(d->proto == IPPROTO_TCP ? &s->tcp : d->proto == IPPROTO_UDP ? &s->udp : &s->other_ip) += n;
    if (d->n_vlans)
        s->vlan_tagged += n;
    if (d->carrier.is_tunnel || d->is_unread_tunnel)
        count_tunnels(s, d, n);
}

static void count_refused(struct stats *s, struct decode_result r, uint32_t n)
{
    if (r.verdict == DECODE_BAD)
        s->undecodable[r.reason] += n;
    else
        s->out_of_scope[r.reason] += n;
}

/* ---- arrivals ---- */

static void hand_on(struct intake *in)
{
    if (in->n_ahead)
        in->o.arrived(in->o.to, in->all, in->n_ahead);
    in->n_ahead = 0;
}

/* The one that was decoded in the next place ahead. */
static void arrive(struct intake *in, const struct packet *pkt, bool is_cut)
{
    struct arrival *a = &in->ahead[in->n_ahead];
    a->key = flow_key_of(&a->decoded, in->o.seed);
    a->moment = moment_of(pkt, &a->decoded);
    a->turn = ++in->turn;
    a->is_cut = is_cut && a->decoded.payload.len < a->decoded.payload_wire_len;
    in->o.stats->cut_by_snaplen += a->is_cut;
    if (++in->n_ahead == ARRIVALS_AHEAD)
        hand_on(in);
}

/* COLD unless asked for: what was decoded, or that its checksum is wrong. */
static struct decode_result verify(struct decode_result r, const struct decoded *d)
{
    bool is_read = r.verdict == DECODE_OK || r.verdict == DECODE_FRAGMENT;
    return is_read && !checksum_holds(d) ? (struct decode_result){DECODE_BAD, UNDECODABLE_CHECKSUM} : r;
}

/* ---- fragments ---- */

COLD static void take_fragment(struct intake *in, const struct packet *pkt, uint32_t n);

/* COLD: what fragments brought, on behalf of `n` packets. Goes on at once: its bytes are those of the next datagram, too. In a tunnel it may
 * be a fragment again, of a datagram within; but while another goes the set of fragments takes no more. */
COLD static void read_datagram(struct intake *in, const struct datagram *g, uint32_t n)
{
    struct decoded *d = &in->ahead[in->n_ahead].decoded;
    memcpy(d, &g->decoded, offsetof(struct decoded, carrier) + carrier_bytes(&g->decoded.carrier));
    d->ip_header = NULL; /* each fragment's was looked at when it came */
    struct decode_result r = decode_datagram(g->bytes, g->wire_len, g->is_cut, d);
    if (in->o.verifies_checksums && g->fate == DATAGRAM_WHOLE)
        r = verify(r, d);
    if (r.verdict == DECODE_FRAGMENT && g->fate == DATAGRAM_WHOLE) {
        take_fragment(in, &g->packet, n);
    } else if (r.verdict == DECODE_FRAGMENT) {
        in->o.stats->out_of_scope[SCOPE_FRAGMENT] += n;
    } else if (r.verdict == DECODE_OK) {
        count_decoded(in->o.stats, d, n);
        arrive(in, &g->packet, g->is_cut);
        hand_on(in);
    } else {
        count_refused(in->o.stats, r, n);
    }
}

/* COLD: it will not be whole. What its first fragment holds is read all the same. */
COLD static void datagram_gone(void *to, const struct datagram *g)
{
    struct intake *in = to;
    struct stats *s = in->o.stats;
    s->fragments_waiting -= g->n_packets;
    if (g->fate == DATAGRAM_DROPPED) {
        s->undecodable[UNDECODABLE_FRAGMENT] += g->n_packets;
        return;
    }
    *(g->fate == DATAGRAM_EVICTED ? &s->datagrams_evicted : &s->datagrams_incomplete) += 1;
    bool has_first = g->wire_len > 0;
    s->out_of_scope[SCOPE_FRAGMENT] += g->n_packets - has_first;
    if (has_first)
        read_datagram(in, g, 1);
}

/* That was decoded in the next place ahead; `n` packets brought it. Ends, for each datagram within another is a layer further in. */
COLD static void take_fragment(struct intake *in, const struct packet *pkt, uint32_t n)
{
    const struct decoded d = in->ahead[in->n_ahead].decoded;
    struct stats *s = in->o.stats;
    struct datagram whole;
    bool overlaps;
    hand_on(in);
    s->fragments_waiting += n;
    enum fragments_verdict v = fragments_add(in->fragments, pkt, &d, n, &whole, &overlaps);
    s->fragments_overlapping += overlaps;
    if (v == FRAGMENTS_REFUSED) {
        s->fragments_waiting -= n;
        s->undecodable[UNDECODABLE_FRAGMENT] += n;
    } else if (v == FRAGMENTS_WHOLE) {
        s->fragments_waiting -= whole.n_packets;
        s->datagrams_whole++;
        read_datagram(in, &whole, whole.n_packets);
    }
}

/* ---- packets and epochs ---- */

static void take(struct intake *in, const struct packet *pkt)
{
    struct decoded *d = &in->ahead[in->n_ahead].decoded;
    struct decode_result r = decode_packet(pkt->link, pkt, d);
    if (in->o.verifies_checksums)
        r = verify(r, d);
    count_received(in->o.stats, pkt);
    if (r.verdict == DECODE_OK) {
        count_decoded(in->o.stats, d, 1);
        arrive(in, pkt, pkt->bytes.len < pkt->wire_len);
    } else if (r.verdict == DECODE_FRAGMENT) {
        take_fragment(in, pkt, 1);
    } else {
        count_refused(in->o.stats, r, 1);
    }
}

/* 0 is the time of a packet that has none. */
static bool is_epoch_over(struct intake *in, const struct packet *pkt)
{
    if (pkt->ts_ns > 0 && (in->clock_ns == 0 || pkt->ts_ns < in->clock_ns))
        in->clock_ns = pkt->ts_ns;
    return ++in->n_in_epoch == EPOCH_PACKETS ||
           (in->n_in_epoch % EPOCH_PACKETS_MIN == 0 && in->clock_ns && pkt->ts_ns > in->clock_ns &&
            pkt->ts_ns - in->clock_ns >= EPOCH_S * INT64_C(1000000000));
}

static int64_t begin_epoch(struct intake *in)
{
    int64_t clock_ns = in->clock_ns;
    in->clock_ns = 0;
    in->n_in_epoch = 0;
    return clock_ns;
}

void intake_end_epoch(struct intake *in)
{
    if (in->n_in_epoch == 0)
        return;
    int64_t clock_ns = begin_epoch(in);
    hand_on(in);
    if (clock_ns)
        fragments_expire(in->fragments, clock_ns);
    in->o.epoch_ended(in->o.to, clock_ns);
}

void intake_packets(struct intake *in, const struct packet *packets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        take(in, &packets[i]);
        if (is_epoch_over(in, &packets[i]))
            intake_end_epoch(in);
    }
    hand_on(in);
}

void intake_end_run(struct intake *in)
{
    begin_epoch(in);
    fragments_clear(in->fragments);
}
