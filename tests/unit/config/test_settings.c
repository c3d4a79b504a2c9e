/* config/setting.c, config/settings_read.c: every type's good and bad values, and where messages point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"

struct item {
    const char *name;
    int64_t n;
};

struct all {
    bool flag;
    int64_t number, bytes, seconds;
    int word;
    const char *text, *path;
    struct setting_items lists, items;
};

static const char *const words[] = {"red", "green", NULL};

static const struct setting item_settings[] = {
    {.name = "name", .type = SETTING_TEXT, .at = offsetof(struct item, name), .is_required = true, .doc = "A name"},
    {.name = "n", .type = SETTING_NUMBER, .at = offsetof(struct item, n), .standard = "7", .most = 9, .doc = "A number"},
};
static const struct setting_group item_group = {item_settings, 2, sizeof(struct item)};

static const struct setting all_settings[] = {
    {.name = "flag", .type = SETTING_BOOL, .at = offsetof(struct all, flag), .standard = "yes", .doc = "A flag"},
    {.name = "number", .type = SETTING_NUMBER, .at = offsetof(struct all, number), .standard = "5", .least = 2, .most = 10, .doc = "A number"},
    {.name = "bytes", .type = SETTING_BYTES, .at = offsetof(struct all, bytes), .standard = "1 KiB", .most = INT64_MAX, .doc = "A size"},
    {.name = "seconds", .type = SETTING_SECONDS, .at = offsetof(struct all, seconds), .standard = "90 s", .most = 864000, .doc = "A time"},
    {.name = "word", .type = SETTING_WORD, .at = offsetof(struct all, word), .standard = "green", .words = words, .doc = "A word"},
    {.name = "text", .type = SETTING_TEXT, .at = offsetof(struct all, text), .doc = "A text"},
    {.name = "path", .type = SETTING_PATH, .at = offsetof(struct all, path), .standard = "-", .doc = "A path"},
    {.name = "lists", .type = SETTING_LISTS, .at = offsetof(struct all, lists), .doc = "Lists"},
    {.name = "items", .type = SETTING_ITEMS, .at = offsetof(struct all, items), .most = 2, .group = &item_group, .doc = "Items"},
};
static const struct setting_group all_group = {all_settings, sizeof all_settings / sizeof *all_settings, sizeof(struct all)};

struct fixture {
    struct all all;
    struct arena texts;
    char faults[4096]; /* "line:col what" a line */
    char path[64];
};

static void note(void *to, const struct err *err)
{
    struct fixture *f = to;
    size_t n = strlen(f->faults);
    assert_string_equal(err->where, f->path);
    snprintf(f->faults + n, sizeof f->faults - n, "%u:%u %s\n", err->line, err->col, err->what);
}

static bool read_text(struct fixture *f, const char *text)
{
    snprintf(f->path, sizeof f->path, "/tmp/vedette-settings-%d.yaml", (int)getpid());
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    arena_fini(&f->texts);
    arena_init(&f->texts, 4096, 1 << 20);
    f->faults[0] = 0;
    setting_defaults(&all_group, &f->all);
    struct settings_reading r = {&all_group, &f->all, &f->texts, note, f};
    bool is_good = settings_read(&r, f->path);
    unlink(f->path);
    assert_int_equal(is_good, f->faults[0] == 0);
    return is_good;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    return f ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    arena_fini(&f->texts);
    free(f);
    return 0;
}

static void test_defaults(void **state)
{
    struct fixture *f = *state;
    static const char *const empty[] = {"", "# nothing\n", "---\n", "~\n", "number:\ntext: ~\nlists:\nitems: null\n"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        assert_true(read_text(f, empty[i]));
        assert_true(f->all.flag);
        assert_int_equal(f->all.number, 5);
        assert_int_equal(f->all.bytes, 1024);
        assert_int_equal(f->all.seconds, 90);
        assert_int_equal(f->all.word, 1);
        assert_null(f->all.text);
        assert_string_equal(f->all.path, "-");
        assert_int_equal(f->all.lists.n + f->all.items.n, 0);
    }
}

static void test_good_values(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text;
        size_t at;
        int64_t want;
    } rows[] = {
        {"number: 2\n", offsetof(struct all, number), 2},
        {"number: \"10\"\n", offsetof(struct all, number), 10},
        {"bytes: 0\n", offsetof(struct all, bytes), 0},
        {"bytes: 77\n", offsetof(struct all, bytes), 77},
        {"bytes: 77 B\n", offsetof(struct all, bytes), 77},
        {"bytes: 3KiB\n", offsetof(struct all, bytes), 3072},
        {"bytes: 3 mib\n", offsetof(struct all, bytes), 3 << 20},
        {"bytes: 5 GiB\n", offsetof(struct all, bytes), INT64_C(5) << 30},
        {"bytes: 9223372036854775807\n", offsetof(struct all, bytes), INT64_MAX},
        {"seconds: 10\n", offsetof(struct all, seconds), 10},
        {"seconds: 2 min\n", offsetof(struct all, seconds), 120},
        {"seconds: 2 h\n", offsetof(struct all, seconds), 7200},
        {"seconds: 10 d\n", offsetof(struct all, seconds), 864000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t got;
        assert_true(read_text(f, rows[i].text));
        memcpy(&got, (const char *)&f->all + rows[i].at, sizeof got);
        if (got != rows[i].want)
            fail_msg("%s: %lld", rows[i].text, (long long)got);
    }
    assert_true(read_text(f, "flag: False\nword: red\ntext: \"a # b\"\npath: x/y\n"));
    assert_false(f->all.flag);
    assert_int_equal(f->all.word, 0);
    assert_string_equal(f->all.text, "a # b");
    assert_string_equal(f->all.path, "/tmp/x/y");
    assert_true(read_text(f, "path: /x\n"));
    assert_string_equal(f->all.path, "/x");
}

static void test_lists(void **state)
{
    struct fixture *f = *state;
    assert_true(read_text(f, "lists:\n"
                             "  - a.txt\n"
                             "  - /b.txt,tlp=red\n"
                             "  - tag: [x, y]\n"
                             "    path: c.csv\n"
                             "    description: one, two\n"
                             "    allow: yes\n"));
    char *const *lists = f->all.lists.items;
    assert_int_equal(f->all.lists.n, 3);
    assert_string_equal(lists[0], "/tmp/a.txt");
    assert_string_equal(lists[1], "/b.txt,tlp=red");
    assert_string_equal(lists[2], "/tmp/c.csv,tag=x,tag=y,description=one, two,allow=yes");
}

static void test_items(void **state)
{
    struct fixture *f = *state;
    assert_true(read_text(f, "items: [one, {n: 9, name: two}]\n"));
    const struct item *items = f->all.items.items;
    assert_int_equal(f->all.items.n, 2);
    assert_string_equal(items[0].name, "one");
    assert_int_equal(items[0].n, 7);
    assert_string_equal(items[1].name, "two");
    assert_int_equal(items[1].n, 9);
}

static void test_faults(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"nmber: 5\n", "1:1 there is no setting \"nmber\"; did you mean \"number\"?\n"},
        {"zzzzzz: 5\n", "1:1 there is no setting \"zzzzzz\"\n"},
        {"number: 1\n", "1:9 \"number\" wants a number from 2 to 10, not \"1\"\n"},
        {"number: 11\n", "1:9 \"number\" wants a number from 2 to 10, not \"11\"\n"},
        {"number: -5\n", "1:9 \"number\" wants a number from 2 to 10, not \"-5\"\n"},
        {"number: 5 s\n", "1:9 \"number\" wants a number from 2 to 10, not \"5 s\"\n"},
        {"number: 5.0\n", "1:9 \"number\" wants a number from 2 to 10, not \"5.0\"\n"},
        {"number: ''\n", "1:9 \"number\" wants a number from 2 to 10, not \"\"\n"},
        {"number: [5]\n", "1:9 \"number\" wants one value\n"},
        {"bytes: 1 MB\n", "1:8 \"bytes\" wants a size from 0 B to 9223372036854775807 B, not \"1 MB\"\n"},
        {"bytes: 8589934592 GiB\n", "1:8 \"bytes\" wants a size from 0 B to 9223372036854775807 B, not \"8589934592 GiB\"\n"},
        {"bytes: 9223372036854775808\n", "1:8 \"bytes\" wants a size from 0 B to 9223372036854775807 B, not \"9223372036854775808\"\n"},
        {"seconds: 11 d\n", "1:10 \"seconds\" wants a time from 0 s to 10 d, not \"11 d\"\n"},
        {"word: Green\n", "1:7 \"word\" wants red or green, not \"Green\"\n"},
        {"flag: 1\n", "1:7 \"flag\" wants yes or no, not \"1\"\n"},
        {"text: ''\n", "1:7 \"text\" wants a text, not \"\"\n"},
        {"path: \"a\\0b\"\n", "1:7 \"path\" wants a path, not \"a\"\n"},
        {"number: 5\nnumber: 6\n", "2:1 \"number\" is set twice\n"},
        {"items:\n  - n: 5\n", "2:5 \"name\" is missing\n"},
        {"items:\n  - name:\n    n: 5\n", "2:5 \"name\" is missing\n"},
        {"items: [~]\n", "1:9 \"name\" is missing\n"},
        {"items: [a, b, c]\n", "1:15 \"items\" takes 2 at most\n"},
        {"items: a\n", "1:8 \"items\" wants a sequence (lines that begin with \"-\")\n"},
        {"lists: {a: b}\n", "1:8 \"lists\" wants a sequence (lines that begin with \"-\")\n"},
        {"lists: [[a]]\n", "1:9 a list is a path or a mapping with one\n"},
        {"lists: [{tlp: red}]\n", "1:9 a list has no \"path\"\n"},
        {"lists: [{path: a, tlp: blue}]\n", "1:24 tlp=blue: clear, green, amber, amber+strict or red is wanted\n"},
        {"lists: [{path: a, tpl: red}]\n", "1:24 unknown list option \"tpl\"; did you mean \"ttl\"?\n"},
        {"lists: [{path: a, description: 'x,tlp=red'}]\n", "1:32 a value can't hold \",word=\"\n"},
        {"lists: [{path: a, path: b}]\n", "1:25 one path was expected\n"},
        {"- a\n", "1:1 settings were expected (\"name: value\")\n"},
        {"? [a]\n: b\n", "1:3 the name of a setting was expected\n"},
        /* one reading tells them all */
        {"numbr: 5\nflag: x\nitems: [{n: 77, name: a}]\nword: red\n",
         "1:1 there is no setting \"numbr\"; did you mean \"number\"?\n2:7 \"flag\" wants yes or no, not \"x\"\n"
         "3:13 \"n\" wants a number from 0 to 9, not \"77\"\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_false(read_text(f, rows[i].text));
        if (strcmp(f->faults, rows[i].want) != 0)
            fail_msg("%s\n---\n%s---\n%s", rows[i].text, f->faults, rows[i].want);
    }
}

static void test_broken_yaml(void **state)
{
    struct fixture *f = *state;
    static const char *const rows[] = {"number: [5\n", "a: b: c\n", "flag: yes\n---\nflag: no\n", "text: &x 5\n", "\x01\n"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_false(read_text(f, rows[i]));
}

static void test_a_fault_changes_nothing(void **state)
{
    struct fixture *f = *state;
    assert_false(read_text(f, "number: 99\nflag: x\n"));
    assert_int_equal(f->all.number, 5);
    assert_true(f->all.flag);
}

static void test_no_file(void **state)
{
    struct fixture *f = *state;
    snprintf(f->path, sizeof f->path, "/nowhere/settings.yaml");
    struct settings_reading r = {&all_group, &f->all, &f->texts, note, f};
    assert_false(settings_read(&r, f->path));
    assert_non_null(strstr(f->faults, "No such file"));
}

static void test_printed_reads_back(void **state)
{
    struct fixture *f = *state;
    struct buf one, two;
    assert_true(read_text(f, "flag: no\nnumber: 3\nbytes: 1536 KiB\nseconds: 2 h\nword: red\ntext: 'no'\npath: a b\n"
                             "lists: [x, \"y: z\"]\nitems: [{name: '- a', n: 0}]\n"));
    buf_init(&one, 1 << 20);
    buf_init(&two, 1 << 20);
    settings_print(&one, &all_group, &f->all);
    buf_put_byte(&one, 0);
    assert_true(read_text(f, (const char *)one.ptr));
    settings_print(&two, &all_group, &f->all);
    buf_put_byte(&two, 0);
    assert_string_equal((const char *)one.ptr, (const char *)two.ptr);
    assert_non_null(strstr((const char *)two.ptr, "bytes: 1536 KiB\n"));
    assert_non_null(strstr((const char *)two.ptr, "text: \"no\"\n"));
    buf_fini(&one);
    buf_fini(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_defaults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_good_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_items, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_broken_yaml, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_fault_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_printed_reads_back, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
