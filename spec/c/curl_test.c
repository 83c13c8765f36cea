/* The libcurl driver without Lua: exchanges, a failure of every allocation, and heads. */
#include "curl_server.h"
#include "support.h"
#include "watched.h"

/* ---- memory ---------------------------------------------------------------------------- */

struct meter {
  size_t bytes;
  int left; /* allocations until one fails, -1: none fails */
  bool refused;
};

static void *meter_alloc(void *ud, void *ptr, size_t osize, size_t nsize) {
  struct meter *meter = ud;
  if (nsize == 0) {
    if (ptr) meter->bytes -= osize;
    free(ptr);
    return NULL;
  }
  if (meter->left == 0) {
    meter->refused = true;
    return NULL;
  }
  if (meter->left > 0) meter->left--;
  void *fresh = malloc(nsize);
  assert_non_null(fresh);
  if (ptr) {
    memcpy(fresh, ptr, osize < nsize ? osize : nsize);
    meter->bytes -= osize;
    free(ptr);
  }
  meter->bytes += nsize;
  return fresh;
}

/* Runs two exchanges at once; returns the kind of the first failure, or OK. */
static int two_exchanges(struct server *server, const struct caudit_allocator *allocator) {
  struct caudit_curl_options options = {0};
  struct caudit_curl *curl;
  struct caudit_transfer *first = NULL, *second = NULL;
  struct caudit_exchange ended = {0};
  struct caudit_error err;
  struct caudit_header header = {NULL, CAUDIT_STR("X-A"), CAUDIT_STR("1")};
  struct caudit_request request = request_to(server->url, &header);
  options.ca_file = "/nowhere.pem";
  int rc = caudit_curl_new(&curl, &options, allocator, &err);
  if (rc != 0) {
    assert_null(curl);
    return rc;
  }
  rc = caudit_curl_start(curl, &request, 5000, &first, &err);
  if (rc == 0) rc = caudit_curl_start(curl, &request, 5000, &second, &err);
  if (rc == 0) {
    finish(server, curl, first, &ended);
    rc = -(int)ended.kind;
    finish(server, curl, second, &ended);
    if (rc == 0) rc = -(int)ended.kind;
    if (ended.kind == CAUDIT_OK) {
      assert_int_equal(ended.status, 200);
      assert_int_equal(ended.body.len, 2);
      assert_memory_equal(ended.body.data, "{}", 2);
    } else {
      assert_true(ended.sent);
    }
  }
  caudit_transfer_free(second);
  caudit_transfer_free(first);
  caudit_curl_free(curl);
  return rc;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  struct meter meter = {0, -1, false};
  struct caudit_allocator allocator = {meter_alloc, &meter};
  int failed = 0;
  for (;; failed++) {
    struct server server;
    assert_true(server_open(&server, 16, OK));
    meter.left = failed;
    meter.refused = false;
    int rc = two_exchanges(&server, &allocator);
    server_close(&server);
    assert_int_equal(meter.bytes, 0);
    if (!meter.refused) {
      assert_int_equal(rc, 0);
      break;
    }
    assert_int_equal(rc, -CAUDIT_MEMORY);
  }
  print_message("%d allocations failed one by one\n", failed);
  assert_true(failed >= 8);
}

/* ---- exchanges ------------------------------------------------------------------------- */

static void one_connection_and_one_handle_are_reused(void **state) {
  (void)state;
  struct server server;
  struct caudit_curl *curl;
  struct caudit_exchange ended;
  struct meter meter = {0, -1, false};
  struct caudit_allocator allocator = {meter_alloc, &meter};
  size_t warm = 0;
  assert_true(server_open(&server, 16, OK));
  struct caudit_request request = request_to(server.url, NULL);
  assert_int_equal(caudit_curl_new(&curl, NULL, &allocator, NULL), 0);
  for (int i = 0; i < 20; i++) {
    struct caudit_transfer *transfer;
    assert_int_equal(caudit_curl_start(curl, &request, 5000, &transfer, NULL), 0);
    assert_int_equal(caudit_curl_pending(curl), 1);
    finish(&server, curl, transfer, &ended);
    assert_int_equal(ended.kind, CAUDIT_OK);
    assert_true(ended.sent);
    caudit_transfer_free(transfer);
    if (i == 0) meter.left = 0; /* a warm exchange does not allocate in the driver */
    if (i == 0) warm = meter.bytes;
    assert_int_equal(meter.bytes, warm);
  }
  assert_int_equal(server.accepted, 1);
  assert_int_equal(server.requests, 20);
  caudit_curl_free(curl);
  assert_int_equal(meter.bytes, 0);
  server_close(&server);
}

static void a_transfer_outlives_its_transport(void **state) {
  (void)state;
  struct server server;
  struct caudit_curl *curl;
  struct caudit_transfer *waiting, *ended_before;
  struct caudit_exchange ended;
  assert_true(server_open(&server, 16, OK));
  struct caudit_request request = request_to(server.url, NULL);
  assert_int_equal(caudit_curl_new(&curl, NULL, NULL, NULL), 0);
  assert_int_equal(caudit_curl_start(curl, &request, 5000, &ended_before, NULL), 0);
  finish(&server, curl, ended_before, &ended);
  assert_int_equal(caudit_curl_start(curl, &request, 5000, &waiting, NULL), 0);
  caudit_curl_free(curl);
  assert_true(caudit_transfer_done(waiting, &ended));
  assert_int_equal(ended.kind, CAUDIT_CLOSED);
  assert_false(ended.sent);
  assert_true(caudit_transfer_done(ended_before, &ended));
  assert_int_equal(ended.status, 200);
  assert_memory_equal(ended.body.data, "{}", 2);
  caudit_transfer_free(ended_before);
  caudit_transfer_free(waiting);
  caudit_transfer_free(NULL);
  caudit_curl_free(NULL);
  server_close(&server);
}

static void too_many_headers_are_refused(void **state) {
  (void)state;
  struct caudit_header headers[33];
  struct caudit_header header = {NULL, CAUDIT_STR("X-A"), CAUDIT_STR("1")};
  for (int i = 0; i < 33; i++) headers[i] = header;
  struct caudit_request request = request_to("http://127.0.0.1:1/", headers);
  struct caudit_curl *curl;
  struct caudit_transfer *transfer;
  struct caudit_error err;
  assert_int_equal(caudit_curl_new(&curl, NULL, NULL, NULL), 0);
  request.header_count = 33;
  assert_int_equal(caudit_curl_start(curl, &request, 5000, &transfer, &err), -CAUDIT_MISUSE);
  assert_null(transfer);
  request.header_count = 32;
  assert_int_equal(caudit_curl_start(curl, &request, 5000, &transfer, &err), 0);
  caudit_transfer_free(transfer);
  assert_int_equal(caudit_curl_pending(curl), 0);
  caudit_curl_free(curl);
}

static void heads_are_read_by_name(void **state) {
  (void)state;
  struct caudit_str head =
      caudit_str("HTTP/1.1 200 OK\r\nDATE:  Mon \r\nDate-X: no\r\nAge:\r\nRetry-After: 5");
  assert_true(caudit_str_equal(caudit_head_value(head, "date"), caudit_str("Mon")));
  assert_true(caudit_str_equal(caudit_head_value(head, "Retry-After"), caudit_str("5")));
  assert_non_null(caudit_head_value(head, "age").data);
  assert_int_equal(caudit_head_value(head, "age").len, 0);
  assert_null(caudit_head_value(head, "HTTP/1.1 200 OK").data);
  assert_null(caudit_head_value(head, "Dat").data);
  head.data = NULL;
  head.len = 0;
  assert_null(caudit_head_value(head, "date").data);
}

/* ---- secrets in memory ----------------------------------------------------------------- */

static void a_signature_is_overwritten_with_its_transfer(void **state) {
  (void)state;
  static char canary[] = "canary-signature-0123456789";
  const struct caudit_allocator allocator = {watching, canary};
  const struct caudit_header header = {NULL, CAUDIT_STR("Authorization"), caudit_str(canary)};
  struct server server;
  struct caudit_curl *curl;
  struct caudit_transfer *transfer;
  struct caudit_exchange ended;
  assert_true(server_open(&server, 16, OK));
  struct caudit_request request = request_to(server.url, &header);
  assert_int_equal(caudit_curl_new(&curl, NULL, &allocator, NULL), 0);
  assert_int_equal(caudit_curl_start(curl, &request, 5000, &transfer, NULL), 0);
  assert_int_equal(count_holding(canary), 1);
  finish(&server, curl, transfer, &ended);
  assert_int_equal(ended.kind, CAUDIT_OK);
  caudit_transfer_free(transfer);
  assert_int_equal(count_holding(canary), 0);
  caudit_curl_free(curl);
  assert_null(alive);
  assert_false(freed_dirty);
  server_close(&server);
}

/* Three transfers over one connection: one not sent yet, then one that the server has received,
 * then one that waits for the connection. */
static void a_cancelled_transfer_tells_whether_it_was_sent(void **state) {
  (void)state;
  struct caudit_curl_options options = {0};
  struct server server;
  struct caudit_curl *curl;
  struct caudit_transfer *transfers[3];
  struct caudit_exchange ended;
  struct caudit_error err;
  assert_true(server_open(&server, 16, NULL));
  struct caudit_request request = request_to(server.url, NULL);
  options.max_connections = 1;
  assert_int_equal(caudit_curl_new(&curl, &options, NULL, &err), 0);
  for (int i = 0; i < 3; i++)
    assert_int_equal(caudit_curl_start(curl, &request, 5000, &transfers[i], &err), 0);
  caudit_transfer_cancel(transfers[0]);
  assert_true(caudit_transfer_done(transfers[0], &ended));
  assert_int_equal(ended.kind, CAUDIT_CANCELLED);
  assert_false(ended.sent);
  while (server.requests == 0) {
    caudit_curl_step(curl, 5);
    server_move(&server);
  }
  caudit_transfer_cancel(transfers[1]);
  assert_true(caudit_transfer_done(transfers[1], &ended));
  assert_int_equal(ended.kind, CAUDIT_CANCELLED);
  assert_true(ended.sent);
  server.response = OK;
  finish(&server, curl, transfers[2], &ended);
  assert_int_equal(ended.kind, CAUDIT_OK);
  caudit_transfer_cancel(transfers[2]);
  assert_true(caudit_transfer_done(transfers[2], &ended));
  assert_int_equal(ended.kind, CAUDIT_OK);
  assert_int_equal(server.accepted, 2);
  for (int i = 0; i < 3; i++) caudit_transfer_free(transfers[i]);
  caudit_curl_free(curl);
  server_close(&server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(one_connection_and_one_handle_are_reused),
      cmocka_unit_test(a_transfer_outlives_its_transport),
      cmocka_unit_test(a_cancelled_transfer_tells_whether_it_was_sent),
      cmocka_unit_test(too_many_headers_are_refused),
      cmocka_unit_test(heads_are_read_by_name),
      cmocka_unit_test(a_signature_is_overwritten_with_its_transfer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
