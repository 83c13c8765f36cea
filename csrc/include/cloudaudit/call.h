/* Client, request, answer, and the state machine of one call. No I/O: a driver moves the bytes
 * and tells the call what happened; time and jitter are arguments. */
#ifndef CLOUDAUDIT_CALL_H
#define CLOUDAUDIT_CALL_H

#include "cloudaudit/json.h"
#include "cloudaudit/sign.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- endpoint -------------------------------------------------------------------------- */

/* A checked endpoint: "cloudaudit.tencentcloudapi.com", "host:port", "https://host:port" or
 * "http://host:port". Anything else (user, path, query, control characters) is CAUDIT_CONFIG, and
 * so is http:// to a host that is not loopback, unless insecure_http. */
struct caudit_endpoint {
  char url[300];  /* https://host[:port]/ */
  char host[280]; /* as in the Host header: with the port when it is not the scheme's default */
  char name[256]; /* the host alone, an IPv6 address without its brackets */
  int port;
  bool tls;
};
CAUDIT_API int caudit_endpoint_parse(struct caudit_str text, bool insecure_http,
                                     struct caudit_endpoint *out, struct caudit_error *err);

/* ---- client ---------------------------------------------------------------------------- */

/* Zero or absent members take the default in brackets. Everything is copied. */
struct caudit_options {
  struct caudit_str endpoint;       /* [<service>.tencentcloudapi.com] */
  struct caudit_str region;         /* X-TC-Region [ap-guangzhou] */
  struct caudit_str language;       /* X-TC-Language [not sent] */
  struct caudit_str request_client; /* X-TC-RequestClient [cloudaudit_lua_<version>] */
  bool insecure_http;
  int timeout_ms;      /* over the whole call, retries and waiting included [10000] */
  int attempts;        /* requests of one call at the most; a corrected clock and a refreshed token
                          may add one each [3] */
  int rate;            /* requests per second and action at the most [18] */
  int64_t max_skew_ms; /* a clock that is wrong by more is not corrected [one day] */
  size_t max_request;  /* bytes of a body [10 MB, the service's own limit] */
  size_t max_response; /* bytes of a body, for drivers [1 MiB] */
};

/* What calls share: endpoint, credentials, signer, clock offset, retry quota, rate. Counted
 * references; not for two threads at once. */
struct caudit_client;
CAUDIT_API int caudit_client_new(struct caudit_client **out, const struct caudit_options *options,
                                 const struct caudit_allocator *allocator,
                                 struct caudit_error *err);
CAUDIT_API void caudit_client_free(struct caudit_client *client); /* drops one reference */
/* Blanks, control characters and empty parts are refused by name, kind CAUDIT_CREDENTIALS. */
CAUDIT_API int caudit_credentials_check(const struct caudit_credentials *credentials,
                                        struct caudit_error *err);
/* Checks and copies one snapshot. The old one is cleansed. */
CAUDIT_API int caudit_client_credentials(struct caudit_client *client,
                                         const struct caudit_credentials *credentials,
                                         struct caudit_error *err);
CAUDIT_API const struct caudit_endpoint *caudit_client_endpoint(const struct caudit_client *client);
CAUDIT_API size_t caudit_client_max_response(const struct caudit_client *client);

/* ---- request --------------------------------------------------------------------------- */

/* All three end in NUL. */
struct caudit_header {
  const char *line; /* "Name: value" */
  struct caudit_str name;
  struct caudit_str value;
};

/* One signed HTTP request; valid until the next request of the same call, and empty at its end. */
struct caudit_request {
  struct caudit_str action;
  struct caudit_str method;
  struct caudit_str url;
  struct caudit_str host;
  struct caudit_str body;
  const struct caudit_header *headers;
  size_t header_count;
  int64_t timestamp;
  bool direct;         /* for drivers: never through a proxy */
  size_t max_response; /* for drivers: a lower limit on the body than their own; 0: none */
};

/* ---- answer ---------------------------------------------------------------------------- */

/* What a body says: an error of the service, a success, or (well_formed false) nothing that the
 * service would say. */
struct caudit_envelope {
  bool well_formed;       /* {"Response":{…,"RequestId":"…"}} */
  struct caudit_str code; /* Response.Error.Code, absent on success */
  struct caudit_str message;
  struct caudit_str request_id;
};

/* One HTTP response, as far as a call must know it. Absent headers have data NULL. */
struct caudit_response {
  int status;
  struct caudit_str date;
  struct caudit_str age;
  struct caudit_str retry_after;
  struct caudit_str content_encoding;
  struct caudit_envelope answer;
};

/* Reads a body into an answer whose strings live in `text` (escapes resolved). For hosts that do
 * not read the body themselves. Returns 0 unless memory ran out. */
CAUDIT_API int caudit_envelope_read(struct caudit_str body, struct caudit_buf *text,
                                    struct caudit_envelope *out);
/* An unsigned integer member of a body's Response, such as TrackId. False when it is not there. */
CAUDIT_API bool caudit_envelope_uint64(struct caudit_str body, const char *member, uint64_t *out);
/* Sets err (kind, code, request_id, outcome, retryable, message) from a reply that is no success.
 * Returns 0 when it is one. */
CAUDIT_API int caudit_response_error(const struct caudit_response *reply, bool writes,
                                     struct caudit_error *err);

/* The service's time in unix seconds, by a Date that no cache answered. False when there is none.
 */
CAUDIT_API bool caudit_response_time(const struct caudit_response *reply, int64_t *out);

/* ---- call ------------------------------------------------------------------------------ */

/* The host's clocks and a random number in [0, 1) for jitter. */
struct caudit_now {
  int64_t monotonic_ms;
  int64_t unix_ms;
  double random;
};

enum caudit_next {
  CAUDIT_SEND,    /* exchange caudit_call_request within caudit_call_timeout_ms */
  CAUDIT_WAIT,    /* come back in caudit_call_timeout_ms */
  CAUDIT_REFRESH, /* the token was refused: set newer credentials, then go on */
  CAUDIT_DONE     /* caudit_call_error tells how it ended */
};

struct caudit_call;

/* params is the action's request struct, borrowed until this returns; `checked` asks for
 * caudit_check first. */
CAUDIT_API int caudit_call_new(struct caudit_call **out, struct caudit_client *client,
                               const struct caudit_action *action, const void *params, bool checked,
                               struct caudit_error *err);
/* An action that the model does not know: body is JSON text, version "2019-03-19" when absent.
 * It counts as a write. */
CAUDIT_API int caudit_call_new_raw(struct caudit_call **out, struct caudit_client *client,
                                   struct caudit_str action, struct caudit_str body,
                                   struct caudit_error *err);
CAUDIT_API void caudit_call_free(struct caudit_call *call);

/* Signs the request for a moment without counting it as an attempt, for hosts that move the bytes
 * themselves; caudit_call_request then gives it. */
CAUDIT_API int caudit_call_prepare(struct caudit_call *call, int64_t unix_seconds,
                                   struct caudit_error *err);

CAUDIT_API enum caudit_next caudit_call_next(struct caudit_call *call,
                                             const struct caudit_now *now);
CAUDIT_API const struct caudit_request *caudit_call_request(const struct caudit_call *call);
CAUDIT_API int64_t caudit_call_timeout_ms(const struct caudit_call *call);
/* What was asked, for finding out about it later: the body, and the timestamp of the last request,
 * 0 when there was none. Valid until the call is freed, after its end too. */
CAUDIT_API struct caudit_str caudit_call_body(const struct caudit_call *call, int64_t *timestamp);
/* The exchange ended with a whole response. */
CAUDIT_API void caudit_call_received(struct caudit_call *call, const struct caudit_response *reply,
                                     const struct caudit_now *now);
/* The exchange failed; sent is false only if surely no byte of the request left. */
CAUDIT_API void caudit_call_failed(struct caudit_call *call, enum caudit_kind kind, bool sent,
                                   struct caudit_str message, const struct caudit_now *now);
/* NULL after a success. Belongs to the call. */
CAUDIT_API const struct caudit_error *caudit_call_error(const struct caudit_call *call);
/* The id of the last answer, absent before there was one. */
CAUDIT_API struct caudit_str caudit_call_request_id(const struct caudit_call *call);

#ifdef __cplusplus
}
#endif
#endif
