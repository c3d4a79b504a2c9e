#pragma once
/* What a drill expects, as lines of JSON: `vedette drill --expected` writes them, `vedette drill score` reads them. One object a line; its "kind" is
 *
 *   alert    a sensor that has the lists says so: type, value, match and lists of the indicator; the field and what is in it; the conversation
 *            (way, proto, src_ip, src_port, dest_ip, dest_port, community_id, start, end, packet_first, packet_last), from its client to its server;
 *            "planted": false where the conversation was made for another indicator that comes with this one
 *   trap     a near miss: `name` and the same of its conversation, and the value that it is near to. Nothing is to be said of it
 *   omitted  type, value, match and lists of an indicator that is not contacted, or not in one of its ways, and the reason
 *
 * Values and what is observed are escaped as in EVE, and cut as there. */
#include "base/buf.h"
#include "traffic/exercise.h"

enum { DRILL_LINE_MAX = 128 * 1024 };

/* Each appends its lines to `out`. `set` is the db's. */
void drill_put_talk(struct buf *out, const struct set_view *set, const struct exercise_talk *t);
void drill_put_omitted(struct buf *out, const struct set_view *set, uint32_t indicator, enum exercise_omission why);
