/* What newer libcurls do, on any libcurl: their results are given to the driver directly, or
 * through functions that the linker puts in the place of libcurl's. */
#include "curl/internal.h"
#include "curl_server.h"
#include "support.h"

#include <errno.h>

/* ---- results --------------------------------------------------------------------------- */

static enum caudit_kind kind_after(int code, int requests, const char *text) {
  struct caudit_transfer transfer = {.requests = requests};
  (void)snprintf(transfer.error, sizeof transfer.error, "%s", text);
  caudit_result_set(&transfer, (CURLcode)code);
  assert_int_equal(transfer.result.sent, requests > 0);
  return transfer.result.kind;
}

/* CURLE_TOO_LARGE: a read would be repeated against a server that floods. */
static void too_many_header_lines_are_not_a_broken_connection(void **state) {
  (void)state;
  assert_int_equal(kind_after(100, 1, "Too many response headers, 5000 is max"), CAUDIT_PROTOCOL);
}

static void memory_is_told_in_our_words(void **state) {
  (void)state;
  struct caudit_transfer transfer = {.requests = 0};
  (void)snprintf(transfer.error, sizeof transfer.error, "Error 27 creating peer for x");
  caudit_result_set(&transfer, CURLE_OUT_OF_MEMORY);
  assert_int_equal(transfer.result.kind, CAUDIT_MEMORY);
  assert_string_equal(transfer.result.message, "not enough memory for libcurl");
}

static bool takes(const char *line) {
  struct caudit_transfer transfer = {.stopped = CAUDIT_OK};
  char copy[80];
  size_t len = strlen(line);
  memcpy(copy, line, len + 1);
  caudit_buf_init(&transfer.head, NULL, MAX_HEAD_BYTES);
  bool taken = caudit_on_header(copy, 1, len, &transfer) == len;
  assert_int_equal(transfer.stopped, taken ? CAUDIT_OK : CAUDIT_PROTOCOL);
  caudit_buf_free(&transfer.head);
  return taken;
}

static void a_status_has_three_digits(void **state) {
  (void)state;
  const char *good[] = {"HTTP/1.1 200 OK\r\n",        "HTTP/1.1 200\r\n", "HTTP/2 200 \r\n",
                        "HTTP/1.1 500 1234 5678\r\n", "HTTP/1.1 404\n",   "X-A: HTTP/1.1 2000\r\n"};
  const char *bad[] = {"HTTP/1.1 2000 OK\r\n", "HTTP/1.1 2000\r\n", "HTTP/1.1  2000 OK\r\n",
                       "HTTP/1.0 0200 OK\r\n", "HTTP/2 20000\r\n",  "HTTP/1.1 1000 Continue\r\n"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) assert_true(takes(good[i]));
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(takes(bad[i]));
}

/* ---- opening --------------------------------------------------------------------------- */

CURLM *__real_curl_multi_init(void);
CURLM *__wrap_curl_multi_init(void);
CURLcode __real_curl_global_init(long flags);
CURLcode __wrap_curl_global_init(long flags);

static int multi_errno = -1; /* -1: it does not fail */
static CURLcode global_result = CURLE_OK;
static int global_calls;

CURLM *__wrap_curl_multi_init(void) {
  if (multi_errno < 0) return __real_curl_multi_init();
  errno = multi_errno;
  return NULL;
}

CURLcode __wrap_curl_global_init(long flags) {
  global_calls++;
  return global_result == CURLE_OK ? __real_curl_global_init(flags) : global_result;
}

/* First, since libcurl is initialised once. */
static void a_failed_initialisation_is_not_kept(void **state) {
  (void)state;
  struct caudit_curl *curl;
  struct caudit_error err;
  global_result = CURLE_FAILED_INIT;
  assert_int_equal(caudit_curl_new(&curl, NULL, NULL, &err), -CAUDIT_CONFIG);
  assert_null(curl);
  global_result = CURLE_OUT_OF_MEMORY;
  assert_int_equal(caudit_curl_new(&curl, NULL, NULL, &err), -CAUDIT_MEMORY);
  global_result = CURLE_OK;
  for (int i = 0; i < 2; i++) {
    assert_int_equal(caudit_curl_new(&curl, NULL, NULL, &err), 0);
    caudit_curl_free(curl);
  }
  assert_int_equal(global_calls, 3);
}

static void without_a_descriptor_no_multi_handle_is_opened(void **state) {
  (void)state;
  struct caudit_curl *curl;
  struct caudit_error err;
  const struct {
    int code;
    enum caudit_kind kind;
  } cases[] = {{EMFILE, CAUDIT_CONNECT},
               {ENFILE, CAUDIT_CONNECT},
               {ENOMEM, CAUDIT_MEMORY},
               {0, CAUDIT_MEMORY}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    multi_errno = cases[i].code;
    assert_int_equal(caudit_curl_new(&curl, NULL, NULL, &err), -(int)cases[i].kind);
    assert_int_equal(err.kind, cases[i].kind);
    assert_null(curl);
  }
  multi_errno = -1;
  assert_int_equal(caudit_curl_new(&curl, NULL, NULL, &err), 0);
  caudit_curl_free(curl);
}

/* After a fork the multi handle is opened by the next exchange. */
static void nor_by_an_exchange(void **state) {
  (void)state;
  struct caudit_curl *curl;
  struct caudit_transfer *transfer;
  struct caudit_error err;
  struct caudit_request request = request_to("http://127.0.0.1:1/", NULL);
  assert_int_equal(caudit_curl_new(&curl, NULL, NULL, &err), 0);
  curl_multi_cleanup(curl->multi);
  curl->multi = NULL;
  multi_errno = EMFILE;
  assert_int_equal(caudit_curl_start(curl, &request, 1000, &transfer, &err), -CAUDIT_CONNECT);
  assert_null(transfer);
  multi_errno = -1;
  assert_int_equal(caudit_curl_start(curl, &request, 1000, &transfer, &err), 0);
  caudit_transfer_free(transfer);
  caudit_curl_free(curl);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_failed_initialisation_is_not_kept),
      cmocka_unit_test(without_a_descriptor_no_multi_handle_is_opened),
      cmocka_unit_test(nor_by_an_exchange),
      cmocka_unit_test(too_many_header_lines_are_not_a_broken_connection),
      cmocka_unit_test(memory_is_told_in_our_words),
      cmocka_unit_test(a_status_has_three_digits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
