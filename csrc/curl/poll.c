/* Waiting: the descriptors and the timer of libcurl's multi handle, and poll over them. Not select
 * or curl_multi_fdset, since descriptors above 1024 must work. */
#include "internal.h"

#include <limits.h>
#include <string.h>

/* The resolver's, and those of two addresses that are tried at once. */
enum { WATCHES_PER_TRANSFER = 4 };

/* Time budget of a step: the rest is left to the next one, so that many responses or handshakes at
 * once do not delay the caller's frame or event loop. */
enum { WORK_US = 100 };

static void *grow(struct caudit_curl *curl, void *old, size_t size, size_t capacity) {
  return caudit_memory(&curl->allocator, old, curl->watch_capacity * size, capacity * size);
}

int caudit_watch_reserve(struct caudit_curl *curl) {
  size_t need = curl->watch_count + WATCHES_PER_TRANSFER * ((size_t)curl->pending + 1);
  if (need <= curl->watch_capacity) return 0;
  size_t capacity = need * 2;
  /* The capacity is set once both arrays have it. */
  struct pollfd *polls = caudit_memory(&curl->allocator, NULL, 0, capacity * sizeof *polls);
  if (!polls) return -CAUDIT_MEMORY;
  struct caudit_watch *watches = grow(curl, curl->watches, sizeof *watches, capacity);
  if (!watches) {
    caudit_memory(&curl->allocator, polls, capacity * sizeof *polls, 0);
    return -CAUDIT_MEMORY;
  }
  if (curl->polls) grow(curl, curl->polls, sizeof *polls, 0);
  curl->watches = watches;
  curl->polls = polls;
  curl->watch_capacity = capacity;
  return 0;
}

int caudit_watch_socket(CURL *easy, curl_socket_t fd, int what, void *ud, void *socket_ud) {
  (void)easy;
  (void)socket_ud;
  struct caudit_curl *curl = ud;
  size_t i = 0;
  while (i < curl->watch_count && curl->watches[i].fd != fd) i++;
  if (what == CURL_POLL_REMOVE) {
    if (i < curl->watch_count) curl->watches[i] = curl->watches[--curl->watch_count];
    return 0;
  }
  if (i == curl->watch_count) {
    if (i == curl->watch_capacity) return -1;
    curl->watches[curl->watch_count++].fd = fd;
  }
  int events = ((what & CURL_POLL_IN) ? POLLIN : 0) | ((what & CURL_POLL_OUT) ? POLLOUT : 0);
  curl->watches[i].events = (short)events;
  return 0;
}

int caudit_watch_timer(CURLM *multi, long timeout_ms, void *ud) {
  (void)multi;
  struct caudit_curl *curl = ud;
  curl->timer_ms = timeout_ms < 0 ? -1 : caudit_monotonic_ms() + timeout_ms;
  return 0;
}

int64_t caudit_transfer_end_ms(const struct caudit_transfer *transfer) {
  return transfer->deadline_ms + (transfer->requests > 0 ? 0 : DEADLINE_GRACE_MS);
}

int caudit_watch_wait_ms(const struct caudit_curl *curl, int limit_ms) {
  int64_t until = curl->timer_ms;
  for (const struct caudit_transfer *t = curl->open; t; t = t->next) {
    if (!t->pending) continue;
    int64_t end = caudit_transfer_end_ms(t);
    if (until < 0 || end < until) until = end;
  }
  if (until < 0) return limit_ms;
  int64_t wait = until - caudit_monotonic_ms();
  if (wait < 0) wait = 0;
  if (wait > INT_MAX) wait = INT_MAX;
  return limit_ms >= 0 && limit_ms < wait ? limit_ms : (int)wait;
}

static int ready_mask(short revents) {
  int mask = 0;
  if (revents & POLLIN) mask |= CURL_CSELECT_IN;
  if (revents & POLLOUT) mask |= CURL_CSELECT_OUT;
  if (revents & ~(POLLIN | POLLOUT)) mask |= CURL_CSELECT_ERR;
  return mask;
}

void caudit_watch_wait(struct caudit_curl *curl, int timeout_ms, int64_t worked_us) {
  /* A copy, since libcurl changes the watches while it serves the first of them. */
  size_t count = curl->watch_count;
  for (size_t i = 0; i < count; i++) {
    curl->polls[i].fd = curl->watches[i].fd;
    curl->polls[i].events = curl->watches[i].events;
    curl->polls[i].revents = 0;
  }
  if (poll(curl->polls, (nfds_t)count, timeout_ms) <= 0) return;
  size_t first = curl->turn;
  int64_t until = caudit_monotonic_us() + WORK_US - worked_us;
  bool served = false;
  for (size_t i = 0; i < count; i++) {
    struct pollfd *ready = &curl->polls[(first + i) % count];
    if (!ready->revents) continue;
    if (served && caudit_monotonic_us() >= until) {
      curl->turn = (first + i) % count;
      return;
    }
    caudit_multi_serve(curl, ready->fd, ready_mask(ready->revents));
    served = true;
  }
}
