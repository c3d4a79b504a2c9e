/* See http2.h. Hot. */
#include "sensor/extract/http2.h"

enum {
    PADDED = 0x08,
    PRIORITY = 0x20,
    PRIORITY_BYTES = 5,
    STREAM_BYTES = 4,
    SETTING_BYTES = 6,
    SETTINGS_USUAL = 64,
    STATUS_DIGITS = 3
};
#define STREAM_MASK  0x7fffffffu
#define STREAM_USUAL (1u << 24)

enum on_stream { ON_CONNECTION, ON_STREAM, ON_EITHER };

/* Section 6: on what a type of frame may come, the length it has to have (0: any), its flags. */
static const struct {
    enum on_stream on;
    uint8_t len, flags;
} frame_rules[HTTP2_TYPE_COUNT] = {
    [HTTP2_DATA] = {ON_STREAM, 0, 0x09},         [HTTP2_HEADERS] = {ON_STREAM, 0, 0x2d},
    [HTTP2_PRIORITY] = {ON_STREAM, 5, 0},        [HTTP2_RST_STREAM] = {ON_STREAM, 4, 0},
    [HTTP2_SETTINGS] = {ON_CONNECTION, 0, 0x01}, [HTTP2_PUSH_PROMISE] = {ON_STREAM, 0, 0x0c},
    [HTTP2_PING] = {ON_CONNECTION, 8, 0x01},     [HTTP2_GOAWAY] = {ON_CONNECTION, 0, 0},
    [HTTP2_WINDOW_UPDATE] = {ON_EITHER, 4, 0},   [HTTP2_CONTINUATION] = {ON_STREAM, 0, 0x04},
};

enum verdict http2_preface(struct span in)
{
    struct span preface = SPAN_LIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    if (span_starts(in, preface))
        return FIELD_FOUND;
    return span_starts(preface, in) ? FIELD_PARTIAL : FIELD_ABSENT;
}

enum verdict http2_frame_read(struct span in, struct http2_frame *out)
{
    *out = (struct http2_frame){0};
    if (in.len < HTTP2_FRAME_HEADER)
        return FIELD_PARTIAL;
    span_take_u24(&in, &out->len);
    span_take_u8(&in, &out->type);
    span_take_u8(&in, &out->flags);
    span_take_u32(&in, &out->stream);
    out->stream &= STREAM_MASK;
    if (out->type >= HTTP2_TYPE_COUNT)
        return FIELD_FOUND;
    unsigned len = frame_rules[out->type].len;
    enum on_stream on = frame_rules[out->type].on;
    bool is_good =
        (len == 0 || out->len == len) && (on == ON_EITHER || (on == ON_STREAM) == (out->stream > 0));
    if (out->type == HTTP2_SETTINGS)
        is_good &= out->len % SETTING_BYTES == 0 && !(out->flags && out->len);
    return is_good ? FIELD_FOUND : FIELD_MALFORMED;
}

bool http2_frame_is_usual(const struct http2_frame *f)
{
    return f->type < HTTP2_TYPE_COUNT && !(f->flags & ~frame_rules[f->type].flags) &&
           f->len <= HTTP2_FRAME_BYTES_DEFAULT && f->stream < STREAM_USUAL;
}

bool http2_frame_is_settings(const struct http2_frame *f)
{
    return f->type == HTTP2_SETTINGS && f->flags == 0 && f->len <= SETTINGS_USUAL * SETTING_BYTES;
}

bool http2_block_part(const struct http2_frame *f, struct span payload, struct span *out_part,
                      uint32_t *out_promised)
{
    struct span rest = span_first(payload, f->len);
    bool is_headers = f->type == HTTP2_HEADERS, is_promise = f->type == HTTP2_PUSH_PROMISE;
    uint32_t fixed =
        (is_headers && f->flags & PRIORITY ? PRIORITY_BYTES : 0) + (is_promise ? STREAM_BYTES : 0);
    uint8_t padding = 0;
    bool is_padded = (is_headers || is_promise) && f->flags & PADDED;
    *out_part = (struct span){0};
    *out_promised = 0;
    if (is_padded)
        span_take_u8(&rest, &padding);
    fixed += is_padded;
    if (f->len < fixed + padding)
        return false;
    if (is_promise && span_take_u32(&rest, out_promised))
        *out_promised &= STREAM_MASK;
    else if (!span_skip(&rest, fixed - is_padded)) /* cut before the block begins */
        return true;
    *out_part = span_first(rest, f->len - fixed - padding);
    return true;
}

/* ---- messages ---- */

static void note_first(struct span *slot, struct span value)
{
    if (slot->len == 0)
        *slot = value;
}

/* What is told in a block, before it is known whether it is a request or a response. */
struct told {
    struct http_request request;
    struct http_response response;
    struct span authority, length;
};

static void note_pseudo(struct told *t, struct span name, struct span value)
{
    if (span_eq(name, SPAN_LIT(":method")))
        note_first(&t->request.method, value);
    else if (span_eq(name, SPAN_LIT(":path")))
        note_first(&t->request.target, value);
    else if (span_eq(name, SPAN_LIT(":authority")))
        note_first(&t->authority, value);
    else if (span_eq(name, SPAN_LIT(":status")) && value.len == STATUS_DIGITS && t->response.status == 0)
        t->response.status = http_status_read(value);
}

static void note_header(struct told *t, struct span name, struct span value)
{
    switch (name.ptr[0]) {
    case ':':
        note_pseudo(t, name, value);
        break;
    case 'h':
        if (span_eq(name, SPAN_LIT("host")) && t->request.n_hosts < HTTP_HOSTS_MAX - 1)
            t->request.hosts[t->request.n_hosts++] = value;
        break;
    case 'u':
        if (span_eq(name, SPAN_LIT("user-agent")))
            note_first(&t->request.user_agent, value);
        break;
    case 'r':
        if (span_eq(name, SPAN_LIT("referer")))
            note_first(&t->request.referer, value);
        break;
    case 's':
        if (span_eq(name, SPAN_LIT("server")))
            note_first(&t->response.server, value);
        break;
    case 'l':
        if (span_eq(name, SPAN_LIT("location")))
            note_first(&t->response.location, value);
        break;
    case 'c':
        if (span_eq(name, SPAN_LIT("content-type")))
            note_first(&t->request.content_type, value);
        else if (span_eq(name, SPAN_LIT("content-length")))
            note_first(&t->length, value);
        else
            forwarded_note(&t->request.forwarded, name, value);
        break;
    case 'f':
    case 't':
    case 'x':
        forwarded_note(&t->request.forwarded, name, value);
        break;
    default:
        break;
    }
}

static void finish_request(const struct told *t, uint32_t stream, struct http_request *out)
{
    *out = t->request;
    out->protocol = SPAN_LIT("HTTP/2");
    out->stream = stream;
    if (t->authority.len) {
        memmove(out->hosts + 1, out->hosts, out->n_hosts * sizeof *out->hosts);
        out->hosts[0] = t->authority;
        out->n_hosts++;
        out->has_authority = true;
    }
    if (out->n_hosts)
        out->host = http_cut_userinfo(out->hosts[0]);
}

static void finish_response(const struct told *t, uint32_t stream, struct http_response *out)
{
    *out = t->response;
    out->protocol = SPAN_LIT("HTTP/2");
    out->content_type = t->request.content_type;
    out->stream = stream;
    out->framing = http_length_read(t->length, &out->body_len) ? HTTP_LENGTH : HTTP_NO_BODY;
}

enum verdict http2_message_read(struct hpack_block *b, uint32_t stream, struct http2_message *out)
{
    struct told t = {0};
    struct hpack_field f;
    enum verdict v;
    *out = (struct http2_message){0};
    while ((v = hpack_next(b, &f)) == FIELD_FOUND) {
        if (!f.has_name || !f.has_value)
            out->n_unknown++;
        else if (f.name.len)
            note_header(&t, f.name, f.value);
    }
    out->is_request = t.request.method.len || t.request.target.len || t.authority.len;
    out->is_response = !out->is_request && t.response.status;
    if (out->is_request)
        finish_request(&t, stream, &out->request);
    else if (out->is_response)
        finish_response(&t, stream, &out->response);
    return v == FIELD_ABSENT ? FIELD_FOUND : v;
}
