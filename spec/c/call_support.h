/* A client, a clock and canned responses for tests of the call's state machine. */
#ifndef SPEC_CALL_SUPPORT_H
#define SPEC_CALL_SUPPORT_H

#include "support.h"

#include "core/retry.h"

struct bench {
  struct caudit_client *client;
  struct caudit_call *call;
  struct caudit_now now;
};

enum { START_UNIX = 1672829101 };

static const struct caudit_credentials permanent = {
    CAUDIT_STR("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"),
    CAUDIT_STR("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"),
    {NULL, 0}};

static inline void bench_open(struct bench *bench, const struct caudit_options *options) {
  struct caudit_error err;
  static const struct caudit_options defaults;
  memset(bench, 0, sizeof *bench);
  bench->now = (struct caudit_now){1000000, (int64_t)START_UNIX * 1000, 0.5};
  if (caudit_client_new(&bench->client, options ? options : &defaults, NULL, &err) != 0)
    fail_msg("%s", err.message);
  assert_int_equal(caudit_client_credentials(bench->client, &permanent, &err), 0);
}

static inline void bench_close(struct bench *bench) {
  caudit_call_free(bench->call);
  caudit_client_free(bench->client);
}

static inline void later(struct bench *bench, int64_t ms) {
  bench->now.monotonic_ms += ms;
  bench->now.unix_ms += ms;
}

/* Starts a call of an action that reads (InquireAuditCredit) or writes (DeleteAuditTrack), and
 * frees the previous one. */
static inline void begin(struct bench *bench, bool writes) {
  struct caudit_error err;
  const struct caudit_DeleteAuditTrackRequest remove = {CAUDIT_SET(7)};
  const struct caudit_InquireAuditCreditRequest inquire = {0};
  const char *name = writes ? "DeleteAuditTrack" : "InquireAuditCredit";
  const struct caudit_action *action = caudit_action(caudit_str(name));
  const void *params = writes ? (const void *)&remove : (const void *)&inquire;
  caudit_call_free(bench->call);
  assert_int_equal(action->writes, writes);
  assert_int_equal(caudit_call_new(&bench->call, bench->client, action, params, true, &err), 0);
}

static inline enum caudit_next next(struct bench *bench) {
  return caudit_call_next(bench->call, &bench->now);
}

/* Waits as long as the call asks for until it sends; returns the total in milliseconds. */
static inline int64_t wait_to_send(struct bench *bench) {
  int64_t waited = 0;
  enum caudit_next step;
  while ((step = next(bench)) == CAUDIT_WAIT) {
    int64_t ms = caudit_call_timeout_ms(bench->call);
    assert_true(ms > 0);
    waited += ms;
    later(bench, ms);
  }
  assert_int_equal(step, CAUDIT_SEND);
  return waited;
}

static inline const struct caudit_error *failed_with(struct bench *bench, enum caudit_kind kind,
                                                     enum caudit_outcome outcome) {
  assert_int_equal(next(bench), CAUDIT_DONE);
  const struct caudit_error *error = caudit_call_error(bench->call);
  assert_non_null(error);
  if (error->kind != kind || error->outcome != outcome)
    fail_msg("%s, %s: %s", caudit_kind_name(error->kind), caudit_outcome_name(error->outcome),
             error->message);
  return error;
}

static inline struct caudit_response success(void) {
  return (struct caudit_response){
      .status = 200, .envelope = {.well_formed = true, .request_id = CAUDIT_STR("request-1")}};
}

static inline struct caudit_response refusal(const char *code) {
  struct caudit_response response = success();
  response.envelope.code = caudit_str(code);
  response.envelope.message = caudit_str("what the service says");
  return response;
}

static inline void receive(struct bench *bench, struct caudit_response response) {
  (void)caudit_call_received(bench->call, &response, &bench->now);
}

static inline void receive_code(struct bench *bench, const char *code) {
  receive(bench, refusal(code));
}

static inline void lose(struct bench *bench, enum caudit_kind kind, bool sent) {
  caudit_call_failed(bench->call, kind, sent, caudit_str("what the driver says"), &bench->now);
}

/* The value of a header of the request under way, or absent. */
static inline struct caudit_str header(struct bench *bench, const char *name) {
  const struct caudit_request *request = caudit_call_request(bench->call);
  for (size_t i = 0; i < request->header_count; i++)
    if (caudit_str_equal(request->headers[i].name, caudit_str(name)))
      return request->headers[i].value;
  return caudit_str(NULL);
}

static inline void assert_header(struct bench *bench, const char *name, const char *expected) {
  struct caudit_str value = header(bench, name);
  if (!caudit_str_equal(value, caudit_str(expected)) || (value.data != NULL) != (expected != NULL))
    fail_msg("%s: %.*s", name, (int)value.len, value.data ? value.data : "");
}

#endif
