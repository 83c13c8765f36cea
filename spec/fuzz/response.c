/* Any head and body: the core and the Lua binding read a body alike, errors are lines of bounded
 * length, and no response makes a call repeat a write that may have acted. */
#include "fuzz.h"
#include "lua_state.h"

static const struct caudit_now start = {1000, INT64_C(1672829101000), 0.5};

static const char *const statuses[] = {"200", "200", "200", "200", "0",   "204", "301",
                                       "400", "403", "429", "500", "502", "503", "599"};

static struct caudit_str header(struct choices *c, uint8_t present) {
  struct caudit_str none = {NULL, 0};
  return present ? choose_text(c) : none;
}

/* Whether a code may leave the outcome unknown, judged more coarsely than in the core. */
static bool is_doubtful(struct caudit_str code) {
  static const char *const words[] = {"internal", "fail",   "timeout",      "unavailable",
                                      "unknown",  "server", "insufficient", "responsesizelimit"};
  for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
    size_t len = strlen(words[w]);
    for (size_t at = 0; at + len <= code.len; at++) {
      size_t same = 0;
      while (same < len && (code.data[at + same] | 0x20) == words[w][same]) same++;
      if (same == len) return true;
    }
  }
  return false;
}

/* Every response has a verdict, and that of a refusal is never in doubt without a reason. */
static void require_verdict(const struct caudit_response *response, bool writes, int status,
                            const struct caudit_error *err) {
  const struct caudit_envelope *envelope = &response->envelope;
  bool refused = envelope->code.len > 0;
  if (status == 0) {
    REQUIRE(response->status == 200 && !refused);
    REQUIRE(envelope->well_formed && envelope->request_id.len > 0);
    return;
  }
  require_error(err, status);
  REQUIRE(is_utf8(caudit_str(err->message)) && is_utf8(caudit_str(err->code)));
  REQUIRE(is_utf8(caudit_str(err->request_id)));
  REQUIRE(err->outcome != CAUDIT_NOT_SENT);
  REQUIRE(!(writes && err->retryable && err->outcome == CAUDIT_UNKNOWN));
  if (refused) {
    REQUIRE(envelope->well_formed && err->code[0] && err->kind != CAUDIT_PROTOCOL);
    if (response->status < 500 && !is_doubtful(envelope->code))
      REQUIRE(err->outcome == CAUDIT_REJECTED);
  } else {
    REQUIRE(err->outcome == CAUDIT_UNKNOWN && !err->code[0] && err->message[0]);
    bool cut = response->until_close && envelope->cut;
    if (err->retryable) REQUIRE(response->status >= 500 || response->status == 429 || cut);
  }
}

static void require_field(lua_State *L, const char *name, const char *expected) {
  lua_getfield(L, -1, name);
  const char *got = lua_tostring(L, -1);
  REQUIRE(strcmp(got ? got : "", expected) == 0);
  lua_pop(L, 1);
}

static void set_header(lua_State *L, const char *name, struct caudit_str value) {
  if (!value.data) return;
  lua_pushlstring(L, value.data, value.len);
  lua_setfield(L, -2, name);
}

/* head: absent when the headers were set one by one. */
static void require_same_in_lua(const struct caudit_response *response, struct caudit_str head,
                                struct caudit_str body, bool writes, int status,
                                const struct caudit_error *err) {
  lua_State *L = fuzz_state();
  fuzz_function(L, "parse");
  lua_pushstring(L, writes ? "DeleteAuditTrack" : "DescribeEvents");
  lua_pushinteger(L, response->status);
  if (head.data) {
    lua_pushlstring(L, head.data, head.len);
  } else {
    lua_newtable(L);
    set_header(L, "date", response->date);
    set_header(L, "Age", response->age);
    set_header(L, "RETRY-AFTER", response->retry_after);
    set_header(L, "Content-Encoding", response->content_encoding);
    set_header(L, "content-Type", response->content_type);
  }
  lua_pushlstring(L, body.data, body.len);
  lua_call(L, 4, 2);
  if (status == 0) {
    REQUIRE(lua_istable(L, -2));
  } else {
    REQUIRE(lua_isnil(L, -2));
    require_field(L, "kind", caudit_kind_name(err->kind));
    require_field(L, "outcome", caudit_outcome_name(err->outcome));
    require_field(L, "code", err->code);
    require_field(L, "request_id", err->request_id);
    require_field(L, "message", err->message);
  }
  lua_settop(L, 0);
}

/* Reports the response to a call: its next step must agree with the outcome. */
static void require_sound_call(const struct caudit_response *response, bool writes) {
  static const struct caudit_credentials credentials = {
      CAUDIT_STR("id"), CAUDIT_STR("key"), {NULL, 0}};
  static const struct caudit_options options = {0};
  const struct caudit_InquireAuditCreditRequest inquire = {0};
  struct caudit_client *client;
  struct caudit_call *call;
  struct caudit_error err;
  struct caudit_now now = start;
  const struct caudit_action *action = caudit_action(caudit_str("InquireAuditCredit"));
  REQUIRE(caudit_client_new(&client, &options, NULL, &err) == 0);
  REQUIRE(caudit_client_credentials(client, &credentials, &err) == 0);
  int made = writes ? caudit_call_new_raw(&call, client, caudit_str("New"), caudit_str("{}"), &err)
                    : caudit_call_new(&call, client, action, &inquire, true, &err);
  REQUIRE(made == 0);
  REQUIRE(caudit_call_next(call, &now) == CAUDIT_SEND);
  now.monotonic_ms += 20;
  int status = caudit_call_received(call, response, &now);
  REQUIRE(status == caudit_response_error(response, writes, &err));
  enum caudit_next next = caudit_call_next(call, &now);
  const struct caudit_error *error = caudit_call_error(call);
  if (status == 0) REQUIRE(next == CAUDIT_DONE && !error);
  if (status != 0 && next == CAUDIT_DONE) REQUIRE(error->outcome == err.outcome);
  if (status != 0 && writes && err.outcome == CAUDIT_UNKNOWN) REQUIRE(next == CAUDIT_DONE && error);
  if (next == CAUDIT_WAIT) REQUIRE(caudit_call_timeout_ms(call) <= 10000);
  caudit_call_free(call);
  caudit_client_free(client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct choices c = {data, data + size};
  struct caudit_response response = {0};
  struct caudit_buf text;
  uint8_t present = choose(&c);
  response.status = atoi(statuses[choose(&c) % (sizeof statuses / sizeof statuses[0])]);
  response.date = header(&c, present & 1);
  response.age = header(&c, present & 2);
  response.retry_after = header(&c, present & 4);
  response.content_encoding = header(&c, present & 8);
  response.content_type = header(&c, present & 16);
  struct caudit_str head = header(&c, present & 32);
  if (head.data) {
    response = (struct caudit_response){.status = response.status};
    caudit_response_read_head(&response, head);
  }
  struct caudit_str body = rest_of(&c);
  char *copy = exact(body);
  body.data = copy;
  caudit_buf_init(&text, NULL, (size_t)1 << 22);
  REQUIRE(caudit_envelope_read(body, &text, &response.envelope) == 0);
  for (int writes = 0; writes < 2; writes++) {
    struct caudit_error err;
    int status = caudit_response_error(&response, writes, &err);
    require_verdict(&response, writes, status, &err);
    require_same_in_lua(&response, head, body, writes, status, &err);
    require_sound_call(&response, writes);
  }
  int64_t seconds;
  if (caudit_http_date(response.date, &seconds)) REQUIRE(seconds < INT64_C(253402300800));
  caudit_buf_free(&text);
  free(copy);
  return 0;
}
