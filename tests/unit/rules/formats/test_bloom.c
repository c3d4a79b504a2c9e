/* formats/bloom.c: what a filter becomes, what is refused and what it costs then. */
#include "tests/unit/rules/list_harness.h"

#include "tests/unit/base/compress.h"
#include "tests/unit/rules/bloom_bytes.h"

static const char *const names[] = {"evil.example", "bot.example", NULL};

struct fixture {
    struct harness h;
    struct buf bytes;
    struct list_options o;
};

static void setup(struct fixture *f)
{
    harness_init(&f->h);
    buf_init(&f->bytes, 64 << 20);
    f->o = list_options_none();
}

static void teardown(struct fixture *f)
{
    buf_fini(&f->bytes);
    harness_fini(&f->h);
}

static void load(struct fixture *f)
{
    harness_load_bytes(&f->h, f->bytes.ptr, f->bytes.len, &f->o);
    buf_reset(&f->bytes);
}

static struct set_view view(const struct fixture *f)
{
    return set_view_of(f->h.set);
}

static void loads_a_filter(void **state)
{
    struct fixture f;
    setup(&f);
    bloom_bytes_put(&f.bytes, bloom_bytes_usual(), names);
    load(&f);
    assert_true(f.h.is_good);
    assert_int_equal(f.h.report.format, LIST_BLOOM);
    assert_int_equal(f.h.report.entries, 1);
    assert_int_equal(f.h.report.loaded, 1);
    assert_int_equal(f.h.report.by_type[IOC_BLOOM].loaded, 1);
    assert_int_equal(f.h.report.lines, 0);
    assert_string_equal(harness_notes(&f.h), "");
    assert_string_equal(harness_show(&f.h), "bloom suffix test @1\n");
    struct set_view v = view(&f);
    assert_int_equal(v.n_blooms, 1);
    assert_int_equal(v.n_bloom_words, 45);
    assert_int_equal(v.blooms[0].n_bits, 2875);
    assert_int_equal(v.blooms[0].n_hashes, 20);
    assert_int_equal(v.blooms[0].n_meant, 100);
    assert_int_equal(v.blooms[0].n_entered, 2);
    assert_true(v.blooms[0].rate == 1e-6);
    assert_int_equal(v.blooms[0].indicator, 0);
    assert_int_equal(f.h.report.bloom.n_set, 40);
    assert_int_equal(f.h.report.bloom.data_bytes, 0);
    teardown(&f);
}

/* Bits 389, 581, 871 and 959 of 1000, worked out elsewhere. */
static void keeps_the_bits(void **state)
{
    const char *const one[] = {"evil.example", NULL};
    struct bloom_bytes b = {.version = 1, .n = 50, .p = 0.01, .k = 4, .m = 1000};
    struct fixture f;
    setup(&f);
    bloom_bytes_put(&f.bytes, b, one);
    load(&f);
    struct set_view v = view(&f);
    assert_int_equal(v.n_bloom_words, 16);
    for (uint32_t i = 0; i < 16; i++) {
        uint64_t want = i == 389 / 64   ? UINT64_C(1) << 389 % 64
                        : i == 581 / 64 ? UINT64_C(1) << 581 % 64
                        : i == 871 / 64 ? UINT64_C(1) << 871 % 64
                        : i == 959 / 64 ? UINT64_C(1) << 959 % 64
                                        : 0;
        assert_true(v.bloom_words[i] == want);
    }
    teardown(&f);
}

static void takes_options(void **state)
{
    struct fixture f;
    struct span tags[] = {SPAN_LIT("c2")};
    setup(&f);
    f.o.name = SPAN_LIT("partner");
    f.o.tlp = TLP_AMBER;
    f.o.context.organisation = SPAN_LIT("CSIRT Example");
    f.o.context.confidence = 60;
    f.o.context.valid_until = 1735689600; /* 2025-01-01 */
    f.o.tags[0] = tags[0];
    f.o.n_tags = 1;
    f.o.fields = FIELD_BIT(FIELD_IP_DST);
    f.o.has_match = true;
    f.o.match = MATCH_EXACT;
    bloom_bytes_put(&f.bytes, bloom_bytes_usual(), names);
    buf_put_str(&f.bytes, "  Names of the day,\nZ\xc3\xbcrich \n");
    load(&f);
    assert_string_equal(harness_show(&f.h),
                        "bloom exact partner fields=20000 @1 tlp=amber conf=60 until=2025-01-01T00:00:00 "
                        "org=CSIRT Example desc=Names of the day,\nZ\xc3\xbcrich tag=c2\n");
    assert_int_equal(f.h.report.expired, 1);
    assert_int_equal(f.h.report.bloom.data_bytes, 29);
    teardown(&f);
}

/* A match that does not go with a filter, and a type, are for other lists of the argument. */
static void passes_over_other_options(void **state)
{
    struct fixture f;
    setup(&f);
    f.o.has_match = f.o.has_type = true;
    f.o.match = MATCH_PREFIX;
    f.o.type = IOC_DOMAIN;
    bloom_bytes_put(&f.bytes, bloom_bytes_usual(), names);
    load(&f);
    assert_string_equal(harness_show(&f.h), "bloom suffix test @1\n");
    teardown(&f);
}

static void data_that_is_no_text_is_left_out(void **state)
{
    static const struct span data[] = {SPAN_LIT("\0abc"), SPAN_LIT("abc\x1b[31m"), SPAN_LIT("caf\xe9"),
                                       SPAN_LIT("a\x7f"), SPAN_LIT("\xc3"),        SPAN_LIT("\xed\x20\x20")};
    for (size_t i = 0; i < sizeof data / sizeof *data; i++) {
        struct fixture f;
        setup(&f);
        f.o.context.description = SPAN_LIT("as the user says");
        bloom_bytes_put(&f.bytes, bloom_bytes_usual(), names);
        buf_put(&f.bytes, data[i]);
        load(&f);
        assert_string_equal(harness_show(&f.h), "bloom suffix test @1 desc=as the user says\n");
        assert_int_equal(f.h.report.bloom.data_bytes, data[i].len);
        teardown(&f);
    }
}

static void long_data_is_cut(void **state)
{
    struct fixture f;
    setup(&f);
    bloom_bytes_put(&f.bytes, bloom_bytes_usual(), names);
    for (int i = 0; i < 100000; i++)
        buf_put_str(&f.bytes, "\xe2\x82\xac");
    load(&f);
    struct set_view v = view(&f);
    assert_int_equal(v.contexts[0].description.len, LOAD_TEXT_MAX / 3 * 3);
    assert_int_equal(f.h.report.bloom.data_bytes, 300000);
    teardown(&f);
}

static void compressed_is_the_same(void **state)
{
    struct fixture f;
    size_t n;
    setup(&f);
    bloom_bytes_put(&f.bytes, bloom_bytes_usual(), names);
    uint8_t *packed = compress_gzip(f.bytes.ptr, f.bytes.len, &n);
    load(&f);
    harness_load_bytes(&f.h, packed, n, &f.o);
    assert_int_equal(f.h.report.merged, 1);
    assert_int_equal(view(&f).n_blooms, 1);
    assert_int_equal(view(&f).n_bloom_words, 45);
    /* Cut short, or its checksum wrong: nothing of it is taken. */
    for (size_t cut = n - 9; cut < n; cut++) {
        f.o.name = SPAN_LIT("cut");
        harness_load_bytes(&f.h, packed, cut, &f.o);
        assert_false(f.h.is_good);
        assert_true(f.h.report.is_unreadable);
        assert_int_equal(f.h.report.entries, 0);
        assert_int_equal(view(&f).n_bloom_words, 45);
    }
    packed[n - 8] ^= 1;
    harness_load_bytes(&f.h, packed, n, &f.o);
    assert_true(f.h.report.is_unreadable);
    assert_int_equal(view(&f).n_blooms, 1);
    free(packed);
    teardown(&f);
}

/* ---- several ---- */

static void load_named(struct fixture *f, const char *name, const char *const *values)
{
    f->o.name = span_str(name);
    bloom_bytes_put(&f->bytes, bloom_bytes_usual(), values);
    load(f);
}

static void merges_by_bits(void **state)
{
    const char *const others[] = {"other.example", NULL};
    struct fixture f;
    setup(&f);
    load_named(&f, "a", names);
    load_named(&f, "b", names); /* the same bits: one indicator, which both lists name */
    assert_int_equal(f.h.report.merged, 1);
    load_named(&f, "a", others); /* the same name: an indicator of its own all the same */
    assert_int_equal(f.h.report.loaded, 1);
    load_named(&f, "a (2)", names);
    assert_int_equal(f.h.report.merged, 1);
    f.o.has_match = true;
    f.o.match = MATCH_EXACT;
    load_named(&f, "c", names); /* looked for in another way */
    assert_string_equal(harness_show(&f.h), "bloom suffix a @1 @1 @1\n"
                                            "bloom suffix a (2) @1\n"
                                            "bloom exact c @1\n");
    struct set_view v = view(&f);
    assert_int_equal(v.n_blooms, 3);
    assert_int_equal(v.n_bloom_words, 3 * 45);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(v.blooms[i].first_word, i * 45);
        assert_int_equal(v.blooms[i].indicator, i);
    }
    teardown(&f);
}

static void a_refused_one_leaves_nothing(void **state)
{
    const char *const others[] = {"other.example", NULL};
    struct fixture f;
    setup(&f);
    load_named(&f, "a", names);
    bloom_bytes_put(&f.bytes, bloom_bytes_usual(), others);
    memset(f.bytes.ptr + 48, 0xff, f.bytes.len - 60); /* bits that the next one must not see */
    f.bytes.len -= 8;
    load(&f);
    assert_int_equal(f.h.report.by_reason[REJECT_TRUNCATED], 1);
    load_named(&f, "b", others);
    struct set_view v = view(&f);
    uint64_t n_set = 0;
    assert_int_equal(v.n_blooms, 2);
    assert_int_equal(v.n_bloom_words, 90);
    for (uint32_t i = 45; i < 90; i++)
        n_set += (uint64_t)__builtin_popcountll(v.bloom_words[i]);
    assert_int_equal(n_set, 20);
    teardown(&f);
}

static void odd_names_of_lists(void **state)
{
    struct fixture f;
    setup(&f);
    load_named(&f, " \t ", names);
    char *name = calloc(1, 70001);
    memset(name, 'x', 70000);
    const char *const others[] = {"other.example", NULL};
    load_named(&f, name, others);
    struct set_view v = view(&f);
    assert_true(span_eq(set_value(&v, 0), SPAN_LIT("bloom")));
    assert_int_equal(v.indicators[1].value_len, LOAD_TEXT_MAX);
    free(name);
    teardown(&f);
}

/* ---- what is refused ---- */

static void refuse(struct bloom_bytes b, enum reject reason, const char *note)
{
    struct fixture f;
    setup(&f);
    bloom_bytes_put_head(&f.bytes, &b);
    for (int i = 0; i < 45; i++)
        bloom_bytes_put_number(&f.bytes, 1);
    load(&f);
    assert_true(f.h.is_good);
    assert_int_equal(f.h.report.format, LIST_BLOOM);
    assert_int_equal(f.h.report.entries, 1);
    assert_int_equal(f.h.report.by_reason[reason], 1);
    assert_int_equal(f.h.report.by_type[IOC_BLOOM].skipped, 1);
    assert_string_equal(harness_notes(&f.h), note);
    assert_int_equal(view(&f).n_blooms + view(&f).n_indicators + view(&f).n_bloom_words, 0);
    teardown(&f);
}

static struct bloom_bytes with_k(uint64_t k)
{
    struct bloom_bytes b = bloom_bytes_usual();
    b.k = k;
    return b;
}

static struct bloom_bytes with_m(uint64_t m)
{
    struct bloom_bytes b = bloom_bytes_usual();
    b.m = m;
    return b;
}

static struct bloom_bytes with_p(double p)
{
    struct bloom_bytes b = bloom_bytes_usual();
    b.p = p;
    return b;
}

static void refuses_heads(void **state)
{
    struct bloom_bytes other_version = bloom_bytes_usual(), no_room = bloom_bytes_usual();
    other_version.version = 2;
    no_room.n = 0;
    refuse(other_version, REJECT_BAD_VERSION, "1:1: version 2, and only version 1 is read; filter skipped\n");
    refuse(with_k(0), REJECT_BAD_PARAMETERS,
           "1:1: k, the bits for each value, is 0; 1 to 64 fit; filter skipped\n");
    refuse(with_k(65), REJECT_BAD_PARAMETERS,
           "1:1: k, the bits for each value, is 65; 1 to 64 fit; filter skipped\n");
    refuse(with_k(UINT64_C(1) << 63), REJECT_BAD_PARAMETERS,
           "1:1: k, the bits for each value, is 9223372036854775808; 1 to 64 fit; filter skipped\n");
    refuse(with_k((UINT64_C(1) << 32) + 1), REJECT_BAD_PARAMETERS,
           "1:1: k, the bits for each value, is 4294967297; 1 to 64 fit; filter skipped\n");
    refuse(with_m(0), REJECT_BAD_PARAMETERS,
           "1:1: it has m = 0 bits for n = 100 values and p = 1e-06; m and n are at least 1, p lies between "
           "0 and 1; filter "
           "skipped\n");
    refuse(no_room, REJECT_BAD_PARAMETERS,
           "1:1: it has m = 2875 bits for n = 0 values and p = 1e-06; m and n are at least 1, p lies between "
           "0 and 1; filter "
           "skipped\n");
    refuse(with_m(UINT64_MAX), REJECT_BAD_PARAMETERS,
           "1:1: with its 18446744073709551615 bits all filters together would take more than 1024 MiB; "
           "filter skipped\n");
    refuse(
        with_m((UINT64_C(1) << 33) + 1), REJECT_BAD_PARAMETERS,
        "1:1: with its 8589934593 bits all filters together would take more than 1024 MiB; filter skipped\n");
    refuse(with_m(UINT64_C(1) << 33), REJECT_TRUNCATED,
           "1:1: 360 of 1073741824 bytes of its bits are there; filter skipped\n");
    refuse(with_m(2881), REJECT_TRUNCATED, "1:1: 360 of 368 bytes of its bits are there; filter skipped\n");
}

static void refuses_rates(void **state)
{
    const double bad[] = {0, -1e-6, 1, 2, 1.0 / 0.0, -1.0 / 0.0};
    for (size_t i = 0; i <= sizeof bad / sizeof *bad; i++) {
        struct fixture f;
        struct bloom_bytes b = with_p(i < sizeof bad / sizeof *bad ? bad[i] : 0.0 / 0.0);
        setup(&f);
        bloom_bytes_put(&f.bytes, b, names);
        load(&f);
        assert_int_equal(f.h.report.by_reason[REJECT_BAD_PARAMETERS], 1);
        assert_int_equal(view(&f).n_blooms, 0);
        teardown(&f);
    }
}

static void refuses_every_cut(void **state)
{
    struct fixture f;
    setup(&f);
    bloom_bytes_put(&f.bytes, bloom_bytes_usual(), names);
    for (size_t n = 8; n < f.bytes.len; n++) {
        harness_load_bytes(&f.h, f.bytes.ptr, n, &f.o);
        assert_int_equal(f.h.report.by_reason[REJECT_TRUNCATED], 1);
        assert_int_equal(view(&f).n_bloom_words + view(&f).n_indicators, 0);
    }
    teardown(&f);
}

static void refuses_to_allow(void **state)
{
    struct fixture f;
    setup(&f);
    f.o.is_allow = true;
    bloom_bytes_put(&f.bytes, bloom_bytes_usual(), names);
    load(&f);
    assert_int_equal(f.h.report.allowed, 0);
    assert_int_equal(f.h.report.by_reason[REJECT_BAD_PARAMETERS], 1);
    assert_string_equal(harness_notes(&f.h),
                        "1:1: a Bloom filter can't allow: it would hide what it takes for one of its values "
                        "by mistake; filter skipped\n");
    teardown(&f);
}

/* ---- how full ---- */

/* The first `n_set` of 1000 bits are 1. */
static void load_full(struct fixture *f, uint64_t n_set, uint64_t k, double p)
{
    struct bloom_bytes b = {.version = 1, .n = 10, .p = p, .k = k, .m = 1000};
    bloom_bytes_put_head(&f->bytes, &b);
    for (uint64_t i = 0; i < 16; i++) {
        uint64_t left = n_set > i * 64 ? n_set - i * 64 : 0;
        bloom_bytes_put_number(&f->bytes, left >= 64 ? UINT64_MAX : (UINT64_C(1) << left) - 1);
    }
    load(f);
}

static void expect_full(uint64_t n_set, uint64_t k, double p, bool is_loaded, const char *note)
{
    struct fixture f;
    setup(&f);
    load_full(&f, n_set, k, p);
    assert_string_equal(harness_notes(&f.h), note);
    assert_int_equal(f.h.report.loaded, is_loaded);
    assert_int_equal(f.h.report.rejected, !is_loaded);
    assert_int_equal(view(&f).n_bloom_words, is_loaded ? 16 : 0);
    assert_int_equal(f.h.report.bloom.n_set, n_set);
    teardown(&f);
}

static void says_when_it_is_too_full(void **state)
{
    expect_full(0, 10, 0.001, true, "");
    expect_full(500, 10, 0.001, true, "");
    expect_full(600, 10, 0.001, true, "");
    expect_full(601, 10, 0.001, true,
                "1:1: 60% of its bits are set: one name in 163 will hit without being in it, and not one in "
                "1000, as it says\n");
    expect_full(500, 10, 1e-6, true,
                "1:1: 50% of its bits are set: one name in 1024 will hit without being in it, and not one in "
                "1000000, as it "
                "says\n");
    expect_full(
        1000, 10, 0.001, false,
        "1:1: 100% of its bits are set: one name in 1.0 would hit without being in it; filter skipped\n");
    expect_full(
        101, 1, 0.5, false,
        "1:1: 10% of its bits are set: one name in 9.9 would hit without being in it; filter skipped\n");
    expect_full(1, 50, 1e-300, true, "");
}

/* Bits past the last are none: not counted, and equal filters stay equal. */
static void bits_past_the_end(void **state)
{
    struct fixture f;
    setup(&f);
    load_named(&f, "a", names);
    bloom_bytes_put(&f.bytes, bloom_bytes_usual(), names);
    f.bytes.ptr[f.bytes.len - 1] |= 0x80;
    load(&f);
    assert_int_equal(f.h.report.merged, 1);
    assert_int_equal(f.h.report.bloom.n_set, 40);
    teardown(&f);
}

/* ---- telling it from other files ---- */

static enum list_format format_of(const void *bytes, size_t n)
{
    struct harness h;
    harness_init(&h);
    harness_load_bytes(&h, bytes, n, NULL);
    enum list_format format = h.report.format;
    harness_fini(&h);
    return format;
}

static void is_told_by_its_head(void **state)
{
    assert_int_equal(format_of("\1\0\0\0\0\0\0\0", 8), LIST_BLOOM);
    assert_int_equal(format_of("\1\0\0\0\0\0\0", 7), LIST_TEXT);
    assert_int_equal(format_of("\0\0\0\0\0\0\0\0", 8), LIST_TEXT);
    assert_int_equal(format_of("\1\0\0\0\0\0\0\1", 8), LIST_TEXT);
    assert_int_equal(format_of("1\0\0\0\0\0\0\0", 8), LIST_TEXT);
    assert_int_equal(format_of("e\0v\0i\0l\0.\0e\0x\0", 14), LIST_AUTO); /* UTF-16 */
    assert_int_equal(format_of("\xff\xfe\1\0\0\0\0\0\0\0\0\0", 12), LIST_AUTO);
}

/* A head whose every other byte is zero, as in UTF-16, is a filter's all the same: its second number of 16 bits is 0. */
static void is_not_taken_for_utf16(void **state)
{
    struct bloom_bytes b = {.version = 1,
                            .n = UINT64_C(0x0001000100010001),
                            .k = 1,
                            .m = 1000,
                            .entered = UINT64_C(0x0002000200020002)};
    const uint64_t p = UINT64_C(0x0011001100110011);
    struct fixture f;
    setup(&f);
    memcpy(&b.p, &p, sizeof p);
    bloom_bytes_put_head(&f.bytes, &b);
    for (int i = 0; i < 16; i++)
        bloom_bytes_put_number(&f.bytes, UINT64_C(0x0001000100010001) * (i < 9));
    load(&f);
    assert_int_equal(f.h.report.format, LIST_BLOOM);
    assert_int_equal(f.h.report.by_reason[REJECT_UTF16_FILE], 0);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_a_filter),
        cmocka_unit_test(keeps_the_bits),
        cmocka_unit_test(takes_options),
        cmocka_unit_test(passes_over_other_options),
        cmocka_unit_test(data_that_is_no_text_is_left_out),
        cmocka_unit_test(long_data_is_cut),
        cmocka_unit_test(compressed_is_the_same),
        cmocka_unit_test(merges_by_bits),
        cmocka_unit_test(a_refused_one_leaves_nothing),
        cmocka_unit_test(odd_names_of_lists),
        cmocka_unit_test(refuses_heads),
        cmocka_unit_test(refuses_rates),
        cmocka_unit_test(refuses_every_cut),
        cmocka_unit_test(refuses_to_allow),
        cmocka_unit_test(says_when_it_is_too_full),
        cmocka_unit_test(bits_past_the_end),
        cmocka_unit_test(is_told_by_its_head),
        cmocka_unit_test(is_not_taken_for_utf16),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
