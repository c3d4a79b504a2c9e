#pragma once
/* One thing observed in traffic: a DNS message, an HTTP head, a TLS or QUIC hello, a server's certificates, what is said around a mail, a new flow. Lives in the batch arena with all it
 * points to; written as EVE by sensor/eve.h, matched field by field by sensor/worker.c. */
#include "base/ip.h"
#include "sensor/extract/dns.h"
#include "sensor/extract/fingerprint.h"
#include "sensor/extract/http.h"
#include "sensor/extract/preamble.h"
#include "sensor/extract/smtp.h"
#include "sensor/extract/tls.h"
#include "sensor/extract/x509.h"
#include "sensor/packet.h"

enum event_kind {
    EVENT_FLOW,          /* first packet of a flow */
    EVENT_DNS,
    EVENT_HTTP_REQUEST,
    EVENT_HTTP_RESPONSE,
    EVENT_TLS_CLIENT,    /* ClientHello */
    EVENT_TLS_SERVER,    /* ServerHello */
    EVENT_QUIC,          /* ClientHello in QUIC */
    EVENT_SMTP,          /* a server's greeting, or a client's commands up to a mail */
    EVENT_SOCKS,         /* what a SOCKS client asks for */
    EVENT_TLS_CERTIFICATES, /* a server's Certificate, in the clear before TLS 1.3 */
    EVENT_KIND_COUNT,
};

enum { CERTIFICATES_MAX = 16, CERT_SHA1_LEN = 40, CERT_SHA256_LEN = 64 };

struct certificate_digests {
    char sha1[CERT_SHA1_LEN], sha256[CERT_SHA256_LEN]; /* lower-case hex; see what of it is there in struct certificates */
};

/* What a server's chain says. The first certificate is the server's own; of the others only digests are looked at. */
struct certificates {
    uint16_t version;                          /* chosen in the ServerHello; 0: that was not seen */
    uint8_t n;                                 /* >= 1 */
    uint8_t n_sha1, n_sha256;                  /* the first so many have it: 0, 1 or n. n_sha1 is never 0 */
    const struct certificate_digests *digests; /* [n] */
    struct x509 own;
    struct span subject, issuer;               /* as x509_name_text() writes them */
    struct span serial;                        /* "0A:1B", upper case; .len 0: not read */
};

struct event {
    enum event_kind kind;
    uint8_t proto;      /* IANA number */
    uint8_t ip_version; /* 4 or 6 */
    uint8_t n_vlans;
    uint8_t outer;      /* enum outer: what TLS, or whatever this is, began in */
    bool is_to_server;  /* from the side that opened the flow, as far as can be told */
    bool is_bare;       /* sums up others (struct alert_repeats): what its kind points to below is not there */
    bool is_tunnelled;  /* through a proxy (CONNECT, SOCKS): the server's address is the proxy's */
    uint16_t vlans[PACKET_VLANS_KEPT];
    uint16_t sport, dport;
    struct ip src, dst; /* of the packet in which the observation was complete */
    int64_t ts_ns;
    uint64_t packet_number;
    uint32_t source;
    uint64_t flow_id;
    uint64_t turn;      /* where its line belongs among others: see struct arrival */
    uint32_t quic_version; /* of EVENT_QUIC */
    union {
        const struct dns_message *dns;
        const struct http_request *http_request;
        const struct http_response *http_response;
        const struct tls_client_hello *tls_client; /* of EVENT_QUIC too */
        const struct tls_server_hello *tls_server;
        const struct smtp_talk *smtp;
        const struct socks_request *socks;
        const struct certificates *certificates;
    };
    const struct carrier *carrier; /* the way in, if there was a tunnel; else NULL. No longer than carrier_bytes() */
    const struct fingerprints *fingerprints; /* of a TLS hello; NULL: nobody asked for any */
};
