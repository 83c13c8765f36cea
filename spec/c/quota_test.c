/* Delays between attempts and their total number: jitter, the quota that bounds retries against a
 * failing service, and random results of attempts. */
#include "call_support.h"

/* A small generator, so that the numbers are the same everywhere. */
static uint64_t seed = 20190319;

static uint64_t random_bits(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

static double random_unit(void) {
  return (double)(random_bits() >> 11) / 9007199254740992.0;
}

static unsigned below(unsigned count) {
  return (unsigned)(random_bits() % count);
}

/* One call that gets the same refusal until it gives up; returns the number of requests. */
static int run_against(struct bench *bench, bool writes, const char *code) {
  int requests = 0;
  begin(bench, writes);
  later(bench, 10000);
  for (enum caudit_next step; (step = next(bench)) != CAUDIT_DONE;) {
    if (step == CAUDIT_WAIT) {
      later(bench, caudit_call_timeout_ms(bench->call));
      continue;
    }
    requests++;
    receive_code(bench, code);
  }
  return requests;
}

static void run_well(struct bench *bench) {
  begin(bench, false);
  later(bench, 10000);
  wait_to_send(bench);
  receive(bench, success());
}

static void retries_against_a_failing_service_are_bounded(void **state) {
  (void)state;
  static const struct {
    const char *code;
    int cost;
    bool writes;
  } cases[] = {{"InternalError", 14, false},
               {"RequestLimitExceeded", 5, false},
               {"RequestLimitExceeded", 5, true},
               {"InternalError", 500, true}}; /* no retry */
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    enum { CALLS = 10000 };
    struct bench bench;
    int requests = 0;
    bench_open(&bench, NULL);
    for (int call = 0; call < CALLS; call++)
      requests += run_against(&bench, cases[i].writes, cases[i].code);
    bool never = cases[i].cost == 500;
    assert_int_equal(requests, CALLS + (never ? 0 : 500 / cases[i].cost));
    assert_in_range(bench.client->retry_quota, 0, never ? 500 : cases[i].cost - 1);
    bench_close(&bench);
  }
}

static void successes_refill_the_quota(void **state) {
  (void)state;
  struct bench bench;
  bench_open(&bench, NULL);
  for (int i = 0; i < 100; i++) run_against(&bench, false, "InternalError");
  int left = bench.client->retry_quota;
  assert_true(left < 14);
  for (int i = left; i < 14; i++) {
    assert_int_equal(run_against(&bench, false, "InternalError"), 1);
    run_well(&bench);
  }
  assert_int_equal(run_against(&bench, false, "InternalError"), 2);
  for (int i = 0; i < 499; i++) run_well(&bench);
  assert_int_equal(bench.client->retry_quota, 499);
  run_well(&bench);
  run_well(&bench);
  assert_int_equal(bench.client->retry_quota, 500);
  bench_close(&bench);
}

/* A successful retry is refunded exactly. */
static void a_successful_retry_is_refunded(void **state) {
  (void)state;
  static const char *const codes[] = {"InternalError", "RequestLimitExceeded"};
  struct bench bench;
  bench_open(&bench, NULL);
  bench.client->attempts = 3;
  run_against(&bench, false, "InternalError"); /* two failed retries */
  assert_int_equal(bench.client->retry_quota, 472);
  for (int i = 0; i < 2; i++) {
    begin(&bench, false);
    wait_to_send(&bench);
    receive_code(&bench, codes[i]);
    wait_to_send(&bench);
    receive(&bench, success());
    assert_int_equal(bench.client->retry_quota, 472);
  }
  bench_close(&bench);
}

/* Full jitter: any delay from 0 to a bound that doubles up to its maximum. */
static void delays_use_their_whole_range(void **state) {
  (void)state;
  static const struct {
    const char *code;
    int64_t base_ms, most_ms;
  } cases[] = {{"InternalError", 100, 5000}, {"RequestLimitExceeded", 1000, 20000}};
  for (size_t i = 0; i < 2; i++) {
    int64_t bound = cases[i].base_ms;
    for (int attempt = 1; attempt < 12; attempt++) {
      int64_t least = INT64_MAX, most = -1, sum = 0;
      enum { DRAWS = 400 };
      for (int draw = 0; draw < DRAWS; draw++) {
        struct bench bench;
        int64_t delay = -1;
        bench_open(&bench, NULL);
        bench.client->attempts = 20;
        begin(&bench, false);
        assert_int_equal(next(&bench), CAUDIT_SEND);
        bench.call->deadline_ms = bench.now.monotonic_ms + 1000000;
        bench.call->attempts = attempt;
        struct caudit_response response = refusal(cases[i].code);
        caudit_response_error(&response, false, &bench.call->error);
        bench.now.random = random_unit();
        assert_int_equal(caudit_retry(bench.call, &response, &bench.now, &delay), VERDICT_RETRY);
        least = delay < least ? delay : least;
        most = delay > most ? delay : most;
        sum += delay;
        bench_close(&bench);
      }
      assert_in_range(least, 0, bound / 50 + 1);
      assert_in_range(most, bound - bound / 50 - 1, bound - 1);
      assert_in_range(sum / DRAWS, bound * 45 / 100, bound * 55 / 100);
      bound = bound * 2 < cases[i].most_ms ? bound * 2 : cases[i].most_ms;
    }
  }
}

static void without_randomness_delays_are_half(void **state) {
  (void)state;
  const double zero = 0, bad[] = {-0.1, 1, 1e300, zero / zero};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct bench bench;
    bench_open(&bench, NULL);
    begin(&bench, false);
    assert_int_equal(next(&bench), CAUDIT_SEND);
    bench.now.random = bad[i];
    receive_code(&bench, "RequestLimitExceeded");
    assert_int_equal(next(&bench), CAUDIT_WAIT);
    assert_int_equal(caudit_call_timeout_ms(bench.call), 500);
    bench_close(&bench);
  }
}

/* ---- random results -------------------------------------------------------------------- */

/* Ends the attempt under way at random. Returns its outcome. */
static enum caudit_outcome end_attempt(struct bench *bench) {
  static const char *const codes[] = {
      "InternalError",        "FailedOperation",          "RequestLimitExceeded",
      "ResourceNotFound",     "ServiceUnavailable",       "AuthFailure.SignatureExpire",
      "Something.New",        "AuthFailure.TokenFailure", "LimitExceeded.OverAmount",
      "InvalidParameterValue"};
  static const int statuses[] = {200, 200, 200, 200, 400, 429, 500, 502, 503};
  unsigned choice = below(10);
  if (choice == 0) {
    receive(bench, success());
    return CAUDIT_UNKNOWN;
  }
  if (choice < 4) {
    bool sent = below(2);
    lose(bench, (enum caudit_kind)(CAUDIT_TIMEOUT + below(CAUDIT_CONTEXT - CAUDIT_TIMEOUT + 1)),
         sent);
    return sent ? CAUDIT_UNKNOWN : CAUDIT_NOT_SENT;
  }
  struct caudit_response response = {0};
  if (choice > 4) response = refusal(codes[below(10)]);
  response.status = statuses[below(9)];
  if (below(2)) response.date = caudit_str("Wed, 04 Jan 2023 11:45:01 GMT");
  if (below(4) == 0) response.retry_after = caudit_str(below(2) ? "1" : "100");
  if (below(20) == 0) response.content_encoding = caudit_str("gzip");
  struct caudit_error err;
  caudit_response_error(&response, true, &err);
  receive(bench, response);
  return err.outcome;
}

/* Whatever ends the attempts: a write is never repeated after one that may have acted, the body
 * never changes, no call outlasts its deadline on its own, and the outcome is true. */
static void run_at_random(struct bench *bench, bool writes) {
  char first[64] = "";
  enum caudit_outcome known = CAUDIT_NOT_SENT; /* of the last request that was sent */
  int requests = 0;
  int64_t started = bench->now.monotonic_ms;
  begin(bench, writes);
  for (enum caudit_next step; (step = next(bench)) != CAUDIT_DONE;) {
    if (step == CAUDIT_WAIT) {
      assert_true(caudit_call_timeout_ms(bench->call) > 0);
      assert_true(bench->now.monotonic_ms + caudit_call_timeout_ms(bench->call) < started + 10000);
      later(bench, caudit_call_timeout_ms(bench->call));
      bench->now.unix_ms += below(100) == 0 ? 86400000 : 0; /* the clock is set */
      continue;
    }
    if (step == CAUDIT_REFRESH) {
      struct caudit_error err;
      if (below(2)) caudit_client_credentials(bench->client, &permanent, &err);
      continue;
    }
    requests++;
    assert_false(writes && known == CAUDIT_UNKNOWN);
    struct caudit_str body = caudit_call_request(bench->call)->body;
    if (requests == 1) caudit_copy_text(first, sizeof first, body);
    assert_true(caudit_str_equal(body, caudit_str(first)));
    assert_true(caudit_call_timeout_ms(bench->call) <= 10000);
    later(bench, below(3) ? below(100) : below(9000));
    enum caudit_outcome outcome = end_attempt(bench);
    if (outcome != CAUDIT_NOT_SENT) known = outcome;
  }
  const struct caudit_error *error = caudit_call_error(bench->call);
  assert_true(requests <= 3 + 2);
  if (!error) return;
  assert_int_equal(error->attempts, requests);
  assert_int_equal(error->elapsed_ms, bench->now.monotonic_ms - started);
  assert_int_equal(error->outcome, known);
  assert_false(writes && known == CAUDIT_UNKNOWN && error->retryable);
}

static void random_results_of_attempts(void **state) {
  (void)state;
  enum { CALLS = 20000 };
  for (int writes = 0; writes < 2; writes++) {
    struct bench bench;
    bench_open(&bench, NULL);
    bench.client->attempts = 3;
    for (int i = 0; i < CALLS; i++) {
      bench.now.random = random_unit();
      if (below(50) == 0) bench.client->retry_quota = 500;
      run_at_random(&bench, writes);
    }
    bench_close(&bench);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(retries_against_a_failing_service_are_bounded),
      cmocka_unit_test(successes_refill_the_quota),
      cmocka_unit_test(a_successful_retry_is_refunded),
      cmocka_unit_test(delays_use_their_whole_range),
      cmocka_unit_test(without_randomness_delays_are_half),
      cmocka_unit_test(random_results_of_attempts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
