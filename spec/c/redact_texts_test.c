/* Redacting texts that are nearly JSON, forms or headers. */
#include "core/work.h"
#include "support.h"

static void assert_redacted(struct caudit_str text, struct caudit_str expected) {
  struct caudit_work *work = caudit_work_new(NULL);
  char *copy = exact_copy(text);
  caudit_work_begin(work, CAUDIT_REDACT_SECRETS);
  struct caudit_str clean =
      caudit_redact_found(work, caudit_redact_values(work, (struct caudit_str){copy, text.len}));
  assert_int_equal(caudit_work_status(work), 0);
  if (!caudit_str_equal(clean, expected))
    fail_msg("got  %.*s\nwant %.*s", (int)clean.len, clean.data, (int)expected.len, expected.data);
  caudit_work_free(work);
  free(copy);
}

struct redacted {
  const char *text, *expected;
};

static void assert_all(const struct redacted *cases, size_t count) {
  for (size_t i = 0; i < count; i++)
    assert_redacted(caudit_str(cases[i].text), caudit_str(cases[i].expected));
}

static void names_have_escapes(void **state) {
  (void)state;
  static const struct redacted cases[] = {
      {"x%2dtoken=c", "x%2dtoken=[redacted]"},
      {"%74%6F%6b%65%6E=c", "%74%6F%6b%65%6E=[redacted]"},
      {"tok%4fen%2=c", "tok%4fen%2=c"},
      {"%token=c", "%token=[redacted]"},
      {"%zztoken=c", "%zztoken=[redacted]"},
      {"%4ztoken=c", "%4ztoken=[redacted]"},
      {"%4:token=c", "%4:token=[redacted]"},
      {"%4`=token%=c", "%4`=token%=c"},
      {"%4@token%4=c", "%4@token%4=c"},
      {"\\u0054\\u006F\\u006b\\u0065\\u006E=c", "\\u0054\\u006F\\u006b\\u0065\\u006E=[redacted]"},
      {"\\u00token=c", "\\u00token=[redacted]"},
      {"\\u01token=c", "\\u01token=[redacted]"},
      {"token\\u00=c", "token\\u00=c"},
      {"tok\\en=c", "tok\\en=[redacted]"},
      {"token\\\\=c", "token\\\\=[redacted]"},
      {"\\u0074oken\\\\\" : c", "\\u0074oken\\\\\" : [redacted]"},
      {"a_-.token=c", "a_-.token=[redacted]"},
      {"0z9Ztoken=c", "0z9Ztoken=[redacted]"},
      {"x{token@=c", "x{token@=c"},
      {"token[=c", "token[=c"},
      {"token`=c :=", "token`=c :="},
      {"=c", "=c"},
      {"\"'\\ =c", "\"'\\ =c"},
      {"token\" ' \\=c", "token\" ' \\=[redacted]"},
  };
  assert_all(cases, sizeof cases / sizeof cases[0]);
  assert_redacted((struct caudit_str){"\0token=c\0d e", 12},
                  (struct caudit_str){"\0token=[redacted] e", 19});
}

/* A name is looked for in 64 bytes before its separator. */
static void names_end_before_their_separators(void **state) {
  (void)state;
  for (int blanks = 50; blanks < 75; blanks++) {
    char text[100], expected[100];
    (void)snprintf(text, sizeof text, "token%*s=c", blanks, "");
    (void)snprintf(expected, sizeof expected, "token%*s=%s", blanks, "",
                   64 - blanks >= 5 ? "[redacted]" : "c");
    assert_redacted(caudit_str(text), caudit_str(expected));
  }
  for (int letters = 50; letters < 75; letters++) {
    char text[100], expected[100], fill[80] = "";
    memset(fill, 'n', (size_t)letters);
    (void)snprintf(text, sizeof text, "%stoken=c", fill);
    (void)snprintf(expected, sizeof expected, "%stoken=[redacted]", fill);
    assert_redacted(caudit_str(text), caudit_str(expected));
    (void)snprintf(text, sizeof text, "password_%s=c", fill);
    assert_redacted(caudit_str(text), caudit_str(text));
  }
}

static void values_have_ends(void **state) {
  (void)state;
  static const struct redacted cases[] = {
      {"token=", "token="},
      {"token: \t", "token: \t"},
      {"token=\\", "token=[redacted]"},
      {"token=\"", "token=\""},
      {"token='", "token='"},
      {"token=''x", "token=''x"},
      {"token=\"\"x", "token=\"\"x"},
      {"token=\t c", "token=\t [redacted]"},
      {"token=\"c", "token=\"[redacted]"},
      {"token='c d", "token='[redacted]"},
      {"token=\\\"c\\\\\\\"d\\\"e", "token=\\\"[redacted]\\\"e"},
      {"token=c;d", "token=[redacted];d"},
      {"token=c,d", "token=[redacted],d"},
      {"token=c<d", "token=[redacted]<d"},
      {"token=c}d", "token=[redacted]}d"},
      {"token=c]d", "token=[redacted]]d"},
      {"token=c\vd", "token=[redacted]\vd"},
      {"Cookie: a; b, c\nd", "Cookie: [redacted]\nd"},
      {"Cookie=a; b", "Cookie=[redacted]; b"},
      {"token=[redact", "token=[redacted]"},
      {"token=[redacted]x", "token=[redacted]x"},
      {"token=AKIDabc&x", "token=AKIDabc&x"},
      {"token=AKIDa.b&x", "token=[redacted]&x"},
      {"token=AKIDa@b[`{", "token=[redacted]"},
      {"token=a&token=b", "token=[redacted]&token=[redacted]"},
  };
  assert_all(cases, sizeof cases / sizeof cases[0]);
}

static void schemes_stand_without_names(void **state) {
  (void)state;
  static const struct redacted cases[] = {
      {" ", " "},
      {"Bearer ", "Bearer "},
      {"bearer     abcdefgh", "bearer     [redacted]"},
      {"bearer abcdefg", "bearer abcdefg"},
      {"bearer @abcdefgh", "bearer @abcdefgh"},
      {"earer abcdefgh", "earer abcdefgh"},
      {"Basic YWJj+/==.x", "Basic [redacted].x"},
      {"Bearer a-._~+/=z, bearer z=/+~_.-a", "Bearer [redacted], bearer [redacted]"},
      {"bearer bearer abcdefgh", "bearer bearer abcdefgh"},
  };
  assert_all(cases, sizeof cases / sizeof cases[0]);
}

static void nearly_json(void **state) {
  (void)state;
  static const struct redacted cases[] = {
      {"\t{\"token\":\"c\"}", "\t{\"token\":\"[redacted]\"}"},
      {"\r[{\"token\":\"c\"}]", "\r[{\"token\":\"[redacted]\"}]"},
      {"\n {\"token\":\"c\"} \t", "\n {\"token\":\"[redacted]\"} \t"},
      {"[{\"token\":-5},{\"token\":+5},{\"token\":1E+5}]",
       "[{\"token\":\"[redacted]\"},{\"token\":+5},{\"token\":\"[redacted]\"}]"},
      {"[{\"token\":Nan},{\"token\":.5},{\"token\":zZaA}]",
       "[{\"token\":Nan},{\"token\":.5},{\"token\":zZaA}]"},
      {"{\"token\":\"c\"} x", "{\"token\":\"[redacted]\"} x"},
      {"{\"token\":\"c\",}", "{\"token\":\"[redacted]\",}"},
      {"{\"token\":\"c\"", "{\"token\":\"[redacted]\""},
      {"{\"token\":@}", "{\"token\":[redacted]}"},
      {"{\"token\":{", "{\"token\":[redacted]"},
      {"{\"token\" \"c\"}", "{\"token\" \"c\"}"},
      {"{token:\"c\"}", "{token:\"[redacted]\"}"},
      {"[\"\\t\\r\\n\\\"\\\\\\u0001token=c\"]", "[\"\\t\\r\\n\\\"\\\\\\u0001token=[redacted]\"]"},
      {"[\"\\u001f\\u00e9 token=c\\u007f\"]", "[\"\\u001f\xC3\xA9 token=[redacted]\"]"},
      {"[\"\\x token=c\"]", "[\"\\\\x token=[redacted]\"]"},
      {"{\"\\x\":1,\"to\\u00zzken\":\"c\"}", "{\"\\x\":1,\"to\\u00zzken\":\"c\"}"},
      /* Looking ahead for the name of a pair. */
      {"{\"Value\":\"c\"", "{\"Value\":\"c\""},
      {"{\"Value\":", "{\"Value\":"},
      {"{\"Value\":\"c", "{\"Value\":\"c"},
      {"{\"Value\":[\"c", "{\"Value\":[\"c"},
      {"{\"Value\":\"c\",Key:\"token\"}", "{\"Value\":\"c\",Key:\"token\"}"},
      {"{\"Value\":\"c\",\"Key\":\"token", "{\"Value\":\"c\",\"Key\":\"token"},
      {"{\"Value\":\"c\",\"x\":1 2,\"Key\":\"token\"}",
       "{\"Value\":\"c\",\"x\":1 2,\"Key\":\"token\"}"},
      {"{\"Value\":12,\"Key\":\"token\"}", "{\"Value\":\"[redacted]\",\"Key\":\"token\"}"},
      {"{\"Value\":true,\"Key\":\"token\"}", "{\"Value\":true,\"Key\":\"token\"}"},
      {"{\"Value\":1.5\r\n,\t\"Key\" : \"token\"}",
       "{\"Value\":\"[redacted]\"\r\n,\t\"Key\" : \"token\"}"},
      {"{\"Value\":[{\"a\":1},\"b\"],\"Key\":\"token\"}",
       "{\"Value\":[{\"a\":\"[redacted]\"},\"[redacted]\"],\"Key\":\"token\"}"},
      {"{\"Key\":\"token\",\"Key\":\"x\",\"Value\":\"c\"}",
       "{\"Key\":\"token\",\"Key\":\"x\",\"Value\":\"[redacted]\"}"},
      {"{\"Key\":\"x\",\"Name\":\"token\",\"Value\":\"c\"}",
       "{\"Key\":\"x\",\"Name\":\"token\",\"Value\":\"[redacted]\"}"},
  };
  assert_all(cases, sizeof cases / sizeof cases[0]);
}

/* Looking ahead costs the square of the length here: after too much of it every value counts as a
 * secret, and until then none does. */
static void looking_ahead_is_bounded(void **state) {
  (void)state;
  static const struct {
    int depth;
    const char *value;
  } cases[] = {{3, "c"}, {100, "[redacted]"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[2048] = "", expected[2048];
    for (int k = 0; k < cases[i].depth; k++) strcat(text, "{\"Value\":");
    memcpy(expected, text, strlen(text) + 1);
    strcat(text, "\"c\"");
    (void)snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "\"%s\"",
                   cases[i].value);
    for (int k = 0; k < cases[i].depth; k++) strcat(text, "}"), strcat(expected, "}");
    assert_redacted(caudit_str(text), caudit_str(expected));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_have_escapes), cmocka_unit_test(names_end_before_their_separators),
      cmocka_unit_test(values_have_ends),   cmocka_unit_test(schemes_stand_without_names),
      cmocka_unit_test(nearly_json),        cmocka_unit_test(looking_ahead_is_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
