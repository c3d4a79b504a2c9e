/* See outputs.h. */
#include "outputs/outputs.h"

#include <stdlib.h>

#include "base/json.h"
#include "sensor/event.h"

enum { TAPS_MAX = 64, GATHERED_BYTES_MAX = 1 << 20, GATHERED_BYTES_FLUSH = 64 << 10 };

struct outputs {
    struct outputs_options o;
    struct output_config configs[OUTPUTS_MAX]; /* all said; texts borrowed */
    struct channel *channels[OUTPUTS_MAX];     /* owned */
    uint8_t rendering_of[OUTPUTS_MAX];
    struct eve_options renderings[OUTPUTS_MAX]; /* what some outputs have in common */
    size_t n_renderings;
    bool wants_community_id, takes_stats[OUTPUTS_MAX];
    struct threshold *thresholds[OUTPUTS_MAX]; /* owned; by rendering; NULL: none */
    struct outputs_tap *taps[TAPS_MAX];        /* owned */
    size_t n_taps;
};

struct outputs_tap {
    struct outputs *outputs;
    struct buf line;                    /* owned */
    struct sheaf gathered[OUTPUTS_MAX]; /* owned; by output */
    struct output_counts came_by[OUTPUTS_MAX];
    size_t n_gathered_bytes;
    bool is_broken;
};

/* ---- renderings ---- */

static bool is_same(const struct eve_options *a, const struct eve_options *b)
{
    return a->version == b->version && a->max_tlp == b->max_tlp && a->max_severity == b->max_severity;
}

static uint8_t rendering_for(struct outputs *o, const struct output_config *c)
{
    struct eve_options eve = o->o.eve;
    if (c->eve_version)
        eve.version = c->eve_version;
    eve.max_tlp = output_ceiling(c);
    if (eve.max_tlp == TLP_RED) /* nothing is above it */
        eve.max_tlp = TLP_NONE;
    eve.max_severity = c->max_severity;
    size_t i = 0;
    while (i < o->n_renderings && !is_same(&o->renderings[i], &eve))
        i++;
    if (i == o->n_renderings)
        o->renderings[o->n_renderings++] = eve;
    return (uint8_t)i;
}

/* ---- from beginning to end ---- */

static bool add_channel(struct outputs *o, size_t i, struct err *err)
{
    struct output_config *c = &o->configs[i];
    *c = o->o.configs[i];
    if (c->mode == MODE_DEFAULT)
        c->mode = o->o.is_live ? MODE_APPEND : MODE_REPLACE;
    struct channel_options channel = {.config = c,
                                      .is_direct = !o->o.is_live && c->type == OUTPUT_FILE,
                                      .waits = !o->o.is_live,
                                      .tell = o->o.tell,
                                      .tell_to = o->o.tell_to};
    o->rendering_of[i] = rendering_for(o, c);
    o->takes_stats[i] = !c->is_without_stats && output_ceiling(c) == TLP_RED;
    o->wants_community_id |= c->type == OUTPUT_KAFKA && c->key == KEY_COMMUNITY_ID;
    o->channels[i] = channel_new(&channel, err);
    for (size_t k = 0; o->channels[i] && k < i; k++)
        if (strcmp(channel_name(o->channels[k]), channel_name(o->channels[i])) == 0)
            return err_set(err, ERR_USAGE, c->target, "two outputs are called \"%s\"",
                           channel_name(o->channels[i]));
    return o->channels[i];
}

struct outputs *outputs_new(const struct outputs_options *options, struct err *err)
{
    struct outputs *o = calloc(1, sizeof *o);
    bool is_good = o || err_set(err, ERR_MEMORY, NULL, "out of memory");
    if (o)
        o->o = *options;
    if (options->n > OUTPUTS_MAX)
        is_good = err_set(err, ERR_LIMIT, NULL, "%zu outputs, at most %d can be", options->n, OUTPUTS_MAX);
    for (size_t i = 0; is_good && i < options->n; i++)
        is_good = add_channel(o, i, err);
    for (size_t r = 0; is_good && options->threshold.count && r < o->n_renderings; r++)
        is_good = (o->thresholds[r] = threshold_new(&options->threshold, err)) != NULL;
    if (is_good)
        return o;
    outputs_free(o);
    return NULL;
}

static void free_tap(struct outputs_tap *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < OUTPUTS_MAX; i++)
        sheaf_fini(&t->gathered[i]);
    buf_fini(&t->line);
    free(t);
}

void outputs_free(struct outputs *o)
{
    if (!o)
        return;
    for (size_t i = 0; i < o->n_taps; i++)
        free_tap(o->taps[i]);
    for (size_t i = 0; i < OUTPUTS_MAX; i++) {
        channel_free(o->channels[i]);
        threshold_free(o->thresholds[i]);
    }
    free(o);
}

bool outputs_start(struct outputs *o, struct err *err)
{
    bool is_good = true;
    for (size_t i = 0; is_good && i < o->o.n; i++)
        is_good = channel_start(o->channels[i], err);
    return is_good;
}

struct outputs_tap *outputs_tap(struct outputs *o)
{
    struct outputs_tap *t = o->n_taps < TAPS_MAX ? calloc(1, sizeof *t) : NULL;
    if (!t)
        return NULL;
    t->outputs = o;
    buf_init(&t->line, EVE_ALERT_MAX);
    for (size_t i = 0; i < o->o.n; i++)
        sheaf_init(&t->gathered[i], GATHERED_BYTES_MAX);
    return o->taps[o->n_taps++] = t;
}

/* ---- alerts ---- */

static void hand_over(struct outputs_tap *t)
{
    struct outputs *o = t->outputs;
    for (size_t i = 0; i < o->o.n; i++) {
        const struct output_counts *c = &t->came_by[i];
        if (c->alerts + c->summaries == 0)
            continue;
        if (!channel_offer(o->channels[i], &t->gathered[i], c))
            t->is_broken = true;
        sheaf_reset(&t->gathered[i]);
        t->came_by[i] = (struct output_counts){0};
    }
    t->n_gathered_bytes = 0;
}

static struct span key_for(const struct output_config *c, const struct alert *a, struct span community)
{
    if (c->type != OUTPUT_KAFKA || c->key == KEY_NONE)
        return span_of(NULL, 0);
    return c->key == KEY_INDICATOR ? set_value(db_set(a->db), a->indicator) : community;
}

/* What became of an alert in one rendering. */
enum outcome { SHOWN, WITHHELD, FILTERED, HELD_BACK };

static void count_outcome(struct output_counts *c, enum outcome outcome)
{
    c->withheld += outcome == WITHHELD;
    c->filtered += outcome == FILTERED;
    c->held_back += outcome == HELD_BACK;
}

/* To those outputs that this rendering is for. */
static void give(struct outputs_tap *t, const struct alert *a, size_t rendering, enum outcome outcome)
{
    struct outputs *o = t->outputs;
    char community[COMMUNITY_ID_MAX] = "";
    if (outcome == SHOWN && o->wants_community_id)
        community_id(a->event, community);
    for (size_t i = 0; i < o->o.n; i++) {
        struct output_counts *c = &t->came_by[i];
        if (o->rendering_of[i] != rendering)
            continue;
        *(a->repeats ? &c->summaries : &c->alerts) += 1;
        count_outcome(c, outcome);
        if (outcome == SHOWN)
            sheaf_put(&t->gathered[i], buf_span(&t->line), key_for(&o->configs[i], a, span_str(community)));
    }
    if (outcome == SHOWN)
        t->n_gathered_bytes += t->line.len + LINE_KEY_MAX;
}

static void render(struct outputs_tap *t, const struct alert *a, size_t rendering)
{
    buf_reset(&t->line);
    bool is_whole = eve_put_alert(&t->line, &t->outputs->renderings[rendering], a);
    give(t, a, rendering,
         is_whole ? SHOWN : FILTERED); /* not, when memory is short: EVE_ALERT_MAX holds any */
    if (t->n_gathered_bytes > GATHERED_BYTES_FLUSH)
        hand_over(t);
}

/* One rendering's summaries. */
struct summing {
    struct outputs_tap *tap;
    size_t rendering;
};

static void put_summary(void *to, const struct alert *a)
{
    const struct summing *s = to;
    render(s->tap, a, s->rendering);
}

/* An alert that an output does not get must not use up what it may get: each rendering has windows of its own. */
static void put(struct outputs_tap *t, const struct alert *a, size_t rendering)
{
    struct threshold *threshold = t->outputs->thresholds[rendering];
    enum alert_fate fate = eve_alert_fate(&t->outputs->renderings[rendering], a);
    if (fate != ALERT_SHOWN)
        give(t, a, rendering, fate == ALERT_WITHHELD ? WITHHELD : FILTERED);
    else if (threshold && !threshold_pass(threshold, a, put_summary, &(struct summing){t, rendering}))
        give(t, a, rendering, HELD_BACK);
    else
        render(t, a, rendering);
}

bool outputs_alert(void *tap, const struct alert *a)
{
    struct outputs_tap *t = tap;
    for (size_t r = 0; r < t->outputs->n_renderings; r++)
        put(t, a, r);
    return !t->is_broken;
}

bool outputs_flushed(void *tap, int64_t now_ns)
{
    struct outputs_tap *t = tap;
    struct outputs *o = t->outputs;
    for (size_t r = 0; r < o->n_renderings; r++)
        if (o->thresholds[r])
            threshold_close(o->thresholds[r], now_ns, put_summary, &(struct summing){t, r});
    hand_over(t);
    for (size_t i = 0; i < o->o.n && !t->is_broken; i++)
        t->is_broken = channel_is_broken(o->channels[i]);
    return !t->is_broken;
}

bool outputs_close_windows(struct outputs *o)
{
    bool is_good = true;
    for (size_t i = 0; i < o->n_taps; i++)
        is_good = outputs_flushed(o->taps[i], INT64_MAX) && is_good;
    return is_good;
}

/* ---- stats ---- */

/* COLD: one by one, into memory of its own. */
static bool offer_lines(struct channel *channel, struct span text, bool is_wanted)
{
    struct sheaf lines;
    struct output_counts came_by = {0};
    sheaf_init(&lines, text.len + 1);
    for (struct span line; text.len; text = span_from(text, line.len)) {
        const uint8_t *end = memchr(text.ptr, '\n', text.len);
        line = end ? span_first(text, (size_t)(end - text.ptr) + 1) : text;
        came_by.others++;
        if (is_wanted)
            sheaf_put(&lines, line, span_of(NULL, 0));
        else
            came_by.filtered++;
    }
    bool is_good = channel_offer(channel, &lines, &came_by);
    sheaf_fini(&lines);
    return is_good;
}

bool outputs_write_stats(struct outputs *o, struct span text)
{
    bool is_good = true;
    for (size_t i = 0; i < o->o.n; i++)
        is_good = offer_lines(o->channels[i], text, o->takes_stats[i]) && is_good;
    return is_good;
}

void outputs_reopen(struct outputs *o)
{
    for (size_t i = 0; i < o->o.n; i++)
        channel_reopen(o->channels[i]);
}

bool outputs_end(struct outputs *o, struct err *err)
{
    bool is_good = true;
    for (size_t i = 0; i < o->n_taps; i++)
        hand_over(o->taps[i]);
    for (size_t i = 0; i < o->o.n; i++) {
        struct err one = {0};
        if (!channel_end(o->channels[i], &one) && is_good) {
            is_good = false;
            *err = one;
        }
    }
    return is_good;
}

/* ---- counts ---- */

size_t outputs_n(const struct outputs *o)
{
    return o->o.n;
}

const char *outputs_name(const struct outputs *o, size_t i)
{
    return channel_name(o->channels[i]);
}

void outputs_counts(const struct outputs *o, size_t i, struct output_counts *out)
{
    channel_counts(o->channels[i], out);
}

void outputs_threshold_counts(const struct outputs *o, struct threshold_counts *out)
{
    *out = (struct threshold_counts){0};
    for (size_t r = 0; r < o->n_renderings; r++) {
        struct threshold_counts one = {0};
        if (o->thresholds[r])
            threshold_counts(o->thresholds[r], &one);
        out->passed += one.passed;
        out->held_back += one.held_back;
        out->summaries += one.summaries;
        out->told += one.told;
        out->evicted += one.evicted;
    }
}

static void put_counts(struct json *j, const char *name, const struct output_counts *c)
{
    json_begin_object(j, NULL);
    json_str(j, "output", name);
    json_bool(j, "sums_hold", output_sums_hold(c));
    json_u64(j, "alerts", c->alerts);
    json_u64(j, "summaries", c->summaries);
    json_u64(j, "others", c->others);
    json_u64(j, "withheld", c->withheld);
    json_u64(j, "filtered", c->filtered);
    json_u64(j, "held_back", c->held_back);
    json_u64(j, "offered", c->offered);
    json_u64(j, "recovered", c->recovered);
    json_u64(j, "written", c->written);
    json_u64(j, "queued", c->queued);
    json_u64(j, "spilled", c->spilled);
    json_u64(j, "dropped", c->dropped);
    json_u64(j, "dropped_refused", c->dropped_refused);
    json_u64(j, "dropped_damaged", c->dropped_damaged);
    json_u64(j, "spilled_ever", c->spilled_ever);
    json_u64(j, "stayed_back", c->stayed_back);
    json_u64(j, "downs", c->downs);
    json_bool(j, "is_down", c->is_down);
    json_end_object(j);
}

void outputs_put_stats(const void *outputs, struct json *j)
{
    const struct outputs *o = outputs;
    struct threshold_counts t;
    json_begin_array(j, "outputs");
    for (size_t i = 0; i < o->o.n; i++) {
        struct output_counts c;
        outputs_counts(o, i, &c);
        put_counts(j, outputs_name(o, i), &c);
    }
    json_end_array(j);
    outputs_threshold_counts(o, &t);
    json_begin_object(j, "threshold");
    json_u64(j, "passed", t.passed);
    json_u64(j, "held_back", t.held_back);
    json_u64(j, "summaries", t.summaries);
    json_u64(j, "told", t.told);
    json_u64(j, "evicted", t.evicted);
    json_end_object(j);
}
