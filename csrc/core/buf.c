/* Memory: the allocator with malloc as its default, and the bounded buffer. */
#include "core/internal.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

void *caudit_realloc(const struct caudit_allocator *allocator, void *ptr, size_t osize,
                     size_t nsize) {
  if (allocator && allocator->fn) return allocator->fn(allocator->ud, ptr, osize, nsize);
  if (nsize == 0) {
    free(ptr);
    return NULL;
  }
  return realloc(ptr, nsize);
}

void caudit_buf_init(struct caudit_buf *buf, const struct caudit_allocator *allocator, size_t max) {
  memset(buf, 0, sizeof *buf);
  if (allocator) buf->allocator = *allocator;
  buf->max = max;
}

/* Only the bytes before len were written: code that shortens a buffer overwrites the rest itself.
 */
static void forget(struct caudit_buf *buf) {
  if (buf->len > 0) OPENSSL_cleanse(buf->data, buf->len);
}

static void release(struct caudit_buf *buf) {
  forget(buf);
  if (buf->data) caudit_realloc(&buf->allocator, buf->data, buf->capacity, 0);
}

/* Doubles the capacity in new memory instead of realloc, so that the old bytes can be overwritten.
 */
static int grow(struct caudit_buf *buf, size_t need) {
  if (need > buf->max) return buf->status = -CAUDIT_QUOTA;
  size_t capacity = buf->capacity > 0 ? buf->capacity : 512;
  while (capacity < need) capacity = capacity > buf->max / 2 ? buf->max : capacity * 2;
  if (capacity > buf->max) capacity = buf->max;
  char *data = caudit_realloc(&buf->allocator, NULL, 0, capacity);
  if (!data) return buf->status = -CAUDIT_MEMORY;
  if (buf->len > 0) memcpy(data, buf->data, buf->len);
  release(buf);
  buf->data = data;
  buf->capacity = capacity;
  return 0;
}

char *caudit_buf_reserve(struct caudit_buf *buf, size_t len) {
  if (buf->status != 0) return NULL;
  if (len > buf->capacity - buf->len) {
    if (len > SIZE_MAX - buf->len) {
      buf->status = -CAUDIT_QUOTA;
      return NULL;
    }
    if (grow(buf, buf->len + len) != 0) return NULL;
  }
  return buf->data + buf->len;
}

int caudit_buf_append(struct caudit_buf *buf, const void *data, size_t len) {
  if (len == 0) return buf->status;
  char *at = caudit_buf_reserve(buf, len);
  if (!at) return buf->status;
  memcpy(at, data, len);
  buf->len += len;
  return 0;
}

void caudit_buf_clear(struct caudit_buf *buf) {
  forget(buf);
  buf->len = 0;
  buf->status = 0;
}

void caudit_buf_free(struct caudit_buf *buf) {
  release(buf);
  buf->data = NULL;
  buf->len = buf->capacity = 0;
  buf->status = 0;
}
