#pragma once
/* DNS that goes encrypted, known by its hello: what is asked there is not seen, so how much of it there is has to be. Hot and pure. */
#include "sensor/event.h"
#include "sensor/stats.h"

/* What a client's hello begins, as far as it tells:
 * DOT (RFC 7858; in DTLS RFC 8094): ALPN "dot", or port 853 on the server's side, unless a proxy stands there.
 * DOQ (RFC 9250): the same in QUIC, ALPN "doq".
 * DOH (RFC 8484): a server name on a short list of public resolvers, or below one of them. A resolver that is not on it, or that is
 * reached without a name, looks like any other web server.
 * ENCRYPTED_DNS_NONE for everything else, and for events that are no client's hello. */
enum encrypted_dns encrypted_dns_of(const struct event *e);
