/* See decode.h. Link, then IP, then transport. Hot. */
#include "sensor/decode/internal.h"

struct decode_result decode_packet(enum link_type link, const struct packet *pkt, struct decoded *out)
{
    struct span rest = pkt->bytes;
    uint16_t ethertype;

    *out = (struct decoded){0};
    struct decode_result r = decode_link(link, &rest, &ethertype, out);
    if (r.verdict != DECODE_OK)
        return r;
    uint32_t n_cut = pkt->wire_len > pkt->bytes.len ? pkt->wire_len - (uint32_t)pkt->bytes.len : 0;
    return decode_ip(ethertype, rest, n_cut, out);
}
