/* `vedette drill score`: the table of what was detected, missed, and too much. */
#include "tools/drill_score.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "tools/drill_tally.h"
#include "tools/help.h"
#include "tools/message.h"
#include "traffic/contact.h"

enum { SHOWN = 20, OUT_MAX = 1 << 30, WAY_NAME = 16, ROWS_MAX = IOC_MATCHABLE_COUNT * CONTACT_BYS };

struct score {
    const char *expected_path;
    bool is_json, shows_all;
    struct drill_tally tally;
};

/* ---- what comes out ---- */

struct row {
    uint64_t expected, detected;
};

static void count(const struct score *s, struct row rows[static ROWS_MAX], struct row *sum)
{
    memset(rows, 0, ROWS_MAX * sizeof *rows);
    *sum = (struct row){0};
    for (uint32_t i = 0; i < s->tally.n; i++) {
        const struct drill_expectation *e = &s->tally.items[i];
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
    return !s->tally.items[i].is_trap && s->tally.items[i].leader == i && !s->tally.items[i].is_found;
}

static void put_end(struct buf *out, const struct ip *ip, uint16_t port)
{
    char text[IP_TEXT_MAX];
    int n = (int)ip_format(ip, text);
    buf_printf(out, ip_is_v4(ip) ? "%.*s:%u" : "[%.*s]:%u", n, text, port);
}

static void put_ends(struct buf *out, const struct drill_ends *e, bool is_swapped)
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
    for (uint32_t i = 0; i < s->tally.n; i++) {
        const struct drill_expectation *e = &s->tally.items[i];
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
    size_t n = s->tally.n_extras > SHOWN && !s->shows_all ? SHOWN : s->tally.n_extras;
    for (size_t i = 0; i < n; i++) {
        const struct drill_extra *e = &s->tally.extras[i];
        buf_put_str(out, "extra: ");
        put_escaped(out, span_str(e->path));
        buf_printf(out, ":%llu: ", (unsigned long long)e->line);
        put_escaped(out, e->value);
        buf_put_str(out, ", ");
        put_ends(out, &e->ends, false);
        buf_put_str(out, e->is_trap ? ", a near miss\n" : "\n");
    }
    if (n < s->tally.n_extras)
        buf_printf(out, "extra: %zu more; --all shows them\n", s->tally.n_extras - n);
}

static void put_text(struct buf *out, const struct score *s, const struct row rows[static ROWS_MAX],
                     const struct row *sum)
{
    put_rows(out, rows, sum);
    buf_printf(out, "%llu reported; %zu extra, %llu of them for one of %llu near misses\n",
               (unsigned long long)s->tally.n_sightings, s->tally.n_extras,
               (unsigned long long)s->tally.n_trapped, (unsigned long long)s->tally.n_traps);
    if (s->tally.n_omitted)
        buf_printf(out, "%llu indicators, or ways of theirs, were not made\n",
                   (unsigned long long)s->tally.n_omitted);
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

static void json_ends(struct json *j, const struct drill_ends *e, bool is_swapped)
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
    for (uint32_t i = 0; i < s->tally.n; i++) {
        const struct drill_expectation *e = &s->tally.items[i];
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
    for (size_t i = 0; i < s->tally.n_extras; i++) {
        const struct drill_extra *e = &s->tally.extras[i];
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
    json_u64(&j, "extra", s->tally.n_extras);
    json_u64(&j, "extra_near_misses", s->tally.n_trapped);
    json_u64(&j, "near_misses", s->tally.n_traps);
    json_u64(&j, "reported", s->tally.n_sightings);
    json_u64(&j, "omitted", s->tally.n_omitted);
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
    bool is_good = drill_tally_expect(&s->tally, s->expected_path);
    for (int i = 0; is_good && i < n_reports; i++)
        is_good = drill_tally_report(&s->tally, reports[i]);
    if (!is_good)
        return EXIT_USAGE;
    count(s, rows, &sum);
    buf_init(&out, OUT_MAX);
    if (s->is_json)
        put_json(&out, s, rows, &sum);
    else
        put_text(&out, s, rows, &sum);
    print_text(stdout, &out);
    buf_fini(&out);
    return sum.detected == sum.expected && s->tally.n_extras == 0 ? EXIT_DONE : EXIT_FAILED;
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
    int status = EXIT_USAGE;
    if (!drill_tally_init(&s.tally))
        say("out of memory");
    else if (parse(&s, argc, argv, &status))
        status = run(&s, argv + optind, argc - optind);
    drill_tally_fini(&s.tally);
    return status;
}
