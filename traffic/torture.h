#pragma once
/* Handshakes that a sensor has to read, in all the ways they may travel: a table of what (rows) by how (columns). Each cell has something of its own that
 * a list would name, which is nowhere else in the traffic, so that an alert tells which cell was read. */
#include "rules/indicator.h"
#include "sensor/packet.h"

enum { TORTURE_VALUE_MAX = 128 };

/* Rows and columns, counted from 0. `name` is short, for commands and JSON; `text` is for people. */
struct torture_label {
    const char *name, *text;
};
unsigned torture_n_whats(void);
unsigned torture_n_hows(void);
struct torture_label torture_what(unsigned what);
struct torture_label torture_how(unsigned how);
/* Columns are grouped; two neighbours are of one group when this is the same. */
const char *torture_group(unsigned how);

/* What is listed for a cell: a name (match exact) or an address. Returns the length. */
size_t torture_value(unsigned what, unsigned how, char out[static TORTURE_VALUE_MAX], enum ioc_type *out_type);

struct torture; /* one thread */

struct torture *torture_new(void); /* NULL when memory is short */
void torture_free(struct torture *t);

/* How many conversations a cell is: one, or one for each place where its message can be cut. 0: this can't travel so. */
uint32_t torture_trials(struct torture *t, unsigned what, unsigned how);
/* Begin one of them; then its packets. The clock goes on from trial to trial, ports and addresses differ: written to one file they are one capture. */
void torture_begin(struct torture *t, unsigned what, unsigned how, uint32_t trial);
/* The bytes die with the next call. Packets are numbered from 1, over all trials. */
bool torture_next(struct torture *t, struct packet *out);
