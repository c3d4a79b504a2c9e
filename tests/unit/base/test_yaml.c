#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/yaml.h"

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

/* All events as text: "L:C scalar" "L:C [" "L:C {" "L:C ]" and at the end "." or "!message". */
static void show(struct text t, struct buf *out)
{
    struct err err = {0};
    struct yaml_node node;
    struct yaml *y = yaml_open(read_text, &t, "test");
    assert_non_null(y);
    for (;;) {
        enum yaml_kind kind = yaml_next(y, &node, &err);
        assert_int_equal(kind, node.kind);
        if (kind == YAML_END || kind == YAML_BAD)
            break;
        buf_printf(out, "%u:%u ", node.line, node.col);
        if (kind == YAML_SCALAR)
            buf_printf(out, "%s%.*s\n", node.is_plain ? "" : "'", (int)node.text.len,
                       (const char *)node.text.ptr);
        else
            buf_put_str(out, kind == YAML_SEQUENCE ? "[\n" : kind == YAML_MAPPING ? "{\n" : "]\n");
    }
    if (node.kind == YAML_BAD) {
        assert_int_not_equal(err.kind, ERR_NONE);
        buf_printf(out, "!%u:%u: %s\n", err.line, err.col, err.what);
        struct err again = {0};
        assert_int_equal(yaml_next(y, &node, &again), YAML_BAD);
        assert_string_equal(err.what, again.what);
    } else {
        buf_put_str(out, ".\n");
        assert_int_equal(yaml_next(y, &node, &err), YAML_END);
    }
    buf_put_byte(out, 0);
    yaml_close(y);
}

static void expect_bytes(const char *text, size_t len, const char *events)
{
    for (size_t step = 0; step < 4; step++) {
        struct buf out;
        buf_init(&out, 1 << 20);
        char *exact = malloc(len ? len : 1);
        memcpy(exact, text, len);
        show((struct text){.ptr = exact, .len = len, .step = step}, &out);
        assert_string_equal((const char *)out.ptr, events);
        free(exact);
        buf_fini(&out);
    }
}

static void expect(const char *text, const char *events)
{
    expect_bytes(text, strlen(text), events);
}

static void reads(void **state)
{
    expect("", ".\n");
    expect("# nothing\n", ".\n");
    expect("a: 1\nb: [x, 'y']\n", "1:1 {\n1:1 a\n1:4 1\n2:1 b\n2:4 [\n2:5 x\n2:8 'y\n2:11 ]\n3:1 ]\n.\n");
    expect("- x\n- k: v\n- ~\n", "1:1 [\n1:3 x\n2:3 {\n2:3 k\n2:6 v\n3:1 ]\n3:3 ~\n4:1 ]\n.\n");
    expect("\xef\xbb\xbf{\"a\": \"b\\n\"}", "1:2 {\n1:3 'a\n1:8 'b\n\n1:13 ]\n.\n");
    expect("--- |\n  two\n  lines\n", "1:5 'two\nlines\n\n.\n");
    expect("\xc3\xa9: \xc3\xa9", "1:1 {\n1:1 \xc3\xa9\n1:4 \xc3\xa9\n2:1 ]\n.\n");
    expect("a: 1\r\nb: 2\r\n", "1:1 {\n1:1 a\n1:4 1\n2:1 b\n2:4 2\n3:1 ]\n.\n");
}

static void refuses_what_makes_small_files_large(void **state)
{
    expect("a: &x 1\n", "1:1 {\n1:1 a\n!1:4: anchors (&name) are not allowed; write the value out\n");
    expect("&x [1]\n", "!1:1: anchors (&name) are not allowed; write the value out\n");
    expect("&x {a: 1}\n", "!1:1: anchors (&name) are not allowed; write the value out\n");
    expect("- *x\n", "1:1 [\n!1:3: aliases (*name) are not allowed; write the value out\n");
    expect("- a\n---\n- b\n", "1:1 [\n1:3 a\n2:1 ]\n!2:1: a second document begins; a file holds one\n");
}

static void refuses_depth(void **state)
{
    char deep[64], events[2048];
    memset(deep, '[', sizeof deep);
    size_t n = 0;
    for (int i = 1; i <= YAML_DEPTH_MAX; i++)
        n += (size_t)snprintf(events + n, sizeof events - n, "1:%d [\n", i);
    snprintf(events + n, sizeof events - n, "!1:%d: nested too deeply\n", YAML_DEPTH_MAX + 1);
    expect_bytes(deep, sizeof deep, events);
}

/* What stands before a bad byte is delivered, but perhaps for the piece just before it. */
static void expect_bad_byte(const char *text, size_t len, const char *message)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    show((struct text){.ptr = text, .len = len}, &out);
    assert_non_null(strstr((const char *)out.ptr, "1:1 [\n1:3 a\n2:3 b\n"));
    assert_non_null(strstr((const char *)out.ptr, message));
    buf_fini(&out);
}

static void tells_where_it_breaks(void **state)
{
    expect("a: 1\nb: \"open\n",
           "1:1 {\n1:1 a\n1:4 1\n2:1 b\n!3:1: not YAML: found unexpected end of stream while "
           "scanning a quoted scalar\n");
    expect("a: 1\n b: 2\n",
           "1:1 {\n1:1 a\n1:4 1 b\n!2:3: not YAML: mapping values are not allowed in this context\n");
    expect_bad_byte("- a\n- b\n- c\n- \xff\n", 16, "!4:0: not YAML: invalid leading UTF-8 octet\n");
    expect_bad_byte("- a\n- b\n- c\n- \0\n", 16, "!4:0: not YAML: control characters are not allowed\n");
}

static void passes_on_what_reading_says(void **state)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    show((struct text){.ptr = "- a\n- b\n", .len = 8, .fails_at_end = true}, &out);
    assert_string_equal((const char *)out.ptr, "1:1 [\n1:3 a\n!2:0: the disk is gone\n");
    buf_fini(&out);
}

static void bounds_a_piece(void **state)
{
    size_t n = 3 * YAML_PIECE_MAX;
    char *text = malloc(n);
    memset(text, 'x', n);
    memcpy(text, "- \"", 3);
    struct buf out;
    buf_init(&out, 8 << 20);
    show((struct text){.ptr = text, .len = n}, &out);
    assert_string_equal((const char *)out.ptr,
                        "1:1 [\n!1:0: a single value or comment is longer than 1048576 bytes\n");
    buf_fini(&out);
    memset(text, '\n', n);
    memcpy(text, "[\n#", 3);
    buf_init(&out, 8 << 20);
    show((struct text){.ptr = text, .len = n}, &out);
    assert_non_null(strstr((const char *)out.ptr, "a single value or comment is longer than"));
    buf_fini(&out);
    free(text);
}

static void passes_collections(void **state)
{
    struct text t = {.ptr = "a: [1, {b: [2]}]\nc: 3\n", .len = 23};
    struct err err = {0};
    struct yaml_node node;
    struct yaml *y = yaml_open(read_text, &t, "test");
    assert_int_equal(yaml_next(y, &node, &err), YAML_MAPPING);
    assert_int_equal(yaml_next(y, &node, &err), YAML_SCALAR);
    assert_true(yaml_pass(y, &node, &err));
    assert_int_equal(yaml_next(y, &node, &err), YAML_SEQUENCE);
    assert_true(yaml_pass(y, &node, &err));
    assert_int_equal(yaml_next(y, &node, &err), YAML_SCALAR);
    assert_true(span_eq(node.text, SPAN_LIT("c")));
    yaml_close(y);
    yaml_close(NULL);

    t = (struct text){.ptr = "a: [1, {b: [2", .len = 13};
    y = yaml_open(read_text, &t, "test");
    for (int i = 0; i < 3; i++)
        yaml_next(y, &node, &err);
    assert_int_equal(node.kind, YAML_SEQUENCE);
    assert_false(yaml_pass(y, &node, &err));
    yaml_close(y);
}

static void knows_null_and_bool(void **state)
{
    struct yaml_node n = {.kind = YAML_SCALAR, .is_plain = true, .text = SPAN_LIT("~")};
    bool is_on;
    assert_true(yaml_is_null(&n));
    n.text = SPAN_LIT("NULL");
    assert_true(yaml_is_null(&n));
    n.text = SPAN_LIT("");
    assert_true(yaml_is_null(&n));
    n.is_plain = false;
    assert_false(yaml_is_null(&n));
    n = (struct yaml_node){.kind = YAML_SCALAR, .is_plain = true, .text = SPAN_LIT("Yes")};
    assert_true(yaml_bool(&n, &is_on) && is_on);
    n.text = SPAN_LIT("false");
    assert_true(yaml_bool(&n, &is_on) && !is_on);
    n.text = SPAN_LIT("maybe");
    assert_false(yaml_bool(&n, &is_on));
    n = (struct yaml_node){.kind = YAML_SCALAR, .text = SPAN_LIT("true")};
    assert_false(yaml_bool(&n, &is_on));
}

static void survives_every_cut(void **state)
{
    const char *text = "vedette: 1\ntags: [a, 'b', \"c\\u00e9\"]\nx: {y: |\n    z\n  }\nindicators:\n- "
                       "a.example\n- {b: c}\n";
    for (size_t n = 0; n <= strlen(text); n++) {
        struct buf out;
        buf_init(&out, 1 << 20);
        char *exact = malloc(n ? n : 1);
        memcpy(exact, text, n);
        show((struct text){.ptr = exact, .len = n}, &out);
        free(exact);
        buf_fini(&out);
    }
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
        cmocka_unit_test(passes_collections),
        cmocka_unit_test(knows_null_and_bool),
        cmocka_unit_test(survives_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
