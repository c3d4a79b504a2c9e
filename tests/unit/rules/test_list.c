#include "tests/unit/rules/list_harness.h"

#include <sys/stat.h>

#include "tests/unit/base/compress.h"

struct place {
    char dir[64];
    char path[512];
};

static void place_init(struct place *p)
{
    strcpy(p->dir, "/tmp/test_list.XXXXXX");
    assert_non_null(mkdtemp(p->dir));
}

static void place_fini(struct place *p)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", p->dir);
    assert_int_equal(system(command), 0);
}

static const char *place_path(struct place *p, const char *name)
{
    snprintf(p->path, sizeof p->path, "%s/%s", p->dir, name);
    return p->path;
}

static void put_bytes(struct place *p, const char *name, const void *bytes, size_t n)
{
    FILE *f = fopen(place_path(p, name), "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static void put(struct place *p, const char *name, const char *text)
{
    put_bytes(p, name, text, strlen(text));
}

static void put_dir(struct place *p, const char *name)
{
    assert_int_equal(mkdir(place_path(p, name), 0700), 0);
}

static void load(struct harness *h, struct place *p, const char *name, const struct list_options *o)
{
    struct list_context ctx = harness_context(h);
    char path[512];
    snprintf(path, sizeof path, "%s", place_path(p, name));
    list_report_fini(&h->report);
    h->err = (struct err){0};
    h->is_good = list_load(&ctx, path, o, &h->report, &h->err);
    harness_check_sums(&h->report);
}

static void loads_a_file(void **state)
{
    struct place p;
    struct harness h;
    place_init(&p);
    harness_init(&h);
    put(&p, "domains.txt", "evil.example\nevil.example\nbad bad\n");
    load(&h, &p, "domains.txt", NULL);
    assert_true(h.is_good);
    assert_string_equal(h.report.name, "domains.txt");
    assert_string_equal(h.report.path, place_path(&p, "domains.txt"));
    assert_int_equal(h.report.loaded, 1);
    assert_int_equal(h.report.merged, 1);
    assert_int_equal(h.report.rejected, 1);
    struct set_view v = set_view_of(h.set);
    assert_int_equal(v.n_lists, 1);
    assert_true(span_eq(set_text(&v, v.lists[0].name), SPAN_LIT("domains.txt")));
    assert_true(span_eq(set_text(&v, v.lists[0].path), span_str(h.report.path)));
    harness_fini(&h);
    place_fini(&p);
}

static void says_when_it_can_not(void **state)
{
    struct place p;
    struct harness h;
    place_init(&p);
    harness_init(&h);
    load(&h, &p, "nowhere.txt", NULL);
    assert_false(h.is_good);
    assert_true(h.report.is_unreadable);
    assert_string_equal(h.report.failure.what, "can't be opened: No such file or directory");
    assert_string_equal(h.report.failure.where, place_path(&p, "nowhere.txt"));
    load(&h, &p, ".", NULL);
    assert_false(h.is_good);
    assert_string_equal(h.report.failure.what, "can't be read: Is a directory");
    harness_fini(&h);
    place_fini(&p);
}

static void keeps_what_a_cut_file_held(void **state)
{
    struct place p;
    struct harness h;
    struct buf list;
    place_init(&p);
    harness_init(&h);
    buf_init(&list, 8 << 20);
    for (uint32_t i = 0; i < 100000; i++)
        buf_printf(&list, "n%x.example\n", i * 2654435761u);
    size_t n;
    uint8_t *gz = compress_gzip(list.ptr, list.len, &n);
    put_bytes(&p, "whole.gz", gz, n);
    load(&h, &p, "whole.gz", NULL);
    assert_true(h.is_good);
    assert_int_equal(h.report.loaded, 100000);

    put_bytes(&p, "cut.gz", gz, n / 2);
    load(&h, &p, "cut.gz", NULL);
    assert_false(h.is_good);
    assert_true(h.report.is_unreadable);
    assert_int_equal(h.report.failure.kind, ERR_IO);
    assert_true(h.report.merged > 10000);
    assert_int_equal(h.report.rejected, 0); /* the line that was cut is not taken for a shorter name */
    assert_int_equal(h.report.loaded, 0);

    memcpy(gz + n, "x", 1);
    put_bytes(&p, "more.gz", gz, n + 1);
    load(&h, &p, "more.gz", NULL);
    assert_false(h.is_good);
    assert_int_equal(h.report.merged, 100000);
    free(gz);
    buf_fini(&list);
    harness_fini(&h);
    place_fini(&p);
}

/* The same for a CSV row and a YAML entry: what is cut by damage is no entry. */
static void drops_what_damage_cut(void **state)
{
    struct place p;
    place_init(&p);
    for (int is_yaml = 0; is_yaml < 2; is_yaml++) {
        struct harness h;
        struct buf list;
        harness_init(&h);
        buf_init(&list, 16 << 20);
        buf_put_str(&list, is_yaml ? "indicators:\n" : "domain,x\n");
        for (uint32_t i = 0; i < 50000; i++)
            buf_printf(&list, is_yaml ? "- n%x.example\n" : "n%x.example,\"y\"\n", i * 2654435761u);
        size_t n;
        uint8_t *gz = compress_gzip(list.ptr, list.len, &n);
        put_bytes(&p, "cut.gz", gz, n / 2);
        load(&h, &p, "cut.gz", NULL);
        assert_false(h.is_good);
        assert_int_equal(h.report.format, is_yaml ? LIST_YAML : LIST_CSV);
        assert_true(h.report.loaded > 5000);
        assert_int_equal(h.report.entries, h.report.loaded);
        struct set_view v = set_view_of(h.set);
        for (uint32_t i = 0; i < v.n_indicators; i++) {
            char want[32];
            snprintf(want, sizeof want, "n%x.example", i * 2654435761u);
            assert_true(span_eq(set_value(&v, i), span_str(want)));
        }
        free(gz);
        buf_fini(&list);
        harness_fini(&h);
    }
    place_fini(&p);
}

static void refuses_utf16_and_pages(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load_bytes(&h,
                       "\xff\xfe"
                       "a\0.\0b\0\n\0",
                       10, NULL);
    assert_int_equal(h.report.by_reason[REJECT_UTF16_FILE], 1);
    assert_int_equal(h.report.entries, 1);
    harness_load_bytes(&h, "\0a\0.\0b\0c\0\n", 10, NULL);
    assert_int_equal(h.report.by_reason[REJECT_UTF16_FILE], 1);
    buf_reset(&h.notes);
    harness_load(&h, "\n <!DOCTYPE html>\n<p>\nevil.example\n\n</html>\n", NULL);
    assert_true(h.is_good);
    assert_int_equal(h.report.loaded, 0);
    assert_int_equal(h.report.by_reason[REJECT_BAD_CHAR], 4);
    assert_int_equal(h.report.blank, 2);
    assert_string_equal(harness_notes(&h),
                        "2:2: this looks like an HTML page, not a list; every line of it is rejected\n"
                        "3:1: this looks like an HTML page, not a list; every line of it is rejected\n"
                        "4:1: this looks like an HTML page, not a list; every line of it is rejected\n"
                        "6:1: this looks like an HTML page, not a list; every line of it is rejected\n");
    harness_fini(&h);
}

#define FOREIGN_XML                                                                                          \
    "1:1: this looks like XML or HTML of no kind that is read (OpenIOC is); nothing of it was loaded\n"
#define FOREIGN_JSON                                                                                         \
    "1:1: this looks like JSON of no kind that is known; format=json,value=NAME reads a member of its "      \
    "objects; nothing of it was loaded\n"

/* One note for the file, by name, and nothing of it loaded. */
static void names_foreign_formats(void **state)
{
    (void)state;
    static const struct {
        const char *text, *note;
    } rows[] = {
        {"{\"spec_version\": \"2.1\"}", FOREIGN_JSON},
        {"[\n  \"what they did\",\n  \"and when\"\n]\n", FOREIGN_JSON},
        {"[{\"what\":\"evil.example\"},\nevil.example\n]\n", FOREIGN_JSON},
        {"{\"a\": {}}", FOREIGN_JSON},
        {"<?xml version=\"1.0\"?>\n<a>\nevil.example\n</a>\n", FOREIGN_XML},
        {"<body>\nevil.example\n", FOREIGN_XML},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct harness h;
        harness_init(&h);
        harness_load(&h, rows[i].text, NULL);
        assert_true(h.is_good);
        assert_string_equal(harness_notes(&h), rows[i].note);
        assert_int_equal(h.report.entries, 1);
        assert_int_equal(h.report.loaded, 0);
        assert_int_equal(h.report.by_reason[REJECT_UNKNOWN_TYPE], 1);
        harness_fini(&h);
    }
}

static void keeps_lists_that_look_foreign(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[2001:db8::1]:443\nevil.example\n",     "[Adblock Plus]\nevil.example\n",
        "<http://bad.example/>\nevil.example\n", "# the SOA record was (1)\nevil.example\n",
        "the SOA is at fault\nevil.example\n",   "evil.example\n{\"type\": \"bundle\"}\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct harness h;
        harness_init(&h);
        harness_load(&h, texts[i], NULL);
        assert_true(h.report.loaded >= 1);
        assert_int_equal(h.report.by_reason[REJECT_UNKNOWN_TYPE], 0);
        harness_fini(&h);
    }
}

static void merges_lists(void **state)
{
    struct place p;
    struct harness h;
    struct list_options o = list_options_none();
    place_init(&p);
    harness_init(&h);
    put(&p, "a", "evil.example\n");
    put(&p, "b", "x.example\nEVIL.example.\n");
    load(&h, &p, "a", NULL);
    o.tlp = TLP_RED;
    load(&h, &p, "b", &o);
    assert_int_equal(h.report.merged, 1);
    assert_string_equal(harness_show(&h),
                        "domain suffix evil.example @1 @2 tlp=red\ndomain suffix x.example @1 tlp=red\n");
    harness_fini(&h);
    place_fini(&p);
}

static void loads_what_a_native_list_names(void **state)
{
    struct place p;
    struct harness h;
    place_init(&p);
    harness_init(&h);
    put_dir(&p, "parts");
    put(&p, "c2.csv", "when;what\n2026-01-01;a.example\n2026-01-01;b b\n");
    put(&p, "parts/more.csv", "when;what\n2026-01-01;c.example\n");
    put(&p, "list.yaml",
        "name: partner\n"
        "tlp: amber\n"
        "tags: [t]\n"
        "files: [./c2.csv, parts/more.csv, gone.csv, ../up.csv, /etc/hostname, parts/../c2.csv]\n"
        "format: csv\n"
        "csv: {delimiter: ';', header: yes, columns: {value: what, valid_from: 1}}\n"
        "indicators:\n"
        "- d.example\n");
    load(&h, &p, "list.yaml", NULL);
    assert_false(h.is_good);
    assert_int_equal(h.report.format, LIST_YAML);
    assert_true(h.report.is_unreadable);
    assert_int_equal(h.report.failure.line, 4);
    assert_string_equal(h.report.failure.what, "gone.csv can't be opened: No such file or directory");
    assert_string_equal(harness_show(&h),
                        "domain suffix a.example @2 tlp=amber from=2026-01-01T00:00:00 tag=t\n"
                        "domain suffix c.example @2 tlp=amber from=2026-01-01T00:00:00 tag=t\n"
                        "domain suffix d.example @8 tlp=amber tag=t\n");
    assert_string_equal(
        harness_notes(&h),
        "3:13: blank inside a value; wanted: letters, digits, '-', '_' and '.' only; row skipped\n"
        "4:45: a list can name files beside itself or in folders below, by a relative path; file passed "
        "over\n"
        "4:56: a list can name files beside itself or in folders below, by a relative path; file passed "
        "over\n"
        "4:71: a list can name files beside itself or in folders below, by a relative path; file passed "
        "over\n");
    struct set_view v = set_view_of(h.set);
    assert_int_equal(v.n_lists, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_true(span_eq(set_text(&v, v.lists[i].name), SPAN_LIT("partner")));
    assert_true(span_eq(set_text(&v, v.lists[1].path), span_str(place_path(&p, "parts/more.csv"))));
    harness_fini(&h);

    /* no deeper than that, and not in a circle */
    harness_init(&h);
    put(&p, "list.yaml", "file: inner.yaml\n");
    put(&p, "inner.yaml", "file: list.yaml\nindicators: [e.example]\n");
    load(&h, &p, "list.yaml", NULL);
    assert_true(h.is_good);
    assert_int_equal(h.report.loaded, 1);
    assert_string_equal(harness_notes(&h),
                        "1:7: a file that a list names can't name further ones; file passed over\n");
    harness_fini(&h);
    place_fini(&p);
}

struct walked {
    struct buf names;
    size_t skip; /* of each path: the directory's name */
    int stop_after;
};

static bool keep(void *to, const char *file)
{
    struct walked *w = to;
    buf_printf(&w->names, "%s ", file + w->skip);
    return --w->stop_after != 0;
}

static void walks_directories(void **state)
{
    struct place p;
    struct err err = {0};
    place_init(&p);
    struct walked w = {.skip = strlen(p.dir) + 1};
    buf_init(&w.names, 1 << 16);
    put(&p, "b.txt", "x");
    put(&p, "a.txt", "x");
    put(&p, "B.txt", "x");
    put(&p, ".hidden", "x");
    put(&p, "c2.csv", "a.example,x\n");
    put_dir(&p, "deep");
    put_dir(&p, "deep/er");
    put(&p, "deep/er/z.txt", "x");
    put(&p, "deep/part.csv", "x");
    put(&p, "zz.yaml", "name: x\nfiles: [./c2.csv, deep/part.csv]\n");
    assert_int_equal(symlink(p.dir, place_path(&p, "deep/circle")), 0);
    assert_int_equal(mkfifo(place_path(&p, "pipe"), 0600), 0);
    assert_true(list_walk(p.dir, keep, &w, &err));
    buf_put_byte(&w.names, 0);
    assert_string_equal((char *)w.names.ptr, "B.txt a.txt b.txt deep/er/z.txt zz.yaml ");

    buf_reset(&w.names);
    w.stop_after = 2;
    assert_false(list_walk(p.dir, keep, &w, &err));
    buf_put_byte(&w.names, 0);
    assert_string_equal((char *)w.names.ptr, "B.txt a.txt ");

    buf_reset(&w.names);
    w.stop_after = 0;
    assert_true(list_walk(place_path(&p, "c2.csv"), keep, &w, &err));
    assert_true(list_walk(place_path(&p, "gone"), keep, &w, &err));
    buf_put_byte(&w.names, 0);
    assert_string_equal((char *)w.names.ptr, "c2.csv gone ");

    assert_int_equal(symlink("nowhere", place_path(&p, "deep/broken")), 0);
    assert_false(list_walk(p.dir, keep, &w, &err)); /* what the error points to outlives the walk */
    assert_string_equal(err.where, p.dir);
    assert_string_equal(err.what, "deep/broken can't be read: No such file or directory");
    buf_fini(&w.names);
    place_fini(&p);
}

static void names_formats(void **state)
{
    assert_string_equal(list_format_name(LIST_AUTO), "auto");
    assert_string_equal(list_format_name(LIST_CSV), "csv");
    assert_string_equal(list_format_name(LIST_FORMAT_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_a_file),
        cmocka_unit_test(says_when_it_can_not),
        cmocka_unit_test(keeps_what_a_cut_file_held),
        cmocka_unit_test(drops_what_damage_cut),
        cmocka_unit_test(refuses_utf16_and_pages),
        cmocka_unit_test(names_foreign_formats),
        cmocka_unit_test(keeps_lists_that_look_foreign),
        cmocka_unit_test(merges_lists),
        cmocka_unit_test(loads_what_a_native_list_names),
        cmocka_unit_test(walks_directories),
        cmocka_unit_test(names_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
