/* `vedette drill score`. What is expected is kept by its conversation, found again by both ends; each sighting is laid against that. A sensor that names
 * no indicator is believed to mean the one whose value is in its signature, else all that are expected of the conversation. */
#include "tools/drill_score.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/input.h"
#include "base/json.h"
#include "rules/formats/lines.h"
#include "tools/drill_report.h"
#include "tools/help.h"
#include "tools/message.h"
#include "traffic/contact.h"

enum {
    TEXTS_MAX = 1 << 30,
    EXPECTATIONS_MAX = 1 << 27,
    SHOWN = 20,
    OUT_MAX = 1 << 30,
    WAY_NAME = 16,
    ROWS_MAX = IOC_MATCHABLE_COUNT * CONTACT_BYS
};
#define NOBODY UINT32_MAX

struct ends {
    struct ip a, b; /* the smaller one first */
    uint16_t a_port, b_port;
    uint32_t unused; /* zero: all of it is hashed */
};

/* One alert that is expected, or a trap (without type and value). */
struct expectation {
    struct ends ends;
    struct span value, observed; /* live in the texts; of a trap its name */
    uint64_t packet_first, packet_last;
    uint32_t next; /* of the same bucket, or NOBODY */
    uint32_t
        leader;   /* the first one of this conversation with the same indicator: what is found counts once */
    uint8_t type; /* enum ioc_type */
    uint8_t by;   /* enum contact_by */
    bool is_trap, is_found, is_swapped; /* is_swapped: the client is b */
};

struct extra {
    struct ends ends;
    struct span value; /* lives in the texts */
    const char *path;  /* borrowed */
    uint64_t line;
    bool is_trap;
};

struct score {
    const char *expected_path;
    bool is_json, shows_all;
    struct arena texts;
    struct expectation *items; /* owned */
    uint32_t n, n_room;
    uint32_t *buckets; /* owned; n_buckets, a power of two */
    uint32_t n_buckets;
    uint64_t n_omitted, n_traps;
    struct drill_report report;
    struct extra *extras; /* owned */
    size_t n_extras, n_extras_room;
    uint64_t n_sightings, n_unknown, n_trapped;
    bool has_failed;
};

static struct ends ends_of(const struct sighting *s, bool *out_is_swapped)
{
    struct ends e;
    memset(&e, 0, sizeof e);
    int order = ip_compare(&s->a, &s->b);
    bool is_swapped = order > 0 || (order == 0 && s->a_port > s->b_port);
    e.a = is_swapped ? s->b : s->a;
    e.b = is_swapped ? s->a : s->b;
    e.a_port = is_swapped ? s->b_port : s->a_port;
    e.b_port = is_swapped ? s->a_port : s->b_port;
    *out_is_swapped = is_swapped;
    return e;
}

static uint32_t *bucket_of(const struct score *s, const struct ends *e)
{
    return &s->buckets[hash_bytes(e, sizeof *e, 0) & (s->n_buckets - 1)];
}

/* ---- lines ---- */

/* Each line of a file. False: it could not be read to its end (said). */
static bool read_lines(struct score *s, const char *path,
                       bool (*each)(struct score *s, const char *path, struct span line, uint64_t number))
{
    struct err err = {0};
    struct lines lines;
    struct span line;
    struct input *in = input_open(path, &err);
    bool is_good = in && lines_init(&lines, in, &err);
    if (is_good) {
        while (is_good && lines_refill(&lines))
            while (is_good && lines_next(&lines, &line))
                is_good = each(s, path, line, lines.n);
        if (lines.failure.kind != ERR_NONE) {
            err = lines.failure;
            is_good = false;
        }
        lines_fini(&lines);
    }
    if (err.kind != ERR_NONE)
        say_err(&err);
    input_close(in);
    return is_good;
}

/* ---- what is expected ---- */

static bool grow(struct score *s)
{
    if (s->n < s->n_room)
        return true;
    uint32_t room = s->n_room ? s->n_room * 2 : 1024;
    struct expectation *grown = room <= EXPECTATIONS_MAX ? reallocarray(s->items, room, sizeof *grown) : NULL;
    if (grown) {
        s->items = grown;
        s->n_room = room;
    }
    return grown != NULL;
}

static bool by_of(struct span name, uint8_t *out)
{
    for (uint8_t by = 0; by < CONTACT_BYS; by++)
        if (span_eq(name, span_str(contact_by_name((enum contact_by)by))))
            return *out = by, true;
    return false;
}

static uint64_t number_of(const json_value *v, const char *key)
{
    double n;
    return json_number(json_member(v, key), &n) && n >= 0 && n < 1e15 ? (uint64_t)n : 0;
}

static bool read_expectation(struct score *s, const json_value *v, bool is_trap, struct expectation *out)
{
    struct sighting at = {0};
    enum ioc_type type = IOC_DOMAIN;
    at.a_port = (uint16_t)number_of(v, "src_port");
    at.b_port = (uint16_t)number_of(v, "dest_port");
    struct span a = json_string_of(v, "src_ip"), b = json_string_of(v, "dest_ip");
    *out = (struct expectation){.is_trap = is_trap, .next = NOBODY};
    if (!(ip_parse_v4(a, &at.a) || ip_parse_v6(a, &at.a)) ||
        !(ip_parse_v4(b, &at.b) || ip_parse_v6(b, &at.b)) || !by_of(json_string_of(v, "way"), &out->by) ||
        (!is_trap && !ioc_type_of(json_string_of(v, "type"), &type)))
        return false;
    out->ends = ends_of(&at, &out->is_swapped);
    out->type = (uint8_t)type;
    out->packet_first = number_of(v, "packet_first");
    out->packet_last = number_of(v, "packet_last");
    out->value = arena_copy(&s->texts, json_string_of(v, is_trap ? "name" : "value"));
    out->observed = arena_copy(&s->texts, json_string_of(v, "observed"));
    return out->value.ptr != NULL;
}

static bool take_expected(struct score *s, const char *path, struct span line, uint64_t number)
{
    struct json_part part;
    struct err err = {0};
    json_reader_reset(s->report.json);
    const json_value *v = json_part_of(line, &part) ? json_read(s->report.json, &part, &err) : NULL;
    struct span kind = json_string_of(v, "kind");
    bool is_trap = span_eq(kind, SPAN_LIT("trap"));
    if (span_eq(kind, SPAN_LIT("omitted"))) {
        s->n_omitted++;
        return true;
    }
    if (!grow(s)) {
        say("out of memory");
        return false;
    }
    if ((!is_trap && !span_eq(kind, SPAN_LIT("alert"))) ||
        !read_expectation(s, v, is_trap, &s->items[s->n])) {
        say("%s:%llu: not what `vedette drill --expected` writes", path, (unsigned long long)number);
        return false;
    }
    s->n_traps += is_trap;
    s->n++;
    return true;
}

static bool is_same(const struct expectation *a, const struct expectation *b)
{
    return memcmp(&a->ends, &b->ends, sizeof a->ends) == 0 && a->type == b->type &&
           a->is_trap == b->is_trap && span_eq(a->value, b->value);
}

static bool index_expected(struct score *s)
{
    s->n_buckets = 16;
    while (s->n_buckets < 2 * s->n)
        s->n_buckets *= 2;
    s->buckets = malloc(s->n_buckets * sizeof *s->buckets);
    if (!s->buckets) {
        say("out of memory");
        return false;
    }
    memset(s->buckets, 0xff, s->n_buckets * sizeof *s->buckets);
    for (uint32_t i = 0; i < s->n; i++) {
        struct expectation *e = &s->items[i];
        uint32_t *bucket = bucket_of(s, &e->ends), at = *bucket;
        while (at != NOBODY && !is_same(&s->items[at], e))
            at = s->items[at].next;
        e->leader = at == NOBODY ? i : s->items[at].leader;
        e->next = *bucket;
        *bucket = i;
    }
    return true;
}

/* ---- what was reported ---- */

static struct span without_scheme(struct span text)
{
    const uint8_t *at = text.len ? memmem(text.ptr, text.len, "://", 3) : NULL;
    return at ? span_from(text, (size_t)(at - text.ptr) + 3) : text;
}

static bool is_same_text(struct span a, struct span b)
{
    return a.len == b.len &&
           (a.len == 0 || strncasecmp((const char *)a.ptr, (const char *)b.ptr, a.len) == 0);
}

/* URLs are named with or without their scheme. */
static bool is_named(struct span by, struct span reported)
{
    return by.len && is_same_text(without_scheme(reported), without_scheme(by));
}

static bool is_in_text(const struct expectation *e, const struct sighting *s)
{
    return e->value.len && s->text.len && memmem(s->text.ptr, s->text.len, e->value.ptr, e->value.len);
}

/* Sensors name what is listed, or what was seen, or have a text with it in, or one that says nothing of it. */
enum naming { BY_VALUE, BY_SEEN, BY_TEXT, BY_CONVERSATION };

static bool is_meant(const struct expectation *e, const struct sighting *s, enum naming how)
{
    switch (how) {
    case BY_VALUE:
        return is_named(e->value, s->value);
    case BY_SEEN:
        return is_named(e->value, s->seen) || is_named(e->observed, s->seen);
    case BY_TEXT:
        return is_in_text(e, s);
    default:
        return true;
    }
}

/* Mark what it means; false: it means nothing that is expected. */
static bool mark(struct score *s, const struct ends *ends, const struct sighting *sighting, enum naming how)
{
    bool is_found = false;
    for (uint32_t at = *bucket_of(s, ends); at != NOBODY; at = s->items[at].next) {
        struct expectation *e = &s->items[at];
        if (e->is_trap || memcmp(&e->ends, ends, sizeof *ends) != 0 || !is_meant(e, sighting, how))
            continue;
        s->items[e->leader].is_found = is_found = true;
    }
    return is_found;
}

static bool is_trapped(const struct score *s, const struct ends *ends)
{
    uint32_t at = *bucket_of(s, ends);
    while (at != NOBODY && !(s->items[at].is_trap && memcmp(&s->items[at].ends, ends, sizeof *ends) == 0))
        at = s->items[at].next;
    return at != NOBODY;
}

static bool add_extra(struct score *s, const struct ends *ends, const struct sighting *sighting,
                      const char *path, uint64_t line)
{
    if (s->n_extras == s->n_extras_room) {
        size_t room = s->n_extras_room ? s->n_extras_room * 2 : 64;
        struct extra *grown = reallocarray(s->extras, room, sizeof *grown);
        if (!grown)
            return false;
        s->extras = grown;
        s->n_extras_room = room;
    }
    struct span value = sighting->value.len  ? sighting->value
                        : sighting->seen.len ? sighting->seen
                                             : sighting->text;
    struct extra *e = &s->extras[s->n_extras++];
    *e = (struct extra){.ends = *ends, .path = path, .line = line, .is_trap = is_trapped(s, ends)};
    e->value = arena_copy(&s->texts, span_first(value, 200));
    s->n_trapped += e->is_trap;
    return true;
}

static bool take_reported(struct score *s, const char *path, struct span line, uint64_t number)
{
    struct sighting sighting;
    bool is_swapped;
    enum drill_report_line kind = drill_report_read(&s->report, line, &sighting);
    s->n_unknown += kind == REPORT_UNKNOWN;
    if (kind != REPORT_ALERT)
        return true;
    s->n_sightings++;
    struct ends ends = ends_of(&sighting, &is_swapped);
    bool is_expected = sighting.value.len ? mark(s, &ends, &sighting, BY_VALUE)
                       : sighting.seen.len
                           ? mark(s, &ends, &sighting, BY_SEEN)
                           : mark(s, &ends, &sighting, BY_TEXT) || mark(s, &ends, &sighting, BY_CONVERSATION);
    if (is_expected || add_extra(s, &ends, &sighting, path, number))
        return true;
    say("out of memory");
    return false;
}

static void read_report(struct score *s, const char *path)
{
    uint64_t unknown = s->n_unknown, sightings = s->n_sightings;
    drill_report_reset(&s->report);
    if (!read_lines(s, path, take_reported))
        s->has_failed = true;
    if (s->n_unknown > unknown)
        say("%s: %llu lines are nothing that is known, or damaged; passed over", path,
            (unsigned long long)(s->n_unknown - unknown));
    s->has_failed |= s->n_unknown > unknown && s->n_sightings == sightings;
}

/* ---- what comes out ---- */

struct row {
    uint64_t expected, detected;
};

static void count(const struct score *s, struct row rows[static ROWS_MAX], struct row *sum)
{
    memset(rows, 0, ROWS_MAX * sizeof *rows);
    *sum = (struct row){0};
    for (uint32_t i = 0; i < s->n; i++) {
        const struct expectation *e = &s->items[i];
        if (e->is_trap || e->leader != i || e->type >= IOC_MATCHABLE_COUNT)
            continue;
        struct row *r = &rows[e->type * CONTACT_BYS + e->by];
        r->expected++;
        r->detected += e->is_found;
        sum->expected++;
        sum->detected += e->is_found;
    }
}

static bool is_missed(const struct score *s, uint32_t i)
{
    return !s->items[i].is_trap && s->items[i].leader == i && !s->items[i].is_found;
}

static void put_end(struct buf *out, const struct ip *ip, uint16_t port)
{
    char text[IP_TEXT_MAX];
    int n = (int)ip_format(ip, text);
    buf_printf(out, ip_is_v4(ip) ? "%.*s:%u" : "[%.*s]:%u", n, text, port);
}

static void put_ends(struct buf *out, const struct ends *e, bool is_swapped)
{
    put_end(out, is_swapped ? &e->b : &e->a, is_swapped ? e->b_port : e->a_port);
    buf_put_str(out, " -> ");
    put_end(out, is_swapped ? &e->a : &e->b, is_swapped ? e->a_port : e->b_port);
}

static void put_rows(struct buf *out, const struct row rows[static ROWS_MAX], const struct row *sum)
{
    buf_printf(out, "%-12s %-*s %10s %10s %10s\n", "type", WAY_NAME, "way", "expected", "detected", "missed");
    for (unsigned i = 0; i < ROWS_MAX; i++)
        if (rows[i].expected)
            buf_printf(out, "%-12s %-*s %10llu %10llu %10llu\n",
                       ioc_type_name((enum ioc_type)(i / CONTACT_BYS)), WAY_NAME,
                       contact_by_name((enum contact_by)(i % CONTACT_BYS)),
                       (unsigned long long)rows[i].expected, (unsigned long long)rows[i].detected,
                       (unsigned long long)(rows[i].expected - rows[i].detected));
    buf_printf(out, "%-12s %-*s %10llu %10llu %10llu\n", "total", WAY_NAME, "",
               (unsigned long long)sum->expected, (unsigned long long)sum->detected,
               (unsigned long long)(sum->expected - sum->detected));
}

static void put_missed(struct buf *out, const struct score *s)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        const struct expectation *e = &s->items[i];
        if (!is_missed(s, i) || (n++ >= SHOWN && !s->shows_all))
            continue;
        buf_printf(out, "missed: %s ", ioc_type_name((enum ioc_type)e->type));
        put_escaped(out, span_first(e->value, 200));
        buf_printf(out, " by %s, ", contact_by_name((enum contact_by)e->by));
        put_ends(out, &e->ends, e->is_swapped);
        buf_printf(out, ", packets %llu-%llu\n", (unsigned long long)e->packet_first,
                   (unsigned long long)e->packet_last);
    }
    if (n > SHOWN && !s->shows_all)
        buf_printf(out, "missed: %llu more; --all shows them\n", (unsigned long long)(n - SHOWN));
}

static void put_extras(struct buf *out, const struct score *s)
{
    size_t n = s->n_extras > SHOWN && !s->shows_all ? SHOWN : s->n_extras;
    for (size_t i = 0; i < n; i++) {
        const struct extra *e = &s->extras[i];
        buf_put_str(out, "extra: ");
        put_escaped(out, span_str(e->path));
        buf_printf(out, ":%llu: ", (unsigned long long)e->line);
        put_escaped(out, e->value);
        buf_put_str(out, ", ");
        put_ends(out, &e->ends, false);
        buf_put_str(out, e->is_trap ? ", a near miss\n" : "\n");
    }
    if (n < s->n_extras)
        buf_printf(out, "extra: %zu more; --all shows them\n", s->n_extras - n);
}

static void put_text(struct buf *out, const struct score *s, const struct row rows[static ROWS_MAX],
                     const struct row *sum)
{
    put_rows(out, rows, sum);
    buf_printf(out, "%llu reported; %zu extra, %llu of them for one of %llu near misses\n",
               (unsigned long long)s->n_sightings, s->n_extras, (unsigned long long)s->n_trapped,
               (unsigned long long)s->n_traps);
    if (s->n_omitted)
        buf_printf(out, "%llu indicators, or ways of theirs, were not made\n",
                   (unsigned long long)s->n_omitted);
    put_missed(out, s);
    put_extras(out, s);
}

/* ---- for machines ---- */

static void json_end_of(struct json *j, const char *ip_key, const char *port_key, const struct ip *ip,
                        uint16_t port)
{
    char text[IP_TEXT_MAX];
    json_text(j, ip_key, span_of(text, ip_format(ip, text)));
    json_u64(j, port_key, port);
}

static void json_ends(struct json *j, const struct ends *e, bool is_swapped)
{
    json_end_of(j, "src_ip", "src_port", is_swapped ? &e->b : &e->a, is_swapped ? e->b_port : e->a_port);
    json_end_of(j, "dest_ip", "dest_port", is_swapped ? &e->a : &e->b, is_swapped ? e->a_port : e->b_port);
}

static void json_rows(struct json *j, const struct row rows[static ROWS_MAX])
{
    json_begin_array(j, "rows");
    for (unsigned i = 0; i < ROWS_MAX; i++) {
        if (!rows[i].expected)
            continue;
        json_begin_object(j, NULL);
        json_str(j, "type", ioc_type_name((enum ioc_type)(i / CONTACT_BYS)));
        json_str(j, "way", contact_by_name((enum contact_by)(i % CONTACT_BYS)));
        json_u64(j, "expected", rows[i].expected);
        json_u64(j, "detected", rows[i].detected);
        json_u64(j, "missed", rows[i].expected - rows[i].detected);
        json_end_object(j);
    }
    json_end_array(j);
}

static void json_missed(struct json *j, const struct score *s)
{
    json_begin_array(j, "missed");
    for (uint32_t i = 0; i < s->n; i++) {
        const struct expectation *e = &s->items[i];
        if (!is_missed(s, i))
            continue;
        json_begin_object(j, NULL);
        json_str(j, "type", ioc_type_name((enum ioc_type)e->type));
        json_text(j, "value", e->value);
        json_str(j, "way", contact_by_name((enum contact_by)e->by));
        json_ends(j, &e->ends, e->is_swapped);
        json_u64(j, "packet_first", e->packet_first);
        json_u64(j, "packet_last", e->packet_last);
        json_end_object(j);
    }
    json_end_array(j);
}

static void json_extras(struct json *j, const struct score *s)
{
    json_begin_array(j, "extra");
    for (size_t i = 0; i < s->n_extras; i++) {
        const struct extra *e = &s->extras[i];
        json_begin_object(j, NULL);
        json_str(j, "report", e->path);
        json_u64(j, "line", e->line);
        json_text(j, "value", e->value);
        json_ends(j, &e->ends, false);
        json_bool(j, "near_miss", e->is_trap);
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_json(struct buf *out, const struct score *s, const struct row rows[static ROWS_MAX],
                     const struct row *sum)
{
    struct json j;
    json_init(&j, out);
    json_begin_object(&j, NULL);
    json_rows(&j, rows);
    json_begin_object(&j, "total");
    json_u64(&j, "expected", sum->expected);
    json_u64(&j, "detected", sum->detected);
    json_u64(&j, "missed", sum->expected - sum->detected);
    json_u64(&j, "extra", s->n_extras);
    json_u64(&j, "extra_near_misses", s->n_trapped);
    json_u64(&j, "near_misses", s->n_traps);
    json_u64(&j, "reported", s->n_sightings);
    json_u64(&j, "omitted", s->n_omitted);
    json_end_object(&j);
    json_missed(&j, s);
    json_extras(&j, s);
    json_end_object(&j);
    buf_put_byte(out, '\n');
}

/* ---- the command ---- */

static int run(struct score *s, char **reports, int n_reports)
{
    struct row rows[ROWS_MAX], sum;
    struct buf out;
    if (!drill_report_init(&s->report)) {
        say("out of memory");
        return EXIT_USAGE;
    }
    if (!read_lines(s, s->expected_path, take_expected) || !index_expected(s))
        return EXIT_USAGE;
    for (int i = 0; i < n_reports; i++)
        read_report(s, reports[i]);
    if (s->has_failed)
        return EXIT_USAGE;
    count(s, rows, &sum);
    buf_init(&out, OUT_MAX);
    if (s->is_json)
        put_json(&out, s, rows, &sum);
    else
        put_text(&out, s, rows, &sum);
    print_text(stdout, &out);
    buf_fini(&out);
    return sum.detected == sum.expected && s->n_extras == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* True: go on. Else *out_exit is what to exit with. */
static bool parse(struct score *s, int argc, char **argv, int *out_exit)
{
    static const struct option known[] = {{"expected", required_argument, NULL, 'e'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"all", no_argument, NULL, 'a'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    opterr = 0;
    *out_exit = EXIT_USAGE;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        switch (option) {
        case 'h':
            help_print(stdout, "score");
            *out_exit = EXIT_DONE;
            return false;
        case 'e':
            s->expected_path = optarg;
            break;
        case 'j':
            s->is_json = true;
            break;
        case 'a':
            s->shows_all = true;
            break;
        default:
            usage_error("drill score ", option == ':' ? "%s wants a value" : "unknown option %s",
                        argv[optind - 1]);
            return false;
        }
    }
    if (!s->expected_path)
        usage_error("drill score ", "what is expected? --expected FILE, as `vedette drill` wrote it");
    else if (optind == argc)
        usage_error("drill score ", "no report was named");
    return s->expected_path && optind < argc;
}

int drill_score(int argc, char **argv)
{
    struct score s = {0};
    int status;
    arena_init(&s.texts, 256 * 1024, TEXTS_MAX);
    if (parse(&s, argc, argv, &status))
        status = run(&s, argv + optind, argc - optind);
    drill_report_fini(&s.report);
    arena_fini(&s.texts);
    free(s.items);
    free(s.buckets);
    free(s.extras);
    return status;
}
