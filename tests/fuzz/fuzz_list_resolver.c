/* Settings of resolvers (dnsmasq, unbound) and the public suffix list: found out, and when it is said; the first byte chooses. */
#include "tests/fuzz/list_in_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum list_format formats[] = {LIST_AUTO, LIST_DNSMASQ, LIST_UNBOUND, LIST_PSL};
    struct list_options o = list_options_none();
    if (size == 0)
        return 0;
    o.format = formats[data[0] & 3];
    o.loads_tlds = data[0] & 4;
    o.has_type = data[0] & 8;
    o.type = (enum ioc_type)(data[0] >> 4);
    return list_fuzz(data + 1, size - 1, &o);
}
