/* The calendar: scope dates and HTTP dates, compared with listed values and with the C library. */
#include "support.h"

#include <time.h>

static void dates_are_utc(void **state) {
  (void)state;
  static const struct {
    int64_t timestamp;
    const char *date;
  } cases[] = {
      {0, "1970-01-01"},          {86399, "1970-01-01"},        {86400, "1970-01-02"},
      {951782399, "2000-02-28"},  {951782400, "2000-02-29"},    {951868799, "2000-02-29"},
      {951868800, "2000-03-01"},  {1709208000, "2024-02-29"},   {1735689599, "2024-12-31"},
      {1735689600, "2025-01-01"}, {2147483648, "2038-01-19"},   {4107542399, "2100-02-28"},
      {4107542400, "2100-03-01"}, {253402300799, "9999-12-31"},
  };
  char date[16];
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(caudit_sign_date(cases[i].timestamp, date), 0);
    assert_string_equal(date, cases[i].date);
  }
  assert_true(caudit_sign_date(-1, date) < 0);
  assert_true(caudit_sign_date(253402300800, date) < 0);
}

static void dates_agree_with_gmtime(void **state) {
  (void)state;
  char date[16], expected[32];
  for (int64_t timestamp = 0; timestamp < (int64_t)86400 * 366 * 600; timestamp += 86400 - 1) {
    time_t seconds = (time_t)timestamp;
    struct tm parts;
    assert_non_null(gmtime_r(&seconds, &parts));
    assert_true(strftime(expected, sizeof expected, "%Y-%m-%d", &parts) > 0);
    assert_int_equal(caudit_sign_date(timestamp, date), 0);
    assert_string_equal(date, expected);
  }
}

/* Every day of more than a century, compared with the C library. */
static void http_dates_agree_with_gmtime(void **state) {
  (void)state;
  static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (int64_t day = 0; day < 50000; day++) {
    time_t moment = (time_t)(day * 86400 + day % 86400);
    struct tm tm;
    char text[80];
    int64_t seconds = -1;
    assert_non_null(gmtime_r(&moment, &tm));
    (void)snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
                   tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                   tm.tm_sec);
    if (!caudit_http_date(caudit_str(text), &seconds) || seconds != (int64_t)moment)
      fail_msg("%s: %lld", text, (long long)seconds);
  }
}

static void http_dates(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t seconds;
  } good[] = {
      {"Thu, 01 Jan 1970 00:00:00 GMT", 0},          {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
      {"Tue, 29 Feb 2000 23:59:59 GMT", 951868799},  {"Wed, 01 Mar 2000 00:00:00 GMT", 951868800},
      {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800}, {"Tue, 19 Jan 2038 03:14:08 GMT", 2147483648},
      {"Mon, 01 Mar 2100 00:00:00 GMT", 4107542400},
  };
  static const char *const bad[] = {
      "",
      "Sun, 06 Nov 1994 08:49:37 UTC",
      "Sun, 06 Nov 1994 08:49:37",
      "Sunday, 06-Nov-94 08:49:37 GMT",
      "Sun Nov  6 08:49:37 1994",
      "Sun, 06 NOV 1994 08:49:37 GMT",
      "Sun, 06 Abc 1994 08:49:37 GMT",
      "Sun, 00 Nov 1994 08:49:37 GMT",
      "Sun, 32 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:49:37 GMT",
      "Sun, 06 Nov 1994 08:60:37 GMT",
      "Sun, 06 Nov 1994 08:49:61 GMT",
      "Sun, 06 Nov 19x4 08:49:37 GMT",
      "Sun, 06 Nov 20x4 08:49:37 GMT",
      "Sun, 06 Nov 1994 08:49:37 GMT ",
      "Sun, 06 Nov 1900 08:49:37 GMT",
      "Sun, 06 Nov -094 08:49:37 GMT",
      "Sun, 06 Nov 199x 08:49:37 GMT",
      "Sun, x6 Nov 1994 08:49:37 GMT",
      "Sun, 0/ Nov 1994 08:49:37 GMT",
      "Sun, 0: Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 x8:49:37 GMT",
      "Sun, 06 Nov 1994 08:x9:37 GMT",
      "Sun, 06 Nov 1994 08:49:x7 GMT",
      "Sun; 06 Nov 1994 08:49:37 GMT",
      "Sun, 06-Nov-1994 08:49:37 GMT",
      "Sun, 06 Nov-1994 08:49:37 GMT",
      "Sun, 06 Nov 1994-08:49:37 GMT",
      "Sun, 06 Nov 1994 08-49:37 GMT",
      "Sun, 06 Nov 1994 08:49-37 GMT",
  };
  int64_t seconds;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    assert_true(caudit_http_date(caudit_str(good[i].text), &seconds));
    assert_int_equal(seconds, good[i].seconds);
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (caudit_http_date(caudit_str(bad[i]), &seconds)) fail_msg("accepted: %s", bad[i]);
  assert_false(caudit_http_date(caudit_str(NULL), &seconds));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dates_are_utc),
      cmocka_unit_test(dates_agree_with_gmtime),
      cmocka_unit_test(http_dates_agree_with_gmtime),
      cmocka_unit_test(http_dates),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
