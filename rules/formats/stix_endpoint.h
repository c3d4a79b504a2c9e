#pragma once
/* The one kind of conjunction in STIX patterns that a packet can decide: comparisons joined by AND that are all
 * about one end of a connection, which host, and which port. Each is one comparison or several joined by OR. Pure. */
#include "rules/formats/stix_pattern.h"

struct stix_endpoint {
    const struct stix_node *hosts, *ports; /* ports: NULL when none is asked for */
    uint8_t side, port_side;               /* 's' or 'd'; 0: not said */
    size_t n_hosts, n_ports;
};

/* `n` is a STIX_AND. False when it asks for anything else: both ends, a network with a port, too many of both.
 * What the host is and which protocols are spoken is passed over. */
bool stix_endpoint_read(const struct stix_node *n, struct stix_endpoint *out);

/* All texts and numbers that are compared with in `n`, in order, until `each` returns false. */
typedef bool stix_each_literal(void *to, const struct stix_literal *l);
bool stix_endpoint_each(const struct stix_node *n, stix_each_literal *each, void *to);

/* "192.0.2.1/32" is one host. */
struct span stix_endpoint_host(struct span host);
