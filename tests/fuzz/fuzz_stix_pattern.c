/* Any bytes as a STIX pattern: a tree within its bounds whose texts can be read, or a fault with a place. */
#include <stdio.h>
#include <stdlib.h>

#include "rules/formats/stix_like.h"
#include "rules/formats/stix_pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static unsigned sum(struct span s)
{
    unsigned n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += s.ptr[i];
    return n;
}

/* No operand may break what is made of it. */
static void check_like(struct span text)
{
    struct span value;
    struct buf scratch;
    buf_init(&scratch, 1 << 20);
    stix_like_name(text, &scratch, &value);
    sum(value);
    stix_like_text(text, &scratch, &value);
    sum(value);
    stix_like_url(text, &scratch, &value);
    sum(value);
    stix_like_target(text, &scratch, &value);
    sum(value);
    sum(stix_regex_url(text, &scratch));
    sum(stix_regex_target(text, &scratch));
    require(!scratch.is_full);
    buf_fini(&scratch);
}

static size_t check_comparison(const struct stix_comparison *c, size_t size)
{
    require(c->object.len > 0 && c->at < size && c->op <= STIX_EXISTS);
    sum(c->path);
    for (const struct stix_literal *l = c->literals; l; l = l->next) {
        require(l->at <= size && l->kind <= STIX_HEX);
        sum(l->text);
        if (c->op == STIX_LIKE || c->op == STIX_MATCHES)
            check_like(l->text);
    }
    return 1;
}

static size_t check_node(const struct stix_node *n, size_t size, unsigned depth)
{
    size_t n_comparisons = 0, n_children = 0;
    require(depth <= 4 * STIX_DEPTH_MAX + 8);
    if (n->kind == STIX_COMPARISON)
        return check_comparison(&n->comparison, size);
    for (const struct stix_node *child = n->first; child; child = child->next, n_children++)
        n_comparisons += check_node(child, size, depth + 1);
    require(n_children >= 2);
    return n_comparisons;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stix_pattern p;
    uint8_t *block = malloc(size ? size : 1);
    require(block);
    if (size)
        memcpy(block, data, size);
    stix_pattern_init(&p);
    if (stix_pattern_read(&p, span_of(block, size)))
        require(p.root && !p.fault && check_node(p.root, size, 0) <= STIX_COMPARISONS_MAX);
    else
        require(p.fault && p.fault[0] && p.fault_at <= size);
    stix_pattern_fini(&p);
    free(block);
    return 0;
}
