/* Any bytes as JSON: read as another reader does, or refused with a place. */
#include "tests/fuzz/json_agreement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *block = malloc(size ? size : 1);
    struct span key, value;
    JSON_MUST(block);
    if (size)
        memcpy(block, data, size);
    struct json_head h = {.rest = span_of(block, size)};
    for (size_t n = 0; json_head_next(&h, 4, &key, &value); n++)
        JSON_MUST(n <= size && key.len + value.len <= size);
    json_check_agreement(span_of(block, size));
    free(block);
    return 0;
}
