/* Redacting texts: names, JSON, other texts, values found elsewhere; memory that runs out. The same
 * over hostile texts, against another implementation, is in spec/binding/redact_spec.lua. */
#include "core/work.h"
#include "failing.h"

static struct caudit_work *begin(enum caudit_redact_level level) {
  struct caudit_work *work = caudit_work_new(NULL);
  assert_non_null(work);
  caudit_work_begin(work, level);
  return work;
}

static void assert_str(struct caudit_str found, const char *expected) {
  if (found.len != strlen(expected) || memcmp(found.data, expected, found.len) != 0)
    fail_msg("got  %.*s\nwant %s", (int)found.len, found.data, expected);
}

static bool contains(struct caudit_str text, const char *part) {
  size_t len = strlen(part);
  for (size_t i = 0; i + len <= text.len; i++)
    if (memcmp(text.data + i, part, len) == 0) return true;
  return false;
}

/* What becomes of a text in a block of the exact size. */
static void assert_redacted(enum caudit_redact_level level, const char *text,
                            const char *expected) {
  struct caudit_work *work = begin(level);
  struct caudit_str given = caudit_str(text);
  char *copy = exact_copy(given);
  given.data = copy;
  struct caudit_str clean = caudit_redact_found(work, caudit_redact_values(work, given));
  assert_int_equal(caudit_work_status(work), 0);
  assert_str(clean, expected);
  if (strcmp(text, expected) == 0) assert_ptr_equal(clean.data, copy);
  caudit_work_free(work);
  free(copy);
}

static bool is_secret(const char *name, enum caudit_redact_level level) {
  return caudit_is_secret_name(caudit_str(name), level);
}

static void names_of_secrets(void **state) {
  (void)state;
  static const char *const secret[] = {"token",
                                       "secret",
                                       "secretkey",
                                       "accesskey",
                                       "apikey",
                                       "apikeys",
                                       "privatekey",
                                       "signingkey",
                                       "sessionkey",
                                       "masterkey",
                                       "encryptionkey",
                                       "password",
                                       "passwords",
                                       "passwd",
                                       "pwd",
                                       "passphrase",
                                       "passcode",
                                       "adminpass",
                                       "rootpass",
                                       "userpass",
                                       "dbpass",
                                       "authorization",
                                       "signature",
                                       "assertion",
                                       "cookie",
                                       "cookies",
                                       "kubeconfig",
                                       "userdata",
                                       "credential",
                                       "credentials",
                                       "secretdata",
                                       "otp",
                                       "mfacode",
                                       "pincode",
                                       "privatekeyid",
                                       "passwordhashes",
                                       "secretstring",
                                       "secretbinary1",
                                       "secretvaluex",
                                       "SESSION_TOKEN",
                                       "session-token",
                                       "x.api.key",
                                       "Tmp Secret Key",
                                       "Pass",
                                       "pass",
                                       "PASS",
                                       "DbPass",
                                       "MYSQL_PASS",
                                       "smtp-pass",
                                       "SSLPass",
                                       "db2pass",
                                       "a-very-long-name-of-a-member-that-ends-in-a-token",
                                       "----------------------------------token"};
  static const char *const harmless[] = {"",
                                         "-",
                                         "x",
                                         "NextToken",
                                         "ClientToken",
                                         "page_token",
                                         "ContinuationToken",
                                         "tokenizer",
                                         "SecretName",
                                         "SignatureMethod",
                                         "keyId",
                                         "publicKey",
                                         "passwordPolicy",
                                         "bypass",
                                         "Bypass",
                                         "ByPass",
                                         "COMPASS",
                                         "compass",
                                         "Passed",
                                         "PassRole",
                                         "ass",
                                         "secretvalu",
                                         "\1token\1"};
  static const char *const key_ids[] = {"SecretId", "accessKeyId", "x-akid"};
  for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++)
    if (!is_secret(secret[i], CAUDIT_REDACT_SECRETS)) fail_msg("%s", secret[i]);
  for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
    if (is_secret(harmless[i], CAUDIT_REDACT_ALL)) fail_msg("%s", harmless[i]);
  for (size_t i = 0; i < sizeof key_ids / sizeof key_ids[0]; i++) {
    assert_true(is_secret(key_ids[i], CAUDIT_REDACT_ALL));
    assert_false(is_secret(key_ids[i], CAUDIT_REDACT_SECRETS));
  }
  assert_true(caudit_is_header_name(caudit_str("Set-Cookie")));
  assert_false(caudit_is_header_name(caudit_str("token")));
}

/* The table of known names changes nothing, whatever was in it before. */
static void a_known_name_means_the_same(void **state) {
  (void)state;
  struct caudit_work *work = begin(CAUDIT_REDACT_SECRETS);
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 5000; i++) {
      char name[40];
      (void)snprintf(name, sizeof name, "n%d%s", i % 1700,
                     i % 3 == 0   ? "Token"
                     : i % 3 == 1 ? "SecretId"
                                  : "");
      struct caudit_name_meaning meaning = caudit_name_meaning(work, caudit_str(name));
      assert_int_equal(meaning.secret, is_secret(name, work->level));
      assert_false(meaning.pair_name || meaning.pair_value);
    }
    assert_true(caudit_name_meaning(work, caudit_str("ParameterName")).pair_name);
    assert_true(caudit_name_meaning(work, caudit_str("value")).pair_value);
    caudit_work_begin(work, round == 0 ? CAUDIT_REDACT_ALL : CAUDIT_REDACT_SECRETS);
  }
  caudit_work_free(work);
}

static void texts_without_their_secrets(void **state) {
  (void)state;
  static const struct {
    const char *text, *expected;
  } cases[] = {
      {"", ""},
      {"{}", "{}"},
      {" [ ] ", " [ ] "},
      {"{\"token\":\"\",\"a\":1}", "{\"token\":\"\",\"a\":1}"},
      {"{\"token\":\"canary\",\"a\":1.50}", "{\"token\":\"[redacted]\",\"a\":1.50}"},
      {"{\"token\":[1,{\"x\":\"c\"},true,null]}",
       "{\"token\":[\"[redacted]\",{\"x\":\"[redacted]\"},true,null]}"},
      {"{\"tok\\u0065n\":\"c\"}", "{\"tok\\u0065n\":\"[redacted]\"}"},
      {"{\"Key\":\"DB_PASSWORD\",\"Value\":\"c\"}",
       "{\"Key\":\"DB_PASSWORD\",\"Value\":\"[redacted]\"}"},
      {"{\"Value\":{\"a\":\"]\"},\"Key\":\"API_TOKEN\"}",
       "{\"Value\":{\"a\":\"[redacted]\"},\"Key\":\"API_TOKEN\"}"},
      {"{\"Value\":\"blue\",\"Key\":\"color\"}", "{\"Value\":\"blue\",\"Key\":\"color\"}"},
      {"{\"a\":\"{\\\"token\\\":\\\"c\\\"}\"}", "{\"a\":\"{\\\"token\\\":\\\"[redacted]\\\"}\"}"},
      {"{\"a\":\"token=c\\n\\u0001x\"}", "{\"a\":\"token=[redacted]\\n\\u0001x\"}"},
      {"{\"u\":\"?token=c&x=y\"}", "{\"u\":\"?token=[redacted]&x=y\"}"},
      {"{\"token\":\"broken", "{\"token\":\"[redacted]"},
      {"{\"token\":\"c\"]", "{\"token\":\"[redacted]\"]"},
      {"{\"token\":\"c\\", "{\"token\":\"[redacted]"},
      {"[\"\\", "[\"\\"},
      {"Action=X&Token=c&a=b", "Action=X&Token=[redacted]&a=b"},
      {"Authorization: a b\r\nX: y", "Authorization: [redacted]\r\nX: y"},
      {"Authorization=a b", "Authorization=[redacted] b"},
      {"-H 'Bearer canary-1' BASIC abcdefgh=", "-H 'Bearer [redacted]' BASIC [redacted]"},
      {"bearer short, basic", "bearer short, basic"},
      {"password = 'can ary' x", "password = '[redacted]' x"},
      {"password: \"can\\\"ary\" x", "password: \"[redacted]\" x"},
      {"\\\"token\\\":\\\"c\\\",", "\\\"token\\\":\\\"[redacted]\\\","},
      {"x%2Dtoken=c", "x%2Dtoken=[redacted]"},
      {"\\\\u0074oken=c", "\\\\u0074oken=[redacted]"},
      {"token=", "token="},
      {"token=[redacted]", "token=[redacted]"},
      {"a token=canary-value b canary-value", "a token=[redacted] b [redacted]"},
      {"token=canary-value /p/canary-value?x=canary-value",
       "token=[redacted] /p/[redacted]?x=[redacted]"},
      {"password='a phrase of words'; (a phrase of words)", "password='[redacted]'; ([redacted])"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_redacted(CAUDIT_REDACT_SECRETS, cases[i].text, cases[i].expected);
}

static void key_ids_go_at_level_all_alone(void **state) {
  (void)state;
  const char *text =
      "{\"secretId\":\"AKIDabc\",\"accessKey\":\"AKIDabc\",\"x\":\"AKID AKIDAKIDz.\"}";
  assert_redacted(CAUDIT_REDACT_SECRETS, text, text);
  assert_redacted(
      CAUDIT_REDACT_ALL, text,
      "{\"secretId\":\"[redacted]\",\"accessKey\":\"[redacted]\",\"x\":\"AKID [redacted].\"}");
}

static void many_values_are_found(void **state) {
  (void)state;
  struct caudit_work *work = begin(CAUDIT_REDACT_SECRETS);
  char values[40][24];
  for (int i = 0; i < 40; i++) {
    (void)snprintf(values[i], sizeof values[i], i % 2 ? "value-%04d" : "a phrase %04d", i % 38);
    caudit_redact_remember(work, caudit_str(values[i]));
  }
  caudit_redact_remember(work, caudit_str("short"));
  caudit_redact_remember(work, caudit_str("[redacted]"));
  assert_str(caudit_redact_found(work, caudit_str("short value-0001 (a phrase 0002) value-0002")),
             "short [redacted] ([redacted]) value-0002");
  caudit_work_begin(work, CAUDIT_REDACT_SECRETS);
  assert_str(caudit_redact_found(work, caudit_str("value-0001")), "value-0001");
  caudit_work_free(work);
}

/* As deep as JSON is read, and one deeper; texts in texts deeper than they are opened. */
static void depth_is_bounded(void **state) {
  (void)state;
  char text[1200] = "", expected[1200] = "";
  for (int i = 0; i < 255; i++) strcat(text, "[");
  strcat(text, "{\"token\":\"c\"}");
  memcpy(expected, text, strlen(text) + 1);
  strcpy(strstr(expected, "\"c\""), "\"[redacted]\"}");
  for (int i = 0; i < 255; i++) strcat(text, "]"), strcat(expected, "]");
  assert_redacted(CAUDIT_REDACT_SECRETS, text, expected);
  struct caudit_work *work = begin(CAUDIT_REDACT_SECRETS);
  struct caudit_buf deep;
  caudit_buf_init(&deep, NULL, (size_t)1 << 20);
  caudit_buf_append(&deep, "{\"token\":\"canary-1\"}", 20);
  for (int i = 0; i < 12; i++) {
    struct caudit_buf outer;
    caudit_buf_init(&outer, NULL, (size_t)1 << 20);
    caudit_buf_append(&outer, "{\"a\":", 5);
    caudit_json_write_string(&outer, (struct caudit_str){deep.data, deep.len});
    caudit_buf_append(&outer, "}", 1);
    caudit_buf_free(&deep);
    deep = outer;
  }
  struct caudit_str clean = caudit_redact_values(work, (struct caudit_str){deep.data, deep.len});
  assert_false(contains(clean, "canary-1"));
  caudit_buf_free(&deep);
  caudit_work_free(work);
}

/* Every allocation fails once, and then all from one on. */
static void memory_runs_out(void **state) {
  (void)state;
  static const char text[] =
      "{\"token\":\"canary-value-1\",\"Value\":\"x\\u0041\",\"Key\":\"a\",\"p\":\"{"
      "\\\"password\\\":"
      "\\\"with 'quote' and blank\\\",\\\"u\\\":\\\"?token=canary-value-2&x\\\"}\","
      "\"r\":\"canary-value-1/x=canary-value-2 Bearer abcdefghij with 'quote' and blank "
      "AKIDabcdef\"}";
  for (int onward = 0; onward < 2; onward++) {
    for (long at = 1;; at++) {
      struct failing plan = {.at = at, .onward = onward != 0};
      const struct caudit_allocator allocator = {failing_alloc, &plan};
      struct caudit_work *work = caudit_work_new(&allocator);
      if (work) {
        caudit_work_begin(work, CAUDIT_REDACT_ALL);
        caudit_redact_found(work, caudit_redact_values(work, caudit_str(text)));
        assert_int_equal(caudit_work_status(work), plan.failed > 0 ? -CAUDIT_MEMORY : 0);
        plan.at = 0;
        caudit_work_begin(work, CAUDIT_REDACT_ALL);
        struct caudit_str clean =
            caudit_redact_found(work, caudit_redact_values(work, caudit_str(text)));
        assert_int_equal(caudit_work_status(work), 0);
        assert_false(contains(clean, "canary"));
        caudit_work_free(work);
      }
      assert_int_equal(plan.blocks, 0);
      if (plan.failed == 0) {
        assert_true(at > 5);
        break;
      }
    }
  }
}

static void memory_is_reused_and_given_back(void **state) {
  (void)state;
  struct failing plan = {0};
  const struct caudit_allocator allocator = {failing_alloc, &plan};
  struct caudit_work *work = caudit_work_new(&allocator);
  caudit_work_begin(work, CAUDIT_REDACT_SECRETS);
  char *first = caudit_work_alloc(work, 100);
  memset(first, 'x', 100);
  caudit_work_begin(work, CAUDIT_REDACT_SECRETS);
  assert_ptr_equal(caudit_work_alloc(work, 1), first);
  assert_int_equal(first[50], 0);
  long blocks = plan.blocks;
  for (size_t size = 1; size < (size_t)1 << 22; size *= 3)
    assert_non_null(caudit_work_alloc(work, size));
  assert_true(plan.blocks > blocks);
  caudit_work_begin(work, CAUDIT_REDACT_SECRETS);
  assert_int_equal(plan.blocks, 1); /* a block so large is not kept */
  assert_null(caudit_work_alloc(work, SIZE_MAX - 7));
  assert_int_equal(caudit_work_status(work), -CAUDIT_MEMORY);
  caudit_work_free(work);
  assert_int_equal(plan.blocks, 0);
  caudit_work_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_of_secrets),
      cmocka_unit_test(a_known_name_means_the_same),
      cmocka_unit_test(texts_without_their_secrets),
      cmocka_unit_test(key_ids_go_at_level_all_alone),
      cmocka_unit_test(many_values_are_found),
      cmocka_unit_test(depth_is_bounded),
      cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(memory_is_reused_and_given_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
