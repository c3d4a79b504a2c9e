/* pcapng.c: Interface Description Blocks are made alike, nothing else changes, each packet's link is remembered, and it does not
 * matter in what pieces the file comes. */
#include "sensor/capture/pcapng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/sensor/chance.h"
#include "tests/unit/sensor/files.h"

enum { LINKS_MAX = 256 };

/* What the filter made of a file. */
struct filtered {
    struct buf bytes;
    uint16_t links[LINKS_MAX];
    size_t n_links;
};

static void take_links(struct pcapng_filter *f, struct filtered *out)
{
    while (out->n_links < LINKS_MAX && pcapng_next_link(f, &out->links[out->n_links]))
        out->n_links++;
}

/* Pieces of up to `piece` bytes, each in a block of its own. */
static void filter(struct span in, size_t piece, struct chance *c, struct filtered *out)
{
    struct pcapng_filter *f = calloc(1, sizeof *f);
    *out = (struct filtered){0};
    buf_init(&out->bytes, 1 << 24);
    while (in.len) {
        size_t n = c ? 1 + chance_below(c, (uint32_t)piece) : piece;
        struct span now = span_first(in, n);
        uint8_t *exact = packets_exact(now);
        pcapng_filter(f, exact, now.len);
        buf_put(&out->bytes, span_of(exact, now.len));
        free(exact);
        if (!c || chance_below(c, 2))
            take_links(f, out);
        in = span_from(in, now.len);
    }
    take_links(f, out);
    free(f);
}

static void assert_same(const struct filtered *a, const struct filtered *b)
{
    assert_true(span_eq(buf_span(&a->bytes), buf_span(&b->bytes)));
    assert_int_equal(a->n_links, b->n_links);
    assert_memory_equal(a->links, b->links, sizeof *a->links * a->n_links);
}

/* Two sections in different byte orders, blocks of every kind. */
static void put_rich_file(struct buf *b, bool is_big)
{
    files_put_section(b, is_big);
    files_put_interface(b, is_big, LINKTYPE_ETHERNET, 65535);
    files_put_interface(b, is_big, LINKTYPE_RAW, 96);
    files_put_enhanced(b, is_big, 1, 1, SPAN_LIT("raw"), 3);
    files_put_enhanced(b, is_big, 0, 2, SPAN_LIT("ethernet"), 8);
    files_put_block(b, is_big, 5, SPAN_LIT("statistics\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0"));
    files_put_simple(b, is_big, SPAN_LIT("simple"));
    files_put_block(b, is_big, 0x0bad, SPAN_LIT(""));
    files_put_block(b, is_big, 2,
                    is_big ? SPAN_LIT("\0\1\0\0________\0\0\0\2\0\0\0\2ab")
                           : SPAN_LIT("\1\0\0\0________\2\0\0\0\2\0\0\0ab"));
    files_put_section(b, !is_big);
    files_put_interface(b, !is_big, LINKTYPE_SLL, 0);
    files_put_enhanced(b, !is_big, 0, 3, SPAN_LIT("cooked"), 6);
}

static const uint16_t rich_links[] = {LINKTYPE_RAW, LINKTYPE_ETHERNET, LINKTYPE_ETHERNET, LINKTYPE_RAW,
                                      LINKTYPE_SLL};

static void test_links_of_packets(void **state)
{
    (void)state;
    for (int is_big = 0; is_big < 2; is_big++) {
        struct buf file;
        struct filtered f;
        buf_init(&file, 1 << 16);
        put_rich_file(&file, is_big);
        filter(buf_span(&file), file.len, NULL, &f);
        assert_int_equal(f.n_links, sizeof rich_links / sizeof *rich_links);
        assert_memory_equal(f.links, rich_links, sizeof rich_links);
        buf_fini(&f.bytes);
        buf_fini(&file);
    }
}

/* The file as it is to come out: written with the same interfaces throughout. */
static void test_only_interfaces_change(void **state)
{
    (void)state;
    for (int is_big = 0; is_big < 2; is_big++) {
        struct buf in, expected;
        struct filtered f;
        buf_init(&in, 1 << 16);
        buf_init(&expected, 1 << 16);
        for (int pass = 0; pass < 2; pass++) {
            struct buf *b = pass ? &expected : &in;
            files_put_section(b, is_big);
            files_put_interface(b, is_big, LINKTYPE_RAW, pass ? 262144 : 0);
            files_put_interface(b, is_big, pass ? LINKTYPE_RAW : LINKTYPE_SLL, pass ? 262144 : 68);
            files_put_enhanced(b, is_big, 1, 77, SPAN_LIT("\1\0\0\0\x14\0\0\0 like an interface"), 28);
            files_put_section(b, !is_big);
            files_put_interface(b, !is_big, pass ? LINKTYPE_RAW : LINKTYPE_ETHERNET,
                                pass ? 262144 : UINT32_MAX);
        }
        filter(buf_span(&in), in.len, NULL, &f);
        assert_true(span_eq(buf_span(&f.bytes), buf_span(&expected)));
        buf_fini(&f.bytes);
        buf_fini(&in);
        buf_fini(&expected);
    }
}

static void test_any_pieces(void **state)
{
    (void)state;
    for (int is_big = 0; is_big < 2; is_big++) {
        struct buf file;
        struct filtered whole;
        buf_init(&file, 1 << 16);
        put_rich_file(&file, is_big);
        filter(buf_span(&file), file.len, NULL, &whole);
        for (size_t piece = 1; piece < file.len; piece++) {
            struct filtered f;
            filter(buf_span(&file), piece, NULL, &f);
            assert_same(&f, &whole);
            buf_fini(&f.bytes);
        }
        for (uint64_t seed = 0; seed < 300; seed++) {
            struct chance c = chance_of(seed);
            struct filtered f;
            filter(buf_span(&file), 1 + seed % 40, &c, &f);
            assert_same(&f, &whole);
            buf_fini(&f.bytes);
        }
        buf_fini(&whole.bytes);
        buf_fini(&file);
    }
}

static void test_truncated_anywhere(void **state)
{
    (void)state;
    struct buf file;
    struct filtered whole;
    buf_init(&file, 1 << 16);
    put_rich_file(&file, false);
    filter(buf_span(&file), file.len, NULL, &whole);
    for (size_t len = 0; len < file.len; len++) {
        struct filtered f;
        filter(span_first(buf_span(&file), len), 1 << 16, NULL, &f);
        assert_int_equal(f.bytes.len, len);
        assert_true(span_starts(buf_span(&whole.bytes), buf_span(&f.bytes)));
        assert_true(f.n_links <= whole.n_links &&
                    memcmp(f.links, whole.links, sizeof *f.links * f.n_links) == 0);
        buf_fini(&f.bytes);
    }
    buf_fini(&whole.bytes);
    buf_fini(&file);
}

/* What is no pcapng file goes through as it is. */
static void test_other_files(void **state)
{
    static const char *const starts[] = {"", "\xd4\xc3\xb2\xa1", "\x0a\x0d\x0d\x0b",
                                         "\1\0\0\0\x14\0\0\0\0\0\0\0\0\0\0\0"};
    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        struct buf file;
        struct filtered f;
        buf_init(&file, 1 << 16);
        buf_put(&file, span_of(starts[i], i == 0 ? 0 : i == 3 ? 16 : 4));
        put_rich_file(&file, false);
        if (i == 0)
            file.ptr[8] ^= 1; /* no byte order there is */
        filter(buf_span(&file), 7, NULL, &f);
        assert_true(span_eq(buf_span(&f.bytes), buf_span(&file)));
        assert_int_equal(f.n_links, 0);
        buf_fini(&f.bytes);
        buf_fini(&file);
    }
}

/* Lengths that no block has: from there on the bytes are left alone. */
static void test_broken_lengths(void **state)
{
    static const uint32_t lengths[] = {0, 4, 8, 11, 13, 18, UINT32_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct buf file;
        struct filtered f;
        buf_init(&file, 1 << 16);
        files_put_section(&file, false);
        files_put32(&file, false, 0x0bad);
        files_put32(&file, false, lengths[i]);
        size_t good = file.len;
        put_rich_file(&file, false);
        filter(buf_span(&file), 5, NULL, &f);
        assert_memory_equal(f.bytes.ptr + good, file.ptr + good, file.len - good);
        assert_int_equal(f.n_links, 0);
        buf_fini(&f.bytes);
        buf_fini(&file);
    }
}

static void test_smallest_blocks(void **state)
{
    (void)state;
    struct buf file;
    struct filtered f;
    buf_init(&file, 1 << 16);
    files_put_section(&file, false);
    for (uint32_t type = 0; type < 10; type++)
        files_put_block(&file, false, type, SPAN_LIT(""));
    files_put_interface(&file, false, LINKTYPE_ETHERNET, 1);
    filter(buf_span(&file), 1, NULL, &f);
    assert_int_equal(f.bytes.len, file.len);
    assert_int_equal(f.bytes.ptr[file.len - 6], 4); /* 262144: they did not lead astray */
    buf_fini(&f.bytes);
    buf_fini(&file);
}

/* More interfaces and packets than are kept: no more than the place for them is used. */
static void test_limits(void **state)
{
    (void)state;
    struct buf file;
    struct pcapng_filter *f = calloc(1, sizeof *f);
    buf_init(&file, 16 << 20);
    files_put_section(&file, true);
    for (uint32_t i = 0; i < PCAPNG_INTERFACES_MAX + 10; i++)
        files_put_interface(&file, true, (uint16_t)(i + 1), 1);
    files_put_enhanced(&file, true, PCAPNG_INTERFACES_MAX - 1, 0, SPAN_LIT("a"), 1);
    files_put_enhanced(&file, true, PCAPNG_INTERFACES_MAX + 5, 0, SPAN_LIT("a"), 1);
    files_put_enhanced(&file, true, UINT32_MAX, 0, SPAN_LIT("a"), 1);
    pcapng_filter(f, file.ptr, file.len);
    uint16_t link;
    assert_true(pcapng_next_link(f, &link));
    assert_int_equal(link, PCAPNG_INTERFACES_MAX);
    for (int i = 0; i < 2; i++) {
        assert_true(pcapng_next_link(f, &link));
        assert_int_equal(link, 1); /* the first one's, as libpcap will be told */
    }
    assert_false(pcapng_next_link(f, &link));
    buf_reset(&file);
    for (uint32_t i = 0; i < PCAPNG_AHEAD_MAX + 100; i++)
        files_put_simple(&file, true, SPAN_LIT(""));
    pcapng_filter(f, file.ptr, file.len);
    uint32_t n = 0;
    while (pcapng_next_link(f, &link))
        n++;
    assert_int_equal(n, PCAPNG_AHEAD_MAX);
    buf_fini(&file);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links_of_packets), cmocka_unit_test(test_only_interfaces_change),
        cmocka_unit_test(test_any_pieces),       cmocka_unit_test(test_truncated_anywhere),
        cmocka_unit_test(test_other_files),      cmocka_unit_test(test_broken_lengths),
        cmocka_unit_test(test_smallest_blocks),  cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
