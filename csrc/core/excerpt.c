/* The first words of a body that is not JSON, such as the page of a proxy or of a captive portal.
 * Such a page may repeat parts of the request, so the excerpt ends before anything like a secret.
 */
#include "core/internal.h"

#include <string.h>

enum { LONGEST_WORD = 256 }; /* what is looked at of a word; less of it is shown */

static char lower(char c) {
  return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_blank(char c) {
  return (unsigned char)c <= ' ' || c == 0x7F;
}

/* Whether a text starts with a word in any case. */
static bool starts(struct caudit_str text, const char *word) {
  size_t len = strlen(word);
  if (text.len < len) return false;
  for (size_t i = 0; i < len; i++)
    if (lower(text.data[i]) != word[i]) return false;
  return true;
}

static struct caudit_str behind(struct caudit_str text, size_t len) {
  return (struct caudit_str){text.data + len, text.len - len};
}

static bool holds(struct caudit_str text, const char *word) {
  for (; text.len > 0; text = behind(text, 1))
    if (starts(text, word)) return true;
  return false;
}

/* ---- HTML ------------------------------------------------------------------------------ */

/* The text behind the next occurrence of a mark, nothing when there is none. */
static struct caudit_str after(struct caudit_str text, const char *mark) {
  while (text.len > 0 && !starts(text, mark)) text = behind(text, 1);
  return text.len > 0 ? behind(text, strlen(mark)) : text;
}

/* The text behind the tag that it starts with; scripts, styles and comments count as tags. */
static struct caudit_str behind_tag(struct caudit_str text) {
  if (starts(text, "<!--")) return after(text, "-->");
  if (starts(text, "<script")) return after(text, "</script>");
  if (starts(text, "<style")) return after(text, "</style>");
  return after(text, ">");
}

static struct caudit_str trimmed(struct caudit_str text) {
  while (text.len > 0 && is_blank(text.data[0])) text = behind(text, 1);
  while (text.len > 0 && is_blank(text.data[text.len - 1])) text.len--;
  return text;
}

/* Skips whitespace, and of HTML the tags. */
static struct caudit_str next_word(struct caudit_str text, bool html) {
  while (text.len > 0) {
    if (is_blank(text.data[0]))
      text = behind(text, 1);
    else if (html && text.data[0] == '<')
      text = behind_tag(text);
    else
      break;
  }
  return text;
}

static size_t word_length(struct caudit_str text, bool html) {
  size_t len = 0;
  while (len < text.len && !is_blank(text.data[len]) && !(html && text.data[len] == '<')) len++;
  return len;
}

/* ---- secrets --------------------------------------------------------------------------- */

/* Whether a word has so long a run of the characters of keys and tokens that it may be one. */
static bool is_random(struct caudit_str word) {
  size_t run = 0;
  bool digit = false, small = false, capital = false;
  for (size_t i = 0; i < word.len; i++) {
    char c = word.data[i];
    bool number = c >= '0' && c <= '9', letter = lower(c) >= 'a' && lower(c) <= 'z';
    if (!number && !letter && (c == '\0' || !strchr("+_=~%-", c))) {
      run = 0;
      digit = small = capital = false;
      continue;
    }
    digit = digit || number;
    capital = capital || (letter && lower(c) != c);
    small = small || (letter && lower(c) == c);
    run++;
    if (run >= 16 && (digit || (run >= 20 && small && capital))) return true;
  }
  return false;
}

/* Whether what follows gives a value to the word. */
static bool is_assigned(struct caudit_str word, struct caudit_str rest) {
  rest = trimmed(rest);
  return memchr(word.data, '=', word.len) || memchr(word.data, ':', word.len) ||
         (rest.len > 0 && (rest.data[0] == '=' || rest.data[0] == ':'));
}

static bool may_be_secret(struct caudit_str word, struct caudit_str rest) {
  static const char *const names[] = {"token",  "secret",     "key",    "pass",
                                      "pwd",    "sign",       "auth",   "session",
                                      "cookie", "credential", "bearer", "basic"};
  if (word.len > LONGEST_WORD) word.len = LONGEST_WORD;
  if (is_random(word) || holds(word, "akid")) return true;
  if (holds(word, "://") && memchr(word.data, '@', word.len)) return true;
  if (starts(word, "bearer") || starts(word, "basic")) return true;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (holds(word, names[i])) return is_assigned(word, rest);
  return false;
}

size_t caudit_excerpt(char out[CAUDIT_EXCERPT], struct caudit_str body) {
  static const char more[] = "\xE2\x80\xA6"; /* an ellipsis */
  const size_t room = CAUDIT_EXCERPT - (sizeof more - 1) - 1;
  struct caudit_str text = trimmed(body);
  bool html = text.len > room && text.data[0] == '<';
  size_t used = 0;
  for (;;) {
    char shown[CAUDIT_EXCERPT];
    text = next_word(text, html);
    struct caudit_str word = {text.data, word_length(text, html)};
    text = behind(text, word.len);
    if (word.len == 0) return used;
    if (may_be_secret(word, text)) break;
    caudit_copy_line(shown, room + 1, word);
    size_t len = strlen(shown);
    bool whole = used + (used > 0) + len <= room && word.len <= room;
    if (!whole && used > 0) break; /* but a long first word is cut: not every script has blanks */
    if (used > 0) out[used++] = ' ';
    for (size_t i = 0; i < len; i++) out[used++] = shown[i];
    if (!whole) break;
  }
  memcpy(out + used, more, sizeof more - 1);
  return used + sizeof more - 1;
}
