/* Shared by the fuzz targets: an assertion that ends the run, and choices from the input bytes. */
#ifndef SPEC_FUZZ_H
#define SPEC_FUZZ_H

#include "core/call_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(claim)                                                                             \
  do {                                                                                             \
    if (!(claim)) {                                                                                \
      (void)fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #claim);                  \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

/* The input, read from the front; zeros after the end. */
struct choices {
  const uint8_t *at, *end;
};

static inline uint8_t choose(struct choices *c) {
  return c->at < c->end ? *c->at++ : 0;
}

static inline uint64_t choose_bits(struct choices *c) {
  uint64_t bits = 0;
  for (int i = 0; i < 8; i++) bits = bits << 8 | choose(c);
  return bits;
}

/* A length byte and up to that many bytes of the input. */
static inline struct caudit_str choose_text(struct choices *c) {
  size_t len = choose(c), left = (size_t)(c->end - c->at);
  struct caudit_str text = {(const char *)c->at, len < left ? len : left};
  c->at += text.len;
  return text;
}

static inline struct caudit_str rest_of(struct choices *c) {
  struct caudit_str text = {(const char *)c->at, (size_t)(c->end - c->at)};
  c->at = c->end;
  return text;
}

/* A copy in a block of the exact size, for the sanitizer. */
static inline char *exact(struct caudit_str text) {
  char *copy = malloc(text.len > 0 ? text.len : 1);
  REQUIRE(copy);
  if (text.len > 0) memcpy(copy, text.data, text.len);
  return copy;
}

static inline bool is_utf8(struct caudit_str text) {
  for (size_t at = 0; at < text.len;) {
    size_t len = caudit_utf8_len((const unsigned char *)text.data + at, text.len - at);
    if (len == 0) return false;
    at += len;
  }
  return true;
}

/* The text is one line without control characters that ends within its array. */
static inline void require_line(const char *text, size_t room) {
  const char *end = memchr(text, '\0', room);
  REQUIRE(end);
  for (; text < end; text++) REQUIRE((unsigned char)*text >= 0x20 && *text != 0x7F);
}

static inline void require_error(const struct caudit_error *err, int status) {
  REQUIRE(status == -(int)err->kind && err->kind != CAUDIT_OK);
  require_line(err->code, sizeof err->code);
  require_line(err->request_id, sizeof err->request_id);
  require_line(err->field, sizeof err->field);
  require_line(err->message, sizeof err->message);
}

#endif
