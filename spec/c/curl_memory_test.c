/* What stays of secrets in the memory of the process after everything is freed: nothing of the
 * core's and the driver's. libcurl's own copies are counted and printed; they cannot be erased. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "call_support.h"
#include "curl_server.h"
#include "own_memory.h"

#include <openssl/crypto.h>

enum { KEY_LEN = 32, TOKEN_LEN = 60, SIGNATURE_LEN = 64 };

/* A secret that stands nowhere else, in plain text only while `use` runs. */
static void make(struct own_secret *secret, char *text, size_t len, unsigned seed) {
  for (size_t i = 0; i < len; i++) text[i] = (char)('A' + (i * i + 7 * i + seed) % 26);
  own_hide(secret, text, len);
}

struct secrets {
  struct own_secret key, token, signature;
};

/* A client with new secrets and a call whose request is signed. */
static void open_call(struct bench *bench, struct secrets *secrets) {
  char key[KEY_LEN], token[TOKEN_LEN];
  struct caudit_error err;
  bench_open(bench, NULL);
  make(&secrets->key, key, sizeof key, 3);
  make(&secrets->token, token, sizeof token, 11);
  struct caudit_credentials credentials = {
      permanent.secret_id, {key, sizeof key}, {token, sizeof token}};
  assert_int_equal(caudit_client_credentials(bench->client, &credentials, &err), 0);
  OPENSSL_cleanse(key, sizeof key);
  OPENSSL_cleanse(token, sizeof token);
  begin(bench, false);
  (void)wait_to_send(bench);
  struct caudit_str value = header(bench, "Authorization");
  assert_true(value.len > SIGNATURE_LEN);
  own_hide(&secrets->signature, value.data + value.len - SIGNATURE_LEN, SIGNATURE_LEN);
  assert_true(own_memory_count(&secrets->key) > 0);
  assert_true(own_memory_count(&secrets->token) > 0);
  assert_true(own_memory_count(&secrets->signature) > 0);
}

static void the_core_keeps_nothing(void **state) {
  (void)state;
  struct bench bench;
  struct secrets secrets;
  open_call(&bench, &secrets);
  receive(&bench, success());
  bench_close(&bench);
  assert_int_equal(own_memory_count(&secrets.key), 0);
  assert_int_equal(own_memory_count(&secrets.token), 0);
  assert_int_equal(own_memory_count(&secrets.signature), 0);
}

static void libcurl_keeps_no_key(void **state) {
  (void)state;
  struct bench bench;
  struct secrets secrets;
  struct server server;
  struct caudit_curl *curl;
  struct caudit_transfer *transfer;
  struct caudit_exchange ended;
  open_call(&bench, &secrets);
  assert_true(server_open(&server, 16, OK));
  assert_int_equal(caudit_curl_new(&curl, NULL, NULL, NULL), 0);
  struct caudit_request request = *caudit_call_request(bench.call);
  request.url = caudit_str(server.url);
  assert_int_equal(caudit_curl_start(curl, &request, 5000, &transfer, NULL), 0);
  finish(&server, curl, transfer, &ended);
  assert_int_equal(ended.kind, CAUDIT_OK);
  caudit_transfer_free(transfer);
  receive(&bench, success());
  caudit_curl_free(curl);
  bench_close(&bench);
  server_close(&server);
  assert_int_equal(own_memory_count(&secrets.key), 0);
  printf("measured: libcurl's freed memory holds the token %ld times and the signature %ld times\n",
         own_memory_count(&secrets.token), own_memory_count(&secrets.signature));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_core_keeps_nothing),
      cmocka_unit_test(libcurl_keeps_no_key),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
