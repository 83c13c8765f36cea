/* Error structs: names of kinds and outcomes, and texts truncated between characters. */
#include "core/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void kinds_have_names(void **state) {
  (void)state;
#define SAME_BOTH_WAYS(name, text)                                                                 \
  assert_string_equal(caudit_kind_name(CAUDIT_##name), text);                                      \
  assert_int_equal(caudit_kind_of(caudit_str(text)), CAUDIT_##name);
  CAUDIT_KINDS(SAME_BOTH_WAYS)
#undef SAME_BOTH_WAYS
  assert_string_equal(caudit_kind_name(CAUDIT_OK), "ok");
  assert_string_equal(caudit_kind_name((enum caudit_kind)99), "ok");
  assert_int_equal(caudit_kind_of(caudit_str("unknown")), CAUDIT_OK);
  assert_int_equal(caudit_kind_of(caudit_str("time")), CAUDIT_OK);
  assert_int_equal(caudit_kind_of(caudit_str(NULL)), CAUDIT_OK);
}

static void outcomes_have_names(void **state) {
  (void)state;
  assert_string_equal(caudit_outcome_name(CAUDIT_NOT_SENT), "not_sent");
  assert_string_equal(caudit_outcome_name(CAUDIT_REJECTED), "rejected");
  assert_string_equal(caudit_outcome_name(CAUDIT_UNKNOWN), "unknown");
}

static void strings_compare_by_bytes(void **state) {
  (void)state;
  struct caudit_str nul = {"a\0b", 3};
  struct caudit_str other = {"a\0c", 3};
  assert_true(caudit_str_equal(nul, nul));
  assert_false(caudit_str_equal(nul, other));
  assert_false(caudit_str_equal(nul, caudit_str("a")));
  assert_true(caudit_str_equal(caudit_str(NULL), caudit_str("")));
  assert_null(caudit_str(NULL).data);
}

static void fail_clears_and_fills(void **state) {
  (void)state;
  struct caudit_error err;
  memset(&err, 0xAA, sizeof err);
  assert_int_equal(caudit_fail(&err, CAUDIT_QUOTA, "%s: %d left", "tracks", 0), -CAUDIT_QUOTA);
  assert_int_equal(err.kind, CAUDIT_QUOTA);
  assert_int_equal(err.outcome, CAUDIT_NOT_SENT);
  assert_string_equal(err.message, "tracks: 0 left");
  assert_string_equal(err.code, "");
  assert_string_equal(err.request_id, "");
  assert_string_equal(err.field, "");
  assert_int_equal(err.http_status, 0);
  assert_int_equal(err.attempts, 0);
  assert_false(err.retryable);
  assert_int_equal(caudit_fail(NULL, CAUDIT_TLS, "nobody listens"), -CAUDIT_TLS);
}

/* A message of size-1 bytes fits; a longer one is truncated before a split character. */
static void long_messages_keep_whole_characters(void **state) {
  (void)state;
  struct caudit_error err;
  char text[sizeof err.message + 8];
  const char *const characters[] = {"x", "\xC3\xA9", "\xE6\x9C\xAA", "\xF0\x9F\x98\x80"};
  for (size_t i = 0; i < sizeof characters / sizeof characters[0]; i++) {
    size_t width = strlen(characters[i]);
    for (size_t shift = 0; shift <= width; shift++) {
      size_t before = sizeof err.message - 1 - shift;
      memset(text, '.', before);
      memcpy(text + before, characters[i], width + 1);
      caudit_fail(&err, CAUDIT_SERVER, "%s", text);
      size_t expected = shift >= width ? before + width : before;
      assert_int_equal(strlen(err.message), expected);
      assert_memory_equal(err.message, text, expected);
    }
  }
}

static void copied_text_keeps_whole_characters(void **state) {
  (void)state;
  char out[5];
  caudit_copy_text(out, sizeof out, caudit_str("ab"));
  assert_string_equal(out, "ab");
  caudit_copy_text(out, sizeof out, caudit_str("abcd"));
  assert_string_equal(out, "abcd");
  caudit_copy_text(out, sizeof out, caudit_str("abc\xC3\xA9"));
  assert_string_equal(out, "abc");
  caudit_copy_text(out, sizeof out, caudit_str("ab\xC3\xA9z"));
  assert_string_equal(out, "ab\xC3\xA9");
  caudit_copy_text(out, sizeof out, caudit_str(NULL));
  assert_string_equal(out, "");
}

static void bytes_that_are_not_utf8(void **state) {
  (void)state;
  char out[5];
  caudit_copy_text(out, sizeof out, caudit_str("\x80\x80\x80\x80\x80"));
  assert_string_equal(out, "\x80\x80\x80\x80");
  caudit_copy_text(out, sizeof out, caudit_str("a\x80\x80\x80\x80"));
  assert_string_equal(out, "a\x80\x80\x80");
}

static void places_are_prepended(void **state) {
  (void)state;
  struct caudit_error err;
  char long_name[200];
  caudit_fail(&err, CAUDIT_VALIDATION, "wrong");
  caudit_error_at(&err, "", 2);
  caudit_error_at(&err, "EventNames", 0);
  caudit_error_at(&err, "ResourceFields", 40);
  caudit_error_owned(&err, "CreateEventsAuditTrack");
  assert_string_equal(err.field, "ResourceFields[40].EventNames[2]");
  assert_string_equal(err.message,
                      "CreateEventsAuditTrack.ResourceFields[40].EventNames[2]: wrong");
  assert_string_equal(err.message + err.text_at, "wrong");
  memset(long_name, 'n', sizeof long_name - 1);
  long_name[sizeof long_name - 1] = '\0';
  caudit_error_at(&err, long_name, 0);
  assert_int_equal(strlen(err.field), sizeof err.field - 1);
  for (int i = 0; i < 10; i++) caudit_error_owned(&err, long_name);
  assert_int_equal(strlen(err.message), sizeof err.message - 1);
  assert_int_equal(err.text_at, sizeof err.message - 1);
  caudit_fail(&err, CAUDIT_VALIDATION, "wrong");
  caudit_error_owned(&err, "owner");
  assert_string_equal(err.message, "owner: wrong");
  assert_string_equal(err.message + err.text_at, "wrong");
  caudit_error_at(NULL, "nobody", 1);
  caudit_error_owned(NULL, "nobody");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kinds_have_names),
      cmocka_unit_test(outcomes_have_names),
      cmocka_unit_test(strings_compare_by_bytes),
      cmocka_unit_test(fail_clears_and_fills),
      cmocka_unit_test(long_messages_keep_whole_characters),
      cmocka_unit_test(copied_text_keeps_whole_characters),
      cmocka_unit_test(bytes_that_are_not_utf8),
      cmocka_unit_test(places_are_prepended),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
