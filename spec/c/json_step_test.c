/* Single steps of the pull reader: an expected key, skipping, an absent document. */
#include "support.h"

static void an_expected_key(void **state) {
  (void)state;
  struct caudit_json_reader reader;
  struct caudit_json_value value;
  struct caudit_str a = caudit_str("a"), longer = caudit_str("aa");
  struct caudit_str text = caudit_str("[{\"a\":1,\"a\" :2},\"a\"");
  char *copy = exact_copy(text);
  caudit_json_read(&reader, (struct caudit_str){copy, text.len});
  assert_false(caudit_json_key(&reader, a)); /* no object yet */
  assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_ARRAY);
  assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_OBJECT);
  assert_false(caudit_json_key(&reader, longer));
  assert_true(caudit_json_key(&reader, a));
  assert_false(caudit_json_key(&reader, a)); /* a value is due */
  assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_INTEGER);
  assert_false(caudit_json_key(&reader, a)); /* whitespace: left to next */
  assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_KEY);
  assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_INTEGER);
  assert_int_equal(value.magnitude, 2);
  assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_OBJECT_END);
  assert_false(caudit_json_key(&reader, a)); /* in a list */
  assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_STRING);
  assert_false(caudit_json_key(&reader, a)); /* at the end */
  free(copy);
}

static void skip_passes_a_value(void **state) {
  (void)state;
  struct caudit_json_reader reader;
  struct caudit_json_value value;
  caudit_json_read(&reader, caudit_str("{\"a\":[1,{\"b\":[[]]}],\"c\":{},\"d\":5,\"e\":6}"));
  assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_OBJECT);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_KEY);
    assert_true(caudit_json_skip(&reader, caudit_json_next(&reader, &value)));
  }
  assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_KEY);
  assert_true(caudit_str_equal(value.text, caudit_str("e")));
  assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_INTEGER);
  assert_int_equal(value.magnitude, 6);

  caudit_json_read(&reader, caudit_str("[[1,[2,]]]"));
  assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_ARRAY);
  assert_false(caudit_json_skip(&reader, caudit_json_next(&reader, &value)));
  assert_non_null(reader.problem);
  caudit_json_read(&reader, caudit_str("]"));
  assert_false(caudit_json_skip(&reader, caudit_json_next(&reader, &value)));
}

static void an_absent_document_is_empty(void **state) {
  (void)state;
  struct caudit_json_reader reader;
  struct caudit_json_value value;
  caudit_json_read(&reader, caudit_str(NULL));
  assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_ERROR);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_expected_key),
      cmocka_unit_test(skip_passes_a_value),
      cmocka_unit_test(an_absent_document_is_empty),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
