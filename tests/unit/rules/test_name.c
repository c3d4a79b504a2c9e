/* Canonical names, at every limit, and public suffixes. Inputs lie in heap blocks of their exact size. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/name.h"

#include <libpsl.h>
#include <stdio.h>
#include <stdlib.h>

struct outcome {
    enum reject why;
    uint32_t col;
    char text[NAME_MAX_BYTES + 1];
    bool is_borrowed;
};

static struct outcome read_name(struct span name)
{
    struct outcome o = {.col = 0};
    struct buf scratch;
    struct span out = {NULL, 0};
    uint8_t *block = malloc(name.len ? name.len : 1);
    buf_init(&scratch, 1024);
    if (name.len)
        memcpy(block, name.ptr, name.len);
    o.why = name_canonical(span_of(block, name.len), &scratch, &out, &o.col);
    if (o.why == REJECT_NONE || o.why == REJECT_SINGLE_LABEL) {
        assert_in_range(out.len, 1, NAME_MAX_BYTES);
        memcpy(o.text, out.ptr, out.len);
        o.is_borrowed = out.ptr == block;
    }
    free(block);
    buf_fini(&scratch);
    return o;
}

static void good(const char *name, const char *canonical)
{
    struct outcome o = read_name(span_str(name));
    if (o.why)
        print_message("%s: %s at %u\n", name, reject_code(o.why), o.col);
    assert_int_equal(o.why, REJECT_NONE);
    assert_string_equal(o.text, canonical);
    o = read_name(span_str(canonical));
    assert_int_equal(o.why, REJECT_NONE);
    assert_true(o.is_borrowed);
    assert_string_equal(o.text, canonical);
}

static void bad(const char *name, enum reject why, uint32_t col)
{
    struct outcome o = read_name(span_str(name));
    if (o.why != why || o.col != col)
        print_message("%s: %s at %u\n", name, reject_code(o.why), o.col);
    assert_int_equal(o.why, why);
    assert_int_equal(o.col, col);
}

static void canonical_names_are_borrowed(void **state)
{
    (void)state;
    const char *const names[] = {"evil.example",
                                 "a.b",
                                 "drb_da.info",
                                 "-leading.example",
                                 "trailing-.example",
                                 "a--b.c",
                                 "xn--bcher-kva.example",
                                 "1.2.3.4.example",
                                 "0x.example",
                                 "a.1b",
                                 "a.0xg"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_true(read_name(span_str(names[i])).is_borrowed);
        good(names[i], names[i]);
    }
    assert_true(read_name(SPAN_LIT("evil.example.")).is_borrowed);
}

static void names_become_canonical(void **state)
{
    (void)state;
    good("EVIL.Example", "evil.example");
    good("evil.example.", "evil.example");
    good("Evil.Example.", "evil.example");
    good("b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example");
    good("B\xc3\x9c"
         "CHER.example",
         "xn--bcher-kva.example");
    good("XN--Bcher-KVA.example", "xn--bcher-kva.example");
    good("under_score.b\xc3\xbc"
         "cher.example",
         "under_score.xn--bcher-kva.example");
    good("-a.b\xc3\xbc"
         "cher.c--d.example",
         "-a.xn--bcher-kva.c--d.example");
    good("\xd0\xb8\xd0\xbc\xd1\x8f.example", "xn--h1ai1d.example");
    good("evil\xef\xbc\x8e"
         "example",
         "evil.example"); /* U+FF0E */
    good("evil\xe3\x80\x82"
         "example\xef\xbd\xa1",
         "evil.example");                                       /* U+3002, U+FF61 */
    good("\xef\xbd\x85\xef\xbd\x96il.example", "evil.example"); /* full-width letters */
    good("ev\xe2\x80\x8b\xc3\xaf"
         "l.example",
         "xn--evl-0ma.example"); /* U+200B is dropped */
}

static void faults_have_reason_and_place(void **state)
{
    (void)state;
    bad("", REJECT_EMPTY, 1);
    bad(".", REJECT_EMPTY_LABEL, 1);
    bad("..", REJECT_EMPTY_LABEL, 1);
    bad(".evil.example", REJECT_EMPTY_LABEL, 1);
    bad("evil..example", REJECT_EMPTY_LABEL, 6);
    bad("evil.example..", REJECT_EMPTY_LABEL, 14);
    bad("evil", REJECT_SINGLE_LABEL, 1);
    bad("evil.", REJECT_SINGLE_LABEL, 1);
    bad("-", REJECT_SINGLE_LABEL, 1);
    bad("ev il.example", REJECT_BAD_CHAR, 3);
    bad("evil.exam*ple", REJECT_BAD_CHAR, 10);
    bad("evil.example:80", REJECT_BAD_CHAR, 13);
    bad("evil.b\xc3\xbc!.example", REJECT_BAD_CHAR, 9);
    bad("evil.\xff.example", REJECT_BAD_CHAR, 6);
    bad("evil.ab\xc3.example", REJECT_BAD_CHAR, 8);
    bad("evil.ex\xc2\xa0"
        "ample",
        REJECT_BAD_CHAR, 8);                          /* NBSP becomes a blank */
    bad("evil.exam\xe2\x80\xa6", REJECT_BAD_IDN, 10); /* an ellipsis: cut short */
    bad("i\xe2\x9d\xa4.example", REJECT_BAD_IDN, 2);  /* emoji: not in IDNA 2008 */
    bad("-\xc3\xa9.example", REJECT_BAD_IDN, 2);
    bad("evil.\xe2\x80\x8b.example", REJECT_EMPTY_LABEL, 6);
    struct outcome nul = read_name(SPAN_LIT("evil\0.example"));
    assert_int_equal(nul.why, REJECT_BAD_CHAR);
    assert_int_equal(nul.col, 5);
}

static void numbers_are_no_names(void **state)
{
    (void)state;
    bad("256.1.1.1", REJECT_BAD_IP, 1);
    bad("1.2.3", REJECT_BAD_IP, 1);
    bad("12345", REJECT_BAD_IP, 1);
    bad("evil.123", REJECT_BAD_IP, 1);
    bad("evil.0x1f", REJECT_BAD_IP, 1);
    bad("evil.0X", REJECT_BAD_IP, 1);
    bad("0x7f000001", REJECT_BAD_IP, 1);
    bad("185.0x8A.88.248", REJECT_BAD_IP, 1);
    bad("0000153.0000255.0000011.0000125", REJECT_BAD_IP, 1);
    bad("1.2.3.4.5", REJECT_BAD_IP, 1);
    bad("010.0.0.1", REJECT_IP_LEADING_ZERO, 1);
    bad("10.00.0.1", REJECT_IP_LEADING_ZERO, 4);
    bad("10.0.0.01", REJECT_IP_LEADING_ZERO, 8);
    bad("10.0.0.01.", REJECT_IP_LEADING_ZERO, 8);
    bad("999.0.0.01", REJECT_BAD_IP, 1);
}

static void labels_have_63_bytes_at_most(void **state)
{
    (void)state;
    char name[128];
    for (int n = 62; n <= 65; n++) {
        memset(name, 'a', (size_t)n);
        strcpy(name + n, ".example");
        struct outcome o = read_name(span_str(name));
        assert_int_equal(o.why, n <= 63 ? REJECT_NONE : REJECT_LABEL_TOO_LONG);
        memcpy(name, "x.", 2);
        memset(name + 2, 'a', (size_t)n);
        name[n + 2] = '\0';
        o = read_name(span_str(name));
        assert_int_equal(o.why, n <= 63 ? REJECT_NONE : REJECT_LABEL_TOO_LONG);
        assert_true(n <= 63 ? o.is_borrowed : o.col == 3);
        name[2] = 'A';
        assert_int_equal(read_name(span_str(name)).why, o.why);
    }
}

static void names_have_253_bytes_at_most(void **state)
{
    (void)state;
    char name[300];
    for (size_t n = 250; n <= 260; n++) {
        memset(name, 'a', n);
        for (size_t i = 50; i < n - 2; i += 51)
            name[i] = '.';
        enum reject why = n <= 253 ? REJECT_NONE : REJECT_NAME_TOO_LONG;
        assert_int_equal(read_name(span_of(name, n)).why, why);
        name[0] = 'A';
        assert_int_equal(read_name(span_of(name, n)).why, why);
        name[n] = '.';
        assert_int_equal(read_name(span_of(name, n + 1)).why, why);
    }
}

/* A label of 59 times U+00FC makes an A-label of 63 bytes; longer ones are refused, however long. */
static void u_labels_have_limits_too(void **state)
{
    (void)state;
    size_t room = 2 * 4000 + 8;
    char *name = malloc(room);
    size_t longest = 0;
    for (size_t n = 1; n <= 4000; n = n < 300 ? n + 1 : n * 2) {
        for (size_t i = 0; i < n; i++)
            memcpy(name + 2 * i, "\xc3\xbc", 2);
        memcpy(name + 2 * n, ".example", 8);
        struct outcome o = read_name(span_of(name, 2 * n + 8));
        assert_true(o.why == REJECT_NONE || (o.why == REJECT_LABEL_TOO_LONG && o.col == 1));
        if (o.why == REJECT_NONE)
            longest = n;
    }
    assert_in_range(longest, 50, 59);
    free(name);
}

static void cut_anywhere_nothing_is_read_past_the_end(void **state)
{
    (void)state;
    const char *const names[] = {"evil.example.",
                                 "b\xc3\xbc"
                                 "cher.\xd0\xb8\xd0\xbc\xd1\x8f\xe3\x80\x82"
                                 "ex\xef\xbc\x8e"
                                 "a",
                                 "010.00.0x7.01", "EVIL.Example"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct span s = span_str(names[i]);
        for (size_t n = 0; n <= s.len; n++) {
            struct outcome o = read_name(span_first(s, n));
            if (o.why)
                assert_in_range(o.col, 1, n + 1);
        }
    }
}

static void plain_is_a_promise(void **state)
{
    (void)state;
    assert_true(name_is_plain(SPAN_LIT("evil.example")));
    const char *const no[] = {"",
                              "a",
                              ".",
                              "a.",
                              ".a",
                              "a..b",
                              "A.b",
                              "a.1",
                              "a.1b",
                              "a b.c",
                              "a.b.",
                              "1.2.3.4",
                              "a*.b",
                              "b\xc3\xbc"
                              "cher.example"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(name_is_plain(span_str(no[i])));
}

static void scratch_too_small_is_no_crash(void **state)
{
    (void)state;
    struct buf scratch;
    struct span out;
    uint32_t col;
    buf_init(&scratch, 4);
    assert_int_equal(name_canonical(SPAN_LIT("EVIL.example"), &scratch, &out, &col), REJECT_NAME_TOO_LONG);
    assert_int_equal(name_canonical(SPAN_LIT("evil.example"), &scratch, &out, &col), REJECT_NONE);
    buf_fini(&scratch);
}

static void public_suffixes_are_known(void **state)
{
    (void)state;
    struct public_suffixes *p = public_suffixes_new();
    assert_non_null(p);
    const char *const yes[] = {"com",        "ck",     "nosuchtld",        "co.uk",
                               "github.io",  "foo.ck", "s3.amazonaws.com", "xn--55qx5d.cn",
                               "duckdns.org"};
    const char *const no[] = {
        "www.ck",        "evil.example", "example.com",           "foo.nosuchtld", "evil.co.uk",
        "a.b.github.io", "a.foo.ck",     "xn--bcher-kva.example", "uk.co.",        ""};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(public_suffixes_has(p, span_str(yes[i])));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(public_suffixes_has(p, span_str(no[i])));
    public_suffixes_free(p);
    public_suffixes_free(NULL);
}

/* With or without the prefilter the answer is libpsl's, for every rule of the list and names made from it. */
static void public_suffixes_agree_with_libpsl(void **state)
{
    (void)state;
    FILE *file = fopen("/usr/share/publicsuffix/public_suffix_list.dat", "re");
    psl_ctx_t *list = psl_latest(NULL);
    if (!file || !list) {
        print_message("no public suffix list here\n");
        skip();
    }
    struct public_suffixes *p = public_suffixes_new();
    struct buf scratch;
    char line[512], name[600];
    size_t n_rules = 0;
    buf_init(&scratch, 1024);
    while (fgets(line, sizeof line, file)) {
        const char *const prefixes[] = {"", "x.", "x.y."};
        line[strcspn(line, " \t\r\n")] = '\0';
        if (!*line || !strncmp(line, "//", 2))
            continue;
        const char *rule = line + strspn(line, "*!.");
        for (size_t i = 0; i < 3; i++) {
            struct span canonical;
            uint32_t col;
            snprintf(name, sizeof name, "%s%s", prefixes[i], rule);
            buf_reset(&scratch);
            if (name_canonical(span_str(name), &scratch, &canonical, &col) != REJECT_NONE)
                continue;
            snprintf(name, sizeof name, "%.*s", (int)canonical.len, (const char *)canonical.ptr);
            assert_int_equal(public_suffixes_has(p, canonical),
                             psl_is_public_suffix2(list, name, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE));
            n_rules++;
        }
    }
    assert_true(n_rules > 10000);
    fclose(file);
    psl_free(list);
    public_suffixes_free(p);
    buf_fini(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_names_are_borrowed),
        cmocka_unit_test(names_become_canonical),
        cmocka_unit_test(faults_have_reason_and_place),
        cmocka_unit_test(numbers_are_no_names),
        cmocka_unit_test(labels_have_63_bytes_at_most),
        cmocka_unit_test(names_have_253_bytes_at_most),
        cmocka_unit_test(u_labels_have_limits_too),
        cmocka_unit_test(cut_anywhere_nothing_is_read_past_the_end),
        cmocka_unit_test(plain_is_a_promise),
        cmocka_unit_test(scratch_too_small_is_no_crash),
        cmocka_unit_test(public_suffixes_are_known),
        cmocka_unit_test(public_suffixes_agree_with_libpsl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
