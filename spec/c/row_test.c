/* Events as rows and as JSON. The same over hostile records, against another implementation, is in
 * spec/binding/redact_spec.lua. */
#include "failing.h"

static struct caudit_event event_of(const char *raw) {
  struct caudit_event event = {.has_time = true, .time = 1769846400};
  event.texts[CAUDIT_EVENT_ID] = caudit_str("e-1");
  event.texts[CAUDIT_EVENT_RAW] = caudit_str(raw);
  return event;
}

static bool contains(struct caudit_str text, const char *part) {
  size_t len = strlen(part);
  for (size_t i = 0; i + len <= text.len; i++)
    if (memcmp(text.data + i, part, len) == 0) return true;
  return false;
}

/* The JSON of an event behind its row. */
static void assert_last(const struct caudit_event *event, bool redact, enum caudit_row_last last,
                        const char *expected) {
  static const char before[] = ",\"request_id\":null";
  struct caudit_work *work = caudit_work_new(NULL);
  caudit_work_begin(work, CAUDIT_REDACT_SECRETS);
  struct caudit_str json = caudit_event_json(work, event, redact, last);
  assert_int_equal(caudit_work_status(work), 0);
  size_t len = strlen(expected);
  assert_true(json.len > len + sizeof before);
  const char *found = json.data + json.len - len;
  if (memcmp(found, expected, len) != 0)
    fail_msg("got  %.*s\nwant %s", (int)json.len, json.data, expected);
  assert_memory_equal(found - (sizeof before - 1), before, sizeof before - 1);
  caudit_work_free(work);
}

static void assert_detail(const char *raw, const char *expected) {
  struct caudit_event event = event_of(raw);
  assert_last(&event, false, CAUDIT_ROW_DETAIL, expected);
}

static void records_are_sorted_and_opened(void **state) {
  (void)state;
  assert_detail("{}", ",\"detail\":{}}");
  assert_detail("[]", ",\"detail\":[]}");
  assert_detail("", ",\"detail\":\"\"}");
  assert_detail("{broken", ",\"detail\":\"{broken\"}");
  assert_detail("{\"b\":1,\"a\":[null,true,{}],\"c\":null}",
                ",\"detail\":{\"a\":[null,true,{}],\"b\":1}}");
  assert_detail("{\"a\":1,\"a\":2,\"a\":null}", ",\"detail\":{\"a\":2}}");
  assert_detail(
      "{\"same-start-b\":1,\"same-start-a\":2,\"same-sta\":3,\"s\":4,\"\":5}",
      ",\"detail\":{\"\":5,\"s\":4,\"same-sta\":3,\"same-start-a\":2,\"same-start-b\":1}}");
  assert_detail("{\"x\":\"{\\\"z\\\":[],\\\"y\\\":\\\"\\\\u0041\\\"}\"}",
                ",\"detail\":{\"x\":{\"y\":\"A\",\"z\":[]}}}");
  assert_detail(
      "[0,-0,-7,9223372036854775807,9223372036854775808,-9223372036854775808,1.5,1e999,-0.0]",
      ",\"detail\":[0,0,-7,9223372036854775807,\"9223372036854775808\","
      "-9223372036854775808,1.5,\"1e999\",0]}");
  struct caudit_event none = {0};
  assert_last(&none, false, CAUDIT_ROW_DETAIL, ",\"detail\":null}");
  assert_last(&none, false, CAUDIT_ROW_RAW, ",\"raw\":null}");
  assert_last(&none, false, CAUDIT_ROW_ALONE, "}");
}

static void texts_are_shown(void **state) {
  (void)state;
  assert_detail("[\"\\u0001\\n\\\"\\\\\\u007f\\u0085\\u00a0\"]",
                ",\"detail\":[\"\\u0001\\n\\\"\\\\\\u007f\\u0085\xC2\xA0\"]}");
  assert_detail("[\"a\xFF\xC2\x85\\u007f\\n\xE2\x80\xAE\"]",
                ",\"detail\":[\"a\\\\xff\\\\u{0085}\\\\x7f\\\\n\\\\u{202e}\"]}");
  assert_detail("[\"\xC2\"]", ",\"detail\":[\"\\\\xc2\"]}");
}

static void secrets_are_hidden(void **state) {
  (void)state;
  static const struct {
    const char *raw, *detail;
  } cases[] = {
      {"{\"b\":1,\"token\":\"canary-1\"}", "{\"b\":1,\"token\":\"[redacted]\"}"},
      {"{\"token\":7,\"a\":[\"x\"]}", "{\"a\":[\"x\"],\"token\":\"[redacted]\"}"},
      {"{\"token\":{\"a\":\"canary-1\",\"b\":[1,\"c\"]}}",
       "{\"token\":{\"a\":\"[redacted]\",\"b\":[\"[redacted]\",\"[redacted]\"]}}"},
      /* Found elsewhere: the text is redacted before it is decoded. */
      {"{\"token\":\"canary-1\",\"a\":\"/canary-1/\"}",
       "{\"a\":\"/[redacted]/\",\"token\":\"[redacted]\"}"},
      {"{\"token\":\"12345678\",\"a\":12345678}",
       "\"{\\\"token\\\":\\\"[redacted]\\\",\\\"a\\\":[redacted]}\""},
      {"{\"a\":\"{\\\"token\\\":007}\"}", "{\"a\":{\"token\":\"[redacted]\"}}"},
      {"{\"a\":\"{\\\"token\\\":\\\"canary-1\\\"\"}",
       "{\"a\":\"{\\\"token\\\":\\\"[redacted]\\\"\"}"},
      {"{\"Value\":\"c\",\"Key\":\"token\"}", "{\"Key\":\"token\",\"Value\":\"[redacted]\"}"},
      {"token=c", "\"token=[redacted]\""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char expected[256];
    struct caudit_event event = event_of(cases[i].raw);
    (void)snprintf(expected, sizeof expected, ",\"detail\":%s}", cases[i].detail);
    assert_last(&event, true, CAUDIT_ROW_DETAIL, expected);
  }
  struct caudit_event event = event_of("{\"token\":\"canary-1\"}");
  assert_last(&event, true, CAUDIT_ROW_RAW, ",\"raw\":\"{\\\"token\\\":\\\"[redacted]\\\"}\"}");
}

static void assert_value(const struct caudit_row *row, enum caudit_row_member member,
                         const char *expected) {
  const struct caudit_row_value *value = &row->values[member];
  if (!expected) {
    assert_int_equal(value->type, CAUDIT_ROW_NULL);
  } else {
    assert_int_equal(value->type, CAUDIT_ROW_TEXT);
    if (!caudit_str_equal(value->text, caudit_str(expected)))
      fail_msg("%s: got %.*s", expected, (int)value->text.len, value->text.data);
  }
}

static void rows_have_their_members(void **state) {
  (void)state;
  static const char raw[] =
      "{\"actionType\":\"WRITE\",\"eventType\":\"ConsoleCall\",\"sensitiveAction\":\"1\","
      "\"userIdentity\":\"{\\\"type\\\":\\\"AssumedRole\\\",\\\"principalId\\\":12.0,"
      "\\\"secretId\\\":"
      "\\\"AKIDx\\\",\\\"sessionContext\\\":{\\\"mfa\\\":0}}\",\"camErrorCode\":3,\"errorMessage\":"
      "\"no\"}";
  struct caudit_work *work = caudit_work_new(NULL);
  struct caudit_event event = event_of(raw);
  struct caudit_row row;
  event.texts[CAUDIT_EVENT_RESOURCE_TYPE] = caudit_str("COS");
  event.texts[CAUDIT_EVENT_USER] = caudit_str("");
  caudit_work_begin(work, CAUDIT_REDACT_SECRETS);
  caudit_event_row(work, &event,
                   caudit_record_read(work, event.texts[CAUDIT_EVENT_RAW], CAUDIT_READ_ALL), &row);
  assert_value(&row, CAUDIT_ROW_ID, "e-1");
  assert_value(&row, CAUDIT_ROW_TIME_ISO, "2026-01-31T08:00:00Z");
  assert_int_equal(row.values[CAUDIT_ROW_TIME].number, 1769846400);
  assert_value(&row, CAUDIT_ROW_USER, NULL);
  assert_value(&row, CAUDIT_ROW_PRODUCT, "cos");
  assert_value(&row, CAUDIT_ROW_ACTION, "write");
  assert_value(&row, CAUDIT_ROW_VIA, "console");
  assert_value(&row, CAUDIT_ROW_USER_TYPE, "role");
  assert_value(&row, CAUDIT_ROW_PRINCIPAL_ID, "12");
  assert_value(&row, CAUDIT_ROW_ACCESS_KEY_ID, "AKIDx");
  assert_value(&row, CAUDIT_ROW_RESULT, "denied");
  assert_value(&row, CAUDIT_ROW_ERROR_CODE, "3");
  assert_value(&row, CAUDIT_ROW_ERROR_MESSAGE, "no");
  assert_int_equal(row.values[CAUDIT_ROW_SENSITIVE].type, CAUDIT_ROW_BOOLEAN);
  assert_int_equal(row.values[CAUDIT_ROW_SENSITIVE].number, 1);
  assert_int_equal(row.values[CAUDIT_ROW_MFA].number, 0);
  event = (struct caudit_event){.has_time = true, .time = 253402300800};
  caudit_event_row(work, &event, NULL, &row);
  assert_value(&row, CAUDIT_ROW_TIME_ISO, NULL);
  assert_value(&row, CAUDIT_ROW_RESULT, "unknown");
  assert_value(&row, CAUDIT_ROW_USER_TYPE, "unknown");
  for (size_t i = 0; i < CAUDIT_ROW_COUNT; i++) assert_true(caudit_row_names[i].len > 0);
  caudit_work_free(work);
}

/* Whatever a record is, the row of what a row takes of it is that of the whole. */
static void a_row_needs_no_more_than_its_members(void **state) {
  (void)state;
  static const char *const records[] = {
      "{\"actionType\":\"Read\",\"userIdentity\":{\"type\":\"Root\",\"secretId\":\"AKIDx\",\"x\":["
      "1]}}",
      "{\"userIdentity\":\"{\\\"sessionContext\\\":{\\\"mfa\\\":true,\\\"y\\\":{}}}\","
      "\"requestID\":\"r\"}",
      "{\"x\":{\"errorCode\":\"Nested\"},\"errorCode\":\"Own\",\"userAgent\":\"a\\u0041\"}",
      "{\"errorMessage\":\"[1,2]\",\"apiErrorMessage\":\"[1,2\",\"resourceName\":{\"mfa\":1}}",
      "{\"x\":1}",
      "{\"x\":null}",
      "{\"x\":[{\"errorCode\":\"E\"}],\"errorCode\":null,\"errorCode\":12.5,\"errorCode\":null}",
      "{}",
      "[{\"errorCode\":\"E\"}]",
      "{\"errorCode\":\"E\",\"x\":}",
      "{\"errorCode\":\"E\",\"x\":[1,{\"y\":2]}",
      "{\"errorCode\":\"E\"",
      "text",
      "",
  };
  struct caudit_work *work = caudit_work_new(NULL);
  for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
    struct caudit_event event = event_of(records[i]);
    struct caudit_str raw = event.texts[CAUDIT_EVENT_RAW];
    struct caudit_row whole, row;
    caudit_work_begin(work, CAUDIT_REDACT_SECRETS);
    caudit_event_row(work, &event, caudit_record_read(work, raw, CAUDIT_READ_ALL), &whole);
    caudit_event_row(work, &event, caudit_record_read(work, raw, CAUDIT_READ_FOR_ROW), &row);
    for (size_t k = 0; k < CAUDIT_ROW_COUNT; k++) {
      const struct caudit_row_value *a = &whole.values[k], *b = &row.values[k];
      if (a->type != b->type || a->number != b->number || !caudit_str_equal(a->text, b->text))
        fail_msg("%s: %s differs", records[i], caudit_row_names[k].data);
    }
  }
  caudit_work_free(work);
}

/* Nested as deep as texts are opened and each text may be: no recursion follows. */
static void the_deepest_record_is_written(void **state) {
  (void)state;
  enum { DEPTH = 255 };
  struct caudit_buf deep;
  caudit_buf_init(&deep, NULL, (size_t)1 << 24);
  for (int layer = 0; layer < 8; layer++) {
    struct caudit_buf outer;
    caudit_buf_init(&outer, NULL, (size_t)1 << 24);
    for (int i = 0; i < DEPTH; i++) caudit_buf_append(&outer, "[", 1);
    if (layer > 0) caudit_json_write_string(&outer, (struct caudit_str){deep.data, deep.len});
    for (int i = 0; i < DEPTH; i++) caudit_buf_append(&outer, "]", 1);
    caudit_buf_free(&deep);
    deep = outer;
  }
  struct caudit_work *work = caudit_work_new(NULL);
  struct caudit_event event = event_of("");
  caudit_work_begin(work, CAUDIT_REDACT_SECRETS);
  event.texts[CAUDIT_EVENT_RAW] = (struct caudit_str){deep.data, deep.len};
  struct caudit_str out = caudit_event_json(work, &event, true, CAUDIT_ROW_DETAIL);
  assert_non_null(out.data);
  size_t open = 0;
  for (size_t i = 0; i < out.len; i++) open += out.data[i] == '[';
  assert_int_equal(open, 8 * DEPTH);
  caudit_buf_free(&deep);
  caudit_work_free(work);
}

static void memory_runs_out(void **state) {
  (void)state;
  static const char raw[] =
      "{\"token\":\"canary-value-1\",\"b\":\"\\u0041\\u007f\xFF\",\"userIdentity\":\"{\\\"type\\\":"
      "\\\"Root\\\",\\\"principalId\\\":1.5}\",\"a\":\"x "
      "canary-value-1\",\"c\":[1,{\"e\":1,\"d\":2}]}";
  for (int onward = 0; onward < 2; onward++) {
    for (long at = 1;; at++) {
      struct failing plan = {.at = at, .onward = onward != 0};
      const struct caudit_allocator allocator = {failing_alloc, &plan};
      struct caudit_work *work = caudit_work_new(&allocator);
      struct caudit_event event = event_of(raw);
      if (work) {
        caudit_work_begin(work, CAUDIT_REDACT_SECRETS);
        struct caudit_str json = caudit_event_json(work, &event, true, CAUDIT_ROW_DETAIL);
        assert_int_equal(json.data == NULL, plan.failed > 0);
        plan.at = 0;
        caudit_work_begin(work, CAUDIT_REDACT_SECRETS);
        json = caudit_event_json(work, &event, true, CAUDIT_ROW_DETAIL);
        assert_false(contains(json, "canary"));
        assert_true(contains(json, "\"user_type\":\"root\""));
      }
      caudit_work_free(work);
      assert_int_equal(plan.blocks, 0);
      if (plan.failed == 0) {
        assert_true(at > 3);
        break;
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(records_are_sorted_and_opened),
      cmocka_unit_test(texts_are_shown),
      cmocka_unit_test(secrets_are_hidden),
      cmocka_unit_test(rows_have_their_members),
      cmocka_unit_test(a_row_needs_no_more_than_its_members),
      cmocka_unit_test(the_deepest_record_is_written),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
