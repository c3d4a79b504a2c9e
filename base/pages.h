#pragma once
/* Large arrays that are touched as they fill: zeroed memory straight from the system, in huge pages where it gives them, for a table
 * looked up at random costs a page walk per look otherwise. */
#include <stddef.h>

/* Reserves address space; memory comes as it is touched. NULL when there is none. */
void *pages_map(size_t n_bytes);
/* `p` may be NULL. */
void pages_unmap(void *p, size_t n_bytes);
