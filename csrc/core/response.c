/* Reads the envelope in a body, and classifies a response: a success, an error of the service, or
 * not an API response. */
#include "core/internal.h"

#include <string.h>

/* Copies a string value with escapes resolved. The caller has reserved the room. */
static struct caudit_str keep(struct caudit_buf *text, const struct caudit_json_value *value) {
  char *at = text->data + text->len;
  struct caudit_str kept = {at, 0};
  if (value->escaped) {
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
 * absent. */
static void set_member(struct caudit_buf *text, struct caudit_str *member, enum caudit_token token,
                       const struct caudit_json_value *value) {
  static const struct caudit_str none = {NULL, 0};
  if (token != CAUDIT_JSON_NULL) *member = token == CAUDIT_JSON_STRING ? keep(text, value) : none;
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
  out->well_formed = out->request_id.len > 0 && (!refused || out->code.len > 0);
}

int caudit_envelope_read(struct caudit_str body, struct caudit_buf *text,
                         struct caudit_envelope *out) {
  struct caudit_json_reader reader;
  struct caudit_json_value key, value;
  memset(out, 0, sizeof *out);
  caudit_buf_clear(text);
  /* The kept strings fit in the length of the body, so that the buffer never moves. */
  if (!caudit_buf_reserve(text, body.len + 8)) return text->status;
  caudit_json_read(&reader, body);
  enum caudit_token token = caudit_json_next(&reader, &value);
  while (token == CAUDIT_JSON_OBJECT && next_key(&reader, &key)) {
    enum caudit_token member = caudit_json_next(&reader, &value);
    if (is_key(&key, "Response") && member == CAUDIT_JSON_OBJECT) {
      read_response(&reader, text, out);
      continue;
    }
    if (is_key(&key, "Response") && member != CAUDIT_JSON_NULL) memset(out, 0, sizeof *out);
    (void)caudit_json_skip(&reader, member);
  }
  /* Nothing in a malformed document counts. */
  if (caudit_json_next(&reader, &value) != CAUDIT_JSON_END) memset(out, 0, sizeof *out);
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

/* ---- meaning of codes ------------------------------------------------------------------ */

struct meaning {
  const char *prefix; /* of the code, up to a dot or the end; the first matching row counts */
  enum caudit_kind kind;
  enum caudit_outcome outcome;
  bool retryable;
};

/* The common codes and CloudAudit's own. An error that does not prove that the request had no
 * effect leaves the outcome unknown: FailedOperation, InternalError and every code that is not
 * listed. */
static const struct meaning meanings[] = {
    {"AuthFailure.UnauthorizedOperation", CAUDIT_PERMISSION, CAUDIT_REJECTED, false},
    {"AuthFailure.SignatureExpire", CAUDIT_AUTH, CAUDIT_REJECTED, true},
    {"AuthFailure.TokenFailure", CAUDIT_AUTH, CAUDIT_REJECTED, true},
    {"AuthFailure", CAUDIT_AUTH, CAUDIT_REJECTED, false},
    {"UnauthorizedOperation", CAUDIT_PERMISSION, CAUDIT_REJECTED, false},
    {"IpInBlacklist", CAUDIT_PERMISSION, CAUDIT_REJECTED, false},
    {"IpNotInWhitelist", CAUDIT_PERMISSION, CAUDIT_REJECTED, false},
    {"RequestLimitExceeded", CAUDIT_THROTTLED, CAUDIT_REJECTED, true},
    {"LimitExceeded.OverTime", CAUDIT_RANGE, CAUDIT_REJECTED, false},
    {"LimitExceeded", CAUDIT_QUOTA, CAUDIT_REJECTED, false},
    {"RequestSizeLimitExceeded", CAUDIT_QUOTA, CAUDIT_REJECTED, false},
    {"ResponseSizeLimitExceeded", CAUDIT_QUOTA, CAUDIT_UNKNOWN, false},
    {"ResourceNotFound", CAUDIT_NOT_FOUND, CAUDIT_REJECTED, false},
    {"InvalidParameterValue.AliasAlreadyExists", CAUDIT_CONFLICT, CAUDIT_REJECTED, false},
    {"InvalidParameterValue.Time", CAUDIT_RANGE, CAUDIT_REJECTED, false},
    {"InvalidParameter.Time", CAUDIT_RANGE, CAUDIT_REJECTED, false},
    {"InvalidParameterValue", CAUDIT_VALIDATION, CAUDIT_REJECTED, false},
    {"InvalidParameter", CAUDIT_VALIDATION, CAUDIT_REJECTED, false},
    {"MissingParameter", CAUDIT_VALIDATION, CAUDIT_REJECTED, false},
    {"UnknownParameter", CAUDIT_VALIDATION, CAUDIT_REJECTED, false},
    {"InvalidRequest", CAUDIT_VALIDATION, CAUDIT_REJECTED, false},
    {"InvalidAction", CAUDIT_VALIDATION, CAUDIT_REJECTED, false},
    {"ActionOffline", CAUDIT_VALIDATION, CAUDIT_REJECTED, false},
    {"NoSuchProduct", CAUDIT_CONFIG, CAUDIT_REJECTED, false},
    {"NoSuchVersion", CAUDIT_CONFIG, CAUDIT_REJECTED, false},
    {"UnsupportedRegion", CAUDIT_CONFIG, CAUDIT_REJECTED, false},
    {"UnsupportedProtocol", CAUDIT_CONFIG, CAUDIT_REJECTED, false},
    {"UnsupportedOperation", CAUDIT_VALIDATION, CAUDIT_REJECTED, false},
    {"DryRunOperation", CAUDIT_VALIDATION, CAUDIT_REJECTED, false},
    {"ResourceInUse", CAUDIT_CONFLICT, CAUDIT_REJECTED, false},
    {"ResourceInsufficient", CAUDIT_SERVER, CAUDIT_UNKNOWN, false},
    {"FailedOperation.MemberNotAuditRole", CAUDIT_PERMISSION, CAUDIT_UNKNOWN, false},
    {"FailedOperation.MemberNotInOrganization", CAUDIT_PERMISSION, CAUDIT_UNKNOWN, false},
    {"FailedOperation", CAUDIT_SERVER, CAUDIT_UNKNOWN, false},
    {"ResourceUnavailable", CAUDIT_SERVER, CAUDIT_UNKNOWN, true},
    {"ServiceUnavailable", CAUDIT_SERVER, CAUDIT_UNKNOWN, true},
    {"InternalError", CAUDIT_SERVER, CAUDIT_UNKNOWN, true},
    {"", CAUDIT_SERVER, CAUDIT_UNKNOWN, false},
};

bool caudit_code_is(struct caudit_str code, const char *prefix) {
  size_t len = strlen(prefix);
  return code.len >= len && memcmp(code.data, prefix, len) == 0 &&
         (code.len == len || code.data[len] == '.');
}

static const struct meaning *meaning_of(struct caudit_str code) {
  const struct meaning *row = meanings;
  while (row->prefix[0] && !caudit_code_is(code, row->prefix)) row++;
  return row;
}

static bool is_encoded(const struct caudit_response *response) {
  return response->content_encoding.len > 0 &&
         !caudit_str_equal(response->content_encoding, caudit_str("identity"));
}

static int not_an_envelope(const struct caudit_response *response, struct caudit_error *err) {
  bool trouble = response->status >= 500;
  caudit_fail(err, trouble ? CAUDIT_SERVER : CAUDIT_PROTOCOL,
              is_encoded(response) ? "the response has a content encoding, which was not requested"
              : response->status == 200 ? "HTTP 200, but the body is not an API response"
                                        : "HTTP status %d, and the body is not an API response",
              response->status);
  /* A proxy may garble one response; an encoding that was not requested will be sent again. */
  err->retryable =
      trouble || response->status == 429 || (response->status == 200 && !is_encoded(response));
  return -(int)err->kind;
}

int caudit_response_error(const struct caudit_response *response, bool writes,
                          struct caudit_error *err) {
  struct caudit_error unseen;
  if (!err) err = &unseen;
  struct caudit_envelope none = {false, {NULL, 0}, {NULL, 0}, {NULL, 0}};
  const struct caudit_envelope *envelope = is_encoded(response) ? &none : &response->envelope;
  if (response->status == 200 && envelope->well_formed && envelope->code.len == 0) return 0;
  if (!envelope->well_formed || envelope->code.len == 0) {
    not_an_envelope(response, err);
    err->outcome = CAUDIT_UNKNOWN;
  } else {
    const struct meaning *meaning = meaning_of(envelope->code);
    caudit_fail(err, meaning->kind, "%s", "");
    err->retryable = meaning->retryable;
    /* With a 5xx of a gateway the service may have acted, whatever the body says. */
    err->outcome = response->status >= 500 ? CAUDIT_UNKNOWN : meaning->outcome;
    caudit_copy_line(err->code, sizeof err->code, envelope->code);
    caudit_copy_line(err->message, sizeof err->message, envelope->message);
  }
  if (writes && err->outcome == CAUDIT_UNKNOWN) err->retryable = false;
  err->http_status = response->status;
  caudit_copy_line(err->request_id, sizeof err->request_id, envelope->request_id);
  return -(int)err->kind;
}

bool caudit_response_time(const struct caudit_response *response, int64_t *out) {
  return !response->age.data && caudit_http_date(response->date, out);
}
