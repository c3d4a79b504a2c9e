/* Response policy zones: found out, and when it is said; the first byte chooses. */
#include "tests/fuzz/list_in_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct list_options o = list_options_none();
    if (size == 0)
        return 0;
    o.format = data[0] & 1 ? LIST_RPZ : LIST_AUTO;
    o.loads_tlds = data[0] & 2;
    o.is_allow = data[0] & 4;
    o.fields = data[0] & 8 ? FIELD_BIT(FIELD_IP_DST) : 0;
    return list_fuzz(data + 1, size - 1, &o);
}
