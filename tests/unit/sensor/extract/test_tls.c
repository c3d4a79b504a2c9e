/* Hellos are built here byte by byte; whatever is read is first copied to a heap block of its exact size,
 * so that a sanitizer sees one byte too far. */
#include "sensor/extract/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROOM = 1 << 17 };

/* ---- Building: bytes grow at the end, and a vector is opened, filled and closed. ---- */

struct built {
    uint8_t bytes[ROOM];
    size_t len;
};

static void put(struct built *b, struct span s)
{
    assert_true(s.len <= sizeof(b->bytes) - b->len);
    if (s.len > 0)
        memcpy(b->bytes + b->len, s.ptr, s.len);
    b->len += s.len;
}

static void put_u8(struct built *b, unsigned v)
{
    put(b, span_of(&(uint8_t){(uint8_t)v}, 1));
}

static void put_u16(struct built *b, unsigned v)
{
    put_u8(b, v >> 8);
    put_u8(b, v & 0xff);
}

static void put_fill(struct built *b, unsigned byte, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_u8(b, byte);
}

/* Leaves room for a length of `width` bytes; vec_close() at what this returned writes it. */
static size_t vec_open(struct built *b, size_t width)
{
    put_fill(b, 0, width);
    return b->len;
}

static void vec_close(struct built *b, size_t at, size_t width)
{
    size_t len = b->len - at;

    for (size_t i = 0; i < width; i++)
        b->bytes[at - 1 - i] = (uint8_t)(len >> (8 * i));
}

static void put_vec(struct built *b, size_t width, struct span s)
{
    size_t at = vec_open(b, width);
    put(b, s);
    vec_close(b, at, width);
}

static void put_extension(struct built *b, unsigned type, struct span data)
{
    put_u16(b, type);
    put_vec(b, 2, data);
}

static void put_name(struct built *b, unsigned type, struct span name)
{
    put_u8(b, type);
    put_vec(b, 2, name);
}

static void put_sni(struct built *b, const char *name)
{
    put_u16(b, 0);
    size_t data = vec_open(b, 2);
    size_t list = vec_open(b, 2);
    put_name(b, 0, span_str(name));
    vec_close(b, list, 2);
    vec_close(b, data, 2);
}

/* A ClientHello up to its extensions; message_close() ends it. */
static size_t client_open(struct built *b, unsigned version)
{
    b->len = 0;
    put_u8(b, TLS_CLIENT_HELLO);
    size_t body = vec_open(b, 3);
    put_u16(b, version);
    put_fill(b, 0x5a, 32);
    put_vec(b, 1, SPAN_LIT("0123456789abcdef"));
    put_vec(b, 2, SPAN_LIT("\x13\x01\x13\x02\xc0\x2f"));
    put_vec(b, 1, SPAN_LIT("\0"));
    return body;
}

static const struct span plain_random = {(const uint8_t *)"................................", 32};

static size_t server_open(struct built *b, unsigned version, struct span random)
{
    b->len = 0;
    put_u8(b, TLS_SERVER_HELLO);
    size_t body = vec_open(b, 3);
    put_u16(b, version);
    put(b, random);
    put_vec(b, 1, SPAN_LIT("0123456789abcdef"));
    put_u16(b, 0x1302);
    put_u8(b, 0);
    return body;
}

static void message_close(struct built *b, size_t body)
{
    vec_close(b, body, 3);
}

/* A ClientHello with an extension block made of `block`. */
static void client_with(struct built *b, struct span block)
{
    size_t body = client_open(b, 0x0303);
    put_vec(b, 2, block);
    message_close(b, body);
}

/* What a browser sends: GREASE, two names, three protocols, versions, ECH and things not known here. */
static void client_full(struct built *b)
{
    size_t body = client_open(b, 0x0303);
    size_t block = vec_open(b, 2);

    put_extension(b, 0x4a4a, SPAN_LIT(""));
    put_sni(b, "WWW.Example.org");
    put_extension(b, 23, SPAN_LIT(""));
    put_extension(b, 16, SPAN_LIT("\0\x0e\x02h2\x08http/1.1\x01x"));
    put_extension(b, 43, SPAN_LIT("\x06\x5a\x5a\x03\x04\x03\x03"));
    put_extension(b, 0xfe0d, SPAN_LIT("\0\0\1\0\1\x2a\0\x02" "ke" "\0\x03" "pay"));
    put_sni(b, "second.example");
    put_extension(b, 21, SPAN_LIT("\0\0\0\0"));
    vec_close(b, block, 2);
    message_close(b, body);
}

static void put_record(struct built *b, unsigned type, struct span fragment)
{
    put_u8(b, type);
    put_u16(b, 0x0301);
    put_vec(b, 2, fragment);
}

/* `message` in handshake records of `n` bytes. */
static void put_cut(struct built *b, struct span message, size_t n)
{
    for (size_t at = 0; at < message.len; at += n)
        put_record(b, TLS_HANDSHAKE, span_first(span_from(message, at), n));
}

static struct built *built_new(void)
{
    struct built *b = calloc(1, sizeof(*b));
    assert_non_null(b);
    return b;
}

static struct span built_span(const struct built *b)
{
    return span_of(b->bytes, b->len);
}

/* An exact-size heap copy; release() frees it. */
static struct span exact(struct span s)
{
    uint8_t *copy = malloc(s.len > 0 ? s.len : 1);
    assert_non_null(copy);
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    return span_of(s.len > 0 ? copy : copy + 1, s.len);
}

static void release(struct span s)
{
    uint8_t *copy;

    memcpy(&copy, &s.ptr, sizeof(copy)); /* casts const away without saying so */
    free(s.len > 0 ? copy : copy - 1);
}

#define assert_span(s, lit) assert_true(span_eq((s), SPAN_LIT(lit)))

/* ---- Records ---- */

static void record_whole(void **state)
{
    struct tls_record r;
    struct span in = exact(SPAN_LIT("\x17\x03\x03\0\x03xyzuvw"));

    assert_int_equal(tls_record_read(in, &r), FIELD_FOUND);
    assert_int_equal(r.type, TLS_APPLICATION_DATA);
    assert_int_equal(r.version, 0x0303);
    assert_span(r.fragment, "xyz");
    assert_int_equal(r.record_len, 8);
    release(in);
}

static void record_cut(void **state)
{
    struct span whole = SPAN_LIT("\x16\x03\x01\0\x03xyz");

    for (size_t n = 0; n < whole.len; n++) {
        struct tls_record r = {.type = 99};
        struct span in = exact(span_first(whole, n));
        assert_int_equal(tls_record_read(in, &r), FIELD_PARTIAL);
        assert_int_equal(r.type, n < 5 ? 99 : 22);
        if (n >= 5) {
            assert_true(span_eq(r.fragment, span_from(in, 5)));
            assert_int_equal(r.record_len, 8);
        }
        release(in);
    }
}

static void record_limits(void **state)
{
    static const struct {
        uint8_t header[5];
        bool fits;
    } rows[] = {
        {{19, 3, 1, 0, 1}, false},      {{20, 3, 1, 0, 1}, true},           {{24, 3, 1, 0, 1}, true},
        {{25, 3, 1, 0, 1}, false},      {{22, 2, 0, 0, 1}, false},          {{22, 4, 0, 0, 1}, false},
        {{22, 3, 0, 0, 1}, true},       {{22, 3, 4, 0, 1}, true},           {{22, 3, 5, 0, 1}, true},
        {{22, 3, 0xff, 0, 1}, true},    {{22, 0, 3, 0, 1}, false},          {{22, 3, 1, 0x48, 0}, true},
        {{22, 3, 1, 0x48, 1}, false},   {{22, 3, 1, 0x49, 0}, false},       {{23, 3, 3, 0xff, 0xff}, false},
        {{0x80, 0x2e, 1, 3, 1}, false}, {{'G', 'E', 'T', ' ', '/'}, false},
    };
    struct tls_record r;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(tls_record_read(span_of(rows[i].header, 5), &r),
                         rows[i].fits ? FIELD_PARTIAL : FIELD_MALFORMED);
    assert_int_equal(tls_record_read(SPAN_LIT("\x16\x03\x01\0\0"), &r), FIELD_FOUND);
    assert_int_equal(r.fragment.len, 0);
    assert_int_equal(tls_record_read(SPAN_LIT("\x15"), &r), FIELD_PARTIAL);
    assert_int_equal(tls_record_read(SPAN_LIT("\x14\x02"), &r), FIELD_MALFORMED);
}

/* ---- Gathering ---- */

struct gathered {
    enum verdict verdict;
    struct span message;
    size_t used, want;
};

/* The scratch is the end of the block that the group owns, so that one byte too far is seen. */
static struct gathered gather(void **state, struct span in, size_t room)
{
    uint8_t *block = *state;
    struct gathered g = {.used = 4711, .want = 4711};
    g.verdict = tls_handshake_gather(in, block + ROOM - room, room, &g.message, &g.used, &g.want);
    return g;
}

static int scratch_setup(void **state)
{
    *state = calloc(1, ROOM);
    return *state ? 0 : -1;
}

static int scratch_teardown(void **state)
{
    free(*state);
    return 0;
}

static void gather_borrows_from_one_record(void **state)
{
    struct built *m = built_new(), *s = built_new();
    client_full(m);
    put_record(s, TLS_HANDSHAKE, built_span(m));
    put_record(s, TLS_APPLICATION_DATA, SPAN_LIT("early"));

    struct span in = exact(built_span(s));
    struct gathered g = gather(state, in, ROOM);
    assert_int_equal(g.verdict, FIELD_FOUND);
    assert_ptr_equal(g.message.ptr, in.ptr + 5);
    assert_true(span_eq(g.message, built_span(m)));
    assert_int_equal(g.used, 5 + m->len);
    assert_int_equal(g.want, 4711);
    release(in);
    free(m);
    free(s);
}

static void gather_any_cut(void **state)
{
    struct built *m = built_new(), *s = built_new();
    client_full(m);
    for (size_t n = 1; n <= m->len; n++) {
        s->len = 0;
        put_cut(s, built_span(m), n);
        struct span in = exact(built_span(s));
        struct gathered g = gather(state, in, m->len);
        assert_int_equal(g.verdict, FIELD_FOUND);
        assert_true(span_eq(g.message, built_span(m)));
        assert_int_equal(g.used, in.len);
        release(in);
    }
    free(m);
    free(s);
}

/* At every length short of the whole: partial, with the bytes so far, and a want that is more than there
 * is but never more than it takes. */
static void gather_partial_at_every_byte(void **state)
{
    static const size_t cuts[] = {1, 2, 3, 5, 64, 100000};
    struct built *m = built_new(), *s = built_new();
    client_full(m);
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        s->len = 0;
        put_cut(s, built_span(m), cuts[i]);
        for (size_t n = 0; n < s->len; n++) {
            struct span in = exact(span_of(s->bytes, n));
            struct gathered g = gather(state, in, ROOM);
            assert_int_equal(g.verdict, FIELD_PARTIAL);
            assert_true(g.want > n && g.want <= s->len);
            assert_int_equal(g.used, n);
            assert_true(span_starts(built_span(m), g.message));
            release(in);
        }
    }
    free(m);
    free(s);
}

static void gather_want_is_exact_where_it_can_be(void **state)
{
    struct built *m = built_new(), *s = built_new();
    client_full(m);
    put_record(s, TLS_HANDSHAKE, built_span(m));
    assert_int_equal(gather(state, span_of(s->bytes, 0), ROOM).want, 9);
    assert_int_equal(gather(state, span_of(s->bytes, 3), ROOM).want, 9);
    assert_int_equal(gather(state, span_of(s->bytes, 8), ROOM).want, 9);
    assert_int_equal(gather(state, span_of(s->bytes, 9), ROOM).want, s->len);
    s->len = 0;
    put_cut(s, built_span(m), 100);
    assert_int_equal(gather(state, span_of(s->bytes, 50), ROOM).want, 5 + m->len + 5);
    assert_int_equal(gather(state, span_of(s->bytes, 105), ROOM).want, 5 + m->len + 5);
    assert_int_equal(gather(state, span_of(s->bytes, 107), ROOM).want, 5 + m->len + 5);
    free(m);
    free(s);
}

/* A caller that calls again at each want does so a few times, however small the records. */
static void gather_is_called_again_seldom(void **state)
{
    struct built *m = built_new(), *s = built_new();
    size_t n = 0, n_calls = 0;
    struct gathered g;

    put_u8(m, TLS_CLIENT_HELLO);
    put_vec(m, 3, span_of(*state, 16000));
    put_cut(s, built_span(m), 1);
    do {
        g = gather(state, span_of(s->bytes, n), ROOM);
        n = g.want;
        n_calls++;
    } while (g.verdict == FIELD_PARTIAL);
    assert_int_equal(g.verdict, FIELD_FOUND);
    assert_true(n_calls < 100);
    free(m);
    free(s);
}

static void gather_room(void **state)
{
    struct built *m = built_new(), *s = built_new();
    client_full(m);
    for (size_t cut = 20; cut < 1000; cut += 900) {
        s->len = 0;
        put_cut(s, built_span(m), cut);
        assert_int_equal(gather(state, built_span(s), m->len).verdict, FIELD_FOUND);
        assert_int_equal(gather(state, built_span(s), m->len - 1).verdict, FIELD_MALFORMED);
        assert_int_equal(gather(state, span_of(s->bytes, 9), m->len - 1).verdict, FIELD_MALFORMED);
        assert_int_equal(gather(state, built_span(s), 0).verdict, FIELD_MALFORMED);
    }
    s->len = 0;
    put_cut(s, built_span(m), 1);
    for (size_t room = 0; room < 10; room++)
        assert_int_equal(gather(state, built_span(s), room).verdict, FIELD_MALFORMED);
    /* The room holds the message, but the record that ends it goes on. */
    m->len = s->len = 0;
    put(m, SPAN_LIT("\x02\0\0\x02zz\x0b\0\0\x01y"));
    put_record(s, TLS_HANDSHAKE, span_of(m->bytes, 3));
    put_record(s, TLS_HANDSHAKE, span_of(m->bytes + 3, m->len - 3));
    struct gathered g = gather(state, built_span(s), 6);
    assert_int_equal(g.verdict, FIELD_FOUND);
    assert_span(g.message, "\x02\0\0\x02zz");
    assert_int_equal(g.used, s->len);
    free(m);
    free(s);
}

static void gather_first_of_several_messages(void **state)
{
    struct span in = exact(SPAN_LIT("\x16\x03\x03\0\x20\x02\0\0\x02zz\x0b\0\0\x10partial"));
    struct gathered g = gather(state, in, ROOM);

    assert_int_equal(g.verdict, FIELD_FOUND);
    assert_span(g.message, "\x02\0\0\x02zz");
    assert_int_equal(g.used, in.len);
    release(in);
}

static void gather_other_content(void **state)
{
    assert_int_equal(gather(state, SPAN_LIT("\x15\x03\x01\0\x02\x02\x28"), ROOM).verdict, FIELD_ABSENT);
    assert_int_equal(gather(state, SPAN_LIT("\x17"), ROOM).verdict, FIELD_ABSENT);
    assert_int_equal(gather(state, SPAN_LIT("\x17\x02"), ROOM).verdict, FIELD_MALFORMED);
    assert_int_equal(gather(state, SPAN_LIT("GET / HTTP/1.1"), ROOM).verdict, FIELD_MALFORMED);
    assert_int_equal(
        gather(state, SPAN_LIT("\x16\x03\x01\0\x01\x01\x15\x03\x01\0\x02\x02\x28"), ROOM).verdict,
        FIELD_MALFORMED);
    assert_int_equal(gather(state, SPAN_LIT("\x16\x03\x01\0\x01\x01\x15"), ROOM).verdict, FIELD_MALFORMED);
    assert_int_equal(gather(state, SPAN_LIT("\x16\x03\x01\0\x01\x01\x16\x02"), ROOM).verdict,
                     FIELD_MALFORMED);
    assert_int_equal(gather(state, SPAN_LIT("\x16\x03\x01\0\x01\x01\x16\x03\x09"), ROOM).verdict,
                     FIELD_PARTIAL);

    struct gathered g = gather(state, SPAN_LIT("\x14\x03\x01\0\x01\x01"), ROOM);
    assert_true(g.verdict == FIELD_ABSENT && g.used == 4711 && g.want == 4711 && g.message.ptr == NULL);
}

static void gather_empty_fragments(void **state)
{
    struct built *m = built_new(), *s = built_new();
    client_full(m);
    for (int n_empty = TLS_EMPTY_MAX; n_empty <= TLS_EMPTY_MAX + 1; n_empty++) {
        s->len = 0;
        for (int i = 0; i < n_empty / 2; i++)
            put_record(s, TLS_HANDSHAKE, SPAN_LIT(""));
        put_record(s, TLS_HANDSHAKE, span_of(m->bytes, 2));
        for (int i = n_empty / 2; i < n_empty; i++)
            put_record(s, TLS_HANDSHAKE, SPAN_LIT(""));
        put_record(s, TLS_HANDSHAKE, span_of(m->bytes + 2, m->len - 2));
        struct gathered g = gather(state, built_span(s), ROOM);
        assert_int_equal(g.verdict, n_empty <= TLS_EMPTY_MAX ? FIELD_FOUND : FIELD_MALFORMED);
        if (g.verdict == FIELD_FOUND)
            assert_true(span_eq(g.message, built_span(m)));
        for (size_t n = 0; n < s->len && g.verdict == FIELD_FOUND; n++)
            assert_int_equal(gather(state, span_of(s->bytes, n), ROOM).verdict, FIELD_PARTIAL);
    }
    free(m);
    free(s);
}

/* ---- Sniffing ---- */

static enum verdict sniff_exact(enum verdict (*sniff)(struct span), struct span s)
{
    struct span in = exact(s);
    enum verdict v = sniff(in);
    release(in);
    return v;
}

/* Partial up to `decided` bytes, found from there on. */
static void assert_sniffed(enum verdict (*sniff)(struct span), struct span s, size_t decided)
{
    for (size_t n = 0; n <= s.len; n++)
        assert_int_equal(sniff_exact(sniff, span_first(s, n)), n < decided ? FIELD_PARTIAL : FIELD_FOUND);
}

static void sniff_hellos(void **state)
{
    struct built *m = built_new(), *s = built_new();
    client_full(m);
    put_record(s, TLS_HANDSHAKE, built_span(m));
    assert_sniffed(tls_sniff_client, built_span(s), 11);
    assert_int_equal(tls_sniff_server(built_span(s)), FIELD_MALFORMED);

    /* The sixth byte of the message decides, wherever it is. */
    s->len = 0;
    put_cut(s, built_span(m), 1);
    assert_sniffed(tls_sniff_client, built_span(s), 6 * 6);
    s->len = 0;
    put_record(s, TLS_HANDSHAKE, SPAN_LIT(""));
    put_cut(s, built_span(m), 4);
    assert_sniffed(tls_sniff_client, built_span(s), 5 + 9 + 7);

    /* A hello may share its record with what follows it. */
    put(m, SPAN_LIT("\x0b\0\0\1x"));
    s->len = 0;
    put_record(s, TLS_HANDSHAKE, built_span(m));
    s->bytes[2] = 0xff;
    assert_sniffed(tls_sniff_client, built_span(s), 11);
    static uint8_t scratch[4096];
    struct span message;
    size_t used, want;
    assert_int_equal(tls_handshake_gather(built_span(s), scratch, sizeof(scratch), &message, &used, &want),
                     FIELD_FOUND);
    assert_int_equal(message.len, m->len - 5);
    assert_int_equal(used, s->len);

    size_t body = server_open(m, 0x0303, plain_random);
    message_close(m, body);
    put(m, SPAN_LIT("\x0e\0\0\0"));
    s->len = 0;
    put_record(s, TLS_HANDSHAKE, built_span(m));
    assert_sniffed(tls_sniff_server, built_span(s), 11);
    assert_int_equal(tls_sniff_client(built_span(s)), FIELD_MALFORMED);
    free(m);
    free(s);
}

static void sniff_refuses(void **state)
{
    static const struct {
        enum verdict (*sniff)(struct span);
        struct span in;
        size_t decided; /* bytes it takes to see it */
    } rows[] = {
        {tls_sniff_client, {(const uint8_t *)"GET / HTTP", 10}, 1},
        {tls_sniff_client, {(const uint8_t *)"\0\0\0\0", 4}, 1},
        {tls_sniff_client, {(const uint8_t *)"\x15\x03\x01\0\x02\x02\x28", 7}, 1},
        {tls_sniff_client, {(const uint8_t *)"\x16\x02", 2}, 2},
        {tls_sniff_client, {(const uint8_t *)"\x16\x03\x01\x49\0", 5}, 4},
        {tls_sniff_client, {(const uint8_t *)"\x16\x03\x01\x41\0", 5}, 4},
        {tls_sniff_server, {(const uint8_t *)"\x16\x03\x01\x40\x01\x02", 6}, 5},
        {tls_sniff_client, {(const uint8_t *)"\x16\x03\x01\x01\0\x02", 6}, 6},
        {tls_sniff_client, {(const uint8_t *)"\x16\x03\x01\x01\0\x01\x03", 7}, 7},
        /* a message of 37 bytes is too short */
        {tls_sniff_client, {(const uint8_t *)"\x16\x03\x01\0\x29\x01\0\0\x25", 9}, 9},
        {tls_sniff_client, {(const uint8_t *)"\x16\x03\x01\x01\0\x01\0\0\xfc\x02", 10}, 10},
        {tls_sniff_client, {(const uint8_t *)"\x16\x03\x01\x01\0\x01\0\0\xfc\x7f\x12", 11}, 10},
        {tls_sniff_server, {(const uint8_t *)"\x16\x03\x01\0\x29\x02\0\0\x25", 9}, 9},
        {tls_sniff_server, {(const uint8_t *)"\x16\x03\x01\x01\0\x01", 6}, 6},
        {tls_sniff_server, {(const uint8_t *)"\x80\x2e\x04", 3}, 1},
        {tls_sniff_server, {(const uint8_t *)"SSH-2.0", 7}, 1},
        {tls_sniff_server, {(const uint8_t *)"\x15\x03\x01\0\x03\x02\x28", 7}, 5},
        {tls_sniff_server, {(const uint8_t *)"\x15\x03\x01\0\x02\x03\x28", 7}, 6},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (size_t n = 0; n <= rows[i].in.len; n++)
            assert_int_equal(sniff_exact(rows[i].sniff, span_first(rows[i].in, n)),
                             n < rows[i].decided ? FIELD_PARTIAL : FIELD_MALFORMED);
}

static void sniff_limits(void **state)
{
    /* Just what the refused ones above are not. */
    assert_int_equal(tls_sniff_client(SPAN_LIT("\x16\x03\x01\0\x2a\x01\0\0\x26\x03\x03")), FIELD_FOUND);
    assert_int_equal(tls_sniff_client(SPAN_LIT("\x16\x03\x00\x01\0\x01\0\0\xfc\x03\x01")), FIELD_FOUND);
    assert_int_equal(tls_sniff_client(SPAN_LIT("\x16\x03\x04\x40\0\x01\x02\x01\x00\x03\x04")), FIELD_FOUND);
    assert_int_equal(tls_sniff_client(SPAN_LIT("\x16\x03\x04\x40\0\x01\x02\xff\xff\x03\x04")),
                     FIELD_MALFORMED);
    assert_int_equal(tls_sniff_client(SPAN_LIT("\x16\x03\xff\x01\0\x01\0\0\xfc\x03\x01")), FIELD_FOUND);
    assert_int_equal(tls_sniff_client(SPAN_LIT("\x16\x03\x01\x01\0\x01\0\0\xfb\x03\x01")), FIELD_FOUND);
    assert_int_equal(tls_sniff_server(SPAN_LIT("\x16\x03\x05\x02\0\x02\0\0\x26\x7f\x12")), FIELD_FOUND);
}

static void sniff_server_alert(void **state)
{
    struct span alert = SPAN_LIT("\x15\x03\x01\0\x02\x02\x28");

    for (size_t n = 0; n <= alert.len; n++)
        assert_int_equal(sniff_exact(tls_sniff_server, span_first(alert, n)),
                         n < 6 ? FIELD_PARTIAL : FIELD_ABSENT);
}

/* ---- ClientHello ---- */

static enum verdict read_client(const struct built *b, struct tls_client_hello *out)
{
    struct span in = exact(built_span(b));
    enum verdict v = tls_client_hello_read(in, out);

    /* What is compared later must outlive the copy: only offsets matter, so point into the original. */
    struct span *spans[] = {&out->sni, &out->ciphers, &out->extensions, &out->session_id, &out->random};
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
        if (spans[i]->ptr)
            spans[i]->ptr = b->bytes + (spans[i]->ptr - in.ptr);
    for (size_t i = 0; i < out->n_names; i++)
        out->names[i].ptr = b->bytes + (out->names[i].ptr - in.ptr);
    for (size_t i = 0; i < out->n_alpn; i++)
        out->alpn[i].ptr = b->bytes + (out->alpn[i].ptr - in.ptr);
    release(in);
    return v;
}

static void client_all_fields(void **state)
{
    struct built *b = built_new();
    struct tls_client_hello h;
    client_full(b);

    assert_int_equal(read_client(b, &h), FIELD_FOUND);
    assert_int_equal(h.legacy_version, 0x0303);
    assert_int_equal(h.version, 0x0304);
    assert_span(h.sni, "WWW.Example.org");
    assert_int_equal(h.n_names, 2);
    assert_ptr_equal(h.names[0].ptr, h.sni.ptr);
    assert_span(h.names[1], "second.example");
    assert_int_equal(h.n_alpn, 3);
    assert_span(h.alpn[0], "h2");
    assert_span(h.alpn[1], "http/1.1");
    assert_span(h.alpn[2], "x");
    assert_true(h.ech == TLS_ECH_POSSIBLE && !h.is_sslv2 && !h.is_cut);
    assert_span(h.ciphers, "\x13\x01\x13\x02\xc0\x2f");
    assert_span(h.session_id, "0123456789abcdef");
    assert_int_equal(h.random.len, 32);
    assert_ptr_equal(h.extensions.ptr + h.extensions.len, b->bytes + b->len);
    free(b);
}

static bool is_prefix_of(struct span a, struct span b)
{
    return a.len == 0 || (a.ptr == b.ptr && a.len <= b.len);
}

/* A field of a cut hello is the field of the whole one, or not there. */
static void assert_part_of(const struct tls_client_hello *cut, const struct tls_client_hello *whole)
{
    assert_true(cut->version == 0 || cut->version == whole->legacy_version || cut->version == whole->version);
    assert_true(cut->n_names <= whole->n_names && cut->n_alpn <= whole->n_alpn);
    for (size_t i = 0; i < cut->n_names; i++)
        assert_true(span_eq(cut->names[i], whole->names[i]));
    for (size_t i = 0; i < cut->n_alpn; i++)
        assert_true(span_eq(cut->alpn[i], whole->alpn[i]));
    assert_true(cut->sni.len == 0 || span_eq(cut->sni, whole->sni));
    assert_true(cut->ciphers.len == 0 || span_eq(cut->ciphers, whole->ciphers));
    assert_true(cut->random.len == 0 || span_eq(cut->random, whole->random));
    assert_true(cut->session_id.len == 0 || span_eq(cut->session_id, whole->session_id));
    assert_true(is_prefix_of(cut->extensions, whole->extensions));
    assert_true(cut->ech == TLS_ECH_NONE || cut->ech == whole->ech);
}

static void client_cut_at_every_byte(void **state)
{
    struct built *b = built_new();
    struct tls_client_hello whole, cut;
    client_full(b);
    assert_int_equal(read_client(b, &whole), FIELD_FOUND);
    size_t len = b->len, name_end = (size_t)(whole.sni.ptr + whole.sni.len - b->bytes);

    for (size_t n = 0; n < len; n++) {
        b->len = n;
        assert_int_equal(read_client(b, &cut), FIELD_PARTIAL);
        assert_true(cut.is_cut);
        assert_part_of(&cut, &whole);
        assert_int_equal(cut.sni.len, n >= name_end ? whole.sni.len : 0);
    }
    free(b);
}

/* The body ends too early and says so: a contradiction until the extension block is reached. */
static void client_too_short(void **state)
{
    struct built *b = built_new();
    struct tls_client_hello h;
    client_open(b, 0x0303);
    size_t fixed_len = b->len;

    client_full(b);
    size_t len = b->len;
    for (size_t n = 4; n < len; n++) {
        b->len = n;
        vec_close(b, 4, 3);
        enum verdict expect = n < fixed_len ? FIELD_MALFORMED : FIELD_FOUND;
        assert_int_equal(read_client(b, &h), expect);
        if (expect == FIELD_FOUND)
            assert_int_equal(h.is_cut, n > fixed_len);
    }
    free(b);
}

static void client_other_type(void **state)
{
    struct tls_client_hello h;
    struct tls_server_hello sh;

    assert_int_equal(tls_client_hello_read(SPAN_LIT(""), &h), FIELD_PARTIAL);
    assert_int_equal(tls_client_hello_read(SPAN_LIT("\x02"), &h), FIELD_ABSENT);
    assert_int_equal(tls_client_hello_read(SPAN_LIT("\x01\0\0\0"), &h), FIELD_MALFORMED);
    assert_int_equal(tls_client_hello_read(SPAN_LIT("\x01\0\0\x01\x03\x03"), &h), FIELD_MALFORMED);
    assert_int_equal(tls_server_hello_read(SPAN_LIT(""), &sh), FIELD_PARTIAL);
    assert_int_equal(tls_server_hello_read(SPAN_LIT("\x01\0\0\x02\x03\x03"), &sh), FIELD_ABSENT);
}

static void client_without_extensions(void **state)
{
    struct built *b = built_new();
    struct tls_client_hello h;
    size_t body = client_open(b, 0x0300);
    message_close(b, body);

    assert_int_equal(read_client(b, &h), FIELD_FOUND);
    assert_int_equal(h.version, 0x0300);
    assert_true(h.sni.len == 0 && h.n_names == 0 && h.n_alpn == 0 && h.extensions.len == 0 && !h.is_cut);

    put(b, SPAN_LIT("behind the message"));
    assert_int_equal(read_client(b, &h), FIELD_FOUND);
    assert_true(h.extensions.len == 0 && !h.is_cut);
    free(b);
}

static void client_versions(void **state)
{
    static const struct {
        struct span list;
        uint16_t version;
    } rows[] = {
        {{(const uint8_t *)"\x04\x03\x03\x03\x04", 5}, 0x0304},
        {{(const uint8_t *)"\x04\x03\x02\x03\x01", 5},
         0x0302}, /* below legacy_version, and still what is offered */
        {{(const uint8_t *)"\x06\xfa\xfa\x03\x03\x0a\x0a", 7}, 0x0303},
        {{(const uint8_t *)"\x06\x7f\x1c\x03\x04\x03\x03", 7}, 0x0304},
        {{(const uint8_t *)"\x08\x3a\x3a\x7f\x17\x7f\x1c\x03\x03", 9}, 0x7f1c},
        {{(const uint8_t *)"\x04\xfb\x1a\x03\x03", 5}, 0xfb1a},
        {{(const uint8_t *)"\x06\xfe\xff\xfe\xfc\xfe\xfd", 7}, 0xfefc},
        {{(const uint8_t *)"\x02\xaa\xaa", 3}, 0x0303},
        {{(const uint8_t *)"\x00\x03\x04", 3}, 0x0303},
        {{(const uint8_t *)"\xff\x03\x04\x03", 4}, 0x0304}, /* length too long: what is there */
        {{(const uint8_t *)"\x01\x03\x04", 3}, 0x0303},
        {{(const uint8_t *)"", 0}, 0x0303},
    };
    struct built *b = built_new(), *block = built_new();
    struct tls_client_hello h;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        block->len = 0;
        put_extension(block, 43, rows[i].list);
        client_with(b, built_span(block));
        assert_int_equal(read_client(b, &h), FIELD_FOUND);
        assert_int_equal(h.version, rows[i].version);
        assert_int_equal(h.legacy_version, 0x0303);
    }
    free(b);
    free(block);
}

/* One server_name extension with `data`; the names it yields, joined by '|'. */
static void assert_names(struct span data, const char *expect)
{
    struct built *b = built_new(), *block = built_new(), *joined = built_new();
    struct tls_client_hello h;

    put_extension(block, 0, data);
    put_extension(block, 16, SPAN_LIT("\0\x03\x02h2"));
    client_with(b, built_span(block));
    assert_int_equal(read_client(b, &h), FIELD_FOUND);
    assert_true(h.n_alpn == 1 && !h.is_cut); /* the next extension is read whatever this one is */
    for (size_t i = 0; i < h.n_names; i++) {
        put(joined, SPAN_LIT("|"));
        put(joined, h.names[i]);
    }
    assert_true(span_eq(built_span(joined), span_str(expect)));
    free(b);
    free(block);
    free(joined);
}

static void client_server_names(void **state)
{
    assert_names(SPAN_LIT("\0\x06\0\0\x03x.y"), "|x.y");
    assert_names(SPAN_LIT(""), "");
    assert_names(SPAN_LIT("\0"), "");
    assert_names(SPAN_LIT("\0\0"), "");
    assert_names(SPAN_LIT("\0\x03\0\0\0"), "");
    assert_names(SPAN_LIT("\0\x0b\x07\0\x02zz\0\0\x03x.y"), "|x.y");
    assert_names(SPAN_LIT("\0\x0c\0\0\x03x.y\0\0\x03y.z"), "|x.y|y.z");
    /* The list longer than its extension, shorter; its name longer than the list; half an entry behind. */
    assert_names(SPAN_LIT("\xff\xff\0\0\x03x.y"), "|x.y");
    assert_names(SPAN_LIT("\0\x06\0\0\x03x.yjunk"), "|x.y");
    assert_names(SPAN_LIT("\0\x06\0\0\x04x.y"), "");
    assert_names(SPAN_LIT("\0\x07\0\0\x03x.y\0"), "|x.y");
}

static void client_name_limit(void **state)
{
    struct built *b = built_new(), *block = built_new();
    struct tls_client_hello h;

    for (int i = 0; i < TLS_NAMES_MAX + 1; i++)
        put_sni(block, (char[]){(char)('a' + i), '\0'});
    client_with(b, built_span(block));
    assert_int_equal(read_client(b, &h), FIELD_FOUND);
    assert_int_equal(h.n_names, TLS_NAMES_MAX);
    assert_span(h.sni, "a");
    assert_span(h.names[TLS_NAMES_MAX - 1], "h");
    free(b);
    free(block);
}

static void client_alpn(void **state)
{
    struct built *b = built_new(), *block = built_new();
    struct tls_client_hello h;

    put_u16(block, 16);
    size_t data = vec_open(block, 2), list = vec_open(block, 2);
    put_vec(block, 1, SPAN_LIT("")); /* no name: passed over */
    for (int i = 0; i < TLS_ALPN_MAX + 1; i++)
        put_vec(block, 1, span_of(&(uint8_t){(uint8_t)('a' + i)}, 1));
    vec_close(block, list, 2);
    vec_close(block, data, 2);
    client_with(b, built_span(block));
    assert_int_equal(read_client(b, &h), FIELD_FOUND);
    assert_int_equal(h.n_alpn, TLS_ALPN_MAX);
    assert_span(h.alpn[0], "a");
    assert_span(h.alpn[TLS_ALPN_MAX - 1], "p");

    block->len = 0;
    put_extension(block, 16, SPAN_LIT("\0\x06\x02h2\x09xx"));
    client_with(b, built_span(block));
    assert_int_equal(read_client(b, &h), FIELD_FOUND);
    assert_int_equal(h.n_alpn, 1);
    free(b);
    free(block);
}

static void client_broken_extensions(void **state)
{
    struct built *b = built_new(), *block = built_new();
    struct tls_client_hello h;

    /* An extension longer than the block ends the reading, and what came before stays. */
    put_sni(block, "a.b");
    put(block, SPAN_LIT("\0\x10\0\xff\0\x03\x02h2"));
    client_with(b, built_span(block));
    assert_int_equal(read_client(b, &h), FIELD_FOUND);
    assert_span(h.sni, "a.b");
    assert_true(h.is_cut && h.n_alpn == 0);

    /* A block longer than the message. */
    block->len = 0;
    put_sni(block, "a.b");
    size_t body = client_open(b, 0x0303);
    put_u16(b, (unsigned)block->len + 1);
    put(b, built_span(block));
    message_close(b, body);
    assert_int_equal(read_client(b, &h), FIELD_FOUND);
    assert_span(h.sni, "a.b");
    assert_true(h.is_cut);

    /* A block shorter than the message: junk behind it is not looked at. */
    client_with(b, built_span(block));
    put_sni(b, "c.d");
    message_close(b, 4);
    assert_int_equal(read_client(b, &h), FIELD_FOUND);
    assert_int_equal(h.n_names, 1);
    assert_false(h.is_cut);
    free(b);
    free(block);
}

static void client_largest_vectors(void **state)
{
    struct built *b = built_new();
    struct tls_client_hello h;
    size_t body = client_open(b, 0x0303);

    b->len = body + 2 + 32;
    put_u8(b, 255);
    put_fill(b, 's', 255);
    put_u16(b, 32768);
    put_fill(b, 'c', 32768);
    put_vec(b, 1, SPAN_LIT("\0"));
    size_t block = vec_open(b, 2);
    for (int i = 0; i < 10000; i++)
        put_extension(b, 0xbaba, SPAN_LIT(""));
    put_sni(b, "last.example");
    vec_close(b, block, 2);
    message_close(b, body);
    assert_int_equal(read_client(b, &h), FIELD_FOUND);
    assert_span(h.sni, "last.example");
    assert_int_equal(h.session_id.len, 255);
    assert_int_equal(h.ciphers.len, 32768);
    free(b);
}

static void client_dtls_cookie(void **state)
{
    static const uint16_t versions[] = {0xfefd, 0xfeff, 0x0100};
    struct built *b = built_new();
    struct tls_client_hello h;

    for (size_t i = 0; i < 3; i++) {
        b->len = 0;
        put_u8(b, TLS_CLIENT_HELLO);
        size_t body = vec_open(b, 3);
        put_u16(b, versions[i]);
        put_fill(b, 0x5a, 32);
        put_vec(b, 1, SPAN_LIT(""));
        put_vec(b, 1, SPAN_LIT("cookie"));
        put_vec(b, 2, SPAN_LIT("\xc0\x2f"));
        put_vec(b, 1, SPAN_LIT("\0"));
        size_t block = vec_open(b, 2);
        put_sni(b, "a.b");
        vec_close(b, block, 2);
        message_close(b, body);
        assert_int_equal(read_client(b, &h), FIELD_FOUND);
        assert_int_equal(h.version, versions[i]);
        assert_span(h.ciphers, "\xc0\x2f");
        assert_span(h.sni, "a.b");
    }
    free(b);
}

/* ---- ServerHello ---- */

static void server_tls13(void **state)
{
    static const char retry[] = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
                                "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c";

    for (int is_retry = 0; is_retry <= 1; is_retry++) {
        struct built *b = built_new();
        struct tls_server_hello h;
        size_t body = server_open(b, 0x0303, is_retry ? span_of(retry, 32) : plain_random);
        size_t block = vec_open(b, 2);
        put_extension(b, 43, SPAN_LIT("\x03\x04"));
        put_extension(b, 51, SPAN_LIT("\0\x1d"));
        vec_close(b, block, 2);
        message_close(b, body);

        struct span in = exact(built_span(b));
        assert_int_equal(tls_server_hello_read(in, &h), FIELD_FOUND);
        assert_int_equal(h.legacy_version, 0x0303);
        assert_int_equal(h.version, 0x0304);
        assert_int_equal(h.cipher, 0x1302);
        assert_int_equal(h.is_retry, is_retry);
        assert_int_equal(h.alpn.len, 0);
        assert_int_equal(h.extensions.len, 12);
        release(in);
        free(b);
    }
}

static void server_cut_at_every_byte(void **state)
{
    struct built *b = built_new();
    struct tls_server_hello h;
    size_t body = server_open(b, 0x0303, plain_random);
    size_t block = vec_open(b, 2);
    put_extension(b, 0xff01, SPAN_LIT("\0"));
    put_extension(b, 16, SPAN_LIT("\0\x03\x02h2"));
    put_extension(b, 43, SPAN_LIT("\x03\x04"));
    vec_close(b, block, 2);
    message_close(b, body);

    for (size_t n = 0; n <= b->len; n++) {
        struct span in = exact(span_of(b->bytes, n));
        assert_int_equal(tls_server_hello_read(in, &h), n < b->len ? FIELD_PARTIAL : FIELD_FOUND);
        assert_int_equal(h.legacy_version, n < 6 ? 0 : 0x0303);
        assert_int_equal(h.version, n < 6 ? 0 : n < b->len ? 0x0303 : 0x0304);
        assert_int_equal(h.cipher, n < 4 + 2 + 32 + 17 + 2 ? 0 : 0x1302);
        assert_int_equal(h.random.len, n < 38 ? 0 : 32);
        assert_int_equal(h.alpn.len, n < b->len - 6 ? 0 : 2);
        if (h.alpn.len > 0)
            assert_span(h.alpn, "h2");
        release(in);
    }
    free(b);
}

static void server_too_short(void **state)
{
    struct built *b = built_new();
    struct tls_server_hello h;
    server_open(b, 0x0301, plain_random);
    size_t len = b->len;

    for (size_t n = 4; n <= len; n++) {
        b->len = n;
        vec_close(b, 4, 3);
        struct span in = exact(built_span(b));
        assert_int_equal(tls_server_hello_read(in, &h), n < len ? FIELD_MALFORMED : FIELD_FOUND);
        release(in);
    }
    assert_int_equal(h.version, 0x0301);
    free(b);
}

static void server_draft(void **state)
{
    struct built *b = built_new();
    struct tls_server_hello h;

    put_u8(b, TLS_SERVER_HELLO);
    size_t body = vec_open(b, 3);
    put_u16(b, 0x7f12);
    put(b, plain_random);
    put_u16(b, 0x1303);
    put_vec(b, 2, SPAN_LIT("\0\x28\0\x01x"));
    message_close(b, body);
    assert_int_equal(tls_server_hello_read(built_span(b), &h), FIELD_FOUND);
    assert_int_equal(h.version, 0x7f12);
    assert_int_equal(h.cipher, 0x1303);
    assert_int_equal(h.extensions.len, 5);
    free(b);
}

/* ---- SSLv2 framing ---- */

static const char sslv2[] = "\x80\x31\x01\x03\x01\0\x06\0\x10\0\x12"
                            "\0\0\x2f\x07\0\xc0"
                            "0123456789abcdef"
                            "challenge.........";

static void sslv2_reads(void **state)
{
    struct tls_client_hello h;
    struct span whole = span_of(sslv2, sizeof(sslv2) - 1);

    for (size_t n = 0; n <= whole.len; n++) {
        struct span in = exact(span_first(whole, n));
        assert_int_equal(tls_sslv2_hello_read(in, &h), n < whole.len ? FIELD_PARTIAL : FIELD_FOUND);
        assert_int_equal(h.is_cut, n < whole.len);
        assert_true(h.is_sslv2);
        assert_int_equal(h.version, n < 5 ? 0 : 0x0301);
        assert_int_equal(h.ciphers.len, n < 17 ? 0 : 6);
        assert_int_equal(h.session_id.len, n < 33 ? 0 : 16);
        assert_int_equal(h.random.len, n < whole.len ? 0 : 18);
        release(in);
    }
    assert_true(h.legacy_version == 0x0301 && h.extensions.len == 0 && h.sni.len == 0);
}

static void sslv2_refuses(void **state)
{
    struct tls_client_hello h;

    assert_int_equal(tls_sslv2_hello_read(SPAN_LIT("\x16\x03\x01"), &h), FIELD_ABSENT);
    assert_int_equal(tls_sslv2_hello_read(SPAN_LIT("\x80\x2e\x04"), &h), FIELD_ABSENT);
    assert_int_equal(tls_sslv2_hello_read(SPAN_LIT("\x80\x00"), &h), FIELD_MALFORMED);
    assert_int_equal(tls_sslv2_hello_read(SPAN_LIT("\x80\x04\x01\x03\x01\0"), &h), FIELD_MALFORMED);
    assert_int_equal(tls_sslv2_hello_read(SPAN_LIT("\x80\x0a\x01\x03\x01\0\x03\0\0\0\0x"), &h),
                     FIELD_MALFORMED);
    /* What stands behind the record is not its challenge. */
    assert_int_equal(tls_sslv2_hello_read(SPAN_LIT("\x80\x0a\x01\x03\x01\0\x03\0\0\0\0xyz"), &h),
                     FIELD_MALFORMED);
}

static void sslv2_sniffed(void **state)
{
    static const struct {
        size_t at;
        uint8_t byte;
        size_t decided;
    } rows[] = {
        {1, 0x1b, 2}, {2, 2, 3}, {3, 2, 5},    {4, 5, 5},    {5, 1, 7},    {6, 0, 7},     {6, 7, 7},
        {8, 15, 9},   {7, 1, 9}, {10, 15, 11}, {10, 33, 11}, {10, 17, 11}, {1, 0x32, 11},
    };
    uint8_t bytes[sizeof(sslv2) - 1];

    assert_sniffed(tls_sniff_client, span_of(sslv2, sizeof(bytes)), 11);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        memcpy(bytes, sslv2, sizeof(bytes));
        bytes[rows[i].at] = rows[i].byte;
        for (size_t n = 0; n <= sizeof(bytes); n++)
            assert_int_equal(sniff_exact(tls_sniff_client, span_of(bytes, n)),
                             n < rows[i].decided ? FIELD_PARTIAL : FIELD_MALFORMED);
    }
    memcpy(bytes, sslv2, sizeof(bytes));
    memcpy(bytes + 3, "\0\x02", 2);
    assert_sniffed(tls_sniff_client, span_of(bytes, sizeof(bytes)), 11);
}

/* ---- Words ---- */

static void version_names(void **state)
{
    static const struct {
        uint16_t version;
        const char *name;
    } rows[] = {
        {0x0000, "UNDETERMINED"},
        {0x0002, "SSLv2"},
        {0x0200, "SSLv2"},
        {0x0300, "SSLv3"},
        {0x0301, "TLSv1"},
        {0x0302, "TLS 1.1"},
        {0x0303, "TLS 1.2"},
        {0x0304, "TLS 1.3"},
        {0x7f01, "TLS 1.3 draft-<16"},
        {0x7f0f, "TLS 1.3 draft-<16"},
        {0x7f10, "TLS 1.3 draft-16"},
        {0x7f12, "TLS 1.3 draft-18"},
        {0x7f1c, "TLS 1.3 draft-28"},
        {0x7f1d, "0x7f1d"},
        {0x7f00, "0x7f00"},
        {0xfb14, "TLS 1.3 draft-20-fb"},
        {0xfb17, "TLS 1.3 draft-23-fb"},
        {0xfb1a, "TLS 1.3 draft-26-fb"},
        {0xfb18, "0xfb18"},
        {0x0305, "0x0305"},
        {0xfefd, "DTLS 1.2"},
        {0xfeff, "DTLS 1.0"},
        {0xfefc, "DTLS 1.3"},
        {0x0100, "DTLS 1.0"},
        {0xfefb, "0xfefb"},
        {0xffff, "0xffff"},
    };
    char hex[8];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(tls_version_name(rows[i].version, hex), rows[i].name);
}

static void grease(void **state)
{
    int n = 0;

    for (unsigned v = 0; v <= 0xffff; v++)
        n += tls_is_grease((uint16_t)v);
    assert_int_equal(n, 16);
    assert_true(tls_is_grease(0x0a0a) && tls_is_grease(0xfafa) && !tls_is_grease(0x0a1a));
}

/* ---- Messages one after the other, certificates ---- */

/* A ServerHello, something else and a Certificate with these, each in 3 bytes of length, in records of `size` bytes. */
static void put_flight(struct built *b, size_t size)
{
    static const uint8_t flight[] = "\x02\0\0\x02" "sh" "\x16\0\0\x01" "x" "\x0b\0\0\x11\0\0\x0e\0\0\x03" "own\0\0\0\0\0\x02" "ca" "\x0e\0\0\0";
    struct span rest = span_of(flight, sizeof flight - 1);
    b->len = 0;
    while (rest.len) {
        struct span part = span_first(rest, size);
        put(b, SPAN_LIT("\x16\3\3"));
        put_vec(b, 2, part);
        span_skip(&rest, part.len);
    }
}

/* As a session does: what is not used is offered again, with more behind it. */
static void messages_follow(void **state)
{
    static const struct span messages[] = {{(const uint8_t *)"\x02\0\0\x02" "sh", 6}, {(const uint8_t *)"\x16\0\0\x01" "x", 5},
                                           {(const uint8_t *)"\x0b\0\0\x11\0\0\x0e\0\0\x03" "own\0\0\0\0\0\x02" "ca", 21},
                                           {(const uint8_t *)"\x0e\0\0\0", 4}};
    struct built *b = built_new();
    uint8_t scratch[64];
    for (size_t size = 1; size < 40; size++)
        for (size_t step = 1; step < 50; step++) {
            size_t at = 0, there = 0, left = 0, n = 0, used, want;
            put_flight(b, size);
            while (n < 4) {
                struct span in = exact(span_of(b->bytes + at, there - at)), message;
                size_t after = left;
                enum verdict v = tls_handshake_next(in, left, scratch, sizeof scratch, &message, &used, &after, &want);
                if (v == FIELD_PARTIAL) {
                    assert_true(want > in.len && at + want <= b->len);
                    there = there + step < b->len ? there + step : b->len;
                } else {
                    assert_int_equal(v, FIELD_FOUND);
                    assert_true(span_eq(message, messages[n++]));
                    at += used;
                    left = after;
                }
                release(in);
            }
            assert_int_equal(at, b->len);
            assert_int_equal(left, 0);
        }
    free(b);
    (void)state;
}

/* Of a message without room there is as much as has room. */
static void message_without_room(void **state)
{
    struct built *b = built_new();
    struct span message;
    uint8_t scratch[64];
    size_t used, left, want;
    b->len = 0;
    for (int i = 0; i < 5; i++) {
        put(b, SPAN_LIT("\x16\3\3"));
        size_t at = vec_open(b, 2);
        put(b, i ? SPAN_LIT("") : SPAN_LIT("\x0b\1\0\0"));
        put_fill(b, 'c', 20);
        vec_close(b, at, 2);
    }
    struct span in = built_span(b);
    assert_int_equal(tls_handshake_next(span_first(in, 29), 0, scratch, sizeof scratch, &message, &used, &left, &want), FIELD_PARTIAL);
    assert_int_equal(message.len, 24);
    assert_int_equal(tls_handshake_next(in, 0, scratch, sizeof scratch, &message, &used, &left, &want), FIELD_PARTIAL);
    assert_int_equal(message.len, sizeof scratch);
    assert_true(want > in.len);
    free(b);
    (void)state;
}

static void next_of_other_records(void **state)
{
    struct span message;
    uint8_t scratch[64];
    size_t used, left, want;
    (void)state;
    assert_int_equal(tls_handshake_next(SPAN_LIT("\x14\3\3\0\1\1"), 0, scratch, 64, &message, &used, &left, &want), FIELD_ABSENT);
    assert_int_equal(tls_handshake_next(SPAN_LIT("xyz"), 0, scratch, 64, &message, &used, &left, &want), FIELD_MALFORMED);
    assert_int_equal(tls_handshake_next(SPAN_LIT("\x0e\0\x14\3\3\0\1\1"), 2, scratch, 64, &message, &used, &left, &want), FIELD_MALFORMED);
}

/* "own" and "ca" of the message, as many as are whole. */
static unsigned count_certificates(struct span message, enum verdict *out)
{
    struct span list, der, in = exact(message);
    unsigned n = 0;
    *out = tls_certificates_read(in, &list);
    while (tls_certificate_take(&list, &der))
        assert_true(n++ == 0 ? span_eq(der, SPAN_LIT("own")) : span_eq(der, SPAN_LIT("ca")));
    release(in);
    return n;
}

static void certificates(void **state)
{
    static const struct span message = {(const uint8_t *)"\x0b\0\0\x11\0\0\x0e\0\0\x03" "own\0\0\0\0\0\x02" "ca", 21};
    enum verdict v;
    (void)state;
    for (size_t n = 0; n <= message.len; n++) {
        unsigned found = count_certificates(span_first(message, n), &v);
        assert_int_equal(v, n == message.len ? FIELD_FOUND : FIELD_PARTIAL);
        assert_int_equal(found, (n >= 13) + (n >= 21));
    }
    count_certificates(SPAN_LIT("\x0c\0\0\0"), &v);
    assert_int_equal(v, FIELD_ABSENT);
    static const struct span lies[] = {{(const uint8_t *)"\x0b\0\0\x02\0\0", 6},
                                       {(const uint8_t *)"\x0b\0\0\x03\0\0\x06", 7},
                                       {(const uint8_t *)"\x0b\0\0\x0a\0\0\x06\0\0\x03" "own!", 14}};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        assert_int_equal(count_certificates(lies[i], &v), i == 2);
        assert_int_equal(v, FIELD_MALFORMED);
    }
    count_certificates(SPAN_LIT("\x0b\0\0\x05\0\0\x09\0\0"), &v); /* a list longer than its message */
    assert_int_equal(v, FIELD_MALFORMED);
}

static void sniffs_certificates(void **state)
{
    static const uint8_t good[] = "\x16\3\3\0\x13\x0b\0\0\x0f\0\0\x0c\0\0\x09\x30\x82\0\x05" "abcde";
    uint8_t bad[sizeof good - 1];
    (void)state;
    for (size_t n = 0; n < sizeof good; n++) {
        struct span in = exact(span_of(good, n));
        assert_int_equal(tls_sniff_certificate(in), n < 19 ? FIELD_PARTIAL : FIELD_FOUND);
        release(in);
    }
    static const size_t places[] = {0, 1, 5, 8, 11, 14, 15, 16, 18};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        memcpy(bad, good, sizeof bad);
        bad[places[i]] ^= 0x40;
        assert_int_equal(tls_sniff_certificate(span_of(bad, sizeof bad)), FIELD_MALFORMED);
    }
}

/* ---- encrypted_client_hello ---- */

static void client_ech(void **state)
{
    static const struct {
        unsigned type;
        struct span data;
        const char *name;
        enum tls_ech ech;
        bool is_hidden;
    } rows[] = {
#define OUTER(enc, payload) {(const uint8_t *)"\0\0\1\0\1\x2a" enc payload, sizeof("\0\0\1\0\1\x2a" enc payload) - 1}
        {0xfe0d, OUTER("\0\2ke", "\0\3pay"), "www.example", TLS_ECH_POSSIBLE, false},
        {0xfe0d, OUTER("\0\2ke", "\0\3pay"), "CloudFlare-ECH.com", TLS_ECH_REAL, true},
        {0xfe0d, OUTER("\0\0", "\0\3pay"), "www.example", TLS_ECH_REAL, true},
        {0xfe0d, OUTER("\0\2ke", "\0\0"), "www.example", TLS_ECH_NONE, false},
        {0xfe0d, OUTER("\0\2ke", "\0\4pay"), "www.example", TLS_ECH_NONE, false},
        {0xfe0d, OUTER("\0\2ke", "\0\2pay"), "www.example", TLS_ECH_NONE, false},
        {0xfe0d, {(const uint8_t *)"\1", 1}, "www.example", TLS_ECH_INNER, false},
        {0xfe0d, {(const uint8_t *)"\1x", 2}, "www.example", TLS_ECH_NONE, false},
        {0xfe0d, {(const uint8_t *)"\2", 1}, "www.example", TLS_ECH_NONE, false},
        {0xfe0d, {(const uint8_t *)"", 0}, "www.example", TLS_ECH_NONE, false},
        {0xffce, {(const uint8_t *)"anything", 8}, "www.example", TLS_ECH_ESNI, false},
        {0xffce, {(const uint8_t *)"anything", 8}, NULL, TLS_ECH_ESNI, true},
        {0xff02, {(const uint8_t *)"", 0}, "www.example", TLS_ECH_ESNI, false},
        {0xfe0c, {(const uint8_t *)"", 0}, "www.example", TLS_ECH_ESNI, false},
        {0xfe0e, {(const uint8_t *)"", 0}, "www.example", TLS_ECH_NONE, false},
#undef OUTER
    };
    struct built *b = built_new();
    struct tls_client_hello h;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t body = client_open(b, 0x0303), block = vec_open(b, 2);
        if (rows[i].name)
            put_sni(b, rows[i].name);
        put_extension(b, rows[i].type, rows[i].data);
        vec_close(b, block, 2);
        vec_close(b, body, 3);
        assert_int_equal(read_client(b, &h), FIELD_FOUND);
        assert_int_equal(h.ech, rows[i].ech);
        assert_int_equal(tls_name_is_hidden(&h), rows[i].is_hidden);
    }
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_whole),
        cmocka_unit_test(record_cut),
        cmocka_unit_test(record_limits),
        cmocka_unit_test(gather_borrows_from_one_record),
        cmocka_unit_test(gather_any_cut),
        cmocka_unit_test(gather_partial_at_every_byte),
        cmocka_unit_test(gather_want_is_exact_where_it_can_be),
        cmocka_unit_test(gather_is_called_again_seldom),
        cmocka_unit_test(messages_follow),
        cmocka_unit_test(message_without_room),
        cmocka_unit_test(next_of_other_records),
        cmocka_unit_test(certificates),
        cmocka_unit_test(sniffs_certificates),
        cmocka_unit_test(client_ech),
        cmocka_unit_test(gather_room),
        cmocka_unit_test(gather_first_of_several_messages),
        cmocka_unit_test(gather_other_content),
        cmocka_unit_test(gather_empty_fragments),
        cmocka_unit_test(sniff_hellos),
        cmocka_unit_test(sniff_refuses),
        cmocka_unit_test(sniff_limits),
        cmocka_unit_test(sniff_server_alert),
        cmocka_unit_test(client_all_fields),
        cmocka_unit_test(client_cut_at_every_byte),
        cmocka_unit_test(client_too_short),
        cmocka_unit_test(client_other_type),
        cmocka_unit_test(client_without_extensions),
        cmocka_unit_test(client_versions),
        cmocka_unit_test(client_server_names),
        cmocka_unit_test(client_name_limit),
        cmocka_unit_test(client_alpn),
        cmocka_unit_test(client_broken_extensions),
        cmocka_unit_test(client_largest_vectors),
        cmocka_unit_test(client_dtls_cookie),
        cmocka_unit_test(server_tls13),
        cmocka_unit_test(server_cut_at_every_byte),
        cmocka_unit_test(server_too_short),
        cmocka_unit_test(server_draft),
        cmocka_unit_test(sslv2_reads),
        cmocka_unit_test(sslv2_refuses),
        cmocka_unit_test(sslv2_sniffed),
        cmocka_unit_test(version_names),
        cmocka_unit_test(grease),
    };

    return cmocka_run_group_tests_name("tls", tests, scratch_setup, scratch_teardown);
}
