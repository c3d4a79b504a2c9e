/* capture_out.c: what was written, read by capture.c. */
#include "traffic/capture_out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sensor/capture/capture.h"
#include "tests/unit/traffic/read_back.h"

enum { N_PACKETS = 3000, NS_PER_S = 1000000000 };

static uint8_t bytes[2000];

static struct packet packet_of(uint64_t i)
{
    size_t len = 14 + (size_t)(i * 7919 % (sizeof bytes - 14));
    return (struct packet){.bytes = span_of(bytes, len),
                           .wire_len = (uint32_t)len,
                           .ts_ns = (int64_t)(1700000000 + i) * NS_PER_S + (int64_t)i};
}

static void take(void *to, const struct packet *pkt)
{
    uint64_t *n = to;
    struct packet expected = packet_of((*n)++);
    assert_int_equal(pkt->ts_ns, expected.ts_ns);
    assert_int_equal(pkt->wire_len, expected.wire_len);
    assert_true(span_eq(pkt->bytes, expected.bytes));
}

static void test_read_back(void **state)
{
    char path[64];
    struct err err = {0};
    uint64_t n = 0;
    int fd = memfd_create("capture", 0);
    struct capture_out *c = capture_out_new(fd, "memory", &err);
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 31);
    for (uint64_t i = 0; i < N_PACKETS; i++)
        assert_true(capture_out_packet(c, &(struct packet){.bytes = packet_of(i).bytes,
                                                           .wire_len = packet_of(i).wire_len,
                                                           .ts_ns = packet_of(i).ts_ns}));
    assert_true(capture_out_flush(c, &err));
    assert_int_equal(capture_out_bytes(c), lseek(fd, 0, SEEK_END));
    capture_out_free(c);

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct capture *in = capture_open_file(path, &err);
    assert_non_null(in);
    assert_int_equal(capture_link(in), LINK_ETHERNET);
    while (capture_read(in, 1000, 0, take, &n, &err) > 0)
        ;
    assert_int_equal(err.kind, ERR_NONE);
    assert_int_equal(n, N_PACKETS);
    capture_close(in);
    close(fd);
}

static void test_full_disk(void **state)
{
    struct err err = {0};
    int fd = open("/dev/full", O_WRONLY);
    struct capture_out *c = capture_out_new(fd, "full", &err);
    bool is_good = true;
    (void)state;
    for (uint64_t i = 0; i < N_PACKETS && is_good; i++) {
        struct packet pkt = packet_of(i);
        is_good = capture_out_packet(c, &pkt);
    }
    assert_false(is_good);
    assert_false(capture_out_flush(c, &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_string_equal(err.where, "full");
    capture_out_free(c);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_back),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
