/* See spill.h. */
#include "outputs/spill.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

enum {
    SEGMENT_HEAD = 32, /* magic, ceiling, how far it was taken, hash of that */
    FRAME_HEAD = 32,   /* magic, lengths, lines, hash of what follows, hash of the head */
    FRAME_MAX = 256 << 20,
    PATH_ROOM = 4096,
};
static const char segment_magic[8] = "VDSPILL1", frame_magic[4] = {'V', 'D', 'F', '1'};

struct segment {
    uint32_t number;
    int64_t bytes;  /* of the file */
    int64_t taken;  /* what lies before was taken */
    uint64_t lines; /* from there on */
    uint32_t skip;  /* lines of the frame there that were taken, too */
};

struct spill {
    struct spill_options o;
    int folder_fd, lock_fd;   /* owned */
    struct segment *segments; /* owned; oldest first */
    size_t n_segments, room;
    int read_fd, write_fd; /* owned; of the first and the last segment; -1 */
    int64_t bytes;         /* of all segments */
    uint64_t lines, damaged_bytes, damaged_lines, withheld_lines;
    uint32_t next_number;
    int64_t held_bytes; /* of the frame spill_first() gave; 0: none */
    uint64_t held_lines;
    struct buf frame; /* owned; a frame in the making, or read */
};

struct frame_head {
    char magic[4];
    uint32_t text_len, marks_len, n;
    uint64_t content, self;
};
static_assert(sizeof(struct frame_head) == FRAME_HEAD, "as written");

struct segment_head {
    char magic[8];
    uint32_t ceiling, skip; /* lines of the oldest frame that were taken, too */
    uint64_t taken, self;
};
static_assert(sizeof(struct segment_head) == SEGMENT_HEAD, "as written");

static uint64_t hash_of_frame_head(const struct frame_head *h)
{
    return hash_bytes(h, offsetof(struct frame_head, self), 0);
}

static bool frame_head_is_sound(const struct frame_head *h)
{
    return memcmp(h->magic, frame_magic, sizeof frame_magic) == 0 && h->self == hash_of_frame_head(h) &&
           (uint64_t)h->text_len + h->marks_len <= FRAME_MAX && h->n <= h->text_len;
}

static int64_t frame_bytes(const struct frame_head *h)
{
    return FRAME_HEAD + (int64_t)h->text_len + h->marks_len;
}

/* ---- files ---- */

static void segment_name(const struct spill *s, uint32_t number, char out[static PATH_ROOM])
{
    snprintf(out, PATH_ROOM, "%s.%08x.spill", s->o.name, number);
}

static int open_segment(const struct spill *s, uint32_t number, int flags)
{
    char name[PATH_ROOM];
    segment_name(s, number, name);
    return openat(s->folder_fd, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static bool read_at(int fd, void *to, size_t n, int64_t at)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(fd, (uint8_t *)to + done, n - done, at + (int64_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

static bool write_at(int fd, const void *from, size_t n, int64_t at)
{
    for (size_t done = 0; done < n;) {
        ssize_t put = pwrite(fd, (const uint8_t *)from + done, n - done, at + (int64_t)done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        done += (size_t)put;
    }
    return true;
}

static bool write_segment_head(int fd, enum tlp ceiling, int64_t taken, uint32_t skip)
{
    struct segment_head h = {.ceiling = (uint32_t)ceiling, .taken = (uint64_t)taken, .skip = skip};
    memcpy(h.magic, segment_magic, sizeof h.magic);
    h.self = hash_bytes(&h, offsetof(struct segment_head, self), 0);
    return write_at(fd, &h, sizeof h, 0);
}

static bool read_segment_head(int fd, struct segment_head *h)
{
    return read_at(fd, h, sizeof *h, 0) && memcmp(h->magic, segment_magic, sizeof segment_magic) == 0 &&
           h->self == hash_bytes(h, offsetof(struct segment_head, self), 0);
}

/* ---- frames ---- */

/* The first sound head from *at on, before `end`; *at is then where it lies. What is passed over was damaged. */
static bool find_frame(int fd, int64_t *at, int64_t end, struct frame_head *out)
{
    uint8_t window[64 << 10];
    while (*at + FRAME_HEAD <= end) {
        size_t n = end - *at < (int64_t)sizeof window ? (size_t)(end - *at) : sizeof window;
        if (!read_at(fd, window, n, *at))
            return false;
        size_t i = 0;
        for (; i + FRAME_HEAD <= n; i++) {
            const uint8_t *m = memchr(window + i, frame_magic[0], n - i - FRAME_HEAD + 1);
            if (!m) {
                i = n - FRAME_HEAD + 1;
                break;
            }
            i = (size_t)(m - window);
            memcpy(out, m, sizeof *out);
            if (frame_head_is_sound(out) && *at + (int64_t)i + frame_bytes(out) <= end) {
                *at += (int64_t)i;
                return true;
            }
        }
        *at += (int64_t)i;
    }
    return false;
}

/* Lines in all frames from `at` on, going by their heads. */
static uint64_t count_lines(int fd, int64_t at, int64_t end)
{
    struct frame_head h;
    uint64_t n = 0;
    for (; find_frame(fd, &at, end, &h); at += frame_bytes(&h))
        n += h.n;
    return n;
}

/* ---- what is there at the start ---- */

static bool add_segment(struct spill *s, struct segment seg)
{
    if (s->n_segments == SPILL_SEGMENTS_MAX)
        return false;
    if (s->n_segments == s->room) {
        size_t room = s->room ? s->room * 2 : 16;
        struct segment *more = realloc(s->segments, room * sizeof *more);
        if (!more)
            return false;
        s->segments = more;
        s->room = room;
    }
    s->segments[s->n_segments++] = seg;
    return true;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = ((const struct segment *)a)->number, y = ((const struct segment *)b)->number;
    return (x > y) - (x < y);
}

/* NAME.00000001.spill of this spill's NAME. */
static bool number_of(const struct spill *s, const char *file, uint32_t *out)
{
    size_t len = strlen(s->o.name);
    char again[PATH_ROOM], *end;
    if (strncmp(file, s->o.name, len) != 0 || file[len] != '.')
        return false;
    *out = (uint32_t)strtoul(file + len + 1, &end, 16);
    segment_name(s, *out, again);
    return strcmp(file, again) == 0;
}

/* Lines to leave out of the frame where the segment goes on: none, when it is not there. */
static uint32_t skip_at(int fd, const struct segment *seg, uint32_t skip)
{
    struct frame_head h;
    int64_t at = seg->taken;
    return find_frame(fd, &at, seg->bytes, &h) && at == seg->taken && skip < h.n ? skip : 0;
}

static bool find_segment(struct spill *s, uint32_t number)
{
    struct stat st;
    struct segment_head h;
    int fd = open_segment(s, number, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0)
            close(fd);
        return true;
    }
    struct segment seg = {.number = number, .bytes = st.st_size, .taken = SEGMENT_HEAD};
    bool is_sound = read_segment_head(fd, &h);
    if (is_sound && h.taken >= SEGMENT_HEAD && h.taken <= (uint64_t)st.st_size)
        seg.taken = (int64_t)h.taken;
    seg.lines = count_lines(fd, seg.taken, seg.bytes);
    seg.skip = is_sound ? skip_at(fd, &seg, h.skip) : 0;
    seg.lines -= seg.skip;
    close(fd);
    if (number >= s->next_number)
        s->next_number = number + 1;
    s->bytes += seg.bytes;
    /* Nobody knows any more under which ceiling a segment without a sound head was written: as though under none. */
    if ((is_sound ? h.ceiling : TLP_RED) > (uint32_t)s->o.ceiling) {
        s->withheld_lines += seg.lines;
        return true;
    }
    s->lines += seg.lines;
    return add_segment(s, seg);
}

static bool find_segments(struct spill *s)
{
    int fd = openat(s->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    bool is_good = dir != NULL;
    uint32_t number;
    if (!dir && fd >= 0)
        close(fd);
    for (struct dirent *e; is_good && (e = readdir(dir));)
        if (number_of(s, e->d_name, &number))
            is_good = find_segment(s, number);
    if (dir)
        closedir(dir);
    if (s->n_segments)
        qsort(s->segments, s->n_segments, sizeof *s->segments, by_number);
    return is_good;
}

struct spill *spill_open(const struct spill_options *o, struct err *err)
{
    char lock[PATH_ROOM];
    struct spill *s = calloc(1, sizeof *s);
    if (!s) {
        err_set(err, ERR_MEMORY, NULL, "out of memory");
        return NULL;
    }
    *s = (struct spill){
        .o = *o, .folder_fd = -1, .lock_fd = -1, .read_fd = -1, .write_fd = -1, .next_number = 1};
    buf_init(&s->frame, FRAME_MAX);
    snprintf(lock, sizeof lock, "%s.lock", o->name);
    s->folder_fd = open(o->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->folder_fd >= 0)
        s->lock_fd = openat(s->folder_fd, lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock_fd < 0)
        err_set(err, ERR_IO, o->folder, "can't spill here: %s", strerror(errno));
    else if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
        err_set(err, ERR_IO, o->folder, "the spill \"%s\" is in use by another program", o->name);
    else if (!find_segments(s))
        err_set(err, ERR_IO, o->folder, "the spill \"%s\" can't be read: %s", o->name, strerror(errno));
    else
        return s;
    spill_close(s);
    return NULL;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void spill_close(struct spill *s)
{
    if (!s)
        return;
    close_fd(&s->read_fd);
    close_fd(&s->write_fd);
    close_fd(&s->lock_fd);
    close_fd(&s->folder_fd);
    buf_fini(&s->frame);
    free(s->segments);
    free(s);
}

uint64_t spill_lines(const struct spill *s)
{
    return s->lines;
}

uint64_t spill_damaged_bytes(const struct spill *s)
{
    return s->damaged_bytes;
}

uint64_t spill_damaged_lines(const struct spill *s)
{
    return s->damaged_lines;
}

uint64_t spill_withheld_lines(const struct spill *s)
{
    return s->withheld_lines;
}

/* ---- writing ---- */

static bool begin_segment(struct spill *s)
{
    close_fd(&s->write_fd);
    int fd = open_segment(s, s->next_number, O_RDWR | O_CREAT | O_EXCL);
    if (fd < 0)
        return false;
    struct segment seg = {.number = s->next_number++, .bytes = SEGMENT_HEAD, .taken = SEGMENT_HEAD};
    if (!write_segment_head(fd, s->o.ceiling, SEGMENT_HEAD, 0) || !add_segment(s, seg)) {
        char name[PATH_ROOM];
        int why = errno;
        segment_name(s, seg.number, name);
        unlinkat(s->folder_fd, name, 0);
        close(fd);
        errno = why;
        return false;
    }
    s->write_fd = fd;
    s->bytes += SEGMENT_HEAD;
    return true;
}

static void build_frame(struct spill *s, struct sheaf_left lines)
{
    struct frame_head h = {
        .text_len = (uint32_t)lines.text.len, .marks_len = (uint32_t)lines.marks.len, .n = (uint32_t)lines.n};
    memcpy(h.magic, frame_magic, sizeof h.magic);
    buf_reset(&s->frame);
    buf_put(&s->frame, span_of(&h, sizeof h));
    buf_put(&s->frame, lines.text);
    buf_put(&s->frame, lines.marks);
    if (s->frame.is_full)
        return;
    h.content = hash_bytes(s->frame.ptr + FRAME_HEAD, s->frame.len - FRAME_HEAD, 0);
    h.self = hash_of_frame_head(&h);
    memcpy(s->frame.ptr, &h, sizeof h);
}

bool spill_put(struct spill *s, struct sheaf_left lines, struct err *err)
{
    if (lines.n == 0)
        return true;
    build_frame(s, lines);
    int64_t len = (int64_t)s->frame.len;
    bool is_new = s->write_fd < 0 || s->segments[s->n_segments - 1].bytes + len > SPILL_SEGMENT_BYTES;
    if (s->frame.is_full || s->bytes + len + (is_new ? SEGMENT_HEAD : 0) > s->o.cap_bytes)
        return err_set(err, ERR_LIMIT, s->o.folder, "the spill \"%s\" is full", s->o.name);
    if (is_new && !begin_segment(s))
        return err_set(err, ERR_IO, s->o.folder, "can't spill here: %s", strerror(errno));
    struct segment *seg = &s->segments[s->n_segments - 1];
    if (!write_at(s->write_fd, s->frame.ptr, s->frame.len, seg->bytes)) {
        int why = errno;
        if (ftruncate(s->write_fd, seg->bytes) != 0)
            close_fd(&s->write_fd); /* what was half written is damage, and the next frame begins a segment */
        return err_set(err, ERR_IO, s->o.folder, "can't spill here: %s", strerror(why));
    }
    seg->bytes += len;
    seg->lines += lines.n;
    s->bytes += len;
    s->lines += lines.n;
    return true;
}

/* ---- reading ---- */

/* The first segment goes. What it still counts is no more to be found. */
static void end_segment(struct spill *s)
{
    char name[PATH_ROOM];
    struct segment *seg = &s->segments[0];
    s->damaged_bytes += (uint64_t)(seg->bytes - seg->taken);
    s->damaged_lines += seg->lines;
    s->lines -= seg->lines;
    s->bytes -= seg->bytes;
    segment_name(s, seg->number, name);
    unlinkat(s->folder_fd, name, 0);
    close_fd(&s->read_fd);
    if (s->n_segments == 1)
        close_fd(&s->write_fd);
    memmove(seg, seg + 1, --s->n_segments * sizeof *seg);
}

static bool read_frame(struct spill *s, const struct frame_head *h, int64_t at, struct sheaf *out)
{
    size_t len = (size_t)frame_bytes(h) - FRAME_HEAD;
    buf_reset(&s->frame);
    uint8_t *to = buf_reserve(&s->frame, len);
    if (!to || !read_at(s->read_fd, to, len, at + FRAME_HEAD) || hash_bytes(to, len, 0) != h->content)
        return false;
    struct sheaf_left left = {
        .text = span_of(to, h->text_len), .marks = span_of(to + h->text_len, h->marks_len), .n = h->n};
    if (!sheaf_are_sound(left))
        return false;
    sheaf_reset(out);
    for (uint32_t skip = s->segments[0].skip; skip; skip--)
        sheaf_drop(&left);
    sheaf_move(out, &left);
    return left.n == 0 && out->n;
}

/* A frame was taken, or can't be. */
static void pass(struct spill *s, int64_t bytes, uint64_t lines)
{
    struct segment *seg = &s->segments[0];
    seg->taken += bytes;
    lines = lines < seg->lines ? lines : seg->lines;
    seg->lines -= lines;
    s->lines -= lines;
    seg->skip = bytes ? 0 : seg->skip;
    write_segment_head(s->read_fd, s->o.ceiling, seg->taken, seg->skip);
}

bool spill_first(struct spill *s, struct sheaf *out)
{
    struct frame_head h;
    while (s->n_segments) {
        struct segment *seg = &s->segments[0];
        if (s->read_fd < 0)
            s->read_fd = open_segment(s, seg->number, O_RDWR);
        int64_t at = seg->taken;
        if (s->read_fd < 0 || !find_frame(s->read_fd, &at, seg->bytes, &h)) {
            end_segment(s);
            continue;
        }
        s->damaged_bytes += (uint64_t)(at - seg->taken);
        pass(s, at - seg->taken, 0);
        if (read_frame(s, &h, at, out)) {
            s->held_bytes = frame_bytes(&h);
            s->held_lines = out->n;
            return true;
        }
        s->damaged_bytes += (uint64_t)frame_bytes(&h);
        uint64_t lost = h.n - seg->skip < seg->lines ? h.n - seg->skip : seg->lines;
        s->damaged_lines += lost;
        pass(s, frame_bytes(&h), lost);
    }
    return false;
}

void spill_drop_lines(struct spill *s, size_t n)
{
    if (!s->held_bytes || n == 0 || n >= s->held_lines)
        return;
    s->segments[0].skip += (uint32_t)n;
    s->held_lines -= n;
    pass(s, 0, n);
}

void spill_drop(struct spill *s)
{
    if (!s->held_bytes)
        return;
    pass(s, s->held_bytes, s->held_lines);
    s->held_bytes = 0;
    s->held_lines = 0;
    if (s->segments[0].taken == s->segments[0].bytes)
        end_segment(s);
}
