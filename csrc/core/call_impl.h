/* The inside of a client and of a call, shared by the files that move a call on. */
#ifndef CAUDIT_CORE_CLIENT_H
#define CAUDIT_CORE_CLIENT_H

#include "core/internal.h"

/* ---- rate: no second holds more than `rate` requests of one action --------------------- */

enum { CAUDIT_MAX_RATE = 1000 };

/* Times of the last requests of one action; a ring of `rate` places. Lives as long as its client.
 */
struct caudit_window {
  struct caudit_window *next;
  char action[64];
  size_t rate;
  size_t at;            /* the oldest of the ring */
  double allowed;       /* requests a second at the last throttle: lower than rate */
  int64_t throttled_ms; /* when that was */
  int64_t sent_ms[];
};

/* The action's window, made when there is none. NULL: no memory. */
struct caudit_window *caudit_rate_window(struct caudit_client *client, struct caudit_str action);
void caudit_rate_free(struct caudit_client *client);
/* Milliseconds until this action may send again (0: now). */
int64_t caudit_rate_delay(const struct caudit_window *window, int64_t now_ms);
void caudit_rate_sent(struct caudit_window *window, int64_t now_ms);
/* The service throttled: half the rate, which then recovers by one request a second each second. */
void caudit_rate_throttled(struct caudit_window *window, int64_t now_ms);

/* ---- client ---------------------------------------------------------------------------- */

struct caudit_client {
  struct caudit_allocator allocator;
  size_t references;
  struct caudit_endpoint endpoint;
  char region[48];
  char language[16];
  char request_client[129];
  int timeout_ms, attempts, rate;
  int64_t max_skew_ms;
  size_t max_request, max_response;
  struct caudit_buf secrets; /* id, key and token, one behind the other */
  struct caudit_credentials credentials;
  uint64_t credentials_set; /* how often: tells a call whether a refresh brought newer ones */
  struct caudit_signer *signer;
  int64_t clock_offset_ms; /* added to the host's clock for X-TC-Timestamp */
  int retry_quota;
  struct caudit_window *windows;
};

/* ---- call ------------------------------------------------------------------------------ */

enum { CAUDIT_MAX_HEADERS = 10 };

enum caudit_call_state {
  CALL_NEW,
  CALL_READY,
  CALL_SENT,
  CALL_REFUSED_TOKEN,
  CALL_REFRESHING,
  CALL_DONE
};

struct caudit_call {
  struct caudit_allocator allocator;
  struct caudit_client *client;
  struct caudit_window *window; /* of the call's action */
  const struct caudit_service *service;
  bool writes, unsigned_call;
  enum caudit_call_state state;
  struct caudit_buf body;  /* the same bytes for every attempt */
  struct caudit_buf lines; /* header lines of the request under way */
  struct caudit_header headers[CAUDIT_MAX_HEADERS];
  struct caudit_request request;
  int64_t started_ms, deadline_ms, not_before_ms, timeout_ms;
  int64_t sent_monotonic_ms, sent_unix_ms;
  int64_t signed_unix; /* X-TC-Timestamp of the last request */
  uint64_t credentials_used;
  int attempts;
  int spent; /* retry quota that the last retry cost */
  bool clock_corrected, refreshed;
  bool failed;
  enum caudit_outcome outcome; /* of the last attempt that left */
  struct caudit_error error;
  char request_id[64];
};

/* Signs and lays the request out for this moment. */
int caudit_request_build(struct caudit_call *call, int64_t unix_seconds, struct caudit_error *err);

/* Overwrites the header lines: they hold the token and the signature. */
void caudit_call_forget_request(struct caudit_call *call);

/* ---- retry ----------------------------------------------------------------------------- */

enum { RETRY_QUOTA = 500 };

enum caudit_verdict {
  VERDICT_GIVE_UP,
  VERDICT_RETRY,   /* wait *delay_ms, then send again */
  VERDICT_CORRECT, /* the clock offset was corrected: send again at once */
  VERDICT_REFRESH  /* ask for newer credentials */
};

/* Whether a code is that one or stands below it: "A" fits "A.B", not "AB". */
bool caudit_code_is(struct caudit_str code, const char *prefix);

/* What to do after call->error. reply is NULL when no whole response arrived. */
enum caudit_verdict caudit_retry(struct caudit_call *call, const struct caudit_response *reply,
                                 const struct caudit_now *now, int64_t *delay_ms);
/* A success gives quota back. */
void caudit_retry_succeeded(struct caudit_call *call);

/* The time of an HTTP date ("Sun, 06 Nov 1994 08:49:37 GMT") in unix seconds, false if it is none.
 */
bool caudit_http_date(struct caudit_str text, int64_t *out);

#endif
