#pragma once
/* What holds of value_read() and value_read_as() whatever the input: for the property test and the fuzz target.
 * A broken promise aborts with a sentence on stderr. */
#include "base/ip.h"
#include "rules/name.h"
#include "rules/url.h"
#include "rules/value.h"

#include <stdio.h>
#include <stdlib.h>

#define CANONICAL_CHECK(condition, text)                                                                     \
    ((condition) ? (void)0 : canonical_broken(#condition, __LINE__, (text)))

static inline void canonical_broken(const char *condition, int line, struct span text)
{
    fprintf(stderr, "canonical.h:%d: not so: %s; input: ", line, condition);
    for (size_t i = 0; i < text.len && i < 400; i++)
        fprintf(stderr, text.ptr[i] > 0x20 && text.ptr[i] < 0x7f ? "%c" : "\\x%02x", text.ptr[i]);
    fprintf(stderr, "\n");
    abort();
}

static inline bool canonical_has_only(struct span text, const char *bytes)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == 0 || !strchr(bytes, text.ptr[i]))
            return false;
    return true;
}

#define CANONICAL_HEX  "0123456789abcdef"
#define CANONICAL_NAME "abcdefghijklmnopqrstuvwxyz0123456789-_."

/* Only bytes that the type allows, and the parts parse. */
static inline void canonical_check_bytes(struct span input, const struct value *v)
{
    struct ip ip;
    switch (v->type) {
    case IOC_DOMAIN:
        CANONICAL_CHECK(canonical_has_only(v->text, CANONICAL_NAME) && v->text.len <= NAME_MAX_BYTES, input);
        CANONICAL_CHECK(v->is_single_label == !memchr(v->text.ptr, '.', v->text.len), input);
        CANONICAL_CHECK(!v->is_single_label || v->is_wildcard, input);
        break;
    case IOC_WILDCARD:
        CANONICAL_CHECK(canonical_has_only(v->text, CANONICAL_NAME "*?") && v->text.len <= NAME_MAX_BYTES, input);
        break;
    case IOC_IPV4:
        CANONICAL_CHECK(ip_parse_v4(v->text, &ip), input);
        break;
    case IOC_IPV6:
        CANONICAL_CHECK(ip_parse_v6(v->text, &ip) && !ip_is_v4(&ip), input);
        break;
    case IOC_CIDR4:
    case IOC_RANGE4:
        CANONICAL_CHECK(canonical_has_only(v->text, "0123456789./-"), input);
        break;
    case IOC_CIDR6:
    case IOC_RANGE6:
        CANONICAL_CHECK(canonical_has_only(v->text, CANONICAL_HEX ":./-"), input);
        break;
    case IOC_IP_PORT:
        CANONICAL_CHECK(canonical_has_only(v->text, CANONICAL_HEX "[]:."), input);
        break;
    case IOC_DOMAIN_PORT:
        CANONICAL_CHECK(canonical_has_only(v->text, CANONICAL_NAME ":"), input);
        break;
    case IOC_MD5:
    case IOC_SHA1:
    case IOC_SHA256:
        CANONICAL_CHECK(canonical_has_only(v->text, CANONICAL_HEX), input);
        break;
    default: /* URLs and their parts, e-mail */
        for (size_t i = 0; i < v->text.len; i++)
            CANONICAL_CHECK(v->text.ptr[i] > 0x20 && v->text.ptr[i] < 0x7f, input);
    }
}

/* The key is the end of the text, and its path and query are what url_put_target() makes of them. */
static inline void canonical_check_url(struct span input, struct span url)
{
    struct span key = url_match_key(url);
    struct buf again;
    CANONICAL_CHECK(key.len > 0 && key.ptr + key.len == url.ptr + url.len, input);
    const uint8_t *slash = memchr(key.ptr, '/', key.len);
    CANONICAL_CHECK(slash && slash > key.ptr, input);
    struct span target = span_from(key, (size_t)(slash - key.ptr));
    buf_init(&again, VALUE_SCRATCH_BYTES);
    url_put_target(&again, target);
    CANONICAL_CHECK(span_eq(buf_span(&again), target), input);
    buf_fini(&again);
}

/* Read again, it says the same and needs no repair. */
static inline void canonical_check_again(struct span input, const struct value *v)
{
    struct buf text, scratch;
    struct value again;
    uint32_t col;
    buf_init(&text, VALUE_MAX_BYTES + 2);
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    if (v->is_wildcard)
        buf_put_str(&text, "*.");
    buf_put(&text, v->text);
    CANONICAL_CHECK(value_read(buf_span(&text), &scratch, &again, &col) == REJECT_NONE, input);
    CANONICAL_CHECK(again.type == v->type && span_eq(again.text, v->text), input);
    CANONICAL_CHECK(again.port == v->port && again.is_wildcard == v->is_wildcard, input);
    CANONICAL_CHECK(again.is_single_label == v->is_single_label, input);
    CANONICAL_CHECK(!again.was_defanged && !again.was_html_escaped && !again.had_host_bits, input);
    buf_fini(&text);
    buf_fini(&scratch);
}

static inline void canonical_check_value(struct span input, const struct value *v)
{
    bool has_port = v->type == IOC_IP_PORT || v->type == IOC_DOMAIN_PORT;
    CANONICAL_CHECK(v->text.len > 0 && v->text.len <= VALUE_MAX_BYTES, input);
    CANONICAL_CHECK((v->port != 0) == has_port, input);
    CANONICAL_CHECK(!v->is_wildcard || v->type == IOC_DOMAIN, input);
    canonical_check_bytes(input, v);
    if (v->type == IOC_URL || v->type == IOC_HOSTPATH)
        canonical_check_url(input, v->text);
    canonical_check_again(input, v);
}

/* Returns what value_read() said. `input` has to lie in a block of its exact size for a sanitizer to see all. */
static inline enum reject canonical_check(struct span input)
{
    struct buf scratch;
    struct value v;
    uint32_t col = 0;
    buf_init(&scratch, VALUE_SCRATCH_BYTES);
    enum reject why = value_read(input, &scratch, &v, &col);
    CANONICAL_CHECK(why < REJECT_COUNT, input);
    if (why == REJECT_NONE)
        canonical_check_value(input, &v);
    else
        CANONICAL_CHECK(col >= 1 && col <= input.len + 1, input);
    for (unsigned type = 0; type < IOC_TYPE_COUNT; type++) {
        struct value declared;
        enum reject other = value_read_as(type, input, &scratch, &declared, &col);
        if (other != REJECT_NONE)
            CANONICAL_CHECK(col >= 1 && col <= input.len + 1, input);
        else
            CANONICAL_CHECK(declared.text.len > 0 && declared.text.len <= VALUE_MAX_BYTES, input);
    }
    buf_fini(&scratch);
    return why;
}
