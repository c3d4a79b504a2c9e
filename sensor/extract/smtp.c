/* See smtp.h. Hot.
 *
 * A run of commands is read anew with each line that joins it, which keeps nothing between calls; its bounds make that cheap. */
#include "sensor/extract/smtp.h"

enum command {
    COMMAND_OTHER,
    COMMAND_HELO,
    COMMAND_MAIL,
    COMMAND_RCPT,
    COMMAND_DATA,
    COMMAND_BDAT,
    COMMAND_ENDS
};
enum { TLS_HANDSHAKE_RECORD = 22, GREETING_LINES_MAX = 16, DOT_LINE_LEN = 3 };

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* Without its end, and without blanks around it. */
static struct span trim(struct span line)
{
    while (line.len && (is_blank(line.ptr[line.len - 1]) || line.ptr[line.len - 1] == '\r' ||
                        line.ptr[line.len - 1] == '\n'))
        line.len--;
    while (line.len && is_blank(line.ptr[0]))
        span_skip(&line, 1);
    return line;
}

/* The words, whatever their case, at the front of the line, which moves past them. */
static bool take_words(struct span *line, const char *words)
{
    size_t n = strlen(words);
    if (line->len < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (lower(line->ptr[i]) != (uint8_t)words[i])
            return false;
    return span_skip(line, n);
}

static struct span first_word(struct span s)
{
    size_t n = 0;
    while (n < s.len && !is_blank(s.ptr[n]))
        n++;
    return span_first(s, n);
}

/* What stands in angle brackets, quoted or not, brackets included; else the first word. */
static struct span path_of(struct span s)
{
    bool is_quoted = false;
    s = trim(s);
    if (s.len == 0 || s.ptr[0] != '<')
        return first_word(s);
    for (size_t i = 1; i < s.len; i++) {
        if (s.ptr[i] == '\\' && is_quoted)
            i++;
        else if (s.ptr[i] == '"')
            is_quoted = !is_quoted;
        else if (s.ptr[i] == '>' && !is_quoted)
            return span_first(s, i + 1);
    }
    return first_word(s);
}

static uint64_t number_of(struct span s)
{
    uint64_t n = 0;
    for (size_t i = 0; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9' && n < INT64_MAX / 10; i++)
        n = n * 10 + (uint64_t)(s.ptr[i] - '0');
    return n;
}

/* *out_argument is what follows the command's words. */
static enum command command_of(struct span line, struct span *out_argument)
{
    static const struct {
        const char *words;
        enum command command;
        bool is_whole; /* nothing follows */
    } commands[] = {
        {"ehlo ", COMMAND_HELO, false},    {"helo ", COMMAND_HELO, false},
        {"lhlo ", COMMAND_HELO, false},    {"mail from:", COMMAND_MAIL, false},
        {"rcpt to:", COMMAND_RCPT, false}, {"bdat ", COMMAND_BDAT, false},
        {"data", COMMAND_DATA, true},      {"rset", COMMAND_ENDS, true},
        {"starttls", COMMAND_ENDS, true},  {"quit", COMMAND_ENDS, true},
    };
    line = trim(line);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        *out_argument = line;
        if (take_words(out_argument, commands[i].words) && (!commands[i].is_whole || out_argument->len == 0))
            return commands[i].command;
    }
    return COMMAND_OTHER;
}

/* Does this line belong to the next run? */
static bool begins_another(const struct smtp_talk *t, enum command c)
{
    return (c == COMMAND_HELO && (t->helo.len || t->mail_from.len || t->n_rcpt_to)) ||
           (c == COMMAND_MAIL && (t->mail_from.len || t->n_rcpt_to)) ||
           (c == COMMAND_RCPT && t->n_rcpt_to == SMTP_RECIPIENTS_MAX);
}

static void take_command(struct smtp_commands *out, enum command c, struct span argument)
{
    struct smtp_talk *t = &out->talk;
    switch (c) {
    case COMMAND_HELO:
        t->helo = first_word(trim(argument));
        break;
    case COMMAND_MAIL:
        t->mail_from = path_of(argument);
        break;
    case COMMAND_RCPT:
        t->rcpt_to[t->n_rcpt_to] = path_of(argument);
        t->n_rcpt_to += t->rcpt_to[t->n_rcpt_to].len > 0;
        break;
    case COMMAND_DATA:
        out->next = SMTP_BODY;
        break;
    case COMMAND_BDAT:
        out->next = SMTP_CHUNK;
        out->chunk_len = number_of(trim(argument));
        break;
    case COMMAND_ENDS:
    case COMMAND_OTHER:
        break;
    }
}

enum verdict smtp_commands_read(struct span in, struct smtp_commands *out)
{
    *out = (struct smtp_commands){.next = SMTP_COMMANDS};
    for (unsigned n = 0; out->used < in.len; n++) {
        struct span rest = span_from(in, out->used), argument;
        if (n == SMTP_LINES_MAX || (n && out->used >= SMTP_BYTES_MAX))
            return FIELD_FOUND;
        if (rest.ptr[0] == TLS_HANDSHAKE_RECORD) {
            out->next = SMTP_TLS;
            return FIELD_FOUND;
        }
        const uint8_t *end = memchr(rest.ptr, '\n', rest.len);
        if (!end || end - rest.ptr > LINE_BYTES_MAX)
            return end || rest.len > LINE_BYTES_MAX ? FIELD_MALFORMED : FIELD_PARTIAL;
        struct span line = span_of(rest.ptr, (size_t)(end - rest.ptr) + 1);
        enum command c = command_of(line, &argument);
        if (begins_another(&out->talk, c))
            return FIELD_FOUND;
        take_command(out, c, argument);
        out->used += line.len;
        if (c >= COMMAND_DATA)
            return FIELD_FOUND;
    }
    return FIELD_PARTIAL;
}

/* ---- the mail ---- */

static bool is_refusal(struct span in)
{
    struct span argument, rest = in;
    enum command c = command_of(in, &argument);
    return c == COMMAND_HELO || c == COMMAND_MAIL || c == COMMAND_RCPT || c == COMMAND_ENDS ||
           take_words(&rest, "noop");
}

/* A line of one dot. `n` is its length with its end, 0 when that is not there. */
static bool is_dot(const uint8_t *line, size_t n)
{
    return line[0] == '.' && (n == 2 || (n == 3 && line[1] == '\r'));
}

enum verdict smtp_body_skip(struct smtp_body *body, struct span in, size_t *out_used)
{
    size_t used = 0;
    while (used < in.len) {
        struct span rest = span_from(in, used);
        const uint8_t *end = memchr(rest.ptr, '\n', rest.len);
        size_t n = end ? (size_t)(end - rest.ptr) + 1 : 0;
        size_t want = body->is_begun ? DOT_LINE_LEN : LINE_BYTES_MAX; /* of a line, to tell what it is */
        if (!n && !body->is_within_line && rest.len < want)
            break;
        if (n && !body->is_within_line) {
            if (!body->is_begun && is_refusal(span_first(rest, n))) {
                *out_used = used;
                return FIELD_FOUND;
            }
            if (is_dot(rest.ptr, n)) {
                *out_used = used + n;
                return FIELD_FOUND;
            }
        }
        body->is_begun = true;
        body->is_within_line = !n;
        used += n ? n : rest.len;
    }
    *out_used = used;
    return FIELD_PARTIAL;
}

/* ---- the server ---- */

static bool speaks_of(struct span line, const char *word)
{
    for (; line.len; span_skip(&line, 1)) {
        struct span rest = line;
        if (take_words(&rest, word))
            return true;
    }
    return false;
}

static bool is_host(struct span s)
{
    bool has_dot = false;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        has_dot |= c == '.' || c == ':';
        if (c <= ' ' || c >= 0x7f || c == '*')
            return false;
    }
    return has_dot;
}

enum verdict smtp_greeting_read(struct span in, enum outer known, struct span *out_host)
{
    *out_host = span_of(in.ptr, 0);
    if (known == OUTER_IMAP || known == OUTER_POP3 || known == OUTER_FTP || known == OUTER_XMPP)
        return FIELD_ABSENT;
    for (unsigned n = 0; n < GREETING_LINES_MAX; n++) {
        const uint8_t *end = in.len ? memchr(in.ptr, '\n', in.len) : NULL;
        if (!end)
            return in.len > LINE_BYTES_MAX ? FIELD_ABSENT : FIELD_PARTIAL;
        struct span line = span_of(in.ptr, (size_t)(end - in.ptr) + 1), text = line;
        bool is_greeting = take_words(&text, "220") || take_words(&text, "554");
        if (n == 0) {
            struct span host = first_word(trim(span_from(text, 1)));
            *out_host = is_host(host) ? host : *out_host;
        }
        if (known == OUTER_SMTP || (is_greeting && speaks_of(text, "smtp")))
            return FIELD_FOUND;
        if (is_greeting && speaks_of(text, "ftp"))
            return FIELD_ABSENT;
        if (!is_greeting)
            return take_words(&text, "250") ? FIELD_FOUND : FIELD_ABSENT;
        span_skip(&in, line.len);
    }
    return FIELD_ABSENT;
}

/* ---- addresses ---- */

struct span smtp_address(struct span path)
{
    if (path.len >= 2 && path.ptr[0] == '<' && path.ptr[path.len - 1] == '>')
        path = span_of(path.ptr + 1, path.len - 2);
    const uint8_t *route_end = path.len && path.ptr[0] == '@' ? memchr(path.ptr, ':', path.len) : NULL;
    if (route_end)
        path = span_from(path, (size_t)(route_end - path.ptr) + 1);
    size_t at = path.len;
    while (at && path.ptr[at - 1] != '@')
        at--;
    return span_of(path.ptr, at > 1 && at < path.len ? path.len : 0);
}
