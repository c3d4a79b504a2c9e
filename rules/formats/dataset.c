/* Suricata datasets of strings, and datareps: one Base64 text on a line, perhaps with a comma and a score from 0 to
 * 65535 behind it. What is in it is read as a value: ".evil.example" is the name and all below it, as Suricata's
 * subdomain match has it, anything else is meant exactly. A set of strings may hold what is no indicator at all; that
 * is skipped. Addresses and hashes stand as they are in sets of their types, and are read where they turn up. The
 * score means what its publisher says, so it is kept as a tag. */
#include <stdio.h>
#include <stdlib.h>

#include "base/ip.h"
#include "rules/formats/base64.h"
#include "rules/formats/format.h"

enum { SCORE_MAX = 65535 };

struct dataset {
    struct load *load;    /* borrowed */
    struct arena decoded; /* owned: the texts of entries that wait; reset with each flush */
    bool is_piped;        /* a whole list was encoded at once */
};

/* ---- a line ---- */

/* "text,score": false in *out_has_score when there is no comma. Base64 has none. */
static struct span split_score(struct span line, bool *out_has_score, struct span *out_score)
{
    const uint8_t *comma = memchr(line.ptr, ',', line.len);
    size_t n = comma ? (size_t)(comma - line.ptr) : line.len;
    *out_has_score = comma != NULL;
    *out_score = load_trim(span_from(line, n + 1));
    return load_trim(span_first(line, n));
}

static bool read_score(struct span digits, unsigned *out)
{
    *out = 0;
    if (digits.len == 0 || digits.len > 5)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
            return false;
        *out = *out * 10 + (digits.ptr[i] - '0');
    }
    return *out <= SCORE_MAX;
}

static bool is_hash(struct span text)
{
    size_t n = 0;
    while (n < text.len && ((text.ptr[n] >= '0' && text.ptr[n] <= '9') ||
                            ((text.ptr[n] | 0x20) >= 'a' && (text.ptr[n] | 0x20) <= 'f')))
        n++;
    return n == text.len && (n == 32 || n == 40 || n == 64);
}

/* What stands as it is: sets of type ip, ipv4, md5 and sha256. */
static bool is_bare(struct span text)
{
    struct ip ip;
    return is_hash(text) || ip_parse_v4(text, &ip) || ip_parse_v6(text, &ip);
}

static bool is_readable(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < ' ' ? !load_is_blank(text.ptr[i]) : text.ptr[i] >= 0x7f)
            return false;
    return text.len > 0;
}

static bool is_digits(struct span text)
{
    size_t n = 0;
    while (n < text.len && text.ptr[n] >= '0' && text.ptr[n] <= '9')
        n++;
    return n == text.len;
}

static bool has_line_end(struct span text)
{
    text = load_trim(text);
    return text.len && memchr(text.ptr, '\n', text.len);
}

/* ---- entries ---- */

static bool is_indicator(struct load *l, struct span text)
{
    struct value v;
    uint32_t col;
    return l->options->has_type || value_read(text, &l->scratch, &v, &col) == REJECT_NONE;
}

/* `score`: NULL when there is none. Its tag joins those of the list. */
static bool take_value(struct dataset *d, struct load_entry *e, const unsigned *score, struct err *err)
{
    struct context_in context = load_context(d->load);
    struct span tags[LIST_TAGS_MAX + 1];
    char tag[32];
    if (!is_indicator(d->load, e->value)) {
        load_skip(d->load, SKIP_TYPE, IOC_OTHER, e->line, e->col, e->value);
        return true;
    }
    if (score) {
        if (context.n_tags)
            memcpy(tags, context.tags, context.n_tags * sizeof *tags);
        tags[context.n_tags] = span_of(tag, (size_t)snprintf(tag, sizeof tag, "datarep:%u", *score));
        context.tags = tags;
        context.n_tags++;
        e->context = &context;
    }
    return load_entry(d->load, e, err);
}

/* The text of a line, decoded if it is encoded; false when it is neither. */
static bool decode(struct dataset *d, struct span text, struct span *out)
{
    *out = text;
    if (is_bare(text))
        return true;
    uint8_t *to = arena_bytes(&d->decoded, base64_room(text.len) + 1);
    size_t n;
    if (text.len == 0 || !to || !base64_decode(text, to, &n))
        return false;
    *out = span_of(to, n);
    return n > 0;
}

static bool take_entry(struct dataset *d, struct span text, uint32_t col, struct err *err)
{
    struct load *l = d->load;
    bool has_score;
    unsigned score;
    struct span digits, encoded = split_score(text, &has_score, &digits);
    struct load_entry e = {.line = load_clamp32(l->lines.n), .col = col};
    if (d->is_piped)
        load_reject(l, REJECT_BAD_BASE64, e.line, e.col, encoded,
                    "part of a list that was encoded as a whole; line skipped");
    else if (l->lines.is_cut || !decode(d, encoded, &e.value))
        load_reject(l, REJECT_BAD_BASE64, e.line, e.col, encoded, NULL);
    else if (has_score && !read_score(digits, &score))
        load_reject(l, REJECT_BAD_SCORE, e.line, e.col, text,
                    "a score is a number from 0 to 65535; line skipped");
    else
        return take_value(d, &e, has_score ? &score : NULL, err);
    return true;
}

static bool take_line(struct dataset *d, struct span line, struct err *err)
{
    struct list_report *report = d->load->report;
    struct span text = load_trim(line);
    report->blank += text.len == 0;
    if (text.len == 0)
        return true;
    if (text.ptr[0] != '#')
        return take_entry(d, text, (uint32_t)(text.ptr - line.ptr) + 1, err);
    report->comments++;
    load_comment(d->load, text);
    return true;
}

/* ---- telling ---- */

struct sample {
    size_t n;        /* lines that say something */
    size_t n_base64; /* of these: Base64 of readable text */
    size_t n_plain;  /* of these: values as they stand, not in a set of strings */
    bool is_piped;   /* some line holds several */
};

/* `room` is for what comes out. *out_is_piped: there are line ends in it. */
static bool is_encoded(struct span text, uint8_t *room, bool *out_is_piped)
{
    bool has_score;
    size_t n;
    struct span digits, encoded = split_score(text, &has_score, &digits);
    *out_is_piped = false;
    if (is_bare(encoded) || !is_digits(digits) || !base64_decode(encoded, room, &n) ||
        !is_readable(span_of(room, n)))
        return false;
    *out_is_piped = has_line_end(span_of(room, n));
    return true;
}

static void look_at_line(struct sample *s, struct span line, struct buf *scratch, uint8_t *room)
{
    bool is_piped;
    line = load_trim(line);
    if (line.len == 0 || line.ptr[0] == '#')
        return;
    s->n++;
    s->n_base64 += is_encoded(line, room, &is_piped);
    s->n_plain += format_reads_value(line, scratch);
    s->is_piped |= is_piped;
}

/* A list that was encoded as a whole and without line ends may be one line of any length. */
static struct sample look_at(struct span head, bool is_all)
{
    static const struct sample nothing;
    uint8_t *room = malloc(base64_room(LINES_HEAD) + 1);
    struct sample s = nothing;
    struct buf scratch;
    if (!room)
        return s;
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    bool is_one_line = head.len && !memchr(head.ptr, '\n', head.len) && !memchr(head.ptr, '\r', head.len);
    if (is_one_line)
        look_at_line(&s, is_all ? head : span_first(head, head.len / 4 * 4), &scratch, room);
    else
        for (struct span line; load_head_line(&head, is_all, &line);)
            look_at_line(&s, line, &scratch, room);
    buf_fini(&scratch);
    free(room);
    return s;
}

static void find_piped(struct dataset *d)
{
    bool is_all;
    struct span head = lines_head(&d->load->lines, &is_all);
    struct sample s = look_at(head, is_all);
    d->is_piped = s.is_piped && s.n_base64 == s.n;
    if (d->is_piped)
        load_warn(d->load, 1, 1, span_of("", 0),
                  "a whole list was piped through base64, which Suricata reads as strings that nothing "
                  "matches; load the "
                  "output of \"base64 -d\", or encode each line by itself");
}

static bool load_dataset(struct load *l, struct err *err)
{
    struct dataset d = {.load = l};
    bool is_good = true;
    arena_init(&d.decoded, LINES_BLOCK, 2 * LINES_BLOCK);
    find_piped(&d);
    for (struct span line; is_good && lines_refill(&l->lines);) {
        while (is_good && lines_next(&l->lines, &line))
            is_good = take_line(&d, line, err);
        is_good = is_good && load_flush(l, err);
        arena_reset(&d.decoded);
    }
    arena_fini(&d.decoded);
    return is_good;
}

/* Nearly every line is Base64 of readable text, and none is a value as it stands: names have dots, which Base64 has
 * not. */
static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    struct sample s = look_at(head, is_all);
    return s.n > 0 && s.n_plain == 0 && s.n_base64 * 10 >= s.n * 9;
}

const struct list_reader format_dataset = {.name = "dataset",
                                           .is_likely = is_likely,
                                           .load = load_dataset,
                                           .name_match = MATCH_EXACT,
                                           .unit = "line"};
