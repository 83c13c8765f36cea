/* JSON: a writer driven by the model and a strict pull reader that owns no memory. */
#ifndef CLOUDAUDIT_JSON_H
#define CLOUDAUDIT_JSON_H

#include "cloudaudit/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- writing --------------------------------------------------------------------------- */

/* Appends a filled struct as a JSON object. Absent members are left out, lists are `[]` even when
 * empty, integers are exact. CAUDIT_VALIDATION names a string that is not UTF-8; CAUDIT_QUOTA is
 * a buffer at its maximum. */
CAUDIT_API int caudit_json_write(struct caudit_buf *out, const struct caudit_shape *shape,
                                 const void *value, struct caudit_error *err);
/* The pieces, for values without a shape. A string that is not UTF-8 sets out->status to
 * -CAUDIT_VALIDATION. */
CAUDIT_API void caudit_json_write_string(struct caudit_buf *out, struct caudit_str text);
CAUDIT_API void caudit_json_write_int64(struct caudit_buf *out, int64_t value);
CAUDIT_API void caudit_json_write_uint64(struct caudit_buf *out, uint64_t value);

/* ---- reading --------------------------------------------------------------------------- */

enum caudit_token {
  CAUDIT_JSON_ERROR, /* reader.problem says what, reader.at where */
  CAUDIT_JSON_END,   /* the whole text was one valid document */
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

#define CAUDIT_JSON_MAX_DEPTH 64

/* Strict RFC 8259, UTF-8 checked. Members are internal but for `at`, `problem` and `scratch`. */
struct caudit_json_reader {
  const char *start;
  const char *at;
  const char *end;
  const char *problem; /* static text, NULL while all is well */
  uint64_t objects;    /* bit n: the container at depth n+1 is an object */
  unsigned depth;
  int expect;
  char *scratch; /* may be set once by the caller: as many bytes as the document has */
};

/* text points into the document; a string stands there without its quotes. One that was written
 * with escapes keeps them, or stands resolved in scratch, until the next token, when there is some.
 */
struct caudit_json_value {
  struct caudit_str text;
  uint64_t magnitude;
  bool negative;
  bool escaped;
};

/* The document is borrowed until the last token was read. */
CAUDIT_API void caudit_json_read(struct caudit_json_reader *reader, struct caudit_str document);
CAUDIT_API enum caudit_token caudit_json_next(struct caudit_json_reader *reader,
                                              struct caudit_json_value *value);
/* Reads a KEY that is expected: true when the next token is `name` (as it stands in a document,
 * without escapes), with no blanks around it. Otherwise nothing was read. */
CAUDIT_API bool caudit_json_key(struct caudit_json_reader *reader, struct caudit_str name);
/* Reads over the rest of the value whose first token was just read. False when it is broken. */
CAUDIT_API bool caudit_json_skip(struct caudit_json_reader *reader, enum caudit_token first);
/* Resolves the escapes of a STRING or KEY text that keeps them. Writes at most text.len bytes,
 * returns how many. */
CAUDIT_API size_t caudit_json_unescape(struct caudit_str text, char *out);
/* The nearest double of a NUMBER, in any locale. False when it is out of range. */
CAUDIT_API bool caudit_json_double(struct caudit_str text, double *out);

#ifdef __cplusplus
}
#endif
#endif
