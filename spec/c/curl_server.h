/* A small HTTP server in the thread of the test: it acts only when called, so that the test
 * controls the order of events. The same response for every request with Content-Length 2 or none.
 */
#ifndef CURL_SERVER_H
#define CURL_SERVER_H

#include "cloudaudit/curl.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 16 };

struct server {
  int listener;
  int port;
  char url[64];
  const char *response; /* NULL: reads and does not respond */
  int accepted;
  int requests;
  int fds[MOST_CONNECTIONS];
  int served[MOST_CONNECTIONS];
  char tail[MOST_CONNECTIONS][4];
};

static inline bool server_open(struct server *server, int backlog, const char *response) {
  struct sockaddr_in address = {0};
  socklen_t size = sizeof address;
  memset(server, 0, sizeof *server);
  server->response = response;
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (server->listener < 0) return false;
  if (bind(server->listener, (struct sockaddr *)&address, sizeof address) != 0) return false;
  if (listen(server->listener, backlog) != 0) return false;
  if (fcntl(server->listener, F_SETFL, O_NONBLOCK) != 0) return false;
  if (getsockname(server->listener, (struct sockaddr *)&address, &size) != 0) return false;
  server->port = ntohs(address.sin_port);
  snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d/", server->port);
  return true;
}

static inline void server_close(struct server *server) {
  for (int i = 0; i < server->accepted; i++) close(server->fds[i]);
  close(server->listener);
}

/* A request ends two bytes after the empty line: every body here is "{}". */
static inline void server_read(struct server *server, int i) {
  char bytes[4096];
  ssize_t got = recv(server->fds[i], bytes, sizeof bytes, MSG_DONTWAIT);
  for (ssize_t at = 0; at < got; at++) {
    memmove(server->tail[i], server->tail[i] + 1, 3);
    server->tail[i][3] = bytes[at];
    if (memcmp(server->tail[i], "\n{}", 3) == 0 || memcmp(server->tail[i] + 1, "\n{}", 3) == 0) {
      memset(server->tail[i], 0, 4);
      server->requests++;
      server->served[i]++;
      if (server->response)
        send(server->fds[i], server->response, strlen(server->response), MSG_NOSIGNAL);
    }
  }
  for (size_t at = 0; at < sizeof bytes; at++)
    ((volatile char *)bytes)[at] = 0; /* see curl_memory_test.c */
}

/* Accepts, reads and responds to everything that has arrived so far. */
static inline void server_move(struct server *server) {
  int fd;
  while (server->accepted < MOST_CONNECTIONS && (fd = accept(server->listener, NULL, NULL)) >= 0)
    server->fds[server->accepted++] = fd;
  for (int i = 0; i < server->accepted; i++) server_read(server, i);
}

/* A request to that server with one header. */
static inline struct caudit_request request_to(const char *url,
                                               const struct caudit_header *header) {
  struct caudit_request request = {0};
  request.method = caudit_str("POST");
  request.url = caudit_str(url);
  request.body = caudit_str("{}");
  request.headers = header;
  request.header_count = header ? 1 : 0;
  return request;
}

/* Advances both sides until the transfer is over. */
static inline void finish(struct server *server, struct caudit_curl *curl,
                          struct caudit_transfer *transfer, struct caudit_exchange *out) {
  while (!caudit_transfer_done(transfer, out)) {
    caudit_curl_step(curl, 5);
    if (server) server_move(server);
  }
}

static const char OK[] = "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 2\r\n\r\n{}";

#endif
