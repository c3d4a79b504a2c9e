/* Fuzz target for sensor/extract/outer.h, smtp.h and preamble.h, and for sensor/session.h over them. The first byte chooses how the rest is cut (1 + its low six
 * bits a piece) and which side says it (128).
 * What must hold beyond not crashing: outputs lie in the input; runs of commands and preambles go on; a look that said no, or yes, says
 * so with more bytes too; and the session's sums. */
#include "sensor/session.h"

#include <stdlib.h>

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

static void check_sniffs(struct span in)
{
    enum outer outer;
    enum verdict client = FIELD_PARTIAL, server = FIELD_PARTIAL;
    for (size_t n = 0; n <= in.len && n < 64; n++) {
        enum verdict c = outer_sniff_client(span_first(in, n), &outer),
                     s = outer_sniff_server(span_first(in, n), &outer);
        check(client == FIELD_PARTIAL || c == client);
        check(server == FIELD_PARTIAL || s == server);
        client = c;
        server = s;
    }
}

static void check_commands(struct span in)
{
    struct smtp_commands c;
    enum verdict v;
    while ((v = smtp_commands_read(in, &c)) == FIELD_FOUND && c.used) {
        check(c.used <= in.len && c.talk.n_rcpt_to <= SMTP_RECIPIENTS_MAX);
        check_inside(c.talk.helo, in);
        check_inside(c.talk.mail_from, in);
        for (unsigned i = 0; i < c.talk.n_rcpt_to; i++)
            check_inside(smtp_address(c.talk.rcpt_to[i]), in);
        span_skip(&in, c.used);
    }
    struct span host;
    smtp_greeting_read(in, OUTER_NONE, &host);
    check_inside(host, in);
}

static void check_preambles(struct span in)
{
    enum outer known = OUTER_NONE;
    struct preamble p;
    while (preamble_read(in, known, false, &p) == FIELD_FOUND) {
        check(p.len > 0 && p.len <= in.len);
        check_inside(p.request.host, in);
        known = p.outer;
        span_skip(&in, p.len);
    }
}

static void hear(struct span in, size_t piece, unsigned side)
{
    struct stats stats = {0};
    struct events events;
    struct flow flow = {.proto = 6, .port = {40000, 25}, .is_used = 1};
    struct moment moment = {.ts_ns = 1};
    struct session session = {0};
    struct session_context c = {.events = &events, .flow = &flow, .side = side, .moment = &moment};
    if (!events_init(&events, &stats, 4 << 20))
        return;
    size_t at = 0, seen = 0;
    while (seen < in.len) {
        seen = seen + piece < in.len ? seen + piece : in.len;
        uint8_t *exact = malloc(seen - at + 1);
        check(exact != NULL);
        memcpy(exact, in.ptr + at, seen - at);
        size_t used = session_read(&session, &c, span_of(exact, seen - at), seen == in.len);
        check(used <= seen - at);
        at += used;
        free(exact);
    }
    session_account(&flow, &stats);
    check(stats_sums_hold(&stats));
    events_fini(&events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 1 || len > 4096)
        return 0;
    uint8_t *copy = malloc(len);
    check(copy != NULL);
    memcpy(copy, data + 1, len - 1);
    struct span in = span_of(copy, len - 1);
    check_sniffs(in);
    check_commands(in);
    check_preambles(in);
    hear(in, 1 + (data[0] & 63u), data[0] >> 7);
    free(copy);
    return 0;
}
