/* The corpus read by llhttp: it agrees with the codec, or the row says what it does instead, and
 * why that is not followed. */
#include "../fuzz/llhttp_reader.h"
#include "http1_cases.h"

static const char *outcome_of(const struct http1_case *row) {
  if (caudit_str_equal(row->outcome, caudit_str("refused"))) return "refused";
  return caudit_str_equal(row->outcome, caudit_str("cut")) ? "cut" : "read";
}

static void read_case(const struct http1_case *row) {
  static const char *const names[] = {"read", "cut", "refused"};
  struct llhttp_reading reading;
  const char *outcome = names[llhttp_read(&reading, row->bytes, row->method.data != NULL)];
  const char *own = outcome_of(row);
  struct caudit_str body = {reading.body.data, reading.body.len};
  struct caudit_str wanted = row->llhttp.data ? row->llhttp : caudit_str(own);
  if (!caudit_str_equal(wanted, caudit_str(outcome)))
    fail_msg("%.*s: llhttp: %s (%.*s)", (int)row->name.len, row->name.data, outcome, (int)body.len,
             body.data ? body.data : "");
  if (strcmp(outcome, "read") == 0 && !row->llhttp.data) {
    assert_int_equal(reading.status, row->status);
    assert_true(caudit_str_equal(body, row->body));
    if (caudit_str_equal(row->outcome, caudit_str("keep"))) assert_true(reading.keep);
  } else if (row->llhttp_body.data) {
    assert_true(caudit_str_equal(body, row->llhttp_body));
  }
  caudit_buf_free(&reading.body);
}

static void the_corpus(void **state) {
  (void)state;
  assert_true(http1_each_case(read_case) > 200);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_corpus)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
