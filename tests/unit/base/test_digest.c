/* Digests of "abc" and of nothing, as RFC 1321 (appendix A.5), RFC 3174 and FIPS 180-4 give them; and in pieces as whole. */
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void expect_hex(const uint8_t *digest, size_t n, const char *wanted)
{
    char hex[2 * DIGEST_SHA256_LEN];
    digest_hex(digest, n, hex);
    assert_int_equal(strlen(wanted), 2 * n);
    assert_memory_equal(hex, wanted, 2 * n);
}

static void test_one_shot(void **state)
{
    uint8_t out[DIGEST_SHA256_LEN];
    (void)state;
    digest_md5(SPAN_LIT("abc"), out);
    expect_hex(out, DIGEST_MD5_LEN, "900150983cd24fb0d6963f7d28e17f72");
    digest_md5(span_of(NULL, 0), out);
    expect_hex(out, DIGEST_MD5_LEN, "d41d8cd98f00b204e9800998ecf8427e");
    digest_sha1(SPAN_LIT("abc"), out);
    expect_hex(out, DIGEST_SHA1_LEN, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static void test_sha256_in_pieces(void **state)
{
    static const char text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    uint8_t out[DIGEST_SHA256_LEN];
    struct digest d;
    (void)state;
    for (size_t cut = 0; cut < sizeof text; cut++) {
        digest_sha256_begin(&d);
        digest_sha256_add(&d, span_of(text, cut));
        digest_sha256_add(&d, span_of(text + cut, sizeof text - 1 - cut));
        digest_sha256_end(&d, out);
        expect_hex(out, DIGEST_SHA256_LEN,
                   "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    }
    digest_sha256_begin(&d);
    digest_sha256_end(&d, out);
    expect_hex(out, DIGEST_SHA256_LEN, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_shot),
        cmocka_unit_test(test_sha256_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
