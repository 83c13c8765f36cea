/* The rows of model.def as constant descriptors. */
#include "core/internal.h"

#include <stddef.h>
#include <string.h>

static const struct caudit_service service_CLOUDAUDIT = {"cloudaudit", "2019-03-19"};
static const struct caudit_service service_STS = {"sts", "2018-08-13"};

/* Every shape's descriptor is declared first, since fields point at shapes. */
#define CAUDIT_SHAPE(name) static const struct caudit_shape shape_##name;
#define CAUDIT_SHAPE_EMPTY(name) CAUDIT_SHAPE(name)
#include "cloudaudit/model.def"

#define REQUIRED true
#define OPTIONAL false
#define ROW(owner, name, type, of, required, rule, doc)                                            \
  {#name,                                                                                          \
   "\"" #name "\":",                                                                               \
   doc,                                                                                            \
   of,                                                                                             \
   sizeof #name - 1,                                                                               \
   offsetof(struct caudit_##owner, name),                                                          \
   CAUDIT_TYPE_##type,                                                                             \
   CAUDIT_RULE_##rule,                                                                             \
   required},
#define CAUDIT_SHAPE(name) static const struct caudit_field fields_##name[] = {
#define CAUDIT_SHAPE_EMPTY(name)                                                                   \
  static const struct caudit_shape shape_##name = {#name, NULL, 0, sizeof(struct caudit_##name)};
#define CAUDIT_FIELD(owner, name, type, required, rule, doc)                                       \
  ROW(owner, name, type, NULL, required, rule, doc)
#define CAUDIT_STRINGS(owner, name, required, rule, doc)                                           \
  ROW(owner, name, STRINGS, NULL, required, rule, doc)
#define CAUDIT_OBJECT(owner, name, of, required, rule, doc)                                        \
  ROW(owner, name, OBJECT, &shape_##of, required, rule, doc)
#define CAUDIT_OBJECTS(owner, name, of, required, rule, doc)                                       \
  ROW(owner, name, OBJECTS, &shape_##of, required, rule, doc)
#define CAUDIT_SHAPE_END(name)                                                                     \
  }                                                                                                \
  ;                                                                                                \
  static const struct caudit_shape shape_##name = {#name, fields_##name,                           \
                                                   sizeof fields_##name / sizeof *fields_##name,   \
                                                   sizeof(struct caudit_##name)};
#define CAUDIT_ERRORS(action, ...) static const char *const errors_##action[] = {__VA_ARGS__, NULL};
#include "cloudaudit/model.def"

#define CAUDIT_SHAPE(name) &shape_##name,
#define CAUDIT_SHAPE_EMPTY(name) &shape_##name,
static const struct caudit_shape *const shapes[] = {
#include "cloudaudit/model.def"
};

#define READS false
#define WRITES true
#define CURRENT false
#define LEGACY true
#define SIGNED false
#define UNSIGNED true
#define CAUDIT_ACTION(service, name, kind, status, signing, doc)                                   \
  {#name,                                                                                          \
   doc,                                                                                            \
   &service_##service,                                                                             \
   &shape_##name##Request,                                                                         \
   &shape_##name##Response,                                                                        \
   errors_##name,                                                                                  \
   kind,                                                                                           \
   status,                                                                                         \
   signing},
static const struct caudit_action actions[] = {
#include "cloudaudit/model.def"
};

const struct caudit_action *caudit_actions(size_t *count) {
  *count = sizeof actions / sizeof actions[0];
  return actions;
}

const struct caudit_shape *const *caudit_shapes(size_t *count) {
  *count = sizeof shapes / sizeof shapes[0];
  return shapes;
}

/* Most names differ in one of the first bytes, which strncmp finds without their lengths. */
static bool is_named(struct caudit_str name, const char *known) {
  return name.len > 0 && strncmp(name.data, known, name.len) == 0 && known[name.len] == '\0';
}

const struct caudit_action *caudit_action(struct caudit_str name) {
  for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
    if (is_named(name, actions[i].name)) return &actions[i];
  return NULL;
}

const struct caudit_shape *caudit_shape(struct caudit_str name) {
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
    if (is_named(name, shapes[i]->name)) return shapes[i];
  return NULL;
}

const struct caudit_field *caudit_field(const struct caudit_shape *shape, struct caudit_str name) {
  for (size_t i = 0; i < shape->field_count; i++) {
    const struct caudit_field *field = &shape->fields[i];
    if (field->name_len == name.len && memcmp(field->name, name.data, name.len) == 0) return field;
  }
  return NULL;
}

bool caudit_is_set(const struct caudit_field *field, const void *member) {
  switch ((enum caudit_type)field->type) {
  case CAUDIT_TYPE_STRING:
    return ((const struct caudit_str *)member)->data != NULL;
  case CAUDIT_TYPE_INT64:
    return ((const struct caudit_int64 *)member)->set;
  case CAUDIT_TYPE_UINT64:
    return ((const struct caudit_uint64 *)member)->set;
  case CAUDIT_TYPE_BOOL:
    return ((const struct caudit_bool *)member)->set;
  case CAUDIT_TYPE_STRINGS:
    return ((const struct caudit_strings *)member)->items != NULL;
  case CAUDIT_TYPE_OBJECT:
    return *(const void *const *)member != NULL;
  case CAUDIT_TYPE_OBJECTS:
    return ((const struct caudit_objects *)member)->items != NULL;
  }
  return false;
}
