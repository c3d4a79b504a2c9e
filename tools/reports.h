#pragma once
/* List reports as bytes, to be kept with a compiled db. Same machine, same build: the db file's head vouches for both. */
#include "base/buf.h"
#include "rules/list.h"

/* Initialises *out and fills it; its owner calls buf_fini(). */
void reports_write(struct buf *out, const struct list_report *reports, size_t n);
/* False when the bytes are not what reports_write() wrote. */
bool reports_read(struct span in, struct list_report **out_reports, size_t *out_n);
