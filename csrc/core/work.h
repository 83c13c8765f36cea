/* The memory behind caudit_work, and what the files that redact share. */
#ifndef CAUDIT_CORE_WORK_H
#define CAUDIT_CORE_WORK_H

#include "core/internal.h"

/* ---- memory that is given back all at once (pool.c) ------------------------------------- */

struct caudit_pool {
  struct caudit_allocator allocator;
  struct caudit_block *newest;
  char *at;
  size_t left;
  bool failed; /* an allocation: memory ran out */
};

/* NULL when memory ran out. */
void *caudit_pool_alloc(struct caudit_pool *pool, size_t size);
/* A copy of bytes; absent when memory ran out. */
struct caudit_str caudit_pool_copy(struct caudit_pool *pool, const char *data, size_t len);
/* Overwrites and gives back all of it; keeps a block for the next work. */
void caudit_pool_clear(struct caudit_pool *pool);
void caudit_pool_free(struct caudit_pool *pool);

/* ---- the work --------------------------------------------------------------------------- */

/* JSON texts inside JSON texts are opened this deep. */
enum { CAUDIT_MAX_TEXTS = 8 };

/* What the name of a JSON member says. Pairs are such as {"Key": "DB_PASSWORD", "Value": "…"}. */
struct caudit_name_meaning {
  bool secret, pair_name, pair_value;
};

/* Names repeat from record to record: their meanings are looked up once. */
enum { CAUDIT_KNOWN_NAMES = 512, CAUDIT_KNOWN_NAME = 27 };

struct caudit_known_name {
  unsigned char len; /* 0: none */
  char name[CAUDIT_KNOWN_NAME];
  struct caudit_name_meaning meaning;
};

struct caudit_work {
  struct caudit_pool pool;
  enum caudit_redact_level level;
  struct caudit_buf found;                   /* struct caudit_str each, unsorted */
  struct caudit_buf words, phrases;          /* the same, sorted, once they are needed */
  bool sorted;                               /* words and phrases are those of found */
  struct caudit_buf texts[CAUDIT_MAX_TEXTS]; /* a JSON text that is rewritten, by depth */
  struct caudit_buf plain, parts[3];         /* another text; a word */
  struct caudit_buf out;                     /* JSON that is given */
  bool failed;
  struct caudit_known_name known[CAUDIT_KNOWN_NAMES]; /* at this level */
};

/* ---- names of secrets (secret_names.c) --------------------------------------------------- */

/* Whether a value stays although its name is a secret's: an access key id, at level SECRETS. */
bool caudit_is_kept_value(struct caudit_str value, enum caudit_redact_level level);
bool caudit_is_key_id_byte(char c);
struct caudit_name_meaning caudit_name_meaning(struct caudit_work *work, struct caudit_str name);
/* Whether the value of that name is a header's: the rest of its line. */
bool caudit_is_header_name(struct caudit_str name);

/* ---- redacting --------------------------------------------------------------------------- */

/* Redacts a text that lies in `depth` JSON texts. */
struct caudit_str caudit_redact_at(struct caudit_work *work, struct caudit_str text,
                                   unsigned depth);
/* Rewrites a JSON text without the values of secret members, in place: nothing else changes, so
 * that numbers keep their digits (redact_json.c). False when it is not JSON throughout; what was
 * found meanwhile is forgotten then. */
bool caudit_rewrite_json(struct caudit_work *work, struct caudit_str text, unsigned depth,
                         struct caudit_str *out);
/* ---- reading JSON for its secrets (json_scan.c) --------------------------------------------- */

struct caudit_scan {
  struct caudit_work *work;
  const char *start, *at, *end;
  size_t looked; /* bytes that were looked at ahead */
};

static inline void caudit_scan_begin(struct caudit_scan *scan, struct caudit_work *work,
                                     struct caudit_str text) {
  scan->work = work;
  scan->start = scan->at = text.data;
  scan->end = text.data + text.len;
  scan->looked = 0;
}

/* Skips white space; returns the next byte, or NUL at the end. A NUL in the text reads the same and
 * is invalid JSON anyway. */
char caudit_scan_char(struct caudit_scan *scan);
/* Reads the string whose opening quote is at scan->at; false when it has no end. */
bool caudit_scan_string(struct caudit_scan *scan, struct caudit_str *inside, bool *escaped);
/* What the inside of a string stands for; the inside itself when an escape is wrong. */
struct caudit_str caudit_scan_unescape(struct caudit_scan *scan, struct caudit_str inside,
                                       bool escaped);
/* The name of the member at hand and the colon behind it. */
bool caudit_scan_name(struct caudit_scan *scan, struct caudit_str *name);

enum caudit_pair { CAUDIT_PAIR_UNKNOWN, CAUDIT_PAIR_HARMLESS, CAUDIT_PAIR_SECRET };

/* What is known of an object whose members are read. */
struct caudit_object_secrets {
  bool hide; /* all of it */
  unsigned char pair;
};

/* Whether the value behind a member's name, where the scan is, is to be hidden. */
bool caudit_scan_member(struct caudit_scan *scan, struct caudit_str name,
                        struct caudit_object_secrets *object);

/* Whether a text certainly has no secret inside: it is no JSON, and has neither a name before a
 * value nor two words. The bytes up to end can be read, which may lie behind it. */
static inline bool caudit_is_harmless(struct caudit_str text, const char *end) {
  char first = text.len > 0 ? text.data[0] : 'x';
  return first != '{' && first != '[' && first != '\t' && first != '\r' && first != '\n' &&
         !caudit_has_separator(text, end);
}

/* A text that is not JSON (redact_plain.c). */
struct caudit_str caudit_redact_plain(struct caudit_work *work, struct caudit_str text);

/* Whether a value that was found (some were found in `raw`: those from the byte `first` of
 * work->found on) stands in `raw` somewhere else, or in `written`, which was made of it. May say so
 * when it does not. */
bool caudit_stands_elsewhere(struct caudit_work *work, size_t first, struct caudit_str raw,
                             struct caudit_str written);

static inline bool caudit_is_mark(struct caudit_str text) {
  return text.len == sizeof CAUDIT_REDACTED - 1 &&
         memcmp(text.data, CAUDIT_REDACTED, text.len) == 0;
}

/* The text in buf, in memory of the work; `text` itself when buf is empty. */
struct caudit_str caudit_work_take(struct caudit_work *work, struct caudit_buf *buf,
                                   struct caudit_str text);

#endif
