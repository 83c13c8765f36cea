/* Bounds of the signer: the cached service, key and date, texts that are too long, order of
 * headers. */
#include "support.h"

static struct caudit_signer *signer;

static const struct caudit_sign_input input = {.method = CAUDIT_STR("POST"),
                                               .content_type = CAUDIT_STR("application/json"),
                                               .host = CAUDIT_STR("cloudaudit.tencentcloudapi.com"),
                                               .payload = CAUDIT_STR("{}"),
                                               .service = CAUDIT_STR("cloudaudit"),
                                               .timestamp = 1551113065};
static const char expected[] = "3c7398612a91cdb2fbdfb4cbd2187b3cc533deefae7d68687ef811a82ea1c716";

static int sign(const struct caudit_sign_input *what, const char *secret_key, char signature[65],
                struct caudit_error *err) {
  struct caudit_signature out = {"", "", "", ""};
  struct caudit_buf authorization;
  const struct caudit_credentials credentials = {
      CAUDIT_STR("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"), caudit_str(secret_key), {NULL, 0}};
  caudit_buf_init(&authorization, NULL, 2000);
  int status = caudit_sign(signer, &credentials, what, &out, &authorization, err);
  memcpy(signature, out.signature, sizeof out.signature);
  caudit_buf_free(&authorization);
  return status;
}

/* The cached key is used only for its secret, date and service. */
static void a_cached_key_is_only_for_its_secret_date_and_service(void **state) {
  (void)state;
  static const char key[] = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE";
  struct caudit_sign_input next_day = input, other_service = input;
  struct caudit_error err;
  char signature[65], again[65];
  next_day.timestamp += 86400;
  other_service.service = caudit_str("cvm");
  const struct caudit_sign_input *others[] = {&input, &next_day, &other_service};
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(sign(&input, key, signature, &err), 0);
    assert_string_equal(signature, expected);
    assert_int_equal(sign(others[i], i == 0 ? "another" : key, signature, &err), 0);
    assert_string_not_equal(signature, expected);
    caudit_signer_forget(signer);
    assert_int_equal(sign(others[i], i == 0 ? "another" : key, again, &err), 0);
    assert_string_equal(again, signature);
  }
}

static void lengths_are_limited(void **state) {
  (void)state;
  struct caudit_sign_input long_query = input, long_service = input;
  struct caudit_error err;
  char signature[65], service[65];
  char *query = malloc((size_t)1 << 20);
  assert_non_null(query);
  memset(query, 'q', (size_t)1 << 20);
  memset(service, 's', sizeof service);
  long_query.query = (struct caudit_str){query, (size_t)1 << 20};
  assert_int_equal(sign(&long_query, "key", signature, &err), -CAUDIT_CONFIG);
  long_service.service = (struct caudit_str){service, 64};
  assert_int_equal(sign(&long_service, "key", signature, &err), -CAUDIT_CONFIG);
  long_service.service = long_query.query;
  assert_int_equal(sign(&long_service, "key", signature, &err), -CAUDIT_CONFIG);
  long_service.service = (struct caudit_str){service, 63};
  assert_int_equal(sign(&long_service, "key", signature, &err), 0);
  free(query);
}

/* Names are sorted by bytes, a prefix before longer names. */
static void headers_are_sorted(void **state) {
  (void)state;
  const struct caudit_signed_header extra[] = {{CAUDIT_STR("content-typ"), CAUDIT_STR("1")},
                                               {CAUDIT_STR("content-type-x"), CAUDIT_STR("2")},
                                               {CAUDIT_STR("hos"), CAUDIT_STR("3")},
                                               {CAUDIT_STR("hosts"), CAUDIT_STR("4")}};
  struct caudit_sign_input with = input;
  struct caudit_buf out;
  char hash[65];
  with.extra = extra;
  with.extra_count = 4;
  caudit_buf_init(&out, NULL, 2000);
  assert_int_equal(caudit_sign_hash(signer, input.payload, hash), 0);
  caudit_sign_canonical_request(&out, &with, hash);
  caudit_buf_append(&out, "", 1);
  assert_non_null(strstr(out.data, "content-typ;content-type;content-type-x;hos;host;hosts\n"));
  caudit_buf_free(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_cached_key_is_only_for_its_secret_date_and_service),
      cmocka_unit_test(lengths_are_limited),
      cmocka_unit_test(headers_are_sorted),
  };
  struct caudit_error err;
  if (caudit_signer_new(&signer, NULL, &err) != 0) return 1;
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  caudit_signer_free(signer);
  return failed;
}
