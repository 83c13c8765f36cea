/* An allocator that counts, fails on request, and checks the sizes that the core passes. */
#ifndef SPEC_FAILING_H
#define SPEC_FAILING_H

#include "support.h"

struct failing {
  long count;  /* allocations so far */
  long at;     /* the first one to fail, 0: none */
  bool onward; /* and all later ones */
  long failed;
  long blocks; /* alive */
};

static inline bool fails_now(struct failing *plan) {
  plan->count++;
  bool fails = plan->at > 0 && (plan->onward ? plan->count >= plan->at : plan->count == plan->at);
  plan->failed += fails;
  return fails;
}

/* Stores each block's size in front of it, to check the size that the core passes. */
static inline void *failing_alloc(void *ud, void *ptr, size_t osize, size_t nsize) {
  struct failing *plan = ud;
  size_t *block = ptr ? (size_t *)ptr - 2 : NULL;
  if (block) assert_int_equal(block[0], osize);
  if (nsize == 0) {
    plan->blocks -= block != NULL;
    free(block);
    return NULL;
  }
  assert_null(ptr); /* the core never reallocates: it could not overwrite the old block */
  if (fails_now(plan)) return NULL;
  block = malloc(2 * sizeof *block + nsize);
  assert_non_null(block);
  memset(block, 0xA5, 2 * sizeof *block + nsize);
  block[0] = nsize;
  plan->blocks++;
  return block + 2;
}

#endif
