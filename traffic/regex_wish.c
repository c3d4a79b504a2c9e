/* See regex_wish.h. */
#include "traffic/regex_wish.h"

#include "traffic/regex_sample.h"

/* Forms in which the text of a regex is tried: it may be all of a name, or a part of one; a URL, a path, or a part of one; a header. */
enum shape {
    SHAPE_NAME,
    SHAPE_START_OF_NAME,
    SHAPE_END_OF_NAME,
    SHAPE_URL,
    SHAPE_PATH,
    SHAPE_PART_OF_PATH,
    SHAPE_AGENT,
    SHAPES
};

static bool is_name(struct span text)
{
    size_t label = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        bool is_in_label = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (!is_in_label && (c != '.' || label == 0))
            return false;
        label = c == '.' ? 0 : label + 1;
    }
    return label && memchr(text.ptr, '.', text.len);
}

/* Blanks would end a request's target. */
static bool is_target(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= 0x20 || text.ptr[i] >= 0x7f)
            return false;
    return text.len;
}

static const char *front_of(enum shape s)
{
    return s == SHAPE_END_OF_NAME ? "www." : s == SHAPE_PART_OF_PATH ? "/" : "";
}

bool regex_wish(struct contact_wish *w, unsigned attempt, struct dice *dice, struct buf *room)
{
    enum shape shape = (enum shape)(attempt % SHAPES);
    buf_reset(room);
    buf_put_str(room, front_of(shape));
    if (!regex_sample(w->value, dice, room))
        return false;
    if (shape == SHAPE_START_OF_NAME)
        buf_put_str(room, ".example");
    struct span text = buf_span(room);
    w->match = MATCH_EXACT;
    w->fields = 0;
    w->value = text;
    w->type = shape == SHAPE_AGENT  ? IOC_USER_AGENT
              : shape == SHAPE_URL  ? IOC_URL
              : shape >= SHAPE_PATH ? IOC_URI_PATH
                                    : IOC_DOMAIN;
    if (shape <= SHAPE_END_OF_NAME)
        return is_name(text);
    if (w->by != BY_HTTP)
        return false;
    if (shape == SHAPE_AGENT)
        return text.len > 0;
    return is_target(text) && span_starts(text, shape == SHAPE_URL ? SPAN_LIT("http://") : SPAN_LIT("/"));
}
