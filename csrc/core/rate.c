/* The rate limit of one client: no second holds more than `rate` requests of one action. Exact: the
 * times of the last `rate` requests are kept, and a request waits until the oldest is a second old.
 */
#include "core/client.h"

#include <string.h>

enum { SECOND_MS = 1000 };

size_t caudit_window_size(int rate) {
  return sizeof(struct caudit_window) + (size_t)rate * sizeof(int64_t);
}

static struct caudit_window *window_of(struct caudit_client *client, const char *action,
                                       int64_t now_ms) {
  struct caudit_window *window = client->windows;
  while (window && strcmp(window->action, action) != 0) window = window->next;
  if (window) return window;
  window = caudit_realloc(&client->allocator, NULL, 0, caudit_window_size(client->rate));
  if (!window) return NULL;
  memset(window, 0, sizeof *window);
  caudit_copy_text(window->action, sizeof window->action, caudit_str(action));
  window->allowed = client->rate;
  window->changed_ms = now_ms;
  for (int i = 0; i < client->rate; i++) window->sent_ms[i] = INT64_MIN;
  window->next = client->windows;
  client->windows = window;
  return window;
}

/* Recovers one request a second for every second without a throttle. */
static size_t allowed_now(const struct caudit_client *client, struct caudit_window *window,
                          int64_t now_ms) {
  double rate = client->rate;
  window->allowed += (double)(now_ms - window->changed_ms) / SECOND_MS;
  if (window->allowed > rate) window->allowed = rate;
  window->changed_ms = now_ms;
  return window->allowed < 1 ? 1 : (size_t)window->allowed;
}

int64_t caudit_rate_delay(struct caudit_client *client, const char *action, int64_t now_ms) {
  struct caudit_window *window = window_of(client, action, now_ms);
  if (!window) return 0;
  size_t places = (size_t)client->rate, allowed = allowed_now(client, window, now_ms);
  /* The request that is `allowed` places back must be a second old. */
  int64_t sent = window->sent_ms[(window->at + places - allowed) % places];
  if (sent == INT64_MIN || now_ms - sent >= SECOND_MS) return 0;
  return SECOND_MS - (now_ms - sent);
}

void caudit_rate_sent(struct caudit_client *client, const char *action, int64_t now_ms) {
  struct caudit_window *window = window_of(client, action, now_ms);
  if (!window) return;
  window->sent_ms[window->at] = now_ms;
  window->at = (window->at + 1) % (size_t)client->rate;
}

void caudit_rate_throttled(struct caudit_client *client, const char *action, int64_t now_ms) {
  struct caudit_window *window = window_of(client, action, now_ms);
  if (!window) return;
  allowed_now(client, window, now_ms);
  window->allowed = window->allowed / 2 < 1 ? 1 : window->allowed / 2;
}
