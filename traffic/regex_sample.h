#pragma once
/* A text that a regex matches, for those that are simple: literals, classes, groups, alternatives and counted repeats (PCRE's syntax). What stands for
 * no bytes (anchors, word boundaries) is passed over: whoever uses the text lays it before the matcher first. */
#include "base/buf.h"
#include "traffic/dice.h"

enum { REGEX_SAMPLE_MAX = 512 };

/* Append one. False: the pattern is broken or not simple (look-arounds, back references, properties), or the text would be longer than
 * REGEX_SAMPLE_MAX; what was appended is cut off then. With dice at the same point it is the same. */
bool regex_sample(struct span pattern, struct dice *dice, struct buf *out);
