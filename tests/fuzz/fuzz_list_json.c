/* JSON tables. The first byte chooses what the options say. */
#include "tests/fuzz/list_in_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct list_options o = list_options_none();
    if (size == 0)
        return 0;
    o.format = data[0] & 0x10 ? LIST_AUTO : LIST_JSON;
    o.csv.value = data[0] & 0x20 ? SPAN_LIT("a.b") : data[0] & 0x40 ? SPAN_LIT("what") : span_of(NULL, 0);
    o.csv.tags = data[0] & 0x80 ? SPAN_LIT("c.d") : span_of(NULL, 0);
    o.ttl_s = data[0] & 1 ? 86400 : 0;
    return list_fuzz(data + 1, size - 1, &o);
}
