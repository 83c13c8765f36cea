/* Rewrites a JSON text without the values of secret members, in place: nothing else changes, so
 * that numbers keep their digits and the text stays the same JSON. A pull over the bytes, linear in
 * their number; what it takes for JSON is a little more than JSON is. */
#include "core/work.h"

struct rewriter {
  struct caudit_scan in;
  const char *from; /* what stands from here on is not written yet */
  struct caudit_buf *out;
  unsigned depth;
  unsigned text_depth; /* JSON texts around this one */
  struct {
    bool object;
    struct caudit_object_secrets secrets;
  } open[CAUDIT_JSON_MAX_DEPTH];
};

static void escape(struct caudit_buf *out, struct caudit_str text) {
  static const char hex[] = "0123456789abcdef";
  const char *s = text.data, *end = s + text.len;
  while (s < end) {
    const char *run = s;
    while (s < end && (unsigned char)*s >= 0x20 && *s != '"' && *s != '\\') s++;
    caudit_put(out, run, (size_t)(s - run));
    if (s == end) break;
    char c = *s++;
    char named = c == '\n'               ? 'n'
                 : c == '\r'             ? 'r'
                 : c == '\t'             ? 't'
                 : c == '"' || c == '\\' ? c
                                         : 0;
    char bytes[6] = {'\\', named ? named : 'u', '0', '0', hex[(c >> 4) & 15], hex[c & 15]};
    caudit_put(out, bytes, named ? 2 : 6);
  }
}

static void replace(struct rewriter *r, struct caudit_str old, struct caudit_str new) {
  caudit_put(r->out, r->from, (size_t)(old.data - r->from));
  escape(r->out, new);
  r->from = old.data + old.len;
}

/* A string: hidden whole, or redacted inside. */
static bool rewrite_string(struct rewriter *r, bool hide) {
  static const struct caudit_str mark = CAUDIT_STR(CAUDIT_REDACTED);
  struct caudit_str inside;
  bool escaped;
  if (!caudit_scan_string(&r->in, &inside, &escaped)) return false;
  if (inside.len == 0 || (!hide && !escaped && caudit_is_harmless(inside, r->in.end))) return true;
  struct caudit_str value = caudit_scan_unescape(&r->in, inside, escaped), clean;
  if (hide && !caudit_is_kept_value(value, r->in.work->level)) {
    caudit_redact_remember(r->in.work, value);
    clean = mark;
  } else {
    clean = caudit_redact_at(r->in.work, value, r->text_depth + 1);
  }
  if (clean.data != value.data && !caudit_str_equal(clean, value)) replace(r, inside, clean);
  return true;
}

/* A number, true, false or null. A number can be a secret; the words cannot. */
static bool rewrite_word(struct rewriter *r, bool hide) {
  const char *first = r->in.at;
  while (r->in.at < r->in.end) {
    char c = *r->in.at;
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
          c == '-' || c == '.'))
      break;
    r->in.at++;
  }
  if (r->in.at == first) return false;
  if (hide && ((*first >= '0' && *first <= '9') || *first == '-')) {
    caudit_put(r->out, r->from, (size_t)(first - r->from));
    CAUDIT_PUT(r->out, "\"" CAUDIT_REDACTED "\"");
    r->from = r->in.at;
  }
  return true;
}

/* ---- values ------------------------------------------------------------------------------ */

/* Reads the name of a member of the innermost object; sets whether its value is hidden. */
static bool enter_member(struct rewriter *r, bool *hide) {
  struct caudit_str name;
  if (!caudit_scan_name(&r->in, &name)) return false;
  *hide = caudit_scan_member(&r->in, name, &r->open[r->depth - 1].secrets);
  return true;
}

/* After a value: closes what ends here and goes on to the next value. Sets *done at the end of the
 * outermost one. */
static bool leave_value(struct rewriter *r, bool *hide, bool *done) {
  while (r->depth > 0) {
    bool object = r->open[r->depth - 1].object;
    char c = caudit_scan_char(&r->in);
    if (r->in.at == r->in.end) return false;
    r->in.at++;
    if (c == ',') {
      if (object) return enter_member(r, hide);
      *hide = r->open[r->depth - 1].secrets.hide;
      return true;
    }
    if (c != (object ? '}' : ']')) return false;
    r->depth--;
  }
  *done = true;
  return true;
}

/* Enters an object or a list; sets *empty when it has no value. */
static bool enter(struct rewriter *r, bool *hide, bool *empty) {
  if (r->depth == CAUDIT_JSON_MAX_DEPTH) return false;
  bool object = *r->in.at++ == '{';
  r->open[r->depth].object = object;
  r->open[r->depth].secrets = (struct caudit_object_secrets){*hide, CAUDIT_PAIR_UNKNOWN};
  r->depth++;
  *empty = caudit_scan_char(&r->in) == (object ? '}' : ']');
  if (*empty) {
    r->in.at++;
    r->depth--;
    return true;
  }
  return object ? enter_member(r, hide) : true;
}

static bool rewrite(struct rewriter *r) {
  bool hide = false, done = false;
  while (!done) {
    char c = caudit_scan_char(&r->in);
    if (c == '{' || c == '[') {
      bool empty;
      if (!enter(r, &hide, &empty)) return false;
      if (!empty) continue;
    } else if (!(c == '"' ? rewrite_string(r, hide) : rewrite_word(r, hide))) {
      return false;
    }
    if (!leave_value(r, &hide, &done)) return false;
  }
  caudit_scan_char(&r->in);
  return r->in.at == r->in.end;
}

bool caudit_rewrite_json(struct caudit_work *work, struct caudit_str text, unsigned depth,
                         struct caudit_str *out) {
  struct rewriter r;
  caudit_scan_begin(&r.in, work, text);
  r.from = text.data;
  r.out = &work->texts[depth];
  r.depth = 0;
  r.text_depth = depth;
  size_t found = work->found.len;
  caudit_buf_clear(r.out);
  if (!rewrite(&r)) {
    work->found.len = found;
    caudit_buf_clear(r.out);
    return false;
  }
  if (r.from > text.data) caudit_put(r.out, r.from, (size_t)(r.in.end - r.from));
  *out = caudit_work_take(work, r.out, text);
  return true;
}
