/* Reads the envelope in a body: the Response object with its request id, and the Error in it. Every
 * body has a result: what is not an envelope gets the reason why. */
#include "core/internal.h"

#include <string.h>

static const char empty[] = "it is empty";
static const char no_response[] = "it has no Response object";
static const char no_code[] = "its Error has no Code";
static const char no_request_id[] = "its Response has no RequestId";

/* Copies a string value with escapes resolved. The caller has reserved the room. */
static struct caudit_str keep(struct caudit_buf *text, const struct caudit_json_value *value,
                              bool escaped) {
  char *at = text->data + text->len;
  struct caudit_str kept = {at, 0};
  if (escaped) {
    kept.len = caudit_json_unescape(value->text, at);
  } else {
    memcpy(at, value->text.data, value->text.len);
    kept.len = value->text.len;
  }
  text->len += kept.len + 1;
  return kept;
}

static bool is_key(const struct caudit_json_value *value, const char *name) {
  char plain[256];
  struct caudit_str text = value->text;
  if (value->escaped && text.len <= sizeof plain) {
    text.len = caudit_json_unescape(text, plain);
    text.data = plain;
  }
  return caudit_str_equal(text, caudit_str(name));
}

/* Reads the next key of an object; false at the end of the object or at an error. */
static bool next_key(struct caudit_json_reader *reader, struct caudit_json_value *key) {
  return caudit_json_next(reader, key) == CAUDIT_JSON_KEY;
}

/* Of members with the same name the last counts, as in a Lua table made from the body; null means
 * absent. A number counts as its digits. */
static void set_member(struct caudit_buf *text, struct caudit_str *member, enum caudit_token token,
                       const struct caudit_json_value *value) {
  static const struct caudit_str none = {NULL, 0};
  if (token == CAUDIT_JSON_NULL) return;
  bool number = token == CAUDIT_JSON_INTEGER || token == CAUDIT_JSON_NUMBER;
  bool string = token == CAUDIT_JSON_STRING;
  *member = number || string ? keep(text, value, string && value->escaped) : none;
}

/* An error in the document ends every loop here; caudit_envelope_read detects it at the end. */
static void read_error(struct caudit_json_reader *reader, struct caudit_buf *text,
                       struct caudit_envelope *out) {
  struct caudit_json_value key, value;
  while (next_key(reader, &key)) {
    enum caudit_token token = caudit_json_next(reader, &value);
    if (is_key(&key, "Code")) set_member(text, &out->code, token, &value);
    if (is_key(&key, "Message")) set_member(text, &out->message, token, &value);
    (void)caudit_json_skip(reader, token);
  }
}

static void read_response(struct caudit_json_reader *reader, struct caudit_buf *text,
                          struct caudit_envelope *out) {
  struct caudit_json_value key, value;
  bool refused = false;
  memset(out, 0, sizeof *out);
  while (next_key(reader, &key)) {
    enum caudit_token token = caudit_json_next(reader, &value);
    bool error = token != CAUDIT_JSON_NULL && is_key(&key, "Error");
    if (is_key(&key, "RequestId")) set_member(text, &out->request_id, token, &value);
    if (error) {
      refused = true;
      out->code.len = out->message.len = 0;
    }
    if (error && token == CAUDIT_JSON_OBJECT)
      read_error(reader, text, out);
    else
      (void)caudit_json_skip(reader, token);
  }
  /* An Error with a Code is an answer, whatever the request id is. A success is not: without the
   * mark of the service, the object of another program could be taken for an empty list. */
  out->well_formed = refused ? out->code.len > 0 : out->request_id.len > 0;
  if (!out->well_formed) out->problem = refused ? no_code : no_request_id;
}

/* Nothing in a malformed document counts. `keyed`: a name was read, so that it is JSON. */
static void malformed(const struct caudit_json_reader *reader, struct caudit_str body, bool keyed,
                      struct caudit_buf *text, struct caudit_envelope *out) {
  memset(out, 0, sizeof *out);
  out->cut = reader->at == reader->end;
  if (body.len == 0) {
    out->problem = empty;
    return;
  }
  out->problem = reader->problem;
  out->problem_at = (size_t)(reader->at - reader->start) + 1;
  if (keyed) return;
  text->len = 0;
  out->excerpt.len = caudit_excerpt(text->data, body);
  out->excerpt.data = text->data;
  text->len = out->excerpt.len;
}

int caudit_envelope_read(struct caudit_str body, struct caudit_buf *text,
                         struct caudit_envelope *out) {
  struct caudit_json_reader reader;
  struct caudit_json_value key, value;
  bool keyed = false;
  memset(out, 0, sizeof *out);
  out->problem = no_response;
  caudit_buf_clear(text);
  /* The kept strings fit in the length of the body, so that the buffer never moves. */
  if (!caudit_buf_reserve(text, body.len + CAUDIT_EXCERPT)) return text->status;
  caudit_json_read(&reader, body);
  enum caudit_token token = caudit_json_next(&reader, &value);
  if (token == CAUDIT_JSON_ARRAY) keyed = caudit_json_skip(&reader, token);
  while (token == CAUDIT_JSON_OBJECT && next_key(&reader, &key)) {
    enum caudit_token member = caudit_json_next(&reader, &value);
    bool response = is_key(&key, "Response");
    keyed = true;
    if (response && member == CAUDIT_JSON_OBJECT) {
      read_response(&reader, text, out);
      continue;
    }
    if (response && member != CAUDIT_JSON_NULL) {
      memset(out, 0, sizeof *out);
      out->problem = no_response;
    }
    (void)caudit_json_skip(&reader, member);
  }
  if (caudit_json_next(&reader, &value) != CAUDIT_JSON_END)
    malformed(&reader, body, keyed, text, out);
  return text->status;
}

bool caudit_envelope_uint64(struct caudit_str body, const char *member, uint64_t *out) {
  struct caudit_json_reader reader;
  struct caudit_json_value key, value;
  bool found = false;
  caudit_json_read(&reader, body);
  enum caudit_token token = caudit_json_next(&reader, &value);
  while (token == CAUDIT_JSON_OBJECT && next_key(&reader, &key)) {
    enum caudit_token outer = caudit_json_next(&reader, &value);
    bool response = is_key(&key, "Response");
    if (response && outer != CAUDIT_JSON_NULL) found = false;
    if (!response || outer != CAUDIT_JSON_OBJECT) {
      (void)caudit_json_skip(&reader, outer);
      continue;
    }
    while (next_key(&reader, &key)) {
      enum caudit_token inner = caudit_json_next(&reader, &value);
      if (is_key(&key, member) && inner != CAUDIT_JSON_NULL) {
        found = inner == CAUDIT_JSON_INTEGER && !value.negative;
        *out = value.magnitude;
      }
      (void)caudit_json_skip(&reader, inner);
    }
  }
  return caudit_json_next(&reader, &value) == CAUDIT_JSON_END && found;
}
