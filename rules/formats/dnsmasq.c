/* dnsmasq: "address=/name/" and what it is answered with. The address says where names are sent to, nothing about
 * them, so that every such line names indicators, each for the name and all below it. "server=/name/" and
 * "local=/name/" without a server mean the same: nobody is asked. With a server they say whom to ask, and with "#"
 * that all is asked as usual, which is an exception. The other settings of a dnsmasq.conf are passed over. */
#include "rules/formats/format.h"
#include "rules/formats/kept.h"

struct dnsmasq {
    struct load *load; /* borrowed */
    struct kept kept;  /* owned */
};

enum meaning { MEANS_BLOCK, MEANS_ALLOW, MEANS_FORWARD };

/* "keyword" or "keyword=value": as all lines of a dnsmasq.conf. */
static bool split_setting(struct span text, struct span *out_key, struct span *out_value)
{
    size_t n = 0;
    while (n < text.len && ((text.ptr[n] >= 'a' && text.ptr[n] <= 'z') || text.ptr[n] == '-' ||
                            (text.ptr[n] >= '0' && text.ptr[n] <= '9')))
        n++;
    *out_key = span_first(text, n);
    struct span rest = load_trim(span_from(text, n));
    *out_value = load_trim(span_from(rest, 1));
    return n > 0 && (rest.len == 0 || rest.ptr[0] == '=');
}

static bool is_one_of(struct span word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (span_eq(word, span_str(words[i])))
            return true;
    return false;
}

static bool is_about_names(struct span key)
{
    static const char *const keys[] = {"address", "server", "local"};
    return is_one_of(key, keys, sizeof keys / sizeof *keys);
}

static bool names_files(struct span key)
{
    static const char *const keys[] = {"conf-file", "conf-dir", "servers-file", "addn-hosts", "hostsdir"};
    return is_one_of(key, keys, sizeof keys / sizeof *keys);
}

/* Up to the next '/'. */
static struct span take_part(struct span *rest)
{
    const uint8_t *slash = rest->len ? memchr(rest->ptr, '/', rest->len) : NULL;
    struct span part = span_first(*rest, slash ? (size_t)(slash - rest->ptr) : rest->len);
    *rest = span_from(*rest, part.len + 1);
    return part;
}

/* "*.x" is what lies below x. Other stars stand for parts of labels and whole labels alike, which those of this
 * program don't; "#" stands for all names, and no name at all for those without a dot. */
static bool is_no_value(struct span name)
{
    size_t skip = span_starts(name, SPAN_LIT("*.")) ? 2 : 0;
    return name.len == 0 || span_eq(name, SPAN_LIT("#")) || memchr(name.ptr + skip, '*', name.len - skip);
}

static bool take_name(struct dnsmasq *d, struct load_entry *e, enum meaning meaning, struct err *err)
{
    struct load *l = d->load;
    if (meaning == MEANS_FORWARD || is_no_value(e->value)) {
        load_skip(l, SKIP_RULE, IOC_DOMAIN, e->line, e->col, e->value);
        return true;
    }
    e->is_allow = meaning == MEANS_ALLOW;
    e->has_type = !l->options->has_type;
    e->type = IOC_DOMAIN;
    e->has_match = span_starts(e->value, SPAN_LIT("*."));
    e->match = MATCH_BELOW;
    return kept_name(&d->kept, e, err);
}

static void reject_line(struct load *l, struct span line, struct span text, enum reject reason)
{
    load_reject(l, reason, load_clamp32(l->lines.n), (uint32_t)(text.ptr - line.ptr) + 1, text, NULL);
}

/* "/name/name/target" */
static bool take_names(struct dnsmasq *d, struct span line, struct span list, bool is_address,
                       struct span comment, struct err *err)
{
    struct load *l = d->load;
    const uint8_t *last = memrchr(list.ptr, '/', list.len);
    struct span target = load_trim(span_from(list, (size_t)(last - list.ptr) + 1));
    struct span names = span_of(list.ptr + 1, (size_t)(last - list.ptr) - 1);
    struct context_in context = load_context(l);
    context.description = load_text(comment);
    enum meaning meaning = is_address || target.len == 0    ? MEANS_BLOCK
                           : span_eq(target, SPAN_LIT("#")) ? MEANS_ALLOW
                                                            : MEANS_FORWARD;
    do {
        struct load_entry e = {.value = load_trim(take_part(&names)), .line = load_clamp32(l->lines.n)};
        e.col = (uint32_t)(e.value.ptr - line.ptr) + 1;
        e.context = comment.len ? &context : NULL;
        if (!take_name(d, &e, meaning, err))
            return false;
    } while (names.len);
    return true;
}

static bool take_setting(struct dnsmasq *d, struct span line, struct span text, struct span comment,
                         struct err *err)
{
    struct load *l = d->load;
    struct span key, value;
    if (!split_setting(text, &key, &value)) {
        reject_line(l, line, text, REJECT_NOT_DNSMASQ_LINE);
        return true;
    }
    if (names_files(key))
        load_warn(l, load_clamp32(l->lines.n), (uint32_t)(text.ptr - line.ptr) + 1, text,
                  "other files are not followed; give them as lists of their own");
    if (!is_about_names(key))
        return true;
    bool is_address = span_eq(key, SPAN_LIT("address")), is_list = value.len && value.ptr[0] == '/';
    if (is_list && memchr(value.ptr + 1, '/', value.len - 1))
        return take_names(d, line, value, is_address, comment, err);
    if (is_address || is_list) /* "server=192.0.2.53" is for all names */
        reject_line(l, line, text, REJECT_NOT_DNSMASQ_LINE);
    return true;
}

static bool take_line(void *to, struct span line, struct err *err)
{
    struct dnsmasq *d = to;
    struct load *l = d->load;
    struct span text = load_trim(line), comment;
    if (load_passes_line(l, text))
        return true;
    text = load_split_comment(text, &comment);
    if (l->lines.is_cut && comment.len == 0) {
        reject_line(l, line, text, REJECT_NAME_TOO_LONG);
        return true;
    }
    return take_setting(d, line, text, comment, err);
}

static bool load_dnsmasq(struct load *l, struct err *err)
{
    struct dnsmasq d = {.load = l};
    bool is_good = kept_init(&d.kept, l, err) && load_each_line(l, take_line, &d, err);
    kept_fini(&d.kept);
    return is_good;
}

/* Most lines that are no comments are about names. */
static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    size_t n = 0, n_names = 0;
    for (struct span line, key, value; load_head_line(&head, is_all, &line);) {
        struct span text = load_trim(line);
        if (text.len == 0 || text.ptr[0] == '#')
            continue;
        n++;
        n_names +=
            split_setting(text, &key, &value) && is_about_names(key) && value.len && value.ptr[0] == '/';
    }
    return n_names * 2 > n;
}

const struct list_reader format_dnsmasq = {.name = "dnsmasq",
                                           .is_likely = is_likely,
                                           .load = load_dnsmasq,
                                           .name_match = MATCH_SUFFIX,
                                           .unit = "line"};
