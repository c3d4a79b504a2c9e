/* OpenIOC. */
#include "tests/fuzz/list_in_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct list_options o = list_options_none();
    o.format = LIST_OPENIOC;
    return list_fuzz(data, size, &o);
}
