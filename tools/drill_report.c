/* See drill_report.h. */
#include "tools/drill_report.h"

#include <stdlib.h>

enum { JSON_CAP = 64 << 20, COL_ORIG_H = 0, COL_ORIG_P, COL_RESP_H, COL_RESP_P, COL_INDICATOR, COLS };
/* Of a line of Maltrail's log (core/log.py). */
enum {
    MALTRAIL_SRC = 2,
    MALTRAIL_SRC_PORT,
    MALTRAIL_DST,
    MALTRAIL_DST_PORT,
    MALTRAIL_TRAIL = 8,
    MALTRAIL_MIN
};

bool drill_report_init(struct drill_report *r)
{
    *r = (struct drill_report){.json = json_reader_new(JSON_CAP)};
    return r->json != NULL;
}

void drill_report_fini(struct drill_report *r)
{
    json_reader_free(r->json);
    r->json = NULL;
}

void drill_report_reset(struct drill_report *r)
{
    r->is_tsv = false;
}

static bool read_ip(struct span text, struct ip *out)
{
    return ip_parse_v4(text, out) || ip_parse_v6(text, out);
}

static bool read_port(struct span text, uint16_t *out)
{
    uint32_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || n > UINT16_MAX)
            return false;
        n = n * 10 + text.ptr[i] - '0';
    }
    *out = (uint16_t)n;
    return text.len && n <= UINT16_MAX;
}

/* ---- JSON ---- */

static uint16_t port_of(const json_value *v, const char *key)
{
    double n;
    return json_number(json_member(v, key), &n) && n >= 0 && n <= UINT16_MAX ? (uint16_t)n : 0;
}

static bool read_ends(const json_value *v, const char *const keys[static 4], struct sighting *out)
{
    out->a_port = port_of(v, keys[1]);
    out->b_port = port_of(v, keys[3]);
    return read_ip(json_string_of(v, keys[0]), &out->a) && read_ip(json_string_of(v, keys[2]), &out->b);
}

static enum drill_report_line read_eve(const json_value *v, struct sighting *out)
{
    static const char *const keys[] = {"src_ip", "src_port", "dest_ip", "dest_port"};
    if (!span_eq(json_string_of(v, "event_type"), SPAN_LIT("alert")))
        return REPORT_OTHER;
    const json_value *alert = json_member(v, "alert"),
                     *ioc = json_member(json_member(alert, "context"), "ioc");
    if (!ioc)
        ioc = json_member(json_member(alert, "metadata"), "ioc");
    out->value = json_string_of(ioc, "value");
    out->text = json_string_of(alert, "signature");
    return read_ends(v, keys, out) ? REPORT_ALERT : REPORT_UNKNOWN;
}

static enum drill_report_line read_zeek(const json_value *v, struct sighting *out)
{
    static const char *const keys[] = {"id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"};
    out->seen = json_string_of(v, "seen.indicator");
    return read_ends(v, keys, out) ? REPORT_ALERT : REPORT_UNKNOWN;
}

/* "192.0.2.1:80" */
static bool read_end(struct span text, struct ip *out, uint16_t *out_port)
{
    const uint8_t *colon = text.len ? memrchr(text.ptr, ':', text.len) : NULL;
    size_t len = colon ? (size_t)(colon - text.ptr) : 0;
    return colon && read_port(span_from(text, len + 1), out_port) && read_ip(span_first(text, len), out);
}

static enum drill_report_line read_snort(const json_value *v, struct sighting *out)
{
    static const char *const keys[] = {"src_addr", "src_port", "dst_addr", "dst_port"};
    out->text = json_string_of(v, "msg");
    bool is_good = json_member(v, "src_addr")
                       ? read_ends(v, keys, out)
                       : read_end(json_string_of(v, "src_ap"), &out->a, &out->a_port) &&
                             read_end(json_string_of(v, "dst_ap"), &out->b, &out->b_port);
    return is_good ? REPORT_ALERT : REPORT_UNKNOWN;
}

static enum drill_report_line read_json(struct drill_report *r, struct span line, struct sighting *out)
{
    struct json_part part;
    struct err err;
    json_reader_reset(r->json);
    const json_value *v = json_part_of(line, &part) ? json_read(r->json, &part, &err) : NULL;
    if (!json_is_object(v))
        return REPORT_UNKNOWN;
    return json_member(v, "event_type")       ? read_eve(v, out)
           : json_member(v, "seen.indicator") ? read_zeek(v, out)
           : json_member(v, "msg")            ? read_snort(v, out)
                                              : REPORT_UNKNOWN;
}

/* ---- Zeek's TSV ---- */

static struct span take_cell(struct span *io_rest)
{
    const uint8_t *tab = io_rest->len ? memchr(io_rest->ptr, '\t', io_rest->len) : NULL;
    struct span cell = span_first(*io_rest, tab ? (size_t)(tab - io_rest->ptr) : io_rest->len);
    *io_rest = span_from(*io_rest, cell.len + 1);
    return cell;
}

static void read_fields(struct drill_report *r, struct span rest)
{
    static const char *const names[COLS] = {[COL_ORIG_H] = "id.orig_h",
                                            [COL_ORIG_P] = "id.orig_p",
                                            [COL_RESP_H] = "id.resp_h",
                                            [COL_RESP_P] = "id.resp_p",
                                            [COL_INDICATOR] = "seen.indicator"};
    for (int c = 0; c < COLS; c++)
        r->columns[c] = -1;
    for (int at = 0; rest.len && at < REPORT_COLUMNS_MAX; at++) {
        struct span name = take_cell(&rest);
        for (int c = 0; c < COLS; c++)
            if (span_eq(name, span_str(names[c])))
                r->columns[c] = at;
    }
}

static enum drill_report_line read_head(struct drill_report *r, struct span line)
{
    r->is_tsv = true;
    if (span_starts(line, SPAN_LIT("#fields\t")))
        read_fields(r, span_from(line, 8));
    return REPORT_OTHER;
}

static enum drill_report_line read_row(const struct drill_report *r, struct span line, struct sighting *out)
{
    struct span cells[COLS] = {0};
    for (int at = 0; line.len && at < REPORT_COLUMNS_MAX; at++) {
        struct span cell = take_cell(&line);
        for (int c = 0; c < COLS; c++)
            if (r->columns[c] == at)
                cells[c] = cell;
    }
    out->seen = cells[COL_INDICATOR];
    bool is_good = read_ip(cells[COL_ORIG_H], &out->a) && read_port(cells[COL_ORIG_P], &out->a_port) &&
                   read_ip(cells[COL_RESP_H], &out->b) && read_port(cells[COL_RESP_P], &out->b_port);
    return is_good && out->seen.len ? REPORT_ALERT : REPORT_UNKNOWN;
}

/* ---- Maltrail ---- */

/* Blanks part them; quotes hold together. */
static struct span take_word(struct span *io_rest)
{
    while (io_rest->len && io_rest->ptr[0] == ' ')
        span_skip(io_rest, 1);
    bool is_quoted = io_rest->len && io_rest->ptr[0] == '"';
    if (is_quoted)
        span_skip(io_rest, 1);
    const uint8_t *end = io_rest->len ? memchr(io_rest->ptr, is_quoted ? '"' : ' ', io_rest->len) : NULL;
    struct span word = span_first(*io_rest, end ? (size_t)(end - io_rest->ptr) : io_rest->len);
    *io_rest = span_from(*io_rest, word.len + 1);
    return word;
}

/* "(www.)evil.example": what is in brackets was seen, and is not listed. */
static struct span without_brackets(struct drill_report *r, struct span trail)
{
    size_t n = 0;
    unsigned depth = 0;
    for (size_t i = 0; i < trail.len && n < sizeof r->value; i++) {
        uint8_t c = trail.ptr[i];
        depth += c == '(';
        if (!depth)
            r->value[n++] = (char)c;
        depth -= c == ')' && depth;
    }
    return span_of(r->value, n);
}

static enum drill_report_line read_maltrail(struct drill_report *r, struct span line, struct sighting *out)
{
    struct span words[MALTRAIL_MIN] = {0};
    for (unsigned i = 0; i < MALTRAIL_MIN; i++)
        words[i] = take_word(&line);
    out->value = without_brackets(r, words[MALTRAIL_TRAIL]);
    bool is_good = read_ip(words[MALTRAIL_SRC], &out->a) &&
                   read_port(words[MALTRAIL_SRC_PORT], &out->a_port) &&
                   read_ip(words[MALTRAIL_DST], &out->b) && read_port(words[MALTRAIL_DST_PORT], &out->b_port);
    return is_good && out->value.len ? REPORT_ALERT : REPORT_UNKNOWN;
}

enum drill_report_line drill_report_read(struct drill_report *r, struct span line, struct sighting *out)
{
    *out = (struct sighting){0};
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    if (line.len == 0)
        return REPORT_OTHER;
    switch (line.ptr[0]) {
    case '{':
        return read_json(r, line, out);
    case '#':
        return read_head(r, line);
    case '"':
        return read_maltrail(r, line, out);
    default:
        return r->is_tsv ? read_row(r, line, out) : REPORT_UNKNOWN;
    }
}
