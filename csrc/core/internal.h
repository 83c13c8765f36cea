/* Shared by the files of the core; not public. */
#ifndef CAUDIT_CORE_INTERNAL_H
#define CAUDIT_CORE_INTERNAL_H

#include "cloudaudit/cloudaudit.h"

#include <string.h>

/* allocator may be NULL. nsize 0 frees. */
void *caudit_realloc(const struct caudit_allocator *allocator, void *ptr, size_t osize,
                     size_t nsize);

/* caudit_buf_append, without the call when there is room. */
static inline void caudit_put(struct caudit_buf *buf, const void *data, size_t len) {
  if (len > 0 && len <= buf->capacity - buf->len && buf->status == 0) {
    memcpy(buf->data + buf->len, data, len);
    buf->len += len;
  } else {
    caudit_buf_append(buf, data, len);
  }
}

/* Appends a string literal. */
#define CAUDIT_PUT(buf, literal) caudit_put((buf), (literal), sizeof(literal) - 1)

/* Copies what fits, ended by NUL and never within a UTF-8 character. */
void caudit_copy_text(char *out, size_t size, struct caudit_str text);
/* The same with a blank for every control character, line ends among them. */
void caudit_copy_line(char *out, size_t size, struct caudit_str text);

/* Whether a member of a struct is there. */
bool caudit_is_set(const struct caudit_field *field, const void *member);

/* Length of the UTF-8 sequence at s (at least one byte left), 0 when it is not valid. */
unsigned caudit_utf8_len(const unsigned char *s, size_t left);

/* Whether a code is that one or stands below it: "A" fits "A.B", not "AB". */
bool caudit_code_is(struct caudit_str code, const char *prefix);

/* The time of an HTTP date ("Sun, 06 Nov 1994 08:49:37 GMT") in unix seconds; false when the text
 * is not one. */
bool caudit_http_date(struct caudit_str text, int64_t *out);

/* Cleanses the key that it holds for the next signature. */
void caudit_signer_forget(struct caudit_signer *signer);

/* The first byte of a JSON string, from s on, that does not stand for itself (a quote, a backslash,
 * a control character, anything beyond ASCII), or end. */
const char *caudit_text_plain(const char *s, const char *end);
/* Reads a JSON string on from s to its closing quote, to end, or to what is wrong in it, and
 * returns that place. */
const char *caudit_text_check(const char *s, const char *end);
/* The same, and writes what it stands for to *out, at most as many bytes as are read; *out is then
 * behind it. */
const char *caudit_text_resolve(const char *s, const char *end, char **out);

/* Writes a NUL-ended decimal number, returns its length. */
size_t caudit_decimal(char out[24], uint64_t value);

#endif
