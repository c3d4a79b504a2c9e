#pragma once
/* UUIDs that follow from what they name (RFC 9562, version 5: SHA-1), so that the same list gives the same identifiers whenever it is
 * converted. */
#include "base/buf.h"

enum { UUID_TEXT = 36 };

struct uuid5 {
    uint32_t state[5];
    uint64_t n_bytes;
    uint8_t block[64];
};

/* Begin one in our own name space, then add what is named: as a whole, in as many pieces as it has. */
void uuid5_init(struct uuid5 *u);
void uuid5_add(struct uuid5 *u, struct span bytes);
/* A piece whose end counts: "ab", "c" is not "a", "bc". */
void uuid5_add_text(struct uuid5 *u, struct span text);
/* "01234567-89ab-5def-8123-456789abcdef", no NUL. */
void uuid5_end(struct uuid5 *u, char out[static UUID_TEXT]);

/* Identifiers that have been given. One thread at a time. */
struct uuid_set {
    uint64_t *slots; /* owned: hashes, 0 is empty */
    size_t n, room;  /* room: a power of two, or 0 */
    uint64_t seed;
};

void uuid_set_init(struct uuid_set *s);
void uuid_set_fini(struct uuid_set *s);
/* Enter one. False when memory is short; *out_is_new: it was not there. (Two among billions may be taken for the same.) */
bool uuid_set_add(struct uuid_set *s, const char uuid[static UUID_TEXT], bool *out_is_new);

/* Does the text end in a UUID, alone or behind "...--"? Then *out is that part of it. */
bool uuid_in(struct span text, struct span *out);
