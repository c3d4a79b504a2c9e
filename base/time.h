#pragma once
/* Calendar time as lists and alerts write it: UTC only, proleptic Gregorian, no locale and no time zone database. */
#include "base/span.h"

enum { TIME_TEXT_MAX = 40 }; /* longest text of time_format(), with NUL */

/* Seconds since 1970-01-01T00:00:00Z of a moment written as
 *   2026-01-31                      the first second of that day
 *   2026-01-31T23:59:59.123456Z     RFC 3339 and ISO 8601: 'T', 't' or one blank between; the seconds and their fraction
 *                                   (which is dropped) may be missing; zone Z, z, " UTC", " (UTC)", +02:00, +0200, +02 or
 *                                   none, which means UTC
 *   20260131                        eight digits are a date
 *   1769904000                      other digits, up to eleven, are seconds since 1970; a fraction is dropped
 * Years 1 to 9999. A 60th second counts as the next minute's first. White space at both ends is passed over. False when
 * the text is nothing of that; *out is then untouched. */
bool time_parse(struct span text, int64_t *out_seconds);

/* "2026-01-31T23:59:59.000123+0000", as EVE writes it. `micros` below 1000000. Outside of the years 0 to 9999 the
 * nearest moment inside is written. Returns the length, without the NUL. */
size_t time_format(int64_t seconds, uint32_t micros, char out[static TIME_TEXT_MAX]);
/* "2026-01-31T23:59:59Z" (RFC 3339), with the same bounds. Returns the length, without the NUL. */
size_t time_format_seconds(int64_t seconds, char out[static TIME_TEXT_MAX]);
