/* See drill_expected.h. */
#include "tools/drill_expected.h"

#include <netinet/in.h>

#include "base/json.h"
#include "base/time.h"
#include "sensor/eve.h"

enum { VALUE_SHOWN = 4096, LISTS_SHOWN = 16, LIST_SHOWN = 256, OBSERVED_SHOWN = 8192 };
#define NS_PER_S INT64_C(1000000000)

static void put_ip(struct json *j, const char *key, const struct ip *ip)
{
    char text[IP_TEXT_MAX];
    json_text(j, key, span_of(text, ip_format(ip, text)));
}

static void put_time(struct json *j, const char *key, int64_t ns)
{
    char text[TIME_TEXT_MAX];
    json_text(j, key, span_of(text, time_format(ns / NS_PER_S, (uint32_t)(ns % NS_PER_S / 1000), text)));
}

static void put_community_id(struct json *j, const struct talk *t)
{
    char id[COMMUNITY_ID_MAX];
    const struct way *w = &t->way;
    struct event e = {.proto = t->proto,
                      .ip_version = ip_is_v4(&w->client) ? 4 : 6,
                      .src = w->client,
                      .dst = w->server,
                      .sport = w->client_port,
                      .dport = w->server_port};
    community_id(&e, id);
    json_str(j, "community_id", id);
}

static void put_conversation(struct json *j, const struct exercise_talk *t)
{
    const struct contact *c = t->contact;
    const struct way *w = &c->talk.way;
    json_str(j, "way", contact_by_name(t->by));
    json_str(j, "proto", c->talk.proto == IPPROTO_TCP ? "TCP" : "UDP");
    put_ip(j, "src_ip", &w->client);
    json_u64(j, "src_port", w->client_port);
    put_ip(j, "dest_ip", &w->server);
    json_u64(j, "dest_port", w->server_port);
    put_community_id(j, &c->talk);
    put_time(j, "start", c->first_ns);
    put_time(j, "end", c->last_ns);
    json_u64(j, "packet_first", c->first_packet);
    json_u64(j, "packet_last", c->last_packet);
}

static struct span cut_text(struct span text, size_t max)
{
    if (text.len <= max)
        return text;
    while (max > 0 && (text.ptr[max] & 0xc0) == 0x80)
        max--;
    return span_first(text, max);
}

/* Of those that say so at that time; a list's origins follow each other. */
static void put_lists(struct json *j, const struct set_view *v, uint32_t indicator, const int64_t *seconds)
{
    uint32_t last = UINT32_MAX, n = 0;
    json_begin_array(j, "lists");
    for (uint32_t at = v->indicators[indicator].origins; at != ORIGIN_END && n < LISTS_SHOWN;
         at = v->origins[at].next) {
        const struct origin *o = &v->origins[at];
        if (o->list == last || (seconds && !set_origin_holds(v, o, *seconds)))
            continue;
        last = o->list;
        n++;
        json_text(j, NULL, cut_text(set_text(v, v->lists[o->list].name), LIST_SHOWN));
    }
    json_end_array(j);
}

static void put_indicator(struct json *j, const struct set_view *v, uint32_t indicator)
{
    json_str(j, "type", ioc_type_name((enum ioc_type)v->indicators[indicator].type));
    json_text(j, "value", cut_text(set_value(v, indicator), VALUE_SHOWN));
    json_str(j, "match", ioc_match_name((enum ioc_match)v->indicators[indicator].match));
}

static void put_url(struct json *j, const struct scan_field *f)
{
    struct buf url;
    buf_init(&url, OBSERVED_SHOWN);
    buf_put_str(&url, "http://");
    buf_put(&url, f->text);
    buf_put(&url, f->target);
    json_wire(j, "observed", buf_span(&url));
    buf_fini(&url);
}

static void put_observed(struct json *j, const struct scan_field *f)
{
    json_str(j, "field", field_name(f->field));
    if (f->kind == SCAN_ADDRESS)
        put_ip(j, "observed", &f->ip);
    else if (f->kind == SCAN_URL)
        put_url(j, f);
    else
        json_wire(j, "observed", span_first(f->text, OBSERVED_SHOWN));
}

static void end_line(struct json *j)
{
    json_end_object(j);
    buf_put_byte(j->out, '\n');
}

static void put_alert(struct buf *out, const struct set_view *v, const struct exercise_talk *t,
                      const struct exercise_alert *a)
{
    struct json j;
    int64_t seconds = t->contact->first_ns / NS_PER_S;
    json_init(&j, out);
    json_begin_object(&j, NULL);
    json_str(&j, "kind", "alert");
    put_indicator(&j, v, a->indicator);
    put_lists(&j, v, a->indicator, &seconds);
    json_bool(&j, "planted", a->indicator == t->indicator);
    put_observed(&j, &t->contact->said[a->said]);
    put_conversation(&j, t);
    end_line(&j);
}

/* What names it: the first name that is said. */
static void put_trap(struct buf *out, const struct set_view *v, const struct exercise_talk *t)
{
    struct json j;
    const struct contact *c = t->contact;
    unsigned i = 0;
    while (i + 1 < c->n_said && c->said[i].kind != SCAN_NAME)
        i++;
    json_init(&j, out);
    json_begin_object(&j, NULL);
    json_str(&j, "kind", "trap");
    json_wire(&j, "name", c->said[i].text);
    json_text(&j, "near", cut_text(set_value(v, t->indicator), VALUE_SHOWN));
    put_conversation(&j, t);
    end_line(&j);
}

void drill_put_talk(struct buf *out, const struct set_view *set, const struct exercise_talk *t)
{
    for (unsigned i = 0; i < t->n_alerts; i++)
        put_alert(out, set, t, &t->alerts[i]);
    if (t->kind == EXERCISE_TRAP)
        put_trap(out, set, t);
}

void drill_put_omitted(struct buf *out, const struct set_view *set, uint32_t indicator,
                       enum exercise_omission why)
{
    struct json j;
    json_init(&j, out);
    json_begin_object(&j, NULL);
    json_str(&j, "kind", "omitted");
    put_indicator(&j, set, indicator);
    put_lists(&j, set, indicator, NULL);
    json_str(&j, "reason", exercise_omission_name(why));
    end_line(&j);
}
