/* JA3 and JA4 against the values that their authors publish, JA3S against md5sum(1), and all at every bound. Hellos are built byte by byte and read from a
 * heap block of their exact size. */
#include "sensor/extract/fingerprint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/digest.h"

enum { ROOM = 1 << 18, VALUES = 32767 };

struct built {
    uint8_t bytes[ROOM];
    size_t len;
};

static void put(struct built *b, struct span s)
{
    assert_true(s.len <= sizeof b->bytes - b->len);
    if (s.len)
        memcpy(b->bytes + b->len, s.ptr, s.len);
    b->len += s.len;
}

static void put_number(struct built *b, size_t v, size_t width)
{
    while (width--)
        put(b, span_of(&(uint8_t){(uint8_t)(v >> 8 * width)}, 1));
}

static void put_vector(struct built *b, size_t width, struct span s)
{
    put_number(b, s.len, width);
    put(b, s);
}

static void put_extension(struct built *b, unsigned type, struct span data)
{
    put_number(b, type, 2);
    put_vector(b, 2, data);
}

/* Numbers as text, "4,5,10" or "0004,0005,000a", as bytes of `width` each. */
static struct span numbers(struct built *b, const char *text, int base, size_t width)
{
    b->len = 0;
    for (char *end; *text; text = *end ? end + 1 : end)
        put_number(b, strtoul(text, &end, base), width);
    return span_of(b->bytes, b->len);
}

/* A hello to be; NULL: no such extension (no extension block). */
struct recipe {
    unsigned version;
    const char *ciphers;    /* hex */
    const char *extensions; /* hex; what follows is the content of those that have one here */
    const char *groups, *formats, *signatures, *versions;
    struct span alpn;    /* first of the list, in front of "zz" */
    bool has_empty_alpn; /* the list is empty */
};

static void put_content(struct built *b, const struct recipe *r, unsigned type)
{
    static struct built list, data;
    data.len = 0;
    if (type == 10 && r->groups)
        put_vector(&data, 2, numbers(&list, r->groups, 16, 2));
    else if (type == 11 && r->formats)
        put_vector(&data, 1, numbers(&list, r->formats, 16, 1));
    else if (type == 13 && r->signatures)
        put_vector(&data, 2, numbers(&list, r->signatures, 16, 2));
    else if (type == 43 && r->versions)
        put_vector(&data, 1, numbers(&list, r->versions, 16, 2));
    else if (type == 16 && r->alpn.ptr) {
        list.len = 0;
        put_vector(&list, 1, r->alpn);
        put_vector(&list, 1, SPAN_LIT("zz"));
        put_vector(&data, 2, span_of(list.bytes, list.len));
    } else if (type == 16 && r->has_empty_alpn)
        put_vector(&data, 2, span_of(NULL, 0));
    put_extension(b, type, span_of(data.bytes, data.len));
}

static struct span client_message(struct built *out, const struct recipe *r)
{
    static struct built body, list, block;
    body.len = out->len = block.len = 0;
    put_number(&body, r->version, 2);
    for (int i = 0; i < 4; i++)
        put(&body, SPAN_LIT("randomxx"));
    put_vector(&body, 1, SPAN_LIT("id"));
    put_vector(&body, 2, numbers(&list, r->ciphers, 16, 2));
    put_vector(&body, 1, SPAN_LIT("\0"));
    if (r->extensions) {
        const char *at = r->extensions;
        for (char *end; *at; at = *end ? end + 1 : end)
            put_content(&block, r, (unsigned)strtoul(at, &end, 16));
        put_vector(&body, 2, span_of(block.bytes, block.len));
    }
    put_number(out, TLS_CLIENT_HELLO, 1);
    put_vector(out, 3, span_of(body.bytes, body.len));
    return span_of(out->bytes, out->len);
}

/* A hello, read from bytes of its own. */
struct known {
    struct arena arena;
    uint8_t *bytes;
    const struct fingerprints *of;
};

static struct known know_client(struct span message, enum fingerprint_carrier carrier, unsigned kinds)
{
    struct known k = {.bytes = malloc(message.len + !message.len)};
    struct tls_client_hello h;
    arena_init(&k.arena, 1 << 16, 8 << 20);
    memcpy(k.bytes, message.ptr, message.len);
    tls_client_hello_read(span_of(k.bytes, message.len), &h);
    k.of = fingerprint_client(&h, carrier, kinds, &k.arena);
    assert_non_null(k.of);
    return k;
}

static void forget(struct known *k)
{
    free(k->bytes);
    arena_fini(&k->arena);
}

static void expect_text(struct span is, const char *wanted)
{
    if (is.len == strlen(wanted) && (is.len == 0 || memcmp(is.ptr, wanted, is.len) == 0))
        return;
    print_message("is %.*s, wanted %s\n", (int)is.len, is.ptr ? (const char *)is.ptr : "", wanted);
    fail();
}

/* NULL: anything. */
static void expect(const struct recipe *r, const char *ja3, const char *hash, const char *ja4)
{
    static struct built b;
    struct known k = know_client(client_message(&b, r), CARRIER_TCP, FINGERPRINT_ALL);
    if (ja3)
        expect_text(k.of->ja3_string, ja3);
    if (hash)
        expect_text(fingerprint_ja3(k.of), hash);
    if (ja4)
        expect_text(fingerprint_ja4(k.of), ja4);
    forget(&k);
}

static void test_ja3_as_published(void **state)
{
    (void)state;
    expect(&(struct recipe){.version = 769,
                            .ciphers = "2f,35,5,a,c009,c00a,c013,c014,32,38,13,4",
                            .extensions = "0,a,b",
                            .groups = "17,18,19",
                            .formats = "0"},
           "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0",
           "ada70206e40642a3e4461f35503241d5", NULL);
    expect(&(struct recipe){.version = 769, .ciphers = "4,5,a,9,64,62,3,6,13,12,63"},
           "769,4-5-10-9-100-98-3-6-19-18-99,,,", "de350869b8c85de67a350c8d186f11e6", NULL);
}

static void test_ja3_leaves_grease_out(void **state)
{
    (void)state;
    expect(&(struct recipe){.version = 769,
                            .ciphers = "0a0a,2f,35,5,a,c009,c00a,c013,fafa,c014,32,38,13,4",
                            .extensions = "1a1a,0,a,b,2a2a",
                            .groups = "3a3a,17,18,19",
                            .formats = "0"},
           NULL, "ada70206e40642a3e4461f35503241d5", NULL);
    expect(
        &(struct recipe){
            .version = 0x303, .ciphers = "0a1a,1301,0a0b,0a0a", .extensions = "a", .groups = "5a5a"},
        "771,2586-4865-2571,10,,", NULL, NULL);
}

/* An empty block, no ciphers, the longest numbers. */
static void test_ja3_at_the_edges(void **state)
{
    (void)state;
    expect(&(struct recipe){.version = 0x303, .ciphers = "", .extensions = ""}, "771,,,,", NULL, NULL);
    expect(&(struct recipe){.version = 0xffff,
                            .ciphers = "ffff,0",
                            .extensions = "ffff,a,b",
                            .groups = "ffff,ffff",
                            .formats = "ff,ff"},
           "65535,65535-0,65535-10-11,65535-65535,255-255", NULL, NULL);
}

#define EXAMPLE_CIPHERS    "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035"
#define EXAMPLE_EXTENSIONS "001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015"
#define EXAMPLE_SIGNATURES "0403,0804,0401,0503,0805,0501,0806,0601"

static void test_ja4_as_published(void **state)
{
    (void)state;
    struct recipe r = {.version = 0x303,
                       .ciphers = EXAMPLE_CIPHERS,
                       .extensions = EXAMPLE_EXTENSIONS,
                       .signatures = EXAMPLE_SIGNATURES,
                       .versions = "304,303",
                       .alpn = SPAN_LIT("h2")};
    expect(&r, NULL, NULL, "t13d1516h2_8daaf6152771_e5627efa2ab1");
    r.signatures = NULL;
    expect(&r, NULL, NULL, "t13d1516h2_8daaf6152771_6d807ffa2a79");
    r.signatures = "4a4a," EXAMPLE_SIGNATURES;
    r.ciphers = "2a2a," EXAMPLE_CIPHERS;
    r.extensions = "8a8a," EXAMPLE_EXTENSIONS ",9a9a";
    r.versions = "fafa,303,304";
    expect(&r, NULL, NULL, "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

static void test_ja4_carriers(void **state)
{
    static const char letters[] = {CARRIER_TCP, CARRIER_QUIC, CARRIER_DTLS};
    static struct built b;
    (void)state;
    for (size_t i = 0; i < sizeof letters; i++) {
        struct known k = know_client(client_message(&b, &(struct recipe){.version = 0x303, .ciphers = ""}),
                                     (enum fingerprint_carrier)letters[i], FINGERPRINT_JA4);
        assert_int_equal(k.of->ja4[0], "tqd"[i]);
        forget(&k);
    }
}

/* No ciphers, and nothing but the extensions that are not hashed. */
static void test_ja4_of_nothing(void **state)
{
    (void)state;
    expect(&(struct recipe){.version = 0x303, .ciphers = ""}, NULL, NULL,
           "t12i000000_000000000000_000000000000");
    expect(&(struct recipe){.version = 0x302, .ciphers = "a0a,1a1a", .extensions = "3a3a,0,10"}, NULL, NULL,
           "t11d000200_000000000000_000000000000");
}

static void test_ja4_alpn(void **state)
{
    static const struct {
        struct span first;
        const char *shown;
    } rows[] = {
        {SPAN_LIT("h2"), "h2"},
        {SPAN_LIT("http/1.1"), "h1"},
        {SPAN_LIT("x"), "xx"},
        {SPAN_LIT(""), "00"},
        {SPAN_LIT("\xab"), "ab"},
        {SPAN_LIT("\xab\xcd"), "ad"},
        {SPAN_LIT("0\xab"), "3b"},
        {SPAN_LIT("01\xab\xcd"), "3d"},
        {SPAN_LIT("0\xab\xcd"
                  "1"),
         "01"},
        {SPAN_LIT("aZ"), "aZ"},
        {SPAN_LIT("-a"), "21"},
        {SPAN_LIT("a_"), "6f"},
        {SPAN_LIT("\""), "22"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char wanted[40];
        snprintf(wanted, sizeof wanted, "t12i0001%s_000000000000_000000000000", rows[i].shown);
        expect(&(struct recipe){.version = 0x303, .ciphers = "", .extensions = "10", .alpn = rows[i].first},
               NULL, NULL, wanted);
    }
    expect(&(struct recipe){.version = 0x303, .ciphers = "", .extensions = "10", .has_empty_alpn = true},
           NULL, NULL, "t12i000100_000000000000_000000000000");
    expect(&(struct recipe){.version = 0x303, .ciphers = "", .extensions = "10"}, NULL, NULL,
           "t12i000100_000000000000_000000000000");
}

static void test_ja4_versions(void **state)
{
    static const struct {
        unsigned legacy;
        const char *offered, *shown;
    } rows[] = {
        {0x304, NULL, "13"},      {0x303, NULL, "12"},       {0x302, NULL, "11"},  {0x301, NULL, "10"},
        {0x300, NULL, "s3"},      {0x002, NULL, "s2"},       {0x305, NULL, "00"},  {0x303, "304", "13"},
        {0x303, "301,302", "11"}, {0x303, "7f1c,304", "00"}, {0x303, "a0a", "12"}, {0x303, "", "12"},
        {0x304, "303", "12"},
    };
    static struct built b;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct recipe r = {
            .version = rows[i].legacy, .ciphers = "", .extensions = "2b", .versions = rows[i].offered};
        struct known k = know_client(client_message(&b, &r), CARRIER_TCP, FINGERPRINT_JA4);
        expect_text(span_of(k.of->ja4 + 1, 2), rows[i].shown);
        forget(&k);
    }
}

static int by_value(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* As the definition words it, with a sort that is not ours. */
static void plain_hash(const char *text, char out[static 13])
{
    static uint16_t values[VALUES];
    static char sorted[5 * VALUES + 1];
    uint8_t sha256[DIGEST_SHA256_LEN];
    struct digest d;
    size_t n = 0, len = 0;
    for (char *end; *text; text = *end ? end + 1 : end)
        values[n++] = (uint16_t)strtoul(text, &end, 16);
    qsort(values, n, sizeof *values, by_value);
    for (size_t i = 0; i < n; i++)
        len += (size_t)sprintf(sorted + len, i ? ",%04x" : "%04x", (unsigned)values[i]);
    digest_sha256_begin(&d);
    digest_sha256_add(&d, span_of(sorted, len));
    digest_sha256_end(&d, sha256);
    digest_hex(sha256, 6, out);
    out[12] = '\0';
}

/* Around the number where the sort changes, where counts are capped, where the text is handed on, and the most there may be. */
static void test_ja4_many(void **state)
{
    static const size_t counts[] = {1, 2, 63, 64, 65, 98, 99, 100, 101, 102, 103, 256, 1000, VALUES};
    static char text[5 * VALUES + 1];
    static struct built b;
    uint32_t seed = 1;
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        size_t len = 0;
        char hash[13], wanted[40];
        for (size_t n = 0; n < counts[i];) {
            seed = seed * 1664525 + 1013904223;
            if (!tls_is_grease((uint16_t)(seed >> 16)))
                len += (size_t)sprintf(text + len, n++ ? ",%04x" : "%04x", (unsigned)(seed >> 16));
        }
        plain_hash(text, hash);
        snprintf(wanted, sizeof wanted, "t12i%02zu0000_%s_000000000000", counts[i] < 99 ? counts[i] : 99,
                 hash);
        struct known k = know_client(client_message(&b, &(struct recipe){.version = 0x303, .ciphers = text}),
                                     CARRIER_TCP, FINGERPRINT_ALL);
        expect_text(fingerprint_ja4(k.of), wanted);
        forget(&k);
    }
}

static void test_ja4_many_extensions(void **state)
{
    static char text[5 * 16384];
    char hash[13], wanted[40];
    size_t len = 0;
    (void)state;
    for (unsigned v = 16000; v > 0; v--)
        if (!tls_is_grease((uint16_t)(100 + v)))
            len += (size_t)sprintf(text + len, len ? ",%04x" : "%04x", 100 + v);
    plain_hash(text, hash);
    snprintf(wanted, sizeof wanted, "t12i009900_000000000000_%s", hash);
    expect(&(struct recipe){.version = 0x303, .ciphers = "", .extensions = text}, NULL, NULL, wanted);
}

/* Cut anywhere, or with an extension that does not fit: no part of a hello is taken for a whole one. */
static void test_none_of_a_part(void **state)
{
    static struct built b;
    struct recipe r = {
        .version = 0x303, .ciphers = EXAMPLE_CIPHERS, .extensions = EXAMPLE_EXTENSIONS, .versions = "304"};
    struct span whole = client_message(&b, &r);
    (void)state;
    for (size_t n = 0; n < whole.len; n++) {
        struct known k = know_client(span_first(whole, n), CARRIER_TCP, FINGERPRINT_ALL);
        assert_int_equal(fingerprint_ja3(k.of).len, 0);
        assert_int_equal(fingerprint_ja4(k.of).len, 0);
        forget(&k);
    }
    b.bytes[b.len - 1] = 9; /* the last extension is empty: its length */
    struct known k = know_client(whole, CARRIER_TCP, FINGERPRINT_ALL);
    assert_int_equal(fingerprint_ja4(k.of).len, 0);
    forget(&k);
}

static void test_none_of_sslv2(void **state)
{
    static const char hello[] = "\x80\x1c\x01\x03\x01\0\x03\0\0\0\x10\x01\0\x80................";
    struct tls_client_hello h;
    struct arena arena;
    (void)state;
    arena_init(&arena, 1024, 1 << 16);
    assert_int_equal(tls_sslv2_hello_read(span_of(hello, sizeof hello - 1), &h), FIELD_FOUND);
    const struct fingerprints *f = fingerprint_client(&h, CARRIER_TCP, FINGERPRINT_ALL, &arena);
    assert_int_equal(fingerprint_ja3(f).len + fingerprint_ja4(f).len, 0);
    arena_fini(&arena);
}

static void test_only_what_is_asked_for(void **state)
{
    static struct built b;
    struct recipe r = {.version = 0x303, .ciphers = EXAMPLE_CIPHERS};
    struct known k = know_client(client_message(&b, &r), CARRIER_TCP, FINGERPRINT_JA3);
    (void)state;
    assert_int_equal(fingerprint_ja4(k.of).len, 0);
    assert_int_equal(fingerprint_ja3(k.of).len, JA3_HASH_LEN);
    forget(&k);
    k = know_client(client_message(&b, &r), CARRIER_TCP, FINGERPRINT_JA4);
    assert_int_equal(fingerprint_ja3(k.of).len, 0);
    assert_int_equal(fingerprint_ja4(k.of).len, JA4_LEN);
    forget(&k);
    assert_int_equal(fingerprint_ja3(NULL).len + fingerprint_ja4(NULL).len, 0);
}

static struct span server_message(struct built *b, unsigned cipher, const char *extensions)
{
    static struct built body, block;
    body.len = b->len = block.len = 0;
    put_number(&body, 769, 2);
    for (int i = 0; i < 4; i++)
        put(&body, SPAN_LIT("randomxx"));
    put_vector(&body, 1, SPAN_LIT("id"));
    put_number(&body, cipher, 2);
    put_number(&body, 0, 1);
    if (extensions) {
        for (char *end; *extensions; extensions = *end ? end + 1 : end)
            put_extension(&block, (unsigned)strtoul(extensions, &end, 10), SPAN_LIT(""));
        put_vector(&body, 2, span_of(block.bytes, block.len));
    }
    put_number(b, TLS_SERVER_HELLO, 1);
    put_vector(b, 3, span_of(body.bytes, body.len));
    return span_of(b->bytes, b->len);
}

static void expect_server(struct span message, const char *ja3s, const char *hash)
{
    struct tls_server_hello h;
    struct arena arena;
    uint8_t *bytes = malloc(message.len + 1);
    memcpy(bytes, message.ptr, message.len);
    arena_init(&arena, 1024, 1 << 20);
    tls_server_hello_read(span_of(bytes, message.len), &h);
    const struct fingerprints *f = fingerprint_server(&h, FINGERPRINT_ALL, &arena);
    expect_text(f->ja3_string, ja3s);
    if (hash)
        expect_text(fingerprint_ja3(f), hash);
    assert_false(f->has_ja4);
    free(bytes);
    arena_fini(&arena);
}

static void test_ja3s(void **state)
{
    static struct built b;
    (void)state;
    expect_server(server_message(&b, 47, "65281,0,11,35,5,16"), "769,47,65281-0-11-35-5-16",
                  "836ce314215654b5b1f85f97c73e506f");
    expect_server(server_message(&b, 47, NULL), "769,47,", NULL);
    expect_server(server_message(&b, 65535, "65535,65535,65535"), "769,65535,65535-65535-65535", NULL);
    struct span whole = server_message(&b, 47, "65281,0");
    for (size_t n = 0; n < whole.len; n++)
        expect_server(span_first(whole, n), "", "");
}

/* At every ceiling of the arena: all of it or NULL. */
static void test_no_room(void **state)
{
    static struct built b;
    struct tls_client_hello h;
    struct recipe r = {.version = 0x303, .ciphers = EXAMPLE_CIPHERS, .extensions = EXAMPLE_EXTENSIONS};
    (void)state;
    tls_client_hello_read(client_message(&b, &r), &h);
    bool has_fit = false;
    for (size_t cap = 0; cap < 1024; cap += 16) {
        struct arena arena;
        arena_init(&arena, 16, cap);
        const struct fingerprints *f = fingerprint_client(&h, CARRIER_TCP, FINGERPRINT_ALL, &arena);
        assert_true(!f || (f->has_ja4 && f->ja3_string.len));
        assert_true(f || !has_fit);
        has_fit |= f != NULL;
        arena_fini(&arena);
    }
    assert_true(has_fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ja3_as_published),
        cmocka_unit_test(test_ja3_leaves_grease_out),
        cmocka_unit_test(test_ja3_at_the_edges),
        cmocka_unit_test(test_ja4_as_published),
        cmocka_unit_test(test_ja4_carriers),
        cmocka_unit_test(test_ja4_of_nothing),
        cmocka_unit_test(test_ja4_alpn),
        cmocka_unit_test(test_ja4_versions),
        cmocka_unit_test(test_ja4_many),
        cmocka_unit_test(test_ja4_many_extensions),
        cmocka_unit_test(test_none_of_a_part),
        cmocka_unit_test(test_none_of_sslv2),
        cmocka_unit_test(test_only_what_is_asked_for),
        cmocka_unit_test(test_ja3s),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
