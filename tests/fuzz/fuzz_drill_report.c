/* Reports of sensors, as anybody may have written them: each line is read, and what is told of it lies within its bounds. */
#include "tools/drill_report.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void touch(struct span s)
{
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < s.len; i++)
        sum ^= s.ptr[i];
}

static void read_line(struct drill_report *r, struct span line)
{
    struct sighting s;
    if (drill_report_read(r, line, &s) != REPORT_ALERT)
        return;
    touch(s.value);
    touch(s.seen);
    touch(s.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct drill_report r;
    struct span rest = span_of(data, size);
    if (!drill_report_init(&r))
        abort();
    while (rest.len) {
        const uint8_t *end = memchr(rest.ptr, '\n', rest.len);
        struct span line = span_first(rest, end ? (size_t)(end - rest.ptr) : rest.len);
        read_line(&r, line);
        span_skip(&rest, line.len + (end != NULL));
    }
    drill_report_fini(&r);
    return 0;
}
