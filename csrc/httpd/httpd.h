/* The emulator's HTTP and HTTPS server: it queues complete requests and answers them when told to.
 * It knows nothing of Lua and nothing of the emulator; no function here is called back from it. */
#ifndef CLOUDAUDIT_EMULATOR_HTTPD_H
#define CLOUDAUDIT_EMULATOR_HTTPD_H

#include "cloudaudit/base.h"

struct caudit_httpd;

struct caudit_httpd_options {
  const char *address; /* numeric, IPv4 or IPv6; NULL is 127.0.0.1 */
  uint16_t port;       /* 0 takes a free one */
  const char *cert;    /* PEM; with key: HTTPS. Borrowed until start returns. */
  const char *key;
  size_t max_body; /* a longer body is answered 413 and never queued */
};

struct caudit_httpd_header {
  const char *name;
  const char *value;
};

/* Everything here belongs to the server and stays until the request is answered. */
struct caudit_httpd_request {
  uint64_t id;
  uint64_t connection; /* which TCP connection, counted from 1 */
  const char *method;
  const char *target; /* the path and the query, as they stood in the request line */
  const char *peer;   /* the other end's address */
  struct caudit_str body;
  const char *headers; /* name NUL value NUL ..., names in lower case */
  size_t header_count;
};

struct caudit_httpd_reply {
  unsigned status;
  const struct caudit_httpd_header *headers;
  size_t header_count;
  struct caudit_str body;
  size_t send; /* bytes of the body that leave; fewer than body.len: then the connection closes */
};

/* 0 and a listening server, or -CAUDIT_CONFIG, -CAUDIT_CONNECT or -CAUDIT_MEMORY. */
int caudit_httpd_start(struct caudit_httpd **out, const struct caudit_httpd_options *options,
                       struct caudit_error *err);
/* Closes every connection; requests that wait for an answer get none. NULL is fine. */
void caudit_httpd_stop(struct caudit_httpd *server);

uint16_t caudit_httpd_port(const struct caudit_httpd *server);
uint64_t caudit_httpd_connections(const struct caudit_httpd *server);

/* Moves everything on. Waits at most timeout_ms for something to happen (-1: as long as it takes),
 * not at all while a request is queued. */
void caudit_httpd_step(struct caudit_httpd *server, int timeout_ms);
/* From now on step also wakes when standard input has something or ends; what it has is thrown
 * away. */
void caudit_httpd_watch_stdin(struct caudit_httpd *server);
bool caudit_httpd_stdin_closed(const struct caudit_httpd *server);

/* The oldest request that was not taken yet, NULL when there is none. take marks it as taken. */
const struct caudit_httpd_request *caudit_httpd_peek(struct caudit_httpd *server);
void caudit_httpd_take(struct caudit_httpd *server, uint64_t id);

/* Each request is answered once. -CAUDIT_MISUSE: no such request waits, or MHD refuses a header. */
int caudit_httpd_answer(struct caudit_httpd *server, uint64_t id,
                        const struct caudit_httpd_reply *reply, struct caudit_error *err);
/* Closes the connection without a byte of an answer. */
int caudit_httpd_cut(struct caudit_httpd *server, uint64_t id, struct caudit_error *err);

/* A throwaway CA and a server certificate signed by it, P-256, each PEM appended to its buffer.
 * names are DNS names and IP addresses; the CA's key is forgotten. */
struct caudit_certificate {
  struct caudit_buf ca;
  struct caudit_buf cert;
  struct caudit_buf key;
};
int caudit_certificate_make(struct caudit_certificate *out, const struct caudit_str *names,
                            size_t count, int days, struct caudit_error *err);
void caudit_certificate_free(struct caudit_certificate *certificate);

#endif
