#pragma once
/* HPACK, the header compression of HTTP/2: RFC 7541. Hot; nothing is allocated.
 *
 * Whoever reads half a connection never sees SETTINGS_HEADER_TABLE_SIZE, which the other half sends. It need not: an encoder that leaves
 * the 4,096 bytes of the start says so in its own blocks (section 4.2). Of a larger table the newest HPACK_TABLE_BYTES are held. Where
 * blocks were missed the table is unknown but for what is added from then on, which is found under its right index all the same, for indexes
 * count from the newest entry. */
#include "base/span.h"
#include "sensor/extract/verdict.h"

enum {
    HPACK_TABLE_DEFAULT = 4096,
    HPACK_TABLE_BYTES = 16 * 1024, /* held of a dynamic table, by the RFC's reckoning */
    HPACK_ENTRY_BYTES = 32,        /* what an entry costs beside its text (section 4.1) */
    HPACK_ENTRIES_MAX = HPACK_TABLE_BYTES / HPACK_ENTRY_BYTES,
    HPACK_STATIC_ENTRIES = 61,
    HPACK_LIST_BYTES_MAX = 64 * 1024, /* of text in one block, and in what it adds to the table */
};

struct hpack_entry {
    uint16_t at; /* where its name begins in the ring, the value behind it */
    uint16_t name_len, value_len;
    bool has_name; /* false: it was named by an entry that is not known */
    bool has_value;
};

/* One direction's dynamic table. Zeroed and then hpack_table_reset(). Owns its bytes. */
struct hpack_table {
    uint32_t size_max;   /* as the encoder has it */
    uint32_t held_bytes; /* by the RFC's reckoning */
    uint32_t head;       /* where the next entry's text goes */
    uint16_t newest, n;  /* of the ring of entries */
    bool is_partial;     /* there may be entries beyond those that are held */
    struct hpack_entry entries[HPACK_ENTRIES_MAX];
    uint8_t bytes[HPACK_TABLE_BYTES];
};

/* Empty it. `is_start`: the connection begins; else blocks were missed. */
void hpack_table_reset(struct hpack_table *t, bool is_start);

/* The entry `i` entries older than the newest; false when there is none, or it is not known. *out_name and *out_value, of together at most
 * `room` bytes, are written to `to`. */
bool hpack_table_entry(const struct hpack_table *t, size_t i, uint8_t *to, size_t room, struct span *out_name, struct span *out_value);

struct hpack_field {
    struct span name, value; /* they live in the block, in the text, or for ever; empty where not known */
    bool has_name, has_value;
};

struct hpack_text {
    uint8_t bytes[HPACK_LIST_BYTES_MAX];
};

/* A header block being read; zero it but for `table`, `in` and `text`. */
struct hpack_block {
    struct hpack_table *table; /* borrowed */
    struct span in;            /* what is left of it */
    struct hpack_text *text;   /* borrowed; overwritten by the next block */
    size_t text_len;           /* private */
    size_t list_bytes;         /* private */
    bool has_field;            /* private: a size update may not come any more */
    bool is_limited;           /* FIELD_MALFORMED is because a limit was met */
};

/* The next field (section 6); size updates are taken on the way. FIELD_ABSENT: the block is at its end; FIELD_PARTIAL: it ends within a
 * field; FIELD_MALFORMED: no endpoint would read on, or HPACK_LIST_BYTES_MAX is met. After the last two the table is not to be relied on. */
enum verdict hpack_next(struct hpack_block *b, struct hpack_field *out);
