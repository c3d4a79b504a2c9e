/* See time.h. Days are counted by the usual arithmetic on years that begin in March, so that the leap day is a year's
 * last; no table of months is needed. */
#include "base/time.h"

#include <stdio.h>

static const int64_t day_seconds = 86400;

/* Days from 1970-01-01 to the given date. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    unsigned year_of_era = (unsigned)(year - era * 400);
    unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + (int64_t)day_of_era - 719468;
}

static void date_of(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned day_of_era = (unsigned)(days - era * 146097);
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned shifted = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct span trimmed(struct span s)
{
    while (s.len && is_blank(s.ptr[0]))
        span_skip(&s, 1);
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

static size_t digits_at(struct span s)
{
    size_t n = 0;
    while (n < s.len && s.ptr[n] >= '0' && s.ptr[n] <= '9')
        n++;
    return n;
}

/* Exactly `n` digits, taken off the front. */
static bool take_number(struct span *s, size_t n, unsigned *out)
{
    if (digits_at(*s) < n)
        return false;
    *out = 0;
    for (size_t i = 0; i < n; i++)
        *out = *out * 10 + (unsigned)(s->ptr[i] - '0');
    return span_skip(s, n);
}

static bool take_byte(struct span *s, uint8_t c)
{
    return s->len && s->ptr[0] == c && span_skip(s, 1);
}

/* A '.' or ',' and digits; nothing there is fine too. */
static bool pass_fraction(struct span *s)
{
    struct span rest = *s;
    if (!take_byte(&rest, '.') && !take_byte(&rest, ','))
        return true;
    size_t n = digits_at(rest);
    return n > 0 && span_skip(&rest, n) && (*s = rest, true);
}

static bool take_date(struct span *s, int64_t *out_days)
{
    unsigned year, month, day;
    bool is_basic = digits_at(*s) == 8;
    if (!take_number(s, 4, &year) || (!is_basic && !take_byte(s, '-')) || !take_number(s, 2, &month) ||
        (!is_basic && !take_byte(s, '-')) || !take_number(s, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in(year, month))
        return false;
    *out_days = days_of(year, month, day);
    return true;
}

static bool take_clock(struct span *s, int64_t *out_seconds)
{
    unsigned hour, minute, second = 0;
    if (!take_number(s, 2, &hour) || !take_byte(s, ':') || !take_number(s, 2, &minute))
        return false;
    if (take_byte(s, ':') && (!take_number(s, 2, &second) || !pass_fraction(s)))
        return false;
    *out_seconds = (int64_t)hour * 3600 + minute * 60 + second;
    return hour <= 23 && minute <= 59 && second <= 60;
}

/* Seconds east of Greenwich; the whole rest has to be a zone. */
static bool read_zone(struct span s, int64_t *out_seconds)
{
    *out_seconds = 0;
    if (s.len == 0 || span_eq_nocase(s, SPAN_LIT("z")) || span_eq_nocase(s, SPAN_LIT(" utc")) ||
        span_eq_nocase(s, SPAN_LIT(" z")) || span_eq_nocase(s, SPAN_LIT(" (utc)")))
        return true;
    int sign = s.ptr[0] == '-' ? -1 : 1;
    unsigned hours, minutes = 0;
    if ((s.ptr[0] != '+' && s.ptr[0] != '-') || !span_skip(&s, 1) || !take_number(&s, 2, &hours))
        return false;
    if (s.len) {
        take_byte(&s, ':');
        if (!take_number(&s, 2, &minutes))
            return false;
    }
    *out_seconds = sign * ((int64_t)hours * 3600 + minutes * 60);
    return s.len == 0 && hours <= 23 && minutes <= 59;
}

static bool read_epoch(struct span s, int64_t *out_seconds)
{
    size_t n = digits_at(s);
    if (n == 0 || n > 11)
        return false;
    int64_t seconds = 0;
    for (size_t i = 0; i < n; i++)
        seconds = seconds * 10 + (s.ptr[i] - '0');
    span_skip(&s, n);
    if (!pass_fraction(&s) || s.len)
        return false;
    *out_seconds = seconds;
    return true;
}

bool time_parse(struct span text, int64_t *out_seconds)
{
    struct span s = trimmed(text);
    size_t n = digits_at(s);
    if (n != 4 && n != 8)
        return read_epoch(s, out_seconds);
    if (n == 4 && (s.len == 4 || s.ptr[4] != '-'))
        return read_epoch(s, out_seconds);

    int64_t days, clock = 0, zone = 0;
    if (!take_date(&s, &days))
        return false;
    if (s.len) {
        if (!take_byte(&s, 'T') && !take_byte(&s, 't') && !take_byte(&s, ' '))
            return false;
        if (!take_clock(&s, &clock) || !read_zone(s, &zone))
            return false;
    }
    *out_seconds = days * day_seconds + clock - zone;
    return true;
}

size_t time_format(int64_t seconds, uint32_t micros, char out[static TIME_TEXT_MAX])
{
    const int64_t first = -62167219200, last = 253402300799; /* 0000-01-01T00:00:00, 9999-12-31T23:59:59 */
    seconds = seconds < first ? first : seconds > last ? last : seconds;
    int64_t days = seconds / day_seconds, clock = seconds % day_seconds;
    if (clock < 0) {
        days--;
        clock += day_seconds;
    }
    int64_t year;
    unsigned month, day;
    date_of(days, &year, &month, &day);
    int n = snprintf(out, TIME_TEXT_MAX, "%04u-%02u-%02uT%02u:%02u:%02u.%06u+0000", (unsigned)year % 10000,
                     month, day, (unsigned)(clock / 3600) % 24, (unsigned)(clock / 60 % 60),
                     (unsigned)(clock % 60), micros % 1000000);
    return (size_t)n;
}

size_t time_format_seconds(int64_t seconds, char out[static TIME_TEXT_MAX])
{
    enum { TO_SECONDS = sizeof "2026-01-31T23:59:59" - 1 };
    time_format(seconds, 0, out);
    out[TO_SECONDS] = 'Z';
    out[TO_SECONDS + 1] = 0;
    return TO_SECONDS + 1;
}
