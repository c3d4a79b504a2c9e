#pragma once
/* Capture files for tests, in either byte order. */
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/sensor/packets.h"

enum { LINKTYPE_ETHERNET = 1, LINKTYPE_RAW = 101, LINKTYPE_SLL = 113, LINKTYPE_USB = 220 };

static inline void files_put16(struct buf *b, bool is_big, uint16_t v)
{
    packets_put_u16(b, is_big ? v : __builtin_bswap16(v));
}

static inline void files_put32(struct buf *b, bool is_big, uint32_t v)
{
    packets_put_u32(b, is_big ? v : __builtin_bswap32(v));
}

/* ---- pcap ---- */

static inline void files_put_pcap(struct buf *b, bool is_big, bool is_nano, uint32_t snaplen, uint32_t linktype)
{
    files_put32(b, is_big, is_nano ? 0xa1b23c4d : 0xa1b2c3d4);
    files_put16(b, is_big, 2);
    files_put16(b, is_big, 4);
    files_put32(b, is_big, 0);
    files_put32(b, is_big, 0);
    files_put32(b, is_big, snaplen);
    files_put32(b, is_big, linktype);
}

static inline void files_put_pcap_packet(struct buf *b, bool is_big, uint32_t seconds, uint32_t fraction, struct span bytes,
                                         uint32_t wire_len)
{
    files_put32(b, is_big, seconds);
    files_put32(b, is_big, fraction);
    files_put32(b, is_big, (uint32_t)bytes.len);
    files_put32(b, is_big, wire_len);
    buf_put(b, bytes);
}

/* ---- pcapng ---- */

/* A whole block around `body`, which is padded. */
static inline void files_put_block(struct buf *b, bool is_big, uint32_t type, struct span body)
{
    uint32_t len = 12 + (uint32_t)((body.len + 3) & ~(size_t)3);
    files_put32(b, is_big, type);
    files_put32(b, is_big, len);
    buf_put(b, body);
    packets_put_fill(b, 0, (4 - body.len % 4) % 4);
    files_put32(b, is_big, len);
}

static inline void files_put_section(struct buf *b, bool is_big)
{
    struct buf body;
    buf_init(&body, 64);
    files_put32(&body, is_big, 0x1a2b3c4d);
    files_put16(&body, is_big, 1);
    files_put16(&body, is_big, 0);
    files_put32(&body, is_big, UINT32_MAX); /* length not said */
    files_put32(&body, is_big, UINT32_MAX);
    files_put_block(b, is_big, 0x0a0d0d0a, buf_span(&body));
    buf_fini(&body);
}

static inline void files_put_interface(struct buf *b, bool is_big, uint16_t linktype, uint32_t snaplen)
{
    struct buf body;
    buf_init(&body, 64);
    files_put16(&body, is_big, linktype);
    files_put16(&body, is_big, 0);
    files_put32(&body, is_big, snaplen);
    files_put_block(b, is_big, 1, buf_span(&body));
    buf_fini(&body);
}

/* An Enhanced Packet Block; times are microseconds. */
static inline void files_put_enhanced(struct buf *b, bool is_big, uint32_t interface, uint64_t micros, struct span bytes,
                                      uint32_t wire_len)
{
    struct buf body;
    buf_init(&body, 1 << 20);
    files_put32(&body, is_big, interface);
    files_put32(&body, is_big, (uint32_t)(micros >> 32));
    files_put32(&body, is_big, (uint32_t)micros);
    files_put32(&body, is_big, (uint32_t)bytes.len);
    files_put32(&body, is_big, wire_len);
    buf_put(&body, bytes);
    files_put_block(b, is_big, 6, buf_span(&body));
    buf_fini(&body);
}

/* A Simple Packet Block: of the first interface, at no time. */
static inline void files_put_simple(struct buf *b, bool is_big, struct span bytes)
{
    struct buf body;
    buf_init(&body, 1 << 20);
    files_put32(&body, is_big, (uint32_t)bytes.len);
    buf_put(&body, bytes);
    files_put_block(b, is_big, 3, buf_span(&body));
    buf_fini(&body);
}

/* ---- on disk ---- */

enum { FILES_PATH_MAX = 64 };

/* A file of its own with these bytes; `path` gets its name, to be unlinked. */
static inline void files_write(char path[static FILES_PATH_MAX], struct span bytes)
{
    snprintf(path, FILES_PATH_MAX, "/tmp/vedette-test-XXXXXX");
    int fd = mkstemp(path);
    packets_must(fd >= 0);
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        packets_must(n > 0);
        span_skip(&bytes, (size_t)n);
    }
    close(fd);
}
