/* An allocator that counts, fails where it is told to, and holds the core to what it says of its
 * blocks. */
#ifndef SPEC_FAILING_H
#define SPEC_FAILING_H

#include "support.h"

struct failing {
  long count;  /* allocations so far */
  long at;     /* the first that fails, 0: none */
  bool onward; /* and all behind it */
  long failed;
  long blocks; /* alive */
};

static inline bool fails_now(struct failing *plan) {
  plan->count++;
  bool fails = plan->at > 0 && (plan->onward ? plan->count >= plan->at : plan->count == plan->at);
  plan->failed += fails;
  return fails;
}

/* Remembers each block's size in front of it, to hold the core to what it says of it. */
static inline void *failing_alloc(void *ud, void *ptr, size_t osize, size_t nsize) {
  struct failing *plan = ud;
  size_t *block = ptr ? (size_t *)ptr - 2 : NULL;
  if (block) assert_int_equal(block[0], osize);
  if (nsize == 0) {
    plan->blocks -= block != NULL;
    free(block);
    return NULL;
  }
  assert_null(ptr); /* the core never grows a block in place: it could not cleanse the old one */
  if (fails_now(plan)) return NULL;
  block = malloc(2 * sizeof *block + nsize);
  assert_non_null(block);
  memset(block, 0xA5, 2 * sizeof *block + nsize);
  block[0] = nsize;
  plan->blocks++;
  return block + 2;
}

#endif
