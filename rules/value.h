#pragma once
/* From what somebody wrote to a canonical value, or the reason why not. All functions are cold-pure: they read
 * spans, write to a caller's buffer, print nothing. Values that need no change are not copied. */
#include "base/buf.h"
#include "rules/indicator.h"

/* Why an entry was not loaded; the codes users read. Shared by all list formats. */
enum reject {
    REJECT_NONE,
    REJECT_BAD_CHAR, REJECT_BAD_IDN, REJECT_BAD_IP, REJECT_IP_LEADING_ZERO, REJECT_BAD_PREFIX, REJECT_BAD_RANGE,
    REJECT_BAD_PORT, REJECT_BAD_URL, REJECT_BAD_EMAIL, REJECT_EMPTY, REJECT_EMPTY_LABEL, REJECT_LABEL_TOO_LONG,
    REJECT_NAME_TOO_LONG, REJECT_SINGLE_LABEL, REJECT_COLUMN_COUNT, REJECT_NOT_HOSTS_LINE, REJECT_NOT_DNSMASQ_LINE,
    REJECT_NOT_UNBOUND_LINE, REJECT_BAD_RR, REJECT_BAD_OWNER, REJECT_UNKNOWN_TYPE, REJECT_TYPE_MISMATCH,
    REJECT_BAD_HASH, REJECT_BAD_COMPOSITE, REJECT_BAD_BASE64, REJECT_BAD_CATEGORY, REJECT_BAD_SCORE,
    REJECT_PATTERN_SYNTAX, REJECT_PATTERN_AND, REJECT_PATTERN_FOLLOWEDBY, REJECT_PATTERN_NEGATION,
    REJECT_PATTERN_OBJECT, REJECT_PATTERN_OPERATOR, REJECT_PATTERN_TYPE, REJECT_MALFORMED_JSON, REJECT_UTF16_FILE,
    REJECT_BAD_VERSION, REJECT_BAD_PARAMETERS, REJECT_TRUNCATED,
    REJECT_COUNT,
};

enum {
    VALUE_MAX_BYTES = UINT16_MAX,                      /* of a value, as written and canonical */
    VALUE_SCRATCH_BYTES = 4 * VALUE_MAX_BYTES + 1024, /* ceiling for `scratch`: no value needs more */
};

const char *reject_code(enum reject r); /* "bad-char", "label-too-long", ... */
/* What would have been right, to follow the code in a message: "letters, digits, '-', '_' and '.' only". */
const char *reject_remedy(enum reject r);

struct value {
    enum ioc_type type;
    bool is_wildcard;     /* a domain written "*.x" or ".x": value is x */
    bool was_defanged;
    bool was_html_escaped; /* "&amp;" in a URL, hostpath or path; it is "&" now */
    bool had_host_bits;   /* a network with host bits set; they were masked */
    bool is_single_label; /* a domain written "*.x" or ".x" with one label, as RPZ and TLD-wide entries have */
    uint16_t port;        /* IOC_IP_PORT, IOC_DOMAIN_PORT */
    struct span text;     /* canonical: borrows from the input or lies in `scratch` */
};

/* Take white space off both ends, refang, find out what it is by its syntax, and make it canonical.
 * Order of recognition: URL (has "://"), e-mail, [v6], v6, v4, CIDR, range, ip:port, hash (32, 40, 64 hex digits), path
 * ("/..."), host/path, host:port, wildcard name, domain. On success *out is set, and `scratch` holds what it needs
 * (reset by each call; reuse one). On failure the reason is returned and *out_col is the byte (from 1) to point at; it may be
 * one past the last.
 *
 * Where the syntax leaves a choice:
 * - IPv4-mapped IPv6 is IPv4, a network of one address or a range of one is that address, and "/0" is refused. A network that
 *   is IOC_CIDR6 means IPv6 only, "::/8" too: it must not be taken for one that has all of IPv4 (::ffff:0:0/96) in it.
 * - "192.0.2.0/24" is a network and "192.0.2.1/a" a hostpath. A hostpath that would read as a network once it is canonical
 *   ("192.0.2.1/%324") is REJECT_BAD_PREFIX.
 * - A wildcard name needs three name bytes in a row outside its last label, or "*.*.com" would match the world. '*' and '?'
 *   do not match dots, so a "*." in front of such a name is one label; runs of '*' become one. No U-labels in it.
 *   Addresses with stars ("192.0.2.*") are REJECT_BAD_IP: they are networks.
 * - Blanks in a URL are refused, as is the path "/" alone, which is on every host.
 * - Canonical text read again gives the same type and text; a domain that is_wildcard with "*." in front. */
enum reject value_read(struct span text, struct buf *scratch, struct value *out, uint32_t *out_col);

/* The same when the type is declared: the text must be of that type (REJECT_TYPE_MISMATCH else, with *out telling what
 * it looks like). A domain may be given where an address is declared and the other way round: out->type tells what it is,
 * and a bare host is accepted for IOC_URL as IOC_HOSTPATH is. Networks and ranges pass for addresses, wildcard names for
 * domains, either kind of port for the other. IOC_CERT_SHA1 and IOC_CERT_SHA256 may be written with colons. IOC_REGEX, IOC_USER_AGENT, IOC_JA4
 * and IOC_OTHER: taken as they are, blanks and all. */
enum reject value_read_as(enum ioc_type type, struct span text, struct buf *scratch, struct value *out,
                          uint32_t *out_col);
