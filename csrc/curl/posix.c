/* Memory, clocks, and blocking SIGPIPE without changing a signal disposition. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

void *caudit_memory(const struct caudit_allocator *allocator, void *ptr, size_t osize,
                    size_t nsize) {
  if (allocator->fn) return allocator->fn(allocator->ud, ptr, osize, nsize);
  if (nsize == 0) {
    free(ptr);
    return NULL;
  }
  return realloc(ptr, nsize);
}

int caudit_copy(const struct caudit_allocator *allocator, const char *text, char **out) {
  *out = NULL;
  if (!text) return 0;
  size_t size = strlen(text) + 1;
  *out = caudit_memory(allocator, NULL, 0, size);
  if (!*out) return -CAUDIT_MEMORY;
  memcpy(*out, text, size);
  return 0;
}

void caudit_drop(const struct caudit_allocator *allocator, char *text) {
  if (text) caudit_memory(allocator, text, strlen(text) + 1, 0);
}

int64_t caudit_monotonic_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t caudit_monotonic_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void sigpipe_set(sigset_t *set) {
  sigemptyset(set);
  sigaddset(set, SIGPIPE);
}

void caudit_quiet_begin(struct caudit_quiet *quiet) {
  sigset_t set;
  sigpipe_set(&set);
  pthread_sigmask(SIG_BLOCK, &set, &quiet->mask);
  quiet->was_pending = false;
  /* Only a program that blocks SIGPIPE itself can have one pending, which must stay pending. */
  if (sigismember(&quiet->mask, SIGPIPE) != 1) return;
  sigset_t pending;
  sigemptyset(&pending);
  sigpending(&pending);
  quiet->was_pending = sigismember(&pending, SIGPIPE) == 1;
}

/* Takes a pending SIGPIPE. macOS and OpenBSD have no sigtimedwait; between the two calls there only
 * another thread's sigwait could take a signal of the whole process. */
static void take_pending(const sigset_t *set) {
#if defined(__APPLE__) || defined(__OpenBSD__) || defined(CAUDIT_PORTABLE)
  sigset_t pending;
  int number;
  sigemptyset(&pending);
  sigpending(&pending);
  if (sigismember(&pending, SIGPIPE) == 1) sigwait(set, &number);
#else
  const struct timespec at_once = {0, 0};
  sigtimedwait(set, NULL, &at_once);
#endif
}

void caudit_quiet_end(const struct caudit_quiet *quiet) {
  sigset_t set;
  sigpipe_set(&set);
  if (!quiet->was_pending) take_pending(&set);
  pthread_sigmask(SIG_SETMASK, &quiet->mask, NULL);
}
