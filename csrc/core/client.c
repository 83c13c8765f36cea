/* The client that calls share: validated options, a snapshot of credentials, the signer. */
#include "core/call_impl.h"
#include "core/retry.h"

#include <stdio.h>
#include <string.h>

enum { MAX_CREDENTIAL = 8192, MAX_ATTEMPTS = 1000 };

static bool is_printable(struct caudit_str text) {
  for (size_t i = 0; i < text.len; i++)
    if ((unsigned char)text.data[i] < 0x21 || (unsigned char)text.data[i] > 0x7E) return false;
  return true;
}

static int refuse(struct caudit_error *err, enum caudit_kind kind, const char *field,
                  const char *expected) {
  caudit_fail(err, kind, "%s: %s expected", field, expected);
  if (err) caudit_copy_text(err->field, sizeof err->field, caudit_str(field));
  return -(int)kind;
}

/* Validates and copies the value of a header, which is sent unchanged. */
static int copy_header(char *out, size_t size, struct caudit_str value, const char *fallback,
                       const char *also, const char *field, struct caudit_error *err) {
  if (!value.data) {
    caudit_copy_text(out, size, caudit_str(fallback));
    return 0;
  }
  bool fits = value.len > 0 && value.len < size;
  for (size_t i = 0; fits && i < value.len; i++) {
    char c = value.data[i];
    bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    fits = alnum || (c != '\0' && strchr(also, c));
  }
  if (!fits) {
    char expected[64];
    (void)snprintf(expected, sizeof expected, "1 to %zu letters, digits or any of \"%s\"", size - 1,
                   also);
    return refuse(err, CAUDIT_CONFIG, field, expected);
  }
  caudit_copy_text(out, size, value);
  return 0;
}

static int in_range(int value, int fallback, int low, int high, const char *field,
                    struct caudit_error *err, int *out) {
  *out = value != 0 ? value : fallback;
  if (*out >= low && *out <= high) return 0;
  char expected[64];
  (void)snprintf(expected, sizeof expected, "%d to %d", low, high);
  return refuse(err, CAUDIT_CONFIG, field, expected);
}

static int set_options(struct caudit_client *client, const struct caudit_options *options,
                       struct caudit_error *err) {
  int failed = 0;
  struct caudit_str endpoint = options->endpoint;
  if (!endpoint.data) endpoint = caudit_str("cloudaudit.tencentcloudapi.com");
  client->max_request = options->max_request ? options->max_request : 10u << 20;
  client->max_skew_ms = options->max_skew_ms ? options->max_skew_ms : 86400000;
  client->retry_quota = RETRY_QUOTA;
  if (client->max_skew_ms < 0) return refuse(err, CAUDIT_CONFIG, "max_skew_ms", "at least 0");
  if ((failed = caudit_endpoint_parse(endpoint, options->insecure_http, &client->endpoint, err)) ||
      (failed = copy_header(client->region, sizeof client->region, options->region, "ap-guangzhou",
                            "-", "region", err)) ||
      (failed = copy_header(client->language, sizeof client->language, options->language, "", "-",
                            "language", err)) ||
      (failed = copy_header(client->request_client, sizeof client->request_client,
                            options->request_client, "cloudaudit_lua_" CAUDIT_VERSION, "-_ ,;.",
                            "request_client", err)) ||
      (failed = in_range(options->timeout_ms, 10000, 1, 86400000, "timeout_ms", err,
                         &client->timeout_ms)) ||
      (failed = in_range(options->attempts, MAX_ATTEMPTS, 1, MAX_ATTEMPTS, "attempts", err,
                         &client->attempts)) ||
      (failed = in_range(options->rate, 18, 1, CAUDIT_MAX_RATE, "rate", err, &client->rate)))
    return failed;
  return 0;
}

int caudit_client_new(struct caudit_client **out, const struct caudit_options *options,
                      const struct caudit_allocator *allocator, struct caudit_error *err) {
  struct caudit_client *client = caudit_realloc(allocator, NULL, 0, sizeof *client);
  *out = NULL;
  if (!client) return caudit_fail(err, CAUDIT_MEMORY, "not enough memory");
  memset(client, 0, sizeof *client);
  if (allocator) client->allocator = *allocator;
  client->references = 1;
  int failed = set_options(client, options, err);
  if (!failed) failed = caudit_signer_new(&client->signer, allocator, err);
  if (failed) {
    caudit_client_free(client);
    return failed;
  }
  *out = client;
  return 0;
}

void caudit_client_free(struct caudit_client *client) {
  if (!client || --client->references > 0) return;
  struct caudit_allocator allocator = client->allocator;
  caudit_rate_free(client);
  caudit_signer_free(client->signer);
  caudit_buf_free(&client->secrets);
  caudit_realloc(&allocator, client, sizeof *client, 0);
}

static bool is_quote(char c) {
  return c == '"' || c == '\'' || c == '`';
}

static bool has_prefix(struct caudit_str text, const char *prefix) {
  size_t len = strlen(prefix);
  return text.len > len && memcmp(text.data, prefix, len) == 0;
}

/* Whether a secret id and its key were pasted as one, such as AKID…:key. */
static bool is_pair(struct caudit_str text) {
  if (!has_prefix(text, "AKID")) return false;
  for (size_t i = 0; i < text.len; i++)
    if (strchr("#:;,|/=&", text.data[i])) return true;
  return false;
}

/* Mistakes of copying that can never be right. */
static int check_pasted(const struct caudit_credentials *given, struct caudit_error *err) {
  if (is_pair(given->secret_id))
    return refuse(err, CAUDIT_CREDENTIALS, "secret_id",
                  "the id alone, without the key that was pasted behind it,");
  if (is_pair(given->secret_key))
    return refuse(err, CAUDIT_CREDENTIALS, "secret_key",
                  "the key alone, without the id that was pasted before it,");
  if (has_prefix(given->secret_key, "AKID") && !has_prefix(given->secret_id, "AKID") &&
      given->secret_key.len >= 36)
    return refuse(err, CAUDIT_CREDENTIALS, "secret_key",
                  "a key, which is not the id (were the two swapped?),");
  return 0;
}

static int check_credential(struct caudit_str value, const char *field, struct caudit_error *err) {
  if (value.len == 0) return refuse(err, CAUDIT_CREDENTIALS, field, "a string that is not empty");
  if (value.len > MAX_CREDENTIAL || !is_printable(value))
    return refuse(err, CAUDIT_CREDENTIALS, field,
                  "at most 8192 bytes of printable ASCII without whitespace");
  if (is_quote(value.data[0]) || is_quote(value.data[value.len - 1]))
    return refuse(err, CAUDIT_CREDENTIALS, field, "the value without the quotes around it");
  return 0;
}

int caudit_credentials_check(const struct caudit_credentials *credentials,
                             struct caudit_error *err) {
  int failed = check_credential(credentials->secret_id, "secret_id", err);
  if (!failed) failed = check_credential(credentials->secret_key, "secret_key", err);
  if (!failed && credentials->token.data)
    failed = check_credential(credentials->token, "token", err);
  if (!failed) failed = check_pasted(credentials, err);
  return failed;
}

int caudit_client_credentials(struct caudit_client *client,
                              const struct caudit_credentials *credentials,
                              struct caudit_error *err) {
  const struct caudit_str parts[3] = {credentials->secret_id, credentials->secret_key,
                                      credentials->token};
  int failed = caudit_credentials_check(credentials, err);
  if (failed) return failed;
  struct caudit_buf secrets;
  struct caudit_str copies[3] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
  caudit_buf_init(&secrets, &client->allocator, (size_t)3 * MAX_CREDENTIAL);
  for (size_t i = 0; i < 3; i++) caudit_buf_append(&secrets, parts[i].data, parts[i].len);
  if (secrets.status != 0) {
    caudit_buf_free(&secrets);
    return caudit_fail(err, CAUDIT_MEMORY, "not enough memory");
  }
  size_t at = 0;
  for (size_t i = 0; i < 3; i++) {
    if (parts[i].data) copies[i].data = secrets.data + at;
    copies[i].len = parts[i].len;
    at += parts[i].len;
  }
  caudit_buf_free(&client->secrets);
  client->secrets = secrets;
  client->credentials.secret_id = copies[0];
  client->credentials.secret_key = copies[1];
  client->credentials.token = copies[2];
  caudit_signer_forget(client->signer);
  client->credentials_set++;
  return 0;
}

int64_t caudit_client_clock_offset_ms(const struct caudit_client *client) {
  return client->clock_offset_ms;
}

const struct caudit_endpoint *caudit_client_endpoint(const struct caudit_client *client) {
  return &client->endpoint;
}
