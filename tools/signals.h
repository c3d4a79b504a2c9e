#pragma once
/* SIGINT and SIGTERM ask for a clean end; a second one kills. SIGUSR1 asks for new output files. The only mutable globals of the
 * program are here. */
#include <stdbool.h>

struct capture;

void signals_catch(void);
bool signals_want_end(void);
/* SIGUSR1 came since this was last asked: output files are to be opened anew. */
bool signals_want_reopen(void);
/* Before this one kills, as it does others. */
void signals_catch_reopen(void);
/* The capture whose read a signal interrupts; NULL for none. */
void signals_watch(struct capture *c);
