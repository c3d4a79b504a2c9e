/* See session.h. Hot.
 *
 * What comes before the protocol that matters is read where it is known: PROXY, SOCKS and requests for TLS are passed over, and protocols
 * of lines (mail, FTP, XMPP) are read line by line, so that a hello is found wherever it follows a line. For all else, while the app is unknown each segment is looked at anew, a few times over: other preambles, and captures that
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
    LINES_BYTES_MAX = 64 * 1024, /* of lines in which no TLS began: none will */
};

enum phase {
    HTTP_HEAD = 0,
    HTTP_BODY_START, /* `skip` bytes of body come, unless it is a HEAD's answer */
    HTTP_BODY,
    HTTP_IN_CHUNKS,
    TLS_HELLO = 0,
    TLS_RECORDS = 8,
    TLS_CHAIN, /* the server's Certificate is due */
    LINES_GREETING = 0, /* of a server */
    LINES_ON,
    MAIL_COMMANDS = 0,
    MAIL_BODY,
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
    http2_direction_lose(&s->http2);
    *s = (struct session){
        .n_sniffs = s->n_sniffs, .is_adrift = true, .is_in_tunnel = s->is_in_tunnel, .http2 = s->http2};
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

/* What the flow began with: the first word counts, but what comes through a proxy counts more. */
static void set_outer(const struct session_context *c, enum outer outer)
{
    enum outer before = (enum outer)c->flow->outer;
    if (outer != OUTER_NONE && (before == OUTER_NONE || before == OUTER_HTTP || before == OUTER_SOCKS))
        c->flow->outer = (unsigned)outer & 15;
}

static enum verdict sniff_lines(struct span in, bool is_client, enum outer *outer)
{
    *outer = OUTER_NONE;
    return is_client ? outer_sniff_client(in, outer) : outer_sniff_server(in, outer);
}

static enum verdict sniff_http2(const struct session *s, const struct session_context *c, struct span in)
{
    return c->http2 ? http2_reader_sniff(c->http2, &s->http2, in, s->is_adrift) : FIELD_ABSENT;
}

static void start_chain(struct session *s, uint16_t version)
{
    s->phase = TLS_CHAIN;
    s->scanned = 0;
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
    enum outer of_client = OUTER_NONE, of_server = OUTER_NONE;
    enum verdict client_lines = FIELD_ABSENT, server_lines = FIELD_ABSENT;
    if (!s->is_adrift) { /* a mail may hold any such line */
        client_lines = sniff_lines(in, true, &of_client);
        server_lines = sniff_lines(in, false, &of_server);
    }
    const struct {
        enum session_app app;
        enum verdict verdict;
        enum outer outer;
    } looks[] = {
        {APP_TLS_CLIENT, tls_sniff_client(in), OUTER_NONE},
        {APP_TLS_SERVER, tls_sniff_server(in), OUTER_NONE},
        {APP_HTTP2, sniff_http2(s, c, in), OUTER_NONE},
        {APP_HTTP_REQUESTS, sniff_requests(s, in), OUTER_NONE},
        {APP_HTTP_RESPONSES, http_sniff_response(in), OUTER_NONE},
        {of_client == OUTER_SMTP ? APP_SMTP : APP_LINES_CLIENT, client_lines, of_client},
        {APP_LINES_SERVER, server_lines, of_server},
        {APP_DNS, sniff_dns(s, c, in), OUTER_NONE},
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
            s->scanned = 0;
            set_outer(c, looks[i].outer);
            if (s->app == APP_HTTP2)
                http2_direction_begin(&s->http2, !s->is_adrift);
            return FIELD_FOUND;
        }
        may_be |= looks[i].verdict == FIELD_PARTIAL;
    }
    return may_be && in.len < SNIFF_BYTES_MAX ? FIELD_PARTIAL : FIELD_ABSENT;
}

/* A message of what comes first: behind it the look begins anew. */
static size_t pass_preamble(struct session *s, const struct session_context *c, const struct preamble *p)
{
    set_outer(c, p->outer);
    if (p->outer == OUTER_SOCKS)
        c->flow->flags |= FLOW_TUNNEL;
    if (p->has_request) {
        set_client(c, c->side);
        events_add_socks(c->events, c->flow, c->side, c->moment, &p->request);
    }
    *s = (struct session){.n_sniffs = s->n_sniffs, .is_adrift = s->is_adrift};
    return p->len;
}

/* Bytes that might have begun something, and do not: what came with the next segment may. */
static size_t drop_held(struct session *s, struct span in)
{
    size_t held = s->scanned;
    resync(s, in);
    return held && held < in.len ? held : in.len;
}

/* A hello at the start of a segment is one, whatever is held in front of it. */
static bool is_hello_behind_held(const struct session *s, struct span in)
{
    struct span segment = span_from(in, s->scanned);
    return s->scanned && segment.len && segment.ptr[0] == TLS_HANDSHAKE &&
           (tls_sniff_client(segment) == FIELD_FOUND || tls_sniff_server(segment) == FIELD_FOUND);
}

/* Of segments that waited for lost bytes it is not known where they began: there a hello behind the end of a line is one, as STARTTLS brings
 * it. in.len: there is none. */
static size_t hello_behind_line(struct span in)
{
    size_t end = in.len < SNIFF_BYTES_MAX ? in.len : SNIFF_BYTES_MAX;
    for (size_t at = 1; at < end; at++) {
        struct span rest = span_from(in, at);
        if (rest.ptr[0] == TLS_HANDSHAKE && in.ptr[at - 1] == '\n' &&
            (tls_sniff_client(rest) == FIELD_FOUND || tls_sniff_server(rest) == FIELD_FOUND))
            return at;
    }
    return in.len;
}

static size_t read_unknown(struct session *s, const struct session_context *c, struct span in, bool is_last)
{
    struct preamble p;
    enum verdict preamble = preamble_read(in, (enum outer)c->flow->outer, s->is_adrift, &p);
    bool is_hello_next = is_hello_behind_held(s, in);
    if (preamble == FIELD_FOUND && (!is_hello_next || p.len <= s->scanned))
        return pass_preamble(s, c, &p);
    if (is_hello_next)
        return drop_held(s, in);
    enum verdict v = sniff(s, c, in);
    if (v == FIELD_FOUND)
        return session_read(s, c, in, is_last);
    if (v == FIELD_ABSENT && preamble != FIELD_PARTIAL) {
        size_t hello = s->is_adrift ? hello_behind_line(in) : in.len;
        if (hello == in.len)
            return drop_held(s, in);
        s->scanned = 0;
        return hello;
    }
    s->scanned = in.len;
    return is_last ? in.len : 0;
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
    case HTTP_UNTIL_CLOSE: /* nothing but body will come, whatever it looks like, but after a HEAD request */
        s->is_done = !c->flow->is_head_asked;
        s->phase = HTTP_HEAD;
        break;
    case HTTP_TUNNEL:
        set_outer(c, OUTER_HTTP);
        *s = (struct session){.is_in_tunnel = s->is_in_tunnel};
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
        if (span_eq(r.method, SPAN_LIT("HEAD")))
            c->flow->is_head_asked = 1;
        events_add_http_request(c->events, c->flow, c->side, c->moment, &r);
        if (r.framing == HTTP_TUNNEL)
            c->flow->flags |= FLOW_TUNNEL;
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
        bool is_tunnel = c->flow->flags & FLOW_TUNNEL && !s->is_in_tunnel && r.status / 100 == 2;
        s->is_in_tunnel |= is_tunnel;
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
        if (s->app == APP_HTTP_REQUESTS && c->http2 && http2_preface(in) == FIELD_FOUND) { /* the server took the Upgrade to h2c */
            *s = (struct session){.app = APP_HTTP2};
            return 0;
        }
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

static void tell_http2_request(const struct session_context *c, const struct http2_step *step)
{
    const struct http_request *r = &step->message->request;
    begin(c, SESSION_HTTP, !step->is_promised);
    if (r->host.len)
        tell_readable(c, SESSION_HTTP);
    else if (step->message->n_unknown)
        c->flow->flags |= FLOW_LOST;
    else if (!step->is_cut && !step->is_promised)
        tell_unreadable(c, SESSION_HTTP, UNREADABLE_NO_NAME);
    events_add_http_request(c->events, c->flow, step->is_promised ? !c->side : c->side, c->moment, r);
}

static void tell_http2(const struct session_context *c, const struct http2_step *step)
{
    if (step->is_client)
        begin(c, SESSION_HTTP, true);
    if (step->is_limited) {
        c->flow->flags |= FLOW_LIMIT;
        c->events->stats->streams_limited++;
    }
    if (step->is_malformed)
        c->flow->flags |= FLOW_MALFORMED;
    if (!step->message)
        return;
    c->events->stats->http2_fields_unknown += step->message->n_unknown;
    if (step->message->is_request)
        tell_http2_request(c, step);
    if (!step->message->is_response)
        return;
    begin(c, SESSION_HTTP, false);
    events_add_http_response(c->events, c->flow, c->side, c->moment, &step->message->response);
}

static size_t read_http2(struct session *s, const struct session_context *c, struct span in, bool is_last)
{
    struct http2_step step;
    switch (http2_reader_step(c->http2, &s->http2, c->moment->ts_ns, in, is_last, &step)) {
    case FIELD_FOUND:
        tell_http2(c, &step);
        s->skip = step.skip;
        return step.used;
    case FIELD_PARTIAL:
        s->want = step.want;
        return 0;
    default:
        c->flow->flags |= FLOW_MALFORMED;
        return resync(s, in);
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

/* ---- lines ---- */

/* At the start of a line: is it TLS that begins? FIELD_FOUND sets s->app. */
static enum verdict sniff_tls(struct session *s, bool is_client, struct span in)
{
    if (in.ptr[0] != TLS_HANDSHAKE && in.ptr[0] != TLS_ALERT)
        return FIELD_ABSENT;
    enum verdict v = is_client ? tls_sniff_client(in) : tls_sniff_server(in);
    if (v == FIELD_FOUND)
        *s = (struct session){.app = is_client ? APP_TLS_CLIENT : APP_TLS_SERVER};
    return v == FIELD_FOUND || v == FIELD_PARTIAL ? v : FIELD_ABSENT;
}

/* A mail's session goes on beside the TLS that began in it, when the other side's segments come late: no new one. */
static void begin_mail(const struct session_context *c, bool is_client)
{
    set_outer(c, OUTER_SMTP);
    if (c->flow->session != SESSION_TLS + 1)
        begin(c, SESSION_SMTP, is_client);
}

static void tell_mail(const struct session_context *c, const struct smtp_talk *t)
{
    if (!t->banner.len && !t->helo.len && !t->mail_from.len && !t->n_rcpt_to)
        return;
    if (c->flow->session == SESSION_SMTP + 1)
        tell_readable(c, SESSION_SMTP);
    events_add_smtp(c->events, c->flow, c->side, c->moment, t);
}

/* Is it a mail server? False: that takes another line. */
static bool read_greeting(struct session *s, const struct session_context *c, struct span in, bool is_last)
{
    struct smtp_talk t = {0};
    enum verdict v = smtp_greeting_read(in, (enum outer)c->flow->outer, &t.banner);
    if (v == FIELD_PARTIAL && !is_last)
        return false;
    s->phase = LINES_ON;
    if (v == FIELD_FOUND) {
        begin_mail(c, false);
        tell_mail(c, &t);
    }
    return true;
}

/* What it is a line of. False: of a mail client, which is read by itself. */
static bool read_line(struct session *s, const struct session_context *c, struct span line)
{
    enum outer outer;
    bool is_client = s->app == APP_LINES_CLIENT;
    if (sniff_lines(line, is_client, &outer) == FIELD_FOUND)
        set_outer(c, outer);
    if (is_client && outer == OUTER_SMTP) {
        *s = (struct session){.app = APP_SMTP};
        return false;
    }
    s->n_line_bytes += (uint32_t)line.len;
    s->is_done = s->n_line_bytes > LINES_BYTES_MAX;
    return true;
}

/* One line. */
static size_t read_lines(struct session *s, const struct session_context *c, struct span in, bool is_last)
{
    bool is_client = s->app == APP_LINES_CLIENT;
    if (!is_client && s->phase == LINES_GREETING && !read_greeting(s, c, in, is_last))
        return 0;
    switch (sniff_tls(s, is_client, in)) {
    case FIELD_FOUND:
        return 0;
    case FIELD_PARTIAL:
        return is_last ? in.len : 0;
    default:
        break;
    }
    const uint8_t *end =
        memchr(in.ptr + s->scanned, outer_line_end((enum outer)c->flow->outer), in.len - s->scanned);
    if (!end) {
        s->scanned = in.len;
        return in.len > LINE_BYTES_MAX ? resync(s, in) : is_last ? in.len : 0;
    }
    struct span line = span_of(in.ptr, (size_t)(end - in.ptr) + 1);
    s->scanned = 0;
    return read_line(s, c, line) ? line.len : 0;
}

static size_t read_mail_commands(struct session *s, const struct session_context *c, struct span in,
                                 bool is_last)
{
    struct smtp_commands commands;
    enum verdict v = smtp_commands_read(in, &commands);
    begin_mail(c, true);
    enum verdict tls = v == FIELD_FOUND && commands.next == SMTP_TLS
                           ? sniff_tls(s, true, span_from(in, commands.used))
                           : FIELD_ABSENT;
    if ((v == FIELD_PARTIAL || tls == FIELD_PARTIAL) && !is_last) {
        s->scanned = commands.used;
        return 0;
    }
    tell_mail(c, &commands.talk);
    if (tls == FIELD_FOUND)
        return commands.used;
    s->scanned = 0;
    if (v == FIELD_MALFORMED || commands.next == SMTP_TLS)
        return resync(s, in);
    if (v == FIELD_PARTIAL)
        return in.len;
    s->skip = commands.chunk_len;
    s->phase = commands.next == SMTP_BODY ? MAIL_BODY : MAIL_COMMANDS;
    s->mail = (struct smtp_body){0};
    return commands.used;
}

static size_t read_mail(struct session *s, const struct session_context *c, struct span in, bool is_last)
{
    size_t used;
    if (s->phase == MAIL_COMMANDS) {
        struct span line = span_from(in, s->scanned); /* the last one, not whole when it was looked at */
        bool is_new = line.len && (line.ptr[0] == TLS_HANDSHAKE || line.len > LINE_BYTES_MAX ||
                                   span_has_byte(line, '\n'));
        return is_new || is_last ? read_mail_commands(s, c, in, is_last) : 0;
    }
    if (smtp_body_skip(&s->mail, in, &used) == FIELD_FOUND)
        s->phase = MAIL_COMMANDS;
    return is_last ? in.len : used;
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
    case APP_LINES_CLIENT:
    case APP_LINES_SERVER:
        return read_lines(s, c, in, is_last);
    case APP_SMTP:
        return read_mail(s, c, in, is_last);
    case APP_HTTP2:
        return read_http2(s, c, in, is_last);
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
    if (s->app == APP_SMTP && s->phase == MAIL_BODY) { /* another line of it, unless the dot was lost */
        s->mail.is_within_line = true;
        return true;
    }
    set_adrift(s);
    return false;
}

void session_end(struct session *s, struct http2_reader *http2)
{
    if (http2)
        http2_reader_end(http2, &s->http2);
}
