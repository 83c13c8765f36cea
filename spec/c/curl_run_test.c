/* A whole call over libcurl without Lua: run to the end against a server in another process, and
 * stepped. */
#include "curl_server.h"
#include "support.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

static pid_t serve_in_child(struct server *server) {
  pid_t pid = fork();
  if (pid != 0) return pid;
  for (;;) {
    struct pollfd fds[MOST_CONNECTIONS + 1];
    nfds_t count = 0;
    fds[count++] = (struct pollfd){server->listener, POLLIN, 0};
    for (int i = 0; i < server->accepted; i++)
      fds[count++] = (struct pollfd){server->fds[i], POLLIN, 0};
    poll(fds, count, -1);
    server_move(server);
  }
}

struct program {
  struct caudit_client *client;
  struct caudit_call *call;
  struct caudit_curl *curl;
};

/* The allocator is for the transport alone. */
static void open_program(struct program *program, const char *url,
                         const struct caudit_allocator *allocator) {
  struct caudit_options options = {.attempts = 3};
  struct caudit_credentials keys = {CAUDIT_STR("AKIDexample"), CAUDIT_STR("secret"), {NULL, 0}};
  char endpoint[80];
  snprintf(endpoint, sizeof endpoint, "%.*s", (int)strlen(url) - 1, url);
  options.endpoint = caudit_str(endpoint);
  assert_int_equal(caudit_client_new(&program->client, &options, NULL, NULL), 0);
  assert_int_equal(caudit_client_credentials(program->client, &keys, NULL), 0);
  assert_int_equal(caudit_curl_new(&program->curl, NULL, allocator, NULL), 0);
  assert_int_equal(caudit_call_new_raw(&program->call, program->client, caudit_str("SomeAction"),
                                       caudit_str("{}"), NULL),
                   0);
}

static void close_program(struct program *program) {
  caudit_call_free(program->call);
  caudit_curl_free(program->curl);
  caudit_client_free(program->client);
}

static int run_call(const char *url, struct caudit_buf *body, struct caudit_error *err) {
  struct program program;
  open_program(&program, url, NULL);
  int rc = caudit_curl_run(program.curl, program.call, body, err);
  close_program(&program);
  return rc;
}

/* A server in a child process responds with that body; returns the result of caudit_curl_run. */
static int run_against(const char *json, struct caudit_buf *body, struct caudit_error *err) {
  struct server server;
  char response[512];
  snprintf(response, sizeof response, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
           strlen(json), json);
  assert_true(server_open(&server, 16, response));
  pid_t pid = serve_in_child(&server);
  int rc = run_call(server.url, body, err);
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  server_close(&server);
  return rc;
}

static void a_call_runs_to_the_end(void **state) {
  (void)state;
  static const char success[] = "{\"Response\":{\"N\":1,\"RequestId\":\"abc-def\"}}";
  static const char refusal[] = "{\"Response\":{\"Error\":{\"Code\":\"AuthFailure.X\",\"Message\":"
                                "\"no\"},\"RequestId\":\"abc-def\"}}";
  struct caudit_buf body;
  struct caudit_error err;
  struct server gone;
  caudit_buf_init(&body, NULL, 1000);
  assert_int_equal(run_against(success, &body, &err), 0);
  assert_text(&body, success);
  assert_int_equal(run_against(refusal, &body, &err), -CAUDIT_AUTH);
  assert_string_equal(err.code, "AuthFailure.X");
  assert_int_equal(err.outcome, CAUDIT_REJECTED);
  assert_int_equal(body.len, 0);
  assert_true(server_open(&gone, 16, NULL));
  server_close(&gone);
  assert_int_equal(run_call(gone.url, &body, &err), -CAUDIT_CONNECT);
  assert_int_equal(err.outcome, CAUDIT_NOT_SENT);
  assert_int_equal(err.attempts, 3);
  caudit_buf_free(&body);
}

static void a_body_too_long_for_its_buffer_is_unknown(void **state) {
  (void)state;
  static const char success[] = "{\"Response\":{\"RequestId\":\"abc-def\"}}";
  struct caudit_buf body;
  struct caudit_error err;
  caudit_buf_init(&body, NULL, 10);
  assert_int_equal(run_against(success, &body, &err), -CAUDIT_QUOTA);
  assert_int_equal(err.outcome, CAUDIT_UNKNOWN);
  assert_int_equal(body.len, 0);
  caudit_buf_free(&body);
}

#define BUSY                                                                                       \
  "Content-Length: 85\r\n\r\n{\"Response\":{\"Error\":{\"Code\":\"RequestLimitExceeded\","         \
  "\"Message\":\"no\"},\"RequestId\":\"r\"}}"

/* Steps a call until it has received that response; returns the milliseconds that it waits then. */
static int64_t wait_after(const char *response) {
  struct server server;
  struct program program;
  struct caudit_transfer *transfer = NULL;
  struct caudit_buf body;
  caudit_buf_init(&body, NULL, 1000);
  assert_true(server_open(&server, 16, response));
  open_program(&program, server.url, NULL);
  do {
    assert_false(caudit_curl_advance(program.curl, program.call, &transfer, &body, 5));
    server_move(&server);
  } while (transfer);
  assert_false(caudit_curl_advance(program.curl, program.call, &transfer, &body, 0));
  int64_t wait_ms = transfer ? 0 : caudit_call_timeout_ms(program.call);
  caudit_transfer_free(transfer); /* the wait was too short to be observed */
  close_program(&program);
  caudit_buf_free(&body);
  server_close(&server);
  return wait_ms;
}

static void the_head_of_a_response_counts(void **state) {
  (void)state;
  assert_in_range(wait_after("HTTP/1.1 200 OK\r\nRetry-After: 5\r\n" BUSY), 4000, 5000);
  assert_in_range(wait_after("HTTP/1.1 200 OK\r\nRetry-After: 5\r\nretry-after: 5\r\n" BUSY), 0,
                  1000);
}

/* Any delay up to a second, so that not all clients retry at once. */
static void retries_are_jittered(void **state) {
  (void)state;
  int64_t least = INT64_MAX, most = 0;
  for (int i = 0; i < 12; i++) {
    int64_t wait_ms = wait_after("HTTP/1.1 200 OK\r\n" BUSY);
    assert_in_range(wait_ms, 0, 1000);
    if (wait_ms < least) least = wait_ms;
    if (wait_ms > most) most = wait_ms;
  }
  assert_true(most - least > 50);
}

static bool no_memory;

static void *scarce(void *ud, void *ptr, size_t osize, size_t nsize) {
  (void)ud;
  (void)osize;
  if (nsize > 0) return no_memory ? NULL : realloc(ptr, nsize);
  free(ptr);
  return NULL;
}

static void without_memory_nothing_is_sent(void **state) {
  (void)state;
  const struct caudit_allocator allocator = {scarce, NULL};
  struct program program;
  struct caudit_buf body;
  struct caudit_error err;
  caudit_buf_init(&body, NULL, 1000);
  open_program(&program, "http://127.0.0.1:1/", &allocator);
  no_memory = true;
  assert_int_equal(caudit_curl_run(program.curl, program.call, &body, &err), -CAUDIT_MEMORY);
  assert_int_equal(err.outcome, CAUDIT_NOT_SENT);
  no_memory = false;
  close_program(&program);
  caudit_buf_free(&body);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_call_runs_to_the_end),
      cmocka_unit_test(a_body_too_long_for_its_buffer_is_unknown),
      cmocka_unit_test(the_head_of_a_response_counts),
      cmocka_unit_test(retries_are_jittered),
      cmocka_unit_test(without_memory_nothing_is_sent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
