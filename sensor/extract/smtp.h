#pragma once
/* SMTP (RFC 5321) and LMTP (RFC 2033): who says hello, who sends, who receives. Hot and pure: spans borrow from the input, nothing is
 * allocated. The two sides are read apart, for often only one of them is seen. */
#include "base/span.h"
#include "sensor/extract/outer.h"
#include "sensor/extract/verdict.h"

enum { SMTP_RECIPIENTS_MAX = 24, SMTP_LINES_MAX = 64, SMTP_BYTES_MAX = 32 * 1024 };

/* What was said up to the body of a mail: spans are empty where nothing was said. */
struct smtp_talk {
    struct span banner;    /* of a server: the host that its greeting names (RFC 5321, section 4.2) */
    struct span helo;      /* of EHLO, HELO or LHLO */
    struct span mail_from; /* a path as sent, with its angle brackets; "<>" is one too */
    struct span rcpt_to[SMTP_RECIPIENTS_MAX];
    uint8_t n_rcpt_to;
};

enum smtp_next {
    SMTP_COMMANDS, /* another line of commands */
    SMTP_BODY,     /* lines of a mail: DATA */
    SMTP_CHUNK,    /* `chunk_len` bytes of a mail: BDAT (RFC 3030) */
    SMTP_TLS,      /* what looks like a TLS hello, in place of a line */
};

struct smtp_commands {
    struct smtp_talk talk;
    enum smtp_next next;
    uint64_t chunk_len;
    size_t used; /* bytes of the input that this was said in */
};

/* The commands at the start of `in`, up to one that ends a run of them: before another MAIL or EHLO, after DATA, BDAT, RSET, STARTTLS and
 * QUIT, and where SMTP_RECIPIENTS_MAX, SMTP_LINES_MAX or SMTP_BYTES_MAX are reached: then the next run goes on behind it, and nothing is
 * left out. FIELD_FOUND: such a run. FIELD_PARTIAL: lines may follow; *out is what the whole lines said. FIELD_MALFORMED: a line of over LINE_BYTES_MAX;
 * *out is what stood before it. */
enum verdict smtp_commands_read(struct span in, struct smtp_commands *out);

/* Where in the lines of a mail we are; zero it at the start. */
struct smtp_body {
    bool is_within_line;
    bool is_begun; /* a line of it was seen */
};

/* Consume lines of a mail from the front of `in`, up to a line that is a lone dot. FIELD_PARTIAL: *out_used bytes of it were body, more may
 * come. FIELD_FOUND: it ended after *out_used bytes. A body that begins with a command was none: the server refused it. */
enum verdict smtp_body_skip(struct smtp_body *body, struct span in, size_t *out_used);

/* A server's greeting at the start of `in`. `known` is what the flow is known to have begun with: FTP greets alike, so else the
 * greeting has to speak of SMTP, or the first reply after it is 250, which answers EHLO and never a login. FIELD_FOUND: SMTP; *out_host is the
 * host or empty. FIELD_PARTIAL: more lines are needed. FIELD_ABSENT: not SMTP. */
enum verdict smtp_greeting_read(struct span in, enum outer known, struct span *out_host);

/* The address of a path: "user@host.example" of "<@relay.example:user@host.example>"; empty for "<>" and what has no domain. */
struct span smtp_address(struct span path);
