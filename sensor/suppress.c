/* See suppress.h. The whole event of a hit is laid before the allow side's scanner, once for all hits of it: hits come in the order
 * of their fields, and the event's fields have the same order here and there. */
#include "sensor/suppress.h"

#include <stdlib.h>

#include "matcher/allow.h"
#include "matcher/request.h"
#include "matcher/route.h"
#include "rules/url.h"

/* Who covers a field: origins of the allow side, or ORIGIN_END. */
struct cover {
    uint32_t by;        /* whoever comes first */
    uint32_t by_strong; /* whoever comes first of those that are not host-only */
};

struct suppressor {
    const struct set_view *allow; /* borrowed */
    struct scanner *scanner;      /* owned */
    struct observations fields;   /* owned items; of the event at hand */
    const struct event *event;    /* at hand; NULL: none */
    uint32_t first;               /* the event's first field in the batch */
    struct cover *covers;         /* owned; by field of the event, and one more */
    uint32_t destination;         /* the origin that covers where the event goes, or ORIGIN_END */
    uint64_t *hits;               /* owned; by origin */
};

struct suppressor *suppress_new(const struct db *allow, struct err *err)
{
    struct suppressor *s = calloc(1, sizeof *s);
    if (s) {
        s->allow = db_set(allow);
        s->fields.items = malloc(OBSERVED_MAX * sizeof *s->fields.items);
        s->covers = malloc((OBSERVED_MAX + 1) * sizeof *s->covers);
        s->hits = calloc(s->allow->n_origins + 1ull, sizeof *s->hits);
    }
    if (!s || !s->fields.items || !s->covers || !s->hits)
        err_set(err, ERR_MEMORY, NULL, "out of memory");
    else
        s->scanner = s->fields.scanner = scanner_new(allow, err);
    if (s && s->scanner)
        return s;
    suppress_free(s);
    return NULL;
}

void suppress_free(struct suppressor *s)
{
    if (!s)
        return;
    scanner_free(s->scanner);
    free(s->fields.items);
    free(s->covers);
    free(s->hits);
    free(s);
}

void suppress_forget(struct suppressor *s)
{
    s->event = NULL;
}

const uint64_t *suppress_hits(const struct suppressor *s)
{
    return s->hits;
}

/* ---- what covers the fields of an event ---- */

static int64_t seconds_of(const struct event *e)
{
    return e->ts_ns / 1000000000;
}

static bool is_host_only(const struct suppressor *s, uint32_t entry)
{
    return s->allow->indicators[entry].flags & IOC_F_HOST_ONLY;
}

/* Names and addresses are what host-only entries are about; of anything else they cover what they spell out. */
static bool is_meant(const struct suppressor *s, const struct hit *h)
{
    bool is_host = FIELD_BIT(h->field) & (ROUTE_NAME_FIELDS | ROUTE_ADDRESS_FIELDS);
    return is_host || !is_host_only(s, h->indicator) || s->allow->indicators[h->indicator].type != IOC_REGEX;
}

static void take_answer(struct suppressor *s, const struct hit *h, int64_t seconds)
{
    struct cover *c = &s->covers[h->cookie];
    uint32_t origin = is_meant(s, h) ? allow_origin_at(s->allow, h->indicator, seconds) : ORIGIN_END;
    if (c->by == ORIGIN_END)
        c->by = origin;
    if (c->by_strong == ORIGIN_END && !is_host_only(s, h->indicator))
        c->by_strong = origin;
}

static void ask(struct suppressor *s, uint32_t n_covers, int64_t seconds)
{
    const struct hit *hits;
    size_t n = scan_run(s->scanner, &hits);
    for (uint32_t i = 0; i < n_covers; i++)
        s->covers[i] = (struct cover){ORIGIN_END, ORIGIN_END};
    for (size_t i = 0; i < n; i++)
        take_answer(s, &hits[i], seconds);
}

/* ---- where an event goes ---- */

/* A target that is no path is for a proxy: "http://host/path", or CONNECT's "host:port". */
static bool is_for_proxy(const struct http_request *r)
{
    return r->target.len == 0 || r->target.ptr[0] != '/';
}

/* Is the server's address where it goes? */
static bool goes_to_address(const struct event *e)
{
    switch (e->kind) {
    case EVENT_HTTP_REQUEST:
        return !e->is_tunnelled && !is_for_proxy(e->http_request);
    case EVENT_TLS_CLIENT:
    case EVENT_TLS_SERVER:
    case EVENT_TLS_CERTIFICATES:
    case EVENT_QUIC:
        return !e->is_tunnelled;
    default:
        return false;
    }
}

static void add_server(struct suppressor *s, const struct event *e, uint32_t cookie)
{
    scan_add_address(s->scanner, FIELD_IP_DST, e->is_to_server ? &e->dst : &e->src,
                     e->is_to_server ? e->dport : e->sport, cookie);
}

/* All the names asked for are covered, or the address is. */
static uint32_t destination(const struct suppressor *s)
{
    uint32_t n = 0;
    while (n < s->fields.n_destinations && s->covers[n].by_strong != ORIGIN_END)
        n++;
    return n && n == s->fields.n_destinations ? s->covers[0].by_strong : s->covers[s->fields.n].by_strong;
}

static void take_event(struct suppressor *s, const struct observations *from, const struct hit *h)
{
    const struct event *e = from->items[h->cookie].event;
    s->event = e;
    for (s->first = h->cookie; s->first > 0 && from->items[s->first - 1].event == e;)
        s->first--;
    s->fields.n = 0;
    s->fields.wanted = from->wanted;
    observe_event(&s->fields, e);
    if (goes_to_address(e))
        add_server(s, e, s->fields.n);
    ask(s, s->fields.n + 1, seconds_of(e));
    s->destination = destination(s);
}

/* ---- URLs ---- */

/* The authority of the URL that was seen in the field; false when there is none. */
static bool authority_of(const struct hit *h, const struct observed *o, struct span *out)
{
    struct request r;
    if (h->field == FIELD_HTTP_URL)
        r = request_split(o->bytes, o->event->http_request->target);
    else if ((h->field != FIELD_HTTP_LOCATION && h->field != FIELD_HTTP_REFERER) ||
             !request_split_url(o->bytes, &r))
        return false;
    *out = r.authority;
    return out->len > 0;
}

/* Uses the place behind the event's fields, which is no longer needed. */
static uint32_t cover_of_host(struct suppressor *s, const struct hit *h, const struct observed *o)
{
    struct span authority;
    uint16_t port;
    const struct hit *hits;
    if (!authority_of(h, o, &authority))
        return ORIGIN_END;
    struct cover *c = &s->covers[s->fields.n];
    *c = (struct cover){ORIGIN_END, ORIGIN_END};
    struct span host = url_host(authority, &port);
    uint16_t server_port = h->field == FIELD_HTTP_URL ? o->event->dport : 0;
    scan_add_name(s->scanner, FIELD_HTTP_HOST, host, port ? port : server_port, s->fields.n);
    size_t n = scan_run(s->scanner, &hits);
    for (size_t i = 0; i < n; i++)
        take_answer(s, &hits[i], seconds_of(o->event));
    return c->by_strong;
}

bool suppress_hit(struct suppressor *s, const struct observations *from, const struct hit *h)
{
    const struct observed *o = &from->items[h->cookie];
    if (s->event != o->event)
        take_event(s, from, h);
    uint32_t by = s->covers[h->cookie - s->first].by;
    if (by == ORIGIN_END)
        by = s->destination;
    if (by == ORIGIN_END)
        by = cover_of_host(s, h, o);
    if (by != ORIGIN_END)
        s->hits[by]++;
    return by != ORIGIN_END;
}
