#pragma once
/* SIGINT and SIGTERM ask for a clean end; a second one kills. The only mutable global of the program is here. */
#include <stdbool.h>

struct capture;

void signals_catch(void);
bool signals_want_end(void);
/* The capture whose read a signal interrupts; NULL for none. */
void signals_watch(struct capture *c);
