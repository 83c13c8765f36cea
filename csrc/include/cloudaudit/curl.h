/* The libcurl driver: one multi handle, stepped by the host. Not for two threads at once. */
#ifndef CLOUDAUDIT_CURL_H
#define CLOUDAUDIT_CURL_H

#include "cloudaudit/call.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero or absent members take the default in brackets. Everything is copied. */
struct caudit_curl_options {
  const char *ca_file;    /* PEM file [libcurl's own] */
  const char *proxy;      /* URL [none] */
  bool proxy_from_env;    /* let libcurl read the proxy variables */
  int connect_timeout_ms; /* [3000] */
  size_t max_response;    /* bytes of a body [1 MiB] */
  int max_connections;    /* open at the most; what needs more waits its turn [16] */
};

struct caudit_curl;
struct caudit_transfer;

/* What a finished exchange brought. Strings live until caudit_transfer_free. */
struct caudit_exchange {
  enum caudit_kind kind; /* CAUDIT_OK, or why there is no whole response */
  bool sent;             /* false: surely no byte of the request left */
  const char *message;   /* of a failure, one line */
  int status;
  struct caudit_str head; /* status line and headers of the final response, CRLF between lines */
  struct caudit_str body;
};

CAUDIT_API int caudit_curl_new(struct caudit_curl **out, const struct caudit_curl_options *options,
                               const struct caudit_allocator *allocator, struct caudit_error *err);
/* Ends every transfer and connection. A transfer that is still open ends as CAUDIT_CLOSED and
 * waits for its own caudit_transfer_free. */
CAUDIT_API void caudit_curl_free(struct caudit_curl *curl);

/* Starts an exchange; the request is copied. */
CAUDIT_API int caudit_curl_start(struct caudit_curl *curl, const struct caudit_request *request,
                                 int64_t timeout_ms, struct caudit_transfer **out,
                                 struct caudit_error *err);
/* Moves every transfer on; waits at most timeout_ms for something to move (0: not at all). Returns
 * how many are still under way. */
CAUDIT_API int caudit_curl_step(struct caudit_curl *curl, int timeout_ms);
CAUDIT_API int caudit_curl_pending(const struct caudit_curl *curl);

/* A descriptor that a loop of the host's should watch for the next step. */
struct caudit_fd {
  int fd;
  bool read;
  bool write;
};
/* Fills up to capacity of them and returns how many there are; they change with every step.
 * *timeout_ms: the next step is due by then at the latest, -1 when nothing is under way. */
CAUDIT_API size_t caudit_curl_fds(const struct caudit_curl *curl, struct caudit_fd *out,
                                  size_t capacity, int *timeout_ms);

/* True once it is over; out is then filled. */
CAUDIT_API bool caudit_transfer_done(struct caudit_transfer *transfer, struct caudit_exchange *out);
/* Ends a transfer that is under way as CAUDIT_CANCELLED; its `sent` tells whether anything left. */
CAUDIT_API void caudit_transfer_cancel(struct caudit_transfer *transfer);
/* Also ends a transfer that is under way; never waits for it. */
CAUDIT_API void caudit_transfer_free(struct caudit_transfer *transfer);
/* The trimmed value of a header in a head, borrowed from it: of the first when it is repeated,
 * absent when there is none. The name is compared in any case. */
CAUDIT_API struct caudit_str caudit_head_value(struct caudit_str head, const char *name);

/* Moves a call on and waits at most timeout_ms (0: not at all, for a frame of a game). Starts what
 * is due, moves every transfer, tells the call what came. *transfer, NULL at first, is the exchange
 * that is under way: free it, and the call, to give up. True when the call is over:
 * caudit_call_error tells how, and the answer's body is in *body. A token that has run out is not
 * replaced. */
CAUDIT_API bool caudit_curl_advance(struct caudit_curl *curl, struct caudit_call *call,
                                    struct caudit_transfer **transfer, struct caudit_buf *body,
                                    int timeout_ms);

/* Runs a call to its end: the blocking loop over caudit_curl_advance. Returns 0 or -kind; *body (of
 * the answer) is owned by the caller. */
CAUDIT_API int caudit_curl_run(struct caudit_curl *curl, struct caudit_call *call,
                               struct caudit_buf *body, struct caudit_error *err);

#ifdef __cplusplus
}
#endif
#endif
