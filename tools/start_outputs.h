#pragma once
/* The outputs that options ask for, and what people are told of them. */
#include "outputs/outputs.h"
#include "tools/options.h"

/* Standard output when none was named. `eve` and its sources, and `o`, are borrowed. Live when `eve` is. NULL and *err. */
struct outputs *new_outputs(const struct options *o, const struct eve_options *eve, uint64_t seed, struct err *err);
/* Write what there is; say what became of lines that are not where they should be (unless quiet: but for failures). False: one failed. */
bool end_outputs(struct outputs *o, bool is_quiet);
