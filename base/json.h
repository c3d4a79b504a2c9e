#pragma once
/* Writing JSON into a buf. Always valid JSON and UTF-8, whatever bytes come in. Commas are kept track of; keys must be plain
 * ASCII without quotes. If the buffer fills up nothing more is added: cut back to a mark then.
 *
 * Wire bytes as text: printable ASCII but backslash, and well-formed UTF-8 of printable characters, stand for themselves; every other
 * byte, and the backslash, is the four characters \xNN (in JSON "\\xNN"), so the text can be turned back into the bytes. */
#include "base/buf.h"

enum { JSON_DEPTH_MAX = 32 };

struct json {
    struct buf *out; /* borrowed */
    uint32_t depth;
    uint32_t has_items; /* bit per depth: a comma is due */
};

void json_init(struct json *j, struct buf *out);
/* begin_..., for jansson has a json_object() and a json_array(), and calls them itself from within its library. */
void json_begin_object(struct json *j, const char *key); /* key NULL: in an array, or at the top */
void json_end_object(struct json *j);
void json_begin_array(struct json *j, const char *key);
void json_end_array(struct json *j);
void json_u64(struct json *j, const char *key, uint64_t v);
void json_i64(struct json *j, const char *key, int64_t v);
void json_double(struct json *j, const char *key, double v, int decimals);
void json_bool(struct json *j, const char *key, bool v);
/* Text that is ours or UTF-8 already: JSON escapes only; ill-formed bytes become \xNN as above, a backslash stays one. */
void json_text(struct json *j, const char *key, struct span text);
void json_str(struct json *j, const char *key, const char *text);
/* Bytes from the wire, as described above. */
void json_wire(struct json *j, const char *key, struct span bytes);
/* The same escaping as plain text, outside JSON, for messages. */
void put_escaped(struct buf *out, struct span bytes);
