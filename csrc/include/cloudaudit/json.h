/* JSON: a writer driven by the model, which writes valid UTF-8 only, and a pull reader that does
 * not allocate and accepts any bytes in strings. */
#ifndef CLOUDAUDIT_JSON_H
#define CLOUDAUDIT_JSON_H

#include "cloudaudit/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- writing --------------------------------------------------------------------------- */

/* Appends a struct of the shape as a JSON object. Absent members are left out, an empty list is
 * `[]`, integers are exact. Returns 0 or -kind: CAUDIT_VALIDATION when a string is not UTF-8
 * (err->field names it), CAUDIT_QUOTA when the buffer would exceed its maximum. */
CAUDIT_API int caudit_json_write(struct caudit_buf *out, const struct caudit_shape *shape,
                                 const void *value, struct caudit_error *err);
/* Append single values. A string that is not UTF-8 sets out->status to -CAUDIT_VALIDATION. */
CAUDIT_API void caudit_json_write_string(struct caudit_buf *out, struct caudit_str text);
CAUDIT_API void caudit_json_write_int64(struct caudit_buf *out, int64_t value);
CAUDIT_API void caudit_json_write_uint64(struct caudit_buf *out, uint64_t value);
/* The shortest exact form of an integer up to 2^53, else 17 digits. value: finite. */
CAUDIT_API void caudit_json_write_double(struct caudit_buf *out, double value);
/* Writes a finite number that ends in NUL and returns its length: a whole number below 2^63 with
 * all its digits, any other with as many significant ones (at most 17). Whatever the locale. */
enum { CAUDIT_NUMBER_TEXT = 40 };
CAUDIT_API size_t caudit_integer_text(char out[CAUDIT_NUMBER_TEXT], int64_t value);
CAUDIT_API size_t caudit_number_text(char out[CAUDIT_NUMBER_TEXT], double value, int digits);

/* ---- reading --------------------------------------------------------------------------- */

enum caudit_token {
  CAUDIT_JSON_ERROR, /* reader.problem describes it, reader.at is the place */
  CAUDIT_JSON_END,   /* the whole text is one valid document */
  CAUDIT_JSON_NULL,
  CAUDIT_JSON_FALSE,
  CAUDIT_JSON_TRUE,
  CAUDIT_JSON_INTEGER, /* fits -2^63 .. 2^64-1: value.magnitude and value.negative */
  CAUDIT_JSON_NUMBER,  /* any other number: value.text */
  CAUDIT_JSON_STRING,  /* value.text */
  CAUDIT_JSON_KEY,
  CAUDIT_JSON_ARRAY,
  CAUDIT_JSON_ARRAY_END,
  CAUDIT_JSON_OBJECT,
  CAUDIT_JSON_OBJECT_END
};

#define CAUDIT_JSON_MAX_DEPTH 256

/* The grammar of RFC 8259. Strings and names may hold bytes that are not UTF-8 and control
 * characters, which are given unchanged; an unpaired surrogate escape is given as U+FFFD, and a
 * byte order mark is ignored. `at`, `problem` and `scratch` are public, the rest is internal. */
struct caudit_json_reader {
  const char *start;
  const char *at;
  const char *end;
  const char *problem;                          /* static text, NULL without an error */
  uint64_t objects[CAUDIT_JSON_MAX_DEPTH / 64]; /* bit n: the container at depth n+1 is an object */
  unsigned depth;
  int expect;
  char *scratch; /* optional, set once by the caller: as many bytes as the document has */
};

/* text points into the document; a string is without its quotes. With scratch, a string that has
 * escapes points to scratch instead, with the escapes resolved, until the next token. Without, it
 * keeps them and `escaped` is set. */
struct caudit_json_value {
  struct caudit_str text;
  uint64_t magnitude;
  bool negative;
  bool escaped;
  bool plain; /* of a string: printable ASCII without quotes and backslashes */
};

/* Starts to read. The document is borrowed until the last token was read. */
CAUDIT_API void caudit_json_read(struct caudit_json_reader *reader, struct caudit_str document);
/* Reads the next token. After an error or the end it returns the same again. */
CAUDIT_API enum caudit_token caudit_json_next(struct caudit_json_reader *reader,
                                              struct caudit_json_value *value);
/* Reads an expected KEY: true when the next token is `name`, written without escapes and without
 * whitespace around it. Otherwise nothing is read. */
CAUDIT_API bool caudit_json_key(struct caudit_json_reader *reader, struct caudit_str name);
/* Skips the rest of the value whose first token was just read. False when it is malformed. */
CAUDIT_API bool caudit_json_skip(struct caudit_json_reader *reader, enum caudit_token first);
/* Resolves the escapes of a STRING or KEY text that keeps them. Writes at most text.len bytes and
 * returns their number. */
CAUDIT_API size_t caudit_json_unescape(struct caudit_str text, char *out);
/* The nearest double of a NUMBER, whatever the locale. False when it is out of range. */
CAUDIT_API bool caudit_json_double(struct caudit_str text, double *out);

#ifdef __cplusplus
}
#endif
#endif
