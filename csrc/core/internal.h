/* Shared by the files of the core. Not public. */
#ifndef CAUDIT_CORE_INTERNAL_H
#define CAUDIT_CORE_INTERNAL_H

#include "cloudaudit/cloudaudit.h"

#include <string.h>

/* allocator may be NULL. nsize 0 frees. */
void *caudit_realloc(const struct caudit_allocator *allocator, void *ptr, size_t osize,
                     size_t nsize);

/* caudit_buf_append, inlined while there is room. */
static inline void caudit_put(struct caudit_buf *buf, const void *data, size_t len) {
  if (len > 0 && len <= buf->capacity - buf->len && buf->status == 0) {
    memcpy(buf->data + buf->len, data, len);
    buf->len += len;
  } else {
    caudit_buf_append(buf, data, len);
  }
}

/* caudit_str_equal, inlined for texts of different lengths and of different first or last bytes. */
static inline bool caudit_is_same(struct caudit_str a, struct caudit_str b) {
  return a.len == b.len &&
         (a.len == 0 || (a.data[0] == b.data[0] && a.data[a.len - 1] == b.data[a.len - 1] &&
                         memcmp(a.data, b.data, a.len) == 0));
}

/* Appends a string literal. */
#define CAUDIT_PUT(buf, literal) caudit_put((buf), (literal), sizeof(literal) - 1)

/* Copies as much as fits, ended by NUL and not cut within a UTF-8 character. */
void caudit_copy_text(char *out, size_t size, struct caudit_str text);
/* The first printable words of a body that is not JSON, of HTML the text between the tags: valid
 * UTF-8, at most CAUDIT_EXCERPT bytes. Ends before anything that looks like a secret. Returns the
 * length. */
enum { CAUDIT_EXCERPT = 80 };
size_t caudit_excerpt(char out[CAUDIT_EXCERPT], struct caudit_str body);

/* ASCII text without regard to case, whatever the locale. Inlined, so that the length of a literal
 * is a constant: most texts are of another. */
static inline bool caudit_equal_in_any_case(struct caudit_str text, const char *lower) {
  if (text.len != strlen(lower)) return false;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
    if (c != lower[i]) return false;
  }
  return true;
}

/* What a head may consist of (head.c). A name of RFC 9110's characters: */
bool caudit_is_field_name(struct caudit_str text);
/* Text without control characters: */
bool caudit_is_plain(struct caudit_str text);
/* A line, without its end, that caudit_head_next reads as the field it is: a name, a colon with
 * nothing before it, and a value without control characters except tabs. */
bool caudit_is_field_line(struct caudit_str line);

/* Splits "name", "name:port", "[v6]" or "[v6]:port" (endpoint.c); *port stays without one. `also`
 * is one more character that names may have, or 'a'. */
bool caudit_host_split(struct caudit_str text, char also, struct caudit_str *name, bool *v6,
                       int *port);

/* Whether a member of a struct is present. */
bool caudit_is_set(const struct caudit_field *field, const void *member);

/* Length of the UTF-8 sequence at s, with left > 0 bytes to the end; 0 when it is not valid. */
unsigned caudit_utf8_len(const unsigned char *s, size_t left);

/* Whether a code equals the prefix or is below it: "A" matches "A.B", not "AB". */
bool caudit_code_is(struct caudit_str code, const char *prefix);

/* The time of an HTTP date ("Sun, 06 Nov 1994 08:49:37 GMT") in unix seconds; false when the text
 * is not one. */
bool caudit_http_date(struct caudit_str text, int64_t *out);

/* Days from 1970-01-01 to a date of the Gregorian calendar; month and day count from 1. */
int64_t caudit_days(int64_t year, int month, int day);

/* Writes "2026-01-31T08:00:00Z"; false outside of the years 1970 to 9999. */
enum { CAUDIT_ISO_TIME = 21 };
bool caudit_iso_time(int64_t seconds, char out[CAUDIT_ISO_TIME]);

/* Overwrites the cached key. */
void caudit_signer_forget(struct caudit_signer *signer);

/* A word with `byte` in all its eight bytes. */
#define CAUDIT_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The first byte from s on that is a quote, a backslash, a control character or not ASCII, or end.
 */
const char *caudit_text_plain(const char *s, const char *end);
/* Copies text with a backslash before each quote and backslash, up to the first control character
 * or byte that is not ASCII: returns where that is, or end. *out has CAUDIT_QUOTE_ROOM bytes, and
 * is moved behind what was written. */
enum { CAUDIT_QUOTE_SPARE = 16 }; /* bytes behind what was written that may hold text too */
#define CAUDIT_QUOTE_ROOM(len) (2 * (len) + CAUDIT_QUOTE_SPARE)
const char *caudit_text_quote(const char *s, const char *end, char **out);
/* Whether a text has "=", ":" or a blank. The bytes up to end can be read, which may lie behind it.
 */
bool caudit_has_separator(struct caudit_str text, const char *end);
/* Continues a JSON string at s and returns the place of the closing quote, of the first error, or
 * end. */
const char *caudit_text_check(const char *s, const char *end);
/* The same, and writes the text with escapes resolved to *out, at most as many bytes as are read;
 * *out then points behind it. */
const char *caudit_text_resolve(const char *s, const char *end, char **out);

/* Writes a decimal number that ends in NUL and returns its length. */
size_t caudit_decimal(char out[24], uint64_t value);

#endif
