/* The rate limit of a client: no second holds more than `rate` requests of one action. */
#ifndef CAUDIT_CORE_RATE_LIMIT_H
#define CAUDIT_CORE_RATE_LIMIT_H

#include "core/internal.h"

enum { CAUDIT_MAX_RATE = 1000 };

/* Times of the last requests of one action; a ring of `rate` places. Lives as long as its client.
 */
struct caudit_window {
  struct caudit_window *next;
  char action[64];
  size_t rate;
  size_t at;            /* the oldest of the ring */
  double allowed;       /* requests a second at the last throttle: lower than rate */
  int64_t throttled_ms; /* when that was */
  int64_t sent_ms[];
};

/* The action's window, made when there is none. NULL: no memory. */
struct caudit_window *caudit_rate_window(struct caudit_client *client, struct caudit_str action);
void caudit_rate_free(struct caudit_client *client);
/* Milliseconds until this action may send again (0: now). */
int64_t caudit_rate_delay(const struct caudit_window *window, int64_t now_ms);
void caudit_rate_sent(struct caudit_window *window, int64_t now_ms);
/* The service throttled: half the rate, which then recovers by one request a second each second. */
void caudit_rate_throttled(struct caudit_window *window, int64_t now_ms);

#endif
