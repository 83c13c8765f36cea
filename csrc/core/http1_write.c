/* The bytes of an HTTP/1.1 request, the URL that they go to, and which of them may have left.
 * Nothing that a caller gives can end a line early or contradict the length of the body. */
#include "core/http1.h"

#include <string.h>

enum {
  MAX_HEAD = 64 * 1024,
  MAX_BODY = 16 * 1024 * 1024,
  MAX_KEPT = 16 * 1024 /* of a buffer that is used again */
};

/* ---- the URL --------------------------------------------------------------------------- */

static bool starts_with(struct caudit_str text, struct caudit_str prefix) {
  return text.len >= prefix.len && memcmp(text.data, prefix.data, prefix.len) == 0;
}

/* Printable ASCII without blanks: what else there may be in a URL is percent-encoded. */
static bool is_target(struct caudit_str text) {
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    if (c <= ' ' || c >= 0x7F || c == '#') return false;
  }
  return true;
}

static bool read_url(struct caudit_str text, struct caudit_http1_url *url) {
  static const struct caudit_str schemes[] = {CAUDIT_STR("http://"), CAUDIT_STR("https://")};
  bool v6;
  url->tls = starts_with(text, schemes[1]);
  if (!url->tls && !starts_with(text, schemes[0])) return false;
  size_t at = schemes[url->tls].len, begin = at;
  while (at < text.len && text.data[at] != '/' && text.data[at] != '?') at++;
  url->authority = (struct caudit_str){text.data + begin, at - begin};
  url->target = (struct caudit_str){text.data + at, text.len - at};
  url->port = url->tls ? 443 : 80;
  return is_target(url->target) &&
         caudit_host_split(url->authority, 'a', &url->host, &v6, &url->port);
}

/* Sets the field that caudit_fail cleared; returns -kind. */
static int fail_at(struct caudit_error *err, enum caudit_kind kind, const char *field,
                   struct caudit_str member, const char *message) {
  caudit_fail(err, kind, "%s", message);
  if (!err) return -(int)kind;
  size_t len = strlen(field);
  memcpy(err->field, field, len + 1);
  caudit_copy_line(err->field + len, sizeof err->field - len, member);
  return -(int)kind;
}

static const struct caudit_str no_member = {NULL, 0};

int caudit_http1_url_read(struct caudit_str text, struct caudit_http1_url *out,
                          struct caudit_error *err) {
  if (read_url(text, out)) return 0;
  return fail_at(err, CAUDIT_CONFIG, "url", no_member,
                 "http://host[:port][/path] or https://host[:port][/path] expected");
}

/* ---- the bytes ------------------------------------------------------------------------- */

/* What the codec writes itself unless the request has it; `host` is the header that has it. */
struct given {
  const struct caudit_header *host;
  bool accept;
  bool user_agent;
};

/* CONNECT is left out: what follows its response is not HTTP. */
static bool is_method(struct caudit_str method) {
  for (size_t i = 0; i < method.len; i++)
    if (method.data[i] < 'A' || method.data[i] > 'Z') return false;
  return method.len > 0 && !caudit_str_equal(method, caudit_str("CONNECT"));
}

/* What is wrong with a header, a static text, or NULL. */
static const char *problem_of(const struct caudit_header *header, struct given *given) {
  struct caudit_str name = header->name;
  if (!caudit_is_field_name(name))
    return "not the name of a header: letters, digits and !#$%&'*+-.^_`|~ expected";
  if (!caudit_is_plain(header->value))
    return "holds a control character; text without any expected";
  if (caudit_equal_in_any_case(name, "content-length") ||
      caudit_equal_in_any_case(name, "transfer-encoding"))
    return "is written from the body's length; leave it out";
  if (caudit_equal_in_any_case(name, "host")) {
    if (given->host) return "is given twice; one expected";
    given->host = header;
  }
  given->accept = given->accept || caudit_equal_in_any_case(name, "accept");
  given->user_agent = given->user_agent || caudit_equal_in_any_case(name, "user-agent");
  return NULL;
}

static int check(const struct caudit_request *request, struct given *given,
                 struct caudit_error *err) {
  if (!is_method(request->method))
    return fail_at(err, CAUDIT_MISUSE, "method", no_member,
                   "upper-case letters expected, and not CONNECT");
  for (size_t i = 0; i < request->header_count; i++) {
    const struct caudit_header *header = &request->headers[i];
    const char *problem = problem_of(header, given);
    if (problem) return fail_at(err, CAUDIT_MISUSE, "headers.", header->name, problem);
  }
  return 0;
}

static void put_text(struct caudit_buf *out, struct caudit_str text) {
  caudit_put(out, text.data, text.len);
}

static void put_header(struct caudit_buf *out, struct caudit_str name, struct caudit_str value) {
  put_text(out, name);
  CAUDIT_PUT(out, ": ");
  put_text(out, value);
  CAUDIT_PUT(out, "\r\n");
}

/* Room for everything, so that no text with a secret is copied when the buffer grows. */
static size_t room_for(const struct caudit_request *request, size_t body) {
  enum { FIXED = 256, AROUND_HEADER = 4 };
  size_t room = FIXED + request->method.len + request->url.len;
  for (size_t i = 0; i < request->header_count; i++)
    room += request->headers[i].name.len + request->headers[i].value.len + AROUND_HEADER;
  return room + body;
}

static void put_request(struct caudit_buf *out, const struct caudit_request *request,
                        const struct caudit_http1_url *url, const struct given *given) {
  bool has_body = !caudit_str_equal(request->method, caudit_str("GET")) &&
                  !caudit_str_equal(request->method, caudit_str("HEAD"));
  struct caudit_str body = has_body ? request->body : no_member;
  if (!caudit_buf_reserve(out, room_for(request, body.len))) return;
  put_text(out, request->method);
  CAUDIT_PUT(out, " ");
  if (url->target.len == 0 || url->target.data[0] != '/') CAUDIT_PUT(out, "/");
  put_text(out, url->target);
  CAUDIT_PUT(out, " HTTP/1.1\r\n");
  if (given->host) /* Host is first, as RFC 9112 advises */
    put_header(out, given->host->name, given->host->value);
  else
    put_header(out, (struct caudit_str)CAUDIT_STR("Host"), url->authority);
  for (size_t i = 0; i < request->header_count; i++)
    if (&request->headers[i] != given->host)
      put_header(out, request->headers[i].name, request->headers[i].value);
  if (has_body) {
    char digits[24];
    struct caudit_str length = {digits, caudit_decimal(digits, body.len)};
    put_header(out, (struct caudit_str)CAUDIT_STR("Content-Length"), length);
  }
  if (!given->accept) CAUDIT_PUT(out, "Accept: */*\r\n");
  if (!given->user_agent) CAUDIT_PUT(out, "User-Agent: cloudaudit/" CAUDIT_VERSION "\r\n");
  CAUDIT_PUT(out, "\r\n");
  put_text(out, body);
}

static int write_request(struct caudit_buf *out, const struct caudit_request *request,
                         struct caudit_error *err) {
  struct caudit_http1_url url;
  struct given given = {0};
  int failed = check(request, &given, err);
  if (!failed) failed = caudit_http1_url_read(request->url, &url, err);
  if (failed) return failed;
  put_request(out, request, &url, &given);
  return out->status == 0 ? 0 : caudit_fail(err, CAUDIT_MEMORY, "not enough memory");
}

/* ---- the exchange ---------------------------------------------------------------------- */

int caudit_http1_begin(struct caudit_http1 *http, const struct caudit_request *request,
                       const struct caudit_http1_limits *limits,
                       const struct caudit_allocator *allocator, struct caudit_error *err) {
  memset(http, 0, sizeof *http);
  caudit_buf_init(&http->lines, allocator, 0);
  caudit_buf_init(&http->output, allocator, SIZE_MAX);
  return caudit_http1_again(http, request, limits, err);
}

int caudit_http1_again(struct caudit_http1 *http, const struct caudit_request *request,
                       const struct caudit_http1_limits *limits, struct caudit_error *err) {
  caudit_http1_clear(http);
  struct caudit_buf output = http->output, lines = http->lines;
  memset(http, 0, sizeof *http);
  http->output = output;
  http->lines = lines;
  http->lines.max = limits && limits->max_head > 0 ? limits->max_head : MAX_HEAD;
  http->max_body = limits && limits->max_body > 0 ? limits->max_body : MAX_BODY;
  if (request->max_response > 0 && request->max_response < http->max_body)
    http->max_body = request->max_response;
  http->bodiless = caudit_str_equal(request->method, caudit_str("HEAD"));
  int failed = write_request(&http->output, request, err);
  if (failed) caudit_http1_free(http);
  return failed;
}

static void forget(struct caudit_http1 *http) {
  http->sent = http->line = http->head = http->head_len = 0;
  http->keep = false;
  http->state = HTTP1_FAILED;
}

static void clear(struct caudit_buf *buf) {
  if (buf->capacity > MAX_KEPT)
    caudit_buf_free(buf);
  else
    caudit_buf_clear(buf);
}

void caudit_http1_clear(struct caudit_http1 *http) {
  clear(&http->output);
  clear(&http->lines);
  forget(http);
}

void caudit_http1_free(struct caudit_http1 *http) {
  caudit_buf_free(&http->output);
  caudit_buf_free(&http->lines);
  forget(http);
}

struct caudit_str caudit_http1_output(struct caudit_http1 *http) {
  struct caudit_str rest = {http->output.data, http->output.len - http->sent};
  if (rest.len > 0) rest.data += http->sent;
  http->given = http->output.len;
  return rest;
}

void caudit_http1_sent(struct caudit_http1 *http, size_t count) {
  size_t left = http->output.len - http->sent;
  http->sent += count < left ? count : left;
  http->given = http->sent;
}

bool caudit_http1_may_have_left(const struct caudit_http1 *http) {
  return http->given > 0;
}
