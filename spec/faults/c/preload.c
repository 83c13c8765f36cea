/* For LD_PRELOAD in the fault specs: a malloc that fails on demand, and name servers that never
 * respond. Never installed. */
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* ---- malloc ---------------------------------------------------------------------------- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void __libc_free(void *ptr);

static atomic_long left = -1; /* allocations until one fails, -1: none does */
static atomic_bool for_ever;
static atomic_long refused;
static atomic_long live;

/* The allocation after `after` more fails, and with `and_on` every further one. */
EXPORT void faults_fail(long after, bool and_on) {
  atomic_store(&refused, 0);
  atomic_store(&for_ever, and_on);
  atomic_store(&left, after);
}

/* Ends that; returns how many have failed. */
EXPORT long faults_heal(void) {
  atomic_store(&left, -1);
  return atomic_load(&refused);
}

/* Blocks that are not yet freed. */
EXPORT long faults_live(void) {
  return atomic_load(&live);
}

static bool fails(void) {
  if (atomic_load(&left) < 0) return false;
  if (atomic_load(&left) > 0) {
    atomic_fetch_sub(&left, 1);
    return false;
  }
  if (!atomic_load(&for_ever)) atomic_store(&left, -1);
  atomic_fetch_add(&refused, 1);
  return true;
}

static void *counted(void *block) {
  if (block) atomic_fetch_add(&live, 1);
  return block;
}

EXPORT void *malloc(size_t size) {
  return fails() ? NULL : counted(__libc_malloc(size));
}

EXPORT void *calloc(size_t count, size_t size) {
  return fails() ? NULL : counted(__libc_calloc(count, size));
}

EXPORT void *realloc(void *ptr, size_t size) {
  if (size > 0 && fails()) return NULL;
  void *block = __libc_realloc(ptr, size);
  if (!ptr && block) atomic_fetch_add(&live, 1);
  if (ptr && !block && size == 0) atomic_fetch_sub(&live, 1);
  return block;
}

EXPORT void free(void *ptr) {
  if (ptr) atomic_fetch_sub(&live, 1);
  __libc_free(ptr);
}

/* ---- names ----------------------------------------------------------------------------- */

typedef int lookup(const char *name, const char *service, const struct addrinfo *hints,
                   struct addrinfo **out);

static bool ends_with(const char *name, const char *ending) {
  size_t len = strlen(name), tail = strlen(ending);
  return len >= tail && strcmp(name + len - tail, ending) == 0;
}

/* A lookup of a name below blackhole.test never returns. */
EXPORT int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **out) {
  while (name && ends_with(name, "blackhole.test")) pause();
  lookup *real;
  void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
  memcpy(&real, &symbol, sizeof real);
  return real ? real(name, service, hints, out) : EAI_FAIL;
}
