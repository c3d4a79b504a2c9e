/* See decode.h. Link, then IP, then transport, and again for what a tunnel holds. Hot. */
#include "sensor/decode/internal.h"

struct decode_result decode_packet(enum link_type link, const struct packet *pkt, struct decoded *out)
{
    uint32_t n_cut = pkt->wire_len > pkt->bytes.len ? pkt->wire_len - (uint32_t)pkt->bytes.len : 0;
    memset(out, 0, DECODED_HEAD_BYTES);
    return decode_link(link, pkt->bytes, n_cut, out);
}
