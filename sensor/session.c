/* See session.h. Hot.
 *
 * While the app is unknown each segment is looked at anew, a few times over: STARTTLS, SOCKS and proxy preambles, and captures that
 * begin in the middle, all end in a segment that starts with a hello or a request. The same look is how a session goes on after a
 * lost segment or a body whose length was a lie. */
#include "sensor/session.h"

enum {
    SNIFFS_MAX = 24,            /* segments looked at before a direction is given up */
    SNIFF_BYTES_MAX = 8192,     /* a first line longer than this is none */
    HEAD_BYTES_MAX = 60 * 1024, /* an HTTP head or TLS hello longer than this is not read */
    HELLO_BYTES_MAX = 64 * 1024,
    CHAIN_BYTES_MAX =
        HEAD_BYTES_MAX, /* of a Certificate message, records and all; of a longer one what lies within is read */
    CHAIN_MESSAGES_MAX = 4, /* handshake messages before it: the ServerHello, SupplementalData (RFC 4680) */
    DNS_BYTES_MAX = 64 * 1024, /* what a stream holds */
    DNS_MALFORMED_MAX = 4,
    DNS_HEADER = 12,
    DNS_PORT = 53,
};

enum phase {
    HTTP_HEAD = 0,
    HTTP_BODY_START, /* `skip` bytes of body come, unless it is a HEAD's answer */
    HTTP_BODY,
    HTTP_IN_CHUNKS,
    TLS_HELLO = 0,
    TLS_RECORDS = 8,
    TLS_CHAIN, /* the server's Certificate is due */
};

static void set_client(const struct session_context *c, unsigned client)
{
    struct flow *f = c->flow;
    if (f->flags & FLOW_CLIENT_KNOWN)
        return;
    f->client = client & 1;
    f->flags |= FLOW_CLIENT_KNOWN;
}

/* A session of this protocol is going on in the flow; counted once. A second protocol (TLS after CONNECT) is another session. */
static void begin(const struct session_context *c, enum session_protocol p, bool is_client)
{
    struct flow *f = c->flow;
    set_client(c, is_client ? c->side : !c->side);
    if (f->session != (unsigned)p + 1) {
        session_account(f, c->events->stats);
        f->session = (unsigned)(p + 1) & 7;
        f->flags &= (uint8_t) ~(FLOW_SESSION_TOLD | FLOW_MALFORMED);
        f->is_client_heard = 0;
        c->events->stats->sessions[p]++;
    }
    if (is_client)
        f->is_client_heard = 1;
}

static void tell_readable(const struct session_context *c, enum session_protocol p)
{
    if (c->flow->flags & FLOW_SESSION_TOLD)
        return;
    c->flow->flags |= FLOW_SESSION_TOLD;
    c->events->stats->readable[p]++;
}

static void tell_unreadable(const struct session_context *c, enum session_protocol p, enum unreadable why)
{
    if (c->flow->flags & FLOW_SESSION_TOLD)
        return;
    c->flow->flags |= FLOW_SESSION_TOLD;
    c->events->stats->unreadable[p][why]++;
}

void session_account(struct flow *f, struct stats *stats)
{
    if (!f->session || f->flags & FLOW_SESSION_TOLD)
        return;
    enum unreadable why = f->flags & FLOW_MALFORMED ? UNREADABLE_MALFORMED
                          : f->flags & FLOW_LIMIT   ? UNREADABLE_LIMIT
                          : f->flags & FLOW_SNAPLEN ? UNREADABLE_SNAPLEN
                          : f->flags & FLOW_LOST    ? UNREADABLE_LOST
                          : !f->is_client_heard     ? UNREADABLE_ONE_SIDED
                                                    : UNREADABLE_CUT;
    stats->unreadable[f->session - 1][why]++;
    f->flags |= FLOW_SESSION_TOLD;
}

/* Where we are in the stream is not known any more. */
static void set_adrift(struct session *s)
{
    *s = (struct session){.n_sniffs = s->n_sniffs, .is_adrift = true};
}

/* Back to looking for something we know, at the next segment. */
static size_t resync(struct session *s, struct span in)
{
    s->n_sniffs++;
    set_adrift(s);
    s->is_done = s->n_sniffs > SNIFFS_MAX;
    return in.len;
}

static size_t give_up(struct session *s, const struct session_context *c, struct span in)
{
    c->flow->flags |= FLOW_LIMIT;
    c->events->stats->streams_limited++;
    return resync(s, in);
}

static bool is_dns_port(const struct flow *f)
{
    return f->port[0] == DNS_PORT || f->port[1] == DNS_PORT;
}

/* DNS over TCP has no mark of its own but its length: at the start of a stream on its port any sane length will do; else a
 * whole message must be there, on other ports alone in its segment. */
static enum verdict sniff_dns(const struct session *s, const struct session_context *c, struct span in)
{
    if (in.len < 4)
        return is_dns_port(c->flow) ? FIELD_PARTIAL : FIELD_ABSENT;
    size_t end = 2 + (size_t)load_be16(in.ptr);
    if (end < 2 + DNS_HEADER)
        return FIELD_ABSENT;
    if (is_dns_port(c->flow) && (!s->is_adrift || in.len < end))
        return s->is_adrift ? FIELD_PARTIAL : FIELD_FOUND;
    if (in.len < end || (in.len > end && !is_dns_port(c->flow)))
        return FIELD_ABSENT;
    return dns_looks_like(span_first(span_from(in, 2), end - 2)) ? FIELD_FOUND : FIELD_ABSENT;
}

/* Where a method may have lost its front, only those that are known by name will do: they are before their line is whole. */
static enum verdict sniff_requests(const struct session *s, struct span in)
{
    enum verdict v = http_sniff_request(in);
    if (v != FIELD_FOUND || !s->is_adrift)
        return v;
    const uint8_t *blank = memchr(in.ptr, ' ', in.len);
    return blank && http_sniff_request(span_of(in.ptr, (size_t)(blank - in.ptr) + 1)) == FIELD_FOUND
               ? FIELD_FOUND
               : FIELD_ABSENT;
}

static void start_chain(struct session *s, uint16_t version)
{
    s->phase = TLS_CHAIN;
    s->tls_version = version;
    s->n_messages = 0;
    s->record_left = 0;
}

/* The server's Certificate, where a stream is joined after its hello. Certificates that a client sends look the same. */
static enum verdict sniff_certificate(const struct session *s, const struct session_context *c,
                                      struct span in)
{
    bool is_wanted = s->is_adrift && c->events->certificates && c->side != c->flow->client;
    return is_wanted ? tls_sniff_certificate(in) : FIELD_MALFORMED;
}

/* FIELD_FOUND sets s->app. */
static enum verdict sniff(struct session *s, const struct session_context *c, struct span in)
{
    const struct {
        enum session_app app;
        enum verdict verdict;
    } looks[] = {
        {APP_TLS_CLIENT, tls_sniff_client(in)},
        {APP_TLS_SERVER, tls_sniff_server(in)},
        {APP_HTTP_REQUESTS, sniff_requests(s, in)},
        {APP_HTTP_RESPONSES, http_sniff_response(in)},
        {APP_DNS, sniff_dns(s, c, in)},
    };
    enum verdict certificate = sniff_certificate(s, c, in);
    if (certificate == FIELD_FOUND) {
        s->app = APP_TLS_SERVER;
        s->n_sniffs = 0;
        start_chain(s, 0);
        begin(c, SESSION_TLS, false);
        return FIELD_FOUND;
    }
    bool may_be = certificate == FIELD_PARTIAL;
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        /* A length is a weak mark: first all that has a better one is ruled out. */
        if (looks[i].verdict == FIELD_FOUND && !(looks[i].app == APP_DNS && may_be)) {
            s->app = looks[i].app;
            s->n_sniffs = 0;
            return FIELD_FOUND;
        }
        may_be |= looks[i].verdict == FIELD_PARTIAL;
    }
    return may_be && in.len < SNIFF_BYTES_MAX ? FIELD_PARTIAL : FIELD_ABSENT;
}

static size_t read_unknown(struct session *s, const struct session_context *c, struct span in, bool is_last)
{
    switch (sniff(s, c, in)) {
    case FIELD_FOUND:
        return session_read(s, c, in, is_last);
    case FIELD_PARTIAL:
        return is_last ? in.len : 0;
    default:
        return resync(s, in);
    }
}

/* What the head says follows it. */
static void start_body(struct session *s, const struct session_context *c, enum http_framing framing,
                       uint64_t body_len)
{
    s->scanned = 0;
    switch (framing) {
    case HTTP_NO_BODY:
        s->phase = HTTP_HEAD;
        break;
    case HTTP_LENGTH:
        s->phase = body_len ? HTTP_BODY_START : HTTP_HEAD;
        s->skip = body_len;
        break;
    case HTTP_CHUNKED:
        s->phase = HTTP_IN_CHUNKS;
        s->chunks = (struct http_chunks){0};
        break;
    case HTTP_UNTIL_CLOSE: /* nothing but body will come, whatever it looks like */
        s->is_done = true;
        break;
    case HTTP_TUNNEL:
        c->flow->flags |= FLOW_TUNNEL;
        *s = (struct session){0};
        break;
    }
}

static enum verdict read_request(struct session *s, const struct session_context *c, struct span head)
{
    struct http_request r;
    enum verdict v = http_request_read(head, &r);
    if (v == FIELD_FOUND || v == FIELD_PARTIAL)
        begin(c, SESSION_HTTP, true);
    if (v == FIELD_FOUND || (v == FIELD_PARTIAL && r.method.len)) {
        if (r.host.len)
            tell_readable(c, SESSION_HTTP);
        else if (v == FIELD_FOUND)
            tell_unreadable(c, SESSION_HTTP, UNREADABLE_NO_NAME);
        events_add_http_request(c->events, c->flow, c->side, c->moment, &r);
        start_body(s, c, r.framing, r.body_len);
    }
    return v;
}

static enum verdict read_response(struct session *s, const struct session_context *c, struct span head)
{
    struct http_response r;
    enum verdict v = http_response_read(head, &r);
    if (v == FIELD_FOUND || v == FIELD_PARTIAL)
        begin(c, SESSION_HTTP, false);
    if (v == FIELD_FOUND || (v == FIELD_PARTIAL && r.protocol.len)) {
        events_add_http_response(c->events, c->flow, c->side, c->moment, &r);
        bool is_tunnel = c->flow->flags & FLOW_TUNNEL && r.status / 100 == 2;
        start_body(s, c, is_tunnel ? HTTP_TUNNEL : r.framing, r.body_len);
    }
    return v;
}

/* One head at the front of `in`. Returns what it used; 0 when it is not whole. */
static size_t read_head(struct session *s, const struct session_context *c, struct span in, bool is_last)
{
    size_t head_len = in.len;
    enum verdict end = http_head_end(in, &s->scanned, &head_len);
    if (end != FIELD_FOUND && !is_last && in.len <= HEAD_BYTES_MAX)
        return 0;
    struct span head = span_first(in, end == FIELD_FOUND ? head_len : in.len);
    enum verdict v = s->app == APP_HTTP_REQUESTS ? read_request(s, c, head) : read_response(s, c, head);
    if (end != FIELD_FOUND && !is_last)
        return give_up(s, c, in);
    if (v == FIELD_MALFORMED || v == FIELD_ABSENT)
        return resync(s, in);
    if (end != FIELD_FOUND) /* its rest would pass for the body it announces */
        set_adrift(s);
    return head.len;
}

/* A body that starts with a status line is none: the request was HEAD, which one direction alone does not tell.
 * FIELD_PARTIAL: wait until the line is whole. */
static enum verdict sniff_next_head(const struct session *s, struct span in, bool is_last)
{
    enum verdict v = s->app == APP_HTTP_RESPONSES ? http_sniff_response(in) : FIELD_ABSENT;
    if (v == FIELD_ABSENT || is_last || in.len >= SNIFF_BYTES_MAX)
        return v == FIELD_FOUND ? FIELD_FOUND : FIELD_ABSENT;
    return memchr(in.ptr, '\n', in.len) ? v : FIELD_PARTIAL;
}

static size_t wait_for_more(struct session *s, struct span in)
{
    s->want = in.len + 1;
    return 0;
}

static size_t start_skipping(struct session *s, struct span in, bool is_last)
{
    enum verdict v = sniff_next_head(s, in, is_last);
    if (v == FIELD_PARTIAL)
        return wait_for_more(s, in);
    if (v == FIELD_FOUND)
        s->skip = 0;
    s->phase = s->skip ? HTTP_BODY : HTTP_HEAD;
    return 0;
}

static size_t read_chunks(struct session *s, struct span in)
{
    size_t used = 0;
    switch (http_chunks_skip(&s->chunks, in, &used)) {
    case FIELD_FOUND:
        s->phase = HTTP_HEAD;
        return used;
    case FIELD_PARTIAL:
        return in.len;
    default:
        return resync(s, in);
    }
}

static size_t read_http(struct session *s, const struct session_context *c, struct span in, bool is_last)
{
    switch (s->phase) {
    case HTTP_HEAD:
        /* Garbage between messages: what follows a body whose length was a lie. */
        if (s->scanned == 0 &&
            (s->app == APP_HTTP_REQUESTS ? http_sniff_request(in) : http_sniff_response(in)) == FIELD_ABSENT)
            return resync(s, in);
        return read_head(s, c, in, is_last);
    case HTTP_BODY_START:
        return start_skipping(s, in, is_last);
    case HTTP_BODY: /* all of it was skipped */
        s->phase = HTTP_HEAD;
        return 0;
    default:
        return read_chunks(s, in);
    }
}

static void tell_client_hello(const struct session_context *c, const struct tls_client_hello *h)
{
    begin(c, SESSION_TLS, true);
    if (tls_name_is_hidden(h))
        tell_unreadable(c, SESSION_TLS, UNREADABLE_ECH);
    else if (h->sni.len)
        tell_readable(c, SESSION_TLS);
    else if (!h->is_cut)
        tell_unreadable(c, SESSION_TLS, UNREADABLE_NO_NAME);
    events_add_tls_client(c->events, c->flow, c->side, c->moment, h);
}

/* Certificates are in the clear before TLS 1.3 only, and nobody may want them. */
static bool wants_chain(const struct session_context *c, const struct tls_server_hello *h)
{
    return c->events->certificates && h->version >= 0x0300 && h->version <= 0x0303;
}

/* A hello, or as much of it as there is. */
static enum verdict read_hello(struct session *s, const struct session_context *c, struct span message)
{
    enum verdict v;
    if (s->app == APP_TLS_CLIENT) {
        struct tls_client_hello h;
        v = tls_client_hello_read(message, &h);
        if (v == FIELD_FOUND || v == FIELD_PARTIAL)
            tell_client_hello(c, &h);
    } else {
        struct tls_server_hello h;
        v = tls_server_hello_read(message, &h);
        if (v == FIELD_FOUND || v == FIELD_PARTIAL) {
            begin(c, SESSION_TLS, false);
            events_add_tls_server(c->events, c->flow, c->side, c->moment, &h);
            if (wants_chain(c, &h))
                start_chain(s, h.version);
            else
                s->is_done = v == FIELD_FOUND && !h.is_retry;
        }
    }
    return v;
}

static size_t read_sslv2(struct session *s, const struct session_context *c, struct span in)
{
    struct tls_client_hello h;
    switch (tls_sslv2_hello_read(in, &h)) {
    case FIELD_FOUND:
        tell_client_hello(c, &h);
        s->is_done = true;
        return in.len;
    case FIELD_PARTIAL:
        return 0;
    default:
        return resync(s, in);
    }
}

static size_t read_tls_hello(struct session *s, const struct session_context *c, struct span in, bool is_last)
{
    if (in.ptr[0] != TLS_HANDSHAKE)
        return read_sslv2(s, c, in);
    uint8_t scratch[HELLO_BYTES_MAX];
    struct span message = {0};
    size_t used = 0, want = 0;
    enum verdict v = tls_handshake_gather(in, scratch, sizeof scratch, &message, &used, &want);
    begin(c, SESSION_TLS, s->app == APP_TLS_CLIENT);
    if (v == FIELD_PARTIAL && !is_last) {
        if (want > HEAD_BYTES_MAX)
            return give_up(s, c, in);
        s->want = want;
        return 0;
    }
    if (v == FIELD_FOUND || v == FIELD_PARTIAL) {
        enum verdict hello = read_hello(s, c, message);
        v = hello == FIELD_PARTIAL ? v : hello;
    }
    if (v == FIELD_MALFORMED || v == FIELD_ABSENT) {
        c->flow->flags |= FLOW_MALFORMED;
        return resync(s, in);
    }
    if (v == FIELD_FOUND && s->phase == TLS_CHAIN) /* where in its record the hello ends is found there */
        return 0;
    s->phase = TLS_RECORDS;
    return v == FIELD_FOUND ? used : in.len;
}

/* The server's messages from its hello to its Certificate. Whatever else comes ends it: a session that is resumed has none. */
static size_t read_tls_chain(struct session *s, const struct session_context *c, struct span in, bool is_last)
{
    uint8_t scratch[HELLO_BYTES_MAX];
    struct span message = {0};
    size_t used = 0, left = 0, want = 0;
    in = span_first(in, CHAIN_BYTES_MAX); /* so that what is read does not hang on where segments end */
    enum verdict v =
        tls_handshake_next(in, s->record_left, scratch, sizeof scratch, &message, &used, &left, &want);
    if (v == FIELD_PARTIAL && !is_last && in.len < CHAIN_BYTES_MAX) {
        s->want = want < CHAIN_BYTES_MAX ? want : CHAIN_BYTES_MAX;
        return 0;
    }
    bool is_chain = message.len && message.ptr[0] == TLS_CERTIFICATE;
    if (is_chain && (v == FIELD_FOUND || v == FIELD_PARTIAL))
        events_add_certificates(c->events, c->flow, c->side, c->moment, message, s->tls_version);
    if (v == FIELD_FOUND && !is_chain && s->n_messages++ < CHAIN_MESSAGES_MAX) {
        s->record_left = (uint16_t)left;
        return used;
    }
    s->is_done = true;
    return in.len;
}

/* After a hello: pass records over until the traffic keys are on, for a HelloRetryRequest makes for a second hello. */
static size_t read_tls_records(struct session *s, struct span in)
{
    struct tls_record r;
    switch (tls_record_read(in, &r)) {
    case FIELD_MALFORMED:
    case FIELD_ABSENT:
        s->is_done = true;
        return in.len;
    case FIELD_PARTIAL:
        if (in.len < 6)
            return 0;
        break;
    case FIELD_FOUND:
        break;
    }
    uint8_t hello = s->app == APP_TLS_CLIENT ? TLS_CLIENT_HELLO : TLS_SERVER_HELLO;
    if (r.type == TLS_APPLICATION_DATA) {
        s->is_done = true;
        return in.len;
    }
    if (r.type == TLS_HANDSHAKE && r.fragment.len && r.fragment.ptr[0] == hello) {
        enum verdict v = s->app == APP_TLS_CLIENT ? tls_sniff_client(in) : tls_sniff_server(in);
        if (v == FIELD_PARTIAL)
            return 0;
        if (v == FIELD_FOUND) {
            s->phase = TLS_HELLO;
            return 0;
        }
    }
    s->skip = r.record_len;
    return 0;
}

static size_t read_dns(struct session *s, const struct session_context *c, struct span in)
{
    struct stats *stats = c->events->stats;
    if (in.len < 2)
        return 0;
    size_t message_len = load_be16(in.ptr);
    if (in.len < 2 + message_len) {
        if (2 + message_len > DNS_BYTES_MAX) {
            stats->sessions[SESSION_DNS]++;
            stats->unreadable[SESSION_DNS][UNREADABLE_LIMIT]++;
            return give_up(s, c, in);
        }
        s->want = 2 + message_len;
        return 0;
    }
    struct span message = span_first(span_from(in, 2), message_len);
    stats->sessions[SESSION_DNS]++;
    switch (events_add_dns(c->events, c->flow, c->side, c->moment, message)) {
    case FIELD_FOUND:
        stats->readable[SESSION_DNS]++;
        return 2 + message_len;
    case FIELD_ABSENT:
        stats->unreadable[SESSION_DNS][UNREADABLE_NO_NAME]++;
        return 2 + message_len;
    default: /* its length still tells where the next one begins; too often, and it was none */
        stats->unreadable[SESSION_DNS][UNREADABLE_MALFORMED]++;
        return ++s->n_sniffs > DNS_MALFORMED_MAX ? resync(s, in) : 2 + message_len;
    }
}

/* One step: what is at the front of `in`. 0 with nothing else changed means: more bytes are needed. */
static size_t step(struct session *s, const struct session_context *c, struct span in, bool is_last)
{
    switch ((enum session_app)s->app) {
    case APP_UNKNOWN:
        return read_unknown(s, c, in, is_last);
    case APP_HTTP_REQUESTS:
    case APP_HTTP_RESPONSES:
        return read_http(s, c, in, is_last);
    case APP_TLS_CLIENT:
    case APP_TLS_SERVER:
        return s->phase == TLS_HELLO   ? read_tls_hello(s, c, in, is_last)
               : s->phase == TLS_CHAIN ? read_tls_chain(s, c, in, is_last)
                                       : read_tls_records(s, in);
    case APP_DNS:
        return read_dns(s, c, in);
    }
    return in.len;
}

size_t session_read(struct session *s, const struct session_context *c, struct span in, bool is_last)
{
    size_t used = 0;
    while (used < in.len && !s->is_done) {
        struct span rest = span_from(in, used);
        if (s->skip && s->phase != HTTP_BODY_START) {
            size_t n = s->skip < rest.len ? (size_t)s->skip : rest.len;
            s->skip -= n;
            used += n;
            continue;
        }
        if (rest.len < s->want && !is_last)
            break;
        s->want = 0;
        uint8_t app = s->app, phase = s->phase;
        size_t n = step(s, c, rest, is_last);
        used += n;
        if (n == 0 && s->skip == 0 && s->app == app && s->phase == phase)
            break;
    }
    return s->is_done || is_last ? in.len : used;
}

bool session_lose(struct session *s, uint64_t n)
{
    if (s->is_done)
        return true;
    if (s->skip >= n && s->skip) {
        s->skip -= n;
        return true;
    }
    if (s->app == APP_HTTP_REQUESTS || s->app == APP_HTTP_RESPONSES)
        if (s->phase == HTTP_IN_CHUNKS && s->chunks.left >= n) {
            s->chunks.left -= n;
            return true;
        }
    set_adrift(s);
    return false;
}
