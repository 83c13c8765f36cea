/* Shared by several C tests. Documents are blocks of the exact size, so that a sanitizer detects a
 * read beyond the end. */
#ifndef SPEC_SUPPORT_H
#define SPEC_SUPPORT_H

#include "core/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A copy in a block of the exact size, to be freed. */
static inline char *exact_copy(struct caudit_str bytes) {
  char *copy = malloc(bytes.len > 0 ? bytes.len : 1);
  assert_non_null(copy);
  if (bytes.len > 0) memcpy(copy, bytes.data, bytes.len);
  return copy;
}

/* The content of a file, to be freed. */
static inline struct caudit_str read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) fail_msg("cannot open %s", path);
  struct caudit_buf buf;
  caudit_buf_init(&buf, NULL, (size_t)1 << 24);
  char piece[4096];
  size_t len;
  while ((len = fread(piece, 1, sizeof piece, file)) > 0)
    assert_int_equal(caudit_buf_append(&buf, piece, len), 0);
  (void)fclose(file);
  struct caudit_str bytes = {buf.data, buf.len};
  bytes.data = exact_copy(bytes);
  caudit_buf_free(&buf);
  return bytes;
}

/* The buffer's text equals the expected one. */
static inline void assert_text(const struct caudit_buf *buf, const char *expected) {
  assert_int_equal(buf->status, 0);
  if (buf->len != strlen(expected) || memcmp(buf->data, expected, buf->len) != 0)
    fail_msg("got  %.*s\nwant %s", (int)buf->len, buf->data ? buf->data : "", expected);
}

#endif
