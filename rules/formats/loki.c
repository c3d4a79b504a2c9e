#include "rules/formats/format.h"

static bool load_list(struct load *l, struct err *err)
{
    return load_flush(l, err);
}

const struct list_reader format_loki = {.name = "loki", .load = load_list, .name_match = MATCH_EXACT, .unit = "entry"};
