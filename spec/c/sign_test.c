/* Signing: one test per golden vector, stage by stage, so that a failure names the stage; then the
 * signer's cache and its behaviour without memory. */
#include "vectors.h"

static struct vector vectors[MAX_VECTORS];
static size_t vector_count;
/* One signer for all vectors: its cache must not affect the next one. */
static struct caudit_signer *shared;

static void assert_stage(const char *stage, struct caudit_str got, struct caudit_str expected) {
  assert_non_null(expected.data);
  if (!caudit_str_equal(got, expected))
    fail_msg("%s\ngot  %.*s\nwant %s", stage, (int)got.len, got.data, expected.data);
}

static void assert_hex(const char *stage, const unsigned char bytes[32],
                       struct caudit_str expected) {
  char hex[65];
  for (size_t i = 0; i < 32; i++) (void)snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
  assert_stage(stage, caudit_str(hex), expected);
}

/* The vector as input; the extra headers are stored in `extra`. */
static struct caudit_sign_input input_of(const struct vector *v,
                                         struct caudit_signed_header extra[4]) {
  static const char prefix[] = "extra_signed_headers.";
  struct caudit_sign_input input = {
      .method = vector_text(v, "method"),
      .content_type = vector_text(v, "content_type"),
      .host = vector_text(v, "host"),
      .query = vector_text(v, "query"),
      .payload = vector_text(v, "body"),
      .service = vector_text(v, "service"),
      .extra = extra,
      .timestamp = (int64_t)strtoll(vector_text(v, "timestamp").data, NULL, 10),
  };
  for (size_t i = 0; i < v->count; i++) {
    const struct member *member = &v->members[i];
    if (strncmp(member->name, prefix, sizeof prefix - 1) != 0) continue;
    assert_true(input.extra_count < 4);
    extra[input.extra_count].name = caudit_str(member->name + sizeof prefix - 1);
    extra[input.extra_count++].value = member->value;
  }
  return input;
}

static void check_stages(const struct vector *v, const struct caudit_sign_input *input) {
  char date[16], hash[65], signature[65];
  struct caudit_buf text;
  struct caudit_keys keys;
  caudit_buf_init(&text, NULL, 10000);
  assert_int_equal(caudit_sign_date(input->timestamp, date), 0);

  assert_int_equal(caudit_sign_hash(shared, input->payload, hash), 0);
  assert_stage("payload_hash", caudit_str(hash), vector_text(v, "expect.payload_hash"));

  caudit_sign_canonical_request(&text, input, hash);
  struct caudit_str canonical = {text.data, text.len};
  assert_stage("canonical_request", canonical, vector_text(v, "expect.canonical_request"));
  assert_int_equal(caudit_sign_hash(shared, canonical, hash), 0);
  assert_stage("canonical_request_hash", caudit_str(hash),
               vector_text(v, "expect.canonical_request_hash"));

  caudit_buf_clear(&text);
  caudit_sign_string_to_sign(&text, input->timestamp, date, input->service, hash);
  struct caudit_str to_sign = {text.data, text.len};
  assert_stage("string_to_sign", to_sign, vector_text(v, "expect.string_to_sign"));

  struct caudit_str secret = vector_text(v, "secret_key");
  assert_int_equal(caudit_sign_keys(shared, secret, date, input->service, &keys), 0);
  assert_hex("date_key", keys.date, vector_text(v, "expect.date_key"));
  assert_hex("service_key", keys.service, vector_text(v, "expect.service_key"));
  assert_hex("signing_key", keys.signing, vector_text(v, "expect.signing_key"));

  assert_int_equal(caudit_sign_signature(shared, secret, date, input->service, to_sign, signature),
                   0);
  assert_stage("signature", caudit_str(signature), vector_text(v, "expect.signature"));
  caudit_buf_free(&text);
}

static void check_whole(const struct vector *v, const struct caudit_sign_input *input) {
  struct caudit_credentials credentials = {vector_text(v, "secret_id"),
                                           vector_text(v, "secret_key"), caudit_str(NULL)};
  struct caudit_signature out;
  struct caudit_error err;
  struct caudit_buf text;
  caudit_buf_init(&text, NULL, 10000);
  assert_int_equal(caudit_sign(shared, &credentials, input, &out, &text, &err), 0);
  assert_stage("authorization", (struct caudit_str){text.data, text.len},
               vector_text(v, "expect.authorization"));
  assert_stage("payload_hash", caudit_str(out.payload_hash), vector_text(v, "expect.payload_hash"));
  assert_stage("canonical_request_hash", caudit_str(out.canonical_request_hash),
               vector_text(v, "expect.canonical_request_hash"));
  assert_stage("signature", caudit_str(out.signature), vector_text(v, "expect.signature"));
  caudit_buf_free(&text);
}

static void one_vector(void **state) {
  const struct vector *v = *state;
  struct caudit_signed_header extra[4];
  struct caudit_sign_input input = input_of(v, extra);
  check_whole(v, &input); /* a key that is new to the signer */
  check_stages(v, &input);
  check_whole(v, &input); /* after the stages used the digest contexts */
  check_whole(v, &input); /* and with the cached key */
}

/* Signatures from Python's hmac, for cases that the vectors do not cover. */
static const struct caudit_str plain_secret = CAUDIT_STR("secret");
static const char plain_signature[] =
    "05d5aad61701c0a1ee8f82beb9e77a01bb4c562d182b528dc5a80d06e40be1ec";
static const struct caudit_sign_input plain_input = {
    .method = CAUDIT_STR("POST"),
    .content_type = CAUDIT_STR("application/json"),
    .host = CAUDIT_STR("cloudaudit.tencentcloudapi.com"),
    .query = CAUDIT_STR(""),
    .payload = CAUDIT_STR("{}"),
    .service = CAUDIT_STR("cloudaudit"),
    .timestamp = 1672829101,
};

static void assert_signature(struct caudit_str secret, const struct caudit_sign_input *input,
                             const char *names, const char *signature) {
  struct caudit_credentials credentials = {CAUDIT_STR("id"), secret, CAUDIT_STR("token")};
  struct caudit_signature out;
  struct caudit_error err;
  struct caudit_buf text;
  char expected[512];
  caudit_buf_init(&text, NULL, 10000);
  assert_int_equal(caudit_sign(shared, &credentials, input, &out, &text, &err), 0);
  (void)snprintf(expected, sizeof expected,
                 "TC3-HMAC-SHA256 Credential=id/2023-01-04/cloudaudit/tc3_request, "
                 "SignedHeaders=%s, Signature=%s",
                 names, signature);
  assert_text(&text, expected);
  assert_string_equal(out.date, "2023-01-04");
  caudit_buf_free(&text);
}

static void unsigned_payload(void **state) {
  (void)state;
  struct caudit_sign_input input = plain_input;
  input.unsigned_payload = true;
  assert_signature(plain_secret, &input, "content-type;host",
                   "07e60064d0c684f46adbffdf72a4e0c3e6b3b5702ebb9061436395ddedd411f4");
}

static void extra_headers_are_sorted_in(void **state) {
  (void)state;
  static const struct caudit_signed_header extra[] = {
      {CAUDIT_STR("accept"), CAUDIT_STR("*/*")},
      {CAUDIT_STR("expires"), CAUDIT_STR("0")},
      {CAUDIT_STR("x-tc-action"), CAUDIT_STR("describeaudittracks")},
  };
  struct caudit_sign_input input = plain_input;
  input.extra = extra;
  input.extra_count = 3;
  assert_signature(plain_secret, &input, "accept;content-type;expires;host;x-tc-action",
                   "1635bdc21363ba6516614d8202a00f3508d8133aebac771520ec848c1bfcd4bd");
}

static void sign_for(struct caudit_signer *signer, struct caudit_str service, char out[65]) {
  static const char date[16] = "2023-01-04";
  assert_int_equal(
      caudit_sign_signature(signer, plain_secret, date, service, caudit_str("text"), out), 0);
}

static void each_service_has_its_own_key(void **state) {
  (void)state;
  const struct caudit_str services[] = {CAUDIT_STR("cloudaudit"), CAUDIT_STR("cam")};
  for (size_t i = 0; i < 4; i++) {
    struct caudit_signer *fresh;
    char expected[65], got[65];
    assert_int_equal(caudit_signer_new(&fresh, NULL, NULL), 0);
    sign_for(fresh, services[i % 2], expected);
    sign_for(shared, services[i % 2], got);
    assert_string_equal(got, expected);
    caudit_signer_free(fresh);
  }
}

/* With 61 bytes "TC3" and the secret fill a block of SHA-256; HMAC hashes a longer key. */
static void secrets_of_any_length(void **state) {
  (void)state;
  char secret[200];
  memset(secret, 'k', sizeof secret);
  static const struct {
    size_t len;
    const char *signature;
  } cases[] = {
      {0, "ff620e8e82b3c8894cda996e6228014d79854306031ecea7d6b10c4c933622a1"},
      {61, "72b315b53de6af3362f5cf3146dd84c7f2c266cd3fddbcdfb62956c36e46575c"},
      {62, "3b906b4c2fb413a56c389b296f1218f5c4591279f688ed11c42ea370bbbd2927"},
      {200, "5fdfcfaa6d35377e2a3f122d70e3dee253f990cbb1739bcb7f6585a3cdf29c9a"},
  };
  for (int round = 0; round < 2; round++)
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
      assert_signature((struct caudit_str){secret, cases[i].len}, &plain_input, "content-type;host",
                       cases[i].signature);
}

/* Allocates `left` blocks, then fails; counts the live ones. */
struct purse {
  int left;
  int out;
};

static void *purse_alloc(void *ud, void *ptr, size_t osize, size_t nsize) {
  struct purse *purse = ud;
  (void)osize;
  if (nsize == 0) {
    if (ptr) purse->out--;
    free(ptr);
    return NULL;
  }
  assert_null(ptr);
  if (purse->left == 0) return NULL;
  purse->left--;
  purse->out++;
  return malloc(nsize);
}

/* Each allocation fails in turn: the error is about memory, nothing leaks, and the signer signs
 * correctly once there is memory again. */
static void without_memory(void **state) {
  (void)state;
  bool signed_at_last = false;
  for (int left = 0; left < 64 && !signed_at_last; left++) {
    struct purse purse = {left, 0};
    struct caudit_allocator allocator = {purse_alloc, &purse};
    struct caudit_signer *signer;
    struct caudit_signature out;
    struct caudit_error err;
    struct caudit_buf text;
    struct caudit_credentials credentials = {CAUDIT_STR("id"), plain_secret, {NULL, 0}};
    caudit_buf_init(&text, &allocator, 10000);
    int status = caudit_signer_new(&signer, &allocator, &err);
    if (status == 0) {
      status = caudit_sign(signer, &credentials, &plain_input, &out, &text, &err);
      signed_at_last = status == 0;
      purse.left = 1000;
      caudit_buf_clear(&text);
      assert_int_equal(caudit_sign(signer, &credentials, &plain_input, &out, &text, &err), 0);
      assert_string_equal(out.signature, plain_signature);
    } else {
      assert_null(signer);
    }
    if (!signed_at_last) {
      assert_int_equal(status, -CAUDIT_MEMORY);
    }
    caudit_buf_free(&text);
    caudit_signer_free(signer);
    assert_int_equal(purse.out, 0);
  }
  assert_true(signed_at_last);
}

/* Refused by a new signer, and by one that has cached a day. */
static void times_beyond_the_calendar(void **state) {
  (void)state;
  static const int64_t moments[] = {-1, INT64_C(253402300800), INT64_MAX, INT64_MIN};
  struct caudit_credentials credentials = {CAUDIT_STR("id"), plain_secret, {NULL, 0}};
  for (size_t i = 0; i < 2 * sizeof moments / sizeof *moments; i++) {
    struct caudit_signer *signer;
    struct caudit_signature out;
    struct caudit_error err;
    struct caudit_buf text;
    struct caudit_sign_input input = plain_input;
    assert_int_equal(caudit_signer_new(&signer, NULL, NULL), 0);
    caudit_buf_init(&text, NULL, 10000);
    if (i % 2) assert_int_equal(caudit_sign(signer, &credentials, &input, &out, &text, &err), 0);
    input.timestamp = moments[i / 2];
    assert_int_equal(caudit_sign(signer, &credentials, &input, &out, &text, &err), -CAUDIT_CONFIG);
    caudit_buf_free(&text);
    caudit_signer_free(signer);
  }
}

int main(void) {
  struct CMUnitTest tests[MAX_VECTORS] = {{0}};
  const struct CMUnitTest others[] = {
      cmocka_unit_test(times_beyond_the_calendar),
      cmocka_unit_test(unsigned_payload),
      cmocka_unit_test(extra_headers_are_sorted_in),
      cmocka_unit_test(secrets_of_any_length),
      cmocka_unit_test(without_memory),
      cmocka_unit_test(each_service_has_its_own_key),
  };
  struct caudit_error err;
  if (caudit_signer_new(&shared, NULL, &err) != 0) return 1;
  vector_count = vectors_read(vectors);
  for (size_t i = 0; i < vector_count; i++) {
    tests[i].name = vector_text(&vectors[i], "name").data;
    tests[i].test_func = one_vector;
    tests[i].initial_state = &vectors[i];
  }
  int failed = vector_count < 12;
  failed += _cmocka_run_group_tests("vectors", tests, vector_count, NULL, NULL);
  failed += cmocka_run_group_tests(others, NULL, NULL);
  vectors_free(vectors, vector_count);
  caudit_signer_free(shared);
  return failed;
}
