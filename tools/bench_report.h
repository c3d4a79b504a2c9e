#pragma once
/* A result in three forms, and what it comes to beside an earlier one. All write to `out`, whose ceiling is the caller's; texts of lists are
 * escaped as each form wants it. */
#include "base/buf.h"
#include "tools/bench_baseline.h"

/* What was measured, before any figure: program, machine, lists, fields. */
void bench_text_head(struct buf *out, const struct bench_host *h);
void bench_text_body(struct buf *out, const struct bench_result *r);
void bench_text_baseline(struct buf *out, const struct bench_baseline *b);

/* One object. `b` NULL: nothing to compare with. What a later --baseline reads is in "metrics", "fields" and "machine". */
void bench_json(struct buf *out, const struct bench_result *r, const struct bench_baseline *b);

/* A page of its own: no scripts, nothing from elsewhere; well-formed as XML too. */
void bench_html(struct buf *out, const struct bench_result *r, const struct bench_baseline *b);

enum { BENCH_VALUE_SHOWN = 90 }; /* bytes of an indicator's value, in texts */
/* "list:line" of the first that named it. */
void bench_put_place(struct buf *out, const struct set_view *v, uint32_t indicator);
/* "12.3 MiB". */
void bench_put_bytes(struct buf *out, double bytes);
/* A value of an indicator, escaped but for its backslashes: regexes are to be read as they are written. */
void bench_put_pattern(struct buf *out, struct span value);
/* What saying plain regexes plainly comes to, in a sentence. */
void bench_put_saving(struct buf *out, const struct bench_result *r);
/* What the fields are, in a sentence. */
void bench_put_fields(struct buf *out, const struct bench_result *r);
