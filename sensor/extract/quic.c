/* Hot; see quic.h. */
#include "sensor/extract/quic.h"

#include <stdio.h>

enum { LONG_HEADER = 0x80, FIXED_BIT = 0x40, DRAFT_FIRST = 22, DRAFT_LAST = 34 };
#define DRAFT_PREFIX 0xff0000u
#define MVFST_PREFIX 0xfaceb0u

enum quic_version_kind quic_version_kind(uint32_t version)
{
    switch (version) {
    case QUIC_V1:
    case QUIC_V2:
    case 0xfaceb001:
    case 0xfaceb002:
    case 0xfaceb00e:
        return QUIC_VERSION_READ;
    default:
        break;
    }
    if (version >> 8 == DRAFT_PREFIX && (version & 0xff) >= DRAFT_FIRST && (version & 0xff) <= DRAFT_LAST)
        return QUIC_VERSION_READ;
    bool is_google = (version >> 24 == 'Q' || version >> 24 == 'T') && (version >> 16 & 0xff) == '0' &&
                     (version >> 8 & 0xff) >= '0' && (version >> 8 & 0xff) <= '9' &&
                     (version & 0xff) >= '0' && (version & 0xff) <= '9';
    bool is_reserved = (version & 0x0f0f0f0f) == 0x0a0a0a0a; /* RFC 9000, section 15 */
    return is_google || is_reserved || version >> 8 == DRAFT_PREFIX || version >> 8 == MVFST_PREFIX
               ? QUIC_VERSION_UNREAD
               : QUIC_VERSION_NONE;
}

const char *quic_version_name(uint32_t version, char scratch[static QUIC_VERSION_TEXT_MAX])
{
    if (version == QUIC_V1 || version == QUIC_V2)
        snprintf(scratch, QUIC_VERSION_TEXT_MAX, "%d", version == QUIC_V1 ? 1 : 2);
    else if (version >> 8 == DRAFT_PREFIX)
        snprintf(scratch, QUIC_VERSION_TEXT_MAX, "draft-%u", (unsigned)(version & 0xff));
    else
        snprintf(scratch, QUIC_VERSION_TEXT_MAX, "%08x", (unsigned)version);
    return scratch;
}

bool quic_take_varint(struct span *s, uint64_t *out)
{
    if (s->len < 1)
        return false;
    size_t len = (size_t)1 << (s->ptr[0] >> 6);
    if (s->len < len)
        return false;
    uint64_t v = s->ptr[0] & 0x3f;
    for (size_t i = 1; i < len; i++)
        v = v << 8 | s->ptr[i];
    *out = v;
    return span_skip(s, len);
}

bool quic_looks_like(struct span in)
{
    return in.len >= 5 && (in.ptr[0] & (LONG_HEADER | FIXED_BIT)) == (LONG_HEADER | FIXED_BIT) &&
           quic_version_kind(load_be32(in.ptr + 1)) != QUIC_VERSION_NONE;
}

static enum quic_type type_of(uint8_t first, uint32_t version)
{
    unsigned bits = first >> 4 & 3;
    return (enum quic_type)(version == QUIC_V2 ? (bits + 3) & 3 : bits); /* v2 counts from Retry */
}

/* Identifiers are told from captures that end within them. */
static enum verdict take_id(struct span *s, struct span *out)
{
    uint8_t len;
    if (!span_take_u8(s, &len))
        return FIELD_PARTIAL;
    if (len > QUIC_ID_MAX)
        return FIELD_MALFORMED;
    return span_take(s, len, out) ? FIELD_FOUND : FIELD_PARTIAL;
}

/* What did not fit was not captured, or was never there. */
static enum verdict ended(bool is_cut)
{
    return is_cut ? FIELD_PARTIAL : FIELD_MALFORMED;
}

enum verdict quic_long_read(struct span in, size_t wire_len, struct quic_long *out)
{
    struct span rest = in;
    uint8_t first;
    uint64_t len;
    bool is_cut = in.len < wire_len;

    *out = (struct quic_long){.packet = in};
    if (!span_take_u8(&rest, &first) || !(first & LONG_HEADER) || !span_take_u32(&rest, &out->version))
        return FIELD_ABSENT;
    if (out->version == 0)
        out->type = QUIC_NEGOTIATION;
    else if (quic_version_kind(out->version) != QUIC_VERSION_READ || !(first & FIXED_BIT))
        return FIELD_ABSENT;
    else
        out->type = type_of(first, out->version);
    enum verdict v = take_id(&rest, &out->dcid);
    if (v == FIELD_FOUND)
        v = take_id(&rest, &out->scid);
    if (v != FIELD_FOUND)
        return v == FIELD_PARTIAL ? ended(is_cut) : v;
    if (out->type == QUIC_NEGOTIATION || out->type == QUIC_RETRY)
        return is_cut ? FIELD_PARTIAL : FIELD_FOUND;
    if (out->type == QUIC_INITIAL) {
        if (!quic_take_varint(&rest, &len))
            return ended(is_cut);
        if (len > wire_len)
            return FIELD_MALFORMED;
        if (!span_skip(&rest, (size_t)len))
            return ended(is_cut);
    }
    if (!quic_take_varint(&rest, &len))
        return ended(is_cut);
    out->number_at = in.len - rest.len;
    if (len > wire_len - out->number_at)
        return FIELD_MALFORMED;
    out->packet = span_first(in, out->number_at + (size_t)len);
    return len > rest.len ? FIELD_PARTIAL : FIELD_FOUND;
}
