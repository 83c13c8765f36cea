/* The sockets of a transport, so that a kept connection is checked before a request is sent on it.
 * Only peeks: unread bytes belong to libcurl. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Two addresses that are tried at once, and one that a response still arrives on. */
enum { SOCKETS_PER_TRANSFER = 4 };

int caudit_sockets_reserve(struct caudit_curl *curl) {
  size_t need = curl->socket_count + SOCKETS_PER_TRANSFER * ((size_t)curl->pending + 1);
  if (need <= curl->socket_capacity) return 0;
  size_t capacity = need * 2;
  struct caudit_socket *sockets =
      caudit_memory(&curl->allocator, curl->sockets, curl->socket_capacity * sizeof *sockets,
                    capacity * sizeof *sockets);
  if (!sockets) return -CAUDIT_MEMORY;
  curl->sockets = sockets;
  curl->socket_capacity = capacity;
  return 0;
}

/* Created non-blocking: libcurl ignores a failure to change that later. */
static int open_socket(const struct curl_sockaddr *address) {
#if defined(SOCK_CLOEXEC) && defined(SOCK_NONBLOCK)
  return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                address->protocol);
#else
  int fd = socket(address->family, address->socktype, address->protocol);
  if (fd < 0) return fd;
  int flags = fcntl(fd, F_GETFL);
  if (flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
      fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
    return fd;
  close(fd);
  return -1;
#endif
}

static bool is_loopback(const struct curl_sockaddr *address) {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } copy;
  memset(&copy, 0, sizeof copy);
  memcpy(&copy, &address->addr, address->addrlen < sizeof copy ? address->addrlen : sizeof copy);
  if (address->family == AF_INET) return ntohl(copy.v4.sin_addr.s_addr) >> 24 == 127;
  return address->family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&copy.v6.sin6_addr);
}

/* Whether the transfer's connection goes to its host, not to a proxy. */
static bool goes_there(const struct caudit_transfer *transfer) {
  return transfer->direct || (!transfer->curl->proxy && !transfer->curl->proxy_from_env);
}

/* localhost means loopback, whatever a resolver says: libcurl before 7.85 asks it for names under
 * localhost. */
curl_socket_t caudit_on_socket(void *ud, curlsocktype purpose, struct curl_sockaddr *address) {
  (void)purpose;
  struct caudit_transfer *transfer = ud;
  struct caudit_curl *curl = transfer->curl;
  if (transfer->localhost && goes_there(transfer) && !is_loopback(address)) return CURL_SOCKET_BAD;
  int fd = open_socket(address);
  if (fd < 0 && (errno == EMFILE || errno == ENFILE)) transfer->no_socket = true;
  transfer->connected = true;
  if (fd >= 0 && curl->socket_count < curl->socket_capacity) {
    struct caudit_socket *at = &curl->sockets[curl->socket_count++];
    memset(at, 0, sizeof *at);
    at->fd = fd;
  }
  return fd;
}

int caudit_on_close(void *ud, curl_socket_t fd) {
  struct caudit_curl *curl = ud;
  for (size_t i = 0; i < curl->socket_count; i++)
    if (curl->sockets[i].fd == fd) {
      curl->sockets[i] = curl->sockets[--curl->socket_count];
      break;
    }
  return close(fd);
}

static int look_up_port(curl_socket_t fd) {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
  } address;
  socklen_t len = sizeof address;
  memset(&address, 0, sizeof address);
  if (getsockname(fd, &address.any, &len) != 0) return -1;
  return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

static bool has_port(struct caudit_socket *at, int port) {
  if (at->local_port == 0) at->local_port = look_up_port(at->fd);
  return at->local_port == port;
}

/* Open and nothing to read. A TLS server that closes sends close_notify, which makes the socket
 * readable. */
static bool is_quiet(curl_socket_t fd) {
  char byte;
  return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

bool caudit_sockets_quiet(struct caudit_curl *curl, int port) {
  for (size_t i = 0; i < curl->socket_count; i++) {
    struct caudit_socket *at = &curl->sockets[i];
    /* Sockets to different servers may share a port; a needless new connection is better than a
     * dead one. */
    if (has_port(at, port) && (at->failed || !is_quiet(at->fd))) return false;
  }
  return true;
}

void caudit_sockets_failed(struct caudit_curl *curl, int port) {
  for (size_t i = 0; i < curl->socket_count; i++)
    if (has_port(&curl->sockets[i], port)) curl->sockets[i].failed = true;
}
