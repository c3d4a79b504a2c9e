#pragma once
/* What is said in the conversations of the torture table: its rows. A scene is one of them as it would go without any tricks. */
#include "base/buf.h"
#include "traffic/dice.h"
#include "traffic/talk.h"

enum { SCENE_NAME_MAX = 128, SCENE_LINES_MAX = 8 };

/* Whose packets are enough to tell: bits. */
enum scene_side { TOLD_BY_CLIENT = 1, TOLD_BY_SERVER = 2, TOLD_BY_BOTH = 3 };

/* What the client said earlier on the same connection, and may have been lost. */
enum scene_earlier {
    EARLIER_NOTHING, /* it opens the connection: then it is lost too */
    EARLIER_ANOTHER, /* one more of its kind */
    EARLIER_OWN,     /* what its own row begins with */
};

struct scene_kind {
    const char *name, *text; /* for commands and JSON; for people */
    bool is_udp;
    bool is_by_address; /* nothing that is said tells: the server's address does */
    uint8_t told_by;
    enum scene_earlier earlier;
    uint16_t port;
};

/* Nobody lists it. */
#define SCENE_STRANGER SPAN_LIT("www.stranger.example")

unsigned scene_n_kinds(void);
const struct scene_kind *scene_kind(unsigned kind);

struct scene_line {
    enum talk_side side;
    size_t from, to; /* of the scene's bytes */
};

struct scene {
    struct buf bytes; /* owned */
    struct scene_line lines[SCENE_LINES_MAX];
    unsigned n_lines;
    struct buf scratch;         /* owned */
    struct quic_crypto *crypto; /* owned */
    struct dice dice;
};

bool scene_init(struct scene *s); /* false: memory is short */
void scene_fini(struct scene *s);

/* Write one of that kind about `name`, at most SCENE_NAME_MAX bytes. With the same seed it is the same. What was there before is gone. */
void scene_write(struct scene *s, unsigned kind, struct span name, uint64_t seed);
/* Say it all in a talk, which borrows it. */
void scene_say(const struct scene *s, struct talk *t);
