/* The maximum age of a kept connection, by a clock that the test sets: libcurl and the driver call
 * the clock_gettime of this program. Must not wait for time to pass, since the clock stands still.
 */
#undef _TIME_BITS /* so that it is the one which libcurl calls, on a system with 32-bit times too  \
                   */
#include "curl/internal.h"
#include "curl_server.h"
#include "support.h"

#include <time.h>

static int64_t clock_ms = 1000000;

CAUDIT_API int clock_gettime(clockid_t id, struct timespec *out);
int clock_gettime(clockid_t id, struct timespec *out) {
  (void)id;
  out->tv_sec = (time_t)(clock_ms / 1000);
  out->tv_nsec = (long)(clock_ms % 1000) * 1000000;
  return 0;
}

/* One exchange after some seconds; returns the number of connections so far. */
static int connections_after(struct server *server, struct caudit_curl *curl, int64_t seconds) {
  struct caudit_transfer *transfer;
  struct caudit_exchange ended;
  struct caudit_request request = request_to(server->url, NULL);
  clock_ms += seconds * 1000;
  assert_int_equal(caudit_curl_start(curl, &request, 5000, &transfer, NULL), 0);
  finish(server, curl, transfer, &ended);
  assert_int_equal(ended.kind, CAUDIT_OK);
  caudit_transfer_free(transfer);
  return server->accepted;
}

static void kept_connections_have_a_maximum_age(void **state) {
  (void)state;
  static const struct {
    int64_t pause; /* between exchanges, in seconds */
    int exchanges;
    int connections;
  } cases[] = {
      {0, 10, 1},  {30, 2, 1},  {31, 2, 2},  {31, 3, 3}, {25, 13, 1} /* 300 s */,
      {25, 14, 2}, {25, 26, 2}, {25, 27, 3},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct server server;
    struct caudit_curl *curl;
    int connections = 0;
    assert_true(server_open(&server, 16, OK));
    assert_int_equal(caudit_curl_new(&curl, NULL, NULL, NULL), 0);
    for (int n = 0; n < cases[i].exchanges; n++)
      connections = connections_after(&server, curl, n == 0 ? 0 : cases[i].pause);
    assert_int_equal(connections, cases[i].connections);
    assert_int_equal(curl->socket_count, 1); /* closed ones are not kept */
    caudit_curl_free(curl);
    server_close(&server);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(kept_connections_have_a_maximum_age)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
