/* The state machine of a call: deadline, attempts, rate limit, retries and outcome, the same for
 * every driver. No I/O; time is an argument. */
#include "core/call_impl.h"
#include "core/retry.h"

#include <string.h>

enum { MAX_LINES = 64 * 1024 };

/* NULL: no memory. */
static struct caudit_call *new_call(struct caudit_client *client, struct caudit_str action,
                                    const struct caudit_service *service, bool writes) {
  struct caudit_window *window = caudit_rate_window(client, action);
  struct caudit_call *call = NULL;
  if (window) call = caudit_realloc(&client->allocator, NULL, 0, sizeof *call);
  if (!call) return NULL;
  memset(call, 0, sizeof *call);
  call->allocator = client->allocator;
  call->client = client;
  client->references++;
  call->service = service;
  call->writes = writes;
  call->window = window;
  caudit_buf_init(&call->body, &client->allocator, client->max_request);
  caudit_buf_init(&call->lines, &client->allocator, MAX_LINES);
  return call;
}

int caudit_call_new(struct caudit_call **out, struct caudit_client *client,
                    const struct caudit_action *action, const void *params, bool checked,
                    struct caudit_error *err) {
  *out = NULL;
  int failed = checked ? caudit_check(action->name, action->request, params, err) : 0;
  if (failed) return failed;
  struct caudit_call *call =
      new_call(client, caudit_str(action->name), action->service, action->writes);
  if (!call) return caudit_fail(err, CAUDIT_MEMORY, "not enough memory");
  call->unsigned_call = action->unsigned_call;
  failed = caudit_json_write(&call->body, action->request, params, err);
  if (failed) {
    caudit_error_owned(err, action->name);
    caudit_call_free(call);
    return failed;
  }
  *out = call;
  return 0;
}

static bool is_action_name(struct caudit_str name) {
  if (name.len < 1 || name.len > 63) return false;
  for (size_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) return false;
  }
  return true;
}

int caudit_call_new_raw(struct caudit_call **out, struct caudit_client *client,
                        struct caudit_str action, struct caudit_str body,
                        struct caudit_error *err) {
  *out = NULL;
  if (!is_action_name(action))
    return caudit_fail(err, CAUDIT_MISUSE, "action: 1 to 63 letters or digits expected");
  size_t count;
  const struct caudit_service *service = caudit_actions(&count)->service;
  if (body.len > client->max_request)
    return caudit_fail(err, CAUDIT_QUOTA, "body: at most %zu bytes expected", client->max_request);
  struct caudit_call *call = new_call(client, action, service, true);
  if (call && caudit_buf_append(&call->body, body.data, body.len) == 0) {
    *out = call;
    return 0;
  }
  caudit_call_free(call);
  return caudit_fail(err, CAUDIT_MEMORY, "not enough memory");
}

void caudit_call_free(struct caudit_call *call) {
  if (!call) return;
  struct caudit_allocator allocator = call->allocator;
  caudit_buf_free(&call->body);
  caudit_buf_free(&call->lines);
  caudit_client_free(call->client);
  caudit_realloc(&allocator, call, sizeof *call, 0);
}

/* ---- steps ----------------------------------------------------------------------------- */

static enum caudit_next finish(struct caudit_call *call, bool failed,
                               const struct caudit_now *now) {
  call->failed = failed;
  call->state = CALL_DONE;
  if (call->error.outcome == CAUDIT_NOT_SENT) call->error.outcome = call->outcome;
  call->error.attempts = call->attempts;
  call->error.elapsed_ms = now->monotonic_ms - call->started_ms;
  caudit_call_forget_request(call);
  return CAUDIT_DONE;
}

/* Ends a call without time for a request. An error of an earlier attempt says more and stays. */
static enum caudit_next out_of_time(struct caudit_call *call, const char *message,
                                    const struct caudit_now *now) {
  if (call->error.kind == CAUDIT_OK) {
    caudit_fail(&call->error, CAUDIT_TIMEOUT, "%s", message);
    call->error.retryable = true;
  }
  return finish(call, true, now);
}

static enum caudit_next wait_ms(struct caudit_call *call, int64_t ms) {
  call->timeout_ms = ms > 0 ? ms : 0;
  return CAUDIT_WAIT;
}

static enum caudit_next send(struct caudit_call *call, const struct caudit_now *now) {
  struct caudit_client *client = call->client;
  int64_t left = call->deadline_ms - now->monotonic_ms;
  /* No further attempt without enough time for a response: a write would end as unknown, and a
   * timeout would hide why the attempt before it failed. Nor a first one when most of the time went
   * into getting credentials. */
  bool late = call->attempts > 0 || (call->begun && left < client->timeout_ms / 2);
  if (left <= 0 || (late && left < (call->writes ? MIN_WRITE_MS : MIN_READ_MS)))
    return out_of_time(call, "the deadline passed before a request was sent", now);
  int64_t delay = caudit_rate_delay(call->window, now->monotonic_ms);
  if (delay >= left)
    return out_of_time(call, "the client's rate limit left no time for a request", now);
  if (delay > 0) return wait_ms(call, delay);
  int64_t unix_ms = now->unix_ms + client->clock_offset_ms;
  struct caudit_error err;
  if (caudit_request_build(call, unix_ms / 1000, &err) != 0) {
    call->error = err;
    return finish(call, true, now);
  }
  caudit_rate_sent(call->window, now->monotonic_ms);
  call->state = CALL_SENT;
  call->attempts++;
  call->credentials_used = client->credentials_set;
  call->sent_monotonic_ms = now->monotonic_ms;
  call->sent_unix_ms = now->unix_ms;
  call->timeout_ms = left;
  return CAUDIT_SEND;
}

int caudit_call_prepare(struct caudit_call *call, int64_t unix_seconds, struct caudit_error *err) {
  return caudit_request_build(call, unix_seconds, err);
}

void caudit_call_begin(struct caudit_call *call, int64_t monotonic_ms) {
  if (call->state != CALL_NEW) return;
  call->started_ms = monotonic_ms;
  call->deadline_ms = monotonic_ms + call->client->timeout_ms;
  call->not_before_ms = monotonic_ms;
  call->begun = true;
  call->state = CALL_READY;
}

enum caudit_next caudit_call_next(struct caudit_call *call, const struct caudit_now *now) {
  switch (call->state) { /* GCOVR_EXCL_BR_LINE: each value has its case */
  case CALL_NEW:
    caudit_call_begin(call, now->monotonic_ms);
    call->begun = false;
    return send(call, now);
  case CALL_READY:
    if (now->monotonic_ms < call->not_before_ms)
      return wait_ms(call, call->not_before_ms - now->monotonic_ms);
    return send(call, now);
  case CALL_REFUSED_TOKEN:
  case CALL_REFRESHING:
    /* Another call of the client may have refreshed the credentials in the meantime. */
    if (call->client->credentials_set != call->credentials_used) return send(call, now);
    /* Called again without newer credentials: the refusal stands. */
    if (call->state == CALL_REFRESHING) return finish(call, true, now);
    call->state = CALL_REFRESHING;
    return CAUDIT_REFRESH;
  case CALL_SENT: /* the exchange is under way: nothing to do before the deadline */
    return wait_ms(call, call->deadline_ms - now->monotonic_ms);
  case CALL_DONE:
    break;
  }
  return CAUDIT_DONE;
}

/* Decides what follows once call->error is filled. */
static void attempt_failed(struct caudit_call *call, const struct caudit_response *response,
                           const struct caudit_now *now) {
  int64_t delay = 0;
  if (call->error.outcome != CAUDIT_NOT_SENT) call->outcome = call->error.outcome;
  switch (caudit_retry(call, response, now, &delay)) { /* GCOVR_EXCL_BR_LINE: so here */
  case VERDICT_RETRY:
  case VERDICT_CORRECT:
    call->not_before_ms = now->monotonic_ms + delay;
    call->state = CALL_READY;
    return;
  case VERDICT_REFRESH:
    call->state = CALL_REFUSED_TOKEN;
    return;
  case VERDICT_GIVE_UP:
    finish(call, true, now);
  }
}

int caudit_call_received(struct caudit_call *call, const struct caudit_response *response,
                         const struct caudit_now *now) {
  struct caudit_error err;
  if (call->state != CALL_SENT) return -CAUDIT_MISUSE;
  caudit_copy_line(call->request_id, sizeof call->request_id, response->envelope.request_id);
  int failed = caudit_response_error(response, call->writes, &err);
  if (failed) {
    call->error = err;
    attempt_failed(call, response, now);
  } else {
    caudit_retry_succeeded(call);
    finish(call, false, now);
  }
  return failed;
}

/* Failures that a retry may not meet again. */
static bool is_transient(enum caudit_kind kind) {
  return kind == CAUDIT_DNS || kind == CAUDIT_CONNECT || kind == CAUDIT_TLS ||
         kind == CAUDIT_TIMEOUT || kind == CAUDIT_TRANSPORT;
}

void caudit_call_failed(struct caudit_call *call, enum caudit_kind kind, bool sent,
                        struct caudit_str message, const struct caudit_now *now) {
  if (call->state != CALL_SENT) return;
  caudit_fail(&call->error, kind, "%s", "");
  caudit_copy_line(call->error.message, sizeof call->error.message, message);
  call->error.outcome = sent ? CAUDIT_UNKNOWN : CAUDIT_NOT_SENT;
  call->error.retryable = is_transient(kind) && (!sent || !call->writes);
  attempt_failed(call, NULL, now);
}

const struct caudit_request *caudit_call_request(const struct caudit_call *call) {
  return &call->request;
}

struct caudit_str caudit_call_body(const struct caudit_call *call, int64_t *timestamp) {
  struct caudit_str body = {call->body.data, call->body.len};
  *timestamp = call->signed_unix;
  return body;
}

int64_t caudit_call_timeout_ms(const struct caudit_call *call) {
  return call->timeout_ms;
}

const struct caudit_error *caudit_call_error(const struct caudit_call *call) {
  return call->failed ? &call->error : NULL;
}

struct caudit_str caudit_call_request_id(const struct caudit_call *call) {
  struct caudit_str none = {NULL, 0};
  return call->request_id[0] ? caudit_str(call->request_id) : none;
}
