#pragma once
/* X.509 certificates (RFC 5280, section 4.1): whose they are, who says so, for how long and for which names. Our own reading of DER
 * (X.690), for certificates come from adversaries and nothing of them is verified here. Hot and pure: spans borrow from the input,
 * nothing is allocated, nothing recurses. Lengths are definite and of at most four bytes; that they are the shortest is not asked. */
#include "base/span.h"
#include "sensor/extract/verdict.h"

enum {
    X509_NAME_TEXT_MAX = 2048,  /* of a name as text; what is longer is cut after a whole character */
    X509_SERIAL_MAX = 64,       /* bytes of a serial number; RFC 5280 allows 20 */
    X509_ALT_NAMES_MAX = 1024,  /* entries of a subjectAltName that are looked at */
};

struct x509 {
    struct span serial;              /* the INTEGER's bytes as sent, at most X509_SERIAL_MAX of them; .len 0: not read */
    struct span issuer, subject;     /* what a Name's SEQUENCE holds; may be empty */
    int64_t not_before, not_after;   /* UTC seconds; INT64_MIN: no date that makes sense */
    struct span alt_names;           /* of the first subjectAltName extension; for x509_alt_name_take() */
    uint16_t n_alt_names;            /* DNS names and addresses among them */
    bool is_cut;                     /* it has more alternative names than are looked at */
};

/* FIELD_FOUND: `der` is a certificate as far as it is looked into. FIELD_MALFORMED: it is not; *out has what came before the fault, as
 * all parts are read in their order, and the rest empty. */
enum verdict x509_read(struct span der, struct x509 *out);

struct x509_alt_name {
    struct span bytes; /* as sent: never empty; of an address 4 or 16 */
    bool is_address;   /* else it is a DNS name */
};

/* The next DNS name or address, other kinds and empty ones passed over; false when there is none. */
bool x509_alt_name_take(struct span *alt_names, struct x509_alt_name *out);

/* A name as one line: "C=XX, O=Example\, Inc., CN=www.evil.example", in the order of the certificate, as
 * `openssl x509 -nameopt sname,utf8,esc_2253,esc_ctrl,sep_comma_plus_space` prints it. Escapes are those of RFC 4514: a backslash before , + " \ < > ;,
 * before a blank or '#' at the start and a blank at the end of a value; \NN for each byte of what is no printable character (NUL, line ends,
 * marks that turn the writing direction). So a value can't pass for two. Always UTF-8: one-byte strings are taken for Latin-1, bytes that are
 * no character are escaped. Values that are no string are '#' and the DER in hex. Attribute types without a short name are dotted numbers.
 * Writes to `to`, returns the length. */
size_t x509_name_text(struct span name, uint8_t to[static X509_NAME_TEXT_MAX]);
