/* See tags.h. */
#include "rules/formats/tags.h"

static const struct {
    const char *name, *value; /* in lower case */
    int confidence;
} scales[] = {
    {"misp:confidence-level", "completely-confident", 100},
    {"misp:confidence-level", "usually-confident", 75},
    {"misp:confidence-level", "fairly-confident", 50},
    {"misp:confidence-level", "rarely-confident", 25},
    {"misp:confidence-level", "unconfident", 0},
    {"admiralty-scale:source-reliability", "a", 90},
    {"admiralty-scale:source-reliability", "b", 70},
    {"admiralty-scale:source-reliability", "c", 50},
    {"admiralty-scale:source-reliability", "d", 30},
    {"admiralty-scale:source-reliability", "e", 10},
    {"admiralty-scale:source-reliability", "g", 0},
    {"admiralty-scale:information-credibility", "1", 90},
    {"admiralty-scale:information-credibility", "2", 70},
    {"admiralty-scale:information-credibility", "3", 50},
    {"admiralty-scale:information-credibility", "4", 30},
    {"admiralty-scale:information-credibility", "5", 10},
    {"estimative-language:likelihood-probability", "almost-certain", 97},
    {"estimative-language:likelihood-probability", "very-likely", 87},
    {"estimative-language:likelihood-probability", "likely", 67},
    {"estimative-language:likelihood-probability", "roughly-even-chance", 50},
    {"estimative-language:likelihood-probability", "unlikely", 32},
    {"estimative-language:likelihood-probability", "very-unlikely", 12},
    {"estimative-language:likelihood-probability", "almost-no-chance", 3},
    {"estimative-language:confidence-in-analytic-judgment", "high", 85},
    {"estimative-language:confidence-in-analytic-judgment", "moderate", 50},
    {"estimative-language:confidence-in-analytic-judgment", "low", 15},
};

static struct span trim(struct span s)
{
    while (s.len && s.ptr[0] <= ' ')
        span_skip(&s, 1);
    while (s.len && s.ptr[s.len - 1] <= ' ')
        s.len--;
    return s;
}

static struct span unquote(struct span s)
{
    return s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"' ? span_of(s.ptr + 1, s.len - 2) : s;
}

static void read_tlp(struct span tag, struct tags_said *to)
{
    enum tlp tlp;
    if (span_eq_nocase(tag, SPAN_LIT("tlp:ex:chr")))
        to->hides_source = true;
    else if (!tlp_of(tag, &tlp))
        to->unknown_tlp = tag;
    else if (tlp > to->tlp)
        to->tlp = tlp;
}

static void read_scale(struct span name, struct span value, struct tags_said *to)
{
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        if (!span_eq_nocase(value, span_str(scales[i].value)) ||
            !span_eq_nocase(name, span_str(scales[i].name)))
            continue;
        if (to->confidence < 0 || scales[i].confidence < to->confidence)
            to->confidence = scales[i].confidence;
        return;
    }
}

void tags_read(struct span tag, struct tags_said *to)
{
    tag = trim(tag);
    if (span_eq_nocase(span_first(tag, 4), SPAN_LIT("tlp:"))) {
        read_tlp(tag, to);
        return;
    }
    const uint8_t *equals = tag.len ? memchr(tag.ptr, '=', tag.len) : NULL;
    if (!equals)
        return;
    size_t at = (size_t)(equals - tag.ptr);
    read_scale(span_first(tag, at), unquote(span_from(tag, at + 1)), to);
}
