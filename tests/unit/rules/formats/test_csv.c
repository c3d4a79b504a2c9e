#include "tests/unit/rules/list_harness.h"

#include "rules/formats/csv_columns.h"

/* ---- rows ---- */

static const struct csv_dialect comma = {.delimiter = ',', .quote = '"', .terminator = '\n'};

/* The fields of the first row as "[a][b]", then its length; "more" when it is not whole. */
static void expect_row(const char *text, bool is_final, const char *shown)
{
    size_t n = strlen(text);
    uint8_t *exact = malloc(n ? n : 1);
    struct csv_row row;
    struct buf out;
    buf_init(&out, 1 << 20);
    memcpy(exact, text, n);
    if (csv_row_read(exact, n, is_final, &comma, &row)) {
        for (size_t i = 0; i < row.n; i++) {
            struct span s = csv_field_text(&row, i, &comma);
            assert_true(span_eq(s, csv_field_text(&row, i, &comma)));
            buf_printf(&out, "[%.*s]", (int)s.len, (const char *)s.ptr);
        }
        buf_printf(&out, " %zu/%u", row.len, row.n_lines);
    } else {
        buf_put_str(&out, "more");
    }
    buf_put_byte(&out, 0);
    assert_string_equal((const char *)out.ptr, shown);
    buf_fini(&out);
    free(exact);
}

static void cuts_rows(void **state)
{
    expect_row("a,b\nc", false, "[a][b] 4/1");
    expect_row("a , b\r\n", false, "[a][b] 7/1");
    expect_row("a,b", false, "more");
    expect_row("a,b", true, "[a][b] 3/1");
    expect_row(",,\n", false, "[][][] 3/1");
    expect_row("\n", false, "[] 1/1");
    expect_row("\"a,b\", \"c\"\n", false, "[a,b][c] 11/1");
    expect_row("\"a\"\"b\"\"\"\n", false, "[a\"b\"] 9/1");
    expect_row("\"a\nb\",c\nd", false, "[a\nb][c] 8/2");
    expect_row("\"\",x\n", false, "[][x] 5/1");
    expect_row("\"a\" ,x\n", false, "[a][x] 7/1");
    expect_row("\"a\"b,x\n", false, "[\"a\"b][x] 7/1");
    expect_row("a\"b\",x\n", false, "[a\"b\"][x] 7/1");
    expect_row("\"a", false, "more");
    expect_row("\"a\"", false, "more");
    expect_row("\"a\n", false, "more");
    expect_row("\"a\nb,c\n", true, "[\"a] 3/1");
    expect_row("\"a\"", true, "[a] 3/1");
    expect_row("x,\"", true, "[x][\"] 3/1");
}

static void gives_up_on_a_lost_quote(void **state)
{
    size_t n = CSV_QUOTE_MAX + 100;
    uint8_t *bytes = malloc(n);
    struct csv_row row;
    memset(bytes, 'x', n);
    bytes[0] = '"';
    bytes[5] = '\n';
    assert_true(csv_row_read(bytes, n, false, &comma, &row));
    assert_int_equal(row.len, 6);
    assert_true(span_eq(csv_field_text(&row, 0, &comma), SPAN_LIT("\"xxxx")));
    bytes[CSV_QUOTE_MAX] = '"';
    bytes[CSV_QUOTE_MAX + 1] = '\n';
    assert_true(csv_row_read(bytes, n, false, &comma, &row));
    assert_int_equal(row.len, CSV_QUOTE_MAX + 2);
    assert_false(csv_row_read(bytes, 1000, false, &comma, &row));
    free(bytes);
}

static void counts_many_columns(void **state)
{
    uint8_t bytes[2 * CSV_COLUMNS_MAX + 100];
    struct csv_row row;
    memset(bytes, ',', sizeof bytes);
    assert_true(csv_row_read(bytes, sizeof bytes, true, &comma, &row));
    assert_int_equal(row.n, sizeof bytes + 1);
    assert_int_equal(csv_field_text(&row, CSV_COLUMNS_MAX, &comma).len, 0);
}

/* ---- real shapes ---- */

static void reads_threatfox(void **state)
{
    harness_expect(
        "################################\n"
        "# ThreatFox IOCs: edge cases   #\n"
        "#\n"
        "# "
        "\"first_seen_utc\",\"ioc_id\",\"ioc_value\",\"ioc_type\",\"threat_type\",\"fk_malware\",\"malware_"
        "alias\","
        "\"malware_printable\",\"last_seen_utc\",\"confidence_level\",\"reference\",\"tags\",\"anonymous\","
        "\"reporter\"\n"
        "\"2026-01-02 03:04:05\", \"1\", \"192.0.2.1:7777\", \"ip:port\", \"botnet_cc\", \"win.x\", \"A,B\", "
        "\"X\", \"\", "
        "\"100\", \"None\", \"c2,x\", \"0\", \"edge\"\n"
        "\"2026-01-02 03:04:05\", \"2\", \"evil.example\", \"domain\", \"botnet_cc\", \"win.x\", \"None\", "
        "\"X \"\"q\"\" n\", "
        "\"2026-02-01 00:00:00\", \"75\", \"https://r.example/\", \"None\", \"0\", \"edge\"\n"
        "\"2026-01-02 03:04:05\", \"3\", \"http://evil.example/a,b?c=\"\"d\"\"\", \"url\", \"p\", \"u\", "
        "\"None\", \"U\", \"\", "
        "\"50\", \"\", \"None\", \"1\", \"edge\"\n"
        "\"2026-01-02 03:04:05\", \"4\", "
        "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\", "
        "\"sha256_hash\", \"p\", \"w\", \"None\", \"X\", \"\", \"100\", \"\", \"\", \"0\", \"edge\"\n"
        "\"2026-01-02 03:04:05\", \"5\", \"evil2.example\", \"domain\"\n"
        "# Number of entries: 5\n",
        NULL,
        "ip_port exact 192.0.2.1:7777 @5 conf=100 from=2026-01-02T03:04:05 org=edge desc=X id=1 tag=c2 "
        "tag=x tag=botnet_cc tag=win.x\n"
        "domain suffix evil.example @6 conf=75 from=2026-01-02T03:04:05 org=edge ref=https://r.example/ "
        "desc=X \"q\" n "
        "id=2 tag=botnet_cc tag=win.x\n"
        "url exact http://evil.example/a,b?c=\"d\" @7 conf=50 from=2026-01-02T03:04:05 org=edge desc=U "
        "id=3 tag=p tag=u\n",
        "8:30: type sha256: nothing in a packet can be compared with it; row skipped\n"
        "9:1: too few columns; wanted: as many columns as the list's other rows have; row skipped\n");
}

static void reads_urlhaus(void **state)
{
    harness_expect(
        "# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\n"
        "\"35\",\"2026-08-18 16:17:08\",\"http://192.0.2.27:44835/i\",\"online\",\"2026-08-18 16:17:08\","
        "\"malware_download\",\"None\",\"https://u.example/35/\",\"who\"\n",
        NULL,
        "url exact http://192.0.2.27:44835/i @2 from=2026-08-18T16:17:08 org=who ref=https://u.example/35/ "
        "id=35 tag=malware_download tag=status:online\n",
        "");
}

static void joins_address_and_port(void **state)
{
    harness_expect(
        "\"first_seen_utc\",\"dst_ip\",\"dst_port\",\"c2_status\",\"last_online\",\"malware\"\n"
        "\"2021-01-17 07:30:05\",\"192.0.2.205\",\"443\",\"offline\",\"2021-09-08\",\"Dridex\"\n"
        "\"2021-01-17 07:30:05\",\"2001:db8::5\",\"4443\",\"offline\",\"2021-09-08\",\"Dridex\"\n"
        "\"2021-01-17 07:30:05\",\"192.0.2.206\",\"\",\"offline\",\"2021-09-08\",\"Dridex\"\n"
        "\"2021-01-17 07:30:05\",\"192.0.2.207\",\"99999\",\"offline\",\"2021-09-08\",\"Dridex\"\n",
        NULL,
        "ip_port exact 192.0.2.205:443 @2 from=2021-01-17T07:30:05 desc=Dridex tag=Dridex tag=status:offline\n"
        "ip_port exact [2001:db8::5]:4443 @3 from=2021-01-17T07:30:05 desc=Dridex tag=Dridex tag=status:offline\n"
        "ipv4 exact 192.0.2.206 @4 from=2021-01-17T07:30:05 desc=Dridex tag=Dridex tag=status:offline\n",
        NULL);
}

static void takes_the_type_from_a_name(void **state)
{
    harness_expect("# Timestamp of Listing (UTC),SSL certificate SHA1 Fingerprint,Listing reason\n"
                   "2018-07-24 13:38:13,911bfbc76d3c056b8f61aece042fefccd2be0741,Godzilla C&C\n",
                   NULL,
                   "cert_sha1 exact 911bfbc76d3c056b8f61aece042fefccd2be0741 @2 from=2018-07-24T13:38:13 "
                   "desc=Godzilla C&C\n",
                   "");
    harness_expect("sha256_fingerprint,description\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef,c2\n", NULL,
                   "cert_sha256 exact 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef @2 desc=c2\n", "");
}

static void finds_the_value_by_looking(void **state)
{
    harness_expect(
        "2026-08-16 01:04:58,someone,domain,evil.example,#phishing,https://x.example/1\n"
        "2026-08-16 01:04:59,someone,url,http://evil.example/a,#phishing,https://x.example/2\n"
        "2026-08-16 01:05:00,someone,ip,192.0.2.4,#phishing,https://x.example/3\n",
        NULL,
        "domain suffix evil.example @1 org=someone ref=https://x.example/1 tag=phishing\n"
        "url exact http://evil.example/a @2 org=someone ref=https://x.example/2 tag=phishing\n"
        "ipv4 exact 192.0.2.4 @3 org=someone ref=https://x.example/3 tag=phishing\n",
        "");
    harness_expect("MD5,,C2,Malware Family\n"
                   "d41d8cd98f00b204e9800998ecf8427e,,c2.example,CyberGate\n"
                   "d41d8cd98f00b204e9800998ecf8427e,,c3.example,CyberGate\n",
                   NULL, "domain suffix c2.example @2\ndomain suffix c3.example @3\n", "");
    harness_expect("198.51.100.1;C2 of X\n198.51.100.2;C2 of Y; and Z\n198.51.100.3;x\n", NULL,
                   "ipv4 exact 198.51.100.1 @1\nipv4 exact 198.51.100.2 @2\nipv4 exact 198.51.100.3 @3\n",
                   "");
}

static void counts_life_from_when_it_was_seen(void **state)
{
    struct list_options o = list_options_none();
    o.ttl_s = 86400;
    o.tags[0] = SPAN_LIT("mine");
    o.n_tags = 1;
    harness_expect("domain,first_seen,last_seen,status\n"
                   "a.example,2026-01-01,2026-02-01,offline\n"
                   "b.example,2026-01-01,,\n"
                   "c.example,,,what is this?\n"
                   "d.example,,soon,-\n",
                   &o,
                   "domain suffix a.example @2 from=2026-01-01T00:00:00 until=2026-02-02T00:00:00 tag=mine "
                   "tag=status:offline\n"
                   "domain suffix b.example @3 from=2026-01-01T00:00:00 until=2026-01-02T00:00:00 tag=mine\n"
                   "domain suffix c.example @4 tag=mine\n"
                   "domain suffix d.example @5 tag=mine\n",
                   "5:0: not a date; write 2026-01-31, 2026-01-31T12:00:00Z or seconds since 1970\n");
}

static void skips_what_its_publisher_calls_off(void **state)
{
    harness_expect(
        "phish_id,url,phish_detail_url,submission_time,verified,verification_time,online,target\n"
        "1,\"http://evil.example/a,b\",https://p.example/1,2026-01-01T00:00:00+00:00,yes,2026-01-01T00:10:00+00:00,yes,Bank\n"
        "2,http://evil.example/c,https://p.example/2,2026-01-01T00:00:00+00:00,no,,yes,Bank\n"
        "3,http://evil.example/d,https://p.example/3,2026-01-01T00:00:00+00:00,yes,,no,Bank\n"
        "4,not an url,https://p.example/4,2026-01-01T00:00:00+00:00,no,,no,Bank\n",
        NULL,
        "url exact http://evil.example/a,b @2 conf=90 from=2026-01-01T00:00:00 ref=https://p.example/1 desc=Bank id=1\n",
        "3:3: its publisher says it is off-line, unverified or benign; row skipped\n"
        "4:3: its publisher says it is off-line, unverified or benign; row skipped\n"
        "5:6: blank inside a value; wanted: letters, digits, '-', '_' and '.' only; row skipped\n");
    harness_expect("url,label,source\nhttp://evil.example/a,1,x\nhttp://good.example/,0,x\n"
                   "http://good.example/b,Benign,x\nhttp://evil.example/c,phishing,x\n",
                   NULL,
                   "url exact http://evil.example/a @2 org=x\nurl exact http://evil.example/c @5 org=x tag=phishing\n",
                   NULL);
}

/* The last columns of a commented header may be left out, if it is nothing but names. */
static void reads_a_header_longer_than_its_rows(void **state)
{
    harness_expect("# Domain, Threat level, Description, Tag\n"
                   "a.example,high,What it did\nb.example, critical, More\nc.example,info,x,odd\n",
                   NULL,
                   "domain suffix a.example @2 conf=75 desc=What it did\n"
                   "domain suffix b.example @3 conf=95 desc=More\n"
                   "domain suffix c.example @4 conf=10 desc=x tag=odd\n",
                   "");
    harness_expect("# see url, domain, and the rest\nx,a.example\ny,b.example\n", NULL,
                   "domain suffix a.example @2\ndomain suffix b.example @3\n", "");
}

static void says_when_entries_are_missing(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h, "# Number of entries: 1,000\ndomain,x\na.example,1\n", NULL);
    assert_string_equal(harness_notes(&h), "3:1: the list says that it has 1000 entries, 1 were found: it may be cut\n");
    assert_int_equal(h.report.warnings, 1);
    harness_load(&h, "domain,x\na.example,1\nb.example,1\n# END 2 entries\n", NULL);
    assert_int_equal(h.report.warnings, 0);
    harness_load(&h, "# Entries : 2 names, 5 addresses\n0.0.0.0 a.example b.example\n", NULL);
    assert_int_equal(h.report.format, LIST_HOSTS);
    assert_int_equal(h.report.warnings, 0);
    harness_load(&h, "# Entries: 1\na.example\n# Entries: 2\nb.example\nc.example\n", NULL);
    assert_int_equal(h.report.warnings, 0);
    harness_load(&h, "! Domains: 1\na.example\nb.example\n", NULL);
    assert_int_equal(h.report.warnings, 1);
    harness_load(&h, "# Entries: many\n# Entries: 12x\na.example\nb.example\n", NULL);
    assert_int_equal(h.report.warnings, 0);
    harness_fini(&h);
}

static void reads_misp(void **state)
{
    struct harness h;
    harness_init(&h);
    harness_load(&h,
                 "uuid,event_id,category,type,value,comment,to_ids,date\n"
                 "u1,17,Network activity,ip-dst|port,\"192.0.2.1|443\",\"C2\",1,20161116\n"
                 "u2,17,Network activity,domain|ip,\"evil.example|192.0.2.2\",\"\",1,20161116\n"
                 "u3,17,Network activity,hostname|port,\"h.example|8443\",\"\",1,20161116\n"
                 "u4,17,Artifacts dropped,yara,\"rule x {\n  strings: \"\"a\"\"\n}\",\"\",1,20161116\n"
                 "u5,17,Network activity,user-agent,\"Evil Bot/1.0\",\"\",1,20161116\n"
                 "u6,17,Network activity,uri,\"/gate.php?id=\",\"\",1,20161116\n"
                 "u7,17,Network "
                 "activity,x509-fingerprint-sha1,911bfbc76d3c056b8f61aece042fefccd2be0741,\"\",1,20161116\n"
                 "u8,17,Network activity,frobnicator,abc,\"\",1,20161116\n"
                 "u9,17,Network activity,domain,http://evil.example/x,\"\",1,20161116\n",
                 NULL);
    assert_string_equal(
        harness_show(&h),
        "ip_port exact 192.0.2.1:443 @2 from=2016-11-16T00:00:00 ref=misp:event/17 desc=C2 id=u1 "
        "tag=misp:category=\"Network activity\"\n"
        "domain suffix evil.example @3 from=2016-11-16T00:00:00 ref=misp:event/17 id=u2 "
        "tag=misp:category=\"Network activity\"\n"
        "domain_port exact h.example:8443 @4 from=2016-11-16T00:00:00 ref=misp:event/17 id=u3 "
        "tag=misp:category=\"Network activity\"\n"
        "user_agent exact Evil Bot/1.0 @8 from=2016-11-16T00:00:00 ref=misp:event/17 id=u5 "
        "tag=misp:category=\"Network activity\"\n"
        "uri_path prefix /gate.php?id= @9 from=2016-11-16T00:00:00 ref=misp:event/17 id=u6 "
        "tag=misp:category=\"Network activity\"\n"
        "cert_sha1 exact 911bfbc76d3c056b8f61aece042fefccd2be0741 "
        "@10 from=2016-11-16T00:00:00 ref=misp:event/17 id=u7 tag=misp:category=\"Network activity\"\n");
    assert_int_equal(h.report.passed_over, 2);
    assert_int_equal(h.report.by_reason[REJECT_UNKNOWN_TYPE], 1);
    assert_int_equal(h.report.by_reason[REJECT_TYPE_MISMATCH], 1);
    assert_int_equal(h.report.lines, 12);
    harness_fini(&h);
}

static void does_as_it_is_told(void **state)
{
    const char *list = "when;who;what;score;mark\n"
                       "2026-01-01;me;evil.example;90;TLP:RED\n"
                       "2026-01-01;me;192.0.2.1;?;puce\n";
    struct list_options o = list_options_none();
    o.format = LIST_CSV;
    o.tlp = TLP_GREEN;
    o.csv.value = SPAN_LIT("What");
    o.csv.confidence = SPAN_LIT("4");
    o.csv.tlp = SPAN_LIT("mark");
    o.csv.organisation = SPAN_LIT("who");
    o.csv.valid_until = SPAN_LIT("when");
    harness_expect(
        list, &o,
        "domain suffix evil.example @2 tlp=red conf=90 until=2026-01-01T00:00:00 org=me\n"
        "ipv4 exact 192.0.2.1 @3 tlp=amber+strict until=2026-01-01T00:00:00 org=me\n",
        "3:0: not a TLP marking (clear, green, amber, amber+strict, red); taken as amber+strict, to be safe\n"
        "3:0: not a confidence from 0 to 100; passed over\n");

    o = list_options_none();
    o.format = LIST_CSV;
    o.csv.header = 0;
    o.csv.value = SPAN_LIT("2");
    o.csv.delimiter = '|';
    harness_expect("x.example|a.example\ny.example|b.example\n", &o,
                   "domain suffix a.example @1\ndomain suffix b.example @2\n", "");

    o.csv.quote = '\'';
    harness_expect("x|'a.example'\n", &o, "domain suffix a.example @1\n", "");

    struct harness h;
    harness_init(&h);
    o = list_options_none();
    o.format = LIST_CSV;
    o.csv.value = SPAN_LIT("nowhere");
    harness_load(&h, list, &o);
    assert_false(h.is_good);
    assert_true(h.report.is_unreadable);
    assert_int_equal(h.report.failure.kind, ERR_USAGE);
    assert_string_equal(h.report.failure.what, "no column is named \"nowhere\"; the header has other names");
    harness_fini(&h);
}

static void splits_tags(void **state)
{
    struct list_options o = list_options_none();
    o.csv.tag_delimiter = ' ';
    o.tags[0] = SPAN_LIT("mine");
    o.n_tags = 1;
    harness_expect("domain,tags\na.example,#c2  #emotet\nb.example,\n", &o,
                   "domain suffix a.example @2 tag=#c2 tag=#emotet\ndomain suffix b.example @3 tag=mine\n",
                   "");
}

static void is_told_from_others(void **state)
{
    static const struct {
        const char *list;
        enum list_format format;
    } rows[] = {
        {"domain,ip\na.example,192.0.2.1\n", LIST_CSV},
        {"a.example,x\nb.example,y\n", LIST_CSV},
        {"# domain,x\na.example,x\n", LIST_CSV},
        {"a.example\nb.example\n", LIST_TEXT},
        {"# Format: domain, url\na.example\nb.example\n", LIST_TEXT},
        {"192.0.2.1\t10\n192.0.2.2\t9\n", LIST_TEXT},
        {"a.example\t2026-01-01\t2026-02-01\tx\nb.example\t2026-01-01\t2026-02-01\tx\n", LIST_CSV},
        {"http://a.example/x,y\nhttp://b.example/\nhttp://c.example/z\n", LIST_TEXT},
        {"a.example # one, two\nb.example # three, four\n", LIST_TEXT},
        {"url\nhttp://a.example/\n", LIST_TEXT},
        {"x,y\nz,w\n", LIST_TEXT},
        {"", LIST_TEXT},
        {"id,url\n", LIST_CSV},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct harness h;
        harness_init(&h);
        harness_load(&h, rows[i].list, NULL);
        if (h.report.format != rows[i].format)
            fail_msg("row %zu is taken for %s", i, list_format_name(h.report.format));
        harness_fini(&h);
    }
}

/* ---- hostile ---- */

static void survives_a_lost_quote(void **state)
{
    struct buf list;
    struct harness h;
    harness_init(&h);
    buf_init(&list, 8 << 20);
    buf_put_str(&list, "domain,why\na.example,\"never closed\n");
    for (int i = 0; i < 50000; i++)
        buf_printf(&list, "n%d.example,x\n", i);
    harness_load_bytes(&h, list.ptr, list.len, NULL);
    assert_int_equal(h.report.loaded, 50001);
    assert_int_equal(h.report.lines, 50002);
    buf_fini(&list);
    harness_fini(&h);
}

/* Rows of quoted line ends that never end: passed over piece by piece, not once per line. */
static void survives_endless_rows(void **state)
{
    struct buf list;
    struct harness h;
    struct list_options o = list_options_none();
    o.format = LIST_CSV;
    harness_init(&h);
    buf_init(&list, 16 << 20);
    buf_put_str(&list, "a.example,x\n");
    for (int i = 0; i < 1000000; i++)
        buf_put_str(&list, "\"a\n\",");
    buf_put_str(&list, "\nz.example,x\n");
    harness_load_bytes(&h, list.ptr, list.len, &o);
    assert_int_equal(h.report.lines, 1000003);
    assert_true(h.report.by_reason[REJECT_TRUNCATED] > 0);
    assert_non_null(strstr(harness_show(&h), "domain suffix z.example @1000003\n"));
    buf_fini(&list);
    harness_fini(&h);
}

static void survives_hostile_quotes(void **state)
{
    static const char *const pieces[] = {"\"",  "\"\"\n", "\"\n",  "\"x\"y\n",
                                         ",\"", "\"a\n",  "\" \"", "\"\"\"\n"};
    for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
        struct buf list;
        struct harness h;
        struct list_options o = list_options_none();
        o.format = LIST_CSV;
        harness_init(&h);
        buf_init(&list, 4 << 20);
        while (list.len < 1 << 20)
            buf_put_str(&list, pieces[p]);
        harness_load_bytes(&h, list.ptr, list.len, &o);
        buf_fini(&list);
        harness_fini(&h);
    }
}

static void survives_long_rows(void **state)
{
    static const size_t sizes[] = {LINES_BLOCK - 30, LINES_BLOCK, LINES_BLOCK + 1, 1000000, 1 << 20, 3 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct buf list;
        struct harness h;
        struct list_options o = list_options_none();
        o.format = LIST_CSV;
        harness_init(&h);
        buf_init(&list, 8 << 20);
        buf_put_str(&list, "domain,why\na.example,x\nb.example,");
        memset(buf_reserve(&list, sizes[i]), 'y', sizes[i]);
        list.len += sizes[i];
        buf_put_str(&list, "\nc.example,z\n# ");
        memset(buf_reserve(&list, sizes[i]), '#', sizes[i]);
        list.len += sizes[i];
        buf_put_str(&list, "\nd.example,z\n");
        harness_load_bytes(&h, list.ptr, list.len, &o);
        bool is_too_long = sizes[i] > (1 << 20) - 30;
        assert_int_equal(h.report.loaded, is_too_long ? 3 : 4);
        assert_int_equal(h.report.rejected, is_too_long ? 1 : 0);
        assert_int_equal(h.report.lines, 6);
        assert_int_equal(h.report.comments, 1);
        buf_fini(&list);
        harness_fini(&h);
    }
}

static void survives_every_cut(void **state)
{
    harness_cut_everywhere("# \"ioc_value\",\"ioc_type\",tags,first_seen\n"
                           "\"192.0.2.1:7777\", \"ip:port\", \"a,b\", \"2026-01-02\"\r\n"
                           "\"x \"\"q\"\"\ny.example\",domain,,\n,,,\n\"z.example\",url|x,\"\",\"\"",
                           NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_rows),
        cmocka_unit_test(gives_up_on_a_lost_quote),
        cmocka_unit_test(counts_many_columns),
        cmocka_unit_test(reads_threatfox),
        cmocka_unit_test(reads_urlhaus),
        cmocka_unit_test(joins_address_and_port),
        cmocka_unit_test(takes_the_type_from_a_name),
        cmocka_unit_test(finds_the_value_by_looking),
        cmocka_unit_test(counts_life_from_when_it_was_seen),
        cmocka_unit_test(skips_what_its_publisher_calls_off),
        cmocka_unit_test(reads_a_header_longer_than_its_rows),
        cmocka_unit_test(says_when_entries_are_missing),
        cmocka_unit_test(reads_misp),
        cmocka_unit_test(does_as_it_is_told),
        cmocka_unit_test(splits_tags),
        cmocka_unit_test(is_told_from_others),
        cmocka_unit_test(survives_a_lost_quote),
        cmocka_unit_test(survives_endless_rows),
        cmocka_unit_test(survives_hostile_quotes),
        cmocka_unit_test(survives_long_rows),
        cmocka_unit_test(survives_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
