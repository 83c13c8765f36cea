/* HTTP/1.1 for hosts with sockets of their own: one exchange on buffers. It writes the bytes of a
 * request, keeps count of those that may have left, and reads the response piece by piece, strictly
 * and within bounds. No I/O: the host connects, sends, receives and keeps the time. */
#ifndef CLOUDAUDIT_HTTP1_H
#define CLOUDAUDIT_HTTP1_H

#include "cloudaudit/call.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- where to connect ------------------------------------------------------------------ */

/* The parts of an absolute URL, borrowed from it. */
struct caudit_http1_url {
  bool tls;
  int port;
  struct caudit_str host;      /* an IPv6 address without brackets */
  struct caudit_str authority; /* host and port as they stand in the URL */
  struct caudit_str target;    /* path and query; may be empty or begin with ? */
};
/* Reads http://host[:port][path] or https://…. Anything else (a user, a fragment, blanks, bytes
 * that are not printable ASCII) is CAUDIT_CONFIG. Returns 0 or -kind; err may be NULL. */
CAUDIT_API int caudit_http1_url_read(struct caudit_str text, struct caudit_http1_url *out,
                                     struct caudit_error *err);

/* ---- one exchange ---------------------------------------------------------------------- */

/* Zero members take the default in brackets, in bytes. */
struct caudit_http1_limits {
  size_t max_head; /* the head, with interim heads and trailers [64 KiB] */
  size_t max_body; /* [16 MiB]; the request's max_response counts if it is lower */
};

enum caudit_http1_event {
  CAUDIT_HTTP1_MORE, /* all bytes were read, and more are needed */
  CAUDIT_HTTP1_HEAD, /* the final head is there: status, until_close, caudit_http1_head */
  CAUDIT_HTTP1_BODY, /* some bytes of the body */
  CAUDIT_HTTP1_END   /* the response is complete: keep */
};

/* The caller's memory. status, until_close and keep are public, the rest is internal. */
struct caudit_http1 {
  int status;       /* of the response, from CAUDIT_HTTP1_HEAD on */
  bool until_close; /* the body has no length: the connection's end may have cut it */
  bool keep;        /* after the end: the connection may be used for another request */
  bool bodiless;    /* the response to this request has no body */
  bool modern;      /* HTTP/1.1 */
  bool persistent;  /* the head allows another request */
  unsigned char state;
  unsigned char mark;       /* place in the line of a chunk's length */
  unsigned short mark_at;   /* its bytes so far */
  unsigned short digits;    /* the digits of that length */
  struct caudit_buf output; /* the request */
  size_t sent;              /* bytes that have left */
  size_t given;             /* bytes that may have left */
  struct caudit_buf lines;  /* heads and trailers */
  size_t line;              /* where the line begins that is being read */
  size_t head;              /* where the head begins that is being read, or the final one */
  size_t head_len;          /* of the final head, else 0 */
  uint64_t max_body;
  uint64_t size; /* bytes of the body so far */
  uint64_t left; /* bytes to come of the body, or of the chunk */
};

/* Starts an exchange: writes the request's bytes, which are copied. Host comes from the URL unless
 * the headers have it; Content-Length is added, and Accept and User-Agent unless they are given;
 * GET and HEAD have no body. Returns 0 or -kind, then with nothing to free: CAUDIT_MISUSE,
 * CAUDIT_CONFIG (the URL) or CAUDIT_MEMORY; err->field names the member of the request. allocator,
 * limits and err may be NULL. */
CAUDIT_API int caudit_http1_begin(struct caudit_http1 *exchange,
                                  const struct caudit_request *request,
                                  const struct caudit_http1_limits *limits,
                                  const struct caudit_allocator *allocator,
                                  struct caudit_error *err);
/* The same in the memory of an exchange that was begun before, which ends. */
CAUDIT_API int caudit_http1_again(struct caudit_http1 *exchange,
                                  const struct caudit_request *request,
                                  const struct caudit_http1_limits *limits,
                                  struct caudit_error *err);
/* Ends the exchange and overwrites its bytes; of each buffer at most 16 KiB stay, for
 * caudit_http1_again. */
CAUDIT_API void caudit_http1_clear(struct caudit_http1 *exchange);
/* Frees the memory, and overwrites it. May be called again. */
CAUDIT_API void caudit_http1_free(struct caudit_http1 *exchange);

/* The bytes that are still to be sent, borrowed; empty once all have left. From now on they count
 * as bytes that may have left, until caudit_http1_sent tells how many did. */
CAUDIT_API struct caudit_str caudit_http1_output(struct caudit_http1 *exchange);
/* Exactly `count` bytes of that output have left; the others have not. */
CAUDIT_API void caudit_http1_sent(struct caudit_http1 *exchange, size_t count);
/* Whether a byte of the request may have left. */
CAUDIT_API bool caudit_http1_may_have_left(const struct caudit_http1 *exchange);

/* Reads from the front of *data, removes what was read, and returns the next event; call again
 * until it is CAUDIT_HTTP1_MORE or CAUDIT_HTTP1_END. *piece is set for CAUDIT_HTTP1_BODY, borrowed
 * from data. Bytes that follow the response stay in *data. Returns -kind for bytes that are no
 * valid response: CAUDIT_PROTOCOL (err->field is max_response for a body longer than allowed) or
 * CAUDIT_MEMORY; err->outcome is CAUDIT_NOT_SENT or CAUDIT_UNKNOWN. err may be NULL. */
CAUDIT_API int caudit_http1_read(struct caudit_http1 *exchange, struct caudit_str *data,
                                 struct caudit_str *piece, struct caudit_error *err);
/* The peer has closed its end: CAUDIT_HTTP1_END when that completes the response, else
 * -CAUDIT_TRANSPORT. */
CAUDIT_API int caudit_http1_closed(struct caudit_http1 *exchange, struct caudit_error *err);
/* The final head, with its last empty line: for caudit_response_read_head. Borrowed until the next
 * call of caudit_http1_read; empty before CAUDIT_HTTP1_HEAD. */
CAUDIT_API struct caudit_str caudit_http1_head(const struct caudit_http1 *exchange);

#ifdef __cplusplus
}
#endif
#endif
