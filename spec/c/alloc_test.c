/* Each allocation of the core fails once, alone and with all later ones, in every use of the
 * functions: the error is "memory", nothing leaks, and a repetition succeeds. The allocations of
 * libcrypto fail in turn as well, once it is warm. Prints the number of failures. */
#include "call_support.h"
#include "failing.h"

#include <openssl/crypto.h>

/* ---- allocators ------------------------------------------------------------------------ */

static struct failing crypto_plan;

static void *crypto_malloc(size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  return fails_now(&crypto_plan) ? NULL : malloc(size);
}

static void *crypto_realloc(void *ptr, size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  return fails_now(&crypto_plan) ? NULL : realloc(ptr, size);
}

static void crypto_free(void *ptr, const char *file, int line) {
  (void)file;
  (void)line;
  free(ptr);
}

/* ---- one use --------------------------------------------------------------------------- */

static struct failing core_plan;
static const struct caudit_allocator allocator = {failing_alloc, &core_plan};

/* Whether a step ran out of memory and is to be repeated, then with enough memory. */
static bool retries(int status, const struct caudit_error *err) {
  if (status == 0) return false;
  assert_int_equal(status, -CAUDIT_MEMORY);
  assert_int_equal(err->kind, CAUDIT_MEMORY);
  assert_int_equal(err->outcome, CAUDIT_NOT_SENT);
  assert_true(core_plan.failed + crypto_plan.failed > 0);
  core_plan.at = crypto_plan.at = 0;
  return true;
}

/* Runs a step, and repeats it once; err is not initialised before. */
#define STEP(call)                                                                                 \
  do {                                                                                             \
    memset(&err, 'x', sizeof err);                                                                 \
    if (retries((call), &err)) assert_int_equal((call), 0);                                        \
  } while (0)

static struct caudit_client *new_client(const struct caudit_credentials *credentials) {
  struct caudit_client *client;
  struct caudit_error err;
  const struct caudit_options options = {.region = CAUDIT_STR("ap-singapore"),
                                         .language = CAUDIT_STR("en-US")};
  STEP(caudit_client_new(&client, &options, &allocator, &err));
  STEP(caudit_client_credentials(client, credentials, &err));
  return client;
}

static const struct caudit_credentials temporary = {CAUDIT_STR("id"), CAUDIT_STR("key"),
                                                    CAUDIT_STR("token")};

static void use_client(void) {
  char text[3000];
  struct caudit_error err;
  memset(text, 'k', sizeof text);
  const struct caudit_credentials large = {
      {text, sizeof text}, {text, sizeof text}, {text, sizeof text}};
  struct caudit_client *client = new_client(&temporary);
  STEP(caudit_client_credentials(client, &large, &err));
  assert_int_equal(client->credentials.token.len, sizeof text);
  caudit_client_free(client);
}

/* Fills every member of a struct; nested values come from a block that outlives it. */
static void fill(const struct caudit_shape *shape, char *value, char **room) {
  static const struct caudit_str texts[] = {CAUDIT_STR("ap-guangzhou \xE4\xB8\xAD \n"),
                                            CAUDIT_STR("second")};
  for (size_t i = 0; i < shape->field_count; i++) {
    const struct caudit_field *field = &shape->fields[i];
    void *member = value + field->offset;
    char *nested = *room;
    switch ((enum caudit_type)field->type) {
    case CAUDIT_TYPE_STRING:
      *(struct caudit_str *)member = texts[0];
      break;
    case CAUDIT_TYPE_INT64:
      *(struct caudit_int64 *)member = (struct caudit_int64){INT64_MIN, true};
      break;
    case CAUDIT_TYPE_UINT64:
      *(struct caudit_uint64 *)member = (struct caudit_uint64){UINT64_MAX, true};
      break;
    case CAUDIT_TYPE_BOOL:
      *(struct caudit_bool *)member = (struct caudit_bool){true, true};
      break;
    case CAUDIT_TYPE_STRINGS:
      *(struct caudit_strings *)member = (struct caudit_strings){texts, 2};
      break;
    case CAUDIT_TYPE_OBJECT:
    case CAUDIT_TYPE_OBJECTS:
      *room += (field->shape->size + 15u) / 16 * 16;
      fill(field->shape, nested, room);
      if (field->type == CAUDIT_TYPE_OBJECT)
        *(const void **)member = nested;
      else
        *(struct caudit_objects *)member = (struct caudit_objects){nested, 1};
      break;
    }
  }
}

static union {
  long double alignment;
  char bytes[16384];
} scratch;

static const void *filled(const struct caudit_shape *shape) {
  char *room = scratch.bytes + (shape->size + 15u) / 16 * 16;
  memset(&scratch, 0, sizeof scratch);
  fill(shape, scratch.bytes, &room);
  assert_true(room < scratch.bytes + sizeof scratch);
  return scratch.bytes;
}

static void use_every_action(void) {
  size_t count;
  struct caudit_error err;
  const struct caudit_action *actions = caudit_actions(&count);
  struct caudit_client *client = new_client(&temporary);
  for (size_t i = 0; i < count; i++) {
    struct caudit_call *call;
    const void *params = filled(actions[i].request);
    STEP(caudit_call_new(&call, client, &actions[i], params, false, &err));
    STEP(caudit_call_prepare(call, START_UNIX, &err));
    assert_true(caudit_call_request(call)->header_count >= 8);
    caudit_call_free(call);
  }
  caudit_client_free(client);
}

static void use_raw_action(void) {
  struct caudit_error err;
  struct caudit_call *call;
  static char body[5000];
  memset(body, ' ', sizeof body);
  struct caudit_client *client = new_client(&permanent);
  STEP(caudit_call_new_raw(&call, client, caudit_str("New"), (struct caudit_str){body, sizeof body},
                           &err));
  STEP(caudit_call_prepare(call, START_UNIX, &err));
  caudit_call_free(call);
  caudit_client_free(client);
}

static void use_writer(void) {
  size_t count;
  struct caudit_error err;
  const struct caudit_shape *const *shapes = caudit_shapes(&count);
  for (size_t i = 0; i < count; i++) {
    struct caudit_buf out;
    caudit_buf_init(&out, &allocator, 100000);
    const void *value = filled(shapes[i]);
    memset(&err, 'x', sizeof err);
    if (retries(caudit_json_write(&out, shapes[i], value, &err), &err)) {
      caudit_buf_clear(&out);
      assert_int_equal(caudit_json_write(&out, shapes[i], value, &err), 0);
    }
    assert_int_equal(out.data[0], '{');
    assert_int_equal(out.data[out.len - 1], '}');
    caudit_buf_free(&out);
  }
}

static void use_envelope(void) {
  struct caudit_buf text;
  struct caudit_envelope envelope;
  struct caudit_str body = caudit_str(
      "{\"Response\":{\"Error\":{\"Code\":\"A\",\"Message\":\"\\u4e2d\"},\"RequestId\":\"r\"}}");
  caudit_buf_init(&text, &allocator, 100000);
  int status = caudit_envelope_read(body, &text, &envelope);
  if (status != 0) {
    assert_int_equal(status, -CAUDIT_MEMORY);
    assert_false(envelope.well_formed);
    core_plan.at = 0;
    assert_int_equal(caudit_envelope_read(body, &text, &envelope), 0);
  }
  assert_true(envelope.well_formed);
  caudit_buf_free(&text);
}

/* A call whose attempts are throttled, expired, refused for the token, and then succeed. Running
 * out of memory ends it with the correct outcome of the earlier attempts; another call then
 * succeeds.
 */
static void run_call(struct bench *bench) {
  static const char *const codes[] = {"RequestLimitExceeded", "AuthFailure.SignatureExpire",
                                      "AuthFailure.TokenFailure"};
  struct caudit_error err;
  size_t requests = 0;
  for (enum caudit_next step; (step = next(bench)) != CAUDIT_DONE;) {
    if (step == CAUDIT_WAIT) later(bench, caudit_call_timeout_ms(bench->call));
    if (step == CAUDIT_REFRESH) STEP(caudit_client_credentials(bench->client, &temporary, &err));
    if (step != CAUDIT_SEND) continue;
    struct caudit_response response = requests < 3 ? refusal(codes[requests]) : success();
    response.date = caudit_str("Wed, 04 Jan 2023 11:45:01 GMT");
    receive(bench, response);
    requests++;
  }
  const struct caudit_error *error = caudit_call_error(bench->call);
  if (!error) {
    assert_int_equal(requests, 4);
    return;
  }
  assert_int_equal(error->kind, CAUDIT_MEMORY);
  assert_int_equal(error->attempts, requests);
  assert_int_equal(error->outcome, requests > 0 ? CAUDIT_REJECTED : CAUDIT_NOT_SENT);
  assert_int_equal(bench->call->lines.len, 0);
  core_plan.at = crypto_plan.at = 0;
}

static void use_call(void) {
  struct bench bench = {.now = {1000000, (int64_t)START_UNIX * 1000, 0.5}};
  struct caudit_error err;
  const struct caudit_DeleteAuditTrackRequest remove = {CAUDIT_SET(7)};
  const struct caudit_action *action = caudit_action(caudit_str("DeleteAuditTrack"));
  bench.client = new_client(&permanent);
  for (int i = 0; i < 2; i++) {
    STEP(caudit_call_new(&bench.call, bench.client, action, &remove, true, &err));
    run_call(&bench);
    caudit_call_free(bench.call);
    bench.client->clock_offset_ms = 0;
    later(&bench, 10000);
  }
  caudit_client_free(bench.client);
}

/* ---- sweeps ---------------------------------------------------------------------------- */

static const struct {
  const char *name;
  void (*use)(void);
} uses[] = {{"client", use_client},         {"every action", use_every_action},
            {"raw action", use_raw_action}, {"writer", use_writer},
            {"envelope", use_envelope},     {"call", use_call}};

/* Fails allocation 1, 2, 3 … of each use, until the use has no such allocation. */
static long sweep(struct failing *plan, bool onward) {
  long failed = 0;
  for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
    for (long at = 1;; at++) {
      memset(&core_plan, 0, sizeof core_plan);
      memset(&crypto_plan, 0, sizeof crypto_plan);
      plan->at = at;
      plan->onward = onward;
      uses[i].use();
      if (core_plan.blocks != 0) fail_msg("%s: %ld leaked", uses[i].name, core_plan.blocks);
      if (plan->failed == 0) break;
      failed++;
    }
  }
  memset(&crypto_plan, 0, sizeof crypto_plan);
  return failed;
}

static void allocations_of_the_core(void **state) {
  (void)state;
  long once = sweep(&core_plan, false), onward = sweep(&core_plan, true);
  assert_int_equal(once, onward);
  print_message("measured: %ld allocations of the core failed, and %ld times all from one on\n",
                once, onward);
  assert_true(once > 100);
}

/* The last byte of the last header line, at every position where the buffer may have to grow. */
static void the_last_byte_of_a_request(void **state) {
  (void)state;
  static char token[600];
  memset(token, 't', sizeof token);
  memset(&core_plan, 0, sizeof core_plan);
  for (size_t len = 1; len < sizeof token; len++) {
    const struct caudit_credentials credentials = {
        CAUDIT_STR("id"), CAUDIT_STR("key"), {token, len}};
    struct caudit_error err;
    struct caudit_call *call;
    long allocations = 0;
    for (int i = 0; i < 2; i++) {
      struct caudit_client *client = new_client(&credentials);
      assert_int_equal(
          caudit_call_new_raw(&call, client, caudit_str("New"), caudit_str("{}"), &err), 0);
      core_plan.count = core_plan.failed = 0;
      core_plan.at = allocations;
      int status = caudit_call_prepare(call, START_UNIX, &err);
      assert_int_equal(status, i == 0 ? 0 : -CAUDIT_MEMORY);
      allocations = core_plan.count;
      core_plan.at = 0;
      caudit_call_free(call);
      caudit_client_free(client);
    }
  }
  assert_int_equal(core_plan.blocks, 0);
}

static void allocations_of_libcrypto(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) uses[i].use(); /* warm */
  long once = sweep(&crypto_plan, false), onward = sweep(&crypto_plan, true);
  print_message("measured: %ld allocations of libcrypto failed, and %ld times all from one on\n",
                once, onward);
  assert_true(once > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(allocations_of_the_core),
      cmocka_unit_test(the_last_byte_of_a_request),
      cmocka_unit_test(allocations_of_libcrypto),
  };
  if (!CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free)) return 1;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
