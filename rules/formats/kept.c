/* See kept.h. */
#include "rules/formats/kept.h"

#include "rules/name.h"

bool kept_init(struct kept *k, struct load *l, struct err *err)
{
    k->load = l;
    buf_init(&k->text, KEPT_BYTES);
    return buf_reserve(&k->text, KEPT_BYTES) ||
           err_set(err, ERR_MEMORY, l->path, "not enough memory to read a list");
}

void kept_fini(struct kept *k)
{
    buf_fini(&k->text);
}

bool kept_put(struct kept *k, struct span front, struct span text, struct span *out, struct err *err)
{
    if (k->text.len + front.len + text.len > KEPT_BYTES) {
        if (!load_flush(k->load, err))
            return false;
        buf_reset(&k->text);
    }
    size_t mark = buf_mark(&k->text);
    buf_put(&k->text, front);
    buf_put(&k->text, text);
    *out = span_from(buf_span(&k->text), mark);
    return true;
}

/* One label, perhaps with the final dot, and nothing that an address or a URL has. */
static bool is_single_label(struct span name)
{
    if (name.len == 0 || name.len > NAME_MAX_BYTES || memchr("*.[", name.ptr[0], 3))
        return false;
    const uint8_t *dot = memchr(name.ptr, '.', name.len);
    bool has_other = memchr(name.ptr, ':', name.len) || memchr(name.ptr, '/', name.len);
    return !has_other && (!dot || dot + 1 == name.ptr + name.len);
}

bool kept_name(struct kept *k, const struct load_entry *e, struct err *err)
{
    struct load_entry dotted = *e;
    if (!is_single_label(e->value))
        return load_entry(k->load, e, err);
    if (!kept_put(k, SPAN_LIT("."), e->value, &dotted.value, err))
        return false;
    dotted.col -= e->col > 1; /* a fault in it is shown where it was written */
    return load_entry(k->load, &dotted, err);
}
