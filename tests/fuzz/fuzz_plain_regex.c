/* Regexes as strangers write them. What is taken for a name or URL has to be one, in canonical form. */
#include <stdlib.h>

#include "matcher/plain_regex.h"
#include "rules/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static void check(struct span pattern, bool is_caseless)
{
    struct buf scratch, again;
    struct plain_regex plain;
    struct value v;
    uint32_t col;
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    buf_init(&again, VALUE_SCRATCH_BYTES);
    if (plain_regex_read(pattern, is_caseless, &scratch, &plain)) {
        must(plain.type == IOC_DOMAIN || plain.type == IOC_URL);
        must(plain.value.len > 0 && plain.value.len < pattern.len + sizeof "http://");
        must(value_read(plain.value, &again, &v, &col) == REJECT_NONE);
        must(v.type == plain.type && span_eq(v.text, plain.value));
        must(plain.type == IOC_DOMAIN
                 ? plain.match == MATCH_EXACT || plain.match == MATCH_SUFFIX || plain.match == MATCH_BELOW
                 : plain.match == MATCH_EXACT || plain.match == MATCH_PREFIX);
    }
    buf_fini(&scratch);
    buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *block = malloc(size ? size : 1);
    if (!block)
        return 0;
    if (size)
        memcpy(block, data, size);
    check(span_of(block, size), false);
    check(span_of(block, size), true);
    free(block);
    return 0;
}
