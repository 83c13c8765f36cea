/* The rate limit: no second holds more requests of one action than allowed, half as many after a
 * throttle, and the deadline holds nevertheless. */
#include "call_support.h"

enum { RATE = 5, SENDS = 300 };

/* Sends as fast as the limit allows; times[i] is the time of request i. */
static void send_all(struct bench *bench, int64_t *times, int count) {
  for (int i = 0; i < count; i++) {
    begin(bench, false);
    wait_to_send(bench);
    times[i] = bench->now.monotonic_ms;
    receive(bench, success());
    later(bench, i % 3 == 0 ? 70 : 0);
  }
}

static void no_second_holds_more(void **state) {
  (void)state;
  struct bench bench;
  int64_t times[SENDS];
  const struct caudit_options options = {.rate = RATE};
  bench_open(&bench, &options);
  send_all(&bench, times, SENDS);
  /* Times are whole milliseconds, so only a difference of 1001 is certainly a second. */
  for (int i = RATE; i < SENDS; i++) assert_true(times[i] - times[i - RATE] > 1000);
  /* And not slower than necessary. */
  assert_true(times[SENDS - 1] - times[0] <= 1000 * SENDS / RATE);
  bench_close(&bench);
}

static void actions_do_not_share(void **state) {
  (void)state;
  struct bench bench;
  const struct caudit_options options = {.rate = 1};
  bench_open(&bench, &options);
  for (int writes = 0; writes < 2; writes++) {
    begin(&bench, writes);
    assert_int_equal(next(&bench), CAUDIT_SEND);
    receive(&bench, success());
  }
  begin(&bench, true);
  assert_int_equal(next(&bench), CAUDIT_WAIT);
  assert_int_equal(caudit_call_timeout_ms(bench.call), 1001);
  bench_close(&bench);
}

static void throttling_halves_and_recovers(void **state) {
  (void)state;
  struct bench bench;
  int64_t times[200];
  const struct caudit_options options = {.rate = 8, .attempts = 1};
  bench_open(&bench, &options);
  begin(&bench, false);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  receive_code(&bench, "RequestLimitExceeded");
  later(&bench, 1000);
  int64_t start = bench.now.monotonic_ms;
  send_all(&bench, times, 200);
  int first = 0, seventh = 0;
  for (int i = 0; i < 200; i++) {
    if (times[i] < start + 1000) first++;
    if (times[i] >= start + 7000 && times[i] < start + 8000) seventh++;
  }
  assert_in_range(first, 4, 6); /* half of 8, plus one per second */
  assert_int_equal(seventh, 8);
  bench_close(&bench);
}

static void the_deadline_holds(void **state) {
  (void)state;
  struct bench bench;
  const struct caudit_options options = {.rate = 1, .timeout_ms = 500};
  bench_open(&bench, &options);
  begin(&bench, false);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  receive(&bench, success());
  begin(&bench, false);
  const struct caudit_error *error = failed_with(&bench, CAUDIT_TIMEOUT, CAUDIT_NOT_SENT);
  assert_int_equal(error->attempts, 0);
  bench_close(&bench);
}

/* ---- random arrivals ------------------------------------------------------------------- */

static unsigned draw(unsigned count) {
  static uint64_t seed = 47;
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)((seed >> 33) % count);
}

/* Random arrivals and throttles: no second holds more than the rate, and after one delay there is
 * no other. */
static void no_second_of_random_arrivals_holds_more(void **state) {
  (void)state;
  static const int rates[] = {1, 2, 18, 20, 1000};
  enum { ARRIVALS = 100000 };
  int64_t *times = malloc(ARRIVALS * sizeof *times);
  assert_non_null(times);
  for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
    struct bench bench;
    const struct caudit_options options = {.rate = rates[r]};
    bench_open(&bench, &options);
    struct caudit_window *window = caudit_rate_window(bench.client, caudit_str("SomeAction"));
    int64_t now = -5000; /* a monotonic clock may start anywhere */
    int full = 0;
    assert_int_equal(caudit_rate_delay(window, now), 0);
    for (int i = 1; i < rates[r]; i++) {
      caudit_rate_sent(window, now - 1000);
      assert_int_equal(caudit_rate_delay(window, now), 0);
    }
    for (int i = 0; i < ARRIVALS; i++) {
      now += draw(1000) == 0 ? draw(3000) : draw(1500 / (unsigned)rates[r] + 1);
      int64_t delay = caudit_rate_delay(window, now);
      assert_in_range(delay, 0, 1001);
      full += delay > 0;
      now += delay;
      assert_int_equal(caudit_rate_delay(window, now), 0);
      caudit_rate_sent(window, now);
      times[i] = now;
      if (i >= rates[r]) assert_true(now - times[i - rates[r]] > 1000);
      if (draw(500) == 0) caudit_rate_throttled(window, now);
    }
    assert_true(full > ARRIVALS / 10);
    bench_close(&bench);
  }
  free(times);
}

/* Repeated throttles leave one request per second, and the rate recovers from there. */
static void one_request_per_second_remains(void **state) {
  (void)state;
  struct bench bench;
  bench_open(&bench, NULL);
  struct caudit_window *window = caudit_rate_window(bench.client, caudit_str("SomeAction"));
  for (int i = 0; i < 20; i++) caudit_rate_throttled(window, 1000);
  caudit_rate_sent(window, 1000);
  assert_int_equal(caudit_rate_delay(window, 1000), 1001);
  assert_int_equal(caudit_rate_delay(window, 1999), 2);
  assert_int_equal(caudit_rate_delay(window, 2000), 0); /* two per second by then */
  for (int64_t second = 1; second < 20; second++) {
    int sent = 0;
    int64_t now = 100000 + 1000 * second;
    caudit_rate_throttled(window, 100000);
    for (int i = 0; i < 20; i++) caudit_rate_throttled(window, 100000);
    for (; caudit_rate_delay(window, now) == 0; sent++) caudit_rate_sent(window, now);
    assert_int_equal(sent, second + 1 < 18 ? second + 1 : 18);
    for (int i = 0; i < 18; i++) caudit_rate_sent(window, -1); /* long ago */
  }
  caudit_rate_throttled(window, 500000); /* a clock that steps back is harmless */
  assert_int_equal(caudit_rate_delay(window, 1000), 0);
  caudit_rate_sent(window, 1000);
  assert_int_equal(caudit_rate_delay(window, 1000), 1001);
  bench_close(&bench);
}

/* The limit goes on from the time that the clock went back to, and so does the recovery. */
static void a_clock_that_goes_back_is_followed(void **state) {
  (void)state;
  struct bench bench;
  const struct caudit_options options = {.rate = 2};
  bench_open(&bench, &options);
  struct caudit_window *window = caudit_rate_window(bench.client, caudit_str("SomeAction"));
  caudit_rate_throttled(window, 9000000);
  caudit_rate_sent(window, 9000000);
  assert_int_equal(caudit_rate_delay(window, 1000), 1001);
  assert_int_equal(caudit_rate_delay(window, 2001), 0);
  caudit_rate_sent(window, 2001);
  assert_int_equal(caudit_rate_delay(window, 2002), 0); /* two per second again */
  caudit_rate_sent(window, 2002);
  assert_int_equal(caudit_rate_delay(window, 2003), 999);
  bench_close(&bench);
}

/* Half the rate, fractions included, plus one for each second since. */
static void recovery_is_exact(void **state) {
  (void)state;
  static const struct {
    int64_t later_ms;
    int allowed;
  } cases[] = {{0, 1}, {499, 1}, {500, 2}, {1499, 2}, {1500, 3}, {100000, 3}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct bench bench;
    const struct caudit_options options = {.rate = 3};
    int sent = 0;
    bench_open(&bench, &options);
    struct caudit_window *window = caudit_rate_window(bench.client, caudit_str("SomeAction"));
    caudit_rate_throttled(window, 5000);
    for (; caudit_rate_delay(window, 5000 + cases[i].later_ms) == 0; sent++)
      caudit_rate_sent(window, 5000 + cases[i].later_ms);
    assert_int_equal(sent, cases[i].allowed);
    bench_close(&bench);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_second_holds_more),
      cmocka_unit_test(actions_do_not_share),
      cmocka_unit_test(throttling_halves_and_recovers),
      cmocka_unit_test(the_deadline_holds),
      cmocka_unit_test(no_second_of_random_arrivals_holds_more),
      cmocka_unit_test(one_request_per_second_remains),
      cmocka_unit_test(a_clock_that_goes_back_is_followed),
      cmocka_unit_test(recovery_is_exact),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
