/* Signing after libcrypto was cleaned up, as exit does before later handlers and finalizers run. */
#include "support.h"

#include <openssl/crypto.h>

static int sign(struct caudit_signer *signer, struct caudit_error *err) {
  static const struct caudit_sign_input input = {.method = CAUDIT_STR("POST"),
                                                 .content_type = CAUDIT_STR("x"),
                                                 .host = CAUDIT_STR("h"),
                                                 .payload = CAUDIT_STR("{}"),
                                                 .service = CAUDIT_STR("s"),
                                                 .timestamp = 1551113065};
  static const struct caudit_credentials credentials = {
      CAUDIT_STR("AKIDEXAMPLE"), CAUDIT_STR("example"), {NULL, 0}};
  struct caudit_signature out;
  struct caudit_buf authorization;
  caudit_buf_init(&authorization, NULL, 2000);
  int status = caudit_sign(signer, &credentials, &input, &out, &authorization, err);
  caudit_buf_free(&authorization);
  return status;
}

static void after_the_cleanup_nothing_is_signed(void **state) {
  (void)state;
  struct caudit_signer *used, *late;
  struct caudit_client *client;
  struct caudit_error err;
  struct caudit_keys keys;
  char hash[65], date[16] = "2019-02-25";
  const struct caudit_options options = {.region = CAUDIT_STR("ap-guangzhou")};
  assert_int_equal(caudit_signer_new(&used, NULL, &err), 0);
  assert_int_equal(sign(used, &err), 0);
  assert_int_equal(caudit_client_new(&client, &options, NULL, &err), 0);
  OPENSSL_cleanup();
  assert_int_equal(sign(used, &err), -CAUDIT_CONFIG);
  assert_non_null(strstr(err.message, "cleaned up"));
  assert_int_equal(caudit_sign_hash(used, caudit_str("x"), hash), -CAUDIT_CONFIG);
  assert_int_equal(caudit_sign_keys(used, caudit_str("k"), date, caudit_str("s"), &keys),
                   -CAUDIT_CONFIG);
  assert_int_equal(caudit_signer_new(&late, NULL, &err), -CAUDIT_CONFIG);
  assert_null(late);
  caudit_client_free(client);
  caudit_signer_free(used);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(after_the_cleanup_nothing_is_signed)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
