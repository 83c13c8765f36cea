/* Redacting texts: the work, and the values that were found. */
#include "core/work.h"

#include <stdlib.h>

/* Shorter values are common words too, and are replaced only behind their names. */
enum { TELLING = 8 };
/* Values of more than one word are searched for one by one: the longest ones, no more than these.
 */
enum { MOST_PHRASES = 16 };

/* ---- the work --------------------------------------------------------------------------- */

/* Calls `each` for every buffer of the work. */
static void each_buf(struct caudit_work *work, void (*each)(struct caudit_buf *buf)) {
  for (size_t i = 0; i < CAUDIT_MAX_TEXTS; i++) each(&work->texts[i]);
  each(&work->found);
  each(&work->words);
  each(&work->phrases);
  each(&work->plain);
  each(&work->out);
  for (size_t i = 0; i < 3; i++) each(&work->parts[i]);
}

struct caudit_work *caudit_work_new(const struct caudit_allocator *allocator) {
  struct caudit_work *work = caudit_realloc(allocator, NULL, 0, sizeof *work);
  if (!work) return NULL;
  memset(work, 0, sizeof *work);
  if (allocator) work->pool.allocator = *allocator;
  for (size_t i = 0; i < CAUDIT_MAX_TEXTS; i++)
    caudit_buf_init(&work->texts[i], allocator, SIZE_MAX / 2);
  caudit_buf_init(&work->found, allocator, SIZE_MAX / 2);
  caudit_buf_init(&work->words, allocator, SIZE_MAX / 2);
  caudit_buf_init(&work->phrases, allocator, SIZE_MAX / 2);
  caudit_buf_init(&work->plain, allocator, SIZE_MAX / 2);
  caudit_buf_init(&work->out, allocator, SIZE_MAX / 2);
  for (size_t i = 0; i < 3; i++) caudit_buf_init(&work->parts[i], allocator, SIZE_MAX / 2);
  return work;
}

void caudit_work_free(struct caudit_work *work) {
  if (!work) return;
  each_buf(work, caudit_buf_free);
  caudit_pool_free(&work->pool);
  struct caudit_allocator allocator = work->pool.allocator;
  caudit_realloc(&allocator, work, sizeof *work, 0);
}

/* Empties a buffer; one that a large text has made large is given back. The memory of the others
 * stays in use, so that no compiler can leave the overwriting out. */
static void empty(struct caudit_buf *buf) {
  if (buf->capacity > 65536) caudit_buf_free(buf);
  if (buf->len > 0) memset(buf->data, 0, buf->len);
  buf->len = 0;
  buf->status = 0;
}

void caudit_work_begin(struct caudit_work *work, enum caudit_redact_level level) {
  each_buf(work, empty);
  caudit_pool_clear(&work->pool);
  if (work->level != level) memset(work->known, 0, sizeof work->known);
  work->level = level;
  work->sorted = false;
  work->failed = false;
}

void *caudit_work_alloc(struct caudit_work *work, size_t size) {
  return caudit_pool_alloc(&work->pool, size);
}

int caudit_work_status(const struct caudit_work *work) {
  return work->failed || work->pool.failed ? -CAUDIT_MEMORY : 0;
}

struct caudit_str caudit_work_take(struct caudit_work *work, struct caudit_buf *buf,
                                   struct caudit_str text) {
  if (buf->status != 0) work->failed = true;
  if (buf->len == 0) return text;
  struct caudit_str taken = caudit_pool_copy(&work->pool, buf->data, buf->len);
  caudit_buf_clear(buf);
  return taken.data ? taken : text;
}

/* ---- values that are found --------------------------------------------------------------- */

void caudit_redact_remember(struct caudit_work *work, struct caudit_str value) {
  if (value.len < TELLING || caudit_is_mark(value)) return;
  if (caudit_buf_append(&work->found, &value, sizeof value) != 0) work->failed = true;
  work->sorted = false;
}

struct caudit_str caudit_redact_at(struct caudit_work *work, struct caudit_str text,
                                   unsigned depth) {
  struct caudit_str out;
  size_t at = 0;
  while (at < text.len && (text.data[at] == ' ' || text.data[at] == '\t' || text.data[at] == '\r' ||
                           text.data[at] == '\n'))
    at++;
  if (depth < CAUDIT_MAX_TEXTS && at < text.len && (text.data[at] == '{' || text.data[at] == '[') &&
      caudit_rewrite_json(work, text, depth, &out))
    return out;
  return caudit_redact_plain(work, text);
}

struct caudit_str caudit_redact_values(struct caudit_work *work, struct caudit_str text) {
  return caudit_redact_at(work, text, 0);
}

/* ---- where else they stand ---------------------------------------------------------------- */

/* What tokens and keys are made of: such a value is replaced where it stands as a word. */
static bool is_word(unsigned char c) {
  static const bool word[256] = {
      ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1,
      ['8'] = 1, ['9'] = 1, ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1,
      ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1, ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1,
      ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1, ['U'] = 1, ['V'] = 1,
      ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1,
      ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1, ['j'] = 1, ['k'] = 1, ['l'] = 1,
      ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1, ['s'] = 1, ['t'] = 1,
      ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1, ['_'] = 1, ['-'] = 1,
      ['.'] = 1, ['~'] = 1, ['+'] = 1, ['/'] = 1, ['='] = 1, ['%'] = 1,
  };
  return word[c];
}

static int compare(const void *left, const void *right) {
  const struct caudit_str *a = left, *b = right;
  int order = memcmp(a->data, b->data, a->len < b->len ? a->len : b->len);
  return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/* The longest first, those of one length by their bytes. */
static int compare_phrases(const void *left, const void *right) {
  const struct caudit_str *a = left, *b = right;
  return a->len != b->len ? (a->len < b->len ? 1 : -1) : compare(left, right);
}

static size_t count_of(const struct caudit_buf *list) {
  return list->len / sizeof(struct caudit_str);
}

/* Sorts a list of values and drops those that it has twice. */
static void sort(struct caudit_buf *list, int (*order)(const void *, const void *)) {
  struct caudit_str *values = (void *)list->data;
  size_t count = count_of(list), kept = 0;
  if (count == 0) return;
  qsort(values, count, sizeof *values, order);
  for (size_t i = 0; i < count; i++)
    if (i == 0 || !caudit_str_equal(values[i], values[kept - 1])) values[kept++] = values[i];
  list->len = kept * sizeof *values;
}

static bool is_one_word(struct caudit_str value) {
  size_t at = 0;
  while (at < value.len && is_word((unsigned char)value.data[at])) at++;
  return at == value.len;
}

static void sort_found(struct caudit_work *work) {
  const struct caudit_str *values = (const void *)work->found.data;
  caudit_buf_clear(&work->words);
  caudit_buf_clear(&work->phrases);
  for (size_t i = 0; i < count_of(&work->found); i++) {
    struct caudit_buf *list = is_one_word(values[i]) ? &work->words : &work->phrases;
    if (caudit_buf_append(list, &values[i], sizeof values[i]) != 0) work->failed = true;
  }
  sort(&work->words, compare);
  sort(&work->phrases, compare_phrases);
  work->sorted = true;
}

static bool is_found_word(const struct caudit_work *work, struct caudit_str word) {
  size_t count = count_of(&work->words);
  return count > 0 && word.len >= TELLING &&
         bsearch(&word, work->words.data, count, sizeof word, compare) != NULL;
}

/* The first place of a value in a text from `at` on, or text.len. */
static size_t find(struct caudit_str text, size_t at, struct caudit_str value) {
  while (text.len - at >= value.len) {
    const char *first = memchr(text.data + at, value.data[0], text.len - at - value.len + 1);
    if (!first) break;
    at = (size_t)(first - text.data);
    if (memcmp(first, value.data, value.len) == 0) return at;
    at++;
  }
  return text.len;
}

/* Whether words must be looked at: some of a few values stands in the text. */
static bool may_have_words(const struct caudit_work *work, struct caudit_str text) {
  enum { FEW = 4 };
  const struct caudit_str *values = (const void *)work->words.data;
  size_t count = count_of(&work->words);
  if (count > FEW) return true;
  for (size_t i = 0; i < count; i++)
    if (find(text, 0, values[i]) < text.len) return true;
  return false;
}

static bool is_in(char c, const char *set) {
  return c != '\0' && strchr(set, c) != NULL;
}

/* The word without found values between the characters of a set. Gives `word` itself without any.
 */
static struct caudit_str hide_parts(struct caudit_work *work, struct caudit_str word,
                                    const char *set, struct caudit_buf *out) {
  size_t from = 0, at = 0;
  caudit_buf_clear(out);
  while (at < word.len) {
    size_t start = at;
    while (at < word.len && !is_in(word.data[at], set)) at++;
    if (is_found_word(work, (struct caudit_str){word.data + start, at - start})) {
      caudit_put(out, word.data + from, start - from);
      CAUDIT_PUT(out, CAUDIT_REDACTED);
      from = at;
    }
    at++;
  }
  if (from == 0) return word;
  caudit_put(out, word.data + from, word.len - from);
  if (out->status != 0) work->failed = true;
  return (struct caudit_str){out->data, out->len};
}

/* A word without found values, alone or as parts such as those of a path or of token=value. */
static struct caudit_str hide_word(struct caudit_work *work, struct caudit_str word) {
  if (word.len < TELLING) return word;
  if (is_found_word(work, word))
    return (struct caudit_str){CAUDIT_REDACTED, sizeof CAUDIT_REDACTED - 1};
  word = hide_parts(work, word, "=", &work->parts[0]);
  word = hide_parts(work, word, "/", &work->parts[1]);
  return hide_parts(work, word, "/=", &work->parts[2]);
}

static struct caudit_str hide_words(struct caudit_work *work, struct caudit_str text) {
  struct caudit_buf *out = &work->plain;
  size_t from = 0, at = 0;
  caudit_buf_clear(out);
  while (at < text.len) {
    while (at < text.len && !is_word((unsigned char)text.data[at])) at++;
    size_t start = at;
    while (at < text.len && is_word((unsigned char)text.data[at])) at++;
    struct caudit_str word = {text.data + start, at - start}, hidden = hide_word(work, word);
    if (hidden.data != word.data) {
      caudit_put(out, text.data + from, start - from);
      caudit_put(out, hidden.data, hidden.len);
      from = at;
    }
  }
  if (from > 0) caudit_put(out, text.data + from, text.len - from);
  return caudit_work_take(work, out, text);
}

static struct caudit_str hide_phrase(struct caudit_work *work, struct caudit_str text,
                                     struct caudit_str phrase) {
  struct caudit_buf *out = &work->plain;
  size_t from = 0, at;
  caudit_buf_clear(out);
  while ((at = find(text, from, phrase)) < text.len) {
    caudit_put(out, text.data + from, at - from);
    CAUDIT_PUT(out, CAUDIT_REDACTED);
    from = at + phrase.len;
  }
  if (from > 0) caudit_put(out, text.data + from, text.len - from);
  return caudit_work_take(work, out, text);
}

/* Tencent Cloud's access key ids, permanent and temporary. */
static struct caudit_str hide_key_ids(struct caudit_work *work, struct caudit_str text) {
  static const struct caudit_str prefix = CAUDIT_STR("AKID");
  struct caudit_buf *out = &work->plain;
  size_t from = 0, at = 0;
  caudit_buf_clear(out);
  while ((at = find(text, at, prefix)) < text.len) {
    size_t end = at + prefix.len;
    while (end < text.len && caudit_is_key_id_byte(text.data[end])) end++;
    if (end > at + prefix.len) {
      caudit_put(out, text.data + from, at - from);
      CAUDIT_PUT(out, CAUDIT_REDACTED);
      from = end;
    }
    at = end;
  }
  if (from > 0) caudit_put(out, text.data + from, text.len - from);
  return caudit_work_take(work, out, text);
}

struct caudit_str caudit_redact_found(struct caudit_work *work, struct caudit_str text) {
  if (work->found.len > 0) {
    if (!work->sorted) sort_found(work);
    if (may_have_words(work, text)) text = hide_words(work, text);
    const struct caudit_str *phrases = (const void *)work->phrases.data;
    size_t count = count_of(&work->phrases);
    for (size_t i = 0; i < count && i < MOST_PHRASES; i++)
      text = hide_phrase(work, text, phrases[i]);
  }
  return work->level == CAUDIT_REDACT_ALL ? hide_key_ids(work, text) : text;
}

bool caudit_stands_elsewhere(struct caudit_work *work, size_t first, struct caudit_str raw,
                             struct caudit_str written) {
  enum { FEW = 4 };
  const struct caudit_str *values = (const void *)work->found.data;
  size_t count = count_of(&work->found);
  first /= sizeof *values;
  if (count > FEW) return true;
  for (size_t i = 0; i < count; i++) {
    size_t hidden = 0, seen = 0, at = 0;
    if (!is_one_word(values[i]) || find(written, 0, values[i]) < written.len) return true;
    for (size_t k = first; k < count; k++) hidden += caudit_is_same(values[i], values[k]);
    for (; (at = find(raw, at, values[i])) < raw.len; at += values[i].len) seen++;
    if (seen != hidden) return true;
  }
  return false;
}
