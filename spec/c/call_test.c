/* One call without a retry: the request, the end and the error. */
#include "call_support.h"

static const char *const events[] = {"LookUpEvents", "DeleteAudit"};

static void the_deadline_counts_from_the_beginning(void **state) {
  (void)state;
  struct bench bench;
  bench_open(&bench, NULL);
  begin(&bench, false);
  caudit_call_begin(bench.call, bench.now.monotonic_ms - 9900);
  caudit_call_begin(bench.call, bench.now.monotonic_ms); /* ignored */
  assert_int_equal(next(&bench), CAUDIT_SEND);
  assert_int_equal(caudit_call_timeout_ms(bench.call), 100);
  begin(&bench, false);
  caudit_call_begin(bench.call, bench.now.monotonic_ms - 9901);
  assert_int_equal(failed_with(&bench, CAUDIT_TIMEOUT, CAUDIT_NOT_SENT)->elapsed_ms, 9901);
  begin(&bench, true);
  caudit_call_begin(bench.call, bench.now.monotonic_ms - 9001);
  (void)failed_with(&bench, CAUDIT_TIMEOUT, CAUDIT_NOT_SENT);
  bench_close(&bench);
  const struct caudit_options quick = {.timeout_ms = 90};
  bench_open(&bench, &quick);
  begin(&bench, true);
  caudit_call_begin(bench.call, bench.now.monotonic_ms - 1);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  assert_int_equal(caudit_call_timeout_ms(bench.call), 89);
  bench_close(&bench);
}

static void the_request_of_the_golden_vector(void **state) {
  (void)state;
  struct bench bench;
  struct caudit_error err;
  bench_open(&bench, NULL);
  const struct caudit_str names[] = {caudit_str(events[0]), caudit_str(events[1])};
  const struct caudit_Storage storage = {.StorageType = CAUDIT_STR("cos"),
                                         .StorageRegion = CAUDIT_STR("ap-guangzhou"),
                                         .StorageName = CAUDIT_STR("audit-cos"),
                                         .StoragePrefix = CAUDIT_STR("test")};
  const struct caudit_CreateAuditTrackRequest create = {.Name = CAUDIT_STR("audit"),
                                                        .ActionType = CAUDIT_STR("Read"),
                                                        .ResourceType = CAUDIT_STR("audit"),
                                                        .Status = CAUDIT_SET(1),
                                                        .TrackForAllMembers = CAUDIT_SET(1),
                                                        .EventNames = {names, 2},
                                                        .Storage = &storage};
  const struct caudit_action *action = caudit_action(caudit_str("CreateAuditTrack"));
  assert_int_equal(caudit_call_new(&bench.call, bench.client, action, &create, true, &err), 0);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  assert_int_equal(caudit_call_timeout_ms(bench.call), 10000);

  const struct caudit_request *request = caudit_call_request(bench.call);
  assert_true(caudit_str_equal(request->method, caudit_str("POST")));
  assert_true(caudit_str_equal(request->action, caudit_str("CreateAuditTrack")));
  assert_true(
      caudit_str_equal(request->url, caudit_str("https://cloudaudit.tencentcloudapi.com/")));
  assert_true(caudit_str_equal(request->host, caudit_str("cloudaudit.tencentcloudapi.com")));
  assert_int_equal(request->timestamp, START_UNIX);
  assert_int_equal(request->body.len, 249);
  static const char *const expected[][2] = {
      {"Host", "cloudaudit.tencentcloudapi.com"},
      {"Content-Type", "application/json"},
      {"X-TC-Action", "CreateAuditTrack"},
      {"X-TC-Version", "2019-03-19"},
      {"X-TC-Timestamp", "1672829101"},
      {"X-TC-Region", "ap-guangzhou"},
      {"X-TC-RequestClient", "cloudaudit_lua_" CAUDIT_VERSION},
      {"X-TC-Language", NULL},
      {"X-TC-Token", NULL},
  };
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
    assert_header(&bench, expected[i][0], expected[i][1]);
  for (size_t i = 0; i < request->header_count; i++) {
    const struct caudit_header *line = &request->headers[i];
    char whole[1024];
    (void)snprintf(whole, sizeof whole, "%.*s: %.*s", (int)line->name.len, line->name.data,
                   (int)line->value.len, line->value.data);
    assert_string_equal(line->line, whole);
  }
  struct caudit_str authorization = header(&bench, "Authorization");
  struct caudit_str text = read_file(FIXTURES "/tc3-vectors.json");
  char *found = strstr((char *)(uintptr_t)text.data, "\"cloudaudit-create-audit-track\"");
  assert_non_null(found);
  found = strstr(found, "\"authorization\": \"");
  assert_non_null(found);
  found += strlen("\"authorization\": \"");
  assert_true((size_t)(text.data + text.len - found) > authorization.len);
  assert_memory_equal(authorization.data, found, authorization.len);
  assert_int_equal(found[authorization.len], '"');
  free((void *)(uintptr_t)text.data);
  bench_close(&bench);
}

static void options_go_into_headers(void **state) {
  (void)state;
  struct bench bench;
  struct caudit_error err;
  const struct caudit_options options = {.endpoint = CAUDIT_STR("http://127.0.0.1:7200"),
                                         .region = CAUDIT_STR("ap-singapore"),
                                         .language = CAUDIT_STR("en-US"),
                                         .request_client = CAUDIT_STR("my_tool"),
                                         .timeout_ms = 1234};
  bench_open(&bench, &options);
  const struct caudit_credentials temporary = {CAUDIT_STR("id"), CAUDIT_STR("key"),
                                               CAUDIT_STR("token-1")};
  assert_int_equal(caudit_client_credentials(bench.client, &temporary, &err), 0);
  begin(&bench, false);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  assert_int_equal(caudit_call_timeout_ms(bench.call), 1234);
  assert_header(&bench, "Host", "127.0.0.1:7200");
  assert_header(&bench, "X-TC-Region", "ap-singapore");
  assert_header(&bench, "X-TC-Language", "en-US");
  assert_header(&bench, "X-TC-RequestClient", "my_tool");
  assert_header(&bench, "X-TC-Token", "token-1");
  bench_close(&bench);
}

static void a_success(void **state) {
  (void)state;
  struct bench bench;
  bench_open(&bench, NULL);
  begin(&bench, true);
  assert_null(caudit_call_request_id(bench.call).data);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  assert_int_equal(next(&bench), CAUDIT_WAIT); /* while the exchange is under way */
  receive(&bench, success());
  assert_int_equal(next(&bench), CAUDIT_DONE);
  assert_null(caudit_call_error(bench.call));
  assert_true(caudit_str_equal(caudit_call_request_id(bench.call), caudit_str("request-1")));
  receive_code(&bench, "InternalError"); /* after the end: ignored */
  lose(&bench, CAUDIT_TIMEOUT, true);
  assert_int_equal(next(&bench), CAUDIT_DONE);
  assert_null(caudit_call_error(bench.call));
  bench_close(&bench);
}

static void a_refusal(void **state) {
  (void)state;
  struct bench bench;
  bench_open(&bench, NULL);
  begin(&bench, true);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  later(&bench, 40);
  receive_code(&bench, "ResourceNotFound.AuditNotExist");
  const struct caudit_error *error = failed_with(&bench, CAUDIT_NOT_FOUND, CAUDIT_REJECTED);
  assert_string_equal(error->code, "ResourceNotFound.AuditNotExist");
  assert_string_equal(error->message, "what the service says");
  assert_string_equal(error->request_id, "request-1");
  assert_int_equal(error->http_status, 200);
  assert_int_equal(error->attempts, 1);
  assert_int_equal(error->elapsed_ms, 40);
  assert_false(error->retryable);
  bench_close(&bench);
}

static void without_credentials(void **state) {
  (void)state;
  struct bench bench;
  struct caudit_error err;
  const struct caudit_options options = {0};
  memset(&bench, 0, sizeof bench);
  assert_int_equal(caudit_client_new(&bench.client, &options, NULL, &err), 0);
  begin(&bench, false);
  const struct caudit_error *error = failed_with(&bench, CAUDIT_CREDENTIALS, CAUDIT_NOT_SENT);
  assert_int_equal(error->attempts, 0);
  bench_close(&bench);
}

static void actions_not_in_the_model(void **state) {
  (void)state;
  struct bench bench;
  struct caudit_error err;
  const struct caudit_options options = {.max_request = 10};
  bench_open(&bench, &options);
  static const char *const refused[] = {"", "A-B", "A B", "A\r\nX: 1", "\xC3\xA9"};
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    int status = caudit_call_new_raw(&bench.call, bench.client, caudit_str(refused[i]),
                                     caudit_str("{}"), &err);
    assert_int_equal(status, -CAUDIT_MISUSE);
    assert_null(bench.call);
  }
  struct caudit_str action = caudit_str("SomeNewAction");
  assert_int_equal(
      caudit_call_new_raw(&bench.call, bench.client, action, caudit_str("{\"a\":12345}"), &err),
      -CAUDIT_QUOTA);
  assert_null(bench.call);
  struct caudit_str body = caudit_str("{\"a\":1234}");
  assert_int_equal(caudit_call_new_raw(&bench.call, bench.client, action, body, &err), 0);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  assert_header(&bench, "X-TC-Action", "SomeNewAction");
  assert_true(caudit_str_equal(caudit_call_request(bench.call)->body, body));
  lose(&bench, CAUDIT_TIMEOUT, true); /* it counts as a write */
  failed_with(&bench, CAUDIT_TIMEOUT, CAUDIT_UNKNOWN);
  bench_close(&bench);
}

static void an_unchecked_call(void **state) {
  (void)state;
  struct bench bench;
  struct caudit_error err;
  const struct caudit_DeleteAuditTrackRequest nothing = {0};
  const struct caudit_action *action = caudit_action(caudit_str("DeleteAuditTrack"));
  bench_open(&bench, NULL);
  assert_int_equal(caudit_call_new(&bench.call, bench.client, action, &nothing, true, &err),
                   -CAUDIT_MISUSE);
  assert_null(bench.call);
  assert_string_equal(err.message, "DeleteAuditTrack.TrackId: missing");
  const struct caudit_CreateAuditTrackRequest broken = {.Name = CAUDIT_STR("\xFF")};
  assert_int_equal(caudit_call_new(&bench.call, bench.client,
                                   caudit_action(caudit_str("CreateAuditTrack")), &broken, false,
                                   &err),
                   -CAUDIT_VALIDATION);
  assert_string_equal(err.message, "CreateAuditTrack.Name: valid UTF-8 expected");
  assert_int_equal(caudit_call_new(&bench.call, bench.client, action, &nothing, false, &err), 0);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  assert_true(caudit_str_equal(caudit_call_request(bench.call)->body, caudit_str("{}")));
  bench_close(&bench);
}

/* An action that is authenticated by an identity provider's token: needs no credentials, and does
 * not send them. */
static void an_unsigned_call(void **state) {
  (void)state;
  struct bench bench;
  struct caudit_error err;
  const struct caudit_options options = {.endpoint = CAUDIT_STR("sts.tencentcloudapi.com"),
                                         .region = CAUDIT_STR("ap-singapore")};
  const struct caudit_credentials temporary = {CAUDIT_STR("id-canary"), CAUDIT_STR("key"),
                                               CAUDIT_STR("token-canary")};
  const struct caudit_AssumeRoleWithWebIdentityRequest params = {
      .ProviderId = CAUDIT_STR("OIDC"),
      .WebIdentityToken = CAUDIT_STR("eyJ"),
      .RoleArn = CAUDIT_STR("qcs::cam::uin/1:roleName/audit"),
      .RoleSessionName = CAUDIT_STR("pod")};
  const struct caudit_action *action = caudit_action(caudit_str("AssumeRoleWithWebIdentity"));
  assert_true(action->unsigned_call);
  assert_false(caudit_action(caudit_str("AssumeRole"))->unsigned_call);
  for (int with_keys = 0; with_keys < 2; with_keys++) {
    memset(&bench, 0, sizeof bench);
    assert_int_equal(caudit_client_new(&bench.client, &options, NULL, &err), 0);
    if (with_keys) assert_int_equal(caudit_client_credentials(bench.client, &temporary, &err), 0);
    assert_int_equal(caudit_call_new(&bench.call, bench.client, action, &params, true, &err), 0);
    assert_int_equal(next(&bench), CAUDIT_SEND);
    assert_header(&bench, "Authorization", "SKIP");
    assert_header(&bench, "X-TC-Token", NULL);
    assert_header(&bench, "X-TC-Version", "2018-08-13");
    assert_header(&bench, "X-TC-Region", "ap-singapore");
    assert_header(&bench, "Host", "sts.tencentcloudapi.com");
    receive_code(&bench, "AuthFailure.TokenFailure"); /* the credentials have no token to refresh */
    failed_with(&bench, CAUDIT_AUTH, CAUDIT_REJECTED);
    bench_close(&bench);
  }
}

/* A call signed for the other service; it only reads, so a lost response leads to a retry. */
static void a_call_of_another_service(void **state) {
  (void)state;
  struct bench bench;
  struct caudit_error err;
  const struct caudit_AssumeRoleRequest params = {.RoleArn =
                                                      CAUDIT_STR("qcs::cam::uin/1:roleName/audit"),
                                                  .RoleSessionName = CAUDIT_STR("session")};
  bench_open(&bench, NULL);
  assert_int_equal(caudit_call_new(&bench.call, bench.client,
                                   caudit_action(caudit_str("AssumeRole")), &params, true, &err),
                   0);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  assert_header(&bench, "X-TC-Version", "2018-08-13");
  assert_non_null(strstr(header(&bench, "Authorization").data, "/sts/tc3_request,"));
  lose(&bench, CAUDIT_TRANSPORT, true);
  wait_to_send(&bench);
  receive(&bench, success());
  assert_int_equal(next(&bench), CAUDIT_DONE);
  assert_null(caudit_call_error(bench.call));
  bench_close(&bench);
}

static void a_call_outlives_its_client(void **state) {
  (void)state;
  struct bench bench;
  bench_open(&bench, NULL);
  begin(&bench, false);
  caudit_client_free(bench.client);
  bench.client = NULL;
  assert_int_equal(next(&bench), CAUDIT_SEND);
  receive(&bench, success());
  assert_int_equal(next(&bench), CAUDIT_DONE);
  bench_close(&bench);
}

/* Token and signature are overwritten when the call is over. */
static void a_finished_call_overwrites_its_headers(void **state) {
  (void)state;
  struct bench bench;
  bench_open(&bench, NULL);
  begin(&bench, false);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  size_t len = bench.call->lines.len;
  assert_true(len > 200);
  receive(&bench, success());
  assert_int_equal(bench.call->lines.len, 0);
  for (size_t i = 0; i < len; i++) assert_int_equal(bench.call->lines.data[i], 0);
  bench_close(&bench);
}

/* received returns the verdict on the response, and -CAUDIT_MISUSE when no request is under way. */
static void received_returns_the_verdict(void **state) {
  (void)state;
  struct bench bench;
  bench_open(&bench, NULL);
  begin(&bench, false);
  struct caudit_response good = success(), busy = refusal("RequestLimitExceeded");
  assert_int_equal(caudit_call_received(bench.call, &good, &bench.now), -CAUDIT_MISUSE);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  assert_int_equal(caudit_call_received(bench.call, &busy, &bench.now), -CAUDIT_THROTTLED);
  assert_int_equal(caudit_call_received(bench.call, &good, &bench.now), -CAUDIT_MISUSE);
  wait_to_send(&bench);
  assert_int_equal(caudit_call_received(bench.call, &good, &bench.now), 0);
  assert_int_equal(caudit_call_received(bench.call, &busy, &bench.now), -CAUDIT_MISUSE);
  assert_int_equal(next(&bench), CAUDIT_DONE);
  assert_null(caudit_call_error(bench.call));
  bench_close(&bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_request_of_the_golden_vector),
      cmocka_unit_test(the_deadline_counts_from_the_beginning),
      cmocka_unit_test(options_go_into_headers),
      cmocka_unit_test(a_success),
      cmocka_unit_test(a_refusal),
      cmocka_unit_test(without_credentials),
      cmocka_unit_test(actions_not_in_the_model),
      cmocka_unit_test(an_unchecked_call),
      cmocka_unit_test(an_unsigned_call),
      cmocka_unit_test(a_call_of_another_service),
      cmocka_unit_test(a_call_outlives_its_client),
      cmocka_unit_test(received_returns_the_verdict),
      cmocka_unit_test(a_finished_call_overwrites_its_headers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
