/* The transport: a multi handle, its pool of transfers, and the step that advances them. After a
 * fork it never touches a connection of the parent, and it never calls curl_global_cleanup. */
#include "internal.h"

#include <string.h>
#include <unistd.h>

/* ---- transfers ------------------------------------------------------------------------- */

static void transfer_destroy(struct caudit_transfer *transfer) {
  if (transfer->easy) curl_easy_cleanup(transfer->easy);
  caudit_url_forget(transfer);
  caudit_buf_free(&transfer->request);
  caudit_buf_free(&transfer->head);
  caudit_buf_free(&transfer->body);
  struct caudit_allocator allocator = transfer->allocator;
  caudit_memory(&allocator, transfer, sizeof *transfer, 0);
}

static struct caudit_transfer *transfer_take(struct caudit_curl *curl) {
  struct caudit_transfer *transfer = curl->idle;
  if (transfer) {
    curl->idle = transfer->next;
    curl->idle_count--;
    return transfer;
  }
  transfer = caudit_memory(&curl->allocator, NULL, 0, sizeof *transfer);
  if (!transfer) return NULL;
  memset(transfer, 0, sizeof *transfer);
  transfer->allocator = curl->allocator;
  transfer->curl = curl;
  caudit_buf_init(&transfer->request, &curl->allocator, SIZE_MAX);
  caudit_buf_init(&transfer->head, &curl->allocator, MAX_HEAD_BYTES);
  caudit_buf_init(&transfer->body, &curl->allocator, curl->max_response);
  return transfer;
}

/* Overwrites a buffer, which may hold a signature and a token, and frees it when it is large. */
static void forget(struct caudit_buf *buf) {
  caudit_buf_clear(buf);
  if (buf->capacity > KEPT_BYTES) caudit_buf_free(buf);
}

static void transfer_give_back(struct caudit_curl *curl, struct caudit_transfer *transfer) {
  forget(&transfer->request);
  forget(&transfer->head);
  forget(&transfer->body);
  if (!transfer->easy || curl->idle_count >= curl->max_connections) {
    transfer_destroy(transfer);
    return;
  }
  transfer->head_bytes = 0;
  transfer->head_ended = false;
  transfer->requests = 0;
  transfer->connected = transfer->no_socket = transfer->stale = false;
  transfer->local_port = 0;
  transfer->late_ms = 0;
  transfer->stopped = CAUDIT_OK;
  transfer->error[0] = '\0';
  transfer->next = curl->idle;
  curl->idle = transfer;
  curl->idle_count++;
}

/* Removes the handle from the multi handle. With CURLOPT_QUICK_EXIT this does not wait. */
static void transfer_stop(struct caudit_transfer *transfer) {
  if (!transfer->pending) return;
  curl_multi_remove_handle(transfer->curl->multi, transfer->easy);
  transfer->pending = false;
  transfer->curl->pending--;
}

/* ---- transports ----------------------------------------------------------------------- */

/* After a fork the child abandons the parent's handles, descriptors and their memory: libcurl's
 * clean-up would write to the parent's connections. */
static void leave_parent(struct caudit_curl *curl) {
  if (!curl->multi || curl->pid == getpid()) return;
  curl->multi = NULL;
  curl->watch_count = curl->socket_count = 0;
  curl->timer_ms = -1;
  curl->pending = 0;
  for (struct caudit_transfer *t = curl->open; t; t = t->next) {
    t->easy = NULL;
    if (!t->pending) continue;
    t->pending = false;
    caudit_result_fail(t, CAUDIT_TRANSPORT, "this process was forked during the exchange");
  }
  while (curl->idle) {
    struct caudit_transfer *transfer = curl->idle;
    curl->idle = transfer->next;
    transfer->easy = NULL;
    transfer_destroy(transfer);
  }
  curl->idle_count = 0;
}

int caudit_curl_new(struct caudit_curl **out, const struct caudit_curl_options *options,
                    const struct caudit_allocator *allocator, struct caudit_error *err) {
  static const struct caudit_allocator system_allocator;
  static const struct caudit_curl_options defaults;
  *out = NULL;
  if (!allocator) allocator = &system_allocator;
  if (!options) options = &defaults;
  int wrong = caudit_options_check(options, err);
  if (wrong == 0) wrong = caudit_libcurl_init(options->no_env, err);
  if (wrong != 0) return wrong;
  struct caudit_curl *curl = caudit_memory(allocator, NULL, 0, sizeof *curl);
  if (!curl) return caudit_fail(err, CAUDIT_MEMORY, "not enough memory for a transport");
  memset(curl, 0, sizeof *curl);
  curl->allocator = *allocator;
  curl->proxy_from_env = options->proxy_from_env;
  curl->connect_timeout_ms = options->connect_timeout_ms > 0 ? options->connect_timeout_ms : 3000;
  curl->max_response = options->max_response > 0 ? options->max_response : 16u << 20;
  curl->max_connections = options->max_connections > 0 ? options->max_connections : 16;
  int rc = caudit_copy(allocator, options->ca_file, &curl->ca_file);
  if (rc == 0) rc = caudit_copy(allocator, options->ca_path, &curl->ca_path);
  if (rc == 0 && options->proxy && options->proxy[0])
    rc = caudit_copy(allocator, options->proxy, &curl->proxy);
  if (rc == 0) rc = caudit_open_multi(curl);
  if (rc != 0) {
    rc = caudit_not_opened(err, rc);
    caudit_curl_free(curl);
    return rc;
  }
  *out = curl;
  return 0;
}

void caudit_curl_free(struct caudit_curl *curl) {
  if (!curl) return;
  leave_parent(curl);
  struct caudit_quiet quiet;
  caudit_quiet_begin(&quiet);
  for (struct caudit_transfer *t = curl->open; t; t = t->next) {
    if (t->pending) caudit_result_fail(t, CAUDIT_CLOSED, "the transport was closed");
    transfer_stop(t);
    if (t->easy) curl_easy_cleanup(t->easy);
    t->easy = NULL;
    t->curl = NULL;
  }
  while (curl->idle) {
    struct caudit_transfer *transfer = curl->idle;
    curl->idle = transfer->next;
    transfer_destroy(transfer);
  }
  if (curl->multi) curl_multi_cleanup(curl->multi);
  caudit_quiet_end(&quiet);
  struct caudit_allocator allocator = curl->allocator;
  if (curl->watches)
    caudit_memory(&allocator, curl->watches, curl->watch_capacity * sizeof *curl->watches, 0);
  if (curl->polls)
    caudit_memory(&allocator, curl->polls, curl->watch_capacity * sizeof *curl->polls, 0);
  if (curl->sockets)
    caudit_memory(&allocator, curl->sockets, curl->socket_capacity * sizeof *curl->sockets, 0);
  caudit_drop(&allocator, curl->ca_file);
  caudit_drop(&allocator, curl->ca_path);
  caudit_drop(&allocator, curl->proxy);
  caudit_memory(&allocator, curl, sizeof *curl, 0);
}

/* ---- start, step, done ----------------------------------------------------------------- */

int caudit_curl_start(struct caudit_curl *curl, const struct caudit_request *request,
                      int64_t timeout_ms, struct caudit_transfer **out, struct caudit_error *err) {
  *out = NULL;
  if (timeout_ms <= 0)
    return caudit_fail(err, CAUDIT_TIMEOUT, "no time was left to send the request");
  int64_t deadline_ms = caudit_monotonic_ms() + (timeout_ms < INT32_MAX ? timeout_ms : INT32_MAX);
  leave_parent(curl);
  int rc = curl->multi ? 0 : caudit_open_multi(curl);
  if (rc == 0) rc = caudit_watch_reserve(curl);
  if (rc == 0) rc = caudit_sockets_reserve(curl);
  if (rc != 0) return caudit_not_opened(err, rc);
  struct caudit_transfer *transfer = transfer_take(curl);
  if (!transfer) return caudit_not_opened(err, -CAUDIT_MEMORY);
  transfer->deadline_ms = deadline_ms;
  if (!transfer->easy) rc = caudit_handle_new(transfer, curl);
  if (rc != 0)
    caudit_not_opened(err, rc);
  else
    rc = caudit_exchange_prepare(transfer, request, err);
  if (rc == 0 && curl_multi_add_handle(curl->multi, transfer->easy) != CURLM_OK)
    rc = caudit_fail(err, CAUDIT_MEMORY, "curl_multi_add_handle failed");
  if (rc != 0) {
    transfer_give_back(curl, transfer);
    return rc;
  }
  transfer->pending = true;
  transfer->next = curl->open;
  curl->open = transfer;
  curl->pending++;
  *out = transfer;
  return 0;
}

/* Restarts on a new connection when the reused one was dead before anything was written. */
static bool restart(struct caudit_transfer *transfer) {
  int64_t left = transfer->deadline_ms - caudit_monotonic_ms();
  if (!transfer->stale || left <= 0) return false;
  transfer->stale = false;
  curl_multi_remove_handle(transfer->curl->multi, transfer->easy);
  if (curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 1L) != CURLE_OK ||
      curl_multi_add_handle(transfer->curl->multi, transfer->easy) != CURLM_OK)
    return false;
  transfer->stopped = CAUDIT_OK;
  return true;
}

static void end(struct caudit_transfer *transfer, CURLcode code) {
  if (restart(transfer)) return;
  if (code != CURLE_OK && transfer->local_port > 0)
    caudit_sockets_failed(transfer->curl, transfer->local_port);
  caudit_result_set(transfer, code);
  transfer_stop(transfer);
}

static void collect(struct caudit_curl *curl) {
  int left;
  for (CURLMsg *message; (message = curl_multi_info_read(curl->multi, &left)) != NULL;) {
    if (message->msg != CURLMSG_DONE) continue;
    struct caudit_transfer *transfer = NULL;
    CURLcode code = message->data.result;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    end(transfer, code);
  }
}

static void run_timer(struct caudit_curl *curl) {
  if (curl->timer_ms < 0 || curl->timer_ms > caudit_monotonic_ms()) return;
  curl->timer_ms = -1;
  caudit_multi_serve(curl, CURL_SOCKET_TIMEOUT, 0);
}

/* Whether the response lies in the socket, or in libcurl. It had time until the deadline; if nobody
 * stepped then, it is read now, for a limited time. */
static bool is_arriving(struct caudit_transfer *transfer, int64_t now) {
  const struct caudit_curl *curl = transfer->curl;
  if (transfer->requests == 0) return false;
  if (transfer->late_ms == 0) transfer->late_ms = now;
  bool unattended = transfer->late_ms > transfer->deadline_ms + DEADLINE_GRACE_MS;
  if (now >= transfer->late_ms + (unattended ? LATE_MS : DEADLINE_GRACE_MS)) return false;
  return (curl->timer_ms >= 0 && curl->timer_ms <= now) ||
         !caudit_sockets_quiet(transfer->curl, transfer->local_port);
}

/* After the sockets were looked at. */
static void end_overdue(struct caudit_curl *curl) {
  int64_t now = caudit_monotonic_ms();
  for (struct caudit_transfer *t = curl->open; t; t = t->next) {
    if (!t->pending || now < caudit_transfer_end_ms(t) || is_arriving(t, now)) continue;
    t->stopped = CAUDIT_TIMEOUT;
    t->stop_reason = t->requests > 0 ? "no complete response came in time"
                                     : "no time was left to send the request";
    end(t, CURLE_OPERATION_TIMEDOUT);
  }
}

/* Ends the transfers of a multi handle that is broken, and the handle. */
static void end_broken(struct caudit_curl *curl) {
  if (!curl->broken) return;
  for (struct caudit_transfer *t = curl->open; t; t = t->next) {
    if (!t->pending) continue;
    caudit_result_set(t, CURLE_OUT_OF_MEMORY);
    transfer_stop(t);
  }
  caudit_close_multi(curl);
}

int caudit_curl_step(struct caudit_curl *curl, int timeout_ms) {
  leave_parent(curl);
  int before = curl->pending;
  if (before == 0) return 0;
  struct caudit_quiet quiet;
  caudit_quiet_begin(&quiet);
  int64_t began_us = caudit_monotonic_us();
  run_timer(curl);
  collect(curl);
  if (curl->pending > 0) {
    int wait = curl->pending < before || timeout_ms < 0 ? 0 : timeout_ms;
    wait = caudit_watch_wait_ms(curl, wait);
    caudit_watch_wait(curl, wait, caudit_monotonic_us() - began_us);
    run_timer(curl);
    collect(curl);
    end_overdue(curl);
  }
  end_broken(curl);
  caudit_quiet_end(&quiet);
  return curl->pending;
}

int caudit_curl_pending(const struct caudit_curl *curl) {
  return curl->pending;
}

size_t caudit_curl_fds(const struct caudit_curl *curl, struct caudit_fd *out, size_t capacity,
                       int *timeout_ms) {
  bool ours = curl->multi && curl->pid == getpid();
  *timeout_ms = ours ? caudit_watch_wait_ms(curl, -1) : -1;
  size_t count = ours ? curl->watch_count : 0;
  for (size_t i = 0; i < count && i < capacity; i++) {
    out[i].fd = curl->watches[i].fd;
    out[i].read = (curl->watches[i].events & POLLIN) != 0;
    out[i].write = (curl->watches[i].events & POLLOUT) != 0;
  }
  return count;
}

bool caudit_transfer_done(struct caudit_transfer *transfer, struct caudit_exchange *out) {
  if (transfer->pending) return false;
  if (out) *out = transfer->result;
  return true;
}

void caudit_transfer_cancel(struct caudit_transfer *transfer) {
  if (transfer->curl) leave_parent(transfer->curl);
  if (!transfer->pending) return;
  caudit_result_fail(transfer, CAUDIT_CANCELLED, "the exchange was cancelled");
  struct caudit_quiet quiet;
  caudit_quiet_begin(&quiet);
  transfer_stop(transfer);
  caudit_quiet_end(&quiet);
}

void caudit_transfer_free(struct caudit_transfer *transfer) {
  if (!transfer) return;
  struct caudit_curl *curl = transfer->curl;
  if (!curl) {
    transfer_destroy(transfer);
    return;
  }
  /* A finished transfer that is kept does not touch the parent's handles; the next start checks. */
  if (transfer->pending || curl->idle_count >= curl->max_connections) leave_parent(curl);
  for (struct caudit_transfer **at = &curl->open; *at; at = &(*at)->next)
    if (*at == transfer) {
      *at = transfer->next;
      break;
    }
  if (transfer->pending) {
    struct caudit_quiet quiet;
    caudit_quiet_begin(&quiet);
    transfer_stop(transfer);
    caudit_quiet_end(&quiet);
  }
  transfer_give_back(curl, transfer);
}
