#pragma once
/* Domain names: canonical form. ASCII lower case, U-labels as A-labels (UTS 46, libidn2), full-width and ideographic
 * dots are dots, one trailing dot cut; labels of 1-63 bytes of letters, digits, '-' and '_'; 253 bytes in all; at
 * least two labels; the last not all digits and not 0x... */
#include "base/buf.h"
#include "rules/value.h"

enum { NAME_MAX_BYTES = 253 };

/* `name` is canonical as it stands in nearly all lists: then *out borrows from it. Else the canonical bytes are
 * appended to `scratch`. *out_col: offset from 1 of the byte at fault. On REJECT_SINGLE_LABEL *out is set all the same, for
 * callers that can make use of a top-level domain. */
enum reject name_canonical(struct span name, struct buf *scratch, struct span *out, uint32_t *out_col);

/* Is it canonical as it stands, and not by a rare exception? One pass, no copy: true for nearly every name in a list. When it
 * is false name_canonical() may still say that it is one ("a.b.1c"). */
bool name_is_plain(struct span name);

/* Is it a public suffix, by the list libpsl carries (ICANN and private sections)? `name` canonical, may be one label: any
 * single label counts as one. A top-level domain nobody knows has no public suffixes below it. */
struct public_suffixes;
struct public_suffixes *public_suffixes_new(void); /* opens libpsl's list; NULL when memory is short */
void public_suffixes_free(struct public_suffixes *p);
bool public_suffixes_has(const struct public_suffixes *p, struct span name);
