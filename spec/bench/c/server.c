/* A minimal keep-alive HTTP server with one canned response, cheap enough to measure the client.
 * Prints its port and serves until its standard input ends. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 64, REQUEST = 16384 };

struct connection {
  size_t len;
  char data[REQUEST];
};

static struct pollfd fds[CONNECTIONS + 2];
static struct connection *connections[CONNECTIONS + 2];
static nfds_t count = 2;

#define BODY "{\"Response\":{\"TrackId\":1,\"RequestId\":\"2d4a7fba-bba8-452e-a99e-ccf11fdaa583\"}}"
static char answer[512];
static size_t answer_len;

/* The length of the first complete request, 0 while it is incomplete. */
static size_t whole_request(const struct connection *c) {
  const char *end = memmem(c->data, c->len, "\r\n\r\n", 4);
  if (!end) return 0;
  const char *length = strcasestr(c->data, "\r\ncontent-length:");
  size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
  size_t all = (size_t)(end + 4 - c->data) + body;
  return c->len >= all ? all : 0;
}

static void drop(nfds_t i) {
  close(fds[i].fd);
  free(connections[i]);
  count--;
  fds[i] = fds[count];
  connections[i] = connections[count];
}

static void serve(nfds_t i) {
  struct connection *c = connections[i];
  ssize_t got = recv(fds[i].fd, c->data + c->len, sizeof c->data - 1 - c->len, 0);
  if (got <= 0) {
    drop(i);
    return;
  }
  c->len += (size_t)got;
  c->data[c->len] = '\0';
  for (size_t all; (all = whole_request(c)) > 0;) {
    if (send(fds[i].fd, answer, answer_len, MSG_NOSIGNAL) < 0) break;
    memmove(c->data, c->data + all, c->len - all + 1);
    c->len -= all;
  }
}

static void admit(int listener) {
  int fd = accept(listener, NULL, NULL), one = 1;
  if (fd < 0) return;
  if (count == sizeof fds / sizeof *fds) {
    close(fd);
    return;
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  connections[count] = calloc(1, sizeof **connections);
  fds[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 64) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &size) != 0)
    return 1;
  answer_len = (size_t)snprintf(answer, sizeof answer,
                                "HTTP/1.1 200 OK\r\nServer: nginx\r\n"
                                "Date: Fri, 21 Aug 2026 03:14:15 GMT\r\n"
                                "Content-Type: application/json\r\nContent-Length: %zu\r\n"
                                "Connection: keep-alive\r\n\r\n%s",
                                sizeof BODY - 1, BODY);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  fds[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
  fds[1] = (struct pollfd){.fd = listener, .events = POLLIN};
  while (poll(fds, count, -1) > 0) {
    if (fds[0].revents) return 0;
    for (nfds_t i = count; i-- > 2;)
      if (fds[i].revents) serve(i);
    if (fds[1].revents) admit(listener);
  }
  return 0;
}
