/* IEEE 802.11 data frames, and the headers that capturing puts in front of them. Hot, if rarely used. */
#include "sensor/decode/internal.h"

enum { WIRELESS_HEADER = 24 };

/* Of the frame control only data frames of version 0 matter; some access points swap its two bytes in CAPWAP. `is_padded`: the header is
 * filled up to a multiple of four bytes. */
static struct decode_result decode_data_frame(struct span rest, bool is_padded, uint32_t n_cut,
                                              struct decoded *out)
{
    enum { VERSION_TYPE = 0x0f, DATA = 0x08, WITHOUT_DATA = 0x40, QOS = 0x80 };          /* first byte */
    enum { TO_DS = 1, FROM_DS = 2, MORE_FRAGMENTS = 4, PROTECTED = 0x40, ORDER = 0x80 }; /* second */
    enum { ADDRESS = 6, QOS_CONTROL = 2, HT_CONTROL = 4, AGGREGATE = 0x80 };
    if (rest.len < WIRELESS_HEADER)
        return decode_bad(UNDECODABLE_LINK);
    bool is_swapped = out->is_doubtful && (rest.ptr[0] & VERSION_TYPE) != DATA;
    uint8_t kind = rest.ptr[is_swapped], flags = rest.ptr[!is_swapped];
    bool has_qos = kind & QOS;
    size_t len = WIRELESS_HEADER;
    if ((kind & VERSION_TYPE) != DATA || kind & WITHOUT_DATA)
        return decode_out_of_scope(SCOPE_NOT_IP);
    if (flags & PROTECTED)
        return decode_out_of_scope(SCOPE_ENCRYPTED);
    if (flags & MORE_FRAGMENTS || rest.ptr[22] & 0x0f)
        return decode_out_of_scope(SCOPE_FRAGMENT);
    if ((flags & (TO_DS | FROM_DS)) == (TO_DS | FROM_DS))
        len += ADDRESS;
    size_t qos_at = len;
    if (has_qos)
        len += QOS_CONTROL + (flags & ORDER ? HT_CONTROL : 0);
    if (is_padded)
        len = (len + 3) & ~(size_t)3;
    if (rest.len < len)
        return decode_bad(UNDECODABLE_LINK);
    if (has_qos && rest.ptr[qos_at] & AGGREGATE) /* several frames in one */
        return decode_out_of_scope(SCOPE_NOT_IP);
    return decode_llc(span_from(rest, len), n_cut, out);
}

struct decode_result decode_80211(struct span rest, uint32_t n_cut, struct decoded *out)
{
    return decode_data_frame(rest, false, n_cut, out);
}

/* www.radiotap.org: version, pad, length and a chain of words that say which fields follow, all little-endian. Of the fields only
 * the flags matter, which stand first or behind the 8 bytes of a timestamp. */
struct decode_result decode_radiotap(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { HEADER = 8, HAS_TIMESTAMP = 1, HAS_FLAGS = 2, HAS_MORE = 0x80, FLAG_PADDED = 0x20 };
    if (rest.len < HEADER)
        return decode_bad(UNDECODABLE_LINK);
    size_t len = (size_t)(rest.ptr[3] << 8 | rest.ptr[2]), at = HEADER;
    uint8_t present = rest.ptr[4];
    if (len < HEADER || rest.len < len)
        return decode_bad(UNDECODABLE_LINK);
    while (rest.ptr[at - 1] & HAS_MORE && at + 4 <= len)
        at += 4;
    if (present & HAS_TIMESTAMP)
        at = ((at + 7) & ~(size_t)7) + 8;
    bool is_padded = present & HAS_FLAGS && at < len && rest.ptr[at] & FLAG_PADDED;
    return decode_data_frame(span_from(rest, len), is_padded, n_cut, out);
}

/* An AVS header begins with a magic number and its length; a Prism header has 144 bytes. */
struct decode_result decode_prism(struct span rest, uint32_t n_cut, struct decoded *out)
{
    enum { PRISM_HEADER = 144, AVS_HEADER = 8 };
    size_t len = PRISM_HEADER;
    if (rest.len >= AVS_HEADER && (load_be32(rest.ptr) & 0xfffff000) == 0x80211000)
        len = load_be32(rest.ptr + 4);
    if (len < AVS_HEADER || rest.len < len)
        return decode_bad(UNDECODABLE_LINK);
    return decode_80211(span_from(rest, len), n_cut, out);
}
