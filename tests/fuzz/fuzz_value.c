/* Values as lists have them. The promises are those of tests/property/canonical.h. */
#include "tests/property/canonical.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *block = malloc(size ? size : 1);
    if (!block)
        return 0;
    if (size)
        memcpy(block, data, size);
    canonical_check(span_of(block, size));
    free(block);
    return 0;
}
