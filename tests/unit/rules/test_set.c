#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rules/set.h"

static const struct context_in nothing = {
    .valid_from = INT64_MIN, .valid_until = INT64_MAX, .confidence = -1};

static struct indicator_in domain(const char *name)
{
    return (struct indicator_in){
        .type = IOC_DOMAIN, .match = MATCH_SUFFIX, .fields = 1, .value = span_str(name)};
}

static uint32_t add_list(struct set *s, const char *name)
{
    uint32_t list = 4711;
    assert_true(set_add_list(s, span_str(name), span_str("path"), &list, NULL));
    return list;
}

static uint32_t add_context(struct set *s, const struct context_in *c)
{
    uint32_t context = 4711;
    assert_true(set_add_context(s, c, &context, NULL));
    return context;
}

static bool add(struct set *s, struct indicator_in in, uint32_t list, uint32_t line, uint32_t context)
{
    bool is_new;
    assert_true(set_add(s, &in, list, line, context, &is_new, NULL));
    return is_new;
}

static uint32_t count_origins(const struct set_view *v, uint32_t indicator)
{
    uint32_t n = 0;
    for (uint32_t o = v->indicators[indicator].origins; o != ORIGIN_END; o = v->origins[o].next)
        n++;
    return n;
}

static void starts_empty(void **state)
{
    struct set *s = set_new();
    struct set_view v = set_view_of(s);
    assert_int_equal(v.n_indicators + v.n_origins + v.n_contexts + v.n_lists + v.n_tags + v.pool_bytes, 0);
    set_seal(s);
    v = set_view_of(s);
    assert_int_equal(v.n_indicators, 0);
    set_free(s);
    set_free(NULL);
}

static void merges(void **state)
{
    struct set *s = set_new();
    uint32_t a = add_list(s, "a"), b = add_list(s, "b"), c = add_context(s, &nothing);
    assert_true(add(s, domain("evil.example"), a, 1, c));
    assert_false(add(s, domain("evil.example"), b, 7, c));
    assert_false(add(s, domain("evil.example"), a, 9, c)); /* same list, same context: not said twice */
    assert_true(add(s, domain("evil.exampl"), a, 2, c));
    struct set_view v = set_view_of(s);
    assert_int_equal(v.n_indicators, 2);
    assert_int_equal(v.n_origins, 3);
    assert_int_equal(count_origins(&v, 0), 2);
    const struct origin *o = &v.origins[v.indicators[0].origins];
    assert_int_equal(o->list, a);
    assert_int_equal(o->line, 1);
    o = &v.origins[o->next];
    assert_int_equal(o->list, b);
    assert_int_equal(o->line, 7);
    assert_int_equal(o->next, ORIGIN_END);
    set_free(s);
}

static void tells_apart_by_every_part_of_the_key(void **state)
{
    struct set *s = set_new();
    uint32_t list = add_list(s, "a"), c = add_context(s, &nothing);
    struct indicator_in in[7];
    for (int i = 0; i < 7; i++)
        in[i] = domain("evil.example");
    in[1].match = MATCH_EXACT;
    in[2].fields = 2;
    in[3].port = 80;
    in[4].type = IOC_HOSTPATH;
    in[5].flags = IOC_F_CASELESS;
    in[6].value = SPAN_LIT("evil.exampla");
    for (int i = 0; i < 7; i++)
        assert_true(add(s, in[i], list, 1, c));
    for (int i = 0; i < 7; i++)
        assert_false(add(s, in[i], list, 1, c));
    struct set_view v = set_view_of(s);
    for (uint32_t i = 0; i < 7; i++) {
        assert_int_equal(v.indicators[i].type, in[i].type);
        assert_int_equal(v.indicators[i].match, in[i].match);
        assert_int_equal(v.indicators[i].fields, in[i].fields);
        assert_int_equal(v.indicators[i].port, in[i].port);
        assert_int_equal(v.indicators[i].flags, in[i].flags);
        assert_int_equal(v.indicators[i].allowed_by, 0);
        assert_true(span_eq(set_value(&v, i), in[i].value));
    }
    set_free(s);
}

/* That a name was made exact is remembered, whoever said it first. */
static void joins_flags(void **state)
{
    struct set *s = set_new();
    uint32_t list = add_list(s, "a"), c = add_context(s, &nothing);
    struct indicator_in in = domain("co.uk");
    assert_true(add(s, in, list, 1, c));
    in.flags = IOC_F_PUBLIC_SUFFIX;
    assert_false(add(s, in, list, 2, c));
    assert_int_equal(set_view_of(s).indicators[0].flags, IOC_F_PUBLIC_SUFFIX);
    set_free(s);
}

static void shares_contexts(void **state)
{
    struct set *s = set_new();
    struct span tags[] = {SPAN_LIT("c2"), SPAN_LIT("emotet")}, swapped[] = {tags[1], tags[0]};
    struct context_in c = {.organisation = SPAN_LIT("org"),
                           .reference = SPAN_LIT("ref"),
                           .description = SPAN_LIT("desc"),
                           .id = SPAN_LIT("id"),
                           .tags = tags,
                           .n_tags = 2,
                           .valid_from = 1,
                           .valid_until = 2,
                           .tlp = TLP_RED,
                           .confidence = 80};
    uint32_t first = add_context(s, &c);
    assert_int_equal(add_context(s, &c), first);
    struct context_in others[10];
    for (int i = 0; i < 10; i++)
        others[i] = c;
    others[0].organisation = SPAN_LIT("orh");
    others[1].reference = SPAN_LIT("");
    others[2].description = SPAN_LIT("org");
    others[3].id = SPAN_LIT("di");
    others[4].n_tags = 1;
    others[5].tags = swapped;
    others[6].valid_from = 0;
    others[7].valid_until = 3;
    others[8].tlp = TLP_AMBER;
    others[9].confidence = -1;
    for (int i = 0; i < 10; i++)
        assert_int_equal(add_context(s, &others[i]), first + 1 + (uint32_t)i);
    for (int i = 0; i < 10; i++)
        assert_int_equal(add_context(s, &others[i]), first + 1 + (uint32_t)i);

    struct set_view v = set_view_of(s);
    assert_int_equal(v.n_contexts, 11);
    assert_int_equal(v.n_tags, 5); /* runs are shared: c2 emotet, c2, emotet c2 */
    const struct context *k = &v.contexts[first];
    assert_true(span_eq(set_text(&v, k->organisation), c.organisation));
    assert_true(span_eq(set_text(&v, k->reference), c.reference));
    assert_true(span_eq(set_text(&v, k->description), c.description));
    assert_true(span_eq(set_text(&v, k->id), c.id));
    assert_int_equal(k->n_tags, 2);
    assert_true(span_eq(set_text(&v, v.tags[k->tags + 1]), SPAN_LIT("emotet")));
    assert_int_equal(k->tlp, TLP_RED);
    assert_int_equal(k->confidence, 80);
    assert_int_equal(v.pool_bytes, strlen("org"
                                          "ref"
                                          "desc"
                                          "id"
                                          "c2"
                                          "emotet"
                                          "orh"
                                          "di"));
    set_free(s);
}

static void holds_its_time(void **state)
{
    struct set *s = set_new();
    struct context_in c = nothing;
    c.valid_from = 100;
    c.valid_until = 200;
    uint32_t list = add_list(s, "a"), k = add_context(s, &c);
    add(s, domain("evil.example"), list, 1, k);
    struct set_view v = set_view_of(s);
    assert_false(set_origin_holds(&v, v.origins, 99));
    assert_true(set_origin_holds(&v, v.origins, 100));
    assert_true(set_origin_holds(&v, v.origins, 199));
    assert_false(set_origin_holds(&v, v.origins, 200));
    set_free(s);
}

/* One indicator that a list names over and over: each context once, in the order read, in linear time. */
static void bears_long_chains(void **state)
{
    enum { N = 20000 };
    struct set *s = set_new();
    uint32_t list = add_list(s, "a"), other = add_list(s, "b"), contexts[N];
    for (uint32_t i = 0; i < N; i++) {
        struct context_in c = nothing;
        char text[16];
        snprintf(text, sizeof text, "%u", i);
        c.description = span_str(text);
        contexts[i] = add_context(s, &c);
    }
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < N; i++)
            assert_int_equal(add(s, domain("evil.example"), list, i + 1, contexts[i]), round == 0 && i == 0);
        add(s, domain("other.example"), list, 5, contexts[0]);
    }
    for (uint32_t i = 0; i < N; i += 2)
        add(s, domain("evil.example"), other, i, contexts[i]);
    struct set_view v = set_view_of(s);
    assert_int_equal(v.n_indicators, 2);
    assert_int_equal(count_origins(&v, 0), N + N / 2);
    assert_int_equal(count_origins(&v, 1), 1);
    uint32_t o = v.indicators[0].origins;
    for (uint32_t i = 0; i < N; i++, o = v.origins[o].next) {
        assert_int_equal(v.origins[o].line, i + 1);
        assert_int_equal(v.origins[o].context, contexts[i]);
    }
    for (uint32_t i = 0; i < N; i += 2, o = v.origins[o].next)
        assert_int_equal(v.origins[o].list, other);
    assert_int_equal(o, ORIGIN_END);
    set_free(s);
}

/* Many values through every growth of the arrays, one by one and in batches of odd sizes. */
static void grows(void **state)
{
    enum { N = 200000 };
    struct set *s = set_new();
    uint32_t list = add_list(s, "a"), c = add_context(s, &nothing);
    char names[97][24];
    struct set_entry entries[97];
    uint32_t n = 0;
    while (n < N) {
        size_t len = n % 97 + 1, n_done;
        for (size_t i = 0; i < len; i++) {
            int name_len = snprintf(names[i], sizeof names[i], "n%zu.example", (n + i) % (N / 2));
            entries[i] = (struct set_entry){.in = domain(names[i]), .line = n + (uint32_t)i, .context = c};
            entries[i].in.value.len = (size_t)name_len;
        }
        assert_true(set_add_many(s, entries, len, list, &n_done, NULL));
        assert_int_equal(n_done, len);
        n += (uint32_t)len;
    }
    struct set_view v = set_view_of(s);
    assert_int_equal(v.n_indicators, N / 2);
    set_seal(s);
    v = set_view_of(s);
    assert_int_equal(v.n_indicators, N / 2);
    assert_int_equal(v.n_origins, N / 2);
    for (uint32_t i = 0; i < v.n_indicators; i++) {
        char want[24];
        snprintf(want, sizeof want, "n%u.example", i);
        assert_true(span_eq(set_value(&v, i), span_str(want)));
        assert_int_equal(v.origins[v.indicators[i].origins].line, i);
    }
    set_free(s);
}

static void refuses_what_does_not_fit(void **state)
{
    struct set *s = set_new();
    struct err err = {0};
    uint32_t list = add_list(s, "a"), c = add_context(s, &nothing);
    uint8_t *big = malloc(UINT16_MAX + 1);
    memset(big, 'x', UINT16_MAX + 1);
    struct indicator_in in = domain("");
    bool is_new;
    in.value = span_of(big, UINT16_MAX + 1);
    assert_false(set_add(s, &in, list, 1, c, &is_new, &err));
    assert_false(is_new);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_int_equal(set_view_of(s).n_indicators, 0);
    in.value.len--;
    assert_true(add(s, in, list, 1, c));
    assert_int_equal(set_view_of(s).indicators[0].value_len, UINT16_MAX);

    struct context_in k = nothing;
    k.confidence = 1000;
    assert_int_equal(set_view_of(s).n_contexts, 1);
    add_context(s, &k);
    assert_int_equal(set_view_of(s).contexts[1].confidence, 100);
    free(big);
    set_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_empty),
        cmocka_unit_test(merges),
        cmocka_unit_test(tells_apart_by_every_part_of_the_key),
        cmocka_unit_test(joins_flags),
        cmocka_unit_test(shares_contexts),
        cmocka_unit_test(holds_its_time),
        cmocka_unit_test(bears_long_chains),
        cmocka_unit_test(grows),
        cmocka_unit_test(refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
