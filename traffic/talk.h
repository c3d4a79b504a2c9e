#pragma once
/* A conversation over TCP or UDP, given packet by packet: who says what, how it is cut, in which order it arrives, what is missing. Hot;
 * nothing is allocated. What is said is borrowed until the talk is over. */
#include "sensor/packet.h"
#include "traffic/wrapping.h"

enum talk_side { TALK_CLIENT, TALK_SERVER };

enum talk_order {
    ORDER_AS_SENT,
    ORDER_SWAPPED,  /* each two change places */
    ORDER_REVERSED, /* the last one first */
};

/* What happens on the way, besides. Bits. */
enum talk_trick {
    TRICK_NO_OPENING = 1,      /* TCP: without the handshake, as in a capture that begins in the middle */
    TRICK_NO_CLOSE = 2,        /* TCP: nobody ends it */
    TRICK_RESET = 4,           /* TCP: ends with the client's RST, not with FINs */
    TRICK_DATA_IN_SYN = 8,     /* TCP: the client's first turn, as far as a segment holds it, comes with its SYN (RFC 7413) */
    TRICK_TWICE = 16,          /* each data packet comes twice */
    TRICK_OTHER_BYTES = 32,    /* TCP: a copy of each of the client's segments follows that has other bytes in the same place */
    TRICK_FORGED_RESET = 64,   /* TCP: a RST in the server's name, its number out of the window, comes before the client's first turn */
    TRICK_KEEP_ALIVE = 128,    /* TCP: one byte in front of the next number (RFC 9293 section 3.8.4) comes before the client's first turn */
    TRICK_CLIENT_UNSEEN = 256, /* one-sided: what the client sends takes another way */
    TRICK_SERVER_UNSEEN = 512, /* one-sided: what the server sends takes another way */
    TRICK_FIRST_LOST = 1024,   /* TCP: the client's first data segment is never seen */
};

/* How a conversation travels. Zero is a plain one: whole segments, in order, both sides. */
struct way {
    struct ip client, server; /* of one version */
    uint16_t client_port, server_port;
    const struct wrapping *wrapping; /* borrowed; NULL: Ethernet alone */
    int64_t start_ns;
    uint32_t gap_ns;  /* between two packets of one turn; 0: GAP_NS_DEFAULT */
    uint32_t wait_ns; /* before the other side says something; 0: WAIT_NS_DEFAULT */
    uint16_t mss;     /* most bytes in a TCP segment, or a datagram of bulk data; 0: MSS_DEFAULT */
    uint16_t cut_at;  /* TCP: the first segment of each of the client's turns ends here, whatever the mss; 0: at the mss */
    uint16_t overlap; /* TCP: each of the client's segments begins this many bytes earlier, with the same bytes */
    enum talk_order order;         /* TCP: of the segments of each of the client's turns */
    uint16_t fragment_bytes;       /* IP payload of a fragment, rounded down to a multiple of 8; 0: no fragments */
    enum talk_order fragment_order;
    uint32_t client_seq, server_seq; /* TCP: initial sequence numbers */
    uint16_t ip_id;                  /* one less than the first packet's identification */
    unsigned tricks;                 /* TRICK_ bits */
};

enum { GAP_NS_DEFAULT = 12000, WAIT_NS_DEFAULT = 20000000, MSS_DEFAULT = 1460, TALK_TURNS_MAX = 16 };

/* One side says something. TCP: a run of bytes, cut into segments. UDP: one datagram, FRAME_PAYLOAD_MAX bytes at most; bulk data is many, of
 * mss bytes each. */
struct turn {
    enum talk_side side;
    struct span bytes;
    uint64_t total; /* fewer than 2^32; where that is more than there are `bytes`: those again and again */
    bool is_bulk;
};

/* Where a talk stands. Nothing of it is for callers but `due_ns`. */
struct talk {
    struct way way;
    struct turn turns[TALK_TURNS_MAX];
    unsigned n_turns;
    uint8_t proto;
    int64_t due_ns; /* when the next packet comes */
    unsigned stage, turn;
    uint32_t step;             /* within the stage */
    uint32_t next_seq[2];      /* of what each side says next */
    uint32_t ip_id;
    uint32_t fragment, n_fragments; /* the next one to be given; none wait when they are equal */
    int64_t fragments_ns;           /* when they come: all at once */
    struct frame_ends ends;         /* of the packet that is told */
    bool is_to_server;
};

/* A conversation without words; then what is said, in turn. What no packet can hold is made less: an mss, an overlap, a first cut. */
void talk_begin_tcp(struct talk *t, const struct way *way);
void talk_begin_udp(struct talk *t, const struct way *way);
/* False: there are TALK_TURNS_MAX turns already, or the bytes are more than a datagram has room for. */
bool talk_say(struct talk *t, enum talk_side side, struct span bytes);
/* The bytes of `block`, again and again, until `total` were said: bulk data. False also for an empty block. */
bool talk_say_much(struct talk *t, enum talk_side side, struct span block, uint32_t total);

/* Room to make packets in: one for any number of talks. */
struct talk_room {
    struct frame whole, part;
};

/* Do fragments of its last packet wait? Until they are given no other talk may use the room. */
static inline bool talk_is_in_fragments(const struct talk *t)
{
    return t->fragment < t->n_fragments;
}

/* Past all that nobody sees: `due_ns` is then when the next packet comes. What talk_next() gave before dies. False: the talk is over. */
bool talk_settle(struct talk *t, struct talk_room *room);

/* The next packet, LINK_ETHERNET; its bytes lie in `room` and die with the next call. Of *out only `number` and `source` are left to the
 * caller. False: the talk is over. */
bool talk_next(struct talk *t, struct talk_room *room, struct packet *out);
