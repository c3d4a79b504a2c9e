#pragma once
/* An object of JSON as a row of a table: which of its members has which role. Names are those of CSV headers, or what the options say
 * (value=, type_column=, ...), where "a.b" is b inside a. */
#include "base/json_read.h"
#include "rules/formats/csv_columns.h"
#include "rules/formats/table_row.h"

enum { JSON_KEY_ROLES_MAX = 4, JSON_KEYS = 256, JSON_NUMBER_MAX = 32 };

/* What a key means; asked again and again, for all objects of a list have the same keys. */
struct json_key_roles {
    uint8_t key[CSV_NAME_MAX];
    size_t len; /* 0: free */
    size_t n;
    struct {
        enum csv_role role;
        size_t rank; /* the least is preferred */
    } roles[JSON_KEY_ROLES_MAX];
    bool has_type; /* a value with this key is of this type */
    enum ioc_type type;
};

struct json_rows {
    struct span said[CSV_ROLE_COUNT];      /* borrowed: what the options say; empty: nothing */
    struct json_key_roles keys[JSON_KEYS]; /* a hash table, never more than half full, */
    size_t n_keys;
    struct json_key_roles beyond; /* and the last key that found no place in it */
    /* The row last read. */
    struct table_row row;
    const json_value *value; /* a text, or a list of them; NULL: the object has none */
    char numbers[CSV_ROLE_COUNT][JSON_NUMBER_MAX];
};

static inline struct span json_rows_path(const struct json_rows *r)
{
    return r->said[CSV_VALUE];
}

void json_rows_init(struct json_rows *r, const struct csv_options *said);
/* Does a member with this key hold the value? `key` may be the last part of what the options say. */
bool json_rows_is_value(struct json_rows *r, struct span key);
/* Read the members into r->row, all but the value's text, which goes to r->value. It borrows from `object`. */
void json_rows_read(struct json_rows *r, const json_value *object);
