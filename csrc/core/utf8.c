/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#include "core/internal.h"

static bool continues(unsigned char byte) {
  return (byte & 0xC0) == 0x80;
}

unsigned caudit_utf8_len(const unsigned char *s, size_t left) {
  unsigned char lead = s[0];
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4 || left < 2) return 0;
  if (lead < 0xE0) return continues(s[1]) ? 2 : 0;
  unsigned char low = 0x80, high = 0xBF; /* bounds of the second byte */
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  if (s[1] < low || s[1] > high || left < 3 || !continues(s[2])) return 0;
  if (lead < 0xF0) return 3;
  return left >= 4 && continues(s[3]) ? 4 : 0;
}
