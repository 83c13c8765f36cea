/* Decides whether another attempt follows a failed one. A request is retried only if the one before
 * it certainly had no effect, or if the action only reads. */
#include "core/retry.h"

#include <string.h>

enum {
  COST_TRANSIENT = 14,
  COST_THROTTLED = 5,
  BASE_TRANSIENT_MS = 100,
  MAX_TRANSIENT_MS = 5000,
  BASE_THROTTLED_MS = 1000,
  MAX_THROTTLED_MS = 20000,
  LAST_ATTEMPT_MS = 1000, /* left of the deadline for an attempt after a shortened wait */
  STUBBORN_ATTEMPTS = 3,
  MAX_ROUND_TRIP_MS = 5000 /* with a longer one the server's Date is too inexact */
};

/* Exponential backoff with full jitter. */
static int64_t jittered_delay(const struct caudit_call *call, bool throttled, double random) {
  int64_t limit = throttled ? BASE_THROTTLED_MS : BASE_TRANSIENT_MS;
  const int64_t most = throttled ? MAX_THROTTLED_MS : MAX_TRANSIENT_MS;
  for (int i = 1; i < call->attempts && limit < most; i++) limit *= 2;
  if (limit > most) limit = most;
  if (!(random >= 0 && random < 1)) random = 0.5;
  return (int64_t)((double)limit * random);
}

/* A Retry-After header in seconds, limited to an hour; a date or an invalid value counts as 0. */
static int64_t retry_after_ms(const struct caudit_response *response) {
  int64_t seconds = 0;
  for (size_t i = 0; response && i < response->retry_after.len; i++) {
    char c = response->retry_after.data[i];
    if (c < '0' || c > '9') return 0;
    seconds = seconds * 10 + (c - '0');
    if (seconds > 3600) seconds = 3600;
  }
  return seconds * 1000;
}

/* Names that do not resolve and certificates that are not trusted rarely change within seconds. */
static bool is_stubborn(enum caudit_kind kind) {
  return kind == CAUDIT_DNS || kind == CAUDIT_TLS;
}

static enum caudit_verdict retry_later(struct caudit_call *call,
                                       const struct caudit_response *response,
                                       const struct caudit_now *now, bool throttled,
                                       int64_t *delay_ms) {
  struct caudit_client *client = call->client;
  int cost = throttled ? COST_THROTTLED : COST_TRANSIENT;
  if (call->attempts >= client->attempts || client->retry_quota < cost) return VERDICT_GIVE_UP;
  if (is_stubborn(call->error.kind) && call->attempts >= STUBBORN_ATTEMPTS) return VERDICT_GIVE_UP;
  int64_t delay = jittered_delay(call, throttled, now->random);
  int64_t asked = retry_after_ms(response), left = call->deadline_ms - now->monotonic_ms;
  if (asked > delay) {
    delay = asked < delay + 5000 ? asked : delay + 5000;
  } else if (delay > left - MIN_READ_MS && left >= LAST_ATTEMPT_MS + BASE_TRANSIENT_MS) {
    delay = left - LAST_ATTEMPT_MS; /* one more attempt rather than an unused deadline */
  }
  /* Do not wait for the deadline: the last error says more than a timeout. */
  if (delay > left - MIN_READ_MS) return VERDICT_GIVE_UP;
  client->retry_quota -= cost;
  call->spent = cost;
  *delay_ms = delay;
  return VERDICT_RETRY;
}

/* Sets the clock offset from the Date of a refusal, taken as the time at the middle of the
 * exchange. Not over plain HTTP, from a cache or after a slow exchange, and not beyond max_skew. */
static bool correct_clock(struct caudit_call *call, const struct caudit_response *response,
                          const struct caudit_now *now) {
  struct caudit_client *client = call->client;
  int64_t date = 0, round_trip = now->monotonic_ms - call->sent_monotonic_ms;
  if (call->clock_corrected || !client->endpoint.tls) return false;
  if (round_trip > MAX_ROUND_TRIP_MS || !caudit_response_time(response, &date)) return false;
  int64_t offset = date * 1000 - (call->sent_unix_ms + round_trip / 2);
  if (offset > client->max_skew_ms || offset < -client->max_skew_ms) return false;
  call->clock_corrected = true;
  client->clock_offset_ms = offset;
  return true;
}

enum caudit_verdict caudit_retry(struct caudit_call *call, const struct caudit_response *response,
                                 const struct caudit_now *now, int64_t *delay_ms) {
  const struct caudit_error *error = &call->error;
  struct caudit_str code = caudit_str(error->code);
  bool throttled = error->kind == CAUDIT_THROTTLED;
  if (throttled) caudit_rate_throttled(call->window, now->monotonic_ms);
  /* Regardless of the code: with a 5xx of a gateway even a refused write may have had an effect. */
  if (call->writes && error->outcome == CAUDIT_UNKNOWN) return VERDICT_GIVE_UP;
  if (caudit_code_is(code, "AuthFailure.SignatureExpire"))
    return correct_clock(call, response, now) ? VERDICT_CORRECT : VERDICT_GIVE_UP;
  if (caudit_code_is(code, "AuthFailure.TokenFailure")) {
    if (call->refreshed || call->unsigned_call) return VERDICT_GIVE_UP;
    call->refreshed = true;
    return VERDICT_REFRESH;
  }
  return error->retryable ? retry_later(call, response, now, throttled, delay_ms) : VERDICT_GIVE_UP;
}

/* Returns the cost of the last retry, or 1 for a call without retries. */
void caudit_retry_succeeded(struct caudit_call *call) {
  int quota = call->client->retry_quota + (call->spent > 0 ? call->spent : 1);
  call->client->retry_quota = quota < RETRY_QUOTA ? quota : RETRY_QUOTA;
}
