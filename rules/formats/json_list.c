/* See json_list.h. */
#include "rules/formats/json_list.h"

#include <stdio.h>

enum { CHUNK_BYTES = 1 << 20, TREES_MAX = 256 << 20, TREES_KEPT = 1 << 20 };

static bool slurp(struct json_list *j, struct err *err)
{
    struct lines *lines = &j->load->lines;
    for (;;) {
        if (j->bytes.used > JSON_LIST_MAX - CHUNK_BYTES)
            return err_set(err, ERR_LIMIT, j->load->path, "a JSON list of more than 2 GiB");
        uint8_t *to = rows_add(&j->bytes, CHUNK_BYTES);
        if (!to)
            return err_set(err, ERR_MEMORY, j->load->path, "not enough memory to read a list");
        ssize_t got = lines_read(lines, to, CHUNK_BYTES, &lines->failure);
        rows_cut(&j->bytes, j->bytes.used - CHUNK_BYTES + (got > 0 ? (size_t)got : 0));
        if (got <= 0)
            return true;
    }
}

static uint64_t count_lines(struct span text)
{
    uint64_t n = text.len > 0;
    const uint8_t *p = text.ptr, *end = p + text.len;
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))))
        n += ++p < end;
    return n;
}

bool json_list_open(struct json_list *j, struct load *l, bool *out_is_empty, struct err *err)
{
    *j = (struct json_list){.load = l, .reader = json_reader_new(TREES_MAX)};
    *out_is_empty = true;
    if (!j->reader)
        return err_set(err, ERR_MEMORY, l->path, "not enough memory to read a list");
    if (!slurp(j, err))
        return false;
    struct span text = span_of(j->bytes.ptr, j->bytes.used);
    l->lines.n = count_lines(text);
    *out_is_empty = !json_part_of(text, &j->top);
    if (*out_is_empty)
        load_reject(l, REJECT_MALFORMED_JSON, 1, 1, span_of("", 0), "the file is empty, which is no JSON");
    return true;
}

bool json_list_close(struct json_list *j, struct err *err)
{
    bool is_good = load_flush(j->load, err);
    json_reader_free(j->reader);
    rows_free(&j->bytes);
    return is_good;
}

static void reject_part(struct json_list *j, uint32_t line, uint32_t col, struct span text, const char *what)
{
    load_reject(j->load, REJECT_MALFORMED_JSON, line ? line : 1, col, span_first(text, 80), what);
}

bool json_list_make_room(struct json_list *j, struct err *err)
{
    if (json_reader_used(j->reader) <= TREES_KEPT)
        return true;
    bool is_good = load_flush(j->load, err);
    json_reader_reset(j->reader);
    return is_good;
}

const json_value *json_list_read_more(struct json_list *j, const struct json_part *part)
{
    struct err why = {0};
    const json_value *v = json_read(j->reader, part, &why);
    if (!v) {
        char what[300];
        snprintf(what, sizeof what, "malformed JSON: %s; %s skipped", why.what, j->load->unit);
        reject_part(j, why.line, why.col, part->text, what);
    }
    return v;
}

const json_value *json_list_read(struct json_list *j, const struct json_part *part, bool *out_is_good,
                                 struct err *err)
{
    *out_is_good = json_list_make_room(j, err);
    return *out_is_good ? json_list_read_more(j, part) : NULL;
}

void json_list_reject(struct json_list *j, const struct json_walk *w)
{
    char what[300];
    snprintf(what, sizeof what, "malformed JSON: %s; %s skipped", w->what, j->load->unit);
    reject_part(j, w->line, w->col, span_of("", 0), what);
}

/* A value whose brackets do not match is handed out nevertheless. Whoever walks or reads it meets the fault again
 * and nearer; else it is told with the next step. */
bool json_list_walk(struct json_list *j, struct json_walk *w, struct span *out_key,
                    struct json_part *out_part)
{
    const uint64_t *n_rejected = &j->load->report->by_reason[REJECT_MALFORMED_JSON];
    for (;;) {
        if (w->mark == *n_rejected + 1)
            json_list_reject(j, w);
        w->mark = 0;
        enum json_step step = json_walk_next(w, out_key, out_part);
        if (step == JSON_WALK_FAULT && out_part->text.len)
            w->mark = *n_rejected + 1;
        else if (step == JSON_WALK_FAULT)
            json_list_reject(j, w);
        if (step == JSON_WALK_END || out_part->text.len)
            return step != JSON_WALK_END;
    }
}

const json_value *json_list_next(struct json_list *j, struct json_walk *w, struct json_part *out_part,
                                 bool *out_is_good, struct err *err)
{
    struct span key;
    *out_is_good = true;
    while (json_list_walk(j, w, &key, out_part)) {
        const json_value *v = json_list_read(j, out_part, out_is_good, err);
        if (v || !*out_is_good)
            return v;
        json_walk_retry(w, out_part);
    }
    return NULL;
}
