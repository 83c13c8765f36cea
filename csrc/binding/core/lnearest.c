/* The known name closest to a misspelt one, for messages. */
#include "binding/core/binding.h"

#include <string.h>

enum { LONGEST = 63 };

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned min2(unsigned a, unsigned b) {
  return a < b ? a : b;
}

/* Number of edits (insert, delete, replace, swap of neighbours) between two texts, ignoring case.
 */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len) {
  unsigned rows[3][LONGEST + 1];
  for (size_t j = 0; j <= b_len; j++) rows[0][j] = (unsigned)j;
  for (size_t i = 1; i <= a_len; i++) {
    unsigned *now = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
    now[0] = (unsigned)i;
    for (size_t j = 1; j <= b_len; j++) {
      char x = lower(a[i - 1]), y = lower(b[j - 1]);
      now[j] = min2(min2(above[j], now[j - 1]) + 1, above[j - 1] + (x != y));
      if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y)
        now[j] = min2(now[j], before[j - 2] + 1);
    }
  }
  return rows[a_len % 3][b_len];
}

const char *caudit_nearest(struct caudit_str name, const char *const *names, size_t count,
                           size_t stride) {
  const char *best = NULL;
  unsigned least = (unsigned)(name.len / 3) + 1;
  if (name.len < 1 || name.len > LONGEST) return NULL;
  const char *at = (const char *)names;
  for (size_t i = 0; i < count; i++, at += stride) {
    const char *candidate;
    memcpy(&candidate, at, sizeof candidate);
    size_t len = strlen(candidate);
    if (len > LONGEST) continue;
    unsigned edits = distance(name.data, name.len, candidate, len);
    if (edits <= least && (!best || edits < least)) {
      best = candidate;
      least = edits;
    }
  }
  return best;
}
