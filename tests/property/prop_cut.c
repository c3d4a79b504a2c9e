/* Cutting a capture short never invents a field. Each capture named on the command line is read whole; then as a file that ends at
 * each of its bytes, and with all packets cut to each snapshot length. What is told then must be told of the whole capture too: a
 * part of a name is not a name. The sums hold every time.
 *
 * Not for captures whose bodies imitate heads: where the head that announces a body is cut, a segment of the body that starts with
 * "HTTP/1.1 200 OK" can't be told from a head. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <jansson.h>

#include "sensor/capture/capture.h"
#include "sensor/worker.h"

enum {
    CUTS_MAX = 1500,              /* of a file that is longer, so many cuts are spread over it */
    BYTES_MAX = 24 * 1024 * 1024, /* read in each way of cutting: large files are cut less often */
    PATH_ROOM = 64,
};

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "prop_cut: %s\n", what);
    exit(1);
}

/* ---- what is told: "key=value" texts, sorted ---- */

struct facts {
    char **items; /* owned */
    size_t n, room;
};

static void facts_add(struct facts *f, char *text)
{
    if (f->n == f->room) {
        f->room = f->room ? f->room * 2 : 256;
        f->items = realloc(f->items, f->room * sizeof *f->items);
        must(f->items != NULL, "out of memory");
    }
    f->items[f->n++] = text;
}

static void facts_fini(struct facts *f)
{
    for (size_t i = 0; i < f->n; i++)
        free(f->items[i]);
    free(f->items);
    *f = (struct facts){0};
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void facts_sort(struct facts *f)
{
    if (f->n)
        qsort(f->items, f->n, sizeof *f->items, compare_texts);
}

static bool facts_have(const struct facts *sorted, char *const *text)
{
    return sorted->n && bsearch(text, sorted->items, sorted->n, sizeof *sorted->items, compare_texts);
}

/* What a cut may change: when and in which flow something was seen, and who is taken for the client. A ClientHello's version
 * is the highest it offers, and where that list is cut off the one that stands before it. */
static bool is_circumstance(const char *key)
{
    static const char *const keys[] = {"timestamp", "start",     "community_id", "pcap_filename", "direction",
                                       "proto",     "app_proto", "event_type",   "state",         "version"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

static bool is_telling_number(const char *key)
{
    return strcmp(key, "status") == 0 || strcmp(key, "http_port") == 0;
}

/* The authority of an absolute URL, and CONNECT's target, names the host too, and is shown as such where no Host header is seen. */
static void collect_authority(struct facts *f, const char *url)
{
    char *text = NULL;
    const char *start = strstr(url, "://");
    if (url[0] == '/')
        return;
    start = start ? start + 3 : url;
    size_t len = strcspn(start, "/?#");
    const char *at = memrchr(start, '@', len);
    size_t userinfo_len = at ? (size_t)(at - start) + 1 : 0;
    must(asprintf(&text, "hostname=%.*s", (int)(len - userinfo_len), start + userinfo_len) >= 0,
         "out of memory");
    facts_add(f, text);
}

static void collect_value(struct facts *f, const char *key, json_t *value);

static void collect_object(struct facts *f, json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        bool is_address = strcmp(key, "src_ip") == 0 || strcmp(key, "dest_ip") == 0;
        if (!is_circumstance(key))
            collect_value(f, is_address ? "ip" : key, value);
    }
}

static void collect_value(struct facts *f, const char *key, json_t *value)
{
    char *text = NULL;
    int n = 0;
    if (json_is_object(value))
        collect_object(f, value);
    for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++)
        collect_value(f, key, json_array_get(value, i));
    if (json_is_string(value) && strcmp(key, "url") == 0)
        collect_authority(f, json_string_value(value));
    if (json_is_string(value))
        n = asprintf(&text, "%s=%s", key, json_string_value(value));
    if (json_is_integer(value) && is_telling_number(key))
        n = asprintf(&text, "%s=%lld", key, (long long)json_integer_value(value));
    must(n >= 0, "out of memory");
    if (text)
        facts_add(f, text);
}

/* ---- one reading ---- */

struct reader {
    struct worker *worker; /* owned */
    struct buf lines;      /* owned; what the reading at hand wrote */
};

static bool take_lines(void *to, struct span lines)
{
    struct reader *r = to;
    buf_put(&r->lines, lines);
    return !r->lines.is_full;
}

static void reader_init(struct reader *r)
{
    static const char *const sources[] = {"capture"};
    struct worker_options o = {
        .eve = {.version = 8, .sources = sources}, .writes_events = true, .write = take_lines, .write_to = r};
    buf_init(&r->lines, (size_t)1 << 30);
    r->worker = worker_new(&o, NULL);
    must(r->worker != NULL, "out of memory");
}

static void reader_fini(struct reader *r)
{
    worker_free(r->worker);
    buf_fini(&r->lines);
}

/* All that was told since the last call. */
static struct facts reader_facts(struct reader *r)
{
    struct facts f = {0};
    worker_end_source(r->worker);
    must(stats_sums_hold(worker_stats(r->worker)), "the sums do not hold");
    must(!r->lines.is_full && worker_stats(r->worker)->events_lost == 0, "an event was lost");
    for (struct span rest = buf_span(&r->lines); rest.len;) {
        const uint8_t *end = memchr(rest.ptr, '\n', rest.len);
        must(end != NULL, "half a line");
        json_t *line = json_loadb((const char *)rest.ptr, (size_t)(end - rest.ptr), 0, NULL);
        must(line != NULL, "a line is no JSON");
        collect_object(&f, line);
        json_decref(line);
        span_skip(&rest, (size_t)(end - rest.ptr) + 1);
    }
    buf_reset(&r->lines);
    return f;
}

static void on_packet(void *to, const struct packet *pkt)
{
    struct reader *r = to;
    worker_packet(r->worker, pkt->link, pkt);
}

/* False: no capture (any more). A file that breaks off is read as far as it goes. */
static bool read_file(const char *path, packet_fn *fn, void *to)
{
    struct err err = {0};
    struct capture *c = capture_open_file(path, &err);
    if (!c)
        return false;
    while (capture_read(c, 4096, 0, fn, to, &err) > 0)
        ;
    capture_close(c);
    return true;
}

static void check_subset(struct facts *some, const struct facts *whole, const char *path, const char *how,
                         size_t at)
{
    for (size_t i = 0; i < some->n; i++)
        if (!facts_have(whole, &some->items[i])) {
            fprintf(stderr, "prop_cut: %s, %s %zu: invented %s\n", path, how, at, some->items[i]);
            exit(1);
        }
    facts_fini(some);
}

/* ---- cuts of the file ---- */

static size_t copy_file(const char *path, int to)
{
    static uint8_t bytes[1 << 16];
    size_t total = 0, n;
    FILE *f = fopen(path, "rb");
    must(f != NULL, path);
    while ((n = fread(bytes, 1, sizeof bytes, f)) > 0) {
        must(write(to, bytes, n) == (ssize_t)n, "can't write");
        total += n;
    }
    fclose(f);
    return total;
}

/* From one cut to the next, of `n` places in a file of this size. */
static size_t step_over(size_t n, size_t file_size)
{
    size_t cuts = BYTES_MAX / (file_size + 1) + 1;
    return n / (cuts < CUTS_MAX ? cuts : CUTS_MAX) + 1;
}

static size_t check_file_cuts(struct reader *r, const char *path, const struct facts *whole, size_t *out_size)
{
    char copy_path[PATH_ROOM];
    int copy = memfd_create("cut", 0);
    must(copy >= 0, "no memory file");
    snprintf(copy_path, sizeof copy_path, "/proc/self/fd/%d", copy);
    size_t size = copy_file(path, copy), step = step_over(size, size), n = 0;
    *out_size = size;
    for (size_t i = 0; i * step < size; i++) {
        size_t len = size - 1 - i * step;
        must(ftruncate(copy, (off_t)len) == 0, "can't truncate");
        read_file(copy_path, on_packet, r);
        struct facts f = reader_facts(r);
        check_subset(&f, whole, path, "ending at byte", len);
        n++;
    }
    close(copy);
    return n;
}

/* ---- cuts of the packets ---- */

struct cutter {
    struct reader *reader;
    size_t snaplen;
    size_t longest;
};

static void on_packet_cut(void *to, const struct packet *pkt)
{
    struct cutter *c = to;
    struct packet cut = *pkt;
    if (pkt->bytes.len > c->longest)
        c->longest = pkt->bytes.len;
    cut.bytes = span_first(pkt->bytes, c->snaplen);
    if (cut.wire_len < pkt->bytes.len)
        cut.wire_len = (uint32_t)pkt->bytes.len;
    uint8_t *exact = malloc(cut.bytes.len ? cut.bytes.len : 1);
    must(exact != NULL, "out of memory");
    if (cut.bytes.len)
        memcpy(exact, cut.bytes.ptr, cut.bytes.len);
    cut.bytes.ptr = exact;
    worker_packet(c->reader->worker, cut.link, &cut);
    free(exact);
}

static size_t check_snaplens(struct reader *r, const char *path, const struct facts *whole, size_t file_size)
{
    struct cutter c = {.reader = r};
    size_t n = 0;
    do {
        read_file(path, on_packet_cut, &c);
        struct facts f = reader_facts(r);
        check_subset(&f, whole, path, "with snapshot length", c.snaplen);
        c.snaplen += step_over(c.longest, file_size);
        n++;
    } while (c.snaplen < c.longest);
    return n;
}

static void check_capture(const char *path)
{
    struct reader r;
    reader_init(&r);
    if (read_file(path, on_packet, &r)) {
        struct facts whole = reader_facts(&r);
        facts_sort(&whole);
        size_t size, n_cuts = check_file_cuts(&r, path, &whole, &size),
                     n_snaplens = check_snaplens(&r, path, &whole, size);
        printf("%s: %zu facts, %zu cuts, %zu snapshot lengths\n", path, whole.n, n_cuts, n_snaplens);
        facts_fini(&whole);
    } else {
        printf("%s: no capture, passed over\n", path);
    }
    reader_fini(&r);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: prop_cut CAPTURE...\n");
        return 2;
    }
    for (int i = 1; i < argc; i++)
        check_capture(argv[i]);
    return 0;
}
