/* MISP events, and CSV lists with the columns of its export; the first byte chooses. */
#include "tests/fuzz/list_in_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum list_format formats[] = {LIST_MISP, LIST_MISP, LIST_CSV, LIST_AUTO};
    struct list_options o = list_options_none();
    if (size == 0)
        return 0;
    o.format = formats[data[0] % 4];
    o.ignores_to_ids = (data[0] & 0x40) != 0;
    o.ttl_s = data[0] & 0x80 ? 86400 : 0;
    return list_fuzz(data + 1, size - 1, &o);
}
