/* An HTTP and HTTPS server that queues complete requests until its owner responds to them. It
 * depends on neither Lua nor the emulator, and it calls no function of its owner. */
#ifndef CLOUDAUDIT_HTTPD_HTTPD_H
#define CLOUDAUDIT_HTTPD_HTTPD_H

#include "cloudaudit/base.h"

struct caudit_httpd;

struct caudit_httpd_options {
  const char *address; /* numeric, IPv4 or IPv6; NULL is 127.0.0.1 */
  uint16_t port;       /* 0: a free one */
  const char *cert;    /* PEM; with key: HTTPS. Borrowed until start returns. */
  const char *key;
  size_t max_body;  /* a longer body gets status 413 and is not queued, ... */
  bool queue_large; /* ... or is queued without it, as too_large */
  unsigned idle_s;  /* a connection that sends nothing for so long is closed; 0: never */
};

struct caudit_httpd_header {
  const char *name;
  const char *value;
};

/* Everything here belongs to the server and is valid until the request has its response. */
struct caudit_httpd_request {
  uint64_t id;
  uint64_t connection; /* number of the TCP connection, from 1 */
  const char *method;
  const char *target; /* path and query, unchanged from the request line */
  const char *peer;   /* address of the client */
  struct caudit_str body;
  const char *headers; /* name NUL value NUL ..., names in lower case */
  size_t header_count;
  bool too_large; /* the body was longer than max_body; it is empty here */
};

struct caudit_httpd_response {
  unsigned status;
  const struct caudit_httpd_header *headers;
  size_t header_count;
  struct caudit_str body;
  size_t send; /* bytes of the body to send; if fewer than body.len, the connection then closes */
};

/* 0 and a listening server, or -CAUDIT_CONFIG, -CAUDIT_CONNECT or -CAUDIT_MEMORY. */
int caudit_httpd_start(struct caudit_httpd **out, const struct caudit_httpd_options *options,
                       struct caudit_error *err);
/* Closes every connection; waiting requests get no response. server may be NULL. */
void caudit_httpd_stop(struct caudit_httpd *server);

uint16_t caudit_httpd_port(const struct caudit_httpd *server);
uint64_t caudit_httpd_connections(const struct caudit_httpd *server);

/* Runs the server. Waits at most timeout_ms for an event (-1: without limit), and not at all while
 * a request is queued. */
void caudit_httpd_step(struct caudit_httpd *server, int timeout_ms);
/* From now on step also returns when standard input is readable or at its end; input is
 * discarded. */
void caudit_httpd_watch_stdin(struct caudit_httpd *server);
bool caudit_httpd_stdin_closed(const struct caudit_httpd *server);
/* From now on step also returns when fd is readable, and woken is true after that. fd stays the
 * caller's; nothing is read from it. */
void caudit_httpd_wake_by(struct caudit_httpd *server, int fd);
bool caudit_httpd_woken(const struct caudit_httpd *server);

/* The oldest request that is not taken, or NULL. take marks it as taken. */
const struct caudit_httpd_request *caudit_httpd_peek(struct caudit_httpd *server);
void caudit_httpd_take(struct caudit_httpd *server, uint64_t id);

/* A request gets one response. -CAUDIT_MISUSE: no request with this id waits, or libmicrohttpd
 * refuses a header. */
int caudit_httpd_respond(struct caudit_httpd *server, uint64_t id,
                         const struct caudit_httpd_response *response, struct caudit_error *err);
/* Closes the connection before the first byte of a response. */
int caudit_httpd_cut(struct caudit_httpd *server, uint64_t id, struct caudit_error *err);

/* A throwaway CA and a server certificate signed by it (P-256), each written to its buffer as PEM.
 * names are DNS names and IP addresses; the CA's key is discarded. */
struct caudit_certificate {
  struct caudit_buf ca;
  struct caudit_buf cert;
  struct caudit_buf key;
};
int caudit_certificate_make(struct caudit_certificate *out, const struct caudit_str *names,
                            size_t count, int days, struct caudit_error *err);
void caudit_certificate_free(struct caudit_certificate *certificate);

#endif
