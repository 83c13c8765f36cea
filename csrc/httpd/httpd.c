/* The libmicrohttpd daemon with external polling, and the responses. A response is queued by
 * request.c when its connection resumes; only step blocks. */
#include "httpd/internal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* epoll is Linux's alone; elsewhere libmicrohttpd's descriptors are selected. */
#if defined(__linux__) && !defined(CAUDIT_PORTABLE)
enum { POLLING = MHD_USE_EPOLL };
#else
#include <sys/select.h>
enum { POLLING = 0 };
#endif

/* ---- starting and stopping --------------------------------------------------------------- */

static void on_connection(void *ud, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code) {
  struct caudit_httpd *server = ud;
  (void)connection;
  if (code == MHD_CONNECTION_NOTIFY_STARTED) *context = (void *)(uintptr_t)++server->connections;
}

static void on_log(void *ud, const char *format, va_list args) {
  struct caudit_httpd *server = ud;
  (void)vsnprintf(server->problem, sizeof server->problem, format, args);
  server->problem[strcspn(server->problem, "\r\n")] = '\0';
}

struct address {
  struct sockaddr_storage storage;
  bool v6;
};

static bool read_address(const char *text, uint16_t port, struct address *out) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  memset(out, 0, sizeof *out);
  if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
    memcpy(&out->storage, &v4, sizeof v4);
    return true;
  }
  if (inet_pton(AF_INET6, text, &v6.sin6_addr) != 1) return false;
  memcpy(&out->storage, &v6, sizeof v6);
  out->v6 = true;
  return true;
}

static struct MHD_Daemon *start_daemon(struct caudit_httpd *server,
                                       const struct caudit_httpd_options *options,
                                       struct address *address) {
  union {
    const char *in;
    void *out;
  } cert = {options->cert}, key = {options->key};
  struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, cert.out},
                                 {MHD_OPTION_HTTPS_MEM_KEY, 0, key.out},
                                 {MHD_OPTION_END, 0, NULL}};
  if (!options->cert) tls[0].option = MHD_OPTION_END;
  /* A response has the Date header that it was given, or none. */
  unsigned flags = (unsigned)POLLING | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                   MHD_USE_SUPPRESS_DATE_NO_CLOCK;
  if (address->v6) flags |= MHD_USE_IPv6;
  if (options->cert) flags |= MHD_USE_TLS;
  return MHD_start_daemon(
      flags, options->port, NULL, NULL, caudit_httpd_on_request, server, MHD_OPTION_EXTERNAL_LOGGER,
      on_log, server, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address->storage,
      MHD_OPTION_URI_LOG_CALLBACK, caudit_httpd_on_target, server, MHD_OPTION_NOTIFY_COMPLETED,
      caudit_httpd_on_completed, server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CAUDIT_HTTPD_MAX_HEADERS,
      MHD_OPTION_CONNECTION_TIMEOUT, options->idle_s, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

int caudit_httpd_start(struct caudit_httpd **out, const struct caudit_httpd_options *options,
                       struct caudit_error *err) {
  const char *name = options->address ? options->address : "127.0.0.1";
  struct address address;
  if (!read_address(name, options->port, &address))
    return caudit_fail(err, CAUDIT_CONFIG, "'%s' is not a numeric address", name);
  struct caudit_httpd *server = calloc(1, sizeof *server);
  if (!server) return caudit_fail(err, CAUDIT_MEMORY, "not enough memory");
  server->max_body = options->max_body;
  server->queue_large = options->queue_large;
  server->wake_fd = -1;
  errno = 0;
  server->daemon = start_daemon(server, options, &address);
  if (!server->daemon) {
    const char *why = server->problem[0] ? server->problem : strerror(errno);
    caudit_fail(err, CAUDIT_CONNECT, "cannot listen on %s port %u: %s", name,
                (unsigned)options->port, why);
    free(server);
    return -CAUDIT_CONNECT;
  }
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
  server->port = info ? info->port : 0;
  *out = server;
  return 0;
}

void caudit_httpd_stop(struct caudit_httpd *server) {
  if (!server) return;
  /* libmicrohttpd must not be stopped while a connection is suspended. */
  for (struct request *request = server->requests; request; request = request->next) {
    if (request->state == ANSWERED) continue;
    request->state = ANSWERED;
    MHD_resume_connection(request->connection);
  }
  MHD_stop_daemon(server->daemon);
  free(server);
}

uint16_t caudit_httpd_port(const struct caudit_httpd *server) {
  return server->port;
}

uint64_t caudit_httpd_connections(const struct caudit_httpd *server) {
  return server->connections;
}

/* ---- stepping ---------------------------------------------------------------------------- */

static void read_stdin(struct caudit_httpd *server) {
  char scratch[512];
  ssize_t got = read(STDIN_FILENO, scratch, sizeof scratch);
  if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) server->stdin_closed = true;
}

#if defined(__linux__) && !defined(CAUDIT_PORTABLE)
/* Waits for libmicrohttpd, for the standard input if `watch`, and for wake_fd; then libmicrohttpd
 * works. */
static void wait_and_run(struct caudit_httpd *server, bool watch, int timeout_ms) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  /* poll passes over negative descriptors. */
  struct pollfd fds[3] = {{info ? info->epoll_fd : -1, POLLIN, 0},
                          {watch ? STDIN_FILENO : -1, POLLIN, 0},
                          {server->wake_fd, POLLIN, 0}};
  if (poll(fds, 3, timeout_ms) > 0) {
    if (fds[1].revents != 0) read_stdin(server);
    if (fds[2].revents != 0) server->woken = true;
  }
  MHD_run(server->daemon);
}
#else
static void wait_and_run(struct caudit_httpd *server, bool watch, int timeout_ms) {
  fd_set reads, writes, others;
  MHD_socket most = STDIN_FILENO;
  struct timeval time = {timeout_ms / 1000, (suseconds_t)(timeout_ms % 1000) * 1000};
  FD_ZERO(&reads);
  FD_ZERO(&writes);
  FD_ZERO(&others);
  MHD_get_fdset(server->daemon, &reads, &writes, &others, &most);
  if (watch) FD_SET(STDIN_FILENO, &reads);
  if (server->wake_fd >= 0) FD_SET(server->wake_fd, &reads);
  if (server->wake_fd > most) most = server->wake_fd;
  if (select(most + 1, &reads, &writes, &others, timeout_ms < 0 ? NULL : &time) < 0) return;
  if (watch && FD_ISSET(STDIN_FILENO, &reads)) read_stdin(server);
  if (server->wake_fd >= 0 && FD_ISSET(server->wake_fd, &reads)) server->woken = true;
  MHD_run_from_select(server->daemon, &reads, &writes, &others);
}
#endif

void caudit_httpd_step(struct caudit_httpd *server, int timeout_ms) {
  MHD_UNSIGNED_LONG_LONG due;
  if (caudit_httpd_peek(server)) timeout_ms = 0;
  if (MHD_get_timeout(server->daemon, &due) == MHD_YES &&
      (timeout_ms < 0 || due < (MHD_UNSIGNED_LONG_LONG)timeout_ms))
    timeout_ms = due > INT_MAX ? INT_MAX : (int)due;
  wait_and_run(server, server->watch_stdin && !server->stdin_closed, timeout_ms);
}

void caudit_httpd_watch_stdin(struct caudit_httpd *server) {
  server->watch_stdin = true;
}

void caudit_httpd_wake_by(struct caudit_httpd *server, int fd) {
  server->wake_fd = fd;
}

bool caudit_httpd_woken(const struct caudit_httpd *server) {
  return server->woken;
}

bool caudit_httpd_stdin_closed(const struct caudit_httpd *server) {
  return server->stdin_closed;
}

/* ---- responding -------------------------------------------------------------------------- */

static struct request *find(struct caudit_httpd *server, uint64_t id) {
  for (struct request *request = server->requests; request; request = request->next)
    if (request->view.id == id && request->state != ANSWERED) return request;
  return NULL;
}

const struct caudit_httpd_request *caudit_httpd_peek(struct caudit_httpd *server) {
  for (struct request *request = server->requests; request; request = request->next)
    if (request->state == QUEUED) return &request->view;
  return NULL;
}

void caudit_httpd_take(struct caudit_httpd *server, uint64_t id) {
  struct request *request = find(server, id);
  if (request) request->state = TAKEN;
}

/* The body of a response that is cut short. */
struct partial {
  size_t len;
  char bytes[];
};

static ssize_t read_partial(void *ud, uint64_t at, char *out, size_t room) {
  const struct partial *partial = ud;
  if (at >= partial->len) return MHD_CONTENT_READER_END_WITH_ERROR;
  size_t len = partial->len - (size_t)at;
  if (len > room) len = room;
  memcpy(out, partial->bytes + at, len);
  return (ssize_t)len;
}

static struct MHD_Response *make_partial(const struct caudit_httpd_response *given) {
  struct partial *partial = malloc(sizeof *partial + given->send);
  if (!partial) return NULL;
  partial->len = given->send;
  if (given->send > 0) memcpy(partial->bytes, given->body.data, given->send);
  struct MHD_Response *response =
      MHD_create_response_from_callback(given->body.len, 1u << 14, read_partial, partial, free);
  if (!response) free(partial);
  return response;
}

static struct MHD_Response *make_response(const struct caudit_httpd_response *given) {
  if (given->send < given->body.len) return make_partial(given);
  union {
    const char *in;
    void *out;
  } body = {given->body.data};
  return MHD_create_response_from_buffer(given->body.len, body.out, MHD_RESPMEM_MUST_COPY);
}

int caudit_httpd_respond(struct caudit_httpd *server, uint64_t id,
                         const struct caudit_httpd_response *given, struct caudit_error *err) {
  struct request *request = find(server, id);
  if (!request)
    return caudit_fail(err, CAUDIT_MISUSE, "no request with this id waits for a response");
  struct MHD_Response *response = make_response(given);
  if (!response) return caudit_fail(err, CAUDIT_MEMORY, "not enough memory");
  for (size_t i = 0; i < given->header_count; i++) {
    const struct caudit_httpd_header *header = &given->headers[i];
    if (MHD_add_response_header(response, header->name, header->value) == MHD_YES) continue;
    MHD_destroy_response(response);
    return caudit_fail(err, CAUDIT_MISUSE, "headers: libmicrohttpd refuses %s", header->name);
  }
  request->response = response;
  request->status = given->status;
  request->state = ANSWERED;
  MHD_resume_connection(request->connection);
  return 0;
}

int caudit_httpd_cut(struct caudit_httpd *server, uint64_t id, struct caudit_error *err) {
  struct request *request = find(server, id);
  if (!request)
    return caudit_fail(err, CAUDIT_MISUSE, "no request with this id waits for a response");
  request->state = ANSWERED;
  MHD_resume_connection(request->connection);
  return 0;
}
