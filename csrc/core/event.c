/* Events: the names of their members, and the notations of their time. */
#include "core/internal.h"

const struct caudit_event_name caudit_event_names[CAUDIT_EVENT_COUNT] = {
#define EVENT_NAME(symbol, name, wire, kind)                                                       \
  {CAUDIT_STR(name), CAUDIT_STR(wire), CAUDIT_EVENT_KIND_##kind},
    CAUDIT_EVENT_MEMBERS(EVENT_NAME)
#undef EVENT_NAME
};

enum caudit_event_member caudit_event_member(struct caudit_str name) {
  size_t i = 0;
  while (i < CAUDIT_EVENT_COUNT && !caudit_is_same(caudit_event_names[i].ours, name)) i++;
  return (enum caudit_event_member)i;
}

/* ---- time ------------------------------------------------------------------------------ */

static const int64_t last_second = 253402300799; /* of the year 9999 */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* The number of `count` digits at s, or -1. */
static int digits(const char *s, size_t count) {
  int value = 0;
  for (size_t i = 0; i < count; i++) {
    if (!is_digit(s[i])) return -1;
    value = value * 10 + (s[i] - '0');
  }
  return value;
}

static int days_of_month(int year, int month) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Seconds east of UTC of "Z", "+08:00", "+0800" or "+08". */
static bool read_zone(struct caudit_str text, int *out) {
  if (text.len == 1 && (text.data[0] == 'Z' || text.data[0] == 'z')) {
    *out = 0;
    return true;
  }
  if (text.len < 3 || (text.data[0] != '+' && text.data[0] != '-')) return false;
  size_t minutes_at = text.len > 3 && text.data[3] == ':' ? 4 : 3;
  int hours = digits(text.data + 1, 2), minutes = 0;
  if (text.len != 3) {
    if (text.len != minutes_at + 2) return false;
    minutes = digits(text.data + minutes_at, 2);
  }
  if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59) return false;
  *out = (hours * 3600 + minutes * 60) * (text.data[0] == '-' ? -1 : 1);
  return true;
}

/* What follows the seconds of ISO 8601: a fraction, which is ignored, and a zone. */
static bool read_end(struct caudit_str text, int *zone) {
  size_t at = 0;
  if (text.len >= 2 && (text.data[0] == '.' || text.data[0] == ',') && is_digit(text.data[1]))
    for (at = 2; at < text.len && is_digit(text.data[at]);) at++;
  return read_zone((struct caudit_str){text.data + at, text.len - at}, zone);
}

static bool read_date(struct caudit_str text, int64_t *out) {
  const char *s = text.data;
  int zone = 8 * 3600; /* the service's */
  if (text.len < 19 || s[4] != '-' || s[7] != '-' || s[13] != ':' || s[16] != ':') return false;
  int year = digits(s, 4), month = digits(s + 5, 2), day = digits(s + 8, 2);
  int hour = digits(s + 11, 2), minute = digits(s + 14, 2), second = digits(s + 17, 2);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) ||
      hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
    return false;
  if (s[10] == 'T' || s[10] == 't') {
    if (!read_end((struct caudit_str){s + 19, text.len - 19}, &zone)) return false;
  } else if (s[10] != ' ' || text.len != 19) {
    return false;
  }
  int64_t days = caudit_days(year, month, day);
  *out = ((days * 24 + hour) * 60 + minute) * 60 + second - zone;
  return true;
}

bool caudit_event_time(struct caudit_str text, int64_t *out) {
  enum { LONGEST = 64, LONGEST_NUMBER = 12 };
  if (text.len == 0 || text.len > LONGEST) return false;
  size_t at = 0;
  while (at < text.len && is_digit(text.data[at])) at++;
  if (at < text.len) {
    if (!read_date(text, out)) return false;
  } else {
    if (text.len > LONGEST_NUMBER) return false;
    *out = 0;
    for (at = 0; at < text.len; at++) *out = *out * 10 + (text.data[at] - '0');
  }
  return *out >= 0 && *out <= last_second;
}
