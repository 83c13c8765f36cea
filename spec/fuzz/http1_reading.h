/* One response read by the codec, in pieces of a size that the input chooses. */
#ifndef SPEC_FUZZ_HTTP1_READING_H
#define SPEC_FUZZ_HTTP1_READING_H

#include "fuzz.h"

enum http1_outcome { HTTP1_KEEP, HTTP1_CLOSE, HTTP1_UNTIL_END, HTTP1_CUT, HTTP1_REFUSED };

struct http1_reading {
  struct caudit_http1 http;
  enum http1_outcome outcome;
  int status;
  struct caudit_buf body;
  struct caudit_error err;
};

enum { HTTP1_MOST_HEAD = 300, HTTP1_MOST_BODY = 200 };

/* Reads a piece in a block of its own; the last event, or -kind. */
static inline int http1_feed(struct http1_reading *reading, struct caudit_str bytes) {
  struct caudit_str piece, data = bytes;
  char *copy = exact(bytes);
  int event;
  data.data = copy;
  do {
    event = caudit_http1_read(&reading->http, &data, &piece, &reading->err);
    if (event == CAUDIT_HTTP1_HEAD) reading->status = reading->http.status;
    if (event == CAUDIT_HTTP1_BODY) caudit_buf_append(&reading->body, piece.data, piece.len);
  } while (event == CAUDIT_HTTP1_HEAD || event == CAUDIT_HTTP1_BODY);
  REQUIRE(event != CAUDIT_HTTP1_MORE || data.len == 0);
  REQUIRE(reading->http.lines.len <= HTTP1_MOST_HEAD && reading->body.len <= HTTP1_MOST_BODY);
  free(copy);
  return event;
}

static inline enum http1_outcome http1_outcome_of(struct http1_reading *reading, int event) {
  if (event == CAUDIT_HTTP1_END) return reading->http.keep ? HTTP1_KEEP : HTTP1_CLOSE;
  REQUIRE(!reading->http.keep);
  if (event == CAUDIT_HTTP1_MORE) {
    event = caudit_http1_closed(&reading->http, &reading->err);
    if (event == CAUDIT_HTTP1_END) return HTTP1_UNTIL_END;
    REQUIRE(event == -CAUDIT_TRANSPORT);
    require_error(&reading->err, event);
    return HTTP1_CUT;
  }
  REQUIRE(event == -CAUDIT_PROTOCOL);
  require_error(&reading->err, event);
  return HTTP1_REFUSED;
}

/* Reads bytes after which the peer closes, in pieces of `size`; small limits are easy to reach. */
static inline void http1_read(struct http1_reading *reading, struct caudit_str bytes, size_t size,
                              const char *method) {
  static const struct caudit_http1_limits limits = {HTTP1_MOST_HEAD, HTTP1_MOST_BODY};
  const struct caudit_request request = {.method = caudit_str(method),
                                         .url = CAUDIT_STR("http://a/")};
  int event = CAUDIT_HTTP1_MORE;
  memset(reading, 0, sizeof *reading);
  caudit_buf_init(&reading->body, NULL, SIZE_MAX);
  REQUIRE(caudit_http1_begin(&reading->http, &request, &limits, NULL, NULL) == 0);
  caudit_http1_sent(&reading->http, caudit_http1_output(&reading->http).len);
  for (size_t at = 0; at < bytes.len && event >= 0; at += size) {
    size_t left = bytes.len - at;
    event = http1_feed(reading, (struct caudit_str){bytes.data + at, left < size ? left : size});
  }
  reading->outcome = http1_outcome_of(reading, event);
}

static inline void http1_free(struct http1_reading *reading) {
  caudit_http1_free(&reading->http);
  caudit_buf_free(&reading->body);
}

static inline bool http1_is_complete(const struct http1_reading *reading) {
  return reading->outcome <= HTTP1_UNTIL_END;
}

static inline struct caudit_str http1_body(const struct http1_reading *reading) {
  return (struct caudit_str){reading->body.data, reading->body.len};
}

#endif
