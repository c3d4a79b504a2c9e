/* See outer.h. Hot. */
#include "sensor/extract/outer.h"

enum { IMAP_TAG_MAX = 32 };

const char *outer_name(enum outer o)
{
    static const char *const names[OUTER_COUNT] = {
        [OUTER_HTTP] = "http",   [OUTER_SMTP] = "smtp",   [OUTER_IMAP] = "imap", [OUTER_POP3] = "pop3",
        [OUTER_FTP] = "ftp",     [OUTER_XMPP] = "xmpp",   [OUTER_LDAP] = "ldap", [OUTER_PGSQL] = "pgsql",
        [OUTER_MYSQL] = "mysql", [OUTER_SOCKS] = "socks",
    };
    return (unsigned)o < OUTER_COUNT ? names[o] : NULL;
}

/* In lower case. A word that ends in a letter stands before a blank or the end of its line. */
struct opening {
    const char *words;
    enum outer outer;
};

/* clang-format off */
static const struct opening client_openings[] = {
    {"ehlo ", OUTER_SMTP}, {"helo ", OUTER_SMTP}, {"lhlo ", OUTER_SMTP}, {"mail from:", OUTER_SMTP}, {"rcpt to:", OUTER_SMTP},
    {"stls", OUTER_POP3}, {"capa", OUTER_POP3}, {"apop ", OUTER_POP3},
    {"auth tls", OUTER_FTP}, {"auth ssl", OUTER_FTP}, {"feat", OUTER_FTP}, {"syst", OUTER_FTP}, {"opts ", OUTER_FTP},
    {"<?xml ", OUTER_XMPP}, {"<stream:stream ", OUTER_XMPP}, {"<starttls ", OUTER_XMPP},
    {"user ", OUTER_NONE}, {"auth ", OUTER_NONE}, {"noop", OUTER_NONE}, {"help", OUTER_NONE}, {"rset", OUTER_NONE}, {"quit", OUTER_NONE},
};
/* clang-format on */

static const struct opening server_openings[] = {
    {"220 ", OUTER_NONE},     {"220-", OUTER_NONE},
    {"554 ", OUTER_SMTP},     {"+ok", OUTER_POP3},
    {"* ok", OUTER_IMAP},     {"* preauth", OUTER_IMAP},
    {"* bye", OUTER_IMAP},    {"<stream:features", OUTER_XMPP},
    {"<proceed", OUTER_XMPP},
};

/* What follows the tag of an IMAP command before TLS begins. */
static const char *const imap_commands[] = {"capability", "starttls",     "noop",  "id",
                                            "login",      "authenticate", "logout"};

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool is_letter_or_digit(uint8_t c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
}

static enum verdict starts_with(struct span in, const char *words)
{
    size_t n = 0;
    while (n < in.len && words[n] && lower(in.ptr[n]) == (uint8_t)words[n])
        n++;
    if (words[n])
        return n == in.len ? FIELD_PARTIAL : FIELD_ABSENT;
    if (!is_letter_or_digit((uint8_t)words[n - 1]))
        return FIELD_FOUND;
    return n == in.len ? FIELD_PARTIAL : is_letter_or_digit(in.ptr[n]) ? FIELD_ABSENT : FIELD_FOUND;
}

static enum verdict sniff(struct span in, const struct opening *openings, size_t n, enum outer *out)
{
    enum verdict verdict = FIELD_ABSENT;
    for (size_t i = 0; i < n; i++) {
        enum verdict v = starts_with(in, openings[i].words);
        if (v == FIELD_FOUND) {
            *out = openings[i].outer;
            return v;
        }
        if (v == FIELD_PARTIAL)
            verdict = v;
    }
    return verdict;
}

static bool is_tag_byte(uint8_t c)
{
    return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_';
}

static enum verdict sniff_imap(struct span in)
{
    size_t tag = 0;
    enum verdict verdict = FIELD_ABSENT;
    while (tag < in.len && tag <= IMAP_TAG_MAX && is_tag_byte(in.ptr[tag]))
        tag++;
    if (tag == in.len && tag <= IMAP_TAG_MAX)
        return FIELD_PARTIAL;
    if (tag == 0 || tag > IMAP_TAG_MAX || in.ptr[tag] != ' ')
        return FIELD_ABSENT;
    for (size_t i = 0; i < sizeof imap_commands / sizeof *imap_commands; i++) {
        enum verdict v = starts_with(span_from(in, tag + 1), imap_commands[i]);
        if (v == FIELD_FOUND)
            return v;
        if (v == FIELD_PARTIAL)
            verdict = v;
    }
    return verdict;
}

enum verdict outer_sniff_client(struct span in, enum outer *out)
{
    enum verdict v = sniff(in, client_openings, sizeof client_openings / sizeof *client_openings, out);
    if (v == FIELD_FOUND)
        return v;
    enum verdict imap = sniff_imap(in);
    if (imap == FIELD_FOUND)
        *out = OUTER_IMAP;
    return imap == FIELD_ABSENT ? v : imap;
}

enum verdict outer_sniff_server(struct span in, enum outer *out)
{
    return sniff(in, server_openings, sizeof server_openings / sizeof *server_openings, out);
}
