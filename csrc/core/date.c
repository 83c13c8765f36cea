/* The calendar: unix time to the date of a credential scope, HTTP date to unix time. Independent of
 * time zone and locale. Both count in years that start in March, so that the leap day comes last.
 */
#include "core/internal.h"

#include <string.h>

/* Days from 0000-03-01 to 1970-01-01. */
enum { EPOCH_DAYS = 719468 };

int caudit_sign_date(int64_t timestamp, char out[16]) {
  if (timestamp < 0 || timestamp > 253402300799) return -CAUDIT_VALIDATION; /* 1970 to 9999 */
  unsigned days = (unsigned)(timestamp / 86400) + EPOCH_DAYS;
  unsigned era = days / 146097, day_of_era = days % 146097;
  unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  unsigned shifted = (5 * day_of_year + 2) / 153;
  unsigned day = day_of_year - (153 * shifted + 2) / 5 + 1;
  unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
  unsigned year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  unsigned parts[10] = {year / 1000, year / 100 % 10, year / 10 % 10, year % 10,
                        0,           month / 10,      month % 10,     0,
                        day / 10,    day % 10};
  for (size_t i = 0; i < 10; i++) out[i] = i == 4 || i == 7 ? '-' : (char)('0' + parts[i]);
  out[10] = '\0';
  return 0;
}

bool caudit_iso_time(int64_t seconds, char out[CAUDIT_ISO_TIME]) {
  char date[16];
  if (caudit_sign_date(seconds, date) != 0) return false;
  unsigned second = (unsigned)(seconds % 86400);
  unsigned parts[] = {second / 3600, second / 60 % 60, second % 60};
  memcpy(out, date, 10);
  for (size_t i = 0; i < 3; i++) {
    char *at = out + 10 + 3 * i;
    at[0] = i == 0 ? 'T' : ':';
    at[1] = (char)('0' + parts[i] / 10);
    at[2] = (char)('0' + parts[i] % 10);
  }
  memcpy(out + 19, "Z", 2);
  return true;
}

static int two_digits(const char *s) {
  if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9') return -1;
  return (s[0] - '0') * 10 + (s[1] - '0');
}

int64_t caudit_days(int64_t year, int month, int day) {
  if (month < 3) year--;
  int64_t era = (year >= 0 ? year : year - 399) / 400, year_of_era = year - era * 400;
  int shifted = (month + 9) % 12;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
         (153 * shifted + 2) / 5 + day - 1 - EPOCH_DAYS;
}

bool caudit_http_date(struct caudit_str text, int64_t *out) {
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const char *s = text.data;
  /* Sun, 06 Nov 1994 08:49:37 GMT: the only form that RFC 9110 allows servers to send. */
  if (text.len != 29 || memcmp(s + 25, " GMT", 4) != 0 || memcmp(s + 3, ", ", 2) != 0 ||
      s[7] != ' ' || s[11] != ' ' || s[16] != ' ' || s[19] != ':' || s[22] != ':')
    return false;
  int month = 0;
  while (month < 12 && memcmp(s + 8, months + (size_t)month * 3, 3) != 0) month++;
  int day = two_digits(s + 5), century = two_digits(s + 12), years = two_digits(s + 14);
  int hour = two_digits(s + 17), minute = two_digits(s + 20), second = two_digits(s + 23);
  if (month == 12 || day < 1 || day > 31 || century < 0 || years < 0 || hour < 0 || hour > 23 ||
      minute < 0 || minute > 59 || second < 0 || second > 60)
    return false;
  int year = century * 100 + years;
  if (year - (month < 2 ? 1 : 0) < 1969) return false;
  *out = ((caudit_days(year, month + 1, day) * 24 + hour) * 60 + minute) * 60 + second;
  return true;
}
