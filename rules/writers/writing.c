/* See writer.h: the steps that all writers take. */
#include "base/time.h"
#include "base/utf8.h"
#include "rules/writers/writer.h"

enum { PASS_BYTES = 64 * 1024 };

/* ---- what may be told ---- */

static bool may_be_told(const struct writing *w, const struct context *c)
{
    return tlp_is_within((enum tlp)c->tlp, w->options->max_tlp);
}

uint32_t writing_origin(const struct writing *w, const struct set_view *v, uint32_t at)
{
    while (at != ORIGIN_END && !may_be_told(w, &v->contexts[v->origins[at].context]))
        at = v->origins[at].next;
    return at;
}

/* By an entry that may be told: what a withheld one covers would tell of it by not being there. */
static bool is_suppressed(const struct writing *w, const struct indicator *i)
{
    const struct set_view *allow = &w->allow;
    return i->flags & IOC_F_SUPPRESSED && !w->writer->keeps_suppressed &&
           (i->allowed_by >= allow->n_indicators ||
            writing_origin(w, allow, allow->indicators[i->allowed_by].origins) != ORIGIN_END);
}

static bool goes_out(const struct writing *w, const struct set_view *v, uint32_t indicator)
{
    const struct indicator *i = &v->indicators[indicator];
    return !is_suppressed(w, i) && writing_origin(w, v, i->origins) != ORIGIN_END;
}

uint32_t writing_next(const struct writing *w, const struct set_view *v, uint32_t at)
{
    while (at < v->n_indicators && !goes_out(w, v, at))
        at++;
    return at;
}

bool writing_is_whole(const struct writing *w, const struct set_view *v, uint32_t indicator)
{
    for (uint32_t o = v->indicators[indicator].origins; o != ORIGIN_END; o = v->origins[o].next)
        if (!may_be_told(w, &v->contexts[v->origins[o].context]))
            return false;
    return true;
}

enum tlp writing_tlp(const struct writing *w, const struct set_view *v, uint32_t indicator)
{
    enum tlp strictest = TLP_NONE;
    uint32_t o = v->indicators[indicator].origins;
    while ((o = writing_origin(w, v, o)) != ORIGIN_END) {
        enum tlp tlp = (enum tlp)v->contexts[v->origins[o].context].tlp;
        strictest = tlp > strictest ? tlp : strictest;
        o = v->origins[o].next;
    }
    return strictest;
}

struct span writing_description(const struct writing *w, const struct set_view *v, uint32_t indicator)
{
    uint32_t o = v->indicators[indicator].origins;
    while ((o = writing_origin(w, v, o)) != ORIGIN_END) {
        struct span text = set_text(v, v->contexts[v->origins[o].context].description);
        if (text.len)
            return text;
        o = v->origins[o].next;
    }
    return span_of("", 0);
}

/* ---- losses ---- */

void writing_lose(struct writing *w, enum loss loss, const struct set_view *v, uint32_t indicator)
{
    const struct indicator *i = &v->indicators[indicator];
    struct export_loss *l = &w->report->losses[loss][i->type][i->match];
    uint32_t o = writing_origin(w, v, i->origins);
    if (l->n++ || o == ORIGIN_END)
        return;
    l->path = set_text(v, v->lists[v->origins[o].list].path);
    l->line = v->origins[o].line;
}

void writing_check_fields(struct writing *w, const struct set_view *v, uint32_t indicator)
{
    const struct indicator *i = &v->indicators[indicator];
    if (i->fields != ioc_default_fields((enum ioc_type)i->type))
        writing_lose(w, LOSS_FIELDS, v, indicator);
}

void writing_lose_allow(struct writing *w)
{
    const struct set_view *v = &w->allow;
    for (uint32_t i = writing_next(w, v, 0); i < v->n_indicators; i = writing_next(w, v, i + 1))
        writing_lose(w, LOSS_ALLOW, v, i);
}

/* ---- output ---- */

static bool pass_on(struct writing *w)
{
    if (w->out.is_full || w->is_refused)
        return false;
    w->is_refused = w->out.len && !w->write(w->to, buf_span(&w->out));
    buf_reset(&w->out);
    return !w->is_refused;
}

bool writing_pass(struct writing *w)
{
    return w->out.len < PASS_BYTES && !w->out.is_full ? true : pass_on(w);
}

bool writing_end(struct writing *w)
{
    return pass_on(w);
}

/* ---- texts ---- */

bool writing_is_text(struct span text)
{
    uint32_t c;
    for (size_t at = 0, len; at < text.len; at += len)
        if (!(len = utf8_read(text.ptr + at, text.len - at, &c)))
            return false;
    return true;
}

bool writing_has_date(int64_t seconds)
{
    const int64_t first = -62135596800, last = 253402300799; /* 0001-01-01T00:00:00, 9999-12-31T23:59:59 */
    return seconds >= first && seconds <= last;
}

void writing_put_time(struct buf *out, int64_t seconds)
{
    char text[TIME_TEXT_MAX];
    time_format_seconds(seconds, text);
    buf_put_str(out, text);
}

struct span writing_host(struct span value)
{
    size_t n = value.len;
    while (n && value.ptr[n - 1] != ':')
        n--;
    struct span host = span_first(value, n ? n - 1 : 0);
    bool is_bracketed = host.len > 1 && host.ptr[0] == '[';
    return is_bracketed ? span_of(host.ptr + 1, host.len - 2) : host;
}

void writing_put_ascii(struct buf *out, struct span bytes, const char *also)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.ptr[i];
        if (c >= 0x20 && c < 0x7f && c != '\\' && !strchr(also, c)) {
            buf_put_byte(out, c);
            continue;
        }
        const uint8_t text[] = {'\\', 'x', (uint8_t)digits[c >> 4], (uint8_t)digits[c & 15]};
        buf_put(out, span_of(text, sizeof text));
    }
}
