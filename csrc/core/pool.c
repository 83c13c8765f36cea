/* Memory that is given back all at once. */
#include "core/work.h"

#include <openssl/crypto.h>

struct caudit_block {
  struct caudit_block *older;
  size_t size;
  union {
    long double alignment;
    void *pointer;
    char first;
  } bytes;
};

enum { SMALLEST = 8192, LARGEST_KEPT = 262144, ALIGNMENT = 16 };

static const size_t HEAD = offsetof(struct caudit_block, bytes);

void *caudit_pool_alloc(struct caudit_pool *pool, size_t size) {
  if (size > SIZE_MAX / 4) {
    pool->failed = true;
    return NULL;
  }
  size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  if (size > pool->left) {
    size_t room = pool->newest ? pool->newest->size * 2 : SMALLEST;
    if (room > SIZE_MAX / 4 || room < size) room = size > SMALLEST ? size : SMALLEST;
    struct caudit_block *block = caudit_realloc(&pool->allocator, NULL, 0, HEAD + room);
    if (!block) {
      pool->failed = true;
      return NULL;
    }
    block->older = pool->newest;
    block->size = room;
    pool->newest = block;
    pool->at = &block->bytes.first;
    pool->left = room;
  }
  void *found = pool->at;
  pool->at += size;
  pool->left -= size;
  return found;
}

struct caudit_str caudit_pool_copy(struct caudit_pool *pool, const char *data, size_t len) {
  char *copy = caudit_pool_alloc(pool, len);
  if (!copy) return (struct caudit_str){NULL, 0};
  if (len > 0) memcpy(copy, data, len);
  return (struct caudit_str){copy, len};
}

static void release(struct caudit_pool *pool, struct caudit_block *block) {
  OPENSSL_cleanse(&block->bytes, block->size);
  caudit_realloc(&pool->allocator, block, HEAD + block->size, 0);
}

void caudit_pool_clear(struct caudit_pool *pool) {
  struct caudit_block *newest = pool->newest;
  pool->failed = false;
  if (!newest) return;
  while (newest->older) {
    struct caudit_block *older = newest->older;
    newest->older = older->older;
    release(pool, older);
  }
  if (newest->size > LARGEST_KEPT) {
    release(pool, newest);
    pool->newest = NULL;
    pool->at = NULL;
    pool->left = 0;
    return;
  }
  /* The memory stays in use, so that no compiler can leave this out. */
  memset(&newest->bytes, 0, newest->size - pool->left);
  pool->at = &newest->bytes.first;
  pool->left = newest->size;
}

void caudit_pool_free(struct caudit_pool *pool) {
  while (pool->newest) {
    struct caudit_block *block = pool->newest;
    pool->newest = block->older;
    release(pool, block);
  }
  pool->at = NULL;
  pool->left = 0;
}
