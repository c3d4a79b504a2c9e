/* See ip.h. The text of IPv6 is inet_ntop's and inet_pton's business; RFC 5952 is what glibc writes, but for the
 * embedded IPv4 of addresses like ::1.2.3.4, which we keep as it says. */
#include "base/ip.h"

#include <arpa/inet.h>

size_t ip_format(const struct ip *ip, char out[static IP_TEXT_MAX])
{
    if (!ip_is_v4(ip)) {
        inet_ntop(AF_INET6, ip->b, out, IP_TEXT_MAX);
        return strlen(out);
    }
    size_t n = 0;
    for (int i = 12; i < 16; i++) {
        unsigned octet = ip->b[i];
        if (octet >= 100)
            out[n++] = (char)('0' + octet / 100);
        if (octet >= 10)
            out[n++] = (char)('0' + octet / 10 % 10);
        out[n++] = (char)('0' + octet % 10);
        out[n++] = '.';
    }
    out[--n] = '\0';
    return n;
}

bool ip_parse_v4(struct span text, struct ip *out)
{
    uint8_t v4[4];
    size_t at = 0;
    for (int i = 0; i < 4; i++) {
        unsigned octet = 0;
        size_t first = at;
        while (at < text.len && at - first < 3 && text.ptr[at] >= '0' && text.ptr[at] <= '9')
            octet = octet * 10 + (text.ptr[at++] - '0');
        size_t digits = at - first;
        if (digits == 0 || octet > 255 || (digits > 1 && text.ptr[first] == '0'))
            return false;
        v4[i] = (uint8_t)octet;
        if (i < 3 && (at >= text.len || text.ptr[at++] != '.'))
            return false;
    }
    if (at != text.len)
        return false;
    *out = ip_from_v4(v4);
    return true;
}

bool ip_parse_v6(struct span text, struct ip *out)
{
    char z[IP_TEXT_MAX];
    if (text.len < 2 || text.len >= sizeof z || memchr(text.ptr, 0, text.len))
        return false;
    memcpy(z, text.ptr, text.len);
    z[text.len] = '\0';
    return inet_pton(AF_INET6, z, out->b) == 1;
}

void ip_prefix_range(const struct ip *ip, unsigned prefix_bits, struct ip *out_first, struct ip *out_last)
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned fixed = prefix_bits >= (i + 1) * 8 ? 8 : prefix_bits <= i * 8 ? 0 : prefix_bits - i * 8;
        uint8_t host = (uint8_t)(0xff >> fixed);
        uint8_t b = ip->b[i];
        out_first->b[i] = b & (uint8_t)~host;
        out_last->b[i] = b | host;
    }
}
