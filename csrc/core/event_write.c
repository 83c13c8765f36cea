/* Events as JSON: the row, and the record behind it. */
#include "core/record.h"

static void write_value(struct caudit_work *work, struct caudit_buf *out,
                        const struct caudit_row_value *value) {
  switch (value->type) {
  case CAUDIT_ROW_TEXT:
    caudit_write_shown(work, out, value->text);
    break;
  case CAUDIT_ROW_INTEGER:
    caudit_json_write_int64(out, value->number);
    break;
  case CAUDIT_ROW_BOOLEAN:
    if (value->number)
      CAUDIT_PUT(out, "true");
    else
      CAUDIT_PUT(out, "false");
    break;
  default:
    CAUDIT_PUT(out, "null");
  }
}

static void write_row(struct caudit_work *work, const struct caudit_event *event,
                      struct caudit_record *record, enum caudit_row_last last,
                      struct caudit_buf *out) {
#define KEY(symbol, name) CAUDIT_STR(",\"" name "\":"),
  static const struct caudit_str keys[] = {CAUDIT_ROW_MEMBERS(KEY)};
#undef KEY
  struct caudit_row row;
  size_t start = out->len;
  caudit_event_row(work, event, record, &row);
  CAUDIT_PUT(out, "{");
  for (size_t i = 0; i < CAUDIT_ROW_COUNT; i++) {
    size_t comma = i == 0 ? 1 : 0; /* the first has none before it */
    caudit_put(out, keys[i].data + comma, keys[i].len - comma);
    write_value(work, out, &row.values[i]);
  }
  if (last == CAUDIT_ROW_DETAIL) {
    CAUDIT_PUT(out, ",\"detail\":");
    caudit_record_write(work, out, record);
  } else if (last == CAUDIT_ROW_RAW) {
    struct caudit_row_value raw = {CAUDIT_ROW_NULL, event->texts[CAUDIT_EVENT_RAW], 0};
    if (raw.text.data) raw.type = CAUDIT_ROW_TEXT;
    CAUDIT_PUT(out, ",\"raw\":");
    write_value(work, out, &raw);
  }
  CAUDIT_PUT(out, "}");
  caudit_escape_controls(work, out, start);
}

static struct caudit_record *read_record(struct caudit_work *work, const struct caudit_event *event,
                                         enum caudit_reading how) {
  struct caudit_str raw = event->texts[CAUDIT_EVENT_RAW];
  return raw.data ? caudit_record_read(work, raw, how) : NULL;
}

static bool is_redactable(const struct caudit_event *event, size_t member) {
  return event->texts[member].data && (event->numbers >> member & 1U) == 0 &&
         member != CAUDIT_EVENT_ACCESS_KEY_ID && member != CAUDIT_EVENT_RAW;
}

/* Removes the values of secret names from the members but for the record. */
static void redact_values(struct caudit_work *work, struct caudit_event *event) {
  static const struct caudit_str mark = CAUDIT_STR(CAUDIT_REDACTED);
  struct caudit_str *key_id = &event->texts[CAUDIT_EVENT_ACCESS_KEY_ID];
  if (work->level == CAUDIT_REDACT_ALL && key_id->len > 0) {
    caudit_redact_remember(work, *key_id);
    *key_id = mark;
  }
  for (size_t i = 0; i < CAUDIT_EVENT_COUNT; i++)
    if (is_redactable(event, i)) event->texts[i] = caudit_redact_values(work, event->texts[i]);
}

/* Removes what was found from the members but for the record. */
static void redact_found(struct caudit_work *work, struct caudit_event *event) {
  if (work->found.len == 0 && work->level != CAUDIT_REDACT_ALL) return;
  for (size_t i = 0; i < CAUDIT_EVENT_COUNT; i++)
    if (is_redactable(event, i)) event->texts[i] = caudit_redact_found(work, event->texts[i]);
}

/* Writes an event whose secrets are hidden while its record is decoded. False, and nothing is
 * written, when a value that was found stands somewhere else too: then the text of the record has
 * to be redacted before it is decoded. */
static bool write_in_one_pass(struct caudit_work *work, const struct caudit_event *given,
                              struct caudit_buf *out) {
  struct caudit_event event = *given;
  size_t found = work->found.len;
  struct caudit_record *record = read_record(work, &event, CAUDIT_READ_REDACTED);
  redact_found(work, &event);
  write_row(work, &event, record, CAUDIT_ROW_DETAIL, out);
  if (out->status != 0 || work->found.len == 0) return true;
  struct caudit_str written = {out->data, out->len};
  if (!caudit_stands_elsewhere(work, found, event.texts[CAUDIT_EVENT_RAW], written)) return true;
  memset(out->data, 0, out->len);
  out->len = 0;
  work->found.len = found;
  work->sorted = false;
  return false;
}

struct caudit_str caudit_event_json(struct caudit_work *work, const struct caudit_event *given,
                                    bool redact, enum caudit_row_last last) {
  struct caudit_event event = *given;
  struct caudit_str *raw = &event.texts[CAUDIT_EVENT_RAW];
  struct caudit_buf *out = &work->out;
  bool written = false;
  out->len = 0;
  if (redact) {
    redact_values(work, &event);
    if (last == CAUDIT_ROW_DETAIL && work->level == CAUDIT_REDACT_SECRETS)
      written = write_in_one_pass(work, &event, out);
    if (!written && raw->data) *raw = caudit_redact_values(work, *raw);
    if (!written) redact_found(work, &event);
    if (!written && raw->data) *raw = caudit_redact_found(work, *raw);
  }
  if (!written) {
    enum caudit_reading how = last == CAUDIT_ROW_DETAIL ? CAUDIT_READ_ALL : CAUDIT_READ_FOR_ROW;
    write_row(work, &event, read_record(work, &event, how), last, out);
  }
  if (out->status != 0) work->failed = true;
  if (caudit_work_status(work) != 0) return (struct caudit_str){NULL, 0};
  return (struct caudit_str){out->data, out->len};
}
