/* Rows of events: the members that tables, CSV, JSON lines and databases share. */
#include "core/record.h"

const struct caudit_str caudit_row_names[CAUDIT_ROW_COUNT] = {
#define ROW_NAME(symbol, name) CAUDIT_STR(name),
    CAUDIT_ROW_MEMBERS(ROW_NAME)
#undef ROW_NAME
};

/* What a row takes of a record, of its userIdentity and of that one's sessionContext. */
enum {
  CAM_CODE,
  API_CODE,
  RECORD_CODE,
  OLD_CODE,
  ACTION,
  IDENTITY,
  RESOURCE,
  VIA,
  API_MESSAGE,
  RECORD_MESSAGE,
  AGENT,
  SENSITIVE,
  IN_RECORD
};
enum { TYPE, PRINCIPAL, KEY_ID, CONTEXT, IN_IDENTITY };
enum { MFA, IN_CONTEXT };

static const struct caudit_str in_record[IN_RECORD] = {
    CAUDIT_STR("camErrorCode"), CAUDIT_STR("apiErrorCode"), CAUDIT_STR("errorCode"),
    CAUDIT_STR("ErrorCode"),    CAUDIT_STR("actionType"),   CAUDIT_STR("userIdentity"),
    CAUDIT_STR("resourceName"), CAUDIT_STR("eventType"),    CAUDIT_STR("apiErrorMessage"),
    CAUDIT_STR("errorMessage"), CAUDIT_STR("userAgent"),    CAUDIT_STR("sensitiveAction")};
static const struct caudit_str in_identity[IN_IDENTITY] = {
    CAUDIT_STR("type"), CAUDIT_STR("principalId"), CAUDIT_STR("secretId"),
    CAUDIT_STR("sessionContext")};
static const struct caudit_str in_context[IN_CONTEXT] = {CAUDIT_STR("mfa")};

static size_t index_of(struct caudit_str name, const struct caudit_str *names, size_t count) {
  size_t i = 0;
  while (i < count && !caudit_is_same(name, names[i])) i++;
  return i;
}

bool caudit_is_in_row(struct caudit_str name) {
  return index_of(name, in_record, IN_RECORD) < IN_RECORD ||
         index_of(name, in_identity, IN_IDENTITY) < IN_IDENTITY ||
         index_of(name, in_context, IN_CONTEXT) < IN_CONTEXT;
}

/* Sets found to the members of an object with these names, NULL without one. */
static void look_up(const struct caudit_record *object, const struct caudit_str *names,
                    size_t count, const struct caudit_record **found) {
  for (size_t i = 0; i < count; i++) found[i] = NULL;
  if (!object || object->type != CAUDIT_RECORD_OBJECT) return;
  for (const struct caudit_record *r = object->value.in.first; r; r = r->next) {
    size_t i = index_of(r->name, names, count);
    if (i < count) found[i] = r;
  }
}

/* The text of a text or a number that is not empty; absent for any other value. */
static struct caudit_str text_of(struct caudit_work *work, const struct caudit_record *record) {
  static const struct caudit_str absent = {NULL, 0};
  char number[CAUDIT_NUMBER_TEXT];
  switch (record ? record->type : CAUDIT_RECORD_NULL) {
  case CAUDIT_RECORD_TEXT:
    return record->value.text.len > 0 ? record->value.text : absent;
  case CAUDIT_RECORD_INTEGER:
    return record->value.text;
  case CAUDIT_RECORD_DOUBLE:
    return caudit_pool_copy(&work->pool, number,
                            caudit_number_text(number, record->value.number, 14));
  default:
    return absent;
  }
}

static struct caudit_str filled(struct caudit_str text) {
  return text.len > 0 ? text : (struct caudit_str){NULL, 0};
}

static bool is_text(struct caudit_str text, const char *expected) {
  return text.data && caudit_str_equal(text, caudit_str(expected));
}

static void set_text(struct caudit_row *row, enum caudit_row_member member,
                     struct caudit_str text) {
  row->values[member].type = text.data ? CAUDIT_ROW_TEXT : CAUDIT_ROW_NULL;
  row->values[member].text = text;
}

/* A switch: true, false, or absent when it is neither. */
static void set_boolean(struct caudit_work *work, struct caudit_row *row,
                        enum caudit_row_member member, const struct caudit_record *record) {
  struct caudit_str text = text_of(work, record);
  bool yes =
      (record && record->type == CAUDIT_RECORD_TRUE) || is_text(text, "1") || is_text(text, "true");
  bool no = (record && record->type == CAUDIT_RECORD_FALSE) || is_text(text, "0") ||
            is_text(text, "false");
  row->values[member].type = yes || no ? CAUDIT_ROW_BOOLEAN : CAUDIT_ROW_NULL;
  row->values[member].number = yes;
}

/* ---- words ------------------------------------------------------------------------------- */

struct word {
  const char *theirs, *ours;
};

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Our word for one of theirs, which is compared without regard to case; NULL for an unknown one. */
static const char *word_of(struct caudit_str text, const struct word *words) {
  for (; text.data && words->theirs; words++) {
    size_t at = 0;
    while (at < text.len && words->theirs[at] != '\0' && lower(text.data[at]) == words->theirs[at])
      at++;
    if (at == text.len && words->theirs[at] == '\0') return words->ours;
  }
  return NULL;
}

static const struct word user_types[] = {
    {"root", "root"}, {"user", "user"}, {"camuser", "user"}, {"assumedrole", "role"}, {NULL, NULL}};
static const struct word actions[] = {{"read", "read"}, {"write", "write"}, {NULL, NULL}};
static const struct word ways[] = {{"consolecall", "console"},
                                   {"apicall", "api"},
                                   {"miniprogramcall", "miniprogram"},
                                   {NULL, NULL}};

static struct caudit_str in_lower_case(struct caudit_work *work, struct caudit_str text) {
  char *copy = text.len > 0 ? caudit_pool_alloc(&work->pool, text.len) : NULL;
  if (!copy) return (struct caudit_str){NULL, 0};
  for (size_t i = 0; i < text.len; i++) copy[i] = lower(text.data[i]);
  return (struct caudit_str){copy, text.len};
}

/* ---- what became of the call ---------------------------------------------------------------- */

/* A code that says that something failed. */
static struct caudit_str code(struct caudit_str text) {
  return is_text(text, "0") ? (struct caudit_str){NULL, 0} : filled(text);
}

static bool begins_with(struct caudit_str text, const char *prefix) {
  size_t len = strlen(prefix);
  return text.len >= len && memcmp(text.data, prefix, len) == 0;
}

static void set_result(struct caudit_work *work, struct caudit_row *row,
                       const struct caudit_event *event, const struct caudit_record *record,
                       const struct caudit_record **found) {
  struct caudit_str cam = code(text_of(work, found[CAM_CODE]));
  struct caudit_str failure = code(text_of(work, found[API_CODE]));
  if (!failure.data) failure = cam;
  if (!failure.data) failure = code(text_of(work, found[RECORD_CODE]));
  if (!failure.data) failure = code(text_of(work, found[OLD_CODE]));
  if (!failure.data) failure = code(event->texts[CAUDIT_EVENT_ERROR_CODE]);
  bool denied = cam.data || begins_with(failure, "UnauthorizedOperation") ||
                begins_with(failure, "AuthFailure");
  bool has_record =
      record && record->type == CAUDIT_RECORD_OBJECT && record->value.in.first != NULL;
  set_text(row, CAUDIT_ROW_ERROR_CODE, failure);
  set_text(
      row, CAUDIT_ROW_RESULT,
      caudit_str(failure.data ? (denied ? "denied" : "failed") : (has_record ? "ok" : "unknown")));
}

/* ---- rows -------------------------------------------------------------------------------- */

static void set_time(struct caudit_work *work, struct caudit_row *row,
                     const struct caudit_event *event) {
  char *text = event->has_time ? caudit_pool_alloc(&work->pool, CAUDIT_ISO_TIME) : NULL;
  if (!text || !caudit_iso_time(event->time, text)) return;
  row->values[CAUDIT_ROW_TIME].type = CAUDIT_ROW_INTEGER;
  row->values[CAUDIT_ROW_TIME].number = event->time;
  set_text(row, CAUDIT_ROW_TIME_ISO, (struct caudit_str){text, CAUDIT_ISO_TIME - 1});
}

/* Members that are those of the event. */
static const struct {
  enum caudit_row_member to;
  enum caudit_event_member from;
} copied[] = {
    {CAUDIT_ROW_ID, CAUDIT_EVENT_ID},
    {CAUDIT_ROW_NAME, CAUDIT_EVENT_NAME},
    {CAUDIT_ROW_USER, CAUDIT_EVENT_USER},
    {CAUDIT_ROW_SOURCE_IP, CAUDIT_EVENT_SOURCE_IP},
    {CAUDIT_ROW_LOCATION, CAUDIT_EVENT_LOCATION},
    {CAUDIT_ROW_REGION, CAUDIT_EVENT_REGION},
    {CAUDIT_ROW_RESOURCE_REGION, CAUDIT_EVENT_RESOURCE_REGION},
    {CAUDIT_ROW_REQUEST_ID, CAUDIT_EVENT_REQUEST_ID},
    {CAUDIT_ROW_ACCESS_KEY_ID, CAUDIT_EVENT_ACCESS_KEY_ID},
    {CAUDIT_ROW_RESOURCE, CAUDIT_EVENT_RESOURCE_NAME},
};

/* Sets a member that is still absent. */
static void set_other(struct caudit_row *row, enum caudit_row_member member,
                      struct caudit_str text) {
  if (row->values[member].type == CAUDIT_ROW_NULL) set_text(row, member, text);
}

void caudit_event_row(struct caudit_work *work, const struct caudit_event *event,
                      const struct caudit_record *record, struct caudit_row *row) {
  const struct caudit_record *in[IN_RECORD], *of_identity[IN_IDENTITY], *of_context[IN_CONTEXT];
  memset(row, 0, sizeof *row);
  look_up(record, in_record, IN_RECORD, in);
  look_up(in[IDENTITY], in_identity, IN_IDENTITY, of_identity);
  look_up(of_identity[CONTEXT], in_context, IN_CONTEXT, of_context);
  for (size_t i = 0; i < sizeof copied / sizeof copied[0]; i++)
    set_text(row, copied[i].to, filled(event->texts[copied[i].from]));
  set_time(work, row, event);
  set_text(row, CAUDIT_ROW_ACCOUNT_ID, event->texts[CAUDIT_EVENT_ACCOUNT_ID]);
  set_text(row, CAUDIT_ROW_PRODUCT, in_lower_case(work, event->texts[CAUDIT_EVENT_RESOURCE_TYPE]));
  set_other(row, CAUDIT_ROW_ACCESS_KEY_ID, text_of(work, of_identity[KEY_ID]));
  set_other(row, CAUDIT_ROW_RESOURCE, text_of(work, in[RESOURCE]));
  set_text(row, CAUDIT_ROW_PRINCIPAL_ID, text_of(work, of_identity[PRINCIPAL]));
  set_text(row, CAUDIT_ROW_USER_AGENT, text_of(work, in[AGENT]));
  set_text(row, CAUDIT_ROW_ERROR_MESSAGE, text_of(work, in[API_MESSAGE]));
  set_other(row, CAUDIT_ROW_ERROR_MESSAGE, text_of(work, in[RECORD_MESSAGE]));
  const char *type = word_of(text_of(work, of_identity[TYPE]), user_types);
  set_text(row, CAUDIT_ROW_USER_TYPE, caudit_str(type ? type : "unknown"));
  set_text(row, CAUDIT_ROW_ACTION, caudit_str(word_of(text_of(work, in[ACTION]), actions)));
  set_text(row, CAUDIT_ROW_VIA, caudit_str(word_of(text_of(work, in[VIA]), ways)));
  set_boolean(work, row, CAUDIT_ROW_SENSITIVE, in[SENSITIVE]);
  set_boolean(work, row, CAUDIT_ROW_MFA, of_context[MFA]);
  set_result(work, row, event, record, in);
}
