#pragma once
/* The syntax of Snort and Suricata rules: "action protocol source port -> target port (key:value; key; ...)". What
 * options mean is none of its business. Pure; spans borrow from the rule. */
#include "base/arena.h"

struct rule_header {
    struct span action, protocol;
    struct span source, source_port, target, target_port; /* empty when there are none, as in Snort 3 */
    struct span options;                                  /* between the parentheses */
};

/* `rule` is one line, trimmed. False when it is no rule. */
bool rule_header_read(struct span rule, struct rule_header *out);

struct rule_option {
    struct span key, value; /* both trimmed; `value` is empty when there is none */
};

/* Move on to the next option. False at the end, and at what can't be read: then *options is not empty. */
bool rule_option_next(struct span *options, struct rule_option *out);

/* The next word of a list with commas; brackets hold together what is between them. False past the last. */
bool rule_list_next(struct span *list, struct span *out);

struct rule_string {
    bool is_negated;
    struct span bytes; /* without quotes, escapes and |hex| undone; lies in the arena */
    struct span rest;  /* behind the closing quote and a comma, as Snort 3 has it */
};

/* A value in quotes: `"text|0d 0a|"`, `!"text"`. False when it is none, or there is no memory. `has_hex`: undo |hex|
 * too. */
bool rule_string_read(struct span value, bool has_hex, struct arena *arena, struct rule_string *out);
