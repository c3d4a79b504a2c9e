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

/* The whole frame had a tunnel further in: what is seen of the cut one is what carries it. */
static void check_cut_tunnel(const struct decoded *cut, const struct decoded *whole)
{
    const struct carrier_layer *l = &whole->carrier.layers[cut->carrier.n_layers];
    while (l < &whole->carrier.layers[whole->carrier.n_layers] && !l->ip_version)
        l++;
    check(l < &whole->carrier.layers[whole->carrier.n_layers]);
    check(ip_compare(&cut->src, &l->src) == 0 && ip_compare(&cut->dst, &l->dst) == 0);
}

static void check_cut(const struct decoded *cut, const struct decoded *whole)
{
    check(cut->carrier.n_ip <= whole->carrier.n_ip);
    if (cut->carrier.n_ip < whole->carrier.n_ip) {
        check_cut_tunnel(cut, whole);
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
