/* Regexes of strangers: a sample is within its bounds and comes again with the same dice; refused, nothing is left behind. */
#include "traffic/regex_sample.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span pattern = span_of(data, size);
    struct dice dice = dice_of(size), again = dice;
    struct buf out;
    buf_init(&out, 4096);
    bool is_simple = regex_sample(pattern, &dice, &out);
    size_t len = out.len;
    require(is_simple ? len <= REGEX_SAMPLE_MAX : len == 0);
    require(regex_sample(pattern, &again, &out) == is_simple);
    require(out.len == 2 * len && (len == 0 || memcmp(out.ptr, out.ptr + len, len) == 0));
    buf_fini(&out);
    return 0;
}
