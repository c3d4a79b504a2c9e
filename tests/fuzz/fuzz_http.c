/* HTTP/1 heads and chunked bodies: the same input is tried as request, response, head and chunks. */
#include "sensor/extract/http.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(truth)                                                                                         \
    do {                                                                                                     \
        if (!(truth))                                                                                        \
            abort();                                                                                         \
    } while (0)

/* A copy that ends where its block ends. */
static struct span copy_exact(struct span s)
{
    uint8_t *block = malloc(s.len);
    if (s.len)
        memcpy(block, s.ptr, s.len);
    return span_of(block, s.len);
}

static void free_exact(struct span s)
{
    free((void *)(uintptr_t)s.ptr);
}

/* Where to cut must depend on the input alone, or a finding would not replay. */
static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static uint32_t seed_from(struct span in)
{
    uint32_t seed = 2166136261u;
    for (size_t i = 0; i < in.len; i++)
        seed = (seed ^ in.ptr[i]) * 16777619u;
    return seed ? seed : 1;
}

static bool is_edge(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* A value lies in one line of the input and has no blanks around it. */
static void check_value(struct span in, struct span value)
{
    if (value.len == 0)
        return;
    CHECK(value.ptr >= in.ptr && value.ptr + value.len <= in.ptr + in.len);
    CHECK(!memchr(value.ptr, '\n', value.len));
    CHECK(!is_edge(value.ptr[0]) && !is_edge(value.ptr[value.len - 1]));
}

/* What a cut head says of a field is what the whole one says, or nothing. */
static void check_kept(struct span cut_in, struct span cut, struct span in, struct span whole)
{
    CHECK(cut.len == 0 || (cut.ptr - cut_in.ptr == whole.ptr - in.ptr && cut.len == whole.len));
}

static void check_body_len(enum http_framing framing, uint64_t body_len)
{
    CHECK(framing == HTTP_LENGTH ? body_len <= INT64_MAX : body_len == 0);
}

/* ---- heads ---- */

/* Fed at each of its bytes, the search says what it says of all at once. */
static bool check_head_end(struct span in, size_t *out_head_len)
{
    size_t scanned = 0, head_len = 0, slow_scanned = 0, slow_head_len = 0, n = 0;
    enum verdict whole = http_head_end(in, &scanned, &head_len);
    enum verdict slow = http_head_end(span_first(in, 0), &slow_scanned, &slow_head_len);
    while (slow == FIELD_PARTIAL && n < in.len)
        slow = http_head_end(span_first(in, ++n), &slow_scanned, &slow_head_len);
    CHECK(whole == slow && head_len == slow_head_len);
    CHECK(whole == FIELD_FOUND || whole == FIELD_PARTIAL);
    CHECK(whole == FIELD_PARTIAL ? head_len == 0 : head_len == n && in.ptr[n - 1] == '\n');
    *out_head_len = head_len;
    return whole == FIELD_FOUND;
}

/* Refused once is refused for good, and a little at a time is enough to say so. */
static enum verdict check_sniff(enum verdict (*sniff)(struct span), struct span in)
{
    bool is_refused = false;
    for (size_t n = 0; n < in.len && n < 80; n++) {
        struct span cut = copy_exact(span_first(in, n));
        enum verdict verdict = sniff(cut);
        CHECK(!is_refused || verdict == FIELD_ABSENT);
        CHECK(verdict != FIELD_MALFORMED);
        is_refused = verdict == FIELD_ABSENT;
        free_exact(cut);
    }
    enum verdict verdict = sniff(in);
    CHECK(!is_refused || verdict == FIELD_ABSENT);
    return verdict;
}

static void check_request_values(struct span in, const struct http_request *r)
{
    const struct span values[] = {r->method,     r->target,  r->protocol,     r->host,
                                  r->user_agent, r->referer, r->content_type, {NULL, 0}};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        check_value(in, values[i]);
    CHECK(r->n_hosts <= HTTP_HOSTS_MAX);
    for (size_t i = 0; i < r->n_hosts; i++)
        check_value(in, r->hosts[i]);
    check_body_len(r->framing, r->body_len);
    CHECK(r->method.len == 0 || (r->target.len && r->protocol.len == 8));
    CHECK(r->method.len || (r->host.len == 0 && r->n_hosts == 0 && r->user_agent.len == 0));
}

static void check_request_cut(struct span in, const struct http_request *whole, size_t n)
{
    struct span cut_in = copy_exact(span_first(in, n));
    struct http_request cut;
    enum verdict verdict = http_request_read(cut_in, &cut);
    CHECK(verdict == (whole->head_len && n >= whole->head_len ? FIELD_FOUND : FIELD_PARTIAL));
    check_request_values(cut_in, &cut);
    check_kept(cut_in, cut.method, in, whole->method);
    check_kept(cut_in, cut.target, in, whole->target);
    check_kept(cut_in, cut.host, in, whole->host);
    check_kept(cut_in, cut.user_agent, in, whole->user_agent);
    check_kept(cut_in, cut.referer, in, whole->referer);
    check_kept(cut_in, cut.content_type, in, whole->content_type);
    CHECK(cut.n_hosts <= whole->n_hosts);
    for (size_t i = 0; i < cut.n_hosts; i++)
        check_kept(cut_in, cut.hosts[i], in, whole->hosts[i]);
    if (verdict == FIELD_FOUND)
        CHECK(cut.head_len == whole->head_len && cut.framing == whole->framing &&
              cut.body_len == whole->body_len);
    free_exact(cut_in);
}

static void check_request(struct span in, bool has_end, size_t head_len, uint32_t seed)
{
    struct http_request whole;
    enum verdict sniffed = check_sniff(http_sniff_request, in);
    enum verdict verdict = http_request_read(in, &whole);
    CHECK(verdict != FIELD_ABSENT);
    CHECK((verdict == FIELD_MALFORMED) == (sniffed == FIELD_ABSENT));
    check_request_values(in, &whole);
    CHECK((verdict == FIELD_FOUND) == (whole.head_len > 0));
    if (verdict == FIELD_MALFORMED) {
        CHECK(whole.method.len == 0);
        return;
    }
    CHECK(has_end == (verdict == FIELD_FOUND) && whole.head_len == head_len);
    for (int i = 0; i < 4; i++)
        check_request_cut(in, &whole, next_random(&seed) % (in.len + 1));
    if (whole.head_len)
        check_request_cut(in, &whole, whole.head_len);
}

static void check_response_cut(struct span in, const struct http_response *whole, size_t n)
{
    struct span cut_in = copy_exact(span_first(in, n));
    struct http_response cut;
    enum verdict verdict = http_response_read(cut_in, &cut);
    CHECK(verdict == (whole->head_len && n >= whole->head_len ? FIELD_FOUND : FIELD_PARTIAL));
    CHECK(cut.status == 0 || cut.status == whole->status);
    check_kept(cut_in, cut.protocol, in, whole->protocol);
    check_kept(cut_in, cut.location, in, whole->location);
    check_kept(cut_in, cut.content_type, in, whole->content_type);
    if (verdict == FIELD_FOUND)
        CHECK(cut.head_len == whole->head_len && cut.framing == whole->framing &&
              cut.body_len == whole->body_len);
    free_exact(cut_in);
}

static void check_response(struct span in, bool has_end, size_t head_len, uint32_t seed)
{
    struct http_response whole;
    enum verdict sniffed = check_sniff(http_sniff_response, in);
    enum verdict verdict = http_response_read(in, &whole);
    CHECK(verdict != FIELD_ABSENT);
    CHECK((verdict == FIELD_MALFORMED) == (sniffed == FIELD_ABSENT));
    check_value(in, whole.protocol);
    check_value(in, whole.location);
    check_value(in, whole.content_type);
    check_body_len(whole.framing, whole.body_len);
    CHECK((verdict == FIELD_FOUND) == (whole.head_len > 0));
    CHECK(whole.status == 0 || (whole.status >= 100 && whole.status <= 599));
    if (verdict == FIELD_MALFORMED) {
        CHECK(whole.status == 0);
        return;
    }
    CHECK(has_end == (verdict == FIELD_FOUND) && whole.head_len == head_len);
    for (int i = 0; i < 4; i++)
        check_response_cut(in, &whole, next_random(&seed) % (in.len + 1));
}

/* ---- chunks ---- */

/* Feed in pieces of 1 to `piece_max` bytes; with `is_skipping`, data that need not be seen is not fed. */
static enum verdict feed_chunks(struct span in, size_t piece_max, bool is_skipping, uint32_t seed,
                                size_t *out_used)
{
    struct http_chunks chunks = {0};
    enum verdict verdict = FIELD_PARTIAL;
    size_t at = 0;
    while (verdict == FIELD_PARTIAL && at < in.len) {
        size_t unseen = chunks.left < in.len - at ? (size_t)chunks.left : in.len - at;
        if (is_skipping && unseen) {
            chunks.left -= unseen;
            at += unseen;
        }
        struct span piece = copy_exact(span_first(span_from(in, at), 1 + next_random(&seed) % piece_max));
        size_t used = SIZE_MAX;
        verdict = http_chunks_skip(&chunks, piece, &used);
        CHECK(verdict == FIELD_PARTIAL ? used == piece.len : used <= piece.len);
        CHECK(verdict == FIELD_PARTIAL || chunks.left == 0);
        at += used;
        free_exact(piece);
    }
    *out_used = at;
    return verdict;
}

static void check_chunks(struct span in, uint32_t seed)
{
    struct http_chunks chunks = {0};
    size_t want_used = SIZE_MAX, used;
    enum verdict want = http_chunks_skip(&chunks, in, &want_used);
    CHECK(want != FIELD_ABSENT && want_used <= in.len);
    CHECK(want != FIELD_PARTIAL || want_used == in.len);
    CHECK(want != FIELD_FOUND || (want_used >= 3 && in.ptr[want_used - 1] == '\n'));
    static const size_t piece_max[] = {1, 3, 40, 100000};
    for (size_t i = 0; i < sizeof piece_max / sizeof piece_max[0]; i++)
        for (int is_skipping = 0; is_skipping < 2; is_skipping++)
            CHECK(feed_chunks(in, piece_max[i], is_skipping, seed, &used) == want && used == want_used);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = copy_exact(span_of(data, size));
    uint32_t seed = seed_from(in);
    size_t head_len;
    bool has_end = check_head_end(in, &head_len);
    check_request(in, has_end, head_len, seed);
    check_response(in, has_end, head_len, seed);
    check_chunks(in, seed);
    free_exact(in);
    return 0;
}
