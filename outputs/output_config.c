/* See output_config.h. */
#include "outputs/output_config.h"

#include <errno.h>
#include <stdlib.h>

static const char *const type_names[OUTPUT_TYPES] = {
    [OUTPUT_FILE] = "file",     [OUTPUT_UNIX] = "unix",   [OUTPUT_UNIXGRAM] = "unixgram",
    [OUTPUT_SYSLOG] = "syslog", [OUTPUT_KAFKA] = "kafka", [OUTPUT_REDIS] = "redis",
};

const char *output_type_name(enum output_type t)
{
    return (unsigned)t < OUTPUT_TYPES ? type_names[t] : "unknown";
}

bool output_is_remote(const struct output_config *c)
{
    switch (c->type) {
    case OUTPUT_FILE:
    case OUTPUT_UNIX:
    case OUTPUT_UNIXGRAM:
        return false;
    case OUTPUT_SYSLOG:
        return c->target[0] != 0 && c->target[0] != '/';
    case OUTPUT_KAFKA:
        return true;
    case OUTPUT_REDIS:
    case OUTPUT_TYPES:
        break;
    }
    const char *at = strrchr(c->target, '@');
    return !at || at[1] != '/';
}

enum tlp output_ceiling(const struct output_config *c)
{
    return c->max_tlp ? c->max_tlp : output_is_remote(c) ? TLP_AMBER : TLP_RED;
}

/* ---- values ---- */

static bool take_i64(struct span value, int64_t least, int64_t most, int64_t *out)
{
    char text[24], *end;
    if (value.len == 0 || value.len >= sizeof text || value.ptr[0] < '0' || value.ptr[0] > '9')
        return false;
    memcpy(text, value.ptr, value.len);
    text[value.len] = 0;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (*end || errno || v < least || v > most)
        return false;
    *out = v;
    return true;
}

static bool take_word(struct span value, const char *const *words, int *out)
{
    for (int i = 0; words[i]; i++)
        if (span_eq_nocase(value, span_str(words[i]))) {
            *out = i;
            return true;
        }
    return false;
}

static bool take_mib(struct span value, int64_t most_mib, int64_t *out)
{
    bool is_good = take_i64(value, 1, most_mib, out);
    if (is_good)
        *out <<= 20;
    return is_good;
}

static const char *keep(struct arena *texts, struct span s)
{
    char *to = (char *)arena_bytes(texts, s.len + 1);
    if (to) {
        memcpy(to, s.ptr, s.len);
        to[s.len] = 0;
    }
    return to;
}

static bool take_text(struct span value, struct arena *texts, const char **out)
{
    *out = value.len ? keep(texts, value) : NULL;
    return *out;
}

/* Names become those of files. */
static bool take_name(struct span value, struct arena *texts, const char **out)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.ptr[i], l = c | 0x20;
        if (!((l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return value.len <= 64 && take_text(value, texts, out);
}

static bool take_setting(struct output_config *c, struct span name, struct span value, struct arena *texts)
{
    if (c->n_settings == OUTPUT_SETTINGS_MAX)
        return false;
    struct output_setting *s = &c->settings[c->n_settings++];
    s->name = keep(texts, name);
    s->value = keep(texts, value);
    return s->name && s->value;
}

/* ---- one KEY=VALUE ---- */

struct key {
    const char *name;
    unsigned types; /* bits: outputs that have it */
    const char *wants;
};

enum key_id {
    K_NAME,
    K_EVE,
    K_MAX_TLP,
    K_SEVERITY,
    K_STATS,
    K_QUEUE,
    K_SPILL,
    K_SPILL_MIB,
    K_MODE,
    K_ROTATE_MIB,
    K_ROTATE_S,
    K_FSYNC,
    K_KEY,
    K_MAXLEN,
    K_USER,
    K_PASSWORD_FILE,
    K_COUNT,
};

#define ALL ((1u << OUTPUT_TYPES) - 1)
static const struct key keys[K_COUNT] = {
    [K_NAME] = {"name", ALL, "letters, digits, - and _, at most 64"},
    [K_EVE] = {"eve", ALL, "7 or 8"},
    [K_MAX_TLP] = {"max_tlp", ALL, "clear, green, amber, amber+strict or red"},
    [K_SEVERITY] = {"max_severity", ALL, "1, 2 or 3"},
    [K_STATS] = {"stats", ALL, "yes or no"},
    [K_QUEUE] = {"queue_mib", ALL, "a number from 1 to 64"},
    [K_SPILL] = {"spill", ALL, "a folder"},
    [K_SPILL_MIB] = {"spill_mib", ALL, "a number from 1 to 1048576"},
    [K_MODE] = {"mode", 1u << OUTPUT_FILE, "append or replace"},
    [K_ROTATE_MIB] = {"rotate_mib", 1u << OUTPUT_FILE, "a number from 1 to 1048576"},
    [K_ROTATE_S] = {"rotate_s", 1u << OUTPUT_FILE, "a number from 1 to 31536000"},
    [K_FSYNC] = {"fsync", 1u << OUTPUT_FILE, "none, interval or always"},
    [K_KEY] = {"key", 1u << OUTPUT_KAFKA, "community_id, indicator or none"},
    [K_MAXLEN] = {"maxlen", 1u << OUTPUT_REDIS, "a number of entries"},
    [K_USER] = {"user", 1u << OUTPUT_REDIS, "a name"},
    [K_PASSWORD_FILE] = {"password_file", 1u << OUTPUT_REDIS, "a path"},
};

static bool take_value(struct output_config *c, enum key_id id, struct span value, struct arena *texts)
{
    static const char *const modes[] = {"default", "append", "replace", NULL};
    static const char *const fsyncs[] = {"none", "interval", "always", NULL};
    static const char *const key_words[] = {"community_id", "indicator", "none", NULL};
    static const char *const yes_no[] = {"yes", "no", NULL};
    int64_t n = 0;
    int word = 0;
    bool is_good = false;
    switch (id) {
    case K_NAME:
        return take_name(value, texts, &c->name);
    case K_EVE:
        is_good = take_i64(value, 7, 8, &n);
        c->eve_version = (int)n;
        break;
    case K_MAX_TLP:
        return tlp_of(value, &c->max_tlp) && c->max_tlp != TLP_NONE;
    case K_SEVERITY:
        is_good = take_i64(value, 1, 3, &n);
        c->max_severity = (unsigned)n;
        break;
    case K_STATS:
        is_good = take_word(value, yes_no, &word);
        c->is_without_stats = word;
        break;
    case K_QUEUE:
        return take_mib(value, OUTPUT_QUEUE_MAX >> 20, &c->queue_bytes);
    case K_SPILL:
        return take_text(value, texts, &c->spill_dir);
    case K_SPILL_MIB:
        return take_mib(value, 1 << 20, &c->spill_bytes);
    case K_MODE:
        is_good = take_word(value, modes, &word);
        c->mode = (enum output_mode)word;
        break;
    case K_ROTATE_MIB:
        return take_mib(value, 1 << 20, &c->rotate_bytes);
    case K_ROTATE_S:
        return take_i64(value, 1, 31536000, &c->rotate_s);
    case K_FSYNC:
        is_good = take_word(value, fsyncs, &word);
        c->fsync = (enum output_fsync)word;
        break;
    case K_KEY:
        is_good = take_word(value, key_words, &word);
        c->key = (enum output_key)word;
        break;
    case K_MAXLEN:
        return take_i64(value, 1, INT64_MAX, &c->maxlen);
    case K_USER:
        return take_text(value, texts, &c->user);
    case K_PASSWORD_FILE:
        return take_text(value, texts, &c->password_file);
    case K_COUNT:
        break;
    }
    return is_good;
}

static bool take_pair(struct output_config *c, struct span pair, struct arena *texts, struct err *err)
{
    const uint8_t *equals = pair.len ? memchr(pair.ptr, '=', pair.len) : NULL;
    if (!equals)
        return err_set(err, ERR_USAGE, NULL, "wants KEY=VALUE behind the comma, not \"%.*s\"", (int)pair.len,
                       (const char *)pair.ptr);
    struct span name = span_first(pair, (size_t)(equals - pair.ptr)), value = span_from(pair, name.len + 1);
    if (c->type == OUTPUT_KAFKA && span_starts(name, SPAN_LIT("kafka.")))
        return take_setting(c, span_from(name, sizeof "kafka." - 1), value, texts) ||
               err_set(err, ERR_USAGE, NULL, "more than %d settings of librdkafka", OUTPUT_SETTINGS_MAX);
    for (int id = 0; id < K_COUNT; id++) {
        if (!span_eq(name, span_str(keys[id].name)) || !(keys[id].types & 1u << c->type))
            continue;
        return take_value(c, (enum key_id)id, value, texts) ||
               err_set(err, ERR_USAGE, NULL, "%s wants %s, not \"%.*s\"", keys[id].name, keys[id].wants,
                       (int)value.len, (const char *)value.ptr);
    }
    return err_set(err, ERR_USAGE, NULL, "%s outputs have no \"%.*s\"", output_type_name(c->type),
                   (int)name.len, (const char *)name.ptr);
}

/* ---- targets ---- */

static bool has_part_before_at(const char *target)
{
    const char *at = strrchr(target, '@');
    return at && at != target && at[1];
}

static bool check_target(const struct output_config *c, struct err *err)
{
    const char *t = c->target;
    switch (c->type) {
    case OUTPUT_FILE:
    case OUTPUT_UNIX:
    case OUTPUT_UNIXGRAM:
        return *t || err_set(err, ERR_USAGE, NULL, "%s: wants a path", output_type_name(c->type));
    case OUTPUT_SYSLOG:
        return !*t || *t == '/' || strncmp(t, "udp://", 6) == 0 || strncmp(t, "tcp://", 6) == 0 ||
               err_set(err, ERR_USAGE, NULL, "syslog: wants nothing, a path, udp://HOST or tcp://HOST");
    case OUTPUT_KAFKA:
        return has_part_before_at(t) || err_set(err, ERR_USAGE, NULL, "kafka: wants TOPIC@HOST");
    case OUTPUT_REDIS:
    case OUTPUT_TYPES:
        break;
    }
    return has_part_before_at(t) || err_set(err, ERR_USAGE, NULL, "redis: wants STREAM@HOST");
}

bool output_config_read(const char *text, struct output_config *out, struct arena *texts, struct err *err)
{
    *out = (struct output_config){.type = OUTPUT_FILE, .target = text};
    struct span rest = span_str(text);
    int type = 0;
    for (; type < OUTPUT_TYPES; type++) {
        struct span name = span_str(type_names[type]);
        if (span_starts(rest, name) && rest.len > name.len && rest.ptr[name.len] == ':') {
            span_skip(&rest, name.len + 1);
            break;
        }
    }
    if (type == OUTPUT_TYPES)
        return true;
    out->type = (enum output_type)type;
    const uint8_t *comma = rest.len ? memchr(rest.ptr, ',', rest.len) : NULL;
    struct span target = comma ? span_first(rest, (size_t)(comma - rest.ptr)) : rest;
    if (!(out->target = keep(texts, target)))
        return err_set(err, ERR_MEMORY, NULL, "out of memory");
    while (comma) {
        rest = span_from(rest, (size_t)(comma - rest.ptr) + 1);
        comma = rest.len ? memchr(rest.ptr, ',', rest.len) : NULL;
        if (!take_pair(out, comma ? span_first(rest, (size_t)(comma - rest.ptr)) : rest, texts, err))
            return false;
    }
    return check_target(out, err);
}
