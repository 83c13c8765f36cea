/* The content of JSON strings, a block of bytes at a time: escapes are checked and resolved, all
 * other bytes are taken unchanged. */
#include "core/internal.h"

#include <string.h>
#if defined(__SSE2__) && defined(__GNUC__)
#include <emmintrin.h>
#endif

/* ---- UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF ----------- */

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

/* ---- text that needs no escape ----------------------------------------------------------- */

/* A byte that is not plain: a quote, a backslash, a control character, a byte of UTF-8. */
static bool is_special(unsigned char c) {
  return c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
}

#if defined(__SSE2__) && defined(__GNUC__)
enum { BLOCK = 16 };

/* How many of the BLOCK bytes at s are plain before the first that is not. */
static size_t plain_in_block(const char *s) {
  __m128i bytes;
  memcpy(&bytes, s, sizeof bytes);
  /* As a signed number a byte of UTF-8 is below zero. */
  __m128i special = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
                                 _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                              _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
  unsigned found = (unsigned)_mm_movemask_epi8(special);
  return found ? (size_t)__builtin_ctz(found) : BLOCK;
}
#else
enum { BLOCK = 8 };

/* Eight bytes, the first one lowest on every machine; compilers turn this into one load. */
static uint64_t load8(const char *text) {
  const unsigned char *s = (const unsigned char *)text;
  return (uint64_t)s[0] | (uint64_t)s[1] << 8 | (uint64_t)s[2] << 16 | (uint64_t)s[3] << 24 |
         (uint64_t)s[4] << 32 | (uint64_t)s[5] << 40 | (uint64_t)s[6] << 48 | (uint64_t)s[7] << 56;
}

/* Index of the first byte whose high bit is set. */
static size_t first_of(uint64_t found) {
#if defined(__GNUC__)
  return (unsigned)__builtin_ctzll(found) / 8;
#else
  uint64_t lowest = found & (0 - found);
  return (size_t)((((lowest >> 7) - 1) & CAUDIT_EACH(0x01)) * CAUDIT_EACH(0x01) >> 56);
#endif
}

/* How many of the BLOCK bytes at s are plain before the first that is not. */
static size_t plain_in_block(const char *s) {
  uint64_t word = load8(s);
  /* Sets the high bit of the first special byte, and maybe of later ones, since a subtraction only
   * borrows from the bytes after a special one. */
  uint64_t found =
      (word | (word - CAUDIT_EACH(0x20)) | ((word ^ CAUDIT_EACH('"')) - CAUDIT_EACH(0x01)) |
       ((word ^ CAUDIT_EACH('\\')) - CAUDIT_EACH(0x01))) &
      CAUDIT_EACH(0x80);
  return found ? first_of(found) : BLOCK;
}
#endif

/* The same for fewer bytes than a block. */
static size_t plain_in_tail(const char *s, size_t len) {
  size_t plain = 0;
  if (len > BLOCK / 4) {
    char block[BLOCK] = {0}; /* NUL is special */
    memcpy(block, s, len);
    return plain_in_block(block);
  }
  while (plain < len && !is_special((unsigned char)s[plain])) plain++;
  return plain;
}

const char *caudit_text_plain(const char *s, const char *end) {
  for (; end - s >= BLOCK; s += BLOCK) {
    size_t plain = plain_in_block(s);
    if (plain < BLOCK) return s + plain;
  }
  return s + plain_in_tail(s, (size_t)(end - s));
}

const char *caudit_text_quote(const char *s, const char *end, char **out) {
  char *to = *out;
#if defined(__SSE2__) && defined(__GNUC__)
  while (end - s >= BLOCK) {
    __m128i bytes;
    memcpy(&bytes, s, sizeof bytes);
    unsigned quoted = (unsigned)_mm_movemask_epi8(_mm_or_si128(
        _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
    if (_mm_movemask_epi8(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)))) break;
    memcpy(to, s, BLOCK);
    size_t plain = quoted ? (size_t)__builtin_ctz(quoted) : BLOCK;
    s += plain;
    to += plain;
    if (quoted) {
      *to++ = '\\';
      *to++ = *s++;
    }
  }
#endif
  for (; s < end; *to++ = *s++) {
    unsigned char c = (unsigned char)*s;
    if (c == '"' || c == '\\')
      *to++ = '\\';
    else if (is_special(c))
      break;
  }
  *out = to;
  return s;
}

bool caudit_has_separator(struct caudit_str text, const char *end) {
  const char *s = text.data, *stop = s + text.len;
#if defined(__SSE2__) && defined(__GNUC__)
  for (; s < stop && end - s >= BLOCK; s += BLOCK) {
    __m128i bytes;
    memcpy(&bytes, s, sizeof bytes);
    __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('=')),
                                 _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(':')),
                                              _mm_cmpeq_epi8(bytes, _mm_set1_epi8(' '))));
    unsigned mask = (unsigned)_mm_movemask_epi8(found);
    if (stop - s < BLOCK) mask &= (1U << (stop - s)) - 1;
    if (mask) return true;
  }
#else
  (void)end;
#endif
  for (; s < stop; s++)
    if (*s == '=' || *s == ':' || *s == ' ') return true;
  return false;
}

/* ---- escapes --------------------------------------------------------------------------- */

/* The characters of the escapes of one letter; 0 for every other letter. */
static const char escapes[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                  ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};

/* The value of the \\uXXXX at s, or -1. */
static long unit_at(const char *s, const char *end) {
  if (end - s < 6 || s[0] != '\\' || s[1] != 'u') return -1;
  long value = 0;
  for (int i = 2; i < 6; i++) {
    char c = s[i];
    int digit = (c >= '0' && c <= '9')   ? c - '0'
                : (c >= 'a' && c <= 'f') ? c - 'a' + 10
                : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                         : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/* The character of one \\uXXXX or of a surrogate pair at s, or -1. An unpaired surrogate has no
 * UTF-8 form: it becomes the replacement character. */
static long character_at(const char *s, const char *end) {
  long unit = unit_at(s, end);
  if (unit < 0xD800 || unit > 0xDFFF) return unit;
  long low = unit_at(s + 6, end);
  if (unit > 0xDBFF || low < 0xDC00 || low > 0xDFFF) return 0xFFFD;
  return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

static char *put_utf8(char *out, long c) {
  static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
  size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (size_t i = len - 1; i > 0; i--) {
    out[i] = (char)(0x80 | (c & 0x3F));
    c >>= 6;
  }
  out[0] = (char)(lead[len] | c);
  return out + len;
}

/* Resolves one \\uXXXX or a pair at s; NULL when it is malformed. */
static const char *resolve_unicode(const char *s, const char *end, char **out) {
  long c = character_at(s, end);
  if (c < 0) return NULL;
  *out = put_utf8(*out, c);
  return s + (c < 0x10000 ? 6 : 12);
}

/* Resolves one escape; NULL when s is not at one or it is malformed. Writes at most four bytes. */
static const char *resolve_escape(const char *s, const char *end, char **out) {
  if (*s != '\\' || end - s < 2) return NULL;
  char simple = escapes[(unsigned char)s[1]];
  if (!simple) return resolve_unicode(s, end, out);
  *(*out)++ = simple;
  return s + 2;
}

/* Skips bytes beyond ASCII and control characters, whether or not they are valid UTF-8: one wrong
 * byte must not hide the rest of a response. NULL when there is none. */
static const char *pass_bytes(const char *s, const char *end) {
  const char *start = s;
  while (s < end && ((unsigned char)*s >= 0x80 || (unsigned char)*s < 0x20)) s++;
  return s > start ? s : NULL;
}

/* Copies plain text and resolves escapes of one letter, a block at a time. Whole blocks are
 * written; the part that is not plain is overwritten afterwards. */
static const char *copy_blocks(const char *s, const char *end, char **out) {
  char *o = *out;
  while (end - s > BLOCK) {
    size_t plain = plain_in_block(s);
    memcpy(o, s, BLOCK);
    o += plain;
    s += plain;
    if (plain == BLOCK) continue;
    char simple = escapes[(unsigned char)s[1]];
    if (*s != '\\' || !simple) break;
    *o++ = simple;
    s += 2;
  }
  while (s < end && !is_special((unsigned char)*s)) *o++ = *s++;
  *out = o;
  return s;
}

const char *caudit_text_resolve(const char *s, const char *end, char **out) {
  for (const char *next = s; next;) {
    s = copy_blocks(next, end, out);
    next = s < end ? pass_bytes(s, end) : NULL;
    if (next) {
      memcpy(*out, s, (size_t)(next - s));
      *out += next - s;
    } else if (s < end) {
      next = resolve_escape(s, end, out);
    }
  }
  return s;
}

const char *caudit_text_check(const char *s, const char *end) {
  for (const char *next = s; next;) {
    char room[4], *nowhere = room;
    s = caudit_text_plain(next, end);
    next = s < end ? pass_bytes(s, end) : NULL;
    if (!next && s < end) next = resolve_escape(s, end, &nowhere);
  }
  return s;
}

size_t caudit_json_unescape(struct caudit_str text, char *out) {
  char *end = out;
  caudit_text_resolve(text.data, text.data + text.len, &end);
  return (size_t)(end - out);
}
