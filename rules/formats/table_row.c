/* See table_row.h. A type column's word says what the value has to be; without one the value's syntax does. A port column goes with
 * addresses and names: "192.0.2.1" and "443" are "192.0.2.1:443". */
#include "rules/formats/table_row.h"

#include <stdio.h>

#include "base/time.h"
#include "rules/list_options.h"

enum { VERIFIED_CONFIDENCE = 90, STATUS_MAX = 32, STATUS_TAG_MAX = STATUS_MAX + 8 };

/* All that is said along with a value, while it is entered. */
struct said {
    struct context_in context;
    struct span tags[LIST_TAGS_MAX + TABLE_TAGS_MAX];
    size_t n_tags;
    char status[STATUS_TAG_MAX];
};

void table_init(struct table *t, struct load *l)
{
    *t = (struct table){.load = l, .tag_delimiter = (uint8_t)l->options->csv.tag_delimiter};
    buf_init(&t->composed, LOAD_VALUE_MAX);
}

void table_fini(struct table *t)
{
    buf_fini(&t->composed);
}

/* What feeds write for "nothing". */
static bool is_unsaid(struct span text)
{
    return text.len == 0 || span_eq(text, SPAN_LIT("-")) || span_eq_nocase(text, SPAN_LIT("none")) ||
           span_eq_nocase(text, SPAN_LIT("null")) || span_eq_nocase(text, SPAN_LIT("n/a"));
}

static struct span said_cell(const struct table_row *row, enum csv_role role)
{
    struct span text = load_trim(row->cells[role]);
    return is_unsaid(text) ? span_of("", 0) : text;
}

/* ---- tags ---- */

static void add_tag(struct said *s, struct span tag)
{
    tag = load_text(tag);
    if (!is_unsaid(tag) && s->n_tags < sizeof s->tags / sizeof *s->tags)
        s->tags[s->n_tags++] = tag;
}

/* "#phishing #kit", as people write them in messages. */
static void split_hash_tags(struct said *s, struct span text)
{
    while (text.len) {
        size_t n = 0;
        while (n < text.len && !load_is_blank(text.ptr[n]))
            n++;
        struct span tag = span_first(text, n);
        add_tag(s, tag.len && tag.ptr[0] == '#' ? span_from(tag, 1) : tag);
        text = load_trim(span_from(text, n));
    }
}

static void split_tags(const struct table *t, struct said *s, struct span text)
{
    uint8_t delimiter = t->tag_delimiter ? t->tag_delimiter : ',';
    if (!t->tag_delimiter && text.len && text.ptr[0] == '#' && !memchr(text.ptr, ',', text.len)) {
        split_hash_tags(s, text);
        return;
    }
    while (text.len) {
        const uint8_t *end = memchr(text.ptr, delimiter, text.len);
        size_t n = end ? (size_t)(end - text.ptr) : text.len;
        add_tag(s, span_first(text, n));
        text = span_from(text, n + 1);
    }
}

static bool is_word(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((text.ptr[i] | 0x20) < 'a' || (text.ptr[i] | 0x20) > 'z')
            return false;
    return text.len > 0 && text.len <= STATUS_MAX;
}

/* A status alone does not stand for the list's own tags: those stay beside it. */
static void add_status(struct said *s, struct span status)
{
    if (!is_word(status))
        return;
    for (size_t i = 0; s->n_tags == 0 && i < s->context.n_tags; i++)
        s->tags[i] = s->context.tags[i];
    if (s->n_tags == 0)
        s->n_tags = s->context.n_tags;
    int n = snprintf(s->status, sizeof s->status, "status:%.*s", (int)status.len, (const char *)status.ptr);
    add_tag(s, span_of(s->status, (size_t)n));
}

static bool is_number(struct span text)
{
    size_t n = 0;
    while (n < text.len && text.ptr[n] >= '0' && text.ptr[n] <= '9')
        n++;
    return n == text.len;
}

static void read_tags(const struct table *t, const struct table_row *row, struct said *s)
{
    struct span label = said_cell(row, CSV_LABEL);
    for (size_t i = 0; i < row->n_tags; i++)
        add_tag(s,
                row->tags[i].len && row->tags[i].ptr[0] == '#' ? span_from(row->tags[i], 1) : row->tags[i]);
    if (row->n_tags == 0)
        split_tags(t, s, said_cell(row, CSV_TAGS));
    add_tag(s, said_cell(row, CSV_THREAT));
    add_tag(s, said_cell(row, CSV_FAMILY));
    if (!is_number(label))
        add_tag(s, label);
    add_status(s, said_cell(row, CSV_STATUS));
    if (s->n_tags) {
        s->context.tags = s->tags;
        s->context.n_tags = s->n_tags;
    }
}

/* ---- what goes with a value ---- */

static bool is_yes(struct span text)
{
    static const char *const words[] = {"yes", "y", "true", "t", "1", "online", "verified"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_eq_nocase(text, span_str(words[i])))
            return true;
    return false;
}

static void take_text(const struct table_row *row, enum csv_role role, struct span *out)
{
    struct span text = said_cell(row, role);
    if (text.len)
        *out = load_text(text);
}

static void read_confidence(const struct table *t, const struct table_row *row, struct context_in *c)
{
    struct span confidence = said_cell(row, CSV_CONFIDENCE);
    if (confidence.len && !list_options_confidence(confidence, &c->confidence))
        load_warn(t->load, row->line, 0, confidence, "not a confidence from 0 to 100; passed over");
    if (confidence.len == 0 && c->confidence < 0 && is_yes(said_cell(row, CSV_VERIFIED)))
        c->confidence = VERIFIED_CONFIDENCE;
}

static void read_dates(const struct table *t, const struct table_row *row, struct context_in *c)
{
    struct span from = said_cell(row, CSV_VALID_FROM), until = said_cell(row, CSV_VALID_UNTIL);
    struct span seen = t->load->options->ttl_s ? said_cell(row, CSV_SEEN) : span_of("", 0);
    if (from.len)
        load_time(t->load, row->line, 0, from, &c->valid_from);
    if (until.len)
        load_time(t->load, row->line, 0, until, &c->valid_until);
    if (seen.len)
        load_time(t->load, row->line, 0, seen, &c->seen_at);
}

static void read_context(const struct table *t, const struct table_row *row, struct said *out)
{
    struct context_in *c = &out->context;
    struct span tlp = said_cell(row, CSV_TLP);
    *c = load_context(t->load);
    out->n_tags = 0;
    take_text(row, CSV_ORGANISATION, &c->organisation);
    take_text(row, CSV_REFERENCE, &c->reference);
    take_text(row, CSV_DESCRIPTION, &c->description);
    take_text(row, CSV_ID, &c->id);
    read_tags(t, row, out);
    read_dates(t, row, c);
    if (tlp.len)
        c->tlp = load_tlp(t->load, row->line, 0, tlp);
    read_confidence(t, row, c);
}

/* ---- the value ---- */

/* "host" and "443" into "host:443", for what can have a port. False: `value` stays as it is. */
static bool compose_port(struct table *t, struct span value, struct span port, struct span *out)
{
    struct value v;
    uint32_t col;
    if (port.len == 0 || value_read(value, &t->load->scratch, &v, &col) != REJECT_NONE ||
        (v.type != IOC_IPV4 && v.type != IOC_IPV6 && v.type != IOC_DOMAIN) || v.is_wildcard)
        return false;
    buf_reset(&t->composed);
    buf_put_str(&t->composed, v.type == IOC_IPV6 ? "[" : "");
    buf_put(&t->composed, v.text);
    buf_put_str(&t->composed, v.type == IOC_IPV6 ? "]:" : ":");
    buf_put(&t->composed, port);
    *out = buf_span(&t->composed);
    return !t->composed.is_full;
}

/* "host|port", "domain|ip": the first half is what is looked for, the second its port or only context. */
static void cut_composite(struct span *value, struct span *port, bool has_port)
{
    const uint8_t *bar = value->len ? memchr(value->ptr, '|', value->len) : NULL;
    if (!bar)
        return;
    size_t at = (size_t)(bar - value->ptr);
    if (has_port)
        *port = load_trim(span_from(*value, at + 1));
    *value = load_trim(span_first(*value, at));
}

/* False: the entry is accounted for. */
static bool read_type(struct table *t, const struct table_row *row, struct load_entry *e, struct span *port)
{
    struct load *l = t->load;
    struct span word = said_cell(row, CSV_TYPE);
    e->has_type = row->has_type && !l->options->has_type;
    e->type = row->type;
    if (word.len == 0 || l->options->has_type)
        return true;
    bool has_port;
    if (!csv_type_of(word, &e->type, &has_port)) {
        load_reject(l, REJECT_UNKNOWN_TYPE, e->line, 0, word, NULL);
        return false;
    }
    if (e->type == IOC_OTHER) {
        load_skip(l, SKIP_TYPE, IOC_OTHER, e->line, e->col, e->value);
        return false;
    }
    e->has_type = true;
    if (memchr(word.ptr, '|', word.len))
        cut_composite(&e->value, port, has_port);
    return true;
}

/* A declared address or name that gets a port is another type. */
static enum ioc_type with_port(enum ioc_type type)
{
    return type == IOC_DOMAIN || type == IOC_WILDCARD || type == IOC_DOMAIN_PORT ? IOC_DOMAIN_PORT
                                                                                 : IOC_IP_PORT;
}

/* Its publisher says that it is nothing to look for. */
static bool is_off(const struct table_row *row)
{
    struct span verified = said_cell(row, CSV_VERIFIED), online = said_cell(row, CSV_ONLINE);
    return (verified.len && !is_yes(verified)) || (online.len && !is_yes(online)) ||
           span_eq(said_cell(row, CSV_LABEL), SPAN_LIT("0")) ||
           span_eq_nocase(said_cell(row, CSV_LABEL), SPAN_LIT("benign"));
}

bool table_enter(struct table *t, const struct table_row *row, struct err *err)
{
    struct load *l = t->load;
    struct load_entry e = {.value = row->cells[CSV_VALUE], .line = row->line, .col = row->col};
    struct span port = said_cell(row, CSV_PORT);
    if (!read_type(t, row, &e, &port))
        return true;
    bool is_composed =
        (!e.has_type || e.type <= IOC_IPV6 || e.type == IOC_IP_PORT || e.type == IOC_DOMAIN_PORT) &&
        compose_port(t, e.value, port, &e.value);
    if (is_composed && e.has_type)
        e.type = with_port(e.type);
    if (!row->has_context)
        return load_entry(l, &e, err) && (!is_composed || load_flush(l, err));
    if (is_off(row)) {
        load_skip_entry(l, SKIP_STATUS, &e);
        return true;
    }
    struct said said;
    read_context(t, row, &said);
    e.context = &said.context;
    return load_entry(l, &e, err) && (!is_composed || load_flush(l, err));
}
