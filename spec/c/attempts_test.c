/* All attempts of a call: their common deadline, the same body, a message of one line from the
 * driver. */
#include "call_support.h"

/* Times out only when too little time is left, with the reason. */
static void no_time_for_a_request(void **state) {
  (void)state;
  struct bench bench;
  bench_open(&bench, NULL);
  begin(&bench, true); /* a throttled write with less than a second left: not repeated */
  assert_int_equal(next(&bench), CAUDIT_SEND);
  later(&bench, 9100);
  bench.now.random = 0;
  receive_code(&bench, "RequestLimitExceeded");
  assert_int_equal(failed_with(&bench, CAUDIT_THROTTLED, CAUDIT_REJECTED)->attempts, 1);
  begin(&bench, false); /* a read is */
  assert_int_equal(next(&bench), CAUDIT_SEND);
  later(&bench, 9100);
  receive_code(&bench, "RequestLimitExceeded");
  assert_int_equal(next(&bench), CAUDIT_SEND);
  assert_int_equal(caudit_call_timeout_ms(bench.call), 900);
  later(&bench, 2000); /* a caller that is late */
  assert_int_equal(next(&bench), CAUDIT_WAIT);
  assert_int_equal(caudit_call_timeout_ms(bench.call), 0);
  lose(&bench, CAUDIT_TIMEOUT, true);
  failed_with(&bench, CAUDIT_TIMEOUT, CAUDIT_UNKNOWN);
  begin(&bench, false); /* and one that is too late between two attempts */
  assert_int_equal(next(&bench), CAUDIT_SEND);
  bench.now.random = 0.9;
  receive_code(&bench, "RequestLimitExceeded");
  later(&bench, 20000);
  const struct caudit_error *error = failed_with(&bench, CAUDIT_THROTTLED, CAUDIT_REJECTED);
  assert_int_equal(error->attempts, 1);
  bench.client->timeout_ms = 0;
  begin(&bench, false);
  error = failed_with(&bench, CAUDIT_TIMEOUT, CAUDIT_NOT_SENT);
  assert_true(error->retryable);
  bench_close(&bench);
}

/* Fits the deadline exactly, or misses it by a millisecond. */
static void the_deadline_is_exact(void **state) {
  (void)state;
  for (int64_t short_by = 0; short_by < 2; short_by++) {
    struct bench bench;
    const struct caudit_options options = {.rate = 1, .timeout_ms = 1001};
    bench_open(&bench, &options);
    bench.now.monotonic_ms = -1000000; /* a monotonic clock may start anywhere */
    begin(&bench, true);               /* the first request of a write does not need a second */
    bench.client->timeout_ms = 1;
    assert_int_equal(next(&bench), CAUDIT_SEND);
    receive(&bench, success());
    bench.client->timeout_ms = (int)(1002 - short_by);
    begin(&bench, true); /* the rate limit requires a second */
    assert_int_equal(next(&bench), short_by ? CAUDIT_DONE : CAUDIT_WAIT);

    later(&bench, 5000);
    bench.client->timeout_ms = 2001;
    begin(&bench, true); /* a repeated write, with a second left or slightly less */
    assert_int_equal(next(&bench), CAUDIT_SEND);
    later(&bench, 1001 + short_by);
    bench.now.random = 0;
    receive_code(&bench, "RequestLimitExceeded");
    assert_int_equal(next(&bench), short_by ? CAUDIT_DONE : CAUDIT_SEND);

    later(&bench, 5000);
    bench.now.random = 0.5;
    bench.client->timeout_ms = 2000;
    begin(&bench, false); /* a wait of half a second that leaves 100 ms, or less */
    assert_int_equal(next(&bench), CAUDIT_SEND);
    later(&bench, 1400 + short_by);
    receive_code(&bench, "RequestLimitExceeded");
    assert_int_equal(next(&bench), short_by ? CAUDIT_DONE : CAUDIT_WAIT);
    later(&bench, 501); /* the caller is back a millisecond late */
    assert_int_equal(failed_with(&bench, CAUDIT_THROTTLED, CAUDIT_REJECTED)->attempts, 1);
    bench_close(&bench);
  }
}

/* The body has the same bytes in every attempt, also after a clock correction or a token refresh.
 */
static void one_body_for_every_attempt(void **state) {
  (void)state;
  struct bench bench;
  struct caudit_error err;
  const struct caudit_credentials newer = {CAUDIT_STR("id"), CAUDIT_STR("key"), CAUDIT_STR("new")};
  const struct caudit_options options = {.attempts = 4};
  char body[64];
  bench_open(&bench, &options);
  begin(&bench, true);
  for (int attempt = 0; attempt < 4; attempt++) {
    wait_to_send(&bench);
    struct caudit_str text = caudit_call_request(bench.call)->body;
    if (attempt == 0) caudit_copy_text(body, sizeof body, text);
    assert_true(caudit_str_equal(text, caudit_str(body)));
    struct caudit_response response = refusal("AuthFailure.SignatureExpire");
    response.date = caudit_str("Wed, 04 Jan 2023 11:45:02 GMT");
    if (attempt == 0) receive(&bench, response);
    if (attempt == 1) {
      receive_code(&bench, "AuthFailure.TokenFailure");
      assert_int_equal(next(&bench), CAUDIT_REFRESH);
      assert_int_equal(caudit_client_credentials(bench.client, &newer, &err), 0);
    }
    if (attempt == 2) lose(&bench, CAUDIT_CONNECT, false);
    if (attempt == 3) receive(&bench, success());
  }
  assert_int_equal(next(&bench), CAUDIT_DONE);
  bench_close(&bench);
}

static void the_message_of_a_driver(void **state) {
  (void)state;
  struct bench bench;
  char text[700];
  for (size_t i = 0; i + 3 <= sizeof text; i += 3) memcpy(text + i, "\xE4\xB8\xAD", 3);
  memcpy(text, "a\r\nb", 4);
  bench_open(&bench, NULL);
  begin(&bench, true);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  caudit_call_failed(bench.call, CAUDIT_TIMEOUT, true, (struct caudit_str){text, sizeof text},
                     &bench.now);
  const struct caudit_error *error = failed_with(&bench, CAUDIT_TIMEOUT, CAUDIT_UNKNOWN);
  assert_memory_equal(error->message, "a  b", 4);
  size_t len = strlen(error->message);
  assert_true(len >= 508);
  assert_memory_equal(error->message + len - 3, "\xE4\xB8\xAD", 3);
  bench_close(&bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_time_for_a_request),
      cmocka_unit_test(the_deadline_is_exact),
      cmocka_unit_test(one_body_for_every_attempt),
      cmocka_unit_test(the_message_of_a_driver),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
