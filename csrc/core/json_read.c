/* A strict pull reader (RFC 8259). It owns no memory, calls nobody and keeps its whole state in
 * the caller's struct, so that a caller may abandon it between any two tokens. */
#include "core/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum expect {
  EXPECT_VALUE,
  EXPECT_VALUE_OR_END, /* just behind '[' */
  EXPECT_KEY,
  EXPECT_KEY_OR_END, /* just behind '{' */
  EXPECT_COMMA_OR_END,
  EXPECT_NOTHING /* the document is over */
};

/* Bytes of a string that need a look: quote, backslash, controls, everything beyond ASCII. */
static bool is_plain(unsigned char c) {
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

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
  r->expect = EXPECT_VALUE;
}

static void skip_blanks(struct caudit_json_reader *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
    r->at++;
}

static bool in_object(const struct caudit_json_reader *r) {
  return (r->objects >> (r->depth - 1) & 1) != 0;
}

/* Called behind a whole value or a closing bracket. */
static void value_ended(struct caudit_json_reader *r) {
  r->expect = r->depth > 0 ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
}

static enum caudit_token open_container(struct caudit_json_reader *r, bool object) {
  if (r->depth == CAUDIT_JSON_MAX_DEPTH) return fail(r, "nested deeper than 64 levels");
  uint64_t bit = (uint64_t)1 << r->depth++;
  r->objects = object ? r->objects | bit : r->objects & ~bit;
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

/* The value of the four hex digits at s, or -1. */
static int hex4(const char *s, const char *end) {
  if (end - s < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; i++) {
    char c = s[i];
    int digit = is_digit(c)              ? c - '0'
                : (c >= 'a' && c <= 'f') ? c - 'a' + 10
                : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                         : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/* Length of the escape at s (its backslash included), 0 when it is broken. A surrogate counts only
 * as a pair: alone it has no UTF-8 form. */
static size_t escape_len(const char *s, const char *end) {
  if (end - s < 2) return 0;
  if (s[1] != 'u') return strchr("\"\\/bfnrt", s[1]) && s[1] != '\0' ? 2 : 0;
  int unit = hex4(s + 2, end);
  if (unit < 0 || (unit >= 0xDC00 && unit <= 0xDFFF)) return 0;
  if (unit < 0xD800 || unit > 0xDBFF) return 6;
  if (end - s < 12 || s[6] != '\\' || s[7] != 'u') return 0;
  int low = hex4(s + 8, end);
  return low >= 0xDC00 && low <= 0xDFFF ? 12 : 0;
}

/* Reads a string whose opening quote is at r->at. */
static bool read_string(struct caudit_json_reader *r, struct caudit_json_value *value) {
  const char *s = r->at + 1, *start = s;
  value->escaped = false;
  for (;;) {
    while (s < r->end && is_plain((unsigned char)*s)) s++;
    r->at = s;
    if (s == r->end) return fail(r, "string without its closing quote"), false;
    if (*s == '"') break;
    size_t len;
    if (*s == '\\') {
      value->escaped = true;
      len = escape_len(s, r->end);
      if (len == 0) return fail(r, "invalid escape in a string"), false;
    } else if ((unsigned char)*s < 0x20) {
      return fail(r, "control character in a string"), false;
    } else {
      len = caudit_utf8_len((const unsigned char *)s, (size_t)(r->end - s));
      if (len == 0) return fail(r, "invalid UTF-8 in a string"), false;
    }
    s += len;
  }
  value->text.data = start;
  value->text.len = (size_t)(s - start);
  r->at = s + 1;
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
  if (r->expect == EXPECT_NOTHING)
    return r->at == r->end ? CAUDIT_JSON_END : fail(r, "text behind the end of the document");
  if (r->at == r->end) return fail(r, "unexpected end");
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

bool caudit_json_skip(struct caudit_json_reader *r, enum caudit_token first) {
  struct caudit_json_value value;
  if (first == CAUDIT_JSON_ERROR) return false;
  if (first != CAUDIT_JSON_OBJECT && first != CAUDIT_JSON_ARRAY) return true;
  unsigned outside = r->depth - 1;
  while (r->depth > outside)
    if (caudit_json_next(r, &value) == CAUDIT_JSON_ERROR) return false;
  return true;
}

static size_t write_utf8(char *out, unsigned long c) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (size_t i = len - 1; i > 0; i--) {
    out[i] = (char)(0x80 | (c & 0x3F));
    c >>= 6;
  }
  out[0] = (char)(lead[len] | c);
  return len;
}

size_t caudit_json_unescape(struct caudit_str text, char *out) {
  static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
  const char *s = text.data, *end = s + text.len;
  char *o = out;
  while (s < end) {
    const char *backslash = memchr(s, '\\', (size_t)(end - s));
    size_t run = (size_t)((backslash ? backslash : end) - s);
    memcpy(o, s, run);
    o += run;
    s += run;
    if (!backslash) break;
    if (s[1] != 'u') {
      *o++ = values[strchr(names, s[1]) - names];
      s += 2;
      continue;
    }
    unsigned long c = (unsigned long)hex4(s + 2, end);
    s += 6;
    if (c >= 0xD800 && c <= 0xDBFF) {
      c = 0x10000 + ((c - 0xD800) << 10) + ((unsigned long)hex4(s + 2, end) - 0xDC00);
      s += 6;
    }
    o += write_utf8(o, c);
  }
  return (size_t)(o - out);
}

bool caudit_json_double(struct caudit_str text, double *out) {
  char copy[400], point[8];
  if (text.len >= sizeof copy) return false;
  memcpy(copy, text.data, text.len);
  copy[text.len] = '\0';
  /* strtod takes the locale's decimal point; every locale's is one byte or it is left alone. */
  char *dot = strchr(copy, '.');
  if (dot && snprintf(point, sizeof point, "%.1f", 0.5) == 3) *dot = point[1];
  *out = strtod(copy, NULL);
  return *out - *out == 0; /* neither infinite nor a NaN */
}
