/* See bench_baseline.h. */
#include "tools/bench_baseline.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/input.h"
#include "base/json_read.h"

enum { FILE_BYTES_MAX = 8 << 20, TREE_BYTES_MAX = 64 << 20, READ_BYTES = 1 << 16 };

static bool read_file(const char *path, struct buf *out, struct err *err)
{
    struct input *in = input_open(path, err);
    ssize_t n = in ? 1 : -1;
    while (n > 0) {
        uint8_t *to = buf_reserve(out, READ_BYTES);
        if (!to) {
            err_set(err, ERR_LIMIT, path, "more than %d MiB: no run of `vedette bench` writes as much",
                    FILE_BYTES_MAX >> 20);
            n = -1;
            break;
        }
        n = input_read(in, to, READ_BYTES, err);
        out->len += n > 0 ? (size_t)n : 0;
    }
    input_close(in);
    return n == 0;
}

/* {"median": 1.5, "low": 1, "high": 2, "n": 5} */
static bool read_spread(const json_value *v, struct spread *out)
{
    double n;
    if (!json_number(json_member(v, "median"), &out->median) ||
        !json_number(json_member(v, "low"), &out->low) || !json_number(json_member(v, "high"), &out->high) ||
        !json_number(json_member(v, "n"), &n))
        return false;
    out->n = n > 0 && n < UINT32_MAX ? (uint32_t)n : 0;
    return true;
}

/* As if it had been measured on a machine that takes `factor` as long. */
static struct spread scaled(struct spread s, double factor)
{
    return (struct spread){s.median * factor, s.low * factor, s.high * factor, s.n};
}

/* A difference is one of the lists only when it is there as measured, and also when the machine's own drift is taken out. */
static enum change judge(struct bench_compared *c)
{
    double unused;
    struct spread expected = scaled(c->before, c->drift);
    enum change measured = spread_compare(&c->before, &c->now, &c->ratio),
                without_drift = spread_compare(&expected, &c->now, &unused);
    return measured == without_drift ? measured : CHANGE_NONE;
}

static void compare(const struct bench_metric *now, const json_value *metrics, struct bench_baseline *out)
{
    struct bench_compared c = {.unit = now->unit, .now = now->value};
    if (!read_spread(json_member(metrics, now->name), &c.before))
        return;
    snprintf(c.name, sizeof c.name, "%s", now->name);
    c.is_comparable = !(now->needs_fields && out->has_other_fields);
    double reference;
    bool has_reference =
        now->reference_ns > 0 &&
        json_number(json_member(json_member(metrics, now->name), "reference_ns"), &reference) &&
        reference > 0;
    c.drift = has_reference ? now->reference_ns / reference : 1;
    c.change = judge(&c);
    out->n_more += c.is_comparable && c.change == CHANGE_MORE;
    out->n_less += c.is_comparable && c.change == CHANGE_LESS;
    out->items[out->n++] = c;
}

static bool has_same_lists(const json_value *lists, const struct bench_host *now)
{
    size_t n = 0;
    for (const json_value *l = json_first(lists); l; l = json_next(l), n++)
        if (n == now->n_files || !span_eq(json_string_of(l, "sha256"), span_str(now->files[n].sha256)))
            return false;
    return n == now->n_files;
}

static bool has_figures(const json_value *root, const struct bench_result *now, struct bench_baseline *out)
{
    return json_is_object(json_member(root, "metrics")) && json_is_object(json_member(root, "fields")) &&
           json_is_object(json_member(root, "machine"));
}

static bool compare_all(const json_value *root, const struct bench_result *now, struct bench_baseline *out)
{
    const json_value *metrics = json_member(root, "metrics"), *fields = json_member(root, "fields"),
                     *machine = json_member(root, "machine");
    char mark[17];
    if (!has_figures(root, now, out))
        return false;
    snprintf(mark, sizeof mark, "%016llx", (unsigned long long)now->fields_mark);
    out->has_other_fields = !span_eq(json_string_of(fields, "mark"), span_str(mark));
    out->has_other_machine = !span_eq(json_string_of(machine, "cpu"), span_str(now->host.cpu)) ||
                             !span_eq(json_string_of(machine, "kernel"), span_str(now->host.kernel));
    out->has_other_lists = !has_same_lists(json_member(root, "files"), &now->host);
    for (uint32_t i = 0; i < now->n_metrics; i++)
        compare(&now->metrics[i], metrics, out);
    return out->n > 0;
}

/* What to do with the parsed file; false: it is none. */
typedef bool use_root(const json_value *root, const struct bench_result *now, struct bench_baseline *out);

static bool with_file(const char *path, use_root *use, const struct bench_result *now,
                      struct bench_baseline *out, struct err *err)
{
    struct json_reader *reader = json_reader_new(TREE_BYTES_MAX);
    struct json_part part;
    struct buf text;
    buf_init(&text, FILE_BYTES_MAX);
    bool is_good = reader || err_set(err, ERR_MEMORY, path, "out of memory");
    is_good = is_good && read_file(path, &text, err);
    if (is_good && !json_part_of(buf_span(&text), &part))
        is_good = err_set(err, ERR_SYNTAX, path, "nothing is in it");
    if (is_good) {
        const json_value *root = json_read(reader, &part, err);
        is_good = root != NULL;
        err->where = path;
        if (root && !use(root, now, out))
            is_good =
                err_set(err, ERR_SYNTAX, path, "no figures of an earlier `vedette bench --json` are in it");
    }
    buf_fini(&text);
    json_reader_free(reader);
    return is_good;
}

bool bench_baseline_is_one(const char *path, struct err *err)
{
    return with_file(path, has_figures, NULL, NULL, err);
}

bool bench_baseline(const char *path, const struct bench_result *now, struct bench_baseline *out,
                    struct err *err)
{
    *out = (struct bench_baseline){0};
    return with_file(path, compare_all, now, out, err);
}
