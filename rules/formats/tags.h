#pragma once
/* Tags that say more than a word: machine tags as MISP's taxonomies have them, namespace:predicate="value". What they
 * say of an entry's marking, confidence and source. Pure; upper and lower case are one. */
#include "rules/indicator.h"

/* What a run of tags says. Begin with tags_nothing(). */
struct tags_said {
    enum tlp tlp; /* the strictest of all; TLP_NONE: no tag says one */
    struct span
        unknown_tlp; /* a tag in the namespace "tlp" that is no marking, borrowed; empty: none. See load_tlp() */
    bool hides_source; /* "tlp:ex:chr", the Chatham House rule: nobody may read who said so */
    int confidence;    /* the least of all, 0-100; -1: no tag says one */
};

static inline struct tags_said tags_nothing(void)
{
    return (struct tags_said){.unknown_tlp = {(const uint8_t *)"", 0}, .confidence = -1};
}

/* Add what this tag says. Understood are
 *   tlp:clear, tlp:white, ... tlp:red, tlp:ex:chr
 *   misp:confidence-level="completely-confident" 100, usually- 75, fairly- 50, rarely- 25, "unconfident" 0
 *   admiralty-scale:source-reliability="a" 90, b 70, c 50, d 30, e 10, g 0; f says nothing
 *   admiralty-scale:information-credibility="1" 90, 2 70, 3 50, 4 30, 5 10; 6 says nothing
 *   estimative-language:likelihood-probability="almost-certain" 97, very-likely 87, likely 67, roughly-even-chance 50,
 *       unlikely 32, very-unlikely 12, almost-no-chance 3: the middle of what each word stands for
 *   estimative-language:confidence-in-analytic-judgment="high" 85, moderate 50, low 15 */
void tags_read(struct span tag, struct tags_said *to);
