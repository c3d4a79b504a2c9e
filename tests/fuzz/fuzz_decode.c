/* Fuzz target for sensor/decode/. The first byte picks the link type, the second how much of the frame was captured; the rest is
 * the frame. What must hold beyond not crashing:
 * - the payload lies in the frame and is never longer than what was sent of it;
 * - a reason is given that its verdict has;
 * - a layer of the way in names a kind that there is, and holds an IP header only where n_ip says so;
 * - a cut frame tells nothing that the whole one does not tell; cut within a tunnel, it is what carried it. */
#include "sensor/decode/decode.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* Reads the first `captured` bytes of a frame from a block of that size. The payload's bytes die here; its length stays. */
static struct decode_result read_cut(enum link_type link, struct span frame, size_t captured,
                                     struct decoded *out)
{
    uint8_t *exact = malloc(captured ? captured : 1);
    check(exact != NULL);
    if (captured)
        memcpy(exact, frame.ptr, captured);
    struct packet pkt = {.bytes = span_of(exact, captured), .wire_len = (uint32_t)frame.len};
    struct decode_result r = decode_packet(link, &pkt, out);
    struct span p = out->payload;
    if (p.len > 0) {
        check(p.ptr >= exact && p.ptr + p.len <= exact + captured);
        check(memcmp(p.ptr, frame.ptr + (p.ptr - exact), p.len) == 0);
    }
    free(exact);
    return r;
}

static void check_sane(struct decode_result r, const struct decoded *d)
{
    check(d->n_vlans <= PACKET_VLANS_KEPT);
    check(d->carrier.n_layers <= CARRIER_LAYERS_MAX);
    unsigned n_ip = 0;
    for (unsigned i = 0; i < d->carrier.n_layers; i++) {
        const struct carrier_layer *l = &d->carrier.layers[i];
        check(l->type < ENCAP_COUNT);
        check(l->ip_version == 0 || l->ip_version == 4 || l->ip_version == 6);
        check(l->has_ids >> CARRIER_IDS_MAX == 0);
        n_ip += l->ip_version != 0;
    }
    check(n_ip == d->carrier.n_ip);
    if (r.verdict == DECODE_BAD)
        check(r.reason < UNDECODABLE_COUNT);
    if (r.verdict == DECODE_OUT_OF_SCOPE)
        check(r.reason < SCOPE_COUNT);
    if (r.verdict != DECODE_OK)
        return;
    check(d->ip_version == 4 || d->ip_version == 6);
    check(d->payload.len <= d->payload_wire_len);
    check(d->payload.len == 0 || d->proto == 6 || d->proto == 17);
    check((d->sport == 0 && d->dport == 0) || d->proto == 6 || d->proto == 17);
}

/* One of them went on into a tunnel, the other did not: the cut frame because that was cut off, the whole one because what comes
 * later is wrong. Then that one is what carries the tunnel. */
static void check_carrier(const struct decoded *outside, const struct decoded *inside)
{
    unsigned i = outside->carrier.n_layers;
    while (i < inside->carrier.n_layers && !inside->carrier.layers[i].ip_version)
        i++;
    check(i < inside->carrier.n_layers);
    const struct carrier_layer *l = &inside->carrier.layers[i];
    check(ip_compare(&outside->src, &l->src) == 0 && ip_compare(&outside->dst, &l->dst) == 0);
}

static void check_cut(const struct decoded *cut, const struct decoded *whole)
{
    if (cut->carrier.n_ip != whole->carrier.n_ip) {
        bool is_whole_deeper = cut->carrier.n_ip < whole->carrier.n_ip;
        check_carrier(is_whole_deeper ? cut : whole, is_whole_deeper ? whole : cut);
        return;
    }
    check(ip_compare(&cut->src, &whole->src) == 0 && ip_compare(&cut->dst, &whole->dst) == 0);
    check(cut->ip_version == whole->ip_version && cut->n_vlans == whole->n_vlans);
    if (cut->proto != whole->proto) { /* cut in an extension header */
        check(cut->payload.len == 0 && cut->sport == 0 && cut->dport == 0);
        return;
    }
    check(cut->sport == whole->sport || cut->sport == 0);
    check(cut->dport == whole->dport || cut->dport == 0);
    check(cut->tcp_flags == whole->tcp_flags || cut->tcp_flags == 0);
    check(cut->tcp_seq == whole->tcp_seq || cut->tcp_seq == 0);
    check(cut->payload.len <= whole->payload.len);
    check(cut->payload_wire_len == whole->payload_wire_len || cut->payload.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2)
        return 0;
    enum link_type link = data[0] % (LINK_OTHER + 1);
    struct span frame = span_of(data + 2, len - 2);
    size_t captured = data[1] < frame.len ? data[1] : frame.len;
    struct decoded whole, cut;
    struct decode_result of_whole = read_cut(link, frame, frame.len, &whole);
    struct decode_result of_cut = read_cut(link, frame, captured, &cut);
    check_sane(of_whole, &whole);
    check_sane(of_cut, &cut);
    /* The whole frame may turn out to be bad, or a later fragment, past where the other one was cut. */
    if (of_whole.verdict == DECODE_OK && of_cut.verdict == DECODE_OK)
        check_cut(&cut, &whole);
    return 0;
}
