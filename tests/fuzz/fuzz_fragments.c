/* Fuzz target for sensor/fragments.h. The input is fragments of one byte each over all their length, never 0. Their heads:
 *   1 byte   1: IPv6, 2: more to come, 4: half of it cut by the snaplen; high four bits: identification
 *   1 byte   time passing in tenths of a second
 *   2 bytes  offset in units of eight
 *   1 byte   length in units, 1 byte what to fill it with
 * What must hold beyond not crashing: every packet is handed out once, or refused; no byte is handed out that no fragment brought (memory
 * that was not filled from one may hold any, 0 too). */
#include "sensor/fragments.h"

#include <stdlib.h>

enum { HEAD = 6, UNITS = DATAGRAM_BYTES_MAX / 8 + 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void take_gone(void *to, const struct datagram *d)
{
    uint64_t *n_out = to;
    *n_out += d->n_packets;
    check(d->fate != DATAGRAM_WHOLE && d->bytes.len <= d->wire_len && d->wire_len <= DATAGRAM_BYTES_MAX);
    for (size_t i = 0; i < d->bytes.len; i++)
        check(d->bytes.ptr[i] != 0);
}

/* Bytes are never 0, and the same for a whole unit. */
static uint8_t filler(uint8_t seed)
{
    return (uint8_t)(seed | 1);
}

/* True when there was a fragment. */
static bool add_one(struct fragments *f, struct span *in, struct packet *pkt, uint64_t *n_out)
{
    struct span h;
    if (!span_take(in, HEAD, &h))
        return false;
    uint32_t at = (uint32_t)(load_be16(h.ptr + 2) % UNITS) * 8,
             n = h.ptr[4] * 8u + (h.ptr[0] & 2 ? 8 : 1 + h.ptr[4] % 8u);
    if (at + n > DATAGRAM_BYTES_MAX)
        return true;
    size_t captured = h.ptr[0] & 4 ? n / 2 : n;
    uint8_t *bytes = malloc(captured ? captured : 1);
    check(bytes != NULL);
    memset(bytes, filler(h.ptr[5]), captured);
    struct decoded d = {.ip_version = h.ptr[0] & 1 ? 6 : 4,
                        .proto = 17,
                        .is_fragment = true,
                        .has_more_fragments = h.ptr[0] & 2,
                        .fragment_at = (uint16_t)at,
                        .fragment_id = h.ptr[0] >> 4,
                        .payload = span_of(bytes, captured),
                        .payload_wire_len = n};
    pkt->number++;
    pkt->ts_ns += h.ptr[1] * INT64_C(100000000);
    struct datagram whole;
    bool overlaps;
    switch (fragments_add(f, pkt, &d, 1, &whole, &overlaps)) {
    case FRAGMENTS_REFUSED:
        ++*n_out;
        break;
    case FRAGMENTS_WHOLE:
        *n_out += whole.n_packets;
        check(whole.fate == DATAGRAM_WHOLE && whole.packet.number == pkt->number &&
              whole.bytes.len <= whole.wire_len);
        check(whole.is_cut == (whole.bytes.len < whole.wire_len) &&
              whole.wire_len >= at + (overlaps ? 0 : n));
        for (size_t i = 0; i < whole.bytes.len; i++)
            check(whole.bytes.ptr[i] != 0);
        break;
    case FRAGMENTS_HELD:
        break;
    }
    free(bytes);
    check(*n_out <= pkt->number);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint64_t n_out = 0;
    struct fragments *f =
        fragments_new(&(struct fragments_options){.cap_bytes = 1, .gone = take_gone, .gone_to = &n_out});
    check(f != NULL);
    struct span in = span_of(data, len);
    struct packet pkt = {.ts_ns = 1};
    while (add_one(f, &in, &pkt, &n_out))
        continue;
    fragments_clear(f);
    check(n_out == pkt.number);
    fragments_free(f);
    return 0;
}
