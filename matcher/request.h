#pragma once
/* A request's (or an absolute URL's) host and target, in the form in which listed URLs are compared. Hot and pure, but for
 * the buffers it is given. */
#include "base/buf.h"

struct request {
    struct span authority; /* host and port as sent, userinfo cut; empty if none */
    struct span target;    /* from the '/' or '?' on; may be empty */
};

/* `target` as sent. In absolute form its authority stands for `host` (RFC 9112, section 3.2.2). */
struct request request_split(struct span host, struct span target);
/* "scheme://...", as in a Location: false when it is no absolute URL. */
bool request_split_url(struct span url, struct request *out);

/* Append the host: escapes decoded, lower case, one final dot cut, IPv6 as RFC 5952 has it in brackets. *out_port: as written, 0 if none. A port
 * that is no number stays part of the host, which then matches nothing. */
void request_put_host(struct buf *out, struct span authority, uint16_t *out_port);

/* The ports under which the URL may be listed: 0 for "none or the usual". At most two. */
size_t request_ports(uint16_t sent, uint16_t server, uint16_t out_ports[static 2]);
