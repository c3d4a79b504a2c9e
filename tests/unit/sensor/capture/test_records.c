/* records.c over files that the test writes, whole and in pieces: it sees what capture.c does not show, the runs and the words. That
 * libpcap reads the same is fuzz_records.c's part. */
#include "sensor/capture/records.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/sensor/files.h"

enum { SECONDS = 1767323045, CAPTURED_MAX = 262144, FILE_CAP_BYTES = 8 << 20, RUN = 64, RECORD_HEADER = 16 };

struct reading {
    struct input *in;    /* owned */
    struct records *all; /* owned */
    struct packet run[RUN];
    struct packet like; /* number: of the last packet */
    struct err err;
    int last;
};

static void begin(struct reading *g, struct input *in, uint32_t snaplen)
{
    uint8_t header[PCAP_HEADER_BYTES];
    *g = (struct reading){.in = in, .like = {.link = LINK_RAW, .source = 7}};
    assert_non_null(in);
    for (ssize_t at = 0; at < PCAP_HEADER_BYTES;) {
        ssize_t got = input_read(in, header + at, (size_t)(PCAP_HEADER_BYTES - at), &g->err);
        assert_true(got > 0);
        at += got;
    }
    assert_true(records_are_read(header));
    g->all = records_new(in, header, snaplen);
    assert_non_null(g->all);
}

static void begin_bytes(struct reading *g, struct span file, uint32_t snaplen)
{
    char path[FILES_PATH_MAX];
    struct err err = {0};
    files_write(path, file);
    begin(g, input_open(path, &err), snaplen);
    unlink(path);
}

static int next(struct reading *g, int max)
{
    g->last = records_next(g->all, &g->like, g->run, max, "a file", &g->err);
    assert_true(g->last <= max);
    for (int i = 0; i < g->last; i++) {
        assert_int_equal(g->run[i].number, g->like.number + 1 + (unsigned)i);
        assert_int_equal(g->run[i].link, LINK_RAW);
        assert_int_equal(g->run[i].source, 7);
    }
    g->like.number += g->last > 0 ? (uint64_t)g->last : 0;
    return g->last;
}

static void end(struct reading *g)
{
    records_free(g->all);
    input_close(g->in);
}

static void file_init(struct buf *file, bool is_big, bool is_nano)
{
    buf_init(file, FILE_CAP_BYTES);
    files_put_pcap(file, is_big, is_nano, 65535, LINKTYPE_ETHERNET);
}

static void assert_packet(const struct packet *p, struct span bytes, uint32_t wire_len, int64_t ts_ns)
{
    assert_true(span_eq(p->bytes, bytes));
    assert_int_equal(p->wire_len, wire_len);
    assert_true(p->ts_ns == ts_ns);
}

static void test_which_are_read(void **state)
{
    (void)state;
    static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34, 0x0a0d0d0a, 0, UINT32_MAX};
    static const uint16_t versions[][2] = {{2, 4}, {2, 3},         {2, 5},        {1, 4},
                                           {4, 2}, {0x200, 0x400}, {0x400, 0x200}};
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        for (size_t k = 0; k < sizeof versions / sizeof *versions; k++)
            for (int is_big = 0; is_big < 2; is_big++) {
                struct buf b;
                buf_init(&b, PCAP_HEADER_BYTES);
                files_put32(&b, is_big, magics[i]);
                files_put16(&b, is_big, versions[k][0]);
                files_put16(&b, is_big, versions[k][1]);
                packets_put_fill(&b, 0, 16);
                assert_int_equal(records_are_read(b.ptr), i < 2 && k == 0);
                buf_fini(&b);
            }
}

static void test_orders_and_units(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        bool is_big = i & 1, is_nano = i & 2;
        int64_t unit = is_nano ? 1 : 1000;
        uint32_t last_fraction = is_nano ? 999999999 : 999999;
        struct buf file;
        struct reading g;
        file_init(&file, is_big, is_nano);
        files_put_pcap_packet(&file, is_big, SECONDS, 123456, SPAN_LIT("first"), 1500);
        files_put_pcap_packet(&file, is_big, 0, last_fraction, SPAN_LIT(""), 0);
        files_put_pcap_packet(&file, is_big, SECONDS, last_fraction + 1, SPAN_LIT("more sent than captured"),
                              2);
        begin_bytes(&g, buf_span(&file), 65535);
        assert_int_equal(next(&g, RUN), 3);
        assert_packet(&g.run[0], SPAN_LIT("first"), 1500, SECONDS * INT64_C(1000000000) + 123456 * unit);
        assert_packet(&g.run[1], SPAN_LIT(""), 0, last_fraction * unit);
        assert_packet(&g.run[2], SPAN_LIT("more sent than captured"), 2,
                      0); /* no clock says a whole second so */
        assert_int_equal(records_position(g.all), file.len);
        assert_int_equal(next(&g, RUN), 0);
        assert_int_equal(next(&g, RUN), 0);
        end(&g);
        buf_fini(&file);
    }
}

/* Seconds are unsigned: files go on until 2106. */
static void test_beyond_2038(void **state)
{
    static const uint32_t seconds[] = {INT32_MAX, INT32_MAX + 1u, UINT32_MAX};
    (void)state;
    struct buf file;
    struct reading g;
    file_init(&file, true, false);
    for (size_t i = 0; i < 3; i++)
        files_put_pcap_packet(&file, true, seconds[i], 1, SPAN_LIT("x"), 1);
    begin_bytes(&g, buf_span(&file), 65535);
    assert_int_equal(next(&g, RUN), 3);
    for (size_t i = 0; i < 3; i++)
        assert_packet(&g.run[i], SPAN_LIT("x"), 1, seconds[i] * INT64_C(1000000000) + 1000);
    end(&g);
    buf_fini(&file);
}

/* More bytes in a record than the file said there would be: what is beyond goes, and the next record is where it is. */
static void test_longer_than_snaplen(void **state)
{
    (void)state;
    struct buf file;
    struct reading g;
    file_init(&file, false, false);
    for (int i = 0; i < 3; i++)
        files_put_pcap_packet(&file, false, SECONDS, 0, i == 1 ? SPAN_LIT("12345") : SPAN_LIT("123456789"),
                              60);
    begin_bytes(&g, buf_span(&file), 6);
    assert_int_equal(next(&g, RUN), 3);
    for (int i = 0; i < 3; i++)
        assert_packet(&g.run[i], i == 1 ? SPAN_LIT("12345") : SPAN_LIT("123456"), 60,
                      SECONDS * INT64_C(1000000000));
    end(&g);
    buf_fini(&file);
}

static void test_runs_end_at_max(void **state)
{
    (void)state;
    struct buf file;
    struct reading g;
    file_init(&file, false, false);
    for (uint32_t i = 0; i < 100; i++)
        files_put_pcap_packet(&file, false, i, 0, SPAN_LIT("x"), i);
    for (int max = 1; max <= RUN; max++) {
        begin_bytes(&g, buf_span(&file), 65535);
        for (uint32_t at = 0; at < 100; at += (uint32_t)g.last) {
            int left = 100 - (int)at;
            assert_int_equal(next(&g, max), left < max ? left : max);
            for (int i = 0; i < g.last; i++)
                assert_int_equal(g.run[i].wire_len, at + (uint32_t)i);
        }
        assert_int_equal(next(&g, max), 0);
        end(&g);
    }
    buf_fini(&file);
}

/* Records of the greatest length, among small ones, at changing places of the buffer. */
static void test_greatest_lengths(void **state)
{
    enum { N = 12 };
    (void)state;
    struct buf file;
    struct reading g;
    uint8_t *bytes = malloc(CAPTURED_MAX);
    assert_non_null(bytes);
    file_init(&file, true, true);
    for (uint32_t i = 0; i < N; i++) {
        memset(bytes, (int)i, CAPTURED_MAX);
        files_put_pcap_packet(&file, true, i, i, span_of(bytes, CAPTURED_MAX - i * i * i), CAPTURED_MAX);
        files_put_pcap_packet(&file, true, i, i, span_of(bytes, i), i);
    }
    begin_bytes(&g, buf_span(&file), CAPTURED_MAX);
    for (uint32_t n = 0; n < 2 * N; n += (uint32_t)g.last) {
        assert_true(next(&g, RUN) > 0);
        for (uint32_t k = 0; k < (uint32_t)g.last; k++) {
            uint32_t i = (n + k) / 2;
            memset(bytes, (int)i, CAPTURED_MAX);
            size_t len = (n + k) % 2 ? i : CAPTURED_MAX - i * i * i;
            assert_packet(&g.run[k], span_of(bytes, len), (n + k) % 2 ? i : CAPTURED_MAX,
                          i * INT64_C(1000000001));
        }
    }
    assert_int_equal(next(&g, RUN), 0);
    end(&g);
    free(bytes);
    buf_fini(&file);
}

static void test_too_long(void **state)
{
    static const uint32_t lengths[] = {CAPTURED_MAX + 1, INT32_MAX, UINT32_MAX};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char why[128];
        struct buf file;
        struct reading g;
        file_init(&file, false, false);
        files_put_pcap_packet(&file, false, SECONDS, 0, SPAN_LIT("good"), 4);
        size_t at = file.len;
        files_put_pcap_packet(&file, false, SECONDS, 0, SPAN_LIT(""), 0);
        for (size_t k = 0; k < 4; k++)
            file.ptr[at + 8 + k] = (uint8_t)(lengths[i] >> 8 * k);
        begin_bytes(&g, buf_span(&file), UINT32_MAX);
        assert_int_equal(next(&g, RUN), 1);
        assert_int_equal(next(&g, RUN), -1);
        snprintf(why, sizeof why, "invalid packet capture length %u, bigger than maximum of 262144",
                 lengths[i]);
        assert_string_equal(g.err.what, why);
        assert_string_equal(g.err.where, "a file");
        assert_int_equal(records_position(g.all), at + RECORD_HEADER);
        end(&g);
        buf_fini(&file);
    }
}

/* What is whole comes first; then the end, or the words about what is missing. */
static void assert_cut(const struct buf *file, size_t len, const size_t *ends, int n_ends)
{
    char why[128] = "";
    struct reading g;
    int n_whole = 0;
    size_t at = PCAP_HEADER_BYTES;
    for (; n_whole < n_ends && ends[n_whole] <= len; at = ends[n_whole++])
        ;
    begin_bytes(&g, span_first(buf_span(file), len), 65535);
    if (n_whole)
        assert_int_equal(next(&g, RUN), n_whole);
    if (len == at) {
        assert_int_equal(next(&g, RUN), 0);
    } else {
        assert_int_equal(next(&g, RUN), -1);
        if (len - at < RECORD_HEADER)
            snprintf(why, sizeof why, "truncated dump file; tried to read 16 header bytes, only got %zu",
                     len - at);
        else
            snprintf(why, sizeof why, "truncated dump file; tried to read %zu captured bytes, only got %zu",
                     ends[n_whole] - at - RECORD_HEADER, len - at - RECORD_HEADER);
        assert_string_equal(g.err.what, why);
        assert_int_equal(g.err.kind, ERR_IO);
        assert_int_equal(records_position(g.all), len);
    }
    end(&g);
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    struct buf file;
    size_t ends[4];
    file_init(&file, true, false);
    for (int i = 0; i < 4; i++) {
        files_put_pcap_packet(&file, true, SECONDS, 0,
                              span_first(SPAN_LIT("a packet's bytes"), (size_t)i * 5), 60);
        ends[i] = file.len;
    }
    for (size_t len = PCAP_HEADER_BYTES; len <= file.len; len++)
        assert_cut(&file, len, ends, 4);
    buf_fini(&file);
}

/* From a pipe, a byte at a time: what is there is handed on without waiting for more. */
static void test_from_a_pipe(void **state)
{
    (void)state;
    struct buf file;
    struct reading g;
    struct err err = {0};
    int ends[2], n = 0;
    file_init(&file, false, false);
    files_put_pcap_packet(&file, false, SECONDS, 0, SPAN_LIT("one"), 3);
    files_put_pcap_packet(&file, false, SECONDS, 0, SPAN_LIT(""), 0);
    files_put_pcap_packet(&file, false, SECONDS, 0, SPAN_LIT("three"), 5);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], file.ptr, PCAP_HEADER_BYTES), PCAP_HEADER_BYTES);
    begin(&g, input_open_fd(ends[0], "pipe", &err), 65535);
    size_t at = PCAP_HEADER_BYTES, whole[] = {24 + 19, 24 + 19 + 16, 24 + 19 + 16 + 21};
    for (; at < file.len; at++) {
        assert_int_equal(write(ends[1], file.ptr + at, 1), 1);
        if (at + 1 == whole[n]) {
            assert_int_equal(next(&g, RUN), 1);
            assert_int_equal(records_position(g.all), whole[n++]);
        }
    }
    assert_int_equal(n, 3);
    close(ends[1]);
    assert_int_equal(next(&g, RUN), 0);
    end(&g);
    buf_fini(&file);
}

static void on_signal(int number)
{
    (void)number;
}

/* Within a record, and within its header. */
static void test_interrupted(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_signal}, old;
    const struct itimerval tick = {{0, 20000}, {0, 20000}}, none = {0};
    sigaction(SIGALRM, &action, &old);
    for (size_t missing = 1; missing < 24; missing += 10) {
        struct buf file;
        struct reading g;
        struct err err = {0};
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        file_init(&file, false, false);
        files_put_pcap_packet(&file, false, SECONDS, 0, SPAN_LIT("one"), 3);
        files_put_pcap_packet(&file, false, SECONDS, 0, SPAN_LIT("a second"), 8);
        assert_int_equal(write(ends[1], file.ptr, file.len - missing), file.len - missing);
        begin(&g, input_open_fd(ends[0], "pipe", &err), 65535);
        assert_int_equal(next(&g, RUN), 1);
        setitimer(ITIMER_REAL, &tick, NULL);
        assert_int_equal(next(&g, RUN), -1);
        setitimer(ITIMER_REAL, &none, NULL);
        assert_int_equal(g.err.kind, ERR_INTERRUPTED);
        assert_int_equal(next(&g, RUN), -1); /* an error stays */
        assert_int_equal(g.err.kind, ERR_INTERRUPTED);
        close(ends[1]);
        end(&g);
        buf_fini(&file);
    }
    sigaction(SIGALRM, &old, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_are_read),  cmocka_unit_test(test_orders_and_units),
        cmocka_unit_test(test_beyond_2038),     cmocka_unit_test(test_longer_than_snaplen),
        cmocka_unit_test(test_runs_end_at_max), cmocka_unit_test(test_greatest_lengths),
        cmocka_unit_test(test_too_long),        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_from_a_pipe),     cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
