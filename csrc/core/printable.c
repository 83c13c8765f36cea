/* Texts of the service, of proxies and of drivers as one line that a terminal or a log can show. */
#include "core/internal.h"

#include <stdio.h>
#include <string.h>

/* The code point of the UTF-8 sequence of len bytes at s. */
static unsigned long decode(const unsigned char *s, unsigned len) {
  if (len == 1) return s[0];
  unsigned long c = s[0] & (0x7FU >> len);
  for (unsigned i = 1; i < len; i++) c = c << 6 | (s[i] & 0x3FU);
  return c;
}

/* Characters beyond ASCII that are not shown but act on a terminal or on the text around them:
 * controls, marks of direction, separators of lines and paragraphs. */
static bool acts(unsigned long c) {
  return (c >= 0x80 && c < 0xA0) || c == 0x61C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

/* One character at s as it is shown; returns the length in the text and sets *shown. room: 8. */
static unsigned show(const unsigned char *s, size_t left, char *room, size_t *shown) {
  unsigned len = caudit_utf8_len(s, left);
  if (len == 0) {
    *shown = (size_t)snprintf(room, 8, "\\x%02x", s[0]);
    return 1;
  }
  unsigned long c = decode(s, len);
  if (c < 0x20 || c == 0x7F) {
    room[0] = ' ';
    *shown = 1;
  } else if (acts(c)) {
    *shown = (size_t)snprintf(room, 8, "\\u%04lx", c);
  } else {
    memcpy(room, s, len);
    *shown = len;
  }
  return len;
}

void caudit_copy_line(char *out, size_t size, struct caudit_str text) {
  size_t used = 0;
  for (size_t at = 0; at < text.len;) {
    char room[8];
    size_t shown;
    at += show((const unsigned char *)text.data + at, text.len - at, room, &shown);
    if (shown >= size - used) break;
    memcpy(out + used, room, shown);
    used += shown;
  }
  out[used] = '\0';
}
