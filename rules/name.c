/* See name.h. Nearly every name in nearly every list is canonical as it stands: name_is_plain() sees that in one pass
 * over a class table, and nothing is copied. The rest is spelled out label by label into a buffer on the stack. Only
 * labels with bytes beyond ASCII go to libidn2, one at a time: given the whole name it would refuse real ones for the
 * hyphens and underscores of their other labels. A-labels are kept as written and not decoded; traffic can carry any
 * bytes there, well-formed punycode or not.
 *
 * libidn2 applies IDNA 2008 after UTS 46, so emoji and symbols are bad-idn; lists can give such names as A-labels. */
#include "rules/name.h"

#include <idn2.h>

enum {
    LABEL_MAX = 63,
    /* 59 code points of 4 bytes are the most that an A-label holds; twice that leaves room for what UTS 46 composes or
     * drops, and bounds what one label costs: punycode is quadratic. */
    LABEL_RAW_MAX = 512,
};

enum class { CLASS_NAME = 1, CLASS_UPPER = 2, CLASS_DOT = 4, CLASS_HIGH = 8, CLASS_OTHER = 16 };

/* clang-format off */
static const uint8_t byte_class[256] = {
    [0x00 ... ','] = CLASS_OTHER, ['-'] = CLASS_NAME, ['.'] = CLASS_DOT, ['/'] = CLASS_OTHER, ['0' ... '9'] = CLASS_NAME,
    [':' ... '@'] = CLASS_OTHER, ['A' ... 'Z'] = CLASS_UPPER, ['[' ... '^'] = CLASS_OTHER, ['_'] = CLASS_NAME,
    ['`'] = CLASS_OTHER, ['a' ... 'z'] = CLASS_NAME, ['{' ... 0x7f] = CLASS_OTHER, [0x80 ... 0xff] = CLASS_HIGH,
};
/* clang-format on */

struct spelling {
    uint8_t bytes[NAME_MAX_BYTES];
    size_t len;
    size_t n_labels;
    size_t last; /* where the last label starts */
};

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* What stands in a name, without a branch per byte: names are short and their dots fall anywhere, so that a branch on them
 * costs more than all the rest. */
struct glance {
    uint8_t classes;    /* of all bytes, or'ed */
    uint8_t repetition; /* CLASS_DOT when two dots meet or one stands in front */
    size_t last;        /* where the last label starts, 0 when there is no dot */
};

static struct glance glance_at(struct span name)
{
    struct glance g = {.last = 0};
    uint8_t before = CLASS_DOT;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t class = byte_class[name.ptr[i]];
        g.classes |= class;
        g.repetition |= class & before;
        g.last = class == CLASS_DOT ? i + 1 : g.last;
        before = class;
    }
    return g;
}

static bool has_long_label(struct span name)
{
    size_t first = 0;
    for (size_t i = 0; i <= name.len; i++) {
        if (i < name.len && name.ptr[i] != '.')
            continue;
        if (i - first > LABEL_MAX)
            return true;
        first = i + 1;
    }
    return false;
}

bool name_is_plain(struct span name)
{
    if (name.len > NAME_MAX_BYTES)
        return false;
    struct glance g = glance_at(name);
    if (g.classes & ~(CLASS_NAME | CLASS_DOT) || g.repetition & CLASS_DOT || g.last == 0 ||
        g.last == name.len)
        return false;
    /* A last label with a digit in front may be a number: the long way decides. */
    return !is_digit(name.ptr[g.last]) && (name.len <= LABEL_MAX || !has_long_label(name));
}

/* Bytes that the dot at `at` takes, 0 if there is none: U+3002, U+FF0E and U+FF61 are dots too. */
static size_t dot_len(struct span s, size_t at)
{
    if (s.ptr[at] == '.')
        return 1;
    struct span three = span_first(span_from(s, at), 3);
    return span_eq(three, SPAN_LIT("\xe3\x80\x82")) || span_eq(three, SPAN_LIT("\xef\xbc\x8e")) ||
                   span_eq(three, SPAN_LIT("\xef\xbd\xa1"))
               ? 3
               : 0;
}

/* Append a label that is ASCII; upper case is folded. *out_at: the byte of it at fault. */
static enum reject put_label(struct spelling *s, struct span label, size_t *out_at)
{
    size_t at = s->n_labels ? s->len + 1 : 0;
    *out_at = 0;
    if (label.len == 0)
        return REJECT_EMPTY_LABEL;
    if (label.len > LABEL_MAX)
        return REJECT_LABEL_TOO_LONG;
    if (at + label.len > NAME_MAX_BYTES)
        return REJECT_NAME_TOO_LONG;
    for (size_t i = 0; i < label.len; i++) {
        uint8_t class = byte_class[label.ptr[i]];
        if (class != CLASS_NAME && class != CLASS_UPPER) {
            *out_at = i;
            return REJECT_BAD_CHAR;
        }
        s->bytes[at + i] = class == CLASS_UPPER ? label.ptr[i] | 0x20 : label.ptr[i];
    }
    if (at)
        s->bytes[at - 1] = '.';
    s->last = at;
    s->len = at + label.len;
    s->n_labels++;
    return REJECT_NONE;
}

static enum reject reject_of_idn(int rc)
{
    switch (rc) {
    case IDN2_TOO_BIG_LABEL:
    case IDN2_TOO_BIG_DOMAIN:
    case IDN2_PUNYCODE_BIG_OUTPUT:
        return REJECT_LABEL_TOO_LONG;
    case IDN2_ENCODING_ERROR:
        return REJECT_BAD_CHAR;
    default:
        return REJECT_BAD_IDN;
    }
}

static enum reject put_u_label(struct spelling *s, struct span label)
{
    uint8_t z[LABEL_RAW_MAX + 1];
    if (label.len > LABEL_RAW_MAX)
        return REJECT_LABEL_TOO_LONG;
    memcpy(z, label.ptr, label.len);
    z[label.len] = '\0';
    uint8_t *ascii = NULL;
    int rc = idn2_lookup_u8(z, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    size_t ignored;
    enum reject why =
        rc == IDN2_OK ? put_label(s, span_str((const char *)ascii), &ignored) : reject_of_idn(rc);
    idn2_free(ascii);
    return why;
}

/* The label at the start of `s`: its length, its first byte beyond ASCII and its first byte that no name has. */
struct label_shape {
    size_t len, dot_len;
    size_t high, bad; /* len when there is none */
};

static struct label_shape label_measure(struct span s)
{
    struct label_shape l = {.high = SIZE_MAX, .bad = SIZE_MAX};
    for (; l.len < s.len; l.len++) {
        uint8_t class = byte_class[s.ptr[l.len]];
        if (class == CLASS_DOT || class == CLASS_HIGH) {
            l.dot_len = dot_len(s, l.len);
            if (l.dot_len)
                break;
        }
        if (class == CLASS_HIGH && l.high == SIZE_MAX)
            l.high = l.len;
        if (class == CLASS_OTHER && l.bad == SIZE_MAX)
            l.bad = l.len;
    }
    l.high = l.high < l.len ? l.high : l.len;
    l.bad = l.bad < l.len ? l.bad : l.len;
    return l;
}

/* *out_at: offset in `label` of the byte at fault. */
static enum reject spell_label(struct spelling *s, struct span label, const struct label_shape *shape,
                               size_t *out_at)
{
    if (shape->bad < label.len) {
        *out_at = shape->bad;
        return REJECT_BAD_CHAR;
    }
    if (shape->high == label.len)
        return put_label(s, label, out_at);
    *out_at = shape->high;
    return put_u_label(s, label);
}

static enum reject spell(struct spelling *s, struct span name, uint32_t *out_col)
{
    size_t at = 0;
    *out_col = 1;
    if (name.len == 0)
        return REJECT_EMPTY;
    while (at < name.len) {
        struct label_shape shape = label_measure(span_from(name, at));
        size_t fault;
        enum reject why = spell_label(s, span_first(span_from(name, at), shape.len), &shape, &fault);
        if (why) {
            *out_col = (uint32_t)(at + fault + 1);
            return why;
        }
        at += shape.len + shape.dot_len; /* a dot that ends the name is passed over */
    }
    return REJECT_NONE;
}

/* Would a browser read it as an IPv4 address: is the last label a number, decimal or 0x...? */
static bool spelling_is_number(const struct spelling *s)
{
    struct span last = span_of(s->bytes + s->last, s->len - s->last);
    bool is_hex = span_starts(last, SPAN_LIT("0x"));
    for (size_t i = is_hex ? 2 : 0; i < last.len; i++)
        if (!is_digit(last.ptr[i]) && !(is_hex && last.ptr[i] >= 'a' && last.ptr[i] <= 'f'))
            return false;
    return true;
}

/* Four decimal octets, some with zeros in front: 010.0.0.1 is 8.0.0.1 to some readers and 10.0.0.1 to others, which
 * deserves its own message. *out_at: the first such octet. */
static bool spelling_has_leading_zero(const struct spelling *s, size_t *out_at)
{
    size_t at = 0;
    *out_at = SIZE_MAX;
    for (int i = 0; i < 4; i++) {
        size_t first = at;
        unsigned octet = 0;
        while (at < s->len && at - first < 3 && is_digit(s->bytes[at]))
            octet = octet * 10 + (s->bytes[at++] - '0');
        if (at == first || octet > 255 || (at < s->len ? i == 3 || s->bytes[at++] != '.' : i != 3))
            return false;
        if (*out_at == SIZE_MAX && s->bytes[first] == '0' && first + 1 < s->len &&
            is_digit(s->bytes[first + 1]))
            *out_at = first;
    }
    return *out_at != SIZE_MAX;
}

static enum reject reject_of_number(const struct spelling *s, struct span name, uint32_t *out_col)
{
    size_t at;
    *out_col = 1;
    if (!spelling_has_leading_zero(s, &at))
        return REJECT_BAD_IP;
    if (at < name.len) /* digits that were full-width may stand elsewhere */
        *out_col = (uint32_t)(at + 1);
    return REJECT_IP_LEADING_ZERO;
}

/* The canonical bytes, from `name` itself when they are the same there. */
static enum reject keep(const struct spelling *s, struct span name, struct buf *scratch, struct span *out)
{
    struct span spelled = span_of(s->bytes, s->len);
    if (span_starts(name, spelled)) {
        *out = span_first(name, s->len);
        return REJECT_NONE;
    }
    size_t mark = buf_mark(scratch);
    buf_put(scratch, spelled);
    if (scratch->is_full)
        return REJECT_NAME_TOO_LONG;
    *out = span_of(scratch->ptr + mark, s->len);
    return REJECT_NONE;
}

enum reject name_canonical(struct span name, struct buf *scratch, struct span *out, uint32_t *out_col)
{
    if (name_is_plain(name)) {
        *out = name;
        return REJECT_NONE;
    }
    struct spelling s = {.len = 0};
    enum reject why = spell(&s, name, out_col);
    if (why)
        return why;
    if (spelling_is_number(&s))
        return reject_of_number(&s, name, out_col);
    *out_col = 1;
    why = keep(&s, name, scratch, out);
    return why ? why : s.n_labels < 2 ? REJECT_SINGLE_LABEL : REJECT_NONE;
}
