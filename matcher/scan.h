#pragma once
/* Fields in, hits out. Hot. A worker adds the fields of a whole batch of packets, then runs the scan once. Allocates only
 * while its buffers grow to the size of the largest batch. One scanner per thread. */
#include "base/ip.h"
#include "matcher/db.h"

struct hit {
    uint32_t cookie;    /* what the caller gave with the field */
    uint32_t indicator; /* index in db_set() */
    enum field field;
};

struct scanner;

struct scanner *scanner_new(const struct db *db, struct err *err); /* borrows db */
void scanner_free(struct scanner *s);
/* Another generation, between batches; false leaves the old one in use. */
bool scanner_use(struct scanner *s, const struct db *db, struct err *err);

/* Add a field to the batch. Bytes are copied. */

/* A domain name as text: any case, a final dot is passed over; bytes that no name in a list has may be there. A text that is
 * an IP address (or a bracketed one) is looked up as an address too. `port` (0: not known) is for IOC_DOMAIN_PORT. */
void scan_add_name(struct scanner *s, enum field field, struct span name, uint16_t port, uint32_t cookie);
/* The name of the call before, once more in another field (`name` and `port` are what they were there): matched together, the second
 * costs next to nothing. */
void scan_add_name_again(struct scanner *s, enum field field, struct span name, uint16_t port, uint32_t cookie);
/* An address with the port of its side of the flow (0: none, as in DNS answers). */
void scan_add_address(struct scanner *s, enum field field, const struct ip *ip, uint16_t port, uint32_t cookie);
/* A request: `host` as sent (may have a port, may be empty), target as sent (absolute-form too), port of the server's side.
 * Matches IOC_URL, IOC_HOSTPATH, IOC_URI_PATH and regexes on the field (which see "http://host[:port]/target"). */
void scan_add_url(struct scanner *s, enum field field, struct span host, struct span target, uint16_t port,
                  uint32_t cookie);
/* Any other text: exact types (user agent, JA3, e-mail, ...) and regexes on the field. In the two fields of mail addresses an
 * exact type is compared without regard to case, and without the domain's final dot; regexes see what was sent. An absolute URL in FIELD_HTTP_LOCATION or
 * FIELD_HTTP_REFERER is matched as a URL too, where an indicator names that field. */
void scan_add_text(struct scanner *s, enum field field, struct span text, uint32_t cookie);

/* A field as a value of its own, for whoever keeps fields: what one of the four calls above is given, and that call. */
enum scan_kind { SCAN_NAME, SCAN_ADDRESS, SCAN_URL, SCAN_TEXT };
struct scan_field {
    enum scan_kind kind;
    enum field field;
    uint16_t port;
    struct ip ip;       /* SCAN_ADDRESS */
    struct span text;   /* a name, a text, or the host of a URL */
    struct span target; /* SCAN_URL */
};
void scan_add(struct scanner *s, const struct scan_field *field, uint32_t cookie);

/* Tell somebody of every field that is added, from now on (NULL: nobody, as at first); its spans die with the call. */
typedef void scan_tap(void *to, const struct scan_field *field);
void scanner_tap(struct scanner *s, scan_tap *tap, void *to);

/* Whether any indicator at all looks at this field: lets the caller leave work out. */
field_mask scanner_fields(const struct scanner *s);

/* Match all that was added and forget it. *out_hits is valid until the next scan_add_...; each (cookie, field, indicator) comes once,
 * in the order the fields were added, then by indicator. Every hit is confirmed: exact at label boundaries, of the field it names.
 * Validity in time is the caller's question (set_origin_holds). Returns the number of hits. */
size_t scan_run(struct scanner *s, const struct hit **out_hits);

/* What was not matched because it did not fit, since scanner_new: fields in a batch over 64 MB, hits past the first million of
 * a batch, and anything when memory is short. */
uint64_t scanner_dropped(const struct scanner *s);

/* Fields added since the last run, and the bytes they take: for the caller's batch bounds. */
size_t scan_pending(const struct scanner *s);
size_t scan_pending_bytes(const struct scanner *s);
