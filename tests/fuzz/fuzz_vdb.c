/* A compiled db whose bytes somebody changed on purpose: the checksum is right, so that what lies behind it is tested. Loading
 * must refuse, or give a db in which nothing leads outside its arrays.
 *
 * The input is not a .vdb, which would fit one machine only, but what is done to one: first a length to cut to (two bytes, 0:
 * none), then edits: an offset (two bytes, from the start of what the checksum covers), a count (one byte, up to 15), bytes. */
#define _GNU_SOURCE 1
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "matcher/allow.h"
#include "tests/unit/matcher/sample.h"

enum { CHECKSUM_AT = 16, CHECKED_FROM = 24, KEY = 7 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sample samples[] = {
    SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.com"),
    SAMPLE(IOC_DOMAIN, MATCH_EXACT, "a.evil.com"),
    SAMPLE(IOC_DOMAIN_PORT, MATCH_EXACT, "evil.com:81", .port = 81),
    SAMPLE(IOC_IPV4, MATCH_EXACT, "10.0.0.1"),
    SAMPLE(IOC_CIDR4, MATCH_CIDR, "10.0.0.0/8"),
    SAMPLE(IOC_CIDR4, MATCH_CIDR, "10.0.0.0/24"),
    SAMPLE(IOC_CIDR6, MATCH_CIDR, "2001:db8::/32"),
    SAMPLE(IOC_URL, MATCH_EXACT, "http://evil.com/a"),
    SAMPLE(IOC_URL, MATCH_PREFIX, "http://evil.com/"),
    SAMPLE(IOC_REGEX, MATCH_REGEX, "^evil"),
    SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "evil.com bot.com", .fields = FIELD_BIT(FIELD_COUNT) - 1),
};

/* Entries that suppress some of them. */
static const struct sample allowed[] = {
    SAMPLE(IOC_DOMAIN, MATCH_EXACT, "a.evil.com"),
    SAMPLE(IOC_CIDR4, MATCH_CIDR, "10.0.0.0/16"),
    SAMPLE(IOC_CIDR6, MATCH_CIDR, "2001:db8::/33"),
};

static struct db *marked_db(void)
{
    struct db_options options = {.names_engine = NAMES_TABLE,
                                 .allow = sample_db(allowed, sizeof allowed / sizeof *allowed, NAMES_TABLE)};
    struct set *set = sample_set(samples, sizeof samples / sizeof *samples);
    struct db *db = NULL;
    sample_must(allow_mark(options.allow, set, NULL) && db_build(set, &options, &db, NULL));
    return db;
}

static void must_write(int fd, struct span bytes)
{
    sample_must(pwrite(fd, bytes.ptr, bytes.len, 0) == (ssize_t)bytes.len &&
                ftruncate(fd, (off_t)bytes.len) == 0);
}

/* The sound file all inputs start from; made once, kept to the end of the process. */
static struct span sound_file(void)
{
    static struct span kept;
    if (kept.ptr)
        return kept;
    char dir[] = "/tmp/fuzz_vdb.XXXXXX", path[64];
    struct db *db = marked_db();
    sample_must(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/x.vdb", dir);
    sample_must(db_save(db, path, KEY, SPAN_LIT("attached"), NULL));
    db_free(db);
    FILE *f = fopen(path, "rb");
    struct stat st;
    sample_must(f && fstat(fileno(f), &st) == 0);
    uint8_t *bytes = malloc((size_t)st.st_size);
    sample_must(bytes && fread(bytes, 1, (size_t)st.st_size, f) == (size_t)st.st_size);
    fclose(f);
    unlink(path);
    rmdir(dir);
    kept = span_of(bytes, (size_t)st.st_size);
    return kept;
}

/* The file with the input's edits; *out_len may be shorter. */
static uint8_t *edited(struct span in, size_t *out_len)
{
    struct span sound = sound_file(), bytes;
    uint8_t *file = malloc(sound.len);
    uint16_t cut = 0, at;
    uint8_t n;
    sample_must(file != NULL);
    memcpy(file, sound.ptr, sound.len);
    span_take_u16(&in, &cut);
    *out_len = cut && cut < sound.len ? cut : sound.len;
    while (span_take_u16(&in, &at) && span_take_u8(&in, &n) && span_take(&in, n % 16, &bytes))
        for (size_t i = 0; i < bytes.len && CHECKED_FROM + at + i < sound.len; i++)
            file[CHECKED_FROM + at + i] = bytes.ptr[i];
    if (*out_len > CHECKED_FROM) {
        uint64_t sum = hash_bytes(file + CHECKED_FROM, *out_len - CHECKED_FROM, 0);
        memcpy(file + CHECKSUM_AT, &sum, sizeof sum);
    }
    return file;
}

static uint64_t sum_text(const struct set_view *v, struct text_ref t)
{
    struct span s = set_text(v, t);
    return hash_bytes(s.ptr, s.len, 0);
}

/* Everything an alert may ask of the set. */
static uint64_t walk(const struct set_view *v)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < v->n_indicators; i++) {
        struct span value = set_value(v, i);
        sum += hash_bytes(value.ptr, value.len, 0);
        sum += (uint64_t)(ioc_type_name((enum ioc_type)v->indicators[i].type)[0]);
        sum += (uint64_t)(ioc_match_name((enum ioc_match)v->indicators[i].match)[0]);
        uint32_t n = 0;
        for (uint32_t o = v->indicators[i].origins; o != ORIGIN_END; o = v->origins[o].next) {
            const struct context *c = &v->contexts[v->origins[o].context];
            sum += sum_text(v, v->lists[v->origins[o].list].name) +
                   sum_text(v, v->lists[v->origins[o].list].path);
            sum += sum_text(v, c->organisation) + sum_text(v, c->reference) + sum_text(v, c->description);
            sum += sum_text(v, c->id) + (tlp_name((enum tlp)c->tlp) != NULL);
            for (uint32_t t = 0; t < c->n_tags; t++)
                sum += sum_text(v, v->tags[c->tags + t]);
            sample_must(++n <= v->n_origins); /* no rings */
        }
    }
    return sum;
}

/* Whoever suppresses an indicator is there. */
static void walk_allow(const struct db *db)
{
    const struct set_view *v = db_set(db), *allow = db_allow(db) ? db_set(db_allow(db)) : NULL;
    struct allow_tally tally;
    for (uint32_t i = 0; i < v->n_indicators; i++)
        sample_must(!(v->indicators[i].flags & IOC_F_SUPPRESSED) ||
                    (allow && v->indicators[i].allowed_by < allow->n_indicators));
    sample_must(allow_tally_init(&tally, db, NULL));
    allow_tally_fini(&tally);
}

static void scan_all(const struct db *db)
{
    const uint8_t v4[4] = {10, 0, 0, 1}, v6[16] = {0x20, 1, 0x0d, 0xb8};
    const struct ip ip4 = ip_from_v4(v4), ip6 = ip_from_v6(v6);
    struct scanner *s = scanner_new(db, NULL);
    const struct hit *hits;
    sample_must(s != NULL);
    scan_add_name(s, FIELD_TLS_SNI, SPAN_LIT("b.a.evil.com"), 81, 0);
    scan_add_name(s, FIELD_DNS_QUERY, SPAN_LIT("evil.com"), 0, 1);
    scan_add_address(s, FIELD_IP_DST, &ip4, 81, 2);
    scan_add_address(s, FIELD_IP_DST, &ip6, 81, 3);
    scan_add_url(s, FIELD_HTTP_URL, SPAN_LIT("evil.com"), SPAN_LIT("/a"), 80, 4);
    size_t n = scan_run(s, &hits);
    for (size_t i = 0; i < n; i++)
        sample_must(hits[i].indicator < db_set(db)->n_indicators && hits[i].cookie < 5);
    scanner_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len;
    uint8_t *file = edited(span_of(data, size), &len);
    char path[40];
    int fd = memfd_create("vdb", MFD_CLOEXEC);
    struct db *db = NULL;
    struct err err = {0};
    sample_must(fd >= 0 && fchmod(fd, 0600) == 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    must_write(fd, span_of(file, len));
    free(file);
    if (db_load(path, KEY, &db, &err)) {
        sample_must(strlen(db_generation(db)) == 16);
        sample_must(walk(db_set(db)) + hash_bytes(db_attachment(db).ptr, db_attachment(db).len, 0) != 1);
        walk_allow(db);
        scan_all(db);
        if (db_allow(db)) {
            sample_must(walk(db_set(db_allow(db))) != 1);
            scan_all(db_allow(db));
        }
        db_free(db);
    } else {
        sample_must(db == NULL && err.what[0] != '\0');
    }
    close(fd);
    return 0;
}
