/* Fuzz target for sensor/extract/tls.h. The input is taken for a stream of records, a handshake message and
 * an SSLv2-framed hello in turn. What must hold beyond not crashing:
 * - every field lies in the message it was read from, every message in the stream or the scratch;
 * - a handshake message is the same however it is cut into records, and borrowed when one holds it;
 * - messages that follow each other come out one by one, whatever records cut them and however they arrive;
 * - it is never complete below the length that was asked for, and asking ends soon;
 * - a hello cut short has no field that the whole one does not have;
 * - sniffing a prefix never says more than, or other than, sniffing the whole. */
#include "sensor/extract/tls.h"

#include <stdlib.h>

#include "sensor/extract/fingerprint.h"

enum { ROOM = 1 << 16, N_CUTS = 24, CALLS_MAX = 400 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static uint8_t *copy_new(struct span s)
{
    uint8_t *copy = malloc(s.len > 0 ? s.len : 1);

    check(copy != NULL);
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

/* Cuts come from the input itself, so that a finding replays from its file. */
static uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static uint32_t seed_of(struct span in)
{
    uint32_t seed = 2166136261;

    for (size_t i = 0; i < in.len; i++)
        seed = (seed ^ in.ptr[i]) * 16777619;
    return seed;
}

static void check_inside(struct span part, struct span whole)
{
    check(part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

/* ---- Hellos ---- */

static void check_client(struct span in, enum verdict v, const struct tls_client_hello *h)
{
    check(h->n_names <= TLS_NAMES_MAX && h->n_alpn <= TLS_ALPN_MAX);
    for (size_t i = 0; i < h->n_names; i++) {
        check(h->names[i].len > 0);
        check_inside(h->names[i], h->extensions);
    }
    for (size_t i = 0; i < h->n_alpn; i++) {
        check(h->alpn[i].len > 0);
        check_inside(h->alpn[i], h->extensions);
    }
    check(h->n_names > 0 ? h->sni.ptr == h->names[0].ptr && span_eq(h->sni, h->names[0]) : h->sni.len == 0);
    check_inside(h->ciphers, in);
    check_inside(h->extensions, in);
    check_inside(h->session_id, in);
    check_inside(h->random, in);
    check(h->is_cut || v != FIELD_PARTIAL);
    check(!tls_is_grease(h->version) || h->version == h->legacy_version);
}

/* Both read from the same bytes, so a field that is there is there at the same place. */
static void check_part(struct span cut, struct span whole)
{
    check(cut.len == 0 || (cut.ptr == whole.ptr && cut.len == whole.len));
}

static void check_client_part(const struct tls_client_hello *cut, const struct tls_client_hello *whole)
{
    check(cut->legacy_version == 0 || cut->legacy_version == whole->legacy_version);
    check(cut->n_names <= whole->n_names && cut->n_alpn <= whole->n_alpn);
    for (size_t i = 0; i < cut->n_names; i++)
        check_part(cut->names[i], whole->names[i]);
    for (size_t i = 0; i < cut->n_alpn; i++)
        check_part(cut->alpn[i], whole->alpn[i]);
    check_part(cut->sni, whole->sni);
    check_part(cut->ciphers, whole->ciphers);
    check_part(cut->session_id, whole->session_id);
    check_part(cut->random, whole->random);
    check(cut->ech == TLS_ECH_NONE || cut->ech == whole->ech);
    check(cut->extensions.len == 0 ||
          (cut->extensions.ptr == whole->extensions.ptr && cut->extensions.len <= whole->extensions.len));
}

static void check_server_part(const struct tls_server_hello *cut, const struct tls_server_hello *whole)
{
    check(cut->legacy_version == 0 || cut->legacy_version == whole->legacy_version);
    check(cut->version == cut->legacy_version || cut->version == whole->version);
    check(cut->cipher == 0 || cut->cipher == whole->cipher);
    check(whole->is_retry || !cut->is_retry);
    check_part(cut->alpn, whole->alpn);
    check_part(cut->random, whole->random);
}

/* A message cut at `n`: read from the same bytes for comparing, and from an exact copy for the sanitizer. */
static void run_cut(struct span in, size_t n, const struct tls_client_hello *client,
                    const struct tls_server_hello *server, const struct tls_client_hello *sslv2)
{
    struct span cut = span_first(in, n);
    struct tls_client_hello client_cut;
    struct tls_server_hello server_cut;
    uint8_t *copy = copy_new(cut);

    tls_client_hello_read(span_of(copy, cut.len), &client_cut);
    tls_server_hello_read(span_of(copy, cut.len), &server_cut);
    tls_sslv2_hello_read(span_of(copy, cut.len), &client_cut);
    free(copy);

    check_client(cut, tls_client_hello_read(cut, &client_cut), &client_cut);
    check_client_part(&client_cut, client);
    tls_server_hello_read(cut, &server_cut);
    check_inside(server_cut.extensions, cut);
    check_server_part(&server_cut, server);
    check_client(cut, tls_sslv2_hello_read(cut, &client_cut), &client_cut);
    check_client_part(&client_cut, sslv2);
}

/* ---- Fingerprints: only of what is whole, of the shape they must have, and within their texts' bounds ---- */

static void check_ja3(const struct fingerprints *f, bool is_cut, unsigned commas)
{
    check(!is_cut || f->ja3_string.len == 0);
    for (size_t i = 0; i < f->ja3_string.len; i++) {
        uint8_t c = f->ja3_string.ptr[i];
        check((c >= '0' && c <= '9') || c == ',' || c == '-');
        commas -= c == ',';
    }
    check(commas == 0 || f->ja3_string.len == 0);
    check(fingerprint_ja3(f).len == (f->ja3_string.len ? JA3_HASH_LEN : 0));
}

static void check_fingerprints(const struct tls_client_hello *client, const struct tls_server_hello *server)
{
    struct arena arena;

    arena_init(&arena, 4096, 4 << 20);
    const struct fingerprints *f = fingerprint_client(client, CARRIER_TCP, FINGERPRINT_ALL, &arena);
    check(f != NULL && f->has_ja4 == (!client->is_cut && !client->is_sslv2));
    check_ja3(f, client->is_cut || client->is_sslv2, 4);
    for (size_t i = 0; i < fingerprint_ja4(f).len; i++)
        check(i == 10 || i == 23 ? f->ja4[i] == '_'
                                 : strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
                                          f->ja4[i]) != NULL);
    f = fingerprint_server(server, FINGERPRINT_ALL, &arena);
    check(f != NULL && !f->has_ja4);
    check_ja3(f, server->is_cut, 2);
    arena_fini(&arena);
}

static void run_message(struct span in, uint32_t *seed)
{
    struct tls_client_hello client, sslv2;
    struct tls_server_hello server;

    check_client(in, tls_client_hello_read(in, &client), &client);
    check_client(in, tls_sslv2_hello_read(in, &sslv2), &sslv2);
    enum verdict v = tls_server_hello_read(in, &server);
    check(v == FIELD_FOUND || v == FIELD_PARTIAL || server.extensions.len == 0);
    check_inside(server.alpn, server.extensions);
    check_inside(server.extensions, in);
    check_inside(server.random, in);
    check_fingerprints(&client, &server);
    check_fingerprints(&sslv2, &server);
    for (int i = 0; i < N_CUTS && in.len > 0; i++)
        run_cut(in, random_next(seed) % in.len, &client, &server, &sslv2);

    char scratch[8];
    const uint16_t versions[] = {client.version, server.version, (uint16_t)random_next(seed)};
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
        check(strlen(tls_version_name(versions[i], scratch)) < 20);
}

/* ---- Records ---- */

/* `message` cut into records of 1 to `most` bytes, some empty ones between; owned by the caller. */
static struct span recut_new(struct span message, uint32_t most, uint32_t *seed)
{
    uint8_t *out = malloc(message.len * 6 + TLS_EMPTY_MAX * 5);
    size_t len = 0, n_empty = 0;

    check(out != NULL);
    while (message.len > 0) {
        size_t n = 1 + random_next(seed) % most;
        if (most > 1 && n_empty < TLS_EMPTY_MAX && random_next(seed) % 8 == 0) {
            n = 0;
            n_empty++;
        }
        n = n < message.len ? n : message.len;
        memcpy(out + len, (uint8_t[]){TLS_HANDSHAKE, 3, 1, (uint8_t)(n >> 8), (uint8_t)n}, 5);
        memcpy(out + len + 5, message.ptr, n);
        len += 5 + n;
        span_skip(&message, n);
    }
    return span_of(out, len);
}

/* As a caller does, call again when there is as much as was asked for; the whole is `in`. */
static void run_gather_growing(struct span in, struct span message, uint8_t *scratch)
{
    size_t n = 0, used, want;
    struct span out;

    for (int n_calls = 0;; n_calls++) {
        check(n_calls < CALLS_MAX);
        enum verdict v = tls_handshake_gather(span_first(in, n), scratch, ROOM, &out, &used, &want);
        if (v == FIELD_FOUND) {
            check(span_eq(out, message));
            return;
        }
        check(v == FIELD_PARTIAL && used == n && want > n && want <= in.len);
        check(span_starts(message, out));
        v = tls_handshake_gather(span_first(in, want - 1), scratch, ROOM, &out, &used, &n);
        check(v == FIELD_PARTIAL);
        n = want;
    }
}

static void run_recut(struct span message, uint32_t most, uint8_t *scratch, uint32_t *seed)
{
    struct span in = recut_new(message, most, seed), out;
    uint8_t *copy = copy_new(in), *tight = malloc(message.len);
    size_t used, want;

    check(tight != NULL);
    check(tls_handshake_gather(span_of(copy, in.len), tight, message.len, &out, &used, &want) == FIELD_FOUND);
    check(span_eq(out, message) && used == in.len);
    check(tls_handshake_gather(in, tight, message.len - 1, &out, &used, &want) == FIELD_MALFORMED);
    run_gather_growing(in, message, scratch);

    struct tls_client_hello hello;
    bool is_client = message.ptr[0] == TLS_CLIENT_HELLO;
    if (is_client && tls_client_hello_read(message, &hello) == FIELD_FOUND && hello.legacy_version >> 8 == 3)
        check(tls_sniff_client(in) == FIELD_FOUND);
    free(tight);
    free(copy);
    uint8_t *owned;
    memcpy(&owned, &in.ptr, sizeof(owned));
    free(owned);
}

/* Two messages in one run of records, offered a few bytes at a time. */
static void run_next(struct span message, uint32_t most, uint8_t *scratch, uint32_t *seed)
{
    uint8_t *twice = malloc(2 * message.len);
    check(twice != NULL);
    memcpy(twice, message.ptr, message.len);
    memcpy(twice + message.len, message.ptr, message.len);
    struct span whole = recut_new(span_of(twice, 2 * message.len), most, seed), rest = whole, out;
    size_t there = 0, left = 0, used, after, want;
    for (int n = 0, n_calls = 0; n < 2;) {
        check(n_calls++ < 2 * CALLS_MAX && there <= rest.len);
        uint8_t *copy = copy_new(span_first(rest, there));
        enum verdict v = tls_handshake_next(span_of(copy, there), left, scratch, ROOM, &out, &used, &after, &want);
        check(v == FIELD_PARTIAL || v == FIELD_FOUND);
        if (v == FIELD_PARTIAL) {
            check(want > there);
            there = want;
        } else {
            check(span_eq(out, message) && used <= there);
            span_skip(&rest, used);
            there -= used;
            left = after;
            n++;
        }
        free(copy);
    }
    check(left == 0);
    free(twice);
    uint8_t *owned;
    memcpy(&owned, &whole.ptr, sizeof(owned));
    free(owned);
}

static void run_stream(struct span in, uint32_t *seed)
{
    uint8_t *scratch = malloc(ROOM);
    struct tls_record record;
    struct span message;
    size_t used, want = 0;

    check(scratch != NULL);
    enum verdict v = tls_record_read(in, &record);
    if (v == FIELD_FOUND || (v == FIELD_PARTIAL && in.len >= 5)) {
        check_inside(record.fragment, in);
        check(record.record_len <= 5 + TLS_RECORD_MAX && record.fragment.len <= record.record_len - 5);
        check((record.record_len <= in.len) == (v == FIELD_FOUND));
    }

    v = tls_handshake_gather(in, scratch, ROOM, &message, &used, &want);
    if (v == FIELD_FOUND || v == FIELD_PARTIAL) {
        bool is_borrowed = message.len == 0 || message.ptr != scratch;
        check_inside(message, is_borrowed ? in : span_of(scratch, ROOM));
        check(used <= in.len);
        run_message(message, seed);
    }
    if (v == FIELD_PARTIAL)
        check(want > in.len && used == in.len);
    if (v == FIELD_FOUND) {
        check(message.len >= 4 && message.len <= ROOM);
        check(message.len + 5 > record.record_len || message.ptr == in.ptr + 5 || record.record_len == 5);
        uint8_t *copy = copy_new(message);
        message.ptr = copy;
        run_recut(message, 1, scratch, seed);
        run_recut(message, 1 + random_next(seed) % 600, scratch, seed);
        run_next(message, 1 + random_next(seed) % 600, scratch, seed);
        free(copy);
    }
    free(scratch);
}

/* ---- Sniffing ---- */

static void run_sniff(struct span in, enum verdict (*sniff)(struct span))
{
    enum verdict before = FIELD_PARTIAL;

    for (size_t n = 0; n <= in.len && n <= 300; n++) {
        enum verdict v = sniff(span_first(in, n));
        check(before == FIELD_PARTIAL || v == before);
        before = v;
    }
    check(before == FIELD_PARTIAL || sniff(in) == before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t *copy = copy_new(span_of(data, len));
    struct span in = span_of(copy, len);
    uint32_t seed = seed_of(in);

    run_stream(in, &seed);
    run_message(in, &seed);
    run_sniff(in, tls_sniff_client);
    run_sniff(in, tls_sniff_server);
    run_sniff(in, tls_sniff_certificate);
    free(copy);
    return 0;
}
