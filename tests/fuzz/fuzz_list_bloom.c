/* Bloom filters, and files that begin like one; the first byte chooses the options. */
#include "tests/fuzz/list_in_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct list_options o = list_options_none();
    if (size == 0)
        return 0;
    o.format = data[0] & 1 ? LIST_BLOOM : LIST_AUTO;
    o.is_allow = data[0] & 2;
    o.has_match = (data[0] & 4) != 0;
    o.match = (enum ioc_match)(data[0] >> 3 & 7);
    o.fields = data[0] & 0x40 ? FIELD_BIT(FIELD_IP_SRC) : 0;
    return list_fuzz(data + 1, size - 1, &o);
}
