/* uuid5.c: SHA-1 as its standard has it, identifiers of version 5, and telling them apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "rules/writers/uuid5.h"

/* A name in the name space, whole and in pieces, across the ends of blocks: as Python's uuid.uuid5() has them. */
static void expect(size_t n, const char *wanted)
{
    char name[256], got[UUID_TEXT];
    memset(name, 'a', sizeof name);
    for (size_t piece = 1; piece <= n + 1; piece++) {
        struct uuid5 u;
        uuid5_init(&u);
        for (size_t at = 0; at < n; at += piece)
            uuid5_add(&u, span_of(name + at, n - at < piece ? n - at : piece));
        uuid5_end(&u, got);
        assert_memory_equal(got, wanted, UUID_TEXT);
    }
}

static void is_sha1(void **state)
{
    expect(0, "828a255d-6337-562b-8bbf-95e532e6e80e");
    expect(3, "4c7db627-1ad5-5ec9-90e9-0b2ce31bc30a");
    expect(39, "bb591adf-f639-5b4c-8ea2-613760578de9");
    expect(40, "08f45f6d-5006-58c2-bec1-17b9202f80cc");
    expect(47, "14953a8f-1c44-5d06-8d1e-ea45d471f75f");
    expect(48, "c04690b0-c698-501b-9de4-1bba2ca74dc2");
    expect(200, "01cdc958-82b0-5514-9ae4-fc41053e3ef8");
}

static void tells_pieces_apart(void **state)
{
    struct uuid5 a, b;
    char uuid_a[UUID_TEXT], uuid_b[UUID_TEXT];
    uuid5_init(&a);
    uuid5_init(&b);
    uuid5_add_text(&a, SPAN_LIT("ab"));
    uuid5_add_text(&a, SPAN_LIT("c"));
    uuid5_add_text(&b, SPAN_LIT("a"));
    uuid5_add_text(&b, SPAN_LIT("bc"));
    uuid5_end(&a, uuid_a);
    uuid5_end(&b, uuid_b);
    assert_memory_not_equal(uuid_a, uuid_b, UUID_TEXT);
}

static void finds_one_in_an_identifier(void **state)
{
    struct span found;
    assert_true(uuid_in(SPAN_LIT("0188e6f4-aaaa-4bbb-8ccc-0123456789ab"), &found));
    assert_true(uuid_in(SPAN_LIT("indicator--0188e6f4-aaaa-4bbb-8ccc-0123456789ab"), &found));
    assert_true(span_eq(found, SPAN_LIT("0188e6f4-aaaa-4bbb-8ccc-0123456789ab")));
    assert_false(uuid_in(SPAN_LIT("--0188e6f4-aaaa-4bbb-8ccc-0123456789ab"), &found));
    assert_false(uuid_in(SPAN_LIT("x0188e6f4-aaaa-4bbb-8ccc-0123456789ab"), &found));
    assert_false(uuid_in(SPAN_LIT("0188e6f4-aaaa-4bbb-8ccc-0123456789aB"), &found));
    assert_false(uuid_in(SPAN_LIT("0188e6f4aaaaa-4bbb-8ccc-0123456789ab"), &found));
    assert_false(uuid_in(SPAN_LIT("188e6f4-aaaa-4bbb-8ccc-0123456789ab"), &found));
}

static void remembers(void **state)
{
    struct uuid_set s;
    uuid_set_init(&s);
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 5000; i++) {
            char uuid[UUID_TEXT + 1];
            bool is_new;
            snprintf(uuid, sizeof uuid, "0188e6f4-aaaa-4bbb-8ccc-%012x", i);
            assert_true(uuid_set_add(&s, uuid, &is_new));
            assert_int_equal(is_new, round == 0);
        }
    }
    uuid_set_fini(&s);
    uuid_set_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_sha1),
        cmocka_unit_test(tells_pieces_apart),
        cmocka_unit_test(finds_one_in_an_identifier),
        cmocka_unit_test(remembers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
