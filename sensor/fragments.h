#pragma once
/* Fragments of IP datagrams (RFC 791, section 3.2; RFC 8200, section 4.5), held until their datagram is whole. Hot. One per worker.
 *
 * Fragments belong together by source, destination, identification, VLANs, tunnel and, in IPv4, protocol. Their bytes lie in chunks of one
 * block, the ceiling; each 8 bytes, the unit in which offsets count, have a bit that says whether they are there.
 *
 * Where fragments overlap, IPv4: the byte that came first stays, and a fragment that contradicts the datagram's known end is passed over;
 * IPv6: the datagram is dropped, with all of its fragments that are still to come (RFC 5722). A repeated fragment, all of it there with
 * the same bytes, is neither. A datagram waits 30 (IPv4) or 60 (IPv6) seconds of packet time from its first fragment to arrive. When
 * there is no room the oldest goes. Nothing is allocated after fragments_new(). */
#include "sensor/packet.h"

enum {
    FRAGMENTS_OF_ONE_MAX = 8192, /* no more have room in a datagram; those repeated count too */
    FRAGMENTS_WAIT4_S = 30,
    FRAGMENTS_WAIT6_S = 60,
};
#define FRAGMENTS_CAP_DEFAULT ((size_t)16 << 20)

struct fragments; /* owned by one worker */

enum datagram_fate {
    DATAGRAM_WHOLE,      /* every byte came (if not every one was captured) */
    DATAGRAM_INCOMPLETE, /* waited too long, or the run ended, or too many fragments came for it */
    DATAGRAM_EVICTED,    /* pushed out by others */
    DATAGRAM_DROPPED,    /* IPv6 fragments that overlap */
};

/* What is handed out of it. Borrows; dies when the call that handed it out returns, or goes on. */
struct datagram {
    enum datagram_fate fate;
    struct decoded decoded; /* addresses, VLANs, way in, IP version; proto is the first header of `bytes` */
    struct packet
        packet; /* time, number and source: of the fragment that completed it, else of the first one */
    struct span
        bytes; /* whole: as far as captured; incomplete or evicted: the first fragment, if it came; else empty */
    uint32_t wire_len;  /* of the whole, or of the first fragment; 0 when that did not come */
    bool is_cut;        /* bytes were sent but not captured */
    uint32_t n_packets; /* that brought fragments of it and were not accounted for yet */
};

struct fragments_options {
    size_t cap_bytes; /* 0: FRAGMENTS_CAP_DEFAULT; at least two datagrams' are taken */
    uint64_t seed;    /* of the hash: fixed for replay, random for live */
    /* Told of each datagram that goes without being whole. Must not call back in here. */
    void (*gone)(void *to, const struct datagram *d);
    void *gone_to;
};

struct fragments *fragments_new(const struct fragments_options *o); /* NULL when memory is short */
void fragments_free(struct fragments *f);

enum fragments_verdict {
    FRAGMENTS_HELD,    /* the packet is accounted for when its datagram is whole or gone */
    FRAGMENTS_WHOLE,   /* *out_whole is set */
    FRAGMENTS_REFUSED, /* its datagram was dropped before */
};

/* Take the fragment that decoding found in `pkt` (DECODE_FRAGMENT), or in a datagram that `n_packets` brought, which may be the one
 * handed out last; copies its bytes. *out_overlaps: it says other than what
 * came before. */
enum fragments_verdict fragments_add(struct fragments *f, const struct packet *pkt, const struct decoded *d,
                                     uint32_t n_packets, struct datagram *out_whole, bool *out_overlaps);
/* Those that have waited for long enough at that time go. Cheap when there are none. */
void fragments_expire(struct fragments *f, int64_t now_ns);
/* All go, those of IPv4 first, in the order they began. */
void fragments_clear(struct fragments *f);
