#pragma once
/* HTTP/1.x message heads and the length of what follows them: RFC 9110, RFC 9112. Hot and pure: spans
 * borrow from the input, nothing is allocated. Tolerant as servers are: bare LF, blanks around values,
 * empty lines before the request, obs-fold, any token as method, HTTP/0.9-style lines refused. */
#include "sensor/extract/forwarded.h"
#include "sensor/extract/verdict.h"

enum { HTTP_HOSTS_MAX = 8 };

/* What follows a head (RFC 9112, section 6.3). A transfer coding of chunked, wherever it stands in its
 * list, wins over any length. Lengths that differ, or one that is no number up to INT64_MAX:
 * HTTP_UNTIL_CLOSE for a response, the first readable one for a request, HTTP_NO_BODY if none is. A
 * transfer coding without chunked (other than identity): HTTP_UNTIL_CLOSE for a response, as if not there
 * for a request. A request's Upgrade changes nothing, for the server may refuse it; a response of 101 is
 * HTTP_TUNNEL, and where it is to WebSocket (RFC 6455) HTTP_UNTIL_CLOSE: masked or not, what its frames hold is no head. With FIELD_PARTIAL it is what the lines seen so far say. */
enum http_framing {
    HTTP_NO_BODY,
    HTTP_LENGTH,      /* body_len bytes */
    HTTP_CHUNKED,     /* see http_chunks */
    HTTP_UNTIL_CLOSE, /* all that comes */
    HTTP_TUNNEL,      /* CONNECT, or a 101 but to WebSocket: another protocol may follow */
};

struct http_request {
    struct span method;
    struct span target;   /* as on the wire */
    struct span protocol; /* "HTTP/1.1" */
    struct span host;     /* what names the origin: the CONNECT authority or the authority of an absolute-form
                           * target where there is one (RFC 9112, section 3.2), else the first Host header; with
                           * port as sent, userinfo cut; .len 0 if none */
    struct span hosts[HTTP_HOSTS_MAX]; /* every Host header's value as sent, in order */
    uint8_t n_hosts;
    struct span user_agent, referer, content_type; /* the first of each that is not empty; .len 0 if none */
    struct forwarded_list forwarded; /* whom a proxy says it speaks for */
    uint32_t stream;    /* of HTTP/2 (sensor/extract/http2.h); 0 else */
    bool has_authority; /* HTTP/2: hosts[0] is not a Host header but :authority */
    enum http_framing framing;
    uint64_t body_len; /* HTTP_LENGTH only, at most INT64_MAX */
    size_t head_len;   /* bytes from the start of the input to the first byte after the head */
};

struct http_response {
    struct span protocol;
    uint16_t status; /* 100-599 */
    struct span location, content_type;
    struct span server; /* the first that is not empty; .len 0 if none */
    uint32_t stream; /* of HTTP/2; 0 else */
    enum http_framing framing; /* not knowing the request: a HEAD answer looks like one with a body */
    uint64_t body_len;
    size_t head_len;
};

/* Could `in` be the start of a request (or response) head? Decides on as little as one byte: FIELD_PARTIAL
 * while it still could be, FIELD_FOUND once the method and a blank (or "HTTP/1.") are there and, as far as
 * the bytes go, the rest of the first line fits, FIELD_ABSENT when it can't be. Methods of RFC 9110,
 * WebDAV and UPnP; any other token (at most 32 bytes) once the whole first line is seen to end in
 * "HTTP/1.x". A NUL in a request line, or 1 KB of empty lines before the first line, is FIELD_ABSENT.
 * FIELD_ABSENT is final, FIELD_FOUND only once the first line is whole; the read functions say
 * FIELD_MALFORMED exactly when these say FIELD_ABSENT. */
enum verdict http_sniff_request(struct span in);
enum verdict http_sniff_response(struct span in);

/* Where does the head that starts `in` end? *scanned is 0 at first and carries what was looked at, so that
 * a head that arrives byte by byte is searched only once. FIELD_FOUND sets *out_head_len (to after the
 * empty line; CRLF and bare LF both end lines, and leading empty lines belong to the head). Asked again
 * with more bytes after FIELD_FOUND it says the same. */
enum verdict http_head_end(struct span in, size_t *scanned, size_t *out_head_len);

/* Read one head. `head` need not be complete: with FIELD_PARTIAL the fields of all lines that are there
 * whole are set (a capture that ends in a head still names its host) provided the first line is whole,
 * else nothing is set and out->method.len (out->status) is 0. FIELD_MALFORMED: not a request (response)
 * line, nothing is set. A bad header line is passed over. Header names are matched without case, blanks
 * before the colon are tolerated, blanks around values cut. Of a value that obs-fold spreads over lines
 * only the part on the first line is the value. A blank in the target belongs to it: the protocol is the
 * last word of the line. head_len is 0 but on FIELD_FOUND. */
enum verdict http_request_read(struct span head, struct http_request *out);
enum verdict http_response_read(struct span head, struct http_response *out);

/* Where in a chunked body we are; zero it at the start of the body. */
struct http_chunks {
    uint64_t left;     /* bytes of chunk data still to come */
    uint64_t size;     /* private: the chunk size being read */
    uint8_t state;     /* private */
    uint16_t line_len; /* private: guards against endless lines */
};

/* Consume chunked body from the front of `in` (RFC 9112, section 7.1). Sets *out_used; FIELD_PARTIAL: all
 * was used, more to come (chunks->left of the coming bytes are data that need not be seen: who skips some
 * takes them off chunks->left). FIELD_FOUND: the body ended, *out_used may be short of in.len.
 * FIELD_MALFORMED: not a chunk, or a size line or trailer section of over 16 KB. Either of these two is
 * the answer to all that comes after. */
enum verdict http_chunks_skip(struct http_chunks *chunks, struct span in, size_t *out_used);

/* ---- for sensor/extract/http2.h ---- */

/* Digits only, up to INT64_MAX. */
bool http_length_read(struct span digits, uint64_t *out);
/* Three digits, 100 to 599; 0 when they are none. */
uint16_t http_status_read(struct span digits);
/* What stands behind the last '@' of an authority. */
struct span http_cut_userinfo(struct span authority);
