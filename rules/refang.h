#pragma once
/* Undo what people do to indicators so that nobody clicks on them: hxxp://evil[.]example. One pass from left to right, never
 * a second: a repaired value that still looks odd was odd before.
 *
 * Repaired are [.] (.) {.} [dot] (dot) {dot} \. and the halves "[." and ".]", [:], [://], [@] (@) [at] (at), and the scheme
 * hxxp or hxxps in front of ':' or "[:" only, since there are names that begin so. The path of a URL is repaired only when
 * something in front of it was: brackets are ordinary bytes there. */
#include "base/buf.h"

/* Is there anything in `text` that a repair could begin with? Cheap; false for nearly every value. */
bool refang_applies(struct span text);

/* Append the repaired text, which is not longer than `text`. Returns whether anything was repaired. */
bool refang(struct span text, struct buf *out);

/* Where in `text` the byte lies that came out at `offset`. */
size_t refang_origin(struct span text, size_t offset);
