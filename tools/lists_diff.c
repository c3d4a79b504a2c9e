/* `vedette lists diff`: what came, went and changed from one edition of lists to the next; with captures, which alerts that means.
 *
 * Both editions are loaded into one set, the old one first: an indicator's origins say which edition has it. With captures each is also
 * loaded and compiled as replay would, and every packet is shown to both. */
#include "tools/lists.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/time.h"
#include "sensor/capture/capture.h"
#include "tools/edition.h"
#include "tools/help.h"
#include "tools/load_lists.h"
#include "tools/message.h"
#include "tools/paths.h"

enum { OUT_BYTES_MAX = 1 << 30, OUT_FLUSH = 64 * 1024, NOTES_EACH = 10, PACKETS_PER_READ = 4096 };

enum fate { STAYED, CAME, WENT, CHANGED, FATE_COUNT };

/* Alerts of one indicator, by the edition that alerts. */
struct hits {
    uint64_t both, gained, lost;
};

struct diff {
    struct list_context context;
    struct list_options options; /* of the argument at hand */
    struct note_limit notes;
    struct set *set, *allow; /* owned: of both editions */
    uint32_t n_old_lists, n_old_allow_lists;
    struct edition old, new; /* with captures */
    struct paths captures;
    struct hits *hits; /* owned; by indicator */
    struct hits sum;
    uint64_t n[FATE_COUNT];
    bool is_json, has_failed;
    struct buf out;
    struct json json;
};

/* ---- loading ---- */

static bool load_file(void *to, const char *file)
{
    struct diff *d = to;
    struct list_report report;
    struct err err = {0};
    bool is_good = list_load(&d->context, file, &d->options, &report, &err);
    bool goes_on = is_good || report.is_unreadable;
    if (!is_good)
        say_err(&err);
    d->has_failed |= !is_good;
    list_report_fini(&report);
    return goes_on;
}

static void load_argument(struct diff *d, const char *argument)
{
    const char *path;
    struct err err = {0};
    char *text = strdup(argument); /* is cut apart */
    d->options = (struct list_options){0};
    bool is_good =
        text && list_options_parse(text, &path, &d->options, &err) && list_walk(path, load_file, d, &err);
    if (!is_good && err.kind != ERR_NONE)
        say_err(&err);
    d->has_failed |= !is_good;
    free(text);
}

/* The same again, for itself; what there is to say has been said. */
static void load_edition(struct diff *d, struct edition *e, const char *argument)
{
    struct list_context both = d->context;
    d->context.set = e->set;
    d->context.allow = e->allow;
    d->context.note = NULL;
    load_argument(d, argument);
    d->context = both;
}

static bool load_both(struct diff *d, const char *old, const char *new)
{
    bool has_captures = d->captures.n > 0, has_room = true;
    struct public_suffixes *suffixes = public_suffixes_new();
    d->set = set_new();
    d->allow = set_new();
    d->notes.max_each = NOTES_EACH;
    d->context = (struct list_context){.set = d->set,
                                       .allow = d->allow,
                                       .suffixes = suffixes,
                                       .note = load_note,
                                       .note_to = &d->notes,
                                       .now = time(NULL)};
    if (has_captures)
        has_room = edition_init(&d->old) && edition_init(&d->new);
    if (!has_room || !suffixes || !d->set || !d->allow) {
        public_suffixes_free(suffixes);
        say("out of memory");
        return false;
    }
    load_argument(d, old);
    d->n_old_lists = set_view_of(d->set).n_lists;
    d->n_old_allow_lists = set_view_of(d->allow).n_lists;
    load_argument(d, new);
    if (has_captures && !d->has_failed) {
        load_edition(d, &d->old, old);
        load_edition(d, &d->new, new);
    }
    public_suffixes_free(suffixes);
    return !d->has_failed;
}

/* ---- what became of an indicator ---- */

/* The first origin of an edition, or ORIGIN_END. */
static uint32_t first_origin(const struct set_view *v, uint32_t indicator, uint32_t n_old, bool is_old)
{
    uint32_t o = v->indicators[indicator].origins;
    while (o != ORIGIN_END && (v->origins[o].list < n_old) != is_old)
        o = v->origins[o].next;
    return o;
}

/* Does the other edition say the same of it somewhere? */
static bool is_said(const struct set_view *v, uint32_t indicator, uint32_t n_old, bool is_old,
                    uint32_t context)
{
    for (uint32_t o = v->indicators[indicator].origins; o != ORIGIN_END; o = v->origins[o].next)
        if ((v->origins[o].list < n_old) == is_old && v->origins[o].context == context)
            return true;
    return false;
}

static enum fate fate_of(const struct set_view *v, uint32_t indicator, uint32_t n_old)
{
    if (first_origin(v, indicator, n_old, true) == ORIGIN_END)
        return CAME;
    if (first_origin(v, indicator, n_old, false) == ORIGIN_END)
        return WENT;
    for (uint32_t o = v->indicators[indicator].origins; o != ORIGIN_END; o = v->origins[o].next)
        if (!is_said(v, indicator, n_old, v->origins[o].list >= n_old, v->origins[o].context))
            return CHANGED;
    return STAYED;
}

static bool is_same_text(const struct set_view *v, struct text_ref a, struct text_ref b)
{
    return span_eq(set_text(v, a), set_text(v, b));
}

static const char *tlp_text(uint8_t tlp)
{
    const char *name = tlp_name((enum tlp)tlp);
    return name ? name : "none";
}

static void put_date(struct buf *out, int64_t seconds)
{
    char text[TIME_TEXT_MAX];
    time_format_seconds(seconds, text);
    buf_put_str(out, seconds == INT64_MIN || seconds == INT64_MAX ? "none" : text);
}

static void put_word(struct buf *out, const char *word)
{
    if (out->len)
        buf_put_str(out, ", ");
    buf_put_str(out, word);
}

static bool is_same_tags(const struct set_view *v, const struct context *a, const struct context *b)
{
    bool is_same = a->n_tags == b->n_tags;
    for (uint32_t i = 0; is_same && i < a->n_tags; i++)
        is_same = is_same_text(v, v->tags[a->tags + i], v->tags[b->tags + i]);
    return is_same;
}

static void put_dates(struct buf *out, const char *word, int64_t a, int64_t b)
{
    if (a == b)
        return;
    put_word(out, word);
    put_date(out, a);
    buf_put_str(out, " -> ");
    put_date(out, b);
}

/* In what the first origins of both editions differ: "tlp green -> amber, tags". */
static void put_changes(struct buf *out, const struct set_view *v, const struct context *a,
                        const struct context *b)
{
    if (a->tlp != b->tlp) {
        put_word(out, "tlp ");
        buf_printf(out, "%s -> %s", tlp_text(a->tlp), tlp_text(b->tlp));
    }
    if (a->confidence != b->confidence) {
        put_word(out, "confidence ");
        buf_printf(out, "%d -> %d", a->confidence, b->confidence);
    }
    put_dates(out, "valid_from ", a->valid_from, b->valid_from);
    put_dates(out, "valid_until ", a->valid_until, b->valid_until);
    if (!is_same_text(v, a->organisation, b->organisation))
        put_word(out, "organisation");
    if (!is_same_tags(v, a, b))
        put_word(out, "tags");
    if (!is_same_text(v, a->description, b->description))
        put_word(out, "description");
    if (!is_same_text(v, a->reference, b->reference))
        put_word(out, "reference");
    if (!is_same_text(v, a->id, b->id))
        put_word(out, "id");
    if (out->len == 0)
        buf_put_str(out, "its origins");
}

/* ---- what is printed of it ---- */

static void flush(struct diff *d)
{
    if (d->out.len < OUT_FLUSH)
        return;
    print_text(stdout, &d->out);
    buf_reset(&d->out);
}

struct told {
    uint32_t indicator, origin; /* origin: where it came or went */
    enum fate fate;
    bool is_allow;
    struct buf changes;
};

static void put_line(struct diff *d, const struct set_view *v, const struct told *t)
{
    static const char signs[FATE_COUNT] = {' ', '+', '-', '~'};
    const struct indicator *ind = &v->indicators[t->indicator];
    const struct origin *o = &v->origins[t->origin];
    buf_printf(&d->out, "%c %s", signs[t->fate], t->is_allow ? "allow " : "");
    put_escaped(&d->out, set_value(v, t->indicator));
    buf_printf(&d->out, " (%s %s) ", ioc_type_name((enum ioc_type)ind->type),
               ioc_match_name((enum ioc_match)ind->match));
    put_escaped(&d->out, set_text(v, v->lists[o->list].path));
    buf_printf(&d->out, ":%" PRIu32, o->line);
    if (t->changes.len)
        buf_printf(&d->out, ": %.*s", (int)t->changes.len, (const char *)t->changes.ptr);
    buf_put_byte(&d->out, '\n');
}

static void put_object(struct diff *d, const struct set_view *v, const struct told *t)
{
    static const char *const fates[FATE_COUNT] = {"stayed", "came", "went", "changed"};
    const struct indicator *ind = &v->indicators[t->indicator];
    const struct origin *o = &v->origins[t->origin];
    struct json *j = &d->json;
    json_begin_object(j, NULL);
    json_str(j, "fate", fates[t->fate]);
    json_bool(j, "is_allow", t->is_allow);
    json_str(j, "type", ioc_type_name((enum ioc_type)ind->type));
    json_str(j, "match", ioc_match_name((enum ioc_match)ind->match));
    json_wire(j, "value", set_value(v, t->indicator));
    json_text(j, "path", set_text(v, v->lists[o->list].path));
    json_u64(j, "line", o->line);
    if (t->changes.len)
        json_text(j, "changes", buf_span(&t->changes));
    json_end_object(j);
}

static void tell(struct diff *d, const struct set_view *v, uint32_t indicator, uint32_t n_old, bool is_allow)
{
    struct told t = {.indicator = indicator, .fate = fate_of(v, indicator, n_old), .is_allow = is_allow};
    d->n[t.fate]++;
    if (t.fate == STAYED)
        return;
    uint32_t old = first_origin(v, indicator, n_old, true), new = first_origin(v, indicator, n_old, false);
    t.origin = t.fate == WENT ? old : new;
    buf_init(&t.changes, 4096);
    if (t.fate == CHANGED)
        put_changes(&t.changes, v, &v->contexts[v->origins[old].context],
                    &v->contexts[v->origins[new].context]);
    if (d->is_json)
        put_object(d, v, &t);
    else
        put_line(d, v, &t);
    buf_fini(&t.changes);
    flush(d);
}

static void tell_set(struct diff *d, const struct set_view *v, uint32_t n_old, bool is_allow)
{
    for (uint32_t i = 0; i < v->n_indicators; i++)
        tell(d, v, i, n_old, is_allow);
}

/* ---- captures ---- */

static void on_packet(void *to, const struct packet *pkt)
{
    struct diff *d = to;
    edition_packet(&d->old, pkt);
    edition_packet(&d->new, pkt);
}

static void read_capture(struct diff *d, uint32_t source)
{
    struct err err = {0};
    struct capture *c = capture_open_file(d->captures.items[source], &err);
    int n = -1;
    if (!c && d->captures.is_listed[source] && err.kind == ERR_SYNTAX)
        return; /* some other file in a directory */
    while (c && (n = capture_read(c, PACKETS_PER_READ, source, on_packet, d, &err)) > 0)
        ;
    edition_end_source(&d->old);
    edition_end_source(&d->new);
    capture_close(c);
    if (n >= 0)
        return;
    say_err(&err);
    d->has_failed = true;
}

/* The alerts of an edition, by indicator of the set of both. */
static void add_alerts(struct diff *d, const struct edition *e, bool is_new)
{
    const struct set_view *v = db_set(e->db);
    for (uint32_t i = 0; i < v->n_indicators; i++) {
        const struct indicator *ind = &v->indicators[i];
        struct indicator_in in = {.type = (enum ioc_type)ind->type,
                                  .match = (enum ioc_match)ind->match,
                                  .fields = ind->fields,
                                  .value = set_value(v, i),
                                  .port = ind->port,
                                  .flags = ind->flags};
        uint32_t at = e->alerts[i] ? set_find(d->set, &in) : SET_NONE;
        if (at != SET_NONE && is_new)
            d->hits[at].gained = e->alerts[i];
        else if (at != SET_NONE)
            d->hits[at].lost = e->alerts[i];
    }
}

/* So far gained and lost hold all alerts of the new and the old edition. */
static void settle_hits(struct diff *d, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct hits *h = &d->hits[i];
        h->both = h->gained < h->lost ? h->gained : h->lost;
        h->gained -= h->both;
        h->lost -= h->both;
        d->sum.both += h->both;
        d->sum.gained += h->gained;
        d->sum.lost += h->lost;
    }
}

static bool read_captures(struct diff *d)
{
    struct err err = {0};
    const char *const *sources = (const char *const *)d->captures.items;
    uint32_t n = set_view_of(d->set).n_indicators;
    d->hits = calloc(n + 1u, sizeof *d->hits);
    if (!d->hits)
        err_set(&err, ERR_MEMORY, NULL, "out of memory");
    if (!d->hits || !edition_start(&d->old, sources, &err) || !edition_start(&d->new, sources, &err)) {
        say_err(&err);
        return false;
    }
    for (size_t i = 0; i < d->captures.n; i++)
        read_capture(d, (uint32_t)i);
    add_alerts(d, &d->old, false);
    add_alerts(d, &d->new, true);
    settle_hits(d, n);
    return true;
}

static void put_indicator_hits(struct diff *d, const struct set_view *v, uint32_t i)
{
    const struct hits *h = &d->hits[i];
    if (d->is_json) {
        json_begin_object(&d->json, NULL);
        json_str(&d->json, "type", ioc_type_name((enum ioc_type)v->indicators[i].type));
        json_wire(&d->json, "value", set_value(v, i));
        json_u64(&d->json, "both", h->both);
        json_u64(&d->json, "gained", h->gained);
        json_u64(&d->json, "lost", h->lost);
        json_end_object(&d->json);
        return;
    }
    if (h->gained) {
        buf_printf(&d->out, "alerts + %" PRIu64 " ", h->gained);
        put_escaped(&d->out, set_value(v, i));
        buf_put_byte(&d->out, '\n');
    }
    if (h->lost) {
        buf_printf(&d->out, "alerts - %" PRIu64 " ", h->lost);
        put_escaped(&d->out, set_value(v, i));
        buf_put_byte(&d->out, '\n');
    }
}

static void tell_hits(struct diff *d)
{
    struct set_view v = set_view_of(d->set);
    if (d->is_json)
        json_begin_array(&d->json, "alerts_by_indicator");
    for (uint32_t i = 0; i < v.n_indicators; i++)
        if (d->hits[i].both + d->hits[i].gained + d->hits[i].lost)
            put_indicator_hits(d, &v, i);
    if (d->is_json)
        json_end_array(&d->json);
}

/* ---- the whole ---- */

static void put_sums(struct diff *d)
{
    struct json *j = &d->json;
    if (!d->is_json) {
        buf_printf(&d->out, "%" PRIu64 " came, %" PRIu64 " went, %" PRIu64 " changed, %" PRIu64 " stayed\n",
                   d->n[CAME], d->n[WENT], d->n[CHANGED], d->n[STAYED]);
        if (d->hits)
            buf_printf(&d->out, "alerts: %" PRIu64 " by both, %" PRIu64 " gained, %" PRIu64 " lost\n",
                       d->sum.both, d->sum.gained, d->sum.lost);
        return;
    }
    json_begin_object(j, "total");
    json_u64(j, "came", d->n[CAME]);
    json_u64(j, "went", d->n[WENT]);
    json_u64(j, "changed", d->n[CHANGED]);
    json_u64(j, "stayed", d->n[STAYED]);
    if (d->hits) {
        json_begin_object(j, "alerts");
        json_u64(j, "both", d->sum.both);
        json_u64(j, "gained", d->sum.gained);
        json_u64(j, "lost", d->sum.lost);
        json_end_object(j);
    }
    json_end_object(j);
}

static bool diff(struct diff *d, const char *old, const char *new)
{
    if (!load_both(d, old, new))
        return false;
    if (d->is_json) {
        json_begin_object(&d->json, NULL);
        json_begin_array(&d->json, "indicators");
    }
    struct set_view allow = set_view_of(d->allow), view = set_view_of(d->set);
    tell_set(d, &view, d->n_old_lists, false);
    tell_set(d, &allow, d->n_old_allow_lists, true);
    if (d->is_json)
        json_end_array(&d->json);
    bool is_good = d->captures.n == 0 || read_captures(d);
    if (is_good && d->hits)
        tell_hits(d);
    put_sums(d);
    if (d->is_json) {
        json_end_object(&d->json);
        buf_put_byte(&d->out, '\n');
    }
    print_text(stdout, &d->out);
    return is_good && !d->has_failed;
}

static void diff_fini(struct diff *d)
{
    edition_fini(&d->old);
    edition_fini(&d->new);
    set_free(d->set);
    set_free(d->allow);
    paths_fini(&d->captures);
    free(d->hits);
    buf_fini(&d->out);
}

static bool is_stdin(const char *argument)
{
    return argument[0] == '-' && (argument[1] == 0 || argument[1] == ',');
}

int lists_diff(int argc, char **argv)
{
    static const struct option known[] = {{"json", no_argument, NULL, 'j'},
                                          {"read", required_argument, NULL, 'r'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    struct diff d = {0};
    struct err err = {0};
    int status = EXIT_USAGE;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "hr:", known, NULL)) != -1;) {
        if (option == 'h') {
            help_print(stdout, "diff");
            status = EXIT_DONE;
            goto out;
        }
        if (option == '?') {
            usage_error("lists diff ", "unknown option %s, or its argument is missing", argv[optind - 1]);
            goto out;
        }
        d.is_json |= option == 'j';
        if (option == 'r' && !paths_add(&d.captures, optarg, &err)) {
            say_err(&err);
            goto out;
        }
    }
    if (argc - optind != 2) {
        usage_error("lists diff ", "two lists are wanted: the old and the new");
        goto out;
    }
    if (d.captures.n && (is_stdin(argv[optind]) || is_stdin(argv[optind + 1]))) {
        usage_error("lists diff ", "with -r the lists are read twice, which standard input can't be");
        goto out;
    }
    buf_init(&d.out, OUT_BYTES_MAX);
    json_init(&d.json, &d.out);
    if (diff(&d, argv[optind], argv[optind + 1]))
        status = d.n[CAME] + d.n[WENT] + d.n[CHANGED] ? EXIT_FAILED : EXIT_DONE;
out:
    diff_fini(&d);
    return status;
}
