/* See bench_report.h: for people, at most 100 columns wide but for names and values. */
#include <inttypes.h>

#include "base/json.h"
#include "tools/bench_report.h"
#include "tools/version.h"

/* ---- what all forms say alike ---- */

void bench_put_place(struct buf *out, const struct set_view *v, uint32_t indicator)
{
    const struct origin *o = &v->origins[v->indicators[indicator].origins];
    put_escaped(out, set_text(v, v->lists[o->list].name));
    buf_printf(out, ":%u", o->line);
}

void bench_put_bytes(struct buf *out, double bytes)
{
    if (bytes < 1024)
        buf_printf(out, "%.0f bytes", bytes);
    else if (bytes < 1 << 20)
        buf_printf(out, "%.1f KiB", bytes / 1024);
    else
        buf_printf(out, "%.1f MiB", bytes / (1 << 20));
}

static void put_mix(struct buf *out, const struct bench_result *r)
{
    const char *comma = "";
    for (int f = 0; f < FIELD_COUNT; f++) {
        if (!r->fields->by_field[f])
            continue;
        buf_printf(out, "%s%s %.1f%%", comma, field_name((enum field)f),
                   100.0 * (double)r->fields->by_field[f] / r->fields->n);
        comma = ", ";
    }
}

void bench_put_fields(struct buf *out, const struct bench_result *r)
{
    if (r->is_captured) {
        buf_printf(out, "%u fields that these lists look at, of %" PRIu64 " packets from captures",
                   r->fields->n, r->n_packets);
        if (r->fields->n_left_out + r->n_packets_left_out)
            buf_printf(out, " (%" PRIu64 " more fields and %" PRIu64 " more packets left out)",
                       r->fields->n_left_out, r->n_packets_left_out);
    } else {
        buf_printf(out, "%u made fields, the built-in mix with seed %" PRIu64 " (no capture: -r)",
                   r->fields->n, r->seed);
    }
    buf_put_str(out, ": ");
    put_mix(out, r);
}

void bench_put_saving(struct buf *out, const struct bench_result *r)
{
    double ratio;
    enum change change = spread_compare(&r->with_regexes_ns, &r->with_plain_ns, &ratio);
    buf_printf(out, "all indicators, with the same in their stead: %.1f instead of %.1f ns per field: ",
               r->with_plain_ns.median, r->with_regexes_ns.median);
    if (change == CHANGE_LESS)
        buf_printf(out, "%.0f%% saved", 100 * (1 - ratio));
    else
        buf_put_str(out, change == CHANGE_MORE ? "it costs more" : "no difference seen");
}

void bench_put_pattern(struct buf *out, struct span value)
{
    const uint8_t *slash;
    while (value.len && (slash = memchr(value.ptr, '\\', value.len)) != NULL) {
        size_t n = (size_t)(slash - value.ptr);
        put_escaped(out, span_first(value, n));
        buf_put_byte(out, '\\');
        value = span_from(value, n + 1);
    }
    put_escaped(out, value);
}

/* ---- pieces ---- */

static void put_value(struct buf *out, const struct set_view *v, uint32_t indicator)
{
    struct span value = set_value(v, indicator);
    bench_put_pattern(out, span_first(value, BENCH_VALUE_SHOWN));
    if (value.len > BENCH_VALUE_SHOWN)
        buf_put_str(out, "...");
}

static void put_ns(struct buf *out, const struct spread *s)
{
    if (s->n)
        buf_printf(out, "%9.1f", s->median);
    else
        buf_printf(out, "%9s", "-");
}

/* "12.3 (11.9 - 13.0)" */
static void put_spread(struct buf *out, const struct spread *s, double unit, int decimals)
{
    buf_printf(out, "%.*f", decimals, s->median / unit);
    if (s->n > 1)
        buf_printf(out, " (%.*f - %.*f)", decimals, s->low / unit, decimals, s->high / unit);
}

/* ---- head ---- */

void bench_text_head(struct buf *out, const struct bench_host *h)
{
    buf_printf(out, "vedette %s, commit %s, compiler %s, hyperscan %s\n", VEDETTE_VERSION, version_commit,
               __VERSION__, h->hyperscan);
    buf_printf(out, "machine %s, %u cores, governor %s, %s, load %.2f\n", h->cpu, h->n_cores, h->governor,
               h->kernel, h->load);
    for (size_t i = 0; i < h->n_files; i++) {
        buf_put_str(out, "file    ");
        put_escaped(out, span_str(h->files[i].path));
        buf_printf(out, ": %" PRIu64 " bytes, sha256 %s\n", h->files[i].bytes, h->files[i].sha256);
    }
}

/* ---- body ---- */

static void put_check(struct buf *out, const struct bench_result *r)
{
    const struct bench_check *c = &r->check;
    buf_printf(out, "check   %u planted fields: %" PRIu64 " hits, a plain second way says %" PRIu64 "; ",
               c->n_planted, c->n_found, c->n_expected);
    buf_put_str(out,
                r->engines_agree ? "engines and batch sizes agree\n" : "ENGINES OR BATCH SIZES DISAGREE\n");
}

static void put_ready(struct buf *out, const struct bench_result *r)
{
    const struct bench_load *l = &r->load;
    buf_printf(out, "\nReady, each time in a process of its own: median of %u (quartiles)\n", l->cpu_s.n);
    buf_put_str(out, "  CPU time      ");
    put_spread(out, &l->cpu_s, 1, 4);
    buf_put_str(out, " s, all of it\n  compiling     ");
    put_spread(out, &l->compile_s, 1, 4);
    buf_put_str(out, " s, without reading\n");
    for (int p = 0; p < PART_COUNT; p++)
        buf_printf(out, "    %-26s %8.4f s of wall time\n", bench_part_name((enum bench_part)p),
                   l->parts[p].median);
    buf_put_str(out, "  peak memory   ");
    bench_put_bytes(out, l->peak_bytes.median);
    buf_put_str(out, "\n  resident      ");
    bench_put_bytes(out, l->resident_bytes.median);
    buf_put_str(out, "\n  db            ");
    bench_put_bytes(out, (double)bench_db_bytes(r->stats));
    buf_put_str(out, ": names ");
    bench_put_bytes(out, (double)r->stats->names_bytes);
    buf_put_str(out, ", addresses ");
    bench_put_bytes(out, (double)r->stats->addresses_bytes);
    buf_put_str(out, ", patterns and URLs ");
    bench_put_bytes(out, (double)r->stats->patterns_bytes);
    buf_put_str(out, ", what was said of them ");
    bench_put_bytes(out, (double)r->stats->set_bytes);
    buf_printf(out, "\n  indicators    %u, of which %u never match (allow-lists %u, refused %u)\n",
               r->set->n_indicators, r->stats->n_suppressed + r->stats->n_refused, r->stats->n_suppressed,
               r->stats->n_refused);
}

static void put_engines(struct buf *out, const struct bench_result *r)
{
    buf_put_str(out, "\nScanning, ns per field (CPU time), by fields per scan\n  names engine  compile s");
    for (int b = 0; b < BENCH_BATCHES; b++)
        buf_printf(out, "%9u", bench_batches[b]);
    buf_put_str(out, "   spread at 512\n");
    for (uint32_t i = 0; i < r->n_engines; i++) {
        const struct bench_engine *e = &r->engines[i];
        if (!e->is_measured) {
            buf_printf(out, "  %-12s  not measured: so many names take it too long to compile (--seconds)\n",
                       e->name);
            continue;
        }
        buf_printf(out, "%c %-12s %10.4f", e->is_used ? '*' : ' ', e->name, e->compile_s);
        for (int b = 0; b < BENCH_BATCHES; b++)
            put_ns(out, &e->ns[b]);
        const struct spread *s = &e->ns[BENCH_BATCHES - 1];
        buf_printf(out, "   %.1f - %.1f\n", s->low, s->high);
    }
    buf_printf(out, "  %-12s %10s%36.1f   * is what the sensor takes\n", "no indicator", "",
               r->nothing_ns.median);
}

static void put_share(struct buf *out, const struct bench_share *s)
{
    if (s->n == 0)
        return;
    buf_printf(out, "  %9u", s->n);
    if (s->is_measured)
        buf_printf(out, "  %9.4f %9.1f   %5.1f%%  ", s->compile_s, s->added_ns, 100 * s->share);
    else
        buf_printf(out, "  %9s %9s   %6s  ", "-", "-", "-");
    put_escaped(out, s->name);
    buf_put_byte(out, '\n');
}

static void put_shares(struct buf *out, const struct bench_result *r)
{
    buf_printf(
        out, "\nAlone, at %u fields per scan: ns per field beyond no indicator, and the share of their sum\n",
        BENCH_BATCH);
    buf_put_str(out, "  indicators  compile s        ns    share  class\n");
    for (int c = 0; c < CLASS_COUNT; c++)
        put_share(out, &r->classes_alone[c]);
    buf_put_str(out, "  indicators  compile s        ns    share  list\n");
    for (uint32_t i = 0; i < r->n_lists; i++)
        put_share(out, &r->lists[i]);
    if (r->set->n_lists > r->n_lists)
        buf_printf(out, "  %u shorter lists are not shown\n", r->set->n_lists - r->n_lists);
}

static void put_sizes(struct buf *out, const struct bench_result *r)
{
    buf_put_str(out, "\nBy size: one indicator in so many\n  one in  indicators  compile s  ns/field       "
                     "db  names engine\n");
    for (uint32_t i = 0; i < r->n_sizes; i++) {
        const struct bench_size *s = &r->sizes[i];
        buf_printf(out, "  %6u  %10u  %9.4f ", s->every, s->n, s->compile_s);
        put_ns(out, &s->ns);
        buf_put_str(out, "  ");
        bench_put_bytes(out, (double)s->bytes);
        buf_printf(out, "  %s\n", s->engine);
    }
    if (r->n_sizes < BENCH_SIZES)
        buf_put_str(out, "  the others are left out: they take longer (--seconds)\n");
}

static void put_patterns(struct buf *out, const struct bench_result *r)
{
    if (r->n_patterns_all == 0) {
        buf_put_str(
            out, "\nPatterns: no regex or wildcard; what an indicator costs is its class's cost by size\n");
        return;
    }
    buf_printf(out, "\nThe most expensive of %u regexes and wildcards (%u tried), ns per field\n",
               r->n_patterns_all, r->n_patterns_tried);
    if (r->n_patterns_tried < r->n_patterns_all)
        buf_put_str(out, "  the others were not tried: they take longer (--seconds)\n");
    buf_put_str(out, "     alone  saved without   compile       hits  pattern\n");
    for (uint32_t i = 0; i < r->n_patterns; i++) {
        const struct bench_pattern *p = &r->patterns[i];
        buf_printf(out, "  %8.1f", p->added_ns);
        if (!p->has_without)
            buf_printf(out, "  %13s", "-");
        else if (p->without_ns > 0)
            buf_printf(out, "  %13.1f", p->without_ns);
        else
            buf_printf(out, "  %13s", "none seen");
        buf_printf(out, "  %8.1f %10" PRIu64 "  ", p->compile_ms, p->n_hits);
        put_value(out, r->set, p->indicator);
        buf_put_str(out, " (");
        bench_put_place(out, r->set, p->indicator);
        buf_put_str(out, ")\n");
    }
    buf_put_str(out, "  alone: compiled (ms) and scanned by itself; saved without: all patterns against all "
                     "but this one\n");
}

static void put_plain(struct buf *out, const struct bench_result *r)
{
    if (r->n_plain_all == 0)
        return;
    buf_printf(out, "\nRegexes that could be names or URLs: %u, %u of them with the same hits\n",
               r->n_plain_all, r->n_plain_same);
    for (uint32_t i = 0; i < r->n_plain; i++) {
        const struct bench_plain *p = &r->plain[i];
        buf_put_str(out, "  ");
        put_value(out, r->set, p->indicator);
        buf_put_str(out, " (");
        bench_put_place(out, r->set, p->indicator);
        buf_printf(out, "): the %s %s, match %s%s\n", ioc_type_name(p->type), p->value,
                   ioc_match_name(p->match),
                   p->is_same ? "" : ", if that is what is meant: the regex is open at an end");
    }
    if (r->with_plain_ns.n) {
        buf_put_str(out, "  ");
        bench_put_saving(out, r);
        buf_put_byte(out, '\n');
    }
}

static void put_hits(struct buf *out, const struct bench_result *r)
{
    buf_printf(out, "\nHits: %.1f per million fields (%" PRIu64 " of %u), in %.4f%% of the fields\n",
               bench_per_million(r->n_hits, r->fields->n), r->n_hits, r->fields->n,
               100.0 * (double)r->n_fields_hit / r->fields->n);
    for (uint32_t i = 0; i < r->n_hitters; i++) {
        buf_printf(out, "  %10.1f  ", bench_per_million(r->hitters[i].n, r->fields->n));
        put_value(out, r->set, r->hitters[i].indicator);
        buf_put_str(out, " (");
        bench_put_place(out, r->set, r->hitters[i].indicator);
        buf_put_str(out, ")\n");
    }
    if (r->n_hits)
        buf_put_str(out, "  before validity, repeats in a flow, and allow-lists asked at the alert\n");
}

static void put_singles(struct buf *out, const struct bench_result *r)
{
    static const double shares[] = {0.5, 0.9, 0.99, 0.999};
    buf_printf(out, "\nSingle scans, wall ns (clock's own %.0f taken off), %" PRIu64 " of them:", r->clock_ns,
               r->singles.sum);
    for (int i = 0; i < 4; i++)
        buf_printf(out, " p%g %.0f,", shares[i] * 100, times_quantile(&r->singles, shares[i]));
    buf_printf(out, " longest %.0f\n", r->singles.most);
}

static void put_packets(struct buf *out, const struct bench_result *r)
{
    if (r->n_packets == 0) {
        buf_put_str(out, "\nPackets: not measured without a capture (-r)\n");
        return;
    }
    const struct bench_packet_cost *p = &r->packets;
    buf_printf(out,
               "\nPackets: %" PRIu64 " replayed from memory, ns per packet (CPU time)\n  without lists  ",
               r->n_packets);
    put_spread(out, &p->without, 1, 1);
    buf_put_str(out, "\n  with them      ");
    put_spread(out, &p->with, 1, 1);
    buf_put_str(out, "\n  they add       ");
    put_spread(out, &p->added, 1, 1);
    buf_printf(out, "\n  %" PRIu64 " fields, %" PRIu64 " hits, %" PRIu64 " alerts\n", r->replay.n_fields,
               r->replay.n_hits, r->replay.n_alerts);
}

void bench_text_body(struct buf *out, const struct bench_result *r)
{
    buf_put_str(out, "fields  ");
    bench_put_fields(out, r);
    buf_put_byte(out, '\n');
    put_check(out, r);
    put_ready(out, r);
    put_engines(out, r);
    put_shares(out, r);
    put_sizes(out, r);
    put_patterns(out, r);
    put_plain(out, r);
    put_hits(out, r);
    put_singles(out, r);
    put_packets(out, r);
}

/* ---- beside an earlier run ---- */

static void put_figure(struct buf *out, const struct spread *s, const char *unit)
{
    if (unit[0] == 'b')
        buf_printf(out, "%14.0f", s->median);
    else
        buf_printf(out, unit[0] == 's' ? "%14.4f" : "%14.1f", s->median);
}

void bench_text_baseline(struct buf *out, const struct bench_baseline *b)
{
    buf_printf(out, "\nBeside the earlier run: %u cost more, %u less\n", b->n_more, b->n_less);
    if (b->has_other_machine)
        buf_put_str(out, "  it was made on another machine or kernel: times say little about the lists\n");
    if (b->has_other_lists)
        buf_put_str(out, "  its lists were others\n");
    if (b->has_other_fields)
        buf_put_str(out, "  its fields were others: what needs the same is not compared\n");
    buf_put_str(out, "  figure                      earlier           now   ratio  drift\n");
    for (uint32_t i = 0; i < b->n; i++) {
        const struct bench_compared *c = &b->items[i];
        buf_printf(out, "  %-20s", c->name);
        put_figure(out, &c->before, c->unit);
        put_figure(out, &c->now, c->unit);
        if (!c->is_comparable)
            buf_put_str(out, "       -      -  not compared\n");
        else
            buf_printf(out, "  %6.2f %6.2f  %s\n", c->ratio, c->drift,
                       c->change == CHANGE_MORE   ? "costs more"
                       : c->change == CHANGE_LESS ? "costs less"
                                                  : "no difference seen");
    }
    buf_put_str(out, "  drift: the same for a piece of work that no list has a part in\n");
}
