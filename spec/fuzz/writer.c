/* The writer on structs filled from the input: the output is read back member by member, or the
 * error names the string that is not UTF-8, or the output is too long. */
#include "fuzz.h"

enum { ROOM = 1 << 16, MOST_ITEMS = 20 };

static union {
  long double alignment;
  char bytes[ROOM];
} room;
static size_t used;
static bool all_utf8;

static void *take(size_t size) {
  size = (size + 15) / 16 * 16;
  if (size > sizeof room.bytes - used) return NULL;
  void *at = memset(room.bytes + used, 0, size);
  used += size;
  return at;
}

static struct caudit_str some_text(struct choices *c) {
  struct caudit_str text = choose_text(c);
  if (!is_utf8(text)) all_utf8 = false;
  return text;
}

static void fill(struct choices *c, const struct caudit_shape *shape, char *value);

static void fill_strings(struct choices *c, struct caudit_strings *out) {
  size_t count = choose(c) % MOST_ITEMS;
  struct caudit_str *items = take((count + 1) * sizeof *items);
  if (!items) return;
  for (size_t i = 0; i < count; i++) items[i] = some_text(c);
  out->items = items;
  out->count = count;
}

static void fill_objects(struct choices *c, const struct caudit_shape *shape,
                         struct caudit_objects *out) {
  size_t count = choose(c) % MOST_ITEMS;
  char *items = take((count + 1) * shape->size);
  if (!items) return;
  for (size_t i = 0; i < count; i++) fill(c, shape, items + i * shape->size);
  out->items = items;
  out->count = count;
}

static void fill(struct choices *c, const struct caudit_shape *shape, char *value) {
  for (size_t i = 0; i < shape->field_count; i++) {
    const struct caudit_field *field = &shape->fields[i];
    void *member = value + field->offset;
    if (choose(c) % 4 == 0) continue;
    switch ((enum caudit_type)field->type) {
    case CAUDIT_TYPE_STRING:
      *(struct caudit_str *)member = some_text(c);
      break;
    case CAUDIT_TYPE_INT64:
      *(struct caudit_int64 *)member = (struct caudit_int64){(int64_t)choose_bits(c), true};
      break;
    case CAUDIT_TYPE_UINT64:
      *(struct caudit_uint64 *)member = (struct caudit_uint64){choose_bits(c), true};
      break;
    case CAUDIT_TYPE_BOOL:
      *(struct caudit_bool *)member = (struct caudit_bool){choose(c) & 1, true};
      break;
    case CAUDIT_TYPE_STRINGS:
      fill_strings(c, member);
      break;
    case CAUDIT_TYPE_OBJECTS:
      fill_objects(c, field->shape, member);
      break;
    case CAUDIT_TYPE_OBJECT: {
      char *nested = take(field->shape->size);
      if (nested) fill(c, field->shape, nested);
      *(const void **)member = nested;
      break;
    }
    }
  }
}

/* ---- reading back ---------------------------------------------------------------------- */

static void require_text(struct caudit_json_reader *r, enum caudit_token type,
                         struct caudit_str expected) {
  static char plain[ROOM];
  struct caudit_json_value value;
  REQUIRE(caudit_json_next(r, &value) == type);
  REQUIRE(value.text.len <= sizeof plain);
  if (value.escaped) {
    value.text.len = caudit_json_unescape(value.text, plain);
    value.text.data = plain;
  }
  REQUIRE(caudit_str_equal(value.text, expected));
}

static void require_token(struct caudit_json_reader *r, enum caudit_token type) {
  struct caudit_json_value value;
  REQUIRE(caudit_json_next(r, &value) == type);
}

static void require_integer(struct caudit_json_reader *r, bool negative, uint64_t magnitude) {
  struct caudit_json_value value;
  REQUIRE(caudit_json_next(r, &value) == CAUDIT_JSON_INTEGER);
  REQUIRE(value.negative == negative && value.magnitude == magnitude);
}

static void require_object(struct caudit_json_reader *r, const struct caudit_shape *shape,
                           const char *value);

static void require_member(struct caudit_json_reader *r, const struct caudit_field *field,
                           const void *member) {
  const struct caudit_strings *strings = member;
  const struct caudit_objects *objects = member;
  switch ((enum caudit_type)field->type) {
  case CAUDIT_TYPE_STRING:
    require_text(r, CAUDIT_JSON_STRING, *(const struct caudit_str *)member);
    break;
  case CAUDIT_TYPE_INT64: {
    int64_t number = ((const struct caudit_int64 *)member)->value;
    require_integer(r, number < 0, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
    break;
  }
  case CAUDIT_TYPE_UINT64:
    require_integer(r, false, ((const struct caudit_uint64 *)member)->value);
    break;
  case CAUDIT_TYPE_BOOL:
    require_token(r, ((const struct caudit_bool *)member)->value ? CAUDIT_JSON_TRUE
                                                                 : CAUDIT_JSON_FALSE);
    break;
  case CAUDIT_TYPE_STRINGS:
    require_token(r, CAUDIT_JSON_ARRAY);
    for (size_t i = 0; i < strings->count; i++)
      require_text(r, CAUDIT_JSON_STRING, strings->items[i]);
    require_token(r, CAUDIT_JSON_ARRAY_END);
    break;
  case CAUDIT_TYPE_OBJECTS:
    require_token(r, CAUDIT_JSON_ARRAY);
    for (size_t i = 0; i < objects->count; i++)
      require_object(r, field->shape, (const char *)objects->items + i * field->shape->size);
    require_token(r, CAUDIT_JSON_ARRAY_END);
    break;
  case CAUDIT_TYPE_OBJECT:
    require_object(r, field->shape, *(const void *const *)member);
    break;
  }
}

static void require_object(struct caudit_json_reader *r, const struct caudit_shape *shape,
                           const char *value) {
  require_token(r, CAUDIT_JSON_OBJECT);
  for (size_t i = 0; i < shape->field_count; i++) {
    const struct caudit_field *field = &shape->fields[i];
    const void *member = value + field->offset;
    if (!caudit_is_set(field, member)) continue;
    require_text(r, CAUDIT_JSON_KEY, caudit_str(field->name));
    require_member(r, field, member);
  }
  require_token(r, CAUDIT_JSON_OBJECT_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct choices c = {data, data + size};
  struct caudit_error err;
  struct caudit_buf out;
  size_t count, max = (size_t)choose(&c) << 8 | choose(&c);
  const struct caudit_shape *const *shapes = caudit_shapes(&count);
  const struct caudit_shape *shape = shapes[choose(&c) % count];
  used = 0;
  all_utf8 = true;
  char *value = take(shape->size);
  fill(&c, shape, value);
  caudit_buf_init(&out, NULL, max);
  memset(&err, 'x', sizeof err);
  int status = caudit_json_write(&out, shape, value, &err);
  if (status != 0) {
    require_error(&err, status);
    REQUIRE(status == -CAUDIT_QUOTA || (status == -CAUDIT_VALIDATION && !all_utf8 && err.field[0]));
  } else {
    struct caudit_json_reader reader;
    REQUIRE(all_utf8 && out.len <= max);
    caudit_json_read(&reader, (struct caudit_str){out.data, out.len});
    require_object(&reader, shape, value);
    require_token(&reader, CAUDIT_JSON_END);
  }
  memset(&err, 'x', sizeof err);
  status = caudit_check("owner", shape, value, &err);
  if (status != 0) {
    require_error(&err, status);
    REQUIRE(err.kind == CAUDIT_MISUSE || err.kind == CAUDIT_VALIDATION);
  }
  caudit_buf_free(&out);
  return 0;
}
