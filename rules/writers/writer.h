#pragma once
/* The door through which lists go out: one struct list_writer each, entered in rules/export.c. A writer goes through the indicators that
 * may be told with writing_next() and through what may be told of their origins with writing_origin(), and looks at nothing else in
 * the sets: the rest is above the ceiling and nobody's business. */
#include "base/buf.h"
#include "rules/export.h"

struct writing {
    const struct list_writer *writer;
    const struct export_options *options; /* borrowed */
    struct set_view indicators, allow;
    struct export_report *report; /* borrowed */
    struct buf out;               /* owned: what waits to be written */
    bool (*write)(void *to, struct span bytes);
    void *to;
    bool is_refused; /* by `write` */
};

struct list_writer {
    const char *name;
    const char *const *aliases; /* the last is NULL */
    bool has_allow;             /* is there a way to say what must not alert? */
    bool keeps_suppressed;      /* is what an allow-list covers written all the same? */
    /* False when memory is short, or writing_pass() was. */
    bool (*write)(struct writing *w);
};

extern const struct list_writer write_yaml, write_stix, write_misp, write_zeek, write_dataset, write_rpz,
    write_text;

/* The first indicator of `v` from `at` on that may be told; v->n_indicators when there is none. */
uint32_t writing_next(const struct writing *w, const struct set_view *v, uint32_t at);
/* The first origin from `at` on in its chain that may be told, or ORIGIN_END. */
uint32_t writing_origin(const struct writing *w, const struct set_view *v, uint32_t at);
/* Do all of its origins go out? */
bool writing_is_whole(const struct writing *w, const struct set_view *v, uint32_t indicator);

/* The strictest TLP of what is told of an indicator. */
enum tlp writing_tlp(const struct writing *w, const struct set_view *v, uint32_t indicator);
/* Where its first description that may be told stands; empty when there is none. */
struct span writing_description(const struct writing *w, const struct set_view *v, uint32_t indicator);

void writing_lose(struct writing *w, enum loss loss, const struct set_view *v, uint32_t indicator);
/* The target looks in places of its own choice: says so of indicators that are for certain fields. */
void writing_check_fields(struct writing *w, const struct set_view *v, uint32_t indicator);
/* All of the allow side, when the target has none. */
void writing_lose_allow(struct writing *w);
/* Something whole has been put into w->out. False: stop, it can't be written. */
bool writing_pass(struct writing *w);

/* Pass on what is left. */
bool writing_end(struct writing *w);

/* Well-formed UTF-8? */
bool writing_is_text(struct span text);
/* "2026-01-31T00:00:00Z"; years 1 to 9999. */
void writing_put_time(struct buf *out, int64_t seconds);
bool writing_has_date(int64_t seconds); /* a year that can be written */
/* The host of "192.0.2.1:443", "[2001:db8::1]:443", "evil.example:8443", without brackets. */
struct span writing_host(struct span value);
/* Bytes with everything that is no printable ASCII, the backslash, and what `also` names as \xNN. */
void writing_put_ascii(struct buf *out, struct span bytes, const char *also);
