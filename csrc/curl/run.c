/* A call from its first request to its end, for C programs that may block: the loop over
 * caudit_call_next and caudit_curl_step, with the host's clocks. */
#include "internal.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static void look_at_clocks(struct caudit_now *now) {
  struct timespec wall;
  uint32_t bits = 0;
  clock_gettime(CLOCK_REALTIME, &wall);
  now->monotonic_ms = caudit_monotonic_ms();
  now->unix_ms = (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000;
  /* Asked anew each time, so that forked workers never retry in step. */
  if (getentropy(&bits, sizeof bits) != 0) bits = (uint32_t)wall.tv_nsec * 2654435761U;
  now->random = bits / 4294967296.0;
}

static void wait_ms(int64_t ms) {
  if (ms <= 0) return;
  struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

static int exchange(struct caudit_curl *curl, struct caudit_call *call,
                    struct caudit_transfer **transfer, struct caudit_exchange *out,
                    struct caudit_error *err) {
  int rc = caudit_curl_start(curl, caudit_call_request(call), caudit_call_timeout_ms(call),
                             transfer, err);
  if (rc != 0) return rc;
  while (!caudit_transfer_done(*transfer, out)) caudit_curl_step(curl, 60 * 1000);
  return 0;
}

/* Tells the call how the exchange ended; a body comes back in *body. */
static int report(struct caudit_call *call, const struct caudit_exchange *exchange,
                  struct caudit_buf *text, struct caudit_buf *body) {
  struct caudit_now now;
  look_at_clocks(&now);
  if (exchange->kind != CAUDIT_OK) {
    caudit_call_failed(call, exchange->kind, exchange->sent, caudit_str(exchange->message), &now);
    return 0;
  }
  struct caudit_reply reply;
  memset(&reply, 0, sizeof reply);
  reply.status = exchange->status;
  reply.date = caudit_head_value(exchange->head, "Date");
  reply.age = caudit_head_value(exchange->head, "Age");
  reply.retry_after = caudit_head_value(exchange->head, "Retry-After");
  reply.content_encoding = caudit_head_value(exchange->head, "Content-Encoding");
  int rc = caudit_answer_read(exchange->body, text, &reply.answer);
  caudit_buf_clear(body);
  if (rc == 0) rc = caudit_buf_append(body, exchange->body.data, exchange->body.len);
  if (rc == 0) caudit_call_received(call, &reply, &now);
  return rc;
}

static int send_request(struct caudit_curl *curl, struct caudit_call *call, struct caudit_buf *text,
                        struct caudit_buf *body) {
  struct caudit_error err;
  struct caudit_transfer *transfer;
  struct caudit_exchange ended;
  struct caudit_now now;
  if (exchange(curl, call, &transfer, &ended, &err) != 0) {
    look_at_clocks(&now);
    caudit_call_failed(call, err.kind, false, caudit_str(err.message), &now);
    return 0;
  }
  int rc = report(call, &ended, text, body);
  if (rc != 0) {
    look_at_clocks(&now);
    caudit_call_failed(call, (enum caudit_kind) - rc, ended.sent,
                       caudit_str("no room for the body of the response"), &now);
  }
  caudit_transfer_free(transfer);
  return 0;
}

int caudit_curl_run(struct caudit_curl *curl, struct caudit_call *call, struct caudit_buf *body,
                    struct caudit_error *err) {
  struct caudit_buf text;
  struct caudit_now now;
  caudit_buf_init(&text, &curl->allocator, SIZE_MAX);
  for (;;) {
    look_at_clocks(&now);
    enum caudit_next next = caudit_call_next(call, &now);
    if (next == CAUDIT_DONE) break;
    if (next == CAUDIT_SEND) send_request(curl, call, &text, body);
    if (next == CAUDIT_WAIT) wait_ms(caudit_call_timeout_ms(call));
    /* CAUDIT_REFRESH: there are no newer credentials here, so that the refusal stands. */
  }
  caudit_buf_free(&text);
  const struct caudit_error *failure = caudit_call_error(call);
  if (!failure) return 0;
  caudit_buf_clear(body);
  if (err) *err = *failure;
  return -(int)failure->kind;
}
