/* See reports.h: a count, then for each report the struct itself and its two strings. */
#include "tools/reports.h"

#include <stdlib.h>

enum { REPORTS_BYTES_MAX = 64 << 20 };

static void put_string(struct buf *out, const char *s)
{
    uint32_t len = (uint32_t)strlen(s);
    buf_put(out, span_of(&len, sizeof len));
    buf_put(out, span_of(s, len));
}

void reports_write(struct buf *out, const struct list_report *reports, size_t n)
{
    uint64_t count = n;
    buf_init(out, REPORTS_BYTES_MAX);
    buf_put(out, span_of(&count, sizeof count));
    for (size_t i = 0; i < n; i++) {
        struct list_report plain = reports[i];
        plain.path = plain.name = NULL;
        plain.failure.where = NULL;
        buf_put(out, span_of(&plain, sizeof plain));
        put_string(out, reports[i].path);
        put_string(out, reports[i].name);
    }
}

static bool take_bytes(struct span *in, void *to, size_t n)
{
    struct span s;
    if (!span_take(in, n, &s))
        return false;
    memcpy(to, s.ptr, n);
    return true;
}

static char *take_string(struct span *in)
{
    uint32_t len;
    struct span s;
    if (!take_bytes(in, &len, sizeof len) || !span_take(in, len, &s))
        return NULL;
    return strndup((const char *)s.ptr, s.len);
}

static bool take_report(struct span *in, struct list_report *out)
{
    if (!take_bytes(in, out, sizeof *out))
        return false;
    char *path = take_string(in);
    char *name = path ? take_string(in) : NULL;
    if (!name) {
        free(path);
        return false;
    }
    out->path = path;
    out->name = name;
    return true;
}

bool reports_read(struct span in, struct list_report **out_reports, size_t *out_n)
{
    uint64_t n;
    if (!take_bytes(&in, &n, sizeof n) || n > in.len / sizeof(struct list_report))
        return false;
    struct list_report *reports = calloc(n + 1, sizeof *reports);
    size_t done = 0;
    while (reports && done < n && take_report(&in, &reports[done]))
        done++;
    if (reports && done == n && in.len == 0) {
        *out_reports = reports;
        *out_n = n;
        return true;
    }
    for (size_t i = 0; i < done; i++)
        list_report_fini(&reports[i]);
    free(reports);
    return false;
}
