/* A plain list: one value per line, with the description behind it. A bare name means the name and all below it, unless the list says
 * "# Match: exact" at its top; then the others are written as "*.name". Names that mean only what is below come last, behind a
 * "# Match: below" of their own. The strictest TLP of all stands at the top. */
#include "base/json.h"
#include "rules/writers/writer.h"

struct text_writer {
    struct writing *w; /* borrowed */
    bool has_exact, has_below;
    enum tlp tlp;
};

static bool is_url(const struct indicator *i)
{
    return i->type == IOC_URL || i->type == IOC_HOSTPATH || i->type == IOC_URI_PATH;
}

static bool is_single_label(struct span name)
{
    return !memchr(name.ptr, '.', name.len);
}

static bool is_letter_or_digit(uint8_t c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9');
}

/* Of a type that a plain list can hold, and not what is read as something else: as a comment, as the beginning of others, or, of a
 * top-level domain, as all that is in it. */
static bool has_place(const struct indicator *i, struct span value)
{
    bool is_comment = value.len > 1 && value.ptr[0] == '/' && value.ptr[1] == '/';
    bool is_star = is_url(i) && i->match == MATCH_EXACT && value.ptr[value.len - 1] == '*';
    bool is_tld = i->type == IOC_DOMAIN && i->match != MATCH_SUFFIX && is_single_label(value);
    if (i->type == IOC_EMAIL) /* its other first bytes begin comments, quotes and what not */
        return is_letter_or_digit(value.ptr[0]);
    return i->type <= IOC_URI_PATH && !is_comment && !is_star && !is_tld;
}

static void gather(struct text_writer *t)
{
    const struct set_view *v = &t->w->indicators;
    for (uint32_t i = writing_next(t->w, v, 0); i < v->n_indicators; i = writing_next(t->w, v, i + 1)) {
        const struct indicator *ind = &v->indicators[i];
        if (!has_place(ind, set_value(v, i)))
            continue;
        enum tlp tlp = writing_tlp(t->w, v, i);
        t->tlp = tlp > t->tlp ? tlp : t->tlp;
        t->has_exact |= ind->type == IOC_DOMAIN && ind->match == MATCH_EXACT;
        t->has_below |= ind->type == IOC_DOMAIN && ind->match == MATCH_BELOW;
    }
}

/* A path that ends so is read as the beginning of others. */
static bool is_open_path(const struct indicator *i, struct span value)
{
    return i->type == IOC_URI_PATH && (value.ptr[value.len - 1] == '=' || value.ptr[value.len - 1] == '?');
}

static void put_value(struct text_writer *t, const struct indicator *i, struct span value)
{
    struct buf *out = &t->w->out;
    bool is_name = i->type == IOC_DOMAIN;
    if (is_name && ((i->match == MATCH_SUFFIX && t->has_exact) || is_single_label(value)))
        buf_put_str(out, "*.");
    buf_put(out, value);
    bool is_prefix = is_url(i) && i->match == MATCH_PREFIX;
    if (is_prefix && (!is_open_path(i, value) || value.ptr[value.len - 1] == '*'))
        buf_put_byte(out, '*');
}

static bool put_line(struct text_writer *t, uint32_t indicator)
{
    const struct set_view *v = &t->w->indicators;
    const struct indicator *i = &v->indicators[indicator];
    struct span value = set_value(v, indicator), description = writing_description(t->w, v, indicator);
    if (is_open_path(i, value) && i->match == MATCH_EXACT)
        writing_lose(t->w, LOSS_WIDENED, v, indicator);
    writing_check_fields(t->w, v, indicator);
    put_value(t, i, value);
    if (description.len) {
        buf_put_str(&t->w->out, " # ");
        put_escaped(&t->w->out, description);
    }
    buf_put_byte(&t->w->out, '\n');
    t->w->report->written++;
    return writing_pass(t->w);
}

/* Names that mean only what is below them, or everything else. */
static bool put_lines(struct text_writer *t, bool wants_below)
{
    const struct set_view *v = &t->w->indicators;
    for (uint32_t i = writing_next(t->w, v, 0); i < v->n_indicators; i = writing_next(t->w, v, i + 1)) {
        const struct indicator *ind = &v->indicators[i];
        bool is_below = ind->type == IOC_DOMAIN && ind->match == MATCH_BELOW;
        if (is_below != wants_below)
            continue;
        if (!has_place(ind, set_value(v, i)))
            writing_lose(t->w, LOSS_LEFT_OUT, v, i);
        else if (!put_line(t, i))
            return false;
    }
    return true;
}

static bool write_lines(struct writing *w)
{
    struct text_writer t = {.w = w};
    gather(&t);
    if (t.tlp)
        buf_printf(&w->out, "# TLP: %s\n", tlp_name(t.tlp));
    if (t.has_exact)
        buf_put_str(&w->out, "# Match: exact\n");
    if (!put_lines(&t, false))
        return false;
    if (t.has_below)
        buf_put_str(&w->out, "# Match: below\n");
    if (!put_lines(&t, true))
        return false;
    writing_lose_allow(w);
    return true;
}

static const char *const aliases[] = {"plain", "txt", NULL};
const struct list_writer write_text = {.name = "text", .aliases = aliases, .write = write_lines};
