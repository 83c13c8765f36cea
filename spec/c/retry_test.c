/* After a failed attempt: a retry, a refresh of the credentials, or the end. A write whose outcome
 * is unknown is never repeated. */
#include "call_support.h"

static void each_kind_of_failure(void **state) {
  (void)state;
  static const enum caudit_kind kinds[] = {CAUDIT_DNS, CAUDIT_CONNECT, CAUDIT_TLS, CAUDIT_TRANSPORT,
                                           CAUDIT_TIMEOUT};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    for (int writes = 0; writes < 2; writes++) {
      for (int sent = 0; sent < 2; sent++) {
        struct bench bench;
        bench_open(&bench, NULL);
        begin(&bench, writes);
        assert_int_equal(next(&bench), CAUDIT_SEND);
        lose(&bench, kinds[i], sent);
        if (writes && sent) {
          const struct caudit_error *error = failed_with(&bench, kinds[i], CAUDIT_UNKNOWN);
          assert_false(error->retryable);
          assert_string_equal(error->message, "what the driver says");
        } else {
          assert_int_equal(wait_to_send(&bench), 50); /* half of 100 ms */
          receive(&bench, success());
          assert_int_equal(next(&bench), CAUDIT_DONE);
          assert_null(caudit_call_error(bench.call));
        }
        bench_close(&bench);
      }
    }
  }
}

static void failures_that_would_repeat_are_not_retried(void **state) {
  (void)state;
  /* A response that is too long fails with "protocol", and would be too long again. */
  static const enum caudit_kind kinds[] = {CAUDIT_PROTOCOL, CAUDIT_CANCELLED, CAUDIT_CLOSED,
                                           CAUDIT_CONTEXT,  CAUDIT_CONFIG,    CAUDIT_MEMORY};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    for (int sent = 0; sent < 2; sent++) {
      struct bench bench;
      bench_open(&bench, NULL);
      begin(&bench, false);
      assert_int_equal(next(&bench), CAUDIT_SEND);
      lose(&bench, kinds[i], sent);
      assert_false(
          failed_with(&bench, kinds[i], sent ? CAUDIT_UNKNOWN : CAUDIT_NOT_SENT)->retryable);
      bench_close(&bench);
    }
  }
}

/* With a 5xx of a gateway the service may have acted, whatever the body says. */
static void a_write_behind_a_5xx_is_unknown(void **state) {
  (void)state;
  static const char *const codes[] = {"RequestLimitExceeded", "AuthFailure.SignatureExpire",
                                      "AuthFailure.TokenFailure", "ResourceInsufficient"};
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    struct bench bench;
    bench_open(&bench, NULL);
    begin(&bench, true);
    assert_int_equal(next(&bench), CAUDIT_SEND);
    struct caudit_response response = refusal(codes[i]);
    response.status = 503;
    response.date = caudit_str("Wed, 04 Jan 2023 11:45:01 GMT");
    receive(&bench, response);
    assert_int_equal(next(&bench), CAUDIT_DONE);
    const struct caudit_error *error = caudit_call_error(bench.call);
    assert_int_equal(error->outcome, CAUDIT_UNKNOWN);
    assert_int_equal(error->attempts, 1);
    assert_false(error->retryable);
    bench_close(&bench);
  }
}

static void responses_that_are_not_api_responses(void **state) {
  (void)state;
  static const struct {
    int status;
    enum caudit_kind kind;
    bool read_again;
  } cases[] = {
      {200, CAUDIT_PROTOCOL, false}, {204, CAUDIT_PROTOCOL, false}, {302, CAUDIT_PROTOCOL, false},
      {404, CAUDIT_PROTOCOL, false}, {429, CAUDIT_PROTOCOL, true},  {500, CAUDIT_SERVER, true},
      {502, CAUDIT_SERVER, true},    {503, CAUDIT_SERVER, true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (int writes = 0; writes < 2; writes++) {
      struct bench bench;
      bench_open(&bench, NULL);
      begin(&bench, writes);
      assert_int_equal(next(&bench), CAUDIT_SEND);
      receive(&bench, (struct caudit_response){.status = cases[i].status});
      if (!writes && cases[i].read_again)
        assert_int_equal(next(&bench), CAUDIT_WAIT);
      else
        failed_with(&bench, cases[i].kind, CAUDIT_UNKNOWN);
      bench_close(&bench);
    }
  }
}

/* An encoding that was not asked for hides even a success, and comes again. A refusal that can be
 * read is not encoded, whatever its head says. */
static void an_encoded_body_is_not_read(void **state) {
  (void)state;
  static const char *const encodings[] = {"gzip",           "br", "identities", "identitx",
                                          "identity, gzip", "?"};
  struct bench bench;
  bench_open(&bench, NULL);
  for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
    begin(&bench, false);
    assert_int_equal(next(&bench), CAUDIT_SEND);
    struct caudit_response response = success();
    response.content_encoding = caudit_str(encodings[i]);
    receive(&bench, response);
    const struct caudit_error *error = failed_with(&bench, CAUDIT_PROTOCOL, CAUDIT_UNKNOWN);
    assert_non_null(strstr(error->message, "content encoding"));
    assert_false(error->retryable);
    begin(&bench, true);
    assert_int_equal(next(&bench), CAUDIT_SEND);
    response = refusal("ResourceNotFound");
    response.content_encoding = caudit_str(encodings[i]);
    receive(&bench, response);
    failed_with(&bench, CAUDIT_NOT_FOUND, CAUDIT_REJECTED);
  }
  static const char *const none[] = {"identity",    "Identity", "IDENTITY", " identity\t",
                                     "\tidentity ", "",         " \t "};
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
    begin(&bench, false);
    assert_int_equal(next(&bench), CAUDIT_SEND);
    struct caudit_response response = success();
    response.content_encoding = caudit_str(none[i]);
    receive(&bench, response);
    assert_int_equal(next(&bench), CAUDIT_DONE);
    assert_null(caudit_call_error(bench.call));
  }
  bench_close(&bench);
}

static void attempts_are_limited_and_the_body_is_kept(void **state) {
  (void)state;
  struct bench bench;
  const struct caudit_options options = {.attempts = 3};
  bench_open(&bench, &options);
  begin(&bench, true);
  bench.now.random = 0.9993; /* beside no boundary, however many digits a double keeps */
  static const int64_t waits[] = {0, 999, 1998};
  char signatures[3][256];
  for (int attempt = 0; attempt < 3; attempt++) {
    assert_int_equal(wait_to_send(&bench), waits[attempt]);
    const struct caudit_request *request = caudit_call_request(bench.call);
    assert_true(caudit_str_equal(request->body, caudit_str("{\"TrackId\":7}")));
    assert_int_equal(request->timestamp, bench.now.unix_ms / 1000);
    struct caudit_str authorization = header(&bench, "Authorization");
    caudit_copy_text(signatures[attempt], sizeof signatures[attempt], authorization);
    assert_true(attempt == 0 || strcmp(signatures[attempt], signatures[attempt - 1]) != 0);
    later(&bench, 500);
    receive_code(&bench, "RequestLimitExceeded");
  }
  const struct caudit_error *error = failed_with(&bench, CAUDIT_THROTTLED, CAUDIT_REJECTED);
  assert_int_equal(error->attempts, 3);
  assert_int_equal(error->elapsed_ms, 999 + 1998 + 1500);
  assert_true(error->retryable);
  bench_close(&bench);
}

static void no_wait_beyond_the_deadline(void **state) {
  (void)state;
  struct bench bench;
  const struct caudit_options options = {.timeout_ms = 1200};
  bench_open(&bench, &options);
  begin(&bench, false);
  bench.now.random = 0.9;
  assert_int_equal(next(&bench), CAUDIT_SEND);
  later(&bench, 400);
  receive_code(&bench, "RequestLimitExceeded");
  const struct caudit_error *error = failed_with(&bench, CAUDIT_THROTTLED, CAUDIT_REJECTED);
  assert_int_equal(error->attempts, 1);
  bench_close(&bench);
}

static void retry_after_counts_within_bounds(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t wait_ms;
  } cases[] = {{"2", 2000},   {"0", 500},      {"6", 5500},
               {"soon", 500}, {"-1", 500},     {"1e3", 500},
               {"", 500},     {"10010", 5500}, {"99999999999999999999", 5500}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct bench bench;
    bench_open(&bench, NULL);
    begin(&bench, false);
    assert_int_equal(next(&bench), CAUDIT_SEND);
    struct caudit_response response = refusal("RequestLimitExceeded");
    response.retry_after = caudit_str(cases[i].text);
    receive(&bench, response);
    assert_int_equal(wait_to_send(&bench), cases[i].wait_ms);
    bench_close(&bench);
  }
}

static void a_refused_token_is_refreshed_once(void **state) {
  (void)state;
  struct bench bench;
  struct caudit_error err;
  const struct caudit_credentials newer = {CAUDIT_STR("id"), CAUDIT_STR("key"), CAUDIT_STR("new")};
  bench_open(&bench, NULL);
  begin(&bench, true);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  receive_code(&bench, "AuthFailure.TokenFailure");
  assert_int_equal(next(&bench), CAUDIT_REFRESH);
  assert_int_equal(caudit_client_credentials(bench.client, &newer, &err), 0);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  assert_header(&bench, "X-TC-Token", "new");
  receive_code(&bench, "AuthFailure.TokenFailure");
  const struct caudit_error *error = failed_with(&bench, CAUDIT_AUTH, CAUDIT_REJECTED);
  assert_int_equal(error->attempts, 2);
  bench_close(&bench);
}

static void a_refusal_stands_without_newer_credentials(void **state) {
  (void)state;
  struct bench bench;
  bench_open(&bench, NULL);
  begin(&bench, false);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  receive_code(&bench, "AuthFailure.TokenFailure");
  assert_int_equal(next(&bench), CAUDIT_REFRESH);
  failed_with(&bench, CAUDIT_AUTH, CAUDIT_REJECTED);
  bench_close(&bench);
}

/* Two calls of a client with an expired token: one asks for a refresh, both continue with the new
 * one. */
static void calls_share_a_refresh(void **state) {
  (void)state;
  struct bench first, second;
  struct caudit_error err;
  const struct caudit_credentials newer = {CAUDIT_STR("id"), CAUDIT_STR("key"), CAUDIT_STR("new")};
  bench_open(&first, NULL);
  second = first;
  begin(&first, false);
  begin(&second, false);
  assert_int_equal(next(&first), CAUDIT_SEND);
  assert_int_equal(next(&second), CAUDIT_SEND);
  receive_code(&first, "AuthFailure.TokenFailure");
  receive_code(&second, "AuthFailure.TokenFailure");
  assert_int_equal(next(&first), CAUDIT_REFRESH);
  assert_int_equal(caudit_client_credentials(first.client, &newer, &err), 0);
  assert_int_equal(next(&second), CAUDIT_SEND);
  assert_header(&second, "X-TC-Token", "new");
  assert_int_equal(next(&first), CAUDIT_SEND);
  assert_header(&first, "X-TC-Token", "new");
  caudit_call_free(second.call);
  bench_close(&first);
}

/* Neither counts as a retry, even with retries turned off; together they add two requests. */
static void a_correction_and_a_refresh_need_no_retry(void **state) {
  (void)state;
  struct bench bench;
  struct caudit_error err;
  const struct caudit_options options = {.attempts = 1};
  const struct caudit_credentials newer = {CAUDIT_STR("id"), CAUDIT_STR("key"), CAUDIT_STR("new")};
  bench_open(&bench, &options);
  begin(&bench, true);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  receive_code(&bench, "AuthFailure.TokenFailure");
  assert_int_equal(next(&bench), CAUDIT_REFRESH);
  assert_int_equal(caudit_client_credentials(bench.client, &newer, &err), 0);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  struct caudit_response response = refusal("AuthFailure.SignatureExpire");
  response.date = caudit_str("Wed, 04 Jan 2023 11:45:01 GMT");
  receive(&bench, response);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  receive_code(&bench, "RequestLimitExceeded");
  assert_int_equal(failed_with(&bench, CAUDIT_THROTTLED, CAUDIT_REJECTED)->attempts, 3);
  bench_close(&bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_kind_of_failure),
      cmocka_unit_test(failures_that_would_repeat_are_not_retried),
      cmocka_unit_test(a_write_behind_a_5xx_is_unknown),
      cmocka_unit_test(responses_that_are_not_api_responses),
      cmocka_unit_test(an_encoded_body_is_not_read),
      cmocka_unit_test(attempts_are_limited_and_the_body_is_kept),
      cmocka_unit_test(no_wait_beyond_the_deadline),
      cmocka_unit_test(retry_after_counts_within_bounds),
      cmocka_unit_test(a_refused_token_is_refreshed_once),
      cmocka_unit_test(a_refusal_stands_without_newer_credentials),
      cmocka_unit_test(calls_share_a_refresh),
      cmocka_unit_test(a_correction_and_a_refresh_need_no_retry),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
