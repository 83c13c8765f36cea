/* Every error code: kind, outcome, and whether a retry follows. The table is
 * spec/fixtures/outcomes.txt. */
#include "call_support.h"

struct row {
  char code[64], kind[16], outcome[16], again[8];
  bool of_the_model;
};

static struct row rows[128];
static size_t row_count;

static void read_rows(void) {
  struct caudit_str text = read_file(FIXTURES "/outcomes.txt");
  for (const char *at = text.data, *end = at + text.len; at < end;) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    assert_non_null(stop);
    char line[128];
    struct row *row = &rows[row_count];
    assert_true((size_t)(stop - at) < sizeof line);
    memcpy(line, at, (size_t)(stop - at));
    line[stop - at] = '\0';
    at = stop + 1;
    if (line[0] == '#' || line[0] == '\0') continue;
    if (sscanf(line, "%63s %15s %15s %7s", row->code, row->kind, row->outcome, row->again) != 4)
      fail_msg("not four words: %s", line);
    assert_true(++row_count < sizeof rows / sizeof rows[0]);
  }
  free((void *)(uintptr_t)text.data);
}

/* Whether the table's word, such as `again`, applies to a call that reads or writes. */
static bool is_sent_again(const struct row *row, bool writes) {
  return strcmp(row->again, "no") != 0 && !(writes && strcmp(row->again, "reads") == 0);
}

static void kind_and_outcome_of_each_code_are_in_the_table(void **state) {
  (void)state;
  for (size_t i = 0; i < row_count; i++) {
    for (int writes = 0; writes < 2; writes++) {
      const struct row *row = &rows[i];
      struct caudit_error err;
      struct caudit_response response = refusal(row->code);
      int status = caudit_response_error(&response, writes, &err);
      assert_int_equal(status, -(int)err.kind);
      if (strcmp(caudit_kind_name(err.kind), row->kind) != 0 ||
          strcmp(caudit_outcome_name(err.outcome), row->outcome) != 0 ||
          err.retryable != is_sent_again(row, writes))
        fail_msg("%s: %s, %s, retryable %d", row->code, caudit_kind_name(err.kind),
                 caudit_outcome_name(err.outcome), err.retryable);
      assert_string_equal(err.code, row->code);
      response.status = 502;
      assert_int_equal(caudit_response_error(&response, writes, &err), status);
      assert_int_equal(err.outcome, CAUDIT_UNKNOWN);
      assert_false(writes && err.retryable);
    }
  }
}

/* The reaction of the state machine to a first response with that code. */
static const char *what_follows(struct bench *bench, const char *code, bool writes, int status) {
  begin(bench, writes);
  assert_int_equal(next(bench), CAUDIT_SEND);
  struct caudit_response response = refusal(code);
  response.status = status;
  response.date = caudit_str("Wed, 04 Jan 2023 11:45:01 GMT");
  receive(bench, response);
  switch (next(bench)) {
  case CAUDIT_WAIT:
    return "yes";
  case CAUDIT_SEND:
    return "clock";
  case CAUDIT_REFRESH:
    return "token";
  case CAUDIT_DONE:
    break;
  }
  assert_int_equal(caudit_call_error(bench->call)->attempts, 1);
  return "no";
}

static void retries_of_each_code_are_in_the_table(void **state) {
  (void)state;
  for (size_t i = 0; i < row_count; i++) {
    for (int writes = 0; writes < 2; writes++) {
      struct bench bench;
      const char *expected = rows[i].again;
      if (strcmp(expected, "reads") == 0) expected = writes ? "no" : "yes";
      bench_open(&bench, NULL);
      const char *got = what_follows(&bench, rows[i].code, writes, 200);
      if (strcmp(got, expected) != 0) fail_msg("%s: %s", rows[i].code, got);
      if (writes) assert_string_equal(what_follows(&bench, rows[i].code, true, 500), "no");
      bench_close(&bench);
    }
  }
}

static void mark(struct caudit_str code) {
  for (size_t i = 0; i < row_count; i++) {
    if (!caudit_str_equal(code, caudit_str(rows[i].code))) continue;
    rows[i].of_the_model = true;
    return;
  }
  fail_msg("not in the table: %.*s", (int)code.len, code.data);
}

static void the_table_has_every_code_of_the_model(void **state) {
  (void)state;
  size_t count, codes = 0, marked = 0;
  const struct caudit_action *actions = caudit_actions(&count);
  for (size_t i = 0; i < count; i++) {
    if (strcmp(actions[i].service->name, "cloudaudit") != 0) continue;
    for (const char *const *code = actions[i].error_codes; *code; code++) mark(caudit_str(*code));
  }

  struct caudit_str text = read_file(FIXTURES "/model.json");
  struct caudit_json_reader reader;
  struct caudit_json_value value;
  enum caudit_token token;
  caudit_json_read(&reader, text);
  while ((token = caudit_json_next(&reader, &value)) != CAUDIT_JSON_END) {
    assert_int_not_equal(token, CAUDIT_JSON_ERROR);
    if (token != CAUDIT_JSON_KEY || !caudit_str_equal(value.text, caudit_str("error_codes")))
      continue;
    assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_ARRAY);
    for (; caudit_json_next(&reader, &value) == CAUDIT_JSON_STRING; codes++) mark(value.text);
  }
  free((void *)(uintptr_t)text.data);
  for (size_t i = 0; i < row_count; i++) marked += rows[i].of_the_model;
  assert_int_equal(marked, 42);
  assert_true(codes > marked);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kind_and_outcome_of_each_code_are_in_the_table),
      cmocka_unit_test(retries_of_each_code_are_in_the_table),
      cmocka_unit_test(the_table_has_every_code_of_the_model),
  };
  read_rows();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
