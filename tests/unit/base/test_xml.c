#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/xml.h"

struct text {
    const char *ptr;
    size_t len, at, step; /* `step` bytes at a time; 0: all */
    bool fails_at_end;
};

static ssize_t read_text(void *from, void *to, size_t n, struct err *err)
{
    struct text *t = from;
    size_t left = t->len - t->at;
    if (left == 0 && t->fails_at_end)
        return err_set(err, ERR_IO, "test", "the disk is gone") ? 0 : -1;
    if (t->step && n > t->step)
        n = t->step;
    if (n > left)
        n = left;
    memcpy(to, t->ptr + t->at, n);
    t->at += n;
    return (ssize_t)n;
}

/* All pieces as text: "L:C <name a=v>", "L:C 'text", "L:C </name>" and at the end "." or "!message". */
static void show(struct text t, struct buf *out)
{
    struct err err = {0};
    struct xml_node node;
    struct xml *x = xml_open(read_text, &t, "test");
    assert_non_null(x);
    for (;;) {
        enum xml_kind kind = xml_next(x, &node, &err);
        assert_int_equal(kind, node.kind);
        if (kind == XML_END || kind == XML_BAD)
            break;
        buf_printf(out, "%u:%u ", node.line, node.col);
        if (kind == XML_TEXT)
            buf_printf(out, "'%.*s", (int)node.text.len, (const char *)node.text.ptr);
        else
            buf_printf(out, "%u<%s%.*s", node.depth, kind == XML_CLOSE ? "/" : "", (int)node.name.len,
                       (const char *)node.name.ptr);
        for (size_t i = 0; kind == XML_OPEN && i < node.n_attributes; i++)
            buf_printf(out, " %.*s=%.*s", (int)node.attributes[i].name.len,
                       (const char *)node.attributes[i].name.ptr, (int)node.attributes[i].value.len,
                       (const char *)node.attributes[i].value.ptr);
        buf_put_byte(out, '\n');
    }
    if (node.kind == XML_BAD) {
        assert_int_not_equal(err.kind, ERR_NONE);
        buf_printf(out, "!%u:%u: %s\n", err.line, err.col, err.what);
        struct err again = {0};
        assert_int_equal(xml_next(x, &node, &again), XML_BAD);
        assert_string_equal(err.what, again.what);
    } else {
        buf_put_str(out, ".\n");
        assert_int_equal(xml_next(x, &node, &err), XML_END);
    }
    buf_put_byte(out, 0);
    xml_close(x);
}

static void expect_bytes(const char *text, size_t len, const char *pieces)
{
    for (size_t step = 0; step < 4; step++) {
        struct buf out;
        buf_init(&out, 8 << 20);
        char *exact = malloc(len ? len : 1);
        memcpy(exact, text, len);
        show((struct text){.ptr = exact, .len = len, .step = step}, &out);
        assert_string_equal((const char *)out.ptr, pieces);
        free(exact);
        buf_fini(&out);
    }
}

static void expect(const char *text, const char *pieces)
{
    expect_bytes(text, strlen(text), pieces);
}

static void reads(void **state)
{
    expect("<a/>", "1:1 1<a\n1:5 1</a\n.\n");
    expect("<?xml version=\"1.0\"?>\n<!-- x -->\n<a b='1' c=\"&lt;2&gt;\">\n <d>t&amp;u</d> v "
           "<![CDATA[<w>]]>\n</a>\n",
           "3:1 1<a b=1 c=<2>\n4:2 2<d\n4:5 't&u\n4:12 2</d\n4:16 ' v <w>\n\n5:1 1</a\n.\n");
    expect("<x:a xmlns:x='urn:x' x:b='1'><x:c/></x:a>",
           "1:1 1<a x=urn:x b=1\n1:30 2<c\n1:36 2</c\n1:36 1</a\n.\n");
    expect("<a>caf\xc3\xa9 &#233;</a>", "1:1 1<a\n1:4 'caf\xc3\xa9 \xc3\xa9\n1:15 1</a\n.\n");
    expect("<!DOCTYPE a SYSTEM \"/etc/passwd\"><a>x</a>", "1:34 1<a\n1:37 'x\n1:38 1</a\n.\n");
}

static void refuses_what_makes_small_files_large(void **state)
{
    expect("<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>",
           "!1:13: declarations inside a DOCTYPE are not allowed\n");
    expect("<!DOCTYPE a SYSTEM \"x\"><a>&b;</a>",
           "1:24 1<a\n!1:27: entities are not allowed but &amp; &lt; &gt; &quot; &apos;\n");
    expect("<a>&b;</a>", "1:1 1<a\n!1:4: not XML: undefined entity\n");
    expect("<!DOCTYPE a [<!ENTITY % p SYSTEM \"file:///etc/passwd\">%p;]><a/>",
           "!1:13: declarations inside a DOCTYPE are not allowed\n");
}

static void refuses_depth(void **state)
{
    struct buf text, pieces;
    buf_init(&text, 1 << 20);
    buf_init(&pieces, 1 << 20);
    for (unsigned i = 0; i <= XML_DEPTH_MAX; i++)
        buf_put_str(&text, "<a>");
    for (unsigned i = 0; i < XML_DEPTH_MAX; i++)
        buf_printf(&pieces, "1:%u %u<a\n", 3 * i + 1, i + 1);
    buf_printf(&pieces, "!1:%u: nested too deeply\n", 3 * XML_DEPTH_MAX + 1);
    buf_put_byte(&pieces, 0);
    expect_bytes((const char *)text.ptr, text.len, (const char *)pieces.ptr);
    buf_fini(&text);
    buf_fini(&pieces);
}

static void tells_where_it_breaks(void **state)
{
    expect("", "!1:1: not XML: no element found\n");
    expect("<a>\n<b>\n</a>", "1:1 1<a\n2:1 2<b\n!3:3: not XML: mismatched tag\n");
    expect("<a>\n x", "1:1 1<a\n!2:3: not XML: no element found\n");
    expect("<a/><b/>", "1:1 1<a\n1:5 1</a\n!1:5: not XML: junk after document element\n");
    expect("<a xmlns:=\"x\">\xff</a>", "1:1 1<a =x\n!1:15: not XML: not well-formed (invalid token)\n");
}

static void passes_on_what_reading_says(void **state)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    show((struct text){.ptr = "<a>\n<b/>", .len = 8, .fails_at_end = true}, &out);
    assert_string_equal((const char *)out.ptr, "1:1 1<a\n2:1 2<b\n2:5 2</b\n!2:0: the disk is gone\n");
    buf_fini(&out);
}

/* One piece that never ends, of each kind. */
static void bounds_a_piece(void **state)
{
    static const char *const begins[] = {"<a>", "<a b='", "<!--", "<a", "<a><?x "};
    size_t n = 3 * XML_PIECE_MAX;
    char *text = malloc(n);
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        struct buf out;
        struct text t = {.ptr = text, .len = n};
        buf_init(&out, 8 << 20);
        memset(text, 'x', n);
        memcpy(text, begins[i], strlen(begins[i]));
        struct err err = {0};
        struct xml_node node;
        struct xml *x = xml_open(read_text, &t, "test");
        enum xml_kind kind;
        while ((kind = xml_next(x, &node, &err)) != XML_BAD && kind != XML_END)
            ;
        assert_int_equal(kind, XML_BAD);
        assert_int_equal(err.kind, ERR_LIMIT);
        assert_true(t.at < XML_PIECE_MAX + 64 * 1024);
        xml_close(x);
        buf_fini(&out);
    }
    free(text);
}

static void survives_every_cut(void **state)
{
    const char *text =
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><!--c--><a b='&#65;'>x<![CDATA[y]]><c/>&lt;</a>\n";
    for (size_t n = 0; n < strlen(text) - 1; n++) {
        struct buf out;
        buf_init(&out, 1 << 20);
        char *exact = malloc(n ? n : 1);
        memcpy(exact, text, n);
        show((struct text){.ptr = exact, .len = n}, &out);
        assert_non_null(strchr((const char *)out.ptr, '!'));
        free(exact);
        buf_fini(&out);
    }
}

static void finds_attributes(void **state)
{
    struct text t = {.ptr = "<a b='1' c=''/>", .len = 15};
    struct err err = {0};
    struct xml_node node;
    struct xml *x = xml_open(read_text, &t, "test");
    assert_int_equal(xml_next(x, &node, &err), XML_OPEN);
    assert_true(span_eq(xml_attribute_of(&node, "b"), SPAN_LIT("1")));
    assert_int_equal(xml_attribute_of(&node, "c").len, 0);
    assert_int_equal(xml_attribute_of(&node, "d").len, 0);
    xml_close(x);
    xml_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(refuses_what_makes_small_files_large),
        cmocka_unit_test(refuses_depth),
        cmocka_unit_test(tells_where_it_breaks),
        cmocka_unit_test(passes_on_what_reading_says),
        cmocka_unit_test(bounds_a_piece),
        cmocka_unit_test(survives_every_cut),
        cmocka_unit_test(finds_attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
