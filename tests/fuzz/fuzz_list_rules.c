/* Snort and Suricata rules; the first byte says whether their format is found out. */
#include "tests/fuzz/list_in_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum list_format formats[] = {LIST_AUTO, LIST_RULES};
    struct list_options o = list_options_none();
    if (size == 0)
        return 0;
    o.format = formats[data[0] % 2];
    o.loads_tlds = (data[0] & 0x80) != 0;
    o.has_type = (data[0] & 0x40) != 0;
    o.type = (enum ioc_type)(data[0] >> 2 & 0x0f);
    return list_fuzz(data + 1, size - 1, &o);
}
