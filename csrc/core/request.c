/* One signed HTTP request, laid out in the call's own memory. The body never changes between
 * attempts; only the timestamp, the token and the signature do. */
#include "core/client.h"

#include <string.h>

static const char content_type[] = "application/json";

/* Where a header stands in `lines`, which may move while it grows. */
struct place {
  size_t at, name_len, value_len;
};

struct layout {
  struct caudit_buf *lines;
  struct place places[CAUDIT_MAX_HEADERS];
  size_t count;
};

static struct place *begin_header(struct layout *layout, const char *name) {
  struct place *place = &layout->places[layout->count++];
  place->at = layout->lines->len;
  place->name_len = strlen(name);
  caudit_buf_append(layout->lines, name, place->name_len);
  caudit_buf_append(layout->lines, ": ", 2);
  return place;
}

static void end_header(struct layout *layout, struct place *place) {
  place->value_len = layout->lines->len - place->at - place->name_len - 2;
  caudit_buf_append(layout->lines, "", 1);
}

static void add_header(struct layout *layout, const char *name, struct caudit_str value) {
  struct place *place = begin_header(layout, name);
  caudit_buf_append(layout->lines, value.data, value.len);
  end_header(layout, place);
}

static int add_authorization(struct layout *layout, struct caudit_call *call, int64_t unix_seconds,
                             struct caudit_error *err) {
  struct caudit_client *client = call->client;
  struct caudit_signature signature;
  struct caudit_sign_input input = {.method = CAUDIT_STR("POST"),
                                    .content_type = caudit_str(content_type),
                                    .host = caudit_str(client->endpoint.host),
                                    .payload = {call->body.data, call->body.len},
                                    .service = caudit_str(call->service->name),
                                    .timestamp = unix_seconds};
  struct place *place = begin_header(layout, "Authorization");
  int failed =
      caudit_sign(client->signer, &client->credentials, &input, &signature, layout->lines, err);
  end_header(layout, place);
  return failed;
}

static void fix_pointers(struct caudit_call *call, const struct layout *layout) {
  for (size_t i = 0; i < layout->count; i++) {
    const struct place *place = &layout->places[i];
    struct caudit_header *header = &call->headers[i];
    header->line = call->lines.data + place->at;
    header->name.data = header->line;
    header->name.len = place->name_len;
    header->value.data = header->line + place->name_len + 2;
    header->value.len = place->value_len;
  }
}

void caudit_call_forget_request(struct caudit_call *call) {
  caudit_buf_clear(&call->lines);
  memset(&call->request, 0, sizeof call->request); /* it pointed there */
}

int caudit_request_build(struct caudit_call *call, int64_t unix_seconds, struct caudit_error *err) {
  struct caudit_client *client = call->client;
  struct layout layout = {.lines = &call->lines};
  char digits[24];
  if (!client->credentials.secret_id.data)
    return caudit_fail(err, CAUDIT_CREDENTIALS, "no secret_id and secret_key to sign with");
  caudit_call_forget_request(call);
  struct caudit_str timestamp = {digits, caudit_decimal(digits, (uint64_t)unix_seconds)};
  add_header(&layout, "Host", caudit_str(client->endpoint.host));
  add_header(&layout, "Content-Type", caudit_str(content_type));
  add_header(&layout, "X-TC-Action", caudit_str(call->window->action));
  add_header(&layout, "X-TC-Version", caudit_str(call->service->version));
  add_header(&layout, "X-TC-Timestamp", timestamp);
  add_header(&layout, "X-TC-Region", caudit_str(client->region));
  add_header(&layout, "X-TC-RequestClient", caudit_str(client->request_client));
  if (client->language[0]) add_header(&layout, "X-TC-Language", caudit_str(client->language));
  if (client->credentials.token.data) add_header(&layout, "X-TC-Token", client->credentials.token);
  int failed = add_authorization(&layout, call, unix_seconds, err);
  if (failed) return failed;
  if (call->lines.status != 0) return caudit_fail(err, CAUDIT_MEMORY, "not enough memory");
  fix_pointers(call, &layout);
  call->request = (struct caudit_request){.action = caudit_str(call->window->action),
                                          .method = CAUDIT_STR("POST"),
                                          .url = caudit_str(client->endpoint.url),
                                          .host = caudit_str(client->endpoint.host),
                                          .body = {call->body.data, call->body.len},
                                          .headers = call->headers,
                                          .header_count = layout.count,
                                          .timestamp = unix_seconds};
  return 0;
}
