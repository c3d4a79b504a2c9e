/* Kafka, by librdkafka: an idempotent producer. See outputs/output.h. A line is through when a broker acknowledged it. librdkafka connects,
 * and connects again, by itself and without end, so this output is never down: it is busy, and the queue before it spills. What it
 * was given stays in our hands until it is acknowledged; what a broker refuses for good (too large) is counted. */
#include <stdlib.h>

#include <librdkafka/rdkafka.h>

#include "outputs/output.h"

enum { LINGER_MS = 1000, ERROR_MAX = 256 };

struct kafka_out {
    const struct output_config *config; /* borrowed */
    char *topic, *brokers;              /* owned */
    rd_kafka_t *producer;               /* owned; NULL while closed */
    struct sheaf_left given;            /* behind the lines that are on their way */
    size_t n_acknowledged, n_refused;   /* of those on their way */
    bool has_failed;
    char error[ERROR_MAX];
};

static const struct output_setting defaults[] = {
    {"client.id", "vedette"},     {"enable.idempotence", "true"}, /* and acks=all with it */
    {"compression.type", "zstd"}, {"message.timeout.ms", "0"},    /* for as long as it takes */
    {"linger.ms", "5"},           {"log_level", "0"},
};

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    struct kafka_out *k = opaque;
    k->n_acknowledged++;
    if (message->err)
        k->n_refused++;
}

static void on_error(rd_kafka_t *producer, int code, const char *reason, void *opaque)
{
    struct kafka_out *k = opaque;
    k->has_failed = code == RD_KAFKA_RESP_ERR__FATAL;
    if (k->has_failed)
        rd_kafka_fatal_error(producer, k->error, sizeof k->error);
}

static rd_kafka_conf_t *make_conf(struct kafka_out *k, struct err *err)
{
    char why[200];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const struct output_config *c = k->config;
    bool is_good =
        rd_kafka_conf_set(conf, "bootstrap.servers", k->brokers, why, sizeof why) == RD_KAFKA_CONF_OK;
    for (size_t i = 0; is_good && i < sizeof defaults / sizeof *defaults; i++)
        is_good =
            rd_kafka_conf_set(conf, defaults[i].name, defaults[i].value, why, sizeof why) == RD_KAFKA_CONF_OK;
    for (size_t i = 0; is_good && i < c->n_settings; i++)
        is_good = rd_kafka_conf_set(conf, c->settings[i].name, c->settings[i].value, why, sizeof why) ==
                  RD_KAFKA_CONF_OK;
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_opaque(conf, k);
    if (is_good)
        return conf;
    rd_kafka_conf_destroy(conf);
    err_set(err, ERR_USAGE, c->target, "%s", why);
    return NULL;
}

static void kafka_close(void *out)
{
    struct kafka_out *k = out;
    if (!k->producer)
        return;
    rd_kafka_purge(k->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(k->producer, LINGER_MS);
    rd_kafka_destroy(k->producer);
    k->producer = NULL;
}

static void kafka_destroy(void *out)
{
    struct kafka_out *k = out;
    kafka_close(k);
    free(k->topic);
    free(k->brokers);
    free(k);
}

/* TOPIC@HOST[:PORT][+HOST...] */
static bool split_target(struct kafka_out *k)
{
    const char *target = k->config->target, *at = strrchr(target, '@');
    k->topic = at ? strndup(target, (size_t)(at - target)) : NULL;
    k->brokers = at ? strdup(at + 1) : NULL;
    for (char *c = k->brokers; c && *c; c++)
        if (*c == '+')
            *c = ',';
    return k->topic && k->brokers;
}

static void *kafka_create(const struct output_config *c, struct err *err)
{
    struct kafka_out *k = calloc(1, sizeof *k);
    if (k)
        k->config = c;
    if (!k || !split_target(k)) {
        err_set(err, ERR_MEMORY, NULL, "out of memory");
    } else {
        rd_kafka_conf_t *conf = make_conf(k, err); /* wrong settings are said at the start */
        if (conf) {
            rd_kafka_conf_destroy(conf);
            return k;
        }
    }
    if (k)
        kafka_destroy(k);
    return NULL;
}

static bool kafka_open(void *out, struct err *err)
{
    struct kafka_out *k = out;
    char why[200];
    rd_kafka_conf_t *conf = make_conf(k, err);
    if (!conf)
        return false;
    k->has_failed = false;
    k->n_acknowledged = k->n_refused = 0;
    k->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (k->producer)
        return true;
    rd_kafka_conf_destroy(conf);
    return err_set(err, ERR_IO, k->config->target, "%s", why);
}

/* False: its queue is full, or the line can't be sent at all (and counts as refused). */
static bool give_one(struct kafka_out *k, struct batch *b, struct span line, struct span key)
{
    rd_kafka_resp_err_t why = rd_kafka_producev(
        k->producer, RD_KAFKA_V_TOPIC(k->topic), RD_KAFKA_V_VALUE((void *)(uintptr_t)line.ptr, line.len - 1),
        RD_KAFKA_V_KEY(key.len ? (void *)(uintptr_t)key.ptr : NULL, key.len),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (why == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return false;
    if (why) { /* nobody will report it */
        k->n_acknowledged++;
        k->n_refused++;
    }
    b->n_given++;
    return true;
}

/* Acknowledgements come in the order of each partition alone: so lines are let go of when all that were given are accounted for. */
static enum output_verdict kafka_write(void *out, struct batch *b, struct err *err)
{
    struct kafka_out *k = out;
    struct span line, key;
    if (b->n_given == 0) {
        k->given = b->left;
        k->n_acknowledged = k->n_refused = 0;
    }
    while (sheaf_first(&k->given, &line, &key) && give_one(k, b, line, key))
        sheaf_drop(&k->given);
    rd_kafka_poll(k->producer, 0);
    if (k->has_failed) {
        err_set(err, ERR_IO, k->config->target, "%.180s", k->error);
        return OUTPUT_DOWN;
    }
    if (k->n_acknowledged < b->n_given || b->n_given < b->left.n)
        return OUTPUT_BUSY;
    b->n_refused += k->n_refused;
    while (b->left.n)
        sheaf_drop(&b->left);
    b->n_given = 0;
    return OUTPUT_DONE;
}

const struct output_ops kafka_output = {
    .create = kafka_create,
    .destroy = kafka_destroy,
    .open = kafka_open,
    .close = kafka_close,
    .write = kafka_write,
};
