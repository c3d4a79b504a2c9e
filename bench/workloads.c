/* Captures and lists for bench/packet_path, the same bytes in every run.
 *
 *   bench-workloads bulk|small|dns|tls FILE N [FLOWS]   a capture: N packets (tls: N handshakes), FLOWS of them open at a time (10000)
 *   bench-workloads lists DIR N                         N domains, 100,000 addresses, 1,000 URLs, 200 regexes, a JA4
 *
 * Prints how many packets there are and how many alerts the lists must give. Names of the traffic end in .example and no listed name
 * does, but for the planted ones; listed addresses are of 198.18.0.0/15, where no packet comes from or goes to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matcher/corpus.h"

enum {
    FRAME_MAX = 1514,
    ETHERNET = 14,
    IP = 20,
    TCP = 20,
    UDP = 8,
    QUIC_FRAME = 1292,
    SMALL_FRAME = 90,
    HELLO_SEGMENT = 1400,
    PLANTED = 16,
    PLANT_EVERY = 4096,
    FLOWS_DEFAULT = 10000,
    PROTO_TCP = 6,
    PROTO_UDP = 17,
    N_ADDRESSES = 100000,
    N_URLS = 1000,
    N_REGEXES = 200,
    FIN = 1,
    SYN = 2,
    PSH = 8,
    ACK = 16,
};

/* A conversation of the generator; `sent` packets of `packets`. */
struct talk {
    uint32_t client, server, seq[2];
    uint16_t port;
    uint16_t sent, packets;
    uint8_t proto;
};

struct maker {
    FILE *file;
    struct corpus_random random;
    struct buf text; /* a name, or a message as it is put together */
    struct talk *talks;
    uint64_t time_us;
    uint32_t n_talks, n_names, n_begun;
    uint64_t n_packets, n_planted;
    uint8_t frame[FRAME_MAX];
};

static uint32_t below(struct maker *m, uint32_t n)
{
    return (uint32_t)((corpus_next(&m->random) >> 32) * n >> 32);
}

static void put_u16(struct buf *b, uint32_t v)
{
    buf_put_byte(b, (uint8_t)(v >> 8));
    buf_put_byte(b, (uint8_t)v);
}

static void store16(uint8_t *to, uint32_t v)
{
    to[0] = (uint8_t)(v >> 8);
    to[1] = (uint8_t)v;
}

static void store32(uint8_t *to, uint32_t v)
{
    store16(to, v >> 16);
    store16(to + 2, v);
}

static void write_bytes(struct maker *m, const void *bytes, size_t n)
{
    if (fwrite(bytes, 1, n, m->file) != n) {
        perror("bench-workloads");
        exit(1);
    }
}

/* The frame's first `len` bytes, with Ethernet and IP headers put in front of what is there. `side` 0: the client sends. */
static void send_frame(struct maker *m, const struct talk *t, unsigned side, size_t len)
{
    static const uint8_t ethernet[ETHERNET] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
    uint8_t *ip = m->frame + ETHERNET, *ports = ip + IP;
    memcpy(m->frame, ethernet, sizeof ethernet);
    memset(ip, 0, IP);
    ip[0] = 0x45;
    store16(ip + 2, (uint32_t)(len - ETHERNET));
    ip[8] = 64;
    ip[9] = t->proto;
    store32(ip + 12, side ? t->server : t->client);
    store32(ip + 16, side ? t->client : t->server);
    uint16_t server_port =
        t->proto == PROTO_UDP && t->packets == 2 ? 53 : 443; /* two: a question and its answer */
    store16(ports, side ? server_port : t->port);
    store16(ports + 2, side ? t->port : server_port);
    m->time_us += 2 + below(m, 3);
    uint32_t record[4] = {(uint32_t)(m->time_us / 1000000), (uint32_t)(m->time_us % 1000000), (uint32_t)len,
                          (uint32_t)len};
    write_bytes(m, record, sizeof record);
    write_bytes(m, m->frame, len);
    m->n_packets++;
}

static void send_tcp(struct maker *m, struct talk *t, unsigned side, unsigned flags, size_t options,
                     struct span payload)
{
    uint8_t *tcp = m->frame + ETHERNET + IP;
    store32(tcp + 4, t->seq[side]);
    store32(tcp + 8, flags & ACK ? t->seq[!side] : 0);
    tcp[12] = (uint8_t)((TCP + options) / 4 << 4);
    tcp[13] = (uint8_t)flags;
    store16(tcp + 14, 64240);
    store32(tcp + 16, 0);
    memset(tcp + TCP, 1, options); /* NOP */
    if (payload.len && payload.ptr != tcp + TCP + options)
        memcpy(tcp + TCP + options, payload.ptr, payload.len);
    send_frame(m, t, side, ETHERNET + IP + TCP + options + payload.len);
    t->seq[side] += (uint32_t)payload.len + (flags & (SYN | FIN) ? 1 : 0);
}

static void send_udp(struct maker *m, struct talk *t, unsigned side, struct span payload)
{
    uint8_t *udp = m->frame + ETHERNET + IP;
    store16(udp + 4, (uint32_t)(UDP + payload.len));
    store16(udp + 6, 0);
    if (payload.ptr != udp + UDP)
        memcpy(udp + UDP, payload.ptr, payload.len);
    send_frame(m, t, side, ETHERNET + IP + UDP + payload.len);
}

/* Bytes that pass for encrypted ones, and for a QUIC packet after the handshake, where a payload of the frame would be. */
static struct span noise(struct maker *m, size_t at, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        uint64_t r = corpus_next(&m->random) & UINT64_C(0x3f3f3f3f3f3f3f3f);
        memcpy(m->frame + at + i, &r, n - i < 8 ? n - i : 8);
    }
    m->frame[at] |= 0x40;
    return span_of(m->frame + at, n);
}

static void begin(struct maker *m, struct talk *t, uint8_t proto, uint16_t packets)
{
    m->n_begun++;
    *t = (struct talk){.client = 0x0a000000 | below(m, 1 << 24),
                       .server = 0x64400000 | below(m, 1 << 22),
                       .seq = {(uint32_t)corpus_next(&m->random), (uint32_t)corpus_next(&m->random)},
                       .port = (uint16_t)(1024 + below(m, 64000)),
                       .packets = packets,
                       .proto = proto};
}

/* A name as traffic has it, or a planted one. Appended to `b`. */
static void put_name(struct maker *m, struct buf *b)
{
    if (++m->n_names % PLANT_EVERY == 0) {
        buf_printf(b, "www.planted-%u.example", m->n_names / PLANT_EVERY % PLANTED);
        m->n_planted++;
        return;
    }
    size_t start = b->len;
    corpus_put_benign(b, &m->random);
    while (b->len > start && b->ptr[b->len - 1] != '.')
        b->len--;
    buf_put_str(b, "example");
}

/* ---- messages ---- */

static size_t open_length(struct buf *b)
{
    put_u16(b, 0);
    return b->len;
}

static void close_length(struct buf *b, size_t mark)
{
    store16(b->ptr + mark - 2, (uint32_t)(b->len - mark));
}

static void put_fill(struct buf *b, size_t n, uint8_t byte)
{
    while (n--)
        buf_put_byte(b, byte);
}

static void put_sni(struct maker *m, struct buf *b)
{
    put_u16(b, 0);
    size_t extension = open_length(b), list = open_length(b);
    buf_put_byte(b, 0);
    size_t name = open_length(b);
    put_name(m, b);
    close_length(b, name);
    close_length(b, list);
    close_length(b, extension);
}

/* A browser's: `key_bytes` of key share make it one segment or two. */
static struct span client_hello(struct maker *m, size_t key_bytes)
{
    static const uint8_t ciphers[] = {0,    32,   0x13, 1,    0x13, 2,    0x13, 3,    0xc0, 0x2b, 0xc0, 0x2f,
                                      0xc0, 0x2c, 0xc0, 0x30, 0xcc, 0xa9, 0xcc, 0xa8, 0xc0, 0x13, 0xc0, 0x14,
                                      0,    0x9c, 0,    0x9d, 0,    0x2f, 0,    0x35, 0,    10,   1,    0};
    static const uint8_t extensions[] = {
        0,   23,  0,   0,   0xff, 1,   0,   1, 0,  0, 10, 0, 10, 0, 8,  0x11, 0xec, 0,  29,  0,   23, 0,
        24,  0,   11,  0,   2,    1,   0,   0, 35, 0, 0,  0, 16, 0, 14, 0,    12,   2,  'h', '2', 8,  'h',
        't', 't', 'p', '/', '1',  '.', '1', 0, 5,  0, 5,  1, 0,  0, 0,  0,    0,    13, 0,   18,  0,  16,
        4,   3,   8,   4,   4,    1,   5,   3, 8,  5, 5,  1, 8,  6, 6,  1,    0,    18, 0,   0,   0,  45,
        0,   2,   1,   1,   0,    43,  0,   5, 4,  3, 4,  3, 3,  0, 27, 0,    3,    2,  0,   2};
    struct buf *b = &m->text;
    buf_reset(b);
    buf_put(b, SPAN_LIT("\x16\x03\x01"));
    size_t record = open_length(b);
    buf_put(b, span_of("\x01\x00", 2));
    size_t message = open_length(b);
    buf_put(b, SPAN_LIT("\x03\x03"));
    put_fill(b, 32, 0x5a);
    buf_put_byte(b, 32);
    put_fill(b, 32, 0x77);
    buf_put(b, span_of(ciphers, sizeof ciphers));
    size_t all = open_length(b);
    put_sni(m, b);
    buf_put(b, span_of(extensions, sizeof extensions));
    put_u16(b, 51);
    size_t share = open_length(b), shares = open_length(b);
    put_u16(b, 29);
    size_t key = open_length(b);
    put_fill(b, key_bytes, 0x42);
    close_length(b, key);
    close_length(b, shares);
    close_length(b, share);
    close_length(b, all);
    close_length(b, message);
    close_length(b, record);
    return buf_span(b);
}

static struct span server_hello(struct maker *m)
{
    struct buf *b = &m->text;
    buf_reset(b);
    buf_put(b, SPAN_LIT("\x16\x03\x03"));
    size_t record = open_length(b);
    buf_put(b, span_of("\x02\x00", 2));
    size_t message = open_length(b);
    buf_put(b, SPAN_LIT("\x03\x03"));
    put_fill(b, 32, 0x5b);
    buf_put_byte(b, 32);
    put_fill(b, 32, 0x77);
    buf_put(b, span_of("\x13\x01\x00", 3));
    size_t all = open_length(b);
    buf_put(b, span_of("\x00\x2b\x00\x02\x03\x04\x00\x33\x00\x24\x00\x1d\x00\x20", 14));
    put_fill(b, 32, 0x43);
    close_length(b, all);
    close_length(b, message);
    close_length(b, record);
    buf_put(b, SPAN_LIT("\x14\x03\x03\x00\x01\x01\x17\x03\x03\x20\x00"));
    put_fill(b, HELLO_SEGMENT - b->len, 0x3c);
    return buf_span(b);
}

static struct span dns_query(struct maker *m)
{
    struct buf *b = &m->text;
    buf_reset(b);
    buf_put(b, span_of("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12));
    size_t label = b->len;
    buf_put_byte(b, 0);
    put_name(m, b);
    for (size_t i = label + 1; i <= b->len; i++)
        if (i == b->len || b->ptr[i] == '.') {
            b->ptr[label] = (uint8_t)(i - label - 1);
            label = i;
        }
    buf_put(b, span_of("\x00\x00\x01\x00\x01", 5));
    return buf_span(b);
}

/* To the query just made: a CNAME beside the asked name, and that one's address. */
static struct span dns_answer(struct maker *m)
{
    struct buf *b = &m->text;
    memcpy(b->ptr + 2, "\x81\x80\x00\x01\x00\x02", 6);
    buf_put(b, span_of("\xc0\x0c\x00\x05\x00\x01\x00\x00\x01\x2c\x00\x0c\x05"
                       "edge7\x04test",
                       24));
    put_u16(b, (uint32_t)(0xc000 + b->len - 12));
    buf_put(b, span_of("\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04\x64\x40\x00\x01", 14));
    return buf_span(b);
}

/* ---- workloads ---- */

static void begin_bulk(struct maker *m, struct talk *t)
{
    uint32_t roll = below(m, 100);
    begin(m, t, roll < 55 ? PROTO_TCP : PROTO_UDP, roll < 90 ? (uint16_t)(40 + below(m, 200)) : 2);
}

/* 65% full packets of TLS and QUIC, 34% acknowledgements, 1% hellos and DNS messages. */
static void step_bulk(struct maker *m, struct talk *t)
{
    if (t->sent == t->packets)
        begin_bulk(m, t);
    unsigned n = t->sent++;
    if (t->packets == 2) {
        struct span query = dns_query(m);
        send_udp(m, t, n, n ? dns_answer(m) : query);
    } else if (t->proto == PROTO_TCP && n < 4) {
        struct span none = {0};
        send_tcp(m, t, n & 1,
                 n == 0   ? SYN
                 : n == 1 ? SYN | ACK
                          : PSH | ACK,
                 n < 2 ? 20 : 0,
                 n == 2   ? client_hello(m, 32)
                 : n == 3 ? server_hello(m)
                          : none);
    } else if (below(m, 100) >= 66) {
        if (t->proto == PROTO_TCP)
            send_tcp(m, t, 0, ACK, 12, (struct span){0});
        else
            send_udp(m, t, 0, noise(m, ETHERNET + IP + UDP, 34));
    } else if (t->proto == PROTO_TCP) {
        send_tcp(m, t, 1, ACK, 12, noise(m, ETHERNET + IP + TCP + 12, FRAME_MAX - ETHERNET - IP - TCP - 12));
    } else {
        send_udp(m, t, 1, noise(m, ETHERNET + IP + UDP, QUIC_FRAME - ETHERNET - IP - UDP));
    }
}

/* Frames of 90 bytes: handshakes and acknowledgements with options, datagrams of no protocol we know. */
static void step_small(struct maker *m, struct talk *t)
{
    if (t->sent == t->packets)
        begin(m, t, below(m, 3) ? PROTO_TCP : PROTO_UDP, (uint16_t)(4 + below(m, 9)));
    unsigned n = t->sent++;
    size_t options = SMALL_FRAME - ETHERNET - IP - TCP;
    if (t->proto == PROTO_UDP)
        send_udp(m, t, n & 1, noise(m, ETHERNET + IP + UDP, SMALL_FRAME - ETHERNET - IP - UDP));
    else
        send_tcp(m, t, n & 1, n == 0 ? SYN : n == 1 ? SYN | ACK : ACK, options, (struct span){0});
}

static void step_dns(struct maker *m, struct talk *t)
{
    begin(m, t, PROTO_UDP, 2);
    send_udp(m, t, 0, dns_query(m));
    send_udp(m, t, 1, dns_answer(m));
}

static void step_tls(struct maker *m, struct talk *t)
{
    begin(m, t, PROTO_TCP, 5);
    send_tcp(m, t, 0, SYN, 20, (struct span){0});
    send_tcp(m, t, 1, SYN | ACK, 20, (struct span){0});
    struct span hello = client_hello(m, 1216);
    send_tcp(m, t, 0, ACK, 0, span_first(hello, HELLO_SEGMENT));
    send_tcp(m, t, 0, PSH | ACK, 0, span_from(hello, HELLO_SEGMENT));
    send_tcp(m, t, 1, PSH | ACK, 0, server_hello(m));
}

static const struct workload {
    const char *name;
    void (*step)(struct maker *m, struct talk *t);
} workloads[] = {{"bulk", step_bulk}, {"small", step_small}, {"dns", step_dns}, {"tls", step_tls}};

static FILE *open_or_die(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f) {
        perror(path);
        exit(1);
    }
    return f;
}

static void close_or_die(FILE *f, const char *path)
{
    if (fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

static void make_capture(const struct workload *w, const char *path, uint32_t n, uint32_t n_talks)
{
    static const uint8_t header[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, [18] = 4, [20] = 1};
    struct maker m = {
        .file = open_or_die(path), .random = {1}, .time_us = UINT64_C(1767225600000000), .n_talks = n_talks};
    m.talks = calloc(n_talks, sizeof *m.talks);
    buf_init(&m.text, 1 << 16);
    if (!m.talks)
        exit(1);
    write_bytes(&m, header, sizeof header);
    while (n--)
        w->step(&m, &m.talks[below(&m, n_talks)]);
    close_or_die(m.file, path);
    printf("%llu packets, %llu planted\n", (unsigned long long)m.n_packets, (unsigned long long)m.n_planted);
    buf_fini(&m.text);
    free(m.talks);
}

static void make_lists(const char *dir, uint32_t n)
{
    char path[4096];
    struct corpus_random r = {2};
    struct buf name;
    buf_init(&name, 4096);
    snprintf(path, sizeof path, "%s/values.txt", dir);
    FILE *f = open_or_die(path);
    for (uint32_t i = 0; i < PLANTED; i++)
        fprintf(f, "planted-%u.example\n", i);
    for (uint32_t i = 0; i < n; i++) {
        buf_reset(&name);
        corpus_put_name(&name, &r);
        fprintf(f, "%.*s\n", (int)name.len, name.ptr);
    }
    for (uint32_t i = 0; i < N_ADDRESSES; i++)
        fprintf(f, "198.%u.%u.%u\n", 18 + (i >> 16), i >> 8 & 255, i & 255);
    for (uint32_t i = 0; i < N_URLS; i++) {
        buf_reset(&name);
        corpus_put_name(&name, &r);
        fprintf(f, "http://%.*s/files/%u/setup.exe\n", (int)name.len, name.ptr, i);
    }
    close_or_die(f, path);
    snprintf(path, sizeof path, "%s/regexes.yaml", dir);
    f = open_or_die(path);
    fputs("vedette: 1\nindicators:\n  - {ja4: 't13d0000h2_000000000000_000000000000'}\n", f);
    for (uint32_t i = 0; i < N_REGEXES; i++)
        if (i & 1)
            fprintf(f, "  - {regex: '^http://[^/]+/dl%u/[0-9a-f]{8}\\.exe$', fields: [http.url]}\n", i);
        else
            fprintf(f,
                    "  - {regex: '^[a-z]{%u}%02u-[0-9]+\\.[a-z]+\\.listed$', fields: [dns.query, tls.sni]}\n",
                    3 + i % 9, i % 100);
    close_or_die(f, path);
    buf_fini(&name);
}

int main(int argc, char **argv)
{
    uint32_t n = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
    uint32_t n_talks = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : FLOWS_DEFAULT;
    if (n && n_talks && strcmp(argv[1], "lists") == 0) {
        make_lists(argv[2], n);
        return 0;
    }
    for (size_t i = 0; n && n_talks && i < sizeof workloads / sizeof *workloads; i++)
        if (strcmp(argv[1], workloads[i].name) == 0) {
            make_capture(&workloads[i], argv[2], n, n_talks);
            return 0;
        }
    fprintf(stderr,
            "usage: bench-workloads bulk|small|dns|tls FILE N [FLOWS]\n       bench-workloads lists DIR N\n");
    return 2;
}
