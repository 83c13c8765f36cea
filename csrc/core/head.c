/* The head of a response: the one place that splits its lines, knows which headers a call looks at,
 * and what a strict reader accepts as a line. */
#include "core/internal.h"

#include <string.h>

/* Stands for a repeated header: not a date, a number or the name of an encoding, and not absent. */
static const struct caudit_str ambiguous = CAUDIT_STR("?");

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/* A bit for each character of a name: RFC 9110's tchar. */
static bool is_name_char(char c) {
  static const uint32_t names[8] = {0, 0x03FF6CFA, 0xC7FFFFFE, 0x57FFFFFF};
  unsigned char byte = (unsigned char)c;
  return names[byte / 32] >> byte % 32 & 1;
}

static bool is_control(char c) {
  return (unsigned char)c < 0x20 || c == 0x7F;
}

/* Whether one of eight bytes is a control character. */
static bool has_control(const char *s) {
  uint64_t word, del;
  memcpy(&word, s, sizeof word);
  del = word ^ CAUDIT_EACH(0x7F);
  return ((((word - CAUDIT_EACH(0x20)) & ~word) | ((del - CAUDIT_EACH(0x01)) & ~del)) &
          CAUDIT_EACH(0x80)) != 0;
}

/* The first control character from s on, or end: eight bytes at a time. */
static const char *find_control(const char *s, const char *end) {
  while (end - s >= 8 && !has_control(s)) s += 8;
  while (s < end && !is_control(*s)) s++;
  return s;
}

/* The length of the name at the front. */
static size_t name_length(struct caudit_str text) {
  size_t len = 0;
  while (len < text.len && is_name_char(text.data[len])) len++;
  return len;
}

bool caudit_is_field_name(struct caudit_str text) {
  return text.len > 0 && name_length(text) == text.len;
}

bool caudit_is_plain(struct caudit_str text) {
  if (text.len == 0) return true;
  const char *end = text.data + text.len;
  return find_control(text.data, end) == end;
}

bool caudit_is_field_line(struct caudit_str line) {
  size_t colon = name_length(line);
  if (colon == 0 || colon == line.len || line.data[colon] != ':') return false;
  const char *s = line.data + colon + 1, *end = line.data + line.len;
  while ((s = find_control(s, end)) < end && *s == '\t') s++;
  return s == end;
}

bool caudit_head_next(struct caudit_str *head, struct caudit_str *name, struct caudit_str *value) {
  while (head->len > 0) {
    const char *line = head->data, *end = line + head->len;
    const char *next = memchr(line, '\n', head->len), *stop = next ? next : end;
    const char *colon = memchr(line, ':', (size_t)(stop - line));
    head->data = next ? next + 1 : end;
    head->len = (size_t)(end - head->data);
    /* A status line has a blank before any colon, a folded line starts with one. */
    if (!colon || colon == line || *line == '\t' || memchr(line, ' ', (size_t)(colon - line)))
      continue;
    const char *first = colon + 1;
    if (stop > first && stop[-1] == '\r') stop--;
    while (first < stop && is_blank(*first)) first++;
    while (stop > first && is_blank(stop[-1])) stop--;
    *name = (struct caudit_str){line, (size_t)(colon - line)};
    *value = (struct caudit_str){first, (size_t)(stop - first)};
    return true;
  }
  return false;
}

/* The member for a header, NULL for one that a call does not look at. */
static struct caudit_str *member_of(struct caudit_response *response, struct caudit_str name) {
  switch (name.len) {
  case 3:
    return caudit_equal_in_any_case(name, "age") ? &response->age : NULL;
  case 4:
    return caudit_equal_in_any_case(name, "date") ? &response->date : NULL;
  case 12:
    return caudit_equal_in_any_case(name, "content-type") ? &response->content_type : NULL;
  case 11:
    return caudit_equal_in_any_case(name, "retry-after") ? &response->retry_after : NULL;
  case 16:
    return caudit_equal_in_any_case(name, "content-encoding") ? &response->content_encoding : NULL;
  default:
    return NULL;
  }
}

static bool gives_length(struct caudit_str name) {
  return caudit_equal_in_any_case(name, "content-length") ||
         caudit_equal_in_any_case(name, "transfer-encoding");
}

bool caudit_response_add_header(struct caudit_response *response, struct caudit_str name,
                                struct caudit_str value) {
  struct caudit_str *member = member_of(response, name);
  if (gives_length(name)) response->until_close = false;
  if (!member) return false;
  bool repeated = member->data != NULL;
  *member = repeated ? ambiguous : value;
  return !repeated;
}

void caudit_response_read_head(struct caudit_response *response, struct caudit_str head) {
  struct caudit_str name, value;
  response->until_close = true;
  while (caudit_head_next(&head, &name, &value))
    (void)caudit_response_add_header(response, name, value);
}
