/* What the head of a response says about its framing: the status line, and the fields that decide
 * how the body ends. Whatever allows of two readings is refused. */
#include "core/http1.h"

enum { MAX_LENGTH_DIGITS = 15 };

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool caudit_http1_status_line(struct caudit_http1 *http, struct caudit_str line) {
  static const char pattern[] = "HTTP/1.# ###";
  enum { LEN = sizeof pattern - 1 };
  if (line.len < LEN || !caudit_is_plain(line)) return false;
  const char *s = line.data;
  for (size_t i = 0; i < LEN; i++)
    if (pattern[i] == '#' ? !is_digit(s[i]) : s[i] != pattern[i]) return false;
  if (s[7] > '1' || s[9] == '0' || (line.len > LEN && s[LEN] != ' ')) return false;
  http->modern = s[7] == '1';
  http->status = (s[9] - '0') * 100 + (s[10] - '0') * 10 + (s[11] - '0');
  return true;
}

struct framing {
  unsigned encodings; /* fields Transfer-Encoding */
  bool chunked;
  unsigned codings; /* fields Content-Encoding */
  bool identity;
  bool close;
  bool has_length;
  bool bad_length;
  uint64_t length;
};

/* Reads a list of lengths, which must all be the same number. */
static bool read_length(struct framing *framing, struct caudit_str value) {
  const char *at = value.data, *end = at + value.len;
  for (bool first = !framing->has_length;; first = false, at++) {
    uint64_t length = 0;
    unsigned digits = 0;
    while (at < end && is_blank(*at)) at++;
    for (; at < end && is_digit(*at); at++) {
      if (++digits > MAX_LENGTH_DIGITS) return false;
      length = length * 10 + (uint64_t)(*at - '0');
    }
    if (digits == 0 || (!first && length != framing->length)) return false;
    framing->length = length;
    while (at < end && is_blank(*at)) at++;
    if (at == end) return true;
    if (*at != ',') return false;
  }
}

/* Whether a list has the word "close". Blanks are overlooked, also within a word: a close too many
 * costs a connection, one too few could cost a request. */
static bool has_close(struct caudit_str list) {
  char word[6];
  size_t len = 0;
  for (size_t i = 0; i <= list.len; i++) {
    char c = i < list.len ? list.data[i] : ',';
    if (c == ',') {
      if (caudit_equal_in_any_case((struct caudit_str){word, len}, "close")) return true;
      len = 0;
    } else if (!is_blank(c) && len < sizeof word) {
      word[len++] = c;
    }
  }
  return false;
}

static void read_field(struct framing *framing, struct caudit_str name, struct caudit_str value) {
  switch (name.len) { /* most fields are none of these */
  case 10:
    if (caudit_equal_in_any_case(name, "connection"))
      framing->close = framing->close || has_close(value);
    break;
  case 14:
    if (!caudit_equal_in_any_case(name, "content-length")) break;
    if (!read_length(framing, value)) framing->bad_length = true;
    framing->has_length = true;
    break;
  case 16:
    if (!caudit_equal_in_any_case(name, "content-encoding")) break;
    framing->codings++;
    framing->identity = caudit_equal_in_any_case(value, "identity");
    break;
  case 17:
    if (!caudit_equal_in_any_case(name, "transfer-encoding")) break;
    framing->encodings++;
    framing->chunked = caudit_equal_in_any_case(value, "chunked");
    break;
  default:
    break;
  }
}

static const char *problem_of(const struct framing *framing, bool modern) {
  if (framing->encodings > 0 && framing->has_length)
    return "the response has both Content-Length and Transfer-Encoding";
  if (framing->encodings > 0 && !(framing->encodings == 1 && framing->chunked && modern))
    return "the response has a transfer encoding other than chunked";
  if (framing->codings > 0 && !(framing->codings == 1 && framing->identity))
    return "the response has a content encoding that was not asked for";
  if (framing->bad_length) return "the response has a Content-Length that is not one number";
  return NULL;
}

const char *caudit_http1_frame(struct caudit_http1 *http) {
  struct framing framing = {0};
  struct caudit_str name, value, rest = caudit_http1_head(http);
  while (caudit_head_next(&rest, &name, &value)) read_field(&framing, name, value);
  const char *problem = problem_of(&framing, http->modern);
  if (problem) return problem;
  http->persistent = http->modern && !framing.close;
  if (http->bodiless || http->status == 204 || http->status == 304) {
    /* A body nevertheless would be taken for the next response. */
    http->persistent = http->persistent && framing.encodings == 0 && framing.length == 0;
    http->state = HTTP1_BODY;
  } else if (framing.encodings > 0) {
    http->state = HTTP1_CHUNK_LINE;
  } else if (framing.has_length) {
    http->left = framing.length;
    http->state = HTTP1_BODY;
  } else {
    http->state = HTTP1_UNTIL_CLOSE;
    http->until_close = true;
    http->persistent = false;
  }
  return NULL;
}
