/* Writes the model's structs as JSON: members in the model's order, absent ones left out, an empty
 * list as [], integers exact. The output does not depend on the locale. */
#include "core/internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void write_escape(struct caudit_buf *out, unsigned char c) {
  static const char names[] = "\"\\bfnrt", values[] = "\"\\\b\f\n\r\t", hex[] = "0123456789abcdef";
  const char *found = memchr(values, c, sizeof values - 1);
  if (found) {
    char escape[2] = {'\\', names[found - values]};
    caudit_put(out, escape, 2);
  } else {
    char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    caudit_put(out, escape, 6);
  }
}

/* Appends text up to the first byte that needs more than a backslash before it. */
static const char *write_quoted(struct caudit_buf *out, const char *s, const char *end) {
  enum { CHUNK = 1024 };
  while (s < end) {
    size_t len = (size_t)(end - s) < CHUNK ? (size_t)(end - s) : CHUNK;
    size_t room = CAUDIT_QUOTE_ROOM(len);
    char *start = room <= out->max - out->len ? caudit_buf_reserve(out, room) : NULL, *to = start;
    if (!start) break;
    const char *stop = s + len;
    s = caudit_text_quote(s, stop, &to);
    memset(to, 0, CAUDIT_QUOTE_SPARE); /* only what is before len is overwritten when it is freed */
    out->len += (size_t)(to - start);
    if (s < stop) break;
  }
  return s;
}

void caudit_json_write_string(struct caudit_buf *out, struct caudit_str text) {
  const char *end = text.data + text.len, *s = caudit_text_plain(text.data, end);
  if (s == end && text.len + 2 <= out->capacity - out->len && out->status == 0) {
    char *at = out->data + out->len;
    at[0] = '"';
    if (text.len > 0) memcpy(at + 1, text.data, text.len);
    at[text.len + 1] = '"';
    out->len += text.len + 2;
    return;
  }
  CAUDIT_PUT(out, "\"");
  caudit_put(out, text.data, (size_t)(s - text.data));
  while ((s = write_quoted(out, s, end)) < end) {
    unsigned len = caudit_utf8_len((const unsigned char *)s, (size_t)(end - s));
    if (len == 0) {
      if (out->status == 0) out->status = -CAUDIT_VALIDATION;
      return;
    }
    if (len > 1 || ((unsigned char)*s >= 0x20 && *s != '"' && *s != '\\'))
      caudit_put(out, s, len);
    else
      write_escape(out, (unsigned char)*s);
    s += len;
  }
  CAUDIT_PUT(out, "\"");
}

size_t caudit_decimal(char out[24], uint64_t value) {
  char digits[24];
  size_t at = sizeof digits;
  digits[--at] = '\0';
  do {
    digits[--at] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  memcpy(out, digits + at, sizeof digits - at);
  return sizeof digits - at - 1;
}

void caudit_json_write_uint64(struct caudit_buf *out, uint64_t value) {
  char digits[24];
  caudit_put(out, digits, caudit_decimal(digits, value));
}

void caudit_json_write_int64(struct caudit_buf *out, int64_t value) {
  if (value >= 0) {
    caudit_json_write_uint64(out, (uint64_t)value);
  } else {
    CAUDIT_PUT(out, "-");
    caudit_json_write_uint64(out, 0 - (uint64_t)value);
  }
}

static size_t significant(char out[CAUDIT_NUMBER_TEXT], double value, int digits) {
  int len = snprintf(out, CAUDIT_NUMBER_TEXT, "%.*g", digits, value);
  char *end = out;
  for (int i = 0; i < len; i++) { /* the locale's decimal point, of any number of bytes */
    if (strchr("0123456789+-e", out[i]))
      *end++ = out[i];
    else if (end == out || end[-1] != '.')
      *end++ = '.';
  }
  *end = '\0';
  return (size_t)(end - out);
}

size_t caudit_integer_text(char out[CAUDIT_NUMBER_TEXT], int64_t value) {
  size_t sign = value < 0 ? 1 : 0;
  out[0] = '-';
  return sign + caudit_decimal(out + sign, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

size_t caudit_number_text(char out[CAUDIT_NUMBER_TEXT], double value, int digits) {
  if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0 &&
        (double)(int64_t)value == value))
    return significant(out, value, digits);
  if (value != 0 || !signbit(value)) return caudit_integer_text(out, (int64_t)value);
  memcpy(out, "-0", 3);
  return 2;
}

void caudit_json_write_double(struct caudit_buf *out, double value) {
  char text[CAUDIT_NUMBER_TEXT];
  if (value >= -9007199254740992.0 && value <= 9007199254740992.0 &&
      (double)(int64_t)value == value)
    caudit_json_write_int64(out, (int64_t)value);
  else
    caudit_put(out, text, significant(text, value, 17));
}

static int write_shape(struct caudit_buf *out, const struct caudit_shape *shape, const void *value,
                       struct caudit_error *err);

/* Reports a string that is not UTF-8 by its place (an index counted from 1, or 0). A full buffer is
 * detected at the end. */
static int string_status(const struct caudit_buf *out, const struct caudit_field *field,
                         size_t index, struct caudit_error *err) {
  if (out->status != -CAUDIT_VALIDATION) return 0;
  caudit_fail(err, CAUDIT_VALIDATION, "valid UTF-8 expected");
  caudit_error_at(err, field->name, index);
  return -CAUDIT_VALIDATION;
}

static int write_strings(struct caudit_buf *out, const struct caudit_field *field,
                         const struct caudit_strings *list, struct caudit_error *err) {
  for (size_t i = 0; i < list->count; i++) {
    caudit_put(out, i == 0 ? "[" : ",", 1);
    caudit_json_write_string(out, list->items[i]);
    int failed = string_status(out, field, i + 1, err);
    if (failed) return failed;
  }
  caudit_put(out, list->count == 0 ? "[]" : "]", list->count == 0 ? 2 : 1);
  return 0;
}

static int write_objects(struct caudit_buf *out, const struct caudit_field *field,
                         const struct caudit_objects *list, struct caudit_error *err) {
  const char *items = list->items;
  for (size_t i = 0; i < list->count; i++) {
    caudit_put(out, i == 0 ? "[" : ",", 1);
    int failed = write_shape(out, field->shape, items + i * field->shape->size, err);
    if (failed) return caudit_error_at(err, field->name, i + 1), failed;
  }
  caudit_put(out, list->count == 0 ? "[]" : "]", list->count == 0 ? 2 : 1);
  return 0;
}

static int write_member(struct caudit_buf *out, const struct caudit_field *field,
                        const void *member, struct caudit_error *err) {
  int failed;
  switch ((enum caudit_type)field->type) {
  case CAUDIT_TYPE_STRING:
    caudit_json_write_string(out, *(const struct caudit_str *)member);
    return string_status(out, field, 0, err);
  case CAUDIT_TYPE_INT64:
    caudit_json_write_int64(out, ((const struct caudit_int64 *)member)->value);
    return 0;
  case CAUDIT_TYPE_UINT64:
    caudit_json_write_uint64(out, ((const struct caudit_uint64 *)member)->value);
    return 0;
  case CAUDIT_TYPE_BOOL:
    if (((const struct caudit_bool *)member)->value)
      CAUDIT_PUT(out, "true");
    else
      CAUDIT_PUT(out, "false");
    return 0;
  case CAUDIT_TYPE_STRINGS:
    return write_strings(out, field, member, err);
  case CAUDIT_TYPE_OBJECTS:
    return write_objects(out, field, member, err);
  case CAUDIT_TYPE_OBJECT:
    failed = write_shape(out, field->shape, *(const void *const *)member, err);
    if (failed) caudit_error_at(err, field->name, 0);
    return failed;
  }
  return 0;
}

static int write_shape(struct caudit_buf *out, const struct caudit_shape *shape, const void *value,
                       struct caudit_error *err) {
  char separator = '{';
  for (size_t i = 0; i < shape->field_count; i++) {
    const struct caudit_field *field = &shape->fields[i];
    const void *member = (const char *)value + field->offset;
    if (!caudit_is_set(field, member)) continue;
    caudit_put(out, &separator, 1);
    caudit_put(out, field->key, field->name_len + 3u);
    separator = ',';
    int failed = write_member(out, field, member, err);
    if (failed) return failed;
  }
  caudit_put(out, separator == '{' ? "{}" : "}", separator == '{' ? 2 : 1);
  return 0;
}

int caudit_json_write(struct caudit_buf *out, const struct caudit_shape *shape, const void *value,
                      struct caudit_error *err) {
  int failed = write_shape(out, shape, value, err);
  if (failed) return failed; /* err has the place */
  if (out->status == -CAUDIT_QUOTA)
    return caudit_fail(err, CAUDIT_QUOTA, "at most %zu bytes expected", out->max);
  if (out->status != 0) return caudit_fail(err, CAUDIT_MEMORY, "not enough memory");
  return 0;
}
