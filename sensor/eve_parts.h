#pragma once
/* What the files that write EVE lines share; nobody else includes this. One struct eve_line is one line in the making. */
#include "base/json.h"
#include "sensor/eve.h"

struct eve_line {
    struct json json;
    const struct eve_options *options; /* borrowed */
    const struct event *event;         /* borrowed; NULL for stats */
    size_t mark;                       /* where in the buffer the line began */
    size_t wire_left;                  /* bytes from the wire that the line may still show; SIZE_MAX: all */
};

/* The parts every event's line begins with, up to and without the object named after its kind. */
void eve_begin(struct eve_line *l, struct buf *out, const struct eve_options *o, const struct event *e, const char *event_type);
/* Close the line; false when it did not fit, and the buffer is back at the line's beginning. */
bool eve_end(struct eve_line *l);

/* Bytes from the wire, as many as the line may still show; nothing at all when `bytes` is empty or none are left. */
void eve_put_wire(struct eve_line *l, const char *key, struct span bytes);
/* Text of ours (UTF-8, printable) that repeats what came from the wire: it counts as that, and is cut where a character begins. */
void eve_put_text(struct eve_line *l, const char *key, struct span text);
void eve_put_ip(struct eve_line *l, const char *key, const struct ip *ip, unsigned ip_version);
/* 4 or 16 bytes from a DNS answer, as address; anything else as bytes from the wire. */
void eve_put_address(struct eve_line *l, const char *key, struct span bytes);

/* An IP protocol as EVE says it: "TCP", ... or its number, in `scratch`. */
const char *eve_proto_name(uint8_t proto, char scratch[static 4]);

/* "2026-01-02T03:04:05.123456+0000". */
void eve_put_time(struct eve_line *l, const char *key, int64_t ts_ns);
/* Whole seconds since 1970, rounded down. */
static inline int64_t eve_seconds(int64_t ts_ns)
{
    return ts_ns / 1000000000 - (ts_ns % 1000000000 < 0);
}

/* eve_dns.c. Version 8: one object; version 7: an event is one line per question. */
bool eve_is_mdns(const struct event *e);
void eve_put_dns(struct eve_line *l);
void eve_put_dns_alert_v2(struct eve_line *l);
bool eve_put_dns_lines_v2(struct buf *out, const struct eve_options *o, const struct event *e);

/* eve_carrier.c: "tunnel", and the array "carrier"; nothing when the event came through no tunnel. */
void eve_put_tunnel(struct eve_line *l);
void eve_put_carrier(struct eve_line *l);

/* eve_ioc.c: the "alert" object. */
void eve_put_alert_object(struct eve_line *l, const struct alert *a);
