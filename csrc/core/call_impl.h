/* The structs behind a client and a call, shared by the files that implement them. */
#ifndef CAUDIT_CORE_CALL_IMPL_H
#define CAUDIT_CORE_CALL_IMPL_H

#include "core/rate_limit.h"

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
  size_t max_request;
  struct caudit_buf secrets; /* id, key and token, concatenated */
  struct caudit_credentials credentials;
  uint64_t credentials_set; /* how often: shows a call that newer ones were set */
  struct caudit_signer *signer;
  int64_t clock_offset_ms; /* added to the caller's clock for X-TC-Timestamp */
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
  bool begun; /* before the first caudit_call_next */
  int64_t sent_monotonic_ms, sent_unix_ms;
  int64_t signed_unix; /* X-TC-Timestamp of the last request */
  uint64_t credentials_used;
  int attempts;
  int spent; /* retry quota taken by the last retry */
  bool clock_corrected, refreshed;
  bool failed;
  enum caudit_outcome outcome; /* of the last attempt that left */
  struct caudit_error error;
  char request_id[64];
};

/* Builds and signs the request for a time. */
int caudit_request_build(struct caudit_call *call, int64_t unix_seconds, struct caudit_error *err);

/* Overwrites the header lines, which hold the token and the signature. */
void caudit_call_forget_request(struct caudit_call *call);

#endif
