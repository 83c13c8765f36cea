/* Events: audit records as this library names their members. Pure functions of texts. */
#ifndef CLOUDAUDIT_EVENT_H
#define CLOUDAUDIT_EVENT_H

#include "cloudaudit/redact.h"

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

/* The member that has this name of ours, CAUDIT_EVENT_COUNT for another name. */
CAUDIT_API enum caudit_event_member caudit_event_member(struct caudit_str name);

/* ---- rows ------------------------------------------------------------------------------- */

/* An event by its members; absent texts have no data. Numbers are given as their digits, and the
 * time as epoch seconds alone: its text is ignored. */
struct caudit_event {
  struct caudit_str texts[CAUDIT_EVENT_COUNT];
  uint32_t numbers; /* bit n: the member n is a number, which hides no secret */
  bool has_time;
  int64_t time;
};

/* The members of a row in order: X(symbol, name). Adding one raises the version of the schema. */
#define CAUDIT_ROW_MEMBERS(X)                                                                      \
  X(ID, "id")                                                                                      \
  X(TIME, "time")                                                                                  \
  X(TIME_ISO, "time_iso")                                                                          \
  X(NAME, "name")                                                                                  \
  X(PRODUCT, "product")                                                                            \
  X(ACTION, "action")                                                                              \
  X(USER, "user")                                                                                  \
  X(USER_TYPE, "user_type")                                                                        \
  X(PRINCIPAL_ID, "principal_id")                                                                  \
  X(ACCOUNT_ID, "account_id")                                                                      \
  X(ACCESS_KEY_ID, "access_key_id")                                                                \
  X(SOURCE_IP, "source_ip")                                                                        \
  X(LOCATION, "location")                                                                          \
  X(REGION, "region")                                                                              \
  X(RESOURCE, "resource")                                                                          \
  X(RESOURCE_REGION, "resource_region")                                                            \
  X(VIA, "via")                                                                                    \
  X(SENSITIVE, "sensitive")                                                                        \
  X(MFA, "mfa")                                                                                    \
  X(RESULT, "result")                                                                              \
  X(ERROR_CODE, "error_code")                                                                      \
  X(ERROR_MESSAGE, "error_message")                                                                \
  X(USER_AGENT, "user_agent")                                                                      \
  X(REQUEST_ID, "request_id")

enum caudit_row_member {
#define CAUDIT_ROW_ENUM(symbol, name) CAUDIT_ROW_##symbol,
  CAUDIT_ROW_MEMBERS(CAUDIT_ROW_ENUM)
#undef CAUDIT_ROW_ENUM
      CAUDIT_ROW_COUNT
};

/* A value of a row: a text, or an integer (the time) or a boolean; absent ones are null. */
struct caudit_row_value {
  enum { CAUDIT_ROW_NULL, CAUDIT_ROW_TEXT, CAUDIT_ROW_INTEGER, CAUDIT_ROW_BOOLEAN } type;
  struct caudit_str text;
  int64_t number; /* 0 or 1 of a boolean */
};

struct caudit_row {
  struct caudit_row_value values[CAUDIT_ROW_COUNT];
};

/* The names, by enum caudit_row_member. */
CAUDIT_API extern const struct caudit_str caudit_row_names[CAUDIT_ROW_COUNT];

/* The decoded record of an event: JSON, with the JSON texts inside it. */
struct caudit_record;

enum caudit_reading {
  CAUDIT_READ_ALL,
  CAUDIT_READ_REDACTED, /* without the values of secret names, which count as found; where else they
                           stand in the record they stay */
  CAUDIT_READ_FOR_ROW   /* what a row takes of it alone, which is less work */
};

/* Decodes a record (the event's raw). What is not JSON stays a text. Borrows the text, and lives in
 * the work. NULL when memory ran out. */
CAUDIT_API struct caudit_record *caudit_record_read(struct caudit_work *work, struct caudit_str raw,
                                                    enum caudit_reading how);
/* Fills the row of an event with that record; its texts are those of the event, of the record and
 * of the work. */
CAUDIT_API void caudit_event_row(struct caudit_work *work, const struct caudit_event *event,
                                 const struct caudit_record *record, struct caudit_row *row);
/* What follows the row in its JSON: nothing, the decoded record, or its text. */
enum caudit_row_last { CAUDIT_ROW_ALONE, CAUDIT_ROW_DETAIL, CAUDIT_ROW_RAW };

/* The row of an event as a JSON object: its members in order, and "detail" or "raw". Members of the
 * record are sorted. redact: without the secrets of the work's level, and without values that were
 * found in other texts. It is valid UTF-8 without control characters: those, and bytes that are not
 * UTF-8, are escaped. Lives in the work; absent when memory ran out. */
CAUDIT_API struct caudit_str caudit_event_json(struct caudit_work *work,
                                               const struct caudit_event *event, bool redact,
                                               enum caudit_row_last last);

#ifdef __cplusplus
}
#endif
#endif
