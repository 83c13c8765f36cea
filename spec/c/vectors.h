/* The signing vectors of spec/fixtures/tc3-vectors.json, read with the project's reader: each is a
 * flat list of members; a nested one is named like "expect.signature". */
#ifndef SPEC_VECTORS_H
#define SPEC_VECTORS_H

#include "support.h"

enum { MAX_VECTORS = 32, MAX_MEMBERS = 48 };

struct member {
  char name[64];
  struct caudit_str value; /* an integer as its digits */
};

struct vector {
  struct member members[MAX_MEMBERS];
  size_t count;
};

static inline struct caudit_str vector_text(const struct vector *vector, const char *name) {
  for (size_t i = 0; i < vector->count; i++)
    if (strcmp(vector->members[i].name, name) == 0) return vector->members[i].value;
  return caudit_str(NULL);
}

static inline void vector_add(struct vector *vector, const char *outer, struct caudit_str name,
                              struct caudit_str value) {
  assert_true(vector->count < MAX_MEMBERS);
  struct member *member = &vector->members[vector->count++];
  (void)snprintf(member->name, sizeof member->name, "%s%.*s", outer, (int)name.len, name.data);
  char *text = malloc(value.len + 1);
  assert_non_null(text);
  size_t len = caudit_json_unescape(value, text);
  text[len] = '\0';
  member->value = (struct caudit_str){text, len};
}

/* Reads the members of an object whose `{` was just read, and one level below. */
static inline void vector_read(struct caudit_json_reader *reader, struct vector *vector,
                               const char *outer) {
  struct caudit_json_value name, value;
  while (caudit_json_next(reader, &name) == CAUDIT_JSON_KEY) {
    enum caudit_token token = caudit_json_next(reader, &value);
    if (token == CAUDIT_JSON_OBJECT) {
      char inner[64];
      assert_string_equal(outer, "");
      (void)snprintf(inner, sizeof inner, "%.*s.", (int)name.text.len, name.text.data);
      vector_read(reader, vector, inner);
    } else if (token == CAUDIT_JSON_INTEGER) {
      char digits[24];
      size_t len = caudit_decimal(digits, value.magnitude);
      vector_add(vector, outer, name.text, (struct caudit_str){digits, len});
    } else {
      assert_int_equal(token, CAUDIT_JSON_STRING);
      vector_add(vector, outer, name.text, value.text);
    }
  }
  assert_null(reader->problem);
}

/* Fills at most MAX_VECTORS and returns their number. */
static inline size_t vectors_read(struct vector *vectors) {
  struct caudit_str document = read_file(FIXTURES "/tc3-vectors.json");
  struct caudit_json_reader reader;
  struct caudit_json_value value;
  size_t count = 0;
  caudit_json_read(&reader, document);
  assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_ARRAY);
  while (caudit_json_next(&reader, &value) == CAUDIT_JSON_OBJECT) {
    assert_true(count < MAX_VECTORS);
    vector_read(&reader, &vectors[count++], "");
  }
  assert_int_equal(caudit_json_next(&reader, &value), CAUDIT_JSON_END);
  free((void *)(uintptr_t)document.data);
  return count;
}

static inline void vectors_free(struct vector *vectors, size_t count) {
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < vectors[i].count; k++)
      free((void *)(uintptr_t)vectors[i].members[k].value.data);
}

#endif
