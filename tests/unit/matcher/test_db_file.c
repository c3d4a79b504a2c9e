#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "tests/unit/matcher/sample.h"

static const struct sample samples[] = {
    SAMPLE(IOC_DOMAIN, MATCH_SUFFIX, "evil.com"),
    SAMPLE(IOC_IPV4, MATCH_EXACT, "192.0.2.1"),
    SAMPLE(IOC_CIDR4, MATCH_CIDR, "192.0.2.0/24"),
    SAMPLE(IOC_URL, MATCH_PREFIX, "http://evil.com/a"),
    SAMPLE(IOC_REGEX, MATCH_REGEX, "^evil"),
    SAMPLE(IOC_DOMAIN_PORT, MATCH_EXACT, "evil.com:8443", .port = 8443),
    SAMPLE(IOC_USER_AGENT, MATCH_EXACT, "curl/8"),
    SAMPLE(IOC_BLOOM, MATCH_SUFFIX, "bot.com evil.com"),
};
enum { N_SAMPLES = sizeof samples / sizeof *samples, KEY = 4711 };

struct fixture {
    char dir[40], path[60];
    uint8_t *bytes; /* the file as saved */
    size_t len;
};

static void read_file(struct fixture *f)
{
    FILE *in = fopen(f->path, "rb");
    assert_non_null(in);
    fseek(in, 0, SEEK_END);
    f->len = (size_t)ftell(in);
    rewind(in);
    f->bytes = malloc(f->len);
    assert_int_equal(fread(f->bytes, 1, f->len, in), f->len);
    fclose(in);
}

static void setup(struct fixture *f, enum names_engine engine)
{
    struct db *db = sample_db(samples, N_SAMPLES, engine);
    struct err err = {0};
    strcpy(f->dir, "/tmp/test_db_file.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/x.vdb", f->dir);
    assert_true(db_save(db, f->path, KEY, SPAN_LIT("what the caller keeps"), &err));
    db_free(db);
    read_file(f);
}

static void teardown(struct fixture *f)
{
    unlink(f->path);
    assert_int_equal(rmdir(f->dir), 0); /* no temporary file was left behind */
    free(f->bytes);
}

/* In place: some file systems wait for the disk when a file is cut to nothing and written again. */
static void write_file(const struct fixture *f, const uint8_t *bytes, size_t len)
{
    int fd = open(f->path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0 && write(fd, bytes, len) == (ssize_t)len && ftruncate(fd, (off_t)len) == 0);
    close(fd);
}

static void refuse(const struct fixture *f, enum err_kind kind)
{
    struct db *db = (struct db *)(uintptr_t)1;
    struct err err = {.kind = ERR_USAGE};
    assert_false(db_load(f->path, KEY, &db, &err));
    assert_null(db);
    assert_int_equal(err.kind, kind);
    assert_true(err.what[0] != '\0');
}

static uint64_t all_hits(const struct db *db)
{
    const uint8_t v4[4] = {192, 0, 2, 1};
    const struct ip ip = ip_from_v4(v4);
    struct scanner *s = scanner_new(db, NULL);
    assert_non_null(s);
    scan_add_name(s, FIELD_TLS_SNI, SPAN_LIT("evil.com"), 8443, 0);
    scan_add_address(s, FIELD_IP_DST, &ip, 80, 1);
    scan_add_url(s, FIELD_HTTP_URL, SPAN_LIT("evil.com"), SPAN_LIT("/abc"), 80, 2);
    scan_add_text(s, FIELD_HTTP_USER_AGENT, SPAN_LIT("curl/8"), 3);
    uint64_t bits = sample_run(s);
    scanner_free(s);
    return bits;
}

static void test_round_trip(void **state)
{
    (void)state;
    for (enum names_engine e = NAMES_HYPERSCAN; e <= NAMES_TABLE; e++) {
        struct fixture f;
        setup(&f, e);
        struct db *fresh = sample_db(samples, N_SAMPLES, e), *loaded;
        struct err err = {0};
        struct stat st;
        assert_int_equal(stat(f.path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_true(db_load(f.path, KEY, &loaded, &err));
        assert_int_equal(all_hits(fresh), (1 << N_SAMPLES) - 1);
        assert_int_equal(all_hits(loaded), (1 << N_SAMPLES) - 1);
        assert_string_equal(db_generation(fresh), db_generation(loaded));
        assert_true(span_eq(db_attachment(loaded), SPAN_LIT("what the caller keeps")));
        assert_int_equal(db_attachment(fresh).len, 0);
        assert_true(db_stats(loaded)->from_cache);
        assert_true(db_stats(loaded)->compile_seconds == 0);
        assert_int_equal(db_stats(loaded)->names_engine, e);
        assert_int_equal(db_stats(loaded)->n_urls, 1);
        assert_int_equal(db_stats(loaded)->n_blooms, 1);
        const struct set_view *v = db_set(loaded);
        const struct origin *o = &v->origins[v->indicators[0].origins];
        assert_true(span_eq(set_text(v, v->lists[o->list].name), SPAN_LIT("sample")));
        assert_true(v->n_blooms == 1 && v->n_bloom_words == 2 && v->blooms[0].n_entered == 2);
        assert_true(v->blooms[0].rate == 0.05);
        assert_true(span_eq(set_text(v, v->contexts[o->context].organisation), SPAN_LIT("CERT-XX")));
        assert_true(span_eq(set_text(v, v->tags[v->contexts[o->context].tags + 1]), SPAN_LIT("test")));
        /* A loaded db can be saved again, over the file it lies in. */
        assert_true(db_save(loaded, f.path, KEY, db_attachment(loaded), &err));
        db_free(loaded);
        assert_true(db_load(f.path, KEY, &loaded, &err));
        assert_int_equal(all_hits(loaded), (1 << N_SAMPLES) - 1);
        db_free(loaded);
        db_free(fresh);
        teardown(&f);
    }
}

static void test_empty_set(void **state)
{
    struct fixture f;
    struct db *db = sample_db(NULL, 0, NAMES_AUTO), *loaded;
    (void)state;
    setup(&f, NAMES_AUTO);
    assert_true(db_save(db, f.path, KEY, span_of(NULL, 0), NULL));
    assert_true(db_load(f.path, KEY, &loaded, NULL));
    assert_int_equal(all_hits(loaded), 0);
    db_free(loaded);
    db_free(db);
    teardown(&f);
}

static void test_every_byte_flipped(void **state)
{
    struct fixture f;
    (void)state;
    setup(&f, NAMES_TABLE);
    const size_t head_key = 32; /* magic, version, head size, checksum, file size */
    for (size_t i = 0; i < f.len; i++) {
        struct db *db;
        struct err err = {0};
        f.bytes[i] ^= 0x5a;
        write_file(&f, f.bytes, f.len);
        assert_false(db_load(f.path, KEY, &db, &err));
        assert_true(err.kind == ERR_SYNTAX || (err.kind == ERR_NONE && i >= head_key && i < head_key + 8));
        f.bytes[i] ^= 0x5a;
    }
    write_file(&f, f.bytes, f.len);
    struct db *db;
    assert_true(db_load(f.path, KEY, &db, NULL));
    db_free(db);
    teardown(&f);
}

static void test_every_truncation(void **state)
{
    struct fixture f;
    (void)state;
    setup(&f, NAMES_TABLE);
    for (size_t len = 0; len < f.len; len++) {
        write_file(&f, f.bytes, len);
        refuse(&f, ERR_SYNTAX);
    }
    uint8_t *longer = malloc(f.len + 1);
    memcpy(longer, f.bytes, f.len);
    longer[f.len] = 0;
    write_file(&f, longer, f.len + 1);
    refuse(&f, ERR_SYNTAX);
    free(longer);
    teardown(&f);
}

/* With a checksum that is right, every 32-bit word wrong in turn: what still loads must scan without harm. */
static void test_wrong_words_with_right_checksum(void **state)
{
    static const uint32_t bad[] = {0, 1, 0x7fffffff, 0xffffffff};
    struct fixture f;
    (void)state;
    setup(&f, NAMES_TABLE);
    for (size_t at = 24; at + 4 <= f.len; at += 4) {
        uint32_t kept;
        memcpy(&kept, f.bytes + at, 4);
        for (int b = 0; b < 4; b++) {
            memcpy(f.bytes + at, &bad[b], 4);
            uint64_t sum = hash_bytes(f.bytes + 24, f.len - 24, 0);
            memcpy(f.bytes + 16, &sum, 8);
            write_file(&f, f.bytes, f.len);
            struct db *db;
            if (db_load(f.path, KEY, &db, NULL)) {
                all_hits(db);
                db_free(db);
            }
        }
        memcpy(f.bytes + at, &kept, 4);
    }
    teardown(&f);
}

static void test_what_does_not_fit(void **state)
{
    struct fixture f;
    struct db *db;
    struct err err = {0};
    (void)state;
    setup(&f, NAMES_AUTO);
    assert_false(db_load(f.path, KEY + 1, &db, &err));
    assert_int_equal(err.kind, ERR_NONE);
    chmod(f.path, 0620);
    refuse(&f, ERR_SYNTAX);
    chmod(f.path, 0602);
    refuse(&f, ERR_SYNTAX);
    chmod(f.path, 0600);
    unlink(f.path);
    refuse(&f, ERR_NONE);
    mkdir(f.path, 0700);
    refuse(&f, ERR_SYNTAX);
    rmdir(f.path);
    assert_int_equal(mkfifo(f.path, 0600), 0);
    refuse(&f, ERR_SYNTAX); /* without waiting for a writer */
    teardown(&f);
}

static void test_save_fails(void **state)
{
    struct db *db = sample_db(samples, N_SAMPLES, NAMES_AUTO);
    struct err err = {0};
    (void)state;
    assert_false(db_save(db, "/nonexistent/x.vdb", KEY, span_of(NULL, 0), &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_string_equal(err.where, "/nonexistent/x.vdb");
    db_free(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_empty_set),
        cmocka_unit_test(test_every_byte_flipped),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_wrong_words_with_right_checksum),
        cmocka_unit_test(test_what_does_not_fit),
        cmocka_unit_test(test_save_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
