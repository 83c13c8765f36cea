/* The rate limit of a client: no second holds more than `rate` requests of one action. */
#ifndef CAUDIT_CORE_RATE_LIMIT_H
#define CAUDIT_CORE_RATE_LIMIT_H

#include "core/internal.h"

enum { CAUDIT_MAX_RATE = 1000 };

/* Times of the last requests of one action, a ring of `rate` entries. Lives as long as the client.
 */
struct caudit_window {
  struct caudit_window *next;
  char action[64];
  size_t rate;
  size_t at;            /* index of the oldest entry */
  double allowed;       /* requests per second allowed after the last throttle */
  int64_t throttled_ms; /* time of that throttle */
  int64_t sent_ms[];
};

/* The window of an action, created when it does not exist. NULL: no memory. */
struct caudit_window *caudit_rate_window(struct caudit_client *client, struct caudit_str action);
void caudit_rate_free(struct caudit_client *client);
/* Milliseconds until the next request of this action may be sent (0: now). */
int64_t caudit_rate_delay(struct caudit_window *window, int64_t now_ms);
void caudit_rate_sent(struct caudit_window *window, int64_t now_ms);
/* After a throttle: halves the rate, which then recovers by one request per second every second. */
void caudit_rate_throttled(struct caudit_window *window, int64_t now_ms);

#endif
