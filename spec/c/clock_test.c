/* The service's clock: read from the Date of a refusal once per call, and only if it is credible.
 */
#include "call_support.h"

static struct caudit_response expired(const char *date) {
  struct caudit_response response = refusal("AuthFailure.SignatureExpire");
  response.date = caudit_str(date);
  return response;
}

static void a_wrong_clock_is_corrected_once(void **state) {
  (void)state;
  struct bench bench;
  bench_open(&bench, NULL);
  begin(&bench, true);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  later(&bench, 2000);
  receive(&bench, expired("Wed, 04 Jan 2023 11:45:02 GMT")); /* an hour ahead of our middle */
  assert_int_equal(next(&bench), CAUDIT_SEND);
  assert_int_equal(bench.client->clock_offset_ms, 3600000);
  assert_int_equal(caudit_call_request(bench.call)->timestamp, START_UNIX + 3600 + 2);
  receive(&bench, expired("Wed, 04 Jan 2023 15:45:02 GMT"));
  const struct caudit_error *error = failed_with(&bench, CAUDIT_AUTH, CAUDIT_REJECTED);
  assert_int_equal(error->attempts, 2);
  begin(&bench, true); /* the next call uses the offset */
  assert_int_equal(next(&bench), CAUDIT_SEND);
  assert_int_equal(caudit_call_request(bench.call)->timestamp, START_UNIX + 3600 + 2);
  bench_close(&bench);
}

static void dates_that_are_not_credible(void **state) {
  (void)state;
  static const struct {
    const char *endpoint, *date, *age;
    int64_t round_trip_ms;
  } cases[] = {
      {"http://localhost", "Wed, 04 Jan 2023 11:45:02 GMT", NULL, 10},
      {"localhost", "Wed, 04 Jan 2023 11:45:02 GMT", "0", 10},
      {"localhost", "Wed, 04 Jan 2023 11:45:02 GMT", NULL, 5001},
      {"localhost", "Fri, 06 Jan 2023 11:45:02 GMT", NULL, 10},
      {"localhost", "Mon, 02 Jan 2023 09:45:02 GMT", NULL, 10},
      {"localhost", "Thu, 01 Jan 1970 00:00:00 GMT", NULL, 10},
      {"localhost", "Mon, 04 Jan 2106 11:45:02 GMT", NULL, 10},
      {"localhost", "Fri, 31 Dec 9999 23:59:59 GMT", NULL, 10},
      {"localhost", "Wed, 04 Jan 2023 11:45:02 GMT", "", 10},
      {"localhost", "", NULL, 10},
      {"localhost", "04 Jan 2023 11:45:02", NULL, 10},
      {"localhost", NULL, NULL, 10},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct bench bench;
    const struct caudit_options options = {.endpoint = caudit_str(cases[i].endpoint)};
    bench_open(&bench, &options);
    begin(&bench, false);
    assert_int_equal(next(&bench), CAUDIT_SEND);
    later(&bench, cases[i].round_trip_ms);
    struct caudit_response response = expired(cases[i].date);
    response.age = caudit_str(cases[i].age);
    receive(&bench, response);
    failed_with(&bench, CAUDIT_AUTH, CAUDIT_REJECTED);
    assert_int_equal(bench.client->clock_offset_ms, 0);
    bench_close(&bench);
  }
}

/* The bounds, a day and five seconds, are inclusive. */
static void dates_that_are_just_credible(void **state) {
  (void)state;
  static const char *const dates[] = {"Thu, 05 Jan 2023 10:45:01 GMT",
                                      "Tue, 03 Jan 2023 10:45:01 GMT"};
  for (int64_t beyond = 0; beyond < 2; beyond++) {
    for (size_t i = 0; i < 2; i++) {
      struct bench bench;
      bench_open(&bench, NULL);
      bench.now.unix_ms += i == 0 ? -beyond : beyond;
      begin(&bench, false);
      assert_int_equal(next(&bench), CAUDIT_SEND);
      receive(&bench, expired(dates[i]));
      assert_int_equal(next(&bench), beyond ? CAUDIT_DONE : CAUDIT_SEND);
      bench_close(&bench);
    }
    struct bench bench;
    bench_open(&bench, NULL);
    begin(&bench, false);
    assert_int_equal(next(&bench), CAUDIT_SEND);
    later(&bench, 5000 + beyond);
    receive(&bench, expired("Wed, 04 Jan 2023 11:45:01 GMT"));
    assert_int_equal(next(&bench), beyond ? CAUDIT_DONE : CAUDIT_SEND);
    bench_close(&bench);
  }
}

/* A clock that is wrong by hours or years in either direction: the second request is right. */
static void wrong_clocks_cost_one_request(void **state) {
  (void)state;
  static const int64_t wrong_by[] = {3600, 86399, 86400 * 30, 315360000};
  const struct caudit_options options = {.max_skew_ms = INT64_C(400000000000)};
  for (size_t i = 0; i < sizeof wrong_by / sizeof wrong_by[0]; i++) {
    for (int sign = -1; sign <= 1; sign += 2) {
      struct bench bench;
      bench_open(&bench, &options);
      bench.now.unix_ms = (START_UNIX + sign * wrong_by[i]) * 1000 + 200;
      begin(&bench, true);
      assert_int_equal(next(&bench), CAUDIT_SEND);
      receive(&bench, expired("Wed, 04 Jan 2023 10:45:01 GMT"));
      assert_int_equal(next(&bench), CAUDIT_SEND);
      assert_int_equal(caudit_call_request(bench.call)->timestamp, START_UNIX);
      int64_t offset = caudit_client_clock_offset_ms(bench.client) + sign * wrong_by[i] * 1000;
      assert_in_range(offset + 1000, 0, 2000);
      receive(&bench, success());
      /* Once the clock is repaired, one request is wasted and the offset is gone. */
      later(&bench, 60000);
      bench.now.unix_ms = (int64_t)(START_UNIX + 60) * 1000;
      begin(&bench, false);
      assert_int_equal(next(&bench), CAUDIT_SEND);
      assert_int_equal(caudit_call_request(bench.call)->timestamp,
                       START_UNIX + 60 - sign * wrong_by[i] - 1);
      receive(&bench, expired("Wed, 04 Jan 2023 10:46:01 GMT"));
      assert_int_equal(next(&bench), CAUDIT_SEND);
      assert_int_equal(caudit_call_request(bench.call)->timestamp, START_UNIX + 60);
      assert_in_range(bench.client->clock_offset_ms + 1000, 0, 2000);
      bench_close(&bench);
    }
  }
}

/* A change of the wall clock during a call changes nothing but the timestamp. */
static void a_clock_that_is_set_during_a_call(void **state) {
  (void)state;
  static const int64_t steps[] = {86400000, -86400000};
  for (size_t i = 0; i < 2; i++) {
    struct bench bench;
    bench_open(&bench, NULL);
    begin(&bench, false);
    assert_int_equal(next(&bench), CAUDIT_SEND);
    later(&bench, 40);
    bench.now.unix_ms += steps[i];
    receive_code(&bench, "InternalError");
    assert_int_equal(wait_to_send(&bench), 50);
    assert_int_equal(caudit_call_timeout_ms(bench.call), 10000 - 90);
    receive_code(&bench, "ResourceNotFound");
    assert_int_equal(failed_with(&bench, CAUDIT_NOT_FOUND, CAUDIT_REJECTED)->elapsed_ms, 90);
    bench_close(&bench);
  }
}

/* A time that cannot be signed is a configuration error, and nothing is sent. */
static void clocks_beyond_the_calendar(void **state) {
  (void)state;
  static const int64_t moments[] = {-1000, INT64_C(253402300800000)};
  for (size_t i = 0; i < 2; i++) {
    struct bench bench;
    bench_open(&bench, NULL);
    bench.now.unix_ms = moments[i];
    begin(&bench, true);
    assert_int_equal(failed_with(&bench, CAUDIT_CONFIG, CAUDIT_NOT_SENT)->attempts, 0);
    assert_null(caudit_call_request(bench.call)->body.data);
    bench_close(&bench);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_wrong_clock_is_corrected_once),
      cmocka_unit_test(dates_that_are_not_credible),
      cmocka_unit_test(dates_that_are_just_credible),
      cmocka_unit_test(wrong_clocks_cost_one_request),
      cmocka_unit_test(a_clock_that_is_set_during_a_call),
      cmocka_unit_test(clocks_beyond_the_calendar),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
