#pragma once
/* The steps of decode_packet(), one file each. `rest` is what follows the header read so far; `n_cut` is how many of the
 * frame's last bytes were sent but not captured. */
#include "sensor/decode/decode.h"

enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_IPV6 = 0x86dd };

static inline struct decode_result decode_ok(void)
{
    return (struct decode_result){DECODE_OK, 0};
}

static inline struct decode_result decode_bad(enum undecodable reason)
{
    return (struct decode_result){DECODE_BAD, (uint8_t)reason};
}

static inline struct decode_result decode_out_of_scope(enum out_of_scope reason)
{
    return (struct decode_result){DECODE_OUT_OF_SCOPE, (uint8_t)reason};
}

/* Read the link header: DECODE_OK sets *ethertype (IPv4 or IPv6) and moves *rest to the IP header. */
struct decode_result decode_link(enum link_type link, struct span *rest, uint16_t *ethertype,
                                 struct decoded *out);
struct decode_result decode_ip(uint16_t ethertype, struct span rest, uint32_t n_cut, struct decoded *out);
/* `wire_len` is what the IP header says follows it. */
struct decode_result decode_transport(struct span rest, uint32_t wire_len, bool is_cut, struct decoded *out);
