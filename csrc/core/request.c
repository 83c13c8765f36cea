/* Builds a signed HTTP request in the call's memory. The body is the same for all attempts; only
 * the timestamp, the token and the signature change. */
#include "core/call_impl.h"

#include <string.h>

static const struct caudit_str content_type = CAUDIT_STR("application/json");

/* Starts a header line; its value is appended to `lines`, which has room and does not move. */
static struct caudit_header *begin_header(struct caudit_call *call, struct caudit_str name) {
  struct caudit_header *header = &call->headers[call->request.header_count++];
  header->line = call->lines.data + call->lines.len;
  header->name = name;
  caudit_put(&call->lines, name.data, name.len);
  CAUDIT_PUT(&call->lines, ": ");
  header->value.data = call->lines.data + call->lines.len;
  return header;
}

static void end_header(struct caudit_call *call, struct caudit_header *header) {
  header->value.len = (size_t)(call->lines.data + call->lines.len - header->value.data);
  caudit_put(&call->lines, "", 1);
}

static struct caudit_header *add_header(struct caudit_call *call, struct caudit_str name,
                                        struct caudit_str value) {
  struct caudit_header *header = begin_header(call, name);
  caudit_put(&call->lines, value.data, value.len);
  end_header(call, header);
  return header;
}

/* The same for a value of the client or a static one: the header points to that value, whose
 * address is the same in every call. */
static void add_lasting(struct caudit_call *call, struct caudit_str name, const char *value) {
  struct caudit_header *header = add_header(call, name, caudit_str(value));
  header->value.data = value;
}

static int add_authorization(struct caudit_call *call, int64_t unix_seconds,
                             struct caudit_error *err) {
  static const struct caudit_str name = CAUDIT_STR("Authorization");
  struct caudit_client *client = call->client;
  struct caudit_signature signature;
  struct caudit_sign_input input = {.method = CAUDIT_STR("POST"),
                                    .content_type = content_type,
                                    .host = caudit_str(client->endpoint.host),
                                    .payload = {call->body.data, call->body.len},
                                    .service = caudit_str(call->service->name),
                                    .timestamp = unix_seconds};
  struct caudit_header *header = begin_header(call, name);
  int failed =
      caudit_sign(client->signer, &client->credentials, &input, &signature, &call->lines, err);
  end_header(call, header);
  return failed;
}

void caudit_call_forget_request(struct caudit_call *call) {
  caudit_buf_clear(&call->lines);
  memset(&call->request, 0, sizeof call->request); /* pointed to the lines */
}

/* Reserves room for all lines, so that none moves while the next is written. */
static bool reserve_lines(struct caudit_call *call) {
  const struct caudit_client *client = call->client;
  enum { NAMES_AND_FIXED_VALUES = 640 };
  size_t need = NAMES_AND_FIXED_VALUES + strlen(client->endpoint.host) + sizeof client->region +
                sizeof client->request_client + sizeof client->language +
                client->credentials.token.len + client->credentials.secret_id.len;
  return caudit_buf_reserve(&call->lines, need) != NULL;
}

#define NAME(text) ((struct caudit_str)CAUDIT_STR(text))

int caudit_request_build(struct caudit_call *call, int64_t unix_seconds, struct caudit_error *err) {
  struct caudit_client *client = call->client;
  struct caudit_str token = client->credentials.token;
  char digits[24];
  int failed = 0;
  if (!call->unsigned_call && !client->credentials.secret_id.data)
    return caudit_fail(err, CAUDIT_CREDENTIALS,
                       "secret_id and secret_key: missing, they are required to sign");
  caudit_call_forget_request(call);
  if (!reserve_lines(call)) return caudit_fail(err, CAUDIT_MEMORY, "not enough memory");
  struct caudit_str timestamp = {digits, caudit_decimal(digits, (uint64_t)unix_seconds)};
  add_lasting(call, NAME("Host"), client->endpoint.host);
  add_lasting(call, NAME("Content-Type"), content_type.data);
  add_lasting(call, NAME("X-TC-Action"), call->window->action);
  add_lasting(call, NAME("X-TC-Version"), call->service->version);
  add_header(call, NAME("X-TC-Timestamp"), timestamp);
  add_lasting(call, NAME("X-TC-Region"), client->region);
  add_lasting(call, NAME("X-TC-RequestClient"), client->request_client);
  if (client->language[0]) add_lasting(call, NAME("X-TC-Language"), client->language);
  if (call->unsigned_call) {
    add_lasting(call, NAME("Authorization"), "SKIP");
  } else {
    if (token.data) add_header(call, NAME("X-TC-Token"), token);
    failed = add_authorization(call, unix_seconds, err);
  }
  if (failed) return failed;
  if (call->lines.status != 0) return caudit_fail(err, CAUDIT_MEMORY, "not enough memory");
  call->request.action = caudit_str(call->window->action);
  call->request.method = NAME("POST");
  call->request.url = caudit_str(client->endpoint.url);
  call->request.host = caudit_str(client->endpoint.host);
  call->request.body = (struct caudit_str){call->body.data, call->body.len};
  call->request.headers = call->headers;
  call->request.direct = client->endpoint.direct;
  call->request.timestamp = call->signed_unix = unix_seconds;
  return 0;
}
