/* stream.c against a naive reassembler that keeps a flag per byte: the first byte stays, whatever comes how often and in what order.
 * And every limit: window, runs, pool; buffers that are used again. */
#include "sensor/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sensor/chance.h"

enum { PLENTY = 64 << 20 };

struct naive {
    uint8_t bytes[STREAM_WINDOW];
    bool is_there[STREAM_WINDOW];
    size_t len;
};

static void naive_grow(struct naive *n)
{
    while (n->len < STREAM_WINDOW && n->is_there[n->len])
        n->len++;
}

/* Runs beyond the bytes in order. */
static size_t naive_runs(const struct naive *n)
{
    size_t runs = 0;
    for (size_t i = n->len + 1; i < STREAM_WINDOW; i++)
        runs += n->is_there[i] && !n->is_there[i - 1];
    return runs;
}

static bool naive_touches(const struct naive *n, size_t from, size_t to)
{
    for (size_t i = from ? from - 1 : 0; i <= to && i < STREAM_WINDOW; i++)
        if (n->is_there[i])
            return true;
    return from <= n->len;
}

static enum stream_put_result naive_put(struct naive *n, size_t offset, struct span data)
{
    if (offset + data.len > STREAM_WINDOW)
        return STREAM_FULL;
    if (naive_runs(n) >= STREAM_AHEAD_MAX && !naive_touches(n, offset, offset + data.len))
        return STREAM_FULL;
    enum stream_put_result result = STREAM_OK;
    for (size_t i = 0; i < data.len; i++) {
        size_t at = offset + i;
        if (!n->is_there[at])
            n->bytes[at] = data.ptr[i];
        else if (n->bytes[at] != data.ptr[i])
            result = STREAM_CONFLICT;
        else if (result == STREAM_OK)
            result = STREAM_OVERLAP;
        n->is_there[at] = true;
    }
    naive_grow(n);
    return result;
}

static void naive_consume(struct naive *n, size_t len)
{
    memmove(n->bytes, n->bytes + len, STREAM_WINDOW - len);
    memmove(n->is_there, n->is_there + len, STREAM_WINDOW - len);
    memset(n->is_there + STREAM_WINDOW - len, 0, len);
    n->len -= len;
}

static bool naive_close_gap(struct naive *n, uint32_t *out_lost)
{
    size_t start = n->len;
    while (start < STREAM_WINDOW && !n->is_there[start])
        start++;
    if (start == STREAM_WINDOW)
        return false;
    *out_lost = (uint32_t)(start - n->len);
    naive_consume(n, start);
    n->len = 0;
    naive_grow(n);
    return true;
}

static void assert_same(const struct stream *s, const struct naive *n)
{
    assert_int_equal(s->len, n->len);
    if (s->len)
        assert_memory_equal(s->bytes, n->bytes, s->len);
    assert_int_equal(s->n_ahead, naive_runs(n));
    uint32_t before = s->len;
    for (uint32_t i = 0; i < s->n_ahead; i++) {
        const struct stream_run *r = &s->ahead[i];
        assert_true(r->from > before && r->to > r->from && r->to <= STREAM_WINDOW && r->to <= s->room);
        assert_memory_equal(s->bytes + r->from, n->bytes + r->from, r->to - r->from);
        before = r->to;
    }
}

/* One random segment; most lie near what is in order, some anywhere. */
static void put_random(struct chance *c, struct stream_pool *p, struct stream *s, struct naive *n)
{
    uint8_t *bytes = malloc(3000);
    size_t len = 1 + chance_below(c, chance_below(c, 4) ? 200 : 3000);
    size_t near = n->len > 500 ? n->len - 500 : 0;
    size_t offset = chance_below(c, 5) ? near + chance_below(c, 3000) : chance_below(c, STREAM_WINDOW + 1000);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)chance_next(c);
    uint8_t *exact = malloc(len);
    memcpy(exact, bytes, len);
    enum stream_put_result expected = naive_put(n, offset, span_of(exact, len));
    enum stream_put_result got = stream_put(p, s, offset, span_of(exact, len));
    free(exact);
    free(bytes);
    assert_int_equal(got, expected);
}

static void test_random_segments(void **state)
{
    (void)state;
    struct naive *n = malloc(sizeof *n);
    struct stream_pool *p = stream_pool_new(PLENTY);
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct chance c = chance_of(seed);
        struct stream s = {0};
        *n = (struct naive){0};
        for (int i = 0; i < 150; i++) {
            uint32_t lost = 0, lost_naive = 0;
            uint32_t what = chance_below(&c, 20);
            if (what < 16) {
                put_random(&c, p, &s, n);
            } else if (what < 19) {
                size_t len = chance_below(&c, 2) ? n->len : chance_below(&c, (uint32_t)n->len + 1);
                stream_consume(p, &s, len);
                naive_consume(n, len);
            } else {
                assert_int_equal(stream_close_gap(p, &s, &lost), naive_close_gap(n, &lost_naive));
                assert_int_equal(lost, lost_naive);
            }
            assert_same(&s, n);
        }
        stream_drop(p, &s);
    }
    stream_pool_free(p);
    free(n);
}

static struct span filled(uint8_t *to, uint8_t byte, size_t len)
{
    memset(to, byte, len);
    return span_of(to, len);
}

static void test_first_byte_wins(void **state)
{
    (void)state;
    struct stream_pool *p = stream_pool_new(PLENTY);
    struct stream s = {0};
    assert_int_equal(stream_put(p, &s, 0, SPAN_LIT("aaaa")), STREAM_OK);
    assert_int_equal(stream_put(p, &s, 2, SPAN_LIT("bbbb")), STREAM_CONFLICT);
    assert_true(span_eq(stream_bytes(&s), SPAN_LIT("aaaabb")));
    assert_int_equal(stream_put(p, &s, 0, SPAN_LIT("cccccc")), STREAM_CONFLICT);
    assert_int_equal(stream_put(p, &s, 8, SPAN_LIT("ddd")), STREAM_OK);
    assert_int_equal(stream_put(p, &s, 6, SPAN_LIT("eeeeeee")), STREAM_CONFLICT);
    assert_int_equal(stream_put(p, &s, 2, SPAN_LIT("aabbeed")), STREAM_OVERLAP);
    assert_true(span_eq(stream_bytes(&s), SPAN_LIT("aaaabbeedddee")));
    assert_int_equal(s.n_ahead, 0);
    stream_drop(p, &s);
    stream_pool_free(p);
}

/* A run that meets its neighbours without a byte in common makes one of them, and is no overlap. */
static void test_neighbours_join(void **state)
{
    (void)state;
    struct stream_pool *p = stream_pool_new(PLENTY);
    struct stream s = {0};
    assert_int_equal(stream_put(p, &s, 10, SPAN_LIT("bb")), STREAM_OK);
    assert_int_equal(stream_put(p, &s, 14, SPAN_LIT("dd")), STREAM_OK);
    assert_int_equal(s.n_ahead, 2);
    assert_int_equal(stream_put(p, &s, 12, SPAN_LIT("cc")), STREAM_OK);
    assert_int_equal(s.n_ahead, 1);
    assert_int_equal(s.ahead[0].from, 10);
    assert_int_equal(s.ahead[0].to, 16);
    assert_int_equal(stream_put(p, &s, 0, SPAN_LIT("aaaaaaaaaa")), STREAM_OK);
    assert_true(span_eq(stream_bytes(&s), SPAN_LIT("aaaaaaaaaabbccdd")));
    stream_drop(p, &s);
    stream_pool_free(p);
}

static void test_window(void **state)
{
    (void)state;
    struct stream_pool *p = stream_pool_new(PLENTY);
    struct stream s = {0};
    uint8_t *all = malloc(STREAM_WINDOW + 1);
    assert_int_equal(stream_put(p, &s, 0, filled(all, 'a', STREAM_WINDOW + 1)), STREAM_FULL);
    assert_int_equal(s.len, 0);
    assert_int_equal(stream_put(p, &s, STREAM_WINDOW, SPAN_LIT("x")), STREAM_FULL);
    assert_int_equal(stream_put(p, &s, (size_t)1 << 31, SPAN_LIT("x")), STREAM_FULL);
    assert_int_equal(stream_put(p, &s, STREAM_WINDOW - 1, SPAN_LIT("x")), STREAM_OK);
    assert_int_equal(stream_put(p, &s, 0, filled(all, 'a', STREAM_WINDOW - 1)), STREAM_OK);
    assert_int_equal(s.len, STREAM_WINDOW);
    assert_int_equal(s.bytes[STREAM_WINDOW - 1], 'x');
    assert_int_equal(stream_put(p, &s, STREAM_WINDOW, SPAN_LIT("y")), STREAM_FULL);
    assert_int_equal(stream_put(p, &s, STREAM_WINDOW - 1, SPAN_LIT("yy")), STREAM_FULL);
    assert_int_equal(stream_put(p, &s, 0, SPAN_LIT("yy")), STREAM_CONFLICT);
    stream_consume(p, &s, 2);
    assert_int_equal(stream_put(p, &s, STREAM_WINDOW - 2, SPAN_LIT("zz")), STREAM_OK);
    assert_int_equal(s.len, STREAM_WINDOW);
    stream_drop(p, &s);
    free(all);
    stream_pool_free(p);
}

static void test_runs(void **state)
{
    (void)state;
    struct stream_pool *p = stream_pool_new(PLENTY);
    struct stream s = {0};
    for (size_t i = 0; i < STREAM_AHEAD_MAX; i++)
        assert_int_equal(stream_put(p, &s, 10 + 10 * i, SPAN_LIT("rr")), STREAM_OK);
    assert_int_equal(s.n_ahead, STREAM_AHEAD_MAX);
    assert_int_equal(stream_put(p, &s, 500, SPAN_LIT("x")), STREAM_FULL);
    assert_int_equal(stream_put(p, &s, 5, SPAN_LIT("x")), STREAM_FULL);
    assert_int_equal(s.n_ahead, STREAM_AHEAD_MAX);
    assert_int_equal(stream_put(p, &s, 12, SPAN_LIT("x")), STREAM_OK); /* touches */
    assert_int_equal(stream_put(p, &s, 0, SPAN_LIT("x")), STREAM_OK);  /* in order */
    assert_int_equal(s.len, 1);
    assert_int_equal(stream_put(p, &s, 1, SPAN_LIT("aaaaaaaaa")), STREAM_OK);
    assert_int_equal(s.n_ahead, STREAM_AHEAD_MAX - 1);
    assert_int_equal(stream_put(p, &s, 500, SPAN_LIT("x")), STREAM_OK);
    /* One segment over all of them: as many joins as there can be. */
    uint8_t all[600];
    assert_int_equal(stream_put(p, &s, s.len, filled(all, 'a', sizeof all)), STREAM_CONFLICT);
    assert_int_equal(s.n_ahead, 0);
    assert_int_equal(s.len, 13 + sizeof all);
    stream_drop(p, &s);
    stream_pool_free(p);
}

static void test_gap(void **state)
{
    (void)state;
    struct stream_pool *p = stream_pool_new(PLENTY);
    struct stream s = {0};
    uint32_t lost = 77;
    assert_false(stream_close_gap(p, &s, &lost));
    assert_int_equal(lost, 77);
    stream_put(p, &s, 0, SPAN_LIT("abc"));
    assert_false(stream_close_gap(p, &s, &lost));
    stream_put(p, &s, 10, SPAN_LIT("run"));
    stream_put(p, &s, 20, SPAN_LIT("other"));
    assert_true(stream_close_gap(p, &s, &lost));
    assert_int_equal(lost, 7);
    assert_true(span_eq(stream_bytes(&s), SPAN_LIT("run")));
    assert_int_equal(s.n_ahead, 1);
    assert_int_equal(s.ahead[0].from, 10);
    stream_consume(p, &s, 3);
    assert_true(stream_close_gap(p, &s, &lost));
    assert_int_equal(lost, 7);
    assert_true(span_eq(stream_bytes(&s), SPAN_LIT("other")));
    stream_consume(p, &s, 5);
    assert_null(s.bytes);
    stream_pool_free(p);
}

/* What grows keeps its bytes, also those that came early. */
static void test_growing(void **state)
{
    (void)state;
    struct stream_pool *p = stream_pool_new(PLENTY);
    struct stream s = {0};
    stream_put(p, &s, 0, SPAN_LIT("front"));
    stream_put(p, &s, 1000, SPAN_LIT("early"));
    for (size_t at = 2000; at < STREAM_WINDOW; at *= 2)
        assert_int_equal(stream_put(p, &s, at, SPAN_LIT("far")), STREAM_OK);
    assert_true(span_eq(stream_bytes(&s), SPAN_LIT("front")));
    assert_memory_equal(s.bytes + 1000, "early", 5);
    assert_memory_equal(s.bytes + 32000, "far", 3);
    stream_drop(p, &s);
    assert_int_equal(s.len, 0);
    assert_int_equal(s.n_ahead, 0);
    stream_drop(p, &s); /* again: nothing to do */
    stream_pool_free(p);
}

static void test_pool_ceiling(void **state)
{
    (void)state;
    enum { STREAMS = 8 };
    struct stream_pool *p = stream_pool_new(4 * 2048);
    struct stream s[STREAMS] = {0};
    for (size_t i = 0; i < STREAMS; i++)
        assert_int_equal(stream_put(p, &s[i], 0, SPAN_LIT("x")), i < 4 ? STREAM_OK : STREAM_NO_ROOM);
    assert_int_equal(stream_pool_held(p), 4 * 2048);
    assert_int_equal(stream_put(p, &s[0], 3000, SPAN_LIT("x")), STREAM_NO_ROOM); /* no larger one either */
    assert_true(span_eq(stream_bytes(&s[0]), SPAN_LIT("x")));
    /* What is given back is lent again, and what lies idle in other sizes makes room. */
    stream_drop(p, &s[1]);
    assert_int_equal(stream_put(p, &s[5], 0, SPAN_LIT("y")), STREAM_OK);
    stream_drop(p, &s[0]);
    stream_drop(p, &s[2]);
    assert_int_equal(stream_put(p, &s[6], 3000, SPAN_LIT("z")), STREAM_OK);
    assert_true(stream_pool_held(p) <= 4 * 2048);
    for (size_t i = 0; i < STREAMS; i++)
        stream_drop(p, &s[i]);
    stream_pool_free(p);
}

/* After warm-up nothing more is held, however many streams come and go. */
static void test_buffers_are_used_again(void **state)
{
    (void)state;
    struct stream_pool *p = stream_pool_new(PLENTY);
    size_t held = 0;
    for (int round = 0; round < 50; round++) {
        struct stream s[4] = {0};
        for (size_t i = 0; i < 4; i++)
            for (size_t at = 0; at < STREAM_WINDOW; at += 1000)
                assert_true(stream_put(p, &s[i], at, SPAN_LIT("x")) != STREAM_FULL || at > 16000);
        for (size_t i = 0; i < 4; i++)
            stream_drop(p, &s[i]);
        if (round == 0)
            held = stream_pool_held(p);
        assert_int_equal(stream_pool_held(p), held);
    }
    stream_pool_free(p);
    stream_pool_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_segments),
        cmocka_unit_test(test_first_byte_wins),
        cmocka_unit_test(test_neighbours_join),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_growing),
        cmocka_unit_test(test_pool_ceiling),
        cmocka_unit_test(test_buffers_are_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
