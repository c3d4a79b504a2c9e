/* See bench_report.h: for machines and for --baseline. */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "tools/bench_report.h"
#include "tools/version.h"

enum { DECIMALS = 6 };

static void put_spread_members(struct json *j, const struct spread *s)
{
    json_double(j, "median", s->median, DECIMALS);
    json_double(j, "low", s->low, DECIMALS);
    json_double(j, "high", s->high, DECIMALS);
    json_u64(j, "n", s->n);
}

static void put_spread(struct json *j, const char *key, const struct spread *s)
{
    json_begin_object(j, key);
    put_spread_members(j, s);
    json_end_object(j);
}

static void put_indicator(struct json *j, const struct set_view *v, uint32_t i)
{
    struct buf place;
    buf_init(&place, 1 << 20);
    bench_put_place(&place, v, i);
    json_text(j, "value", set_value(v, i));
    json_str(j, "type", ioc_type_name((enum ioc_type)v->indicators[i].type));
    json_text(j, "place", buf_span(&place));
    buf_fini(&place);
}

static void put_origin(struct json *j, const struct bench_host *h)
{
    json_begin_object(j, "program");
    json_str(j, "version", VEDETTE_VERSION);
    json_str(j, "commit", version_commit);
    json_str(j, "compiler", __VERSION__);
    json_str(j, "hyperscan", h->hyperscan);
    json_end_object(j);
    json_begin_object(j, "machine");
    json_text(j, "cpu", span_str(h->cpu));
    json_u64(j, "cores", h->n_cores);
    json_text(j, "governor", span_str(h->governor));
    json_text(j, "kernel", span_str(h->kernel));
    json_double(j, "load", h->load, 2);
    json_end_object(j);
    json_begin_array(j, "files");
    for (size_t i = 0; i < h->n_files; i++) {
        json_begin_object(j, NULL);
        json_text(j, "path", span_str(h->files[i].path));
        json_u64(j, "bytes", h->files[i].bytes);
        json_str(j, "sha256", h->files[i].sha256);
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_fields(struct json *j, const struct bench_result *r)
{
    char mark[17];
    snprintf(mark, sizeof mark, "%016" PRIx64, r->fields_mark);
    json_begin_object(j, "fields");
    json_str(j, "from", r->is_captured ? "captures" : "built-in mix");
    if (!r->is_captured)
        json_u64(j, "seed", r->seed);
    json_str(j, "mark", mark);
    json_u64(j, "n", r->fields->n);
    json_u64(j, "left_out", r->fields->n_left_out);
    json_begin_object(j, "by_field");
    for (int f = 0; f < FIELD_COUNT; f++)
        if (r->fields->by_field[f])
            json_u64(j, field_name((enum field)f), r->fields->by_field[f]);
    json_end_object(j);
    json_end_object(j);
}

static void put_check(struct json *j, const struct bench_result *r)
{
    json_begin_object(j, "check");
    json_u64(j, "planted", r->check.n_planted);
    json_u64(j, "found", r->check.n_found);
    json_u64(j, "expected", r->check.n_expected);
    json_u64(j, "different", r->check.n_different);
    json_bool(j, "engines_agree", r->engines_agree);
    json_end_object(j);
}

static void put_ready(struct json *j, const struct bench_result *r)
{
    json_begin_object(j, "ready");
    json_u64(j, "indicators", r->set->n_indicators);
    json_u64(j, "suppressed", r->stats->n_suppressed);
    json_u64(j, "refused", r->stats->n_refused);
    put_spread(j, "cpu_s", &r->load.cpu_s);
    put_spread(j, "compile_s", &r->load.compile_s);
    json_begin_object(j, "parts_s");
    for (int p = 0; p < PART_COUNT; p++)
        put_spread(j, bench_part_name((enum bench_part)p), &r->load.parts[p]);
    json_end_object(j);
    put_spread(j, "peak_bytes", &r->load.peak_bytes);
    put_spread(j, "resident_bytes", &r->load.resident_bytes);
    json_begin_object(j, "db_bytes");
    json_u64(j, "names", r->stats->names_bytes);
    json_u64(j, "addresses", r->stats->addresses_bytes);
    json_u64(j, "patterns", r->stats->patterns_bytes);
    json_u64(j, "set", r->stats->set_bytes);
    json_end_object(j);
    json_end_object(j);
}

static void put_engines(struct json *j, const struct bench_result *r)
{
    char batch[12];
    json_begin_array(j, "engines");
    for (uint32_t i = 0; i < r->n_engines; i++) {
        const struct bench_engine *e = &r->engines[i];
        json_begin_object(j, NULL);
        json_str(j, "names", e->name);
        json_bool(j, "is_used", e->is_used);
        json_bool(j, "is_measured", e->is_measured);
        if (e->is_measured) {
            json_double(j, "compile_s", e->compile_s, DECIMALS);
            json_begin_object(j, "ns_per_field");
            for (int b = 0; b < BENCH_BATCHES; b++) {
                snprintf(batch, sizeof batch, "%u", bench_batches[b]);
                put_spread(j, batch, &e->ns[b]);
            }
            json_end_object(j);
        }
        json_end_object(j);
    }
    json_end_array(j);
    put_spread(j, "no_indicator_ns", &r->nothing_ns);
}

static void put_share(struct json *j, const struct bench_share *s)
{
    json_begin_object(j, NULL);
    json_text(j, "name", s->name);
    json_u64(j, "indicators", s->n);
    if (s->is_measured) {
        json_double(j, "compile_s", s->compile_s, DECIMALS);
        put_spread(j, "alone_ns", &s->ns);
        json_double(j, "added_ns", s->added_ns, 3);
        json_double(j, "share", s->share, 4);
    }
    json_end_object(j);
}

static void put_shares(struct json *j, const struct bench_result *r)
{
    json_begin_array(j, "classes");
    for (int c = 0; c < CLASS_COUNT; c++)
        if (r->classes_alone[c].n)
            put_share(j, &r->classes_alone[c]);
    json_end_array(j);
    json_begin_array(j, "lists");
    for (uint32_t i = 0; i < r->n_lists; i++)
        put_share(j, &r->lists[i]);
    json_end_array(j);
    json_begin_array(j, "sizes");
    for (uint32_t i = 0; i < r->n_sizes; i++) {
        json_begin_object(j, NULL);
        json_u64(j, "one_in", r->sizes[i].every);
        json_u64(j, "indicators", r->sizes[i].n);
        json_str(j, "names", r->sizes[i].engine);
        json_double(j, "compile_s", r->sizes[i].compile_s, DECIMALS);
        json_u64(j, "db_bytes", r->sizes[i].bytes);
        put_spread(j, "ns_per_field", &r->sizes[i].ns);
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_patterns(struct json *j, const struct bench_result *r)
{
    json_begin_object(j, "patterns");
    json_u64(j, "all", r->n_patterns_all);
    json_u64(j, "tried", r->n_patterns_tried);
    json_begin_array(j, "most_expensive");
    for (uint32_t i = 0; i < r->n_patterns; i++) {
        const struct bench_pattern *p = &r->patterns[i];
        json_begin_object(j, NULL);
        put_indicator(j, r->set, p->indicator);
        put_spread(j, "alone_ns", &p->ns);
        json_double(j, "added_ns", p->added_ns, 3);
        if (p->has_without)
            json_double(j, "saved_without_ns", p->without_ns, 3);
        json_double(j, "compile_ms", p->compile_ms, 3);
        json_u64(j, "hits", p->n_hits);
        json_end_object(j);
    }
    json_end_array(j);
    json_u64(j, "could_be_plain", r->n_plain_all);
    json_u64(j, "could_be_plain_same", r->n_plain_same);
    if (r->with_plain_ns.n) {
        put_spread(j, "all_as_they_are_ns", &r->with_regexes_ns);
        put_spread(j, "all_with_plain_ns", &r->with_plain_ns);
    }
    json_begin_array(j, "plain");
    for (uint32_t i = 0; i < r->n_plain; i++) {
        const struct bench_plain *p = &r->plain[i];
        json_begin_object(j, NULL);
        put_indicator(j, r->set, p->indicator);
        json_str(j, "as_type", ioc_type_name(p->type));
        json_str(j, "as_match", ioc_match_name(p->match));
        json_text(j, "as_value", span_str(p->value));
        json_bool(j, "is_same", p->is_same);
        json_end_object(j);
    }
    json_end_array(j);
    json_end_object(j);
}

static void put_hits(struct json *j, const struct bench_result *r)
{
    json_begin_object(j, "hits");
    json_u64(j, "n", r->n_hits);
    json_u64(j, "fields", r->n_fields_hit);
    json_double(j, "per_million_fields", bench_per_million(r->n_hits, r->fields->n), 1);
    json_begin_array(j, "most");
    for (uint32_t i = 0; i < r->n_hitters; i++) {
        json_begin_object(j, NULL);
        put_indicator(j, r->set, r->hitters[i].indicator);
        json_u64(j, "n", r->hitters[i].n);
        json_end_object(j);
    }
    json_end_array(j);
    json_end_object(j);
}

static void put_singles(struct json *j, const struct bench_result *r)
{
    json_begin_object(j, "single_scans");
    json_u64(j, "n", r->singles.sum);
    json_double(j, "clock_ns", r->clock_ns, 1);
    json_double(j, "p50_ns", times_quantile(&r->singles, 0.5), 1);
    json_double(j, "p90_ns", times_quantile(&r->singles, 0.9), 1);
    json_double(j, "p99_ns", times_quantile(&r->singles, 0.99), 1);
    json_double(j, "p999_ns", times_quantile(&r->singles, 0.999), 1);
    json_double(j, "longest_ns", r->singles.most, 1);
    json_end_object(j);
}

static void put_packets(struct json *j, const struct bench_result *r)
{
    if (r->n_packets == 0)
        return;
    json_begin_object(j, "packets");
    json_u64(j, "n", r->n_packets);
    json_u64(j, "left_out", r->n_packets_left_out);
    json_u64(j, "fields", r->replay.n_fields);
    json_u64(j, "hits", r->replay.n_hits);
    json_u64(j, "alerts", r->replay.n_alerts);
    put_spread(j, "without_ns", &r->packets.without);
    put_spread(j, "with_ns", &r->packets.with);
    put_spread(j, "added_ns", &r->packets.added);
    json_end_object(j);
}

static void put_metrics(struct json *j, const struct bench_result *r)
{
    json_begin_object(j, "metrics");
    for (uint32_t i = 0; i < r->n_metrics; i++) {
        const struct bench_metric *m = &r->metrics[i];
        json_begin_object(j, m->name);
        put_spread_members(j, &m->value);
        if (m->reference_ns > 0)
            json_double(j, "reference_ns", m->reference_ns, DECIMALS);
        json_end_object(j);
    }
    json_end_object(j);
}

static void put_baseline(struct json *j, const struct bench_baseline *b)
{
    json_begin_object(j, "baseline");
    json_bool(j, "has_other_machine", b->has_other_machine);
    json_bool(j, "has_other_lists", b->has_other_lists);
    json_bool(j, "has_other_fields", b->has_other_fields);
    json_u64(j, "cost_more", b->n_more);
    json_u64(j, "cost_less", b->n_less);
    json_begin_array(j, "compared");
    for (uint32_t i = 0; i < b->n; i++) {
        const struct bench_compared *c = &b->items[i];
        json_begin_object(j, NULL);
        json_str(j, "name", c->name);
        put_spread(j, "earlier", &c->before);
        put_spread(j, "now", &c->now);
        json_double(j, "ratio", c->ratio, 4);
        json_double(j, "drift", c->drift, 4);
        json_str(j, "verdict",
                 !c->is_comparable          ? "not compared"
                 : c->change == CHANGE_MORE ? "costs more"
                 : c->change == CHANGE_LESS ? "costs less"
                                            : "no difference seen");
        json_end_object(j);
    }
    json_end_array(j);
    json_end_object(j);
}

void bench_json(struct buf *out, const struct bench_result *r, const struct bench_baseline *b)
{
    struct json j;
    json_init(&j, out);
    json_begin_object(&j, NULL);
    put_origin(&j, &r->host);
    put_fields(&j, r);
    put_check(&j, r);
    put_ready(&j, r);
    put_engines(&j, r);
    put_shares(&j, r);
    put_patterns(&j, r);
    put_hits(&j, r);
    put_singles(&j, r);
    put_packets(&j, r);
    put_metrics(&j, r);
    if (b)
        put_baseline(&j, b);
    json_end_object(&j);
    buf_put_byte(out, '\n');
}
