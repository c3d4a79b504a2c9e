/* Hosts files: "address name [name...]", each name an entry that is meant exactly. The address is where the file's user wants
 * the names to lead; it says nothing about them. Names that every hosts file has for the machine itself are passed over. */
#include "base/ip.h"
#include "rules/formats/format.h"

static bool read_address(struct span word, struct ip *out)
{
    const uint8_t *zone = word.len ? memchr(word.ptr, '%', word.len) : NULL; /* fe80::1%lo0 */
    if (zone)
        word.len = (size_t)(zone - word.ptr);
    return ip_parse_v4(word, out) || ip_parse_v6(word, out);
}

static bool is_sink(const struct ip *ip)
{
    static const struct ip any = {0}, loopback = {.b = {[15] = 1}};
    static const uint8_t zero[4] = {0};
    if (ip_is_v4(ip))
        return memcmp(ip->b + 12, zero, 4) == 0 || ip->b[12] == 127;
    return ip_compare(ip, &any) == 0 || ip_compare(ip, &loopback) == 0;
}

/* The machine's own names. */
static bool is_local(struct span name)
{
    static const char *const names[] = {"localhost", "localhost.localdomain", "local", "broadcasthost",
                                        "0.0.0.0"};
    if (!memchr("lLbB0iI", name.ptr[0], 7))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_eq_nocase(name, span_str(names[i])))
            return true;
    return span_eq_nocase(span_first(name, 4), SPAN_LIT("ip6-"));
}

static bool take_name(struct load *l, struct load_entry *e, struct err *err)
{
    uint8_t first = e->value.ptr[0];
    if (first == '*' || first == '.') {
        load_reject(l, REJECT_BAD_CHAR, e->line, e->col, e->value, NULL);
        return true;
    }
    return load_entry(l, e, err);
}

static bool take_names(struct load *l, struct span line, struct span rest, struct span comment,
                       struct err *err)
{
    struct context_in context = load_context(l);
    context.description = load_text(comment);
    while (load_trim(rest).len) {
        struct load_entry e = {.value = load_take_word(&rest), .line = load_clamp32(l->lines.n)};
        e.col = (uint32_t)(e.value.ptr - line.ptr) + 1;
        e.has_type = !l->options->has_type;
        e.type = IOC_DOMAIN;
        e.context = comment.len ? &context : NULL;
        if (!is_local(e.value) && !take_name(l, &e, err))
            return false;
    }
    return true;
}

static bool take_line(void *to, struct span line, struct err *err)
{
    struct load *l = to;
    struct span text = load_trim(line), comment;
    struct ip ip;
    if (load_passes_line(l, text))
        return true;
    uint32_t line_no = load_clamp32(l->lines.n), col = (uint32_t)(text.ptr - line.ptr) + 1;
    struct span rest = load_split_comment(text, &comment), whole = rest;
    if (!read_address(load_take_word(&rest), &ip) || load_trim(rest).len == 0)
        load_reject(l, REJECT_NOT_HOSTS_LINE, line_no, col, whole, NULL);
    else if (l->lines.is_cut &&
             comment.len == 0) /* its last name may be cut, and nobody writes such a line */
        load_reject(l, REJECT_NAME_TOO_LONG, line_no, col, whole, NULL);
    else
        return take_names(l, line, rest, comment, err);
    return true;
}

static bool load_hosts(struct load *l, struct err *err)
{
    if (!load_each_line(l, take_line, l, err))
        return false;
    load_check_count(l);
    return true;
}

/* Most lines that are not comments begin with a sink's address and a name. */
static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    size_t n = 0, n_hosts = 0;
    for (struct span line; load_head_line(&head, is_all, &line);) {
        struct span comment, text = load_split_comment(load_trim(line), &comment);
        struct ip ip;
        if (text.len == 0 || text.ptr[0] == '#')
            continue;
        n++;
        n_hosts += read_address(load_take_word(&text), &ip) && is_sink(&ip) && load_trim(text).len > 0;
    }
    return n_hosts * 2 > n;
}

const struct list_reader format_hosts = {.name = "hosts", .is_likely = is_likely, .load = load_hosts, .name_match = MATCH_EXACT, .unit = "line"};
