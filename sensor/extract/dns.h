#pragma once
/* A DNS message, whole: RFC 1035 section 4, EDNS RFC 6891, mDNS RFC 6762 section 18, LLMNR RFC 4795,
 * SVCB/HTTPS RFC 9460. Hot and pure: reads `in`, writes only to the arena.
 *
 * Names come as text: labels joined by '.', no final dot, the root is ".", case as sent. Bytes are kept
 * raw (a label may hold any byte); writers escape them. */
#include "base/arena.h"
#include "base/span.h"
#include "sensor/extract/verdict.h"

enum dns_type {
    DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_SOA = 6, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16,
    DNS_AAAA = 28, DNS_SRV = 33, DNS_DNAME = 39, DNS_OPT = 41, DNS_SVCB = 64, DNS_HTTPS = 65,
};

enum dns_section { DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };

struct dns_name {
    struct span text;  /* for people */
    struct span match; /* for the matcher: as text, but a dot inside a label is 0x1f, so that label
                        * boundaries are the dots. Nearly always the same bytes as text. */
};

struct dns_question {
    struct dns_name name;
    uint16_t type;
    uint16_t class; /* the mDNS unicast-response bit (0x8000) is left in */
};

struct dns_record {
    enum dns_section section;
    uint16_t type, class; /* the mDNS cache-flush bit (0x8000) is left in */
    uint32_t ttl;
    struct dns_name owner;
    struct dns_name target; /* CNAME NS PTR DNAME, MX exchange, SRV target, SOA mname, SVCB/HTTPS
                             * TargetName; text.len is 0 where the type has none */
    struct dns_name rname;  /* SOA only */
    struct span data;       /* A: 4 bytes, AAAA: 16 bytes, TXT: the strings joined, else raw RDATA; empty,
                             * like target, where RDLENGTH is 0, which UPDATE uses with any type */
    uint16_t priority, weight, port; /* MX preference, SRV, SVCB priority; 0 elsewhere */
    struct {
        uint32_t serial, refresh, retry, expire, minimum;
    } soa; /* SOA only */
};

struct dns_message {
    uint16_t id;
    uint16_t flags; /* the second 16 bits as sent: QR, opcode, AA, TC, RD, RA, Z, AD, CD, rcode */
    bool is_response;
    bool is_cut; /* the counts promised more than could be read: bytes ran out, an item was malformed, which
                  * ends the reading, or a record's RDATA did not fit its type, which only leaves it out */
    uint16_t n_questions, n_records;
    struct dns_question *questions; /* live in the arena */
    struct dns_record *records;     /* live in the arena: answer, authority, additional in wire order */
};

/* Read the message in `in` (one UDP payload, or one TCP message without its length).
 * FIELD_FOUND: at least the header and one question or record were read; *out and all it points to live
 *   in the arena, nothing borrows from `in`. `is_cut` tells whether the rest was readable.
 * FIELD_ABSENT: a well-formed header with nothing to report (all counts zero).
 * FIELD_PARTIAL: `in` ends before the header, or inside the first question or record.
 * FIELD_MALFORMED: not DNS, a first item that does not decode (and no record behind it that does), or the
 *   arena is full.
 * On any verdict but FIELD_FOUND *out is untouched.
 * A compression pointer must land before the name it was read from began, each one before the last one, and
 * a name may use 127 of them; it is at most 255 bytes on the wire. Bytes past 65535 are not looked at. */
enum verdict dns_message_read(struct span in, struct arena *arena, struct dns_message *out);

/* Is this DNS although no port says so? Cheap and strict, for UDP payloads and TCP messages on ports that
 * are not DNS's: sane flags (opcode 0, 4 or 5; Z zero; rcode in range), small counts, at least one
 * question or (response) record, first name and its type and class plausible, and the message consumed
 * to its last byte. False positives on random bytes are below one in ten million. */
bool dns_looks_like(struct span in);

/* "A", "HTTPS", ...; unknown types as "TYPE65280" (RFC 3597, section 5) written to `scratch`. */
const char *dns_type_name(uint16_t type, char scratch[static 12]);
/* "NOERROR", "NXDOMAIN", ...; unknown ones as the number. */
const char *dns_rcode_name(uint16_t rcode, char scratch[static 12]);
