#pragma once
/* What one side may say before the protocol that matters begins: the PROXY protocol (haproxy.org's proxy-protocol.txt, versions 1 and 2),
 * SOCKS 4, 4a and 5 (RFC 1928, RFC 1929), and the requests for TLS of PostgreSQL (its protocol's SSLRequest), MySQL (SSLRequest) and LDAP
 * (StartTLS, RFC 4511 section 4.14). Hot and pure: spans borrow from the input. */
#include "base/ip.h"
#include "sensor/extract/outer.h"
#include "sensor/extract/verdict.h"

/* Whom a SOCKS client asks for. */
struct socks_request {
    uint8_t version;  /* 4 or 5 */
    uint16_t port;
    struct span host; /* the name; .len 0: an address was asked for */
    struct ip ip;
};

struct preamble {
    enum outer outer; /* OUTER_NONE: PROXY, which only announces */
    size_t len;
    bool has_request;
    struct socks_request request;
};

/* What `in` starts with, where a segment began. FIELD_FOUND: a preamble, or one message of it, of out->len bytes; another may follow.
 * FIELD_PARTIAL: it may become one. FIELD_ABSENT. `known` is what the flow is known to have begun with: messages that have no mark of their own are
 * believed only where it says so; at the start of a stream (not `is_adrift`) SOCKS greetings are believed when they fill `in`. */
enum verdict preamble_read(struct span in, enum outer known, bool is_adrift, struct preamble *out);
