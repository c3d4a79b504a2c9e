#pragma once
/* Certificates for tests, element by element. Everything is put at the end of a struct der, and an element's header in front of what was put
 * since its mark, so a length can be made to lie by putting bytes by hand. */
#include <stdlib.h>

#include "base/span.h"

enum { DER_ROOM = 1 << 16 };

struct der {
    uint8_t bytes[DER_ROOM];
    size_t len;
};

static inline struct span der_span(const struct der *d)
{
    return span_of(d->bytes, d->len);
}

static inline void der_put(struct der *d, struct span s)
{
    memcpy(d->bytes + d->len, s.ptr, s.len);
    d->len += s.len;
}

/* What was put since `mark` becomes the body of an element, its length in as few bytes as will do. */
static inline void der_wrap(struct der *d, size_t mark, uint8_t tag)
{
    size_t len = d->len - mark, head = len < 0x80 ? 2 : len < 0x100 ? 3 : 4;
    uint8_t *at = d->bytes + mark;
    memmove(at + head, at, len);
    at[0] = tag;
    at[1] = (uint8_t)(head == 2 ? len : 0x80 + head - 2);
    if (head == 4)
        at[2] = (uint8_t)(len >> 8);
    if (head > 2)
        at[head - 1] = (uint8_t)len;
    d->len += head;
}

static inline void der_element(struct der *d, uint8_t tag, struct span body)
{
    size_t mark = d->len;
    der_put(d, body);
    der_wrap(d, mark, tag);
}

/* One attribute as a set of its own. */
static inline void der_attribute(struct der *d, struct span oid, uint8_t tag, struct span value)
{
    size_t mark = d->len;
    der_element(d, 0x06, oid);
    der_element(d, tag, value);
    der_wrap(d, mark, 0x30);
    der_wrap(d, mark, 0x31);
}

#define DER_CN SPAN_LIT("\x55\x04\x03")
#define DER_O  SPAN_LIT("\x55\x04\x0a")
#define DER_C  SPAN_LIT("\x55\x04\x06")

struct der_plan {
    struct span serial;
    struct span cn;                     /* UTF8String */
    const char *not_before, *not_after; /* UTCTime, or GeneralizedTime when longer */
    struct span alt_names;              /* GeneralNames as they lie in their SEQUENCE; .len 0: no extension */
};

static inline void der_time(struct der *d, const char *text)
{
    der_element(d, strlen(text) > 13 ? 0x18 : 0x17, span_str(text));
}

static inline void der_extensions(struct der *d, struct span alt_names)
{
    size_t all = d->len, extension;
    extension = d->len; /* basicConstraints, critical */
    der_element(d, 0x06, SPAN_LIT("\x55\x1d\x13"));
    der_element(d, 0x01, SPAN_LIT("\xff"));
    der_element(d, 0x04, SPAN_LIT("\x30\x00"));
    der_wrap(d, extension, 0x30);
    extension = d->len;
    der_element(d, 0x06, SPAN_LIT("\x55\x1d\x11"));
    size_t value = d->len;
    der_element(d, 0x30, alt_names);
    der_wrap(d, value, 0x04);
    der_wrap(d, extension, 0x30);
    der_wrap(d, all, 0x30);
    der_wrap(d, all, 0xa3);
}

/* A version 3 certificate, signed by nobody, appended to what is there. Issuer: C=XX, O=Example CA. */
static inline void der_certificate(struct der *d, const struct der_plan *p)
{
    size_t whole = d->len, mark;
    der_put(d, SPAN_LIT("\xa0\x03\x02\x01\x02"));
    der_element(d, 0x02, p->serial);
    der_put(d, SPAN_LIT("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"));
    mark = d->len;
    der_attribute(d, DER_C, 0x13, SPAN_LIT("XX"));
    der_attribute(d, DER_O, 0x0c, SPAN_LIT("Example CA"));
    der_wrap(d, mark, 0x30);
    mark = d->len;
    der_time(d, p->not_before);
    der_time(d, p->not_after);
    der_wrap(d, mark, 0x30);
    mark = d->len;
    der_attribute(d, DER_CN, 0x0c, p->cn);
    der_wrap(d, mark, 0x30);
    der_put(d, SPAN_LIT("\x30\x06\x30\x00\x03\x02\x00\x04")); /* the key */
    if (p->alt_names.len)
        der_extensions(d, p->alt_names);
    der_wrap(d, whole, 0x30);
    der_put(d, SPAN_LIT("\x30\x00\x03\x02\x00\x04"));
    der_wrap(d, whole, 0x30);
}
