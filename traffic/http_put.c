/* See http_put.h. */
#include "traffic/http_put.h"

static void put_line(struct buf *out, const char *name, struct span value)
{
    buf_put_str(out, name);
    buf_put_str(out, ": ");
    buf_put(out, value);
    buf_put_str(out, "\r\n");
}

static bool finish(struct buf *out, size_t mark)
{
    if (!out->is_full)
        return true;
    buf_cut(out, mark);
    return false;
}

bool http_put_request(struct buf *out, const struct http_put_asked *r)
{
    size_t mark = buf_mark(out);
    buf_put(out, r->method.len ? r->method : SPAN_LIT("GET"));
    buf_put_byte(out, ' ');
    buf_put(out, r->target.len ? r->target : SPAN_LIT("/"));
    buf_put_str(out, " HTTP/1.1\r\n");
    if (r->host.len)
        put_line(out, "Host", r->host);
    put_line(out, "User-Agent", r->user_agent.len ? r->user_agent : HTTP_PUT_BROWSER);
    put_line(out, "Accept", SPAN_LIT("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
    put_line(out, "Accept-Language", SPAN_LIT("en-US,en;q=0.5"));
    if (r->referer.len)
        put_line(out, "Referer", r->referer);
    if (r->body.len) {
        put_line(out, "Content-Type", SPAN_LIT("application/octet-stream"));
        buf_put_str(out, "Content-Length: ");
        buf_put_u64(out, r->body.len);
        buf_put_str(out, "\r\n");
    }
    buf_put_str(out, "Connection: keep-alive\r\n\r\n");
    buf_put(out, r->body);
    return finish(out, mark);
}

static const char *reason_of(unsigned status)
{
    switch (status) {
    case 200:
        return "OK";
    case 302:
        return "Found";
    case 404:
        return "Not Found";
    default:
        return "";
    }
}

bool http_put_response(struct buf *out, const struct http_put_answer *a)
{
    size_t mark = buf_mark(out);
    buf_put_str(out, "HTTP/1.1 ");
    buf_put_u64(out, a->status);
    buf_put_byte(out, ' ');
    buf_put_str(out, reason_of(a->status));
    buf_put_str(out, "\r\n");
    put_line(out, "Server", SPAN_LIT("nginx"));
    if (a->location.len)
        put_line(out, "Location", a->location);
    put_line(out, "Content-Type", a->type.len ? a->type : SPAN_LIT("text/html"));
    buf_put_str(out, "Content-Length: ");
    buf_put_u64(out, a->body_bytes);
    buf_put_str(out, "\r\nConnection: keep-alive\r\n\r\n");
    return finish(out, mark);
}
