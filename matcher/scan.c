/* Hot; see scan.h. What is asked of a hash table alone (addresses, whole URLs and texts) is looked up as it is added;
 * names and what Hyperscan matches wait in the batch. */
#include "matcher/scan.h"

#include <stdlib.h>

#include "matcher/bloom.h"
#include "matcher/db_parts.h"
#include "matcher/names_hs.h"
#include "matcher/request.h"
#include "rules/url.h"

struct scanner {
    const struct db *db;
    struct hs_scratch *scratch; /* owned */
    struct batch batch;
    struct reversed reversed; /* working space of the literal engines */
    struct buf url;           /* one URL as it is put together */
    field_mask fields,
        text_fields[PIECE_TEXT + 1]; /* text_fields: by piece kind, where Hyperscan wants to see it */
    bool is_settled;                 /* the hits have been handed out: the next field starts afresh */
    scan_tap *tap;                   /* NULL: nobody listens */
    void *tap_to;
};

enum { URL_CAP_BYTES = 4 << 20 };

/* ---- life ---- */

static bool make_scratch(const struct db *db, struct hs_scratch **out, struct err *err)
{
    struct hs_database *hs[DB_HS_COUNT];
    db_hyperscan(db, hs);
    return hyperscan_scratch_new(hs, DB_HS_COUNT, out, err);
}

static void set_db(struct scanner *s, const struct db *db)
{
    s->db = db;
    s->fields = db->name_fields | db->address_fields | db->patterns.exact_fields | db->bloom_fields;
    for (int kind = PIECE_NAME; kind <= PIECE_TEXT; kind++) {
        s->text_fields[kind] = patterns_text_fields(&db->patterns, (enum piece_kind)kind);
        s->fields |= s->text_fields[kind];
    }
    s->text_fields[PIECE_NAME] |= db->name_fields | db->bloom_fields;
}

struct scanner *scanner_new(const struct db *db, struct err *err)
{
    struct scanner *s = calloc(1, sizeof *s);
    if (!s || !batch_init(&s->batch)) {
        scanner_free(s);
        err_set(err, ERR_MEMORY, NULL, "out of memory for a scanner");
        return NULL;
    }
    reversed_init(&s->reversed);
    buf_init(&s->url, URL_CAP_BYTES);
    if (!scanner_use(s, db, err)) {
        scanner_free(s);
        return NULL;
    }
    return s;
}

void scanner_free(struct scanner *s)
{
    if (!s)
        return;
    hyperscan_scratch_free(s->scratch);
    batch_fini(&s->batch);
    reversed_fini(&s->reversed);
    buf_fini(&s->url);
    free(s);
}

bool scanner_use(struct scanner *s, const struct db *db, struct err *err)
{
    struct hs_scratch *scratch;
    if (!make_scratch(db, &scratch, err))
        return false;
    hyperscan_scratch_free(s->scratch);
    s->scratch = scratch;
    set_db(s, db);
    batch_reset(&s->batch);
    hits_reset(&s->batch.hits);
    return true;
}

field_mask scanner_fields(const struct scanner *s)
{
    return s->fields;
}

uint64_t scanner_dropped(const struct scanner *s)
{
    return s->batch.n_dropped + s->batch.hits.n_dropped;
}

void scanner_tap(struct scanner *s, scan_tap *tap, void *to)
{
    s->tap = tap;
    s->tap_to = to;
}

/* ---- adding ---- */

static bool has_tap(const struct scanner *s)
{
    return __builtin_expect(s->tap != NULL, 0);
}

/* COLD: somebody listens. */
__attribute__((cold, noinline)) static void tell(struct scanner *s, struct scan_field field)
{
    s->tap(s->tap_to, &field);
}

/* A field's common part of its pieces; counts the field. */
static struct piece new_field(struct scanner *s, enum field field, uint16_t port, uint32_t cookie)
{
    if (s->is_settled) {
        hits_reset(&s->batch.hits);
        s->is_settled = false;
    }
    return (struct piece){
        .cookie = cookie, .order = s->batch.n_fields++, .port = port, .field = (uint8_t)field};
}

static bool wants(field_mask mask, enum field field)
{
    return (mask & FIELD_BIT(field)) != 0;
}

/* A text as it is in the filters that look at this field. */
static void look_up_bloom(struct scanner *s, const struct piece *piece, struct span text)
{
    if (wants(s->db->bloom_fields, (enum field)piece->field))
        bloom_look_up(&s->db->view, text, piece, &s->batch);
}

struct address_ctx {
    struct batch *batch;
    const struct piece *piece;
};

static void on_address(void *ctx, uint32_t indicator)
{
    const struct address_ctx *a = ctx;
    batch_hit(a->batch, a->piece, indicator);
}

static void look_up_address(struct scanner *s, const struct piece *piece, const struct ip *ip)
{
    struct address_ctx ctx = {.batch = &s->batch, .piece = piece};
    if (wants(s->db->address_fields, (enum field)piece->field))
        addresses_look_up(&s->db->addresses, &s->db->view, (enum field)piece->field, ip, piece->port,
                          on_address, &ctx);
}

/* Could this be an address? Names end in a letter, nearly always one past 'f'. */
static bool looks_like_address(struct span s)
{
    uint8_t last = s.len ? s.ptr[s.len - 1] : 0;
    return (last >= '0' && last <= '9') || last == ']' || last == ':' || memchr(s.ptr, ':', s.len) != NULL;
}

/* COLD: "192.0.2.1", "2001:db8::1", "[2001:db8::1]". */
__attribute__((noinline)) static void look_up_address_text(struct scanner *s, const struct piece *piece,
                                                           struct span text)
{
    struct ip ip;
    if (text.len > 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
        text = span_of(text.ptr + 1, text.len - 2);
    if (ip_parse_v4(text, &ip) || ip_parse_v6(text, &ip))
        look_up_address(s, piece, &ip);
}

/* Lower case; bytes that no listed name has become one that no separator is. Plain arithmetic, so that it vectorises. */
static void copy_name(uint8_t *restrict to, const uint8_t *restrict from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t c = from[i];
        c = (uint8_t)(c + ((uint8_t)(c - 'A') < 26 ? 0x20 : 0));
        to[i] = (uint8_t)(c - 0x20) < 0x5f ? c : BATCH_ODD_BYTE;
    }
}

static struct span without_final_dot(struct span name)
{
    return span_first(name, name.len - (name.len && name.ptr[name.len - 1] == '.'));
}

/* The field before may have no piece, or none that is a name's whole: nobody looks at it there, or it is no longer in the batch. */
static bool is_last_piece_of(const struct batch *b, uint32_t order)
{
    const struct piece *last = b->n ? &b->pieces[b->n - 1] : NULL;
    return last && last->kind == PIECE_NAME && last->order == order;
}

static void add_name(struct scanner *s, struct piece piece, struct span name, bool is_again)
{
    enum field field = (enum field)piece.field;
    if (name.len == 0)
        return;
    if (wants(s->db->address_fields, field) && looks_like_address(name))
        look_up_address_text(s, &piece, name);
    if (!wants(s->text_fields[PIECE_NAME], field))
        return;
    piece.kind = PIECE_NAME;
    if (is_again && is_last_piece_of(&s->batch, piece.order - 1)) {
        batch_repeat(&s->batch, &piece);
        return;
    }
    uint8_t *to = batch_reserve(&s->batch, &piece, name.len);
    if (to)
        copy_name(to, name.ptr, name.len);
}

static struct piece new_name(struct scanner *s, enum field field, struct span name, uint16_t port,
                             uint32_t cookie)
{
    if (has_tap(s))
        tell(s, (struct scan_field){.kind = SCAN_NAME, .field = field, .port = port, .text = name});
    return new_field(s, field, port, cookie);
}

void scan_add_name(struct scanner *s, enum field field, struct span name, uint16_t port, uint32_t cookie)
{
    add_name(s, new_name(s, field, name, port, cookie), without_final_dot(name), false);
}

void scan_add_name_again(struct scanner *s, enum field field, struct span name, uint16_t port,
                         uint32_t cookie)
{
    add_name(s, new_name(s, field, name, port, cookie), without_final_dot(name), true);
}

/* Keep a piece for Hyperscan, where it has patterns for this kind of text in this field. */
static void keep(struct scanner *s, struct piece piece, enum piece_kind kind, struct span text)
{
    piece.kind = (uint8_t)kind;
    if (text.len && wants(s->text_fields[kind], (enum field)piece.field))
        batch_add(&s->batch, &piece, text);
}

void scan_add_address(struct scanner *s, enum field field, const struct ip *ip, uint16_t port,
                      uint32_t cookie)
{
    if (has_tap(s))
        tell(s, (struct scan_field){.kind = SCAN_ADDRESS, .field = field, .port = port, .ip = *ip});
    struct piece piece = new_field(s, field, port, cookie);
    char text[IP_TEXT_MAX];
    look_up_address(s, &piece, ip);
    if (!wants(s->text_fields[PIECE_TEXT] | s->db->bloom_fields, field))
        return;
    struct span written = span_of(text, ip_format(ip, text));
    look_up_bloom(s, &piece, written);
    keep(s, piece, PIECE_TEXT, written);
}

/* ---- URLs ---- */

enum { HTTP_BYTES = 7 }; /* "http://" */

/* "http://host[:port]" in s->url; the port is left out when it is 0. */
static void put_origin(struct scanner *s, struct span authority, uint16_t port)
{
    uint16_t sent;
    buf_reset(&s->url);
    buf_put_str(&s->url, "http://");
    request_put_host(&s->url, authority, &sent);
    if (port) {
        buf_put_byte(&s->url, ':');
        buf_put_u64(&s->url, port);
    }
}

static void put_slash(struct scanner *s, struct span target)
{
    if (target.len == 0 || target.ptr[0] != '/')
        buf_put_byte(&s->url, '/');
}

/* COLD: the URL does not fit, or memory is short. */
__attribute__((cold, noinline)) static void drop(struct scanner *s)
{
    s->batch.n_dropped++;
}

/* The target as it was sent, for regexes, where it differs from the canonical one. */
static void keep_raw(struct scanner *s, const struct piece *piece, const struct request *r, uint16_t port,
                     size_t target_at)
{
    struct span canonical = span_from(buf_span(&s->url), target_at);
    struct span tail = canonical;
    if (r->target.len == 0 || r->target.ptr[0] != '/')
        span_skip(&tail, 1);
    if (!wants(s->text_fields[PIECE_URL_TEXT], (enum field)piece->field) || span_eq(tail, r->target))
        return;
    put_origin(s, r->authority, port);
    put_slash(s, r->target);
    buf_put(&s->url, r->target);
    if (s->url.is_full)
        drop(s);
    else
        keep(s, *piece, PIECE_URL_TEXT, buf_span(&s->url));
}

/* One spelling of the URL: with this port, or without. */
static void add_spelling(struct scanner *s, const struct piece *piece, const struct request *r, uint16_t port,
                         bool is_first)
{
    put_origin(s, r->authority, port);
    size_t target_at = buf_mark(&s->url);
    put_slash(s, r->target);
    url_put_target(&s->url, r->target);
    if (s->url.is_full) {
        drop(s);
        return;
    }
    struct span text = buf_span(&s->url), target = span_from(text, target_at),
                key = span_from(text, HTTP_BYTES);
    if (is_first) {
        patterns_look_up(&s->db->patterns, &s->db->view, KEY_PATH, target, piece, &s->batch);
        keep(s, *piece, PIECE_PATH, target);
    }
    if (target_at > HTTP_BYTES) {
        patterns_look_up(&s->db->patterns, &s->db->view, KEY_URL, key, piece, &s->batch);
        keep(s, *piece, PIECE_URL_KEY, key);
        look_up_bloom(s, piece, key);
        look_up_bloom(s, piece, text);
    }
    keep(s, *piece, PIECE_URL_TEXT, text);
    keep_raw(s, piece, r, port, target_at);
}

static void add_request(struct scanner *s, const struct piece *piece, const struct request *r)
{
    uint16_t sent, ports[2];
    buf_reset(&s->url);
    request_put_host(&s->url, r->authority, &sent);
    size_t n = s->url.len == 0 ? request_ports(0, 0, ports) : request_ports(sent, piece->port, ports);
    for (size_t i = 0; i < n; i++)
        add_spelling(s, piece, r, ports[i], i == 0);
}

static bool wants_url(const struct scanner *s, enum field field)
{
    return wants(s->db->patterns.exact_fields | s->db->bloom_fields | s->text_fields[PIECE_URL_KEY] |
                     s->text_fields[PIECE_URL_TEXT],
                 field);
}

void scan_add_url(struct scanner *s, enum field field, struct span host, struct span target, uint16_t port,
                  uint32_t cookie)
{
    if (has_tap(s))
        tell(s, (struct scan_field){
                    .kind = SCAN_URL, .field = field, .port = port, .text = host, .target = target});
    struct piece piece = new_field(s, field, port, cookie);
    if (!wants_url(s, field))
        return;
    struct request r = request_split(host, target);
    add_request(s, &piece, &r);
}

enum { MAILBOX_MAX = 320 }; /* RFC 5321, section 4.5.3.1: 64 for the local part, 255 for the domain */

/* An address of mail as lists have it: lower case throughout, no final dot. What is longer than any is left as it is. */
static struct span fold_mailbox(struct span text, uint8_t room[static MAILBOX_MAX])
{
    if (text.len > MAILBOX_MAX)
        return text;
    for (size_t i = 0; i < text.len; i++)
        room[i] = text.ptr[i] | (uint8_t)((uint8_t)(text.ptr[i] - 'A') < 26 ? 0x20 : 0);
    return span_of(room, text.len - (text.ptr[text.len - 1] == '.'));
}

static void look_up_text(struct scanner *s, const struct piece *piece, struct span text)
{
    patterns_look_up(&s->db->patterns, &s->db->view, KEY_TEXT, text, piece, &s->batch);
    look_up_bloom(s, piece, text);
}

void scan_add_text(struct scanner *s, enum field field, struct span text, uint32_t cookie)
{
    if (has_tap(s))
        tell(s, (struct scan_field){.kind = SCAN_TEXT, .field = field, .text = text});
    struct piece piece = new_field(s, field, 0, cookie);
    struct request r;
    if (text.len == 0)
        return;
    look_up_text(s, &piece, text);
    if (field == FIELD_SMTP_MAIL_FROM || field == FIELD_SMTP_RCPT_TO) {
        uint8_t room[MAILBOX_MAX];
        struct span folded = fold_mailbox(text, room);
        if (!span_eq(folded, text))
            look_up_text(s, &piece, folded);
    }
    keep(s, piece, PIECE_TEXT, text);
    bool is_link = field == FIELD_HTTP_LOCATION || field == FIELD_HTTP_REFERER;
    if (is_link && wants_url(s, field) && request_split_url(text, &r))
        add_request(s, &piece, &r);
}

void scan_add(struct scanner *s, const struct scan_field *f, uint32_t cookie)
{
    switch (f->kind) {
    case SCAN_NAME:
        scan_add_name(s, f->field, f->text, f->port, cookie);
        break;
    case SCAN_ADDRESS:
        scan_add_address(s, f->field, &f->ip, f->port, cookie);
        break;
    case SCAN_URL:
        scan_add_url(s, f->field, f->text, f->target, f->port, cookie);
        break;
    case SCAN_TEXT:
        scan_add_text(s, f->field, f->text, cookie);
        break;
    }
}

/* ---- running ---- */

size_t scan_run(struct scanner *s, const struct hit **out_hits)
{
    const struct db *db = s->db;
    struct batch *b = &s->batch;
    if (s->is_settled)
        hits_reset(&b->hits);
    if (b->n) {
        names_table_scan(&db->names, &db->view, b);
        names_hs_scan(db->names_hs, s->scratch, &db->view, &s->reversed, b);
        patterns_scan(&db->patterns, s->scratch, &db->view, &s->reversed, b);
        if (db->bloom_fields)
            bloom_scan(&db->view, db->bloom_fields, b);
    }
    batch_reset(b);
    s->is_settled = true;
    size_t n = hits_settle(&b->hits);
    *out_hits = b->hits.out;
    return n;
}

size_t scan_pending(const struct scanner *s)
{
    return s->batch.n_fields;
}

size_t scan_pending_bytes(const struct scanner *s)
{
    return s->batch.text.len - BATCH_LEAD;
}
