/* JSON strings as they are written: blocks, chunks and the end of the buffer. */
#include "support.h"

/* Texts of every length around the blocks and chunks of the writer, in a buffer that has room, and
 * in one that is full behind the last byte or one byte before it. */
static void long_texts_are_written_byte_by_byte_the_same(void **state) {
  (void)state;
  enum { LONGEST = 2600 };
  static const char *const parts[] = {"\"",   "\\",       "plain",        "x",   "\n",
                                      "\x01", "\xC3\xA9", "\xE4\xB8\xAD", "\x7F"};
  static const char *const written[] = {"\\\"",    "\\\\",     "plain",        "x",   "\\n",
                                        "\\u0001", "\xC3\xA9", "\xE4\xB8\xAD", "\x7F"};
  static char text[LONGEST + 8], expected[6 * LONGEST + 64];
  unsigned seed = 1;
  for (size_t target = 0; target < LONGEST; target += target < 80 ? 1 : 97) {
    size_t len = 0, expected_len = 1;
    expected[0] = '"';
    while (len < target) {
      seed = seed * 1103515245U + 12345U;
      size_t i = (seed >> 16) % (target % 2 ? 9 : 4); /* every other text needs backslashes alone */
      memcpy(text + len, parts[i], strlen(parts[i]));
      len += strlen(parts[i]);
      memcpy(expected + expected_len, written[i], strlen(written[i]));
      expected_len += strlen(written[i]);
    }
    expected[expected_len++] = '"';
    for (size_t less = 0; less < 3; less++) {
      struct caudit_buf out;
      caudit_buf_init(&out, NULL, less == 0 ? SIZE_MAX / 2 : expected_len + 1 - less);
      caudit_json_write_string(&out, (struct caudit_str){text, len});
      assert_int_equal(out.status, less == 2 ? -CAUDIT_QUOTA : 0);
      if (less < 2) {
        assert_int_equal(out.len, expected_len);
        assert_memory_equal(out.data, expected, expected_len);
      }
      caudit_buf_free(&out);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(long_texts_are_written_byte_by_byte_the_same),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
