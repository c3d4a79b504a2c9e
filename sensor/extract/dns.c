/* Hot: see dns.h. A message is read front to back with one cursor; only names look back. The header's
 * counts, cut to what the bytes could hold, size the two arrays, which are one allocation. A name is spelled
 * out on the stack and copied at its exact length, so the arena holds no slack and nothing of a bad name. */
#include "sensor/extract/dns.h"

#define MESSAGE_MAX       65535 /* what a UDP length or a TCP prefix can say */
#define HEADER_LEN        12
#define QUESTION_MIN      5   /* root, type, class */
#define RECORD_MIN        11  /* root, type, class, ttl, length */
#define NAME_MAX          254 /* 255 on the wire, without the final zero */
#define COPY_STEP         8   /* bytes of a label copied at a time */
#define LABELS_MAX        127
#define POINTERS_MAX      127 /* one per label is all that an honest compressor can need */
#define ITEMS_WHEN_SCARCE 16

#define FLAG_RESPONSE 0x8000
#define FLAG_RA       0x0080
#define FLAG_Z        0x0040
#define OPCODE(flags) ((flags) >> 11 & 15)
#define RCODE(flags)  ((flags)&15)
#define OPCODE_QUERY  0
#define OPCODE_NOTIFY 4
#define OPCODE_UPDATE 5
#define RCODE_LAST    11 /* DSOTYPENI, the last one below 16 */
#define TYPE_PRIVATE  65280
#define CLASS_LOCAL   0x8000 /* mDNS: unicast response wanted, or flush the cache */
#define QUESTIONS_FEW 32     /* mDNS asks for two dozen services at once */
#define RECORDS_FEW   512

struct header {
    uint16_t id, flags;
    uint16_t n_questions;
    uint16_t n_in[3]; /* by enum dns_section */
};

struct reader {
    struct span msg;  /* all of it: what pointers point into */
    struct span rest; /* the cursor */
    struct arena *arena;
    struct dns_name last; /* the last name spelled out, and where it stands */
    size_t last_at;
    bool
        is_full; /* the arena had no room: that ends the reading, or a smaller record further on would come in */
};

/* A name without compression. Each label is followed by a dot, the last one too. */
struct spelling {
    uint8_t bytes[NAME_MAX + COPY_STEP];
    uint8_t dots[LABELS_MAX]; /* where those dots stand: the other ones belong to labels */
    size_t len, n_labels, n_pointers;
};

static bool header_take(struct span *rest, struct header *h)
{
    if (rest->len < HEADER_LEN)
        return false;
    const uint8_t *p = rest->ptr;
    *h = (struct header){
        .id = load_be16(p),
        .flags = load_be16(p + 2),
        .n_questions = load_be16(p + 4),
        .n_in = {load_be16(p + 6), load_be16(p + 8), load_be16(p + 10)},
    };
    return span_skip(rest, HEADER_LEN);
}

static uint32_t header_records(const struct header *h)
{
    return (uint32_t)h->n_in[DNS_ANSWER] + h->n_in[DNS_AUTHORITY] + h->n_in[DNS_ADDITIONAL];
}

/* Labels are short: a call to memcpy() takes longer than a word or two, with what lies behind the label, where the message has it. */
static inline void label_copy(uint8_t *restrict to, struct span from, size_t len)
{
    if (from.len < len + COPY_STEP) {
        memcpy(to, from.ptr, len);
        return;
    }
    for (size_t i = 0; i < len; i += COPY_STEP)
        memcpy(to + i, from.ptr + i, COPY_STEP);
}

/* The label at the front of `from`. */
static inline bool spelling_add(struct spelling *s, struct span from, size_t len)
{
    if (s->len + len + 1 > NAME_MAX)
        return false;
    label_copy(s->bytes + s->len, from, len);
    s->len += len;
    s->dots[s->n_labels++] = (uint8_t)s->len;
    s->bytes[s->len++] = '.';
    return true;
}

/* Spell out the name at *at and move *at past it. Until the first pointer the name must stay inside *at
 * (RDATA is smaller than the message), from there on inside `msg`. Pointers only go back, but without a limit
 * on their number a chain of them, 8,000 hops long, could be walked once for every record behind it. */
static enum verdict name_spell(struct span msg, struct span *at, struct spelling *s)
{
    struct span here = *at;
    const uint8_t *bound = at->ptr;
    bool is_away = false;
    uint8_t len, low;

    s->len = s->n_labels = s->n_pointers = 0;
    for (;;) {
        if (!span_take_u8(&here, &len))
            return FIELD_PARTIAL;
        if (len == 0)
            break;
        if (len < 0x40) {
            if (here.len < len)
                return FIELD_PARTIAL;
            if (!spelling_add(s, here, len))
                return FIELD_MALFORMED;
            span_skip(&here, len);
            continue;
        }
        if (len < 0xc0)
            return FIELD_MALFORMED;
        if (!span_take_u8(&here, &low))
            return FIELD_PARTIAL;
        if (!is_away)
            *at = here;
        is_away = true;
        size_t target = (size_t)(len & 0x3f) << 8 | low;
        if (target >= (size_t)(bound - msg.ptr) || ++s->n_pointers > POINTERS_MAX)
            return FIELD_MALFORMED;
        here = span_from(msg, target);
        bound = here.ptr;
    }
    if (!is_away)
        *at = here;
    return FIELD_FOUND;
}

static bool has_dot_in_label(const struct spelling *s)
{
    uint8_t n_dots = 0; /* a byte is enough for all, and sixteen are counted at a time */
    for (size_t i = 0; i < s->len; i++)
        n_dots = (uint8_t)(n_dots + (s->bytes[i] == '.'));
    return n_dots != s->n_labels;
}

/* COLD: somebody put a dot inside a label. */
static bool name_keep_dotted(struct arena *arena, const struct spelling *s, struct dns_name *out)
{
    uint8_t *match = arena_bytes(arena, s->len);
    if (!match)
        return false;
    for (size_t i = 0; i < s->len; i++)
        match[i] = s->bytes[i] == '.' ? 0x1f : s->bytes[i];
    for (size_t i = 0; i < s->n_labels; i++)
        match[s->dots[i]] = '.';
    out->match = span_of(match, s->len - 1);
    return true;
}

static enum verdict name_take_new(struct reader *r, struct span *at, struct dns_name *out)
{
    struct spelling s;
    size_t start = (size_t)(at->ptr - r->msg.ptr);
    enum verdict v = name_spell(r->msg, at, &s);
    if (v != FIELD_FOUND)
        return v;
    if (s.len == 0) {
        out->text = out->match = SPAN_LIT(".");
        return FIELD_FOUND;
    }
    out->text = out->match = arena_copy(r->arena, span_of(s.bytes, s.len - 1));
    if (!out->text.ptr || (has_dot_in_label(&s) && !name_keep_dotted(r->arena, &s, out))) {
        r->is_full = true;
        return FIELD_MALFORMED;
    }
    if (s.n_pointers < POINTERS_MAX) { /* a pointer to this name would still be within the limit */
        r->last = *out;
        r->last_at = start;
    }
    return FIELD_FOUND;
}

/* Most owners in a response are just a pointer to the name before them: the question, or what a CNAME led to.
 * They share its bytes, which takes a third off the time of an ordinary answer. */
static enum verdict name_take(struct reader *r, struct span *at, struct dns_name *out)
{
    if (at->len < 2 || load_be16(at->ptr) < 0xc000 || (load_be16(at->ptr) & 0x3fffu) != r->last_at)
        return name_take_new(r, at, out);
    *out = r->last;
    span_skip(at, 2);
    return FIELD_FOUND;
}

static enum verdict question_take(struct reader *r, struct dns_question *out)
{
    enum verdict v = name_take(r, &r->rest, &out->name);
    if (v != FIELD_FOUND)
        return v;
    return span_take_u16(&r->rest, &out->type) && span_take_u16(&r->rest, &out->class) ? FIELD_FOUND
                                                                                       : FIELD_PARTIAL;
}

/* RFC 1035, section 3.3.14. The strings lose their length bytes. */
static bool data_join(struct reader *r, struct span rdata, struct span *out)
{
    uint8_t *joined = arena_bytes(r->arena, rdata.len);
    size_t n = 0;
    r->is_full = !joined;
    if (!joined)
        return false;
    for (uint8_t len; span_take_u8(&rdata, &len); n += len) {
        if (rdata.len < len)
            return false;
        memcpy(joined + n, rdata.ptr, len);
        span_skip(&rdata, len);
    }
    *out = span_of(joined, n);
    return true;
}

static bool data_copy(struct reader *r, struct span rdata, struct span *out)
{
    *out = arena_copy(r->arena, rdata);
    r->is_full = !out->ptr;
    return !r->is_full;
}

/* RFC 1035, section 3.3.13. */
static bool soa_take(struct reader *r, struct span *at, struct dns_record *rec)
{
    return name_take(r, at, &rec->target) == FIELD_FOUND && name_take(r, at, &rec->rname) == FIELD_FOUND &&
           span_take_u32(at, &rec->soa.serial) && span_take_u32(at, &rec->soa.refresh) &&
           span_take_u32(at, &rec->soa.retry) && span_take_u32(at, &rec->soa.expire) &&
           span_take_u32(at, &rec->soa.minimum);
}

/* What lies behind a name is left alone: SVCB has its parameters there. */
static bool rdata_read(struct reader *r, struct span rdata, struct dns_record *rec)
{
    struct span at = rdata;

    if (rdata.len == 0) /* any type may come without: UPDATE deletes that way (RFC 2136, section 2.5) */
        return true;
    switch (rec->type) {
    case DNS_A:
        return rdata.len == 4 && data_copy(r, rdata, &rec->data);
    case DNS_AAAA:
        return rdata.len == 16 && data_copy(r, rdata, &rec->data);
    case DNS_TXT:
        return data_join(r, rdata, &rec->data);
    case DNS_NS:
    case DNS_CNAME:
    case DNS_PTR:
    case DNS_DNAME:
        if (name_take(r, &at, &rec->target) != FIELD_FOUND)
            return false;
        break;
    case DNS_MX:
    case DNS_SVCB:
    case DNS_HTTPS:
        if (!span_take_u16(&at, &rec->priority) || name_take(r, &at, &rec->target) != FIELD_FOUND)
            return false;
        break;
    case DNS_SRV:
        if (!span_take_u16(&at, &rec->priority) || !span_take_u16(&at, &rec->weight) ||
            !span_take_u16(&at, &rec->port) || name_take(r, &at, &rec->target) != FIELD_FOUND)
            return false;
        break;
    case DNS_SOA:
        if (!soa_take(r, &at, rec))
            return false;
        break;
    }
    return data_copy(r, rdata, &rec->data);
}

/* FIELD_ABSENT: the RDATA does not fit the type; the cursor is past the record all the same. */
static enum verdict record_take(struct reader *r, enum dns_section section, struct dns_record *out)
{
    struct span rdata;
    uint16_t rdata_len;

    *out = (struct dns_record){.section = section};
    enum verdict v = name_take(r, &r->rest, &out->owner);
    if (v != FIELD_FOUND)
        return v;
    if (!span_take_u16(&r->rest, &out->type) || !span_take_u16(&r->rest, &out->class) ||
        !span_take_u32(&r->rest, &out->ttl) || !span_take_u16(&r->rest, &rdata_len) ||
        !span_take(&r->rest, rdata_len, &rdata))
        return FIELD_PARTIAL;
    if (rdata_read(r, rdata, out))
        return FIELD_FOUND;
    return r->is_full ? FIELD_MALFORMED : FIELD_ABSENT;
}

static size_t at_most(size_t n, size_t limit)
{
    return n < limit ? n : limit;
}

static bool arrays_fit(struct arena *arena, size_t n_questions, size_t n_records, struct dns_message *m)
{
    uint8_t *p = arena_alloc(arena, n_records * sizeof *m->records + n_questions * sizeof *m->questions);
    if (!p)
        return false;
    m->records = (struct dns_record *)(void *)p;
    m->questions = (struct dns_question *)(void *)(p + n_records * sizeof *m->records);
    return true;
}

/* Storage for at most *n_questions and *n_records items. When the arena has no room for as many as the bytes
 * could hold, the counts may be a lie: try with a few. */
static bool arrays_new(struct arena *arena, size_t *n_questions, size_t *n_records, struct dns_message *m)
{
    if (arrays_fit(arena, *n_questions, *n_records, m))
        return true;
    *n_questions = at_most(*n_questions, ITEMS_WHEN_SCARCE);
    *n_records = at_most(*n_records, ITEMS_WHEN_SCARCE);
    return arrays_fit(arena, *n_questions, *n_records, m);
}

static enum dns_section section_of(const struct header *h, size_t i)
{
    if (i < h->n_in[DNS_ANSWER])
        return DNS_ANSWER;
    return i < (size_t)h->n_in[DNS_ANSWER] + h->n_in[DNS_AUTHORITY] ? DNS_AUTHORITY : DNS_ADDITIONAL;
}

/* Read up to the array sizes, or to the first item whose end is not known; say why it ended. Records whose RDATA makes no sense are left
 * out: resolvers use the others. */
static enum verdict items_read(struct reader *r, const struct header *h, size_t n_questions, size_t n_records,
                               struct dns_message *m)
{
    enum verdict v;
    for (; m->n_questions < n_questions; m->n_questions++)
        if ((v = question_take(r, &m->questions[m->n_questions])) != FIELD_FOUND)
            return v;
    if (n_questions < h->n_questions)
        return FIELD_PARTIAL;
    size_t i = 0, n_promised = header_records(h);
    for (; i < n_promised && m->n_records < n_records; i++) {
        v = record_take(r, section_of(h, i), &m->records[m->n_records]);
        if (v != FIELD_FOUND && v != FIELD_ABSENT)
            return i > m->n_records ? FIELD_MALFORMED : v;
        m->n_records += v == FIELD_FOUND;
    }
    return i > m->n_records ? FIELD_MALFORMED : FIELD_PARTIAL;
}

enum verdict dns_message_read(struct span in, struct arena *arena, struct dns_message *out)
{
    struct reader r = {.arena = arena, .last_at = SIZE_MAX};
    struct header h;

    r.msg = r.rest = span_first(in, MESSAGE_MAX);
    if (!header_take(&r.rest, &h))
        return FIELD_PARTIAL;
    size_t n_promised = header_records(&h);
    if (h.n_questions == 0 && n_promised == 0)
        return FIELD_ABSENT;
    if (r.rest.len < (h.n_questions ? QUESTION_MIN : RECORD_MIN))
        return FIELD_PARTIAL;

    size_t n_questions = at_most(h.n_questions, r.rest.len / QUESTION_MIN);
    size_t n_records = at_most(n_promised, (r.rest.len - n_questions * QUESTION_MIN) / RECORD_MIN);
    struct dns_message m = {.id = h.id, .flags = h.flags, .is_response = h.flags & FLAG_RESPONSE};
    if (!arrays_new(arena, &n_questions, &n_records, &m))
        return FIELD_MALFORMED;
    enum verdict v = items_read(&r, &h, n_questions, n_records, &m);
    if (m.n_questions == 0 && m.n_records == 0)
        return v;
    m.is_cut = m.n_questions < h.n_questions || m.n_records < n_promised;
    *out = m;
    return FIELD_FOUND;
}

/* Names of assigned types; NULL for the others. */
static const char *type_known(uint16_t type)
{
    static const char *const low[] = {
        [1] = "A",           [2] = "NS",      [3] = "MD",        [4] = "MF",       [5] = "CNAME",
        [6] = "SOA",         [7] = "MB",      [8] = "MG",        [9] = "MR",       [10] = "NULL",
        [11] = "WKS",        [12] = "PTR",    [13] = "HINFO",    [14] = "MINFO",   [15] = "MX",
        [16] = "TXT",        [17] = "RP",     [18] = "AFSDB",    [19] = "X25",     [20] = "ISDN",
        [21] = "RT",         [22] = "NSAP",   [23] = "NSAP-PTR", [24] = "SIG",     [25] = "KEY",
        [26] = "PX",         [27] = "GPOS",   [28] = "AAAA",     [29] = "LOC",     [30] = "NXT",
        [31] = "EID",        [32] = "NIMLOC", [33] = "SRV",      [34] = "ATMA",    [35] = "NAPTR",
        [36] = "KX",         [37] = "CERT",   [38] = "A6",       [39] = "DNAME",   [40] = "SINK",
        [41] = "OPT",        [42] = "APL",    [43] = "DS",       [44] = "SSHFP",   [45] = "IPSECKEY",
        [46] = "RRSIG",      [47] = "NSEC",   [48] = "DNSKEY",   [49] = "DHCID",   [50] = "NSEC3",
        [51] = "NSEC3PARAM", [52] = "TLSA",   [53] = "SMIMEA",   [55] = "HIP",     [56] = "NINFO",
        [57] = "RKEY",       [58] = "TALINK", [59] = "CDS",      [60] = "CDNSKEY", [61] = "OPENPGPKEY",
        [62] = "CSYNC",      [63] = "ZONEMD", [64] = "SVCB",     [65] = "HTTPS",   [66] = "DSYNC",
        [99] = "SPF",        [104] = "NID",   [105] = "L32",     [106] = "L64",    [107] = "LP",
        [108] = "EUI48",     [109] = "EUI64",
    };
    static const char *const high[] = {
        "TKEY", "TSIG", "IXFR", "AXFR", "MAILB",    "MAILA",   "ANY",
        "URI",  "CAA",  "AVC",  "DOA",  "AMTRELAY", "RESINFO", "WALLET",
    };
    if (type < sizeof low / sizeof *low)
        return low[type];
    if (type >= 249 && type < 249 + sizeof high / sizeof *high)
        return high[type - 249];
    return type == 32768 ? "TA" : type == 32769 ? "DLV" : NULL;
}

/* `n` in decimal behind the first `at` bytes of `scratch`. */
static const char *number_write(uint16_t n, size_t at, char scratch[static 12])
{
    for (uint16_t rest = n; rest >= 10; rest /= 10)
        at++;
    scratch[at + 1] = '\0';
    for (;; n /= 10) {
        scratch[at--] = (char)('0' + n % 10);
        if (n < 10)
            return scratch;
    }
}

const char *dns_type_name(uint16_t type, char scratch[static 12])
{
    const char *name = type_known(type);
    if (name)
        return name;
    memcpy(scratch, "TYPE", 4);
    return number_write(type, 4, scratch);
}

const char *dns_rcode_name(uint16_t rcode, char scratch[static 12])
{
    static const char *const names[] = {
        [0] = "NOERROR",  [1] = "FORMERR",    [2] = "SERVFAIL", [3] = "NXDOMAIN",  [4] = "NOTIMP",
        [5] = "REFUSED",  [6] = "YXDOMAIN",   [7] = "YXRRSET",  [8] = "NXRRSET",   [9] = "NOTAUTH",
        [10] = "NOTZONE", [11] = "DSOTYPENI", [16] = "BADVERS", [17] = "BADKEY",   [18] = "BADTIME",
        [19] = "BADMODE", [20] = "BADNAME",   [21] = "BADALG",  [22] = "BADTRUNC", [23] = "BADCOOKIE",
    };
    if (rcode < sizeof names / sizeof *names && names[rcode])
        return names[rcode];
    return number_write(rcode, 0, scratch);
}

static bool is_plausible_header(const struct header *h)
{
    unsigned opcode = OPCODE(h->flags);
    if ((opcode != OPCODE_QUERY && opcode != OPCODE_NOTIFY && opcode != OPCODE_UPDATE) || h->flags & FLAG_Z)
        return false;
    if (h->flags & FLAG_RESPONSE) {
        if (RCODE(h->flags) > RCODE_LAST || (h->n_questions == 0 && header_records(h) == 0))
            return false;
    } else if (RCODE(h->flags) != 0 || h->flags & FLAG_RA || h->n_questions == 0) {
        return false;
    }
    return h->n_questions <= QUESTIONS_FEW && h->n_in[DNS_ANSWER] <= RECORDS_FEW &&
           h->n_in[DNS_AUTHORITY] <= RECORDS_FEW && h->n_in[DNS_ADDITIONAL] <= RECORDS_FEW;
}

/* The first name has nothing behind it to point at, and outside port 53 it is text or it is not DNS. */
static bool name_skip_first(struct span *rest)
{
    size_t n = 0;
    struct span label;
    for (uint8_t len; span_take_u8(rest, &len);) {
        if (len == 0)
            return true;
        n += len + 1u;
        if (len > 63 || n > NAME_MAX || !span_take(rest, len, &label))
            return false;
        for (size_t i = 0; i < len; i++)
            if (label.ptr[i] < 0x20 || label.ptr[i] == 0x7f)
                return false;
    }
    return false;
}

/* Past the name at the cursor without following pointers. */
static bool name_skip(struct span msg, struct span *rest)
{
    size_t start = (size_t)(rest->ptr - msg.ptr);
    uint8_t low;
    if (start == HEADER_LEN)
        return name_skip_first(rest);
    for (uint8_t len; span_take_u8(rest, &len);) {
        if (len == 0)
            return true;
        if (len >= 0xc0) {
            if (!span_take_u8(rest, &low))
                return false;
            size_t target = (size_t)(len & 0x3f) << 8 | low;
            return target >= HEADER_LEN && target < start;
        }
        if (len > 63 || !span_skip(rest, len))
            return false;
    }
    return false;
}

static bool is_plausible_kind(uint16_t type, uint16_t class)
{
    if (type == DNS_OPT)
        return true; /* its class is a buffer size */
    class &= (uint16_t)~CLASS_LOCAL;
    return (type_known(type) || type >= TYPE_PRIVATE) &&
           (class == 1 || class == 3 || class == 4 || class == 254 || class == 255);
}

static bool item_skip(struct span msg, struct span *rest, bool is_record)
{
    uint16_t type, class, rdata_len;
    if (!name_skip(msg, rest) || !span_take_u16(rest, &type) || !span_take_u16(rest, &class) ||
        !is_plausible_kind(type, class))
        return false;
    return !is_record ||
           (span_skip(rest, 4) && span_take_u16(rest, &rdata_len) && span_skip(rest, rdata_len));
}

bool dns_looks_like(struct span in)
{
    struct header h;
    struct span rest = in;

    if (in.len > MESSAGE_MAX || !header_take(&rest, &h) || !is_plausible_header(&h))
        return false;
    for (size_t i = 0; i < h.n_questions; i++)
        if (!item_skip(in, &rest, false))
            return false;
    for (size_t i = 0, n = header_records(&h); i < n; i++)
        if (!item_skip(in, &rest, true))
            return false;
    return rest.len == 0;
}
