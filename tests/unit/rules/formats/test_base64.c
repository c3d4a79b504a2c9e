#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rules/formats/base64.h"

/* Decode into a block of exactly the promised size, so that one byte too far is seen. */
static void expect(const char *text, bool is_good, const char *decoded)
{
    struct span in = span_str(text);
    uint8_t *room = malloc(base64_room(in.len) + !base64_room(in.len));
    size_t n = 0;
    assert_non_null(room);
    assert_int_equal(base64_decode(in, room, &n), is_good);
    if (is_good)
        assert_true(span_eq(span_of(room, n), span_str(decoded)));
    free(room);
}

static void decodes(void **state)
{
    expect("", true, "");
    expect("Zg==", true, "f");
    expect("Zm8=", true, "fo");
    expect("Zm9v", true, "foo");
    expect("Zm9vYg==", true, "foob");
    expect("Pj4+Pz8/", true, ">>>???");
}

static void refuses(void **state)
{
    static const char *const bad[] = {"Z",    "Zg",     "Zg=",  "Zm9",  "Zg==Zg==", "Z===", "====",
                                      "Zm 9", "Zm9v\n", "Zm9-", "Zm9!", "=m9v",     "Zm9v="};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect(bad[i], false, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(decodes), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
