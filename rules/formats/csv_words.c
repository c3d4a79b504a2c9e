/* See csv_words.h. */
#include "rules/formats/csv_words.h"

struct span csv_plain_name(struct span text, uint8_t out[static CSV_NAME_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < text.len && n < CSV_NAME_MAX; i++) {
        uint8_t c = text.ptr[i], lower = c | 0x20;
        if (c >= '0' && c <= '9')
            out[n++] = c;
        else if (lower >= 'a' && lower <= 'z')
            out[n++] = lower;
        else if (n && out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n && out[n - 1] == '_')
        n--;
    return span_of(out, n);
}

static const struct {
    const char *text;
    enum csv_role role;
} names[] = {
    {"indicator", CSV_VALUE},
    {"ioc_value", CSV_VALUE},
    {"ioc", CSV_VALUE},
    {"value", CSV_VALUE},
    {"indicator_value", CSV_VALUE},
    {"observable", CSV_VALUE},
    {"url", CSV_VALUE},
    {"domain", CSV_VALUE},
    {"domain_name", CSV_VALUE},
    {"domainaddress", CSV_VALUE},
    {"fqdn", CSV_VALUE},
    {"dst_ip", CSV_VALUE},
    {"dstip", CSV_VALUE},
    {"ip_address",
     CSV_VALUE}, /* before "hostname", which is what its address resolves to in lists that have both */
    {"hostname", CSV_VALUE},
    {"host", CSV_VALUE},
    {"ip", CSV_VALUE},
    {"ipaddress", CSV_VALUE},
    {"address", CSV_VALUE},
    {"cidr", CSV_VALUE},
    {"network", CSV_VALUE},
    {"ip_domain_ip_range_asn", CSV_VALUE},
    {"ja3_md5", CSV_VALUE},
    {"ja3", CSV_VALUE},
    {"ja4", CSV_VALUE},
    {"ssl_certificate_sha1_fingerprint", CSV_VALUE},
    {"certificate_sha1", CSV_VALUE},
    {"cert_sha1", CSV_VALUE},
    {"sha1_fingerprint", CSV_VALUE},
    {"ssl_certificate_sha256_fingerprint", CSV_VALUE},
    {"certificate_sha256", CSV_VALUE},
    {"cert_sha256", CSV_VALUE},
    {"sha256_fingerprint", CSV_VALUE},
    {"user_agent", CSV_VALUE},
    {"ioc_type", CSV_TYPE},
    {"indicator_type", CSV_TYPE},
    {"type", CSV_TYPE},
    {"dst_port", CSV_PORT},
    {"dstport", CSV_PORT},
    {"port", CSV_PORT},
    {"description", CSV_DESCRIPTION},
    {"comment", CSV_DESCRIPTION},
    {"malware_printable", CSV_DESCRIPTION},
    {"listing_reason", CSV_DESCRIPTION},
    {"listingreason", CSV_DESCRIPTION},
    {"malware", CSV_DESCRIPTION},
    {"target", CSV_DESCRIPTION},
    {"tags", CSV_TAGS},
    {"tag", CSV_TAGS},
    {"attribute_tag", CSV_TAGS},
    {"confidence", CSV_CONFIDENCE},
    {"confidence_level", CSV_CONFIDENCE},
    {"threat_level", CSV_CONFIDENCE},
    {"tlp", CSV_TLP},
    {"reference", CSV_REFERENCE},
    {"urlhaus_link", CSV_REFERENCE},
    {"urlhaus_reference", CSV_REFERENCE},
    {"phish_detail_url", CSV_REFERENCE},
    {"tweet", CSV_REFERENCE},
    {"organisation", CSV_ORGANISATION},
    {"organization", CSV_ORGANISATION},
    {"org", CSV_ORGANISATION},
    {"reporter", CSV_ORGANISATION},
    {"source", CSV_ORGANISATION},
    {"valid_from", CSV_VALID_FROM},
    {"first_seen_utc", CSV_VALID_FROM},
    {"first_seen", CSV_VALID_FROM},
    {"firstseen", CSV_VALID_FROM},
    {"dateadded", CSV_VALID_FROM},
    {"date_added", CSV_VALID_FROM},
    {"timestamp_of_listing_utc", CSV_VALID_FROM},
    {"submission_time", CSV_VALID_FROM},
    {"insertdate", CSV_VALID_FROM},
    {"valid_until", CSV_VALID_UNTIL},
    {"expires", CSV_VALID_UNTIL},
    {"expiry", CSV_VALID_UNTIL},
    {"expiration", CSV_VALID_UNTIL},
    {"deletedate", CSV_VALID_UNTIL},
    {"ioc_id", CSV_ID},
    {"uuid", CSV_ID},
    {"phish_id", CSV_ID},
    {"sblid", CSV_ID},
    {"registerpositionid", CSV_ID},
    {"id", CSV_ID},
    {"last_seen_utc", CSV_SEEN},
    {"last_seen", CSV_SEEN},
    {"lastseen", CSV_SEEN},
    {"last_online", CSV_SEEN},
    {"date", CSV_SEEN},
    {"url_status", CSV_STATUS},
    {"c2_status", CSV_STATUS},
    {"status", CSV_STATUS},
    {"threat_type", CSV_THREAT},
    {"threat", CSV_THREAT},
    {"fk_malware", CSV_FAMILY},
    {"malware", CSV_FAMILY},
    {"label", CSV_LABEL},
    {"verified", CSV_VERIFIED},
    {"online", CSV_ONLINE},
    {"is_active", CSV_ONLINE},
};

const char *csv_header_name(size_t i, enum csv_role *out_role)
{
    if (i >= sizeof names / sizeof *names)
        return NULL;
    *out_role = names[i].role;
    return names[i].text;
}

struct word {
    const char *text; /* as csv_plain_name() has it */
    enum ioc_type type;
};

static bool find_word(const struct word *words, size_t n, struct span name, enum ioc_type *out)
{
    for (size_t i = 0; i < n; i++) {
        if (span_eq(name, span_str(words[i].text))) {
            *out = words[i].type;
            return true;
        }
    }
    return false;
}

bool csv_header_type(struct span name, enum ioc_type *out)
{
    static const struct word types[] = {
        {"ja3_md5", IOC_JA3},
        {"ja3", IOC_JA3},
        {"ja4", IOC_JA4},
        {"ssl_certificate_sha1_fingerprint", IOC_CERT_SHA1},
        {"certificate_sha1", IOC_CERT_SHA1},
        {"cert_sha1", IOC_CERT_SHA1},
        {"sha1_fingerprint", IOC_CERT_SHA1},
        {"ssl_certificate_sha256_fingerprint", IOC_CERT_SHA256},
        {"certificate_sha256", IOC_CERT_SHA256},
        {"cert_sha256", IOC_CERT_SHA256},
        {"sha256_fingerprint", IOC_CERT_SHA256},
        {"user_agent", IOC_USER_AGENT},
    };
    return find_word(types, sizeof types / sizeof *types, name, out);
}

static const struct word words[] = {
    {"ip", IOC_IPV4},
    {"ip_address", IOC_IPV4},
    {"ip_src", IOC_IPV4},
    {"ip_dst", IOC_IPV4},
    {"ipv4_addr", IOC_IPV4},
    {"ipv6_addr", IOC_IPV4},
    {"ipv4_address", IOC_IPV4},
    {"ipv6_address", IOC_IPV4},
    {"address", IOC_IPV4},
    {"addr", IOC_IPV4},
    {"cidr", IOC_CIDR4},
    {"subnet", IOC_CIDR4},
    {"network", IOC_CIDR4},
    {"netblock", IOC_CIDR4},
    {"ip_src_port", IOC_IP_PORT},
    {"ip_dst_port", IOC_IP_PORT},
    {"hostname", IOC_DOMAIN},
    {"hostname_port", IOC_DOMAIN_PORT},
    {"host", IOC_DOMAIN},
    {"fqdn", IOC_DOMAIN},
    {"domain_name", IOC_DOMAIN},
    {"domain_ip", IOC_DOMAIN},
    {"uri", IOC_URI_PATH},
    {"path", IOC_URI_PATH},
    {"useragent", IOC_USER_AGENT},
    {"ja3_md5", IOC_JA3},
    {"ja3_fingerprint_md5", IOC_JA3},
    {"ja3_hash", IOC_JA3},
    {"ja4_fingerprint", IOC_JA4},
    {"x509_fingerprint_sha1", IOC_CERT_SHA1},
    {"sha1_fingerprint", IOC_CERT_SHA1},
    {"certificate_sha1", IOC_CERT_SHA1},
    {"x509_fingerprint_sha256", IOC_CERT_SHA256},
    {"sha256_fingerprint", IOC_CERT_SHA256},
    {"certificate_sha256", IOC_CERT_SHA256},
    {"filehash_md5", IOC_MD5},
    {"filehash_sha1", IOC_SHA1},
    {"filehash_sha256", IOC_SHA256},
    {"md5_hash", IOC_MD5},
    {"sha1_hash", IOC_SHA1},
    {"sha256_hash", IOC_SHA256},
    {"sha_1", IOC_SHA1},
    {"sha_256", IOC_SHA256},
    {"email_address", IOC_EMAIL},
    {"email_addr", IOC_EMAIL},
    {"email_src", IOC_EMAIL},
    {"email_dst", IOC_EMAIL},
};

/* Kinds that lists of several sorts of findings mix in, and no packet shows. A word that begins so is of that kind. */
static const char *const others[] = {
    "as",       "asn",           "attachment", "authentihash", "bank_account", "btc",     "comment",
    "cookie",   "counter",       "cpe",        "cve",          "datetime",     "email",   "file",
    "filehash", "filename",      "filepath",   "float",        "github",       "hex",     "http_method",
    "imphash",  "jarm",          "link",       "mac_address",  "malware",      "mutex",   "named",
    "other",    "pattern",       "pdb",        "pehash",       "port",         "process", "regkey",
    "registry", "sha224",        "sha3",       "sha384",       "sha512",       "sigma",   "size",
    "snort",    "ssdeep",        "telfhash",   "text",         "threat",       "tlsh",    "user",
    "vhash",    "vulnerability", "whois",      "windows",      "x509",         "xmr",     "yara",
};

static bool begins_with_word(struct span text, struct span word)
{
    return span_starts(text, word) && (text.len == word.len || text.ptr[word.len] == '_');
}

bool csv_type_of(struct span word, enum ioc_type *out, bool *out_has_port)
{
    uint8_t plain[CSV_NAME_MAX];
    struct span name = csv_plain_name(word, plain);
    *out_has_port = memchr(word.ptr, '|', word.len) && name.len > 5 &&
                    span_eq(span_from(name, name.len - 5), SPAN_LIT("_port"));
    if (ioc_type_of(name, out) || find_word(words, sizeof words / sizeof *words, name, out))
        return true;
    *out = IOC_OTHER;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (begins_with_word(name, span_str(others[i])))
            return true;
    return false;
}
