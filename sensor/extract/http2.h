#pragma once
/* HTTP/2 in the clear: RFC 9113. Frames, and the requests and responses that header blocks make. Hot and pure but for the HPACK table that a
 * block moves. */
#include "sensor/extract/hpack.h"
#include "sensor/extract/http.h"

enum {
    HTTP2_PREFACE_BYTES = 24, /* what a client says first (section 3.4) */
    HTTP2_FRAME_HEADER = 9,
    HTTP2_FRAME_BYTES_DEFAULT = 16 * 1024, /* a payload may be longer only where the other side has said so */
};

enum http2_frame_type {
    HTTP2_DATA,
    HTTP2_HEADERS,
    HTTP2_PRIORITY,
    HTTP2_RST_STREAM,
    HTTP2_SETTINGS,
    HTTP2_PUSH_PROMISE,
    HTTP2_PING,
    HTTP2_GOAWAY,
    HTTP2_WINDOW_UPDATE,
    HTTP2_CONTINUATION,
    HTTP2_TYPE_COUNT, /* what comes after is passed over (section 4.1) */
};

enum http2_flag { HTTP2_END_HEADERS = 0x04 };

struct http2_frame {
    uint32_t len; /* of the payload */
    uint32_t stream;
    uint8_t type, flags;
};

/* Is this the client's preface? FIELD_PARTIAL: as far as it goes. */
enum verdict http2_preface(struct span in);

/* The header of the frame that starts `in`. FIELD_MALFORMED: its length or stream contradicts its type, which ends a connection (section 6). */
enum verdict http2_frame_read(struct span in, struct http2_frame *out);
/* Would anybody send it so? For telling frames from other bytes: flags that its type has, a stream that it may have, a usual length. */
bool http2_frame_is_usual(const struct http2_frame *f);
/* What a server says first, and a client after its preface: settings. */
bool http2_frame_is_settings(const struct http2_frame *f);

/* The part of a header block in the payload of HEADERS, PUSH_PROMISE or CONTINUATION, without padding, priority and promised stream
 * (*out_promised; 0 with other frames). `payload` may have been cut short. False: the lengths contradict each other. */
bool http2_block_part(const struct http2_frame *f, struct span payload, struct span *out_part, uint32_t *out_promised);

struct http2_message {
    bool is_request;  /* it has a method, a path or an authority: `request` is set */
    bool is_response; /* it has a status: `response` is set; trailers are neither */
    uint32_t n_unknown; /* fields that only an unknown part of the table could tell */
    union {
        struct http_request request;   /* host: the authority, else the first Host header; hosts[0] is the authority where has_authority */
        struct http_response response; /* framing: HTTP_LENGTH where a length is told, else HTTP_NO_BODY: frames tell where bodies end */
    };
};

/* Read a header block to its end, the table with it. Spans live where those of hpack_field do, or for ever. FIELD_FOUND: all of it;
 * FIELD_PARTIAL and FIELD_MALFORMED: as of hpack_next(), *out has what came before. */
enum verdict http2_message_read(struct hpack_block *b, uint32_t stream, struct http2_message *out);
