#pragma once
/* What went wrong, where, in one sentence. Cold code returns bool and fills one of these; the place is
 * added where it is known and passed up unchanged. Hot code returns a verdict and never comes here. */
#include <stdbool.h>
#include <stdint.h>

enum err_kind {
    ERR_NONE,
    ERR_SYNTAX, /* the input is not what it should be */
    ERR_IO,     /* open, read, write, decompress */
    ERR_LIMIT,  /* a ceiling was reached */
    ERR_MEMORY,
    ERR_USAGE,       /* wrong option or setting */
    ERR_INTERRUPTED, /* a signal that the program catches came while it waited for bytes */
};

struct err {
    enum err_kind kind; /* ERR_NONE until something fails */
    const char *where;  /* list, capture or settings path, borrowed; NULL if none */
    uint32_t line, col; /* from 1; 0 when unknown */
    char what[200];     /* one sentence, no newline, no full stop */
};

/* Both fill `err` (which may be NULL) and return false, so that `return err_set(...)` reads well. */
bool err_set(struct err *err, enum err_kind kind, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool err_at(struct err *err, enum err_kind kind, const char *where, uint32_t line, uint32_t col,
            const char *fmt, ...) __attribute__((format(printf, 6, 7)));
