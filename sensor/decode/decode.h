#pragma once
/* From a frame to addresses, ports and payload. Hot and pure: *out borrows from the frame. */
#include "sensor/packet.h"
#include "sensor/stats.h"

enum decode_verdict {
    DECODE_OK,
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
