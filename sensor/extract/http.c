/* See http.h. Hot.
 *
 * A head is walked once, line by line: memchr finds the end, the first letter of the line picks the one or
 * two names worth comparing, and only a name that fits has its colon looked for. Most lines of a real head
 * (Accept, Cookie, Cache-Control, ...) cost one memchr and one switch.
 *
 * The first line is read from both ends: the method is the first word, the protocol the last, and the target
 * all between. Servers that let a blank through in a target read it so, and there is no list of words to
 * keep.
 *
 * A sensor cannot answer 400 and close, as RFC 9112 asks of a server that sees odd framing; it has to
 * guess what a lenient receiver does. Where a request leaves room for doubt the guess is no body: bytes
 * taken for a body hide what is in them, bytes wrongly taken for the next head merely fail to be one. */
#include "sensor/extract/http.h"

enum {
    METHOD_MAX = 32,        /* bytes; the longest registered is UPDATEREDIRECTREF */
    EMPTY_LINES_MAX = 1024, /* bytes of empty lines before a first line: bounds what a repeated sniff costs */
    PROTOCOL_LEN = 8,       /* "HTTP/1.1" */
    STATUS_DIGITS = 3,
};

#define LENGTH_MAX ((uint64_t)INT64_MAX) /* so that a caller may add a position to it */

/* The characters of a token (RFC 9110, section 5.6.2). */
static const bool token_chars[256] = {
    ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['!'] = true,  ['#'] = true,
    ['$'] = true,         ['%'] = true,         ['&'] = true,         ['\''] = true, ['*'] = true,
    ['+'] = true,         ['-'] = true,         ['.'] = true,         ['^'] = true,  ['_'] = true,
    ['`'] = true,         ['|'] = true,         ['~'] = true,
};

/* RFC 9110 and 5789, WebDAV and its kin, UPnP, RPC over HTTP. A method that is not here needs a whole
 * first line to be believed. */
static const char known_methods[][20] = {
    "GET",           "POST",         "HEAD",        "CONNECT",          "OPTIONS",   "PUT",
    "DELETE",        "TRACE",        "PATCH",       "PROPFIND",         "PROPPATCH", "MKCOL",
    "COPY",          "MOVE",         "LOCK",        "UNLOCK",           "SEARCH",    "REPORT",
    "CHECKOUT",      "CHECKIN",      "UNCHECKOUT",  "VERSION-CONTROL",  "MERGE",     "LABEL",
    "MKWORKSPACE",   "MKACTIVITY",   "UPDATE",      "BASELINE-CONTROL", "ACL",       "BIND",
    "UNBIND",        "REBIND",       "MKCALENDAR",  "ORDERPATCH",       "LINK",      "UNLINK",
    "MKREDIRECTREF", "M-SEARCH",     "NOTIFY",      "SUBSCRIBE",        "QUERY",     "UPDATEREDIRECTREF",
    "RPC_IN_DATA",   "RPC_OUT_DATA", "UNSUBSCRIBE",
};

/* What the header lines said about the body. */
struct body_hints {
    uint64_t length;      /* the first readable Content-Length */
    bool has_length;      /* there was one */
    bool is_length_false; /* lengths that differ, or one that is no number */
    bool is_chunked;
    bool is_coded;        /* a transfer coding, but not chunked */
    bool is_to_websocket; /* Upgrade says so */
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* A bare CR counts as a blank at the ends of a value (RFC 9112, section 2.2). */
static struct span trim(struct span s)
{
    while (s.len && (is_blank(s.ptr[0]) || s.ptr[0] == '\r'))
        span_skip(&s, 1);
    while (s.len && (is_blank(s.ptr[s.len - 1]) || s.ptr[s.len - 1] == '\r'))
        s.len--;
    return s;
}

static const uint8_t *find_byte(struct span s, uint8_t c)
{
    return s.len ? memchr(s.ptr, c, s.len) : NULL;
}

/* Take a line that is there whole; its end (LF or CRLF) is taken but not delivered. */
static bool take_line(struct span *s, struct span *out_line)
{
    const uint8_t *lf = find_byte(*s, '\n');
    if (!lf)
        return false;
    size_t len = (size_t)(lf - s->ptr);
    *out_line = span_of(s->ptr, len && lf[-1] == '\r' ? len - 1 : len);
    return span_skip(s, len + 1);
}

/* Bytes of the empty line that `s` ends in: 1 (LF), 2 (CRLF), or 0 when it ends in none. */
static size_t empty_line_len(struct span s)
{
    if (s.len == 0 || s.ptr[s.len - 1] != '\n')
        return 0;
    size_t n = s.len > 1 && s.ptr[s.len - 2] == '\r' ? 2 : 1;
    return s.len == n || s.ptr[s.len - n - 1] == '\n' ? n : 0;
}

/* Take what stands before the next comma, or all. */
static struct span take_list_item(struct span *list)
{
    const uint8_t *comma = find_byte(*list, ',');
    struct span item = comma ? span_of(list->ptr, (size_t)(comma - list->ptr)) : *list;
    span_skip(list, comma ? item.len + 1 : item.len);
    return trim(item);
}

/* Skip the empty lines before a first line; false when there are too many. */
static bool skip_empty_lines(struct span *s)
{
    struct span room = span_first(*s, EMPTY_LINES_MAX);
    struct span rest = room;
    for (;;) {
        size_t end_len = rest.len && rest.ptr[0] == '\r' ? 2 : 1;
        if (rest.len < end_len || rest.ptr[end_len - 1] != '\n')
            break;
        span_skip(&rest, end_len);
    }
    span_skip(s, room.len - rest.len);
    return rest.len > 0 || room.len < EMPTY_LINES_MAX;
}

/* Nothing yet, or the CR of another empty line. */
static bool is_before_line(struct span s)
{
    return s.len == 0 || (s.len == 1 && s.ptr[0] == '\r');
}

static bool is_protocol(struct span s)
{
    return s.len == PROTOCOL_LEN && span_starts(s, SPAN_LIT("HTTP/1.")) && is_digit(s.ptr[7]);
}

static size_t method_len(struct span line)
{
    struct span room = span_first(line, METHOD_MAX + 1);
    size_t n = 0;
    while (n < room.len && token_chars[room.ptr[n]])
        n++;
    return n;
}

static bool is_known_method(struct span method)
{
    if (method.len >= sizeof known_methods[0])
        return false;
    for (size_t i = 0; i < sizeof known_methods / sizeof known_methods[0]; i++)
        if (known_methods[i][method.len] == '\0' && memcmp(known_methods[i], method.ptr, method.len) == 0)
            return true;
    return false;
}

/* Set method, target and protocol from a whole line (RFC 9112, section 3); on false they are untouched. */
static bool read_request_line(struct span line, struct http_request *out)
{
    struct span method = span_first(line, method_len(line));
    struct span rest = trim(span_from(line, method.len));
    if (method.len == 0 || method.len > METHOD_MAX || method.len == line.len ||
        !is_blank(line.ptr[method.len]))
        return false;
    if (rest.len < PROTOCOL_LEN + 2 || find_byte(rest, '\0'))
        return false;
    struct span protocol = span_from(rest, rest.len - PROTOCOL_LEN);
    struct span target = trim(span_first(rest, rest.len - PROTOCOL_LEN));
    if (!is_protocol(protocol) || !is_blank(protocol.ptr[-1]) || target.len == 0)
        return false;
    out->method = method;
    out->target = target;
    out->protocol = protocol;
    return true;
}

/* A first line that is not yet whole: could it become a request line? */
static enum verdict sniff_cut_request_line(struct span line)
{
    size_t n = method_len(line);
    if (is_before_line(line))
        return FIELD_PARTIAL;
    if (n == 0 || n > METHOD_MAX)
        return FIELD_ABSENT;
    if (n == line.len)
        return FIELD_PARTIAL;
    if (!is_blank(line.ptr[n]) || find_byte(line, '\0'))
        return FIELD_ABSENT;
    return is_known_method(span_first(line, n)) ? FIELD_FOUND : FIELD_PARTIAL;
}

enum verdict http_sniff_request(struct span in)
{
    struct http_request ignored;
    struct span line;
    if (!skip_empty_lines(&in))
        return FIELD_ABSENT;
    /* Most of what is no request fails on its first byte, before a long search for a line end. */
    if (in.len && !token_chars[in.ptr[0]] && in.ptr[0] != '\r')
        return FIELD_ABSENT;
    if (!take_line(&in, &line))
        return sniff_cut_request_line(in);
    return read_request_line(line, &ignored) ? FIELD_FOUND : FIELD_ABSENT;
}

static bool is_status_digit(uint8_t c, size_t i)
{
    return is_digit(c) && (i > 0 || (c >= '1' && c <= '5'));
}

uint16_t http_status_read(struct span digits)
{
    unsigned status = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (!is_status_digit(digits.ptr[i], i))
            return 0;
        status = status * 10 + (unsigned)(digits.ptr[i] - '0');
    }
    return digits.len == STATUS_DIGITS ? (uint16_t)status : 0;
}

/* Read as much of a status line as is there (RFC 9112, section 4): FIELD_PARTIAL when it fits so far but ends
 * before its three digits do, FIELD_ABSENT when it is none; `out` is set on FIELD_FOUND only. */
static enum verdict read_status_line(struct span line, struct http_response *out)
{
    struct span start = span_first(line, sizeof "HTTP/1." - 1);
    if (!span_starts(SPAN_LIT("HTTP/1."), start))
        return FIELD_ABSENT;
    if (line.len < PROTOCOL_LEN)
        return FIELD_PARTIAL;
    struct span rest = span_from(line, PROTOCOL_LEN);
    if (!is_protocol(span_first(line, PROTOCOL_LEN)) || (rest.len && !is_blank(rest.ptr[0])))
        return FIELD_ABSENT;
    while (rest.len && is_blank(rest.ptr[0]))
        span_skip(&rest, 1);

    for (size_t i = 0; i < STATUS_DIGITS && i < rest.len; i++)
        if (!is_status_digit(rest.ptr[i], i))
            return FIELD_ABSENT;
    if (rest.len < STATUS_DIGITS)
        return FIELD_PARTIAL;
    if (rest.len > STATUS_DIGITS && !is_blank(rest.ptr[STATUS_DIGITS]) && rest.ptr[STATUS_DIGITS] != '\r')
        return FIELD_ABSENT;
    out->protocol = span_first(line, PROTOCOL_LEN);
    out->status = http_status_read(span_first(rest, STATUS_DIGITS));
    return FIELD_FOUND;
}

/* A first line that is not yet whole: could it become a status line? */
static enum verdict sniff_cut_status_line(struct span line)
{
    struct http_response ignored;
    if (is_before_line(line))
        return FIELD_PARTIAL;
    if (read_status_line(line, &ignored) == FIELD_ABSENT)
        return FIELD_ABSENT;
    return line.len < sizeof "HTTP/1." - 1 ? FIELD_PARTIAL : FIELD_FOUND;
}

enum verdict http_sniff_response(struct span in)
{
    struct http_response ignored;
    struct span line;
    if (!skip_empty_lines(&in))
        return FIELD_ABSENT;
    if (in.len && in.ptr[0] != 'H' && in.ptr[0] != '\r')
        return FIELD_ABSENT;
    if (!take_line(&in, &line))
        return sniff_cut_status_line(in);
    return read_status_line(line, &ignored) == FIELD_FOUND ? FIELD_FOUND : FIELD_ABSENT;
}

enum verdict http_head_end(struct span in, size_t *scanned, size_t *out_head_len)
{
    size_t from = *scanned;
    const uint8_t *lf;
    while ((lf = find_byte(span_from(in, from), '\n'))) {
        from = (size_t)(lf - in.ptr) + 1;
        size_t n = empty_line_len(span_first(in, from));
        struct span before = span_first(in, from - n);
        /* An empty line ends the head unless it leads, and it leads when nothing or another leading one is
         * before it: looking back one line is enough, for an empty line further in would have ended the
         * search. */
        if (n && before.len && !empty_line_len(before)) {
            *scanned = from - 1;
            *out_head_len = from;
            return FIELD_FOUND;
        }
    }
    *scanned = in.len > *scanned ? in.len : *scanned;
    return FIELD_PARTIAL;
}

/* Is the line called `name` (lower case)? Sets *out_value, trimmed. What obs-fold puts on the next lines
 * is not part of it: that line starts with a blank and so names nothing. */
static bool header_value(struct span line, struct span name, struct span *out_value)
{
    if (line.len <= name.len || !span_eq_nocase(span_first(line, name.len), name))
        return false;
    struct span rest = trim(span_from(line, name.len));
    if (rest.len == 0 || rest.ptr[0] != ':')
        return false;
    *out_value = trim(span_from(rest, 1));
    return true;
}

/* Most lines fail on the front that the names share, before their colon is looked for. */
static void note_forwarded_line(struct span line, struct span front, struct forwarded_list *list)
{
    const uint8_t *colon = span_eq_nocase(span_first(line, front.len), front) ? find_byte(line, ':') : NULL;
    if (colon)
        forwarded_note(list, trim(span_of(line.ptr, (size_t)(colon - line.ptr))),
                       trim(span_of(colon + 1, (size_t)(line.ptr + line.len - colon) - 1)));
}

/* Set *slot to the value of the first line called `name` that has one. */
static void note_first(struct span line, struct span name, struct span *slot)
{
    struct span value;
    if (slot->len == 0 && header_value(line, name, &value))
        *slot = value;
}

/* Digits only: no sign, no blank, at most LENGTH_MAX. */
bool http_length_read(struct span digits, uint64_t *out)
{
    uint64_t n = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (!is_digit(digits.ptr[i]))
            return false;
        unsigned digit = (unsigned)(digits.ptr[i] - '0');
        if (n > (LENGTH_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *out = n;
    return digits.len > 0;
}

/* "5" and, from those who join repeated headers, "5, 5". */
static void note_length(struct span list, struct body_hints *hints)
{
    do {
        uint64_t n;
        if (!http_length_read(take_list_item(&list), &n)) {
            hints->is_length_false = true;
        } else if (!hints->has_length) {
            hints->has_length = true;
            hints->length = n;
        } else if (n != hints->length) {
            hints->is_length_false = true;
        }
    } while (list.len);
}

/* RFC 9112 wants chunked last; receivers differ in what they do when it is not, most take it anyhow.
 * "identity" (RFC 2616) says nothing. */
static void note_coding(struct span list, struct body_hints *hints)
{
    while (list.len) {
        struct span item = take_list_item(&list);
        const uint8_t *parameters = find_byte(item, ';');
        struct span coding = parameters ? trim(span_of(item.ptr, (size_t)(parameters - item.ptr))) : item;
        if (span_eq_nocase(coding, SPAN_LIT("chunked")))
            hints->is_chunked = true;
        else if (coding.len && !span_eq_nocase(coding, SPAN_LIT("identity")))
            hints->is_coded = true;
    }
}

static void note_body(struct span line, struct body_hints *hints)
{
    struct span value;
    if (header_value(line, SPAN_LIT("content-length"), &value))
        note_length(value, hints);
    else if (header_value(line, SPAN_LIT("transfer-encoding"), &value))
        note_coding(value, hints);
}

static void note_request_header(struct span line, struct http_request *out, struct body_hints *hints)
{
    struct span host;
    switch (line.ptr[0] | 0x20) {
    case 'h':
        if (out->n_hosts < HTTP_HOSTS_MAX && header_value(line, SPAN_LIT("host"), &host))
            out->hosts[out->n_hosts++] = host;
        break;
    case 'u':
        note_first(line, SPAN_LIT("user-agent"), &out->user_agent);
        break;
    case 'r':
        note_first(line, SPAN_LIT("referer"), &out->referer);
        break;
    case 'c':
        note_first(line, SPAN_LIT("content-type"), &out->content_type);
        note_body(line, hints);
        note_forwarded_line(line, SPAN_LIT("cf-"), &out->forwarded);
        break;
    case 't':
        note_body(line, hints);
        note_forwarded_line(line, SPAN_LIT("true-"), &out->forwarded);
        break;
    case 'f':
        note_forwarded_line(line, SPAN_LIT("for"), &out->forwarded);
        break;
    case 'x':
        note_forwarded_line(line, SPAN_LIT("x-"), &out->forwarded);
        break;
    default:
        break;
    }
}

static void note_response_header(struct span line, struct http_response *out, struct body_hints *hints)
{
    struct span upgrade;
    switch (line.ptr[0] | 0x20) {
    case 'l':
        note_first(line, SPAN_LIT("location"), &out->location);
        break;
    case 'c':
        note_first(line, SPAN_LIT("content-type"), &out->content_type);
        note_body(line, hints);
        break;
    case 's':
        note_first(line, SPAN_LIT("server"), &out->server);
        break;
    case 't':
        note_body(line, hints);
        break;
    case 'u':
        if (header_value(line, SPAN_LIT("upgrade"), &upgrade))
            hints->is_to_websocket |= span_eq_nocase(upgrade, SPAN_LIT("websocket"));
        break;
    default:
        break;
    }
}

/* Skip "scheme://" (RFC 3986, section 3.1); false when there is none. */
static bool skip_scheme(struct span *target)
{
    size_t n = 0;
    while (n < target->len && token_chars[target->ptr[n]])
        n++;
    return n > 0 && span_starts(span_from(*target, n), SPAN_LIT("://")) && span_skip(target, n + 3);
}

/* Cut what stands before the last '@' of the authority that `s` starts with; a path keeps its own. */
struct span http_cut_userinfo(struct span s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.len && s.ptr[i] != '/' && s.ptr[i] != '?' && s.ptr[i] != '#'; i++)
        if (s.ptr[i] == '@')
            from = i + 1;
    return trim(span_from(s, from));
}

/* The authority of a CONNECT or absolute-form target; empty for the other forms. */
static struct span target_host(const struct http_request *request)
{
    struct span rest = request->target;
    if (rest.ptr[0] == '/')
        return span_of(NULL, 0);
    if (!skip_scheme(&rest) && !span_eq(request->method, SPAN_LIT("CONNECT")))
        return span_of(NULL, 0);
    size_t n = 0;
    while (n < rest.len && rest.ptr[n] != '/' && rest.ptr[n] != '?' && rest.ptr[n] != '#')
        n++;
    return http_cut_userinfo(span_first(rest, n));
}

/* RFC 9112, section 6.3, for requests. A length that others contradict counts all the same, and so does
 * one beside an unknown coding. An Upgrade changes nothing: the server may refuse, and its 101 is what
 * tells. */
static void frame_request(const struct body_hints *hints, struct http_request *out)
{
    if (span_eq(out->method, SPAN_LIT("CONNECT"))) {
        out->framing = HTTP_TUNNEL;
    } else if (hints->is_chunked) {
        out->framing = HTTP_CHUNKED;
    } else if (hints->has_length) {
        out->framing = HTTP_LENGTH;
        out->body_len = hints->length;
    } else {
        out->framing = HTTP_NO_BODY;
    }
}

/* The same for responses, whose end can always be that of the connection. */
static void frame_response(const struct body_hints *hints, struct http_response *out)
{
    if (out->status == 101) {
        out->framing = hints->is_to_websocket ? HTTP_UNTIL_CLOSE : HTTP_TUNNEL;
    } else if (out->status < 200 || out->status == 204 || out->status == 304) {
        out->framing = HTTP_NO_BODY;
    } else if (hints->is_chunked) {
        out->framing = HTTP_CHUNKED;
    } else if (hints->has_length && !hints->is_coded && !hints->is_length_false) {
        out->framing = HTTP_LENGTH;
        out->body_len = hints->length;
    } else {
        out->framing = HTTP_UNTIL_CLOSE;
    }
}

enum verdict http_request_read(struct span head, struct http_request *out)
{
    struct span rest = head, line;
    struct body_hints hints = {0};
    *out = (struct http_request){0};
    if (!skip_empty_lines(&rest))
        return FIELD_MALFORMED;
    if (!take_line(&rest, &line))
        return sniff_cut_request_line(rest) == FIELD_ABSENT ? FIELD_MALFORMED : FIELD_PARTIAL;
    if (!read_request_line(line, out))
        return FIELD_MALFORMED;
    while (take_line(&rest, &line)) {
        if (line.len == 0) {
            out->head_len = head.len - rest.len;
            break;
        }
        note_request_header(line, out, &hints);
    }
    out->host = target_host(out);
    if (out->host.len == 0 && out->n_hosts)
        out->host = http_cut_userinfo(out->hosts[0]);
    frame_request(&hints, out);
    return out->head_len ? FIELD_FOUND : FIELD_PARTIAL;
}

enum verdict http_response_read(struct span head, struct http_response *out)
{
    struct span rest = head, line;
    struct body_hints hints = {0};
    *out = (struct http_response){0};
    if (!skip_empty_lines(&rest))
        return FIELD_MALFORMED;
    if (!take_line(&rest, &line))
        return sniff_cut_status_line(rest) == FIELD_ABSENT ? FIELD_MALFORMED : FIELD_PARTIAL;
    if (read_status_line(line, out) != FIELD_FOUND)
        return FIELD_MALFORMED;
    while (take_line(&rest, &line)) {
        if (line.len == 0) {
            out->head_len = head.len - rest.len;
            break;
        }
        note_response_header(line, out, &hints);
    }
    frame_response(&hints, out);
    return out->head_len ? FIELD_FOUND : FIELD_PARTIAL;
}
