/* See mix.h. Hot. A heap of talks by the time of their next packet. There is always one in it that has not begun, as long as there are more to come,
 * so that the earliest packet of all is that of the heap's first. */
#include "traffic/mix.h"

#include <stdlib.h>

struct mix {
    mix_source *source;
    void *to;
    struct contact *contacts; /* owned; n_slots */
    uint32_t *heap;           /* owned; the first n_going are in order, behind them lie the free ones */
    uint32_t n_slots, n_going;
    uint32_t newest; /* the one that has not begun */
    bool has_newest, is_dry;
    int64_t now_ns;
    uint64_t number;
    struct talk_room room;
};

static int64_t due(const struct mix *m, uint32_t at)
{
    return m->contacts[m->heap[at]].talk.due_ns;
}

static void swap(struct mix *m, uint32_t a, uint32_t b)
{
    uint32_t t = m->heap[a];
    m->heap[a] = m->heap[b];
    m->heap[b] = t;
}

static void sift_up(struct mix *m, uint32_t at)
{
    for (; at && due(m, at) < due(m, (at - 1) / 2); at = (at - 1) / 2)
        swap(m, at, (at - 1) / 2);
}

static void sift_down(struct mix *m, uint32_t at)
{
    for (uint32_t child; (child = 2 * at + 1) < m->n_going; at = child) {
        if (child + 1 < m->n_going && due(m, child + 1) < due(m, child))
            child++;
        if (due(m, at) <= due(m, child))
            return;
        swap(m, at, child);
    }
}

/* One that has not begun, if there may be one. */
static void fetch(struct mix *m)
{
    if (m->has_newest || m->is_dry || m->n_going == m->n_slots)
        return;
    uint32_t slot = m->heap[m->n_going];
    struct talk *t = &m->contacts[slot].talk;
    if (!m->source(m->to, &m->contacts[slot])) {
        m->is_dry = true;
        return;
    }
    if (t->due_ns < m->now_ns)
        t->due_ns = m->now_ns;
    m->newest = slot;
    m->has_newest = true;
    sift_up(m, m->n_going++);
}

static void retire_first(struct mix *m)
{
    if (m->has_newest && m->heap[0] == m->newest) /* nobody sees anything of it */
        m->has_newest = false;
    swap(m, 0, --m->n_going);
    sift_down(m, 0);
}

struct mix *mix_new(uint32_t talks_max, mix_source *source, void *to)
{
    struct mix *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->source = source;
    m->to = to;
    m->contacts = calloc(talks_max, sizeof *m->contacts);
    m->heap = calloc(talks_max, sizeof *m->heap);
    bool is_good = m->contacts && m->heap;
    for (uint32_t i = 0; is_good && i < talks_max; i++) {
        m->heap[i] = i;
        m->n_slots++;
        is_good = contact_init(&m->contacts[i]);
        m->contacts[i].slot = i;
    }
    if (is_good)
        return m;
    mix_free(m);
    return NULL;
}

void mix_free(struct mix *m)
{
    if (!m)
        return;
    for (uint32_t i = 0; i < m->n_slots; i++)
        contact_fini(&m->contacts[i]);
    free(m->contacts);
    free(m->heap);
    free(m);
}

/* Fragments are given one after the other: they lie in the room, and all have the same time. */
static bool is_in_fragments(const struct mix *m)
{
    return m->n_going && talk_is_in_fragments(&m->contacts[m->heap[0]].talk);
}

static void note(struct contact *c, const struct packet *pkt)
{
    if (!c->first_packet) {
        c->first_packet = pkt->number;
        c->first_ns = pkt->ts_ns;
    }
    c->last_packet = pkt->number;
    c->last_ns = pkt->ts_ns;
}

bool mix_next(struct mix *m, struct packet *out)
{
    for (;;) {
        bool goes_on = is_in_fragments(m);
        if (!goes_on)
            fetch(m);
        if (m->n_going == 0)
            return false;
        struct talk *t = &m->contacts[m->heap[0]].talk;
        int64_t due_ns = t->due_ns;
        if (!talk_settle(t, &m->room)) {
            retire_first(m);
            continue;
        }
        if (!goes_on && t->due_ns != due_ns) { /* what nobody sees took its time */
            sift_down(m, 0);
            continue;
        }
        if (m->heap[0] == m->newest)
            m->has_newest = false;
        talk_next(t, &m->room, out);
        m->now_ns = out->ts_ns;
        out->number = ++m->number;
        note(&m->contacts[m->heap[0]], out);
        if (!is_in_fragments(m))
            sift_down(m, 0);
        return true;
    }
}
