#pragma once
/* Seeded domain names with the lengths, labels, digits, hyphens and top-level domains of real malware lists, and names as traffic has
 * them: mostly unlisted, some below listed names, near misses. */
#include "base/buf.h"

struct corpus_random {
    uint64_t state;
};

uint64_t corpus_next(struct corpus_random *r);
/* Appends one listed-looking name (2-6 labels, 18 bytes on average). */
void corpus_put_name(struct buf *out, struct corpus_random *r);
/* Appends one name as popular sites have them (23 bytes on average). */
void corpus_put_benign(struct buf *out, struct corpus_random *r);
