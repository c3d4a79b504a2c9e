#pragma once
/* What was alerted already, as 64-bit keys: bounded, forgetting the oldest half when full. One worker's. */
#include <stdbool.h>
#include <stdint.h>

struct seen;

struct seen *seen_new(uint32_t capacity); /* keys in each of two halves; NULL when memory is short */
void seen_free(struct seen *s);
/* True if `key` was not there; it is now. */
bool seen_add(struct seen *s, uint64_t key);
/* Those that came before the last time, too, are forgotten, uncounted. */
void seen_age(struct seen *s);
/* Keys forgotten so far for want of room. */
uint64_t seen_forgotten(const struct seen *s);
