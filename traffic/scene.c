/* See scene.h. Each writes its lines in turn; what is written for one never depends on how it will travel. */
#include "traffic/scene.h"

#include <stdio.h>

#include "traffic/dns_put.h"
#include "traffic/http_put.h"
#include "traffic/quic_put.h"
#include "traffic/tls_put.h"

enum { ROOM_BYTES = 64 * 1024, QUIC_ID = 8 };

/* All that was appended since the last line is one more. */
static void line(struct scene *s, enum talk_side side)
{
    size_t from = s->n_lines ? s->lines[s->n_lines - 1].to : 0;
    s->lines[s->n_lines++] = (struct scene_line){side, from, s->bytes.len};
}

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
    char question[SCENE_NAME_MAX + OTHER_LABEL];
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
    char target[SCENE_NAME_MAX + 16];
    int n = snprintf(target, sizeof target, "http://%.*s/", (int)name.len, (const char *)name.ptr);
    http_put_request(&s->bytes,
                     &(struct http_put_asked){.host = SCENE_STRANGER, .target = span_of(target, (size_t)n)});
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
    ask(s, SCENE_STRANGER);
    http_put_request(&s->bytes, &(struct http_put_asked){.method = SPAN_LIT("POST"),
                                                         .host = SCENE_STRANGER,
                                                         .body = SPAN_LIT("GET / HTTP/1.1\r\n\r\n")});
    ask(s, name);
    line(s, TALK_CLIENT);
    answer(s);
}

static void http_keep_alive(struct scene *s, struct span name)
{
    ask(s, SCENE_STRANGER);
    line(s, TALK_CLIENT);
    answer(s);
    http_plain(s, name);
}

static void connect_to(struct scene *s, struct span name)
{
    char target[SCENE_NAME_MAX + 16];
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
    struct tls_put_hello h = hello_of(TLS_PUT_1_3, SCENE_STRANGER, 0);
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
    connect_to(s, SCENE_STRANGER);
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

/* ---- all of them ---- */

/* clang-format off */
static const struct {
    struct scene_kind kind;
    void (*write)(struct scene *s, struct span name);
} scenes[] = { /* name, text, is_udp, is_by_address, told_by, earlier, port */
    {{"dns", "DNS query", true, false, TOLD_BY_BOTH, EARLIER_NOTHING, 53}, dns_plain},
    {{"dns-0x20", "DNS, mixed case (0x20)", true, false, TOLD_BY_BOTH, EARLIER_NOTHING, 53}, dns_0x20},
    {{"dns-edns", "DNS with EDNS", true, false, TOLD_BY_BOTH, EARLIER_NOTHING, 53}, dns_edns},
    {{"dns-compressed", "DNS answer, compressed", true, false, TOLD_BY_SERVER, EARLIER_NOTHING, 53}, dns_compressed},
    {{"dns-tcp", "DNS over TCP", false, false, TOLD_BY_BOTH, EARLIER_ANOTHER, 53}, dns_tcp},
    {{"http", "HTTP request", false, false, TOLD_BY_CLIENT, EARLIER_ANOTHER, 80}, http_plain},
    {{"http-absolute", "HTTP, absolute form", false, false, TOLD_BY_CLIENT, EARLIER_ANOTHER, 8080}, http_absolute},
    {{"http-bare-lf", "HTTP, bare line feeds", false, false, TOLD_BY_CLIENT, EARLIER_ANOTHER, 80}, http_bare_lf},
    {{"http-two-hosts", "HTTP, second Host", false, false, TOLD_BY_CLIENT, EARLIER_ANOTHER, 80}, http_two_hosts},
    {{"http-pipelined", "HTTP, third in a row", false, false, TOLD_BY_CLIENT, EARLIER_ANOTHER, 80}, http_pipelined},
    {{"http-keep-alive", "HTTP, second request", false, false, TOLD_BY_CLIENT, EARLIER_OWN, 80}, http_keep_alive},
    {{"http-connect", "HTTP CONNECT", false, false, TOLD_BY_CLIENT, EARLIER_ANOTHER, 3128}, connect_to},
    {{"tls-1.0", "TLS 1.0 hello", false, false, TOLD_BY_CLIENT, EARLIER_NOTHING, 443}, tls_1_0},
    {{"tls-1.1", "TLS 1.1 hello", false, false, TOLD_BY_CLIENT, EARLIER_NOTHING, 443}, tls_1_1},
    {{"tls-1.2", "TLS 1.2 hello", false, false, TOLD_BY_CLIENT, EARLIER_NOTHING, 443}, tls_1_2},
    {{"tls-1.3", "TLS 1.3 hello", false, false, TOLD_BY_CLIENT, EARLIER_NOTHING, 443}, tls_1_3},
    {{"tls-post-quantum", "TLS, post-quantum key", false, false, TOLD_BY_CLIENT, EARLIER_NOTHING, 443}, tls_post_quantum},
    {{"tls-records", "TLS, 1-byte records", false, false, TOLD_BY_CLIENT, EARLIER_NOTHING, 443}, tls_records},
    {{"tls-ech", "TLS with ECH, outer name", false, false, TOLD_BY_CLIENT, EARLIER_NOTHING, 443}, tls_ech},
    {{"tls-second-name", "TLS, second name", false, false, TOLD_BY_CLIENT, EARLIER_NOTHING, 443}, tls_second_name},
    {{"tls-starttls", "TLS after STARTTLS", false, false, TOLD_BY_CLIENT, EARLIER_OWN, 25}, tls_starttls},
    {{"tls-proxy", "TLS through a proxy", false, false, TOLD_BY_CLIENT, EARLIER_OWN, 3128}, tls_through_proxy},
    {{"quic-v1", "QUIC v1 hello", true, false, TOLD_BY_CLIENT, EARLIER_NOTHING, 443}, quic_v1},
    {{"quic-v2", "QUIC v2 hello", true, false, TOLD_BY_CLIENT, EARLIER_NOTHING, 443}, quic_v2},
    {{"quic-coalesced", "QUIC, coalesced packets", true, false, TOLD_BY_CLIENT, EARLIER_NOTHING, 443}, quic_coalesced},
    {{"quic-shuffled", "QUIC, shuffled CRYPTO", true, false, TOLD_BY_CLIENT, EARLIER_NOTHING, 443}, quic_shuffled},
    {{"quic-two", "QUIC, two datagrams", true, false, TOLD_BY_CLIENT, EARLIER_NOTHING, 443}, quic_two},
    {{"quic-two-reversed", "QUIC, second one first", true, false, TOLD_BY_CLIENT, EARLIER_NOTHING, 443}, quic_two_reversed},
    {{"connection", "connection to an address", false, true, TOLD_BY_BOTH, EARLIER_ANOTHER, 4444}, connection},
};
/* clang-format on */

unsigned scene_n_kinds(void)
{
    return sizeof scenes / sizeof *scenes;
}

const struct scene_kind *scene_kind(unsigned kind)
{
    return &scenes[kind].kind;
}

/* All its room at once: what is said is borrowed from there, and must not move. */
bool scene_init(struct scene *s)
{
    *s = (struct scene){.crypto = quic_crypto_new()};
    buf_init(&s->bytes, ROOM_BYTES);
    buf_init(&s->scratch, ROOM_BYTES);
    return s->crypto && buf_reserve(&s->bytes, ROOM_BYTES) && buf_reserve(&s->scratch, ROOM_BYTES);
}

void scene_fini(struct scene *s)
{
    buf_fini(&s->bytes);
    buf_fini(&s->scratch);
    quic_crypto_free(s->crypto);
    *s = (struct scene){0};
}

void scene_write(struct scene *s, unsigned kind, struct span name, uint64_t seed)
{
    buf_reset(&s->bytes);
    buf_reset(&s->scratch);
    s->n_lines = 0;
    s->dice = dice_of(seed);
    scenes[kind].write(s, name);
}

void scene_say(const struct scene *s, struct talk *t)
{
    for (unsigned i = 0; i < s->n_lines; i++)
        talk_say(t, s->lines[i].side,
                 span_of(s->bytes.ptr + s->lines[i].from, s->lines[i].to - s->lines[i].from));
}
