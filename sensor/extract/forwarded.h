#pragma once
/* What proxies say of whom they speak for: headers with the client's address. Hot and pure. */
#include "base/ip.h"

enum { FORWARDED_MAX = 8 };

enum forwarded_header {
    FORWARDED_X_FORWARDED_FOR,
    FORWARDED_FORWARDED,        /* RFC 7239 */
    FORWARDED_X_REAL_IP,
    FORWARDED_TRUE_CLIENT_IP,
    FORWARDED_CF_CONNECTING_IP,
    FORWARDED_HEADER_COUNT,
};

struct forwarded {
    enum forwarded_header header;
    struct span value; /* as sent */
};

/* Those of a request, in order; what comes after FORWARDED_MAX is left out. */
struct forwarded_list {
    struct forwarded items[FORWARDED_MAX];
    uint8_t n;
};

const char *forwarded_name(enum forwarded_header h); /* "X-Forwarded-For", ... */
/* Add the header if it is one of these and says anything; names have no case. */
void forwarded_note(struct forwarded_list *l, struct span name, struct span value);

/* Take the next address from the front of `*rest`, which is f->value at first: *out_text is how it was written, without port, brackets and
 * quotes. What is no address ("unknown", "_hidden") is passed over. False: there are no more. */
bool forwarded_next(enum forwarded_header h, struct span *rest, struct span *out_text, struct ip *out_ip);
