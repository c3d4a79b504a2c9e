/* See bench_report.h. Colours are chosen for contrast on either ground; the page has no script, and nothing in it asks for another file. */
#include <inttypes.h>
#include <stdio.h>

#include "tools/bench_plot.h"
#include "tools/bench_report.h"
#include "tools/version.h"

enum { NAME_BYTES = 200, CELL_BYTES = 1 << 12 };

static const char head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
    "<title>What these lists cost</title>\n"
    "<style>\n"
    ":root{color-scheme:light "
    "dark;--ground:#fcfcfb;--card:#ffffff;--ink:#1f1f1e;--soft:#5f5e5a;--line:#e3e2dd;"
    "--one:#2a6fca;--two:#c4501b;--bad:#a8201a;--good:#1d6b39}\n"
    "@media (prefers-color-scheme:dark){:root{--ground:#181817;--card:#20201f;--ink:#f1f0ec;--soft:#aeaca5;"
    "--line:#3a3a37;--one:#5b9bee;--two:#ec8450;--bad:#f08a80;--good:#7cc797}}\n"
    "body{margin:0 auto;max-width:1080px;padding:32px 20px 64px;background:var(--ground);color:var(--ink);"
    "font:15px/1.5 system-ui,sans-serif}\n"
    "h1{font-size:28px;line-height:1.2;margin:0 0 4px}h2{font-size:18px;margin:40px 0 8px}\n"
    "p{margin:6px 0;max-width:76ch}.soft,figcaption,th,dt{color:var(--soft)}\n"
    "code,td.v{font-family:ui-monospace,monospace;font-size:13px;overflow-wrap:anywhere}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:24px 0}\n"
    ".tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px}\n"
    ".tile b{display:block;font-size:24px;font-weight:600;line-height:1.3}.tile span{color:var(--soft);"
    "font-size:13px}\n"
    ".plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:16px;align-"
    "items:start}\n"
    "figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px "
    "14px}\n"
    "figcaption{font-size:14px;margin-bottom:8px}svg{display:block;width:100%;height:auto}\n"
    "svg text{font:13px system-ui,sans-serif;fill:var(--ink)}svg .tick,svg .title{fill:var(--soft);"
    "font-size:12px}\n"
    ".grid{stroke:var(--line)}.axis{stroke:var(--soft)}rect.one,circle.one{fill:var(--one)}"
    "circle.two{fill:var(--two)}\n"
    ".line{fill:none;stroke-width:2}.line.one,.whisker.one{stroke:var(--one)}"
    ".line.two,.whisker.two{stroke:var(--two)}\n"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n"
    "th{font-weight:500;text-align:left;font-size:13px}th,td{padding:5px 12px 5px 0;border-bottom:1px solid "
    "var(--line);vertical-align:top}td.n,th.n{text-align:right;white-space:nowrap}\n"
    ".bad{color:var(--bad)}.good{color:var(--good)}dl{display:grid;grid-template-columns:max-content 1fr;"
    "gap:4px 16px;margin:8px 0}dd{margin:0;overflow-wrap:anywhere}\n"
    "</style></head>\n<body>\n";

static void put_cell(struct buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put_cell(struct buf *out, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_put_str(out, "<td class=\"n\">");
    buf_vprintf(out, fmt, ap);
    buf_put_str(out, "</td>");
    va_end(ap);
}

/* "value (list:line)" */
static void put_indicator(struct buf *out, const struct set_view *v, uint32_t indicator)
{
    struct buf place;
    buf_init(&place, CELL_BYTES);
    bench_put_place(&place, v, indicator);
    buf_put_str(out, "<td class=\"v\">");
    plot_put_text(out, set_value(v, indicator), NAME_BYTES);
    buf_put_str(out, "</td><td class=\"v soft\">");
    plot_put_text(out, buf_span(&place), NAME_BYTES);
    buf_put_str(out, "</td>");
    buf_fini(&place);
}

/* ---- tiles ---- */

static void put_tile(struct buf *out, const char *value, const char *what)
{
    buf_printf(out, "<div class=\"tile\"><b>%s</b><span>%s</span></div>\n", value, what);
}

static const char *bytes_text(double bytes, char *out, size_t room)
{
    struct buf b;
    buf_init(&b, 64);
    bench_put_bytes(&b, bytes);
    snprintf(out, room, "%.*s", (int)b.len, (const char *)b.ptr);
    buf_fini(&b);
    return out;
}

static void put_tiles(struct buf *out, const struct bench_result *r)
{
    char text[64];
    const struct bench_engine *e = bench_used_engine(r);
    buf_put_str(out, "<div class=\"tiles\">\n");
    snprintf(text, sizeof text, "%u", r->set->n_indicators);
    put_tile(out, text, "indicators");
    snprintf(text, sizeof text, "%.1f ns", e->ns[BENCH_BATCHES - 1].median);
    put_tile(out, text, "per field, 512 at a time");
    if (r->n_packets) {
        snprintf(text, sizeof text, "%.1f ns", r->packets.added.median);
        put_tile(out, text, "added to each packet");
    }
    snprintf(text, sizeof text, "%.3g s", r->load.compile_s.median);
    put_tile(out, text, "to compile");
    put_tile(out, bytes_text((double)bench_db_bytes(r->stats), text, sizeof text), "of compiled db");
    put_tile(out, bytes_text(r->load.peak_bytes.median, text, sizeof text), "of memory at most");
    snprintf(text, sizeof text, "%.1f", bench_per_million(r->n_hits, r->fields->n));
    put_tile(out, text, "hits per million fields");
    buf_put_str(out, "</div>\n");
}

/* ---- plots ---- */

static void plot_shares(struct buf *out, const char *caption, const struct bench_share *items, uint32_t n)
{
    struct plot_bar bars[BENCH_LISTS_MAX];
    uint32_t n_bars = 0;
    for (uint32_t i = 0; i < n; i++)
        if (items[i].n && items[i].is_measured)
            bars[n_bars++] = (struct plot_bar){items[i].name, items[i].added_ns};
    plot_bars(out, caption, bars, n_bars, "ns");
}

static void plot_batches(struct buf *out, const struct bench_result *r)
{
    struct plot_line lines[PLOT_LINES_MAX] = {0};
    struct plot_axis axis = {.title = "fields per scan", .n = BENCH_BATCHES};
    uint32_t n = 0;
    for (int b = 0; b < BENCH_BATCHES; b++) {
        axis.x[b] = (double)b / (BENCH_BATCHES - 1);
        snprintf(axis.labels[b], sizeof axis.labels[b], "%u", bench_batches[b]);
    }
    for (uint32_t i = 0; i < r->n_engines; i++) {
        if (!r->engines[i].is_measured)
            continue;
        struct plot_line *l = &lines[n++];
        l->label = r->stats->n_names ? r->engines[i].name : "all";
        l->n = BENCH_BATCHES;
        for (int b = 0; b < BENCH_BATCHES; b++) {
            l->x[b] = axis.x[b];
            l->y[b] = r->engines[i].ns[b];
        }
    }
    plot_lines(out, "Scanning by fields per scan, and by engine for names", lines, n, &axis, "ns per field");
}

static void plot_sizes(struct buf *out, const struct bench_result *r)
{
    static const char *const parts[BENCH_SIZES] = {"1/8", "1/4", "1/2", "all"};
    struct plot_line scan = {.label = "", .n = r->n_sizes}, compile = scan;
    struct plot_axis axis = {.title = "of the indicators", .n = r->n_sizes};
    for (uint32_t i = 0; i < r->n_sizes; i++) {
        axis.x[i] = scan.x[i] = compile.x[i] = 1.0 / r->sizes[i].every;
        snprintf(axis.labels[i], sizeof axis.labels[i], "%s", parts[i]);
        scan.y[i] = r->sizes[i].ns;
        compile.y[i] = spread_exact(r->sizes[i].compile_s * 1e3);
    }
    plot_lines(out, "Cost against list size: scanning", &scan, 1, &axis, "ns per field");
    plot_lines(out, "Cost against list size: compiling", &compile, 1, &axis, "ms");
}

static void put_plots(struct buf *out, const struct bench_result *r)
{
    buf_put_str(
        out, "<h2>Where the time goes</h2>\n<p class=\"soft\">Each list and each class of indicators alone, "
             "beyond what a field costs without any. An indicator in two lists counts for both.</p>\n"
             "<div class=\"plots\">\n");
    plot_shares(out, "Lists, ns per field", r->lists, r->n_lists);
    plot_shares(out, "Classes, ns per field", r->classes_alone, CLASS_COUNT);
    plot_batches(out, r);
    plot_sizes(out, r);
    plot_times(out, "Single scans by the time they took, but the slowest in a thousand", &r->singles);
    buf_put_str(out, "</div>\n");
}

/* ---- tables ---- */

static void put_patterns(struct buf *out, const struct bench_result *r)
{
    if (r->n_patterns == 0)
        return;
    buf_printf(
        out,
        "<h2>The most expensive patterns</h2>\n<p class=\"soft\">Of %u regexes and wildcards, %u were tried. "
        "Alone: compiled and scanned by itself. Saved without: all patterns against all but this one.</p>\n"
        "<div class=\"scroll\"><table><tr><th class=\"n\">alone, ns</th><th class=\"n\">saved without, "
        "ns</th>"
        "<th class=\"n\">compile, ms</th><th class=\"n\">hits</th><th>pattern</th><th>list</th></tr>\n",
        r->n_patterns_all, r->n_patterns_tried);
    for (uint32_t i = 0; i < r->n_patterns; i++) {
        const struct bench_pattern *p = &r->patterns[i];
        buf_put_str(out, "<tr>");
        put_cell(out, "%.1f", p->added_ns);
        if (p->has_without && p->without_ns > 0)
            put_cell(out, "%.1f", p->without_ns);
        else
            put_cell(out, "%s", p->has_without ? "none seen" : "not measured");
        put_cell(out, "%.1f", p->compile_ms);
        put_cell(out, "%" PRIu64, p->n_hits);
        put_indicator(out, r->set, p->indicator);
        buf_put_str(out, "</tr>\n");
    }
    buf_put_str(out, "</table></div>\n");
}

static void put_plain(struct buf *out, const struct bench_result *r)
{
    if (r->n_plain == 0)
        return;
    buf_put_str(out, "<h2>Regexes that need be none</h2>\n");
    if (r->with_plain_ns.n) {
        buf_put_str(out, "<p>As measured: ");
        bench_put_saving(out, r);
        buf_put_str(out, ".</p>\n");
    }
    buf_put_str(out, "<div class=\"scroll\"><table><tr><th>regex</th><th>list</th><th>instead</th></tr>\n");
    for (uint32_t i = 0; i < r->n_plain; i++) {
        const struct bench_plain *p = &r->plain[i];
        buf_put_str(out, "<tr>");
        put_indicator(out, r->set, p->indicator);
        buf_put_str(out, "<td class=\"v\">");
        plot_put_text(out, span_str(p->value), NAME_BYTES);
        buf_printf(out, " (%s, %s%s)</td></tr>\n", ioc_type_name(p->type), ioc_match_name(p->match),
                   p->is_same ? "" : "; the regex is open at an end");
    }
    buf_put_str(out, "</table></div>\n");
}

static void put_hitters(struct buf *out, const struct bench_result *r)
{
    buf_printf(out,
               "<h2>Hits</h2>\n<p>%.1f per million fields: %" PRIu64
               " in %u, before validity, repeats in a flow, and allow-lists asked at the alert.</p>\n",
               bench_per_million(r->n_hits, r->fields->n), r->n_hits, r->fields->n);
    if (r->n_hitters == 0)
        return;
    buf_put_str(out, "<div class=\"scroll\"><table><tr><th class=\"n\">per "
                     "million</th><th>indicator</th><th>list</th></tr>\n");
    for (uint32_t i = 0; i < r->n_hitters; i++) {
        buf_put_str(out, "<tr>");
        put_cell(out, "%.1f", bench_per_million(r->hitters[i].n, r->fields->n));
        put_indicator(out, r->set, r->hitters[i].indicator);
        buf_put_str(out, "</tr>\n");
    }
    buf_put_str(out, "</table></div>\n");
}

static void put_figure(struct buf *out, const struct spread *s, const char *unit)
{
    char text[64];
    if (unit[0] == 'b')
        put_cell(out, "%s", bytes_text(s->median, text, sizeof text));
    else
        put_cell(out, "%.4g %s", s->median, unit);
}

static void put_baseline(struct buf *out, const struct bench_baseline *b)
{
    buf_printf(out, "<h2>Beside the earlier run</h2>\n<p>Costs more: %u; costs less: %u.", b->n_more,
               b->n_less);
    if (b->has_other_machine)
        buf_put_str(out, " It was made on another machine or kernel: times say little about the lists.");
    if (b->has_other_lists)
        buf_put_str(out, " Its lists were others.");
    if (b->has_other_fields)
        buf_put_str(out, " Its fields were others.");
    buf_put_str(out, "</p>\n<div class=\"scroll\"><table><tr><th>figure</th><th class=\"n\">earlier</th><th "
                     "class=\"n\">now</th>"
                     "<th class=\"n\">ratio</th><th class=\"n\">drift</th><th>verdict</th></tr>\n");
    for (uint32_t i = 0; i < b->n; i++) {
        const struct bench_compared *c = &b->items[i];
        bool is_more = c->is_comparable && c->change == CHANGE_MORE,
             is_less = c->is_comparable && c->change == CHANGE_LESS;
        buf_printf(out, "<tr><td>%s</td>", c->name);
        put_figure(out, &c->before, c->unit);
        put_figure(out, &c->now, c->unit);
        if (c->is_comparable) {
            put_cell(out, "%.2f", c->ratio);
            put_cell(out, "%.2f", c->drift);
        } else {
            buf_put_str(out, "<td class=\"n\">-</td><td class=\"n\">-</td>");
        }
        buf_printf(out, "<td class=\"%s\">%s</td></tr>\n",
                   is_more   ? "bad"
                   : is_less ? "good"
                             : "soft",
                   !c->is_comparable ? "not compared"
                   : is_more         ? "costs more"
                   : is_less         ? "costs less"
                                     : "no difference seen");
    }
    buf_put_str(out, "</table></div>\n");
}

/* ---- how it was measured ---- */

static void put_term(struct buf *out, const char *term, struct span text)
{
    buf_printf(out, "<dt>%s</dt><dd>", term);
    plot_put_text(out, text, CELL_BYTES);
    buf_put_str(out, "</dd>\n");
}

static void put_files(struct buf *out, const struct bench_host *h)
{
    for (size_t i = 0; i < h->n_files; i++) {
        buf_put_str(out, "<dt>file</dt><dd>");
        plot_put_text(out, span_str(h->files[i].path), CELL_BYTES);
        buf_printf(out, ", %" PRIu64 " bytes, sha256 <code>%s</code></dd>\n", h->files[i].bytes,
                   h->files[i].sha256);
    }
}

static void put_method(struct buf *out, const struct bench_result *r)
{
    struct buf text;
    buf_init(&text, CELL_BYTES);
    buf_put_str(out, "<h2>How it was measured</h2>\n<dl>\n");
    buf_printf(&text, "vedette %s, commit %s, compiler %s, hyperscan %s", VEDETTE_VERSION, version_commit,
               __VERSION__, r->host.hyperscan);
    put_term(out, "program", buf_span(&text));
    buf_reset(&text);
    buf_printf(&text, "%s, %u cores, governor %s, %s, load %.2f", r->host.cpu, r->host.n_cores,
               r->host.governor, r->host.kernel, r->host.load);
    put_term(out, "machine", buf_span(&text));
    put_files(out, &r->host);
    buf_reset(&text);
    bench_put_fields(&text, r);
    put_term(out, "fields", buf_span(&text));
    buf_reset(&text);
    buf_printf(&text, "%u planted fields: %" PRIu64 " hits, a plain second way says %" PRIu64 "; %s",
               r->check.n_planted, r->check.n_found, r->check.n_expected,
               r->engines_agree && !r->check.n_different ? "engines and batch sizes agree"
                                                         : "the figures are void");
    put_term(out, "check", buf_span(&text));
    put_term(
        out, "times",
        SPAN_LIT(
            "medians of several rounds of CPU time, whiskers are quartiles; single scans by the wall clock, "
            "what reading it takes taken off; compiling and memory in processes of their own"));
    buf_put_str(out, "</dl>\n");
    buf_fini(&text);
}

void bench_html(struct buf *out, const struct bench_result *r, const struct bench_baseline *b)
{
    buf_put_str(out, head);
    buf_put_str(out, "<h1>What these lists cost</h1>\n<p class=\"soft\">");
    buf_printf(out, "vedette %s on ", VEDETTE_VERSION);
    plot_put_text(out, span_str(r->host.cpu), NAME_BYTES);
    buf_printf(out, "; %zu file%s, %u list%s.</p>\n", r->host.n_files, r->host.n_files == 1 ? "" : "s",
               r->set->n_lists, r->set->n_lists == 1 ? "" : "s");
    if (r->check.n_different || !r->engines_agree)
        buf_put_str(out, "<p class=\"bad\">The matcher's hits are wrong: the figures are void.</p>\n");
    put_tiles(out, r);
    if (b)
        put_baseline(out, b);
    put_plots(out, r);
    put_patterns(out, r);
    put_plain(out, r);
    put_hitters(out, r);
    put_method(out, r);
    buf_put_str(out, "</body></html>\n");
}
