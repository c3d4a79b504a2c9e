/* Fuzz target for sensor/tcp.h, session.h, stream.h. The input is a script for one conversation:
 *   1 byte   what is talked (an even enum talk; the server answers with the next one)
 *   4 + 4    start numbers of both sides
 *   7 bytes a segment, up to 512: flags, offset (2), length (2), bytes cut off by the snaplen, time passing
 * A segment's flag bits: 1 from the server, 2 SYN, 4 FIN if it ends the stream, 8 RST, 16 time in seconds instead of ms,
 * 32 length in 16ths of what is left.
 * Its bytes are always those of the stream, so what must hold is:
 * - every field told is one that in-order delivery tells;
 * - if every byte came, the start was seen, and no counter says that something was given up: exactly the same events;
 * - the sums. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/sensor/conversation.h"

enum { SEGMENT_BYTES = 7, SEGMENTS_MAX = 512 };
enum { FROM_SERVER = 1, SYN = 2, FIN = 4, RST = 8, IN_SECONDS = 16, IN_PARTS = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* What came of one side. */
struct coverage {
    bool *came;       /* owned; by byte */
    bool starts_well; /* its SYN came first */
    bool has_started;
};

static void send_segment(struct conversation *c, struct coverage *coverage, const uint8_t *s)
{
    unsigned sender = s[0] & FROM_SERVER;
    size_t stream_len = c->stream[sender].len;
    size_t offset = load_be16(s + 1) % (stream_len + 1), left = stream_len - offset;
    size_t len = s[0] & IN_PARTS ? left * (s[4] % 17) / 16 : load_be16(s + 3) % (left + 1);
    size_t n_cut = s[5] < len ? s[5] : len;
    bool is_syn = s[0] & SYN;
    uint8_t flags = TCP_ACK;
    if (is_syn) {
        offset = 0;
        len = n_cut = 0;
        flags = sender ? TCP_SYN | TCP_ACK : TCP_SYN;
    }
    if (s[0] & FIN && offset + len == stream_len && !is_syn)
        flags |= TCP_FIN;
    if (s[0] & RST && !is_syn)
        flags |= TCP_RST;
    conversation_wait_ms(c, s[0] & IN_SECONDS ? s[6] * 100 : s[6]);
    conversation_send_cut(c, sender, flags, offset, len, n_cut);
    struct coverage *k = &coverage[sender];
    if (!k->has_started)
        k->starts_well = is_syn;
    k->has_started = true;
    for (size_t i = 0; i < len - n_cut; i++)
        k->came[offset + i] = true;
}

static bool is_complete(const struct coverage *k, size_t stream_len)
{
    for (size_t i = 0; i < stream_len; i++)
        if (!k->came[i])
            return false;
    return k->starts_well;
}

static bool nothing_given_up(const struct conversation *c)
{
    return c->stats.gaps == 0 && c->stats.streams_limited == 0 && c->stats.streams_refused == 0 &&
           c->n_flows == 1;
}

static void check_said(const struct conversation *c, unsigned sender, bool is_same, const struct buf *whole)
{
    struct buf said;
    struct span odd;
    conversation_say(c, sender, &said);
    if (!talks_is_subset(buf_span(&said), buf_span(whole), &odd)) {
        fprintf(stderr, "invented by side %u: %.*s\n", sender, (int)odd.len, (const char *)odd.ptr);
        abort();
    }
    if (is_same && strcmp((const char *)said.ptr, (const char *)whole->ptr) != 0) {
        fprintf(stderr, "side %u says:\n%s\nnot:\n%s\n", sender, (const char *)said.ptr,
                (const char *)whole->ptr);
        abort();
    }
    buf_fini(&said);
}

static void run_script(struct conversation *c, struct coverage *coverage, const uint8_t *data, size_t len)
{
    for (unsigned side = 0; side < 2; side++) {
        c->isn[side] = load_be32(data + 1 + 4 * side);
        coverage[side].came = calloc(c->stream[side].len + 1, sizeof(bool));
        check(coverage[side].came != NULL);
    }
    size_t n = (len - 9) / SEGMENT_BYTES;
    for (size_t i = 0; i < n && i < SEGMENTS_MAX; i++)
        send_segment(c, coverage, data + 9 + i * SEGMENT_BYTES);
    conversation_close(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 9)
        return 0;
    enum talk client = 2 * (data[0] % (TALK_COUNT / 2));
    struct conversation c;
    struct coverage coverage[2] = {0};
    struct buf whole[2];
    conversation_say_in_order(client, whole);
    conversation_begin_talk(&c, client);
    run_script(&c, coverage, data, len);
    check(stats_sums_hold(&c.stats));
    check(flow_count(c.flows) == 0);
    for (unsigned side = 0; side < 2; side++) {
        /* CONNECT's answer is a tunnel, and SOCKS's answer one, only for who has seen the question. */
        bool is_same = is_complete(&coverage[side], c.stream[side].len) && nothing_given_up(&c) &&
                       !((client == TALK_CONNECT || client == TALK_SOCKS) && side);
        check_said(&c, side, is_same, &whole[side]);
        free(coverage[side].came);
        buf_fini(&whole[side]);
    }
    conversation_fini(&c);
    return 0;
}
