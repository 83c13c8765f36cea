/* The libcurl driver and its process: dead name servers, unreachable hosts, forks, signals,
 * descriptors. */
#include "curl/internal.h"
#include "curl_server.h"
#include "support.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* ---- a name server that does not answer ------------------------------------------------ */

/* Replaces the C library's: the lookup of "hang.test" lasts until both sides have met at `asked`
 * and `answer`. */
static pthread_mutex_t lookup_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t lookup_moved = PTHREAD_COND_INITIALIZER;
static bool lookup_released;
static int lookups_under_way;

CAUDIT_API int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                           struct addrinfo **out);
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **out) {
  (void)service;
  (void)hints;
  *out = NULL;
  if (!name || strcmp(name, "hang.test") != 0) return EAI_NONAME;
  pthread_mutex_lock(&lookup_lock);
  lookups_under_way++;
  pthread_cond_broadcast(&lookup_moved);
  while (!lookup_released) pthread_cond_wait(&lookup_moved, &lookup_lock);
  lookups_under_way--;
  pthread_cond_broadcast(&lookup_moved);
  pthread_mutex_unlock(&lookup_lock);
  return EAI_AGAIN;
}

static void wait_for_a_lookup(void) {
  pthread_mutex_lock(&lookup_lock);
  while (lookups_under_way == 0) pthread_cond_wait(&lookup_moved, &lookup_lock);
  pthread_mutex_unlock(&lookup_lock);
}

static void wait_for_no_lookup(void) {
  pthread_mutex_lock(&lookup_lock);
  while (lookups_under_way > 0) pthread_cond_wait(&lookup_moved, &lookup_lock);
  pthread_mutex_unlock(&lookup_lock);
}

static void a_hanging_lookup_delays_nothing(void **state) {
  (void)state;
  struct caudit_curl *curl;
  struct caudit_transfer *late, *left;
  struct caudit_exchange ended;
  struct caudit_request request = request_to("http://hang.test/", NULL);
  assert_int_equal(caudit_curl_new(&curl, NULL, NULL, NULL), 0);
  int64_t start = caudit_monotonic_ms();
  assert_int_equal(caudit_curl_start(curl, &request, 200, &late, NULL), 0);
  finish(NULL, curl, late, &ended);
  assert_int_equal(ended.kind, CAUDIT_TIMEOUT);
  assert_false(ended.sent);
  assert_true(caudit_monotonic_ms() - start < 300);
  wait_for_a_lookup();
  int before =
      lookups_under_way; /* libcurl 8.20 and later ask for each kind of address by itself */
  caudit_transfer_free(late);
  assert_int_equal(caudit_curl_start(curl, &request, 5000, &left, NULL), 0);
  while (lookups_under_way <= before) caudit_curl_step(curl, 1);
  start = caudit_monotonic_ms();
  caudit_transfer_free(left);
  caudit_curl_free(curl);
  assert_true(caudit_monotonic_ms() - start < 100);
  pthread_mutex_lock(&lookup_lock);
  lookup_released = true;
  pthread_cond_broadcast(&lookup_moved);
  pthread_mutex_unlock(&lookup_lock);
  wait_for_no_lookup();
}

static void a_name_that_does_not_exist(void **state) {
  (void)state;
  struct caudit_curl *curl;
  struct caudit_transfer *transfer;
  struct caudit_exchange ended;
  struct caudit_request request = request_to("http://nowhere.test/", NULL);
  assert_int_equal(caudit_curl_new(&curl, NULL, NULL, NULL), 0);
  assert_int_equal(caudit_curl_start(curl, &request, 5000, &transfer, NULL), 0);
  finish(NULL, curl, transfer, &ended);
  assert_int_equal(ended.kind, CAUDIT_DNS);
  assert_false(ended.sent);
  caudit_transfer_free(transfer);
  caudit_curl_free(curl);
}

/* ---- a host that does not answer ------------------------------------------------------- */

static void a_silent_host_ends_in_a_connect_timeout(void **state) {
  (void)state;
  struct server server;
  struct caudit_curl_options options = {0};
  struct caudit_curl *curl;
  struct caudit_transfer *transfer;
  struct caudit_exchange ended;
  struct caudit_fd watched[2] = {{0}};
  int waiting[4], wait_ms;
  /* A full backlog: the kernel drops every further SYN. */
  assert_true(server_open(&server, 0, NULL));
  struct sockaddr_in address = {0};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons((uint16_t)server.port);
  for (int i = 0; i < 4; i++) {
    waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_true(connect(waiting[i], (struct sockaddr *)&address, sizeof address) == 0 ||
                errno == EINPROGRESS);
  }
  struct caudit_request request = request_to(server.url, NULL);
  options.connect_timeout_ms = 150;
  assert_int_equal(caudit_curl_new(&curl, &options, NULL, NULL), 0);
  int64_t start = caudit_monotonic_ms();
  assert_int_equal(caudit_curl_start(curl, &request, 10000, &transfer, NULL), 0);
  assert_int_equal(caudit_curl_step(curl, 0), 1);
  /* An event loop waits. libcurl 8.20 and later watch a descriptor of their own beside it, and 8.14
   * rounds its timer up. */
  size_t fds = caudit_curl_fds(curl, watched, 2, &wait_ms);
  assert_in_range(fds, 1, 2);
  bool writes = watched[0].write || watched[1].write;
  assert_true(writes && wait_ms >= 0 && wait_ms <= 151);
  finish(NULL, curl, transfer, &ended);
  assert_int_equal(ended.kind, CAUDIT_TIMEOUT);
  assert_false(ended.sent);
  assert_true(caudit_monotonic_ms() - start < 250);
  caudit_transfer_free(transfer);
  start = caudit_monotonic_ms();
  assert_int_equal(caudit_curl_start(curl, &request, 80, &transfer, NULL), 0);
  finish(NULL, curl, transfer, &ended);
  assert_int_equal(ended.kind, CAUDIT_TIMEOUT);
  assert_true(caudit_monotonic_ms() - start < 180);
  caudit_transfer_free(transfer);
  caudit_curl_free(curl);
  for (int i = 0; i < 4; i++) close(waiting[i]);
  server_close(&server);
}

/* ---- forks ----------------------------------------------------------------------------- */

static enum caudit_kind exchange(struct server *server, struct caudit_curl *curl, const char *url) {
  struct caudit_transfer *transfer;
  struct caudit_exchange ended;
  struct caudit_request request = request_to(url, NULL);
  assert_int_equal(caudit_curl_start(curl, &request, 5000, &transfer, NULL), 0);
  finish(server, curl, transfer, &ended);
  caudit_transfer_free(transfer);
  return ended.kind;
}

/* Checks what the child may do with inherited objects; returns 0 on success. */
static int child_of_fork(struct caudit_curl *curl, struct caudit_transfer *inherited,
                         const char *url) {
  struct caudit_exchange ended;
  int timeout_ms;
  if (caudit_curl_fds(curl, NULL, 0, &timeout_ms) != 0 || timeout_ms != -1) return 1;
  if (exchange(NULL, curl, url) != CAUDIT_OK) return 2;
  if (!caudit_transfer_done(inherited, &ended)) return 3;
  if (ended.kind != CAUDIT_TRANSPORT || !ended.sent) return 4;
  caudit_transfer_free(inherited);
  if (exchange(NULL, curl, url) != CAUDIT_OK) return 5;
  caudit_curl_free(curl);
  return 0;
}

static void a_child_does_not_touch_the_parents_connections(void **state) {
  (void)state;
  struct server server;
  struct caudit_curl *curl;
  struct caudit_transfer *transfer;
  struct caudit_exchange ended;
  assert_true(server_open(&server, 16, OK));
  struct caudit_request request = request_to(server.url, NULL);
  assert_int_equal(caudit_curl_new(&curl, NULL, NULL, NULL), 0);
  assert_int_equal(exchange(&server, curl, server.url), CAUDIT_OK);
  server.response = NULL;
  assert_int_equal(caudit_curl_start(curl, &request, 5000, &transfer, NULL), 0);
  while (server.requests < 2) {
    caudit_curl_step(curl, 5);
    server_move(&server);
  }
  server.response = OK;
  pid_t pid = fork();
  if (pid == 0) _exit(child_of_fork(curl, transfer, server.url));
  int status;
  while (waitpid(pid, &status, WNOHANG) == 0) server_move(&server);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  assert_int_equal(server.accepted, 2);
  assert_int_equal(server.served[0], 2);
  assert_int_equal(server.served[1], 2);
  assert_int_equal(send(server.fds[0], OK, strlen(OK), 0), strlen(OK));
  finish(&server, curl, transfer, &ended);
  assert_int_equal(ended.kind, CAUDIT_OK);
  caudit_transfer_free(transfer);
  assert_int_equal(exchange(&server, curl, server.url), CAUDIT_OK);
  assert_int_equal(server.accepted, 2);
  assert_int_equal(server.served[0], 3);
  caudit_curl_free(curl);
  server_close(&server);
}

/* ---- signals --------------------------------------------------------------------------- */

static bool sigpipe_pending(void) {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE) == 1;
}

static void sigpipe_is_suppressed_and_nothing_else_changes(void **state) {
  (void)state;
  struct caudit_quiet quiet;
  struct sigaction before, after;
  sigset_t pipe_set, mask;
  sigemptyset(&pipe_set);
  sigaddset(&pipe_set, SIGPIPE);
  sigaction(SIGPIPE, NULL, &before);
  assert_true(before.sa_handler == SIG_DFL);
  caudit_quiet_begin(&quiet);
  raise(SIGPIPE);
  caudit_quiet_end(&quiet);
  assert_false(sigpipe_pending());
  pthread_sigmask(SIG_BLOCK, NULL, &mask);
  assert_int_equal(sigismember(&mask, SIGPIPE), 0);
  sigaction(SIGPIPE, NULL, &after);
  assert_true(after.sa_handler == SIG_DFL);
  /* A signal that was pending before stays pending. */
  pthread_sigmask(SIG_BLOCK, &pipe_set, NULL);
  caudit_quiet_begin(&quiet);
  raise(SIGPIPE);
  caudit_quiet_end(&quiet);
  assert_false(sigpipe_pending());
  raise(SIGPIPE);
  caudit_quiet_begin(&quiet);
  caudit_quiet_end(&quiet);
  assert_true(sigpipe_pending());
  int taken;
  sigwait(&pipe_set, &taken);
  pthread_sigmask(SIG_UNBLOCK, &pipe_set, NULL);
}

/* ---- descriptors ----------------------------------------------------------------------- */

enum { MANY = 1100 };

static void descriptors_beyond_1024_close_on_exec(void **state) {
  (void)state;
  struct server server;
  struct caudit_curl *curl;
  struct caudit_transfer *transfer;
  struct caudit_exchange ended;
  struct caudit_fd fds[8];
  struct rlimit limit;
  static int taken[MANY];
  int timeout_ms;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
  assert_true(server_open(&server, 16, NULL));
  for (int i = 0; i < MANY; i++) assert_true((taken[i] = dup(server.listener)) >= 0);
  struct caudit_request request = request_to(server.url, NULL);
  assert_int_equal(caudit_curl_new(&curl, NULL, NULL, NULL), 0);
  assert_int_equal(caudit_curl_start(curl, &request, 5000, &transfer, NULL), 0);
  while (server.requests == 0) {
    caudit_curl_step(curl, 5);
    server_move(&server);
  }
  size_t watched = caudit_curl_fds(curl, fds, 8, &timeout_ms); /* see above */
  assert_in_range(watched, 1, 2);
  for (size_t i = 0; i < watched; i++) {
    assert_true(fds[i].fd > 1024);
    assert_true(fds[i].read);
    assert_true((fcntl(fds[i].fd, F_GETFD) & FD_CLOEXEC) != 0);
  }
  assert_true(timeout_ms > 0);
  assert_int_equal(send(server.fds[0], OK, strlen(OK), 0), strlen(OK));
  finish(&server, curl, transfer, &ended);
  assert_int_equal(ended.kind, CAUDIT_OK);
  caudit_transfer_free(transfer);
  caudit_curl_free(curl);
  for (int i = 0; i < MANY; i++) close(taken[i]);
  server_close(&server);
}

static void without_a_descriptor_nothing_is_sent(void **state) {
  (void)state;
  struct server server;
  struct caudit_curl *curl;
  struct caudit_transfer *transfer;
  struct caudit_exchange ended;
  struct rlimit limit, none;
  assert_true(server_open(&server, 16, OK));
  struct caudit_request request = request_to(server.url, NULL);
  assert_int_equal(caudit_curl_new(&curl, NULL, NULL, NULL), 0);
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
  none = limit;
  none.rlim_cur = 0;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  assert_int_equal(caudit_curl_start(curl, &request, 5000, &transfer, NULL), 0);
  while (!caudit_transfer_done(transfer, &ended)) caudit_curl_step(curl, 5);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
  assert_int_equal(ended.kind, CAUDIT_CONNECT);
  assert_false(ended.sent);
  assert_string_equal(ended.message, "no descriptor was left for a connection");
  caudit_transfer_free(transfer);
  assert_int_equal(exchange(&server, curl, server.url), CAUDIT_OK);
  caudit_curl_free(curl);
  server_close(&server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_hanging_lookup_delays_nothing),
      cmocka_unit_test(a_name_that_does_not_exist),
      cmocka_unit_test(a_silent_host_ends_in_a_connect_timeout),
      cmocka_unit_test(a_child_does_not_touch_the_parents_connections),
      cmocka_unit_test(sigpipe_is_suppressed_and_nothing_else_changes),
      cmocka_unit_test(descriptors_beyond_1024_close_on_exec),
      cmocka_unit_test(without_a_descriptor_nothing_is_sent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
