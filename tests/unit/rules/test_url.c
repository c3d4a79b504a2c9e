/* Canonical URLs, hostpaths, paths and request targets. Inputs lie in heap blocks of their exact size. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/url.h"

#include <stdlib.h>

typedef enum reject canonical_fn(struct span text, struct buf *scratch, struct span *out, uint32_t *out_col);

/* Exactly `text` in a block of its own; the caller frees it. */
static struct span block_of(struct span text)
{
    uint8_t *block = malloc(text.len ? text.len : 1);
    if (text.len)
        memcpy(block, text.ptr, text.len);
    return span_of(block, text.len);
}

static void good(canonical_fn *canonical, const char *text, const char *expected)
{
    struct buf scratch;
    struct span out;
    uint32_t col;
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    struct span block = block_of(span_str(text));
    enum reject why = canonical(block, &scratch, &out, &col);
    if (why || !span_eq(out, span_str(expected)))
        print_message("%s: %s at %u, %.*s\n", text, reject_code(why), col, why ? 0 : (int)out.len, out.ptr);
    assert_int_equal(why, REJECT_NONE);
    assert_true(span_eq(out, span_str(expected)));
    free((void *)(uintptr_t)block.ptr);
    buf_fini(&scratch);
}

static void bad(canonical_fn *canonical, const char *text, enum reject expected, uint32_t expected_col)
{
    struct buf scratch;
    struct span out;
    uint32_t col = 0;
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    buf_put_str(&scratch, "kept");
    struct span block = block_of(span_str(text));
    enum reject why = canonical(block, &scratch, &out, &col);
    if (why != expected || col != expected_col)
        print_message("%s: %s at %u\n", text, reject_code(why), col);
    assert_int_equal(why, expected);
    assert_int_equal(col, expected_col);
    assert_true(span_eq(buf_span(&scratch), SPAN_LIT("kept")));
    free((void *)(uintptr_t)block.ptr);
    buf_fini(&scratch);
}

static void urls_become_canonical(void **state)
{
    (void)state;
    good(url_canonical, "http://evil.example", "http://evil.example/");
    good(url_canonical, "HTTP://EVIL.Example/Path?Q", "http://evil.example/Path?Q");
    good(url_canonical, "http://evil.example?a=b", "http://evil.example/?a=b");
    good(url_canonical, "http://evil.example#top", "http://evil.example/");
    good(url_canonical, "http://evil.example./", "http://evil.example/");
    good(url_canonical, "http://evil.example:80/", "http://evil.example/");
    good(url_canonical, "https://evil.example:443/", "https://evil.example/");
    good(url_canonical, "http://evil.example:443/", "http://evil.example/");
    good(url_canonical, "http://evil.example:/", "http://evil.example/");
    good(url_canonical, "http://evil.example:08080/", "http://evil.example:8080/");
    good(url_canonical, "http://evil.example:65535/", "http://evil.example:65535/");
    good(url_canonical, "https://User:Pa%40ss@evil.example:8443/p%61th?q=1#frag",
         "https://evil.example:8443/path?q=1");
    good(url_canonical, "https://www.bank.example@login@evil.example", "https://evil.example/");
    good(url_canonical, "http://good.example\\@evil.example/", "http://good.example/@evil.example/");
    good(url_canonical, "ftp://anonymous:anonymous@192.0.2.129/all.sh", "ftp://192.0.2.129/all.sh");
    good(url_canonical,
         "http://b\xc3\xbc"
         "cher.example/\xc3\xbc",
         "http://xn--bcher-kva.example/%C3%BC");
    good(url_canonical, "http://[2001:DB8:0::5]:8080/x", "http://[2001:db8::5]:8080/x");
    good(url_canonical, "http://[::ffff:192.0.2.1]/x", "http://192.0.2.1/x");
    good(url_canonical, "http://[192.0.2.1]:81/x", "http://192.0.2.1:81/x");
    good(url_canonical, "http://evil.example/a/../b//c", "http://evil.example/a/../b//c");
    good(url_canonical, "http://evil.example/?u=http://x@y:99999/",
         "http://evil.example/?u=http://x@y:99999/");
}

static void bad_urls_have_reason_and_place(void **state)
{
    (void)state;
    bad(url_canonical, "", REJECT_BAD_URL, 1);
    bad(url_canonical, "evil.example/a", REJECT_BAD_URL, 1);
    bad(url_canonical, "://evil.example/", REJECT_BAD_URL, 1);
    bad(url_canonical, "1http://evil.example/", REJECT_BAD_URL, 1);
    bad(url_canonical, "http:/evil.example/", REJECT_BAD_URL, 1);
    bad(url_canonical, "http://", REJECT_BAD_URL, 8);
    bad(url_canonical, "http:///nohost", REJECT_BAD_URL, 8);
    bad(url_canonical, "http://user@/x", REJECT_BAD_URL, 13);
    bad(url_canonical, "http://:80/x", REJECT_BAD_URL, 8);
    bad(url_canonical, "http://evil.example/a b", REJECT_BAD_URL, 22);
    bad(url_canonical, "http://evil.example/a\tb", REJECT_BAD_URL, 22);
    bad(url_canonical, "http://evil.example/\x7f", REJECT_BAD_URL, 21);
    bad(url_canonical, "http://localhost/", REJECT_SINGLE_LABEL, 8);
    bad(url_canonical, "http://u@ev!l.example/", REJECT_BAD_CHAR, 12);
    bad(url_canonical, "http://*.evil.example/", REJECT_BAD_CHAR, 8);
    bad(url_canonical, "http://010.0.0.1/", REJECT_IP_LEADING_ZERO, 8);
    bad(url_canonical, "http://2130706433/", REJECT_BAD_IP, 8);
    bad(url_canonical, "http://185.0x8A.88.248/", REJECT_BAD_IP, 8);
    bad(url_canonical, "http://[2001:db8::/x", REJECT_BAD_IP, 8);
    bad(url_canonical, "http://[fe80::1%25eth0]/x", REJECT_BAD_IP, 9);
    bad(url_canonical, "http://[2001:db8::1]8080/x", REJECT_BAD_URL, 21);
    bad(url_canonical, "http://evil.example:0/", REJECT_BAD_PORT, 21);
    bad(url_canonical, "http://evil.example:65536/", REJECT_BAD_PORT, 21);
    bad(url_canonical, "http://evil.example:000080/", REJECT_BAD_PORT, 21);
    bad(url_canonical, "http://evil.example:80:80/", REJECT_BAD_PORT, 21);
    bad(url_canonical, "http://evil.example:+80/", REJECT_BAD_PORT, 21);
    bad(url_canonical, "http://2001:db8::1/", REJECT_BAD_IP, 8);
}

static void hostpaths_and_paths(void **state)
{
    (void)state;
    good(hostpath_canonical, "EVIL.example/A", "evil.example/A");
    good(hostpath_canonical, "evil.example:443/a#b", "evil.example/a");
    good(hostpath_canonical, "evil.example:8080/a", "evil.example:8080/a");
    good(hostpath_canonical, "evil.example", "evil.example/");
    good(hostpath_canonical, "[2001:db8::1]:81/a", "[2001:db8::1]:81/a");
    bad(hostpath_canonical, "user@evil.example/a", REJECT_BAD_CHAR, 5);
    bad(hostpath_canonical, "/a", REJECT_BAD_URL, 1);
    good(url_path_canonical, "/gate.php?id=", "/gate.php?id=");
    good(url_path_canonical, "/%7euser/%2f#x", "/~user/%2F");
    bad(url_path_canonical, "/", REJECT_BAD_URL, 1);
    bad(url_path_canonical, "/#x", REJECT_BAD_URL, 1);
    bad(url_path_canonical, "", REJECT_BAD_URL, 1);
    bad(url_path_canonical, "a/b", REJECT_BAD_URL, 1);
    bad(url_path_canonical, "/a b", REJECT_BAD_URL, 3);
}

static void target(const char *from, const char *to)
{
    struct buf out;
    struct span block = block_of(span_str(from));
    buf_init(&out, 1024);
    url_put_target(&out, block);
    if (!span_eq(buf_span(&out), span_str(to)))
        print_message("%s: %.*s\n", from, (int)out.len, out.ptr);
    assert_true(span_eq(buf_span(&out), span_str(to)));
    free((void *)(uintptr_t)block.ptr);
    buf_fini(&out);
}

static void targets_are_normalised(void **state)
{
    (void)state;
    target("", "");
    target("/", "/");
    target("*", "*");
    target("/%41%5a%61%7A%30%39%2d%2e%5f%7e", "/AZaz09-._~");
    target("/%2f%3a%3A%00%ff", "/%2F%3A%3A%00%FF");
    target("/a b\tc\x7f\xc3\xbc", "/a%20b%09c%7F%C3%BC");
    target("/a#b#c", "/a");
    target("#", "");
    target("/a%23b", "/a%23b");
    target("/%", "/%25");
    target("/%4", "/%254");
    target("/%zz%4g", "/%25zz%254g");
    target("/%%36%31", "/%2561"); /* "%61" after one step must not become "a" in a second */
    target("/\"<>[]\\^`{|}", "/\"<>[]\\^`{|}");
    target("http://evil.example/a", "http://evil.example/a");
}

static void every_byte_comes_out_printable_and_stays(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        uint8_t text[4] = {'/', (uint8_t)c, '4', '1'};
        struct buf once, twice;
        buf_init(&once, 64);
        buf_init(&twice, 64);
        url_put_target(&once, span_of(text, sizeof text));
        url_put_target(&twice, buf_span(&once));
        assert_true(span_eq(buf_span(&once), buf_span(&twice)));
        for (size_t i = 0; i < once.len; i++)
            assert_in_range(once.ptr[i], 0x21, 0x7e);
        buf_fini(&once);
        buf_fini(&twice);
    }
}

static void keys_have_no_scheme(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"http://evil.example/a", "evil.example/a"},
        {"https://evil.example:8443/a://b", "evil.example:8443/a://b"},
        {"evil.example/a", "evil.example/a"},
        {"evil.example/a://b", "evil.example/a://b"},
        {"evil.example:8080/a", "evil.example:8080/a"},
        {"[2001:db8::1]/a", "[2001:db8::1]/a"},
        {"ftp://[2001:db8::1]/a", "[2001:db8::1]/a"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_true(span_eq(url_match_key(span_str(rows[i][0])), span_str(rows[i][1])));
    assert_true(url_has_scheme(SPAN_LIT("a+b-c.d1://")));
    assert_false(url_has_scheme(SPAN_LIT("http:/")));
    assert_false(url_has_scheme(SPAN_LIT("ht_tp://x")));
}

static void ports_are_1_to_65535(void **state)
{
    (void)state;
    uint16_t port = 7;
    const char *const no[] = {"", "0", "65536", "99999", "123456", "1a", "-1", " 1", "00000"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(url_port_parse(span_str(no[i]), &port));
    assert_true(url_port_parse(SPAN_LIT("1"), &port) && port == 1);
    assert_true(url_port_parse(SPAN_LIT("65535"), &port) && port == 65535);
    assert_true(url_port_parse(SPAN_LIT("00080"), &port) && port == 80);
}

static void cut_anywhere_nothing_is_read_past_the_end(void **state)
{
    (void)state;
    canonical_fn *const doors[] = {url_canonical, hostpath_canonical, url_path_canonical};
    const char *const texts[] = {"https://u:p@b\xc3\xbc"
                                 "cher.example:8443/a%2f%41\xc3\xbc?b#c",
                                 "http://[2001:db8::1]:80/%", "evil.example:81/%4", "/%41%"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (size_t n = 0; n <= strlen(texts[i]); n++) {
            for (size_t d = 0; d < 3; d++) {
                struct buf scratch;
                struct span out;
                uint32_t col = 0;
                buf_init(&scratch, VALUE_SCRATCH_BYTES);
                struct span block = block_of(span_of(texts[i], n));
                enum reject why = doors[d](block, &scratch, &out, &col);
                if (why)
                    assert_in_range(col, 1, n + 1);
                free((void *)(uintptr_t)block.ptr);
                buf_fini(&scratch);
            }
        }
    }
}

static void hosts_end_at_the_colon(void **state)
{
    (void)state;
    static const struct {
        const char *authority, *host;
        unsigned port;
    } rows[] = {
        {"evil.example", "evil.example", 0},
        {"evil.example:", "evil.example", 0},
        {"evil.example:80", "evil.example", 80},
        {"evil.example:65535", "evil.example", 65535},
        {"evil.example:65536", "evil.example", 0},
        {"evil.example:99999", "evil.example", 0},
        {"evil.example:18446744073709551696", "evil.example", 0},
        {"evil.example:0", "evil.example", 0},
        {"evil.example:000080", "evil.example", 80},
        {"evil.example:00000000000000000000000008080", "evil.example", 8080},
        {"evil.example:abc", "evil.example", 0},
        {"evil.example:80x", "evil.example", 0},
        {"evil.example:-1", "evil.example", 0},
        {"evil.example:80:80", "evil.example", 0},
        {"dead:80", "dead", 80},
        {"[2001:db8::1]", "[2001:db8::1]", 0},
        {"[2001:db8::1]:8080", "[2001:db8::1]", 8080},
        {"[2001:db8::1]:x", "[2001:db8::1]", 0},
        {"[2001:db8::1", "[2001:db8::1", 0},
        {"2001:db8::1", "2001:db8::1", 0},
        {"fe80::1:443", "fe80::1:443", 0},
        {"::1", "::1", 0},
        {":80", ":80", 0},
        {":", ":", 0},
        {"", "", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint16_t port = 7;
        struct span block = block_of(span_str(rows[i].authority));
        assert_true(span_eq(url_host(block, &port), span_str(rows[i].host)));
        assert_int_equal(port, rows[i].port);
        free((void *)(uintptr_t)block.ptr);
    }
}

/* Escaping triples a byte, so the ceiling is met by texts well below it, too. */
static void values_have_a_ceiling(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        char byte;
        bool fits;
    } rows[] = {
        {VALUE_MAX_BYTES - 14, 'a', true},
        {VALUE_MAX_BYTES - 13, 'a', true},
        {VALUE_MAX_BYTES - 12, 'a', false},
        {(VALUE_MAX_BYTES - 13) / 3, '\xfc', true},
        {(VALUE_MAX_BYTES - 13) / 3 + 1, '\xfc', false},
        {10 * VALUE_MAX_BYTES, 'a', false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = malloc(13 + rows[i].n);
        struct buf scratch;
        struct span out;
        uint32_t col;
        memcpy(text, "evil.example/", 13);
        memset(text + 13, rows[i].byte, rows[i].n);
        buf_init(&scratch, VALUE_SCRATCH_BYTES);
        enum reject why = hostpath_canonical(span_of(text, 13 + rows[i].n), &scratch, &out, &col);
        assert_int_equal(why, rows[i].fits ? REJECT_NONE : REJECT_NAME_TOO_LONG);
        buf_fini(&scratch);
        free(text);
    }
}

/* Escapes of what may stand in a name are decoded; what would end the name, and what is no escape, stays. */
static void host_escapes_are_decoded(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"www%2Eevil%2eexample", "www.evil.example"},
        {"%65vil.example", "evil.example"},
        {"evil.example%2F", "evil.example%2F"},
        {"a%00b", "a%00b"},
        {"%", "%"},
        {"%4", "%4"},
        {"%4g", "%4g"},
        {"%%41", "%A"},
        {"%2541", "%2541"},
        {"", ""},
        {"%c3%bc", "%c3%bc"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[32];
        size_t n = strlen(cases[i][0]);
        memcpy(bytes, cases[i][0], n);
        assert_true(span_eq(span_of(bytes, url_decode_host(bytes, n)), span_str(cases[i][1])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_escapes_are_decoded),
        cmocka_unit_test(urls_become_canonical),
        cmocka_unit_test(bad_urls_have_reason_and_place),
        cmocka_unit_test(hostpaths_and_paths),
        cmocka_unit_test(targets_are_normalised),
        cmocka_unit_test(every_byte_comes_out_printable_and_stays),
        cmocka_unit_test(keys_have_no_scheme),
        cmocka_unit_test(ports_are_1_to_65535),
        cmocka_unit_test(cut_anywhere_nothing_is_read_past_the_end),
        cmocka_unit_test(hosts_end_at_the_colon),
        cmocka_unit_test(values_have_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
