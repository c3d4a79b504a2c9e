/* See torture.h. A row writes what is said; a column says how it travels; neither knows of the other. */
#include "traffic/torture.h"

#include <stdio.h>
#include <stdlib.h>

#include "traffic/dns_put.h"
#include "traffic/http_put.h"
#include "traffic/quic_put.h"
#include "traffic/talk.h"
#include "traffic/tls_put.h"

enum { ROOM_BYTES = 64 * 1024, LINES_MAX = 8, QUIC_ID = 8, PORTS_FIRST = 10000, PORTS = 50000 };
#define FIRST_NS INT64_C(1767225600000000000) /* 2026-01-01T00:00:00Z */
enum { GAP_NS = 1000, WAIT_NS = 100000, BETWEEN_NS = 1000000 };

/* ---- what is said ---- */

struct line {
    enum talk_side side;
    size_t from, to; /* of the scene's bytes */
};

/* One conversation, as it would be without any tricks. */
struct scene {
    struct buf bytes;   /* owned */
    struct buf scratch; /* owned */
    struct line lines[LINES_MAX];
    unsigned n_lines;
    struct quic_crypto *crypto; /* owned */
    struct dice dice;
};

/* All that was appended since the last line is one more. */
static void line(struct scene *s, enum talk_side side)
{
    size_t from = s->n_lines ? s->lines[s->n_lines - 1].to : 0;
    s->lines[s->n_lines++] = (struct line){side, from, s->bytes.len};
}

#define STRANGER SPAN_LIT("www.stranger.example")
static const struct ip some_address = {.b = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 80}};

static void dns(struct scene *s, struct span name, unsigned flags)
{
    uint16_t id = (uint16_t)dice_u64(&s->dice);
    dns_put_query(&s->bytes, id, name, DNS_A, flags, &s->dice);
    line(s, TALK_CLIENT);
    dns_put_answer(
        &s->bytes, id,
        &(struct dns_answer){.name = name, .type = DNS_A, .addresses = &some_address, .n_addresses = 1},
        flags & ~(unsigned)DNS_PUT_0X20);
    line(s, TALK_SERVER);
}

static void dns_plain(struct scene *s, struct span name)
{
    dns(s, name, 0);
}

static void dns_0x20(struct scene *s, struct span name)
{
    dns(s, name, DNS_PUT_0X20);
}

static void dns_edns(struct scene *s, struct span name)
{
    dns(s, name, DNS_PUT_EDNS);
}

static void dns_tcp(struct scene *s, struct span name)
{
    dns(s, name, DNS_PUT_STREAM);
}

/* The name is an alias in an answer, and all but its first label is a pointer into the question. */
static void dns_compressed(struct scene *s, struct span name)
{
    enum { HEADER = 12, OTHER_LABEL = 6 };
    char question[TORTURE_VALUE_MAX + OTHER_LABEL];
    const uint8_t *dot = memchr(name.ptr, '.', name.len);
    size_t label_len = dot ? (size_t)(dot - name.ptr) : name.len;
    int n = snprintf(question, sizeof question, "other%.*s", (int)(name.len - label_len),
                     (const char *)name.ptr + label_len);
    struct dns_answer none = {.name = span_of(question, (size_t)n), .type = DNS_A};
    dns_put_query(&s->bytes, 7, none.name, DNS_A, 0, NULL);
    line(s, TALK_CLIENT);
    size_t start = s->bytes.len;
    dns_put_answer(&s->bytes, 7, &none, 0);
    if (s->bytes.is_full)
        return;
    store_be16(s->bytes.ptr + start + 2, 0x8180); /* there is such a name, */
    store_be16(s->bytes.ptr + start + 6, 1);      /* with one record */
    buf_put(&s->bytes, SPAN_LIT("\xc0\x0c\0\5\0\1\0\0\1\x2c"));
    buf_put(&s->bytes, span_of((const uint8_t[]){0, (uint8_t)(label_len + 3), (uint8_t)label_len}, 3));
    buf_put(&s->bytes, span_first(name, label_len));
    buf_put(&s->bytes, span_of((const uint8_t[]){0xc0, HEADER + OTHER_LABEL}, 2));
    line(s, TALK_SERVER);
}

static void answer(struct scene *s)
{
    http_put_response(&s->bytes, &(struct http_put_answer){.status = 200, .body_bytes = 5});
    buf_put_str(&s->bytes, "hello");
    line(s, TALK_SERVER);
}

static void ask(struct scene *s, struct span host)
{
    http_put_request(&s->bytes, &(struct http_put_asked){.host = host, .target = SPAN_LIT("/index.html")});
}

static void http_plain(struct scene *s, struct span name)
{
    ask(s, name);
    line(s, TALK_CLIENT);
    answer(s);
}

static void http_absolute(struct scene *s, struct span name)
{
    char target[TORTURE_VALUE_MAX + 16];
    int n = snprintf(target, sizeof target, "http://%.*s/", (int)name.len, (const char *)name.ptr);
    http_put_request(&s->bytes,
                     &(struct http_put_asked){.host = STRANGER, .target = span_of(target, (size_t)n)});
    line(s, TALK_CLIENT);
    answer(s);
}

static void http_bare_lf(struct scene *s, struct span name)
{
    ask(s, name);
    size_t n = 0;
    for (size_t i = 0; i < s->bytes.len; i++)
        if (s->bytes.ptr[i] != '\r')
            s->bytes.ptr[n++] = s->bytes.ptr[i];
    s->bytes.len = n;
    line(s, TALK_CLIENT);
    answer(s);
}

static void http_two_hosts(struct scene *s, struct span name)
{
    buf_put_str(&s->bytes, "GET / HTTP/1.1\r\nHost: www.stranger.example\r\nHost: ");
    buf_put(&s->bytes, name);
    buf_put_str(&s->bytes, "\r\n\r\n");
    line(s, TALK_CLIENT);
    answer(s);
}

static void http_pipelined(struct scene *s, struct span name)
{
    ask(s, STRANGER);
    http_put_request(&s->bytes, &(struct http_put_asked){.method = SPAN_LIT("POST"),
                                                         .host = STRANGER,
                                                         .body = SPAN_LIT("GET / HTTP/1.1\r\n\r\n")});
    ask(s, name);
    line(s, TALK_CLIENT);
    answer(s);
}

static void http_keep_alive(struct scene *s, struct span name)
{
    ask(s, STRANGER);
    line(s, TALK_CLIENT);
    answer(s);
    http_plain(s, name);
}

static void connect_to(struct scene *s, struct span name)
{
    char target[TORTURE_VALUE_MAX + 16];
    int n = snprintf(target, sizeof target, "%.*s:443", (int)name.len, (const char *)name.ptr);
    struct span authority = span_of(target, (size_t)n);
    http_put_request(&s->bytes, &(struct http_put_asked){
                                    .method = SPAN_LIT("CONNECT"), .target = authority, .host = authority});
    line(s, TALK_CLIENT);
    buf_put_str(&s->bytes, "HTTP/1.1 200 Connection established\r\n\r\n");
    line(s, TALK_SERVER);
}

static struct tls_put_hello hello_of(uint16_t version, struct span name, unsigned flags)
{
    struct tls_put_hello h = {.version = version, .names = {name}, .n_names = 1, .n_alpn = 1, .flags = flags};
    h.alpn[0] = flags & TLS_PUT_QUIC ? SPAN_LIT("h3") : SPAN_LIT("http/1.1");
    return h;
}

static void tls(struct scene *s, const struct tls_put_hello *h, size_t record_bytes)
{
    buf_reset(&s->scratch);
    tls_put_client_hello(&s->scratch, h, &s->dice);
    tls_put_records(&s->bytes, TLS_PUT_1_0, buf_span(&s->scratch), record_bytes);
    line(s, TALK_CLIENT);
    buf_reset(&s->scratch);
    tls_put_server_hello(&s->scratch, h, &s->dice);
    tls_put_records(&s->bytes, h->version < TLS_PUT_1_2 ? h->version : TLS_PUT_1_2, buf_span(&s->scratch), 0);
    line(s, TALK_SERVER);
}

static void tls_of(struct scene *s, struct span name, uint16_t version, unsigned flags)
{
    struct tls_put_hello h = hello_of(version, name, flags);
    tls(s, &h, 0);
}

static void tls_1_0(struct scene *s, struct span name)
{
    tls_of(s, name, TLS_PUT_1_0, 0);
}

static void tls_1_1(struct scene *s, struct span name)
{
    tls_of(s, name, TLS_PUT_1_1, 0);
}

static void tls_1_2(struct scene *s, struct span name)
{
    tls_of(s, name, TLS_PUT_1_2, 0);
}

static void tls_1_3(struct scene *s, struct span name)
{
    tls_of(s, name, TLS_PUT_1_3, TLS_PUT_GREASE);
}

static void tls_post_quantum(struct scene *s, struct span name)
{
    tls_of(s, name, TLS_PUT_1_3, TLS_PUT_GREASE | TLS_PUT_POST_QUANTUM);
}

static void tls_ech(struct scene *s, struct span name)
{
    tls_of(s, name, TLS_PUT_1_3, TLS_PUT_GREASE | TLS_PUT_ECH);
}

static void tls_records(struct scene *s, struct span name)
{
    struct tls_put_hello h = hello_of(TLS_PUT_1_3, name, 0);
    tls(s, &h, 1);
}

static void tls_second_name(struct scene *s, struct span name)
{
    struct tls_put_hello h = hello_of(TLS_PUT_1_3, STRANGER, 0);
    h.names[h.n_names++] = name;
    tls(s, &h, 0);
}

static void tls_starttls(struct scene *s, struct span name)
{
    buf_put_str(&s->bytes, "220 mail.stranger.example ESMTP\r\n");
    line(s, TALK_SERVER);
    buf_put_str(&s->bytes, "EHLO client.stranger.example\r\n");
    line(s, TALK_CLIENT);
    buf_put_str(&s->bytes, "250-mail.stranger.example\r\n250 STARTTLS\r\n");
    line(s, TALK_SERVER);
    buf_put_str(&s->bytes, "STARTTLS\r\n");
    line(s, TALK_CLIENT);
    buf_put_str(&s->bytes, "220 go ahead\r\n");
    line(s, TALK_SERVER);
    tls_1_3(s, name);
}

static void tls_through_proxy(struct scene *s, struct span name)
{
    connect_to(s, STRANGER);
    tls_1_3(s, name);
}

/* ---- QUIC ---- */

/* A client's hello that may go into datagrams in pieces. */
struct initials {
    struct scene *s;
    uint32_t version, number;
    uint8_t id[QUIC_ID];
    struct span hello; /* lies in the scene's scratch */
};

static struct initials initials_of(struct scene *s, struct span name, uint32_t version, unsigned flags)
{
    struct initials i = {.s = s, .version = version};
    struct tls_put_hello h = hello_of(TLS_PUT_1_3, name, flags | TLS_PUT_QUIC | TLS_PUT_GREASE);
    buf_reset(&s->scratch);
    tls_put_client_hello(&s->scratch, &h, &s->dice);
    i.hello = buf_span(&s->scratch);
    dice_bytes(&s->dice, i.id, sizeof i.id);
    return i;
}

static void add_crypto(struct initials *i, size_t from, size_t to)
{
    quic_put_crypto(&i->s->scratch, from, span_first(span_from(i->hello, from), to - from));
}

/* All frames that were added, in one Initial. */
static void add_initial(struct initials *i, size_t pad_to)
{
    struct quic_put_initial p = {.version = i->version,
                                 .dcid = span_of(i->id, sizeof i->id),
                                 .number = i->number++,
                                 .frames = span_from(buf_span(&i->s->scratch), i->hello.len),
                                 .pad_to = pad_to};
    quic_put_initial(&i->s->bytes, i->s->crypto, &p);
    buf_cut(&i->s->scratch, i->hello.len);
}

static void quic_answer(struct initials *i)
{
    quic_put_handshake(&i->s->bytes, i->version, (struct span){0}, SPAN_LIT("server"), 700, &i->s->dice);
    line(i->s, TALK_SERVER);
}

static void quic_of(struct scene *s, struct span name, uint32_t version)
{
    struct initials i = initials_of(s, name, version, 0);
    add_crypto(&i, 0, i.hello.len);
    add_initial(&i, QUIC_PUT_DATAGRAM);
    line(s, TALK_CLIENT);
    quic_answer(&i);
}

static void quic_v1(struct scene *s, struct span name)
{
    quic_of(s, name, QUIC_V1);
}

static void quic_v2(struct scene *s, struct span name)
{
    quic_of(s, name, QUIC_V2);
}

/* Two Initials and a packet that nobody can open, in one datagram. */
static void quic_coalesced(struct scene *s, struct span name)
{
    struct initials i = initials_of(s, name, QUIC_V1, 0);
    add_crypto(&i, 0, 60);
    add_initial(&i, 0);
    add_crypto(&i, 60, i.hello.len);
    add_initial(&i, 700);
    quic_put_handshake(&s->bytes, QUIC_V1, span_of(i.id, sizeof i.id), (struct span){0}, 400, &s->dice);
    line(s, TALK_CLIENT);
    quic_answer(&i);
}

/* Pieces of 16 bytes, the last one first, with PINGs in between, as some browsers do it. */
static void quic_shuffled(struct scene *s, struct span name)
{
    enum { PIECE = 16, FRAME_PING = 1 };
    struct initials i = initials_of(s, name, QUIC_V1, 0);
    size_t whole = i.hello.len, n = (whole + PIECE - 1) / PIECE;
    while (n--) {
        size_t to = (n + 1) * PIECE;
        add_crypto(&i, n * PIECE, to < whole ? to : whole);
        buf_put_byte(&s->scratch, FRAME_PING);
    }
    add_initial(&i, QUIC_PUT_DATAGRAM);
    line(s, TALK_CLIENT);
    quic_answer(&i);
}

static void quic_two_of(struct scene *s, struct span name, bool is_last_first)
{
    struct initials i = initials_of(s, name, QUIC_V1, TLS_PUT_POST_QUANTUM);
    size_t half = i.hello.len / 2;
    for (unsigned part = 0; part < 2; part++) {
        bool is_second = part == (is_last_first ? 0 : 1);
        i.number = is_second;
        add_crypto(&i, is_second ? half : 0, is_second ? i.hello.len : half);
        add_initial(&i, QUIC_PUT_DATAGRAM);
        line(s, TALK_CLIENT);
    }
    quic_answer(&i);
}

static void quic_two(struct scene *s, struct span name)
{
    quic_two_of(s, name, false);
}

static void quic_two_reversed(struct scene *s, struct span name)
{
    quic_two_of(s, name, true);
}

/* Nothing that anybody knows: the address alone tells. */
static void connection(struct scene *s, struct span name)
{
    (void)name;
    buf_put_str(&s->bytes, "\xee\x01 a question");
    line(s, TALK_CLIENT);
    buf_put_str(&s->bytes, "\xee\x02 an answer");
    line(s, TALK_SERVER);
}

/* ---- the rows ---- */

enum { TOLD_BY_CLIENT = 1, TOLD_BY_SERVER = 2, TOLD_BY_BOTH = 3 };

/* What the client said earlier on the same connection, and may have been lost. */
enum earlier {
    EARLIER_NOTHING, /* it opens the connection: then it is lost too */
    EARLIER_ANOTHER, /* one more of its kind */
    EARLIER_OWN,     /* what its own row begins with */
};

static const struct what {
    struct torture_label label;
    void (*write)(struct scene *s, struct span name);
    bool is_udp;
    uint8_t told_by; /* whose packets suffice */
    uint16_t port;
    enum earlier earlier;
} whats[] = {
    {{"dns", "DNS query"}, dns_plain, true, TOLD_BY_BOTH, 53, EARLIER_NOTHING},
    {{"dns-0x20", "DNS, mixed case (0x20)"}, dns_0x20, true, TOLD_BY_BOTH, 53, EARLIER_NOTHING},
    {{"dns-edns", "DNS with EDNS"}, dns_edns, true, TOLD_BY_BOTH, 53, EARLIER_NOTHING},
    {{"dns-compressed", "DNS answer, compressed"}, dns_compressed, true, TOLD_BY_SERVER, 53, EARLIER_NOTHING},
    {{"dns-tcp", "DNS over TCP"}, dns_tcp, false, TOLD_BY_BOTH, 53, EARLIER_ANOTHER},
    {{"http", "HTTP request"}, http_plain, false, TOLD_BY_CLIENT, 80, EARLIER_ANOTHER},
    {{"http-absolute", "HTTP, absolute form"}, http_absolute, false, TOLD_BY_CLIENT, 8080, EARLIER_ANOTHER},
    {{"http-bare-lf", "HTTP, bare line feeds"}, http_bare_lf, false, TOLD_BY_CLIENT, 80, EARLIER_ANOTHER},
    {{"http-two-hosts", "HTTP, second Host"}, http_two_hosts, false, TOLD_BY_CLIENT, 80, EARLIER_ANOTHER},
    {{"http-pipelined", "HTTP, third in a row"}, http_pipelined, false, TOLD_BY_CLIENT, 80, EARLIER_ANOTHER},
    {{"http-keep-alive", "HTTP, second request"}, http_keep_alive, false, TOLD_BY_CLIENT, 80, EARLIER_OWN},
    {{"http-connect", "HTTP CONNECT"}, connect_to, false, TOLD_BY_CLIENT, 3128, EARLIER_ANOTHER},
    {{"tls-1.0", "TLS 1.0 hello"}, tls_1_0, false, TOLD_BY_CLIENT, 443, EARLIER_NOTHING},
    {{"tls-1.1", "TLS 1.1 hello"}, tls_1_1, false, TOLD_BY_CLIENT, 443, EARLIER_NOTHING},
    {{"tls-1.2", "TLS 1.2 hello"}, tls_1_2, false, TOLD_BY_CLIENT, 443, EARLIER_NOTHING},
    {{"tls-1.3", "TLS 1.3 hello"}, tls_1_3, false, TOLD_BY_CLIENT, 443, EARLIER_NOTHING},
    {{"tls-post-quantum", "TLS, post-quantum key"},
     tls_post_quantum,
     false,
     TOLD_BY_CLIENT,
     443,
     EARLIER_NOTHING},
    {{"tls-records", "TLS, 1-byte records"}, tls_records, false, TOLD_BY_CLIENT, 443, EARLIER_NOTHING},
    {{"tls-ech", "TLS with ECH, outer name"}, tls_ech, false, TOLD_BY_CLIENT, 443, EARLIER_NOTHING},
    {{"tls-second-name", "TLS, second name"}, tls_second_name, false, TOLD_BY_CLIENT, 443, EARLIER_NOTHING},
    {{"tls-starttls", "TLS after STARTTLS"}, tls_starttls, false, TOLD_BY_CLIENT, 25, EARLIER_OWN},
    {{"tls-proxy", "TLS through a proxy"}, tls_through_proxy, false, TOLD_BY_CLIENT, 3128, EARLIER_OWN},
    {{"quic-v1", "QUIC v1 hello"}, quic_v1, true, TOLD_BY_CLIENT, 443, EARLIER_NOTHING},
    {{"quic-v2", "QUIC v2 hello"}, quic_v2, true, TOLD_BY_CLIENT, 443, EARLIER_NOTHING},
    {{"quic-coalesced", "QUIC, coalesced packets"},
     quic_coalesced,
     true,
     TOLD_BY_CLIENT,
     443,
     EARLIER_NOTHING},
    {{"quic-shuffled", "QUIC, shuffled CRYPTO"}, quic_shuffled, true, TOLD_BY_CLIENT, 443, EARLIER_NOTHING},
    {{"quic-two", "QUIC, two datagrams"}, quic_two, true, TOLD_BY_CLIENT, 443, EARLIER_NOTHING},
    {{"quic-two-reversed", "QUIC, second one first"},
     quic_two_reversed,
     true,
     TOLD_BY_CLIENT,
     443,
     EARLIER_NOTHING},
    {{"connection", "connection to an address"}, connection, false, TOLD_BY_BOTH, 4444, EARLIER_ANOTHER},
};
enum { N_WHATS = sizeof whats / sizeof *whats };

/* ---- the columns ---- */

enum how_flag {
    HOW_TCP = 1, /* means nothing to UDP */
    HOW_IPV6 = 2,
    HOW_EACH_CUT = 4,    /* one trial for each byte of what tells */
    HOW_REUSED = 8,      /* another conversation had the same addresses and ports before */
    HOW_AFTER_LOSS = 16, /* something was said before, of which nothing arrives */
};

#define OUTER_V4                                                                                             \
    .client = {.b = {[10] = 0xff, [11] = 0xff, 203, 0, 113, 1}},                                             \
    .server = {.b = {[10] = 0xff, [11] = 0xff, 203, 0, 113, 2}}

static const struct wrapping vlan = {1, {{.kind = WRAP_VLAN, .id = 42}}},
                             qinq = {2,
                                     {{.kind = WRAP_SERVICE_VLAN, .id = 100}, {.kind = WRAP_VLAN, .id = 42}}},
                             mpls = {2, {{.kind = WRAP_MPLS, .id = 1000}, {.kind = WRAP_MPLS, .id = 16}}},
                             pppoe = {1, {{.kind = WRAP_PPPOE, .id = 17}}},
                             ip_in_ip = {1, {{.kind = WRAP_IP, OUTER_V4}}},
                             gre = {1, {{.kind = WRAP_GRE, OUTER_V4}}},
                             vxlan = {1, {{.kind = WRAP_VXLAN, .id = 5000, OUTER_V4}}},
                             gtp_u = {1, {{.kind = WRAP_GTP_U, .id = 0x1234, OUTER_V4}}};

static const struct how {
    struct torture_label label;
    const char *group;
    unsigned flags;
    struct way way;
} hows[] = {
    {{"plain", "plain"}, "segments", 0, {.mss = 0}},
    {{"cut", "cut at each byte"}, "segments", HOW_TCP | HOW_EACH_CUT, {.mss = 0}},
    {{"bytes", "one byte a segment"}, "segments", HOW_TCP, {.mss = 1}},
    {{"reverse", "last segment first"}, "segments", HOW_TCP, {.mss = 64, .order = ORDER_REVERSED}},
    {{"swapped", "segments swapped"}, "segments", HOW_TCP, {.mss = 9, .order = ORDER_SWAPPED}},
    {{"overlap", "overlapping"}, "segments", HOW_TCP, {.mss = 11, .overlap = 5}},
    {{"lies", "other bytes sent again"}, "segments", HOW_TCP, {.mss = 11, .tricks = TRICK_OTHER_BYTES}},
    {{"twice", "each packet twice"}, "segments", 0, {.tricks = TRICK_TWICE}},
    {{"syn", "data in the SYN"}, "connections", HOW_TCP, {.mss = 32, .tricks = TRICK_DATA_IN_SYN}},
    {{"wrap", "numbers wrap"}, "connections", HOW_TCP, {.mss = 16, .client_seq = 0xffffffe0}},
    {{"reused", "ports used again"}, "connections", HOW_TCP | HOW_REUSED, {.mss = 0}},
    {{"reset", "forged RST"}, "connections", HOW_TCP, {.tricks = TRICK_FORGED_RESET}},
    {{"alive", "keep-alive byte"}, "connections", HOW_TCP, {.tricks = TRICK_KEEP_ALIVE}},
    {{"middle", "without handshake"}, "connections", HOW_TCP, {.tricks = TRICK_NO_OPENING}},
    {{"loss", "after lost bytes"}, "connections", HOW_TCP | HOW_AFTER_LOSS, {.tricks = TRICK_FIRST_LOST}},
    {{"client", "client's side only"}, "connections", 0, {.tricks = TRICK_SERVER_UNSEEN}},
    {{"server", "server's side only"}, "connections", 0, {.tricks = TRICK_CLIENT_UNSEEN}},
    {{"ipv6", "IPv6"}, "networks", HOW_IPV6, {.mss = 0}},
    {{"frag4", "IPv4 fragments"}, "networks", 0, {.fragment_bytes = 32}},
    {{"rev4", "IPv4 fragments reversed"},
     "networks",
     0,
     {.fragment_bytes = 32, .fragment_order = ORDER_REVERSED}},
    {{"frag6", "IPv6 fragments"}, "networks", HOW_IPV6, {.fragment_bytes = 32}},
    {{"rev6", "IPv6 fragments reversed"},
     "networks",
     HOW_IPV6,
     {.fragment_bytes = 32, .fragment_order = ORDER_REVERSED}},
    {{"vlan", "VLAN"}, "networks", 0, {.wrapping = &vlan}},
    {{"qinq", "QinQ"}, "networks", 0, {.wrapping = &qinq}},
    {{"mpls", "MPLS, two labels"}, "tunnels", 0, {.wrapping = &mpls}},
    {{"pppoe", "PPPoE"}, "tunnels", 0, {.wrapping = &pppoe}},
    {{"gre", "GRE"}, "tunnels", 0, {.wrapping = &gre}},
    {{"ipip", "IP in IP"}, "tunnels", 0, {.wrapping = &ip_in_ip}},
    {{"6in4", "IPv6 in IPv4"}, "tunnels", HOW_IPV6, {.wrapping = &ip_in_ip}},
    {{"vxlan", "VXLAN"}, "tunnels", 0, {.wrapping = &vxlan}},
    {{"gtp-u", "GTP-U"}, "tunnels", 0, {.wrapping = &gtp_u}},
};
enum { N_HOWS = sizeof hows / sizeof *hows };

unsigned torture_n_whats(void)
{
    return N_WHATS;
}

unsigned torture_n_hows(void)
{
    return N_HOWS;
}

struct torture_label torture_what(unsigned what)
{
    return whats[what].label;
}

struct torture_label torture_how(unsigned how)
{
    return hows[how].label;
}

const char *torture_group(unsigned how)
{
    return hows[how].group;
}

static struct ip address_of(unsigned how)
{
    if (hows[how].flags & HOW_IPV6)
        return ip_from_v6((const uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, 0, 0xba, [15] = (uint8_t)(10 + how)});
    return ip_from_v4((const uint8_t[4]){203, 0, 113, (uint8_t)(10 + how)});
}

size_t torture_value(unsigned what, unsigned how, char out[static TORTURE_VALUE_MAX], enum ioc_type *out_type)
{
    if (whats[what].write == connection) {
        struct ip ip = address_of(how);
        *out_type = ip_is_v4(&ip) ? IOC_IPV4 : IOC_IPV6;
        return ip_format(&ip, out);
    }
    *out_type = IOC_DOMAIN;
    return (size_t)snprintf(out, TORTURE_VALUE_MAX, "%s.%s.selftest.example", whats[what].label.name,
                            hows[how].label.name);
}

/* ---- a trial ---- */

struct torture {
    struct scene scene, other; /* `other` was there before, or is lost */
    struct talk talks[2];
    unsigned n_talks, talk;
    struct talk_room room;
    int64_t now_ns;
    uint64_t number;
    uint32_t n_trials;
};

static bool scene_init(struct scene *s)
{
    *s = (struct scene){.crypto = quic_crypto_new()};
    buf_init(&s->bytes, ROOM_BYTES);
    buf_init(&s->scratch, ROOM_BYTES);
    return s->crypto && buf_reserve(&s->bytes, ROOM_BYTES) && buf_reserve(&s->scratch, ROOM_BYTES);
}

static void scene_fini(struct scene *s)
{
    buf_fini(&s->bytes);
    buf_fini(&s->scratch);
    quic_crypto_free(s->crypto);
}

struct torture *torture_new(void)
{
    struct torture *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->now_ns = FIRST_NS;
    if (scene_init(&t->scene) && scene_init(&t->other))
        return t;
    torture_free(t);
    return NULL;
}

void torture_free(struct torture *t)
{
    if (!t)
        return;
    scene_fini(&t->scene);
    scene_fini(&t->other);
    free(t);
}

static void write_scene(struct scene *s, unsigned what, struct span name, uint64_t seed)
{
    buf_reset(&s->bytes);
    buf_reset(&s->scratch);
    s->n_lines = 0;
    s->dice = dice_of(seed);
    whats[what].write(s, name);
}

static void write_cell(struct torture *t, unsigned what, unsigned how)
{
    char value[TORTURE_VALUE_MAX];
    enum ioc_type type;
    size_t len = torture_value(what, how, value, &type);
    write_scene(&t->scene, what, span_of(value, len), what * N_HOWS + how);
}

static bool applies(unsigned what, unsigned how)
{
    const struct what *w = &whats[what];
    const struct how *h = &hows[how];
    if ((w->is_udp && h->flags & HOW_TCP) || (w->earlier == EARLIER_NOTHING && h->flags & HOW_AFTER_LOSS))
        return false;
    if (h->way.tricks & TRICK_SERVER_UNSEEN)
        return w->told_by & TOLD_BY_CLIENT;
    if (h->way.tricks & TRICK_CLIENT_UNSEEN)
        return w->told_by & TOLD_BY_SERVER;
    return true;
}

/* The longest thing the client says is what is worth cutting. */
static size_t longest_line(const struct scene *s)
{
    size_t longest = 0;
    for (unsigned i = 0; i < s->n_lines; i++)
        if (s->lines[i].side == TALK_CLIENT && s->lines[i].to - s->lines[i].from > longest)
            longest = s->lines[i].to - s->lines[i].from;
    return longest;
}

uint32_t torture_trials(struct torture *t, unsigned what, unsigned how)
{
    if (!applies(what, how))
        return 0;
    if (!(hows[how].flags & HOW_EACH_CUT))
        return 1;
    write_cell(t, what, how);
    return (uint32_t)longest_line(&t->scene) - 1;
}

static void say_scene(struct talk *t, const struct scene *s)
{
    for (unsigned i = 0; i < s->n_lines; i++)
        talk_say(t, s->lines[i].side,
                 span_of(s->bytes.ptr + s->lines[i].from, s->lines[i].to - s->lines[i].from));
}

static struct way way_of(struct torture *t, unsigned what, unsigned how, uint32_t trial)
{
    const struct how *h = &hows[how];
    bool is_v6 = h->flags & HOW_IPV6;
    uint32_t n = t->n_trials++;
    struct way w = h->way;
    w.client = is_v6
                   ? ip_from_v6((const uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, [14] = (uint8_t)(n / PORTS), 10})
                   : ip_from_v4((const uint8_t[4]){192, 0, 2, (uint8_t)(10 + n / PORTS)});
    w.server = is_v6 ? ip_from_v6((const uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, 0, 0xcc, [15] = 80})
                     : ip_from_v4((const uint8_t[4]){198, 51, 100, 80});
    if (whats[what].write == connection)
        w.server = address_of(how);
    w.client_port = (uint16_t)(PORTS_FIRST + n % PORTS);
    w.server_port = whats[what].port;
    w.start_ns = t->now_ns;
    w.gap_ns = GAP_NS;
    w.wait_ns = WAIT_NS;
    w.ip_id = (uint16_t)(n * 37);
    w.client_seq = w.client_seq ? w.client_seq : 0x10000000 + n * 7919;
    w.server_seq = 0x60000000 + n * 104729;
    if (h->flags & HOW_EACH_CUT)
        w.cut_at = (uint16_t)(trial + 1);
    return w;
}

static void begin_talk(struct talk *t, unsigned what, const struct way *w)
{
    if (whats[what].is_udp)
        talk_begin_udp(t, w);
    else
        talk_begin_tcp(t, w);
}

void torture_begin(struct torture *t, unsigned what, unsigned how, uint32_t trial)
{
    struct way w = way_of(t, what, how, trial);
    bool is_reused = hows[how].flags & HOW_REUSED;
    bool follows_another = hows[how].flags & HOW_AFTER_LOSS && whats[what].earlier == EARLIER_ANOTHER;
    t->n_talks = t->talk = 0;
    write_cell(t, what, how);
    if (is_reused || follows_another)
        write_scene(&t->other, what, STRANGER, what);
    if (is_reused) {
        begin_talk(&t->talks[t->n_talks], what, &w);
        say_scene(&t->talks[t->n_talks++], &t->other);
        w.client_seq += 0x100000;
        w.server_seq -= 0x100000;
    }
    struct talk *last = &t->talks[t->n_talks++];
    begin_talk(last, what, &w);
    if (follows_another)
        say_scene(last, &t->other);
    say_scene(last, &t->scene);
}

bool torture_next(struct torture *t, struct packet *out)
{
    while (t->talk < t->n_talks) {
        struct talk *talk = &t->talks[t->talk];
        if (talk_is_in_fragments(talk) || talk_settle(talk, &t->room)) {
            talk_next(talk, &t->room, out);
            out->number = ++t->number;
            return true;
        }
        t->now_ns = talk->due_ns + BETWEEN_NS;
        if (++t->talk < t->n_talks)
            t->talks[t->talk].due_ns = t->now_ns;
    }
    return false;
}
