#pragma once
/* The patterns that cost most, and those that need be none. */
#include "tools/bench_result.h"

/* Each regex and wildcard is compiled alone and scanned with, as long as half of `seconds` lasts (but at least 16); the ten that took longest are then measured
 * with care: alone, and, while there is time, as what is saved when they go and all others stay. Regexes come first. Fills r->patterns. */
bool bench_patterns(struct bench_result *r, double seconds, struct err *err);
/* Regexes that a name or URL could stand for, and what all indicators cost with and without those that would hit the same. One by one the
 * difference would drown: a name costs next to nothing where there are others, and much when it is the only one. Fills r->plain. */
bool bench_plain(struct bench_result *r, double seconds, struct err *err);
