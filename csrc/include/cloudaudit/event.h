/* Events: audit records as this library names their members. Pure functions of texts. */
#ifndef CLOUDAUDIT_EVENT_H
#define CLOUDAUDIT_EVENT_H

#include "cloudaudit/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(symbol, our name, the service's name, kind). Texts are the service's; a NUMBER can also come as
 * text. The two RESOURCE members come from one object, or from the first of a list of objects. The
 * identity of an event without an id is a digest over all others in this order: a change of the
 * order makes old checkpoints give such events again. */
#define CAUDIT_EVENT_MEMBERS(X)                                                                    \
  X(ID, "id", "EventId", ID)                                                                       \
  X(TIME, "time", "EventTime", TIME)                                                               \
  X(RESOURCE_TYPE, "resource_type", "ResourceType", RESOURCE)                                      \
  X(RESOURCE_NAME, "resource_name", "ResourceName", RESOURCE)                                      \
  X(NAME, "name", "EventName", TEXT)                                                               \
  X(NAME_CN, "name_cn", "EventNameCn", TEXT)                                                       \
  X(SOURCE, "source", "EventSource", TEXT)                                                         \
  X(REGION, "region", "EventRegion", TEXT)                                                         \
  X(RESOURCE_REGION, "resource_region", "ResourceRegion", TEXT)                                    \
  X(USER, "user", "Username", TEXT)                                                                \
  X(ACCESS_KEY_ID, "access_key_id", "SecretId", TEXT)                                              \
  X(SOURCE_IP, "source_ip", "SourceIPAddress", TEXT)                                               \
  X(REQUEST_ID, "request_id", "RequestID", TEXT)                                                   \
  X(RESOURCE_TYPE_CN, "resource_type_cn", "ResourceTypeCn", TEXT)                                  \
  X(LOCATION, "location", "Location", TEXT)                                                        \
  X(RAW, "raw", "CloudAuditEvent", TEXT)                                                           \
  X(ACCOUNT_ID, "account_id", "AccountID", NUMBER)                                                 \
  X(ERROR_CODE, "error_code", "ErrorCode", NUMBER)

enum caudit_event_member {
#define CAUDIT_EVENT_ENUM(symbol, name, wire, kind) CAUDIT_EVENT_##symbol,
  CAUDIT_EVENT_MEMBERS(CAUDIT_EVENT_ENUM)
#undef CAUDIT_EVENT_ENUM
      CAUDIT_EVENT_COUNT
};

enum caudit_event_kind {
  CAUDIT_EVENT_KIND_ID, /* "" counts as absent */
  CAUDIT_EVENT_KIND_TIME,
  CAUDIT_EVENT_KIND_TEXT,
  CAUDIT_EVENT_KIND_NUMBER,
  CAUDIT_EVENT_KIND_RESOURCE
};

struct caudit_event_name {
  struct caudit_str ours, wire;
  enum caudit_event_kind kind;
};

/* All members, by enum caudit_event_member. */
CAUDIT_API extern const struct caudit_event_name caudit_event_names[CAUDIT_EVENT_COUNT];

/* Reads EventTime: epoch seconds in digits, "2026-01-31 16:00:00" (UTC+8) or ISO 8601 with its
 * zone. Sets *out to epoch seconds of the years 1970 to 9999; false for any other text. */
CAUDIT_API bool caudit_event_time(struct caudit_str text, int64_t *out);

#ifdef __cplusplus
}
#endif
#endif
