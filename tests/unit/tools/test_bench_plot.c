/* bench_plot.c: hostile texts are no markup, and no figure gives a mark that is no number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/bench_plot.h"

enum { OUT_BYTES_MAX = 1 << 20 };

static void assert_text(const char *text, size_t most, const char *expected)
{
    struct buf out;
    buf_init(&out, OUT_BYTES_MAX);
    plot_put_text(&out, span_str(text), most);
    buf_put_byte(&out, 0);
    assert_string_equal((const char *)out.ptr, expected);
    buf_fini(&out);
}

static void test_text(void **state)
{
    (void)state;
    assert_text("a.txt", 30, "a.txt");
    assert_text("</text><script>alert('x')&amp;\"", 60,
                "&#60;/text&#62;&#60;script&#62;alert(&#39;x&#39;)&#38;amp;&#34;");
    assert_text("a\x01\x1b[31m\n", 30, "a\\x01\\x1b[31m\\x0a");
    assert_text("\xff\xfe", 30, "\\xff\\xfe");
    assert_text("\xef\xbf\xbf", 30, "\\xef\\xbf\\xbf"); /* U+FFFF: no XML may have it */
    assert_text("\xe2\x80\xae"
                "gpj",
                30, "\\xe2\\x80\\xaegpj"); /* right to left */
    assert_text("evil\\.example", 30, "evil\\.example");
    assert_text("b\xc3\xbc"
                "cher",
                30,
                "b\xc3\xbc"
                "cher");
}

/* Cut between characters, and it shows. */
static void test_cut(void **state)
{
    (void)state;
    assert_text("abcdef", 3, "abc\xe2\x80\xa6");
    assert_text("b\xc3\xbc"
                "cher",
                2, "b\xe2\x80\xa6");
    assert_text("b\xc3\xbc"
                "cher",
                3, "b\xc3\xbc\xe2\x80\xa6");
}

static void assert_sound(struct buf *out)
{
    buf_put_byte(out, 0);
    assert_false(out->is_full);
    const char *text = (const char *)out->ptr;
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
    assert_null(strstr(text, "=\"-"));
    buf_reset(out);
}

static void test_bars(void **state)
{
    const struct plot_bar bars[] = {
        {SPAN_LIT("much"), 1e9}, {SPAN_LIT("little"), 1e-9}, {SPAN_LIT("<none>"), 0}};
    struct buf out;
    (void)state;
    buf_init(&out, OUT_BYTES_MAX);
    plot_bars(&out, "some", bars, 3, "ns");
    assert_sound(&out);
    plot_bars(&out, "all zero", bars + 2, 1, "ns");
    assert_sound(&out);
    plot_bars(&out, "none", bars, 0, "ns");
    assert_sound(&out);
    buf_fini(&out);
}

static void test_lines(void **state)
{
    struct plot_line lines[2] = {{.label = "a", .n = 2, .x = {0, 1}, .y = {{1, 1, 1, 1}, {1e-7, 0, 1, 3}}},
                                 {.label = "b", .n = 2, .x = {0, 1}, .y = {{0}, {1e12, 1, 2e12, 3}}}};
    const struct plot_axis axis = {.title = "x", .n = 2, .x = {0, 1}, .labels = {"0", "1"}};
    struct buf out;
    (void)state;
    buf_init(&out, OUT_BYTES_MAX);
    plot_lines(&out, "two", lines, 2, &axis, "y");
    assert_sound(&out);
    memset(lines[0].y, 0, sizeof lines[0].y);
    plot_lines(&out, "all zero", lines, 1, &axis, "y");
    assert_sound(&out);
    plot_lines(&out, "none", lines, 0, &axis, "y");
    assert_sound(&out);
    buf_fini(&out);
}

static void test_times(void **state)
{
    struct times t = {0};
    struct buf out;
    (void)state;
    buf_init(&out, OUT_BYTES_MAX);
    plot_times(&out, "none", &t);
    assert_sound(&out);
    times_add(&t, 1);
    plot_times(&out, "one", &t);
    assert_sound(&out);
    times_add(&t, 1e30);
    plot_times(&out, "from end to end", &t);
    assert_sound(&out);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_text), cmocka_unit_test(test_cut),
                                       cmocka_unit_test(test_bars), cmocka_unit_test(test_lines),
                                       cmocka_unit_test(test_times)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
