/* See findings.h. */
#include "tools/findings.h"

#include <inttypes.h>
#include <stdio.h>

enum { OUT_FLUSH = 64 * 1024, OUT_MAX = 64 << 20, VALUE_SHOWN = 80 };

void findings_begin(struct findings *f, bool is_json, bool shows_all)
{
    *f = (struct findings){.is_json = is_json, .shows_all = shows_all};
    buf_init(&f->out, OUT_MAX);
    json_init(&f->json, &f->out);
    if (is_json) {
        json_begin_object(&f->json, NULL);
        json_begin_array(&f->json, "findings");
    }
}

void findings_flush(struct findings *f)
{
    f->is_broken |= f->out.len && fwrite(f->out.ptr, 1, f->out.len, stdout) != f->out.len;
    buf_reset(&f->out);
}

void findings_fini(struct findings *f)
{
    buf_fini(&f->out);
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Counts this one; how many of its kind and reason there are now. */
static uint64_t count(struct findings *f, const struct finding_line *line)
{
    enum { PLACES = sizeof f->kinds / sizeof *f->kinds };
    size_t i = 0;
    while (i < PLACES - 1 && f->kinds[i].n &&
           !(is_same_text(f->kinds[i].kind, line->kind) && is_same_text(f->kinds[i].reason, line->reason)))
        i++;
    f->kinds[i].kind = line->kind;
    f->kinds[i].reason = line->reason;
    f->n += !line->is_note;
    f->n_notes += line->is_note;
    return ++f->kinds[i].n;
}

static void put_json(struct findings *f, const struct finding_line *line)
{
    struct json *j = &f->json;
    json_begin_object(j, NULL);
    json_text(j, "path", span_str(line->path));
    if (line->line)
        json_u64(j, "line", line->line);
    if (line->col)
        json_u64(j, "column", line->col);
    json_str(j, "kind", line->kind);
    if (line->reason)
        json_str(j, "reason", line->reason);
    if (line->n > 1)
        json_u64(j, "entries", line->n);
    json_bool(j, "is_note", line->is_note);
    json_text(j, "message", span_str(line->what));
    if (line->value.len)
        json_wire(j, "value", span_first(line->value, VALUE_SHOWN));
    json_end_object(j);
}

static void put_line(struct findings *f, const struct finding_line *line)
{
    put_escaped(&f->out, span_str(line->path));
    if (line->line)
        buf_printf(&f->out, ":%" PRIu32, line->line);
    if (line->line && line->col)
        buf_printf(&f->out, ":%" PRIu32, line->col);
    buf_printf(&f->out, ": %s%s: ", line->is_note ? "note: " : "", line->kind);
    put_escaped(&f->out, span_str(line->what));
    buf_put_byte(&f->out, '\n');
}

void findings_add(struct findings *f, const struct finding_line *line)
{
    uint64_t n = count(f, line);
    if (f->is_json)
        put_json(f, line);
    else if (f->shows_all || n <= FINDINGS_EACH)
        put_line(f, line);
    if (f->out.len > OUT_FLUSH)
        findings_flush(f);
}

void findings_end(struct findings *f)
{
    if (f->is_json) {
        json_end_array(&f->json);
        return;
    }
    for (size_t i = 0; i < sizeof f->kinds / sizeof *f->kinds && !f->shows_all; i++)
        if (f->kinds[i].n > FINDINGS_EACH)
            buf_printf(&f->out, "... and %" PRIu64 " more: %s%s%s (--all shows them)\n",
                       f->kinds[i].n - FINDINGS_EACH, f->kinds[i].kind, f->kinds[i].reason ? " " : "",
                       f->kinds[i].reason ? f->kinds[i].reason : "");
}
