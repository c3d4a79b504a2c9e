/* Zeek intel: one line per indicator and origin, in tabs. Zeek compares names and URLs whole, and knows no ports: a name with all below it
 * is written as the name alone and counted, URLs go without their scheme, and what would mean something else is left out. */
#include "base/json.h"
#include "rules/url.h"
#include "rules/writers/networks.h"
#include "rules/writers/writer.h"

static const char *type_of(const struct indicator *i)
{
    switch ((enum ioc_type)i->type) {
    case IOC_DOMAIN:
        return i->match == MATCH_BELOW ? NULL : "Intel::DOMAIN";
    case IOC_IPV4:
    case IOC_IPV6:
        return "Intel::ADDR";
    case IOC_CIDR4:
    case IOC_CIDR6:
    case IOC_RANGE4:
    case IOC_RANGE6:
        return "Intel::SUBNET";
    case IOC_URL:
    case IOC_HOSTPATH:
        return "Intel::URL";
    case IOC_USER_AGENT:
        return "Intel::SOFTWARE";
    case IOC_CERT_SHA1:
        return "Intel::CERT_HASH";
    case IOC_EMAIL:
        return "Intel::EMAIL";
    default:
        return NULL;
    }
}

/* What stands for an unset or empty field when it is all there is. */
static bool is_reserved(struct span text)
{
    return text.len == 0 || span_eq(text, SPAN_LIT("-")) || span_eq(text, SPAN_LIT("(empty)"));
}

/* Line ends and tabs in texts for people become blanks; other bytes that do not show are escaped as Zeek reads them. */
static void put_text(struct buf *out, struct span text)
{
    if (is_reserved(text)) {
        buf_put_byte(out, '-');
        return;
    }
    while (text.len) {
        size_t n = 0;
        while (n < text.len && !memchr("\t\n\r", text.ptr[n], 3))
            n++;
        put_escaped(out, span_first(text, n));
        if (n < text.len)
            buf_put_byte(out, ' ');
        text = span_from(text, n + 1);
    }
}

/* "meta.source" tells apart what Zeek keeps of one indicator, so it is never unset. */
static void put_context(struct buf *out, const struct set_view *v, const struct origin *o)
{
    const struct context *c = &v->contexts[o->context];
    buf_put_byte(out, '\t');
    put_text(out, set_text(v, c->organisation.len ? c->organisation : v->lists[o->list].name));
    buf_put_byte(out, '\t');
    put_text(out, set_text(v, c->description));
    buf_put_byte(out, '\t');
    put_text(out, set_text(v, c->reference));
    buf_put_byte(out, '\n');
}

static bool put_lines(struct writing *w, uint32_t indicator, struct span value, const char *type)
{
    const struct set_view *v = &w->indicators;
    uint32_t at = v->indicators[indicator].origins;
    while ((at = writing_origin(w, v, at)) != ORIGIN_END) {
        writing_put_ascii(&w->out, span_first(value, 1),
                          "#-("); /* not as a comment, unset or empty field begins */
        writing_put_ascii(&w->out, span_from(value, 1), "");
        buf_printf(&w->out, "\t%s", type);
        put_context(&w->out, v, &v->origins[at]);
        if (!writing_pass(w))
            return false;
        at = v->origins[at].next;
    }
    return true;
}

static bool put_networks(struct writing *w, uint32_t indicator)
{
    struct networks networks;
    struct ip ip;
    unsigned bits;
    char text[NETWORK_TEXT_MAX];
    bool is_good = networks_of(set_value(&w->indicators, indicator), &networks);
    while (is_good && networks_next(&networks, &ip, &bits)) {
        network_format(&ip, bits, text);
        is_good = put_lines(w, indicator, span_str(text), bits == 128 ? "Intel::ADDR" : "Intel::SUBNET");
    }
    return is_good;
}

static bool put_indicator(struct writing *w, uint32_t indicator, const char *type)
{
    const struct indicator *i = &w->indicators.indicators[indicator];
    struct span value = set_value(&w->indicators, indicator);
    if (i->match == MATCH_SUFFIX || i->match == MATCH_PREFIX)
        writing_lose(w, LOSS_NARROWED, &w->indicators, indicator);
    writing_check_fields(w, &w->indicators, indicator);
    if (i->type >= IOC_CIDR4 && i->type <= IOC_RANGE6)
        return put_networks(w, indicator);
    if (i->type == IOC_URL || i->type == IOC_HOSTPATH)
        value = url_match_key(value);
    return put_lines(w, indicator, value, type);
}

static bool write_lines(struct writing *w)
{
    const struct set_view *v = &w->indicators;
    buf_put_str(&w->out, "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\n");
    for (uint32_t i = writing_next(w, v, 0); i < v->n_indicators; i = writing_next(w, v, i + 1)) {
        const char *type = type_of(&v->indicators[i]);
        if (!type) {
            writing_lose(w, LOSS_LEFT_OUT, v, i);
            continue;
        }
        if (!put_indicator(w, i, type))
            return false;
        w->report->written++;
    }
    writing_lose_allow(w);
    return true;
}

static const char *const aliases[] = {"intel", "bro", "zeek-intel", NULL};
const struct list_writer write_zeek = {.name = "zeek", .aliases = aliases, .write = write_lines};
