/* See x509.h. Hot.
 *
 * A certificate is read in the order of its RFC, each element opening a smaller span. There is nothing to recurse into: all that is wanted
 * stands at fixed places, at most seven levels deep. */
#include "sensor/extract/x509.h"

#include "base/time.h"
#include "base/utf8.h"

enum tag {
    TAG_BOOLEAN = 0x01,
    TAG_INTEGER = 0x02,
    TAG_OCTETS = 0x04,
    TAG_OID = 0x06,
    TAG_UTF8 = 0x0c,
    TAG_NUMERIC = 0x12,
    TAG_PRINTABLE = 0x13,
    TAG_T61 = 0x14,
    TAG_IA5 = 0x16,
    TAG_UTC_TIME = 0x17,
    TAG_GENERALIZED_TIME = 0x18,
    TAG_VISIBLE = 0x1a,
    TAG_GENERAL = 0x1b,
    TAG_UNIVERSAL = 0x1c,
    TAG_BMP = 0x1e,
    TAG_SEQUENCE = 0x30,
    TAG_SET = 0x31,
    TAG_VERSION = 0xa0,
    TAG_EXTENSIONS = 0xa3,
    TAG_DNS_NAME = 0x82,
    TAG_IP_ADDRESS = 0x87,
};

enum { LENGTH_BYTES_MAX = 4, MULTI_BYTE_TAG = 0x1f, UTC_TIME_LEN = 13, GENERALIZED_TIME_LEN = 15 };

/* ---- DER ---- */

struct element {
    uint8_t tag;
    struct span body;
    struct span whole;
};

static bool take_length(struct span *s, size_t *out)
{
    uint8_t first, next;
    if (!span_take_u8(s, &first))
        return false;
    *out = first;
    if (first < 0x80)
        return true;
    *out = 0;
    for (int n = first & 0x7f; n > 0; n--) {
        if (!span_take_u8(s, &next) || (first & 0x7f) > LENGTH_BYTES_MAX)
            return false;
        *out = *out << 8 | next;
    }
    return first > 0x80; /* an indefinite length is not DER */
}

static bool take_element(struct span *s, struct element *out)
{
    struct span rest = *s;
    size_t len;
    if (!span_take_u8(&rest, &out->tag) || (out->tag & MULTI_BYTE_TAG) == MULTI_BYTE_TAG ||
        !take_length(&rest, &len) || !span_take(&rest, len, &out->body))
        return false;
    out->whole = span_first(*s, s->len - rest.len);
    *s = rest;
    return true;
}

/* The body of the next element, which must have this tag; else nothing is taken. */
static bool take(struct span *s, enum tag tag, struct span *out)
{
    struct element e;
    struct span rest = *s;
    if (!take_element(&rest, &e) || e.tag != tag)
        return false;
    *out = e.body;
    *s = rest;
    return true;
}

/* ---- Validity ---- */

static bool are_digits(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return true;
}

/* "YYMMDDHHMMSSZ", where YY from 50 on is of the last century, or "YYYYMMDDHHMMSSZ" (RFC 5280, section 4.1.2.5). */
static int64_t read_time(const struct element *e)
{
    size_t want = e->tag == TAG_UTC_TIME ? UTC_TIME_LEN : GENERALIZED_TIME_LEN;
    struct span digits = span_first(e->body, want - 1);
    int64_t seconds;
    if ((e->tag != TAG_UTC_TIME && e->tag != TAG_GENERALIZED_TIME) || e->body.len != want ||
        e->body.ptr[want - 1] != 'Z' || !are_digits(digits))
        return INT64_MIN;
    char full[14], text[] = "YYYY-MM-DDTHH:MM:SSZ";
    memcpy(full, digits.ptr[0] < '5' ? "20" : "19", 2);
    memcpy(full + sizeof full - digits.len, digits.ptr, digits.len);
    for (size_t i = 0, n = 0; i < sizeof text - 1; i++)
        if (strchr("YMDHS", text[i]))
            text[i] = full[n++];
    return time_parse(span_of(text, sizeof text - 1), &seconds) ? seconds : INT64_MIN;
}

static bool read_validity(struct span *s, struct x509 *out)
{
    struct span validity;
    struct element from, until;
    if (!take(s, TAG_SEQUENCE, &validity) || !take_element(&validity, &from) ||
        !take_element(&validity, &until))
        return false;
    out->not_before = read_time(&from);
    out->not_after = read_time(&until);
    return true;
}

/* ---- Alternative names ---- */

/* False: no more, or what follows is none. */
static bool take_alt_name(struct span *names, struct x509_alt_name *out, bool *is_wanted)
{
    struct element e;
    if (!take_element(names, &e))
        return false;
    *out = (struct x509_alt_name){.bytes = e.body, .is_address = e.tag == TAG_IP_ADDRESS};
    *is_wanted =
        out->is_address ? e.body.len == 4 || e.body.len == 16 : e.tag == TAG_DNS_NAME && e.body.len > 0;
    return true;
}

bool x509_alt_name_take(struct span *alt_names, struct x509_alt_name *out)
{
    bool is_wanted = false;
    while (!is_wanted && take_alt_name(alt_names, out, &is_wanted))
        ;
    return is_wanted;
}

/* Counts them, and cuts off what is beyond the bound. */
static void bound_alt_names(struct x509 *out)
{
    struct span rest = out->alt_names;
    struct x509_alt_name name;
    bool is_wanted;
    for (int n = 0; n < X509_ALT_NAMES_MAX && take_alt_name(&rest, &name, &is_wanted); n++)
        out->n_alt_names = (uint16_t)(out->n_alt_names + is_wanted);
    struct span more = rest;
    out->is_cut = take_alt_name(&more, &name, &is_wanted);
    out->alt_names.len -= rest.len;
}

static void read_extensions(struct span extensions, struct x509 *out)
{
    struct span extension, oid, critical, value;
    while (out->alt_names.len == 0 && take(&extensions, TAG_SEQUENCE, &extension)) {
        if (!take(&extension, TAG_OID, &oid) || !span_eq(oid, SPAN_LIT("\x55\x1d\x11")))
            continue;
        take(&extension, TAG_BOOLEAN, &critical);
        if (take(&extension, TAG_OCTETS, &value) && take(&value, TAG_SEQUENCE, &out->alt_names))
            bound_alt_names(out);
    }
}

/* ---- The certificate ---- */

/* What is left of the TBSCertificate after the subject: the key, two identifiers nobody uses, extensions. */
static bool read_rest(struct span rest, struct x509 *out)
{
    struct span key, wrapped, extensions;
    struct element e;
    if (!take(&rest, TAG_SEQUENCE, &key))
        return false;
    while (take_element(&rest, &e)) {
        wrapped = e.body;
        if (e.tag == TAG_EXTENSIONS && take(&wrapped, TAG_SEQUENCE, &extensions))
            read_extensions(extensions, out);
    }
    return rest.len == 0;
}

enum verdict x509_read(struct span der, struct x509 *out)
{
    struct span certificate, tbs, version, algorithm, serial;

    *out = (struct x509){.not_before = INT64_MIN, .not_after = INT64_MIN};
    if (!take(&der, TAG_SEQUENCE, &certificate) || !take(&certificate, TAG_SEQUENCE, &tbs))
        return FIELD_MALFORMED;
    take(&tbs, TAG_VERSION, &version);
    if (!take(&tbs, TAG_INTEGER, &serial))
        return FIELD_MALFORMED;
    out->serial = span_first(serial, X509_SERIAL_MAX);
    if (!take(&tbs, TAG_SEQUENCE, &algorithm) || !take(&tbs, TAG_SEQUENCE, &out->issuer) ||
        !read_validity(&tbs, out) || !take(&tbs, TAG_SEQUENCE, &out->subject) || !read_rest(tbs, out))
        return FIELD_MALFORMED;
    return FIELD_FOUND;
}

/* ---- Names as text ---- */

struct text {
    uint8_t *to;
    size_t len;
    bool is_full; /* something did not fit, so nothing more is put */
};

static void put(struct text *t, const void *bytes, size_t n)
{
    t->is_full = t->is_full || n > X509_NAME_TEXT_MAX - t->len;
    if (t->is_full)
        return;
    memcpy(t->to + t->len, bytes, n);
    t->len += n;
}

static void put_str(struct text *t, const char *s)
{
    put(t, s, strlen(s));
}

static void put_hex(struct text *t, struct span bytes)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < bytes.len && !t->is_full; i++)
        put(t, (char[2]){digits[bytes.ptr[i] >> 4], digits[bytes.ptr[i] & 0xf]}, 2);
}

/* "\NN" for each byte, all of them or none. */
static void put_pairs(struct text *t, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789ABCDEF";
    char pairs[3 * 4];
    for (size_t i = 0; i < n; i++)
        memcpy(pairs + 3 * i, (char[3]){'\\', digits[bytes[i] >> 4], digits[bytes[i] & 0xf]}, 3);
    put(t, pairs, 3 * n);
}

static size_t utf8_write(uint32_t c, uint8_t out[static 4])
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (uint8_t)(0x80 | (c & 0x3f));
    out[0] = (uint8_t)((0xf00 >> n & 0xff) | c);
    return n;
}

static void put_character(struct text *t, uint32_t c, bool is_first, bool is_last)
{
    uint8_t utf8[4];
    size_t n = utf8_write(c, utf8);
    bool is_special = c < 0x80 && c && strchr(",+\"\\<>;", (int)c);
    bool is_edge = (c == ' ' && (is_first || is_last)) || (c == '#' && is_first);
    if (is_special || is_edge)
        put(t, (char[2]){'\\', (char)c}, 2);
    else if (utf8_is_printable(c))
        put(t, utf8, n);
    else
        put_pairs(t, utf8, n);
}

/* Bytes of one character. */
static size_t width_of(uint8_t tag)
{
    return tag == TAG_UNIVERSAL ? 4 : tag == TAG_BMP ? 2 : 1;
}

/* The character at the start of `s`, in as many bytes as are returned; 0 when they are none. */
static size_t read_character(uint8_t tag, struct span s, uint32_t *out)
{
    size_t width = width_of(tag);
    if (tag == TAG_UTF8)
        return utf8_read(s.ptr, s.len, out);
    if (s.len < width)
        return 0;
    *out = width == 1 ? s.ptr[0] : width == 2 ? load_be16(s.ptr) : load_be32(s.ptr);
    bool is_high = width == 2 && *out >> 10 == 0xd800 >> 10;
    if (is_high && s.len >= 4 && load_be16(s.ptr + 2) >> 10 == 0xdc00 >> 10) {
        *out = 0x10000 + ((*out & 0x3ff) << 10 | (load_be16(s.ptr + 2) & 0x3ff));
        return 4;
    }
    return *out > 0x10ffff || (*out >= 0xd800 && *out < 0xe000) ? 0 : width;
}

static bool is_string(uint8_t tag)
{
    switch (tag) {
    case TAG_UTF8:
    case TAG_NUMERIC:
    case TAG_PRINTABLE:
    case TAG_T61:
    case TAG_IA5:
    case TAG_VISIBLE:
    case TAG_GENERAL:
    case TAG_UNIVERSAL:
    case TAG_BMP:
        return true;
    default:
        return false;
    }
}

static void put_value(struct text *t, const struct element *value)
{
    if (!is_string(value->tag)) {
        put_str(t, "#");
        put_hex(t, value->whole);
        return;
    }
    for (struct span rest = value->body; rest.len && !t->is_full;) {
        uint32_t c;
        size_t n = read_character(value->tag, rest, &c), odd = width_of(value->tag);
        odd = odd < rest.len ? odd : rest.len;
        if (n)
            put_character(t, c, rest.len == value->body.len, rest.len == n);
        else
            put_pairs(t, rest.ptr, odd);
        span_skip(&rest, n ? n : odd);
    }
}

/* The short names of OpenSSL for attribute types that certificates have. */
static const struct {
    struct span oid;
    const char *name;
} attribute_types[] = {
    {{(const uint8_t *)"\x55\x04\x03", 3}, "CN"},
    {{(const uint8_t *)"\x55\x04\x04", 3}, "SN"},
    {{(const uint8_t *)"\x55\x04\x05", 3}, "serialNumber"},
    {{(const uint8_t *)"\x55\x04\x06", 3}, "C"},
    {{(const uint8_t *)"\x55\x04\x07", 3}, "L"},
    {{(const uint8_t *)"\x55\x04\x08", 3}, "ST"},
    {{(const uint8_t *)"\x55\x04\x09", 3}, "street"},
    {{(const uint8_t *)"\x55\x04\x0a", 3}, "O"},
    {{(const uint8_t *)"\x55\x04\x0b", 3}, "OU"},
    {{(const uint8_t *)"\x55\x04\x0c", 3}, "title"},
    {{(const uint8_t *)"\x55\x04\x0d", 3}, "description"},
    {{(const uint8_t *)"\x55\x04\x0f", 3}, "businessCategory"},
    {{(const uint8_t *)"\x55\x04\x11", 3}, "postalCode"},
    {{(const uint8_t *)"\x55\x04\x12", 3}, "postOfficeBox"},
    {{(const uint8_t *)"\x55\x04\x14", 3}, "telephoneNumber"},
    {{(const uint8_t *)"\x55\x04\x29", 3}, "name"},
    {{(const uint8_t *)"\x55\x04\x2a", 3}, "GN"},
    {{(const uint8_t *)"\x55\x04\x2b", 3}, "initials"},
    {{(const uint8_t *)"\x55\x04\x2c", 3}, "generationQualifier"},
    {{(const uint8_t *)"\x55\x04\x2e", 3}, "dnQualifier"},
    {{(const uint8_t *)"\x55\x04\x41", 3}, "pseudonym"},
    {{(const uint8_t *)"\x55\x04\x61", 3}, "organizationIdentifier"},
    {{(const uint8_t *)"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", 9}, "emailAddress"},
    {{(const uint8_t *)"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02", 9}, "unstructuredName"},
    {{(const uint8_t *)"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x08", 9}, "unstructuredAddress"},
    {{(const uint8_t *)"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", 10}, "UID"},
    {{(const uint8_t *)"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", 10}, "DC"},
    {{(const uint8_t *)"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01", 11}, "jurisdictionL"},
    {{(const uint8_t *)"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02", 11}, "jurisdictionST"},
    {{(const uint8_t *)"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03", 11}, "jurisdictionC"},
};

static void put_number(struct text *t, uint64_t n)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + n % 10);
    while (n /= 10);
    put(t, digits + at, sizeof digits - at);
}

/* One arc of an object identifier: base 128, the last byte below 128. False when it ends too early or is past 56 bits. */
static bool take_arc(struct span *oid, uint64_t *out)
{
    uint8_t byte;
    *out = 0;
    do {
        if (!span_take_u8(oid, &byte) || *out >> 49)
            return false;
        *out = *out << 7 | (byte & 0x7f);
    } while (byte & 0x80);
    return true;
}

/* Dotted; '#' and hex when it is no object identifier. */
static void put_oid(struct text *t, struct span oid)
{
    struct span rest = oid;
    uint64_t arc;
    size_t mark = t->len;
    bool is_good = take_arc(&rest, &arc);
    if (is_good) { /* the first byte has two arcs (X.690, section 8.19.4) */
        uint64_t first = arc < 80 ? arc / 40 : 2;
        put_number(t, first);
        put_str(t, ".");
        put_number(t, arc - 40 * first);
    }
    while (is_good && rest.len && (is_good = take_arc(&rest, &arc))) {
        put_str(t, ".");
        put_number(t, arc);
    }
    if (is_good)
        return;
    if (!t->is_full)
        t->len = mark;
    put_str(t, "#");
    put_hex(t, oid);
}

static void put_attribute(struct text *t, struct span oid, const struct element *value)
{
    size_t i = 0, n = sizeof attribute_types / sizeof *attribute_types;
    while (i < n && !span_eq(oid, attribute_types[i].oid))
        i++;
    if (i < n)
        put_str(t, attribute_types[i].name);
    else
        put_oid(t, oid);
    put_str(t, "=");
    put_value(t, value);
}

size_t x509_name_text(struct span name, uint8_t to[static X509_NAME_TEXT_MAX])
{
    struct text t = {.to = to};
    struct span set, attribute, oid;
    struct element value;
    while (!t.is_full && take(&name, TAG_SET, &set))
        for (bool is_first = true; !t.is_full && take(&set, TAG_SEQUENCE, &attribute); is_first = false) {
            if (!take(&attribute, TAG_OID, &oid) || !take_element(&attribute, &value))
                return t.len;
            put_str(&t, t.len == 0 ? "" : is_first ? ", " : " + ");
            put_attribute(&t, oid, &value);
        }
    return t.len;
}
