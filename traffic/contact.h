#pragma once
/* The conversation that contacts what an indicator names, as an infected machine would have it; or any other, for a name that nobody lists. Hot
 * once its room and stock are made; nothing is allocated then. */
#include "matcher/scan.h"
#include "traffic/quic_put.h"
#include "traffic/talk.h"

/* What conversations are made of and share: bulk data and what seals Initials. One thread's at a time while contacts are made. */
struct contact_stock {
    struct buf text, records, datagrams; /* owned: a page, TLS records of application data, QUIC packets */
    struct buf frames;                   /* owned: room to make Initials in */
    struct quic_crypto *crypto;          /* owned */
};

bool contact_stock_init(struct contact_stock *s, uint64_t seed); /* false: memory is short */
void contact_stock_fini(struct contact_stock *s);

enum contact_by { BY_DNS, BY_HTTP, BY_TLS, BY_QUIC, BY_CONNECTION, CONTACT_BYS };

/* What is to be contacted, and how. */
struct contact_wish {
    enum ioc_type type;
    enum ioc_match match;
    struct span value;   /* canonical; 8 KB at most */
    uint16_t port;       /* of IOC_IP_PORT, IOC_DOMAIN_PORT */
    field_mask fields;   /* where it is looked for; 0: wherever its type is */
    enum contact_by by;
    uint32_t answer_bytes; /* of bulk data that the server sends; BY_DNS: none */
    const struct ip *resolves_to; /* what a name is said to have; NULL: the server's own address */
};

/* Bits, 1u << BY_...: the ways in which it can be seen to be contacted. 0 for what nobody can make to measure (JA3, JA4, certificates' hashes: they are
 * digests) and for regexes and Bloom filters. `by` and `answer_bytes` are not looked at. */
unsigned contact_ways(const struct contact_wish *w);

enum { CONTACT_SAID_MAX = 8 };

struct contact {
    struct talk talk;
    struct buf bytes; /* owned; what is said, but for the stock's */
    struct scan_field said[CONTACT_SAID_MAX]; /* what there is to look at, in the order in which it comes; texts lie in `bytes` */
    unsigned n_said;
    unsigned slot;                       /* of a mix (mix.h): which of its places this is */
    uint64_t first_packet, last_packet;  /* of a mix: numbers of its packets; 0 before the first */
    int64_t first_ns, last_ns;           /* their times */
};

bool contact_init(struct contact *c); /* false: memory is short */
void contact_fini(struct contact *c);

/* `way` says how it travels; the addresses in it are the client's and, unless the indicator names one, the server's; a client_port of 0 is drawn, a
 * server_port of 0 is the usual one. What `dice` decides (names below a suffix, addresses in a network, versions) comes again with the same
 * dice. Borrows the stock, not the wish. False: `by` is none of contact_ways(), or the value does not fit. */
bool contact_make(struct contact *c, struct contact_stock *s, const struct contact_wish *w, const struct way *way, struct dice *dice);

const char *contact_by_name(enum contact_by by); /* "dns", "http", "tls", "quic", "connection" */

/* A host name like many others, below .example; returns its length. */
enum { CONTACT_NAME_MAX = 64 };
size_t contact_name(struct dice *dice, char out[static CONTACT_NAME_MAX]);
