/* Shared by the two halves of the server only: request.c receives requests, httpd.c runs the daemon
 * and responds. */
#ifndef CLOUDAUDIT_HTTPD_INTERNAL_H
#define CLOUDAUDIT_HTTPD_INTERNAL_H

#include "httpd/httpd.h"

#include <arpa/inet.h>
#include <microhttpd.h>

enum { CAUDIT_HTTPD_MAX_HEADERS = 256 * 1024, CAUDIT_HTTPD_MAX_TARGET = 64 * 1024 };

/* All bodies in memory together, in units of the longest one. */
enum { CAUDIT_HTTPD_MAX_BODIES = 6 };

enum state { READING, QUEUED, TAKEN, ANSWERED };

struct request {
  struct caudit_httpd_request view;
  struct caudit_httpd *server;
  struct request *next; /* in the server's list, from QUEUED on */
  struct MHD_Connection *connection;
  struct MHD_Response *response; /* when ANSWERED; NULL closes the connection */
  unsigned status;
  enum state state;
  size_t swallowed; /* bytes of a body beyond max_body */
  size_t held;      /* bytes of the body that the server counts */
  struct caudit_buf body;
  struct caudit_buf headers;
  struct caudit_buf target;
  char method[16];
  char peer[INET6_ADDRSTRLEN];
};

struct caudit_httpd {
  struct MHD_Daemon *daemon;
  struct request *requests; /* queued and taken ones, oldest first */
  uint64_t last_id;
  uint64_t connections;
  size_t max_body;
  uint16_t port;
  bool watch_stdin;
  bool stdin_closed;
  bool queue_large;
  int wake_fd; /* -1: none */
  bool woken;
  size_t held;       /* bytes of all bodies in memory */
  char problem[256]; /* libmicrohttpd's last error message */
};

/* libmicrohttpd's callbacks; ud is the server. */
void *caudit_httpd_on_target(void *ud, const char *target, struct MHD_Connection *connection);
enum MHD_Result caudit_httpd_on_request(void *ud, struct MHD_Connection *connection,
                                        const char *url, const char *method, const char *version,
                                        const char *data, size_t *data_len, void **state);
void caudit_httpd_on_completed(void *ud, struct MHD_Connection *connection, void **state,
                               enum MHD_RequestTerminationCode code);

#endif
