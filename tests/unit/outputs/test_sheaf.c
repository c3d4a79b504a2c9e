/* sheaf.c: lines and keys come out as they went in; what does not fit leaves no trace; what is not sound is told. */
#include "outputs/sheaf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_in_and_out(void **state)
{
    struct sheaf s;
    struct span line, key;
    sheaf_init(&s, 1 << 16);
    assert_true(sheaf_put(&s, SPAN_LIT("one\n"), SPAN_LIT("k")));
    assert_true(sheaf_put(&s, SPAN_LIT("two\n"), SPAN_LIT("")));
    struct sheaf_left left = sheaf_all(&s);
    assert_true(sheaf_are_sound(left));
    assert_true(sheaf_first(&left, &line, &key));
    assert_true(span_eq(line, SPAN_LIT("one\n")) && span_eq(key, SPAN_LIT("k")));
    sheaf_drop(&left);
    assert_true(sheaf_first(&left, &line, &key));
    assert_true(span_eq(line, SPAN_LIT("two\n")) && key.len == 0);
    sheaf_drop(&left);
    assert_false(sheaf_first(&left, &line, &key));
    sheaf_drop(&left);
    assert_int_equal(left.n, 0);
    sheaf_fini(&s);
}

static void test_full(void **state)
{
    struct sheaf s, small;
    sheaf_init(&s, 64);
    assert_true(sheaf_put(&s, SPAN_LIT("0123456789\n"), SPAN_LIT("")));
    char big[80];
    memset(big, 'a', sizeof big - 1);
    big[sizeof big - 1] = '\n';
    assert_false(sheaf_put(&s, span_of(big, sizeof big), SPAN_LIT("")));
    assert_int_equal(s.n, 1);
    assert_true(sheaf_put(&s, SPAN_LIT("again\n"), SPAN_LIT("")));
    sheaf_init(&small, 12);
    struct sheaf_left left = sheaf_all(&s);
    sheaf_move(&small, &left);
    assert_int_equal(small.n, 1);
    assert_int_equal(left.n, 1);
    assert_true(sheaf_are_sound(sheaf_all(&small)));
    sheaf_fini(&small);
    sheaf_fini(&s);
}

/* A key of more than its length byte tells is cut. */
static void test_long_key(void **state)
{
    struct sheaf s;
    struct span line, key;
    char k[300];
    memset(k, 'k', sizeof k);
    sheaf_init(&s, 1 << 16);
    assert_true(sheaf_put(&s, SPAN_LIT("x\n"), span_of(k, sizeof k)));
    struct sheaf_left left = sheaf_all(&s);
    assert_true(sheaf_first(&left, &line, &key));
    assert_int_equal(key.len, LINE_KEY_MAX);
    sheaf_fini(&s);
}

/* Cut anywhere, or any byte of the marks another: never sound, or nothing that was not there. */
static void test_unsound(void **state)
{
    struct sheaf s;
    sheaf_init(&s, 1 << 16);
    sheaf_put(&s, SPAN_LIT("one\n"), SPAN_LIT("k"));
    sheaf_put(&s, SPAN_LIT("three\n"), SPAN_LIT("key"));
    for (size_t n = 0; n < s.text.len; n++) {
        struct sheaf_left left = sheaf_all(&s);
        left.text.len = n;
        assert_false(sheaf_are_sound(left));
    }
    for (size_t n = 0; n < s.marks.len; n++) {
        struct sheaf_left left = sheaf_all(&s);
        left.marks.len = n;
        assert_false(sheaf_are_sound(left));
    }
    struct sheaf_left more = sheaf_all(&s);
    more.n++;
    assert_false(sheaf_are_sound(more));
    s.text.ptr[5] = '\n'; /* a line within a line */
    assert_false(sheaf_are_sound(sheaf_all(&s)));
    sheaf_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_in_and_out), cmocka_unit_test(test_full),
                                       cmocka_unit_test(test_long_key), cmocka_unit_test(test_unsound)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
