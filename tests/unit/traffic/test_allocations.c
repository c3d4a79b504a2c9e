/* After warm-up conversations are made, mixed, sealed and written without allocating anything. */
#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/allocation_count.h"
#include "tests/unit/traffic/read_back.h"
#include "traffic/capture_out.h"
#include "traffic/exercise.h"

enum { WARM_UP = 200, MEASURED = 400 };

struct source {
    struct contact_stock stock;
    struct dice dice;
    unsigned n_made;
    uint64_t allocated_before;
    int64_t start_ns;
};

/* Each protocol, some in fragments. */
static bool next_contact(void *to, struct contact *c)
{
    struct source *s = to;
    char name[CONTACT_NAME_MAX];
    struct way way = {.start_ns = s->start_ns += 1000000, .fragment_bytes = s->n_made % 5 ? 0 : 400};
    if (s->n_made == WARM_UP)
        s->allocated_before = allocation_count();
    if (s->n_made++ == WARM_UP + MEASURED)
        return false;
    ip_parse_v4(SPAN_LIT("192.0.2.10"), &way.client);
    ip_parse_v4(SPAN_LIT("198.51.100.20"), &way.server);
    struct contact_wish w = {
        .type = IOC_DOMAIN, .by = (enum contact_by)(s->n_made % 4), .answer_bytes = 30000};
    w.value = span_of(name, contact_name(&s->dice, name));
    return contact_make(c, &s->stock, &w, &way, &s->dice);
}

static void test_none(void **state)
{
    struct source s = {.dice = dice_of(1)};
    struct packet pkt;
    int fd = open("/dev/null", O_WRONLY);
    struct capture_out *out = capture_out_new(fd, "null", NULL);
    (void)state;
    if (!allocation_can_count())
        skip();
    assert_true(contact_stock_init(&s.stock, 1));
    struct mix *m = mix_new(50, next_contact, &s);
    while (mix_next(m, &pkt))
        assert_true(capture_out_packet(out, &pkt));
    assert_int_equal(s.n_made, WARM_UP + MEASURED + 1);
    assert_int_equal(allocation_count() - s.allocated_before, 0);
    mix_free(m);
    contact_stock_fini(&s.stock);
    capture_out_free(out);
    close(fd);
}

/* A drill goes on for as long as one likes, in the same memory. */
static void test_exercise(void **state)
{
    struct read_back_worker w;
    struct packet pkt;
    struct err err = {0};
    uint64_t before = 0, n = 0;
    (void)state;
    if (!allocation_can_count())
        skip();
    read_back_open(&w, IOC_DOMAIN, MATCH_SUFFIX, SPAN_LIT("evil.test"), 0);
    struct exercise *x = exercise_new(
        &(struct exercise_options){.db = w.db, .packets = 200000, .hit_rate = 0.2, .start = INT64_MIN}, &err);
    assert_non_null(x);
    while (exercise_next(x, &pkt, &err))
        if (++n == 60000)
            before = allocation_count();
    assert_true(n >= 200000);
    assert_int_equal(allocation_count() - before, 0);
    exercise_free(x);
    read_back_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_exercise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
