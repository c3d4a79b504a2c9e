/* See rpz_address.h. */
#include "rules/formats/rpz_address.h"

#include <stdio.h>

static bool read_number(struct span text, unsigned max, unsigned *out)
{
    *out = 0;
    if (text.len == 0 || text.len > 3 || (text.ptr[0] == '0' && text.len > 1))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        *out = *out * 10 + (text.ptr[i] - '0');
    }
    return *out <= max;
}

/* 1 to 4 hex digits. */
static bool read_group(struct span text, uint8_t out[static 2])
{
    unsigned value = 0;
    if (text.len == 0 || text.len > 4)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? text.ptr[i] | 0x20 : text.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        value = value << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return true;
}

enum { LABELS_MAX = 9 }; /* a prefix length and eight groups */

/* The labels of `name`, the last one first; 0 when there are more. */
static size_t split_backwards(struct span name, struct span out[static LABELS_MAX])
{
    size_t n = 0;
    for (bool is_last = false; !is_last; n++) {
        size_t from = name.len;
        while (from > 0 && name.ptr[from - 1] != '.')
            from--;
        if (n == LABELS_MAX)
            return 0;
        out[n] = span_from(name, from);
        is_last = from == 0;
        name = span_first(name, from - !is_last);
    }
    return n;
}

static bool read_v4(const struct span labels[static 4], struct ip *out)
{
    uint8_t bytes[4];
    for (size_t i = 0; i < 4; i++) {
        unsigned value;
        if (!read_number(labels[i], 255, &value))
            return false;
        bytes[i] = (uint8_t)value;
    }
    *out = ip_from_v4(bytes);
    return true;
}

/* "zz" stands for the groups of zeros that "::" leaves out. */
static bool read_v6(const struct span *labels, size_t n, struct ip *out)
{
    bool has_gap = false;
    size_t group = 0;
    *out = (struct ip){0};
    for (size_t i = 0; i < n; i++) {
        if (!has_gap && span_eq_nocase(labels[i], SPAN_LIT("zz"))) {
            has_gap = true;
            group += 9 - n; /* eight in all, with the n - 1 that are written */
        } else if (group < 8 && read_group(labels[i], out->b + 2 * group)) {
            group++;
        } else {
            return false;
        }
    }
    return group == 8;
}

bool rpz_address_read(struct span text, char out[static RPZ_ADDRESS_TEXT_MAX])
{
    struct span labels[LABELS_MAX];
    struct ip ip;
    unsigned prefix;
    size_t n = split_backwards(text, labels);
    if (n < 2 || !read_number(labels[n - 1], 128, &prefix))
        return false;
    bool is_v4 = n == 5 && read_v4(labels, &ip);
    if (!is_v4 && !read_v6(labels, n - 1, &ip))
        return false;
    if (!is_v4 && ip_is_v4(&ip))
        prefix = prefix > 96 ? prefix - 96 : 0; /* ::ffff:0:0/96 is IPv4 */
    if (prefix == 0 || (ip_is_v4(&ip) && prefix > 32))
        return false;
    size_t len = ip_format(&ip, out);
    snprintf(out + len, 5, "/%u", prefix);
    return true;
}
