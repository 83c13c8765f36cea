/* The decision after a failed attempt. */
#ifndef CAUDIT_CORE_RETRY_H
#define CAUDIT_CORE_RETRY_H

#include "core/call_impl.h"

enum {
  RETRY_QUOTA = 500,
  MIN_READ_MS = 100,  /* left of the deadline for a response: a read is not repeated with less, */
  MIN_WRITE_MS = 1000 /* nor a write */
};

enum caudit_verdict {
  VERDICT_GIVE_UP,
  VERDICT_RETRY,   /* wait *delay_ms, then send again */
  VERDICT_CORRECT, /* the clock offset was corrected: send again immediately */
  VERDICT_REFRESH  /* ask for newer credentials */
};

/* Decides what follows call->error. response is NULL when no whole response arrived. */
enum caudit_verdict caudit_retry(struct caudit_call *call, const struct caudit_response *response,
                                 const struct caudit_now *now, int64_t *delay_ms);
/* Returns quota after a success. */
void caudit_retry_succeeded(struct caudit_call *call);

#endif
