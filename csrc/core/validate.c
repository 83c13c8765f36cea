/* Validates a struct against the model: required members, and the documented rules on values. Only
 * rules that the service documents are applied; lists that have changed before (attribute keys,
 * regions, storage types) are left to the service. */
#include "core/internal.h"

#include <string.h>

/* Up to 40 bytes of a value, printable in a message. */
struct shown {
  char text[48];
};

static struct shown show(struct caudit_str value) {
  struct shown out = {""};
  caudit_copy_text(out.text, 41, value);
  for (char *c = out.text; *c; c++)
    if ((unsigned char)*c < 0x20 || *c == 0x7F) *c = '?';
  return out;
}

static bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
static bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_alnum_all(struct caudit_str text, const char *also) {
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    if (!is_lower(c) && !is_upper(c) && !is_digit(c) && (c == '\0' || !strchr(also, c)))
      return false;
  }
  return true;
}

#define IS_TEXT(text, literal) caudit_str_equal(text, (struct caudit_str)CAUDIT_STR(literal))

static int broken(struct caudit_error *err, const char *rule, struct caudit_str value) {
  return caudit_fail(err, CAUDIT_VALIDATION, "%s expected, got \"%s\"", rule, show(value).text);
}

static int check_track_name(struct caudit_str name, struct caudit_error *err) {
  if (name.len >= 3 && name.len <= 48 && is_alnum_all(name, "-_")) return 0;
  return broken(err, "3 to 48 letters, digits, hyphens or underscores", name);
}

static int check_range(const struct caudit_field *field, const void *member, uint64_t low,
                       uint64_t high, const char *rule, struct caudit_error *err) {
  uint64_t value = ((const struct caudit_uint64 *)member)->value;
  if (field->type == CAUDIT_TYPE_INT64) {
    int64_t number = ((const struct caudit_int64 *)member)->value;
    value = number < 0 ? UINT64_MAX : (uint64_t)number;
  }
  if (value >= low && value <= high) return 0;
  return caudit_fail(err, CAUDIT_VALIDATION, "%s expected", rule);
}

/* Another string member of the shape; absent when the shape does not have one of that name. */
static struct caudit_str sibling(const struct caudit_shape *shape, const void *value,
                                 const char *name) {
  const struct caudit_field *field = caudit_field(shape, caudit_str(name));
  struct caudit_str none = {NULL, 0};
  if (!field || field->type != CAUDIT_TYPE_STRING) return none;
  return *(const struct caudit_str *)((const char *)value + field->offset);
}

static int check_event_names(struct caudit_str resource_type, const struct caudit_strings *names,
                             struct caudit_error *err) {
  bool alone = names->count == 1 && IS_TEXT(names->items[0], "*");
  if (IS_TEXT(resource_type, "*") && !alone)
    return caudit_fail(err, CAUDIT_VALIDATION,
                       "{\"*\"} expected, since the resource type is \"*\" (all products)");
  if (names->count < 1 || names->count > 10)
    return caudit_fail(err, CAUDIT_VALIDATION, "{\"*\"} or 1 to 10 API names expected, got %zu",
                       names->count);
  for (size_t i = 0; i < names->count && !alone; i++) {
    if (names->items[i].len == 0 || IS_TEXT(names->items[i], "*"))
      return broken(err, "{\"*\"} alone or 1 to 10 API names", names->items[i]);
  }
  return 0;
}

/* Length of a trailing "-1250000000", the app id in a bucket's full name, or 0. Only app ids of ten
 * digits: a shorter run of digits is more often a date. */
static size_t app_id_suffix(struct caudit_str name) {
  size_t digits = 0;
  while (digits < name.len && is_digit(name.data[name.len - 1 - digits])) digits++;
  bool suffix = digits == 10 && name.len > 11 && name.data[name.len - 11] == '-';
  return suffix ? 11 : 0;
}

static int check_bucket(struct caudit_str name, struct caudit_error *err) {
  size_t suffix = app_id_suffix(name);
  if (suffix > 0) {
    struct caudit_str bare = {name.data, name.len - suffix};
    return caudit_fail(err, CAUDIT_VALIDATION,
                       "the bucket's name without -APPID expected (\"%s\"), got \"%s\"",
                       show(bare).text, show(name).text);
  }
  bool fits = name.len >= 1 && name.len <= 50 && name.data[0] != '-' &&
              name.data[name.len - 1] != '-' && is_alnum_all(name, "-");
  for (size_t i = 0; fits && i < name.len; i++) fits = !is_upper(name.data[i]);
  if (fits) return 0;
  return broken(err, "1 to 50 lower-case letters, digits or hyphens, no hyphen at either end",
                name);
}

static int check_ckafka_name(struct caudit_str name, struct caudit_error *err) {
  const char *slash = name.len > 0 ? memchr(name.data, '/', name.len) : NULL;
  if (slash && slash > name.data && slash < name.data + name.len - 1 &&
      !memchr(slash + 1, '/', (size_t)(name.data + name.len - slash - 1)))
    return 0;
  return broken(err, "instance-id/topic", name);
}

static int check_storage_name(struct caudit_str type, struct caudit_str name,
                              struct caudit_error *err) {
  if (IS_TEXT(type, "cos")) return check_bucket(name, err);
  if (IS_TEXT(type, "ckafka")) return check_ckafka_name(name, err);
  if (IS_TEXT(type, "cls") && (name.len < 1 || name.len > 50))
    return broken(err, "a topic id of 1 to 50 characters", name);
  return 0;
}

static int check_storage_prefix(struct caudit_str type, struct caudit_str prefix,
                                struct caudit_error *err) {
  if (!IS_TEXT(type, "cos")) return 0;
  if (prefix.len >= 3 && prefix.len <= 40 && is_alnum_all(prefix, "")) return 0;
  return broken(err, "3 to 40 letters or digits", prefix);
}

static int check_rule(const struct caudit_shape *shape, const void *value,
                      const struct caudit_field *field, const void *member,
                      struct caudit_error *err) {
  switch ((enum caudit_rule)field->rule) {
  case CAUDIT_RULE_NONE:
    return 0;
  case CAUDIT_RULE_TRACK_NAME:
    return check_track_name(*(const struct caudit_str *)member, err);
  case CAUDIT_RULE_SWITCH:
    return check_range(field, member, 0, 1, "0 or 1", err);
  case CAUDIT_RULE_COMPRESS:
    return check_range(field, member, 1, 2, "1 (compressed) or 2 (not compressed)", err);
  case CAUDIT_RULE_PAGE:
    return check_range(field, member, 1, UINT64_MAX - 1, "a number from 1", err);
  case CAUDIT_RULE_MAX_RESULTS:
    return check_range(field, member, 1, 50, "1 to 50", err);
  case CAUDIT_RULE_ACTION_TYPE: {
    struct caudit_str type = *(const struct caudit_str *)member;
    if (IS_TEXT(type, "Read") || IS_TEXT(type, "Write") || IS_TEXT(type, "*")) return 0;
    return broken(err, "Read, Write or *", type);
  }
  case CAUDIT_RULE_EVENT_NAMES:
    return check_event_names(sibling(shape, value, "ResourceType"), member, err);
  case CAUDIT_RULE_STORAGE_NAME:
    return check_storage_name(sibling(shape, value, "StorageType"),
                              *(const struct caudit_str *)member, err);
  case CAUDIT_RULE_STORAGE_PREFIX:
    return check_storage_prefix(sibling(shape, value, "StorageType"),
                                *(const struct caudit_str *)member, err);
  }
  return 0;
}

static int check_shape(const struct caudit_shape *shape, const void *value,
                       struct caudit_error *err);

static int check_nested(const struct caudit_field *field, const void *member,
                        struct caudit_error *err) {
  if (field->type == CAUDIT_TYPE_OBJECT) {
    int failed = check_shape(field->shape, *(const void *const *)member, err);
    if (failed) caudit_error_at(err, field->name, 0);
    return failed;
  }
  const struct caudit_objects *list = member;
  for (size_t i = 0; i < list->count; i++) {
    const char *items = list->items;
    int failed = check_shape(field->shape, items + i * field->shape->size, err);
    if (failed) return caudit_error_at(err, field->name, i + 1), failed;
  }
  return 0;
}

static const void *member_of(const void *value, const struct caudit_field *field) {
  return (const char *)value + field->offset;
}

/* A rule may read other members of the shape, so a missing one is reported first. */
static int check_required(const struct caudit_shape *shape, const void *value,
                          struct caudit_error *err) {
  for (size_t i = 0; i < shape->field_count; i++) {
    const struct caudit_field *field = &shape->fields[i];
    if (!field->required || caudit_is_set(field, member_of(value, field))) continue;
    int failed = caudit_fail(err, CAUDIT_MISUSE, "missing");
    caudit_copy_text(err->code, sizeof err->code, caudit_str("MissingParameter"));
    caudit_error_at(err, field->name, 0);
    return failed;
  }
  return 0;
}

static int check_shape(const struct caudit_shape *shape, const void *value,
                       struct caudit_error *err) {
  int failed = check_required(shape, value, err);
  if (failed) return failed;
  for (size_t i = 0; i < shape->field_count; i++) {
    const struct caudit_field *field = &shape->fields[i];
    const void *member = member_of(value, field);
    if (!caudit_is_set(field, member)) continue;
    bool nested = field->type == CAUDIT_TYPE_OBJECT || field->type == CAUDIT_TYPE_OBJECTS;
    if (nested && (failed = check_nested(field, member, err)) != 0) return failed;
    failed = check_rule(shape, value, field, member, err);
    if (failed) return caudit_error_at(err, field->name, 0), failed;
  }
  return 0;
}

int caudit_check(const char *owner, const struct caudit_shape *shape, const void *value,
                 struct caudit_error *err) {
  struct caudit_error unseen;
  if (!err) err = &unseen;
  int failed = check_shape(shape, value, err);
  if (failed) {
    if (failed == -CAUDIT_VALIDATION)
      caudit_copy_text(err->code, sizeof err->code, caudit_str("InvalidParameterValue"));
    caudit_error_owned(err, owner);
  }
  return failed;
}
