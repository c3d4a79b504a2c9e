#pragma once
/* DNS messages (RFC 1035) as clients and resolvers write them. Each appends one message to `out`, or nothing: false when a name is none
 * (a label empty or longer than 63 bytes, 253 bytes in all) or `out` is full. */
#include "base/buf.h"
#include "base/ip.h"
#include "sensor/extract/dns.h"
#include "traffic/dice.h"

enum dns_put_flag {
    DNS_PUT_EDNS = 1,   /* an OPT record (RFC 6891) */
    DNS_PUT_STREAM = 2, /* its length in front, as TCP has it */
    DNS_PUT_0X20 = 4,   /* letters of the name in random case */
};

/* `name` as text, without a dot at the end. `dice` is for DNS_PUT_0X20 alone; NULL else. */
bool dns_put_query(struct buf *out, uint16_t id, struct span name, uint16_t type, unsigned flags, struct dice *dice);

/* What a resolver says to it. Names that came before are pointed to. */
struct dns_answer {
    struct span name;        /* asked for */
    uint16_t type;
    struct span alias;       /* what the name is an alias of; empty: none */
    const struct ip *addresses; /* each makes an A or AAAA record; with none (and no alias) there is no such name */
    size_t n_addresses;
};
bool dns_put_answer(struct buf *out, uint16_t id, const struct dns_answer *a, unsigned flags);
