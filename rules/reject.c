/* The reject part of value.h: what users read when an entry is not loaded. */
#include "rules/value.h"

static const char *const codes[REJECT_COUNT] = {
    [REJECT_NONE] = "none",
    [REJECT_BAD_CHAR] = "bad-char",
    [REJECT_BAD_IDN] = "bad-idn",
    [REJECT_BAD_IP] = "bad-ip",
    [REJECT_IP_LEADING_ZERO] = "ip-leading-zero",
    [REJECT_BAD_PREFIX] = "bad-prefix",
    [REJECT_BAD_RANGE] = "bad-range",
    [REJECT_BAD_PORT] = "bad-port",
    [REJECT_BAD_URL] = "bad-url",
    [REJECT_BAD_EMAIL] = "bad-email",
    [REJECT_EMPTY] = "empty",
    [REJECT_EMPTY_LABEL] = "empty-label",
    [REJECT_LABEL_TOO_LONG] = "label-too-long",
    [REJECT_NAME_TOO_LONG] = "name-too-long",
    [REJECT_SINGLE_LABEL] = "single-label",
    [REJECT_COLUMN_COUNT] = "column-count",
    [REJECT_NOT_HOSTS_LINE] = "not-hosts-line",
    [REJECT_NOT_DNSMASQ_LINE] = "not-dnsmasq-line",
    [REJECT_NOT_UNBOUND_LINE] = "not-unbound-line",
    [REJECT_BAD_RR] = "bad-rr",
    [REJECT_BAD_OWNER] = "bad-owner",
    [REJECT_UNKNOWN_TYPE] = "unknown-type",
    [REJECT_TYPE_MISMATCH] = "type-mismatch",
    [REJECT_BAD_HASH] = "bad-hash",
    [REJECT_BAD_COMPOSITE] = "bad-composite",
    [REJECT_BAD_BASE64] = "bad-base64",
    [REJECT_BAD_CATEGORY] = "bad-category",
    [REJECT_BAD_SCORE] = "bad-score",
    [REJECT_PATTERN_SYNTAX] = "pattern-syntax",
    [REJECT_PATTERN_AND] = "pattern-and",
    [REJECT_PATTERN_FOLLOWEDBY] = "pattern-followedby",
    [REJECT_PATTERN_NEGATION] = "pattern-negation",
    [REJECT_PATTERN_OBJECT] = "pattern-object",
    [REJECT_PATTERN_OPERATOR] = "pattern-operator",
    [REJECT_PATTERN_TYPE] = "pattern-type",
    [REJECT_MALFORMED_JSON] = "malformed-json",
    [REJECT_UTF16_FILE] = "utf16-file",
    [REJECT_BAD_VERSION] = "bad-version",
    [REJECT_BAD_PARAMETERS] = "bad-parameters",
    [REJECT_TRUNCATED] = "truncated",
};

/* What would have been right. */
static const char *const remedies[REJECT_COUNT] = {
    [REJECT_NONE] = "nothing is wrong",
    [REJECT_BAD_CHAR] = ("letters, digits, '-', '_' and '.' only; "
                         "a wildcard name also 3 letters or digits before its last dot"),
    [REJECT_BAD_IDN] = "a name that IDNA 2008 allows, or its \"xn--\" form",
    [REJECT_BAD_IP] =
        "four decimal numbers up to 255 as in 192.0.2.1, or IPv6 without zone as in 2001:db8::1",
    [REJECT_IP_LEADING_ZERO] =
        "no zeros in front of a number of an address: some programs read such as octal",
    [REJECT_BAD_PREFIX] = "a prefix length of 1 to 32 for IPv4, 1 to 128 for IPv6, as in 192.0.2.0/24",
    [REJECT_BAD_RANGE] =
        "first and last address of one family, the smaller one first, as in 192.0.2.1-192.0.2.9",
    [REJECT_BAD_PORT] = "one port from 1 to 65535",
    [REJECT_BAD_URL] =
        "scheme://host[:port]/path without blanks or control characters, or a path longer than \"/\"",
    [REJECT_BAD_EMAIL] = "local-part@domain",
    [REJECT_EMPTY] = "a value in this place",
    [REJECT_EMPTY_LABEL] = "at least one byte between two dots",
    [REJECT_LABEL_TOO_LONG] = "at most 63 bytes between two dots",
    [REJECT_NAME_TOO_LONG] = "at most 253 bytes for a name, 65535 for any other value",
    [REJECT_SINGLE_LABEL] = "a name with at least one dot inside, as in evil.example",
    [REJECT_COLUMN_COUNT] = "as many columns as the list's other rows have",
    [REJECT_NOT_HOSTS_LINE] = "an address, then one or more names, as in 0.0.0.0 evil.example",
    [REJECT_NOT_DNSMASQ_LINE] = "address=/name/ as dnsmasq writes it",
    [REJECT_NOT_UNBOUND_LINE] = "local-zone: or local-data: as unbound writes it",
    [REJECT_BAD_RR] = "a resource record: owner, type, data",
    [REJECT_BAD_OWNER] = "an owner name that is a name or an address trigger of a response policy zone",
    [REJECT_UNKNOWN_TYPE] = "a type of indicator that is known here, as domain, ip or url",
    [REJECT_TYPE_MISMATCH] = "a value of the type that is declared for it",
    [REJECT_BAD_HASH] = "hex digits only: 32 for MD5 and JA3, 40 for SHA-1, 64 for SHA-256",
    [REJECT_BAD_COMPOSITE] = "two values with '|' between them",
    [REJECT_BAD_BASE64] = "Base64 with its padding",
    [REJECT_BAD_CATEGORY] = "a category number from 1 to 60",
    [REJECT_BAD_SCORE] = "a score within the range of this format",
    [REJECT_PATTERN_SYNTAX] = "a well-formed pattern",
    [REJECT_PATTERN_AND] = "comparisons joined by OR only",
    [REJECT_PATTERN_FOLLOWEDBY] = "one observation, without FOLLOWEDBY",
    [REJECT_PATTERN_NEGATION] = "a pattern without NOT or !=",
    [REJECT_PATTERN_OBJECT] = "an object seen in network traffic, as domain-name, ipv4-addr or url",
    [REJECT_PATTERN_OPERATOR] = "one of the operators =, IN, LIKE, MATCHES and ISSUBSET",
    [REJECT_PATTERN_TYPE] = "a pattern of type stix",
    [REJECT_MALFORMED_JSON] = "well-formed JSON",
    [REJECT_UTF16_FILE] = "a file in UTF-8 or ASCII; convert it, for example with iconv",
    [REJECT_BAD_VERSION] = "a format version that is known here",
    [REJECT_BAD_PARAMETERS] = "parameters within the limits of this format",
    [REJECT_TRUNCATED] = "the whole file; it ends in the middle of something",
};

const char *reject_code(enum reject r)
{
    return (unsigned)r < REJECT_COUNT ? codes[r] : "unknown";
}

const char *reject_remedy(enum reject r)
{
    return (unsigned)r < REJECT_COUNT ? remedies[r] : "unknown";
}
