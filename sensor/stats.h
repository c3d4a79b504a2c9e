#pragma once
/* Every counter of a worker. Plain integers, one writer, summed when they are shown. Two of the sums that must hold are here:
 *   packets received = processed + undecodable (by reason) + out of scope (by reason) + fragments that wait
 *     A packet with a fragment waits until its datagram is whole: then all that brought it are processed (or undecodable). When that
 *     never happens, the first one is read alone and the others are out of scope. None waits at the end of a run.
 *   sessions of a protocol seen = readable + unreadable (by reason)
 * stats_sums_hold() checks them; the third (list entries) is struct list_report's. */
#include <stdbool.h>
#include <stdint.h>

#include "sensor/carrier.h"

enum undecodable { /* the frame says it is something we read, and then is not */
    UNDECODABLE_LINK,        /* frame ends within its link or VLAN header */
    UNDECODABLE_IP,          /* IP header cut, or its version or lengths are wrong */
    UNDECODABLE_IP_EXTENSION,/* IPv6 extension header chain cut or too long */
    UNDECODABLE_TCP,         /* TCP header cut or its length wrong */
    UNDECODABLE_UDP,
    UNDECODABLE_FRAGMENT,    /* empty, past 64 KiB or of a length no fragment can have; IPv6: overlapping others */
    UNDECODABLE_CHECKSUM,    /* of IPv4, TCP or UDP is wrong, and checksums are verified */
    UNDECODABLE_COUNT,
};

enum out_of_scope { /* a good frame of a kind we do not look into */
    SCOPE_NOT_IP,            /* ARP, LLDP, ... */
    SCOPE_FRAGMENT,          /* an IP fragment, not the first, of a datagram that never became whole */
    SCOPE_ENCRYPTED,         /* on the link: Wi-Fi, MACsec */
    SCOPE_NESTING,           /* more than CARRIER_LAYERS_MAX tunnels, tags and labels around each other */
    SCOPE_LINK_TYPE,         /* every packet of a capture with a link type we do not read */
    SCOPE_COUNT,
};

enum session_protocol { SESSION_DNS, SESSION_HTTP, SESSION_TLS, SESSION_QUIC, SESSION_SMTP, SESSION_COUNT };

enum unreadable { /* why a session of a known protocol told us nothing */
    UNREADABLE_CUT,          /* ended, or its capture ended, before the field was whole */
    UNREADABLE_SNAPLEN,      /* bytes were sent but not captured */
    UNREADABLE_LOST,         /* a segment is missing */
    UNREADABLE_MALFORMED,    /* contradicts its protocol */
    UNREADABLE_NO_NAME,      /* whole and well formed, but names nobody (TLS without SNI, HTTP without Host) */
    UNREADABLE_ONE_SIDED,    /* only the server's side was seen */
    UNREADABLE_LIMIT,        /* larger than what we hold */
    UNREADABLE_UNDECRYPTABLE,/* QUIC: no key that can be known opens it */
    UNREADABLE_VERSION,      /* QUIC of a version that is not read */
    UNREADABLE_ECH,          /* the name meant is encrypted: what is shown is a front's, or nothing */
    UNREADABLE_COUNT,
};

struct stats {
    uint64_t packets, bytes;                    /* received, as captured */
    uint64_t wire_bytes;
    uint64_t processed;
    uint64_t undecodable[UNDECODABLE_COUNT];
    uint64_t out_of_scope[SCOPE_COUNT];
    uint64_t cut_by_snaplen;                    /* of the processed ones */
    uint64_t tcp, udp, other_ip, ipv4, ipv6, vlan_tagged;
    uint64_t encapsulated[ENCAP_COUNT];         /* packets of the processed ones with such a layer; not ENCAP_VLAN alone */
    uint64_t tunnels_unread;                    /* of the processed ones: a tunnel's protocol, with nothing in it that we read */

    uint64_t fragments_waiting;                 /* packets; 0 at the end of a run */
    uint64_t datagrams_whole;                   /* put together from fragments */
    uint64_t datagrams_incomplete;              /* waited too long, or until the end */
    uint64_t datagrams_evicted;                 /* pushed out by others before their time */
    uint64_t fragments_overlapping;             /* said other than what came before */

    uint64_t flows;                             /* begun */
    uint64_t flows_evicted;                     /* pushed out of the full table before their time */
    uint64_t segments_out_of_order, segments_overlapping, gaps, streams_limited, streams_refused;
    uint64_t segments_conflicting;              /* said other than what came before: both versions were read */
    uint64_t told_evicted;                      /* events, of those remembered to know them when their bytes come again */
    uint64_t http2_tables_evicted;              /* taken from the quietest because all were in use */
    uint64_t http2_fields_unknown;              /* told by an index into a table that was not seen from its start */
    uint64_t chains_cut;                        /* Certificate messages not read to their end: too long, or not there whole */
    uint64_t alert_keys_evicted;

    uint64_t sessions[SESSION_COUNT];           /* seen */
    uint64_t readable[SESSION_COUNT];
    uint64_t unreadable[SESSION_COUNT][UNREADABLE_COUNT];

    uint64_t events[10];                        /* by enum event_kind */
    uint64_t events_lost;                       /* the batch had no room */
    uint64_t fields;                            /* given to the matcher */
    uint64_t fields_dropped;                    /* fields and hits the matcher had no room for */
    uint64_t hits;                              /* from the matcher, before validity and repeats */
    uint64_t hits_suppressed;                   /* an allow-list covers what was seen, or where it goes */
    uint64_t hits_expired;                      /* no origin held at the packet's time */
    uint64_t hits_repeated;                     /* same flow, indicator and value as before */
    uint64_t alerts;
    uint64_t alerts_unwritten;                  /* larger than the output buffer; never half a line */

    uint64_t kernel_drops, interface_drops;     /* live only; not part of `packets` */
    int64_t first_ns, last_ns;                  /* packet times; 0 when there were no packets */
};

void stats_add(struct stats *sum, const struct stats *s);
/* What came to the counters since `earlier`, a former state of the same. The times say nothing then: they are 0. */
void stats_subtract(struct stats *s, const struct stats *earlier);
bool stats_sums_hold(const struct stats *s);

const char *undecodable_name(enum undecodable u); /* "cut_link_header", ... as summary and stats events say it */
const char *out_of_scope_name(enum out_of_scope o);
const char *session_name(enum session_protocol p); /* "dns", "http", "tls", "quic" */
const char *unreadable_name(enum unreadable u);
