/* The head of a response: lines, trimming, names in any case, and headers that are repeated. */
#include "call_support.h"

static struct caudit_response response_of(const char *head) {
  struct caudit_response response = refusal("AuthFailure.SignatureExpire");
  caudit_response_read_head(&response, caudit_str(head));
  return response;
}

static void assert_value(struct caudit_str value, const char *expected) {
  if ((value.data != NULL) != (expected != NULL) || !caudit_str_equal(value, caudit_str(expected)))
    fail_msg("%.*s instead of %s", (int)value.len, value.data ? value.data : "",
             expected ? expected : "nothing");
}

static void names_in_any_case_and_values_trimmed(void **state) {
  (void)state;
  struct caudit_response response = response_of(
      "HTTP/1.1 200 OK: Age: 7\r\ndAtE:Wed, 04 Jan 2023 11:45:02 GMT\r\nAGE: \t 7 \t\r\n"
      "retry-After:5\nX-Date: x\r\nDates: y\r\nEra: z\r\nX-Request-Id: q\r\n"
      "Content-Encoding:\r\n\r\n");
  assert_value(response.date, "Wed, 04 Jan 2023 11:45:02 GMT");
  assert_value(response.age, "7");
  assert_value(response.retry_after, "5");
  assert_value(response.content_encoding, "");
  response = response_of("");
  assert_value(response.date, NULL);
  assert_value(response.age, NULL);
  caudit_response_read_head(&response, caudit_str(NULL));
  assert_value(response.content_encoding, NULL);
}

/* Every prefix in a block of the exact size: nothing is read beyond the end. */
static void truncated_heads(void **state) {
  (void)state;
  static const char whole[] = "HTTP/1.1 200 OK\r\nAge: 12\r\nRetry-After: 5\r\n";
  for (size_t len = 0; len < sizeof whole; len++) {
    struct caudit_response response = {0};
    struct caudit_str head = {whole, len};
    char *copy = exact_copy(head);
    head.data = copy;
    caudit_response_read_head(&response, head);
    assert_int_equal(response.age.data != NULL, len >= 21);
    assert_int_equal(response.retry_after.data != NULL, len >= 38);
    free(copy);
  }
}

static void lines_that_are_not_headers(void **state) {
  (void)state;
  struct caudit_str name, value,
      head = caudit_str("HTTP/1.1 200 OK: x\r\n folded: 1\r\n\tfolded: 2\r\nnothing\r\n: empty\r\n"
                        "Some name: 3\r\nLast: a: b");
  assert_true(caudit_head_next(&head, &name, &value));
  assert_value(name, "Last");
  assert_value(value, "a: b");
  assert_false(caudit_head_next(&head, &name, &value));
}

static void a_repeated_header_is_present_without_a_usable_value(void **state) {
  (void)state;
  static const char date[] = "Date: Wed, 04 Jan 2023 11:45:02 GMT\r\n";
  char head[200];
  int64_t seconds;
  struct caudit_response response = response_of(date);
  assert_true(caudit_response_time(&response, &seconds));
  (void)snprintf(head, sizeof head, "%s%s%s", date, date, date);
  response = response_of(head);
  assert_non_null(response.date.data);
  assert_false(caudit_response_time(&response, &seconds));
  (void)snprintf(head, sizeof head, "%sAge: 0\r\nage: 0\r\n", date);
  response = response_of(head);
  assert_false(caudit_response_time(&response, &seconds));
  response = success();
  caudit_response_read_head(&response, caudit_str("Content-Encoding: identity\r\n"));
  assert_int_equal(caudit_response_error(&response, true, NULL), 0);
  caudit_response_read_head(&response, caudit_str("Content-Encoding: identity\r\n"));
  assert_int_equal(caudit_response_error(&response, true, NULL), -CAUDIT_PROTOCOL);
}

/* With one Date the clock is corrected, with two it is not. */
static void two_dates_do_not_correct_the_clock(void **state) {
  (void)state;
  static const char one[] = "HTTP/1.1 200 OK\r\nDate: Wed, 04 Jan 2023 11:45:02 GMT\r\n\r\n";
  static const char two[] = "HTTP/1.1 200 OK\r\nDate: Wed, 04 Jan 2023 11:45:02 GMT\r\n"
                            "date: Wed, 04 Jan 2023 11:45:02 GMT\r\n\r\n";
  struct bench bench;
  bench_open(&bench, NULL);
  begin(&bench, true);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  receive(&bench, response_of(two));
  failed_with(&bench, CAUDIT_AUTH, CAUDIT_REJECTED);
  assert_int_equal(bench.client->clock_offset_ms, 0);
  begin(&bench, true);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  receive(&bench, response_of(one));
  assert_int_equal(next(&bench), CAUDIT_SEND);
  assert_int_not_equal(bench.client->clock_offset_ms, 0);
  bench_close(&bench);
}

static void headers_may_be_set_one_by_one(void **state) {
  (void)state;
  struct caudit_response response = {0};
  assert_true(caudit_response_add_header(&response, caudit_str("AGE"), caudit_str("1")));
  assert_false(caudit_response_add_header(&response, caudit_str("age"), caudit_str("1")));
  assert_false(caudit_response_add_header(&response, caudit_str("Server"), caudit_str("x")));
  assert_value(response.age, "?");
  assert_value(response.date, NULL);
}

/* Every byte in every place of a line. */
static void lines_that_a_strict_reader_accepts(void **state) {
  (void)state;
  static const char names[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz";
  for (unsigned c = 0; c < 256; c++) {
    char text[] = {(char)c, ':', (char)c};
    bool name = c != 0 && strchr(names, (int)c), control = c < 0x20 || c == 0x7F;
    assert_int_equal(caudit_is_field_name((struct caudit_str){text, 1}), name);
    assert_int_equal(caudit_is_plain((struct caudit_str){text, 1}), !control);
    assert_int_equal(caudit_is_field_line((struct caudit_str){text, 2}), name);
    assert_int_equal(caudit_is_field_line((struct caudit_str){text, 1}), false);
    text[0] = 'X';
    assert_int_equal(caudit_is_field_line((struct caudit_str){text, 3}), !control || c == '\t');
  }
  assert_false(caudit_is_field_name(caudit_str("")));
  assert_true(caudit_is_plain(caudit_str("")));
  assert_false(caudit_is_field_line(caudit_str(":")));
  assert_false(caudit_is_field_line(caudit_str("")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_in_any_case_and_values_trimmed),
      cmocka_unit_test(truncated_heads),
      cmocka_unit_test(lines_that_are_not_headers),
      cmocka_unit_test(a_repeated_header_is_present_without_a_usable_value),
      cmocka_unit_test(two_dates_do_not_correct_the_clock),
      cmocka_unit_test(headers_may_be_set_one_by_one),
      cmocka_unit_test(lines_that_a_strict_reader_accepts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
