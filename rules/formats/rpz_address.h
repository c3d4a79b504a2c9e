#pragma once
/* Addresses as response policy zones write them into owner names: prefix length and address, the last part first,
 * with "zz" for the groups of zeros that "::" leaves out. */
#include "base/ip.h"

enum { RPZ_ADDRESS_TEXT_MAX = IP_TEXT_MAX + 4 };

/* "24.0.2.0.192" is "192.0.2.0/24", "48.zz.db8.2001" is "2001:db8::/48". *out: with its NUL; nothing of use when
 * it is none. */
bool rpz_address_read(struct span text, char out[static RPZ_ADDRESS_TEXT_MAX]);
