#pragma once
/* Wildcard names: "evil-*.example". '*' is any run of bytes but dots, '?' one byte but a dot. Canonical form: ASCII lower case,
 * one trailing dot cut, runs of '*' made one; otherwise as for names, but that U-labels are refused. */
#include "base/buf.h"
#include "rules/value.h"

/* `text` has a '*' or '?'. Borrows or appends like name_canonical(). REJECT_BAD_CHAR also when there are no three name bytes in
 * a row outside the last label: "*.*.com" would match the world. REJECT_BAD_IP when it looks like an address. */
enum reject wildcard_canonical(struct span text, struct buf *scratch, struct span *out, uint32_t *out_col);
