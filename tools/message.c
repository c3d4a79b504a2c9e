/* See message.h. */
#include "tools/message.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/json.h"

enum { LINE_BYTES_MAX = 8192 };

void print_text(FILE *to, const struct buf *text)
{
    if (text->len)
        fwrite(text->ptr, 1, text->len, to);
}

static void put_line(const char *text, size_t len)
{
    struct buf line;
    buf_init(&line, LINE_BYTES_MAX);
    buf_put_str(&line, "vedette: ");
    put_escaped(&line, span_of(text, len));
    buf_put_byte(&line, '\n');
    print_text(stderr, &line);
    buf_fini(&line);
}

static void vsay(const char *fmt, va_list ap)
{
    char text[2048];
    int n = vsnprintf(text, sizeof text, fmt, ap);
    if (n > 0)
        put_line(text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

void say(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsay(fmt, ap);
    va_end(ap);
}

void say_err(const struct err *err)
{
    if (!err->where)
        say("%s", err->what);
    else if (!err->line)
        say("%s: %s", err->where, err->what);
    else if (!err->col)
        say("%s:%u: %s", err->where, err->line, err->what);
    else
        say("%s:%u:%u: %s", err->where, err->line, err->col, err->what);
}

int usage_error(const char *subcommand, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsay(fmt, ap);
    va_end(ap);
    say("see `vedette %s--help`", subcommand);
    return EXIT_USAGE;
}
