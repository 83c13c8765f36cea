/* Events: the notations of their time, and the names of their members. */
#include "support.h"

#include <time.h>

/* The time of a text in a block of the exact size; -1 when it cannot be read. */
static int64_t time_of(const char *text) {
  struct caudit_str bytes = caudit_str(text);
  char *copy = exact_copy(bytes);
  int64_t seconds = -1;
  bool known = caudit_event_time((struct caudit_str){copy, bytes.len}, &seconds);
  free(copy);
  return known ? seconds : -1;
}

static void every_notation_has_its_time(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t seconds;
  } cases[] = {
      {"0", 0},
      {"1769846400", 1769846400},
      {"000000000005", 5},
      {"253402300799", 253402300799},
      {"2026-01-31 16:00:00", 1769846400},
      {"2026-01-31T08:00:00Z", 1769846400},
      {"2026-01-31t08:00:00z", 1769846400},
      {"2026-01-31T08:00:00.123456789Z", 1769846400},
      {"2026-01-31T08:00:00,1+00:00", 1769846400},
      {"2026-01-31T16:00:00+08", 1769846400},
      {"2026-01-31T16:00:00+0800", 1769846400},
      {"2026-01-30T18:00:00-14:00", 1769846400},
      {"1970-01-01 08:00:00", 0},
      {"2024-02-29T00:00:00Z", 1709164800},
      {"2000-02-29T23:59:59Z", 951868799},
      {"9999-12-31T23:59:59Z", 253402300799},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    if (time_of(cases[i].text) != cases[i].seconds) fail_msg("%s", cases[i].text);
}

static void no_other_text_is_a_time(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",
      "now",
      "-15m",
      "-1",
      "1.5",
      "1e9",
      " 1",
      "1 ",
      "253402300800",
      "0000000000005",
      "2026-01-31",
      "2026-01-31 16:00:0",
      "2026-01-31 16:00:00 ",
      "2026-01-31 16:00:00Z",
      "2026-01-31X08:00:00Z",
      "2026-01-31T08:00:00",
      "2026-01-31T08:00:00.Z",
      "2026-01-31T08:00:00.5",
      "2026-01-31T08:00:00+",
      "2026-01-31T08:00:00+8",
      "2026-01-31T08:00:00+08:",
      "2026-01-31T08:00:00+08:0",
      "2026-01-31T08:00:00+080",
      "2026-01-31T08:00:00+08:000",
      "2026-01-31T08:00:00+15:00",
      "2026-01-31T08:00:00+14:60",
      "2026-01-31T08:00:00*08:00",
      "2026-01-31T24:00:00Z",
      "2026-01-31T08:60:00Z",
      "2026-01-31T08:00:60Z",
      "2026-00-31T08:00:00Z",
      "2026-13-31T08:00:00Z",
      "2026-01-00T08:00:00Z",
      "2026-01-32T08:00:00Z",
      "2026-04-31T08:00:00Z",
      "2026-02-29T08:00:00Z",
      "2100-02-29T08:00:00Z",
      "2026/01-31 16:00:00",
      "2026-01/31 16:00:00",
      "2026-01-31 16-00:00",
      "2026-01-31 16:00-00",
      "x026-01-31 16:00:00",
      "1970-01-01 07:59:59",
      "0000-01-01T00:00:00Z",
      "9999-12-31T23:59:59-00:01",
      "2026-01-31T08:00:00.00000000000000000000000000000000000000000000Z",
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (time_of(texts[i]) != -1) fail_msg("%s", texts[i]);
}

/* Every day of four centuries, compared with the C library. */
static void dates_agree_with_gmtime(void **state) {
  (void)state;
  char text[32];
  for (int64_t day = 0; day < 146097; day++) {
    time_t seconds = (time_t)(day * 86400 + day % 86400);
    struct tm parts;
    assert_non_null(gmtime_r(&seconds, &parts));
    assert_true(strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0);
    if (time_of(text) != (int64_t)seconds) fail_msg("%s", text);
  }
}

static void members_have_different_names(void **state) {
  (void)state;
  for (size_t i = 0; i < CAUDIT_EVENT_COUNT; i++)
    for (size_t k = 0; k < i; k++) {
      assert_false(caudit_str_equal(caudit_event_names[i].ours, caudit_event_names[k].ours));
      assert_false(caudit_str_equal(caudit_event_names[i].wire, caudit_event_names[k].wire));
    }
  assert_string_equal(caudit_event_names[CAUDIT_EVENT_RAW].ours.data, "raw");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_notation_has_its_time),
      cmocka_unit_test(no_other_text_is_a_time),
      cmocka_unit_test(dates_agree_with_gmtime),
      cmocka_unit_test(members_have_different_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
