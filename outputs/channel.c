/* See channel.h.
 *
 * Lines wait in one of two places that take turns: producers fill one while the thread has the other in hand. What is in hand is older
 * than what is in the spill, and that is older than what waits: so when lines go to the spill what is in hand goes first (and stays in
 * hand, being the spill's oldest frame then), and what waits is taken in hand only when the spill is empty. Nothing overtakes.
 *
 * The thread alone touches output, hand and spill; `mutex` guards what producers see. */
#include "outputs/channel.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "outputs/output.h"
#include "outputs/spill.h"

enum {
    RETRY_FIRST_MS = 100,
    RETRY_MOST_MS = 5000,
    BUSY_MS = 10,  /* between looks at an output that has no file descriptor */
    IDLE_MS = 250, /* between ticks */
    SPILL_RETRY_MS = 1000,
    HAND_BYTES_MAX = 512 << 20,
    CHANNEL_TITLE_MAX = 160,
};

enum hand { HAND_EMPTY, HAND_FROM_QUEUE, HAND_FROM_SPILL };

struct channel {
    struct channel_options o;
    char name[CHANNEL_NAME_MAX];   /* of files and counters */
    char title[CHANNEL_TITLE_MAX]; /* of messages */
    const struct output_ops *ops;
    void *out;           /* owned */
    struct spill *spill; /* owned; NULL: none */
    pthread_t thread;
    bool has_thread;
    int wake_fd; /* owned */

    pthread_mutex_t mutex;
    pthread_cond_t room;         /* the thread took lines away */
    struct sheaf waiting, spare; /* the spare one is empty, but when lines go from one place to another */
    struct output_counts counts;
    size_t queue_bytes;
    bool is_broken, is_ending, wants_reopen;
    struct err err; /* why it is broken */

    /* the thread's, or a direct channel's under the mutex */
    struct sheaf in_hand;
    struct batch batch;
    enum hand hand;
    size_t frame_n; /* in hand from the spill: lines of its frame there */
    bool is_open, is_busy, was_up, spill_failed;
    int64_t retry_at_ms, retry_ms, spill_at_ms, down_since_ms, end_by_ms, tick_at_ms;
    uint64_t told_damaged;
};

bool output_sums_hold(const struct output_counts *c)
{
    return c->alerts + c->summaries + c->others == c->offered + c->withheld + c->filtered + c->held_back &&
           c->offered + c->recovered == c->written + c->queued + c->spilled + c->dropped;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void tell(struct channel *c, const char *what)
{
    if (c->o.tell)
        c->o.tell(c->o.tell_to, c->title, what);
}

static void note(void *to, const char *what)
{
    tell(to, what);
}

/* ---- what goes where ---- */

/* `n` lines of those in hand are where they should be, `refused` never will be. */
static void count_through(struct channel *c, size_t n, size_t refused)
{
    pthread_mutex_lock(&c->mutex);
    *(c->hand == HAND_FROM_SPILL ? &c->counts.spilled : &c->counts.queued) -= n;
    c->counts.written += n - refused;
    c->counts.dropped += refused;
    c->counts.dropped_refused += refused;
    pthread_mutex_unlock(&c->mutex);
}

static void empty_hand(struct channel *c)
{
    if (c->hand == HAND_FROM_SPILL)
        spill_drop(c->spill);
    c->hand = HAND_EMPTY;
    c->batch = (struct batch){0};
    sheaf_reset(&c->in_hand);
}

/* What is waiting comes in hand; what was in hand has gone. */
static bool take_waiting(struct channel *c)
{
    pthread_mutex_lock(&c->mutex);
    bool has_any = c->waiting.n > 0;
    if (has_any) {
        struct sheaf empty = c->in_hand;
        c->in_hand = c->waiting;
        c->in_hand.text.cap_bytes = c->in_hand.marks.cap_bytes = HAND_BYTES_MAX;
        c->waiting = empty;
        c->waiting.text.cap_bytes = c->waiting.marks.cap_bytes = c->queue_bytes;
        c->hand = HAND_FROM_QUEUE;
        pthread_cond_broadcast(&c->room);
    }
    pthread_mutex_unlock(&c->mutex);
    return has_any;
}

/* What the spill had to give up. */
static void count_damage(struct channel *c)
{
    uint64_t n = spill_damaged_lines(c->spill);
    char text[120];
    if (spill_damaged_bytes(c->spill) == c->told_damaged)
        return;
    c->told_damaged = spill_damaged_bytes(c->spill);
    snprintf(text, sizeof text, "%llu bytes of the spill were damaged and passed over",
             (unsigned long long)c->told_damaged);
    pthread_mutex_lock(&c->mutex);
    uint64_t more = n - c->counts.dropped_damaged;
    c->counts.spilled -= more;
    c->counts.dropped += more;
    c->counts.dropped_damaged = n;
    pthread_mutex_unlock(&c->mutex);
    tell(c, text);
}

static bool take_spilled(struct channel *c)
{
    bool has_any = c->spill && spill_first(c->spill, &c->in_hand);
    if (has_any) {
        c->hand = HAND_FROM_SPILL;
        c->frame_n = c->in_hand.n;
    }
    if (c->spill)
        count_damage(c);
    return has_any;
}

static bool fill_hand(struct channel *c)
{
    if (c->hand == HAND_EMPTY && (take_spilled(c) || take_waiting(c)))
        c->batch = (struct batch){.left = sheaf_all(&c->in_hand)};
    return c->hand != HAND_EMPTY;
}

/* ---- the spill ---- */

static void count_spilled(struct channel *c, size_t n)
{
    pthread_mutex_lock(&c->mutex);
    c->counts.queued -= n;
    c->counts.spilled += n;
    c->counts.spilled_ever += n;
    pthread_mutex_unlock(&c->mutex);
}

static bool put_spill(struct channel *c, struct sheaf_left l)
{
    struct err err = {0};
    bool is_good = spill_put(c->spill, l, &err);
    if (is_good)
        count_spilled(c, l.n);
    else if (!c->spill_failed)
        tell(c, err.what);
    c->spill_failed = !is_good;
    if (!is_good)
        c->spill_at_ms = now_ms() + SPILL_RETRY_MS;
    return is_good;
}

static void swap_waiting(struct channel *c)
{
    pthread_mutex_lock(&c->mutex);
    struct sheaf empty = c->spare;
    c->spare = c->waiting;
    c->waiting = empty;
    pthread_cond_broadcast(&c->room);
    pthread_mutex_unlock(&c->mutex);
}

/* The spare lines wait again, before those that came meanwhile, for whose last ones there may be no room now. */
static void put_back(struct channel *c)
{
    pthread_mutex_lock(&c->mutex);
    struct sheaf newer = c->waiting;
    struct sheaf_left left = sheaf_all(&newer);
    c->waiting = c->spare;
    sheaf_move(&c->waiting, &left);
    c->counts.queued -= left.n;
    c->counts.dropped += left.n;
    c->spare = newer;
    pthread_mutex_unlock(&c->mutex);
}

/* What is in hand, then what waits. False: the disk did not take it, and what waits stays where it is. */
static bool spill_all(struct channel *c)
{
    if (c->hand == HAND_FROM_QUEUE) {
        if (!put_spill(c, c->batch.left))
            return false;
        struct sheaf thrown_away;
        sheaf_init(&thrown_away, HAND_BYTES_MAX);
        spill_first(c->spill, &thrown_away); /* it is what is in hand already */
        sheaf_fini(&thrown_away);
        c->hand = HAND_FROM_SPILL;
        c->frame_n = c->batch.left.n;
    }
    swap_waiting(c);
    bool is_good = put_spill(c, sheaf_all(&c->spare));
    if (!is_good)
        put_back(c);
    sheaf_reset(&c->spare);
    return is_good;
}

/* ---- the thread ---- */

static void go_down(struct channel *c, const struct err *err, int64_t now)
{
    char text[320];
    c->ops->close(c->out);
    c->is_open = c->is_busy = false;
    c->batch.n_given = c->batch.sent_bytes = 0;
    c->retry_ms = c->retry_ms ? c->retry_ms * 2 : RETRY_FIRST_MS;
    if (c->retry_ms > RETRY_MOST_MS)
        c->retry_ms = RETRY_MOST_MS;
    c->retry_at_ms = now + c->retry_ms;
    pthread_mutex_lock(&c->mutex);
    bool is_news = !c->counts.is_down;
    if (is_news) {
        c->counts.is_down = true;
        c->counts.downs++;
        c->down_since_ms = now;
    }
    pthread_mutex_unlock(&c->mutex);
    if (!is_news)
        return;
    snprintf(text, sizeof text, "%s; %s until it is back", err->what,
             c->o.waits ? "waiting"
             : c->spill ? "lines are spilled to disk"
                        : "lines are kept in memory as long as there is room");
    tell(c, text);
}

static void come_up(struct channel *c)
{
    c->retry_ms = 0;
    pthread_mutex_lock(&c->mutex);
    bool is_news = c->counts.is_down;
    c->counts.is_down = false;
    pthread_mutex_unlock(&c->mutex);
    if (is_news)
        tell(c, "is back");
}

static void break_down(struct channel *c, const struct err *err)
{
    pthread_mutex_lock(&c->mutex);
    if (!c->is_broken)
        c->err = *err;
    c->is_broken = true;
    pthread_cond_broadcast(&c->room);
    pthread_mutex_unlock(&c->mutex);
}

static void try_open(struct channel *c, int64_t now)
{
    struct err err = {0};
    c->is_open = c->ops->open(c->out, &err);
    if (!c->is_open)
        go_down(c, &err, now);
}

/* True: something went on. */
static bool write_some(struct channel *c, int64_t now)
{
    struct err err = {0};
    c->is_busy = false;
    if (!c->is_open || !fill_hand(c))
        return false;
    size_t before = c->batch.left.n, refused = c->batch.n_refused;
    enum output_verdict v = c->ops->write(c->out, &c->batch, &err);
    size_t n = before - c->batch.left.n;
    count_through(c, n, c->batch.n_refused - refused);
    if (n)
        come_up(c);
    c->is_busy = v == OUTPUT_BUSY;
    if (v == OUTPUT_DOWN)
        go_down(c, &err, now);
    if (v == OUTPUT_BROKEN)
        break_down(c, &err);
    if (v == OUTPUT_DONE)
        empty_hand(c);
    return n > 0 || v == OUTPUT_DONE;
}

/* Is it time to use the disk? When the output is away at once, for what is in memory dies with the program; when it is slow as late as
 * can be. */
static bool must_spill(struct channel *c, int64_t now)
{
    pthread_mutex_lock(&c->mutex);
    size_t waiting = sheaf_bytes(&c->waiting), n = c->waiting.n;
    bool is_down = c->counts.is_down;
    pthread_mutex_unlock(&c->mutex);
    return c->spill && now >= c->spill_at_ms &&
           (is_down ? n > 0 || c->hand == HAND_FROM_QUEUE : waiting > c->queue_bytes / 4);
}

static void give_up_if_late(struct channel *c, int64_t now)
{
    pthread_mutex_lock(&c->mutex);
    bool is_awaited = c->counts.is_down && c->counts.queued + c->counts.spilled;
    pthread_mutex_unlock(&c->mutex);
    if (!c->o.waits || !is_awaited || now - c->down_since_ms < CHANNEL_GIVE_UP_S * 1000)
        return;
    struct err err = {0};
    err_set(&err, ERR_IO, c->o.config->target, "was away for %d seconds", CHANNEL_GIVE_UP_S);
    break_down(c, &err);
}

static void wait_a_while(struct channel *c, int64_t now)
{
    struct pollfd p[2] = {{.fd = c->wake_fd, .events = POLLIN}, {.fd = -1}};
    int64_t until = IDLE_MS;
    uint64_t n;
    if (c->is_busy && c->ops->poll)
        p[1].fd = c->ops->poll(c->out, &p[1].events);
    if (c->is_busy && p[1].fd < 0)
        until = BUSY_MS;
    if (!c->is_open && c->retry_at_ms - now < until)
        until = c->retry_at_ms > now ? c->retry_at_ms - now : 0;
    if (poll(p, 2, (int)until) > 0 && p[0].revents && read(c->wake_fd, &n, sizeof n) < 0 && errno != EAGAIN)
        tell(c, strerror(errno));
}

static bool is_finished(struct channel *c, int64_t now)
{
    pthread_mutex_lock(&c->mutex);
    bool is_ending = c->is_ending, is_broken = c->is_broken;
    bool is_empty = c->waiting.n == 0 && c->hand == HAND_EMPTY && c->counts.spilled == 0;
    bool is_down = c->counts.is_down;
    pthread_mutex_unlock(&c->mutex);
    if (is_broken)
        return true;
    if (!is_ending)
        return false;
    if (!c->end_by_ms)
        c->end_by_ms = now + (c->o.waits ? CHANNEL_GIVE_UP_S : CHANNEL_DRAIN_S) * 1000;
    /* What is on disk may stay there when the output is away: the next run has it. */
    return is_empty || now >= c->end_by_ms || (is_down && c->spill && !c->o.waits);
}

static void keep_time(struct channel *c, int64_t now)
{
    pthread_mutex_lock(&c->mutex);
    bool wants_reopen = c->wants_reopen;
    c->wants_reopen = false;
    pthread_mutex_unlock(&c->mutex);
    if (c->is_open && wants_reopen && c->ops->reopen)
        c->ops->reopen(c->out);
    if (c->is_open && c->ops->tick && now >= c->tick_at_ms) {
        c->ops->tick(c->out, now);
        c->tick_at_ms = now + IDLE_MS;
    }
}

static void *run(void *arg)
{
    struct channel *c = arg;
    for (int64_t now = now_ms(); !is_finished(c, now); now = now_ms()) {
        if (!c->is_open && now >= c->retry_at_ms)
            try_open(c, now);
        keep_time(c, now);
        bool goes_on = write_some(c, now);
        if (must_spill(c, now))
            spill_all(c);
        give_up_if_late(c, now);
        if (!goes_on)
            wait_a_while(c, now);
    }
    return NULL;
}

/* ---- producers ---- */

static void wake(struct channel *c)
{
    uint64_t one = 1;
    while (c->wake_fd >= 0 && write(c->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

static void add_came_by(struct output_counts *sum, const struct output_counts *c, size_t n)
{
    sum->alerts += c->alerts;
    sum->others += c->others;
    sum->summaries += c->summaries;
    sum->held_back += c->held_back;
    sum->withheld += c->withheld;
    sum->filtered += c->filtered;
    sum->offered += n;
}

/* The whole of it, in the caller's time. */
static void write_now(struct channel *c, const struct sheaf *l)
{
    struct batch b = {.left = sheaf_all(l)};
    enum output_verdict v = OUTPUT_DONE;
    if (!c->is_open)
        c->is_broken = !(c->is_open = c->ops->open(c->out, &c->err));
    while (!c->is_broken && b.left.n && (v = c->ops->write(c->out, &b, &c->err)) == OUTPUT_BUSY) {
        struct pollfd p = {.fd = -1};
        p.fd = c->ops->poll(c->out, &p.events);
        poll(&p, 1, -1);
    }
    c->is_broken = c->is_broken || v != OUTPUT_DONE;
    if (c->ops->tick)
        c->ops->tick(c->out, now_ms());
    c->counts.written += l->n - b.left.n;
    c->counts.dropped += b.left.n;
}

/* Into the queue, as far as there is room. */
static void queue(struct channel *c, const struct sheaf *l)
{
    struct sheaf_left left = sheaf_all(l);
    bool was_empty = c->waiting.n == 0;
    sheaf_move(&c->waiting, &left);
    while (left.n && c->o.waits && !c->is_broken && c->waiting.n) {
        wake(c);
        pthread_cond_wait(&c->room, &c->mutex);
        sheaf_move(&c->waiting, &left);
    }
    c->counts.queued += l->n - left.n;
    c->counts.dropped += left.n;
    if (was_empty || sheaf_bytes(&c->waiting) > c->queue_bytes / 4)
        wake(c);
}

bool channel_offer(struct channel *c, const struct sheaf *l, const struct output_counts *came_by)
{
    pthread_mutex_lock(&c->mutex);
    add_came_by(&c->counts, came_by, l->n);
    if (c->is_broken)
        c->counts.dropped += l->n;
    else if (l->n && c->o.is_direct)
        write_now(c, l);
    else if (l->n)
        queue(c, l);
    bool is_good = !c->is_broken;
    pthread_mutex_unlock(&c->mutex);
    return is_good;
}

void channel_reopen(struct channel *c)
{
    pthread_mutex_lock(&c->mutex);
    c->wants_reopen = true;
    if (c->o.is_direct && c->is_open && c->ops->reopen)
        c->ops->reopen(c->out);
    pthread_mutex_unlock(&c->mutex);
    wake(c);
}

/* ---- from beginning to end ---- */

/* Files are named after it: the same for the same target, another for another. */
static void make_name(struct channel *c)
{
    const struct output_config *config = c->o.config;
    const char *type = output_type_name(config->type);
    if (config->name || strcmp(config->target, "-") == 0)
        snprintf(c->name, sizeof c->name, "%s", config->name ? config->name : "stdout");
    else
        snprintf(c->name, sizeof c->name, "%s-%08x", type,
                 (unsigned)hash_bytes(config->target, strlen(config->target), 0));
    if (config->name || config->type == OUTPUT_FILE)
        snprintf(c->title, sizeof c->title, "%s", config->name ? config->name : config->target);
    else
        snprintf(c->title, sizeof c->title, "%s:%s", type, config->target);
}

static bool open_spill(struct channel *c, struct err *err)
{
    const struct output_config *config = c->o.config;
    struct spill_options o = {.folder = config->spill_dir,
                              .name = c->name,
                              .cap_bytes = config->spill_bytes ? config->spill_bytes : OUTPUT_SPILL_DEFAULT,
                              .ceiling = output_ceiling(config)};
    char text[160];
    if (!config->spill_dir)
        return true;
    c->spill = spill_open(&o, err);
    if (!c->spill)
        return false;
    c->counts.recovered = c->counts.spilled = spill_lines(c->spill);
    c->counts.stayed_back = spill_withheld_lines(c->spill);
    if (c->counts.recovered) {
        snprintf(text, sizeof text, "%llu lines were found in the spill",
                 (unsigned long long)c->counts.recovered);
        tell(c, text);
    }
    if (c->counts.stayed_back) {
        snprintf(text, sizeof text,
                 "%llu lines stay in the spill: the ceiling was higher when they were written",
                 (unsigned long long)c->counts.stayed_back);
        tell(c, text);
    }
    return true;
}

struct channel *channel_new(const struct channel_options *o, struct err *err)
{
    struct channel *c = calloc(1, sizeof *c);
    const struct output_config *config = o->config;
    if (!c) {
        err_set(err, ERR_MEMORY, NULL, "out of memory");
        return NULL;
    }
    c->o = *o;
    c->wake_fd = -1;
    c->queue_bytes = (size_t)(config->queue_bytes ? config->queue_bytes : OUTPUT_QUEUE_DEFAULT);
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->room, NULL);
    sheaf_init(&c->waiting, c->queue_bytes);
    sheaf_init(&c->spare, c->queue_bytes);
    sheaf_init(&c->in_hand, HAND_BYTES_MAX);
    make_name(c);
    c->ops = o->ops ? o->ops : output_ops_of(config->type);
    if (!c->ops)
        err_set(err, ERR_USAGE, config->target, "this program was built without %s",
                output_type_name(config->type));
    else
        c->out = c->ops->create(config, err);
    if (c->out && c->ops->listen)
        c->ops->listen(c->out, note, c);
    if (c->out && open_spill(c, err) &&
        (config->type != OUTPUT_FILE || (c->is_open = c->ops->open(c->out, err))))
        return c;
    channel_free(c);
    return NULL;
}

bool channel_start(struct channel *c, struct err *err)
{
    if (c->o.is_direct)
        return true;
    c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->wake_fd < 0)
        return err_set(err, ERR_IO, c->o.config->target, "can't start: %s", strerror(errno));
    int why = pthread_create(&c->thread, NULL, run, c);
    c->has_thread = why == 0;
    return c->has_thread || err_set(err, ERR_IO, c->o.config->target, "can't start: %s", strerror(why));
}

static void stop(struct channel *c)
{
    if (!c->has_thread)
        return;
    pthread_mutex_lock(&c->mutex);
    c->is_ending = true;
    pthread_mutex_unlock(&c->mutex);
    wake(c);
    pthread_join(c->thread, NULL);
    c->has_thread = false;
}

/* Nobody else is there any more. */
static void leave_rest(struct channel *c)
{
    char text[120];
    if (c->hand == HAND_FROM_SPILL)
        spill_drop_lines(c->spill, c->frame_n - c->batch.left.n);
    bool is_kept = c->spill && spill_all(c);
    if (is_kept || c->counts.queued == 0)
        return;
    snprintf(text, sizeof text, "%llu lines could not be written and are lost",
             (unsigned long long)c->counts.queued);
    c->counts.dropped += c->counts.queued;
    c->counts.queued = 0;
    tell(c, text);
}

bool channel_end(struct channel *c, struct err *err)
{
    stop(c);
    leave_rest(c);
    if (c->is_open && c->ops->tick)
        c->ops->tick(c->out, INT64_MAX);
    c->ops->close(c->out);
    c->is_open = false;
    bool has_lost = c->o.waits && (c->counts.dropped || c->counts.spilled);
    if (c->is_broken)
        *err = c->err;
    else if (has_lost)
        err_set(err, ERR_IO, c->o.config->target, "%llu lines were not written",
                (unsigned long long)(c->counts.dropped + c->counts.spilled));
    return !c->is_broken && !has_lost;
}

void channel_free(struct channel *c)
{
    if (!c)
        return;
    stop(c);
    if (c->out)
        c->ops->destroy(c->out);
    spill_close(c->spill);
    if (c->wake_fd >= 0)
        close(c->wake_fd);
    sheaf_fini(&c->waiting);
    sheaf_fini(&c->spare);
    sheaf_fini(&c->in_hand);
    pthread_cond_destroy(&c->room);
    pthread_mutex_destroy(&c->mutex);
    free(c);
}

bool channel_is_broken(struct channel *c)
{
    pthread_mutex_lock(&c->mutex);
    bool is_broken = c->is_broken;
    pthread_mutex_unlock(&c->mutex);
    return is_broken;
}

void channel_counts(struct channel *c, struct output_counts *out)
{
    pthread_mutex_lock(&c->mutex);
    *out = c->counts;
    pthread_mutex_unlock(&c->mutex);
}

const char *channel_name(const struct channel *c)
{
    return c->name;
}
