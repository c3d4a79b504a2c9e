/* A response policy zone: a name is answered with NXDOMAIN ("CNAME ."), and so is what is below it by "*.name"; an answer that has an
 * address of a listed network is, too ("rpz-ip"). What must not be blocked passes ("rpz-passthru."); it stands first, and where both
 * sides have the very same owner only that stays, for a name has one CNAME.
 *
 * Owners are relative to the zone, whose name is not known here: OWNER_MAX leaves room for one of 30 bytes. */
#define _GNU_SOURCE 1 /* qsort_r */
#include <stdlib.h>

#include "base/json.h"
#include "rules/set_rows.h"
#include "rules/writers/networks.h"
#include "rules/writers/writer.h"

enum { OWNER_MAX = 222, OWNERS_BYTES_MAX = 1 << 30 };

struct owner {
    uint32_t offset, len; /* in owners */
};

struct rpz_writer {
    struct writing *w;   /* borrowed */
    struct buf owner;    /* owned: at hand */
    struct buf owners;   /* owned: texts of those that pass ... */
    struct rows passing; /* ... struct owner each, sorted once all are there */
    size_t n_passing;
    const char *target;
    struct span comment;
};

typedef bool owner_fn(struct rpz_writer *r);

/* ---- owners ---- */

static bool is_trigger_label(struct span name)
{
    size_t n = name.len;
    while (n && name.ptr[n - 1] != '.')
        n--;
    return span_starts(span_from(name, n), SPAN_LIT("rpz-"));
}

static bool each_of_name(struct rpz_writer *r, const struct indicator *i, struct span name, owner_fn *take)
{
    for (int is_below = 0; is_below < 2; is_below++) {
        if (i->match == (is_below ? MATCH_EXACT : MATCH_BELOW))
            continue;
        buf_reset(&r->owner);
        buf_put_str(&r->owner, is_below ? "*." : "");
        buf_put(&r->owner, name);
        if (!take(r))
            return false;
    }
    return true;
}

static void put_v4(struct buf *out, const struct ip *ip)
{
    for (int i = 15; i >= 12; i--)
        buf_printf(out, ".%u", ip->b[i]);
}

/* The longest run of at least two groups of zeros, the first of several, is "zz". */
static void zero_run(const unsigned groups[static 8], int *out_first, int *out_n)
{
    *out_first = 8;
    *out_n = 1;
    for (int i = 0; i < 8; i++) {
        int n = 0;
        while (i + n < 8 && groups[i + n] == 0)
            n++;
        if (n > *out_n) {
            *out_first = i;
            *out_n = n;
        }
    }
}

static void put_v6(struct buf *out, const struct ip *ip)
{
    unsigned groups[8];
    int first, n;
    for (int i = 0; i < 8; i++)
        groups[i] = load_be16(ip->b + 2 * i);
    zero_run(groups, &first, &n);
    for (int i = 7; i >= 0; i--) {
        if (i == first + n - 1) {
            buf_put_str(out, ".zz");
            i = first;
        } else {
            buf_printf(out, ".%x", groups[i]);
        }
    }
}

static bool each_of_networks(struct rpz_writer *r, struct span value, owner_fn *take)
{
    struct networks networks;
    struct ip ip;
    unsigned bits;
    if (!networks_of(value, &networks))
        return true;
    while (networks_next(&networks, &ip, &bits)) {
        bool is_v4 = ip_is_v4(&ip);
        buf_reset(&r->owner);
        buf_put_u64(&r->owner, is_v4 ? bits - 96 : bits);
        (is_v4 ? put_v4 : put_v6)(&r->owner, &ip);
        buf_put_str(&r->owner, ".rpz-ip");
        if (!take(r))
            return false;
    }
    return true;
}

/* Can a zone say it? */
static bool has_place(const struct indicator *i, struct span value)
{
    if (i->type == IOC_DOMAIN)
        return value.len <= OWNER_MAX && !is_trigger_label(value);
    return i->type >= IOC_IPV4 && i->type <= IOC_RANGE6;
}

static bool each_owner(struct rpz_writer *r, const struct indicator *i, struct span value, owner_fn *take)
{
    return i->type == IOC_DOMAIN ? each_of_name(r, i, value, take) : each_of_networks(r, value, take);
}

/* ---- what passes ---- */

static bool keep_owner(struct rpz_writer *r)
{
    struct owner *row = rows_add(&r->passing, sizeof *row);
    if (!row)
        return false;
    *row = (struct owner){(uint32_t)buf_mark(&r->owners), (uint32_t)r->owner.len};
    buf_put(&r->owners, buf_span(&r->owner));
    r->n_passing++;
    return !r->owners.is_full;
}

static int compare_texts(struct span a, struct span b)
{
    int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static struct span owner_text(const struct rpz_writer *r, const struct owner *o)
{
    return span_of(r->owners.ptr + o->offset, o->len);
}

static int compare_owners(const void *a, const void *b, void *writer)
{
    return compare_texts(owner_text(writer, a), owner_text(writer, b));
}

static bool gather_passing(struct rpz_writer *r)
{
    const struct set_view *v = &r->w->allow;
    for (uint32_t i = writing_next(r->w, v, 0); i < v->n_indicators; i = writing_next(r->w, v, i + 1))
        if (has_place(&v->indicators[i], set_value(v, i)) &&
            !each_owner(r, &v->indicators[i], set_value(v, i), keep_owner))
            return false;
    if (r->n_passing)
        qsort_r(r->passing.ptr, r->n_passing, sizeof(struct owner), compare_owners, r);
    return true;
}

static bool passes(const struct rpz_writer *r, struct span owner)
{
    const struct owner *owners = (const struct owner *)(const void *)r->passing.ptr;
    size_t low = 0, high = r->n_passing;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_texts(owner, owner_text(r, &owners[middle]));
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

/* ---- records ---- */

static bool put_record(struct rpz_writer *r)
{
    struct buf *out = &r->w->out;
    buf_put(out, buf_span(&r->owner));
    buf_printf(out, " CNAME %s", r->target);
    if (r->comment.len) {
        buf_put_str(out, " ; ");
        put_escaped(out, r->comment);
    }
    buf_put_byte(out, '\n');
    return writing_pass(r->w);
}

static bool put_blocked(struct rpz_writer *r)
{
    return passes(r, buf_span(&r->owner)) || put_record(r);
}

static bool put_side(struct rpz_writer *r, const struct set_view *v, const char *target, owner_fn *put,
                     uint64_t *out_n)
{
    r->target = target;
    for (uint32_t i = writing_next(r->w, v, 0); i < v->n_indicators; i = writing_next(r->w, v, i + 1)) {
        const struct indicator *ind = &v->indicators[i];
        if (!has_place(ind, set_value(v, i))) {
            writing_lose(r->w, LOSS_LEFT_OUT, v, i);
            continue;
        }
        writing_check_fields(r->w, v, i);
        r->comment = writing_description(r->w, v, i);
        if (!each_owner(r, ind, set_value(v, i), put))
            return false;
        ++*out_n;
    }
    return true;
}

static bool put_zone(struct rpz_writer *r)
{
    struct export_report *report = r->w->report;
    buf_printf(&r->w->out,
               "$TTL 300\n"
               "@ IN SOA localhost. root.localhost. (%u 43200 3600 259200 300)\n"
               "@ IN NS localhost.\n",
               (unsigned)r->w->options->serial);
    return gather_passing(r) && put_side(r, &r->w->allow, "rpz-passthru.", put_record, &report->allowed) &&
           put_side(r, &r->w->indicators, ".", put_blocked, &report->written);
}

static bool write_zone(struct writing *w)
{
    struct rpz_writer r = {.w = w};
    buf_init(&r.owner, 1024);
    buf_init(&r.owners, OWNERS_BYTES_MAX);
    bool is_good = put_zone(&r);
    buf_fini(&r.owner);
    buf_fini(&r.owners);
    rows_free(&r.passing);
    return is_good;
}

static const char *const aliases[] = {"zone", "dns-rpz", NULL};
const struct list_writer write_rpz = {
    .name = "rpz", .aliases = aliases, .has_allow = true, .write = write_zone};
