/* The first words of bodies that are not JSON: enough to know what answered, nothing secret. */
#include "support.h"

static void assert_excerpt(const char *body, const char *expected) {
  char out[CAUDIT_EXCERPT + 1];
  char *copy = exact_copy(caudit_str(body));
  size_t len = caudit_excerpt(out, (struct caudit_str){copy, strlen(body)});
  assert_true(len <= CAUDIT_EXCERPT);
  out[len] = '\0';
  assert_string_equal(out, expected);
  free(copy);
}

static void short_bodies_are_shown_whole(void **state) {
  (void)state;
  assert_excerpt("", "");
  assert_excerpt(" \n", "");
  assert_excerpt("502 Bad Gateway\r\n", "502 Bad Gateway");
  assert_excerpt("<html><body>502 Bad\tGateway</body></html>",
                 "<html><body>502 Bad Gateway</body></html>");
  assert_excerpt("NaN", "NaN");
  assert_excerpt("caf\xE9 \x1B[1m", "caf\\xe9 [1m");
}

static void of_html_the_text_is_shown(void **state) {
  (void)state;
  assert_excerpt(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><!-- a > comment --><meta charset=\"utf-8\">"
      "<SCRIPT>var a = '<p>';</script><style>p { color: red }</style>"
      "<title>Hotel WiFi</title></head><body><h1>Please log in</h1></body></html>",
      "Hotel WiFi Please log in");
  assert_excerpt(
      "<html><head><title>An error occurred while processing your request, which was so long that "
      "it is cut",
      "An error occurred while processing your request, which was so long that it\xE2\x80\xA6");
  assert_excerpt("<html>                                                                        <",
                 "");
  assert_excerpt(
      "<!-- a comment that is never closed, and that is longer than what an excerpt may hold", "");
}

static void a_long_word_is_cut(void **state) {
  (void)state;
  char body[400], expected[100] = "";
  for (int i = 0; i < 399; i += 3) memcpy(body + i, "\xE4\xB8\xAD", 4);
  for (int i = 0; i < 25; i++) strcat(expected, "\xE4\xB8\xAD");
  strcat(expected, "\xE2\x80\xA6");
  assert_excerpt(body, expected);
}

static void the_excerpt_ends_before_a_secret(void **state) {
  (void)state;
  static const char *const secrets[] = {"token=x",
                                        "\"Token\":\"x\"",
                                        "\"token\" : \"x\"",
                                        "secret_key = x",
                                        "X-TC-Token: x",
                                        "Authorization: x",
                                        "Bearer x",
                                        "Basic x",
                                        "password:x",
                                        "PWD=x",
                                        "http://user:hun2@proxy/",
                                        "AKIDabc",
                                        "abcdefgh12345678",
                                        "abcdefghijKLMNOPQRST",
                                        "/path/abcdefgh-1234567/",
                                        "a=b&signature=x",
                                        "name=\"csrf-token\" content=\"x",
                                        "Set-Cookie: x",
                                        "sessionid=x"};
  for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
    char body[100], expected[100];
    (void)snprintf(body, sizeof body, "Denied: %s", secrets[i]);
    (void)snprintf(expected, sizeof expected, "Denied:\xE2\x80\xA6");
    assert_excerpt(body, expected);
  }
  assert_excerpt("{Token: x}", "\xE2\x80\xA6");
  assert_excerpt("Enter your password to continue at login.hotel-wifi-2.example",
                 "Enter your password to continue at login.hotel-wifi-2.example");
  assert_excerpt("http://proxy.example/ an-abcdefghijklmnopqrstuvwxyz",
                 "http://proxy.example/ an-abcdefghijklmnopqrstuvwxyz");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(short_bodies_are_shown_whole),
      cmocka_unit_test(of_html_the_text_is_shown),
      cmocka_unit_test(a_long_word_is_cut),
      cmocka_unit_test(the_excerpt_ends_before_a_secret),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
