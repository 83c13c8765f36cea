/* Sends a request and receives the response. The callbacks run inside libcurl: they write to the
 * transfer, or end it with a reason, and touch nothing else. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- request --------------------------------------------------------------------------- */

/* A word with `byte` in all its eight bytes. */
#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight bytes at a time. A subtraction borrows from the next byte only when a byte is itself a
 * control character, so the result is exact. Bytes beyond ASCII do not count. */
static bool has_control(struct caudit_str text) {
  const char *at = text.data;
  size_t left = text.len;
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word, del;
    memcpy(&word, at, 8);
    del = word ^ EACH(0x7F);
    if ((((word - EACH(0x20)) & ~word) | ((del - EACH(0x01)) & ~del)) & EACH(0x80)) return true;
  }
  for (; left > 0; at++, left--) {
    unsigned char c = (unsigned char)*at;
    if (c < 0x20 || c == 0x7F) return true;
  }
  return false;
}

static bool good_name(struct caudit_str name) {
  for (size_t i = 0; i < name.len; i++) {
    unsigned char c = (unsigned char)name.data[i];
    if (c <= ' ' || c >= 0x7F || c == ':' || c == ';') return false;
  }
  return name.len > 0;
}

static int check(const struct caudit_request *request, struct caudit_error *err) {
  bool post = caudit_str_equal(request->method, caudit_str("POST"));
  if (!post && !caudit_str_equal(request->method, caudit_str("GET")))
    return caudit_fail(err, CAUDIT_MISUSE, "method: POST or GET expected");
  if (request->url.len == 0 || has_control(request->url))
    return caudit_fail(err, CAUDIT_MISUSE, "url: text without control characters expected");
  if (request->header_count > MAX_REQUEST_HEADERS)
    return caudit_fail(err, CAUDIT_MISUSE, "headers: at most %d expected", MAX_REQUEST_HEADERS);
  for (size_t i = 0; i < request->header_count; i++) {
    const struct caudit_header *header = &request->headers[i];
    if (!good_name(header->name))
      return caudit_fail(err, CAUDIT_MISUSE, "headers: invalid name of header %zu", i + 1);
    if (has_control(header->value))
      return caudit_fail(err, CAUDIT_MISUSE, "headers.%.*s: holds a control character",
                         (int)header->name.len, header->name.data);
  }
  return 0;
}

static char *put(char *at, struct caudit_str text) {
  if (text.len > 0) memcpy(at, text.data, text.len);
  return at + text.len;
}

/* "Name: value", or "Name;", which is libcurl's form of an empty value. */
static char *put_header(char *at, const struct caudit_header *header) {
  at = put(at, header->name);
  if (header->value.len == 0) {
    *at++ = ';';
  } else {
    *at++ = ':';
    *at++ = ' ';
    at = put(at, header->value);
  }
  *at = '\0';
  return at + 1;
}

static bool has_header(const struct caudit_request *request, const char *name) {
  size_t len = strlen(name);
  for (size_t i = 0; i < request->header_count; i++) {
    struct caudit_str have = request->headers[i].name;
    if (have.len == len && curl_strnequal(have.data, name, len)) return true;
  }
  return false;
}

/* libcurl searches all lines for each header that it may add itself. None of those starts like
 * these, so they may share one line with CRLF between them, which is sent unchanged. */
static bool may_share(const struct caudit_header *header) {
  return header->value.len > 0 &&
         ((header->name.len > 2 && memcmp(header->name.data, "X-", 2) == 0) ||
          caudit_str_equal(header->name, caudit_str("Authorization")));
}

static void link_line(struct caudit_transfer *transfer, size_t *count, char *line) {
  transfer->lines[*count].data = line;
  transfer->lines[*count].next = NULL;
  if (*count > 0) transfer->lines[*count - 1].next = &transfer->lines[*count];
  (*count)++;
}

/* Copies the request into one block, since libcurl keeps pointers to headers and body. */
static int copy(struct caudit_transfer *transfer, const struct caudit_request *request, char **url,
                char **body) {
  static char agent[] = "User-Agent: " CAUDIT_AGENT;
  static char no_expect[] = "Expect:", no_type[] = "Content-Type:";
  size_t size = request->url.len + 1 + request->body.len + 1;
  for (size_t i = 0; i < request->header_count; i++)
    size += request->headers[i].name.len + 2 + request->headers[i].value.len + 2;
  char *at = caudit_buf_reserve(&transfer->request, size);
  if (!at) return -CAUDIT_MEMORY;
  *url = at;
  at = put(at, request->url);
  *at++ = '\0';
  size_t count = 0;
  for (size_t i = 0; i < request->header_count; i++) {
    const struct caudit_header *header = &request->headers[i];
    if (i > 0 && may_share(header) && may_share(header - 1)) {
      at[-1] = '\r';
      *at++ = '\n';
    } else {
      link_line(transfer, &count, at);
    }
    at = put_header(at, header);
  }
  if (!has_header(request, "User-Agent")) link_line(transfer, &count, agent);
  if (request->body.len > EXPECTS_ABOVE && !has_header(request, "Expect"))
    link_line(transfer, &count, no_expect);
  if (!has_header(request, "Content-Type")) link_line(transfer, &count, no_type);
  *body = at;
  at = put(at, request->body);
  *at = '\0';
  transfer->request.len += size;
  return 0;
}

static CURLcode set_request(struct caudit_transfer *transfer, const struct caudit_request *request,
                            char *url, char *body, long timeout_ms) {
  CURL *easy = transfer->easy;
  int limit = transfer->curl->connect_timeout_ms;
  CURLcode rc = caudit_handle_url(transfer, url);
  if (rc == CURLE_OK && transfer->direct != request->direct)
    rc = caudit_handle_route(transfer, request->direct);
  if (rc == CURLE_OK && strncmp(url, "http:", 5) != 0) rc = caudit_trust_follow(transfer);
  if (rc == CURLE_OK) rc = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->lines);
  if (rc == CURLE_OK) rc = curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 0L);
  if (rc == CURLE_OK)
    rc = curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, limit < timeout_ms ? limit : timeout_ms);
  if (rc != CURLE_OK) return rc;
  if (request->method.data[0] == 'G') return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  rc = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
  if (rc != CURLE_OK) return rc;
  return curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
}

/* libcurl repeats a malformed URL, with its password, in its messages. */
static int check_environment(const struct caudit_transfer *transfer, const char *url,
                             struct caudit_error *err) {
  if (transfer->direct || transfer->curl->proxy || !transfer->curl->proxy_from_env) return 0;
  const char *name = caudit_proxy_variable(url);
  if (!name || caudit_proxy_check(caudit_str(getenv(name)), err) == 0) return 0;
  return caudit_fail(err, CAUDIT_CONFIG,
                     "proxy: the variable %s of the environment is not "
                     "[SCHEME://][USER:PASSWORD@]HOST[:PORT]",
                     name);
}

int caudit_exchange_prepare(struct caudit_transfer *transfer, const struct caudit_request *request,
                            struct caudit_error *err) {
  int rc = check(request, err);
  if (rc != 0) return rc;
  char *url = NULL, *body = NULL;
  size_t most = transfer->curl->max_response;
  if (request->max_response > 0 && request->max_response < most) most = request->max_response;
  transfer->body.max = most;
  if (copy(transfer, request, &url, &body) != 0)
    return caudit_fail(err, CAUDIT_MEMORY, "not enough memory for a copy of the request");
  int64_t left = transfer->deadline_ms - caudit_monotonic_ms(); /* copying may take a while */
  if (left < 1) left = 1;
  CURLcode code = set_request(transfer, request, url, body, (long)left);
  if (code == CURLE_OK) return check_environment(transfer, url, err);
  enum caudit_kind kind = code == CURLE_OUT_OF_MEMORY ? CAUDIT_MEMORY : CAUDIT_CONFIG;
  return caudit_fail(err, kind, "libcurl refused the request: %s", curl_easy_strerror(code));
}

/* ---- response -------------------------------------------------------------------------- */

static size_t stop(struct caudit_transfer *transfer, enum caudit_kind kind, const char *reason) {
  transfer->stopped = kind;
  transfer->stop_reason = reason;
  return 0;
}

/* Runs before each request is written. libcurl silently re-sends a POST when a kept connection dies
 * before the response: the second request is blocked. So is the first on a kept connection that
 * died while idle (libcurl 7.88 misses that over TLS) or has unread bytes, which would be taken for
 * the response. */
int caudit_on_request(void *ud, char *remote, char *local, int remote_port, int local_port) {
  (void)remote;
  (void)local;
  (void)remote_port;
  struct caudit_transfer *transfer = ud;
  transfer->local_port = local_port;
  if (caudit_monotonic_ms() >= transfer->deadline_ms) {
    stop(transfer, CAUDIT_TIMEOUT, "no time was left to send the request");
    return CURL_PREREQFUNC_ABORT;
  }
  if (transfer->requests == 0 && !transfer->connected &&
      !caudit_sockets_quiet(transfer->curl, local_port)) {
    transfer->stale = true;
    stop(transfer, CAUDIT_CONNECT, "the kept connection was closed by the server");
    return CURL_PREREQFUNC_ABORT;
  }
  if (transfer->requests++ == 0) return CURL_PREREQFUNC_OK;
  stop(transfer, CAUDIT_TRANSPORT,
       "the connection died after the request was sent, and libcurl wanted to send it again");
  return CURL_PREREQFUNC_ABORT;
}

static bool text_is(struct caudit_str text, const char *expected) {
  return text.len == strlen(expected) && curl_strnequal(text.data, expected, text.len);
}

/* Whether the line announces an encoding that is not supported; *reason then describes it. */
static bool is_coded(struct caudit_str line, const char **reason) {
  struct caudit_str name, value;
  if (!caudit_head_next(&line, &name, &value) || value.len == 0) return false;
  if (text_is(name, "content-encoding") && !text_is(value, "identity"))
    *reason = "the response has a content encoding, which was not requested";
  else if (text_is(name, "transfer-encoding") && !text_is(value, "chunked"))
    *reason = "the response has a transfer encoding other than chunked";
  else
    return false;
  return true;
}

/* Whether the status has a fourth digit: libcurl 8.13 to 8.21 ignores it. */
static bool has_long_status(struct caudit_str line) {
  const char *at = memchr(line.data, ' ', line.len), *end = line.data + line.len;
  while (at && at < end && *at == ' ') at++;
  for (int digits = 0; at && at < end && *at >= '0' && *at <= '9'; at++)
    if (++digits > 3) return true;
  return false;
}

size_t caudit_on_header(char *data, size_t size, size_t count, void *ud) {
  struct caudit_transfer *transfer = ud;
  struct caudit_str line = {data, size * count};
  const char *reason = NULL;
  if (line.len > MAX_HEAD_BYTES - transfer->head_bytes)
    return stop(transfer, CAUDIT_PROTOCOL, "the headers of the response are longer than 64 KiB");
  transfer->head_bytes += line.len;
  if (transfer->head_ended) return line.len;
  if (line.len > 5 && memcmp(data, "HTTP/", 5) == 0) {
    if (has_long_status(line))
      return stop(transfer, CAUDIT_PROTOCOL,
                  "the status of the response has more than three digits");
    caudit_buf_clear(&transfer->head);
  }
  if (is_coded(line, &reason)) return stop(transfer, CAUDIT_PROTOCOL, reason);
  if (caudit_buf_append(&transfer->head, data, line.len) != 0)
    return stop(transfer, CAUDIT_MEMORY, "not enough memory for the headers of the response");
  if (data[0] == '\r' || data[0] == '\n') {
    const char *space = memchr(transfer->head.data, ' ', transfer->head.len);
    transfer->head_ended = space && space[1] != '1';
    if (space && strncmp(space + 1, "101", 3) == 0) /* libcurl would wait for another head */
      return stop(transfer, CAUDIT_PROTOCOL,
                  "the server switched to a protocol that was not asked for");
  }
  return line.len;
}

size_t caudit_on_body(char *data, size_t size, size_t count, void *ud) {
  struct caudit_transfer *transfer = ud;
  size_t len = size * count;
  int rc = caudit_buf_append(&transfer->body, data, len);
  if (rc == 0) return len;
  if (rc == -CAUDIT_QUOTA) return stop(transfer, CAUDIT_PROTOCOL, NULL);
  return stop(transfer, CAUDIT_MEMORY, "not enough memory for the body of the response");
}

struct caudit_str caudit_head_value(struct caudit_str head, const char *name) {
  struct caudit_str found, value;
  while (caudit_head_next(&head, &found, &value))
    if (text_is(found, name)) return value;
  return (struct caudit_str){NULL, 0};
}
