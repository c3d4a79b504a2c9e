#pragma once
/* Pieces of a batch end to end and back to front, for literals whose telling bytes stand at their end. Hot.
 *
 * The buffer is  SEP piece SEP piece SEP ...  A literal that begins or ends with REVERSED_SEP is thereby anchored at a
 * piece's end or start. No value holds that byte; in a piece it may stand (URLs never have it, names have it mapped). */
#include "matcher/batch.h"
#include "matcher/hyperscan.h"

enum { REVERSED_SEP = 0x01 };

struct reversed {
    struct buf bytes;
    struct reversed_place *places; /* owned */
    uint32_t n, room;
};

struct reversed_place {
    uint32_t start; /* first byte of the piece in `bytes`; its closing separator belongs to it */
    uint32_t piece;
};

void reversed_init(struct reversed *r);
void reversed_fini(struct reversed *r);
void reversed_reset(struct reversed *r);
/* `last` follows the reversed text when it is not 0. false when there is no room. */
bool reversed_add(struct reversed *r, uint32_t piece, struct span text, uint8_t last);

/* Literal for `key`: `first`, the key reversed, `last_1`, `last_2`; those that are 0 are left out. When all of it is more than
 * `cap` bytes, the end stays (what is cut off, the caller confirms). */
struct span reversed_literal(uint8_t *out, size_t cap, uint8_t first, struct span key, uint8_t last_1, uint8_t last_2);

/* Scan all that was added. `on_hit` gets the indicator and the piece it was seen in. */
typedef void reversed_on_hit(void *ctx, uint32_t indicator, uint32_t piece);
void reversed_scan(const struct reversed *r, const struct hs_database *db, struct hs_scratch *scratch,
                   reversed_on_hit *on_hit, void *ctx);
