/* Fuzz target for sensor/extract/quic.h, quic_initial.h and sensor/quic_reader.h. The first byte chooses:
 *   even: the rest is frames of an opened packet; odd: packets for the reader, each a byte of flow (0 to 3), side (8) and capture cut (16), a length (2), and
 *   its bytes.
 * What must hold beyond not crashing: parts lie in what they were read from; the walk ends; a header cut short says nothing
 * that the whole one does not; the sums. */
#include "sensor/quic_reader.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "sensor/extract/quic_initial.h"

enum { FLOWS = 4, GATHERINGS = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_inside(struct span part, struct span whole)
{
    check(part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

static void walk_frames(struct span in)
{
    struct span rest = in;
    struct quic_part part;
    size_t before = rest.len + 1;
    while (rest.len < before) {
        before = rest.len;
        if (quic_next_crypto(&rest, &part) != FIELD_FOUND)
            return;
        check_inside(part.bytes, in);
    }
    check(false);
}

static void check_header(struct span in)
{
    struct quic_long whole, part;
    enum verdict v = quic_long_read(in, in.len, &whole);
    check(v != FIELD_PARTIAL);
    check_inside(whole.packet, in);
    check_inside(whole.dcid, in);
    check_inside(whole.scid, in);
    check(whole.dcid.len <= QUIC_ID_MAX && whole.scid.len <= QUIC_ID_MAX);
    if (v != FIELD_FOUND)
        return;
    check(whole.packet.len > 0);
    for (size_t n = 0; n < in.len && n < 64; n++) {
        enum verdict cut = quic_long_read(span_first(in, n), in.len, &part);
        check(cut != FIELD_MALFORMED);
        check(part.dcid.len == 0 || span_eq(part.dcid, whole.dcid));
    }
}

static void read_packets(struct span in)
{
    struct stats stats = {0};
    struct events events;
    struct flow flows[FLOWS];
    struct moment m = {0};

    check(events_init(&events, &stats, 1 << 20));
    struct quic_reader *r = quic_reader_new(GATHERINGS, &events);
    check(r != NULL);
    for (unsigned i = 0; i < FLOWS; i++)
        flows[i] = (struct flow){.proto = IPPROTO_UDP, .port = {(uint16_t)(40000 + i), 443}};
    while (in.len >= 3) {
        unsigned head = in.ptr[0], side = head >> 3 & 1;
        struct span payload = span_first(span_from(in, 3), load_be16(in.ptr + 1));
        in = span_from(in, 3 + payload.len);
        uint8_t *copy = malloc(payload.len ? payload.len : 1);
        check(copy != NULL);
        if (payload.len)
            memcpy(copy, payload.ptr, payload.len);
        struct decoded d = {.proto = IPPROTO_UDP,
                            .payload = span_of(copy, payload.len),
                            .payload_wire_len = (uint32_t)payload.len + (head & 16 ? 100 : 0)};
        m.ts_ns++;
        check_header(d.payload);
        quic_reader_packet(r, &flows[head % FLOWS], side, &d, &m);
        free(copy);
    }
    for (unsigned i = 0; i < FLOWS; i++)
        quic_reader_flow_gone(r, &flows[i]);
    check(stats_sums_hold(&stats));
    quic_reader_free(r);
    events_fini(&events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    uint8_t *copy = malloc(len);
    check(copy != NULL);
    memcpy(copy, data, len);
    struct span in = span_of(copy + 1, len - 1);
    if (copy[0] & 1)
        read_packets(in);
    else
        walk_frames(in);
    free(copy);
    return 0;
}
