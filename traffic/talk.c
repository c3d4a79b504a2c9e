/* See talk.h. Hot.
 *
 * A talk is a clock and a place in its script, nothing else: which bytes a segment has, and which of them comes next, follows from the
 * running number of the step alone. So thousands may go on side by side, and none needs memory of its own. */
#include "traffic/talk.h"

#include <netinet/in.h>

enum stage {
    STAGE_SYN,
    STAGE_SYN_ACK,
    STAGE_ACK,
    STAGE_ODDITIES,
    STAGE_TURN,
    STAGE_TURN_ACK,
    STAGE_FIN,
    STAGE_FIN_BACK,
    STAGE_LAST_ACK,
    STAGE_END
};
enum { HOPS = 64, WINDOW = 65535, ACK_EVERY = 2, FORGED_RESET_OFF = 1 << 30, GARBAGE = 0x20 };

static uint16_t at_most(uint32_t value, uint32_t most)
{
    return (uint16_t)(value < most ? value : most);
}

static void begin(struct talk *t, const struct way *way, uint8_t proto)
{
    *t = (struct talk){.way = *way,
                       .proto = proto,
                       .due_ns = way->start_ns,
                       .ip_id = way->ip_id,
                       .next_seq = {way->client_seq, way->server_seq}};
    struct way *w = &t->way;
    w->gap_ns = w->gap_ns ? w->gap_ns : GAP_NS_DEFAULT;
    w->wait_ns = w->wait_ns ? w->wait_ns : WAIT_NS_DEFAULT;
    w->mss = at_most(w->mss ? w->mss : MSS_DEFAULT, FRAME_PAYLOAD_MAX);
    w->cut_at = at_most(w->cut_at, FRAME_PAYLOAD_MAX);
    w->overlap = at_most(w->overlap, FRAME_PAYLOAD_MAX - w->mss);
    w->fragment_bytes &= (uint16_t)~7u;
    bool has_opening = proto == IPPROTO_TCP && !(w->tricks & TRICK_NO_OPENING);
    t->stage = has_opening ? STAGE_SYN : proto == IPPROTO_TCP ? STAGE_ODDITIES : STAGE_TURN;
    if (proto == IPPROTO_TCP && !has_opening) /* the numbers that a handshake would have used up */
        t->next_seq[TALK_CLIENT]++, t->next_seq[TALK_SERVER]++;
}

void talk_begin_tcp(struct talk *t, const struct way *way)
{
    begin(t, way, IPPROTO_TCP);
}

void talk_begin_udp(struct talk *t, const struct way *way)
{
    begin(t, way, IPPROTO_UDP);
}

static bool say(struct talk *t, const struct turn *turn)
{
    if (t->n_turns == TALK_TURNS_MAX)
        return false;
    t->turns[t->n_turns++] = *turn;
    return true;
}

bool talk_say(struct talk *t, enum talk_side side, struct span bytes)
{
    size_t most = t->proto == IPPROTO_UDP ? FRAME_PAYLOAD_MAX : UINT32_MAX;
    return bytes.len <= most && say(t, &(struct turn){.side = side, .bytes = bytes, .total = bytes.len});
}

bool talk_say_much(struct talk *t, enum talk_side side, struct span block, uint32_t total)
{
    return block.len && say(t, &(struct turn){.side = side, .bytes = block, .total = total, .is_bulk = true});
}

/* ---- which bytes ---- */

static uint32_t in_order(enum talk_order order, uint32_t i, uint32_t n)
{
    if (order == ORDER_REVERSED)
        return n - 1 - i;
    if (order == ORDER_SWAPPED)
        return (i ^ 1) < n ? i ^ 1 : i;
    return i;
}

struct part {
    uint32_t from, to; /* of the turn's bytes */
};

/* The tricks are the client's: what it says is what lists look at. */
static uint32_t first_len(const struct talk *t, const struct turn *turn)
{
    bool is_cut = turn->side == TALK_CLIENT && t->way.cut_at;
    uint32_t len = is_cut ? t->way.cut_at : t->way.mss;
    return len < turn->total ? len : (uint32_t)turn->total;
}

static uint32_t n_segments(const struct talk *t, const struct turn *turn)
{
    uint32_t first = first_len(t, turn);
    return 1 + (uint32_t)((turn->total - first + t->way.mss - 1) / t->way.mss);
}

static struct part segment(const struct talk *t, const struct turn *turn, uint32_t i)
{
    uint32_t first = first_len(t, turn);
    uint64_t from = i ? first + (uint64_t)(i - 1) * t->way.mss : 0, to = i ? from + t->way.mss : first;
    if (to > turn->total)
        to = turn->total;
    if (turn->side == TALK_CLIENT)
        from -= from < t->way.overlap ? from : t->way.overlap;
    return (struct part){(uint32_t)from, (uint32_t)to};
}

static void put_bytes(struct frame *f, const struct turn *turn, struct part p)
{
    while (p.from < p.to) {
        size_t at = p.from % turn->bytes.len, len = p.to - p.from;
        if (len > turn->bytes.len - at)
            len = turn->bytes.len - at;
        memcpy(frame_append(f, len), turn->bytes.ptr + at, len);
        p.from += (uint32_t)len;
    }
}

static void spoil(struct frame *f)
{
    for (uint32_t i = f->at; i < f->end; i++)
        f->bytes[i] ^= GARBAGE;
}

/* ---- one packet ---- */

static bool is_unseen(const struct talk *t, enum talk_side side)
{
    return t->way.tricks & (side == TALK_CLIENT ? TRICK_CLIENT_UNSEEN : TRICK_SERVER_UNSEEN);
}

static void set_ends(struct talk *t, enum talk_side side)
{
    const struct way *w = &t->way;
    t->is_to_server = side == TALK_CLIENT;
    t->ends = t->is_to_server ? (struct frame_ends){w->client, w->server, w->client_port, w->server_port}
                              : (struct frame_ends){w->server, w->client, w->server_port, w->client_port};
}

/* In front of the payload that lies in the frame. */
static void put_tcp_ack(struct talk *t, struct frame *f, enum talk_side side, uint32_t seq, uint32_t ack,
                        uint8_t flags)
{
    set_ends(t, side);
    frame_push_tcp(f, &t->ends,
                   &(struct frame_tcp){.seq = seq,
                                       .ack = flags & TCP_ACK ? ack : 0,
                                       .flags = flags,
                                       .window = WINDOW,
                                       .offers_mss = flags & TCP_SYN ? MSS_DEFAULT : 0});
}

static void put_tcp(struct talk *t, struct frame *f, enum talk_side side, uint32_t seq, uint8_t flags)
{
    put_tcp_ack(t, f, side, seq, t->next_seq[!side], flags);
}

/* ---- the turns of a TCP talk: a step is a segment, its copy, or an acknowledgement in between ---- */

static void go_to(struct talk *t, enum stage stage)
{
    t->stage = stage;
    t->step = 0;
}

static const struct turn *turn_in_syn(const struct talk *t)
{
    bool is_in_syn = (t->way.tricks & TRICK_DATA_IN_SYN) && t->n_turns && t->turns[0].side == TALK_CLIENT;
    return is_in_syn && !(t->way.tricks & TRICK_NO_OPENING) ? &t->turns[0] : NULL;
}

/* What the SYN has taken of this turn already: its first segment. */
static uint32_t taken_by_syn(const struct talk *t, const struct turn *turn)
{
    return turn == turn_in_syn(t) ? first_len(t, turn) : 0;
}

static unsigned copies_of(const struct talk *t, const struct turn *turn)
{
    return t->way.tricks & TRICK_TWICE || (t->way.tricks & TRICK_OTHER_BYTES && turn->side == TALK_CLIENT)
               ? 2
               : 1;
}

struct step {
    uint32_t segment;
    bool is_copy, is_ack, is_end;
};

static struct step step_of(const struct talk *t, const struct turn *turn)
{
    uint32_t n_before = taken_by_syn(t, turn) ? 1 : 0, n = turn->total ? n_segments(t, turn) - n_before : 0,
             i = t->step;
    unsigned copies = copies_of(t, turn);
    bool is_ack = turn->is_bulk && i % (ACK_EVERY + 1) == ACK_EVERY;
    if (turn->is_bulk)
        i -= i / (ACK_EVERY + 1);
    if (i / copies >= n)
        return (struct step){.is_end = true};
    enum talk_order order = turn->side == TALK_CLIENT ? t->way.order : ORDER_AS_SENT;
    return (struct step){
        .segment = n_before + in_order(order, i / copies, n), .is_copy = i % copies, .is_ack = is_ack};
}

static bool is_clients_first(const struct talk *t)
{
    unsigned i = 0;
    while (i < t->turn && t->turns[i].side == TALK_SERVER)
        i++;
    return i == t->turn && t->turns[i].side == TALK_CLIENT;
}

static bool is_lost(const struct talk *t, struct step s)
{
    return (t->way.tricks & TRICK_FIRST_LOST) && s.segment == 0 && !s.is_end && is_clients_first(t);
}

static void make_segment(struct talk *t, struct frame *f)
{
    const struct turn *turn = &t->turns[t->turn];
    struct step s = step_of(t, turn);
    uint32_t start = t->next_seq[turn->side] - taken_by_syn(t, turn);
    t->step++;
    if (s.is_ack) { /* of all in front of the segment that comes next */
        put_tcp_ack(t, f, !turn->side, t->next_seq[!turn->side], start + segment(t, turn, s.segment).from,
                    TCP_ACK);
        return;
    }
    struct part p = segment(t, turn, s.segment);
    put_bytes(f, turn, p);
    if (s.is_copy && t->way.tricks & TRICK_OTHER_BYTES)
        spoil(f);
    put_tcp(t, f, turn->side, start + p.from, p.to == turn->total ? TCP_PSH | TCP_ACK : TCP_ACK);
}

static void next_turn(struct talk *t)
{
    enum talk_side side = t->turns[t->turn++].side;
    if (t->turn < t->n_turns && t->turns[t->turn].side != side)
        t->due_ns += t->way.wait_ns;
    go_to(t, STAGE_TURN);
}

/* ---- what else there is ---- */

static void make_opening(struct talk *t, struct frame *f)
{
    enum talk_side side = t->stage == STAGE_SYN_ACK ? TALK_SERVER : TALK_CLIENT;
    const struct turn *turn = t->stage == STAGE_SYN ? turn_in_syn(t) : NULL;
    struct part p = turn && turn->total ? segment(t, turn, 0) : (struct part){0};
    if (turn)
        put_bytes(f, turn, p);
    put_tcp(t, f, side, t->next_seq[side], side == TALK_SERVER ? TCP_SYN | TCP_ACK : TCP_SYN);
    t->next_seq[side] += 1 + (p.to - p.from);
    t->due_ns += t->way.wait_ns;
    go_to(t, t->stage + 1);
}

static void make_ack(struct talk *t, struct frame *f)
{
    put_tcp(t, f, TALK_CLIENT, t->next_seq[TALK_CLIENT], TCP_ACK);
    go_to(t, STAGE_ODDITIES);
}

/* What comes between the handshake and the first words. */
static void make_oddity(struct talk *t, struct frame *f)
{
    if (t->step++ == 0) {
        put_tcp(t, f, TALK_SERVER, t->next_seq[TALK_SERVER] + FORGED_RESET_OFF, TCP_RST);
        return;
    }
    *frame_append(f, 1) = 0;
    put_tcp(t, f, TALK_CLIENT, t->next_seq[TALK_CLIENT] - 1, TCP_ACK);
}

static void make_datagram(struct talk *t, struct frame *f)
{
    const struct turn *turn = &t->turns[t->turn];
    uint32_t copies = copies_of(t, turn), most = turn->is_bulk ? t->way.mss : (uint32_t)turn->bytes.len;
    uint64_t from = (uint64_t)most * (t->step / copies),
             to = from + most < turn->total ? from + most : turn->total;
    put_bytes(f, turn, (struct part){(uint32_t)from, (uint32_t)to});
    set_ends(t, turn->side);
    frame_push_udp(f, &t->ends);
    if (++t->step % copies == 0 && to == turn->total)
        next_turn(t);
}

static void make_turn_ack(struct talk *t, struct frame *f)
{
    enum talk_side side = !t->turns[t->turn].side;
    put_tcp(t, f, side, t->next_seq[side], TCP_ACK);
    next_turn(t);
}

static void make_close(struct talk *t, struct frame *f)
{
    enum talk_side side = t->stage == STAGE_FIN_BACK ? TALK_SERVER : TALK_CLIENT;
    bool is_reset = t->way.tricks & TRICK_RESET, is_last = t->stage == STAGE_LAST_ACK;
    put_tcp(t, f, side, t->next_seq[side],
            is_last    ? TCP_ACK
            : is_reset ? TCP_RST | TCP_ACK
                       : TCP_FIN | TCP_ACK);
    t->next_seq[side]++;
    t->due_ns += is_last ? 0 : t->way.wait_ns;
    go_to(t, is_reset ? STAGE_END : t->stage + 1);
}

static void make_one(struct talk *t, struct frame *f)
{
    switch (t->stage) {
    case STAGE_SYN:
    case STAGE_SYN_ACK:
        make_opening(t, f);
        break;
    case STAGE_ACK:
        make_ack(t, f);
        break;
    case STAGE_ODDITIES:
        make_oddity(t, f);
        break;
    case STAGE_TURN:
        t->proto == IPPROTO_TCP ? make_segment(t, f) : make_datagram(t, f);
        break;
    case STAGE_TURN_ACK:
        make_turn_ack(t, f);
        break;
    default:
        make_close(t, f);
    }
}

/* ---- where it stands ---- */

static bool has_oddity(const struct talk *t)
{
    return t->step < 2 && t->way.tricks & (t->step ? TRICK_KEEP_ALIVE : TRICK_FORGED_RESET);
}

/* Past all that makes no packet. */
static void settle(struct talk *t)
{
    while (t->stage == STAGE_ODDITIES && !has_oddity(t))
        if (++t->step >= 2)
            go_to(t, STAGE_TURN);
    if (t->stage != STAGE_TURN)
        return;
    bool is_tcp = t->proto == IPPROTO_TCP;
    if (t->turn == t->n_turns) {
        go_to(t, is_tcp && !(t->way.tricks & TRICK_NO_CLOSE) ? STAGE_FIN : STAGE_END);
        return;
    }
    const struct turn *turn = &t->turns[t->turn];
    while (is_tcp && is_lost(t, step_of(t, turn)))
        t->step++;
    if (is_tcp && step_of(t, turn).is_end) {
        t->next_seq[turn->side] += (uint32_t)turn->total - taken_by_syn(t, turn);
        go_to(t, STAGE_TURN_ACK);
    }
}

static enum talk_side next_side(const struct talk *t)
{
    switch (t->stage) {
    case STAGE_SYN_ACK:
    case STAGE_FIN_BACK:
        return TALK_SERVER;
    case STAGE_ODDITIES:
        return t->step == 0 ? TALK_SERVER : TALK_CLIENT;
    case STAGE_TURN:
        return t->proto == IPPROTO_TCP && step_of(t, &t->turns[t->turn]).is_ack ? !t->turns[t->turn].side
                                                                                : t->turns[t->turn].side;
    case STAGE_TURN_ACK:
        return !t->turns[t->turn].side;
    default:
        return TALK_CLIENT;
    }
}

bool talk_settle(struct talk *t, struct talk_room *room)
{
    if (t->fragment < t->n_fragments)
        return true;
    for (settle(t); t->stage != STAGE_END && is_unseen(t, next_side(t)); settle(t)) {
        frame_begin(&room->whole);
        make_one(t, &room->whole);
        t->due_ns += t->way.gap_ns;
    }
    return t->stage != STAGE_END;
}

/* ---- out ---- */

static void give(struct talk *t, struct frame *f, int64_t at_ns, const struct frame_ip *ip,
                 struct packet *out)
{
    frame_push_ip(f, &t->ends, ip);
    wrapping_push(t->way.wrapping, t->is_to_server, f);
    struct span bytes = frame_span(f);
    *out = (struct packet){
        .bytes = bytes, .wire_len = (uint32_t)bytes.len, .link = LINK_ETHERNET, .ts_ns = at_ns};
}

static void give_fragment(struct talk *t, struct talk_room *room, int64_t at_ns, struct packet *out)
{
    struct span whole = frame_span(&room->whole), part;
    uint32_t i = in_order(t->way.fragment_order, t->fragment, t->n_fragments), at = i * t->way.fragment_bytes;
    part = span_first(span_from(whole, at), t->way.fragment_bytes);
    frame_begin(&room->part);
    memcpy(frame_append(&room->part, part.len), part.ptr, part.len);
    give(t, &room->part, at_ns,
         &(struct frame_ip){.proto = t->proto,
                            .hop_limit = HOPS,
                            .id = t->ip_id,
                            .is_fragment = true,
                            .has_more = i + 1 < t->n_fragments,
                            .fragment_at = (uint16_t)at},
         out);
    t->fragment++;
}

/* The packet in room->whole, or the first fragment of it. */
static void begin_packet(struct talk *t, struct talk_room *room, int64_t at_ns, struct packet *out)
{
    uint32_t len = (uint32_t)frame_span(&room->whole).len, most = t->way.fragment_bytes;
    t->ip_id++;
    t->fragments_ns = at_ns;
    t->fragment = 0;
    t->n_fragments = most && len > most ? (len + most - 1) / most : 0;
    if (t->n_fragments)
        give_fragment(t, room, at_ns, out);
    else
        give(t, &room->whole, at_ns,
             &(struct frame_ip){.proto = t->proto, .hop_limit = HOPS, .id = t->ip_id & 0xffff}, out);
}

bool talk_next(struct talk *t, struct talk_room *room, struct packet *out)
{
    if (!talk_settle(t, room))
        return false;
    if (t->fragment < t->n_fragments) {
        give_fragment(t, room, t->fragments_ns, out);
        return true;
    }
    int64_t at_ns = t->due_ns;
    frame_begin(&room->whole);
    make_one(t, &room->whole);
    t->due_ns += t->way.gap_ns;
    begin_packet(t, room, at_ns, out);
    return true;
}
