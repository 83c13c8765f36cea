/* Any endpoint, region, language, client name, credentials, action and body: if accepted, the
 * request's URL and header lines have no byte that could end them. */
#include "fuzz.h"

#include <strings.h>

static void require_host_text(const char *text) {
  for (; *text; text++) {
    bool alnum = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                 (*text >= '0' && *text <= '9');
    REQUIRE(alnum || strchr("-.:[]", *text));
  }
}

static void require_endpoint(const struct caudit_endpoint *endpoint, bool insecure) {
  const char *scheme = endpoint->tls ? "https://" : "http://";
  size_t len = strlen(endpoint->url);
  REQUIRE(endpoint->port >= 1 && endpoint->port <= 65535);
  REQUIRE(strncmp(endpoint->url, scheme, strlen(scheme)) == 0);
  REQUIRE(endpoint->url[len - 1] == '/');
  REQUIRE(strncmp(endpoint->url + strlen(scheme), endpoint->host, strlen(endpoint->host)) == 0);
  REQUIRE(len == strlen(scheme) + strlen(endpoint->host) + 1);
  require_host_text(endpoint->host);
  require_host_text(endpoint->name);
  if (!endpoint->tls && !insecure) {
    const char *end = strrchr(endpoint->name, '.');
    /* The many spellings of ::1 are the unit tests' matter. */
    REQUIRE(strncmp(endpoint->name, "127.", 4) == 0 || strchr(endpoint->name, ':') ||
            strcasecmp(end ? end + 1 : endpoint->name, "localhost") == 0);
  }
}

static void require_lines(const struct caudit_request *request) {
  for (size_t i = 0; i < request->header_count; i++) {
    const struct caudit_header *header = &request->headers[i];
    size_t len = header->name.len + 2 + header->value.len;
    REQUIRE(strlen(header->line) == len);
    for (size_t at = 0; at < len; at++)
      REQUIRE(header->line[at] >= 0x20 && header->line[at] <= 0x7E);
    REQUIRE(memcmp(header->line, header->name.data, header->name.len) == 0);
    REQUIRE(memcmp(header->line + header->name.len + 2, header->value.data, header->value.len) ==
            0);
    REQUIRE(header->value.len > 0);
  }
  REQUIRE(request->header_count >= 8);
}

static void require_good_request(struct caudit_client *client, struct choices *c,
                                 struct caudit_error *err) {
  struct caudit_call *call;
  struct caudit_str action = choose_text(c);
  int64_t seconds = (int64_t)choose_bits(c);
  struct caudit_str body = rest_of(c);
  int status = caudit_call_new_raw(&call, client, action, body, err);
  if (status != 0) {
    require_error(err, status);
    return;
  }
  status = caudit_call_prepare(call, seconds, err);
  if (status != 0) {
    require_error(err, status);
    REQUIRE(err->kind == CAUDIT_CREDENTIALS || seconds < 0 || seconds > INT64_C(253402300799));
  } else {
    const struct caudit_request *request = caudit_call_request(call);
    require_lines(request);
    REQUIRE(caudit_str_equal(request->body, body));
    REQUIRE(request->timestamp == seconds);
  }
  caudit_call_free(call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct choices c = {data, data + size};
  struct caudit_options options = {0};
  struct caudit_credentials credentials;
  struct caudit_client *client;
  struct caudit_error err;
  uint8_t given = choose(&c);
  options.insecure_http = given & 1;
  if (given & 2) options.endpoint = choose_text(&c);
  if (given & 4) options.region = choose_text(&c);
  if (given & 8) options.language = choose_text(&c);
  if (given & 16) options.request_client = choose_text(&c);
  credentials.secret_id = given & 32 ? choose_text(&c) : caudit_str("id");
  credentials.secret_key = given & 64 ? choose_text(&c) : caudit_str("key");
  credentials.token = given & 128 ? choose_text(&c) : caudit_str(NULL);
  int status = caudit_client_new(&client, &options, NULL, &err);
  if (status != 0) {
    require_error(&err, status);
    REQUIRE(!client && err.kind == CAUDIT_CONFIG && err.field[0]);
    return 0;
  }
  require_endpoint(caudit_client_endpoint(client), options.insecure_http);
  status = caudit_client_credentials(client, &credentials, &err);
  if (status != 0) {
    require_error(&err, status);
    REQUIRE(err.kind == CAUDIT_CREDENTIALS && err.field[0]);
  }
  require_good_request(client, &c, &err);
  caudit_client_free(client);
  return 0;
}
