/* STIX lists. The first byte chooses what the options say, and whether the rest is a whole list or the pattern of
 * an indicator. */
#include "tests/fuzz/list_in_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_pattern(struct buf *out, const uint8_t *data, size_t size)
{
    buf_put_str(out, "{\"type\":\"indicator\",\"pattern\":\"");
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '"' || data[i] == '\\')
            buf_put_byte(out, '\\');
        buf_put_byte(out, data[i] ? data[i] : ' ');
    }
    buf_put_str(out, "\"}");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct list_options o = list_options_none();
    struct buf list;
    if (size == 0)
        return 0;
    o.format = data[0] & 4 ? LIST_AUTO : LIST_STIX;
    o.loads_observables = data[0] & 1;
    if (!(data[0] & 2))
        return list_fuzz(data + 1, size - 1, &o);
    buf_init(&list, 2 * size + 100);
    put_pattern(&list, data + 1, size - 1);
    list_fuzz(list.ptr, list.len, &o);
    buf_fini(&list);
    return 0;
}
