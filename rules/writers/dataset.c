/* A Suricata dataset of type string: names in Base64, one per line. A name that stands for all below it too begins with a dot, as `match
 * subdomain` has it; without that keyword Suricata compares whole names. */
#include "rules/writers/writer.h"

static void put_base64(struct buf *out, struct span bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t group = (uint32_t)bytes.ptr[i] << 16 | (uint32_t)(n > 1 ? bytes.ptr[i + 1] : 0) << 8 |
                         (n > 2 ? bytes.ptr[i + 2] : 0);
        const uint8_t text[] = {(uint8_t)digits[group >> 18], (uint8_t)digits[group >> 12 & 63],
                                (uint8_t)(n > 1 ? digits[group >> 6 & 63] : '='),
                                (uint8_t)(n > 2 ? digits[group & 63] : '=')};
        buf_put(out, span_of(text, sizeof text));
    }
}

static void put_name(struct buf *out, const struct indicator *i, struct span name)
{
    uint8_t text[256] = {'.'};
    memcpy(text + 1, name.ptr, name.len);
    bool is_suffix = i->match == MATCH_SUFFIX;
    put_base64(out, span_of(text + !is_suffix, name.len + is_suffix));
    buf_put_byte(out, '\n');
}

static bool write_lines(struct writing *w)
{
    const struct set_view *v = &w->indicators;
    for (uint32_t i = writing_next(w, v, 0); i < v->n_indicators; i = writing_next(w, v, i + 1)) {
        const struct indicator *ind = &v->indicators[i];
        struct span value = set_value(v, i);
        if (ind->type != IOC_DOMAIN || ind->match == MATCH_BELOW || value.len > 253) {
            writing_lose(w, LOSS_LEFT_OUT, v, i);
            continue;
        }
        writing_check_fields(w, v, i);
        put_name(&w->out, ind, value);
        if (!writing_pass(w))
            return false;
        w->report->written++;
    }
    writing_lose_allow(w);
    return true;
}

static const char *const aliases[] = {"suricata", "suricata-dataset", NULL};
const struct list_writer write_dataset = {.name = "dataset", .aliases = aliases, .write = write_lines};
