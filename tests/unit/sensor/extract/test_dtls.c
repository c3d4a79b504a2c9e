/* dtls.c: records and fragments, whole, cut at every byte, and wrong. */
#include "sensor/extract/dtls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* A record of epoch 0 with a ChangeCipherSpec, then one with a fragment of 2 bytes of a HelloVerifyRequest of 3 and an empty one of another message. */
static const uint8_t datagram[] = {
    20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1,   1,   22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 2, 0, 26,
    3,  0,    0,    3, 0, 7, 0, 0, 1, 0, 0, 2, 'a', 'b', 2,  0,    0,    0, 0, 8, 0, 0, 0, 0, 0, 0,
};
enum { HANDSHAKE_AT = 14, SECOND_AT = 41 };

static void test_walk(void **state)
{
    struct dtls_walk w = {.records = span_of(datagram, sizeof datagram)};
    struct dtls_fragment f;
    (void)state;
    assert_int_equal(dtls_next_fragment(&w, &f), FIELD_FOUND);
    assert_int_equal(f.type, DTLS_HELLO_VERIFY_REQUEST);
    assert_int_equal(f.message_seq, 7);
    assert_int_equal(f.message_len, 3);
    assert_int_equal(f.offset, 1);
    assert_true(span_eq(f.bytes, SPAN_LIT("ab")));
    assert_int_equal(dtls_next_fragment(&w, &f), FIELD_FOUND);
    assert_int_equal(f.type, 2);
    assert_int_equal(f.message_seq, 8);
    assert_int_equal(f.bytes.len, 0);
    assert_int_equal(dtls_next_fragment(&w, &f), FIELD_ABSENT);
}

/* Fragments that are there whole are found, and no others. */
static void test_cut(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof datagram; n++) {
        uint8_t *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        memcpy(copy, datagram, n);
        struct dtls_walk w = {.records = span_of(copy, n)};
        struct dtls_fragment f;
        size_t found = 0;
        while (dtls_next_fragment(&w, &f) == FIELD_FOUND)
            found++;
        assert_int_equal(found, n >= SECOND_AT);
        assert_false(dtls_looks_like(span_of(copy, n), n));
        free(copy);
    }
}

static enum verdict next_of(struct span in)
{
    struct dtls_walk w = {.records = in};
    struct dtls_fragment f;
    return dtls_next_fragment(&w, &f);
}

static void test_wrong(void **state)
{
    uint8_t copy[sizeof datagram];
    (void)state;
    const struct {
        size_t at;
        uint8_t byte;
        enum verdict verdict;
    } changes[] = {
        {HANDSHAKE_AT + 1, 3, FIELD_MALFORMED},      /* TLS's version */
        {HANDSHAKE_AT + 4, 1, FIELD_ABSENT},         /* another epoch: encrypted */
        {HANDSHAKE_AT + 11, 0xff, FIELD_MALFORMED},  /* longer than a record can be */
        {HANDSHAKE_AT + 13 + 8, 2, FIELD_MALFORMED}, /* past the message's end */
        {HANDSHAKE_AT + 13 + 6, 1, FIELD_MALFORMED}, {HANDSHAKE_AT + 13 + 11, 200, FIELD_MALFORMED},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        memcpy(copy, datagram, sizeof copy);
        copy[changes[i].at] = changes[i].byte;
        assert_int_equal(next_of(span_of(copy, sizeof copy)), changes[i].verdict);
    }
}

static void test_looks_like(void **state)
{
    uint8_t hello[13 + 12 + 35] = {22, 0xfe, 0xfd, [11] = 0, [12] = 47, [13] = 1, [16] = 35, [24] = 35};
    const struct {
        size_t at;
        uint8_t byte;
        bool is_like;
    } changes[] = {
        {0, 22, true},   {0, 23, false},  {1, 3, false},  {2, 0xfc, false}, {2, 0xff, true}, {4, 1, false},
        {12, 46, false}, {12, 48, false}, {13, 2, true},  {13, 3, true},    {13, 11, false}, {16, 34, false},
        {16, 200, true}, {14, 1, false},  {21, 1, false}, {24, 34, true},   {24, 36, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        uint8_t copy[sizeof hello];
        memcpy(copy, hello, sizeof copy);
        copy[changes[i].at] = changes[i].byte;
        if (dtls_looks_like(span_of(copy, sizeof copy), sizeof copy) != changes[i].is_like)
            fail_msg("byte %zu as %u", changes[i].at, (unsigned)changes[i].byte);
    }
    assert_true(dtls_looks_like(span_of(hello, 25), sizeof hello)); /* cut by the snaplen */
    assert_false(dtls_looks_like(span_of(hello, 25), 25));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_walk), cmocka_unit_test(test_cut),
                                       cmocka_unit_test(test_wrong), cmocka_unit_test(test_looks_like)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
