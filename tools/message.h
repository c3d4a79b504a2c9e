#pragma once
/* What people read on stderr. One line each, "vedette: " in front, bytes of the world escaped so that no file name or list entry
 * can play tricks with a terminal. */
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "rules/list.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "vedette: where:line:col: what" */
void say_err(const struct err *err);
/* Finished text, as it is. */
void print_text(FILE *to, const struct buf *text);
/* Wrong use: the message, where to read more, and EXIT_USAGE to return. */
int usage_error(const char *subcommand, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
