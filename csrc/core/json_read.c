/* A pull reader: the grammar of RFC 8259, but any bytes in strings. It does not allocate and keeps
 * its state in the caller's struct, so that a caller may abandon it after any token. */
#include "core/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum expect {
  EXPECT_VALUE,
  EXPECT_VALUE_OR_END, /* after '[' */
  EXPECT_KEY,
  EXPECT_KEY_OR_END, /* after '{' */
  EXPECT_COMMA_OR_END,
  EXPECT_NOTHING /* after the document */
};

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static enum caudit_token fail(struct caudit_json_reader *r, const char *problem) {
  r->problem = problem;
  return CAUDIT_JSON_ERROR;
}

void caudit_json_read(struct caudit_json_reader *r, struct caudit_str document) {
  static const char nothing[1] = "";
  memset(r, 0, sizeof *r);
  r->start = r->at = document.data ? document.data : nothing;
  r->end = r->start + document.len;
  /* RFC 8259 lets a reader ignore a byte order mark. */
  if (document.len >= 3 && memcmp(r->start, "\xEF\xBB\xBF", 3) == 0) r->at += 3;
  r->expect = EXPECT_VALUE;
}

static bool is_blank(char c) {
  return (unsigned char)c <= ' ' && (c == ' ' || c == '\n' || c == '\r' || c == '\t');
}

static void skip_blanks(struct caudit_json_reader *r) {
  while (r->at < r->end && is_blank(*r->at)) r->at++;
}

static bool in_object(const struct caudit_json_reader *r) {
  unsigned at = r->depth - 1;
  return (r->objects[at / 64] >> (at % 64) & 1) != 0;
}

/* Called after a value or a closing bracket. */
static void value_ended(struct caudit_json_reader *r) {
  r->expect = r->depth > 0 ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
}

static enum caudit_token open_container(struct caudit_json_reader *r, bool object) {
  if (r->depth == CAUDIT_JSON_MAX_DEPTH) return fail(r, "nested deeper than 256 levels");
  uint64_t bit = (uint64_t)1 << (r->depth % 64), *objects = &r->objects[r->depth / 64];
  *objects = object ? *objects | bit : *objects & ~bit;
  r->depth++;
  r->expect = object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
  r->at++;
  return object ? CAUDIT_JSON_OBJECT : CAUDIT_JSON_ARRAY;
}

static enum caudit_token close_container(struct caudit_json_reader *r) {
  bool object = in_object(r);
  r->at++;
  r->depth--;
  value_ended(r);
  return object ? CAUDIT_JSON_OBJECT_END : CAUDIT_JSON_ARRAY_END;
}

/* Continues a string at the first byte that is not plain ASCII; NULL when it is malformed. */
static const char *read_rest(struct caudit_json_reader *r, struct caudit_json_value *value,
                             const char *s) {
  const char *start = value->text.data;
  if (r->scratch) {
    char *out = r->scratch + (s - start);
    memcpy(r->scratch, start, (size_t)(s - start));
    s = caudit_text_resolve(s, r->end, &out);
    /* Every escape is longer than its character, so a shorter text had escapes. */
    value->escaped = out - r->scratch != s - start;
    if (value->escaped) value->text.data = r->scratch;
    value->text.len = (size_t)(out - r->scratch);
  } else {
    s = caudit_text_check(s, r->end);
    value->text.len = (size_t)(s - start);
    value->escaped = memchr(start, '\\', value->text.len) != NULL;
  }
  r->at = s;
  if (s < r->end && *s == '"') return s;
  fail(r, s == r->end ? "string without a closing quote" : "invalid escape in a string");
  return NULL;
}

/* Reads a string whose opening quote is at r->at. */
static bool read_string(struct caudit_json_reader *r, struct caudit_json_value *value) {
  const char *start = r->at + 1, *stop = caudit_text_plain(start, r->end);
  value->text.data = start;
  value->text.len = (size_t)(stop - start);
  value->escaped = false;
  value->plain = stop < r->end && *stop == '"';
  if (!value->plain) stop = read_rest(r, value, stop);
  if (!stop) return false;
  r->at = stop + 1;
  return true;
}

static enum caudit_token read_number(struct caudit_json_reader *r,
                                     struct caudit_json_value *value) {
  const char *s = r->at, *end = r->end;
  bool integer = true;
  uint64_t magnitude = 0;
  value->text.data = s;
  value->negative = *s == '-';
  if (value->negative) s++;
  if (s == end || !is_digit(*s)) return fail(r, "invalid number");
  if (*s == '0') {
    s++;
  } else {
    for (; s < end && is_digit(*s); s++) {
      unsigned digit = (unsigned)(*s - '0');
      if (magnitude > (UINT64_MAX - digit) / 10) integer = false;
      magnitude = magnitude * 10 + digit;
    }
  }
  if (s < end && *s == '.') {
    integer = false;
    if (++s == end || !is_digit(*s)) return fail(r, "invalid number");
    while (s < end && is_digit(*s)) s++;
  }
  if (s < end && (*s == 'e' || *s == 'E')) {
    integer = false;
    if (++s < end && (*s == '+' || *s == '-')) s++;
    if (s == end || !is_digit(*s)) return fail(r, "invalid number");
    while (s < end && is_digit(*s)) s++;
  }
  value->text.len = (size_t)(s - value->text.data);
  value->magnitude = magnitude;
  r->at = s;
  value_ended(r);
  if (value->negative && magnitude > (uint64_t)1 << 63) integer = false;
  return integer ? CAUDIT_JSON_INTEGER : CAUDIT_JSON_NUMBER;
}

static enum caudit_token read_word(struct caudit_json_reader *r, const char *word,
                                   enum caudit_token token) {
  size_t len = strlen(word);
  if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
    return fail(r, "invalid value");
  r->at += len;
  value_ended(r);
  return token;
}

static enum caudit_token read_value(struct caudit_json_reader *r, struct caudit_json_value *value) {
  switch (*r->at) {
  case '{':
    return open_container(r, true);
  case '[':
    return open_container(r, false);
  case '"':
    if (!read_string(r, value)) return CAUDIT_JSON_ERROR;
    value_ended(r);
    return CAUDIT_JSON_STRING;
  case 't':
    return read_word(r, "true", CAUDIT_JSON_TRUE);
  case 'f':
    return read_word(r, "false", CAUDIT_JSON_FALSE);
  case 'n':
    return read_word(r, "null", CAUDIT_JSON_NULL);
  default:
    if (*r->at == '-' || is_digit(*r->at)) return read_number(r, value);
    return fail(r, "invalid value");
  }
}

static enum caudit_token read_key(struct caudit_json_reader *r, struct caudit_json_value *value) {
  if (*r->at != '"') return fail(r, "a name in quotes expected");
  if (!read_string(r, value)) return CAUDIT_JSON_ERROR;
  skip_blanks(r);
  if (r->at == r->end || *r->at != ':') return fail(r, "':' expected");
  r->at++;
  r->expect = EXPECT_VALUE;
  return CAUDIT_JSON_KEY;
}

enum caudit_token caudit_json_next(struct caudit_json_reader *r, struct caudit_json_value *value) {
  if (r->problem) return CAUDIT_JSON_ERROR;
  skip_blanks(r);
  if (r->at == r->end)
    return r->expect == EXPECT_NOTHING ? CAUDIT_JSON_END : fail(r, "unexpected end");
  if (r->expect == EXPECT_VALUE) return read_value(r, value);
  if (r->expect == EXPECT_NOTHING) return fail(r, "text after the end of the document");
  if (r->expect == EXPECT_COMMA_OR_END) {
    bool object = in_object(r);
    if (*r->at == (object ? '}' : ']')) return close_container(r);
    if (*r->at != ',') return fail(r, object ? "',' or '}' expected" : "',' or ']' expected");
    r->at++;
    r->expect = object ? EXPECT_KEY : EXPECT_VALUE;
    skip_blanks(r);
    if (r->at == r->end) return fail(r, "unexpected end");
  } else if ((r->expect == EXPECT_VALUE_OR_END && *r->at == ']') ||
             (r->expect == EXPECT_KEY_OR_END && *r->at == '}')) {
    return close_container(r);
  }
  bool key = r->expect == EXPECT_KEY || r->expect == EXPECT_KEY_OR_END;
  return key ? read_key(r, value) : read_value(r, value);
}

bool caudit_json_key(struct caudit_json_reader *r, struct caudit_str name) {
  const char *s = r->at;
  if (r->problem || r->depth == 0 || !in_object(r) || (size_t)(r->end - s) < name.len + 4)
    return false;
  if (r->expect == EXPECT_COMMA_OR_END ? *s++ != ',' : r->expect != EXPECT_KEY_OR_END) return false;
  if (s[0] != '"' || memcmp(s + 1, name.data, name.len) != 0 || s[name.len + 1] != '"' ||
      s[name.len + 2] != ':')
    return false;
  r->at = s + name.len + 3;
  r->expect = EXPECT_VALUE;
  return true;
}

bool caudit_json_skip(struct caudit_json_reader *r, enum caudit_token first) {
  struct caudit_json_value value;
  if (first == CAUDIT_JSON_ERROR) return false;
  if (first != CAUDIT_JSON_OBJECT && first != CAUDIT_JSON_ARRAY) return true;
  unsigned outside = r->depth - 1;
  while (r->depth > outside)
    if (caudit_json_next(r, &value) == CAUDIT_JSON_ERROR) return false;
  return true;
}

bool caudit_json_double(struct caudit_str text, double *out) {
  /* strtod expects the locale's decimal point, which may have several bytes: "0.5" without its
   * digits. */
  char half[16], copy[400 + sizeof half];
  int len = snprintf(half, sizeof half, "%.1f", 0.5);
  if (len < 3 || (size_t)len >= sizeof half || text.len + sizeof half >= sizeof copy) return false;
  size_t point = (size_t)len - 2, before = 0;
  while (before < text.len && text.data[before] != '.') before++;
  memcpy(copy, text.data, before);
  size_t size = before;
  if (before < text.len) {
    memcpy(copy + size, half + 1, point);
    size += point;
    memcpy(copy + size, text.data + before + 1, text.len - before - 1);
    size += text.len - before - 1;
  }
  copy[size] = '\0';
  *out = strtod(copy, NULL);
  return *out - *out == 0; /* neither infinite nor a NaN */
}
