/* Response policy zones (draft-vixie-dnsop-dns-rpz): a zone whose owners, without the zone's own name, say what to
 * act on, and whose data says how. What is acted on is what an indicator is; how becomes a tag, "rpz:nxdomain" for
 * instance, for this program acts on nothing. A "passthru" is an exception and goes to the allow side.
 *
 * Owners are read relative to the zone's name: that of its SOA record, or else of the first $ORIGIN. Where neither
 * tells it, names without a final dot are what they say, and those with one are refused. */
#include <stdio.h>

#include "base/ip.h"
#include "rules/formats/format.h"
#include "rules/formats/kept.h"
#include "rules/formats/rpz_address.h"
#include "rules/formats/zone_file.h"
#include "rules/name.h"

enum action {
    ACT_NXDOMAIN, ACT_NODATA, ACT_PASSTHRU, ACT_DROP, ACT_TCP_ONLY, ACT_REDIRECT, ACT_LOCAL_DATA,
    ACT_UNKNOWN, /* reserved for later */
};

static const char *const action_tags[] = {"rpz:nxdomain", "rpz:nodata",   "rpz:passthru",  "rpz:drop",
                                          "rpz:tcp-only", "rpz:redirect", "rpz:local-data"};

struct rpz {
    struct load *load;     /* borrowed */
    struct zone_file zone; /* owned */
    struct kept kept;      /* owned */
    struct buf apex;       /* owned: the zone's name */
    bool has_apex, is_apex_absolute;
    struct span tags[LIST_TAGS_MAX + 1]; /* the list's, and room for the action */
};

/* ---- names ---- */

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool is_same_name(struct span a, struct span b)
{
    size_t n = 0;
    while (n < a.len && n < b.len && lower(a.ptr[n]) == lower(b.ptr[n]))
        n++;
    return n == a.len && n == b.len;
}

/* Cut `suffix`, whole labels, from the end of `name`; what is left may be empty. */
static bool cut_suffix(struct span *name, struct span suffix)
{
    if (suffix.len == 0)
        return true;
    if (name->len < suffix.len || !is_same_name(span_from(*name, name->len - suffix.len), suffix))
        return false;
    size_t n = name->len - suffix.len;
    if (n > 0 && name->ptr[n - 1] != '.')
        return false;
    *name = span_first(*name, n > 0 ? n - 1 : 0);
    return true;
}

static bool has_last_label(struct span *name, const char *label)
{
    return name->len > strlen(label) && cut_suffix(name, span_str(label));
}

/* ---- the zone's own name ---- */

static void set_apex(struct rpz *r, struct zone_name name)
{
    buf_reset(&r->apex);
    buf_put(&r->apex, name.text);
    r->has_apex = true;
    r->is_apex_absolute = name.is_absolute;
}

/* Alerts call the list by it, where nobody named the list otherwise. */
static bool name_list(struct rpz *r, struct err *err)
{
    const struct load *l = r->load;
    struct span apex = buf_span(&r->apex);
    bool is_named = l->options->name.len || l->depth > 0 || l->indicators.has_list || l->allow.has_list;
    return is_named || !name_is_plain(apex) || load_set_name(r->load, apex, err);
}

static bool take_soa(struct rpz *r, const struct zone_record *record, struct err *err)
{
    if (record->is_bad_owner)
        return true;
    set_apex(r, record->owner);
    if (record->owner.is_absolute)
        zone_set_origin(&r->zone, record->owner.text);
    return name_list(r, err);
}

/* There was no SOA before the first record. */
static void guess_apex(struct rpz *r)
{
    if (!r->has_apex)
        set_apex(r, (struct zone_name){buf_span(&r->zone.origin), r->zone.has_origin});
}

/* ---- actions ---- */

static bool is_special(const struct rpz *r, const struct zone_record *record, struct zone_name target,
                       const char *name)
{
    if (target.is_absolute && is_same_name(target.text, span_str(name)))
        return true;
    if (!is_same_name(record->data[0].text, span_str(name)))
        return false;
    load_warn(r->load, record->line, record->col, record->data[0].text,
              "the final dot is missing; taken as \"%s.\"", name);
    return true;
}

static enum action cname_action(struct rpz *r, const struct zone_record *record, struct zone_name target)
{
    if (target.is_absolute && target.text.len == 0)
        return ACT_NXDOMAIN;
    if (target.is_absolute && span_eq(target.text, SPAN_LIT("*")))
        return ACT_NODATA;
    if (is_special(r, record, target, "rpz-passthru"))
        return ACT_PASSTHRU;
    if (is_special(r, record, target, "rpz-drop"))
        return ACT_DROP;
    if (is_special(r, record, target, "rpz-tcp-only"))
        return ACT_TCP_ONLY;
    bool is_reserved = target.is_absolute && span_eq_nocase(span_first(target.text, 4), SPAN_LIT("rpz-")) &&
                       !memchr(target.text.ptr, '.', target.text.len);
    return is_reserved ? ACT_UNKNOWN : ACT_REDIRECT;
}

/* False when the data is not what its type asks for. `trigger` is the owner without the zone's name and without
 * what says what kind of trigger it is. */
static bool read_action(struct rpz *r, const struct zone_record *record, struct span trigger,
                        enum action *out)
{
    struct span word = record->data[0].text;
    struct zone_name target;
    struct ip ip;
    *out = ACT_LOCAL_DATA;
    if (zone_type_is(record, "a"))
        return record->n_data == 1 && ip_parse_v4(word, &ip);
    if (zone_type_is(record, "aaaa"))
        return record->n_data == 1 && ip_parse_v6(word, &ip);
    if (!zone_type_is(record, "cname"))
        return true;
    if (record->n_data != 1 || !zone_name_of(&r->zone, &record->data[0], &target))
        return false;
    /* "x CNAME x." is how passthru was written first. */
    *out = target.is_absolute && is_same_name(target.text, trigger) ? ACT_PASSTHRU
                                                                    : cname_action(r, record, target);
    return true;
}

/* ---- triggers ---- */

enum trigger_kind {
    TRIGGER_NAME,
    TRIGGER_ADDRESS, /* of an answer */
    TRIGGER_SERVER,  /* a name server's name */
    TRIGGER_UNSEEN,  /* who asks, and addresses of name servers: traffic does not show that they are such */
};

static enum trigger_kind cut_kind(struct span *trigger)
{
    if (has_last_label(trigger, "rpz-ip"))
        return TRIGGER_ADDRESS;
    if (has_last_label(trigger, "rpz-nsdname"))
        return TRIGGER_SERVER;
    bool is_unseen = has_last_label(trigger, "rpz-client-ip") || has_last_label(trigger, "rpz-nsip");
    return is_unseen ? TRIGGER_UNSEEN : TRIGGER_NAME;
}

/* ---- entries ---- */

/* What goes with an entry: how the zone answers, and what stands behind it or in its TXT record. */
static struct context_in context_of(struct rpz *r, const struct zone_record *record, enum action action)
{
    bool is_heading = record->comment.len && load_comment(r->load, record->comment);
    struct context_in c = load_context(r->load);
    for (size_t i = 0; i < c.n_tags; i++)
        r->tags[i] = c.tags[i];
    r->tags[c.n_tags++] = span_str(action_tags[action]);
    c.tags = r->tags;
    if (record->comment.len && !is_heading)
        c.description = load_text(span_from(record->comment, 1));
    else if (zone_type_is(record, "txt"))
        c.description = load_text(record->data[0].text);
    return c;
}

static void reject(struct rpz *r, enum reject reason, const struct zone_record *record, const char *what)
{
    load_reject(r->load, reason, record->line, record->col, record->written, what);
}

/* Answers that hold an address of the network: where else the address shows is not what was asked, unless the
 * list's `fields` ask for it. A zone may well name what every packet of a house has, as 10.0.0.0/8. */
static bool take_address(struct rpz *r, struct load_entry *e, const struct zone_record *record,
                         struct span trigger, struct err *err)
{
    char text[RPZ_ADDRESS_TEXT_MAX];
    if (!rpz_address_read(trigger, text)) {
        reject(r, REJECT_BAD_IP, record,
               "no address trigger; wanted: prefix length and address, the last part first, as in "
               "24.0.2.0.192.rpz-ip or "
               "48.zz.db8.2001.rpz-ip; entry skipped");
        return true;
    }
    e->fields = r->load->options->fields ? 0 : FIELD_BIT(FIELD_DNS_ANSWER_ADDRESS);
    e->has_type = true;
    e->type = IOC_IPV4;
    return kept_put(&r->kept, span_of(NULL, 0), span_str(text), &e->value, err) &&
           load_entry(r->load, e, err);
}

/* Is it one? Else it is rejected. A top-level domain is. */
static bool check_name(struct rpz *r, const struct zone_record *record, struct span name)
{
    char what[200];
    struct span canonical;
    uint32_t col;
    if (name_is_plain(name))
        return true;
    buf_reset(&r->load->scratch);
    enum reject why = name_canonical(name, &r->load->scratch, &canonical, &col);
    if (why == REJECT_NONE || why == REJECT_SINGLE_LABEL)
        return true;
    snprintf(what, sizeof what, "the owner is no name: %s; wanted: %s; entry skipped", reject_code(why),
             reject_remedy(why));
    reject(r, REJECT_BAD_OWNER, record, what);
    return false;
}

/* "x" is that name alone, "*.x" what is below it; "*", which is everything, is no value. */
static bool take_name(struct rpz *r, struct load_entry *e, const struct zone_record *record,
                      struct span trigger, struct err *err)
{
    bool is_below = span_starts(trigger, SPAN_LIT("*."));
    if (span_eq(trigger, SPAN_LIT("*"))) {
        load_skip(r->load, SKIP_RULE, IOC_DOMAIN, record->line, record->col, record->written);
        return true;
    }
    if (!check_name(r, record, span_from(trigger, is_below ? 2 : 0)))
        return true;
    e->has_type = e->has_match = true;
    e->type = IOC_DOMAIN;
    e->match = is_below ? MATCH_BELOW : MATCH_EXACT;
    return kept_put(&r->kept, span_of(NULL, 0), trigger, &e->value, err) && kept_name(&r->kept, e, err);
}

static bool take_policy(struct rpz *r, const struct zone_record *record, enum trigger_kind kind,
                        struct span trigger, enum action action, struct err *err)
{
    struct context_in context = context_of(r, record, action);
    struct load_entry e = {.line = record->line, .col = record->col, .context = &context};
    e.is_allow = action == ACT_PASSTHRU;
    if (kind == TRIGGER_ADDRESS)
        return take_address(r, &e, record, trigger, err);
    if (kind == TRIGGER_SERVER)
        e.fields = r->load->options->fields ? 0 : FIELD_BIT(FIELD_DNS_ANSWER_TARGET);
    return take_name(r, &e, record, trigger, err);
}

/* ---- records ---- */

/* The owner without the zone's name; empty: it is the zone's name. */
static bool read_owner(struct rpz *r, const struct zone_record *record, struct span *out)
{
    guess_apex(r);
    *out = record->owner.text;
    if (record->is_bad_owner) {
        reject(r, REJECT_BAD_OWNER, record,
               "the owner is no name: too long, or a dot behind a backslash; entry skipped");
        return false;
    }
    if (record->owner.is_absolute == r->is_apex_absolute && cut_suffix(out, buf_span(&r->apex)))
        return true;
    reject(r, REJECT_BAD_OWNER, record,
           r->is_apex_absolute
               ? "the owner lies outside the zone; entry skipped"
               : "an owner with a final dot, but no SOA record or $ORIGIN says what the zone is called; "
                 "entry skipped");
    return false;
}

static bool is_left_out(const struct zone_record *record, enum trigger_kind kind, enum action action,
                        enum skip *out)
{
    *out = kind == TRIGGER_UNSEEN ? SKIP_TRIGGER : SKIP_RULE;
    return kind == TRIGGER_UNSEEN || action == ACT_UNKNOWN || zone_type_is(record, "ns") ||
           zone_type_is(record, "dname");
}

static bool take_record(struct rpz *r, const struct zone_record *record, struct err *err)
{
    struct span trigger;
    enum action action;
    enum skip skip;
    if (zone_type_is(record, "soa"))
        return take_soa(r, record, err);
    if (!read_owner(r, record, &trigger))
        return true;
    if (trigger.len == 0 || zone_type_is_dnssec(record))
        return true; /* how the zone is served, not what it says */
    enum trigger_kind kind = cut_kind(&trigger);
    if (!read_action(r, record, trigger, &action)) {
        reject(r, REJECT_BAD_RR, record, "the data is not what its type asks for; entry skipped");
    } else if (is_left_out(record, kind, action, &skip)) {
        load_skip(r->load, skip, IOC_TYPE_COUNT, record->line, record->col, record->written);
    } else {
        return take_policy(r, record, kind, trigger, action, err);
    }
    return true;
}

static void take_bad(struct rpz *r, const struct zone_record *record)
{
    char what[200];
    snprintf(what, sizeof what, "%s; wanted: owner, type and data, as in evil.example CNAME .; entry skipped",
             record->fault);
    reject(r, REJECT_BAD_RR, record, what);
}

static bool read_zone(struct rpz *r, struct err *err)
{
    struct zone_record record;
    for (enum zone_item item; (item = zone_next(&r->zone, &record)) != ZONE_END;) {
        if (item == ZONE_BAD)
            take_bad(r, &record);
        else if (!take_record(r, &record, err))
            return false;
    }
    return load_flush(r->load, err);
}

static bool load_rpz(struct load *l, struct err *err)
{
    struct rpz r = {.load = l};
    buf_init(&r.apex, ZONE_NAME_MAX);
    bool is_good = zone_init(&r.zone, l, err);
    is_good = kept_init(&r.kept, l, err) && is_good && read_zone(&r, err);
    zone_fini(&r.zone);
    kept_fini(&r.kept);
    buf_fini(&r.apex);
    return is_good;
}

/* ---- detection ---- */

/* Cut up to and with the type, which stands behind the owner, a TTL and a class at most. */
static bool cut_type(struct span *line, struct span lower_type)
{
    for (int i = 0; i < 4; i++)
        if (span_eq_nocase(load_take_word(line), lower_type))
            return true;
    return false;
}

/* "[owner] [ttl] [class] SOA mname rname serial", the last perhaps behind a parenthesis: no prose reads so. */
static bool is_soa_line(struct span line)
{
    if (!cut_type(&line, SPAN_LIT("soa")))
        return false;
    load_take_word(&line);
    load_take_word(&line);
    struct span serial = load_take_word(&line);
    return serial.len && (serial.ptr[0] == '(' || (serial.ptr[0] >= '0' && serial.ptr[0] <= '9'));
}

/* "owner [ttl] [class] CNAME target" with a target that only policies have. */
static bool is_policy_line(struct span line)
{
    if (!cut_type(&line, SPAN_LIT("cname")))
        return false;
    struct span target = load_take_word(&line);
    return span_eq(target, SPAN_LIT(".")) || span_eq(target, SPAN_LIT("*.")) ||
           span_eq_nocase(span_first(target, 4), SPAN_LIT("rpz-"));
}

/* A zone begins with its SOA record; a part of one is made of policies. */
static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    size_t n = 0, n_policies = 0;
    for (struct span line; load_head_line(&head, is_all, &line);) {
        struct span text = load_trim(line);
        if (text.len == 0 || memchr("#;!/$", text.ptr[0], 5))
            continue;
        if (is_soa_line(line))
            return true;
        n++;
        n_policies += is_policy_line(line);
    }
    return n_policies * 2 > n;
}

const struct list_reader format_rpz = {
    .name = "rpz", .is_likely = is_likely, .load = load_rpz, .name_match = MATCH_EXACT, .unit = "entry"};
