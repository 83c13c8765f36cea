/* The rate limit of a client: no second holds more than `rate` requests of one action. Exact: the
 * times of the last `rate` requests are kept, and a request waits until the oldest is more than a
 * second old. */
#include "core/call_impl.h"

#include <string.h>

enum { SECOND_MS = 1000 };
static const int64_t long_ago = INT64_MIN / 2; /* a clock's distance from it cannot overflow */

static size_t window_size(int rate) {
  return sizeof(struct caudit_window) + (size_t)rate * sizeof(int64_t);
}

struct caudit_window *caudit_rate_window(struct caudit_client *client, struct caudit_str action) {
  struct caudit_window *window = client->windows;
  while (window && !caudit_str_equal(caudit_str(window->action), action)) window = window->next;
  if (window) return window;
  window = caudit_realloc(&client->allocator, NULL, 0, window_size(client->rate));
  if (!window) return NULL;
  memset(window, 0, sizeof *window);
  caudit_copy_text(window->action, sizeof window->action, action);
  window->rate = (size_t)client->rate;
  window->throttled_ms = long_ago;
  for (size_t i = 0; i < window->rate; i++) window->sent_ms[i] = long_ago;
  window->next = client->windows;
  client->windows = window;
  return window;
}

void caudit_rate_free(struct caudit_client *client) {
  while (client->windows) {
    struct caudit_window *window = client->windows;
    client->windows = window->next;
    caudit_realloc(&client->allocator, window, window_size(client->rate), 0);
  }
}

/* Recovers by one request per second for every second without a throttle. */
static double allowed_now(const struct caudit_window *window, int64_t now_ms) {
  double allowed = window->allowed + (double)(now_ms - window->throttled_ms) / (double)SECOND_MS;
  double rate = (double)window->rate;
  if (allowed < 1) return 1; /* a clock that went back */
  return allowed < rate ? allowed : rate;
}

static int64_t earlier(int64_t time_ms, int64_t by_ms) {
  return time_ms - by_ms > long_ago ? time_ms - by_ms : long_ago;
}

/* After a clock went back, the last request counts as sent now; the times before it move along. */
static void follow_clock(struct caudit_window *window, int64_t now_ms) {
  int64_t back = window->sent_ms[(window->at + window->rate - 1) % window->rate] - now_ms;
  if (back <= 0) return;
  for (size_t i = 0; i < window->rate; i++) window->sent_ms[i] = earlier(window->sent_ms[i], back);
  window->throttled_ms = earlier(window->throttled_ms, back);
}

int64_t caudit_rate_delay(struct caudit_window *window, int64_t now_ms) {
  follow_clock(window, now_ms);
  /* The request `allowed` entries back must be more than a second old, not just a second: the clock
   * counts whole milliseconds, so a difference of 1000 may be up to a millisecond less. */
  size_t allowed = (size_t)allowed_now(window, now_ms);
  int64_t sent = window->sent_ms[(window->at + window->rate - allowed) % window->rate];
  return now_ms - sent > SECOND_MS ? 0 : SECOND_MS + 1 - (now_ms - sent);
}

void caudit_rate_sent(struct caudit_window *window, int64_t now_ms) {
  window->sent_ms[window->at] = now_ms;
  window->at = (window->at + 1) % window->rate;
}

void caudit_rate_throttled(struct caudit_window *window, int64_t now_ms) {
  double half = allowed_now(window, now_ms) / 2;
  window->allowed = half < 1 ? 1 : half;
  window->throttled_ms = now_ms;
}
