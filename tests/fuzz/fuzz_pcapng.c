/* Fuzz target for sensor/capture/pcapng.h. The first byte tells into pieces of what size the file is cut. What must hold beyond not
 * crashing:
 * - a file in pieces becomes the same file, with the same links;
 * - it becomes what a naive reader of the whole file makes of it. */
#include "sensor/capture/pcapng.h"

#include <stdlib.h>
#include <string.h>

#include "base/span.h"

enum { LINKS_MAX = 1 << 12, INPUT_MAX = 1 << 15 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds)
{
    if (!holds)
        abort();
}

struct result {
    uint8_t *bytes; /* owned */
    size_t len;
    uint16_t links[LINKS_MAX];
    size_t n_links;
};

static struct result *result_of(struct span file)
{
    struct result *r = calloc(1, sizeof *r);
    check(r != NULL);
    r->bytes = malloc(file.len + 1);
    check(r->bytes != NULL);
    memcpy(r->bytes, file.ptr, file.len);
    r->len = file.len;
    return r;
}

static void free_result(struct result *r)
{
    free(r->bytes);
    free(r);
}

static struct result *filter_in_pieces(struct span file, size_t piece)
{
    struct result *r = result_of(file);
    struct pcapng_filter *f = calloc(1, sizeof *f);
    check(f != NULL);
    for (size_t at = 0; at < file.len; at += piece) {
        size_t n = file.len - at < piece ? file.len - at : piece;
        uint8_t *exact = malloc(n);
        check(exact != NULL);
        memcpy(exact, r->bytes + at, n);
        pcapng_filter(f, exact, n);
        memcpy(r->bytes + at, exact, n);
        free(exact);
        while (r->n_links < LINKS_MAX && pcapng_next_link(f, &r->links[r->n_links]))
            r->n_links++;
    }
    free(f);
    return r;
}

/* ---- the naive reader: the whole file at hand ---- */

struct naive {
    const uint8_t *file;
    bool is_big_endian;
    bool has_link;
    uint16_t first_link;
    uint16_t links[PCAPNG_INTERFACES_MAX];
    size_t n_interfaces;
};

static uint32_t word(const struct naive *n, size_t at)
{
    uint32_t v = load_be32(n->file + at);
    return n->is_big_endian ? v : __builtin_bswap32(v);
}

static uint16_t half(const struct naive *n, size_t at)
{
    uint16_t v = load_be16(n->file + at);
    return n->is_big_endian ? v : __builtin_bswap16(v);
}

static void write_order(const struct naive *n, uint8_t *to, uint32_t v, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)(v >> (8 * (n->is_big_endian ? size - 1 - i : i)));
}

static void add_packet(struct naive *n, struct result *r, uint32_t interface)
{
    if (r->n_links < LINKS_MAX)
        r->links[r->n_links++] = interface < n->n_interfaces ? n->links[interface] : n->first_link;
}

static void read_interface(struct naive *n, struct result *r, size_t at, size_t block_end)
{
    uint16_t link = half(n, at + 8);
    if (!n->has_link)
        n->first_link = link;
    else
        write_order(n, r->bytes + at + 8, n->first_link, 2);
    n->has_link = true;
    if (n->n_interfaces < PCAPNG_INTERFACES_MAX)
        n->links[n->n_interfaces++] = link;
    uint8_t snaplen[4];
    write_order(n, snaplen, 262144, 4);
    for (size_t i = 12; i < 16 && at + i < block_end && at + i < r->len; i++)
        r->bytes[at + i] = snaplen[i - 12];
}

/* A block whose end the file does not have counts as far as it goes. */
static void read_blocks(struct naive *n, struct result *r)
{
    size_t at = 0;
    bool is_first = true;
    while (at + 12 <= r->len) {
        uint32_t type = load_be32(n->file + at);
        if (is_first && type != 0x0a0d0d0a)
            return;
        is_first = false;
        if (type == 0x0a0d0d0a) {
            uint32_t magic = load_be32(n->file + at + 8);
            n->is_big_endian = magic != 0x4d3c2b1a;
            n->n_interfaces = 0;
            if (magic != 0x1a2b3c4d && magic != 0x4d3c2b1a)
                return;
        }
        uint32_t len = word(n, at + 4);
        bool is_bad = len < 12 || len % 4;
        size_t end = is_bad ? at + 12 : at + len;
        if (word(n, at) == 1)
            read_interface(n, r, at, end);
        if (word(n, at) == 6)
            add_packet(n, r, word(n, at + 8));
        if (word(n, at) == 2)
            add_packet(n, r, half(n, at + 8));
        if (word(n, at) == 3)
            add_packet(n, r, 0);
        if (is_bad)
            return;
        at = end;
    }
    /* The cut head of an interface's block: its link type may be there in part. */
    if (!is_first && at + 8 < r->len && word(n, at) == 1 && n->has_link) {
        uint8_t link[2];
        write_order(n, link, n->first_link, 2);
        for (size_t i = 8; i < 10 && at + i < r->len; i++)
            r->bytes[at + i] = link[i - 8];
    }
}

static struct result *read_naively(struct span file)
{
    struct result *r = result_of(file);
    struct naive *n = calloc(1, sizeof *n);
    check(n != NULL);
    n->file = file.ptr;
    read_blocks(n, r);
    free(n);
    return r;
}

static void check_same(const struct result *a, const struct result *b)
{
    check(memcmp(a->bytes, b->bytes, a->len) == 0);
    check(a->n_links == b->n_links);
    check(memcmp(a->links, b->links, a->n_links * sizeof *a->links) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2 || len > INPUT_MAX)
        return 0;
    struct span file = span_of(data + 1, len - 1);
    struct result *whole = filter_in_pieces(file, file.len),
                  *pieces = filter_in_pieces(file, 1 + data[0] % 64), *naive = read_naively(file);
    check_same(whole, pieces);
    check_same(whole, naive);
    free_result(whole);
    free_result(pieces);
    free_result(naive);
    return 0;
}
