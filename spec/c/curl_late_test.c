/* Deadlines that pass while nobody steps: a response that has arrived counts, no request leaves. */
#include "curl_server.h"
#include "support.h"

#include <time.h>

static void pass(int ms) {
  struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000L};
  nanosleep(&time, NULL);
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct caudit_transfer *start(struct caudit_curl *curl, struct server *server, int timeout) {
  struct caudit_request request = request_to(server->url, NULL);
  struct caudit_transfer *transfer = NULL;
  assert_int_equal(caudit_curl_start(curl, &request, timeout, &transfer, NULL), 0);
  return transfer;
}

/* Steps until the server has the request; it responds at once if it has a response. */
static void send_it(struct caudit_curl *curl, struct server *server) {
  for (int i = 0; i < 200 && server->requests == 0; i++) {
    caudit_curl_step(curl, 1);
    server_move(server);
  }
  assert_int_equal(server->requests, 1);
}

static void a_response_in_the_socket_wins_over_the_deadline(void **state) {
  (void)state;
  struct server server;
  struct caudit_curl *curl;
  struct caudit_exchange ended;
  assert_true(server_open(&server, 8, OK));
  assert_int_equal(caudit_curl_new(&curl, NULL, NULL, NULL), 0);
  struct caudit_transfer *transfer = start(curl, &server, 150);
  send_it(curl, &server);
  pass(300);
  for (int i = 0; i < 10 && caudit_curl_pending(curl) > 0; i++) caudit_curl_step(curl, 0);
  assert_true(caudit_transfer_done(transfer, &ended));
  if (ended.kind != CAUDIT_OK) fail_msg("%s", ended.message);
  assert_int_equal(ended.status, 200);
  caudit_transfer_free(transfer);
  caudit_curl_free(curl);
  server_close(&server);
}

/* More than libcurl reads at once. */
static void so_does_a_long_one(void **state) {
  (void)state;
  enum { LENGTH = 100000 };
  static char response[LENGTH + 100];
  struct server server;
  struct caudit_curl *curl;
  struct caudit_exchange ended;
  int head = snprintf(response, sizeof response, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n",
                      (int)LENGTH);
  memset(response + head, 'x', LENGTH);
  assert_true(server_open(&server, 8, response));
  assert_int_equal(caudit_curl_new(&curl, NULL, NULL, NULL), 0);
  struct caudit_transfer *transfer = start(curl, &server, 150);
  send_it(curl, &server);
  pass(300);
  for (int i = 0; i < 200 && caudit_curl_pending(curl) > 0; i++) caudit_curl_step(curl, 0);
  assert_true(caudit_transfer_done(transfer, &ended));
  if (ended.kind != CAUDIT_OK) fail_msg("%s", ended.message);
  assert_int_equal(ended.body.len, LENGTH);
  caudit_transfer_free(transfer);
  caudit_curl_free(curl);
  server_close(&server);
}

static void without_a_response_it_is_a_timeout_at_once(void **state) {
  (void)state;
  struct server server;
  struct caudit_curl *curl;
  struct caudit_exchange ended;
  assert_true(server_open(&server, 8, NULL));
  assert_int_equal(caudit_curl_new(&curl, NULL, NULL, NULL), 0);
  for (int late = 0; late < 2; late++) {
    int64_t began = now_ms();
    struct caudit_transfer *transfer = start(curl, &server, 150);
    server.requests = 0;
    send_it(curl, &server);
    if (late) pass(300);
    while (caudit_curl_step(curl, 1000) > 0) {
    }
    assert_in_range(now_ms() - began, 150, late ? 400 : 250);
    assert_true(caudit_transfer_done(transfer, &ended));
    assert_int_equal(ended.kind, CAUDIT_TIMEOUT);
    assert_true(ended.sent);
    assert_string_equal(ended.message, "no complete response came in time");
    caudit_transfer_free(transfer);
  }
  caudit_curl_free(curl);
  server_close(&server);
}

/* A server that never stops sending does not keep the transfer open for long. */
static void an_endless_response_ends(void **state) {
  (void)state;
  static char filler[4096];
  struct server server;
  struct caudit_curl *curl;
  struct caudit_exchange ended;
  memset(filler, 'x', sizeof filler);
  assert_true(server_open(&server, 8, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"));
  struct caudit_curl_options options = {.max_response = 1 << 30};
  assert_int_equal(caudit_curl_new(&curl, &options, NULL, NULL), 0);
  int64_t began = now_ms();
  struct caudit_transfer *transfer = start(curl, &server, 150);
  send_it(curl, &server);
  do send(server.fds[0], filler, sizeof filler, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (caudit_curl_step(curl, 0) > 0);
  assert_in_range(now_ms() - began, 150, 300);
  assert_true(caudit_transfer_done(transfer, &ended));
  assert_int_equal(ended.kind, CAUDIT_TIMEOUT);
  caudit_transfer_free(transfer);
  caudit_curl_free(curl);
  server_close(&server);
}

static void no_request_leaves_after_the_deadline(void **state) {
  (void)state;
  struct server server;
  struct caudit_curl *curl;
  struct caudit_exchange ended;
  assert_true(server_open(&server, 8, OK));
  assert_int_equal(caudit_curl_new(&curl, NULL, NULL, NULL), 0);
  for (int steps = 0; steps < 4; steps++) {
    struct caudit_transfer *transfer = start(curl, &server, 60);
    for (int i = 0; i < steps; i++) caudit_curl_step(curl, 0);
    bool left = server.requests > 0;
    pass(100);
    while (caudit_curl_step(curl, 10) > 0) server_move(&server);
    server_move(&server);
    assert_true(caudit_transfer_done(transfer, &ended));
    if (!ended.sent) {
      assert_int_equal(ended.kind, CAUDIT_TIMEOUT);
      assert_false(left);
      assert_int_equal(server.requests, 0);
    }
    caudit_transfer_free(transfer);
    if (steps == 0) assert_false(ended.sent);
    server.requests = 0;
  }
  caudit_curl_free(curl);
  server_close(&server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_response_in_the_socket_wins_over_the_deadline),
      cmocka_unit_test(so_does_a_long_one),
      cmocka_unit_test(without_a_response_it_is_a_timeout_at_once),
      cmocka_unit_test(an_endless_response_ends),
      cmocka_unit_test(no_request_leaves_after_the_deadline),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
