#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "rules/list_options.h"

static bool parse(char *text, const char **path, struct list_options *o, struct err *err)
{
    *err = (struct err){0};
    return list_options_parse(text, path, o, err);
}

static void reads_a_path_alone(void **state)
{
    char text[] = "/no/such, list/x.csv";
    const char *path;
    struct list_options o;
    struct err err;
    assert_true(parse(text, &path, &o, &err));
    assert_string_equal(path, "/no/such, list/x.csv");
    assert_int_equal(o.format, LIST_AUTO);
    assert_false(o.has_match || o.has_type);
    assert_int_equal(o.context.confidence, -1);
    assert_int_equal(o.context.valid_from, INT64_MIN);
    assert_int_equal(o.context.valid_until, INT64_MAX);
    assert_int_equal(o.csv.header, -1);
}

static void reads_that_it_is_for_a_drill(void **state)
{
    char yes[] = "x.csv,exercise=yes", no[] = "x.csv,exercise=no", wrong[] = "x.csv,exercise=perhaps";
    const char *path;
    struct list_options o, base;
    struct err err;
    (void)state;
    assert_true(parse(no, &path, &base, &err));
    assert_false(base.context.is_exercise);
    assert_true(parse(yes, &path, &o, &err));
    assert_true(o.context.is_exercise);
    list_options_overlay(&base, &o);
    assert_true(base.context.is_exercise);
    assert_false(parse(wrong, &path, &o, &err));
    assert_non_null(strstr(err.what, "yes or no is wanted"));
}

static void reads_options(void **state)
{
    char text[] =
        "x.csv,name=my "
        "list,format=csv,match=exact,type=ip,fields=dns.query+tls.sni,tlp=amber,confidence=high,"
        "org=A, B and C,tag=a,tag=b,reference=https://x.example/?a,b,valid_from=2026-01-01,"
        "valid_until=2026-02-01T00:00:00Z,delimiter=tab,quote=',header=no,tag_delimiter=space,value=2,"
        "type_column=kind,port_column=3,description=d,id=i";
    const char *path;
    struct list_options o;
    struct err err;
    assert_true(parse(text, &path, &o, &err));
    assert_string_equal(path, "x.csv");
    assert_true(span_eq(o.name, SPAN_LIT("my list")));
    assert_int_equal(o.format, LIST_CSV);
    assert_true(o.has_match && o.match == MATCH_EXACT);
    assert_true(o.has_type && o.type == IOC_IPV4);
    assert_int_equal(o.fields, FIELD_BIT(FIELD_DNS_QUERY) | FIELD_BIT(FIELD_TLS_SNI));
    assert_int_equal(o.tlp, TLP_AMBER);
    assert_int_equal(o.context.confidence, 75);
    assert_true(span_eq(o.context.organisation, SPAN_LIT("A, B and C")));
    assert_int_equal(o.n_tags, 2);
    assert_true(span_eq(o.tags[1], SPAN_LIT("b")));
    assert_true(span_eq(o.context.reference, SPAN_LIT("https://x.example/?a,b")));
    assert_int_equal(o.context.valid_from, 1767225600);
    assert_int_equal(o.context.valid_until, 1769904000);
    assert_int_equal(o.csv.delimiter, '\t');
    assert_int_equal(o.csv.quote, '\'');
    assert_int_equal(o.csv.header, 0);
    assert_int_equal(o.csv.tag_delimiter, ' ');
    assert_true(span_eq(o.csv.value, SPAN_LIT("2")));
    assert_true(span_eq(o.csv.type, SPAN_LIT("kind")));
    assert_true(span_eq(o.csv.port, SPAN_LIT("3")));
    assert_true(span_eq(o.context.description, SPAN_LIT("d")));
    assert_true(span_eq(o.context.id, SPAN_LIT("i")));
}

static void leaves_existing_files_alone(void **state)
{
    char name[] = "/tmp/test_list_options,tlp=red.XXXXXX", copy[sizeof name];
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    memcpy(copy, name, sizeof name);
    const char *path;
    struct list_options o;
    struct err err;
    assert_true(parse(copy, &path, &o, &err));
    assert_string_equal(path, name);
    assert_int_equal(o.tlp, TLP_NONE);
    close(fd);
    unlink(name);
}

static void says_what_is_wrong(void **state)
{
    static const char *const rows[][2] = {
        {"x,formt=csv", "unknown list option \"formt\"; did you mean \"format\"?"},
        {"x,zzzzzzzz=1", "unknown list option \"zzzzzzzz\""},
        {"x,format=xml", "format=xml: a format is wanted, as auto, text, csv, stix or misp"},
        {"x,match=cidr", "match=cidr: exact, suffix, below or prefix is wanted"},
        {"x,type=thing", "type=thing: a type is wanted, as domain, ip, url or regex"},
        {"x,fields=dns+x", "fields=dns+x: names of fields joined by + are wanted, as dns.query+tls"},
        {"x,fields=", "fields=: names of fields joined by + are wanted, as dns.query+tls"},
        {"x,tlp=puce", "tlp=puce: clear, green, amber, amber+strict or red is wanted"},
        {"x,confidence=101", "confidence=101: a number from 0 to 100 is wanted"},
        {"x,confidence=", "confidence=: a number from 0 to 100 is wanted"},
        {"x,valid_from=soon", "valid_from=soon: a date is wanted, as 2026-01-31"},
        {"x,header=maybe", "header=maybe: yes or no is wanted"},
        {"x,delimiter=ab", "delimiter=ab: one byte is wanted, or comma, semicolon, tab, pipe, space"},
        {"x,tag=", "tag=: at most 16 tags, none of them empty"},
        {",tlp=red", "no path in front of the list options"},
        {"", "no path in front of the list options"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[128];
        const char *path;
        struct list_options o;
        struct err err;
        snprintf(text, sizeof text, "%s", rows[i][0]);
        assert_false(parse(text, &path, &o, &err));
        assert_string_equal(err.what, rows[i][1]);
        assert_int_equal(err.kind, ERR_USAGE);
    }
}

static void counts_tags(void **state)
{
    struct list_options o = list_options_none();
    struct err err;
    for (int i = 0; i < LIST_TAGS_MAX; i++)
        assert_true(list_options_set(&o, SPAN_LIT("tag"), SPAN_LIT("x"), &err));
    assert_false(list_options_set(&o, SPAN_LIT("tag"), SPAN_LIT("x"), &err));
}

static void takes_the_strictest_tlp(void **state)
{
    struct list_options o = list_options_none();
    struct err err;
    assert_true(list_options_set(&o, SPAN_LIT("tlp"), SPAN_LIT("TLP:AMBER+STRICT"), &err));
    assert_true(list_options_set(&o, SPAN_LIT("tlp"), SPAN_LIT("green"), &err));
    assert_int_equal(o.tlp, TLP_AMBER_STRICT);
}

static void lays_one_over_the_other(void **state)
{
    struct list_options base = list_options_none(), over = list_options_none(), before;
    base.name = SPAN_LIT("base");
    base.tlp = TLP_AMBER;
    base.context.confidence = 5;
    base.context.valid_until = 7;
    base.csv.header = 1;
    base.csv.value = SPAN_LIT("v");
    base.tags[0] = SPAN_LIT("t");
    base.n_tags = 1;
    before = base;
    list_options_overlay(&base, &over);
    assert_memory_equal(&base, &before, sizeof base);

    over.name = SPAN_LIT("over");
    over.tlp = TLP_GREEN;
    over.context.confidence = 0;
    over.context.valid_until = 8;
    over.csv.header = 0;
    over.csv.delimiter = ';';
    over.has_match = true;
    over.match = MATCH_BELOW;
    over.format = LIST_CSV;
    list_options_overlay(&base, &over);
    assert_true(span_eq(base.name, over.name));
    assert_int_equal(base.tlp, TLP_AMBER);
    assert_int_equal(base.context.confidence, 0);
    assert_int_equal(base.context.valid_until, 8);
    assert_int_equal(base.csv.header, 0);
    assert_int_equal(base.csv.delimiter, ';');
    assert_true(span_eq(base.csv.value, SPAN_LIT("v")));
    assert_int_equal(base.match, MATCH_BELOW);
    assert_int_equal(base.n_tags, 1);
    assert_int_equal(base.format, LIST_CSV);
}

static void finds_near_words(void **state)
{
    static const char *const names[] = {"match", "type", "valid_until", NULL};
    assert_string_equal(list_options_nearest(SPAN_LIT("mtach"), names), "match");
    assert_string_equal(list_options_nearest(SPAN_LIT("Type"), names), "type");
    assert_string_equal(list_options_nearest(SPAN_LIT("valid-till"), names), "valid_until");
    assert_null(list_options_nearest(SPAN_LIT("colour"), names));
    assert_null(list_options_nearest(SPAN_LIT(""), names));
    assert_null(list_options_nearest(SPAN_LIT("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), names));
}

static void reads_types_and_confidences(void **state)
{
    enum ioc_type type;
    int n;
    assert_true(list_options_type(SPAN_LIT("hostname"), &type) && type == IOC_DOMAIN);
    assert_true(list_options_type(SPAN_LIT("cidr6"), &type) && type == IOC_CIDR6);
    assert_false(list_options_type(SPAN_LIT(""), &type));
    assert_true(list_options_confidence(SPAN_LIT("100"), &n) && n == 100);
    assert_true(list_options_confidence(SPAN_LIT("Critical"), &n) && n == 95);
    assert_false(list_options_confidence(SPAN_LIT("99999999999999999999"), &n));
    assert_false(list_options_confidence(SPAN_LIT("-1"), &n));
    assert_false(list_options_confidence(SPAN_LIT("5.5"), &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_path_alone),
        cmocka_unit_test(reads_options),
        cmocka_unit_test(reads_that_it_is_for_a_drill),
        cmocka_unit_test(counts_tags),
        cmocka_unit_test(leaves_existing_files_alone),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(takes_the_strictest_tlp),
        cmocka_unit_test(finds_near_words),
        cmocka_unit_test(lays_one_over_the_other),
        cmocka_unit_test(reads_types_and_confidences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
