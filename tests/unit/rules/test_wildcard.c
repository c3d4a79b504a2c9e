/* Wildcard names: canonical form and limits. Reasons and places for bad ones are in bad_values.tsv. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules/name.h"
#include "rules/wildcard.h"

static enum reject read_pattern(struct span text, char out_text[static 256])
{
    struct buf scratch;
    struct span out = {NULL, 0};
    uint32_t col;
    buf_init(&scratch, 512);
    enum reject why = wildcard_canonical(text, &scratch, &out, &col);
    if (why == REJECT_NONE && out.len)
        memcpy(out_text, out.ptr, out.len);
    out_text[why == REJECT_NONE ? out.len : 0] = '\0';
    buf_fini(&scratch);
    return why;
}

static void patterns_become_canonical(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"evil-*.example", "evil-*.example"}, {"EVIL***.Example.", "evil*.example"},
        {"*?*?abc.b", "*?*?abc.b"},           {"abc.*", "abc.*"},
        {"1?3.abc.com", "1?3.abc.com"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        assert_int_equal(read_pattern(span_str(rows[i][0]), text), REJECT_NONE);
        assert_string_equal(text, rows[i][1]);
    }
}

static void three_literal_bytes_before_the_last_dot(void **state)
{
    (void)state;
    char text[256];
    assert_int_equal(read_pattern(SPAN_LIT("abc*.d"), text), REJECT_NONE);
    assert_int_equal(read_pattern(SPAN_LIT("ab*c.d"), text), REJECT_BAD_CHAR);
    assert_int_equal(read_pattern(SPAN_LIT("ab.cd*.ef"), text), REJECT_BAD_CHAR);
    assert_int_equal(read_pattern(SPAN_LIT("*.example"), text), REJECT_BAD_CHAR);
    assert_int_equal(read_pattern(SPAN_LIT("example*"), text), REJECT_BAD_CHAR);
}

static void labels_and_names_have_limits(void **state)
{
    (void)state;
    char text[256], name[300];
    for (size_t n = 60; n <= 66; n++) {
        memset(name, 'a', n);
        name[0] = '?';
        memcpy(name + n, ".b", 2);
        assert_int_equal(read_pattern(span_of(name, n + 2), text),
                         n <= 63 ? REJECT_NONE : REJECT_LABEL_TOO_LONG);
    }
    for (size_t n = 250; n <= 256; n++) {
        memset(name, 'a', n);
        for (size_t i = 50; i < n - 2; i += 51)
            name[i] = '.';
        name[0] = '*';
        enum reject why = n <= NAME_MAX_BYTES ? REJECT_NONE : REJECT_NAME_TOO_LONG;
        assert_int_equal(read_pattern(span_of(name, n), text), why);
    }
}

static void nul_is_no_name_byte(void **state)
{
    (void)state;
    char text[256];
    assert_int_equal(read_pattern(SPAN_LIT("abc\0*.example"), text), REJECT_BAD_CHAR);
    assert_int_equal(read_pattern(SPAN_LIT(""), text), REJECT_EMPTY_LABEL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_become_canonical),
        cmocka_unit_test(three_literal_bytes_before_the_last_dot),
        cmocka_unit_test(labels_and_names_have_limits),
        cmocka_unit_test(nul_is_no_name_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
