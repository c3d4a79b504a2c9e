/* hpack.c and hpack_huffman.c: the examples of RFC 7541, appendix C, all of them; and what hostile encoders try. */
#include "sensor/extract/hpack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/hex.h"
#include "sensor/extract/hpack_huffman.h"

struct coder {
    struct hpack_table table;
    struct hpack_text text;
    struct buf said; /* "name: value" a line; '?' for what is not known */
    bool is_limited;
};

static struct coder *coder_new(bool is_start)
{
    struct coder *c = calloc(1, sizeof *c);
    assert_non_null(c);
    buf_init(&c->said, 1 << 24);
    hpack_table_reset(&c->table, is_start);
    return c;
}

static void coder_free(struct coder *c)
{
    buf_fini(&c->said);
    free(c);
}

static void say(struct buf *out, bool is_known, struct span text)
{
    if (is_known)
        buf_put(out, text);
    else
        buf_put_byte(out, '?');
}

/* Read a block from a heap copy of its exact size. */
static enum verdict read_block(struct coder *c, struct span block)
{
    uint8_t *exact = malloc(block.len ? block.len : 1);
    if (block.len)
        memcpy(exact, block.ptr, block.len);
    struct hpack_block b = {.table = &c->table, .in = span_of(exact, block.len), .text = &c->text};
    struct hpack_field f;
    enum verdict v;
    buf_reset(&c->said);
    while ((v = hpack_next(&b, &f)) == FIELD_FOUND) {
        say(&c->said, f.has_name, f.name);
        buf_put_str(&c->said, ": ");
        say(&c->said, f.has_value, f.value);
        buf_put_byte(&c->said, '\n');
    }
    c->is_limited = b.is_limited;
    free(exact);
    return v;
}

static struct span from_hex(const char *hex, uint8_t *to)
{
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(hex_digit((uint8_t)hex[2 * i]) << 4 | hex_digit((uint8_t)hex[2 * i + 1]));
    return span_of(to, n);
}

static void assert_said(const struct coder *c, const char *said)
{
    assert_true(span_eq(buf_span(&c->said), span_str(said)));
}

static void assert_reads(struct coder *c, const char *hex, const char *said)
{
    uint8_t bytes[512];
    assert_int_equal(read_block(c, from_hex(hex, bytes)), FIELD_ABSENT);
    assert_said(c, said);
}

static void assert_refuses(struct coder *c, const char *hex)
{
    uint8_t bytes[512];
    assert_int_equal(read_block(c, from_hex(hex, bytes)), FIELD_MALFORMED);
}

static void assert_entry(const struct coder *c, size_t i, const char *name, const char *value)
{
    uint8_t bytes[256];
    struct span n, v;
    assert_true(hpack_table_entry(&c->table, i, bytes, sizeof bytes, &n, &v));
    assert_true(span_eq(n, span_str(name)));
    assert_true(span_eq(v, span_str(value)));
}

static void assert_table(const struct coder *c, size_t n, uint32_t bytes)
{
    assert_int_equal(c->table.n, n);
    assert_int_equal(c->table.held_bytes, bytes);
}

/* C.1: integers, as sizes of the table (a prefix of five bits). */
static void test_integers(void **state)
{
    struct coder *c = coder_new(true);
    assert_reads(c, "2a", "");
    assert_int_equal(c->table.size_max, 10);
    assert_reads(c, "3f9a0a", "");
    assert_int_equal(c->table.size_max, 1337);
    assert_reads(c, "3fffffff7f", ""); /* the largest that is taken */
    assert_int_equal(c->table.size_max, 31 + (1u << 28) - 1);
    assert_refuses(c, "3fffffffff00");
    coder_free(c);
}

/* C.2: each representation alone. */
static void test_representations(void **state)
{
    struct coder *c = coder_new(true);
    assert_reads(c, "400a637573746f6d2d6b65790d637573746f6d2d686561646572", "custom-key: custom-header\n");
    assert_table(c, 1, 55);
    assert_entry(c, 0, "custom-key", "custom-header");
    coder_free(c);
    c = coder_new(true);
    assert_reads(c, "040c2f73616d706c652f70617468", ":path: /sample/path\n");
    assert_reads(c, "100870617373776f726406736563726574", "password: secret\n");
    assert_reads(c, "82", ":method: GET\n");
    assert_table(c, 0, 0);
    coder_free(c);
}

/* C.3 and C.4: requests, without and with Huffman. */
static void test_requests(void **state)
{
    static const char *const blocks[2][3] = {
        {"828684410f7777772e6578616d706c652e636f6d", "828684be58086e6f2d6361636865",
         "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565"},
        {"828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf",
         "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"}};
    for (size_t i = 0; i < 2; i++) {
        struct coder *c = coder_new(true);
        assert_reads(c, blocks[i][0], ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n");
        assert_table(c, 1, 57);
        assert_entry(c, 0, ":authority", "www.example.com");
        assert_reads(
            c, blocks[i][1],
            ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\ncache-control: no-cache\n");
        assert_table(c, 2, 110);
        assert_entry(c, 0, "cache-control", "no-cache");
        assert_reads(c, blocks[i][2],
                     ":method: GET\n:scheme: https\n:path: /index.html\n:authority: "
                     "www.example.com\ncustom-key: custom-value\n");
        assert_table(c, 3, 164);
        assert_entry(c, 0, "custom-key", "custom-value");
        assert_entry(c, 2, ":authority", "www.example.com");
        coder_free(c);
    }
}

/* C.5 and C.6: responses, with a table of 256 bytes that pushes entries out. */
static void test_responses(void **state)
{
    static const char *const blocks[2][3] = {
        {"4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747"
         "470733a2f2f"
         "7777772e6578616d706c652e636f6d",
         "4803333037c1c0bf",
         "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444"
         "a4b48514b42"
         "5a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31"},
        {"488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9a"
         "e82ae43d3",
         "4883640effc1c0bf",
         "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b396"
         "0d5af27087f"
         "3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007"}};
    for (size_t i = 0; i < 2; i++) {
        struct coder *c = coder_new(true);
        assert_reads(c, "3fe101", "");
        assert_int_equal(c->table.size_max, 256);
        assert_reads(c, blocks[i][0],
                     ":status: 302\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\n"
                     "location: https://www.example.com\n");
        assert_table(c, 4, 222);
        assert_reads(c, blocks[i][1],
                     ":status: 307\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\n"
                     "location: https://www.example.com\n");
        assert_table(c, 4, 222);
        assert_entry(c, 0, ":status", "307");
        assert_entry(c, 3, "cache-control", "private");
        assert_reads(c, blocks[i][2],
                     ":status: 200\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:22 GMT\n"
                     "location: https://www.example.com\ncontent-encoding: gzip\n"
                     "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1\n");
        assert_table(c, 3, 215);
        assert_entry(c, 1, "content-encoding", "gzip");
        assert_entry(c, 2, "date", "Mon, 21 Oct 2013 20:13:22 GMT");
        coder_free(c);
    }
}

/* Cut anywhere a block says what the whole one says, as far as it goes, and that it is cut. */
static void test_cut(void **state)
{
    uint8_t bytes[512];
    struct span whole =
        from_hex("828684418cf1e3c2e5f23a6ba0ab90f4ff408825a849e95ba97d7f8925a849e95bb8e8b4bf", bytes);
    static const char said[] =
        ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\ncustom-key: custom-value\n";
    static const size_t ends[] = {0, 1, 2, 3, 17, 37};
    for (size_t n = 0; n <= whole.len; n++) {
        struct coder *c = coder_new(true);
        bool is_end = false;
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
            is_end |= ends[i] == n;
        assert_int_equal(read_block(c, span_first(whole, n)), is_end ? FIELD_ABSENT : FIELD_PARTIAL);
        assert_true(c->said.len < sizeof said && span_starts(SPAN_LIT(said), buf_span(&c->said)));
        coder_free(c);
    }
}

static void test_malformed(void **state)
{
    struct coder *c = coder_new(true);
    assert_refuses(c, "80");     /* index 0 */
    assert_refuses(c, "be");     /* an entry that is not there */
    assert_refuses(c, "7e0161"); /* nor named by */
    assert_refuses(c, "8220");   /* a size in the middle */
    assert_refuses(c, "0f80808080");
    coder_free(c);
}

/* Padding: up to seven ones; nothing else, and no end-of-string. */
static void test_huffman_padding(void **state)
{
    static const struct {
        const char *hex;
        bool is_good;
        const char *text;
    } cases[] = {{"1f", true, "a"},         {"18", false, NULL}, {"1fff", false, NULL},
                 {"ff", false, NULL},       {"", true, ""},      {"fffffffc", false, NULL},
                 {"ffffffff", false, NULL}, {"00", false, NULL}, {"07", true, "0"}};
    uint8_t in[16], out[32];
    size_t n;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool is_good = hpack_huffman_decode(from_hex(cases[i].hex, in), out, sizeof out, &n);
        assert_int_equal(is_good, cases[i].is_good);
        if (is_good)
            assert_true(span_eq(span_of(out, n), span_str(cases[i].text)));
    }
    assert_false(hpack_huffman_decode(from_hex("f1e3c2e5f23a6ba0ab90f4ff", in), out, 14, &n));
    assert_int_equal(n, 14);
    assert_true(hpack_huffman_decode(from_hex("f1e3c2e5f23a6ba0ab90f4ff", in), out, 15, &n));
    assert_true(span_eq(span_of(out, n), SPAN_LIT("www.example.com")));
}

/* In the middle of a connection: what was added before is not known, what is added from then on is, under its right index. */
static void test_unknown_table(void **state)
{
    struct coder *c = coder_new(false);
    assert_reads(c, "82be", ":method: GET\n?: ?\n");
    assert_reads(c, "410f7777772e6578616d706c652e636f6d", ":authority: www.example.com\n");
    assert_reads(c, "bebf", ":authority: www.example.com\n?: ?\n");
    assert_reads(c, "7f000161",
                 "?: a\n"); /* named by an unknown entry: it is one itself, and moves the others */
    assert_reads(c, "bebf", "?: a\n:authority: www.example.com\n");
    coder_free(c);
}

/* A size of 0 empties what was not seen, too: from then on all is known. */
static void test_emptied_table(void **state)
{
    struct coder *c = coder_new(false);
    assert_reads(c, "203fe11f", "");
    assert_false(c->table.is_partial);
    assert_refuses(c, "be");
    coder_free(c);
}

/* A table larger than what is held: the newest entries are there, older ones are not known. */
static void test_large_table(void **state)
{
    struct coder *c = coder_new(true);
    char value[1000];
    assert_reads(c, "3fe1ff03", ""); /* 65536 */
    assert_int_equal(c->table.size_max, 65536);
    for (unsigned i = 0; i < 40; i++) {
        uint8_t block[1100] = {0x40, 1, 'n', 0x7f, 0xe9, 0x06}; /* a value of 1000 bytes */
        memset(block + 6, 'a' + (int)(i % 26), sizeof value);
        assert_int_equal(read_block(c, span_of(block, 6 + sizeof value)), FIELD_ABSENT);
    }
    assert_int_equal(c->table.n, HPACK_TABLE_BYTES / (1000 + 1 + HPACK_ENTRY_BYTES));
    assert_true(c->table.is_partial);
    assert_reads(c, "ff03", "?: ?\n"); /* index 130: the encoder may know it */
    memset(value, 'a' + 39 % 26, sizeof value);
    assert_reads(c, "7e0162", "n: b\n"); /* named by the newest */
    struct span block = SPAN_LIT("\xbf");
    assert_int_equal(read_block(c, block), FIELD_ABSENT);
    assert_memory_equal(c->said.ptr, "n: ", 3);
    assert_memory_equal(c->said.ptr + 3, value, sizeof value);
    coder_free(c);
}

/* One byte names an entry of 4,000: what a block may say has a limit. */
static void test_bomb(void **state)
{
    struct coder *c = coder_new(true);
    uint8_t block[4100] = {0x40, 1, 'n', 0x7f, 0xa1, 0x1e}; /* 4000 */
    memset(block + 6, 'v', 4000);
    assert_int_equal(read_block(c, span_of(block, 4006)), FIELD_ABSENT);
    memset(block, 0xbe, sizeof block);
    assert_int_equal(read_block(c, span_of(block, 16)), FIELD_ABSENT);
    assert_false(c->is_limited);
    assert_int_equal(read_block(c, span_of(block, 17)), FIELD_MALFORMED);
    assert_true(c->is_limited);
    coder_free(c);
}

/* An entry larger than the table empties it and is none (section 4.4). */
static void test_oversized_entry(void **state)
{
    struct coder *c = coder_new(true);
    assert_reads(c, "3f11410f7777772e6578616d706c652e636f6d",
                 ":authority: www.example.com\n"); /* a table of 48 */
    assert_table(c, 0, 0);
    assert_refuses(c, "be");
    coder_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_representations),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_responses),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_huffman_padding),
        cmocka_unit_test(test_unknown_table),
        cmocka_unit_test(test_emptied_table),
        cmocka_unit_test(test_large_table),
        cmocka_unit_test(test_bomb),
        cmocka_unit_test(test_oversized_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
