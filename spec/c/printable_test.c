/* Texts that somebody else wrote, as one printable line of valid UTF-8. */
#include "json_cases.h"
#include "support.h"

static void assert_line(struct caudit_str text, const char *expected) {
  char out[200];
  memset(out, 'x', sizeof out);
  caudit_copy_line(out, sizeof out, text);
  assert_string_equal(out, expected);
}

static void plain_text_stays(void **state) {
  (void)state;
  assert_line(caudit_str("a \xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80 ~"),
              "a \xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80 ~");
  assert_line(caudit_str(NULL), "");
  assert_line(caudit_str("a\tb\r\nc"), "a b  c");
}

static void characters_that_act_are_escaped(void **state) {
  (void)state;
  static const char *const cases[][2] = {{"\x1B[31m", " [31m"},
                                         {"\x7F", " "},
                                         {"\xC2\x80", "\\u0080"},
                                         {"\xC2\x9B", "\\u009b"},
                                         {"\xC2\xA0", "\xC2\xA0"},
                                         {"\xD8\x9C", "\\u061c"},
                                         {"\xE2\x80\x8E", "\\u200e"},
                                         {"\xE2\x80\x8F", "\\u200f"},
                                         {"\xE2\x80\xA8", "\\u2028"},
                                         {"\xE2\x80\xAE", "\\u202e"},
                                         {"\xE2\x80\xAF", "\xE2\x80\xAF"},
                                         {"\xE2\x81\xA6", "\\u2066"},
                                         {"\xE2\x81\xA9", "\\u2069"},
                                         {"\xE2\x81\xAA", "\xE2\x81\xAA"},
                                         {"\xEF\xBB\xBF", "\\ufeff"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_line(caudit_str(cases[i][0]), cases[i][1]);
  assert_line((struct caudit_str){"a\0b", 3}, "a b");
}

static void the_result_is_utf8(void **state) {
  (void)state;
  for (size_t i = 0; i < UTF8_BAD; i++) {
    char out[64];
    caudit_copy_line(out, sizeof out, utf8_bad[i]);
    assert_non_null(strstr(out, "\\x"));
    for (size_t at = 0, len = strlen(out); at < len;) {
      unsigned one = caudit_utf8_len((const unsigned char *)out + at, len - at);
      assert_int_not_equal(one, 0);
      at += one;
    }
  }
}

static void what_does_not_fit_is_cut_between_characters(void **state) {
  (void)state;
  char out[8];
  caudit_copy_line(out, 8, caudit_str("abcdefg"));
  assert_string_equal(out, "abcdefg");
  caudit_copy_line(out, 8, caudit_str("abcdefgh"));
  assert_string_equal(out, "abcdefg");
  caudit_copy_line(out, 8, caudit_str("abcdef\xC3\xA9"));
  assert_string_equal(out, "abcdef");
  caudit_copy_line(out, 8, caudit_str("ab\xC2\x80"));
  assert_string_equal(out, "ab");
  caudit_copy_line(out, 1, caudit_str("a"));
  assert_string_equal(out, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plain_text_stays),
      cmocka_unit_test(characters_that_act_are_escaped),
      cmocka_unit_test(the_result_is_utf8),
      cmocka_unit_test(what_does_not_fit_is_cut_between_characters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
