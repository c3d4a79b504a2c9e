/* channel.c: before an output that stalls, refuses, goes away and comes back at random nothing is lost, doubled or overtaken while there is room,
 * and the sums hold at all times; where there is no room what is missing is counted to the line. */
#include "outputs/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "outputs/output.h"
#include "tests/unit/outputs/temporary.h"

/* ---- an output that fails as it is told ---- */

static struct {
    uint64_t random;
    unsigned down_of_16, busy_of_16; /* how often a write ends so */
    bool is_away;                    /* nothing goes on */
    bool is_stuck;                   /* the same, without an error */
    long last;                       /* number of the last line that came */
    uint64_t n, n_wrong;
} peer;

static unsigned pick(unsigned n)
{
    peer.random = peer.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(peer.random >> 33) % n;
}

static void *fake_create(const struct output_config *c, struct err *err)
{
    return &peer;
}

static void fake_destroy(void *out)
{
}

static bool fake_open(void *out, struct err *err)
{
    return !__atomic_load_n(&peer.is_away, __ATOMIC_SEQ_CST) || err_set(err, ERR_IO, NULL, "is away");
}

static void fake_close(void *out)
{
}

static void take_line(struct span line)
{
    char text[64] = "";
    memcpy(text, line.ptr, line.len);
    long number = strtol(text + sizeof "{\"line\":" - 1, NULL, 10);
    peer.n_wrong += number <= peer.last;
    peer.last = number;
    peer.n++;
}

static enum output_verdict fake_write(void *out, struct batch *b, struct err *err)
{
    struct span line, key;
    bool is_away = __atomic_load_n(&peer.is_away, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&peer.is_stuck, __ATOMIC_SEQ_CST))
        return OUTPUT_BUSY;
    for (; !is_away && sheaf_first(&b->left, &line, &key); sheaf_drop(&b->left)) {
        if (pick(16) < peer.busy_of_16)
            return OUTPUT_BUSY;
        if (pick(64) < peer.down_of_16) {
            is_away = true;
            break;
        }
        take_line(line);
    }
    if (!is_away)
        return OUTPUT_DONE;
    err_set(err, ERR_IO, NULL, "went away");
    return OUTPUT_DOWN;
}

static const struct output_ops fake = {.create = fake_create,
                                       .destroy = fake_destroy,
                                       .open = fake_open,
                                       .close = fake_close,
                                       .write = fake_write};

/* ---- helpers ---- */

static char folder[FOLDER_ROOM];

static int begin(void **state)
{
    memset(&peer, 0, sizeof peer);
    peer.last = -1;
    folder_make(folder);
    return 0;
}

static int end(void **state)
{
    folder_remove(folder);
    return 0;
}

static struct channel *start(const struct output_config *config, bool waits)
{
    struct err err = {0};
    struct channel *c =
        channel_new(&(struct channel_options){.config = config, .waits = waits, .ops = &fake}, &err);
    if (!c)
        fail_msg("%s", err.what);
    assert_true(channel_start(c, &err));
    return c;
}

static bool offer(struct channel *c, long from, int n)
{
    struct sheaf sheaf;
    char line[64];
    sheaf_init(&sheaf, 1 << 20);
    for (long i = from; i < from + n; i++) {
        int len = snprintf(line, sizeof line, "{\"line\":%ld,\"x\":\"%031d\"}\n", i, 0);
        assert_true(sheaf_put(&sheaf, span_of(line, (size_t)len), SPAN_LIT("")));
    }
    bool is_good = channel_offer(c, &sheaf, &(struct output_counts){.alerts = (uint64_t)n});
    sheaf_fini(&sheaf);
    struct output_counts counts;
    channel_counts(c, &counts);
    assert_true(output_sums_hold(&counts));
    return is_good;
}

static void nap(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static struct output_counts finish(struct channel *c)
{
    struct err err = {0};
    struct output_counts counts;
    assert_true(channel_end(c, &err));
    channel_counts(c, &counts);
    assert_true(output_sums_hold(&counts));
    assert_int_equal(counts.queued, 0);
    assert_int_equal(peer.n_wrong, 0);
    channel_free(c);
    return counts;
}

/* ---- tests ---- */

static void test_plain(void **state)
{
    struct output_config config = {.type = OUTPUT_UNIX, .target = "/nowhere"};
    struct channel *c = start(&config, false);
    for (int i = 0; i < 1000; i++)
        assert_true(offer(c, i * 5, 5));
    struct output_counts counts = finish(c);
    assert_int_equal(counts.written, 5000);
    assert_int_equal(peer.n, 5000);
}

/* Without a spill: what there is no room for is counted, and the rest is in order. */
static void test_stuck(void **state)
{
    struct output_config config = {.type = OUTPUT_UNIX, .target = "/nowhere", .queue_bytes = 1 << 16};
    peer.is_stuck = true;
    struct channel *c = start(&config, false);
    for (int i = 0; i < 1000; i++)
        assert_true(offer(c, i * 5, 5));
    __atomic_store_n(&peer.is_stuck, false, __ATOMIC_SEQ_CST);
    struct output_counts counts = finish(c);
    assert_true(counts.dropped > 0 && counts.written > 0);
    assert_int_equal(peer.n, counts.written);
}

static void test_spill(void **state)
{
    struct output_config config = {
        .type = OUTPUT_UNIX, .target = "/nowhere", .queue_bytes = 1 << 20, .spill_dir = folder};
    peer.is_away = true;
    struct channel *c = start(&config, false);
    for (int i = 0; i < 1000; i++) {
        assert_true(offer(c, i * 5, 5));
        if (i % 100 == 0)
            nap(5);
    }
    struct output_counts counts = finish(c);
    assert_int_equal(counts.spilled, 5000); /* away at the end: all is on disk */
    assert_int_equal(peer.n, 0);
    peer.is_away = false;
    c = start(&config, false); /* the next run has them, and first */
    assert_true(offer(c, 5000, 10));
    counts = finish(c);
    assert_int_equal(counts.recovered, 5000);
    assert_int_equal(counts.written, 5010);
    assert_int_equal(counts.spilled, 0);
    assert_int_equal(peer.n, 5010);
}

static void test_spill_is_full(void **state)
{
    struct output_config config = {.type = OUTPUT_UNIX,
                                   .target = "/nowhere",
                                   .queue_bytes = 1 << 17,
                                   .spill_dir = folder,
                                   .spill_bytes = 1 << 16};
    peer.is_away = true;
    struct channel *c = start(&config, false);
    for (int i = 0; i < 2000; i++)
        assert_true(offer(c, i * 5, 5));
    nap(20);
    __atomic_store_n(&peer.is_away, false, __ATOMIC_SEQ_CST);
    struct output_counts counts = finish(c);
    assert_true(counts.dropped > 0);
    assert_int_equal(counts.written + counts.dropped + counts.spilled, 10000);
    assert_int_equal(peer.n, counts.written);
}

/* At random, with restarts: exactly once and in order, for this output never forgets half of what it took. */
static void test_random(void **state)
{
    struct output_config config = {
        .type = OUTPUT_UNIX, .target = "/nowhere", .queue_bytes = 1 << 18, .spill_dir = folder};
    long n = 0;
    uint64_t written = 0;
    peer.random = (uint64_t)time(NULL);
    print_message("seed %llu\n", (unsigned long long)peer.random);
    peer.down_of_16 = 2;
    peer.busy_of_16 = 1;
    for (int round = 0; round < 4; round++) {
        struct channel *c = start(&config, false);
        for (int i = 0; i < 60; i++, n += 7) {
            assert_true(offer(c, n, 7));
            if (i % 8 == 0) {
                __atomic_store_n(&peer.is_away, i % 24 == 0, __ATOMIC_SEQ_CST);
                __atomic_store_n(&peer.is_stuck, i % 40 == 0, __ATOMIC_SEQ_CST);
                nap(2);
            }
        }
        __atomic_store_n(&peer.is_stuck, false, __ATOMIC_SEQ_CST);
        struct output_counts counts = finish(c);
        assert_int_equal(counts.dropped, 0);
        written += counts.written;
    }
    peer.down_of_16 = peer.busy_of_16 = 0;
    __atomic_store_n(&peer.is_away, false, __ATOMIC_SEQ_CST);
    struct channel *c = start(&config, false);
    struct output_counts counts = finish(c);
    assert_int_equal(written + counts.written, n);
    assert_int_equal(peer.n, n);
    assert_int_equal(peer.last, n - 1);
}

/* Who waits loses nothing, however small the queue. */
static void test_waits(void **state)
{
    struct output_config config = {.type = OUTPUT_UNIX, .target = "/nowhere", .queue_bytes = 1 << 12};
    peer.busy_of_16 = 1;
    struct channel *c = start(&config, true);
    for (int i = 0; i < 100; i++)
        assert_true(offer(c, i * 50, 50));
    struct output_counts counts = finish(c);
    assert_int_equal(counts.written, 5000);
    assert_int_equal(peer.n, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain, begin, end),
        cmocka_unit_test_setup_teardown(test_stuck, begin, end),
        cmocka_unit_test_setup_teardown(test_spill, begin, end),
        cmocka_unit_test_setup_teardown(test_spill_is_full, begin, end),
        cmocka_unit_test_setup_teardown(test_random, begin, end),
        cmocka_unit_test_setup_teardown(test_waits, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
