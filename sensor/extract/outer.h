#pragma once
/* Protocols in which TLS may begin: SMTP and LMTP (RFC 5321, RFC 3207), IMAP (RFC 9051), POP3 (RFC 1939, RFC 2595), FTP (RFC 959,
 * RFC 4217) and XMPP (RFC 6120) talk in lines until then, and are told by the first words of either side. Hot and pure. */
#include "base/span.h"
#include "sensor/extract/verdict.h"

/* What TLS, or another protocol, began in. */
enum outer {
    OUTER_NONE,
    OUTER_HTTP, /* CONNECT, or a 101 */
    OUTER_SMTP,
    OUTER_IMAP,
    OUTER_POP3,
    OUTER_FTP,
    OUTER_XMPP,
    OUTER_LDAP,
    OUTER_PGSQL,
    OUTER_MYSQL,
    OUTER_SOCKS,
    OUTER_COUNT,
};

enum { LINE_BYTES_MAX = 8192 }; /* a longer line is none */

/* As EVE's tls.from_proto says it: "smtp", "imap", ...; NULL for OUTER_NONE. */
const char *outer_name(enum outer o);

/* Could `in` be the start of a line that a client (server) of one of these protocols says? Decides on as little as one byte, and goes by
 * words that stand at the start of a line, whatever their case. FIELD_FOUND sets *out, to OUTER_NONE when more than one of them says
 * such a line (a server's "220 ", a client's "USER "). FIELD_PARTIAL while it still could be, FIELD_ABSENT. */
enum verdict outer_sniff_client(struct span in, enum outer *out);
enum verdict outer_sniff_server(struct span in, enum outer *out);

/* The last byte of a line of this protocol. */
static inline uint8_t outer_line_end(enum outer o)
{
    return o == OUTER_XMPP ? '>' : '\n';
}
