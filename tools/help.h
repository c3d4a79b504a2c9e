#pragma once
/* The help screens: one per subcommand, each fits a terminal. */
#include <stdbool.h>
#include <stdio.h>

/* `subcommand` is "" for the program's own, else its name (a trailing blank does not matter). */
bool help_has(const char *subcommand);
void help_print(FILE *to, const char *subcommand);
