/* Community ID v1: "1:" and the base64 of the SHA-1 of seed, addresses, protocol and ports, the smaller endpoint
 * first, so that both directions of a flow, seen by any tool, share one name. */
#include "sensor/eve.h"

#include <netinet/in.h>
#include <openssl/evp.h>

#include "base/digest.h"

enum { INPUT_MAX = 2 + 16 + 16 + 2 + 4 };

static bool has_ports(const struct event *e)
{
    return e->proto == IPPROTO_TCP || e->proto == IPPROTO_UDP || e->proto == IPPROTO_SCTP;
}

/* Type and code stand for ICMP's ports, and an event does not know them; nor does it know SCTP's ports unless they
 * are set. No name is better than one that joins what does not belong together. */
static bool is_undefined(const struct event *e)
{
    return e->proto == IPPROTO_ICMP || e->proto == IPPROTO_ICMPV6 ||
           (e->proto == IPPROTO_SCTP && e->sport == 0 && e->dport == 0);
}

static uint8_t *put(uint8_t *to, const void *from, size_t n)
{
    memcpy(to, from, n);
    return to + n;
}

static uint8_t *put_be16(uint8_t *to, uint16_t v)
{
    const uint8_t bytes[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    return put(to, bytes, sizeof bytes);
}

static size_t hash_input(const struct event *e, uint8_t out[static INPUT_MAX])
{
    size_t ip_len = e->ip_version == 4 ? 4 : 16;
    int order = ip_compare(&e->src, &e->dst);
    bool is_swapped = order > 0 || (order == 0 && has_ports(e) && e->sport > e->dport);
    const struct ip *low = is_swapped ? &e->dst : &e->src, *high = is_swapped ? &e->src : &e->dst;
    uint8_t *to = put_be16(out, 0); /* the seed */

    to = put(to, low->b + 16 - ip_len, ip_len);
    to = put(to, high->b + 16 - ip_len, ip_len);
    *to++ = e->proto;
    *to++ = 0;
    if (has_ports(e)) {
        to = put_be16(to, is_swapped ? e->dport : e->sport);
        to = put_be16(to, is_swapped ? e->sport : e->dport);
    }
    return (size_t)(to - out);
}

void community_id(const struct event *e, char out[static COMMUNITY_ID_MAX])
{
    uint8_t input[INPUT_MAX], digest[DIGEST_SHA1_LEN];

    out[0] = '\0';
    if (is_undefined(e))
        return;
    digest_sha1(span_of(input, hash_input(e, input)), digest);
    out[0] = '1';
    out[1] = ':';
    EVP_EncodeBlock((unsigned char *)out + 2, digest, sizeof digest);
}
