#pragma once
/* The sentence that tells a user why an entry was not loaded: what is wrong, what would be right, what happened.
 * Private to rules/list and
 * rules/formats/load. */
#include "rules/formats/load.h"

enum { LOAD_NOTE_MAX = 256 };

/* A sentence may quote what a stranger wrote: bytes that could end its line, steer a terminal or be no UTF-8 become '?'. */
void load_note_clean(char *sentence);

/* `value` as it was written, `col` (from 1) the byte of it that is at fault, 0 if none. */
void load_note_reject(char out[static LOAD_NOTE_MAX], enum reject reason, struct span value, uint32_t col,
                      const char *unit);
