/* Recognition and canonical form of every kind of value. Bad values are rows of bad_values.tsv, found below
 * $VEDETTE_SOURCE_ROOT or given as the first argument. Inputs lie in heap blocks of their exact size. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/value.h"

#include <stdio.h>
#include <stdlib.h>

struct outcome {
    enum reject why;
    uint32_t col;
    struct value value;
    char text[512];
    bool is_borrowed;
};

static struct outcome read_with(bool is_declared, enum ioc_type type, struct span text)
{
    struct outcome o = {.col = 0};
    struct buf scratch;
    uint8_t *block = malloc(text.len ? text.len : 1);
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    if (text.len)
        memcpy(block, text.ptr, text.len);
    struct span exact = span_of(block, text.len);
    o.why = is_declared ? value_read_as(type, exact, &scratch, &o.value, &o.col)
                        : value_read(exact, &scratch, &o.value, &o.col);
    if (o.why == REJECT_NONE) {
        assert_in_range(o.value.text.len, 1, sizeof o.text - 1);
        memcpy(o.text, o.value.text.ptr, o.value.text.len);
        o.is_borrowed = o.value.text.ptr >= block && o.value.text.ptr < block + text.len;
    }
    free(block);
    buf_fini(&scratch);
    return o;
}

static struct outcome read_value(struct span text)
{
    return read_with(false, IOC_OTHER, text);
}

static void good(const char *text, enum ioc_type type, const char *canonical)
{
    struct outcome o = read_value(span_str(text));
    if (o.why || o.value.type != type || strcmp(o.text, canonical) != 0)
        print_message("%s: %s at %u, %s %s\n", text, reject_code(o.why), o.col, ioc_type_name(o.value.type),
                      o.text);
    assert_int_equal(o.why, REJECT_NONE);
    assert_int_equal(o.value.type, type);
    assert_string_equal(o.text, canonical);
    if (o.value.is_wildcard)
        return;
    o = read_value(span_str(canonical));
    assert_int_equal(o.why, REJECT_NONE);
    assert_int_equal(o.value.type, type);
    assert_string_equal(o.text, canonical);
}

static void names(void **state)
{
    (void)state;
    good("evil.example", IOC_DOMAIN, "evil.example");
    good(" \tevil.example\r\n", IOC_DOMAIN, "evil.example");
    good("\vevil.example\f", IOC_DOMAIN, "evil.example");
    good("EVIL.example.", IOC_DOMAIN, "evil.example");
    good("b\xc3\xbc"
         "cher.example",
         IOC_DOMAIN, "xn--bcher-kva.example");
    good("under_score.example", IOC_DOMAIN, "under_score.example");
    good("-leading-hyphen.example", IOC_DOMAIN, "-leading-hyphen.example");
    good("192.0.2.1-static.example", IOC_DOMAIN, "192.0.2.1-static.example");
    good("192.0.2.1.example", IOC_DOMAIN, "192.0.2.1.example");
    good("d41d8cd98f00b204e9800998ecf8427e.example", IOC_DOMAIN, "d41d8cd98f00b204e9800998ecf8427e.example");
    good("budget.zip", IOC_DOMAIN, "budget.zip");
    assert_true(read_value(SPAN_LIT("evil.example")).is_borrowed);
    assert_true(read_value(SPAN_LIT("  evil.example. ")).is_borrowed);
}

static void names_with_a_star_in_front(void **state)
{
    (void)state;
    const char *const texts[] = {"*.evil.example", ".evil.example", "*.EVIL.example.", "*[.]evil[.]example",
                                 "**.evil.example"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        good(texts[i], IOC_DOMAIN, "evil.example");
        struct outcome o = read_value(span_str(texts[i]));
        assert_true(o.value.is_wildcard);
        assert_false(o.value.is_single_label);
    }
    struct outcome tld = read_value(SPAN_LIT(".XYZ"));
    assert_int_equal(tld.why, REJECT_NONE);
    assert_true(tld.value.is_wildcard && tld.value.is_single_label);
    assert_string_equal(tld.text, "xyz");
    assert_false(read_value(SPAN_LIT("evil.example")).value.is_wildcard);
}

static void wildcard_names(void **state)
{
    (void)state;
    good("evil-*.example", IOC_WILDCARD, "evil-*.example");
    good("EVIL-**.example.", IOC_WILDCARD, "evil-*.example");
    good("*.evil?.example", IOC_WILDCARD, "*.evil?.example");
    good("evil.*", IOC_WILDCARD, "evil.*");
    good("*abc*.co.example", IOC_WILDCARD, "*abc*.co.example");
    good("*?_a-.example", IOC_WILDCARD, "*?_a-.example");
    good("evil*[.]example", IOC_WILDCARD, "evil*.example");
    assert_true(read_value(SPAN_LIT("evil-*.example.")).is_borrowed);
    assert_false(read_value(SPAN_LIT("evil-*.example")).value.is_wildcard);
}

static void addresses(void **state)
{
    (void)state;
    good("192.0.2.1", IOC_IPV4, "192.0.2.1");
    good("0.0.0.0", IOC_IPV4, "0.0.0.0");
    good("255.255.255.255", IOC_IPV4, "255.255.255.255");
    good("[192.0.2.1]", IOC_IPV4, "192.0.2.1");
    good("2001:DB8:0:0::1", IOC_IPV6, "2001:db8::1");
    good("[2001:db8::2]", IOC_IPV6, "2001:db8::2");
    good("::", IOC_IPV6, "::");
    good("::1.2.3.4", IOC_IPV6, "::1.2.3.4");
    good("::ffff:192.0.2.9", IOC_IPV4, "192.0.2.9");
    good("::FFFF:c000:209", IOC_IPV4, "192.0.2.9");
    good("[::ffff:192.0.2.9]", IOC_IPV4, "192.0.2.9");
    assert_true(read_value(SPAN_LIT("192.0.2.1")).is_borrowed);
    assert_true(read_value(SPAN_LIT("2001:db8::1")).is_borrowed);
}

static void networks(void **state)
{
    (void)state;
    good("192.0.2.0/24", IOC_CIDR4, "192.0.2.0/24");
    good("192.0.2.77/24", IOC_CIDR4, "192.0.2.0/24");
    good("128.0.0.0/1", IOC_CIDR4, "128.0.0.0/1");
    good("192.0.2.1/31", IOC_CIDR4, "192.0.2.0/31");
    good("192.0.2.8/32", IOC_IPV4, "192.0.2.8");
    good("2001:DB8::/32", IOC_CIDR6, "2001:db8::/32");
    good("2001:db8::1/64", IOC_CIDR6, "2001:db8::/64");
    good("[2001:db8::]/32", IOC_CIDR6, "2001:db8::/32");
    good("::/8", IOC_CIDR6, "::/8");
    good("2001:db8::1/128", IOC_IPV6, "2001:db8::1");
    good("::ffff:192.0.2.77/120", IOC_CIDR4, "192.0.2.0/24");
    good("::ffff:192.0.2.77/97", IOC_CIDR4, "128.0.0.0/1");
    good("::ffff:192.0.2.77/128", IOC_IPV4, "192.0.2.77");
    good("192.0.2[.]0/24", IOC_CIDR4, "192.0.2.0/24");
    assert_false(read_value(SPAN_LIT("192.0.2.0/24")).value.had_host_bits);
    assert_true(read_value(SPAN_LIT("192.0.2.77/24")).value.had_host_bits);
    assert_true(read_value(SPAN_LIT("2001:db8::1/64")).value.had_host_bits);
    assert_false(read_value(SPAN_LIT("192.0.2.77/32")).value.had_host_bits);
}

static void ranges(void **state)
{
    (void)state;
    good("192.0.2.10-192.0.2.20", IOC_RANGE4, "192.0.2.10-192.0.2.20");
    good("192.0.2.10 - 192.0.2.20", IOC_RANGE4, "192.0.2.10-192.0.2.20");
    good("192.0.2.10-::ffff:192.0.2.20", IOC_RANGE4, "192.0.2.10-192.0.2.20");
    good("2001:DB8::1-2001:db8::9", IOC_RANGE6, "2001:db8::1-2001:db8::9");
    good("192.0.2.10-192.0.2.10", IOC_IPV4, "192.0.2.10");
    good("2001:db8::1 - 2001:db8::1", IOC_IPV6, "2001:db8::1");
}

static void ports(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ioc_type type;
        const char *canonical;
        uint16_t port;
    } rows[] = {
        {"192.0.2.5:8443", IOC_IP_PORT, "192.0.2.5:8443", 8443},
        {"192.0.2.5:0080", IOC_IP_PORT, "192.0.2.5:80", 80},
        {"[192.0.2.5]:1", IOC_IP_PORT, "192.0.2.5:1", 1},
        {"[2001:DB8::2]:443", IOC_IP_PORT, "[2001:db8::2]:443", 443},
        {"[::ffff:192.0.2.5]:65535", IOC_IP_PORT, "192.0.2.5:65535", 65535},
        {"192.0.2[.]5[:]8443", IOC_IP_PORT, "192.0.2.5:8443", 8443},
        {"evil.example:8443", IOC_DOMAIN_PORT, "evil.example:8443", 8443},
        {"EVIL.example.:080", IOC_DOMAIN_PORT, "evil.example:80", 80},
        {"b\xc3\xbc"
         "cher.example:443",
         IOC_DOMAIN_PORT, "xn--bcher-kva.example:443", 443},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        good(rows[i].text, rows[i].type, rows[i].canonical);
        assert_int_equal(read_value(span_str(rows[i].text)).value.port, rows[i].port);
    }
    assert_true(read_value(SPAN_LIT("192.0.2.5:8443")).is_borrowed);
    assert_true(read_value(SPAN_LIT("evil.example:8443")).is_borrowed);
    assert_int_equal(read_value(SPAN_LIT("evil.example")).value.port, 0);
}

static void urls(void **state)
{
    (void)state;
    good("http://evil.example", IOC_URL, "http://evil.example/");
    good("https://User:Pa%40ss@evil.example:8443/p%61th?q=1#frag", IOC_URL,
         "https://evil.example:8443/path?q=1");
    good("http://192.0.2.6:8080/bin.sh", IOC_URL, "http://192.0.2.6:8080/bin.sh");
    good("http://[2001:db8::5]:8080/x", IOC_URL, "http://[2001:db8::5]:8080/x");
    good("http://192.0.2.1/24", IOC_URL, "http://192.0.2.1/24");
    good("ftp://evil.example/a", IOC_URL, "ftp://evil.example/a");
    good("evil.example/path/only", IOC_HOSTPATH, "evil.example/path/only");
    good("evil.example/", IOC_HOSTPATH, "evil.example/");
    good("evil.example:8080/r?u=http://x/", IOC_HOSTPATH, "evil.example:8080/r?u=http://x/");
    good("192.0.2.1/i", IOC_HOSTPATH, "192.0.2.1/i");
    good("192.0.2.1/24/8", IOC_HOSTPATH, "192.0.2.1/24/8");
    good("192.0.2.1/", IOC_HOSTPATH, "192.0.2.1/");
    good("evil.example/@user", IOC_HOSTPATH, "evil.example/@user");
    good("evil.example/24", IOC_HOSTPATH, "evil.example/24");
    good("/gate.php?id=", IOC_URI_PATH, "/gate.php?id=");
    good("/r?u=http://x@y:1/", IOC_URI_PATH, "/r?u=http://x@y:1/");
    good("//double", IOC_URI_PATH, "//double");
}

static void escaped_ampersands(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"http://evil.example/?uc&amp;id=zc&amp;s=", "http://evil.example/?uc&id=zc&s="},
        {"http://evil.example/?a&amp;amp;amp;b", "http://evil.example/?a&b"},
        {"http://evil.example/?a&%61mp;b", "http://evil.example/?a&b"},
        {"http://evil.example/?a&amp;", "http://evil.example/?a&"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        good(rows[i][0], IOC_URL, rows[i][1]);
        assert_true(read_value(span_str(rows[i][0])).value.was_html_escaped);
    }
    good("/a?b&amp=c&am", IOC_URI_PATH, "/a?b&amp=c&am");
    assert_false(read_value(SPAN_LIT("/a?b&amp=c")).value.was_html_escaped);
}

static void hashes_and_mail(void **state)
{
    (void)state;
    good("d41d8cd98f00b204e9800998ecf8427e", IOC_MD5, "d41d8cd98f00b204e9800998ecf8427e");
    good("DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", IOC_SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    good("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", IOC_SHA256,
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    good("user@evil.example", IOC_EMAIL, "user@evil.example");
    good("First.Last+tag@EVIL.example.", IOC_EMAIL, "First.Last+tag@evil.example");
    good("user[@]mail[.]example", IOC_EMAIL, "user@mail.example");
    good("user(at)mail(dot)example", IOC_EMAIL, "user@mail.example");
}

static void defanged_values(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ioc_type type;
        const char *canonical;
    } rows[] = {
        {"hxxp://evil[.]example/a", IOC_URL, "http://evil.example/a"},
        {"hXXps://evil.example", IOC_URL, "https://evil.example/"},
        {"hxxps[://]evil[.]example", IOC_URL, "https://evil.example/"},
        {"http[:]//evil.example", IOC_URL, "http://evil.example/"},
        {"http[://]evil.example/a[.]b", IOC_URL, "http://evil.example/a.b"},
        {"192.0.2[.]4", IOC_IPV4, "192.0.2.4"},
        {"evil(.)example", IOC_DOMAIN, "evil.example"},
        {"evil{.}example", IOC_DOMAIN, "evil.example"},
        {"evil[dot]ex(DOT)am{Dot}ple", IOC_DOMAIN, "evil.ex.am.ple"},
        {"evil\\.example", IOC_DOMAIN, "evil.example"},
        {"evil[.example", IOC_DOMAIN, "evil.example"},
        {"evil.]example", IOC_DOMAIN, "evil.example"},
        {"hxxp[.]evil.example", IOC_DOMAIN, "hxxp.evil.example"},
        {"evil[.]example/a(.)b", IOC_HOSTPATH, "evil.example/a.b"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        good(rows[i].text, rows[i].type, rows[i].canonical);
        assert_true(read_value(span_str(rows[i].text)).value.was_defanged);
    }
    static const struct {
        const char *text;
        enum ioc_type type;
    } left_alone[] = {
        {"hxxp.evil.example", IOC_DOMAIN},
        {"hxxp-evil.example", IOC_DOMAIN},
        {"hxxpshxxps.evil.example", IOC_DOMAIN},
        {"http://evil.example/a[.]b", IOC_URL},
        {"http://evil.example/?a(dot)b[@]c", IOC_URL},
        {"evil.example/a[.]b", IOC_HOSTPATH},
        {"/a[.]b", IOC_URI_PATH},
        {"meow://evil.example/", IOC_URL},
    };
    for (size_t i = 0; i < sizeof left_alone / sizeof *left_alone; i++) {
        good(left_alone[i].text, left_alone[i].type, left_alone[i].text);
        assert_false(read_value(span_str(left_alone[i].text)).value.was_defanged);
    }
}

static void declared(enum ioc_type type, const char *text, enum reject why, enum ioc_type seen,
                     const char *canonical)
{
    struct outcome o = read_with(true, type, span_str(text));
    if (o.why != why || o.value.type != seen)
        print_message("%s as %s: %s, %s\n", text, ioc_type_name(type), reject_code(o.why),
                      ioc_type_name(o.value.type));
    assert_int_equal(o.why, why);
    assert_int_equal(o.value.type, seen);
    if (why == REJECT_NONE)
        assert_string_equal(o.text, canonical);
}

static void declared_types(void **state)
{
    (void)state;
    const char *md5 = "D41D8CD98F00B204E9800998ECF8427E", *lower = "d41d8cd98f00b204e9800998ecf8427e";
    declared(IOC_DOMAIN, "Evil.example", REJECT_NONE, IOC_DOMAIN, "evil.example");
    declared(IOC_DOMAIN, "192.0.2.1", REJECT_NONE, IOC_IPV4, "192.0.2.1");
    declared(IOC_DOMAIN, "evil-*.example", REJECT_NONE, IOC_WILDCARD, "evil-*.example");
    declared(IOC_DOMAIN, "http://evil.example/", REJECT_TYPE_MISMATCH, IOC_URL, NULL);
    declared(IOC_IPV4, "2001:db8::1", REJECT_NONE, IOC_IPV6, "2001:db8::1");
    declared(IOC_IPV4, "192.0.2.0/24", REJECT_NONE, IOC_CIDR4, "192.0.2.0/24");
    declared(IOC_IPV6, "evil.example", REJECT_NONE, IOC_DOMAIN, "evil.example");
    declared(IOC_IPV4, "not an ip", REJECT_BAD_CHAR, IOC_DOMAIN, NULL);
    declared(IOC_IPV4, "192.0.2.1:80", REJECT_TYPE_MISMATCH, IOC_IP_PORT, NULL);
    declared(IOC_CIDR4, "192.0.2.1", REJECT_NONE, IOC_IPV4, "192.0.2.1");
    declared(IOC_CIDR4, "evil.example", REJECT_TYPE_MISMATCH, IOC_DOMAIN, NULL);
    declared(IOC_IP_PORT, "evil.example:80", REJECT_NONE, IOC_DOMAIN_PORT, "evil.example:80");
    declared(IOC_IP_PORT, "192.0.2.1", REJECT_TYPE_MISMATCH, IOC_IPV4, NULL);
    declared(IOC_URL, "evil.example/a", REJECT_NONE, IOC_HOSTPATH, "evil.example/a");
    declared(IOC_URL, "evil.example", REJECT_NONE, IOC_DOMAIN, "evil.example");
    declared(IOC_URL, "/a", REJECT_TYPE_MISMATCH, IOC_URI_PATH, NULL);
    declared(IOC_URI_PATH, "/a", REJECT_NONE, IOC_URI_PATH, "/a");
    declared(IOC_EMAIL, "evil.example", REJECT_TYPE_MISMATCH, IOC_DOMAIN, NULL);
    declared(IOC_MD5, md5, REJECT_NONE, IOC_MD5, lower);
    declared(IOC_JA3, md5, REJECT_NONE, IOC_JA3, lower);
    declared(IOC_SHA1, md5, REJECT_TYPE_MISMATCH, IOC_MD5, NULL);
    declared(IOC_MD5, "xyz", REJECT_BAD_HASH, IOC_DOMAIN, NULL);
    declared(IOC_MD5, "", REJECT_EMPTY, IOC_DOMAIN, NULL);
    declared(IOC_DOMAIN, md5, REJECT_TYPE_MISMATCH, IOC_MD5, NULL);
    declared(IOC_CERT_SHA1, "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", REJECT_NONE, IOC_CERT_SHA1,
             "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    declared(IOC_CERT_SHA1, " DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09 ", REJECT_NONE,
             IOC_CERT_SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    declared(IOC_CERT_SHA1, "DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:0", REJECT_BAD_HASH,
             IOC_DOMAIN, NULL);
    declared(IOC_CERT_SHA1, "DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:0x", REJECT_BAD_HASH,
             IOC_DOMAIN, NULL);
    const char *sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    declared(IOC_CERT_SHA256, sha256, REJECT_NONE, IOC_CERT_SHA256, sha256);
    declared(IOC_CERT_SHA256, " 01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF ", REJECT_NONE,
             IOC_CERT_SHA256, sha256);
    declared(IOC_CERT_SHA256, "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", REJECT_TYPE_MISMATCH, IOC_SHA1, NULL);
    declared(IOC_CERT_SHA1, sha256, REJECT_TYPE_MISMATCH, IOC_SHA256, NULL);
    declared(IOC_SHA256, sha256, REJECT_NONE, IOC_SHA256, sha256);
    declared(IOC_USER_AGENT, " Evil[.]Agent/1.0 ", REJECT_NONE, IOC_USER_AGENT, " Evil[.]Agent/1.0 ");
    declared(IOC_REGEX, "^evil\\.[a-z]+$", REJECT_NONE, IOC_REGEX, "^evil\\.[a-z]+$");
    declared(IOC_JA4, "t13d1516h2_8daaf6152771_02713d6af862", REJECT_NONE, IOC_JA4,
             "t13d1516h2_8daaf6152771_02713d6af862");
    declared(IOC_REGEX, "", REJECT_EMPTY, IOC_REGEX, NULL);
}

/* No declared type lets through what is none of its business, and none crashes on anything. */
static void every_declared_type_with_every_kind(void **state)
{
    (void)state;
    const char *const texts[] = {"evil.example",
                                 "evil-*.example",
                                 "192.0.2.1",
                                 "2001:db8::1",
                                 "192.0.2.0/24",
                                 "2001:db8::/32",
                                 "192.0.2.1-192.0.2.9",
                                 "2001:db8::1-2001:db8::2",
                                 "192.0.2.1:443",
                                 "evil.example:8443",
                                 "http://evil.example/a",
                                 "evil.example/a",
                                 "/a.php",
                                 "user@evil.example",
                                 "d41d8cd98f00b204e9800998ecf8427e",
                                 "da39a3ee5e6b4b0d3255bfef95601890afd80709",
                                 "",
                                 "!"};
    for (unsigned type = 0; type < IOC_TYPE_COUNT; type++) {
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
            struct outcome o = read_with(true, type, span_str(texts[i]));
            if (o.why)
                assert_in_range(o.col, 1, strlen(texts[i]) + 1);
            if (!o.why && type >= IOC_MATCHABLE_COUNT)
                assert_int_equal(o.value.type, type);
        }
    }
}

static void sizes_have_a_ceiling(void **state)
{
    (void)state;
    size_t room = 3 * VALUE_MAX_BYTES;
    char *text = malloc(room);
    const char bytes[] = "a.:/@[-*? %&\xc3";
    memset(text, ' ', room);
    struct buf scratch;
    struct value value;
    uint32_t col;
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    for (size_t i = 0; i < sizeof bytes; i++) {
        for (size_t n = VALUE_MAX_BYTES - 1; n <= VALUE_MAX_BYTES + 1; n++) {
            memset(text, bytes[i], n);
            enum reject why = value_read(span_of(text, n), &scratch, &value, &col);
            if (n > VALUE_MAX_BYTES)
                assert_int_equal(why, bytes[i] == ' ' ? REJECT_EMPTY : REJECT_NAME_TOO_LONG);
            else if (bytes[i] != '/')
                assert_int_not_equal(why, REJECT_NONE);
            why = value_read_as(IOC_USER_AGENT, span_of(text, n), &scratch, &value, &col);
            assert_int_equal(why, n <= VALUE_MAX_BYTES ? REJECT_NONE : REJECT_NAME_TOO_LONG);
        }
    }
    memset(text, 'a', room);
    memcpy(text, "hxxp://evil[.]example/", 22);
    assert_int_equal(value_read(span_of(text, VALUE_MAX_BYTES), &scratch, &value, &col), REJECT_NONE);
    assert_int_equal(value.text.len, VALUE_MAX_BYTES - 2);
    assert_int_equal(value_read(span_of(text, VALUE_MAX_BYTES + 1), &scratch, &value, &col),
                     REJECT_NAME_TOO_LONG);
    memset(text, '\xfc', room);
    memcpy(text, "hxxp://evil[.]example/", 22);
    assert_int_equal(value_read(span_of(text, VALUE_MAX_BYTES), &scratch, &value, &col),
                     REJECT_NAME_TOO_LONG);
    buf_fini(&scratch);
    free(text);
}

static void cut_anywhere_nothing_is_read_past_the_end(void **state)
{
    (void)state;
    const char *const texts[] = {"  hxxps[://]us:er@evil[.]b\xc3\xbc"
                                 "cher{dot}example:8443/a%2f?b&amp;amp;#c ",
                                 "[2001:db8::1]:443",
                                 "192.0.2.1 - 192.0.2.9",
                                 "2001:db8::1-2001:db8::9",
                                 "::ffff:192.0.2.1/120",
                                 "*.evil-?*.example.",
                                 "first.last(at)evil\\.example",
                                 "DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09",
                                 "/%41%zz&amp;",
                                 "d41d8cd98f00b204e9800998ecf8427e"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t len = strlen(texts[i]);
        for (size_t from = 0; from <= len; from++) {
            for (size_t n = 0; n <= len - from; n++) {
                struct outcome o = read_value(span_of(texts[i] + from, n));
                if (o.why)
                    assert_in_range(o.col, 1, n + 1);
                read_with(true, IOC_CERT_SHA1, span_of(texts[i] + from, n));
            }
        }
    }
}

static void scratch_too_small_is_no_crash(void **state)
{
    (void)state;
    struct buf scratch;
    struct value value;
    uint32_t col;
    buf_init(&scratch, 16);
    assert_int_equal(value_read(SPAN_LIT("EVIL.example"), &scratch, &value, &col), REJECT_NAME_TOO_LONG);
    assert_int_equal(value_read(SPAN_LIT("evil.example"), &scratch, &value, &col), REJECT_NONE);
    const char *fingerprint = "DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09";
    assert_int_not_equal(value_read_as(IOC_CERT_SHA1, span_str(fingerprint), &scratch, &value, &col),
                         REJECT_NONE);
    buf_fini(&scratch);
}

static void every_reason_has_a_code_and_a_remedy(void **state)
{
    (void)state;
    for (unsigned r = 0; r < REJECT_COUNT; r++) {
        assert_non_null(reject_code(r));
        assert_non_null(reject_remedy(r));
        const char *remedy = reject_remedy(r);
        assert_true(strlen(remedy) > 10 && remedy[strlen(remedy) - 1] != '.');
        for (unsigned other = 0; other < r; other++)
            assert_string_not_equal(reject_code(r), reject_code(other));
    }
    assert_string_equal(reject_code(REJECT_LABEL_TOO_LONG), "label-too-long");
    assert_string_equal(reject_code(REJECT_COUNT), "unknown");
    assert_string_equal(reject_remedy(REJECT_COUNT), "unknown");
}

/* Undo \xNN and \\ in place; returns the length. */
static size_t unescape(char *s)
{
    size_t n = 0;
    for (size_t i = 0; s[i]; n++) {
        unsigned byte;
        if (s[i] == '\\' && s[i + 1] == 'x' && sscanf(s + i + 2, "%2x", &byte) == 1) {
            s[n] = (char)byte;
            i += 4;
        } else {
            i += s[i] == '\\' && s[i + 1] == '\\';
            s[n] = s[i++];
        }
    }
    return n;
}

static void bad_values_have_reason_and_place(void **state)
{
    FILE *file = fopen(*state, "re");
    char line[2048];
    unsigned n = 0, row = 0, n_wrong = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        row++;
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#')
            continue;
        char *col = strrchr(line, '\t');
        assert_non_null(col);
        *col++ = '\0';
        char *code = strrchr(line, '\t'); /* the value itself may have tabs */
        assert_non_null(code);
        *code++ = '\0';
        struct outcome o = read_value(span_of(line, unescape(line)));
        n++;
        if (strcmp(reject_code(o.why), code) == 0 && o.col == strtoul(col, NULL, 10))
            continue;
        n_wrong++;
        print_error("row %u: wanted %s at %s, got %s at %u\n", row, code, col, reject_code(o.why), o.col);
    }
    fclose(file);
    assert_int_equal(n_wrong, 0);
    assert_true(n > 100);
}

int main(int argc, char **argv)
{
    char path[1024];
    const char *root = getenv("VEDETTE_SOURCE_ROOT");
    snprintf(path, sizeof path, "%s/tests/unit/rules/bad_values.tsv", root ? root : ".");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(names_with_a_star_in_front),
        cmocka_unit_test(wildcard_names),
        cmocka_unit_test(addresses),
        cmocka_unit_test(networks),
        cmocka_unit_test(ranges),
        cmocka_unit_test(ports),
        cmocka_unit_test(urls),
        cmocka_unit_test(escaped_ampersands),
        cmocka_unit_test(hashes_and_mail),
        cmocka_unit_test(defanged_values),
        cmocka_unit_test(declared_types),
        cmocka_unit_test(every_declared_type_with_every_kind),
        cmocka_unit_test(sizes_have_a_ceiling),
        cmocka_unit_test(cut_anywhere_nothing_is_read_past_the_end),
        cmocka_unit_test(scratch_too_small_is_no_crash),
        cmocka_unit_test(every_reason_has_a_code_and_a_remedy),
        cmocka_unit_test_prestate(bad_values_have_reason_and_place, argc > 1 ? argv[1] : path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
