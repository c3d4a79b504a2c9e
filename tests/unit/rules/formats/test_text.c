#include "tests/unit/rules/list_harness.h"

static struct list_options text_options(void)
{
    struct list_options o = list_options_none();
    o.format = LIST_TEXT;
    return o;
}

static void reads_every_type(void **state)
{
    struct list_options o = text_options();
    harness_expect("evil.example\n"
                   "*.wild.example\n"
                   ".dot.example\n"
                   "evil-*.example\n"
                   "192.0.2.1\n"
                   "192.0.2.0/24\n"
                   "192.0.2.1-192.0.2.9\n"
                   "192.0.2.1:443\n"
                   "[2001:db8::1]:443\n"
                   "2001:DB8::1\n"
                   "2001:db8::/32\n"
                   "evil.example:8443\n"
                   "http://evil.example/a\n"
                   "http://evil.example/a*\n"
                   "evil.example/b\n"
                   "/gate.php\n"
                   "/gate.php?id=\n",
                   &o,
                   "domain suffix evil.example @1\n"
                   "domain suffix wild.example @2\n"
                   "domain suffix dot.example @3\n"
                   "wildcard wildcard evil-*.example @4\n"
                   "ipv4 exact 192.0.2.1 @5\n"
                   "cidr4 cidr 192.0.2.0/24 @6\n"
                   "range4 range 192.0.2.1-192.0.2.9 @7\n"
                   "ip_port exact 192.0.2.1:443 @8\n"
                   "ip_port exact [2001:db8::1]:443 @9\n"
                   "ipv6 exact 2001:db8::1 @10\n"
                   "cidr6 cidr 2001:db8::/32 @11\n"
                   "domain_port exact evil.example:8443 @12\n"
                   "url exact http://evil.example/a @13\n"
                   "url prefix http://evil.example/a @14\n"
                   "hostpath exact evil.example/b @15\n"
                   "uri_path exact /gate.php @16\n"
                   "uri_path prefix /gate.php?id= @17\n",
                   "");
}

static void knows_comments(void **state)
{
    struct list_options o = text_options();
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 "# one\n"
                 "; two\n"
                 "! three\n"
                 "  // four\n"
                 "\n"
                 " \t \n"
                 "a.example # why\n"
                 "b.example\t#why not\n"
                 "http://c.example/#frag\n"
                 "d.example #\n"
                 "198.51.100.7\t10\n"
                 "198.51.100.8  \t 3  \n",
                 &o);
    assert_string_equal(harness_show(&h), "domain suffix a.example @7 desc=why\n"
                                          "domain suffix b.example @8 desc=why not\n"
                                          "url exact http://c.example/ @9\n"
                                          "domain suffix d.example @10\n"
                                          "ipv4 exact 198.51.100.7 @11\n"
                                          "ipv4 exact 198.51.100.8 @12\n");
    assert_string_equal(harness_notes(&h), "");
    assert_int_equal(h.report.comments, 4);
    assert_int_equal(h.report.blank, 2);
    assert_int_equal(h.report.lines, 12);
    harness_fini(&h);
}

static void takes_headings(void **state)
{
    struct list_options o = text_options();
    o.tlp = TLP_GREEN;
    harness_expect("a.example\n"
                   "# TLP:CLEAR\n"
                   "b.example\n"
                   "# tlp: amber #\n"
                   "# Reference: https://ref.example/1\n"
                   "c.example\n"
                   "; TLP:GREEN\n"
                   "# TLP: see our web site\n"
                   "// Reference : https://ref.example/2\n"
                   "d.example\n",
                   &o,
                   "domain suffix a.example @1 tlp=green\n"
                   "domain suffix b.example @3 tlp=green\n"
                   "domain suffix c.example @6 tlp=amber ref=https://ref.example/1\n"
                   "domain suffix d.example @10 tlp=amber ref=https://ref.example/2\n",
                   "");
    harness_expect(
        "# TLP:PURPLE\na.example\n", &o, "domain suffix a.example @2 tlp=amber+strict\n",
        "1:1: not a TLP marking (clear, green, amber, amber+strict, red); taken as amber+strict, to be "
        "safe\n");
}

static void survives_line_ends(void **state)
{
    struct list_options o = text_options();
    const char *shown = "domain suffix a.example @1\ndomain suffix b.example @2\n";
    harness_expect("a.example\nb.example", &o, shown, "");
    harness_expect("a.example\r\nb.example\r\n", &o, shown, "");
    harness_expect("a.example\rb.example\r", &o, shown, "");
    harness_expect("a.example\rb.example", &o, shown, "");
    harness_expect("a.example\r\nb.example\n", &o, shown, "");
    harness_expect("\xef\xbb\xbf"
                   "a.example\n\v b.example \f\n",
                   &o, shown, "");
    harness_expect("", &o, "", "");
    harness_expect("\n", &o, "", "");
}

static void survives_odd_bytes(void **state)
{
    struct list_options o = text_options();
    struct harness h;
    harness_init(&h);
    harness_load_bytes(&h, "a\0b.example\nok.example\n\xff\xfe.example\n", 34, &o);
    assert_int_equal(h.report.rejected, 2);
    assert_int_equal(h.report.loaded, 1);
    assert_int_equal(h.report.lines, 3);
    harness_fini(&h);
}

/* Lines longer than a block, at every place where a block can end. */
static void survives_long_lines(void **state)
{
    struct list_options o = text_options();
    static const size_t sizes[] = {LINES_BLOCK - 20, LINES_BLOCK - 2, LINES_BLOCK - 1,
                                   LINES_BLOCK,      LINES_BLOCK + 1, 5 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t n = sizes[i] + 24;
        char *list = malloc(n);
        memcpy(list, "a.example\n", 10);
        memset(list + 10, i % 2 ? '#' : 'x', sizes[i]);
        memcpy(list + 10 + sizes[i], "\nb.example\nc.", 13);
        struct harness h;
        harness_init(&h);
        harness_load_bytes(&h, list, 10 + sizes[i] + 11, &o);
        assert_string_equal(harness_show(&h), "domain suffix a.example @1\ndomain suffix b.example @3\n");
        assert_int_equal(h.report.lines, 3);
        assert_int_equal(h.report.rejected, i % 2 ? 0 : 1);
        assert_int_equal(h.report.comments, i % 2 ? 1 : 0);
        harness_fini(&h);
        free(list);
    }
}

/* Names across block borders come out whole. */
static void crosses_blocks(void **state)
{
    struct list_options o = text_options();
    struct buf list;
    struct harness h;
    harness_init(&h);
    buf_init(&list, 8 << 20);
    for (int i = 0; i < 100000; i++)
        buf_printf(&list, "%sname-%d.example\n", i % 7 ? "" : "Upper.", i);
    harness_load_bytes(&h, list.ptr, list.len, &o);
    assert_int_equal(h.report.loaded, 100000);
    assert_int_equal(h.report.rejected, 0);
    struct set_view v = set_view_of(h.set);
    for (uint32_t i = 0; i < v.n_indicators; i++) {
        char want[64];
        snprintf(want, sizeof want, "%sname-%u.example", i % 7 ? "" : "upper.", i);
        assert_true(span_eq(set_value(&v, i), span_str(want)));
        assert_int_equal(v.origins[v.indicators[i].origins].line, i + 1);
    }
    buf_fini(&list);
    harness_fini(&h);
}

static void counts_unmatchable(void **state)
{
    struct list_options o = text_options();
    struct harness h;
    harness_init(&h);
    harness_load(&h, "user@mail.example\nd41d8cd98f00b204e9800998ecf8427e\na.example\n", &o);
    assert_string_equal(harness_show(&h), "email exact user@mail.example @1\ndomain suffix a.example @3\n");
    assert_int_equal(h.report.by_skip[SKIP_TYPE], 1);
    assert_int_equal(h.report.by_type[IOC_EMAIL].loaded, 1);
    assert_int_equal(h.report.by_type[IOC_MD5].skipped, 1);
    assert_string_equal(harness_notes(&h),
                        "2:1: type md5: nothing in a packet can be compared with it; line skipped\n");
    harness_fini(&h);
}

static void does_as_it_is_told(void **state)
{
    struct list_options o = text_options();
    o.has_match = true;
    o.match = MATCH_EXACT;
    harness_expect("a.example\n*.b.example\nhttp://a.example/x\nhttp://a.example/y*\n.xyz\n", &o,
                   "domain exact a.example @1\ndomain exact b.example @2\nurl exact http://a.example/x @3\n"
                   "url prefix http://a.example/y @4\ndomain exact xyz @5\n",
                   "");
    o.match = MATCH_BELOW;
    harness_expect("a.example\n*.b.example\nhttp://a.example/x\n192.0.2.1\n", &o,
                   "domain below a.example @1\ndomain below b.example @2\nurl exact http://a.example/x @3\n"
                   "ipv4 exact 192.0.2.1 @4\n",
                   "");
    o.match = MATCH_PREFIX;
    harness_expect("a.example\nhttp://a.example/x\n/x\n", &o,
                   "domain suffix a.example @1\nurl prefix http://a.example/x @2\nuri_path prefix /x @3\n",
                   "");

    o = text_options();
    o.has_type = true;
    o.type = IOC_USER_AGENT;
    harness_expect("Evil Bot/1.0\n", &o, "user_agent exact Evil Bot/1.0 @1\n", "");
    o.type = IOC_CERT_SHA1;
    harness_expect("911BFBC76D3C056B8F61AECE042FEFCCD2BE0741\n", &o,
                   "cert_sha1 exact 911bfbc76d3c056b8f61aece042fefccd2be0741 @1\n", "");
    o.type = IOC_URL;
    harness_expect("a.example\n", &o, "domain exact a.example @1\n", "");
    o.type = IOC_IPV4;
    harness_expect("a.example\n", &o, "domain suffix a.example @1\n",
                   "1:1: declared ipv4 but is domain; taken for what it is\n");

    o = text_options();
    o.fields = FIELD_BIT(FIELD_TLS_SNI);
    harness_expect("a.example\n", &o, "domain suffix a.example fields=400 @1\n", "");
    o = text_options();
    o.keep_defanged_out = true;
    harness_expect("a[.]example\nb.example\n", &o, "domain suffix b.example @2\n",
                   "1:1: the value is defanged, which --no-refang refuses; entry skipped\n");
}

static void guards_public_suffixes(void **state)
{
    struct list_options o = text_options();
    struct harness h;
    harness_init(&h);
    harness_load(&h, "co.uk\n*.github.io\nevil.co.uk\n.xyz\n", &o);
    assert_string_equal(harness_show(&h), "domain exact co.uk public-suffix @1\n"
                                          "domain exact github.io public-suffix @2\n"
                                          "domain suffix evil.co.uk @3\n");
    assert_string_equal(
        harness_notes(&h),
        "1:1: co.uk is a public suffix: the names below it are many people's; loaded as exact\n"
        "2:1: github.io is a public suffix: the names below it are many people's; loaded as exact\n"
        "4:1: a whole top-level domain; with tlds=load it is loaded, with match exact as that one name; line "
        "skipped\n");
    assert_int_equal(h.report.public_suffixes, 2);
    assert_int_equal(h.report.warnings, 2);
    assert_int_equal(h.report.by_skip[SKIP_BROAD], 1);
    assert_int_equal(h.report.wildcards, 2);
    harness_fini(&h);
}

static void counts_expired(void **state)
{
    struct list_options o = text_options();
    struct harness h;
    harness_init(&h);
    o.context.valid_until = 1767225600; /* the harness's now: it is exclusive */
    harness_load(&h, "a.example\na.example\nx y\n", &o);
    assert_int_equal(h.report.expired, 2);
    assert_int_equal(h.report.loaded, 1);
    assert_int_equal(h.report.merged, 1);
    o.context.valid_until++;
    harness_load(&h, "b.example\n", &o);
    assert_int_equal(h.report.expired, 0);
    harness_fini(&h);
}

/* "written<TAB>line:col: message" per row of bad_lines.txt; '#' begins a comment, \t and \xNN mean bytes. */
static size_t unescape(char *s)
{
    size_t n = 0;
    for (size_t i = 0; s[i]; i++) {
        unsigned byte;
        if (s[i] == '\\' && s[i + 1] == 't') {
            s[n++] = '\t';
            i++;
        } else if (s[i] == '\\' && s[i + 1] == 'x' && sscanf(s + i + 2, "%2x", &byte) == 1) {
            s[n++] = (char)byte;
            i += 3;
        } else {
            s[n++] = s[i];
        }
    }
    s[n] = 0;
    return n;
}

static void says_what_is_wrong(void **state)
{
    char path[4096], line[2048];
    const char *root = *state;
    snprintf(path, sizeof path, "%s/tests/unit/rules/bad_lines.txt", root);
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("%s is not there; say where the sources are by VEDETTE_SOURCE_ROOT", path);
    struct list_options o = text_options();
    unsigned n_rows = 0;
    while (fgets(line, sizeof line, f)) {
        char *message = strchr(line, '\t');
        if (line[0] == '#' || !message)
            continue;
        *message++ = 0;
        n_rows++;
        struct harness h;
        harness_init(&h);
        size_t n = unescape(line);
        harness_load_bytes(&h, line, n, &o);
        assert_string_equal(harness_notes(&h), message);
        assert_int_equal(h.report.rejected, 1);
        harness_fini(&h);
    }
    assert_true(n_rows > 30);
    fclose(f);
}

static void takes_counts_for_confidence(void **state)
{
    harness_expect("# IPsum Threat Intelligence Feed\n#\n192.0.2.1\t1\n192.0.2.2\t4\n192.0.2.3\t5\n192.0.2.4\t12\n192.0.2.5\n"
                   "192.0.2.6\t0\n",
                   NULL,
                   "ipv4 exact 192.0.2.1 @3 conf=20\nipv4 exact 192.0.2.2 @4 conf=75\nipv4 exact 192.0.2.3 @5 conf=90\n"
                   "ipv4 exact 192.0.2.4 @6 conf=90\nipv4 exact 192.0.2.5 @7\nipv4 exact 192.0.2.6 @8\n",
                   "");
    harness_expect("# some scores\n192.0.2.1\t1\n", NULL, "ipv4 exact 192.0.2.1 @2\n", "");
}

static void survives_every_cut(void **state)
{
    struct list_options o = text_options();
    harness_cut_everywhere(
        "\xef\xbb\xbf# TLP:AMBER\r\n*.a.example\t# x\r\nhttp://b.example/\xc3\xa9\n"
        "[2001:db8::1]:443\n198.51.100.7\t10\n// Reference: https://x\nb\xc3\xbc.example\n",
        &o);
}

/* "Match:" is for the bare names below it; what was said from outside wins, and other words are prose. */
static void says_what_bare_names_mean(void **state)
{
    const char *list = "a.example\n# Match: exact\nb.example\n*.c.example\n! match: Below\nd.example\n# Match: prefix\ne.example\n"
                       "# match: what you like\nhttp://f.example/\n";
    struct list_options o = list_options_none();
    harness_expect(list, &o,
                   "domain suffix a.example @1\ndomain exact b.example @3\ndomain suffix c.example @4\n"
                   "domain below d.example @6\ndomain below e.example @8\nurl exact http://f.example/ @10\n",
                   "");
    o.has_match = true;
    o.match = MATCH_SUFFIX;
    harness_expect("# Match: exact\nb.example\n", &o, "domain suffix b.example @2\n", "");
}

int main(int argc, char **argv)
{
    const char *root = getenv("VEDETTE_SOURCE_ROOT");
    void *state = argc > 1 ? argv[1] : root ? (void *)strdup(root) : (void *)strdup(".");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_type),   cmocka_unit_test(knows_comments),
        cmocka_unit_test(takes_headings),     cmocka_unit_test(survives_line_ends),
        cmocka_unit_test(survives_odd_bytes), cmocka_unit_test(survives_long_lines),
        cmocka_unit_test(crosses_blocks),     cmocka_unit_test(counts_unmatchable),
        cmocka_unit_test(does_as_it_is_told), cmocka_unit_test(guards_public_suffixes),
        cmocka_unit_test(counts_expired),     cmocka_unit_test_prestate(says_what_is_wrong, state),
        cmocka_unit_test(takes_counts_for_confidence),
        cmocka_unit_test(says_what_bare_names_mean),
        cmocka_unit_test(survives_every_cut),
    };
    int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (argc < 2)
        free(state);
    return n_failed;
}
