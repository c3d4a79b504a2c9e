/* See json_row.h. */
#include "rules/formats/json_row.h"

#include <stdio.h>

#include "base/hash.h"

static bool is_number_from_1(struct span s)
{
    size_t n = 0;
    while (n < s.len && s.ptr[n] >= '0' && s.ptr[n] <= '9')
        n++;
    return s.len && n == s.len;
}

static struct span last_part(struct span path)
{
    for (size_t i = path.len; i > 0; i--)
        if (path.ptr[i - 1] == '.')
            return span_from(path, i);
    return path;
}

void json_rows_init(struct json_rows *r, const struct csv_options *said)
{
    *r = (struct json_rows){0};
    for (int role = 0; role < CSV_ROLE_COUNT; role++) {
        struct span name = csv_said_column(said, (enum csv_role)role);
        if (!is_number_from_1(name)) /* those are columns of CSV lists, which may lie in the same folder */
            r->said[role] = name;
    }
}

/* ---- what keys mean ---- */

static bool is_same_name(struct span a, struct span b)
{
    uint8_t plain_a[CSV_NAME_MAX], plain_b[CSV_NAME_MAX];
    return span_eq(csv_plain_name(a, plain_a), csv_plain_name(b, plain_b));
}

static void add_role(struct json_key_roles *k, enum csv_role role, size_t rank)
{
    if (k->n == JSON_KEY_ROLES_MAX)
        return;
    k->roles[k->n].role = role;
    k->roles[k->n++].rank = rank;
}

static void find_roles(const struct json_rows *r, struct json_key_roles *k)
{
    struct span key = span_of(k->key, k->len);
    for (int role = 0; role < CSV_ROLE_COUNT; role++) {
        struct span said = r->said[role];
        if (said.len && (span_eq(last_part(said), key) || is_same_name(said, key)))
            add_role(k, (enum csv_role)role, 0);
    }
    uint8_t plain[CSV_NAME_MAX];
    struct span name = csv_plain_name(key, plain);
    const char *known;
    enum csv_role role;
    for (size_t i = 0; (known = csv_header_name(i, &role)); i++)
        if (r->said[role].len == 0 && span_eq(name, span_str(known)))
            add_role(k, role, i + 1);
    k->has_type = r->said[CSV_VALUE].len == 0 && csv_header_type(name, &k->type);
}

/* Where the key is, or its place. */
static struct json_key_roles *place_of(struct json_rows *r, struct span key)
{
    size_t i = hash_bytes(key.ptr, key.len, 0) % JSON_KEYS;
    while (r->keys[i].len && !span_eq(span_of(r->keys[i].key, r->keys[i].len), key))
        i = (i + 1) % JSON_KEYS;
    if (r->keys[i].len == 0 && r->n_keys == JSON_KEYS / 2)
        return &r->beyond;
    return &r->keys[i];
}

static const struct json_key_roles *roles_of(struct json_rows *r, struct span key)
{
    static const struct json_key_roles none = {0};
    if (key.len == 0 || key.len > CSV_NAME_MAX)
        return &none;
    struct json_key_roles *k = place_of(r, key);
    if (span_eq(span_of(k->key, k->len), key))
        return k;
    r->n_keys += k != &r->beyond;
    *k = (struct json_key_roles){.len = key.len};
    memcpy(k->key, key.ptr, key.len);
    find_roles(r, k);
    return k;
}

bool json_rows_is_value(struct json_rows *r, struct span key)
{
    const struct json_key_roles *k = roles_of(r, key);
    for (size_t i = 0; i < k->n; i++)
        if (k->roles[i].role == CSV_VALUE)
            return true;
    return false;
}

/* ---- what members hold ---- */

static bool is_bool(const json_value *v)
{
    return json_truth(v, true) == json_truth(v, false);
}

/* A text, number or truth; of a list its first. Empty: it says nothing. */
static struct span text_of(const json_value *v, char number[static JSON_NUMBER_MAX])
{
    double d;
    if (json_is_array(v))
        v = json_first(v);
    if (!v || json_is_string(v))
        return json_string(v);
    if (json_number(v, &d)) {
        bool is_whole = d >= 0 && d < 1e15 && d == (double)(uint64_t)d;
        int n = is_whole ? snprintf(number, JSON_NUMBER_MAX, "%llu", (unsigned long long)d)
                         : snprintf(number, JSON_NUMBER_MAX, "%.15g", d);
        return span_of(number, (size_t)n);
    }
    if (json_is_object(v) || json_is_array(v) || !is_bool(v))
        return span_of("", 0);
    return span_str(json_truth(v, false) ? "true" : "false");
}

/* Would text_of() be empty? */
static bool says_nothing(const json_value *v)
{
    double d;
    v = json_is_array(v) ? json_first(v) : v;
    if (!v || json_is_string(v))
        return json_string(v).len == 0;
    return !json_number(v, &d) && (json_is_object(v) || json_is_array(v) || !is_bool(v));
}

/* The best member for each role so far. */
struct best {
    const json_value *v[CSV_ROLE_COUNT];
    size_t rank[CSV_ROLE_COUNT];
};

static void offer(struct best *best, enum csv_role role, size_t rank, const json_value *v)
{
    if ((!best->v[role] || rank < best->rank[role]) && !says_nothing(v)) {
        best->v[role] = v;
        best->rank[role] = rank;
    }
}

/* The member at "a.b.c". */
static const json_value *member_at(const json_value *object, struct span path)
{
    char key[CSV_NAME_MAX];
    while (object && path.len) {
        const uint8_t *dot = memchr(path.ptr, '.', path.len);
        size_t n = dot ? (size_t)(dot - path.ptr) : path.len;
        if (n >= sizeof key)
            return NULL;
        memcpy(key, path.ptr, n);
        key[n] = 0;
        object = json_member(json_is_array(object) ? json_first(object) : object, key);
        path = span_from(path, n + 1);
    }
    return object;
}

/* What the options say by path, but for the value, whose row has been found by it. */
static void offer_paths(const struct json_rows *r, const json_value *object, struct best *best)
{
    for (int role = CSV_VALUE + 1; role < CSV_ROLE_COUNT; role++) {
        struct span said = r->said[role];
        if (said.len && memchr(said.ptr, '.', said.len))
            offer(best, (enum csv_role)role, 0, member_at(object, said));
    }
}

static void take_tags(struct table_row *row, const json_value *tags)
{
    row->n_tags = 0;
    if (!json_is_array(tags))
        return;
    for (const json_value *tag = json_first(tags); tag && row->n_tags < TABLE_TAGS_MAX; tag = json_next(tag))
        if (json_string(tag).len)
            row->tags[row->n_tags++] = json_string(tag);
}

void json_rows_read(struct json_rows *r, const json_value *object)
{
    struct best best;
    memset(best.v, 0, sizeof best.v); /* ranks count only beside one */
    struct table_row *row = &r->row;
    row->has_type = row->has_context = false;
    for (const json_value *v = json_first(object); v; v = json_next(v)) {
        const struct json_key_roles *k = roles_of(r, json_key(v));
        for (size_t i = 0; i < k->n; i++)
            offer(&best, k->roles[i].role, k->roles[i].rank, v);
    }
    offer_paths(r, object, &best);
    for (int role = CSV_VALUE + 1; role < CSV_ROLE_COUNT; role++) {
        row->cells[role] = best.v[role] ? text_of(best.v[role], r->numbers[role]) : span_of("", 0);
        row->has_context |= role >= CSV_DESCRIPTION && best.v[role];
    }
    take_tags(row, best.v[CSV_TAGS]);
    r->value = best.v[CSV_VALUE];
    if (r->value) {
        const struct json_key_roles *k = roles_of(r, json_key(r->value));
        row->has_type = k->has_type;
        row->type = k->type;
    }
}
