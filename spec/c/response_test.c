/* The verdict on a response: what the error says, and what is known of the effect. */
#include "call_support.h"

static void a_status_other_than_200_is_not_a_success(void **state) {
  (void)state;
  static const int statuses[] = {0,   100, 199, 201, 204, 206, 301,
                                 400, 403, 404, 429, 500, 503, 599};
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
    struct caudit_response response = success();
    struct caudit_error err;
    response.status = statuses[i];
    assert_int_not_equal(caudit_response_error(&response, true, &err), 0);
    assert_int_equal(err.outcome, CAUDIT_UNKNOWN);
    assert_int_equal(err.http_status, statuses[i]);
    char expected[100];
    (void)snprintf(
        expected, sizeof expected,
        "HTTP %d (no content type): the body is that of a success, but the status is not 200",
        statuses[i]);
    assert_string_equal(err.message, expected);
    assert_string_equal(err.request_id, "request-1");
  }
  struct caudit_response good = success();
  assert_int_equal(caudit_response_error(&good, true, NULL), 0);
}

/* Texts of a server become one line of bounded length, truncated between characters. */
static void texts_of_a_server_become_one_bounded_line(void **state) {
  (void)state;
  struct caudit_response response = refusal("A.B\r\nX");
  struct caudit_error err;
  char long_text[1200];
  for (size_t i = 0; i < sizeof long_text; i += 3) memcpy(long_text + i, "\xE4\xB8\xAD", 3);
  response.envelope.request_id = (struct caudit_str){"r\0x", 3};
  response.envelope.message = caudit_str("a\tb\x7F\x01"
                                         "c");
  caudit_response_error(&response, true, &err);
  assert_string_equal(err.code, "A.B  X");
  assert_string_equal(err.message, "a b  c");
  assert_string_equal(err.request_id, "r x");
  response.envelope.code = response.envelope.message = response.envelope.request_id =
      (struct caudit_str){long_text, sizeof long_text};
  caudit_response_error(&response, true, &err);
  assert_int_equal(strlen(err.code), 93);
  assert_int_equal(strlen(err.message), 510);
  assert_int_equal(strlen(err.request_id), 63);
}

/* A body that is not an answer: the message tells a proxy from a bug, and nothing is sent again
 * that would bring the same bytes. */
static void a_body_that_is_not_an_answer(void **state) {
  (void)state;
  static const struct {
    const char *type, *body, *message;
    int status;
  } cases[] = {
      {"text/html; charset=utf-8", "<html><body>Please log in</body></html>",
       "HTTP 200 (text/html): the body is not an API response: invalid value at byte 1: "
       "\"<html><body>Please log in</body></html>\"",
       200},
      {"application/json", "{\"Response\":{\"N\":NaN}}",
       "HTTP 200 (application/json): the body is not an API response: invalid value at byte 18",
       200},
      {"text/plain\x1B[1m", "",
       "HTTP 404 (text/plain [1m): the body is not an API response: it is empty", 404},
      {"", "{\"Response\":{\"Error\":{\"Message\":\"no\xFF\"}}}",
       "HTTP 200 (no content type): the body is not an API response: its Error has no Code: "
       "\"no\\xff\"",
       200},
      {NULL, "{\"Response\":{\"N\":1}}",
       "HTTP 200 (no content type): the body is not an API response: its Response has no RequestId",
       200},
      {NULL, "busy",
       "HTTP 503 (no content type): the body is not an API response: invalid value at "
       "byte 1: \"busy\"",
       503},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct caudit_buf text;
    struct caudit_response response = {.status = cases[i].status};
    struct caudit_error err;
    caudit_buf_init(&text, NULL, 1000);
    response.content_type = caudit_str(cases[i].type);
    assert_int_equal(caudit_envelope_read(caudit_str(cases[i].body), &text, &response.envelope), 0);
    assert_int_not_equal(caudit_response_error(&response, true, &err), 0);
    assert_string_equal(err.message, cases[i].message);
    assert_int_equal(err.kind, cases[i].status == 503 ? CAUDIT_SERVER : CAUDIT_PROTOCOL);
    assert_int_equal(err.outcome, CAUDIT_UNKNOWN);
    assert_false(err.retryable);
    (void)caudit_response_error(&response, false, &err);
    assert_int_equal(err.retryable, cases[i].status == 503);
    caudit_buf_free(&text);
  }
  struct caudit_response bare = {.status = 200};
  struct caudit_error err;
  caudit_response_error(&bare, false, &err);
  assert_string_equal(err.message, "HTTP 200 (no content type): the body is not an API response");
}

/* Without a length, the end of the connection is the end of the body, or has cut it. */
static void a_body_that_may_have_been_cut(void **state) {
  (void)state;
  static const struct {
    const char *head, *body;
    int status;
    bool again;
  } cases[] = {
      {"HTTP/1.1 200 OK\r\n\r\n", "{\"Response\":{\"Requ", 200, true},
      {"HTTP/1.1 200 OK\r\n\r\n", "", 200, true},
      {"HTTP/1.1 200 OK\r\n\r\n", "<p>", 200, false},
      {"HTTP/1.1 200 OK\r\n\r\n", "{}", 200, false},
      {"HTTP/1.1 404 No\r\n\r\n", "", 404, false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "{\"R", 200, false},
      {"HTTP/1.1 200 OK\r\nTRANSFER-ENCODING: chunked\r\n\r\n", "{\"R", 200, false},
      {"HTTP/1.1 200 OK\r\nContent-Langth: 3\r\nTransfer-Encodin_: x\r\n\r\n", "{\"R", 200, true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct caudit_buf text;
    struct caudit_response response = {.status = cases[i].status};
    struct caudit_error err;
    caudit_buf_init(&text, NULL, 1000);
    caudit_response_read_head(&response, caudit_str(cases[i].head));
    assert_int_equal(caudit_envelope_read(caudit_str(cases[i].body), &text, &response.envelope), 0);
    assert_int_equal(caudit_response_error(&response, false, &err), -CAUDIT_PROTOCOL);
    if (err.retryable != cases[i].again) fail_msg("%zu: %d", i, err.retryable);
    (void)caudit_response_error(&response, true, &err);
    assert_false(err.retryable);
    caudit_buf_free(&text);
  }
}

static void a_refused_region_is_a_matter_of_config(void **state) {
  (void)state;
  static const struct {
    const char *code, *message;
    enum caudit_kind kind;
  } cases[] = {{"UnsupportedRegion", "no", CAUDIT_CONFIG},
               {"UnsupportedRegion.X", "no", CAUDIT_CONFIG},
               {"InvalidParameterValue", "The value of `X-TC-Region` is invalid", CAUDIT_CONFIG},
               {"InvalidParameter", "header x-tc-region", CAUDIT_CONFIG},
               {"MissingParameter", "X-TC-REGION", CAUDIT_CONFIG},
               {"InvalidParameterValue", "the value of X-TC-Regio", CAUDIT_VALIDATION},
               {"InvalidParameterValue.CosRegionError", "region", CAUDIT_VALIDATION},
               {"ResourceNotFound", "X-TC-Region", CAUDIT_NOT_FOUND}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct caudit_response response = refusal(cases[i].code);
    struct caudit_error err;
    response.envelope.message = caudit_str(cases[i].message);
    assert_int_equal(caudit_response_error(&response, true, &err), -(int)cases[i].kind);
    assert_int_equal(err.outcome, CAUDIT_REJECTED);
    assert_string_equal(err.field, cases[i].kind == CAUDIT_CONFIG ? "region" : "");
    assert_string_equal(err.message, cases[i].message);
    assert_string_equal(err.code, cases[i].code);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_status_other_than_200_is_not_a_success),
      cmocka_unit_test(texts_of_a_server_become_one_bounded_line),
      cmocka_unit_test(a_body_that_is_not_an_answer),
      cmocka_unit_test(a_body_that_may_have_been_cut),
      cmocka_unit_test(a_refused_region_is_a_matter_of_config),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
