/* The head of a response: the one place that splits its lines and knows which headers a call looks
 * at. */
#include "core/internal.h"

#include <string.h>

/* Stands for a repeated header: not a date, a number or the name of an encoding, and not absent. */
static const struct caudit_str ambiguous = CAUDIT_STR("?");

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
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

static bool is_named(struct caudit_str name, const char *lower_case) {
  for (size_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
    if (c != lower_case[i]) return false;
  }
  return true;
}

/* The member for a header, NULL for one that a call does not look at. */
static struct caudit_str *member_of(struct caudit_response *response, struct caudit_str name) {
  switch (name.len) {
  case 3:
    return is_named(name, "age") ? &response->age : NULL;
  case 4:
    return is_named(name, "date") ? &response->date : NULL;
  case 12:
    return is_named(name, "content-type") ? &response->content_type : NULL;
  case 11:
    return is_named(name, "retry-after") ? &response->retry_after : NULL;
  case 16:
    return is_named(name, "content-encoding") ? &response->content_encoding : NULL;
  default:
    return NULL;
  }
}

static bool gives_length(struct caudit_str name) {
  return (name.len == 14 && is_named(name, "content-length")) ||
         (name.len == 17 && is_named(name, "transfer-encoding"));
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
