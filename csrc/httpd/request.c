/* Receiving requests: libmicrohttpd's callbacks fill a request, queue it when it is complete and
 * suspend its connection. They respond only to a body that is too large. */
#include "httpd/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SWALLOW_FACTOR = 8 };

static void free_request(struct request *request) {
  if (request->response) MHD_destroy_response(request->response);
  request->server->held -= request->held;
  caudit_buf_free(&request->body);
  caudit_buf_free(&request->headers);
  caudit_buf_free(&request->target);
  free(request);
}

/* Returns the value that on_request finds in *state; NULL when out of memory. */
void *caudit_httpd_on_target(void *ud, const char *target, struct MHD_Connection *connection) {
  struct caudit_httpd *server = ud;
  struct request *request = calloc(1, sizeof *request);
  if (!request) return NULL;
  request->server = server;
  request->connection = connection;
  caudit_buf_init(&request->body, NULL, server->max_body);
  caudit_buf_init(&request->headers, NULL, CAUDIT_HTTPD_MAX_HEADERS);
  caudit_buf_init(&request->target, NULL, CAUDIT_HTTPD_MAX_TARGET);
  caudit_buf_append(&request->target, target, strlen(target) + 1);
  return request;
}

static enum MHD_Result on_header(void *ud, enum MHD_ValueKind kind, const char *name,
                                 const char *value) {
  struct request *request = ud;
  (void)kind;
  size_t start = request->headers.len;
  caudit_buf_append(&request->headers, name, strlen(name) + 1);
  if (request->headers.status != 0) return MHD_NO;
  for (char *at = request->headers.data + start; *at; at++)
    if (*at >= 'A' && *at <= 'Z') *at = (char)(*at + ('a' - 'A'));
  if (!value) value = "";
  caudit_buf_append(&request->headers, value, strlen(value) + 1);
  request->view.header_count++;
  return request->headers.status == 0 ? MHD_YES : MHD_NO;
}

static void read_peer(struct request *request) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (!info || !info->client_addr) return;
  const void *address = NULL;
  if (info->client_addr->sa_family == AF_INET)
    address = &((const struct sockaddr_in *)(const void *)info->client_addr)->sin_addr;
  else if (info->client_addr->sa_family == AF_INET6)
    address = &((const struct sockaddr_in6 *)(const void *)info->client_addr)->sin6_addr;
  if (address)
    inet_ntop(info->client_addr->sa_family, address, request->peer, sizeof request->peer);
}

static enum MHD_Result read_head(struct request *request, const char *method) {
  (void)snprintf(request->method, sizeof request->method, "%s", method);
  MHD_get_connection_values(request->connection, MHD_HEADER_KIND, on_header, request);
  if (request->headers.status != 0 || request->target.status != 0) return MHD_NO;
  read_peer(request);
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  request->view.connection = info ? (uint64_t)(uintptr_t)info->socket_context : 0;
  return MHD_YES;
}

static void drop_body(struct request *request) {
  request->server->held -= request->held;
  request->held = 0;
  caudit_buf_free(&request->body);
}

/* A body above the maximum is read to its end, up to SWALLOW_FACTOR times the maximum: a client
 * that is still sending would see a reset instead of the response. One that finds no memory
 * left beside the others ends its connection. */
static enum MHD_Result read_body(struct request *request, const char *data, size_t len) {
  struct caudit_httpd *server = request->server;
  if (request->swallowed == 0) {
    if (server->held / CAUDIT_HTTPD_MAX_BODIES > server->max_body) return MHD_NO;
    int status = caudit_buf_append(&request->body, data, len);
    if (status == 0) {
      server->held += len;
      request->held += len;
      return MHD_YES;
    }
    if (status != -CAUDIT_QUOTA) return MHD_NO;
    drop_body(request);
  }
  request->swallowed += len;
  return request->swallowed / SWALLOW_FACTOR > server->max_body ? MHD_NO : MHD_YES;
}

static enum MHD_Result refuse_large(struct MHD_Connection *connection) {
  static char text[] = "The request body is too large.\n";
  struct MHD_Response *response =
      MHD_create_response_from_buffer(sizeof text - 1, text, MHD_RESPMEM_PERSISTENT);
  if (!response) return MHD_NO;
  enum MHD_Result result = MHD_queue_response(connection, 413, response);
  MHD_destroy_response(response);
  return result;
}

static enum MHD_Result queue_request(struct request *request) {
  struct caudit_httpd *server = request->server;
  struct caudit_httpd_request *view = &request->view;
  view->id = ++server->last_id;
  view->method = request->method;
  view->target = request->target.data;
  view->peer = request->peer;
  view->body.data = request->body.data;
  view->body.len = request->body.len;
  view->headers = request->headers.data;
  view->too_large = request->swallowed > 0;
  struct request **end = &server->requests;
  while (*end) end = &(*end)->next;
  *end = request;
  request->state = QUEUED;
  MHD_suspend_connection(request->connection);
  return MHD_YES;
}

/* Called for the head, for each piece of the body, at its end, and after each resume. */
enum MHD_Result caudit_httpd_on_request(void *ud, struct MHD_Connection *connection,
                                        const char *url, const char *method, const char *version,
                                        const char *data, size_t *data_len, void **state) {
  struct request *request = *state;
  (void)ud, (void)url, (void)version;
  if (!request) return MHD_NO;
  if (request->state == ANSWERED)
    return request->response ? MHD_queue_response(connection, request->status, request->response)
                             : MHD_NO;
  if (request->state != READING) return MHD_YES;
  if (request->method[0] == '\0') return read_head(request, method);
  if (*data_len > 0) {
    enum MHD_Result result = read_body(request, data, *data_len);
    *data_len = 0;
    return result;
  }
  bool refused = request->swallowed > 0 && !request->server->queue_large;
  return refused ? refuse_large(connection) : queue_request(request);
}

void caudit_httpd_on_completed(void *ud, struct MHD_Connection *connection, void **state,
                               enum MHD_RequestTerminationCode code) {
  struct caudit_httpd *server = ud;
  struct request *request = *state;
  (void)connection, (void)code;
  *state = NULL;
  if (!request) return;
  for (struct request **at = &server->requests; *at; at = &(*at)->next) {
    if (*at == request) {
      *at = request->next;
      break;
    }
  }
  free_request(request);
}
