/* Hot; see request.h. */
#include "matcher/request.h"

#include "base/ip.h"
#include "rules/url.h"

static size_t find_any(struct span s, const char *set)
{
    size_t n = 0;
    while (n < s.len && !(s.ptr[n] && strchr(set, s.ptr[n])))
        n++;
    return n;
}

static bool is_scheme_byte(uint8_t c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
           c == '.';
}

bool request_split_url(struct span url, struct request *out)
{
    size_t n = 0;
    while (n < url.len && is_scheme_byte(url.ptr[n]))
        n++;
    if (n == 0 || !span_starts(span_from(url, n), SPAN_LIT("://")))
        return false;
    struct span rest = span_from(url, n + 3);
    size_t end = find_any(rest, "/?#\\");
    out->authority = span_first(rest, end);
    out->target = span_from(rest, end);
    if (out->target.len &&
        out->target.ptr[0] == '\\') /* browsers read it as the '/' that is put when none is there */
        span_skip(&out->target, 1);
    for (size_t at = end; at > 0; at--) {
        if (rest.ptr[at - 1] != '@')
            continue;
        out->authority = span_from(out->authority, at);
        break;
    }
    return true;
}

struct request request_split(struct span host, struct span target)
{
    struct request r = {.authority = host, .target = target};
    if (target.len && target.ptr[0] != '/')
        request_split_url(target, &r);
    return r;
}

static bool put_bracketed(struct buf *out, struct span host)
{
    struct ip ip;
    char text[IP_TEXT_MAX];
    if (host.len < 3 || host.ptr[0] != '[' || host.ptr[host.len - 1] != ']' ||
        !ip_parse_v6(span_of(host.ptr + 1, host.len - 2), &ip))
        return false;
    struct span s = span_of(text, ip_format(&ip, text));
    if (!ip_is_v4(&ip))
        buf_put_byte(out, '[');
    buf_put(out, s);
    if (!ip_is_v4(&ip))
        buf_put_byte(out, ']');
    return true;
}

void request_put_host(struct buf *out, struct span authority, uint16_t *out_port)
{
    struct span host = url_host(authority, out_port);
    if (put_bracketed(out, host))
        return;
    uint8_t *to = host.len ? buf_reserve(out, host.len) : NULL;
    if (!to)
        return;
    memcpy(to, host.ptr, host.len);
    size_t len = span_has_byte(host, '%') ? url_decode_host(to, host.len) : host.len;
    len -= to[len - 1] == '.';
    for (size_t i = 0; i < len; i++)
        to[i] = to[i] >= 'A' && to[i] <= 'Z' ? to[i] | 0x20 : to[i];
    out->len += len;
}

static bool is_usual(uint16_t port)
{
    return port == 0 || port == 80 || port == 443;
}

size_t request_ports(uint16_t sent, uint16_t server, uint16_t out_ports[static 2])
{
    out_ports[0] = is_usual(sent) ? 0 : sent;
    if (sent != 0 || is_usual(server))
        return 1;
    out_ports[1] = server;
    return 2;
}
