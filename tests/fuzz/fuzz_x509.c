/* Fuzz target for sensor/extract/x509.h and the Certificate message of sensor/extract/tls.h. The input is taken for a certificate and for a message. What
 * must hold beyond not crashing:
 * - every span lies in the input, and names that are counted are there;
 * - a name's text is UTF-8 without control characters, within its bound;
 * - a certificate cut short says nothing that the whole one does not;
 * - the certificates of a message lie in it, one behind the other. */
#include "sensor/extract/x509.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "sensor/extract/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_inside(struct span part, struct span whole)
{
    check(part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

static void check_text(struct span name)
{
    uint8_t *text = malloc(X509_NAME_TEXT_MAX);
    check(text != NULL);
    size_t len = x509_name_text(name, text);
    check(len <= X509_NAME_TEXT_MAX);
    for (size_t at = 0; at < len;) {
        uint32_t c;
        size_t n = utf8_read(text + at, len - at, &c);
        check(n > 0 && utf8_is_printable(c));
        at += n;
    }
    free(text);
}

static void check_certificate(struct span in, const struct x509 *c)
{
    check_inside(c->serial, in);
    check_inside(c->issuer, in);
    check_inside(c->subject, in);
    check_inside(c->alt_names, in);
    check(c->serial.len <= X509_SERIAL_MAX);
    check_text(c->issuer);
    check_text(c->subject);
    struct span rest = c->alt_names;
    struct x509_alt_name name;
    unsigned n = 0;
    while (x509_alt_name_take(&rest, &name)) {
        check_inside(name.bytes, c->alt_names);
        check(name.is_address ? name.bytes.len == 4 || name.bytes.len == 16 : name.bytes.len > 0);
        n++;
    }
    check(n == c->n_alt_names && n <= X509_ALT_NAMES_MAX);
}

static bool is_same(struct span cut, struct span whole)
{
    return cut.len == 0 || (cut.ptr == whole.ptr && cut.len == whole.len);
}

static void check_cuts(struct span in, const struct x509 *whole)
{
    struct x509 cut;
    for (size_t n = in.len > 200 ? in.len - 200 : 0; n < in.len; n++) {
        x509_read(span_first(in, n), &cut);
        check(is_same(cut.serial, whole->serial) && is_same(cut.issuer, whole->issuer) &&
              is_same(cut.subject, whole->subject));
    }
}

static void run_message(struct span in)
{
    struct span list, der;
    struct x509 c;
    enum verdict v = tls_certificates_read(in, &list);
    check(v != FIELD_ABSENT || (in.len > 0 && in.ptr[0] != TLS_CERTIFICATE));
    check_inside(list, in);
    const uint8_t *end = list.ptr;
    while (tls_certificate_take(&list, &der)) {
        check_inside(der, in);
        check(der.len > 0 && der.ptr >= end);
        end = der.ptr + der.len;
        x509_read(der, &c);
        check_certificate(der, &c);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    struct span in = span_of(copy, len);
    struct x509 c;
    check(copy != NULL);
    if (len)
        memcpy(copy, data, len);
    x509_read(in, &c);
    check_certificate(in, &c);
    check_cuts(in, &c);
    run_message(in);
    free(copy);
    return 0;
}
