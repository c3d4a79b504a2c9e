/* x509.c: certificates made here, whole, cut at every byte, with lengths that lie, and names that would be taken for others. */
#include "sensor/extract/x509.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/sensor/extract/certificate.h"

static const struct der_plan usual = {
    .serial = {(const uint8_t *)"\x00\x9a\x01", 3},
    .cn = {(const uint8_t *)"www.evil.example", 16},
    .not_before = "260102030405Z",
    .not_after = "20510203040506Z",
    .alt_names = {(const uint8_t *)"\x82\x0c"
                                   "evil.example"
                                   "\x81\x01x"
                                   "\x87\x04\xc0\x00\x02\x01"
                                   "\x82\x00"
                                   "\x87\x03"
                                   "abc"
                                   "\x87\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
                                   "\x82\x01y",
                  51},
};

static struct der *plan_new(const struct der_plan *p)
{
    struct der *d = calloc(1, sizeof *d);
    assert_non_null(d);
    der_certificate(d, p);
    return d;
}

/* From a block of its exact size, so that one byte too far is seen; spans are put back into `in`. */
static enum verdict read_exactly(struct span in, struct x509 *out)
{
    uint8_t *exact = malloc(in.len ? in.len : 1);
    assert_non_null(exact);
    memcpy(exact, in.ptr, in.len);
    enum verdict v = x509_read(span_of(exact, in.len), out);
    struct span *const spans[] = {&out->serial, &out->issuer, &out->subject, &out->alt_names};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
        if (spans[i]->len)
            spans[i]->ptr = in.ptr + (spans[i]->ptr - exact);
    free(exact);
    return v;
}

static void assert_name(struct span name, const char *expected)
{
    uint8_t *text = malloc(X509_NAME_TEXT_MAX);
    assert_non_null(text);
    size_t len = x509_name_text(name, text);
    if (!span_eq(span_of(text, len), span_str(expected)))
        fail_msg("%.*s, and not %s", (int)len, (const char *)text, expected);
    free(text);
}

static void reads_all(void **state)
{
    (void)state;
    struct der *d = plan_new(&usual);
    struct x509 c;
    struct x509_alt_name n;
    assert_int_equal(read_exactly(der_span(d), &c), FIELD_FOUND);
    assert_true(span_eq(c.serial, usual.serial));
    assert_name(c.issuer, "C=XX, O=Example CA");
    assert_name(c.subject, "CN=www.evil.example");
    assert_int_equal(c.not_before, 1767323045);
    assert_int_equal(c.not_after, 2559009906);
    assert_int_equal(c.n_alt_names, 4);
    assert_false(c.is_cut);
    assert_true(x509_alt_name_take(&c.alt_names, &n) && !n.is_address &&
                span_eq(n.bytes, SPAN_LIT("evil.example")));
    assert_true(x509_alt_name_take(&c.alt_names, &n) && n.is_address &&
                span_eq(n.bytes, SPAN_LIT("\xc0\0\x02\x01")));
    assert_true(x509_alt_name_take(&c.alt_names, &n) && n.is_address && n.bytes.len == 16);
    assert_true(x509_alt_name_take(&c.alt_names, &n) && span_eq(n.bytes, SPAN_LIT("y")));
    assert_false(x509_alt_name_take(&c.alt_names, &n));
    free(d);
}

/* What a cut one says, the whole one says too. */
static void assert_part_of(const struct x509 *cut, const struct x509 *whole)
{
    assert_true(cut->serial.len == 0 || span_eq(cut->serial, whole->serial));
    assert_true(cut->issuer.len == 0 || span_eq(cut->issuer, whole->issuer));
    assert_true(cut->subject.len == 0 || span_eq(cut->subject, whole->subject));
    assert_true(cut->not_before == INT64_MIN || cut->not_before == whole->not_before);
    assert_true(cut->not_after == INT64_MIN || cut->not_after == whole->not_after);
    assert_true(cut->n_alt_names <= whole->n_alt_names);
}

static void cut_at_every_byte(void **state)
{
    (void)state;
    struct der *d = plan_new(&usual);
    struct x509 whole, cut;
    assert_int_equal(x509_read(der_span(d), &whole), FIELD_FOUND);
    for (size_t n = 0; n < d->len; n++) {
        assert_int_equal(read_exactly(span_first(der_span(d), n), &cut), FIELD_MALFORMED);
        assert_part_of(&cut, &whole);
    }
    free(d);
}

/* Any byte replaced, by those that change lengths and tags most: nothing but the sanitizers judges. */
static void any_byte_wrong(void **state)
{
    (void)state;
    static const uint8_t wrong[] = {0x00, 0x01, 0x1f, 0x30, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x85, 0xff};
    struct der *d = plan_new(&usual);
    uint8_t *text = malloc(X509_NAME_TEXT_MAX);
    struct x509 c;
    for (size_t at = 0; at < d->len; at++)
        for (size_t i = 0; i < sizeof wrong; i++) {
            uint8_t right = d->bytes[at];
            d->bytes[at] = wrong[i];
            read_exactly(der_span(d), &c);
            assert_true(x509_name_text(c.subject, text) <= X509_NAME_TEXT_MAX);
            assert_true(x509_name_text(c.issuer, text) <= X509_NAME_TEXT_MAX);
            d->bytes[at] = right;
        }
    free(text);
    free(d);
}

static void lengths(void **state)
{
    (void)state;
    struct x509 c;
    struct der *d = plan_new(&usual), *long_one = calloc(1, sizeof *long_one);
    struct span body = span_from(der_span(d), 3); /* the outer header has three bytes */
    assert_int_equal(d->bytes[1], 0x81);
    der_put(long_one, SPAN_LIT("\x30\x84\x00\x00\x00")); /* longer than it need be */
    der_put(long_one, span_of(d->bytes + 2, 1));
    der_put(long_one, body);
    assert_int_equal(read_exactly(der_span(long_one), &c), FIELD_FOUND);
    static const char *const bad[] = {
        "\x30\x80", "\x30\x85\x00\x00\x00\x00\x01", "\x30\x84\xff\xff\xff\xff", "\x30\xff", "\x3f\x81\x01",
        "\x31\x00"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(read_exactly(span_str(bad[i]), &c), FIELD_MALFORMED);
    free(long_one);
    free(d);
}

static int64_t seconds_of(const char *not_before)
{
    struct der_plan p = usual;
    struct x509 c;
    p.not_before = not_before;
    struct der *d = plan_new(&p);
    assert_int_equal(x509_read(der_span(d), &c), FIELD_FOUND);
    free(d);
    return c.not_before;
}

static void times(void **state)
{
    (void)state;
    assert_int_equal(seconds_of("700101000000Z"), 0);
    assert_int_equal(seconds_of("491231235959Z"), 2524607999); /* 2049 */
    assert_int_equal(seconds_of("500101000000Z"), -631152000); /* 1950 */
    assert_int_equal(seconds_of("20500101000000Z"), 2524608000);
    assert_int_equal(seconds_of("99991231235959Z"), 253402300799);
    static const char *const bad[] = {"",
                                      "7001010000Z",
                                      "700101000000",
                                      "700101000000+0100",
                                      "70010100000xZ",
                                      "701301000000Z",
                                      "20500101000000",
                                      "20500101000000.5Z",
                                      "00000101000000Z",
                                      "700101006000Z"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (seconds_of(bad[i]) != INT64_MIN)
            fail_msg("%s is a time", bad[i]);
}

/* One attribute's text. */
static void assert_value(uint8_t tag, struct span value, const char *expected)
{
    struct der *d = calloc(1, sizeof *d);
    der_attribute(d, DER_CN, tag, value);
    assert_name(der_span(d), expected);
    free(d);
}

static void values(void **state)
{
    (void)state;
    assert_value(0x0c, SPAN_LIT("plain"), "CN=plain");
    assert_value(0x0c, SPAN_LIT(""), "CN=");
    assert_value(0x0c, SPAN_LIT("a, O=b + CN=c"), "CN=a\\, O=b \\+ CN=c");
    assert_value(0x0c, SPAN_LIT("\"\\<>;="), "CN=\\\"\\\\\\<\\>\\;=");
    assert_value(0x0c, SPAN_LIT(" # "), "CN=\\ #\\ ");
    assert_value(0x0c, SPAN_LIT("#a"), "CN=\\#a");
    assert_value(0x0c, SPAN_LIT(" "), "CN=\\ ");
    assert_value(0x0c, SPAN_LIT("good.example\0.evil.example"), "CN=good.example\\00.evil.example");
    assert_value(0x0c, SPAN_LIT("a\r\n\x7f"), "CN=a\\0D\\0A\\7F");
    assert_value(0x0c, SPAN_LIT("\xc3\xa9\xff\xe2\x80\xaex"),
                 "CN=\xc3\xa9\\FF\\E2\\80\\AEx"); /* U+202E turns the direction */
    assert_value(0x13, SPAN_LIT("caf\xe9"), "CN=caf\xc3\xa9");
    assert_value(0x14, SPAN_LIT("\xe9\x85"), "CN=\xc3\xa9\\C2\\85");
    assert_value(0x16, SPAN_LIT("x@y.example"), "CN=x@y.example");
    assert_value(0x1e, SPAN_LIT("\0a\x20\xac\xd8\x3d\xde\x00"), "CN=a\xe2\x82\xac\xf0\x9f\x98\x80");
    assert_value(0x1e, SPAN_LIT("\xd8\x3d\0a\xde\x00\0"), "CN=\\D8\\3Da\\DE\\00\\00");
    assert_value(0x1c, SPAN_LIT("\0\0\0b\0\x11\0\0\0\1"), "CN=b\\00\\11\\00\\00\\00\\01");
    assert_value(0x02, SPAN_LIT("\x05"), "CN=#020105");
}

static void names(void **state)
{
    (void)state;
    struct der *d = calloc(1, sizeof *d);
    assert_name(der_span(d), "");
    der_attribute(d, SPAN_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"), 0x16, SPAN_LIT("a@b.example"));
    der_attribute(d, SPAN_LIT("\x2b\x06\x01\x04\x01\x86\x8d\x1f"), 0x0c, SPAN_LIT("x"));
    der_attribute(d, SPAN_LIT("\x88\x37\x01"), 0x0c, SPAN_LIT("two"));
    size_t mark = d->len; /* a set of two */
    for (int i = 0; i < 2; i++) {
        size_t attribute = d->len;
        der_element(d, 0x06, DER_O);
        der_element(d, 0x0c, i ? SPAN_LIT("b") : SPAN_LIT("a"));
        der_wrap(d, attribute, 0x30);
    }
    der_wrap(d, mark, 0x31);
    assert_name(der_span(d), "emailAddress=a@b.example, 1.3.6.1.4.1.99999=x, 2.999.1=two, O=a + O=b");
    d->len = 0;
    der_attribute(d, SPAN_LIT("\x2b\x86"), 0x0c, SPAN_LIT("x"));
    der_attribute(d, SPAN_LIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 0x0c, SPAN_LIT("x"));
    der_attribute(d, SPAN_LIT(""), 0x0c, SPAN_LIT("x"));
    assert_name(der_span(d), "#2B86=x, #FFFFFFFFFFFFFFFFFFFF01=x, #=x");
    free(d);
}

/* At the bound the text ends after a whole character or escape. */
static void long_name(void **state)
{
    (void)state;
    static uint8_t value[3 * X509_NAME_TEXT_MAX];
    uint8_t *text = malloc(X509_NAME_TEXT_MAX);
    static const struct {
        const char *unit;
        size_t shown;
    } rows[] = {{"x", X509_NAME_TEXT_MAX},
                {"\xc3\xa9", X509_NAME_TEXT_MAX - 1},
                {",,", X509_NAME_TEXT_MAX - 1},
                {"\n\n", X509_NAME_TEXT_MAX - 2}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct der *d = calloc(1, sizeof *d);
        size_t unit = strlen(rows[i].unit);
        for (size_t at = 0; at < sizeof value; at++)
            value[at] = (uint8_t)rows[i].unit[at % unit];
        der_attribute(d, DER_CN, 0x0c, span_of(value, sizeof value));
        der_attribute(d, DER_CN, 0x0c, SPAN_LIT("more"));
        assert_int_equal(x509_name_text(der_span(d), text), rows[i].shown);
        free(d);
    }
    free(text);
}

static void many_alt_names(void **state)
{
    (void)state;
    static uint8_t list[3 * (X509_ALT_NAMES_MAX + 5)];
    struct der_plan p = usual;
    struct x509_alt_name n;
    struct x509 c;
    for (int more = -1; more <= 2; more++) {
        size_t count = (size_t)(X509_ALT_NAMES_MAX + more), taken = 0;
        for (size_t i = 0; i < count; i++)
            memcpy(list + 3 * i,
                   "\x82\x01"
                   "a",
                   3);
        p.alt_names = span_of(list, 3 * count);
        struct der *d = plan_new(&p);
        assert_int_equal(x509_read(der_span(d), &c), FIELD_FOUND);
        assert_int_equal(c.is_cut, more > 0);
        while (x509_alt_name_take(&c.alt_names, &n))
            taken++;
        assert_int_equal(taken, more < 0 ? count : X509_ALT_NAMES_MAX);
        assert_int_equal(c.n_alt_names, taken);
        free(d);
    }
}

static void long_serial(void **state)
{
    (void)state;
    static const uint8_t digits[200];
    struct der_plan p = usual;
    struct x509 c;
    p.serial = span_of(digits, sizeof digits);
    struct der *d = plan_new(&p);
    assert_int_equal(x509_read(der_span(d), &c), FIELD_FOUND);
    assert_int_equal(c.serial.len, X509_SERIAL_MAX);
    free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_all),      cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(any_byte_wrong), cmocka_unit_test(lengths),
        cmocka_unit_test(times),          cmocka_unit_test(values),
        cmocka_unit_test(names),          cmocka_unit_test(long_name),
        cmocka_unit_test(many_alt_names), cmocka_unit_test(long_serial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
