/* Redacts texts that are not JSON: looks for names of secrets before "=" and ":". */
#include "core/work.h"

/* A name is looked for in this many bytes before a separator. */
enum { LONGEST_NAME = 64 };

/* A token of an HTTP authentication scheme has at least so many bytes. */
enum { TELLING = 8 };

static bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_in(char c, const char *set) {
  return c != '\0' && strchr(set, c) != NULL;
}

static int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* The byte of two hexadecimal digits at s, or -1. */
static int byte_at(const char *s, const char *end) {
  if (end - s < 2) return -1;
  int high = digit_of(s[0]), low = digit_of(s[1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* ---- names ------------------------------------------------------------------------------- */

/* Resolves \u00XX behind any number of backslashes, in place; returns the new length. */
static size_t resolve_unicode(char *name, size_t len) {
  char *out = name;
  const char *end = name + len;
  for (const char *s = name; s < end;) {
    const char *run = s;
    while (run < end && *run == '\\') run++;
    int byte = run > s && end - run >= 5 && memcmp(run, "u00", 3) == 0 ? byte_at(run + 3, end) : -1;
    if (byte >= 0) {
      *out++ = (char)byte;
      s = run + 5;
    } else {
      size_t kept = run > s ? (size_t)(run - s) : 1;
      memmove(out, s, kept);
      out += kept;
      s += kept;
    }
  }
  return (size_t)(out - name);
}

/* Resolves %XX, then drops backslashes, in place; returns the new length. */
static size_t resolve_percent(char *name, size_t len) {
  char *out = name;
  const char *end = name + len;
  for (const char *s = name; s < end;) {
    int byte = *s == '%' ? byte_at(s + 1, end) : -1;
    char c = byte >= 0 ? (char)byte : *s;
    s += byte >= 0 ? 3 : 1;
    if (c != '\\') *out++ = c;
  }
  return (size_t)(out - name);
}

/* The name that ends before the separator at `at`, without its quotes and escapes; empty when there
 * is none. */
static struct caudit_str name_before(struct caudit_str text, size_t at, char room[LONGEST_NAME]) {
  size_t least = at > LONGEST_NAME ? at - LONGEST_NAME : 0, end = at;
  while (end > least && is_in(text.data[end - 1], "\"'\\ ")) end--;
  size_t start = end;
  bool plain = true;
  while (start > least &&
         (is_alphanumeric(text.data[start - 1]) || is_in(text.data[start - 1], "_-.%\\"))) {
    start--;
    plain = plain && text.data[start] != '%' && text.data[start] != '\\';
  }
  if (plain) return (struct caudit_str){text.data + start, end - start};
  /* Backslashes that follow the name belong to it, until they are dropped. */
  while (end < at && text.data[end] == '\\') end++;
  size_t len = end - start;
  memcpy(room, text.data + start, len);
  return (struct caudit_str){room, resolve_percent(room, resolve_unicode(room, len))};
}

/* ---- values ------------------------------------------------------------------------------ */

/* How many backslashes end before `at`, counted down to `first`. */
static size_t backslashes(struct caudit_str text, size_t at, size_t first) {
  size_t count = 0;
  while (at > first && text.data[at - 1] == '\\') {
    at--;
    count++;
  }
  return count;
}

/* The end of a value whose opening quote is at `quote`. In JSON that is nested k deep a closing
 * quote has 2^k - 1 backslashes, and a quote inside the value has more. */
static size_t quoted_end(struct caudit_str text, size_t quote) {
  size_t slashes = backslashes(text, quote, 0), at = quote + 1;
  for (;;) {
    const char *closing = at < text.len ? memchr(text.data + at, '"', text.len - at) : NULL;
    if (!closing) return text.len;
    size_t place = (size_t)(closing - text.data);
    if (backslashes(text, place, quote + 1) % (2 * (slashes + 1)) == slashes)
      return place - slashes;
    at = place + 1;
  }
}

/* The first place from `at` on with a byte of a set, or the end. */
static size_t first_of(struct caudit_str text, size_t at, const char *set) {
  while (at < text.len && !is_in(text.data[at], set)) at++;
  return at < text.len ? at : text.len;
}

/* Sets *first and *last to the bounds of the value behind the separator at `at`. */
static void value_behind(struct caudit_str text, size_t at, struct caudit_str name, size_t *first,
                         size_t *last) {
  size_t start = at + 1;
  while (start < text.len && (text.data[start] == ' ' || text.data[start] == '\t')) start++;
  size_t quote = start;
  while (quote < text.len && text.data[quote] == '\\') quote++;
  char c = quote < text.len ? text.data[quote] : '\0';
  if (c == '"') {
    *first = quote + 1;
    *last = quoted_end(text, quote);
  } else if (c == '\'') {
    *first = quote + 1;
    *last = first_of(text, *first, "'");
  } else {
    bool header = text.data[at] == ':' && caudit_is_header_name(name);
    *first = start;
    *last = first_of(text, start, header ? "\r\n" : "&;, \t\n\v\f\r\"'<>}]");
  }
}

static size_t next_separator(struct caudit_str text, size_t at) {
  while (at < text.len && text.data[at] != '=' && text.data[at] != ':') at++;
  return at;
}

static bool is_mark_at(struct caudit_str text, size_t at) {
  size_t len = sizeof CAUDIT_REDACTED - 1;
  return text.len - at >= len && memcmp(text.data + at, CAUDIT_REDACTED, len) == 0;
}

/* A value in memory of the work. */
static void remember(struct caudit_work *work, struct caudit_str value) {
  if (value.len >= TELLING)
    caudit_redact_remember(work, caudit_pool_copy(&work->pool, value.data, value.len));
}

static struct caudit_str hide_fields(struct caudit_work *work, struct caudit_str text) {
  struct caudit_buf *out = &work->plain;
  char room[LONGEST_NAME];
  size_t from = 0, at = next_separator(text, 0);
  caudit_buf_clear(out);
  for (; at < text.len; at = next_separator(text, at)) {
    size_t separator = at++, first, last;
    struct caudit_str name = name_before(text, separator, room);
    if (!caudit_name_meaning(work, name).secret || is_mark_at(text, at)) continue;
    value_behind(text, separator, name, &first, &last);
    if (last <= first) continue;
    struct caudit_str value = {text.data + first, last - first};
    if (caudit_is_kept_value(value, work->level)) continue;
    remember(work, value);
    caudit_put(out, text.data + from, first - from);
    CAUDIT_PUT(out, CAUDIT_REDACTED);
    from = at = last;
  }
  if (from > 0) caudit_put(out, text.data + from, text.len - from);
  return caudit_work_take(work, out, text);
}

/* ---- schemes ----------------------------------------------------------------------------- */

static bool is_name_before(struct caudit_str text, size_t at, size_t from, const char *name) {
  size_t len = strlen(name);
  if (at < from + len) return false;
  for (size_t i = 0; i < len; i++)
    if ((text.data[at - len + i] | 0x20) != name[i]) return false;
  return true;
}

/* Tokens of an HTTP authentication scheme that stand without a name. */
static struct caudit_str hide_scheme(struct caudit_work *work, struct caudit_str text,
                                     const char *name, const char *others) {
  struct caudit_buf *out = &work->plain;
  size_t from = 0, free_from = 0, at = 0;
  caudit_buf_clear(out);
  while (at < text.len) {
    const char *blank = memchr(text.data + at, ' ', text.len - at);
    if (!blank) break;
    size_t start = (size_t)(blank - text.data), first = start;
    while (first < text.len && text.data[first] == ' ') first++;
    at = first;
    if (!is_name_before(text, start, free_from, name)) continue;
    while (at < text.len && (is_alphanumeric(text.data[at]) || is_in(text.data[at], others))) at++;
    if (at == first) continue;
    free_from = at;
    if (at - first < TELLING) continue;
    remember(work, (struct caudit_str){text.data + first, at - first});
    caudit_put(out, text.data + from, first - from);
    CAUDIT_PUT(out, CAUDIT_REDACTED);
    from = at;
  }
  if (from > 0) caudit_put(out, text.data + from, text.len - from);
  return caudit_work_take(work, out, text);
}

struct caudit_str caudit_redact_plain(struct caudit_work *work, struct caudit_str text) {
  if (text.len == 0 || !caudit_has_separator(text, text.data + text.len)) return text;
  text = hide_fields(work, text);
  text = hide_scheme(work, text, "bearer", "-._~+/=");
  return hide_scheme(work, text, "basic", "+/=");
}
