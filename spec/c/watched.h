/* An allocator that keeps all live blocks in a list, so that they can be searched for a secret. Its
 * ud is the secret as text. */
#ifndef SPEC_WATCHED_H
#define SPEC_WATCHED_H

#include "support.h"

#include <stdlib.h>
#include <string.h>

struct watched {
  struct watched *next;
  size_t size;
};
static struct watched *alive;
static bool freed_dirty; /* a block with the secret in it was freed */

static inline bool holds(const void *bytes, size_t size, const char *secret) {
  size_t len = strlen(secret);
  for (size_t i = 0; i + len <= size; i++)
    if (memcmp((const char *)bytes + i, secret, len) == 0) return true;
  return false;
}

static inline void *watching(void *ud, void *ptr, size_t osize, size_t nsize) {
  (void)osize;
  if (ptr) {
    struct watched *block = (struct watched *)ptr - 1, **place = &alive;
    while (*place != block) place = &(*place)->next;
    *place = block->next;
    if (holds(ptr, block->size, ud)) freed_dirty = true;
    free(block);
  }
  if (nsize == 0) return NULL;
  struct watched *made = malloc(sizeof *made + nsize);
  assert_non_null(made);
  made->size = nsize;
  made->next = alive;
  alive = made;
  return memset(made + 1, 0, nsize);
}

static inline int count_holding(const char *secret) {
  int count = 0;
  for (struct watched *block = alive; block; block = block->next)
    count += holds(block + 1, block->size, secret);
  return count;
}

#endif
