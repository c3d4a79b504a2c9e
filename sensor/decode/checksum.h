#pragma once
/* Internet checksums (RFC 1071) of what was decoded. Hot where asked for, and pure. */
#include "sensor/packet.h"

/* False: the IPv4 header's, TCP's or UDP's checksum is wrong. True also where it can't be told: a header or payload that was not captured
 * whole, a fragment's payload, a UDP checksum of 0 (none was made, RFC 768), and a destination that is not the last one, or may not be, so
 * that the pseudo header is not known (IPv6 routing headers, IPv4 options). */
bool checksum_holds(const struct decoded *d);
