/* The options of a client, with defaults and bounds, and credentials without whitespace. */
#include "call_support.h"

static void credentials_are_checked(void **state) {
  (void)state;
  static const struct {
    struct caudit_credentials credentials;
    const char *field;
  } cases[] = {
      {{{NULL, 0}, CAUDIT_STR("key"), {NULL, 0}}, "secret_id"},
      {{CAUDIT_STR(""), CAUDIT_STR("key"), {NULL, 0}}, "secret_id"},
      {{CAUDIT_STR("id "), CAUDIT_STR("key"), {NULL, 0}}, "secret_id"},
      {{CAUDIT_STR("id"), CAUDIT_STR("key\n"), {NULL, 0}}, "secret_key"},
      {{CAUDIT_STR("id"), CAUDIT_STR("k\0y"), {NULL, 0}}, "secret_key"},
      {{CAUDIT_STR("id"), CAUDIT_STR("key"), CAUDIT_STR("")}, "token"},
      {{CAUDIT_STR("id"), CAUDIT_STR("key"), CAUDIT_STR("a\r\nX-Evil: 1")}, "token"},
      /* Quotes that were kept, id and key pasted as one, the two swapped. */
      {{CAUDIT_STR("\"id\""), CAUDIT_STR("key"), {NULL, 0}}, "secret_id"},
      {{CAUDIT_STR("id"), CAUDIT_STR("'key'"), {NULL, 0}}, "secret_key"},
      {{CAUDIT_STR("id"), CAUDIT_STR("key`"), {NULL, 0}}, "secret_key"},
      {{CAUDIT_STR("id"), CAUDIT_STR("key"), CAUDIT_STR("\"token")}, "token"},
      {{CAUDIT_STR("AKIDexample#key"), CAUDIT_STR("key"), {NULL, 0}}, "secret_id"},
      {{CAUDIT_STR("AKIDexample:key"), CAUDIT_STR("key"), {NULL, 0}}, "secret_id"},
      {{CAUDIT_STR("AKIDexample"), CAUDIT_STR("AKIDexample:key"), {NULL, 0}}, "secret_key"},
      {{CAUDIT_STR("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"),
        CAUDIT_STR("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"),
        {NULL, 0}},
       "secret_key"},
  };
  struct bench bench;
  bench_open(&bench, NULL);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct caudit_error err;
    assert_int_equal(caudit_client_credentials(bench.client, &cases[i].credentials, &err),
                     -CAUDIT_CREDENTIALS);
    assert_string_equal(err.field, cases[i].field);
    assert_null(strstr(err.message, "key\n"));
    assert_null(strstr(err.message, "example"));
  }
  begin(&bench, false); /* the valid ones set before are still there */
  assert_int_equal(next(&bench), CAUDIT_SEND);
  bench_close(&bench);
}

static void options_are_checked(void **state) {
  (void)state;
  static const char words[] = "1 to 47 letters, digits or any of \"-\" expected";
  const struct {
    struct caudit_options options;
    const char *field, *expected;
  } cases[] = {
      {{.endpoint = CAUDIT_STR("http://example.com")}, "endpoint", "http:// is not encrypted"},
      {{.region = CAUDIT_STR("ap guangzhou")}, "region", words},
      {{.region = CAUDIT_STR("ap-guangzhou\r\nX-Evil: 1")}, "region", words},
      {{.language = CAUDIT_STR("a-language-that-is-too-long")}, "language", "1 to 15 letters"},
      {{.request_client = CAUDIT_STR("x\ny")}, "request_client", "\"-_ ,;.\" expected"},
      {{.timeout_ms = -1}, "timeout_ms", "1 to 86400000 expected"},
      {{.timeout_ms = 86400001}, "timeout_ms", "1 to 86400000 expected"},
      {{.attempts = 1001}, "attempts", "1 to 1000 expected"},
      {{.attempts = -1}, "attempts", "1 to 1000 expected"},
      {{.rate = 1001}, "rate", "1 to 1000 expected"},
      {{.rate = -1}, "rate", "1 to 1000 expected"},
      {{.max_skew_ms = -1}, "max_skew_ms", "at least 0 expected"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct caudit_client *client;
    struct caudit_error err;
    assert_int_equal(caudit_client_new(&client, &cases[i].options, NULL, &err), -CAUDIT_CONFIG);
    assert_null(client);
    assert_int_equal(err.kind, CAUDIT_CONFIG);
    assert_string_equal(err.field, cases[i].field);
    if (!strstr(err.message, cases[i].expected)) fail_msg("%s", err.message);
  }
}

static void options_have_defaults_and_bounds(void **state) {
  (void)state;
  const struct caudit_options all[] = {
      {.insecure_http = false},
      {.timeout_ms = 1, .attempts = 1, .rate = 1, .max_skew_ms = 1, .max_request = 1},
      {.timeout_ms = 86400000,
       .attempts = 1000,
       .rate = 1000,
       .max_skew_ms = INT64_MAX,
       .max_request = SIZE_MAX}};
  for (size_t i = 0; i < 3; i++) {
    struct bench bench;
    bench_open(&bench, &all[i]);
    const struct caudit_client *client = bench.client;
    assert_int_equal(client->timeout_ms, i == 0 ? 10000 : all[i].timeout_ms);
    assert_int_equal(client->attempts, i == 0 ? 1000 : all[i].attempts);
    assert_int_equal(client->rate, i == 0 ? 18 : all[i].rate);
    assert_int_equal(client->max_skew_ms, i == 0 ? 86400000 : all[i].max_skew_ms);
    assert_int_equal(client->max_request, i == 0 ? 10485760 : all[i].max_request);
    bench_close(&bench);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(credentials_are_checked),
      cmocka_unit_test(options_are_checked),
      cmocka_unit_test(options_have_defaults_and_bounds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
