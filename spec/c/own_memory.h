/* Searches the process's own memory for a secret. The secret is kept masked, so that the search
 * finds only what others have kept. Linux only; not under ASan, whose shadow memory has no end. */
#ifndef SPEC_OWN_MEMORY_H
#define SPEC_OWN_MEMORY_H

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { OWN_MASK = 0x5A, OWN_LONGEST = 128, OWN_BLOCK = 1 << 16 };

struct own_secret {
  unsigned char masked[OWN_LONGEST];
  size_t len;
};

static inline void own_hide(struct own_secret *secret, const char *text, size_t len) {
  secret->len = len < OWN_LONGEST ? len : OWN_LONGEST;
  for (size_t i = 0; i < secret->len; i++)
    secret->masked[i] = (unsigned char)((unsigned char)text[i] ^ OWN_MASK);
}

static inline size_t own_count(const struct own_secret *secret, const unsigned char *bytes,
                               size_t count) {
  size_t found = 0;
  for (size_t at = 0; at + secret->len <= count; at++) {
    size_t same = 0;
    while (same < secret->len && (bytes[at + same] ^ OWN_MASK) == secret->masked[same]) same++;
    found += same == secret->len;
  }
  return found;
}

/* How often a secret stands in the memory from `from` to `to`, read through `memory` into a block.
 */
static inline size_t own_count_between(const struct own_secret *secret, int memory, uintptr_t from,
                                       uintptr_t to, unsigned char *block) {
  size_t found = 0;
  for (uintptr_t at = from; at < to; at += OWN_BLOCK - OWN_LONGEST) {
    size_t size = to - at < OWN_BLOCK ? to - at : OWN_BLOCK;
    ssize_t got = pread(memory, block, size, (off_t)at);
    if (got <= 0) continue;
    /* What begins in the overlap counts in the next block. */
    size_t end = at + (size_t)got < to ? OWN_BLOCK - OWN_LONGEST + secret->len - 1 : (size_t)got;
    found += own_count(secret, block, end < (size_t)got ? end : (size_t)got);
  }
  return found;
}

/* How often a secret stands in memory that the process can write; -1 when it cannot be read. */
static inline long own_memory_count(const struct own_secret *secret) {
  /* Shared, so that the kernel does not join the block with other memory. */
  unsigned char *block =
      mmap(NULL, OWN_BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  FILE *maps = fopen("/proc/self/maps", "r");
  int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  char line[512];
  long found = block != MAP_FAILED && maps && memory >= 0 ? 0 : -1;
  while (found >= 0 && fgets(line, sizeof line, maps)) {
    uintptr_t from, to;
    char mode[5];
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &from, &to, mode) != 3 || mode[1] != 'w')
      continue;
    if (from <= (uintptr_t)block && (uintptr_t)block < to) continue;
    found += (long)own_count_between(secret, memory, from, to, block);
  }
  if (memory >= 0) close(memory);
  if (maps) fclose(maps);
  if (block != MAP_FAILED) munmap(block, OWN_BLOCK);
  return found;
}

#endif
