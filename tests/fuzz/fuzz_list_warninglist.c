/* MISP warninglists. */
#include "tests/fuzz/list_in_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct list_options o = list_options_none();
    if (size == 0)
        return 0;
    o.format = data[0] & 1 ? LIST_AUTO : LIST_WARNINGLIST;
    return list_fuzz(data + 1, size - 1, &o);
}
