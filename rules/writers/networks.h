#pragma once
/* Address ranges as networks, for targets that know networks only. Pure. */
#include "base/ip.h"

struct networks {
    struct ip next, last; /* what is left of the range */
    bool is_done;
};

/* `range`: canonical text of a range ("192.0.2.1-192.0.2.9"), a network or an address. False if it is none of these. */
bool networks_of(struct span text, struct networks *out);
/* The next of the fewest networks that make up the range, in order. *out_bits counts from bit 0 of the 16 bytes (IPv4 /24 is 120). */
bool networks_next(struct networks *n, struct ip *out, unsigned *out_bits);
/* "192.0.2.0/24"; "192.0.2.1" for one of a single address. Room for IP_TEXT_MAX + 4. */
enum { NETWORK_TEXT_MAX = IP_TEXT_MAX + 4 };
void network_format(const struct ip *ip, unsigned bits, char out[static NETWORK_TEXT_MAX]);
