#pragma once
/* One option at a time: what list_options_parse() and the top of a native YAML list have in common. */
#include "rules/list.h"

/* Set what `key` names to `value`, which *o then borrows. Keys are those of list_options_parse(); "tag" adds one, "fields"
 * adds to those that are there. False and *err (ERR_USAGE, without a place) for an unknown key, with the nearest known one
 * named, or a value that is not one. */
bool list_options_set(struct list_options *o, struct span key, struct span value, struct err *err);

/* What `over` says wins over what `base` says; of both TLPs the strictest stays. */
void list_options_overlay(struct list_options *base, const struct list_options *over);

/* Which of `names` (the last is NULL) is nearest to `written`, for "did you mean"? NULL when none is near. */
const char *list_options_nearest(struct span written, const char *const *names);

/* 0-100, or one of the words none, info, low, medium, high, critical: 0, 10, 30, 50, 75, 95. */
bool list_options_confidence(struct span text, int *out);

/* The name of a type, or what people call it: ip, cidr, range, hostname, host, path, uri. */
bool list_options_type(struct span text, enum ioc_type *out);
