/* One MISP event with an attribute for each indicator. MISP takes a value once per event, so what several origins say is put together: all
 * tags, the strictest TLP, the highest confidence, the comments one after the other. The event itself is marked as its strictest
 * attribute, and shared with nobody until somebody says so (distribution 0). */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "rules/writers/networks.h"
#include "rules/writers/uuid5.h"
#include "rules/writers/writer.h"

enum { COMMENT_BYTES = 4096, COMMENTS_MAX = 8 };

struct misp_writer {
    struct writing *w; /* borrowed */
    const struct set_view *v;
    struct json json;
    struct uuid_set
        taken; /* owned: identifiers of attributes; and those that follow from type and value, of all of them */
    uint8_t *
        tagged; /* owned: a bit per byte of the pool: the tag that begins there is on the attribute at hand */
    struct uuid5 event;
    struct buf comment, value; /* owned */
    /* What all of it has in common. */
    enum tlp tlp; /* the strictest */
    bool has_origins, has_one_organisation, has_one_list;
    struct text_ref organisation, list;
    bool is_first; /* of the attributes of an indicator: more when it is a range */
};

/* ---- what all have in common ---- */

static void gather_origin(struct misp_writer *m, const struct origin *o)
{
    const struct context *c = &m->v->contexts[o->context];
    struct text_ref list = m->v->lists[o->list].name;
    if (!m->has_origins) {
        m->has_origins = m->has_one_organisation = m->has_one_list = true;
        m->organisation = c->organisation;
        m->list = list;
    }
    m->has_one_organisation &=
        c->organisation.offset == m->organisation.offset && c->organisation.len == m->organisation.len;
    m->has_one_list &= list.offset == m->list.offset && list.len == m->list.len;
    m->tlp = c->tlp > m->tlp ? (enum tlp)c->tlp : m->tlp;
}

static void gather(struct misp_writer *m)
{
    const struct set_view *v = m->v;
    for (uint32_t i = writing_next(m->w, v, 0); i < v->n_indicators; i = writing_next(m->w, v, i + 1)) {
        uint32_t at = v->indicators[i].origins;
        while ((at = writing_origin(m->w, v, at)) != ORIGIN_END) {
            gather_origin(m, &v->origins[at]);
            at = v->origins[at].next;
        }
    }
}

/* ---- parts of an attribute ---- */

static void put_uuid(struct json *j, const char uuid[static UUID_TEXT])
{
    json_text(j, "uuid", span_of(uuid, UUID_TEXT));
}

/* Is the bit of this text set? Then it is. */
static bool take_bit(uint8_t *bits, struct text_ref text)
{
    uint8_t bit = (uint8_t)(1u << text.offset % 8), *byte = &bits[text.offset / 8];
    bool was_set = *byte & bit;
    *byte |= bit;
    return was_set;
}

/* Out of type and value. *out_is_new: false when the event has such an attribute already. */
static bool derive_uuid(struct misp_writer *m, const char *type, char out[static UUID_TEXT], bool *out_is_new)
{
    struct uuid5 u;
    uuid5_init(&u);
    uuid5_add_text(&u, span_str(type));
    uuid5_add_text(&u, buf_span(&m->value));
    uuid5_end(&u, out);
    return uuid_set_add(&m->taken, out, out_is_new);
}

/* Its own, when some origin has one that no other attribute has taken. */
static bool choose_own_uuid(struct misp_writer *m, uint32_t indicator, char out[static UUID_TEXT])
{
    uint32_t at = m->v->indicators[indicator].origins;
    while (m->is_first && (at = writing_origin(m->w, m->v, at)) != ORIGIN_END) {
        bool is_new;
        struct span own;
        if (uuid_in(set_text(m->v, m->v->contexts[m->v->origins[at].context].id), &own)) {
            if (!uuid_set_add(&m->taken, (const char *)own.ptr, &is_new))
                return false;
            if (is_new) {
                memcpy(out, own.ptr, UUID_TEXT);
                return true;
            }
        }
        at = m->v->origins[at].next;
    }
    return true;
}

static void put_tag(struct json *j, struct span name)
{
    json_begin_object(j, NULL);
    json_text(j, "name", name);
    json_end_object(j);
}

static void put_tlp(struct json *j, enum tlp tlp)
{
    char text[32];
    if (tlp == TLP_NONE)
        return;
    snprintf(text, sizeof text, "tlp:%s", tlp_name(tlp));
    put_tag(j, span_str(text));
}

/* The nearest word of the taxonomy. */
static const char *confidence_tag(int confidence)
{
    static const char *const tags[] = {
        "misp:confidence-level=\"unconfident\"",          "misp:confidence-level=\"rarely-confident\"",
        "misp:confidence-level=\"fairly-confident\"",     "misp:confidence-level=\"usually-confident\"",
        "misp:confidence-level=\"completely-confident\"",
    };
    return tags[(confidence + 12) / 25];
}

static bool is_tlp_tag(struct span tag)
{
    return span_eq_nocase(span_first(tag, 4), SPAN_LIT("tlp:"));
}

/* The tags of one context that no context before it had; a TLP among them has been taken for the marking. */
static void put_context_tags(struct misp_writer *m, const struct context *c, bool *has_level)
{
    for (uint32_t i = 0; i < c->n_tags; i++) {
        struct text_ref ref = m->v->tags[c->tags + i];
        struct span tag = set_text(m->v, ref);
        if (tag.len == 0 || is_tlp_tag(tag) || take_bit(m->tagged, ref))
            continue;
        *has_level |= span_starts(tag, SPAN_LIT("misp:confidence-level="));
        put_tag(&m->json, tag);
    }
}

static void forget_tags(struct misp_writer *m, const struct context *c)
{
    for (uint32_t i = 0; i < c->n_tags; i++)
        m->tagged[m->v->tags[c->tags + i].offset / 8] = 0;
}

static void put_tags(struct misp_writer *m, uint32_t indicator)
{
    const struct set_view *v = m->v;
    uint32_t first = v->indicators[indicator].origins;
    int confidence = -1;
    bool has_level = false;
    json_begin_array(&m->json, "Tag");
    put_tlp(&m->json, writing_tlp(m->w, v, indicator));
    for (uint32_t at = writing_origin(m->w, v, first); at != ORIGIN_END;
         at = writing_origin(m->w, v, v->origins[at].next)) {
        const struct context *c = &v->contexts[v->origins[at].context];
        put_context_tags(m, c, &has_level);
        confidence = c->confidence > confidence ? c->confidence : confidence;
    }
    for (uint32_t at = writing_origin(m->w, v, first); at != ORIGIN_END;
         at = writing_origin(m->w, v, v->origins[at].next))
        forget_tags(m, &v->contexts[v->origins[at].context]);
    if (confidence >= 0 && !has_level)
        put_tag(&m->json, span_str(confidence_tag(confidence)));
    json_end_array(&m->json);
}

static void add_comment(struct misp_writer *m, const struct context *c)
{
    const struct set_view *v = m->v;
    bool names = !m->has_one_organisation && c->organisation.len,
         has_until = writing_has_date(c->valid_until);
    if (!names && !c->description.len && !c->reference.len && !has_until)
        return;
    if (m->comment.len)
        buf_put_str(&m->comment, "; ");
    buf_put(&m->comment, set_text(v, c->description));
    if (c->reference.len) {
        buf_put_str(&m->comment, c->description.len ? " " : "");
        buf_put(&m->comment, set_text(v, c->reference));
    }
    if (names) {
        buf_put_str(&m->comment, c->description.len || c->reference.len ? ", " : "");
        buf_put(&m->comment, set_text(v, c->organisation));
    }
    if (has_until) {
        buf_put_str(&m->comment, c->description.len || c->reference.len || names ? ", until " : "until ");
        writing_put_time(&m->comment, c->valid_until);
    }
}

/* What the origins say in words, as far as there is room, and what MISP has no place for: until when it holds, and who else said so. */
static void put_comment(struct misp_writer *m, uint32_t indicator)
{
    const struct set_view *v = m->v;
    uint32_t at = v->indicators[indicator].origins;
    buf_reset(&m->comment);
    for (unsigned n = 0; n < COMMENTS_MAX && (at = writing_origin(m->w, v, at)) != ORIGIN_END; n++) {
        size_t mark = buf_mark(&m->comment);
        add_comment(m, &v->contexts[v->origins[at].context]);
        if (m->comment.is_full)
            buf_cut(&m->comment, mark);
        at = v->origins[at].next;
    }
    json_text(&m->json, "comment", buf_span(&m->comment));
}

/* The earliest that some origin says. */
static void put_first_seen(struct misp_writer *m, uint32_t indicator)
{
    const struct set_view *v = m->v;
    int64_t first = INT64_MAX;
    uint32_t at = v->indicators[indicator].origins;
    while ((at = writing_origin(m->w, v, at)) != ORIGIN_END) {
        int64_t from = v->contexts[v->origins[at].context].valid_from;
        first = from < first && writing_has_date(from) ? from : first;
        at = v->origins[at].next;
    }
    if (first == INT64_MAX)
        return;
    struct buf text;
    buf_init(&text, 64);
    writing_put_time(&text, first);
    text.len--; /* MISP wants the zone in digits */
    buf_put_str(&text, "+00:00");
    json_text(&m->json, "first_seen", buf_span(&text));
    buf_fini(&text);
}

/* ---- attributes ---- */

/* The value lies in m->value. False when memory is short. */
static bool put_attribute(struct misp_writer *m, uint32_t indicator, const char *type)
{
    struct json *j = &m->json;
    char uuid[UUID_TEXT];
    bool is_new;
    if (!derive_uuid(m, type, uuid, &is_new))
        return false;
    if (!is_new)
        return true;
    if (!choose_own_uuid(m, indicator, uuid))
        return false;
    uuid5_add(&m->event, span_of(uuid, sizeof uuid));
    m->is_first = false;
    buf_put_byte(&m->w->out, '\n');
    json_begin_object(j, NULL);
    put_uuid(j, uuid);
    json_str(j, "type", type);
    json_str(j, "category", "Network activity");
    json_text(j, "value", buf_span(&m->value));
    json_bool(j, "to_ids", true);
    json_str(j, "distribution", "5"); /* the event's */
    json_bool(j, "disable_correlation", false);
    put_comment(m, indicator);
    put_first_seen(m, indicator);
    put_tags(m, indicator);
    json_end_object(j);
    return true;
}

static const char *type_of(const struct indicator *i)
{
    switch ((enum ioc_type)i->type) {
    case IOC_DOMAIN:
        return i->match == MATCH_EXACT ? "hostname" : "domain";
    case IOC_IPV4:
    case IOC_IPV6:
    case IOC_CIDR4:
    case IOC_CIDR6:
    case IOC_RANGE4:
    case IOC_RANGE6:
        return "ip-dst";
    case IOC_IP_PORT:
        return "ip-dst|port";
    case IOC_DOMAIN_PORT:
        return "hostname|port";
    case IOC_URL:
    case IOC_HOSTPATH:
        return "url";
    case IOC_URI_PATH:
        return "uri";
    case IOC_USER_AGENT:
        return "user-agent";
    case IOC_JA3:
        return "ja3-fingerprint-md5";
    case IOC_CERT_SHA1:
        return "x509-fingerprint-sha1";
    case IOC_CERT_SHA256:
        return "x509-fingerprint-sha256";
    default:
        return NULL;
    }
}

static bool is_network(enum ioc_type type)
{
    return type >= IOC_CIDR4 && type <= IOC_RANGE6;
}

/* An attribute for each network that a range is made of. */
static bool put_networks(struct misp_writer *m, uint32_t indicator)
{
    struct networks networks;
    struct ip ip;
    unsigned bits;
    char text[NETWORK_TEXT_MAX];
    bool is_good = networks_of(set_value(m->v, indicator), &networks);
    while (is_good && networks_next(&networks, &ip, &bits)) {
        network_format(&ip, bits, text);
        buf_reset(&m->value);
        buf_put_str(&m->value, text);
        is_good = put_attribute(m, indicator, "ip-dst");
    }
    return is_good;
}

/* "192.0.2.1|443", "2001:db8::1|443", "evil.example|8443" */
static void put_port_value(struct buf *out, struct span value, uint16_t port)
{
    buf_put(out, writing_host(value));
    buf_printf(out, "|%u", (unsigned)port);
}

static void put_value(struct misp_writer *m, const struct indicator *i, struct span value)
{
    buf_reset(&m->value);
    if (i->port) {
        put_port_value(&m->value, value, i->port);
        return;
    }
    buf_put_str(&m->value, i->type == IOC_HOSTPATH ? "http://" : "");
    buf_put(&m->value, value);
}

/* MISP's `url` and `uri` are whole ones, a `url` has a scheme, and `domain` is the name too. */
static void count_changes(struct misp_writer *m, uint32_t indicator)
{
    const struct indicator *i = &m->v->indicators[indicator];
    if (i->match == MATCH_PREFIX || i->type == IOC_HOSTPATH)
        writing_lose(m->w, LOSS_NARROWED, m->v, indicator);
    if (i->match == MATCH_BELOW)
        writing_lose(m->w, LOSS_WIDENED, m->v, indicator);
    writing_check_fields(m->w, m->v, indicator);
}

static bool has_place(const struct indicator *i, struct span value)
{
    bool is_name = i->type != IOC_DOMAIN || memchr(value.ptr, '.', value.len);
    return type_of(i) && is_name && writing_is_text(value);
}

static bool put_indicator(struct misp_writer *m, uint32_t indicator)
{
    const struct indicator *i = &m->v->indicators[indicator];
    m->is_first = true;
    if (is_network((enum ioc_type)i->type))
        return put_networks(m, indicator);
    put_value(m, i, set_value(m->v, indicator));
    return put_attribute(m, indicator, type_of(i));
}

static bool put_attributes(struct misp_writer *m)
{
    const struct set_view *v = m->v;
    for (uint32_t i = writing_next(m->w, v, 0); i < v->n_indicators; i = writing_next(m->w, v, i + 1)) {
        if (!has_place(&v->indicators[i], set_value(v, i))) {
            writing_lose(m->w, LOSS_LEFT_OUT, v, i);
            continue;
        }
        count_changes(m, i);
        if (!put_indicator(m, i) || !writing_pass(m->w))
            return false;
        m->w->report->written++;
    }
    return true;
}

/* ---- the event ---- */

static void put_info(struct misp_writer *m)
{
    struct buf info;
    buf_init(&info, 64 * 1024);
    buf_put_str(&info, "Indicators");
    if (m->has_origins) {
        buf_put_str(&info, " of ");
        buf_put(&info, set_text(m->v, m->list));
        buf_put_str(&info, m->has_one_list ? "" : " and other lists");
    }
    json_text(&m->json, "info", buf_span(&info));
    buf_fini(&info);
}

static void put_organisation(struct misp_writer *m)
{
    struct uuid5 u;
    char uuid[UUID_TEXT];
    if (!m->has_one_organisation || m->organisation.len == 0)
        return;
    struct span name = set_text(m->v, m->organisation);
    uuid5_init(&u);
    uuid5_add_text(&u, SPAN_LIT("organisation"));
    uuid5_add_text(&u, name);
    uuid5_end(&u, uuid);
    json_begin_object(&m->json, "Orgc");
    json_text(&m->json, "name", name);
    put_uuid(&m->json, uuid);
    json_end_object(&m->json);
}

static void put_head(struct misp_writer *m)
{
    struct json *j = &m->json;
    struct buf date;
    char timestamp[24];
    buf_init(&date, 64);
    writing_put_time(&date, m->w->options->now);
    snprintf(timestamp, sizeof timestamp, "%lld", (long long)m->w->options->now);
    put_info(m);
    json_text(j, "date", span_first(buf_span(&date), sizeof "2026-01-31" - 1));
    json_str(j, "timestamp", timestamp);
    json_str(j, "threat_level_id", "4"); /* undefined */
    json_str(j, "analysis", "2");        /* completed */
    json_str(j, "distribution", "0");    /* this organisation only */
    json_bool(j, "published", false);
    put_organisation(m);
    json_begin_array(j, "Tag");
    put_tlp(j, m->tlp);
    json_end_array(j);
    buf_fini(&date);
}

static bool put_event(struct misp_writer *m)
{
    char uuid[UUID_TEXT];
    uuid5_init(&m->event);
    gather(m);
    json_begin_object(&m->json, NULL);
    json_begin_object(&m->json, "Event");
    put_head(m);
    json_begin_array(&m->json, "Attribute");
    if (!put_attributes(m))
        return false;
    buf_put_byte(&m->w->out, '\n');
    json_end_array(&m->json);
    uuid5_end(&m->event, uuid);
    put_uuid(&m->json, uuid);
    json_end_object(&m->json);
    json_end_object(&m->json);
    buf_put_byte(&m->w->out, '\n');
    writing_lose_allow(m->w);
    return true;
}

static bool write_event(struct writing *w)
{
    struct misp_writer m = {.w = w, .v = &w->indicators};
    m.tagged = calloc(w->indicators.pool_bytes / 8 + 1, 1);
    uuid_set_init(&m.taken);
    buf_init(&m.comment, COMMENT_BYTES);
    buf_init(&m.value, 2 * UINT16_MAX);
    json_init(&m.json, &w->out);
    bool is_good = m.tagged && put_event(&m) && !m.value.is_full;
    buf_fini(&m.comment);
    buf_fini(&m.value);
    uuid_set_fini(&m.taken);
    free(m.tagged);
    return is_good;
}

static const char *const aliases[] = {NULL};
const struct list_writer write_misp = {.name = "misp", .aliases = aliases, .write = write_event};
