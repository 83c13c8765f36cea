/* Reads JSON texts for their secrets: loosely, so that what is nearly JSON is redacted too. */
#include "core/work.h"

/* All looks ahead of a document may read over LOOKS times its length. */
enum { LOOKS = 4 };

char caudit_scan_char(struct caudit_scan *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n'))
    r->at++;
  return r->at < r->end ? *r->at : '\0';
}

/* Reads the string whose opening quote is at r->at; false when it has no end. */
bool caudit_scan_string(struct caudit_scan *r, struct caudit_str *inside, bool *escaped) {
  const char *s = r->at + 1;
  inside->data = s;
  *escaped = false;
  for (;;) {
    s = caudit_text_plain(s, r->end);
    if (s == r->end) return false;
    if (*s == '"') break;
    if (*s == '\\') {
      if (r->end - s < 2) return false;
      *escaped = true;
      s++;
    }
    s++;
  }
  inside->len = (size_t)(s - inside->data);
  r->at = s + 1;
  return true;
}

/* What the inside of a string stands for; the inside itself when an escape is wrong. */
struct caudit_str caudit_scan_unescape(struct caudit_scan *r, struct caudit_str inside,
                                       bool escaped) {
  const char *end = inside.data + inside.len;
  if (!escaped || caudit_text_check(inside.data, end) != end) return inside;
  char *room = caudit_pool_alloc(&r->work->pool, inside.len);
  if (!room) return inside;
  return (struct caudit_str){room, caudit_json_unescape(inside, room)};
}

/* The name of the member at hand and the colon behind it. */
bool caudit_scan_name(struct caudit_scan *r, struct caudit_str *name) {
  bool escaped;
  if (caudit_scan_char(r) != '"' || !caudit_scan_string(r, name, &escaped) ||
      caudit_scan_char(r) != ':')
    return false;
  r->at++;
  *name = caudit_scan_unescape(r, *name, escaped);
  return true;
}

/* ---- pairs: {"Key": "DB_PASSWORD", "Value": "…"} in either order ---------------------------- */

/* Whether the string at hand, left unread, is the name of a secret. */
static bool names_a_secret(struct caudit_scan *r) {
  const char *at = r->at;
  struct caudit_str inside;
  bool escaped, secret = false;
  if (caudit_scan_char(r) == '"' && caudit_scan_string(r, &inside, &escaped))
    secret = caudit_is_secret_name(caudit_scan_unescape(r, inside, escaped), r->work->level);
  r->at = at;
  return secret;
}

/* Reads over a value. A value's own brackets are all that is counted: whether they fit is seen when
 * it is read. */
static bool skip(struct caudit_scan *r) {
  long open = 0;
  do {
    char c = caudit_scan_char(r);
    if (r->at == r->end) return false;
    if (c == '"') {
      struct caudit_str inside;
      bool escaped;
      if (!caudit_scan_string(r, &inside, &escaped)) return false;
      continue;
    }
    r->at++;
    if (c == '{' || c == '[') {
      open++;
    } else if (c == '}' || c == ']') {
      open--;
    } else {
      while (r->at < r->end && *r->at != '{' && *r->at != '}' && *r->at != '[' && *r->at != ']' &&
             *r->at != '"' && *r->at != ',' && *r->at != ':')
        r->at++;
    }
  } while (open > 0);
  return true;
}

/* Whether a later member of the object at hand names a secret. Looks from a value on, and leaves it
 * unread. After too many looks every value of a pair counts as a secret. */
static bool look_ahead(struct caudit_scan *r) {
  const char *at = r->at;
  struct caudit_str name;
  bool secret = false;
  if (r->looked > 0 && (r->looked - 1) / LOOKS >= (size_t)(r->end - r->start)) return true;
  while (skip(r) && caudit_scan_char(r) == ',') {
    r->at++;
    if (!caudit_scan_name(r, &name)) break;
    if (!caudit_name_meaning(r->work, name).pair_name) continue;
    secret = names_a_secret(r);
    break;
  }
  r->looked += (size_t)(r->at - at);
  r->at = at;
  return secret;
}

bool caudit_scan_member(struct caudit_scan *scan, struct caudit_str name,
                        struct caudit_object_secrets *object) {
  struct caudit_name_meaning meaning = caudit_name_meaning(scan->work, name);
  if (meaning.pair_name) {
    if (object->pair != CAUDIT_PAIR_SECRET)
      object->pair = names_a_secret(scan) ? CAUDIT_PAIR_SECRET : CAUDIT_PAIR_HARMLESS;
  } else if (meaning.pair_value && object->pair == CAUDIT_PAIR_UNKNOWN) {
    object->pair = look_ahead(scan) ? CAUDIT_PAIR_SECRET : CAUDIT_PAIR_HARMLESS;
  }
  return object->hide || meaning.secret ||
         (meaning.pair_value && object->pair == CAUDIT_PAIR_SECRET);
}
