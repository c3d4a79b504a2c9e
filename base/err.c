/* See err.h. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

static void fill(struct err *err, enum err_kind kind, const char *where, uint32_t line, uint32_t col,
                 const char *fmt, va_list ap)
{
    if (!err)
        return;
    *err = (struct err){.kind = kind, .where = where, .line = line, .col = col};
    vsnprintf(err->what, sizeof err->what, fmt, ap);
}

bool err_set(struct err *err, enum err_kind kind, const char *where, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fill(err, kind, where, 0, 0, fmt, ap);
    va_end(ap);
    return false;
}

bool err_at(struct err *err, enum err_kind kind, const char *where, uint32_t line, uint32_t col,
            const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fill(err, kind, where, line, col, fmt, ap);
    va_end(ap);
    return false;
}
