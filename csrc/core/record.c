/* The record of an event: JSON with JSON texts inside, opened at every depth. As in every reading
 * of this library, null means absent, and of members of one name the last that is not null counts.
 */
#include "core/record.h"

/* A document that is read: a JSON text in `depth` others. */
struct document {
  struct caudit_json_reader reader;
  struct caudit_scan scan;
  unsigned depth;
  enum caudit_reading how;
};

static bool open_text(struct caudit_work *work, struct caudit_str text, unsigned depth,
                      enum caudit_reading how, struct caudit_record *container,
                      struct caudit_record *out);

static void set_text(struct caudit_record *record, struct caudit_str text) {
  record->type = CAUDIT_RECORD_TEXT;
  record->plain_text = false;
  record->value.text = text;
}

/* Digits alone are an integer beyond 64 bits, which is exact only as text. */
static bool is_digits(struct caudit_str text) {
  for (size_t i = 0; i < text.len; i++)
    if (text.data[i] == '.' || text.data[i] == 'e' || text.data[i] == 'E') return false;
  return true;
}

static void set_number(struct caudit_record *record, enum caudit_token token,
                       const struct caudit_json_value *value) {
  static const struct caudit_str zero = CAUDIT_STR("0");
  double number;
  set_text(record, value->text);
  if (token == CAUDIT_JSON_INTEGER) {
    if (!value->negative && value->magnitude > INT64_MAX) return;
    record->type = CAUDIT_RECORD_INTEGER;
    if (value->magnitude == 0) record->value.text = zero; /* -0 is 0 */
  } else if (!is_digits(value->text) && caudit_json_double(value->text, &number)) {
    record->type = CAUDIT_RECORD_DOUBLE;
    record->value.number = number;
  }
}

static const struct caudit_str mark = CAUDIT_STR(CAUDIT_REDACTED);

/* Fills a record with a text and what is JSON in it. */
static void set_open_text(struct caudit_work *work, struct caudit_str text, unsigned depth,
                          enum caudit_reading how, struct caudit_record *container,
                          struct caudit_record *record) {
  size_t found = work->found.len;
  if (open_text(work, text, depth, how, container, record)) return;
  if (how == CAUDIT_READ_REDACTED) {
    struct caudit_str clean;
    work->found.len = found;
    clean = caudit_redact_at(work, text, depth);
    /* What is hidden can make JSON of it. */
    if (clean.data != text.data &&
        open_text(work, clean, depth, CAUDIT_READ_ALL, container, record))
      return;
    text = clean;
  }
  set_text(record, text);
}

static void set_string(struct document *d, struct caudit_record *container, bool hide,
                       const struct caudit_json_value *value, struct caudit_record *record) {
  struct caudit_work *work = d->scan.work;
  struct caudit_str text = value->text;
  if (hide && text.len > 0 && !caudit_is_kept_value(text, work->level)) {
    caudit_redact_remember(work, text);
    set_text(record, mark);
  } else if (caudit_is_harmless(text, value->escaped ? text.data + text.len : d->reader.end)) {
    set_text(record, text);
    record->plain_text = value->plain;
  } else {
    set_open_text(work, text, d->depth + 1, d->how, container, record);
  }
}

/* Fills a record with a value that is neither an object nor a list. */
static void set_plain(struct document *d, struct caudit_record *container, bool hide,
                      enum caudit_token token, const struct caudit_json_value *value,
                      struct caudit_record *record) {
  switch (token) {
  case CAUDIT_JSON_STRING:
    set_string(d, container, hide, value, record);
    break;
  case CAUDIT_JSON_INTEGER:
  case CAUDIT_JSON_NUMBER:
    if (hide)
      set_text(record, mark);
    else
      set_number(record, token, value);
    break;
  case CAUDIT_JSON_TRUE:
    record->type = CAUDIT_RECORD_TRUE;
    break;
  case CAUDIT_JSON_FALSE:
    record->type = CAUDIT_RECORD_FALSE;
    break;
  default:
    record->type = CAUDIT_RECORD_NULL;
  }
}

static void begin_container(struct caudit_record *record, enum caudit_token token, bool hide,
                            struct caudit_record *parent) {
  record->type = token == CAUDIT_JSON_OBJECT ? CAUDIT_RECORD_OBJECT : CAUDIT_RECORD_LIST;
  record->value.in.first = record->value.in.last = NULL;
  record->value.in.parent = parent;
  record->value.in.secrets = (struct caudit_object_secrets){hide, CAUDIT_PAIR_UNKNOWN};
}

/* Adds an empty item or member to a container. NULL when memory ran out. */
static struct caudit_record *add(struct caudit_work *work, struct caudit_record *container,
                                 struct caudit_str name, bool plain_name) {
  struct caudit_record *record = caudit_pool_alloc(&work->pool, sizeof *record);
  if (!record) return NULL;
  record->name = name;
  record->plain_name = plain_name;
  record->next = NULL;
  if (container->value.in.last)
    container->value.in.last->next = record;
  else
    container->value.in.first = record;
  container->value.in.last = record;
  return record;
}

/* Passes over the value of a member that no row takes. An object that has one is not empty. */
static bool pass(struct document *d, struct caudit_record *object, struct caudit_str name) {
  struct caudit_json_value value;
  enum caudit_token token = caudit_json_next(&d->reader, &value);
  if (!object->value.in.first && token != CAUDIT_JSON_NULL) {
    struct caudit_record *record = add(d->scan.work, object, name, false);
    if (!record) return false;
    record->type = CAUDIT_RECORD_NULL;
  }
  return caudit_json_skip(&d->reader, token);
}

/* Reads a document behind its first token, which opens `root`. */
static bool read_container(struct document *d, struct caudit_record *root) {
  struct caudit_json_reader *reader = &d->reader;
  struct caudit_record *at = root;
  struct caudit_json_value value;
  struct caudit_str name = {NULL, 0};
  bool hide = false, plain_name = false; /* of the member at hand */
  while (at) {
    enum caudit_token token = caudit_json_next(reader, &value);
    /* The strings stay: what they took of the scratch is not used again. */
    if ((token == CAUDIT_JSON_STRING || token == CAUDIT_JSON_KEY) && value.escaped)
      reader->scratch += value.text.len;
    if (token == CAUDIT_JSON_ERROR) return false;
    if (token == CAUDIT_JSON_KEY) {
      name = value.text;
      plain_name = value.plain;
      d->scan.at = reader->at;
      hide = d->how == CAUDIT_READ_REDACTED &&
             caudit_scan_member(&d->scan, name, &at->value.in.secrets);
      if (d->how == CAUDIT_READ_FOR_ROW && !caudit_is_in_row(name) && !pass(d, at, name))
        return false;
    } else if (token == CAUDIT_JSON_OBJECT_END || token == CAUDIT_JSON_ARRAY_END) {
      at = at->value.in.parent;
    } else if (token != CAUDIT_JSON_NULL || at->type == CAUDIT_RECORD_LIST) {
      if (at->type == CAUDIT_RECORD_LIST) hide = at->value.in.secrets.hide;
      struct caudit_record *record = add(d->scan.work, at, name, plain_name);
      if (!record) return false;
      if (token == CAUDIT_JSON_OBJECT || token == CAUDIT_JSON_ARRAY) {
        begin_container(record, token, hide, at);
        at = record;
      } else {
        set_plain(d, at, hide, token, &value, record);
      }
    }
  }
  return caudit_json_next(reader, &value) == CAUDIT_JSON_END;
}

/* Fills a record in a container with the value of a text that is a JSON object or list; false for
 * any other text. */
static bool open_text(struct caudit_work *work, struct caudit_str text, unsigned depth,
                      enum caudit_reading how, struct caudit_record *container,
                      struct caudit_record *out) {
  struct document d;
  struct caudit_json_value value;
  size_t at = 0;
  while (at < text.len && (text.data[at] == ' ' || text.data[at] == '\t' || text.data[at] == '\n' ||
                           text.data[at] == '\r'))
    at++;
  if (depth >= CAUDIT_MAX_TEXTS || at == text.len || (text.data[at] != '{' && text.data[at] != '['))
    return false;
  d.depth = depth;
  d.how = how;
  caudit_scan_begin(&d.scan, work, text);
  caudit_json_read(&d.reader, text);
  if (memchr(text.data, '\\', text.len)) {
    d.reader.scratch = caudit_pool_alloc(&work->pool, text.len);
    if (!d.reader.scratch) return false;
  }
  begin_container(out, caudit_json_next(&d.reader, &value), false, NULL);
  if (!read_container(&d, out)) return false;
  out->value.in.parent = container;
  return true;
}

struct caudit_record *caudit_record_read(struct caudit_work *work, struct caudit_str raw,
                                         enum caudit_reading how) {
  struct caudit_record *record = caudit_pool_alloc(&work->pool, sizeof *record);
  if (!record) return NULL;
  memset(record, 0, sizeof *record);
  set_open_text(work, raw, 0, how, NULL, record);
  return record;
}
