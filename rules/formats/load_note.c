/* See load_note.h. */
#include "rules/formats/load_note.h"

#include <stdio.h>

void load_note_clean(char *sentence)
{
    for (; *sentence; sentence++)
        if (*sentence < 0x20 || *sentence > 0x7e)
            *sentence = '?';
}

static bool ends_label(uint8_t c)
{
    return c == '.' || c == '/' || c == ':' || c == '@' || c == '?' || c == '[' || c == ']';
}

/* The label that the byte at `at` is part of. */
static size_t label_len(struct span value, size_t at)
{
    size_t from = at, to = at;
    while (from > 0 && !ends_label(value.ptr[from - 1]))
        from--;
    while (to < value.len && !ends_label(value.ptr[to]))
        to++;
    return to - from;
}

static void describe_byte(char *out, size_t room, struct span value, size_t at)
{
    uint8_t c = at < value.len ? value.ptr[at] : 0;
    if (at >= value.len)
        snprintf(out, room, "bad character");
    else if (c == ' ')
        snprintf(out, room, "blank inside a value");
    else if (c > ' ' && c < 0x7f)
        snprintf(out, room, "'%c' is out of place", c);
    else
        snprintf(out, room, "byte 0x%02x is out of place", c);
}

/* What is wrong, in words; the code where that is plain enough. */
static const char *problem(enum reject reason)
{
    switch (reason) {
    case REJECT_BAD_IP:
        return "not an IP address";
    case REJECT_IP_LEADING_ZERO:
        return "leading zero in an IP address";
    case REJECT_BAD_PREFIX:
        return "not a network prefix";
    case REJECT_BAD_RANGE:
        return "not an address range";
    case REJECT_BAD_PORT:
        return "not a port";
    case REJECT_BAD_URL:
        return "not a URL or path";
    case REJECT_BAD_IDN:
        return "not an internationalised name";
    case REJECT_BAD_EMAIL:
        return "not an e-mail address";
    case REJECT_EMPTY:
        return "nothing there";
    case REJECT_EMPTY_LABEL:
        return "empty label in a name";
    case REJECT_SINGLE_LABEL:
        return "name of a single label";
    case REJECT_BAD_HASH:
        return "not a hash";
    case REJECT_TYPE_MISMATCH:
        return "not of the declared type";
    case REJECT_UNKNOWN_TYPE:
        return "unknown type";
    case REJECT_NOT_HOSTS_LINE:
        return "not a line of a hosts file";
    case REJECT_COLUMN_COUNT:
        return "too few columns";
    case REJECT_BAD_PARAMETERS:
        return "does not go together";
    default:
        return reject_code(reason);
    }
}

/* What bad-char says of wildcards helps only with one. */
static int remedy_len(enum reject reason, struct span value)
{
    const char *remedy = reject_remedy(reason), *end = strchr(remedy, ';');
    bool is_wildcard = value.len && (memchr(value.ptr, '*', value.len) || memchr(value.ptr, '?', value.len));
    return (int)(end && !is_wildcard ? (size_t)(end - remedy) : strlen(remedy));
}

void load_note_reject(char out[static LOAD_NOTE_MAX], enum reject reason, struct span value, uint32_t col,
                      const char *unit)
{
    char byte[40];
    size_t at = col ? col - 1 : 0, len = load_trim(value).len;
    if (reason == REJECT_LABEL_TOO_LONG) {
        snprintf(out, LOAD_NOTE_MAX, "domain label is %zu bytes, at most 63 fit; %s skipped",
                 label_len(value, at), unit);
    } else if (reason == REJECT_NAME_TOO_LONG) {
        size_t most = len > LOAD_VALUE_MAX ? LOAD_VALUE_MAX : 253;
        snprintf(out, LOAD_NOTE_MAX, "%s is %zu bytes, at most %zu fit; %s skipped",
                 most == 253 ? "domain name" : "value", len, most, unit);
    } else if (reason == REJECT_BAD_CHAR) {
        describe_byte(byte, sizeof byte, value, at);
        snprintf(out, LOAD_NOTE_MAX, "%s; wanted: %.*s; %s skipped", byte, remedy_len(reason, value),
                 reject_remedy(reason), unit);
    } else {
        snprintf(out, LOAD_NOTE_MAX, "%s; wanted: %s; %s skipped", problem(reason), reject_remedy(reason),
                 unit);
    }
}
