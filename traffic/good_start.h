#pragma once
/* When a drill should begin. */
#include "rules/set.h"

#define GOOD_START_DEFAULT INT64_C(1767225600) /* 2026-01-01T00:00:00Z */
#define GOOD_START_LAST    INT64_C(4294967295) /* what a pcap file has room for */

/* UTC seconds: a moment at which as many origins hold as ever do, for `holds_s` seconds more; of several the one nearest to GOOD_START_DEFAULT, a day
 * before any of them ends if that can be. */
int64_t good_start(const struct set_view *v, int64_t holds_s);
