/* The libcurl driver: one multi handle, stepped by the caller. Not thread-safe. */
#ifndef CLOUDAUDIT_CURL_H
#define CLOUDAUDIT_CURL_H

#include "cloudaudit/call.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero or absent members take the default in brackets. caudit_curl_new copies everything. */
struct caudit_curl_options {
  /* Certificate authorities to trust [the system's, where libcurl looks for them]; those of both
   * when both are given. */
  const char *ca_file; /* PEM file */
  const char *ca_path; /* directory of certificates under hashed names (openssl rehash) */
  const char *proxy;   /* URL [none] */
  bool proxy_from_env; /* libcurl reads the proxy environment variables */
  bool no_env;         /* libcurl ignores SSLKEYLOGFILE: decided by a process's first transport */
  int connect_timeout_ms; /* [3000] */
  size_t max_response;    /* maximum size of a body in bytes [16 MiB] */
  int max_connections;    /* maximum number of open ones; further exchanges wait [16] */
};

struct caudit_curl;
struct caudit_transfer;

/* The result of a finished exchange. Strings live until caudit_transfer_free. */
struct caudit_exchange {
  enum caudit_kind kind; /* CAUDIT_OK, or why a whole response is missing */
  bool sent;             /* false: no byte of the request was sent */
  const char *message;   /* of a failure, one line */
  const char *field;     /* the option that a failure is due to, such as max_response; NULL: none */
  int status;
  struct caudit_str head; /* status line and headers of the final response, CRLF between lines */
  struct caudit_str body;
};

/* *out becomes a transport, to be freed, or NULL. options and allocator may be NULL. Returns 0 or
 * -kind. */
CAUDIT_API int caudit_curl_new(struct caudit_curl **out, const struct caudit_curl_options *options,
                               const struct caudit_allocator *allocator, struct caudit_error *err);
/* Ends every transfer and connection. An open transfer ends as CAUDIT_CLOSED and still needs
 * caudit_transfer_free. */
CAUDIT_API void caudit_curl_free(struct caudit_curl *curl);

/* Starts an exchange; the request is copied. *out becomes the transfer, to be freed, or NULL.
 * Returns 0 or -kind; nothing was sent then. */
CAUDIT_API int caudit_curl_start(struct caudit_curl *curl, const struct caudit_request *request,
                                 int64_t timeout_ms, struct caudit_transfer **out,
                                 struct caudit_error *err);
/* Advances every transfer; waits at most timeout_ms for activity (0: does not wait). Returns the
 * number of transfers still under way. */
CAUDIT_API int caudit_curl_step(struct caudit_curl *curl, int timeout_ms);
CAUDIT_API int caudit_curl_pending(const struct caudit_curl *curl);

/* A descriptor to watch for the next step, for event loops. */
struct caudit_fd {
  int fd;
  bool read;
  bool write;
};
/* Fills up to capacity of them and returns how many there are; they change with every step. The
 * next step is due in *timeout_ms at the latest; -1: nothing is under way. */
CAUDIT_API size_t caudit_curl_fds(const struct caudit_curl *curl, struct caudit_fd *out,
                                  size_t capacity, int *timeout_ms);

/* True once the transfer is over; out, which may be NULL, is then filled. */
CAUDIT_API bool caudit_transfer_done(struct caudit_transfer *transfer, struct caudit_exchange *out);
/* Ends a transfer that is under way as CAUDIT_CANCELLED, with `sent` set; no effect on one that is
 * over. */
CAUDIT_API void caudit_transfer_cancel(struct caudit_transfer *transfer);
/* Also ends a transfer that is under way, without waiting. NULL is allowed. */
CAUDIT_API void caudit_transfer_free(struct caudit_transfer *transfer);
/* The trimmed value of a header in a head, borrowed from it: of the first when it is repeated,
 * absent when there is none. The name is compared in any case. */
CAUDIT_API struct caudit_str caudit_head_value(struct caudit_str head, const char *name);

/* Advances a call and every transfer of the transport; waits at most timeout_ms (0: does not wait).
 * *transfer, NULL at first, is the exchange under way: free it, and the call, to give up. True when
 * the call is over: see caudit_call_error; the last response's body is in *body. An expired token
 * is not refreshed. */
CAUDIT_API bool caudit_curl_advance(struct caudit_curl *curl, struct caudit_call *call,
                                    struct caudit_transfer **transfer, struct caudit_buf *body,
                                    int timeout_ms);

/* Runs a call to the end: the blocking loop over caudit_curl_advance. Returns 0, with the
 * response's body in *body, or -kind, with *body empty. The caller owns *body. */
CAUDIT_API int caudit_curl_run(struct caudit_curl *curl, struct caudit_call *call,
                               struct caudit_buf *body, struct caudit_error *err);

#ifdef __cplusplus
}
#endif
#endif
