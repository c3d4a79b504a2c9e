#pragma once
/* One value as YAML, so that every reader of YAML 1.1 and 1.2 takes it for this text and for nothing else. */
#include "base/buf.h"

/* Without quotes where that is safe, else in quotes of the kind that reads best. `in_flow`: between brackets. Bytes that are not
 * UTF-8 have no place in YAML: they become \xNN as text, and the answer is false. */
bool yaml_put_scalar(struct buf *out, struct span text, bool in_flow);
