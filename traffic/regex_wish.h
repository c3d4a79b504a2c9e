#pragma once
/* How to contact what a regex looks for: a text that it perhaps matches, put where texts of its form belong. */
#include "traffic/contact.h"

/* Of `w` the value is a regex, and `by` is set: make it a name, URL, path or user agent to contact; the value then lies in `room`, whose content is
 * replaced. Each attempt, counted from 0, tries another form. False: this one is none; `w` is then spoilt. */
bool regex_wish(struct contact_wish *w, unsigned attempt, struct dice *dice, struct buf *room);
