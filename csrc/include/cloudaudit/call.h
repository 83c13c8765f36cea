/* Request, response, and the state machine of one call. No I/O: a driver performs the exchange and
 * reports how it ended; time and jitter are arguments. */
#ifndef CLOUDAUDIT_CALL_H
#define CLOUDAUDIT_CALL_H

#include "cloudaudit/client.h"
#include "cloudaudit/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- request --------------------------------------------------------------------------- */

/* The three texts end in NUL. */
struct caudit_header {
  const char *line; /* "Name: value" */
  struct caudit_str name;
  struct caudit_str value;
};

/* One signed HTTP request. Valid until the next request of the same call, empty once the call is
 * over. */
struct caudit_request {
  struct caudit_str action;
  struct caudit_str method;
  struct caudit_str url;
  struct caudit_str host;
  struct caudit_str body;
  const struct caudit_header *headers;
  size_t header_count;
  int64_t timestamp;
  bool direct;         /* for drivers: bypass any proxy; also set for plain http to loopback */
  size_t max_response; /* for drivers: maximum size of the response's body if below their own
                          limit; 0: none */
};

/* ---- response -------------------------------------------------------------------------- */

/* The Response object of a body: an error of the service or a success. Numbers in place of texts
 * count as their digits. */
struct caudit_envelope {
  bool well_formed; /* {"Response":{…}} with an Error that has a Code, or with a RequestId */
  struct caudit_str code; /* Response.Error.Code, absent on success */
  struct caudit_str message;
  struct caudit_str request_id;
  const char *problem;       /* why it is not well formed, a static text; else NULL */
  size_t problem_at;         /* the byte, from 1, of an error of syntax; else 0 */
  bool cut;                  /* the body ends within its document */
  struct caudit_str excerpt; /* the first words of a body that is not JSON at all */
};

/* The part of an HTTP response that a call looks at; zero it first. An absent header has data NULL.
 * A repeated one is present, but its value is neither a date, nor a number, nor an encoding. */
struct caudit_response {
  int status;
  struct caudit_str date;
  struct caudit_str age;
  struct caudit_str retry_after;
  struct caudit_str content_encoding;
  struct caudit_str content_type;
  bool until_close; /* no header gives the body's length: the connection's end may have cut it */
  struct caudit_envelope envelope;
};

/* Sets the headers of a response from its head: the status line and the header lines, with CRLF or
 * LF between them. Names are compared in any case, values are trimmed and borrowed from head. */
CAUDIT_API void caudit_response_read_head(struct caudit_response *response, struct caudit_str head);
/* The same for one header, for drivers that have split the head themselves: they set until_close
 * first, which a header that gives the length clears. False when value is not borrowed: a call does
 * not look at this header, or it was set before. */
CAUDIT_API bool caudit_response_add_header(struct caudit_response *response, struct caudit_str name,
                                           struct caudit_str value);
/* Removes the lines up to the next header from *head and sets its name and its trimmed value, both
 * borrowed. False at the end. */
CAUDIT_API bool caudit_head_next(struct caudit_str *head, struct caudit_str *name,
                                 struct caudit_str *value);

/* Reads a body into *out; its strings live in `text`, with escapes resolved. Returns 0, also for a
 * body that is not well formed, or the status of `text`: -CAUDIT_MEMORY or -CAUDIT_QUOTA. */
CAUDIT_API int caudit_envelope_read(struct caudit_str body, struct caudit_buf *text,
                                    struct caudit_envelope *out);
/* Reads an unsigned integer member of a body's Response, such as TrackId. False when it is absent
 * or of another type. */
CAUDIT_API bool caudit_envelope_uint64(struct caudit_str body, const char *member, uint64_t *out);
/* Returns 0 when the response is a success; otherwise sets err (kind, code, request_id,
 * http_status, outcome, retryable, message), which may be NULL, and returns -kind. `writes`: the
 * action changes something. */
CAUDIT_API int caudit_response_error(const struct caudit_response *response, bool writes,
                                     struct caudit_error *err);

/* The service's time in unix seconds, from a Date without an Age (a cache sends one). False when
 * there is none. */
CAUDIT_API bool caudit_response_time(const struct caudit_response *response, int64_t *out);

/* ---- call ------------------------------------------------------------------------------ */

/* The caller's clocks, and a random number in [0, 1) for jitter. */
struct caudit_now {
  int64_t monotonic_ms;
  int64_t unix_ms;
  double random;
};

enum caudit_next {
  CAUDIT_SEND,    /* send caudit_call_request within caudit_call_timeout_ms, report how it ended */
  CAUDIT_WAIT,    /* call again in caudit_call_timeout_ms */
  CAUDIT_REFRESH, /* the token was refused: set newer credentials if there are any, call again */
  CAUDIT_DONE     /* over: see caudit_call_error */
};

struct caudit_call;

/* *out becomes a call, to be freed, or NULL. params is the action's request struct, read before
 * this returns; `checked`: caudit_check comes first. Returns 0 or -kind. */
CAUDIT_API int caudit_call_new(struct caudit_call **out, struct caudit_client *client,
                               const struct caudit_action *action, const void *params, bool checked,
                               struct caudit_error *err);
/* The same for any action of CloudAudit 2019-03-19, known to the model or not: body is JSON text,
 * which is copied. The action counts as a write. */
CAUDIT_API int caudit_call_new_raw(struct caudit_call **out, struct caudit_client *client,
                                   struct caudit_str action, struct caudit_str body,
                                   struct caudit_error *err);
CAUDIT_API void caudit_call_free(struct caudit_call *call);

/* Signs the request for a given time without counting an attempt, for callers that send it
 * themselves; caudit_call_request then returns it. */
CAUDIT_API int caudit_call_prepare(struct caudit_call *call, int64_t unix_seconds,
                                   struct caudit_error *err);

/* Makes the deadline count from an earlier moment than the first caudit_call_next, for a call that
 * waited for credentials before. Ignored once the call has begun. */
CAUDIT_API void caudit_call_begin(struct caudit_call *call, int64_t monotonic_ms);
/* The next step of the call; see enum caudit_next. */
CAUDIT_API enum caudit_next caudit_call_next(struct caudit_call *call,
                                             const struct caudit_now *now);
/* The request of the last CAUDIT_SEND or caudit_call_prepare; belongs to the call. */
CAUDIT_API const struct caudit_request *caudit_call_request(const struct caudit_call *call);
/* Milliseconds left for the exchange after CAUDIT_SEND, or to wait after CAUDIT_WAIT. */
CAUDIT_API int64_t caudit_call_timeout_ms(const struct caudit_call *call);
/* The body of every request of the call, and the timestamp of the last one (0: none was built), for
 * finding out later whether it was carried out. Valid until the call is freed. */
CAUDIT_API struct caudit_str caudit_call_body(const struct caudit_call *call, int64_t *timestamp);
/* The exchange ended with a whole response. Returns 0 when it is a success, else -kind of the error
 * in it, whether or not a retry follows; -CAUDIT_MISUSE when no request is under way: the call then
 * stays as it is. */
CAUDIT_API int caudit_call_received(struct caudit_call *call,
                                    const struct caudit_response *response,
                                    const struct caudit_now *now);
/* The exchange failed. sent may be false only when no byte of the request was sent. Ignored when no
 * request is under way. */
CAUDIT_API void caudit_call_failed(struct caudit_call *call, enum caudit_kind kind, bool sent,
                                   struct caudit_str message, const struct caudit_now *now);
/* The error of a call that is over; NULL after a success. Belongs to the call. */
CAUDIT_API const struct caudit_error *caudit_call_error(const struct caudit_call *call);
/* The request id of the last response, absent when there is none. Belongs to the call. */
CAUDIT_API struct caudit_str caudit_call_request_id(const struct caudit_call *call);

#ifdef __cplusplus
}
#endif
#endif
