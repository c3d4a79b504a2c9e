/* See contact.h. Names and addresses follow from the indicator and the dice; then each protocol has its few messages, which are said in turn. */
#include "traffic/contact.h"

#include <stdio.h>

#include "rules/url.h"
#include "traffic/dns_put.h"
#include "traffic/http_put.h"
#include "traffic/tls_put.h"

enum {
    VALUE_MAX = 8192,
    CONTACT_BYTES = 32 * 1024,
    FRAMES_BYTES = 8 * 1024,
    NAME_ROOM = 512,
    AUTHORITY_ROOM = NAME_ROOM + 8
};
enum {
    TEXT_BYTES = 64 * 1024,
    N_RECORDS = 8,
    RECORD_BYTES = 8192,
    N_DATAGRAMS = 64,
    DATAGRAM_BYTES = 1252,
    QUIC_ID = 8
};
enum { PORT_DNS = 53, PORT_HTTP = 80, PORT_TLS = 443, PORT_FIRST_CLIENT = 32768, PORT_CLIENTS = 28000 };

#define TEXT_LINE                                                                                            \
    "<p>The quick brown fox jumps over the lazy dog, and the sensor that watches it has nothing to "         \
    "tell.</p>\r\n"

/* ---- what is shared ---- */

bool contact_stock_init(struct contact_stock *s, uint64_t seed)
{
    struct dice dice = dice_of(seed);
    *s = (struct contact_stock){.crypto = quic_crypto_new()};
    buf_init(&s->text, TEXT_BYTES + sizeof TEXT_LINE);
    buf_init(&s->records, N_RECORDS * (RECORD_BYTES + 5));
    buf_init(&s->datagrams, N_DATAGRAMS * DATAGRAM_BYTES);
    buf_init(&s->frames, FRAMES_BYTES);
    while (s->text.len < TEXT_BYTES && !s->text.is_full)
        buf_put_str(&s->text, TEXT_LINE);
    for (unsigned i = 0; i < N_RECORDS; i++)
        tls_put_data(&s->records, RECORD_BYTES, &dice);
    for (unsigned i = 0; i < N_DATAGRAMS; i++)
        quic_put_short(&s->datagrams, SPAN_LIT("\x5a\x11\xc2\x07\xe9\x30\x4d\x88"), DATAGRAM_BYTES - 9,
                       &dice);
    if (s->crypto && buf_reserve(&s->frames, FRAMES_BYTES) && !s->text.is_full && !s->records.is_full &&
        !s->datagrams.is_full)
        return true;
    contact_stock_fini(s);
    return false;
}

void contact_stock_fini(struct contact_stock *s)
{
    buf_fini(&s->text);
    buf_fini(&s->records);
    buf_fini(&s->datagrams);
    buf_fini(&s->frames);
    quic_crypto_free(s->crypto);
    *s = (struct contact_stock){0};
}

/* All its room at once: what is said is borrowed from there, and must not move. */
bool contact_init(struct contact *c)
{
    *c = (struct contact){0};
    buf_init(&c->bytes, CONTACT_BYTES);
    return buf_reserve(&c->bytes, CONTACT_BYTES) != NULL;
}

void contact_fini(struct contact *c)
{
    buf_fini(&c->bytes);
}

/* ---- what can be contacted how ---- */

static unsigned ways_of_type(enum ioc_type type)
{
    switch (type) {
    case IOC_DOMAIN:
    case IOC_WILDCARD:
        return 1u << BY_DNS | 1u << BY_HTTP | 1u << BY_TLS | 1u << BY_QUIC;
    case IOC_DOMAIN_PORT:
        return 1u << BY_HTTP | 1u << BY_TLS | 1u << BY_QUIC;
    case IOC_IPV4:
    case IOC_IPV6:
    case IOC_CIDR4:
    case IOC_CIDR6:
    case IOC_RANGE4:
    case IOC_RANGE6:
        return 1u << BY_DNS | 1u << BY_HTTP | 1u << BY_TLS | 1u << BY_CONNECTION;
    case IOC_IP_PORT:
        return 1u << BY_HTTP | 1u << BY_TLS | 1u << BY_CONNECTION;
    case IOC_URL:
    case IOC_HOSTPATH:
    case IOC_URI_PATH:
    case IOC_USER_AGENT:
        return 1u << BY_HTTP;
    default:
        return 0;
    }
}

static bool is_address(enum ioc_type type)
{
    return type >= IOC_IPV4 && type <= IOC_IP_PORT;
}

static bool names_host(enum ioc_type type)
{
    return type == IOC_DOMAIN || type == IOC_WILDCARD || type == IOC_DOMAIN_PORT;
}

static unsigned ways_of_fields(enum ioc_type type, field_mask fields)
{
    field_mask http = names_host(type)         ? FIELD_BIT(FIELD_HTTP_HOST)
                      : type == IOC_USER_AGENT ? FIELD_BIT(FIELD_HTTP_USER_AGENT)
                                               : FIELD_BIT(FIELD_HTTP_URL);
    bool is_seen = is_address(type) && fields & FIELD_BIT(FIELD_IP_DST);
    unsigned ways = is_seen ? 1u << BY_HTTP | 1u << BY_TLS | 1u << BY_CONNECTION : 0;
    ways |=
        fields & FIELD_BIT(is_address(type) ? FIELD_DNS_ANSWER_ADDRESS : FIELD_DNS_QUERY) ? 1u << BY_DNS : 0;
    if (!is_address(type))
        ways |= (fields & http ? 1u << BY_HTTP : 0) | (fields & FIELD_BIT(FIELD_TLS_SNI) ? 1u << BY_TLS : 0) |
                (fields & FIELD_BIT(FIELD_QUIC_SNI) ? 1u << BY_QUIC : 0);
    return ways;
}

unsigned contact_ways(const struct contact_wish *w)
{
    field_mask fields = w->fields ? w->fields : ioc_default_fields(w->type);
    return w->match == MATCH_REGEX ? 0 : ways_of_type(w->type) & ways_of_fields(w->type, fields);
}

/* ---- names ---- */

size_t contact_name(struct dice *dice, char out[static CONTACT_NAME_MAX])
{
    static const char *const hosts[] = {"www", "cdn", "api", "static", "mail", "img", "login", "news"};
    static const char *const words[] = {"garden", "river",  "cloud",  "market", "studio", "harbour",
                                        "paper",  "winter", "bread",  "music",  "train",  "library",
                                        "school", "coffee", "forest", "bridge"};
    uint32_t host = dice_below(dice, 8), first = dice_below(dice, 16), second = dice_below(dice, 16);
    return (size_t)snprintf(out, CONTACT_NAME_MAX, "%s.%s-%s%u.example", hosts[host], words[first],
                            words[second], dice_below(dice, 10000));
}

struct text {
    size_t len;
    char bytes[NAME_ROOM];
};

static struct span text_span(const struct text *t)
{
    return span_of(t->bytes, t->len);
}

static void add(struct text *t, char c)
{
    if (t->len < sizeof t->bytes)
        t->bytes[t->len++] = c;
}

static void add_letters(struct text *t, unsigned n, struct dice *dice)
{
    while (n--)
        add(t, (char)('a' + dice_below(dice, 26)));
}

/* A name that the indicator means: below it where it must be, or sometimes where it may be. */
static void host_of(const struct contact_wish *w, struct dice *dice, struct text *out)
{
    bool may_be_below = w->match == MATCH_SUFFIX && w->value.len < 200 && dice_below(dice, 2);
    *out = (struct text){0};
    if (w->match == MATCH_BELOW || may_be_below) {
        add_letters(out, 3 + dice_below(dice, 6), dice);
        add(out, '.');
    }
    struct span value = w->value;
    if (w->type == IOC_DOMAIN_PORT && w->port) {
        const uint8_t *colon = memrchr(value.ptr, ':', value.len);
        value.len = colon ? (size_t)(colon - value.ptr) : value.len;
    }
    for (size_t i = 0; i < value.len; i++) {
        char c = (char)value.ptr[i];
        if (w->type == IOC_WILDCARD && (c == '*' || c == '?'))
            add_letters(out, c == '*' ? 4 : 1, dice);
        else
            add(out, c);
    }
}

/* ---- addresses ---- */

static bool parse_ip(struct span text, struct ip *out)
{
    return ip_parse_v4(text, out) || ip_parse_v6(text, out);
}

static struct span before(struct span s, uint8_t c)
{
    const uint8_t *at = s.len ? memrchr(s.ptr, c, s.len) : NULL;
    return at ? span_first(s, (size_t)(at - s.ptr)) : s;
}

/* Any address in the network: the prefix's bits, and random ones behind them. */
static bool in_network(struct span value, struct dice *dice, struct ip *out)
{
    struct span head = before(value, '/');
    unsigned bits = 0;
    struct ip first, last;
    for (size_t i = head.len + 1; i < value.len; i++)
        bits = bits * 10 + value.ptr[i] - '0';
    if (!parse_ip(head, out))
        return false;
    bits += ip_is_v4(out) ? 96 : 0;
    if (bits > 128)
        return false;
    ip_prefix_range(out, bits, &first, &last);
    dice_bytes(dice, out->b, sizeof out->b);
    for (size_t i = 0; i < sizeof out->b; i++)
        out->b[i] = first.b[i] | (out->b[i] & (first.b[i] ^ last.b[i]));
    return true;
}

static bool address_of(const struct contact_wish *w, struct dice *dice, struct ip *out)
{
    struct span value = w->value;
    switch (w->type) {
    case IOC_CIDR4:
    case IOC_CIDR6:
        return in_network(value, dice, out);
    case IOC_RANGE4:
    case IOC_RANGE6:
        return parse_ip(before(value, '-'), out);
    case IOC_IP_PORT:
        value = before(value, ':');
        if (value.len > 2 && value.ptr[0] == '[')
            value = span_of(value.ptr + 1, value.len - 2);
        return parse_ip(value, out);
    default:
        return parse_ip(value, out);
    }
}

/* ---- messages, by protocol ---- */

struct making {
    struct contact *c;
    struct contact_stock *stock;
    const struct contact_wish *wish;
    struct dice *dice;
    struct way way;
    struct text host;
    struct ip address; /* what the indicator names, or the server's */
};

/* What was appended since `from` is said. */
static bool say(struct making *m, enum talk_side side, size_t from)
{
    return talk_say(&m->c->talk, side, span_from(buf_span(&m->c->bytes), from));
}

static bool say_dns(struct making *m)
{
    struct buf *b = &m->c->bytes;
    uint16_t id = (uint16_t)dice_u64(m->dice), type = ip_is_v4(&m->address) ? DNS_A : DNS_AAAA;
    struct dns_answer a = {
        .name = text_span(&m->host), .type = type, .addresses = &m->address, .n_addresses = 1};
    talk_begin_udp(&m->c->talk, &m->way);
    if (!dns_put_query(b, id, a.name, type, DNS_PUT_EDNS, NULL) || !say(m, TALK_CLIENT, 0))
        return false;
    size_t from = b->len;
    return dns_put_answer(b, id, &a, DNS_PUT_EDNS) && say(m, TALK_SERVER, from);
}

/* Of "http://host:80/path", "host/path": what Host and the request line say. */
static void split_url(const struct contact_wish *w, struct span *host, struct span *target)
{
    struct span rest = w->value;
    const uint8_t *scheme = w->type == IOC_URL ? memmem(rest.ptr, rest.len, "://", 3) : NULL;
    if (scheme)
        span_skip(&rest, (size_t)(scheme - rest.ptr) + 3);
    const uint8_t *slash = rest.len ? memchr(rest.ptr, '/', rest.len) : NULL;
    *host = span_first(rest, slash ? (size_t)(slash - rest.ptr) : rest.len);
    *target = span_from(rest, host->len);
}

static struct span authority_of(struct making *m, char room[static AUTHORITY_ROOM])
{
    if (m->wish->type != IOC_DOMAIN_PORT || m->way.server_port == PORT_HTTP)
        return text_span(&m->host);
    int n = snprintf(room, AUTHORITY_ROOM, "%.*s:%u", (int)m->host.len, m->host.bytes, m->way.server_port);
    return span_of(room, (size_t)n);
}

static struct http_put_asked asked_of(struct making *m, char room[static AUTHORITY_ROOM])
{
    const struct contact_wish *w = m->wish;
    struct http_put_asked r = {.method = SPAN_LIT("GET"),
                               .target = SPAN_LIT("/"),
                               .host = authority_of(m, room),
                               .user_agent = HTTP_PUT_BROWSER};
    if (w->type == IOC_URL || w->type == IOC_HOSTPATH)
        split_url(w, &r.host, &r.target);
    else if (w->type == IOC_URI_PATH)
        r.target = w->value;
    else if (w->type == IOC_USER_AGENT)
        r.user_agent = w->value;
    return r;
}

static bool say_http(struct making *m)
{
    struct buf *b = &m->c->bytes;
    char room[AUTHORITY_ROOM];
    const struct contact_wish *w = m->wish;
    struct http_put_asked r = asked_of(m, room);
    talk_begin_tcp(&m->c->talk, &m->way);
    if (!http_put_request(b, &r) || !say(m, TALK_CLIENT, 0))
        return false;
    size_t from = b->len;
    return http_put_response(b, &(struct http_put_answer){.status = 200, .body_bytes = w->answer_bytes}) &&
           say(m, TALK_SERVER, from) &&
           (w->answer_bytes == 0 ||
            talk_say_much(&m->c->talk, TALK_SERVER, buf_span(&m->stock->text), w->answer_bytes));
}

static struct tls_put_hello hello_of(struct making *m, unsigned flags)
{
    bool is_named = !is_address(m->wish->type);
    struct tls_put_hello h = {
        .version = flags & TLS_PUT_QUIC || dice_below(m->dice, 4) ? TLS_PUT_1_3 : TLS_PUT_1_2,
        .names = {text_span(&m->host)},
        .n_names = is_named ? 1 : 0,
        .flags = flags | TLS_PUT_GREASE | (dice_below(m->dice, 2) ? TLS_PUT_POST_QUANTUM : 0)};
    h.alpn[h.n_alpn++] = flags & TLS_PUT_QUIC ? SPAN_LIT("h3") : SPAN_LIT("h2");
    if (!(flags & TLS_PUT_QUIC))
        h.alpn[h.n_alpn++] = SPAN_LIT("http/1.1");
    if (h.version < TLS_PUT_1_3)
        h.flags &= ~(unsigned)TLS_PUT_POST_QUANTUM;
    return h;
}

/* A handshake message, made in the stock's room. */
static struct span client_hello(struct making *m, const struct tls_put_hello *h)
{
    struct buf *frames = &m->stock->frames;
    buf_reset(frames);
    return tls_put_client_hello(frames, h, m->dice) ? buf_span(frames) : (struct span){0};
}

static bool say_tls(struct making *m)
{
    struct buf *b = &m->c->bytes, *frames = &m->stock->frames;
    struct tls_put_hello h = hello_of(m, 0);
    struct span hello = client_hello(m, &h);
    talk_begin_tcp(&m->c->talk, &m->way);
    if (!tls_put_records(b, TLS_PUT_1_0, hello, 0) || !say(m, TALK_CLIENT, 0))
        return false;
    size_t from = b->len;
    buf_reset(frames);
    if (!tls_put_server_hello(frames, &h, m->dice) || !tls_put_records(b, TLS_PUT_1_2, buf_span(frames), 0) ||
        !tls_put_data(b, 900, m->dice) || !say(m, TALK_SERVER, from))
        return false;
    from = b->len;
    return tls_put_data(b, 69, m->dice) && tls_put_data(b, 300, m->dice) && say(m, TALK_CLIENT, from) &&
           (m->wish->answer_bytes == 0 ||
            talk_say_much(&m->c->talk, TALK_SERVER, buf_span(&m->stock->records), m->wish->answer_bytes));
}

struct quic_ids {
    uint8_t first[QUIC_ID], server[QUIC_ID];
};

/* As much of the hello as a datagram holds, from `offset` on; *io_offset moves. */
static bool say_client_initial(struct making *m, const struct quic_ids *ids, struct span hello,
                               size_t *io_offset, uint32_t number)
{
    enum { ROOM = 1100 };
    struct buf *b = &m->c->bytes, *frames = &m->stock->frames;
    size_t mark = buf_mark(frames), from = b->len;
    struct span part = span_first(span_from(hello, *io_offset), ROOM);
    bool is_good = quic_put_crypto(frames, *io_offset, part);
    struct quic_put_initial p = {.version = QUIC_V1,
                                 .dcid = span_of(ids->first, QUIC_ID),
                                 .number = number,
                                 .frames = span_from(buf_span(frames), mark),
                                 .pad_to = QUIC_PUT_DATAGRAM};
    is_good = is_good && quic_put_initial(b, m->stock->crypto, &p) && say(m, TALK_CLIENT, from);
    buf_cut(frames, mark);
    *io_offset += part.len;
    return is_good;
}

static bool say_server_initial(struct making *m, const struct quic_ids *ids, const struct tls_put_hello *h)
{
    struct buf *b = &m->c->bytes, *frames = &m->stock->frames;
    size_t from = b->len;
    buf_reset(frames);
    bool is_good = tls_put_server_hello(frames, h, m->dice);
    size_t mark = buf_mark(frames);
    is_good = is_good && quic_put_ack(frames, 0) && quic_put_crypto(frames, 0, span_of(frames->ptr, mark));
    struct quic_put_initial p = {.version = QUIC_V1,
                                 .scid = span_of(ids->server, QUIC_ID),
                                 .key_id = span_of(ids->first, QUIC_ID),
                                 .is_server = true,
                                 .frames = span_from(buf_span(frames), mark)};
    return is_good && quic_put_initial(b, m->stock->crypto, &p) &&
           quic_put_handshake(b, QUIC_V1, (struct span){0}, p.scid, 900, m->dice) &&
           say(m, TALK_SERVER, from);
}

/* Bulk data ends with a packet: the rest of one would be too short for any. */
static uint32_t whole_datagrams(uint32_t bytes)
{
    uint32_t rest = bytes % DATAGRAM_BYTES;
    return rest && bytes <= UINT32_MAX - DATAGRAM_BYTES ? bytes - rest + DATAGRAM_BYTES : bytes;
}

static bool say_quic(struct making *m)
{
    struct buf *b = &m->c->bytes;
    struct quic_ids ids;
    struct tls_put_hello h = hello_of(m, TLS_PUT_QUIC);
    struct span hello = client_hello(m, &h);
    size_t told = 0;
    dice_bytes(m->dice, ids.first, sizeof ids.first);
    dice_bytes(m->dice, ids.server, sizeof ids.server);
    m->way.mss = DATAGRAM_BYTES;
    talk_begin_udp(&m->c->talk, &m->way);
    for (uint32_t number = 0; told < hello.len; number++)
        if (!say_client_initial(m, &ids, hello, &told, number))
            return false;
    if (!hello.len || !say_server_initial(m, &ids, &h))
        return false;
    size_t from = b->len;
    return quic_put_handshake(b, QUIC_V1, span_of(ids.server, QUIC_ID), (struct span){0}, 60, m->dice) &&
           quic_put_short(b, span_of(ids.server, QUIC_ID), 120, m->dice) && say(m, TALK_CLIENT, from) &&
           (m->wish->answer_bytes == 0 ||
            talk_say_much(&m->c->talk, TALK_SERVER, buf_span(&m->stock->datagrams),
                          whole_datagrams(m->wish->answer_bytes)));
}

/* A protocol that nobody knows. */
static bool say_something(struct making *m)
{
    enum { QUESTION = 64, ANSWER = 200 };
    struct buf *b = &m->c->bytes;
    uint8_t *to = buf_reserve(b, QUESTION + ANSWER);
    if (!to)
        return false;
    dice_bytes(m->dice, to, QUESTION + ANSWER);
    to[0] = to[QUESTION] = 0xee; /* begins like nothing else does */
    b->len += QUESTION + ANSWER;
    talk_begin_tcp(&m->c->talk, &m->way);
    return talk_say(&m->c->talk, TALK_CLIENT, span_of(to, QUESTION)) &&
           talk_say(&m->c->talk, TALK_SERVER, span_of(to + QUESTION, ANSWER)) &&
           (m->wish->answer_bytes == 0 ||
            talk_say_much(&m->c->talk, TALK_SERVER, buf_span(&m->stock->records), m->wish->answer_bytes));
}

/* ---- what there is to look at ---- */

/* A copy behind what is said, which lives as long. */
static struct span keep(struct making *m, struct span text)
{
    struct buf *b = &m->c->bytes;
    size_t from = b->len;
    buf_put(b, text);
    return span_from(buf_span(b), from);
}

static void add_said(struct making *m, const struct scan_field *field)
{
    m->c->said[m->c->n_said++] = *field;
}

static void add_address(struct making *m, enum field field, const struct ip *ip, uint16_t port)
{
    add_said(m, &(struct scan_field){.kind = SCAN_ADDRESS, .field = field, .ip = *ip, .port = port});
}

static void add_text(struct making *m, enum field field, struct span text)
{
    add_said(m, &(struct scan_field){.kind = SCAN_TEXT, .field = field, .text = keep(m, text)});
}

static void add_name(struct making *m, enum field field, struct span name, uint16_t port)
{
    add_said(m, &(struct scan_field){.kind = SCAN_NAME, .field = field, .text = keep(m, name), .port = port});
}

static void tell_dns(struct making *m)
{
    add_name(m, FIELD_DNS_QUERY, text_span(&m->host), 0);
    if (m->way.tricks & TRICK_SERVER_UNSEEN)
        return;
    add_name(m, FIELD_DNS_ANSWER_NAME, text_span(&m->host), 0);
    add_address(m, FIELD_DNS_ANSWER_ADDRESS, &m->address, 0);
}

static void tell_http(struct making *m)
{
    char room[AUTHORITY_ROOM];
    struct http_put_asked r = asked_of(m, room);
    uint16_t written, port = m->way.server_port;
    struct span name = url_host(r.host, &written);
    add_name(m, FIELD_HTTP_HOST, name, written ? written : port);
    add_said(m, &(struct scan_field){.kind = SCAN_URL,
                                     .field = FIELD_HTTP_URL,
                                     .text = keep(m, r.host),
                                     .target = keep(m, r.target),
                                     .port = port});
    add_text(m, FIELD_HTTP_USER_AGENT, r.user_agent);
    add_text(m, FIELD_HTTP_METHOD, r.method);
}

static void tell_hello(struct making *m)
{
    bool is_quic = m->wish->by == BY_QUIC;
    if (!is_address(m->wish->type))
        add_name(m, is_quic ? FIELD_QUIC_SNI : FIELD_TLS_SNI, text_span(&m->host), m->way.server_port);
    add_text(m, FIELD_TLS_ALPN, is_quic ? SPAN_LIT("h3") : SPAN_LIT("h2"));
    if (!is_quic)
        add_text(m, FIELD_TLS_ALPN, SPAN_LIT("http/1.1"));
}

/* False: there is no room to keep it in. */
static bool tell_said(struct making *m)
{
    m->c->n_said = 0;
    add_address(m, FIELD_IP_SRC, &m->way.client, m->way.client_port);
    add_address(m, FIELD_IP_DST, &m->way.server, m->way.server_port);
    if (m->wish->by == BY_DNS)
        tell_dns(m);
    else if (m->wish->by == BY_HTTP)
        tell_http(m);
    else if (m->wish->by != BY_CONNECTION)
        tell_hello(m);
    return !m->c->bytes.is_full;
}

/* ---- all together ---- */

const char *contact_by_name(enum contact_by by)
{
    static const char *const names[CONTACT_BYS + 1] = {[BY_DNS] = "dns",
                                                       [BY_HTTP] = "http",
                                                       [BY_TLS] = "tls",
                                                       [BY_QUIC] = "quic",
                                                       [BY_CONNECTION] = "connection",
                                                       [CONTACT_BYS] = ""};
    return names[by];
}

static uint16_t usual_port(enum contact_by by)
{
    return by == BY_DNS ? PORT_DNS : by == BY_HTTP ? PORT_HTTP : PORT_TLS;
}

static bool set_ends(struct making *m)
{
    const struct contact_wish *w = m->wish;
    struct way *way = &m->way;
    bool is_v4 = ip_is_v4(&way->client);
    m->address = w->resolves_to ? *w->resolves_to : way->server;
    if (is_address(w->type) && !address_of(w, m->dice, &m->address))
        return false;
    if (w->by != BY_DNS && is_address(w->type))
        way->server = m->address;
    if (is_v4 != ip_is_v4(&way->server)) /* a client that has such an address */
        way->client = is_v4
                          ? ip_from_v6((const uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, [15] = way->client.b[15]})
                          : ip_from_v4((const uint8_t[4]){192, 0, 2, way->client.b[15]});
    if (w->port)
        way->server_port = w->port;
    else if (!way->server_port)
        way->server_port = usual_port(w->by);
    if (!way->client_port)
        way->client_port = (uint16_t)(PORT_FIRST_CLIENT + dice_below(m->dice, PORT_CLIENTS));
    return true;
}

static void set_host(struct making *m)
{
    if (names_host(m->wish->type)) {
        host_of(m->wish, m->dice, &m->host);
        return;
    }
    if (is_address(m->wish->type) && m->wish->by == BY_HTTP) {
        char text[IP_TEXT_MAX];
        size_t n = ip_format(&m->way.server, text);
        bool is_v4 = ip_is_v4(&m->way.server);
        m->host.len =
            (size_t)snprintf(m->host.bytes, sizeof m->host.bytes, is_v4 ? "%.*s" : "[%.*s]", (int)n, text);
        return;
    }
    m->host.len = contact_name(m->dice, m->host.bytes);
}

bool contact_make(struct contact *c, struct contact_stock *s, const struct contact_wish *w,
                  const struct way *way, struct dice *dice)
{
    static bool (*const sayings[CONTACT_BYS])(struct making *) = {[BY_DNS] = say_dns,
                                                                  [BY_HTTP] = say_http,
                                                                  [BY_TLS] = say_tls,
                                                                  [BY_QUIC] = say_quic,
                                                                  [BY_CONNECTION] = say_something};
    struct making m = {.c = c, .stock = s, .wish = w, .dice = dice, .way = *way};
    if (w->by >= CONTACT_BYS || !(contact_ways(w) & 1u << w->by) || w->value.len > VALUE_MAX)
        return false;
    buf_reset(&c->bytes);
    c->first_packet = c->last_packet = 0;
    if (!set_ends(&m))
        return false;
    set_host(&m);
    return sayings[w->by](&m) && tell_said(&m);
}
