/* Records that nobody expects: how they are shown, what rows take of them, and what is hidden in
 * them. */
#include "failing.h"

static struct caudit_event event_of(struct caudit_str raw) {
  struct caudit_event event = {0};
  event.texts[CAUDIT_EVENT_ID] = caudit_str("e-1");
  event.texts[CAUDIT_EVENT_RAW] = raw;
  return event;
}

/* The JSON of an event has `expected` behind the member `name`, followed by `after`. */
static void assert_member(struct caudit_work *work, const struct caudit_event *event, bool redact,
                          enum caudit_row_last last, const char *name, const char *expected,
                          const char *after) {
  struct caudit_str json = caudit_event_json(work, event, redact, last);
  struct caudit_buf wanted;
  size_t at = 0;
  assert_int_equal(caudit_work_status(work), 0);
  caudit_buf_init(&wanted, NULL, (size_t)1 << 20);
  caudit_put(&wanted, ",\"", 2);
  caudit_put(&wanted, name, strlen(name));
  caudit_put(&wanted, "\":", 2);
  caudit_put(&wanted, expected, strlen(expected));
  caudit_put(&wanted, after, strlen(after));
  assert_int_equal(wanted.status, 0);
  while (at + wanted.len <= json.len && memcmp(json.data + at, wanted.data, wanted.len) != 0) at++;
  if (at + wanted.len > json.len)
    fail_msg("got  %.*s\nwant %.*s", (int)json.len, json.data, (int)wanted.len, wanted.data);
  caudit_buf_free(&wanted);
}

static void assert_detail_of(struct caudit_str raw, bool redact, const char *expected) {
  struct caudit_work *work = caudit_work_new(NULL);
  struct caudit_event event = event_of(raw);
  char *copy = exact_copy(raw);
  event.texts[CAUDIT_EVENT_RAW].data = copy;
  caudit_work_begin(work, CAUDIT_REDACT_SECRETS);
  assert_member(work, &event, redact, CAUDIT_ROW_DETAIL, "detail", expected, "}");
  caudit_work_free(work);
  free(copy);
}

struct shown {
  const char *raw, *detail;
};

static void assert_details(const struct shown *cases, size_t count, bool redact) {
  for (size_t i = 0; i < count; i++)
    assert_detail_of(caudit_str(cases[i].raw), redact, cases[i].detail);
}

static void only_objects_and_lists_are_opened(void **state) {
  (void)state;
  static const struct shown cases[] = {
      {" \t\r\n{\"a\" : 1 }\n", "{\"a\":1}"},
      {"\n[ ]\t", "[]"},
      {" \t\r\n", "\" \\t\\r\\n\""},
      {"7", "\"7\""},
      {"null", "\"null\""},
      {"\"{}\"", "\"\\\"{}\\\"\""},
      {"[1,2", "\"[1,2\""},
      {"[1]x", "\"[1]x\""},
      {"[1][2]", "\"[1][2]\""},
      {"{\"a\":1,}", "\"{\\\"a\\\":1,}\""},
      {"[\"\\ud83d\"]", "[\"\xEF\xBF\xBD\"]"}, /* half a pair */
      {"[\"\\ud83d\\ude00\\u00e9\"]", "[\"\xF0\x9F\x98\x80\xC3\xA9\"]"},
      /* Texts inside. */
      {"[\"\",\"[\",\"{\",\"[]\",\"{}\",\"[true,false]\"]",
       "[\"\",\"[\",\"{\",[],{},[true,false]]"},
      {"[\"\\t[1]\",\"\\r[2]\",\"\\n[3]\",\" [4]\",\" 5\",\"\\t6\"]",
       "[[1],[2],[3],[4],\" 5\",\"\\t6\"]"},
      {"{\"a\":\"[\\\"[\\\\\\\"[]\\\\\\\"]\\\"]\"}", "{\"a\":[[[]]]}"},
      {"{\"a\":null,\"b\":\"[null]\",\"c\":\"{\\\"d\\\":null}\"}", "{\"b\":[null],\"c\":{}}"},
  };
  assert_details(cases, sizeof cases / sizeof cases[0], false);
  assert_detail_of((struct caudit_str){"[1]", 4}, false, "\"[1]\\u0000\"");
  assert_detail_of((struct caudit_str){"[\"\0\"]", 5}, false, "[\"\\u0000\"]");
}

static void numbers_keep_their_values(void **state) {
  (void)state;
  static const struct shown cases[] = {
      {"[1E5,1e5,1e-7,-2.5e3]", "[100000,100000,9.9999999999999995e-08,-2500]"},
      {"[0.1,100.0,-0e0]", "[0.10000000000000001,100,0]"},
      {"[1E999,-1e999]", "[\"1E999\",\"-1e999\"]"},
      {"[18446744073709551615,18446744073709551616,-9223372036854775809]",
       "[\"18446744073709551615\",\"18446744073709551616\",\"-9223372036854775809\"]"},
      {"[01]", "\"[01]\""},
      {"[1.]", "\"[1.]\""},
      {"[-]", "\"[-]\""},
      {"[1e]", "\"[1e]\""},
      {"[NaN]", "\"[NaN]\""},
  };
  assert_details(cases, sizeof cases / sizeof cases[0], false);
}

/* What moves the cursor or reorders text is escaped; the neighbours of it are not. */
static void no_text_moves_the_cursor(void **state) {
  (void)state;
  static const struct shown cases[] = {
      {"[\"\x7E\x7F\"]", "[\"~\\u007f\"]"},
      {"[\"\xC2\x80\xC2\x9F\xC2\xA0\xC3\x80\"]", "[\"\\u0080\\u009f\xC2\xA0\xC3\x80\"]"},
      {"[\"\xC2\xA0\",\"\x7F\",\"\xC2\xA0\",\"\xC2\x85\"]",
       "[\"\xC2\xA0\",\"\\u007f\",\"\xC2\xA0\",\"\\u0085\"]"},
      {"{\"\x7F\":1}", "{\"\\u007f\":1}"},
      {"{\"\\n\\\"\":\"\xC3\xA9\"}", "{\"\\n\\\"\":\"\xC3\xA9\"}"},
      {"{\"\xFF\":1}", "{\"\\\\xff\":1}"},
      {"[\"\xFF\\r\\t\\n\\u001b\\u0000\"]", "[\"\\\\xff\\\\r\\\\t\\\\n\\\\x1b\\\\x00\"]"},
      {"[\"\xFF \x7E\x7F\xC2\x80\xC2\x9F\xC2\xA0\"]",
       "[\"\\\\xff ~\\\\x7f\\\\u{0080}\\\\u{009f}\xC2\xA0\"]"},
      {"[\"\xFF\xE2\x80\xA7\xE2\x80\xA8\xE2\x80\xAE\xE2\x80\xAF\"]",
       "[\"\\\\xff\xE2\x80\xA7\\\\u{2028}\\\\u{202e}\xE2\x80\xAF\"]"},
      {"[\"\xFF\xE2\x81\xA5\xE2\x81\xA6\xE2\x81\xA9\xE2\x81\xAA\"]",
       "[\"\\\\xff\xE2\x81\xA5\\\\u{2066}\\\\u{2069}\xE2\x81\xAA\"]"},
      {"[\"\xFF\xF0\x9F\x98\x80\"]", "[\"\\\\xff\xF0\x9F\x98\x80\"]"},
      {"[\"\xC0\xAF\xED\xA0\x80\xF4\x90\x80\x80\"]",
       "[\"\\\\xc0\\\\xaf\\\\xed\\\\xa0\\\\x80\\\\xf4\\\\x90\\\\x80\\\\x80\"]"},
      {"[\"\xE2\x80\"]", "[\"\\\\xe2\\\\x80\"]"},
      {"\xFF", "\"\\\\xff\""},
  };
  assert_details(cases, sizeof cases / sizeof cases[0], false);
}

/* Members in an order that makes every step of the sorting work; each name twice, far apart. */
static void many_members_are_sorted(void **state) {
  (void)state;
  static const int counts[] = {2, 15, 16, 17, 31, 33, 48, 100, 131};
  for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
    int count = counts[k];
    char raw[8192] = "{", expected[8192] = "{", member[40];
    for (int i = 0; i < 2 * count; i++) {
      int name = i * 7919 % count; /* a prime: every name comes once in each half */
      (void)snprintf(member, sizeof member, "%s\"a-name-%03d\":%d", i > 0 ? "," : "", name, i);
      strcat(raw, member);
    }
    for (int name = 0; name < count; name++) {
      int last = count;
      while (last * 7919 % count != name) last++;
      (void)snprintf(member, sizeof member, "%s\"a-name-%03d\":%d", name > 0 ? "," : "", name,
                     last);
      strcat(expected, member);
    }
    strcat(raw, "}");
    strcat(expected, "}");
    assert_detail_of(caudit_str(raw), false, expected);
    assert_detail_of(caudit_str(raw), true, expected);
  }
}

/* Plain texts and names that do not fit into what is left of the buffer. */
static void long_texts_are_written(void **state) {
  (void)state;
  for (size_t len = 100; len < 40000; len = len * 2 + 1) {
    size_t size = 2 * len + 16, at = 0;
    char *raw = malloc(size);
    assert_non_null(raw);
    raw[at++] = '{';
    raw[at++] = '"';
    memset(raw + at, 'n', len);
    at += len;
    memcpy(raw + at, "\":\"", 3);
    at += 3;
    memset(raw + at, 'v', len);
    at += len;
    memcpy(raw + at, "\"}", 3);
    assert_detail_of(caudit_str(raw), false, raw);
    assert_detail_of(caudit_str(raw), true, raw);
    free(raw);
  }
}

static void rows_take_any_record(void **state) {
  (void)state;
  static const struct {
    const char *raw, *member, *value;
  } cases[] = {
      {"{\"actionType\":\"READ\"}", "action", "\"read\""},
      {"{\"actionType\":\"rea\"}", "action", "null"},
      {"{\"actionType\":\"reads\"}", "action", "null"},
      {"{\"actionType\":\"\"}", "action", "null"},
      {"{\"actionType\":[\"read\"]}", "action", "null"},
      {"{\"actionType\":\"x\",\"actionType\":\"write\",\"actionType\":null}", "action",
       "\"write\""},
      {"{\"eventType\":\"ApiCall\"}", "via", "\"api\""},
      {"{\"eventType\":\"MiniProgramCall\"}", "via", "\"miniprogram\""},
      {"{\"eventType\":true}", "via", "null"},
      {"{\"userAgent\":\"\"}", "user_agent", "null"},
      {"{\"userAgent\":7}", "user_agent", "\"7\""},
      {"{\"userAgent\":1.5}", "user_agent", "\"1.5\""},
      {"{\"userAgent\":18446744073709551616}", "user_agent", "\"18446744073709551616\""},
      {"{\"userAgent\":{}}", "user_agent", "null"},
      {"{\"userAgent\":\"\xFF\"}", "user_agent", "\"\\\\xff\""},
      {"{\"a-name-that-is-longer-than-any-of-ours\":1,\"userAgent\":\"u\"}", "user_agent", "\"u\""},
      {"{\"sensitiveAction\":true}", "sensitive", "true"},
      {"{\"sensitiveAction\":false}", "sensitive", "false"},
      {"{\"sensitiveAction\":\"true\"}", "sensitive", "true"},
      {"{\"sensitiveAction\":\"false\"}", "sensitive", "false"},
      {"{\"sensitiveAction\":1}", "sensitive", "true"},
      {"{\"sensitiveAction\":0}", "sensitive", "false"},
      {"{\"sensitiveAction\":2}", "sensitive", "null"},
      {"{\"sensitiveAction\":\"yes\"}", "sensitive", "null"},
      {"{\"sensitiveAction\":[true]}", "sensitive", "null"},
      {"{\"userIdentity\":\"root\"}", "user_type", "\"unknown\""},
      {"{\"userIdentity\":[{\"type\":\"root\"}]}", "user_type", "\"unknown\""},
      {"{\"userIdentity\":{\"type\":\"CAMUser\"}}", "user_type", "\"user\""},
      {"{\"userIdentity\":{\"type\":\"robot\"}}", "user_type", "\"unknown\""},
      {"{\"userIdentity\":{\"sessionContext\":\"{\\\"mfa\\\":\\\"true\\\"}\"}}", "mfa", "true"},
      {"{\"userIdentity\":{\"sessionContext\":\"mfa\"}}", "mfa", "null"},
      {"{\"resourceName\":\"r\"}", "resource", "\"r\""},
      {"{\"apiErrorMessage\":\"a\",\"errorMessage\":\"b\"}", "error_message", "\"a\""},
      {"{\"apiErrorMessage\":\"\",\"errorMessage\":\"b\"}", "error_message", "\"b\""},
      {"{\"errorCode\":\"0\",\"apiErrorCode\":0}", "result", "\"ok\""},
      {"{\"errorCode\":\"\",\"ErrorCode\":\"Old\"}", "error_code", "\"Old\""},
      {"{\"errorCode\":1,\"ErrorCode\":2}", "error_code", "\"1\""},
      {"{\"apiErrorCode\":\"Api\",\"camErrorCode\":\"Cam\"}", "error_code", "\"Api\""},
      {"{\"apiErrorCode\":\"Api\",\"camErrorCode\":\"Cam\"}", "result", "\"denied\""},
      {"{\"apiErrorCode\":\"AuthFailure\"}", "result", "\"denied\""},
      {"{\"errorCode\":\"UnauthorizedOperation.X\"}", "result", "\"denied\""},
      {"{\"errorCode\":\"AuthFailed\"}", "result", "\"failed\""},
      {"{\"errorCode\":{}}", "result", "\"ok\""},
      {"{}", "result", "\"unknown\""},
      {"[1]", "result", "\"unknown\""},
      {"{broken", "result", "\"unknown\""},
  };
  struct caudit_work *work = caudit_work_new(NULL);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct caudit_event event = event_of(caudit_str(cases[i].raw));
    for (int redact = 0; redact < 2; redact++) {
      caudit_work_begin(work, CAUDIT_REDACT_SECRETS);
      assert_member(work, &event, redact != 0, CAUDIT_ROW_ALONE, cases[i].member, cases[i].value,
                    ",\"");
    }
  }
  struct caudit_event failed = event_of(caudit_str("{\"errorCode\":0}"));
  failed.texts[CAUDIT_EVENT_ERROR_CODE] = caudit_str("4");
  caudit_work_begin(work, CAUDIT_REDACT_SECRETS);
  assert_member(work, &failed, false, CAUDIT_ROW_ALONE, "result", "\"failed\"", ",");
  caudit_work_free(work);
}

static void records_without_their_secrets(void **state) {
  (void)state;
  static const struct shown cases[] = {
      {"{\"token\":\"\",\"a\":\"x\"}", "{\"a\":\"x\",\"token\":\"\"}"},
      {"{\"token\":null,\"secret\":true,\"password\":false}",
       "{\"password\":false,\"secret\":true}"},
      {"{\"token\":-1.5e3,\"secret\":[0,[\"c\"],{}]}",
       "{\"secret\":[\"[redacted]\",[\"[redacted]\"],{}],\"token\":\"[redacted]\"}"},
      {"{\"accessKey\":\"AKIDabc\",\"secretKey\":\"AKID abc\"}",
       "{\"accessKey\":\"AKIDabc\",\"secretKey\":\"[redacted]\"}"},
      {"{\"token\":\"AKID\",\"secret\":\"AKI\",\"pwd\":\"AKIDa-_z09AZ\"}",
       "{\"pwd\":\"AKIDa-_z09AZ\",\"secret\":\"[redacted]\",\"token\":\"AKID\"}"},
      {"{\"a\":\"token=c\",\"b\":\" token: c\",\"c\":\"no secret\"}",
       "{\"a\":\"token=[redacted]\",\"b\":\" token: [redacted]\",\"c\":\"no secret\"}"},
      {"{\"a\":\"\\ttoken=c\",\"b\":\"\\n{\\\"token\\\":\\\"c\\\"}\"}",
       "{\"a\":\"\\ttoken=[redacted]\",\"b\":{\"token\":\"[redacted]\"}}"},
      {"{\"a\":\"{\\\"token\\\":\\\"canary-1\\\"\",\"b\":\"canary-1\"}",
       "{\"a\":\"{\\\"token\\\":\\\"[redacted]\\\"\",\"b\":\"[redacted]\"}"},
      {"{\"token\":\"a phrase\",\"b\":\"in a phrase.\"}",
       "{\"b\":\"in [redacted].\",\"token\":\"[redacted]\"}"},
      /* Pairs, in either order. */
      {"{\"Value\":\"c\",\"x\":[\"{\",{}],\"y\":1.5,\"Key\":\"token\"}",
       "{\"Key\":\"token\",\"Value\":\"[redacted]\",\"x\":[\"{\",{}],\"y\":1.5}"},
      {"{\"Value\":[1,{\"a\":\"b\"}],\"Key\":\"tok\\u0065n\"}",
       "{\"Key\":\"token\",\"Value\":[\"[redacted]\",{\"a\":\"[redacted]\"}]}"},
      {"{\"Value\":1,\"Key\":7}", "{\"Key\":7,\"Value\":1}"},
      {"{\"Value\":\"c\",\"Key\":[\"token\"]}", "{\"Key\":[\"token\"],\"Value\":\"c\"}"},
      {"{\"Value\":\"c\",\"Data\":\"d\",\"Name\":\"n\"}",
       "{\"Data\":\"d\",\"Name\":\"n\",\"Value\":\"c\"}"},
      {"{\"Key\":\"token\",\"Name\":\"n\",\"Value\":true,\"Content\":3}",
       "{\"Content\":\"[redacted]\",\"Key\":\"token\",\"Name\":\"n\",\"Value\":true}"},
      {"{\"Value\":\"a\",\"Value\":\"b\"}", "{\"Value\":\"b\"}"},
  };
  assert_details(cases, sizeof cases / sizeof cases[0], true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(only_objects_and_lists_are_opened),
      cmocka_unit_test(numbers_keep_their_values),
      cmocka_unit_test(no_text_moves_the_cursor),
      cmocka_unit_test(many_members_are_sorted),
      cmocka_unit_test(long_texts_are_written),
      cmocka_unit_test(rows_take_any_record),
      cmocka_unit_test(records_without_their_secrets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
