#pragma once
/* One direction of an HTTP/2 connection, step by step: bytes in order in, requests and responses out. Hot; nothing is allocated after it is
 * made. Knows nothing of sessions and flows; sensor/session.h feeds it.
 *
 * Policy. A header block is read when all of its frames are there; until then its bytes wait where they are. Payloads of other frames are
 * passed over unseen. What a block adds to the HPACK table lives in a table of the direction's own, from a bounded set; when none is free the
 * quietest of a few others is taken from its direction, which goes on with a table that is not known. So does a direction that lost bytes or was found
 * in the middle: what indexes it cannot know is left out and counted, never guessed. */
#include "sensor/extract/http2.h"

struct http2_reader; /* one worker's */

enum { HTTP2_TABLES = 4096, HTTP2_BLOCK_BYTES_MAX = 60 * 1024 /* with the headers of its frames */ };

struct http2_reader *http2_reader_new(uint32_t tables_max); /* NULL when memory is short */
void http2_reader_free(struct http2_reader *r);
uint64_t http2_reader_evictions(const struct http2_reader *r); /* of tables */

/* A direction. All zero is the start; copied freely. */
struct http2_direction {
    uint32_t slot, serial; /* private: its table */
    uint32_t scanned;      /* private: of the block that is not whole yet */
    bool is_spoken;        /* it was seen to speak HTTP/2 */
    bool is_whole;         /* every block from the first on was read */
    bool is_stale;         /* private: the table does not hold what it should any more */
};

/* Could `in` be HTTP/2? A preface; settings, which servers begin with; in the middle of a connection frames up to a header block that reads
 * well; from a direction that was seen to speak it any usual frame. `in` has to start where a frame does. `is_adrift`: that is a guess, and a few bytes
 * are not waited upon, for they may be none of the stream's (a keep-alive's byte in front of a request). */
enum verdict http2_reader_sniff(struct http2_reader *r, const struct http2_direction *d, struct span in, bool is_adrift);

/* It begins here; `is_start`: at the start of a connection. */
void http2_direction_begin(struct http2_direction *d, bool is_start);
/* Bytes of it were lost: what was added to the table with them will never be known. */
void http2_direction_lose(struct http2_direction *d);
/* It ends; the table goes back. */
void http2_reader_end(struct http2_reader *r, struct http2_direction *d);

struct http2_step {
    size_t used;   /* bytes done with */
    uint64_t skip; /* bytes after these that need not be seen */
    size_t want;   /* FIELD_PARTIAL: useless to ask again before so many are there */
    const struct http2_message *message; /* lives, with what it points to, until the next step; NULL: none */
    bool is_client;    /* the preface was read */
    bool is_promised;  /* the message is a request that the server makes up itself (section 8.4) */
    bool is_cut;       /* the message is a part: its end is missing */
    bool is_malformed; /* no endpoint would have read on */
    bool is_limited;   /* the block outgrew HTTP2_BLOCK_BYTES_MAX or HPACK_LIST_BYTES_MAX */
};

/* Read what is at the front of `in`. FIELD_FOUND: *out says what it was and how much to take; FIELD_PARTIAL: more bytes are needed, which with
 * `is_last` never is; FIELD_MALFORMED: no frame begins here. */
enum verdict http2_reader_step(struct http2_reader *r, struct http2_direction *d, int64_t ts_ns, struct span in, bool is_last,
                               struct http2_step *out);
