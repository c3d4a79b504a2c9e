#pragma once
/* What a Snort or Suricata rule asks for, as far as single values can be taken from it: its contents with where and
 * how they have to stand, whether it asks for more than that, and what is said along with it. Pure; everything borrows
 * from the rule or lies in the arena. */
#include "rules/formats/rule_options.h"

enum { RULE_CONTENTS_MAX = 32, RULE_TAGS_MAX = 16 };

/* Which bytes a content is compared with. */
enum rule_place {
    PLACE_PAYLOAD,
    PLACE_DNS_QUERY,
    PLACE_DNS_ANSWER,
    PLACE_TLS_SNI,
    PLACE_QUIC_SNI,
    PLACE_HTTP_HOST,
    PLACE_HTTP_URI,
    PLACE_HTTP_AGENT,
    PLACE_HTTP_HEADER, /* all header lines */
    PLACE_HTTP_METHOD,
    PLACE_JA3,
    PLACE_JA4,
    PLACE_CERT_SHA1,
};

struct rule_content {
    enum rule_place place;
    struct span bytes;
    bool is_negated;
    bool is_bound;     /* a sticky buffer or a modifier gave it its place */
    bool has_dot;      /* dotprefix: a '.' was put in front of what it is compared with */
    bool is_at_start, is_at_end;
    bool is_relative;  /* to the content before it */
    int offset, depth; /* -1: not said */
    int size;          /* of what it is compared with; -1: not said */
};

struct rule_facts {
    struct rule_header header;
    struct rule_content contents[RULE_CONTENTS_MAX];
    size_t n_contents;
    bool has_place;      /* it names a buffer: it is about more than addresses */
    bool has_condition;  /* it asks for what no single value can say */
    bool has_flags_test; /* it looks at the flags of a DNS message: a condition in any other rule */
    int uri_len;         /* urilen; -1: not said */

    struct span message, reference, sid, rev;
    struct span tags[RULE_TAGS_MAX];
    size_t n_tags;
    int confidence; /* -1: not said */
};

/* False when it is no rule, or memory is short. */
bool rule_facts_read(struct span rule, struct arena *arena, struct rule_facts *out);
