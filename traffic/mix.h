#pragma once
/* Many conversations side by side, their packets in the order of their times. Hot; nothing is allocated after it is made. */
#include "traffic/contact.h"

struct mix; /* one thread */

/* Make the next conversation in `c`, where the one before it, if any, is over. Starts must not go back: each is at the one before or later. False: there are no more. */
typedef bool mix_source(void *to, struct contact *c);

/* At most `talks_max` go on at one time: when more would, the next one begins later than it says. NULL when memory is short. */
struct mix *mix_new(uint32_t talks_max, mix_source *source, void *to);
void mix_free(struct mix *m);

/* The next packet; its bytes die with the next call. Of *out `source` is left to the caller; packets are numbered from 1. False: all is over. */
bool mix_next(struct mix *m, struct packet *out);
