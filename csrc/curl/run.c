/* A whole call with the clocks of the system: stepped, or run by a caller that may block. */
#include "internal.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* Fresh bits each time, so that forked workers do not retry in step. False: none. */
static bool random_bits(uint32_t *out) {
#ifdef __linux__
  return getrandom(out, sizeof *out, 0) == (ssize_t)sizeof *out;
#else
  return getentropy(out, sizeof *out) == 0;
#endif
}

static void look_at_clocks(struct caudit_now *now) {
  struct timespec wall;
  uint32_t bits = 0;
  clock_gettime(CLOCK_REALTIME, &wall);
  now->monotonic_ms = caudit_monotonic_ms();
  now->unix_ms = (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000;
  if (!random_bits(&bits)) bits = (uint32_t)wall.tv_nsec * 2654435761U;
  now->random = bits / 4294967296.0;
}

static void pause_for(struct caudit_curl *curl, int64_t ms, int most_ms) {
  if (ms > most_ms) ms = most_ms;
  if (ms <= 0) return;
  if (caudit_curl_pending(curl) > 0) { /* of other calls */
    caudit_curl_step(curl, (int)ms);
    return;
  }
  /* A signal ends it early, so that a program with a loop of its own can look at its flags. */
  struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};
  (void)nanosleep(&time, NULL);
}

/* Reports the result of an exchange to the call; the response's body goes into *body. */
static void report(struct caudit_call *call, const struct caudit_exchange *exchange,
                   const struct caudit_now *now, struct caudit_buf *body) {
  struct caudit_buf text;
  struct caudit_response response;
  caudit_buf_clear(body);
  if (exchange->kind != CAUDIT_OK) {
    caudit_call_failed(call, exchange->kind, exchange->sent, caudit_str(exchange->message), now);
    return;
  }
  caudit_buf_init(&text, &body->allocator, SIZE_MAX);
  memset(&response, 0, sizeof response);
  response.status = exchange->status;
  caudit_response_read_head(&response, exchange->head);
  int rc = caudit_envelope_read(exchange->body, &text, &response.envelope);
  if (rc == 0) rc = caudit_buf_append(body, exchange->body.data, exchange->body.len);
  if (rc == 0)
    (void)caudit_call_received(call, &response, now);
  else
    caudit_call_failed(call, (enum caudit_kind) - rc, exchange->sent,
                       caudit_str("not enough room for the body of the response"), now);
  caudit_buf_free(&text);
}

bool caudit_curl_advance(struct caudit_curl *curl, struct caudit_call *call,
                         struct caudit_transfer **transfer, struct caudit_buf *body,
                         int timeout_ms) {
  struct caudit_error err;
  struct caudit_exchange ended;
  struct caudit_now now;
  if (!*transfer) {
    look_at_clocks(&now);
    enum caudit_next next = caudit_call_next(call, &now);
    if (next == CAUDIT_WAIT) pause_for(curl, caudit_call_timeout_ms(call), timeout_ms);
    /* CAUDIT_REFRESH: there are no newer credentials here, so the refusal stands. */
    if (next != CAUDIT_SEND) return next == CAUDIT_DONE;
    if (caudit_curl_start(curl, caudit_call_request(call), caudit_call_timeout_ms(call), transfer,
                          &err) != 0) {
      *transfer = NULL;
      look_at_clocks(&now);
      caudit_call_failed(call, err.kind, false, caudit_str(err.message), &now);
      return false;
    }
  }
  if (!caudit_transfer_done(*transfer, &ended)) {
    caudit_curl_step(curl, timeout_ms);
    if (!caudit_transfer_done(*transfer, &ended)) return false;
  }
  look_at_clocks(&now);
  report(call, &ended, &now, body);
  caudit_transfer_free(*transfer);
  *transfer = NULL;
  return false;
}

int caudit_curl_run(struct caudit_curl *curl, struct caudit_call *call, struct caudit_buf *body,
                    struct caudit_error *err) {
  struct caudit_transfer *transfer = NULL;
  while (!caudit_curl_advance(curl, call, &transfer, body, 60 * 1000)) {
  }
  const struct caudit_error *failure = caudit_call_error(call);
  if (!failure) return 0;
  caudit_buf_clear(body);
  if (err) *err = *failure;
  return -(int)failure->kind;
}
