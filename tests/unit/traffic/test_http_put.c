/* http_put.c: heads, read back. */
#include "traffic/http_put.h"

#include "sensor/extract/http.h"
#include "tests/unit/traffic/read_back.h"

static struct span head_of(struct span message)
{
    size_t scanned = 0, len;
    assert_int_equal(http_head_end(message, &scanned, &len), FIELD_FOUND);
    return span_first(message, len);
}

static void test_request(void **state)
{
    struct buf out;
    struct http_request r;
    (void)state;
    buf_init(&out, 4096);
    struct http_put_asked asked = {.method = SPAN_LIT("POST"),
                                   .target = SPAN_LIT("/gate.php?id=1"),
                                   .host = SPAN_LIT("evil.example:8080"),
                                   .user_agent = SPAN_LIT("evil agent/1"),
                                   .referer = SPAN_LIT("http://other.example/"),
                                   .body = SPAN_LIT("12345")};
    assert_true(http_put_request(&out, &asked));
    assert_int_equal(http_request_read(head_of(buf_span(&out)), &r), FIELD_FOUND);
    assert_true(span_eq(r.method, asked.method));
    assert_true(span_eq(r.target, asked.target));
    assert_true(span_eq(r.host, asked.host));
    assert_true(span_eq(r.user_agent, asked.user_agent));
    assert_true(span_eq(r.referer, asked.referer));
    assert_int_equal(r.framing, HTTP_LENGTH);
    assert_true(span_eq(span_from(buf_span(&out), out.len - 5), asked.body));

    buf_reset(&out);
    assert_true(http_put_request(&out, &(struct http_put_asked){0}));
    assert_int_equal(http_request_read(head_of(buf_span(&out)), &r), FIELD_FOUND);
    assert_true(span_eq(r.method, SPAN_LIT("GET")));
    assert_true(span_eq(r.target, SPAN_LIT("/")));
    assert_int_equal(r.host.len, 0);
    buf_fini(&out);
}

static void test_response(void **state)
{
    struct buf out;
    struct http_response r;
    (void)state;
    buf_init(&out, 4096);
    assert_true(http_put_response(&out, &(struct http_put_answer){.status = 302,
                                                                  .location = SPAN_LIT("http://x.example/"),
                                                                  .body_bytes = 77}));
    assert_int_equal(http_response_read(head_of(buf_span(&out)), &r), FIELD_FOUND);
    assert_int_equal(r.status, 302);
    assert_true(span_eq(r.location, SPAN_LIT("http://x.example/")));
    assert_int_equal(r.framing, HTTP_LENGTH);
    buf_fini(&out);
    buf_init(&out, 20);
    assert_false(http_put_response(&out, &(struct http_put_answer){.status = 200}));
    assert_int_equal(out.len, 0);
    assert_false(http_put_request(&out, &(struct http_put_asked){0}));
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_response),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
