/* See url.h. A URL is cut into scheme, authority and target in one walk from the left, with the reading of browsers where
 * RFC 3986 and practice differ: the host is what follows the last '@', and a backslash ends the authority, because an
 * attacker who writes http://good.example\@evil.example/ means what browsers do with it.
 *
 * Ports 80 and 443 are cut whatever the scheme is: the match key is a part of the canonical text and has no scheme that
 * could say which of the two is the default. */
#include "base/ip.h"
#include "base/hex.h"
#include "rules/name.h"
#include "rules/url.h"

enum { HOST_AND_PORT_BYTES = NAME_MAX_BYTES + 8 };

enum target_class {
    TARGET_ESCAPED = 0, /* becomes %XX */
    TARGET_PLAIN,
    TARGET_PERCENT,
    TARGET_FRAGMENT,
};

/* clang-format off */
static const uint8_t target_class[256] = {
    ['!' ... '"'] = TARGET_PLAIN, ['#'] = TARGET_FRAGMENT, ['$'] = TARGET_PLAIN, ['%'] = TARGET_PERCENT,
    ['&' ... '~'] = TARGET_PLAIN,
};
/* clang-format on */

static const char hex_digits[] = "0123456789ABCDEF";

static bool is_alpha(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_unreserved(uint8_t c)
{
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static void put_escape(struct buf *out, uint8_t c)
{
    const char escape[3] = {'%', hex_digits[c >> 4], hex_digits[c & 15]};
    buf_put(out, span_of(escape, 3));
}

/* At a '%'. Returns how many bytes of `s` were used. */
static size_t put_percent(struct buf *out, struct span s)
{
    int high = s.len > 2 ? hex_digit(s.ptr[1]) : -1;
    int low = s.len > 2 ? hex_digit(s.ptr[2]) : -1;
    if (high < 0 || low < 0) {
        put_escape(out, '%'); /* bare, it could become an escape with what is decoded behind it: %2%35 */
        return 1;
    }
    uint8_t c = (uint8_t)(high << 4 | low);
    if (is_unreserved(c))
        buf_put_byte(out, c);
    else
        put_escape(out, c);
    return 3;
}

void url_put_target(struct buf *out, struct span target)
{
    size_t at = 0;
    while (at < target.len) {
        size_t first = at;
        while (at < target.len && target_class[target.ptr[at]] == TARGET_PLAIN)
            at++;
        buf_put(out, span_of(target.ptr + first, at - first));
        if (at == target.len || target.ptr[at] == '#')
            return;
        if (target.ptr[at] == '%') {
            at += put_percent(out, span_from(target, at));
        } else {
            put_escape(out, target.ptr[at++]);
        }
    }
}

/* Length of the scheme when `s` starts with "scheme://", else 0. */
static size_t scheme_len(struct span s)
{
    size_t n = 0;
    while (n < s.len && (is_alpha(s.ptr[n]) || (n > 0 && (is_digit(s.ptr[n]) || s.ptr[n] == '+' ||
                                                          s.ptr[n] == '-' || s.ptr[n] == '.'))))
        n++;
    return n > 0 && span_starts(span_from(s, n), SPAN_LIT("://")) ? n : 0;
}

bool url_has_scheme(struct span text)
{
    return scheme_len(text) > 0;
}

struct span url_match_key(struct span canonical)
{
    size_t scheme = scheme_len(canonical);
    return scheme ? span_from(canonical, scheme + 3) : canonical;
}

static size_t find_byte(struct span s, uint8_t c)
{
    const uint8_t *at = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return at ? (size_t)(at - s.ptr) : s.len;
}

/* What stands between "://" and the path, taken apart. Offsets are for messages: they count from the start of `authority`. */
struct authority {
    struct span host; /* without brackets when is_bracketed */
    struct span port; /* digits, as far as we know yet; may be empty */
    size_t host_at, port_at;
    bool is_bracketed;
};

static enum reject authority_split(struct span s, struct authority *out, size_t *out_at)
{
    *out = (struct authority){.is_bracketed = s.len > 0 && s.ptr[0] == '['};
    out->host_at = out->is_bracketed;
    out->host = span_from(s, out->host_at);
    size_t end = find_byte(out->host, out->is_bracketed ? ']' : ':');
    *out_at = 0;
    if (out->is_bracketed && end == out->host.len)
        return REJECT_BAD_IP;
    out->host = span_first(out->host, end);
    struct span rest = span_from(s, out->host_at + end + out->is_bracketed);
    *out_at = s.len - rest.len;
    if (rest.len && rest.ptr[0] != ':')
        return REJECT_BAD_URL;
    out->port = span_from(rest, 1);
    out->port_at = s.len - out->port.len;
    return REJECT_NONE;
}

bool url_port_parse(struct span digits, uint16_t *out)
{
    uint32_t port = 0;
    if (digits.len == 0 || digits.len > 5)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (!is_digit(digits.ptr[i]))
            return false;
        port = port * 10 + (digits.ptr[i] - '0');
    }
    *out = (uint16_t)port;
    return port > 0 && port <= UINT16_MAX;
}

static enum reject put_address(struct buf *out, struct span text)
{
    struct ip ip;
    char formatted[IP_TEXT_MAX];
    if (!ip_parse_v4(text, &ip) && !ip_parse_v6(text, &ip))
        return REJECT_BAD_IP;
    struct span s = span_of(formatted, ip_format(&ip, formatted));
    bool needs_brackets = !ip_is_v4(&ip);
    if (needs_brackets)
        buf_put_byte(out, '[');
    buf_put(out, s);
    if (needs_brackets)
        buf_put_byte(out, ']');
    return REJECT_NONE;
}

/* *out_at: offset in the host of the byte at fault. */
static enum reject put_host(struct buf *out, const struct authority *a, size_t *out_at)
{
    struct ip ip;
    *out_at = 0;
    if (a->is_bracketed)
        return put_address(out, a->host);
    if (ip_parse_v4(a->host, &ip)) {
        buf_put(out, a->host);
        return REJECT_NONE;
    }
    struct span name;
    uint32_t col;
    size_t mark = buf_mark(out);
    enum reject why = name_canonical(a->host, out, &name, &col);
    if (why) {
        *out_at = col - 1;
        return why;
    }
    if (buf_mark(out) == mark)
        buf_put(out, name);
    return REJECT_NONE;
}

static enum reject put_authority(struct buf *out, struct span s, size_t *out_at)
{
    struct authority a;
    uint16_t port = 0;
    enum reject why = authority_split(s, &a, out_at);
    if (why)
        return why;
    if (a.host.len == 0) {
        *out_at = 0;
        return REJECT_BAD_URL;
    }
    why = put_host(out, &a, out_at);
    *out_at += a.host_at;
    if (why)
        return why;
    *out_at = a.port_at;
    if (a.port.len && !url_port_parse(a.port, &port))
        return REJECT_BAD_PORT;
    if (port != 0 && port != 80 && port != 443) {
        buf_put_byte(out, ':');
        buf_put_u64(out, port);
    }
    return REJECT_NONE;
}

/* Path and query, with the '/' that an empty path stands for. The backslash that ended an authority was meant as one. */
static void put_listed_target(struct buf *out, struct span target)
{
    if (target.len == 0 || target.ptr[0] != '/')
        buf_put_byte(out, '/');
    if (target.len && target.ptr[0] == '\\')
        target = span_from(target, 1);
    url_put_target(out, target);
}

static size_t authority_len(struct span s)
{
    size_t n = 0;
    while (n < s.len && s.ptr[n] != '/' && s.ptr[n] != '?' && s.ptr[n] != '#' && s.ptr[n] != '\\')
        n++;
    return n;
}

/* Everything from the authority on; `base` is where it starts in what the user wrote. */
static enum reject put_authority_and_target(struct buf *out, struct span s, bool takes_userinfo, size_t base,
                                            uint32_t *out_col)
{
    struct span authority = span_first(s, authority_len(s));
    struct span target = span_from(s, authority.len);
    for (size_t at = authority.len; takes_userinfo && at > 0; at--) {
        if (authority.ptr[at - 1] == '@') {
            authority = span_from(authority, at);
            base += at;
            break;
        }
    }
    size_t at;
    enum reject why = put_authority(out, authority, &at);
    *out_col = (uint32_t)(base + at + 1);
    if (!why)
        put_listed_target(out, target);
    return why;
}

/* Offset of the first blank or control character; s.len when there is none. */
static size_t blank_at(struct span s)
{
    size_t at = 0;
    while (at < s.len && s.ptr[at] > ' ' && s.ptr[at] != 0x7f)
        at++;
    return at;
}

/* Room for all that can come out, so that nothing moves while pieces are put together, and no blanks. */
static enum reject begin(struct span s, struct buf *scratch, uint32_t *out_col)
{
    size_t blank = blank_at(s);
    *out_col = blank < s.len ? (uint32_t)(blank + 1) : 1;
    if (s.len > VALUE_MAX_BYTES || !buf_reserve(scratch, 3 * s.len + HOST_AND_PORT_BYTES))
        return REJECT_NAME_TOO_LONG;
    return blank < s.len ? REJECT_BAD_URL : REJECT_NONE;
}

/* Either *out, or nothing appended. */
static enum reject finish(enum reject why, struct buf *scratch, size_t mark, struct span *out)
{
    if (!why && scratch->len - mark > VALUE_MAX_BYTES)
        why = REJECT_NAME_TOO_LONG;
    if (why)
        buf_cut(scratch, mark);
    else
        *out = span_of(scratch->ptr + mark, scratch->len - mark);
    return why;
}

static enum reject canonical(struct span s, size_t scheme, struct buf *scratch, struct span *out,
                             uint32_t *out_col)
{
    size_t mark = buf_mark(scratch);
    enum reject why = begin(s, scratch, out_col);
    if (why)
        return finish(why, scratch, mark, out);
    for (size_t i = 0; i < scheme; i++)
        buf_put_byte(scratch, is_alpha(s.ptr[i]) ? s.ptr[i] | 0x20 : s.ptr[i]);
    size_t skip = scheme ? scheme + 3 : 0;
    if (scheme)
        buf_put(scratch, SPAN_LIT("://"));
    why = put_authority_and_target(scratch, span_from(s, skip), scheme > 0, skip, out_col);
    return finish(why, scratch, mark, out);
}

enum reject url_canonical(struct span url, struct buf *scratch, struct span *out, uint32_t *out_col)
{
    size_t scheme = scheme_len(url);
    *out_col = 1;
    return scheme ? canonical(url, scheme, scratch, out, out_col) : REJECT_BAD_URL;
}

enum reject hostpath_canonical(struct span hostpath, struct buf *scratch, struct span *out, uint32_t *out_col)
{
    return canonical(hostpath, 0, scratch, out, out_col);
}

enum reject url_path_canonical(struct span path, struct buf *scratch, struct span *out, uint32_t *out_col)
{
    size_t mark = buf_mark(scratch);
    enum reject why = begin(path, scratch, out_col);
    if (!why)
        url_put_target(scratch, path);
    if (!why && (path.len == 0 || path.ptr[0] != '/' || scratch->len - mark < 2))
        why = REJECT_BAD_URL;
    return finish(why, scratch, mark, out);
}

/* Digits only, however many zeros are in front; 0 for what is no port. */
static uint16_t written_port(struct span digits)
{
    uint32_t port = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (!is_digit(digits.ptr[i]) || (port = port * 10 + (digits.ptr[i] - '0')) > UINT16_MAX)
            return 0;
    }
    return (uint16_t)port;
}

static bool is_ipv6_group(struct span s)
{
    size_t n = 0;
    while (n < s.len && hex_digit(s.ptr[n]) >= 0)
        n++;
    return n == s.len && n <= 4;
}

struct span url_host(struct span authority, uint16_t *out_port)
{
    bool is_bracketed = authority.len > 0 && authority.ptr[0] == '[';
    size_t host_len = is_bracketed ? find_byte(authority, ']') : 0;
    host_len += find_byte(span_from(authority, host_len), ':');
    struct span host = span_first(authority, host_len), port = span_from(authority, host_len + 1);
    *out_port = 0;
    if (!is_bracketed && is_ipv6_group(host) && (host_len == 0 || find_byte(port, ':') < port.len))
        return authority;
    *out_port = written_port(port);
    return host;
}

size_t url_decode_host(uint8_t *bytes, size_t n)
{
    size_t to = 0;
    for (size_t at = 0; at < n; at++) {
        int high = bytes[at] == '%' && n - at > 2 ? hex_digit(bytes[at + 1]) : -1;
        int low = high >= 0 ? hex_digit(bytes[at + 2]) : -1;
        bool is_escape = low >= 0 && is_unreserved((uint8_t)(high << 4 | low));
        bytes[to++] = is_escape ? (uint8_t)(high << 4 | low) : bytes[at];
        at += is_escape ? 2 : 0;
    }
    return to;
}
