/* Hot, but for building; see addresses.h.
 *
 * Single addresses are keys of a hash table. Networks overlap and nest (bogon lists hold 224.0.0.0/3 and parts of it), so
 * they are an interval tree: an array sorted by first address, each node knowing the highest last address below it. Cutting
 * ranges into disjoint pieces would make look-ups a plain binary search, but n nested ranges then take n * n places. Nearly
 * all IPv4 addresses never get that far: a bit says that no range touches their /20 (170 -> 20 ns with 5,000 networks). */
#include "matcher/addresses.h"

#include "matcher/confirm.h"

#define HOST_SALT 0x8ebc6af09c88c6e3ull
#define PORT_SALT 0x589965cc75374cc3ull

__extension__ typedef unsigned __int128 u128;

static uint64_t hash_address(const struct ip *ip, uint16_t port)
{
    uint64_t high, low;
    memcpy(&high, ip->b, 8);
    memcpy(&low, ip->b + 8, 8);
    return key_mix(key_mix(high ^ HOST_SALT, low ^ PORT_SALT) ^ port, HOST_SALT);
}

static u128 number_of(const struct ip *ip)
{
    u128 n = 0;
    for (int i = 0; i < 16; i += 4)
        n = n << 32 | load_be32(ip->b + i);
    return n;
}

static bool build_hosts(struct addresses *out, const struct set_view *v, const struct routes *routes,
                        struct err *err)
{
    uint32_t n = routes->n[ROUTE_ADDRESS], at = 0;
    uint64_t *hashes = malloc((n + 1ull) * sizeof *hashes);
    uint32_t *indicators = malloc((n + 1ull) * sizeof *indicators);
    bool is_built = hashes && indicators;
    for (uint32_t i = 0; is_built && i < v->n_indicators && at < n; i++) {
        struct ip first, last;
        if (routes->of[i] != ROUTE_ADDRESS || !route_addresses(v, i, &first, &last))
            continue;
        bool has_port = v->indicators[i].type == IOC_IP_PORT;
        out->has_ports |= has_port;
        hashes[at] = hash_address(&first, has_port ? v->indicators[i].port : 0);
        indicators[at++] = i;
    }
    is_built = is_built ? key_table_build(&out->hosts, hashes, indicators, at, err)
                        : err_set(err, ERR_MEMORY, NULL, "out of memory for %u addresses", n);
    free(hashes);
    free(indicators);
    return is_built;
}

static int compare_nodes(const void *a, const void *b)
{
    const struct range_node *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->indicator < y->indicator ? -1 : x->indicator > y->indicator;
}

/* Fills max_last in [low, high); its depth is the tree's. */
static u128 fill_max(struct range_node *nodes, uint32_t low, uint32_t high)
{
    if (low == high)
        return 0;
    uint32_t mid = low + (high - low) / 2;
    u128 max = nodes[mid].last, left = fill_max(nodes, low, mid), right = fill_max(nodes, mid + 1, high);
    max = left > max ? left : max;
    max = right > max ? right : max;
    return nodes[mid].max_last = max;
}

enum { BLOCK_SHIFT = 12, BLOCKS = 1 << (32 - BLOCK_SHIFT) };

static uint32_t low_word(u128 number)
{
    return (uint32_t)number;
}

/* Nodes are sorted, so each bit is set at most once, however ranges nest: only what reaches past all before is new. */
static bool mark_blocks(struct addresses *a, struct err *err)
{
    const struct ip lowest = ip_from_v4((const uint8_t[4]){0}),
                    highest = ip_from_v4((const uint8_t[4]){255, 255, 255, 255});
    u128 first_v4 = number_of(&lowest), last_v4 = number_of(&highest);
    uint32_t next = 0; /* blocks below are done */
    a->v4_blocks = calloc(BLOCKS / 64, sizeof *a->v4_blocks);
    if (!a->v4_blocks)
        return err_set(err, ERR_MEMORY, NULL, "out of memory for networks");
    for (uint32_t i = 0; i < a->n_ranges; i++) {
        const struct range_node *n = &a->ranges[i];
        if (n->last < first_v4 || n->first > last_v4)
            continue;
        uint32_t block = low_word(n->first < first_v4 ? first_v4 : n->first) >> BLOCK_SHIFT;
        uint32_t last = low_word(n->last > last_v4 ? last_v4 : n->last) >> BLOCK_SHIFT;
        for (block = block < next ? next : block; block <= last; block++)
            a->v4_blocks[block / 64] |= 1ull << (block % 64);
        next = last >= next ? last + 1 : next;
    }
    return true;
}

static bool build_ranges(struct addresses *out, const struct set_view *v, const struct routes *routes,
                         struct err *err)
{
    uint32_t n = routes->n[ROUTE_RANGE], at = 0;
    if (n == 0)
        return true;
    struct range_node *nodes = aligned_alloc(64, n * sizeof *nodes);
    if (!nodes)
        return err_set(err, ERR_MEMORY, NULL, "out of memory for %u networks", n);
    for (uint32_t i = 0; i < v->n_indicators && at < n; i++) {
        struct ip first, last;
        if (routes->of[i] == ROUTE_RANGE && route_addresses(v, i, &first, &last))
            nodes[at++] =
                (struct range_node){.first = number_of(&first), .last = number_of(&last), .indicator = i};
    }
    qsort(nodes, at, sizeof *nodes, compare_nodes);
    fill_max(nodes, 0, at);
    out->ranges = out->owned = nodes;
    out->n_ranges = at;
    return mark_blocks(out, err);
}

bool addresses_build(struct addresses *out, const struct set_view *v, const struct routes *routes,
                     struct err *err)
{
    *out = (struct addresses){0};
    if (build_hosts(out, v, routes, err) && build_ranges(out, v, routes, err))
        return true;
    addresses_fini(out);
    return false;
}

/* `max_last` is not recomputed: a wrong one can only hide ranges, not lead outside the array. */
static bool map_ranges(struct addresses *out, struct span ranges, uint32_t n_indicators, struct err *err)
{
    size_t n = ranges.len / sizeof(struct range_node);
    if (ranges.len % sizeof(struct range_node) || n > UINT32_MAX)
        return err_set(err, ERR_SYNTAX, NULL, "the table of networks has a wrong size");
    const struct range_node *nodes = (const struct range_node *)(const void *)ranges.ptr;
    bool is_sound = true;
    for (size_t i = 0; i < n; i++)
        is_sound &= nodes[i].indicator < n_indicators && nodes[i].first <= nodes[i].last &&
                    (i == 0 || nodes[i - 1].first <= nodes[i].first);
    if (!is_sound)
        return err_set(err, ERR_SYNTAX, NULL, "the table of networks is not in order");
    out->ranges = nodes;
    out->n_ranges = (uint32_t)n;
    return n == 0 || mark_blocks(out, err);
}

bool addresses_map(struct addresses *out, struct span hosts, struct span ranges, uint32_t has_ports,
                   uint32_t n_indicators, struct err *err)
{
    *out = (struct addresses){.has_ports = has_ports};
    return key_table_map(&out->hosts, hosts, n_indicators, err) && map_ranges(out, ranges, n_indicators, err);
}

void addresses_fini(struct addresses *a)
{
    key_table_fini(&a->hosts);
    free(a->owned);
    free(a->v4_blocks);
    *a = (struct addresses){0};
}

/* What is asked, and whom to tell. */
struct look_up {
    const struct addresses *a;
    const struct set_view *v;
    const struct ip *ip;
    u128 number;
    enum field field;
    uint16_t port;
    addresses_on_hit *on_hit;
    void *ctx;
};

static void look_up_host(const struct look_up *l, uint16_t port)
{
    uint64_t hash = hash_address(l->ip, port);
    if (!key_table_maybe(&l->a->hosts, hash))
        return;
    const struct key_entry *end, *e = key_table_bucket(&l->a->hosts, hash, &end);
    for (; e < end; e++)
        if (e->tag == (uint32_t)hash && confirm_address(l->v, e->indicator, l->field, l->ip, l->port))
            l->on_hit(l->ctx, e->indicator);
}

/* The recursion goes into the left half only, so its depth is the tree's. */
static void look_up_ranges(const struct look_up *l, uint32_t low, uint32_t high)
{
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const struct range_node *node = &l->a->ranges[mid];
        if (node->max_last < l->number)
            return;
        look_up_ranges(l, low, mid);
        if (node->first > l->number)
            return;
        if (node->last >= l->number && confirm_range(l->v, node->indicator, l->field, l->ip))
            l->on_hit(l->ctx, node->indicator);
        low = mid + 1;
    }
}

static bool may_be_in_range(const struct look_up *l)
{
    uint32_t block = low_word(l->number) >> BLOCK_SHIFT;
    return l->a->n_ranges && (!ip_is_v4(l->ip) || l->a->v4_blocks[block / 64] >> (block % 64) & 1);
}

void addresses_look_up(const struct addresses *a, const struct set_view *v, enum field field,
                       const struct ip *ip, uint16_t port, addresses_on_hit *on_hit, void *ctx)
{
    struct look_up l = {.a = a,
                        .v = v,
                        .ip = ip,
                        .number = number_of(ip),
                        .field = field,
                        .port = port,
                        .on_hit = on_hit,
                        .ctx = ctx};
    if (a->hosts.n) {
        look_up_host(&l, 0);
        if (a->has_ports && port)
            look_up_host(&l, port);
    }
    if (may_be_in_range(&l))
        look_up_ranges(&l, 0, a->n_ranges);
}
