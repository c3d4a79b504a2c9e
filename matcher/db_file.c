/* A db as a file: a head, then sections at multiples of 64 bytes. Everything but Hyperscan's databases (which it copies and
 * checks itself) is used where the mapping has it.
 *
 * The checksum finds accidents. The checks behind it are for a file somebody wrote on purpose: whatever passes can't lead an
 * index outside its array. The allow side is a db file within the file, with a head of its own and without a further one in it.
 * Hyperscan's databases are programs for its engine and can't be checked like that, so a file that
 * others than its owner or root could have written is refused before it is looked at. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "matcher/bloom.h"
#include "matcher/db_parts.h"

enum section {
    SECTION_INDICATORS,
    SECTION_ORIGINS,
    SECTION_CONTEXTS,
    SECTION_LISTS,
    SECTION_TAGS,
    SECTION_POOL,
    SECTION_BLOOMS,
    SECTION_BLOOM_WORDS,
    SECTION_NAMES,
    SECTION_HOSTS,
    SECTION_RANGES,
    SECTION_EXACT,
    SECTION_ATTACHMENT,
    SECTION_ALLOW,     /* a file like this one; nothing without an allow side */
    SECTION_HYPERSCAN, /* the first of DB_HS_COUNT */
    SECTION_COUNT = SECTION_HYPERSCAN + DB_HS_COUNT,
};

enum { ALIGN = 64, FORMAT_VERSION = 6 };

#define MAGIC 0x0a62645f54444556ull /* "VEDT_db\n", and the byte order */

struct file_head {
    uint64_t magic;
    uint32_t version, head_bytes;
    uint64_t checksum; /* of everything behind it */
    uint64_t file_bytes, key;
    struct hyperscan_target target;
    struct {
        uint64_t at, len;
    } sections[SECTION_COUNT];
    struct db_stats stats;
    struct names_shape shape;
    field_mask name_fields, address_fields, exact_fields, group_fields[GROUP_COUNT];
    uint32_t has_ports;
    char generation[20];
};

enum { CHECKED_FROM = offsetof(struct file_head, file_bytes) };

/* ---- writing ---- */

/* What goes into each section. */
struct contents {
    struct span sections[SECTION_COUNT];
    char *serialised[DB_HS_COUNT]; /* owned, from malloc */
    uint8_t *allow;                /* owned: the file of the allow side */
};

static void contents_fini(struct contents *c)
{
    free(c->allow);
    for (int i = 0; i < DB_HS_COUNT; i++)
        free(c->serialised[i]);
}

static bool contents_init(struct contents *c, const struct db *db, struct span attachment, struct err *err)
{
    const struct set_view *v = &db->view;
    *c = (struct contents){
        .sections = {
            [SECTION_INDICATORS] = span_of(v->indicators, v->n_indicators * sizeof *v->indicators),
            [SECTION_ORIGINS] = span_of(v->origins, v->n_origins * sizeof *v->origins),
            [SECTION_CONTEXTS] = span_of(v->contexts, v->n_contexts * sizeof *v->contexts),
            [SECTION_LISTS] = span_of(v->lists, v->n_lists * sizeof *v->lists),
            [SECTION_TAGS] = span_of(v->tags, v->n_tags * sizeof *v->tags),
            [SECTION_POOL] = span_of(v->pool, v->pool_bytes),
            [SECTION_BLOOMS] = span_of(v->blooms, v->n_blooms * sizeof *v->blooms),
            [SECTION_BLOOM_WORDS] = span_of(v->bloom_words, v->n_bloom_words * sizeof *v->bloom_words),
            [SECTION_NAMES] = db->names.keys.block,
            [SECTION_HOSTS] = db->addresses.hosts.block,
            [SECTION_RANGES] =
                span_of(db->addresses.ranges, db->addresses.n_ranges * sizeof(struct range_node)),
            [SECTION_EXACT] = db->patterns.exact.block,
            [SECTION_ATTACHMENT] = attachment,
        }};
    struct hs_database *hs[DB_HS_COUNT];
    db_hyperscan(db, hs);
    for (int i = 0; i < DB_HS_COUNT; i++) {
        size_t len = 0;
        if (hs[i] && !hyperscan_serialise(hs[i], &c->serialised[i], &len, err))
            return false;
        c->sections[SECTION_HYPERSCAN + i] = span_of(c->serialised[i], len);
    }
    return true;
}

static uint64_t aligned(uint64_t at)
{
    return (at + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
}

/* In memory from calloc, so that bytes between members are zero and equal dbs give equal files. */
static struct file_head *head_new(const struct db *db, const struct contents *c, uint64_t key)
{
    struct file_head *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->magic = MAGIC;
    h->version = FORMAT_VERSION;
    h->head_bytes = sizeof *h;
    h->key = key;
    hyperscan_target(&h->target);
    uint64_t at = sizeof *h;
    for (int i = 0; i < SECTION_COUNT; i++) {
        h->sections[i].at = aligned(at);
        h->sections[i].len = c->sections[i].len;
        at = h->sections[i].at + c->sections[i].len;
    }
    h->file_bytes = at;
    memcpy(&h->stats, &db->stats, sizeof h->stats);
    h->shape = db->names.shape;
    h->name_fields = db->name_fields;
    h->address_fields = db->address_fields;
    h->exact_fields = db->patterns.exact_fields;
    memcpy(h->group_fields, db->patterns.group_fields, sizeof h->group_fields);
    h->has_ports = db->addresses.has_ports;
    memcpy(h->generation, db->generation, sizeof db->generation);
    return h;
}

/* The whole file in memory; *out is from malloc. For an allow side, which is a part of another file. */
static bool image_of(const struct db *db, uint64_t key, uint8_t **out, size_t *out_len, struct err *err)
{
    struct contents c;
    bool is_good = contents_init(&c, db, span_of(NULL, 0), err);
    struct file_head *h = is_good ? head_new(db, &c, key) : NULL;
    *out = h ? calloc(1, h->file_bytes) : NULL;
    if (*out) {
        *out_len = h->file_bytes;
        memcpy(*out, h, sizeof *h);
        for (int i = 0; i < SECTION_COUNT; i++)
            if (c.sections[i].len)
                memcpy(*out + h->sections[i].at, c.sections[i].ptr, c.sections[i].len);
        h->checksum = XXH3_64bits(*out + CHECKED_FROM, h->file_bytes - CHECKED_FROM);
        memcpy(*out, h, sizeof *h);
    }
    free(h);
    contents_fini(&c);
    return *out || (is_good ? err_set(err, ERR_MEMORY, NULL, "out of memory") : false);
}

static bool add_allow(struct contents *c, const struct db *allow, uint64_t key, struct err *err)
{
    size_t len;
    if (!image_of(allow, key, &c->allow, &len, err))
        return false;
    c->sections[SECTION_ALLOW] = span_of(c->allow, len);
    return true;
}

/* Writes and sums up at once. */
struct writer {
    int fd;
    uint64_t at;
    XXH3_state_t *sum;
};

static bool write_all(struct writer *w, struct span bytes)
{
    w->at += bytes.len;
    if (bytes.len)
        XXH3_64bits_update(w->sum, bytes.ptr, bytes.len);
    while (bytes.len) {
        ssize_t n = write(w->fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        span_skip(&bytes, (size_t)n);
    }
    return true;
}

/* The head goes first with a checksum of zero, and again when the sum is known. */
static bool write_file(struct writer *w, struct file_head *h, const struct contents *c)
{
    static const uint8_t zeros[ALIGN];
    XXH3_64bits_reset(w->sum);
    if (!write_all(w, span_of(h, sizeof *h)))
        return false;
    XXH3_64bits_reset(w->sum);
    XXH3_64bits_update(w->sum, (const uint8_t *)h + CHECKED_FROM, sizeof *h - CHECKED_FROM);
    for (int i = 0; i < SECTION_COUNT; i++)
        if (!write_all(w, span_of(zeros, h->sections[i].at - w->at)) || !write_all(w, c->sections[i]))
            return false;
    h->checksum = XXH3_64bits_digest(w->sum);
    return pwrite(w->fd, h, sizeof *h, 0) == (ssize_t)sizeof *h;
}

/* mkostemp() gives mode 0600. */
static bool write_and_rename(const char *path, struct file_head *h, const struct contents *c, struct err *err)
{
    char *temporary = NULL;
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
        return err_set(err, ERR_MEMORY, path, "out of memory");
    struct writer w = {.fd = mkostemp(temporary, O_CLOEXEC), .sum = XXH3_createState()};
    bool is_written = w.fd >= 0 && w.sum && write_file(&w, h, c);
    int why = errno;
    if (w.fd >= 0 && close(w.fd) != 0 && is_written) {
        is_written = false;
        why = errno;
    }
    if (is_written && rename(temporary, path) != 0) {
        is_written = false;
        why = errno;
    }
    if (!is_written && w.fd >= 0)
        unlink(temporary);
    XXH3_freeState(w.sum);
    free(temporary);
    return is_written || err_set(err, ERR_IO, path, "the db could not be written: %s", strerror(why));
}

bool db_save(const struct db *db, const char *path, uint64_t key, struct span attachment, struct err *err)
{
    struct contents c;
    struct file_head *h = NULL;
    bool is_saved =
        contents_init(&c, db, attachment, err) && (!db->allow || add_allow(&c, db->allow, key, err));
    if (is_saved) {
        h = head_new(db, &c, key);
        is_saved = h ? write_and_rename(path, h, &c, err) : err_set(err, ERR_MEMORY, path, "out of memory");
    }
    free(h);
    contents_fini(&c);
    return is_saved;
}

/* ---- reading ---- */

static bool does_not_fit(struct err *err, const char *path, const char *why)
{
    return err_set(err, ERR_SYNTAX, path, "the db file does not fit: %s", why);
}

static bool is_damaged(struct err *err, const char *path, const char *why)
{
    return err_set(err, ERR_SYNTAX, path, "the db file is damaged: %s", why);
}

/* Open and map. A file that is not there is no error of any kind. */
static bool map_file(const char *path, struct span *out, struct err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENOENT)
        return err_set(err, ERR_NONE, path, "there is no such file");
    if (fd < 0 || fstat(fd, &st) != 0) {
        err_set(err, ERR_IO, path, "the db file can't be opened: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    void *p = MAP_FAILED;
    bool is_ours = (st.st_uid == geteuid() || st.st_uid == 0) && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    bool is_usable = S_ISREG(st.st_mode) && is_ours && st.st_size >= (off_t)sizeof(struct file_head);
    if (is_usable)
        p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    close(fd);
    if (p != MAP_FAILED) {
        *out = span_of(p, (size_t)st.st_size);
        return true;
    }
    if (is_usable)
        return err_set(err, ERR_IO, path, "the db file can't be mapped: %s", strerror(errno));
    return S_ISREG(st.st_mode) && !is_ours ? does_not_fit(err, path, "others than its owner may write to it")
                                           : is_damaged(err, path, "it is too short, or no file");
}

static bool check_head(const struct file_head *h, struct span file, const char *path, uint64_t key,
                       struct err *err)
{
    struct hyperscan_target target;
    hyperscan_target(&target);
    if (h->magic != MAGIC)
        return does_not_fit(err, path, "it is no db file of this kind of machine");
    if (h->version != FORMAT_VERSION || h->head_bytes != sizeof *h)
        return does_not_fit(err, path, "another version of the program wrote it");
    if (h->file_bytes != file.len)
        return is_damaged(err, path, "its length is wrong");
    if (h->checksum != XXH3_64bits(file.ptr + CHECKED_FROM, file.len - CHECKED_FROM))
        return is_damaged(err, path, "its checksum is wrong");
    if (h->key != key)
        return err_set(err, ERR_NONE, path, "it was made from other lists or settings");
    if (memcmp(&h->target, &target, sizeof target) != 0)
        return does_not_fit(err, path, "it was compiled for another libhs or another CPU");
    return true;
}

static bool check_sections(const struct file_head *h, struct span file, const char *path, struct err *err)
{
    uint64_t end = sizeof *h;
    for (int i = 0; i < SECTION_COUNT; i++) {
        uint64_t at = h->sections[i].at, len = h->sections[i].len;
        if (at != aligned(end) || at > file.len || len > file.len - at)
            return is_damaged(err, path, "its sections do not follow each other");
        end = at + len;
    }
    return end == file.len || is_damaged(err, path, "its sections do not fill it");
}

static struct span section(const struct file_head *h, struct span file, int i)
{
    return span_of(file.ptr + h->sections[i].at, h->sections[i].len);
}

/* The number of `size`-byte rows in a section; false when it is not whole. */
static bool count_rows(struct span s, size_t size, uint32_t *out)
{
    *out = (uint32_t)(s.len / size);
    return s.len % size == 0 && s.len / size <= UINT32_MAX;
}

static bool map_set(struct set_view *v, const struct file_head *h, struct span file)
{
    struct span indicators = section(h, file, SECTION_INDICATORS),
                origins = section(h, file, SECTION_ORIGINS), contexts = section(h, file, SECTION_CONTEXTS),
                lists = section(h, file, SECTION_LISTS), tags = section(h, file, SECTION_TAGS),
                pool = section(h, file, SECTION_POOL), blooms = section(h, file, SECTION_BLOOMS),
                bloom_words = section(h, file, SECTION_BLOOM_WORDS);
    v->indicators = (const void *)indicators.ptr;
    v->origins = (const void *)origins.ptr;
    v->contexts = (const void *)contexts.ptr;
    v->lists = (const void *)lists.ptr;
    v->tags = (const void *)tags.ptr;
    v->pool = pool.ptr;
    v->blooms = (const void *)blooms.ptr;
    v->bloom_words = (const void *)bloom_words.ptr;
    return count_rows(indicators, sizeof *v->indicators, &v->n_indicators) &&
           count_rows(origins, sizeof *v->origins, &v->n_origins) &&
           count_rows(contexts, sizeof *v->contexts, &v->n_contexts) &&
           count_rows(lists, sizeof *v->lists, &v->n_lists) &&
           count_rows(tags, sizeof *v->tags, &v->n_tags) && count_rows(pool, 1, &v->pool_bytes) &&
           count_rows(blooms, sizeof *v->blooms, &v->n_blooms) &&
           count_rows(bloom_words, sizeof *v->bloom_words, &v->n_bloom_words);
}

static bool load_hyperscan(struct db *db, const struct file_head *h, struct span file, struct err *err)
{
    struct hs_database *hs[DB_HS_COUNT] = {0};
    bool is_good = true;
    for (int i = 0; i < DB_HS_COUNT && is_good; i++) {
        struct span bytes = section(h, file, SECTION_HYPERSCAN + i);
        is_good = bytes.len == 0 || hyperscan_deserialise(bytes, &hs[i], err);
    }
    db->names_hs = hs[0];
    memcpy(db->patterns.groups, hs + 1, sizeof db->patterns.groups);
    return is_good;
}

static bool is_generation(const char *s)
{
    size_t n = strspn(s, "0123456789abcdef");
    return n == 16 && s[16] == '\0';
}

static bool load_engines(struct db *db, const struct file_head *h, struct span file, struct err *err)
{
    uint32_t n = db->view.n_indicators;
    db->names.shape = h->shape;
    db->name_fields = h->name_fields;
    db->address_fields = h->address_fields;
    db->bloom_fields = bloom_fields(&db->view);
    db->patterns.exact_fields = h->exact_fields;
    memcpy(db->patterns.group_fields, h->group_fields, sizeof h->group_fields);
    memcpy(db->generation, h->generation, sizeof db->generation);
    db->attachment = section(h, file, SECTION_ATTACHMENT);
    return key_table_map(&db->names.keys, section(h, file, SECTION_NAMES), n, err) &&
           addresses_map(&db->addresses, section(h, file, SECTION_HOSTS), section(h, file, SECTION_RANGES),
                         h->has_ports, n, err) &&
           key_table_map(&db->patterns.exact, section(h, file, SECTION_EXACT), n, err) &&
           load_hyperscan(db, h, file, err);
}

static bool load(struct db *db, const struct file_head *h, struct span file, struct err *err)
{
    if (!is_generation(h->generation) || h->stats.names_engine > NAMES_TABLE)
        return err_set(err, ERR_SYNTAX, NULL, "its head is out of bounds");
    if (!map_set(&db->view, h, file))
        return err_set(err, ERR_SYNTAX, NULL, "an array has a wrong size");
    if (!set_check(&db->view, err) || !load_engines(db, h, file, err))
        return false;
    db->stats = h->stats;
    db->stats.compile_seconds = 0;
    db->stats.from_cache = true;
    return true;
}

/* Nothing behind the head is trusted before it is checked. */
static bool use_image(struct db *db, struct span file, const char *path, uint64_t key, struct err *err)
{
    const struct file_head *h = (const void *)file.ptr;
    struct err why = {0};
    if (file.len < sizeof *h)
        return is_damaged(err, path, "it is too short");
    return check_head(h, file, path, key, err) && check_sections(h, file, path, err) &&
           (load(db, h, file, &why) || is_damaged(err, path, why.what));
}

/* The file within the file. */
static bool load_allow(struct db *db, struct span file, const char *path, uint64_t key, struct err *err)
{
    struct span inner = section((const void *)file.ptr, file, SECTION_ALLOW);
    struct err why = {0};
    if (inner.len) {
        db->allow = calloc(1, sizeof *db->allow);
        if (!db->allow)
            return err_set(err, ERR_MEMORY, path, "out of memory for a db");
        if (!use_image(db->allow, inner, path, key, err))
            return false;
        if (section((const void *)inner.ptr, inner, SECTION_ALLOW).len)
            return is_damaged(err, path, "its allow side has one too");
    }
    uint32_t n_entries = db->allow ? db->allow->view.n_indicators : 0;
    return set_check_suppressed(&db->view, n_entries, &why) || is_damaged(err, path, why.what);
}

bool db_load(const char *path, uint64_t key, struct db **out, struct err *err)
{
    struct span file;
    *out = NULL;
    if (!map_file(path, &file, err))
        return false;
    struct db *db = calloc(1, sizeof *db);
    if (!db) {
        munmap((void *)(uintptr_t)file.ptr, file.len);
        return err_set(err, ERR_MEMORY, path, "out of memory for a db");
    }
    db->mapping = (void *)(uintptr_t)file.ptr;
    db->mapping_bytes = file.len;
    if (!use_image(db, file, path, key, err) || !load_allow(db, file, path, key, err)) {
        db_free(db);
        return false;
    }
    *out = db;
    return true;
}

void db_free(struct db *db)
{
    if (!db)
        return;
    names_table_fini(&db->names);
    hyperscan_free(db->names_hs);
    addresses_fini(&db->addresses);
    patterns_fini(&db->patterns);
    set_free(db->set);
    db_free(db->allow);
    if (db->mapping)
        munmap(db->mapping, db->mapping_bytes);
    free(db);
}
