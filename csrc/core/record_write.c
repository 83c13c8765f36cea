/* Writes records as JSON with sorted members: the same value is the same text in every run. */
#include "core/record.h"

#include <openssl/crypto.h>
#include <stdio.h>

/* ---- texts ------------------------------------------------------------------------------ */

/* The code point of the UTF-8 sequence of len bytes at s. */
static unsigned long decode(const unsigned char *s, unsigned len) {
  if (len == 1) return s[0];
  unsigned long c = s[0] & (0x7FU >> len);
  for (unsigned i = 1; i < len; i++) c = c << 6 | (s[i] & 0x3FU);
  return c;
}

/* Whether a code point moves the cursor, starts an escape sequence, or reorders text around it. */
static bool is_control(unsigned long c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x61C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

/* A text with control characters and bytes that are not UTF-8 written as \n, \x1b or \u{202e}. */
static struct caudit_str shown(struct caudit_work *work, struct caudit_str text) {
  enum { LONGEST = 8 }; /* of a byte: \u{202e} has three */
  char *out =
      text.len < SIZE_MAX / LONGEST ? caudit_pool_alloc(&work->pool, text.len * LONGEST + 1) : NULL;
  size_t used = 0;
  if (!out) return (struct caudit_str){NULL, 0};
  for (size_t at = 0; at < text.len;) {
    const unsigned char *s = (const unsigned char *)text.data + at;
    unsigned len = caudit_utf8_len(s, text.len - at);
    unsigned long c = len > 0 ? decode(s, len) : s[0];
    char *end = out + used;
    if (len == 0)
      used += (size_t)snprintf(end, 9, "\\x%02lx", c);
    else if (c == '\n' || c == '\r' || c == '\t')
      used += (size_t)snprintf(end, 9, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    else if (is_control(c))
      used += (size_t)snprintf(end, 9, c < 0x80 ? "\\x%02lx" : "\\u{%04lx}", c);
    else {
      memcpy(end, s, len);
      used += len;
    }
    at += len > 0 ? len : 1;
  }
  return (struct caudit_str){out, used};
}

void caudit_write_shown(struct caudit_work *work, struct caudit_buf *out, struct caudit_str text) {
  size_t start = out->len;
  caudit_json_write_string(out, text);
  if (out->status != -CAUDIT_VALIDATION) return;
  out->status = 0;
  OPENSSL_cleanse(out->data + start, out->len - start);
  out->len = start;
  text = shown(work, text);
  if (text.data) caudit_json_write_string(out, text);
}

/* The first DEL or C1 control from `at` on, or out->len. */
static size_t next_control(const struct caudit_buf *out, size_t at) {
  size_t del = out->len, high = out->len;
  const char *found = memchr(out->data + at, 0x7F, out->len - at);
  if (found) del = (size_t)(found - out->data);
  while (at < del && (found = memchr(out->data + at, 0xC2, del - at))) {
    at = (size_t)(found - out->data);
    if (at + 1 < out->len && (unsigned char)out->data[at + 1] < 0xA0) {
      high = at;
      break;
    }
    at++;
  }
  return del < high ? del : high;
}

void caudit_escape_controls(struct caudit_work *work, struct caudit_buf *out, size_t start) {
  if (out->status != 0 || out->len == start) return;
  size_t at = next_control(out, start);
  if (at == out->len) return;
  struct caudit_str old = caudit_pool_copy(&work->pool, out->data + at, out->len - at);
  if (!old.data) return;
  OPENSSL_cleanse(out->data + at, out->len - at);
  out->len = at;
  for (size_t i = 0; i < old.len; i++) {
    unsigned char c = (unsigned char)old.data[i];
    char escape[8];
    if (c == 0xC2 && (unsigned char)old.data[i + 1] < 0xA0)
      c = (unsigned char)old.data[++i];
    else if (c != 0x7F) {
      caudit_put(out, old.data + i, 1);
      continue;
    }
    (void)snprintf(escape, sizeof escape, "\\u%04x", c);
    caudit_put(out, escape, 6);
  }
}

/* ---- sorted members ----------------------------------------------------------------------- */

enum { FEW = 16 };

struct member {
  uint64_t prefix; /* the first bytes of the name, which mostly decide */
  struct caudit_record *record;
};

static uint64_t prefix_of(struct caudit_str name) {
  unsigned char s[8] = {0};
  if (name.len >= sizeof s)
    memcpy(s, name.data, sizeof s);
  else
    for (size_t i = 0; i < name.len; i++) s[i] = (unsigned char)name.data[i];
  return (uint64_t)s[0] << 56 | (uint64_t)s[1] << 48 | (uint64_t)s[2] << 40 | (uint64_t)s[3] << 32 |
         (uint64_t)s[4] << 24 | (uint64_t)s[5] << 16 | (uint64_t)s[6] << 8 | (uint64_t)s[7];
}

static bool is_before(const struct member *a, const struct member *b) {
  if (a->prefix != b->prefix) return a->prefix < b->prefix;
  struct caudit_str left = a->record->name, right = b->record->name;
  int order = memcmp(left.data, right.data, left.len < right.len ? left.len : right.len);
  return order != 0 ? order < 0 : left.len < right.len;
}

/* Merges two sorted neighbours of a list into `to`; of equal names the earlier comes first. */
static void merge(const struct member *from, size_t middle, size_t end, struct member *to) {
  size_t left = 0, right = middle;
  for (size_t i = 0; i < end; i++) {
    if (right == end || (left < middle && !is_before(&from[right], &from[left])))
      to[i] = from[left++];
    else
      to[i] = from[right++];
  }
}

/* Sorts a few members; of equal names the earlier comes first. */
static void sort_few(struct member *list, size_t count) {
  for (size_t i = 1; i < count; i++) {
    struct member moved = list[i];
    size_t at = i;
    for (; at > 0 && is_before(&moved, &list[at - 1]); at--) list[at] = list[at - 1];
    list[at] = moved;
  }
}

/* Links the members of an object in the order of their names; of equal names the last stays. Leaves
 * them as they are when memory ran out. */
static void sort(struct caudit_work *work, struct caudit_record *object) {
  size_t n = 0;
  for (struct caudit_record *r = object->value.in.first; r; r = r->next) n++;
  if (n < 2 || n > SIZE_MAX / 4 / sizeof(struct member)) return;
  struct member *from = caudit_pool_alloc(&work->pool, 2 * n * sizeof *from), *to;
  if (!from) return;
  to = from + n;
  n = 0;
  for (struct caudit_record *r = object->value.in.first; r; r = r->next)
    from[n++] = (struct member){prefix_of(r->name), r};
  for (size_t at = 0; at < n; at += FEW) sort_few(from + at, n - at < FEW ? n - at : FEW);
  for (size_t width = FEW; width < n; width *= 2) {
    for (size_t at = 0; at < n; at += 2 * width) {
      size_t end = n - at < 2 * width ? n - at : 2 * width;
      merge(from + at, width < end ? width : end, end, to + at);
    }
    struct member *swap = from;
    from = to;
    to = swap;
  }
  struct caudit_record **link = &object->value.in.first;
  for (size_t i = 0; i < n; i++) {
    if (i + 1 < n && caudit_is_same(from[i].record->name, from[i + 1].record->name)) continue;
    *link = from[i].record;
    link = &from[i].record->next;
  }
  *link = NULL;
}

/* ---- values ------------------------------------------------------------------------------ */

/* A text, and behind it `after` unless that is NUL. */
static void write_text(struct caudit_work *work, struct caudit_buf *out, struct caudit_str text,
                       bool plain, char after) {
  size_t size = text.len + 2 + (after != '\0');
  char *room = NULL;
  if (plain && size <= out->capacity - out->len && out->status == 0)
    room = out->data + out->len;
  else if (plain)
    room = caudit_buf_reserve(out, size);
  if (room) {
    room[0] = '"';
    memcpy(room + 1, text.data, text.len);
    room[text.len + 1] = '"';
    if (after != '\0') room[text.len + 2] = after;
    out->len += size;
    return;
  }
  caudit_write_shown(work, out, text);
  if (after != '\0') caudit_put(out, &after, 1);
}

static void write_plain(struct caudit_work *work, struct caudit_buf *out,
                        const struct caudit_record *record) {
  switch (record->type) {
  case CAUDIT_RECORD_FALSE:
    CAUDIT_PUT(out, "false");
    break;
  case CAUDIT_RECORD_TRUE:
    CAUDIT_PUT(out, "true");
    break;
  case CAUDIT_RECORD_INTEGER:
    caudit_put(out, record->value.text.data, record->value.text.len);
    break;
  case CAUDIT_RECORD_DOUBLE:
    caudit_json_write_double(out, record->value.number);
    break;
  case CAUDIT_RECORD_TEXT:
    write_text(work, out, record->value.text, record->plain_text, '\0');
    break;
  default:
    CAUDIT_PUT(out, "null");
  }
}

/* Writes the value, or the bracket that opens it; true if it has items or members to be written. */
static bool write_beginning(struct caudit_work *work, struct caudit_buf *out,
                            struct caudit_record *record) {
  if (!caudit_is_container(record)) {
    write_plain(work, out, record);
    return false;
  }
  bool object = record->type == CAUDIT_RECORD_OBJECT, empty = !record->value.in.first;
  caudit_put(out, object ? "{}" : "[]", empty ? 2 : 1);
  if (object) sort(work, record);
  return !empty;
}

/* A walk along the links, without recursion: a record may be nested 2048 deep. */
void caudit_record_write(struct caudit_work *work, struct caudit_buf *out,
                         struct caudit_record *root) {
  struct caudit_record *record = root, *container = NULL;
  if (!root) {
    CAUDIT_PUT(out, "null");
    return;
  }
  for (;;) {
    if (container && container->type == CAUDIT_RECORD_OBJECT)
      write_text(work, out, record->name, record->plain_name, ':');
    if (write_beginning(work, out, record)) {
      container = record;
      record = record->value.in.first;
      continue;
    }
    while (container && !record->next) {
      caudit_put(out, container->type == CAUDIT_RECORD_OBJECT ? "}" : "]", 1);
      record = container;
      container = record->value.in.parent;
    }
    if (!container) return;
    CAUDIT_PUT(out, ",");
    record = record->next;
  }
}
