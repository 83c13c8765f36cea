/* The envelope in a body, and a response: a success, an error of the service, or not an API
 * response. */
#include "call_support.h"

/* Reads an exact copy; `text` holds the strings of the envelope. */
static struct caudit_envelope read_envelope(struct caudit_str body, struct caudit_buf *text) {
  struct caudit_envelope envelope;
  char *copy = exact_copy(body);
  memset(&envelope, 'x', sizeof envelope); /* callers do not initialise it */
  caudit_buf_init(text, NULL, (size_t)1 << 20);
  assert_int_equal(caudit_envelope_read((struct caudit_str){copy, body.len}, text, &envelope), 0);
  free(copy); /* the envelope does not point there */
  return envelope;
}

static void assert_envelope(const char *body, const char *code, const char *message,
                            const char *request_id) {
  struct caudit_buf text;
  struct caudit_envelope envelope = read_envelope(caudit_str(body), &text);
  if (!envelope.well_formed || !caudit_str_equal(envelope.code, caudit_str(code)) ||
      !caudit_str_equal(envelope.message, caudit_str(message)) ||
      !caudit_str_equal(envelope.request_id, caudit_str(request_id)))
    fail_msg("%s: %d %.*s %.*s", body, envelope.well_formed, (int)envelope.code.len,
             envelope.code.len > 0 ? envelope.code.data : "", (int)envelope.request_id.len,
             envelope.request_id.len > 0 ? envelope.request_id.data : "");
  caudit_buf_free(&text);
}

static void envelopes(void **state) {
  (void)state;
  assert_envelope("{\"Response\":{\"RequestId\":\"r\"}}", "", "", "r");
  assert_envelope(" {\"Response\" : {\"TrackId\" : 1 , \"RequestId\" : \"r\"} , \"x\" : [1]}\n", "",
                  "", "r");
  assert_envelope(
      "{\"Response\":{\"Error\":{\"Code\":\"A.B\",\"Message\":\"m\"},\"RequestId\":\"r\"}}", "A.B",
      "m", "r");
  assert_envelope(
      "{\"Response\":{\"RequestId\":\"r\",\"Error\":{\"Message\":\"m\",\"Code\":\"A\"}}}", "A", "m",
      "r");
  assert_envelope("{\"Response\":{\"Error\":{\"Code\":\"A\",\"More\":[{}]},\"RequestId\":\"r\"}}",
                  "A", "", "r");
  assert_envelope("{\"Response\":{\"Error\":null,\"RequestId\":\"r\"}}", "", "", "r");
  assert_envelope(
      "{\"Response\":{\"Data\":{\"Code\":\"A\",\"Message\":\"m\"},\"RequestId\":\"r\"}}", "", "",
      "r");
  assert_envelope("{\"Data\":{\"Error\":{\"Code\":\"A\"}},\"Response\":{\"RequestId\":\"r\"}}", "",
                  "", "r");
  assert_envelope("{\"Response\":{\"Error\":{\"Code\":\"A\",\"Message\":\"\\u4e2d\\n\\\"\"},"
                  "\"RequestId\":\"r\\/1\"}}",
                  "A", "\xE4\xB8\xAD\n\"", "r/1");
}

/* Names are compared with escapes resolved. */
static void names_may_be_escaped(void **state) {
  (void)state;
  assert_envelope("{\"\\u0052esponse\":{\"\\u0045rror\":{\"\\u0043ode\":\"A\"},"
                  "\"Request\\u0049d\":\"r\"}}",
                  "A", "", "r");
  assert_envelope("{\"Response\":{\"\\u0045\\u0072\\u0072\\u006f\\u0072\":{\"Code\":\"A\"},"
                  "\"RequestId\":\"r\"}}",
                  "A", "", "r");
}

/* Of members with the same name the last counts. */
static void repeated_names(void **state) {
  (void)state;
  assert_envelope("{\"Response\":{\"Error\":{\"Code\":\"A\"},\"RequestId\":\"1\"},"
                  "\"Response\":{\"RequestId\":\"2\"}}",
                  "", "", "2");
  assert_envelope("{\"Response\":{\"RequestId\":\"1\",\"RequestId\":\"2\"}}", "", "", "2");
  assert_envelope("{\"Response\":{\"Error\":{\"Code\":\"A\",\"Message\":\"m\"},\"Error\":{\"Code\":"
                  "\"B\"},\"RequestId\":\"1\"}}",
                  "B", "", "1");
  assert_envelope("{\"Response\":{\"Error\":{\"Code\":\"A\"},\"Error\":null,\"RequestId\":\"1\"}}",
                  "A", "", "1");
  assert_envelope("{\"Response\":{\"RequestId\":\"1\"},\"Response\":null}", "", "", "1");
}

static void bodies_that_are_not_api_responses(void **state) {
  (void)state;
  static const char *const bodies[] = {
      "",
      "null",
      "[]",
      "\"Response\"",
      "<html><body>502 Bad Gateway</body></html>",
      "{}",
      "{\"Response\":null}",
      "{\"Response\":[]}",
      "{\"Response\":{}}",
      "{\"Response\":{\"RequestId\":\"\"}}",
      "{\"Response\":{\"RequestId\":7}}",
      "{\"Response\":{\"RequestId\":null}}",
      "{\"Response\":{\"RequestId\":\"r\"},\"Response\":7}",
      "{\"Response\":{\"RequestId\":\"r\",\"RequestId\":{}}}",
      "{\"response\":{\"RequestId\":\"r\"}}",
      "{\"RequestId\":\"r\"}",
      "{\"Response\":{\"Data\":{\"RequestId\":\"r\"}}}",
      "{\"Response\":{\"RequestId\":\"r\"}",
      "{\"Response\":{\"RequestId\":\"r\"}}}",
      "{\"Response\":{\"RequestId\":\"r\"}} x",
      "{\"Response\":{\"RequestId\":\"r\",}}",
      "{\"Response\":{\"Error\":{},\"RequestId\":\"r\"}}",
      "{\"Response\":{\"Error\":\"A\",\"RequestId\":\"r\"}}",
      "{\"Response\":{\"Error\":false,\"RequestId\":\"r\"}}",
      "{\"Response\":{\"Error\":{\"Code\":\"\"},\"RequestId\":\"r\"}}",
      "{\"Response\":{\"Error\":{\"Code\":7},\"RequestId\":\"r\"}}",
      "{\"Response\":{\"Error\":{\"Code\":\"A\",\"Code\":7},\"RequestId\":\"r\"}}",
      "{\"Response\":{\"Error\":{\"Code\":\"A\"},\"Error\":{},\"RequestId\":\"r\"}}",
      "{\"Response\":{\"Error\":{\"Code\":\"A\"}}}",
      "{\"Response\":{\"Error\":{\"Code\":\"A\"",
      "{\"Response\":{\"Error\":{\"Code\":\"\xFF\"},\"RequestId\":\"r\"}}",
      "{\"Response\":{\"x\":[1,],\"RequestId\":\"r\"}}",
      "{\"Response\":{\"Error\":{\"x\":[1,]},\"RequestId\":\"r\"}}",
      "{\"x\":[1,],\"Response\":{\"RequestId\":\"r\"}}",
  };
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
    struct caudit_buf text;
    struct caudit_response response = {.status = 200};
    struct caudit_error err;
    response.envelope = read_envelope(caudit_str(bodies[i]), &text);
    if (response.envelope.well_formed) fail_msg("well formed: %s", bodies[i]);
    assert_int_equal(caudit_response_error(&response, true, &err), -CAUDIT_PROTOCOL);
    assert_int_equal(err.outcome, CAUDIT_UNKNOWN);
    assert_false(err.retryable);
    assert_string_equal(err.message, "HTTP 200, but the body is not an API response");
    assert_int_equal(caudit_response_error(&response, false, NULL), -CAUDIT_PROTOCOL);
    caudit_buf_free(&text);
  }
}

/* Every prefix of a body in a block of the exact size: malformed, nothing is read beyond the end,
 * and nothing in it counts. */
static void truncated_bodies(void **state) {
  (void)state;
  static const char body[] =
      "{\"Response\":{\"Error\":{\"Code\":\"A\\u0041\",\"Message\":\"\\ud83d"
      "\\ude00 \xE4\xB8\xAD\",\"n\":-1.5e3},\"RequestId\":\"r\",\"l\":[true]}}";
  for (size_t len = 0; len < sizeof body - 1; len++) {
    struct caudit_buf text;
    struct caudit_envelope envelope = read_envelope((struct caudit_str){body, len}, &text);
    assert_false(envelope.well_formed);
    assert_int_equal(envelope.code.len + envelope.message.len + envelope.request_id.len, 0);
    caudit_buf_free(&text);
  }
}

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
    char expected[64];
    (void)snprintf(expected, sizeof expected, "HTTP status %d, and the body is not an API response",
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
  assert_string_equal(err.request_id, "r");
  response.envelope.code = response.envelope.message = response.envelope.request_id =
      (struct caudit_str){long_text, sizeof long_text};
  caudit_response_error(&response, true, &err);
  assert_int_equal(strlen(err.code), 93);
  assert_int_equal(strlen(err.message), 510);
  assert_int_equal(strlen(err.request_id), 63);
}

static void an_integer_of_the_response(void **state) {
  (void)state;
  static const struct {
    const char *body;
    bool found;
    uint64_t value;
  } cases[] = {
      {"{\"Response\":{\"TrackId\":18446744073709551615,\"RequestId\":\"r\"}}", true, UINT64_MAX},
      {"{\"Response\":{\"RequestId\":\"r\",\"Track\\u0049d\":0}}", true, 0},
      {"{\"x\":{\"TrackId\":1},\"Response\":{\"y\":{\"TrackId\":2},\"TrackId\":3}}", true, 3},
      {"{\"TrackId\":1,\"Response\":{\"RequestId\":\"r\"}}", false, 0},
      {"{\"Response\":{\"Response\":{\"TrackId\":1}}}", false, 0},
      {"{\"Response\":{\"TrackId\":-1}}", false, 0},
      {"{\"Response\":{\"TrackId\":1.0}}", false, 0},
      {"{\"Response\":{\"TrackId\":\"1\"}}", false, 0},
      {"{\"Response\":{\"TrackId\":18446744073709551616}}", false, 0},
      {"{\"Response\":{\"x\":[1,],\"TrackId\":1}}", false, 0},
      {"{\"Response\":[{\"TrackId\":1}]}", false, 0},
      {"[]", false, 0},
      {"", false, 0},
      /* As in a Lua table made from the body: the last member counts, null means absent, and
       * nothing in a malformed document counts. */
      {"{\"Response\":{\"TrackId\":1,\"TrackId\":2}}", true, 2},
      {"{\"Response\":{\"TrackId\":1,\"TrackId\":\"2\"}}", false, 0},
      {"{\"Response\":{\"TrackId\":1,\"TrackId\":null}}", true, 1},
      {"{\"Response\":{\"TrackId\":1},\"Response\":{\"TrackId\":2}}", true, 2},
      {"{\"Response\":{\"TrackId\":1},\"Response\":{}}", false, 0},
      {"{\"Response\":{\"TrackId\":1},\"Response\":7}", false, 0},
      {"{\"Response\":{\"TrackId\":1},\"Response\":null}", true, 1},
      {"{\"Response\":{\"TrackId\":1}", false, 0},
      {"{\"Response\":{\"TrackId\":1}} x", false, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint64_t value = 7;
    bool found = caudit_envelope_uint64(caudit_str(cases[i].body), "TrackId", &value);
    if (found != cases[i].found || (found && value != cases[i].value))
      fail_msg("%s", cases[i].body);
  }
}

/* Names are compared in bounded memory: a very long one is a different name. */
static void a_name_of_any_length(void **state) {
  (void)state;
  char body[6 * 300 + 64];
  size_t at = (size_t)snprintf(body, sizeof body, "{\"Response\":{\"");
  for (int i = 0; i < 300; i++) at += (size_t)snprintf(body + at, sizeof body - at, "\\u0041");
  (void)snprintf(body + at, sizeof body - at, "\":{},\"RequestId\":\"r\"}}");
  assert_envelope(body, "", "", "r");
}

static void a_body_larger_than_the_buffer(void **state) {
  (void)state;
  struct caudit_buf text;
  struct caudit_envelope envelope;
  memset(&envelope, 'x', sizeof envelope);
  caudit_buf_init(&text, NULL, 16);
  struct caudit_str body = caudit_str("{\"Response\":{\"RequestId\":\"r\"}}");
  assert_int_equal(caudit_envelope_read(body, &text, &envelope), -CAUDIT_QUOTA);
  assert_false(envelope.well_formed);
  caudit_buf_free(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(envelopes),
      cmocka_unit_test(names_may_be_escaped),
      cmocka_unit_test(repeated_names),
      cmocka_unit_test(bodies_that_are_not_api_responses),
      cmocka_unit_test(truncated_bodies),
      cmocka_unit_test(a_status_other_than_200_is_not_a_success),
      cmocka_unit_test(texts_of_a_server_become_one_bounded_line),
      cmocka_unit_test(an_integer_of_the_response),
      cmocka_unit_test(a_name_of_any_length),
      cmocka_unit_test(a_body_larger_than_the_buffer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
