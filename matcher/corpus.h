#pragma once
/* For measuring. Seeded domain names with the lengths, labels, digits, hyphens and top-level domains of real malware lists; names,
 * request targets and user agents as traffic has them. */
#include "base/buf.h"

struct corpus_random {
    uint64_t state;
};

uint64_t corpus_next(struct corpus_random *r);
/* Appends one listed-looking name (2-6 labels, 18 bytes on average). */
void corpus_put_name(struct buf *out, struct corpus_random *r);
/* Appends one name as popular sites have them (23 bytes on average). */
void corpus_put_benign(struct buf *out, struct corpus_random *r);
/* Appends one of a few dozen names that everybody's traffic has. */
void corpus_put_popular(struct buf *out, struct corpus_random *r);
/* Appends a request target as pages, scripts, pictures and interfaces have them (35 bytes on average, queries among them). */
void corpus_put_target(struct buf *out, struct corpus_random *r);
/* Appends a browser's or program's user agent. */
void corpus_put_agent(struct buf *out, struct corpus_random *r);
/* Below `n`. */
uint32_t corpus_below(struct corpus_random *r, uint32_t n);
