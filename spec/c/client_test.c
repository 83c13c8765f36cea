/* Texts that become a header or a URL: every byte at every position of each. An accepted text is in
 * the request unchanged; the others are refused before anything is signed. */
#include "call_support.h"
#include "watched.h"

enum field { ENDPOINT, REGION, LANGUAGE, REQUEST_CLIENT, SECRET_ID, SECRET_KEY, TOKEN, ACTION };

static const struct {
  const char *name;
  const char *good; /* a text whose first, middle or last byte is replaced */
  const char *header;
  enum caudit_kind kind; /* of the error */
  const char *also;      /* allowed besides letters and digits; NULL: all printable characters */
} fields[] = {
    [ENDPOINT] = {"endpoint", "a1.example.com", "Host", CAUDIT_CONFIG, "-."},
    [REGION] = {"region", "ap-guangzhou", "X-TC-Region", CAUDIT_CONFIG, "-"},
    [LANGUAGE] = {"language", "en-US", "X-TC-Language", CAUDIT_CONFIG, "-"},
    [REQUEST_CLIENT] = {"request_client", "my tool_1", "X-TC-RequestClient", CAUDIT_CONFIG,
                        "-_ ,;."},
    [SECRET_ID] = {"secret_id", "AKIDEXAMPLE", NULL, CAUDIT_CREDENTIALS, NULL},
    [SECRET_KEY] = {"secret_key", "secretkey", NULL, CAUDIT_CREDENTIALS, NULL},
    [TOKEN] = {"token", "token-1", "X-TC-Token", CAUDIT_CREDENTIALS, NULL},
    [ACTION] = {"action", "SomeNewAction", "X-TC-Action", CAUDIT_MISUSE, ""},
};

/* Builds a request with one text replaced, or returns the error. */
static int lay_out(struct bench *bench, enum field field, struct caudit_str text,
                   struct caudit_error *err) {
  struct caudit_options options = {0};
  struct caudit_credentials credentials = permanent;
  struct caudit_str action = caudit_str("SomeNewAction");
  struct caudit_str *const places[] = {
      &options.endpoint,      &options.region,         &options.language,  &options.request_client,
      &credentials.secret_id, &credentials.secret_key, &credentials.token, &action};
  *places[field] = text;
  memset(bench, 0, sizeof *bench);
  int failed = caudit_client_new(&bench->client, &options, NULL, err);
  if (!failed) failed = caudit_client_credentials(bench->client, &credentials, err);
  if (!failed)
    failed = caudit_call_new_raw(&bench->call, bench->client, action, caudit_str("{}"), err);
  return failed ? failed : caudit_call_prepare(bench->call, START_UNIX, err);
}

static bool is_alnum(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_allowed(enum field field, unsigned char c, size_t at, size_t last) {
  if (field == SECRET_ID && at >= 4 && c != '\0' && strchr("#:;,|/=&", c))
    return false; /* a pair */
  if (!fields[field].also)
    return c > 0x20 && c < 0x7F && !((at == 0 || at == last) && strchr("\"'`", c));
  if (field == ENDPOINT && !is_alnum(c) && (at == 0 || at == last)) return false;
  return is_alnum(c) || (c != '\0' && strchr(fields[field].also, c));
}

/* No byte in a line could end it or start another one, and the text is unchanged. */
static void assert_lines_are_clean(struct bench *bench, enum field field, struct caudit_str text) {
  const struct caudit_request *request = caudit_call_request(bench->call);
  for (size_t i = 0; i < request->header_count; i++) {
    const struct caudit_header *line = &request->headers[i];
    size_t len = line->name.len + 2 + line->value.len;
    assert_int_equal(strlen(line->line), len);
    for (size_t at = 0; at < len; at++) assert_in_range((unsigned char)line->line[at], 0x20, 0x7E);
  }
  if (!fields[field].header) return;
  struct caudit_str value = header(bench, fields[field].header);
  assert_int_equal(value.len, text.len);
  assert_memory_equal(value.data, text.data, text.len);
}

static void every_byte_at_every_position(void **state) {
  (void)state;
  for (enum field field = ENDPOINT; field <= ACTION; field++) {
    size_t len = strlen(fields[field].good);
    const size_t places[] = {0, 4, len - 1};
    for (size_t p = 0; p < 3; p++) {
      for (unsigned byte = 0; byte < 256; byte++) {
        struct bench bench;
        struct caudit_error err;
        char bytes[32];
        memcpy(bytes, fields[field].good, len);
        bytes[places[p]] = (char)byte;
        struct caudit_str text = {bytes, len};
        int status = lay_out(&bench, field, text, &err);
        bool allowed = is_allowed(field, (unsigned char)byte, places[p], len - 1);
        if (status != (allowed ? 0 : -(int)fields[field].kind))
          fail_msg("%s: byte 0x%02X at %zu: %d", fields[field].name, byte, places[p], status);
        if (allowed) assert_lines_are_clean(&bench, field, text);
        if (!allowed && field != ACTION) assert_string_equal(err.field, fields[field].name);
        bench_close(&bench);
      }
    }
  }
}

static void lengths_are_limited(void **state) {
  (void)state;
  static const struct {
    enum field field;
    size_t most;
  } bounds[] = {{REGION, 47},       {LANGUAGE, 15}, {REQUEST_CLIENT, 128}, {SECRET_ID, 8192},
                {SECRET_KEY, 8192}, {TOKEN, 8192},  {ACTION, 63}};
  static char long_text[9000];
  memset(long_text, 'a', sizeof long_text);
  for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
    const size_t lengths[] = {0, 1, bounds[i].most, bounds[i].most + 1};
    for (size_t l = 0; l < 4; l++) {
      struct bench bench;
      struct caudit_error err;
      struct caudit_str text = {long_text, lengths[l]};
      int status = lay_out(&bench, bounds[i].field, text, &err);
      bool fits = l == 1 || l == 2;
      if (status != (fits ? 0 : -(int)fields[bounds[i].field].kind))
        fail_msg("%s of %zu: %s", fields[bounds[i].field].name, lengths[l], err.message);
      if (fits) assert_lines_are_clean(&bench, bounds[i].field, text);
      bench_close(&bench);
    }
  }
}

static void messages_contain_no_secret(void **state) {
  (void)state;
  for (enum field field = SECRET_ID; field <= TOKEN; field++) {
    struct bench bench;
    struct caudit_error err;
    lay_out(&bench, field, caudit_str("canary-4711 "), &err);
    assert_null(strstr(err.message, "canary"));
    assert_string_equal(err.field, fields[field].name);
    bench_close(&bench);
    bench = (struct bench){0};
    assert_int_not_equal(lay_out(&bench, field, caudit_str(" "), NULL), 0);
    bench_close(&bench);
  }
}

/* ---- memory ---------------------------------------------------------------------------- */

static void credentials_are_overwritten_with_their_client(void **state) {
  (void)state;
  static char secret[] = "canary-secret-0123456789";
  const struct caudit_allocator allocator = {watching, secret};
  const struct caudit_options options = {0};
  const struct caudit_credentials old = {CAUDIT_STR("id"), caudit_str(secret), CAUDIT_STR("token")};
  struct bench bench = {.now = {1000, (int64_t)START_UNIX * 1000, 0.5}};
  struct caudit_error err;
  assert_int_equal(caudit_client_new(&bench.client, &options, &allocator, &err), 0);
  assert_int_equal(caudit_client_credentials(bench.client, &old, &err), 0);
  begin(&bench, false);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  receive(&bench, success());
  assert_true(count_holding(secret) > 0);
  /* New credentials overwrite the old ones at once, in the signer too. */
  assert_int_equal(caudit_client_credentials(bench.client, &permanent, &err), 0);
  assert_int_equal(count_holding(secret), 0);
  begin(&bench, false);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  receive(&bench, success());
  assert_int_equal(caudit_client_credentials(bench.client, &old, &err), 0);
  begin(&bench, false);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  bench_close(&bench);
  assert_null(alive);
  assert_false(freed_dirty);
}

static void a_signature_is_overwritten_with_its_call(void **state) {
  (void)state;
  static char signature[65] = "not known yet";
  const struct caudit_allocator allocator = {watching, signature};
  const struct caudit_options options = {0};
  struct bench bench = {.now = {1000, (int64_t)START_UNIX * 1000, 0.5}};
  struct caudit_error err;
  assert_int_equal(caudit_client_new(&bench.client, &options, &allocator, &err), 0);
  assert_int_equal(caudit_client_credentials(bench.client, &permanent, &err), 0);
  begin(&bench, true);
  assert_int_equal(next(&bench), CAUDIT_SEND);
  struct caudit_str authorization = header(&bench, "Authorization");
  memcpy(signature, authorization.data + authorization.len - 64, 64);
  assert_int_equal(count_holding(signature), 1);
  receive(&bench, success());
  assert_int_equal(count_holding(signature), 0);
  const struct caudit_request *request = caudit_call_request(bench.call);
  assert_null(request->body.data);
  assert_null(request->headers);
  assert_int_equal(request->header_count, 0);
  bench_close(&bench);
  assert_null(alive);
  assert_false(freed_dirty);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_byte_at_every_position),
      cmocka_unit_test(lengths_are_limited),
      cmocka_unit_test(messages_contain_no_secret),
      cmocka_unit_test(credentials_are_overwritten_with_their_client),
      cmocka_unit_test(a_signature_is_overwritten_with_its_call),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
