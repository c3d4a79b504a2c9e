#pragma once
/* From a frame to addresses, ports and payload. Hot and pure: *out borrows from the frame. */
#include "sensor/packet.h"
#include "sensor/stats.h"

enum decode_verdict {
    DECODE_OK,
    DECODE_FRAGMENT,     /* for sensor/fragments.h; proto is what the header in front of it says comes first in the whole, payload are
                          * its bytes of that, not empty, and ends before DATAGRAM_BYTES_MAX */
    DECODE_BAD,          /* `reason` is an enum undecodable */
    DECODE_OUT_OF_SCOPE, /* `reason` is an enum out_of_scope */
};

struct decode_result {
    enum decode_verdict verdict;
    uint8_t reason;
};

/* A frame cut by the snaplen is read as far as it goes: as long as the IP header is there the result is DECODE_OK, with ports 0 if they
 * are not, no TCP flags if those are not, and payload.len below payload_wire_len. */
struct decode_result decode_packet(enum link_type link, const struct packet *pkt, struct decoded *out);

/* Go on with what fragments brought: `out` says who sent it (ip_version, proto), `bytes` are what follows the IP header (IPv6: what was
 * cut into fragments, which may begin with more extension headers), `wire_len` is what was sent of it. */
struct decode_result decode_datagram(struct span bytes, uint32_t wire_len, bool is_cut, struct decoded *out);
