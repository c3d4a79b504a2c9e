/* kinds/kafka.c against librdkafka's mock cluster: all lines arrive with their keys, brokers may be away for a while, and wrong settings are
 * said before anything begins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "outputs/channel.h"
#include "tests/unit/outputs/temporary.h"

enum { LINES = 400, WAIT_MS = 20000 };

struct cluster {
    rd_kafka_t *host; /* what the mock cluster lives in */
    rd_kafka_mock_cluster_t *mock;
    char target[256];
};

static void start_cluster(struct cluster *c)
{
    char why[200];
    c->host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof why);
    assert_non_null(c->host);
    c->mock = rd_kafka_mock_cluster_new(c->host, 1);
    assert_non_null(c->mock);
    rd_kafka_mock_topic_create(c->mock, "alerts", 1, 1);
    snprintf(c->target, sizeof c->target, "alerts@%s", rd_kafka_mock_cluster_bootstraps(c->mock));
}

static void stop_cluster(struct cluster *c)
{
    rd_kafka_mock_cluster_destroy(c->mock);
    rd_kafka_destroy(c->host);
}

static void offer(struct channel *c, int from, int n)
{
    struct sheaf sheaf;
    char line[64], key[16];
    sheaf_init(&sheaf, 1 << 20);
    for (int i = from; i < from + n; i++) {
        int len = snprintf(line, sizeof line, "{\"line\":%d}\n", i),
            key_len = snprintf(key, sizeof key, "%d", i);
        assert_true(sheaf_put(&sheaf, span_of(line, (size_t)len), span_of(key, (size_t)key_len)));
    }
    assert_true(channel_offer(c, &sheaf, &(struct output_counts){.alerts = (uint64_t)n}));
    sheaf_fini(&sheaf);
}

/* All that arrived, in order and once: the producer is idempotent. */
static void check_arrived(const struct cluster *cluster, int n)
{
    char why[200], want[64];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", strchr(cluster->target, '@') + 1, why, sizeof why);
    rd_kafka_conf_set(conf, "group.id", "test", why, sizeof why);
    rd_kafka_t *reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    rd_kafka_topic_partition_list_t *parts = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(parts, "alerts", 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    assert_int_equal(rd_kafka_assign(reader, parts), 0);
    for (int i = 0; i < n; i++) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(reader, WAIT_MS);
        assert_non_null(m);
        assert_int_equal(m->err, 0);
        snprintf(want, sizeof want, "{\"line\":%d}", i);
        assert_int_equal(m->len, strlen(want));
        assert_memory_equal(m->payload, want, m->len);
        assert_int_equal(m->key_len, (size_t)snprintf(want, sizeof want, "%d", i));
        assert_memory_equal(m->key, want, m->key_len);
        rd_kafka_message_destroy(m);
    }
    rd_kafka_topic_partition_list_destroy(parts);
    rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
}

static struct channel *start(const struct output_config *config, bool waits)
{
    struct err err = {0};
    struct channel *c = channel_new(&(struct channel_options){.config = config, .waits = waits}, &err);
    if (!c)
        fail_msg("%s", err.what);
    assert_true(channel_start(c, &err));
    return c;
}

static struct output_counts finish(struct channel *c)
{
    struct err err = {0};
    struct output_counts counts;
    assert_true(channel_end(c, &err));
    channel_counts(c, &counts);
    assert_true(output_sums_hold(&counts));
    channel_free(c);
    return counts;
}

static void test_arrives(void **state)
{
    struct cluster cluster;
    start_cluster(&cluster);
    struct output_config config = {.type = OUTPUT_KAFKA, .target = cluster.target};
    struct channel *c = start(&config, true);
    offer(c, 0, LINES);
    assert_int_equal(finish(c).written, LINES);
    check_arrived(&cluster, LINES);
    stop_cluster(&cluster);
}

/* Away from before the first line on, back later. */
static void test_broker_comes_back(void **state)
{
    struct cluster cluster;
    start_cluster(&cluster);
    rd_kafka_mock_broker_set_down(cluster.mock, 1);
    struct output_config config = {.type = OUTPUT_KAFKA,
                                   .target = cluster.target,
                                   .settings = {{"reconnect.backoff.max.ms", "200"}},
                                   .n_settings = 1};
    struct channel *c = start(&config, true);
    offer(c, 0, LINES / 2);
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    struct output_counts counts;
    channel_counts(c, &counts);
    assert_int_equal(counts.queued, LINES / 2);
    rd_kafka_mock_broker_set_up(cluster.mock, 1);
    offer(c, LINES / 2, LINES / 2);
    assert_int_equal(finish(c).written, LINES);
    check_arrived(&cluster, LINES);
    stop_cluster(&cluster);
}

/* Away for all of a live run: what was not acknowledged is on disk, and the next run brings it. */
static void test_spills(void **state)
{
    struct cluster cluster;
    char folder[FOLDER_ROOM];
    folder_make(folder);
    start_cluster(&cluster);
    struct output_config config = {.type = OUTPUT_KAFKA, .target = cluster.target, .spill_dir = folder};
    rd_kafka_mock_broker_set_down(cluster.mock, 1);
    struct channel *c = start(&config, false);
    offer(c, 0, LINES);
    assert_int_equal(finish(c).spilled, LINES);
    rd_kafka_mock_broker_set_up(cluster.mock, 1);
    c = start(&config, true);
    struct output_counts counts = finish(c);
    assert_int_equal(counts.recovered, LINES);
    assert_int_equal(counts.written, LINES);
    check_arrived(&cluster, LINES);
    stop_cluster(&cluster);
    folder_remove(folder);
}

static void test_wrong_setting(void **state)
{
    struct output_config config = {.type = OUTPUT_KAFKA,
                                   .target = "alerts@broker.example",
                                   .settings = {{"colour", "red"}},
                                   .n_settings = 1};
    struct err err = {0};
    assert_null(channel_new(&(struct channel_options){.config = &config}, &err));
    assert_non_null(strstr(err.what, "colour"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_arrives),
                                       cmocka_unit_test(test_broker_comes_back),
                                       cmocka_unit_test(test_spills), cmocka_unit_test(test_wrong_setting)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
