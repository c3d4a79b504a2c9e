/* Fuzz target for sensor/extract/dtls.h and sensor/dtls_reader.h: datagrams, each a byte of flow (0 to 3) and side (8), a length (2), and its bytes.
 * What must hold beyond not crashing: fragments lie in what they were read from and in their message, the walk ends, and the sums. */
#include "sensor/dtls_reader.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "sensor/extract/dtls.h"

enum { FLOWS = 4, GATHERINGS = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_walk(struct span in)
{
    struct dtls_walk w = {.records = in};
    struct dtls_fragment f;
    size_t n = 0;
    while (dtls_next_fragment(&w, &f) == FIELD_FOUND) {
        check(++n <= in.len / DTLS_HANDSHAKE_HEADER);
        check(f.bytes.len == 0 || (f.bytes.ptr >= in.ptr && f.bytes.ptr + f.bytes.len <= in.ptr + in.len));
        check((size_t)f.offset + f.bytes.len <= f.message_len);
    }
    if (dtls_looks_like(in, in.len)) {
        w = (struct dtls_walk){.records = in};
        check(dtls_next_fragment(&w, &f) == FIELD_FOUND);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct stats stats = {0};
    struct events events;
    struct flow flows[FLOWS];
    if (!events_init(&events, &stats, 4 << 20))
        return 0;
    struct dtls_reader *reader = dtls_reader_new(GATHERINGS, &events);
    check(reader != NULL);
    for (unsigned i = 0; i < FLOWS; i++)
        flows[i] = (struct flow){.proto = IPPROTO_UDP, .port = {(uint16_t)(40000 + i), 4433}};
    struct span in = span_of(data, len);
    uint8_t who;
    uint16_t n;
    struct span bytes;
    for (int64_t now = 1;
         span_take_u8(&in, &who) && span_take_u16(&in, &n) && span_take(&in, n < in.len ? n : in.len, &bytes);
         now++) {
        uint8_t *copy = malloc(bytes.len + 1);
        check(copy != NULL);
        if (bytes.len)
            memcpy(copy, bytes.ptr, bytes.len);
        struct moment m = {.ts_ns = now};
        struct decoded d = {.proto = IPPROTO_UDP,
                            .payload = span_of(copy, bytes.len),
                            .payload_wire_len = (uint32_t)bytes.len};
        check_walk(d.payload);
        dtls_reader_packet(reader, &flows[who % FLOWS], who >> 3 & 1, &d, &m);
        free(copy);
    }
    for (unsigned i = 0; i < FLOWS; i++)
        dtls_reader_flow_gone(reader, &flows[i]);
    check(stats_sums_hold(&stats));
    dtls_reader_free(reader);
    events_fini(&events);
    return 0;
}
