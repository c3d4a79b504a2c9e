/* MISP warninglists: names and addresses that are no indicators by themselves, as well-known sites, resolvers and
 * cloud networks.
 *
 *     {"name": "...", "version": 7, "description": "...", "type": "string",
 *      "matching_attributes": ["domain", ...], "list": ["...", ...]}
 *
 * All of it is for the allow side, and only for names and addresses as such: a URL on a well-known host may well be
 * malicious. `type` says how a value is compared:
 *   string     the value itself; a single label ("COM") is a whole top-level domain, and stands for that one name;
 *              ".x" is x and below
 *   hostname   the name and what is below it
 *   cidr       networks, and bare addresses
 *   substring  whatever name has it in it
 *   regex      "/.../i" as PCRE, on names
 * The members come in any order, `list` often before `type`: they are walked first, the list then. */
#include "base/ip.h"
#include "rules/formats/json_list.h"
#include "rules/formats/misp_types.h"

enum { TEXTS_MAX = 1 << 20, COMPOSED_MAX = 8 << 20 };

enum kind { WL_STRING, WL_HOSTNAME, WL_CIDR, WL_SUBSTRING, WL_REGEX, WL_KIND_COUNT };

struct warninglist {
    struct json_list json;
    struct json_reader *reader; /* owned: what the list says of itself */
    struct arena composed;      /* owned: values put together, until they have been passed on */
    struct context_in context;
    struct json_part list;
    enum kind kind;
    bool has_kind, has_list, is_of_network;
};

/* ---- what the list says of itself ---- */

static bool kind_of(struct span word, enum kind *out)
{
    static const char *const names[WL_KIND_COUNT] = {"string", "hostname", "cidr", "substring", "regex"};
    for (unsigned i = 0; i < WL_KIND_COUNT; i++) {
        if (span_eq_nocase(word, span_str(names[i]))) {
            *out = (enum kind)i;
            return true;
        }
    }
    return false;
}

/* Is any of the attributes it is meant for looked for in traffic? None named: all are meant. */
static bool names_network(const json_value *array)
{
    const json_value *e = json_first(array);
    bool has_any = e != NULL, is_of_network = false;
    for (; e; e = json_next(e))
        is_of_network |= misp_type_is_seen(misp_type_of(json_string(e)));
    return is_of_network || !has_any;
}

static bool take_detail(struct warninglist *w, struct span key, const json_value *v, struct err *err)
{
    struct load *l = w->json.load;
    struct span text = load_text(json_string(v));
    if (span_eq(key, SPAN_LIT("name")) && text.len && l->options->name.len == 0)
        return load_set_name(l, text, err);
    if (span_eq(key, SPAN_LIT("description")) && text.len)
        w->context.description = text;
    else if (span_eq(key, SPAN_LIT("type")))
        w->has_kind = kind_of(text, &w->kind);
    else if (span_eq(key, SPAN_LIT("matching_attributes")))
        w->is_of_network = names_network(v);
    return true;
}

static bool is_detail(struct span key)
{
    static const char *const keys[] = {"name", "description", "type", "matching_attributes"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (span_eq(key, span_str(keys[i])))
            return true;
    return false;
}

static bool look_over(struct warninglist *w, struct err *err)
{
    struct json_walk walk;
    struct span key;
    struct json_part part;
    struct err why = {0};
    if (!json_walk_begin(&walk, &w->json.top))
        return true;
    while (json_list_walk(&w->json, &walk, &key, &part)) {
        if (span_eq(key, SPAN_LIT("list"))) {
            w->list = part;
            w->has_list = json_part_is(&part, '[');
        } else if (is_detail(key)) {
            const json_value *v = json_read(w->reader, &part, &why);
            if (!v)
                load_reject(w->json.load, REJECT_MALFORMED_JSON, part.line, part.col,
                            span_first(part.text, 80), NULL);
            else if (!take_detail(w, key, v, err))
                return false;
        }
    }
    return true;
}

/* ---- values ---- */

static uint8_t *room_for(struct warninglist *w, size_t n)
{
    if (load_is_flushed(w->json.load))
        arena_reset(&w->composed);
    return n <= LOAD_VALUE_MAX ? arena_bytes(&w->composed, n) : NULL;
}

static bool is_plain(uint8_t c)
{
    uint8_t lower = c | 0x20;
    return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || c == '_' || c >= 0x80;
}

/* The regex that finds this text. */
static struct span escaped(struct warninglist *w, struct span text)
{
    uint8_t *p = room_for(w, 2 * text.len);
    size_t n = 0;
    for (size_t i = 0; p && i < text.len; i++) {
        if (!is_plain(text.ptr[i]))
            p[n++] = '\\';
        p[n++] = text.ptr[i];
    }
    return span_of(p ? p : text.ptr, n);
}

/* "/.../gi" without its delimiters and flags: names are matched in any case. */
static struct span bare_regex(struct span text)
{
    size_t n = text.len;
    while (n > 1 && text.ptr[n - 1] != '/')
        n--;
    return text.len && text.ptr[0] == '/' && n > 1 ? span_of(text.ptr + 1, n - 2) : text;
}

static bool is_address(struct span text)
{
    struct ip ip;
    return ip_parse_v4(text, &ip) || ip_parse_v6(text, &ip);
}

static void make_regex(struct warninglist *w, struct load_entry *e)
{
    e->has_type = true;
    e->type = IOC_REGEX;
    e->flags |= IOC_F_CASELESS;
    e->fields = ioc_default_fields(IOC_DOMAIN);
    e->value = w->kind == WL_REGEX ? bare_regex(e->value) : escaped(w, e->value);
}

/* "COM" as ".COM", which is how a name of one label is written, and that name alone is meant. */
static void make_name(struct warninglist *w, struct load_entry *e)
{
    uint8_t *p =
        e->value.len && !memchr(e->value.ptr, '.', e->value.len) && !memchr(e->value.ptr, ':', e->value.len)
            ? room_for(w, e->value.len + 1)
            : NULL;
    if (!p)
        return;
    p[0] = '.';
    memcpy(p + 1, e->value.ptr, e->value.len);
    e->value = span_of(p, e->value.len + 1);
    e->has_type = e->has_match = true;
    e->type = IOC_DOMAIN;
    e->match = MATCH_EXACT;
}

static bool take_value(struct warninglist *w, const json_value *v, const struct json_part *part,
                       struct err *err)
{
    struct load_entry e = {.value = load_trim(json_string(v)),
                           .line = part->line,
                           .col = part->col,
                           .flags = IOC_F_HOST_ONLY,
                           .context = &w->context};
    if (!json_is_string(v)) {
        load_reject(w->json.load, REJECT_TYPE_MISMATCH, part->line, part->col, span_first(part->text, 80),
                    "the entries of a warninglist are texts; entry skipped");
        return true;
    }
    w->json.load->name_match = w->kind == WL_HOSTNAME ? MATCH_SUFFIX : MATCH_EXACT;
    if (w->kind == WL_CIDR) {
        e.has_type = true;
        e.type = IOC_CIDR4;
    } else if (w->kind == WL_REGEX || (w->kind == WL_SUBSTRING && !is_address(e.value))) {
        make_regex(w, &e);
    } else if (w->kind == WL_STRING) {
        make_name(w, &e);
    }
    return load_entry(w->json.load, &e, err);
}

/* ---- the list ---- */

static bool take_values(struct warninglist *w, struct err *err)
{
    struct load *l = w->json.load;
    struct json_walk walk;
    struct json_part part;
    const json_value *v;
    bool is_good;
    if (!w->is_of_network)
        load_warn(l, 1, 1, span_of("", 0),
                  "its matching_attributes name nothing that traffic shows; all of the list is skipped");
    if (!json_walk_begin(&walk, &w->list))
        return true;
    while ((v = json_list_next(&w->json, &walk, &part, &is_good, err))) {
        if (!w->is_of_network)
            load_skip(l, SKIP_TYPE, IOC_OTHER, part.line, part.col, json_string(v));
        else if (!take_value(w, v, &part, err))
            return false;
    }
    return is_good;
}

static bool take_list(struct warninglist *w, struct err *err)
{
    if (!look_over(w, err))
        return false;
    if (w->has_list && w->has_kind)
        return take_values(w, err);
    load_reject(
        w->json.load, REJECT_BAD_PARAMETERS, w->json.top.line, w->json.top.col, span_of("", 0),
        w->has_list
            ? "a warninglist has a \"type\": string, hostname, cidr, substring or regex; nothing of it "
              "was loaded"
            : "a warninglist has an array \"list\"; there is none here");
    return true;
}

static bool load_list(struct load *l, struct err *err)
{
    struct warninglist w = {.reader = json_reader_new(TEXTS_MAX), .is_of_network = true};
    bool is_empty, is_good;
    if (!w.reader)
        return err_set(err, ERR_MEMORY, l->path, "not enough memory to read a list");
    arena_init(&w.composed, 64 * 1024, COMPOSED_MAX);
    w.context = load_context(l);
    is_good = json_list_open(&w.json, l, &is_empty, err) && (is_empty || take_list(&w, err));
    is_good = json_list_close(&w.json, err) && is_good;
    arena_fini(&w.composed);
    json_reader_free(w.reader);
    return is_good;
}

/* ---- detection ---- */

static bool has_key(struct span head, const char *key)
{
    return json_head_has(head, 1, key);
}

static bool is_known(struct span key)
{
    static const char *const known[] = {"list",        "name",    "version", "type", "matching_attributes",
                                        "description", "category"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (span_eq(key, span_str(known[i])))
            return true;
    return false;
}

/* The beginning of a long list may hold no more than "description" and "list", and so may a list that was cut short.
 * Both are taken for one: a file that turns out to have no "type" loads nothing, while as a list of indicators it
 * would be an alarm for each well-known site. */
static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    struct json_walk w;
    struct json_part top, part;
    struct span key;
    enum json_step step;
    size_t n = 0;
    if (!json_part_of(head, &top) || !json_part_is(&top, '{') || !has_key(head, "list"))
        return false;
    if (has_key(head, "matching_attributes"))
        return true;
    json_walk_begin(&w, &top);
    for (; (step = json_walk_next(&w, &key, &part)) == JSON_WALK_VALUE; n++)
        if (!is_known(key))
            return false;
    return step == JSON_WALK_FAULT && n > 0 && (has_key(head, "description") || has_key(head, "version"));
}

const struct list_reader format_warninglist = {.name = "warninglist",
                                               .is_likely = is_likely,
                                               .load = load_list,
                                               .name_match = MATCH_EXACT,
                                               .is_allow = true,
                                               .unit = "entry"};
