/* The verdict on a response: a success, an error of the service, or not an API response. */
#include "core/internal.h"

#include <stdio.h>
#include <string.h>

/* ---- meaning of codes ------------------------------------------------------------------ */

struct meaning {
  const char *prefix; /* of the code, up to a dot or the end; the first matching row counts */
  enum caudit_kind kind;
  enum caudit_outcome outcome;
  bool retryable;
};

/* The common codes and CloudAudit's own. FailedOperation, InternalError and the like do not prove
 * that the request had no effect, so they leave the outcome unknown. An Error with any other code
 * is a refusal. */
static const struct meaning meanings[] = {
    {"AuthFailure.UnauthorizedOperation", CAUDIT_PERMISSION, CAUDIT_REJECTED, false},
    {"AuthFailure.SignatureExpire", CAUDIT_AUTH, CAUDIT_REJECTED, true},
    {"AuthFailure.TokenFailure", CAUDIT_AUTH, CAUDIT_REJECTED, true},
    {"AuthFailure", CAUDIT_AUTH, CAUDIT_REJECTED, false},
    {"UnauthorizedOperation", CAUDIT_PERMISSION, CAUDIT_REJECTED, false},
    {"IpInBlacklist", CAUDIT_PERMISSION, CAUDIT_REJECTED, false},
    {"IpNotInWhitelist", CAUDIT_PERMISSION, CAUDIT_REJECTED, false},
    {"RequestLimitExceeded", CAUDIT_THROTTLED, CAUDIT_REJECTED, true},
    {"LimitExceeded.RateLimitExceeded", CAUDIT_THROTTLED, CAUDIT_REJECTED, true},
    {"LimitExceeded.RequestLimitExceeded", CAUDIT_THROTTLED, CAUDIT_REJECTED, true},
    {"LimitExceeded.FreqLimit", CAUDIT_THROTTLED, CAUDIT_REJECTED, true},
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
};

/* For codes that are not listed. */
static const struct meaning refused = {"", CAUDIT_SERVER, CAUDIT_REJECTED, false};
static const struct meaning in_doubt = {"", CAUDIT_SERVER, CAUDIT_UNKNOWN, false};

bool caudit_code_is(struct caudit_str code, const char *prefix) {
  size_t len = strlen(prefix);
  return code.len >= len && memcmp(code.data, prefix, len) == 0 &&
         (code.len == len || code.data[len] == '.');
}

static bool holds(struct caudit_str text, const char *lower_case) {
  size_t len = strlen(lower_case);
  for (size_t at = 0; at + len <= text.len; at++) {
    size_t same = 0;
    while (same < len) {
      char c = text.data[at + same];
      if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != lower_case[same]) break;
      same++;
    }
    if (same == len) return true;
  }
  return false;
}

/* Whether a code that is not listed speaks of trouble in the service instead of a refusal. */
static bool is_trouble(struct caudit_str code) {
  static const char *const words[] = {"internal",    "fail",    "timeout",
                                      "unavailable", "unknown", "server"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (holds(code, words[i])) return true;
  return false;
}

static const struct meaning *meaning_of(struct caudit_str code) {
  for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
    if (caudit_code_is(code, meanings[i].prefix)) return &meanings[i];
  return is_trouble(code) ? &in_doubt : &refused;
}

/* ---- verdict --------------------------------------------------------------------------- */

/* "identity" means without an encoding. */
static bool is_encoded(const struct caudit_response *response) {
  struct caudit_str text = response->content_encoding;
  while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) text.data++, text.len--;
  while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
    text.len--;
  return text.len > 0 && !(text.len == 8 && holds(text, "identity"));
}

/* The media type without its parameters. */
static void show_type(char *out, size_t size, struct caudit_str type) {
  const char *end = type.len > 0 ? memchr(type.data, ';', type.len) : NULL;
  if (end) type.len = (size_t)(end - type.data);
  caudit_copy_line(out, size, type.len > 0 ? type : caudit_str("no content type"));
}

/* Why a body is not an API response, as the end of a message. */
static void explain(char *out, size_t size, const struct caudit_envelope *envelope) {
  char message[256] = "", at[32] = "";
  struct caudit_str more = envelope->excerpt.len > 0 ? envelope->excerpt : envelope->message;
  if (more.len > 0) caudit_copy_line(message, sizeof message, more);
  if (envelope->problem_at > 0) (void)snprintf(at, sizeof at, " at byte %zu", envelope->problem_at);
  (void)snprintf(out, size, "%s%s%s%s%s%s", envelope->problem ? ": " : "",
                 envelope->problem ? envelope->problem : "", at, more.len > 0 ? ": \"" : "",
                 message, more.len > 0 ? "\"" : "");
}

static int not_an_envelope(const struct caudit_response *response, struct caudit_error *err) {
  const struct caudit_envelope *envelope = &response->envelope;
  enum caudit_kind kind = response->status >= 500 ? CAUDIT_SERVER : CAUDIT_PROTOCOL;
  char type[64], why[400] = "";
  show_type(type, sizeof type, response->content_type);
  explain(why, sizeof why, envelope);
  if (is_encoded(response))
    caudit_fail(err, kind,
                "HTTP %d (%s): the response has a content encoding, which was not requested",
                response->status, type);
  else if (envelope->well_formed)
    caudit_fail(err, kind, "HTTP %d (%s): the body is that of a success, but the status is not 200",
                response->status, type);
  else
    caudit_fail(err, kind, "HTTP %d (%s): the body is not an API response%s", response->status,
                type, why);
  /* A complete body would be the same again, unless a server had trouble. */
  bool cut = response->status == 200 && response->until_close && envelope->cut;
  err->retryable = response->status >= 500 || response->status == 429 || cut;
  return -(int)err->kind;
}

/* A refusal of the region, which is an option of the client. */
static void check_region(const struct caudit_envelope *envelope, struct caudit_error *err) {
  bool named = err->kind == CAUDIT_VALIDATION && holds(envelope->message, "x-tc-region");
  if (!named && !caudit_code_is(envelope->code, "UnsupportedRegion")) return;
  err->kind = CAUDIT_CONFIG;
  caudit_copy_text(err->field, sizeof err->field, caudit_str("region"));
}

static void refusal(const struct caudit_response *response, struct caudit_error *err) {
  const struct caudit_envelope *envelope = &response->envelope;
  const struct meaning *meaning = meaning_of(envelope->code);
  caudit_fail(err, meaning->kind, "%s", "");
  err->retryable = meaning->retryable;
  /* With a 5xx of a gateway the service may have acted, whatever the body says. */
  err->outcome = response->status >= 500 ? CAUDIT_UNKNOWN : meaning->outcome;
  check_region(envelope, err);
  caudit_copy_line(err->code, sizeof err->code, envelope->code);
  caudit_copy_line(err->message, sizeof err->message, envelope->message);
}

int caudit_response_error(const struct caudit_response *response, bool writes,
                          struct caudit_error *err) {
  struct caudit_error unseen;
  if (!err) err = &unseen;
  const struct caudit_envelope *envelope = &response->envelope;
  /* A refusal that can be read counts with any header: a body that is encoded cannot be read. */
  if (envelope->well_formed && envelope->code.len > 0) {
    refusal(response, err);
  } else if (envelope->well_formed && response->status == 200 && !is_encoded(response)) {
    return 0;
  } else {
    not_an_envelope(response, err);
    err->outcome = CAUDIT_UNKNOWN;
  }
  if (writes && err->outcome == CAUDIT_UNKNOWN) err->retryable = false;
  err->http_status = response->status;
  caudit_copy_line(err->request_id, sizeof err->request_id, envelope->request_id);
  return -(int)err->kind;
}

bool caudit_response_time(const struct caudit_response *response, int64_t *out) {
  return !response->age.data && caudit_http_date(response->date, out);
}
