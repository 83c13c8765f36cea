/* The corpus of responses, spec/fixtures/http1.json: one row after the other, for the codec and for
 * llhttp. outcome: "keep" and "close" are complete responses, whose connection can or cannot be
 * used again; "until close" is complete when the peer closes, "cut" is not; "refused". `llhttp` is
 * what llhttp makes of the bytes where that differs: "refused", "cut", or "read", with
 * `llhttp_body`. */
#ifndef SPEC_HTTP1_CASES_H
#define SPEC_HTTP1_CASES_H

#include "support.h"

/* Every text is a block of its own, of the exact size. */
struct http1_case {
  struct caudit_str name, method, bytes, outcome, body, message, llhttp, llhttp_body;
  struct caudit_str repeat; /* follows the bytes `times` times */
  uint64_t times, status;
};

static inline struct caudit_str *http1_text_of(struct http1_case *row, struct caudit_str member) {
  const struct {
    const char *name;
    struct caudit_str *text;
  } members[] = {{"name", &row->name},     {"method", &row->method},
                 {"bytes", &row->bytes},   {"outcome", &row->outcome},
                 {"body", &row->body},     {"message", &row->message},
                 {"llhttp", &row->llhttp}, {"llhttp_body", &row->llhttp_body},
                 {"repeat", &row->repeat}};
  for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
    if (caudit_str_equal(member, caudit_str(members[i].name))) return members[i].text;
  return NULL;
}

/* Appends the repeated bytes. */
static inline void http1_complete(struct http1_case *row) {
  size_t len = row->bytes.len + row->repeat.len * (size_t)row->times;
  char *whole = malloc(len > 0 ? len : 1);
  assert_non_null(whole);
  memcpy(whole, row->bytes.data, row->bytes.len);
  for (size_t at = row->bytes.len; at < len; at += row->repeat.len)
    memcpy(whole + at, row->repeat.data, row->repeat.len);
  free((void *)(uintptr_t)row->bytes.data);
  row->bytes = (struct caudit_str){whole, len};
}

static inline void http1_read_member(struct caudit_json_reader *reader, struct http1_case *row,
                                     struct caudit_str member) {
  struct caudit_json_value value;
  enum caudit_token token = caudit_json_next(reader, &value);
  struct caudit_str *text = http1_text_of(row, member);
  if (token == CAUDIT_JSON_STRING && text) {
    text->data = exact_copy(value.text);
    text->len = value.text.len;
  } else if (token == CAUDIT_JSON_INTEGER && caudit_str_equal(member, caudit_str("times"))) {
    row->times = value.magnitude;
  } else if (token == CAUDIT_JSON_INTEGER && caudit_str_equal(member, caudit_str("status"))) {
    row->status = value.magnitude;
  } else if (!caudit_str_equal(member, caudit_str("why"))) {
    fail_msg("unknown member %.*s", (int)member.len, member.data);
  }
}

static inline void http1_free_case(struct http1_case *row) {
  const struct caudit_str texts[] = {row->name,    row->method,      row->bytes,
                                     row->outcome, row->body,        row->message,
                                     row->llhttp,  row->llhttp_body, row->repeat};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    free((void *)(uintptr_t)texts[i].data);
}

/* Calls use with every row; returns how many there were. */
static inline size_t http1_each_case(void (*use)(const struct http1_case *row)) {
  struct caudit_str file = read_file(FIXTURES "/http1.json");
  struct caudit_json_reader reader;
  struct caudit_json_value value;
  enum caudit_token token;
  size_t count = 0;
  caudit_json_read(&reader, file);
  reader.scratch = malloc(file.len);
  assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_ARRAY);
  while ((token = caudit_json_next(&reader, &value)) == CAUDIT_JSON_OBJECT) {
    struct http1_case row = {0};
    while (caudit_json_next(&reader, &value) == CAUDIT_JSON_KEY)
      http1_read_member(&reader, &row, value.text);
    http1_complete(&row);
    use(&row);
    http1_free_case(&row);
    count++;
  }
  assert_int_equal(token, CAUDIT_JSON_ARRAY_END);
  free(reader.scratch);
  free((void *)(uintptr_t)file.data);
  return count;
}

#endif
