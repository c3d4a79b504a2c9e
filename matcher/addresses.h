#pragma once
/* Addresses, address:port pairs, networks and ranges. Building is cold, look-ups are hot. */
#include "matcher/key_table.h"
#include "matcher/route.h"

/* Networks and ranges: sorted by first address, read as a balanced search tree whose root is the middle, so that overlapping
 * and nested ones are all found. One cache line each. */
struct range_node {
    __extension__ unsigned __int128 first, last, max_last; /* max_last: over the node's subtree */
    uint32_t indicator;
    uint32_t unused[3];
};

struct addresses {
    struct key_table hosts;
    const struct range_node *ranges;
    uint32_t n_ranges;
    uint32_t has_ports; /* 1: some addresses are listed with a port */
    uint64_t *v4_blocks; /* owned; a bit for each /20 that some IPv4 range touches; NULL without ranges */
    void *owned;         /* the ranges when they were built here */
};

/* Over all indicators routed to addresses and ranges. */
bool addresses_build(struct addresses *out, const struct set_view *v, const struct routes *routes, struct err *err);
/* Use stored blocks in place, checked; `ranges` is aligned to 16 bytes. */
bool addresses_map(struct addresses *out, struct span hosts, struct span ranges, uint32_t has_ports, uint32_t n_indicators,
                   struct err *err);
void addresses_fini(struct addresses *a);

/* Calls `on_hit` for each indicator that names this address in this field; confirmed. */
typedef void addresses_on_hit(void *ctx, uint32_t indicator);
void addresses_look_up(const struct addresses *a, const struct set_view *v, enum field field, const struct ip *ip,
                       uint16_t port, addresses_on_hit *on_hit, void *ctx);
