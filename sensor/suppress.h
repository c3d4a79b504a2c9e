#pragma once
/* Does an allow-list cover a hit? Cold: asked of hits only, so that traffic without any costs nothing.
 *
 * What was seen is covered by an entry that matches it in the field where it was seen: the name (or one above it), the address, the
 * whole URL, the text; a URL is covered by its host too. Else it may be covered by where the traffic goes:
 *
 *   event           goes to
 *   DNS message     the name asked for; not the resolver, through which everything passes
 *   HTTP request    the host; or the server's address, unless the server is a proxy
 *   HTTP response   nowhere: a Location is covered by its own host only
 *   TLS hello       the name (SNI); or the server's address, unless it is in a tunnel through a proxy
 *   flow            nowhere: the matched address alone is asked for
 *
 * Where several names are asked for, all have to be covered. Host-only entries (IOC_F_HOST_ONLY) cover names and addresses that were seen, but
 * neither URLs nor destinations. Entries count that hold at the packet's time, in the fields that they name; the host of a URL is
 * asked for as http.host, the server's address as ip.dst. */
#include "sensor/observe.h"

struct suppressor; /* one worker's */

struct suppressor *suppress_new(const struct db *allow, struct err *err); /* borrows */
void suppress_free(struct suppressor *s);

/* True: it is covered, and counted. `from` is where the hit's cookie leads. */
bool suppress_hit(struct suppressor *s, const struct observations *from, const struct hit *h);
/* The events so far are about to die. */
void suppress_forget(struct suppressor *s);

/* Hits suppressed, by origin of the allow side's set; borrowed. */
const uint64_t *suppress_hits(const struct suppressor *s);
