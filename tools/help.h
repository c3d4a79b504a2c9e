#pragma once
/* The help screens: one per subcommand, each fits a terminal. */
#include <stdio.h>

/* `subcommand` is "" for the program's own, else its name (a trailing blank does not matter). */
void help_print(FILE *to, const char *subcommand);
