/* See capture_out.h. */
#include "traffic/capture_out.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1 << 20, SNAPLEN = 262144, LINKTYPE_ETHERNET = 1, NS_PER_S = 1000000000 };

struct capture_out {
    int fd;
    const char *path; /* borrowed */
    struct err err;   /* the first failure */
    uint64_t written; /* before what is in the buffer */
    size_t len;
    uint8_t bytes[BUFFER_BYTES];
};

/* From pcap's file format (draft-ietf-opsawg-pcap): version 2.4, no zone. */
struct capture_out *capture_out_new(int fd, const char *path, struct err *err)
{
    static const uint32_t head[] = {0xa1b23c4d, 0, 0, 0, SNAPLEN, LINKTYPE_ETHERNET};
    static const uint16_t version[] = {2, 4};
    struct capture_out *c = calloc(1, sizeof *c);
    if (!c) {
        err_set(err, ERR_MEMORY, path, "out of memory");
        return NULL;
    }
    c->fd = fd;
    c->path = path;
    c->len = sizeof head;
    memcpy(c->bytes, head, sizeof head);
    memcpy(c->bytes + 4, version, sizeof version);
    return c;
}

void capture_out_free(struct capture_out *c)
{
    free(c);
}

static bool write_out(struct capture_out *c)
{
    struct span rest = span_of(c->bytes, c->len);
    while (rest.len && c->err.kind == ERR_NONE) {
        ssize_t n = write(c->fd, rest.ptr, rest.len);
        if (n >= 0)
            span_skip(&rest, (size_t)n);
        else if (errno != EINTR)
            err_set(&c->err, ERR_IO, c->path, "writing failed: %s", strerror(errno));
    }
    c->written += c->len - rest.len;
    c->len = 0;
    return c->err.kind == ERR_NONE;
}

bool capture_out_packet(struct capture_out *c, const struct packet *pkt)
{
    size_t len = pkt->bytes.len < SNAPLEN ? pkt->bytes.len : SNAPLEN;
    int64_t ns = pkt->ts_ns > 0 ? pkt->ts_ns : 0;
    uint32_t head[] = {(uint32_t)(ns / NS_PER_S), (uint32_t)(ns % NS_PER_S), (uint32_t)len, pkt->wire_len};
    if (c->len + sizeof head + len > sizeof c->bytes)
        write_out(c);
    if (c->err.kind != ERR_NONE)
        return false;
    memcpy(c->bytes + c->len, head, sizeof head);
    memcpy(c->bytes + c->len + sizeof head, pkt->bytes.ptr, len);
    c->len += sizeof head + len;
    return true;
}

bool capture_out_flush(struct capture_out *c, struct err *err)
{
    if (write_out(c))
        return true;
    if (err)
        *err = c->err;
    return false;
}

uint64_t capture_out_bytes(const struct capture_out *c)
{
    return c->written + c->len;
}
