/* Reads the response of an HTTP/1.1 exchange, piece by piece. A response that is not well framed is
 * a failure: two readers that frame it differently would disagree on which request the next one
 * belongs to. */
#include "core/http1.h"

#include <inttypes.h>
#include <string.h>

enum {
  MAX_CHUNK_LINE = 256, /* with its line end */
  MAX_CHUNK_DIGITS = 12,
  USUAL_HEAD = 1024
};

/* What a step returns besides events: the next state has something to do. */
enum { GO_ON = 100 };

static const char not_http[] = "the response is not HTTP/1.1";
static const char long_head[] = "the head of the response is longer than allowed";
static const char bad_chunk[] = "the response has a chunk without a valid length";

/* After caudit_fail: ends the exchange. */
static int give_up(struct caudit_http1 *http, enum caudit_kind kind, struct caudit_error *err) {
  http->state = HTTP1_FAILED;
  http->keep = false;
  if (err) err->outcome = http->given > 0 ? CAUDIT_UNKNOWN : CAUDIT_NOT_SENT;
  return -(int)kind;
}

static int fail(struct caudit_http1 *http, enum caudit_kind kind, const char *message,
                struct caudit_error *err) {
  caudit_fail(err, kind, "%s", message);
  return give_up(http, kind, err);
}

static int bad(struct caudit_http1 *http, const char *message, struct caudit_error *err) {
  return fail(http, CAUDIT_PROTOCOL, message, err);
}

static int too_long(struct caudit_http1 *http, struct caudit_error *err) {
  caudit_fail(err, CAUDIT_PROTOCOL,
              "the body of the response is longer than max_response (%" PRIu64 " bytes)",
              http->max_body);
  if (err) caudit_copy_text(err->field, sizeof err->field, caudit_str("max_response"));
  return give_up(http, CAUDIT_PROTOCOL, err);
}

/* ---- lines ----------------------------------------------------------------------------- */

/* Moves bytes from data to the lines, up to the end of a line. 1: the line from http->line on is
 * complete, with its LF; 0: more bytes are needed; else -kind. */
static int take_line(struct caudit_http1 *http, struct caudit_str *data, struct caudit_error *err) {
  if (data->len == 0) return 0;
  const char *end = memchr(data->data, '\n', data->len);
  size_t len = end ? (size_t)(end - data->data) + 1 : data->len;
  size_t room = http->lines.max - http->lines.len, fits = len < room ? len : room;
  if (http->lines.len == 0)
    (void)caudit_buf_reserve(&http->lines, room < USUAL_HEAD ? room : USUAL_HEAD);
  caudit_put(&http->lines, data->data, fits);
  if (http->lines.status != 0) return fail(http, CAUDIT_MEMORY, "not enough memory", err);
  data->data += fits;
  data->len -= fits;
  if (fits < len) return bad(http, long_head, err);
  return end != NULL;
}

/* The line that take_line has completed, without its end; the next one begins behind it. False when
 * it does not end in CRLF. */
static bool finish_line(struct caudit_http1 *http, struct caudit_str *line) {
  line->data = http->lines.data + http->line;
  line->len = http->lines.len - http->line;
  http->line = http->lines.len;
  if (line->len < 2 || line->data[line->len - 2] != '\r') return false;
  line->len -= 2;
  return true;
}

/* ---- the head -------------------------------------------------------------------------- */

static bool begins_as_http(const struct caudit_http1 *http) {
  static const char start[] = "HTTP/1.";
  size_t len = http->lines.len - http->head, most = sizeof start - 1;
  return len == 0 || memcmp(http->lines.data + http->head, start, len < most ? len : most) == 0;
}

/* After the empty line: an interim head is passed over, the final one decides on the body. */
static int end_head(struct caudit_http1 *http, struct caudit_error *err) {
  if (http->status == 101)
    return bad(http, "the server switched to a protocol that was not asked for", err);
  if (http->status < 200) {
    http->status = 0;
    http->head = http->lines.len;
    return GO_ON;
  }
  http->head_len = http->lines.len - http->head;
  const char *problem = caudit_http1_frame(http);
  if (problem) return bad(http, problem, err);
  if (http->left > http->max_body) return too_long(http, err);
  return CAUDIT_HTTP1_HEAD;
}

static int read_head(struct caudit_http1 *http, struct caudit_str *data, struct caudit_error *err) {
  for (;;) {
    struct caudit_str line;
    bool first = http->line == http->head;
    int taken = take_line(http, data, err);
    if (first && !begins_as_http(http)) return bad(http, not_http, err);
    if (taken <= 0) return taken;
    if (!finish_line(http, &line)) return bad(http, not_http, err);
    if (!first && line.len == 0) return end_head(http, err);
    if (first ? !caudit_http1_status_line(http, line) : !caudit_is_field_line(line))
      return bad(http, not_http, err);
  }
}

/* ---- the body -------------------------------------------------------------------------- */

/* Bytes after the response belong to no request, and the rest of a request that was not sent would
 * be taken for the next one: such a connection cannot be used again. */
static int end(struct caudit_http1 *http, size_t unread) {
  http->state = HTTP1_DONE;
  http->keep = http->persistent && unread == 0 && http->sent == http->output.len;
  return CAUDIT_HTTP1_END;
}

/* Moves at most `most` bytes from data to the piece. */
static void take(struct caudit_http1 *http, struct caudit_str *data, uint64_t most,
                 struct caudit_str *piece) {
  piece->data = data->data;
  piece->len = data->len < most ? data->len : (size_t)most;
  data->data += piece->len;
  data->len -= piece->len;
  http->size += piece->len;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

static int hex_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* The places in a chunk's line: its length in hexadecimal, blanks, an extension, the line end. */
enum mark { LENGTH, BLANKS, EXTENSION, LINE_END };

/* Moves on by one byte of the line; false for one that cannot stand there. */
static bool chunk_line_byte(struct caudit_http1 *http, char c) {
  int digit = http->mark == LENGTH ? hex_of(c) : -1;
  if (digit >= 0) {
    http->left = http->left << 4 | (unsigned)digit;
    return ++http->digits <= MAX_CHUNK_DIGITS;
  }
  if (http->digits == 0 || http->mark == LINE_END) return false;
  if (c == '\r')
    http->mark = LINE_END;
  else if (http->mark == EXTENSION)
    return caudit_is_plain((struct caudit_str){&c, 1});
  else if (c == ';')
    http->mark = EXTENSION;
  else if (is_blank(c))
    http->mark = BLANKS;
  else
    return false;
  return true;
}

static int read_chunk_line(struct caudit_http1 *http, struct caudit_str *data,
                           struct caudit_error *err) {
  while (data->len > 0) {
    char c = *data->data++;
    data->len--;
    if (++http->mark_at > MAX_CHUNK_LINE) return bad(http, bad_chunk, err);
    if (c != '\n' || http->mark != LINE_END) {
      if (!chunk_line_byte(http, c)) return bad(http, bad_chunk, err);
      continue;
    }
    http->mark = LENGTH;
    http->mark_at = http->digits = 0;
    if (http->left > http->max_body - http->size) return too_long(http, err);
    http->state = http->left > 0 ? HTTP1_CHUNK_DATA : HTTP1_TRAILERS;
    return GO_ON;
  }
  return CAUDIT_HTTP1_MORE;
}

/* The line end after a chunk's bytes. */
static int read_chunk_end(struct caudit_http1 *http, struct caudit_str *data,
                          struct caudit_error *err) {
  static const char line_end[] = "\r\n";
  while (data->len > 0) {
    if (*data->data != line_end[http->mark])
      return bad(http, "the response has a chunk that is longer than its length", err);
    data->data++;
    data->len--;
    if (++http->mark == 2) {
      http->mark = LENGTH;
      http->state = HTTP1_CHUNK_LINE;
      return GO_ON;
    }
  }
  return CAUDIT_HTTP1_MORE;
}

static int read_trailers(struct caudit_http1 *http, struct caudit_str *data,
                         struct caudit_error *err) {
  for (;;) {
    struct caudit_str line;
    int taken = take_line(http, data, err);
    if (taken <= 0) return taken;
    bool ended = finish_line(http, &line);
    if (ended && line.len == 0) return end(http, data->len);
    if (!ended || !caudit_is_field_line(line))
      return bad(http, "the response has a trailer that is not valid", err);
  }
}

static int read_bytes(struct caudit_http1 *http, struct caudit_str *data, struct caudit_str *piece,
                      struct caudit_error *err) {
  if (data->len == 0) return CAUDIT_HTTP1_MORE;
  if (http->state == HTTP1_UNTIL_CLOSE) {
    if (data->len > http->max_body - http->size) return too_long(http, err);
    take(http, data, data->len, piece);
    return CAUDIT_HTTP1_BODY;
  }
  take(http, data, http->left, piece);
  http->left -= piece->len;
  if (http->left == 0 && http->state == HTTP1_CHUNK_DATA) http->state = HTTP1_CHUNK_END;
  return CAUDIT_HTTP1_BODY;
}

static int step(struct caudit_http1 *http, struct caudit_str *data, struct caudit_str *piece,
                struct caudit_error *err) {
  switch ((enum caudit_http1_state)http->state) {
  case HTTP1_HEAD:
    return read_head(http, data, err);
  case HTTP1_BODY:
    if (http->left == 0) return end(http, data->len);
    return read_bytes(http, data, piece, err);
  case HTTP1_UNTIL_CLOSE:
  case HTTP1_CHUNK_DATA:
    return read_bytes(http, data, piece, err);
  case HTTP1_CHUNK_LINE:
    return read_chunk_line(http, data, err);
  case HTTP1_CHUNK_END:
    return read_chunk_end(http, data, err);
  case HTTP1_TRAILERS:
    return read_trailers(http, data, err);
  case HTTP1_DONE:
    return end(http, data->len);
  case HTTP1_FAILED:
    break;
  }
  return bad(http, "the exchange has failed before", err);
}

int caudit_http1_read(struct caudit_http1 *http, struct caudit_str *data, struct caudit_str *piece,
                      struct caudit_error *err) {
  int event;
  *piece = (struct caudit_str){NULL, 0};
  /* What a kept connection brings on its own, such as the answer to its being idle too long, would
   * be taken for the response. */
  if (data->len > 0 && http->given == 0 && http->state == HTTP1_HEAD)
    return bad(http, "bytes came before the request was sent", err);
  do event = step(http, data, piece, err);
  while (event == GO_ON);
  return event;
}

int caudit_http1_closed(struct caudit_http1 *http, struct caudit_error *err) {
  if (http->state == HTTP1_UNTIL_CLOSE || http->state == HTTP1_DONE ||
      (http->state == HTTP1_BODY && http->left == 0)) {
    http->persistent = false;
    return end(http, 0);
  }
  if (http->state == HTTP1_FAILED) return bad(http, "the exchange has failed before", err);
  return fail(http, CAUDIT_TRANSPORT,
              http->state == HTTP1_HEAD && http->lines.len == http->head
                  ? "the connection was closed before a response came"
                  : "the connection was closed in the middle of the response",
              err);
}

struct caudit_str caudit_http1_head(const struct caudit_http1 *http) {
  struct caudit_str head = {NULL, 0};
  if (http->head_len > 0) head = (struct caudit_str){http->lines.data + http->head, http->head_len};
  return head;
}
