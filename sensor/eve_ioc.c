/* The "alert" object: what Suricata says of a rule, said of an indicator, and in context.ioc (version 7: metadata.ioc)
 * the indicator itself with everybody who named it.
 *
 * Only origins that hold at the event's time, and may be told where the line goes, speak: they give confidence, marking, severity and category. Lists are
 * hostile too, and one could name an indicator a million times, so texts are cut and origins bounded; the marking is
 * still the strictest of all that hold, shown or not. */
#include "sensor/eve_parts.h"

#include <stdio.h>

#include "base/time.h"

enum {
    VALUE_SHOWN = 4096,
    TEXT_SHOWN = 512,
    TAG_SHOWN = 128,
    TAGS_SHOWN = 32,
    ORIGINS_BYTES = 16 * 1024,
    ORIGINS_ASKED = 64, /* for a category */
};

/* The origins of an alert's indicator that hold, summed up. */
struct judgement {
    const struct set_view *set;
    const struct indicator *indicator;
    int64_t seconds;  /* the event's time */
    enum tlp ceiling; /* origins marked stricter do not speak */
    enum tlp tlp;     /* the strictest */
    int confidence;   /* the highest, or -1 */
    const char *category;
    uint32_t first_list; /* of the first one; UINT32_MAX if none speaks */
    uint64_t n_lists;    /* runs of one list; lists are read one after the other */
    bool is_exercise;    /* nobody means it but for a drill */
};

/* Words of the tags that lists carry (MISP, STIX, abuse.ch), most specific first, and what Suricata's
 * classification.config calls such traffic. A word stands between bytes that are neither letter nor digit. */
static const struct {
    const char *word, *category;
} vocabulary[] = {
    {"c2", "Malware Command and Control Activity Detected"},
    {"c&c", "Malware Command and Control Activity Detected"},
    {"cnc", "Malware Command and Control Activity Detected"},
    {"command-and-control", "Malware Command and Control Activity Detected"},
    {"botnet", "Malware Command and Control Activity Detected"},
    {"exploit-kit", "Exploit Kit Activity Detected"},
    {"coinminer", "Crypto Currency Mining Activity Detected"},
    {"cryptomining", "Crypto Currency Mining Activity Detected"},
    {"cryptojacking", "Crypto Currency Mining Activity Detected"},
    {"mining", "Crypto Currency Mining Activity Detected"},
    {"phishing", "Possible Social Engineering Attempted"},
    {"phish", "Possible Social Engineering Attempted"},
    {"social-engineering", "Possible Social Engineering Attempted"},
    {"scam", "Possible Social Engineering Attempted"},
    {"apt", "Targeted Malicious Activity was Detected"},
    {"spyware", "Targeted Malicious Activity was Detected"},
    {"stalkerware", "Targeted Malicious Activity was Detected"},
    {"targeted", "Targeted Malicious Activity was Detected"},
    {"malware", "A Network Trojan was detected"},
    {"malware-download", "A Network Trojan was detected"},
    {"payload", "A Network Trojan was detected"},
    {"payload-delivery", "A Network Trojan was detected"},
    {"trojan", "A Network Trojan was detected"},
    {"ransomware", "A Network Trojan was detected"},
    {"stealer", "A Network Trojan was detected"},
    {"backdoor", "A Network Trojan was detected"},
    {"loader", "A Network Trojan was detected"},
    {"scanner", "Detection of a Network Scan"},
    {"scanning", "Detection of a Network Scan"},
    {"ddos", "Detection of a Denial of Service Attack"},
    {"adware", "Possibly Unwanted Program Detected"},
    {"pup", "Possibly Unwanted Program Detected"},
};
enum { VOCABULARY_LEN = sizeof vocabulary / sizeof *vocabulary };

static bool is_word_byte(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Lower case, and the ways to join words made one: "botnet_cc", "Command and Control". */
static uint8_t fold(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c == '_' || c == ' ' ? '-' : c;
}

static bool has_word(struct span tag, const char *word)
{
    size_t len = strlen(word);
    for (size_t at = 0; at + len <= tag.len; at++) {
        size_t n = 0;
        while (n < len && fold(tag.ptr[at + n]) == (uint8_t)word[n])
            n++;
        if (n == len && (at == 0 || !is_word_byte(tag.ptr[at - 1])) &&
            (at + len == tag.len || !is_word_byte(tag.ptr[at + len])))
            return true;
    }
    return false;
}

/* Index into the vocabulary of the most specific word this context is tagged with, below `best`; else `best`. */
static size_t best_word(const struct set_view *set, const struct context *c, size_t best)
{
    for (uint32_t i = 0; i < c->n_tags && i < TAGS_SHOWN; i++) {
        struct span tag = span_first(set_text(set, set->tags[c->tags + i]), TAG_SHOWN);
        for (size_t word = 0; word < best; word++)
            if (has_word(tag, vocabulary[word].word))
                best = word;
    }
    return best;
}

static bool speaks(const struct judgement *j, const struct origin *o)
{
    return tlp_is_within((enum tlp)j->set->contexts[o->context].tlp, j->ceiling) &&
           set_origin_holds(j->set, o, j->seconds);
}

/* The next origin from `at` on that speaks, or ORIGIN_END. */
static uint32_t next_speaking(const struct judgement *j, uint32_t at)
{
    while (at != ORIGIN_END && !speaks(j, &j->set->origins[at]))
        at = j->set->origins[at].next;
    return at;
}

static void judge(struct judgement *j)
{
    size_t word = VOCABULARY_LEN, n = 0;
    uint32_t list = UINT32_MAX;

    for (uint32_t at = next_speaking(j, j->indicator->origins); at != ORIGIN_END;
         at = next_speaking(j, j->set->origins[at].next), n++) {
        const struct origin *o = &j->set->origins[at];
        const struct context *c = &j->set->contexts[o->context];
        if (n == 0)
            j->first_list = o->list;
        j->is_exercise = (n == 0 || j->is_exercise) && c->is_exercise;
        if (o->list != list)
            j->n_lists++;
        list = o->list;
        if (c->tlp > j->tlp)
            j->tlp = (enum tlp)c->tlp;
        if (c->confidence > j->confidence)
            j->confidence = c->confidence;
        if (n < ORIGINS_ASKED)
            word = best_word(j->set, c, word);
    }
    j->category = word < VOCABULARY_LEN ? vocabulary[word].category : "Potentially Bad Traffic";
}

/* 1 (high) for a confidence of 75 and more, 2 for 40 and more and where nobody said, else 3. */
static unsigned severity_of(const struct judgement *j)
{
    return j->confidence >= 75 ? 1 : j->confidence >= 40 || j->confidence < 0 ? 2 : 3;
}

/* The same for the same indicator in every run, on every sensor: FNV-1a of type and value, folded to the 31 bits that
 * Suricata's tools expect; never 0. */
static uint32_t signature_id(const struct indicator *i, struct span value)
{
    uint64_t hash = (UINT64_C(0xcbf29ce484222325) ^ i->type) * UINT64_C(0x100000001b3);
    for (size_t n = 0; n < value.len; n++)
        hash = (hash ^ value.ptr[n]) * UINT64_C(0x100000001b3);
    uint32_t id = (uint32_t)(hash ^ hash >> 31) & 0x7fffffff;
    return id ? id : 1;
}

/* At most `max` bytes, not ending within a character. */
static struct span cut_text(struct span text, size_t max)
{
    if (text.len <= max)
        return text;
    while (max > 0 && (text.ptr[max] & 0xc0) == 0x80)
        max--;
    return span_first(text, max);
}

static int shown_len(struct span text, size_t max)
{
    return (int)cut_text(text, max).len;
}

/* One line that a person understands, of about 200 bytes at most. */
static void put_signature(struct json *json, const struct judgement *j, const struct alert *a)
{
    enum { VALUE_MAX = 80, LIST_MAX = 40 };
    char text[256], more[32] = "";
    struct span value = set_value(j->set, a->indicator), list = {0};

    if (j->first_list != UINT32_MAX)
        list = set_text(j->set, j->set->lists[j->first_list].name);
    if (j->n_lists > 1)
        snprintf(more, sizeof more, " and %llu more", (unsigned long long)j->n_lists - 1);
    int n = snprintf(text, sizeof text, "IOC %s %.*s%s (%s) seen in %s, list %.*s%s%s",
                     ioc_type_name((enum ioc_type)j->indicator->type), shown_len(value, VALUE_MAX),
                     (const char *)value.ptr, value.len > VALUE_MAX ? "..." : "",
                     ioc_match_name((enum ioc_match)j->indicator->match), field_name(a->field),
                     shown_len(list, LIST_MAX), list.len ? (const char *)list.ptr : "",
                     list.len > LIST_MAX ? "..." : "", more);
    json_text(json, "signature",
              span_of(text, n < 0                     ? 0
                            : (size_t)n < sizeof text ? (size_t)n
                                                      : sizeof text - 1));
}

static void put_text_ref(struct json *json, const struct set_view *set, const char *key, struct text_ref t,
                         size_t max)
{
    if (t.len)
        json_text(json, key, cut_text(set_text(set, t), max));
}

static void put_tags(struct json *json, const struct set_view *set, const struct context *c)
{
    if (c->n_tags == 0)
        return;
    json_begin_array(json, "tags");
    for (uint32_t i = 0; i < c->n_tags && i < TAGS_SHOWN; i++)
        put_text_ref(json, set, NULL, set->tags[c->tags + i], TAG_SHOWN);
    json_end_array(json);
}

/* "2026-01-02T03:04:05Z"; nothing for what was not said, or lies outside the years that RFC 3339 has words for. */
static void put_rfc3339(struct json *json, const char *key, int64_t seconds)
{
    char text[TIME_TEXT_MAX];
    if (seconds < INT64_C(-62135596800) || seconds > INT64_C(253402300799))
        return;
    json_text(json, key, span_of(text, time_format_seconds(seconds, text)));
}

static void put_origin(struct json *json, const struct set_view *set, const struct origin *o)
{
    const struct context *c = &set->contexts[o->context];

    json_begin_object(json, NULL);
    put_text_ref(json, set, "list", set->lists[o->list].name, TEXT_SHOWN);
    json_u64(json, "line", o->line);
    put_text_ref(json, set, "id", c->id, TEXT_SHOWN);
    put_text_ref(json, set, "organisation", c->organisation, TEXT_SHOWN);
    if (c->tlp != TLP_NONE)
        json_str(json, "tlp", tlp_name((enum tlp)c->tlp));
    if (c->confidence >= 0)
        json_u64(json, "confidence", (uint64_t)c->confidence);
    if (c->is_exercise)
        json_bool(json, "exercise", true);
    put_rfc3339(json, "valid_from", c->valid_from);
    put_rfc3339(json, "valid_until", c->valid_until);
    put_tags(json, set, c);
    put_text_ref(json, set, "reference", c->reference, TEXT_SHOWN);
    put_text_ref(json, set, "description", c->description, TEXT_SHOWN);
    json_end_object(json);
}

static void put_origins(struct json *json, const struct judgement *j)
{
    uint64_t left_out = 0;
    size_t from = json->out->len;
    bool is_full = false;

    json_begin_array(json, "origins");
    for (uint32_t at = next_speaking(j, j->indicator->origins); at != ORIGIN_END;
         at = next_speaking(j, j->set->origins[at].next)) {
        left_out += is_full;
        if (is_full)
            continue;
        put_origin(json, j->set, &j->set->origins[at]);
        is_full = json->out->len - from >= ORIGINS_BYTES;
    }
    json_end_array(json);
    if (left_out)
        json_u64(json, "origins_left_out", left_out);
}

/* Is what was seen an address? Where names stand too, what was found there tells. */
static bool is_address(const struct alert *a)
{
    enum field f = a->field;
    enum ioc_type t = (enum ioc_type)db_set(a->db)->indicators[a->indicator].type;
    if (f == FIELD_SOCKS_HOST || f == FIELD_TLS_CERT_SAN)
        return t >= IOC_IPV4 && t <= IOC_IP_PORT;
    return f == FIELD_DNS_ANSWER_ADDRESS || f == FIELD_IP_SRC || f == FIELD_IP_DST;
}

/* What the name that was seen in a hello may stand in for. */
static const char *ech_name(const struct alert *a)
{
    static const char *const names[] = {
        [TLS_ECH_POSSIBLE] = "possible",
        [TLS_ECH_REAL] = "real",
        [TLS_ECH_INNER] = "inner",
        [TLS_ECH_ESNI] = "esni",
    };
    bool is_name = a->field == FIELD_TLS_SNI || a->field == FIELD_QUIC_SNI;
    return is_name && !a->event->is_bare ? names[a->event->tls_client->ech] : NULL;
}

static void put_repeats(struct eve_line *l, const struct alert_repeats *r)
{
    json_begin_object(&l->json, "repeats");
    json_u64(&l->json, "count", r->n);
    eve_put_time(l, "first", r->first_ns);
    eve_put_time(l, "last", r->last_ns);
    json_end_object(&l->json);
}

static void put_ioc(struct eve_line *l, const struct judgement *j, const struct alert *a)
{
    struct json *json = &l->json;

    json_begin_object(json, "ioc");
    json_str(json, "type", ioc_type_name((enum ioc_type)j->indicator->type));
    json_text(json, "value", cut_text(set_value(j->set, a->indicator), VALUE_SHOWN));
    json_str(json, "match", ioc_match_name((enum ioc_match)j->indicator->match));
    json_str(json, "field", field_name(a->field));
    if (is_address(a))
        eve_put_address(l, "observed", a->observed);
    else if (a->field == FIELD_TLS_CERT_SUBJECT || a->field == FIELD_TLS_CERT_ISSUER)
        eve_put_text(l, "observed", a->observed);
    else
        eve_put_wire(l, "observed", a->observed);
    if (ech_name(a))
        json_str(json, "ech", ech_name(a));
    json_str(json, "generation", db_generation(a->db));
    if (j->tlp != TLP_NONE)
        json_str(json, "tlp", tlp_name(j->tlp));
    if (j->confidence >= 0)
        json_u64(json, "confidence", (uint64_t)j->confidence);
    if (j->is_exercise)
        json_bool(json, "exercise", true);
    if (a->repeats)
        put_repeats(l, a->repeats);
    put_origins(json, j);
    json_end_object(json);
}

static struct judgement judgement_of(const struct eve_options *o, const struct alert *a)
{
    const struct set_view *set = db_set(a->db);
    struct judgement j = {.set = set,
                          .indicator = &set->indicators[a->indicator],
                          .seconds = eve_seconds(a->event->ts_ns),
                          .ceiling = o->max_tlp,
                          .confidence = -1,
                          .first_list = UINT32_MAX};
    judge(&j);
    return j;
}

enum alert_fate eve_alert_fate(const struct eve_options *o, const struct alert *a)
{
    if (o->max_tlp == TLP_NONE && o->max_severity == 0)
        return ALERT_SHOWN;
    struct judgement j = judgement_of(o, a);
    if (j.first_list == UINT32_MAX)
        return ALERT_WITHHELD;
    return o->max_severity && severity_of(&j) > o->max_severity ? ALERT_FILTERED : ALERT_SHOWN;
}

void eve_put_alert_object(struct eve_line *l, const struct alert *a)
{
    struct judgement j = judgement_of(l->options, a);
    const struct set_view *set = j.set;
    json_begin_object(&l->json, "alert");
    json_str(&l->json, "action", "allowed");
    json_u64(&l->json, "gid", 1);
    json_u64(&l->json, "signature_id", signature_id(j.indicator, set_value(set, a->indicator)));
    json_u64(&l->json, "rev", 1);
    put_signature(&l->json, &j, a);
    json_str(&l->json, "category", j.category);
    json_u64(&l->json, "severity", severity_of(&j));
    json_begin_object(&l->json, l->options->version >= 8 ? "context" : "metadata");
    put_ioc(l, &j, a);
    eve_put_carrier(l);
    json_end_object(&l->json);
    json_end_object(&l->json);
}
