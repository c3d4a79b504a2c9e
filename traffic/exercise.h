#pragma once
/* A drill: traffic in which each indicator of a db is contacted, in the ways that fit it, among other traffic that contacts none of them; and what a
 * sensor has to say of it. That follows from what was said: the planted indicator, and whatever else the db has that the same words, names and
 * addresses meet. No packet is read for it. Packets come one by one, and memory grows with the lists alone.
 *
 * All that no indicator names lies in networks that are nobody's: clients in 198.18.0.0/16, servers in 198.19.0.0/16 (RFC 2544, for benchmarks), and
 * in 2001:2::/48 (RFC 5180); names end in .example (RFC 2606). Addresses and ports of a conversation come but once. */
#include "matcher/db.h"
#include "traffic/mix.h"

enum { EXERCISE_ALERTS_MAX = 64, EXERCISE_EVASION_MAX = 3 };

/* Why an indicator is not contacted, or not in one of the ways. */
enum exercise_omission {
    OMIT_DIGEST,  /* JA3, JA4, certificates: nobody can make traffic to measure */
    OMIT_PATTERN, /* a regex, of which no value is known */
    OMIT_BLOOM,   /* a Bloom filter doesn't tell its values */
    OMIT_REFUSED, /* no sensor of ours looks for it: its pattern was refused */
    OMIT_FIELDS,  /* it is looked for in none of the ways that are made */
    OMIT_TIME,    /* it does not hold at the time, or begins or ends to hold just then */
    OMIT_ALLOWED, /* an allow-list covers it, or what comes with it */
    OMIT_VALUE,   /* its value is too long, or cannot be sent as it is */
    OMIT_CROWDED, /* it meets more than EXERCISE_ALERTS_MAX indicators */
    OMIT_COUNT
};
const char *exercise_omission_name(enum exercise_omission o); /* "digest", ... */

/* One alert that is expected: of that indicator, for contact.said[said]. Once per conversation, indicator and value, as alerts are. */
struct exercise_alert {
    uint32_t indicator;
    unsigned said;
};

enum exercise_kind { EXERCISE_BACKGROUND, EXERCISE_PLANTED, EXERCISE_TRAP };

/* A conversation that is over. */
struct exercise_talk {
    const struct contact *contact;
    enum exercise_kind kind;
    enum contact_by by;
    uint32_t indicator; /* that was planted, or that a trap is near to */
    const struct exercise_alert *alerts; /* those of the planted one first; none of a trap */
    unsigned n_alerts;
};

struct exercise_options {
    const struct db *db;      /* borrowed */
    const uint8_t *refused;   /* by indicator: 1 where its pattern was refused; NULL: none */
    uint64_t seed;
    unsigned ways;            /* bits, 1u << BY_...: those that are used; 0: all */
    bool is_one_way_each;     /* each indicator in one of its ways; else in all of them */
    uint32_t mix[CONTACT_BYS]; /* shares of the other traffic; all 0: 40 dns, 20 http, 30 tls, 10 quic */
    double hit_rate;          /* share of conversations that contact an indicator, above 0 up to 1; 0: 0.1, or with `bytes` or `packets` no more than there are */
    uint64_t bytes, packets;  /* go on until there are so many; 0: until all was contacted */
    bool has_traps;           /* near misses, too */
    bool is_one_sided;        /* servers are not seen */
    unsigned evasion;         /* 0: none; 1: cut; 2: out of order, in fragments; 3: twice, with data in the SYN and with forged segments */
    struct wrapping wrapping; /* fits; n 0: none */
    int64_t start;            /* UTC seconds; INT64_MIN: when most indicators hold */
    /* Told of each conversation that was planted, or a trap, once it is over; and of each indicator that is left out. All dies with the call. */
    void (*told)(void *to, const struct exercise_talk *t);
    void (*omitted)(void *to, uint32_t indicator, enum exercise_omission why);
    void *to;
};

struct exercise_totals {
    uint64_t conversations, planted, traps, alerts; /* of those told */
    uint64_t packets, bytes;                        /* bytes as a pcap file has them */
    uint64_t omitted[OMIT_COUNT];                   /* indicators, or where only some of its ways are left out, ways */
    uint64_t traps_omitted;                         /* near misses that would have been hits */
};

struct exercise; /* one thread */

/* NULL and *err when memory is short. `omitted` is called from here on. */
struct exercise *exercise_new(const struct exercise_options *o, struct err *err);
void exercise_free(struct exercise *x);

/* The next packet; its bytes die with the next call. False: all is over; or *err says why it can't go on: the lists name whatever is made. */
bool exercise_next(struct exercise *x, struct packet *out, struct err *err);
const struct exercise_totals *exercise_totals(const struct exercise *x);
int64_t exercise_start(const struct exercise *x); /* UTC seconds */
