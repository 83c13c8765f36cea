/* How a read uses its deadline while the service does not answer. */
#include "call_support.h"

/* Sends until the call is over; `elapsed` becomes the time of the last request. */
static int requests_in_an_outage(struct bench *bench, enum caudit_kind kind, int64_t *elapsed) {
  int requests = 0;
  int64_t started = bench->now.monotonic_ms;
  begin(bench, false);
  for (enum caudit_next step; (step = next(bench)) != CAUDIT_DONE;) {
    if (step == CAUDIT_WAIT) {
      later(bench, caudit_call_timeout_ms(bench->call));
      continue;
    }
    requests++;
    *elapsed = bench->now.monotonic_ms - started;
    lose(bench, kind, false);
  }
  return requests;
}

/* In an outage a read uses its deadline: the last request leaves about a second before it. */
static void an_outage_is_met_with_the_whole_deadline(void **state) {
  (void)state;
  static const struct {
    double random;
    int least, most;
  } cases[] = {{0.25, 13, 13}, {0.5, 10, 10}, {0.75, 8, 10}, {0.999, 7, 9}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct bench bench;
    int64_t elapsed = 0;
    bench_open(&bench, NULL);
    bench.now.random = cases[i].random;
    int requests = requests_in_an_outage(&bench, CAUDIT_CONNECT, &elapsed);
    assert_in_range(requests, cases[i].least, cases[i].most);
    assert_in_range(elapsed, 8900, 9999);
    assert_int_equal(caudit_call_error(bench.call)->kind, CAUDIT_CONNECT);
    bench_close(&bench);
  }
}

/* Names that do not resolve and certificates that are not trusted stay so. */
static void stubborn_failures_end_early(void **state) {
  (void)state;
  static const enum caudit_kind kinds[] = {CAUDIT_DNS, CAUDIT_TLS};
  for (size_t i = 0; i < 2; i++) {
    struct bench bench;
    int64_t elapsed = 0;
    bench_open(&bench, NULL);
    assert_int_equal(requests_in_an_outage(&bench, kinds[i], &elapsed), 3);
    assert_int_equal(elapsed, 50 + 100);
    bench_close(&bench);
  }
}

/* A wait that would pass the deadline is shortened once, unless the service asked for it. */
static void the_last_wait_is_shortened(void **state) {
  (void)state;
  static const struct {
    int64_t left;
    const char *asked;
    int64_t wait; /* -1: none */
  } cases[] = {{1100, NULL, 100}, {1099, NULL, -1},  {1000, NULL, 900}, {999, NULL, -1},
               {2099, "2", -1},   {2100, "2", 2000}, {5000, "100", -1}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct bench bench;
    bench_open(&bench, NULL);
    begin(&bench, false);
    bench.now.random = cases[i].left > 1000 && !cases[i].asked ? 0.999 : 0.9;
    assert_int_equal(next(&bench), CAUDIT_SEND);
    later(&bench, 10000 - cases[i].left);
    struct caudit_response response = refusal("RequestLimitExceeded");
    response.retry_after = caudit_str(cases[i].asked);
    if (cases[i].left > 1000 && !cases[i].asked) bench.call->attempts = 2;
    receive(&bench, response);
    if (cases[i].wait < 0)
      assert_int_equal(next(&bench), CAUDIT_DONE);
    else
      assert_int_equal(wait_to_send(&bench), cases[i].wait);
    bench_close(&bench);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_outage_is_met_with_the_whole_deadline),
      cmocka_unit_test(stubborn_failures_end_early),
      cmocka_unit_test(the_last_wait_is_shortened),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
