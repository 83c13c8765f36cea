/* Error structs: the names of kinds and outcomes, and filling one without allocating. */
#include "core/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {"ok",
#define KIND_NAME(name, text) text,
                                         CAUDIT_KINDS(KIND_NAME)
#undef KIND_NAME
};

enum { KIND_COUNT = sizeof kind_names / sizeof kind_names[0] };

const char *caudit_kind_name(enum caudit_kind kind) {
  return (unsigned)kind < KIND_COUNT ? kind_names[kind] : "ok";
}

const char *caudit_outcome_name(enum caudit_outcome outcome) {
  switch (outcome) {
  case CAUDIT_NOT_SENT:
    return "not_sent";
  case CAUDIT_REJECTED:
    return "rejected";
  default:
    return "unknown";
  }
}

enum caudit_kind caudit_kind_of(struct caudit_str name) {
  for (unsigned i = 1; i < KIND_COUNT; i++)
    if (caudit_str_equal(name, caudit_str(kind_names[i]))) return (enum caudit_kind)i;
  return CAUDIT_OK;
}

struct caudit_str caudit_str(const char *text) {
  struct caudit_str str = {text, text ? strlen(text) : 0};
  return str;
}

bool caudit_str_equal(struct caudit_str a, struct caudit_str b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Ends a truncated text before a UTF-8 character that was split. */
static void end_text(char *text, size_t len) {
  size_t start = len;
  while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) start--;
  if (start > 0) {
    unsigned char lead = (unsigned char)text[start - 1];
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (want > 1 && len - (start - 1) < want) len = start - 1;
  }
  text[len] = '\0';
}

void caudit_copy_text(char *out, size_t size, struct caudit_str text) {
  size_t len = text.len < size - 1 ? text.len : size - 1;
  if (len > 0) memcpy(out, text.data, len);
  if (len < text.len)
    end_text(out, len);
  else
    out[len] = '\0';
}

int caudit_fail(struct caudit_error *err, enum caudit_kind kind, const char *format, ...) {
  if (err) {
    memset(err, 0, sizeof *err);
    err->kind = kind;
    err->outcome = CAUDIT_NOT_SENT;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    if (len < 0) err->message[0] = '\0';
    if (len >= (int)sizeof err->message) end_text(err->message, sizeof err->message - 1);
  }
  return -(int)kind;
}

void caudit_error_at(struct caudit_error *err, const char *name, size_t index) {
  if (!err) return;
  char place[sizeof err->field], number[32] = "";
  if (index > 0) (void)snprintf(number, sizeof number, "[%zu]", index);
  const char *dot = err->field[0] && err->field[0] != '[' ? "." : "";
  int len = snprintf(place, sizeof place, "%s%s%s%s", name, number, dot, err->field);
  if (len >= 0) memcpy(err->field, place, sizeof place);
}

void caudit_error_owned(struct caudit_error *err, const char *owner) {
  if (!err) return;
  char text[sizeof err->message];
  size_t before = strlen(err->message);
  int len = snprintf(text, sizeof text, "%s%s%s: %s", owner, err->field[0] ? "." : "", err->field,
                     err->message);
  if (len < 0) return;
  if (len >= (int)sizeof text) end_text(text, sizeof text - 1);
  memcpy(err->message, text, sizeof text);
  size_t after = strlen(text), text_at = err->text_at + ((size_t)len - before);
  err->text_at = text_at < after ? text_at : after;
}
