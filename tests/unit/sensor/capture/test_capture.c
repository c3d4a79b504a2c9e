/* capture.c over files that the test writes: every kind, compressed, cut at every byte, and what is none. */
#include "sensor/capture/capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/base/compress.h"
#include "tests/unit/sensor/files.h"

enum { PACKETS_MAX = 4096, SECONDS = 1767323045 };

struct kept {
    struct packet packet; /* its bytes are a copy */
    uint8_t bytes[64];
};

/* What a capture gave. */
struct log {
    struct kept packets[PACKETS_MAX];
    size_t n;
    int last; /* what the last capture_read() returned */
    struct err err;
};

static void keep(void *to, const struct packet *pkt)
{
    struct log *l = to;
    assert_true(l->n < PACKETS_MAX);
    struct kept *k = &l->packets[l->n++];
    k->packet = *pkt;
    size_t n = pkt->bytes.len < sizeof k->bytes ? pkt->bytes.len : sizeof k->bytes;
    if (n)
        memcpy(k->bytes, pkt->bytes.ptr, n);
    k->packet.bytes.ptr = k->bytes;
}

static void read_all(struct capture *c, int max, struct log *l)
{
    while ((l->last = capture_read(c, max, 9, keep, l, &l->err)) > 0)
        assert_true(l->last <= max);
}

/* Reads the file to its end. False: it can't be opened (l->err). */
static bool read_path(const char *path, struct log *l)
{
    l->n = 0;
    l->last = 0;
    l->err = (struct err){0};
    struct capture *c = capture_open_file(path, &l->err);
    if (!c)
        return false;
    read_all(c, 100, l);
    capture_close(c);
    return true;
}

static bool read_bytes(struct span bytes, struct log *l)
{
    char path[FILES_PATH_MAX];
    files_write(path, bytes);
    bool is_read = read_path(path, l);
    l->err.where = NULL; /* borrowed from `path` */
    unlink(path);
    return is_read;
}

static struct log *new_log(void)
{
    struct log *l = calloc(1, sizeof *l);
    assert_non_null(l);
    return l;
}

/* Three packets, the second cut by the snaplen. */
static void put_pcap(struct buf *b, bool is_big, bool is_nano)
{
    files_put_pcap(b, is_big, is_nano, 65535, LINKTYPE_ETHERNET);
    files_put_pcap_packet(b, is_big, SECONDS, 123456, SPAN_LIT("first packet"), 12);
    files_put_pcap_packet(b, is_big, SECONDS + 1, 999999, SPAN_LIT("second"), 1500);
    files_put_pcap_packet(b, is_big, SECONDS - 5, 0, SPAN_LIT(""), 0);
}

static void assert_packet(const struct log *l, size_t i, const char *bytes, uint32_t wire_len, int64_t ts_ns)
{
    const struct packet *p = &l->packets[i].packet;
    assert_true(span_eq(p->bytes, span_str(bytes)));
    assert_int_equal(p->wire_len, wire_len);
    assert_int_equal(p->number, i + 1);
    assert_int_equal(p->source, 9);
    assert_int_equal(p->ts_ns, ts_ns);
}

static void assert_three(const struct log *l, bool is_nano)
{
    int64_t unit = is_nano ? 1 : 1000, second = 1000000000;
    assert_int_equal(l->n, 3);
    assert_int_equal(l->last, 0);
    assert_packet(l, 0, "first packet", 12, SECONDS * second + 123456 * unit);
    assert_packet(l, 1, "second", 1500, (SECONDS + 1) * second + 999999 * unit);
    assert_packet(l, 2, "", 0, (SECONDS - 5) * second);
}

static void test_pcap(void **state)
{
    (void)state;
    struct log *l = new_log();
    for (int i = 0; i < 4; i++) {
        struct buf file;
        buf_init(&file, 1 << 16);
        put_pcap(&file, i & 1, i & 2);
        assert_true(read_bytes(buf_span(&file), l));
        assert_three(l, i & 2);
        assert_int_equal(l->packets[0].packet.link, LINK_ETHERNET);
        buf_fini(&file);
    }
    free(l);
}

static void test_link_types(void **state)
{
    static const struct {
        uint32_t linktype;
        enum link_type link;
    } rows[] = {
        {0, LINK_NULL},           {1, LINK_ETHERNET},
        {LINKTYPE_RAW, LINK_RAW}, {108, LINK_NULL},
        {LINKTYPE_SLL, LINK_SLL}, {228, LINK_RAW},
        {229, LINK_RAW},          {276, LINK_SLL2},
        {9, LINK_PPP},            {50, LINK_PPP},
        {51, LINK_PPPOE},         {104, LINK_CHDLC},
        {107, LINK_FRAME_RELAY},  {100, LINK_LLC},
        {219, LINK_MPLS},         {105, LINK_80211},
        {127, LINK_RADIOTAP},     {119, LINK_PRISM},
        {163, LINK_PRISM},        {192, LINK_PPI},
        {7, LINK_ARCNET},         {129, LINK_ARCNET_LINUX},
        {239, LINK_NFLOG},        {258, LINK_PKTAP},
        {149, LINK_PKTAP},        {LINKTYPE_USB, LINK_OTHER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[FILES_PATH_MAX];
        struct buf file;
        struct err err = {0};
        buf_init(&file, 4096);
        files_put_pcap(&file, false, false, 65535, rows[i].linktype);
        files_write(path, buf_span(&file));
        struct capture *c = capture_open_file(path, &err);
        assert_non_null(c);
        assert_int_equal(capture_link(c), rows[i].link);
        assert_true(strlen(capture_link_name(c)) > 0);
        assert_int_equal(capture_size(c), file.len);
        uint64_t kernel, interface;
        assert_false(capture_drops(c, &kernel, &interface)); /* not live */
        capture_close(c);
        unlink(path);
        buf_fini(&file);
    }
}

static void put_pcapng(struct buf *b, bool is_big)
{
    files_put_section(b, is_big);
    files_put_interface(b, is_big, LINKTYPE_ETHERNET, 0);
    files_put_enhanced(b, is_big, 0, SECONDS * UINT64_C(1000000) + 123456, SPAN_LIT("first packet"), 12);
    files_put_block(b, is_big, 0x0bad, SPAN_LIT("somebody's own block"));
    files_put_enhanced(b, is_big, 0, (SECONDS + 1) * UINT64_C(1000000) + 999999, SPAN_LIT("second"), 1500);
    files_put_enhanced(b, is_big, 0, (SECONDS - 5) * UINT64_C(1000000), SPAN_LIT(""), 0);
}

static void test_pcapng(void **state)
{
    (void)state;
    struct log *l = new_log();
    for (int is_big = 0; is_big < 2; is_big++) {
        struct buf file;
        buf_init(&file, 1 << 16);
        put_pcapng(&file, is_big);
        assert_true(read_bytes(buf_span(&file), l));
        assert_three(l, false);
        buf_fini(&file);
    }
    free(l);
}

/* Interfaces that differ in snapshot length and link type, as merged captures have them. */
static void test_pcapng_interfaces(void **state)
{
    (void)state;
    struct log *l = new_log();
    struct buf file;
    buf_init(&file, 8 << 20);
    files_put_section(&file, false);
    files_put_interface(&file, false, LINKTYPE_ETHERNET, 65535);
    files_put_interface(&file, false, LINKTYPE_RAW, 96);
    for (int i = 0; i < 1500; i++)
        files_put_enhanced(
            &file, false, i % 3 == 1, 0,
            SPAN_LIT("more than fits a reader's buffer: 0123456789012345678901234567890123456789"), 75);
    files_put_section(&file, false);
    files_put_interface(&file, false, LINKTYPE_SLL, 1);
    files_put_enhanced(&file, false, 0, 0, SPAN_LIT("last"), 4);
    assert_true(read_bytes(buf_span(&file), l));
    assert_int_equal(l->n, 1501);
    assert_int_equal(l->last, 0);
    for (size_t i = 0; i < 1500; i++)
        assert_int_equal(l->packets[i].packet.link, i % 3 == 1 ? LINK_RAW : LINK_ETHERNET);
    assert_int_equal(l->packets[1500].packet.link, LINK_SLL);
    buf_fini(&file);
    free(l);
}

/* ---- compressed ---- */

static void write_compressed(char path[static FILES_PATH_MAX], struct span bytes, compress_unit *compress)
{
    size_t n;
    uint8_t *compressed = compress(bytes.ptr, bytes.len, &n);
    files_write(path, span_of(compressed, n));
    free(compressed);
}

static void test_compressed(void **state)
{
    static compress_unit *const filters[] = {compress_gzip, compress_zstd, compress_xz};
    (void)state;
    struct log *l = new_log();
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        for (int is_ng = 0; is_ng < 2; is_ng++) {
            char path[FILES_PATH_MAX];
            struct buf file;
            buf_init(&file, 1 << 16);
            if (is_ng)
                put_pcapng(&file, false);
            else
                put_pcap(&file, false, false);
            write_compressed(path, buf_span(&file), filters[i]);
            assert_true(read_path(path, l));
            assert_three(l, false);
            unlink(path);
            buf_fini(&file);
        }
    free(l);
}

/* A compressed file that was not copied to its end is not simply short: what is there is read, and the rest is missed. */
static void test_truncated_gzip(void **state)
{
    (void)state;
    char path[FILES_PATH_MAX];
    struct log *l = new_log();
    struct buf file;
    buf_init(&file, 1 << 20);
    files_put_pcap(&file, false, false, 65535, LINKTYPE_ETHERNET);
    for (uint32_t i = 0; i < 2000; i++) {
        uint32_t noise[8];
        for (uint32_t k = 0; k < 8; k++)
            noise[k] = (i * 8 + k) * 2654435761u;
        files_put_pcap_packet(&file, false, SECONDS, i, span_of(noise, sizeof noise), 32);
    }
    write_compressed(path, buf_span(&file), compress_gzip);
    assert_int_equal(truncate(path, 68000), 0);
    assert_true(read_path(path, l));
    assert_int_equal(l->last, -1);
    assert_in_range(l->n, 1, 1999);
    assert_ptr_equal(l->err.where, path);
    unlink(path);
    buf_fini(&file);
    free(l);
}

/* ---- damaged ---- */

/* Cut at every byte: at the borders of records it is the end, elsewhere it is told, after all packets that are whole. */
static void assert_cuts(const struct buf *file, const size_t *borders, size_t n_borders)
{
    struct log *l = new_log();
    for (size_t len = borders[0]; len <= file->len; len++) {
        size_t n_whole = 0;
        bool is_border = false;
        for (size_t i = 0; i < n_borders; i++) {
            n_whole += i > 0 && borders[i] <= len;
            is_border |= borders[i] == len;
        }
        assert_true(read_bytes(span_first(buf_span(file), len), l));
        if (l->n != n_whole || (l->last == 0) != is_border)
            fail_msg("cut to %zu: %zu packets of %zu, %d", len, l->n, n_whole, l->last);
        if (!is_border) {
            char start[64];
            snprintf(start, sizeof start, "after packet %zu, at byte ", n_whole);
            assert_int_equal(strncmp(l->err.what, start, strlen(start)), 0);
        }
    }
    free(l);
}

static void test_pcap_cut_anywhere(void **state)
{
    (void)state;
    struct buf file;
    buf_init(&file, 1 << 16);
    put_pcap(&file, true, false);
    assert_cuts(&file, (const size_t[]){24, 24 + 16 + 12, 24 + 16 + 12 + 16 + 6, 24 + 16 + 12 + 16 + 6 + 16},
                4);
    buf_fini(&file);
}

static void test_pcap_header_cut(void **state)
{
    (void)state;
    struct log *l = new_log();
    for (int is_ng = 0; is_ng < 2; is_ng++)
        for (size_t len = 0; len < 24; len++) {
            struct buf file;
            buf_init(&file, 1 << 16);
            if (is_ng)
                put_pcapng(&file, false);
            else
                put_pcap(&file, false, false);
            assert_false(read_bytes(span_first(buf_span(&file), len), l));
            assert_int_equal(l->err.kind, ERR_SYNTAX);
            assert_int_equal(l->n, 0);
            buf_fini(&file);
        }
    free(l);
}

static void test_pcapng_cut_anywhere(void **state)
{
    (void)state;
    struct log *l = new_log();
    struct buf file;
    buf_init(&file, 1 << 16);
    put_pcapng(&file, false);
    size_t n_before = 0;
    for (size_t len = 28 + 20; len < file.len; len++) {
        assert_true(read_bytes(span_first(buf_span(&file), len), l));
        assert_true(l->n >= n_before && l->n <= 3);
        assert_true(l->last == 0 || l->last == -1);
        n_before = l->n;
    }
    assert_int_equal(n_before, 2);
    buf_fini(&file);
    free(l);
}

static void test_no_captures(void **state)
{
    static const char *const texts[] = {
        "this is no capture but a text that goes on for more than a header's length\n",
        "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", "PK\3\4", "x"};
    (void)state;
    struct log *l = new_log();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_false(read_bytes(span_str(texts[i]), l));
        assert_int_equal(l->err.kind, ERR_SYNTAX);
    }
    assert_false(read_bytes(span_of(NULL, 0), l));
    assert_int_equal(l->err.kind, ERR_SYNTAX);
    assert_non_null(strstr(l->err.what, "empty"));
    assert_false(read_path("/nowhere/at/all.pcap", l));
    assert_int_equal(l->err.kind, ERR_IO);
    assert_string_equal(l->err.where, "/nowhere/at/all.pcap");
    assert_false(read_path("/tmp", l));
    assert_int_not_equal(l->err.kind, ERR_NONE);
    capture_close(NULL);
    free(l);
}

/* Lengths that nobody could mean. */
static void test_huge_lengths(void **state)
{
    (void)state;
    struct log *l = new_log();
    struct buf file;
    buf_init(&file, 1 << 16);
    files_put_pcap(&file, false, false, UINT32_MAX, LINKTYPE_ETHERNET);
    files_put_pcap_packet(&file, false, SECONDS, 0, SPAN_LIT("good"), 2); /* captured more than was sent */
    size_t at = file.len;
    files_put_pcap_packet(&file, false, SECONDS, 0, SPAN_LIT("bad"), 3);
    memset(file.ptr + at + 8, 0xff, 4);
    assert_true(read_bytes(buf_span(&file), l));
    assert_int_equal(l->n, 1);
    assert_int_equal(l->packets[0].packet.bytes.len, 4);
    assert_int_equal(l->packets[0].packet.wire_len, 2);
    assert_int_equal(l->last, -1);
    buf_fini(&file);
    free(l);
}

/* Clocks that were never set, or say what no clock says. */
static void test_strange_times(void **state)
{
    (void)state;
    struct log *l = new_log();
    struct buf file;
    buf_init(&file, 1 << 16);
    files_put_section(&file, false);
    files_put_interface(&file, false, LINKTYPE_ETHERNET, 0);
    files_put_enhanced(&file, false, 0, UINT64_MAX, SPAN_LIT("x"), 1);
    files_put_enhanced(&file, false, 0, 0, SPAN_LIT("x"), 1);
    files_put_enhanced(&file, false, 0, UINT64_C(9000000001000000), SPAN_LIT("x"), 1);
    files_put_enhanced(&file, false, 0, UINT64_C(8999999999000000), SPAN_LIT("x"), 1);
    assert_true(read_bytes(buf_span(&file), l));
    assert_int_equal(l->n, 4);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(l->packets[i].packet.ts_ns, 0);
    assert_true(l->packets[3].packet.ts_ns == INT64_C(8999999999000000000));
    buf_fini(&file);
    buf_init(&file, 1 << 16);
    files_put_pcap(&file, false, false, 65535, LINKTYPE_ETHERNET);
    files_put_pcap_packet(&file, false, UINT32_MAX, UINT32_MAX, SPAN_LIT("x"), 1);
    assert_true(read_bytes(buf_span(&file), l));
    assert_int_equal(l->n, 1);
    buf_fini(&file);
    free(l);
}

/* ---- reading in steps ---- */

static void test_steps(void **state)
{
    (void)state;
    char path[FILES_PATH_MAX];
    struct log *l = new_log();
    struct buf file;
    struct err err = {0};
    buf_init(&file, 1 << 20);
    files_put_pcap(&file, false, false, 65535, LINKTYPE_ETHERNET);
    for (uint32_t i = 0; i < 1000; i++)
        files_put_pcap_packet(&file, false, SECONDS + i, 0, SPAN_LIT("packet"), 6);
    files_write(path, buf_span(&file));
    struct capture *c = capture_open_file(path, &err);
    assert_non_null(c);
    assert_int_equal(capture_read(c, 1, 9, keep, l, &err), 1);
    assert_int_equal(capture_read(c, 99, 9, keep, l, &err), 99);
    assert_int_equal(l->packets[99].packet.number, 100);
    assert_true(capture_position(c) > 0 && capture_position(c) <= capture_size(c));
    read_all(c, 7, l);
    assert_int_equal(l->n, 1000);
    assert_int_equal(capture_position(c), file.len);
    assert_int_equal(capture_read(c, 7, 9, keep, l, &err), 0); /* still the end */
    capture_close(c);
    unlink(path);
    buf_fini(&file);
    free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pcap),
        cmocka_unit_test(test_link_types),
        cmocka_unit_test(test_pcapng),
        cmocka_unit_test(test_pcapng_interfaces),
        cmocka_unit_test(test_compressed),
        cmocka_unit_test(test_truncated_gzip),
        cmocka_unit_test(test_pcap_cut_anywhere),
        cmocka_unit_test(test_pcap_header_cut),
        cmocka_unit_test(test_pcapng_cut_anywhere),
        cmocka_unit_test(test_no_captures),
        cmocka_unit_test(test_huge_lengths),
        cmocka_unit_test(test_strange_times),
        cmocka_unit_test(test_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
