/* What a body says: an error of the service, a success, or why it is neither. */
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

/* An Error with a Code is an answer, whatever its request id is; numbers count as their digits. */
static void refusals_without_a_usable_request_id(void **state) {
  (void)state;
  static const char *const ids[][2] = {
      {"", ""},
      {",\"RequestId\":\"\"", ""},
      {",\"RequestId\":null", ""},
      {",\"RequestId\":true", ""},
      {",\"RequestId\":[1]", ""},
      {",\"RequestId\":17", "17"},
      {",\"RequestId\":1.5e300", "1.5e300"},
      {",\"RequestId\":18446744073709551617", "18446744073709551617"}};
  static const char *const codes[][2] = {{"\"A.B\"", "A.B"},
                                         {"\"\xFF\"", "\xFF"},
                                         {"\"\\ud83d\"", "\xEF\xBF\xBD"},
                                         {"4000", "4000"},
                                         {"-1", "-1"},
                                         {"0", "0"},
                                         {"9007199254740993", "9007199254740993"}};
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
    for (size_t k = 0; k < sizeof codes / sizeof codes[0]; k++) {
      char body[200];
      (void)snprintf(body, sizeof body,
                     "{\"Response\":{\"Error\":{\"Code\":%s,\"Message\":\"a\xFF\"}%s}}",
                     codes[k][0], ids[i][0]);
      assert_envelope(body, codes[k][1], "a\xFF", ids[i][1]);
    }
  }
  assert_envelope("{\"Response\":{\"Error\":{\"Code\":\"A\",\"Message\":null}}}", "A", "", "");
  assert_envelope("{\"Response\":{\"Error\":{\"Code\":\"A\",\"Message\":7}}}", "A", "7", "");
  assert_envelope("{\"Response\":{\"TotalCount\":1,\"RequestId\":7}}", "", "", "7");
}

/* Bytes that are not UTF-8 and control characters hide nothing of a response. */
static void bodies_with_any_bytes(void **state) {
  (void)state;
  static const char *const bytes[] = {"\xFF",    "caf\xE9", "\xD6\xD0\xCE\xC4", "\xE4\xB8", "\x01",
                                      "\\ud83d", "\n"};
  for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
    char body[200];
    (void)snprintf(body, sizeof body, "{\"Response\":{\"%s\":\"%s\",\"RequestId\":\"r\"}}",
                   bytes[i], bytes[i]);
    assert_envelope(body, "", "", "r");
  }
  assert_envelope("\xEF\xBB\xBF{\"Response\":{\"RequestId\":\"r\"}}", "", "", "r");
}

static void bodies_that_are_not_api_responses(void **state) {
  (void)state;
  static const char no_response[] = "it has no Response object",
                    no_code[] = "its Error has no Code", no_id[] = "its Response has no RequestId";
  static const struct {
    const char *body, *problem;
    size_t at;
    const char *excerpt;
  } cases[] = {
      {"", "it is empty", 0, ""},
      {" \n", "unexpected end", 3, ""},
      {"null", no_response, 0, ""},
      {"[]", no_response, 0, ""},
      {"\"Response\"", no_response, 0, ""},
      {"<html><body>502 Bad Gateway</body></html>", "invalid value", 1,
       "<html><body>502 Bad Gateway</body></html>"},
      {"502 Bad Gateway", "text after the end of the document", 5, "502 Bad Gateway"},
      {"[error] no upstream", "invalid value", 2, "[error] no upstream"},
      {"{Denied}", "a name in quotes expected", 2, "{Denied}"},
      {"NaN", "invalid value", 1, "NaN"},
      {"007", "text after the end of the document", 2, "007"},
      {"{}", no_response, 0, ""},
      {"{\"Response\":null}", no_response, 0, ""},
      {"{\"Response\":[]}", no_response, 0, ""},
      {"{\"Response\":{}}", no_id, 0, ""},
      {"{\"Response\":{\"RequestId\":\"\"}}", no_id, 0, ""},
      {"{\"Response\":{\"RequestId\":true}}", no_id, 0, ""},
      {"{\"Response\":{\"RequestId\":null,\"TrackId\":1}}", no_id, 0, ""},
      {"{\"Response\":{\"RequestId\":\"r\"},\"Response\":7}", no_response, 0, ""},
      {"{\"Response\":{\"RequestId\":\"r\",\"RequestId\":{}}}", no_id, 0, ""},
      {"{\"response\":{\"RequestId\":\"r\"}}", no_response, 0, ""},
      {"{\"RequestId\":\"r\"}", no_response, 0, ""},
      {"{\"Error\":{\"Code\":\"A\"}}", no_response, 0, ""},
      {"{\"Response\":{\"RequestId\":\"r\"}", "unexpected end", 30, ""},
      {"{\"Response\":{\"RequestId\":\"r\"}}}", "text after the end of the document", 31, ""},
      {"{\"Response\":{\"RequestId\":\"r\"}} x", "text after the end of the document", 32, ""},
      {"{\"Response\":{\"RequestId\":\"r\",}}", "a name in quotes expected", 30, ""},
      {"{\"Response\":{\"N\":NaN,\"RequestId\":\"r\"}}", "invalid value", 18, ""},
      {"{\"Response\":{\"N\":007,\"RequestId\":\"r\"}}", "',' or '}' expected", 19, ""},
      {"{\"Response\":{\"Error\":{},\"RequestId\":\"r\"}}", no_code, 0, ""},
      {"{\"Response\":{\"Error\":\"A\",\"RequestId\":\"r\"}}", no_code, 0, ""},
      {"{\"Response\":{\"Error\":false,\"RequestId\":\"r\"}}", no_code, 0, ""},
      {"{\"Response\":{\"Error\":{\"Code\":\"\"},\"RequestId\":\"r\"}}", no_code, 0, ""},
      {"{\"Response\":{\"Error\":{\"Code\":null},\"RequestId\":\"r\"}}", no_code, 0, ""},
      {"{\"Response\":{\"Error\":{\"Code\":true},\"RequestId\":\"r\"}}", no_code, 0, ""},
      {"{\"Response\":{\"Error\":{\"Code\":\"A\",\"Code\":[7]},\"RequestId\":\"r\"}}", no_code, 0,
       ""},
      {"{\"Response\":{\"Error\":{\"Code\":\"A\"},\"Error\":{},\"RequestId\":\"r\"}}", no_code, 0,
       ""},
      {"{\"Response\":{\"Error\":{\"Code\":\"A\"", "unexpected end", 33, ""},
      {"{\"Response\":{\"Error\":{\"x\":[1,]},\"RequestId\":\"r\"}}", "invalid value", 30, ""},
      {"{\"x\":[1,],\"Response\":{\"RequestId\":\"r\"}}", "invalid value", 9, ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct caudit_buf text;
    struct caudit_envelope envelope = read_envelope(caudit_str(cases[i].body), &text);
    if (envelope.well_formed) fail_msg("an answer: %s", cases[i].body);
    assert_string_equal(envelope.problem, cases[i].problem);
    assert_int_equal(envelope.problem_at, cases[i].at);
    assert_true(caudit_str_equal(envelope.excerpt, caudit_str(cases[i].excerpt)));
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
      cmocka_unit_test(refusals_without_a_usable_request_id),
      cmocka_unit_test(bodies_with_any_bytes),
      cmocka_unit_test(bodies_that_are_not_api_responses),
      cmocka_unit_test(truncated_bodies),
      cmocka_unit_test(an_integer_of_the_response),
      cmocka_unit_test(a_name_of_any_length),
      cmocka_unit_test(a_body_larger_than_the_buffer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
