#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "rules/formats/stix_pattern.h"

static void show_literal(struct buf *out, const struct stix_literal *l)
{
    static const char kinds[] = "snbtBh";
    buf_printf(out, " %c:%.*s@%u", kinds[l->kind], (int)l->text.len, (const char *)l->text.ptr, l->at);
}

static void show(struct buf *out, const struct stix_node *n)
{
    static const char *const joins[] = {"", "or", "and", "AND", "THEN"};
    static const char *const operators[] = {
        "=", "!=", "<", "<=", ">", ">=", "in", "like", "matches", "subset", "superset", "exists"};
    const struct stix_comparison *c = &n->comparison;
    if (n->kind == STIX_COMPARISON) {
        buf_printf(out, "%s%.*s|%.*s %s", c->is_negated ? "not " : "", (int)c->object.len,
                   (const char *)c->object.ptr, (int)c->path.len, (const char *)c->path.ptr,
                   operators[c->op]);
        for (const struct stix_literal *l = c->literals; l; l = l->next)
            show_literal(out, l);
        return;
    }
    buf_printf(out, "%s(", joins[n->kind]);
    for (const struct stix_node *child = n->first; child; child = child->next) {
        show(out, child);
        buf_put_str(out, child->next ? ", " : ")");
    }
}

/* The tree, or "!byte fault". */
static void expect(const char *pattern, const char *want)
{
    struct stix_pattern p;
    struct buf out;
    size_t n = strlen(pattern);
    char *exact = malloc(n ? n : 1);
    assert_non_null(exact);
    memcpy(exact, pattern, n);
    buf_init(&out, 1 << 20);
    stix_pattern_init(&p);
    if (stix_pattern_read(&p, span_of(exact, n)))
        show(&out, p.root);
    else
        buf_printf(&out, "!%u %s", p.fault_at, p.fault);
    buf_put_byte(&out, 0);
    assert_string_equal((const char *)out.ptr, want);
    stix_pattern_fini(&p);
    buf_fini(&out);
    free(exact);
}

static void reads_comparisons(void **state)
{
    expect("[domain-name:value = 'evil.example']", "domain-name|value = s:evil.example@22");
    expect("[domain-name:value='a']", "domain-name|value = s:a@20");
    expect("[a:b == 1]", "a|b = n:1@8");
    expect("[a:b != 1]", "not a|b != n:1@8");
    expect("[a:b <> 1]", "not a|b != n:1@8");
    expect("[a:b NOT = 1]", "not a|b = n:1@11");
    expect("[a:b < -1]", "a|b < n:-1@7");
    expect("[a:b <= .5]", "a|b <= n:.5@8");
    expect("[a:b > +0.25]", "a|b > n:+0.25@7");
    expect("[a:b >= 0]", "a|b >= n:0@8");
    expect("[a:b IN ('x', 'y',3)]", "a|b in s:x@10 s:y@15 n:3@18");
    expect("[a:b NOT IN()]", "not a|b in");
    expect("[a:b LIKE'%x_']", "a|b like s:%x_@10");
    expect("[a:b MATCHES 'x']", "a|b matches s:x@14");
    expect("[a:b ISSUBSET '192.0.2.0/24']", "a|b subset s:192.0.2.0/24@15");
    expect("[a:b NOT ISSUPERSET 'x']", "not a|b superset s:x@21");
    expect("[EXISTS a:b.c]", "a|b.c exists");
    expect("[NOT EXISTS a:b]", "not a|b exists");
    expect("[a:b = true OR a:b = false]", "or(a|b = b:true@7, a|b = b:false@21)");
    expect("[a:b = t'2026-01-31T23:59:59.123Z']", "a|b = t:2026-01-31T23:59:59.123Z@9");
    expect("[a:b = h'00fF' OR a:b = b'AAAA']", "or(a|b = h:00fF@9, a|b = B:AAAA@26)");
}

static void reads_texts(void **state)
{
    expect("[a:b = 'it\\'s']", "a|b = s:it's@8");
    expect("[a:b = 'c:\\\\x']", "a|b = s:c:\\x@8");
    expect("[a:b MATCHES '^a\\.b$']", "a|b matches s:^a\\.b$@14");
    expect("[a:b = '']", "a|b = s:@8");
    expect("[a:b = 'x\xc3\xa9']", "a|b = s:x\xc3\xa9@8");
    expect("[a:b = 'x]", "!7 the quote is not closed");
    expect("[a:b = 'x\\']", "!7 the quote is not closed");
}

static void reads_paths(void **state)
{
    expect("[a:b.c.d = 1]", "a|b.c.d = n:1@11");
    expect("[a:b[*].c[0] = 1]", "a|b.c = n:1@15");
    expect("[a:b [ * ] . c = 1]", "a|b.c = n:1@17");
    expect("[x509-certificate:hashes.'SHA-1' = '0000000000000000000000000000000000000000']",
           "x509-certificate|hashes.SHA-1 = s:0000000000000000000000000000000000000000@36");
    expect("[a:'b c'.'it\\'s' = 1]", "a|b c.it's = n:1@19");
    expect("[a:b-c.d-e = 1]", "a|b-c.d-e = n:1@13");
    expect("[a.b = 1]", "!2 a colon between the object and its property is wanted here");
    expect("[a:.b = 1]", "!3 a text in single quotes is wanted here");
    expect("[a:b. = 1]", "!6 a text in single quotes is wanted here");
    expect("[a:b[x] = 1]", "!5 a number is wanted here");
    expect("[a:b[1 = 1]", "!7 the closing bracket of an index is wanted here");
    expect("['a':b = 1]", "!1 an object path as domain-name:value is wanted here");
}

static void joins(void **state)
{
    expect("[a:b=1 OR a:b=2 AND a:b=3 OR a:b=4]",
           "or(a|b = n:1@5, and(a|b = n:2@14, a|b = n:3@24), a|b = n:4@33)");
    expect("[(a:b=1 OR a:b=2) AND a:b=3]", "and(or(a|b = n:1@6, a|b = n:2@15), a|b = n:3@26)");
    expect("[a:b=1] OR [a:b=2] AND [a:b=3]", "or(a|b = n:1@5, AND(a|b = n:2@16, a|b = n:3@28))");
    expect("[a:b=1] FOLLOWEDBY [a:b=2] OR [a:b=3] FOLLOWEDBY [a:b=4]",
           "THEN(a|b = n:1@5, or(a|b = n:2@24, a|b = n:3@35), a|b = n:4@54)");
    expect("([a:b=1] OR ([a:b=2]))", "or(a|b = n:1@6, a|b = n:2@18)");
    expect("[a:b=1] or [a:b=2]", "!8 the pattern should end here");
    expect("[a:b=1 a:b=2]", "!7 AND, OR or the closing bracket is wanted here");
    expect("[(a:b=1]", "!7 AND, OR or the closing parenthesis is wanted here");
    expect("[a:b=1] OR", "!10 an observation in brackets is wanted here");
    expect("a:b = 1", "!0 an observation in brackets is wanted here");
    expect("", "!0 an observation in brackets is wanted here");
    expect("[a:b=1]]", "!7 the pattern should end here");
}

static void reads_qualifiers(void **state)
{
    struct stix_pattern p;
    stix_pattern_init(&p);
    assert_true(stix_pattern_read(&p, SPAN_LIT("[a:b=1] REPEATS 5 TIMES WITHIN 1.5 SECONDS")));
    assert_int_equal(p.qualifiers, STIX_REPEATS | STIX_WITHIN);
    assert_true(stix_pattern_read(&p, SPAN_LIT("([a:b=1] WITHIN 1 SECONDS) WITHIN 2 SECONDS")));
    assert_int_equal(p.qualifiers, STIX_WITHIN);
    assert_true(
        stix_pattern_read(&p, SPAN_LIT("[a:b=1] START t'2026-01-01T00:00:00Z' STOP '2026-01-02T00:00:00Z'")));
    assert_int_equal(p.qualifiers, STIX_START_STOP);
    assert_true(stix_pattern_read(&p, SPAN_LIT("[a:b=1]")));
    assert_int_equal(p.qualifiers, 0);
    stix_pattern_fini(&p);
    expect("[a:b=1] WITHIN SECONDS", "!15 a number is wanted here");
    expect("[a:b=1] WITHIN 5 HOURS", "!17 SECONDS is wanted here");
    expect("[a:b=1] WITHIN -5 SECONDS", "!15 a positive number is wanted here");
    expect("[a:b=1] REPEATS 1.5 TIMES", "!16 a positive number is wanted here");
    expect("[a:b=1] WITHIN 5 SECONDS WITHIN 6 SECONDS", "!25 the same qualifier twice");
    expect("[a:b=1] START 5 STOP 6", "!14 a time as t'2026-01-31T12:00:00Z' is wanted here");
    expect("[a:b=1] within 5 SECONDS", "!8 the pattern should end here");
}

static void refuses_literals(void **state)
{
    expect("[a:b = ]", "!7 a text in single quotes, a number, t'', b'', h'', true or false is wanted here");
    expect("[a:b = x]", "!7 a text in single quotes, a number, t'', b'', h'', true or false is wanted here");
    expect("[a:b =? 'x']",
           "!6 a text in single quotes, a number, t'', b'', h'', true or false is wanted here");
    expect("[a:b = 007]", "!7 a number is wanted here");
    expect("[a:b = 1.]", "!8 AND, OR or the closing bracket is wanted here");
    expect("[a:b = 12ab]", "!7 a number is wanted here");
    expect("[a:b = t'2026-13-01T00:00:00Z']", "!7 not a time as t'2026-01-31T12:00:00Z'");
    expect("[a:b = t'2026-01-01T00:00:00.Z']", "!7 not a time as t'2026-01-31T12:00:00Z'");
    expect("[a:b = t'2026-01-01T00:00:00']", "!7 not a time as t'2026-01-31T12:00:00Z'");
    expect("[a:b = b'====']", "!7 not Base64");
    expect("[a:b = b'AAA']", "!7 not Base64");
    expect("[a:b = h'0']", "!7 not pairs of hex digits");
    expect("[a:b > true]", "!7 true and false have no order");
    expect("[a:b LIKE 1]", "!10 a text in single quotes is wanted behind this operator");
    expect("[a:b IN 'x']", "!8 a set in parentheses is wanted here");
    expect("[a:b IN ('x' 'y')]", "!13 a comma or the closing parenthesis of the set is wanted here");
    expect("[a:b BETWEEN 1]", "!5 an operator as =, IN or LIKE is wanted here");
    expect("[NOT a:b = 1]", "!5 NOT stands behind the object path, or before EXISTS");
    expect("[file:hashes.MD5 = 'f00']", "!20 not a hash of the kind it is compared with");
    expect("[file:hashes.'sha-256' IN ('f00')]", "!28 not a hash of the kind it is compared with");
    expect("[file:hashes.MD5 LIKE 'f00%']", "file|hashes.MD5 like s:f00%@23");
    expect("[file:hashes.SSDEEP = '3:x']", "file|hashes.SSDEEP = s:3:x@23");
}

static void skips_blanks_and_comments(void **state)
{
    expect(" [ a : b = 1 ] ", "a|b = n:1@11");
    expect("[a:b\t\r\n=\v\f1]", "a|b = n:1@10");
    expect("[a:b\xc2\xa0=\xe2\x80\x89\xe3\x80\x80"
           "1]",
           "a|b = n:1@13");
    expect("[/* x */ a:b = // y\n 1]", "a|b = n:1@21");
    expect("[a:b = 1] // z", "a|b = n:1@7");
    expect("[a:b = 1] /* z", "!10 the pattern should end here");
    expect("[a:b = 1]\xc2\xa1", "!9 the pattern should end here");
}

/* `n` times `what` between a beginning and an end. */
static bool reads_repeated(const char *begin, const char *what, size_t n, const char *end,
                           const char **out_fault)
{
    struct stix_pattern p;
    struct buf text;
    buf_init(&text, 1 << 20);
    stix_pattern_init(&p);
    buf_put_str(&text, begin);
    for (size_t i = 0; i < n; i++)
        buf_put_str(&text, what);
    buf_put_str(&text, end);
    bool is_good = stix_pattern_read(&p, buf_span(&text));
    *out_fault = p.fault;
    stix_pattern_fini(&p);
    buf_fini(&text);
    return is_good;
}

static void is_bounded(void **state)
{
    const char *fault;
    assert_true(reads_repeated("[a:b=1", " OR a:b=1", 4095, "]", &fault));
    assert_false(reads_repeated("[a:b=1", " OR a:b=1", 4096, "]", &fault));
    assert_string_equal(fault, "more than 4096 comparisons");
    assert_false(reads_repeated("", "(", 65, "", &fault));
    assert_string_equal(fault, "more than 64 parentheses in each other");
    assert_false(reads_repeated("[", "(", 60000, "", &fault));
    assert_string_equal(fault, "more than 64 parentheses in each other");
    assert_false(reads_repeated("[a:b='", "x", 65536, "']", &fault));
    assert_string_equal(fault, "longer than 65536 bytes");
    assert_true(reads_repeated("[a:b='", "\\'", 30000, "']", &fault));
    assert_true(reads_repeated("[a:b IN (1", ",1", 30000, ")]", &fault));
    assert_true(reads_repeated("[a:b", "[*]", 20000, " = 1]", &fault));
    assert_true(reads_repeated("[a:b", ".'\\\\'", 10000, " = 1]", &fault));
}

/* A good pattern cut anywhere is none, but where only a qualifier or a blank is lost. */
static void is_cut_anywhere(void **state)
{
    static const char text[] =
        "([a:b[*].'c' NOT IN ('x', t'2026-01-01T00:00:00.5Z') AND (c:d LIKE 'y' OR EXISTS e:f)])";
    struct stix_pattern p;
    stix_pattern_init(&p);
    assert_true(stix_pattern_read(&p, span_str(text)));
    for (size_t n = 0; n + 1 < sizeof text; n++) {
        char *exact = malloc(n ? n : 1);
        assert_non_null(exact);
        memcpy(exact, text, n);
        assert_false(stix_pattern_read(&p, span_of(exact, n)));
        assert_true(p.fault && p.fault_at <= n);
        free(exact);
    }
    stix_pattern_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_comparisons), cmocka_unit_test(reads_texts),
        cmocka_unit_test(reads_paths),       cmocka_unit_test(joins),
        cmocka_unit_test(reads_qualifiers),  cmocka_unit_test(refuses_literals),
        cmocka_unit_test(is_bounded),        cmocka_unit_test(skips_blanks_and_comments),
        cmocka_unit_test(is_cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
