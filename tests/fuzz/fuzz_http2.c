/* Fuzz target for sensor/extract/hpack.h, http2.h, forwarded.h and sensor/http2_reader.h. The input is what one direction sends; its first byte chooses how it
 * is cut, and whether bytes are lost.
 * What must hold beyond not crashing: steps get on; what a message says lies in readable memory; however the bytes are cut, as many requests and
 * responses come. */
#include "sensor/http2_reader.h"

#include <stdlib.h>

enum { TABLES = 2, WINDOW = 64 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static unsigned touch(struct span s)
{
    unsigned sum = 0;
    for (size_t i = 0; i < s.len; i++)
        sum += s.ptr[i];
    return sum;
}

static void check_request(const struct http_request *r)
{
    struct span text;
    struct ip ip;
    volatile unsigned sum = touch(r->method) + touch(r->target) + touch(r->host) + touch(r->user_agent) +
                            touch(r->referer) + touch(r->content_type);
    check(r->n_hosts <= HTTP_HOSTS_MAX && r->forwarded.n <= FORWARDED_MAX);
    for (unsigned i = 0; i < r->n_hosts; i++)
        sum += touch(r->hosts[i]);
    for (unsigned i = 0; i < r->forwarded.n; i++) {
        const struct forwarded *f = &r->forwarded.items[i];
        size_t before = f->value.len + 1;
        for (struct span rest = f->value; forwarded_next(f->header, &rest, &text, &ip); before = rest.len + 1)
            check(rest.len < before && text.ptr >= f->value.ptr &&
                  text.ptr + text.len <= f->value.ptr + f->value.len);
    }
}

static void check_message(const struct http2_message *m)
{
    check(!(m->is_request && m->is_response));
    if (m->is_request)
        check_request(&m->request);
    if (m->is_response)
        check(m->response.status >= 100 && m->response.status < 600 &&
              touch(m->response.location) + touch(m->response.server) < UINT32_MAX);
}

/* Offer the bytes in pieces, and each time what is left of them; the number of messages. */
static size_t hear(struct http2_reader *r, struct span in, size_t piece)
{
    struct http2_direction d = {0};
    struct http2_step s;
    size_t used = 0, there = 0, skip = 0, n = 0;
    while (used < in.len) {
        bool is_last = there == in.len;
        there = there + piece < in.len ? there + piece : in.len;
        for (;;) {
            size_t passed = skip < there - used ? skip : there - used;
            used += passed;
            skip -= passed;
            if (used == there)
                break;
            uint8_t *exact = malloc(there - used);
            memcpy(exact, in.ptr + used, there - used);
            enum verdict v =
                http2_reader_step(r, &d, (int64_t)used, span_of(exact, there - used), is_last, &s);
            if (v == FIELD_FOUND && s.message) {
                check_message(s.message);
                n += s.message->is_request + s.message->is_response;
            }
            free(exact);
            if (v == FIELD_MALFORMED)
                return n;
            if (v == FIELD_PARTIAL) {
                check(!is_last && s.want > there - used);
                break;
            }
            check(s.used > 0 && s.used <= there - used);
            used += s.used;
            skip = (size_t)s.skip;
        }
    }
    http2_reader_end(r, &d);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > WINDOW / 2)
        return 0;
    struct span in = span_of(data + 1, size - 1);
    struct http2_reader *r = http2_reader_new(TABLES);
    check(r != NULL);
    size_t whole = hear(r, in, in.len);
    size_t piece = 1 + data[0] * 7u;
    check(hear(r, in, piece) == whole);
    for (unsigned i = 0; i < 4; i++) {
        struct http2_direction d = {.is_spoken = i & 1};
        http2_reader_sniff(r, &d, in, i & 2);
    }
    http2_reader_free(r);
    return 0;
}
