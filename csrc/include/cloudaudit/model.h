/* The API as data: a descriptor for each shape and field, and a C struct for each shape, generated
 * from the rows of model.def. An action's request and response are shapes, named <Action>Request
 * and <Action>Response. */
#ifndef CLOUDAUDIT_MODEL_H
#define CLOUDAUDIT_MODEL_H

#include "cloudaudit/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- values in the structs ------------------------------------------------------------- */

struct caudit_int64 {
  int64_t value;
  bool set;
};
struct caudit_uint64 {
  uint64_t value;
  bool set;
};
struct caudit_bool {
  bool value;
  bool set;
};
/* A list is absent when items is NULL; an empty list has items and a count of 0. */
struct caudit_strings {
  const struct caudit_str *items;
  size_t count;
};
struct caudit_objects {
  const void *items; /* array of the shape's struct */
  size_t count;
};

#define CAUDIT_SET(number)                                                                         \
  { (number), true }

/* ---- the structs: struct caudit_Storage, struct caudit_CreateAuditTrackRequest, ... ----- */

#define CAUDIT_SHAPE(name) struct caudit_##name {
#define CAUDIT_SHAPE_EMPTY(name)                                                                   \
  struct caudit_##name {                                                                           \
    char no_members;                                                                               \
  };
#define CAUDIT_FIELD(owner, name, type, required, rule, doc) CAUDIT_MEMBER_##type name;
#define CAUDIT_STRINGS(owner, name, required, rule, doc) struct caudit_strings name;
#define CAUDIT_OBJECT(owner, name, shape, required, rule, doc) const struct caudit_##shape *name;
#define CAUDIT_OBJECTS(owner, name, shape, required, rule, doc) struct caudit_objects name;
#define CAUDIT_SHAPE_END(name)                                                                     \
  }                                                                                                \
  ;
#define CAUDIT_MEMBER_STRING struct caudit_str
#define CAUDIT_MEMBER_INT64 struct caudit_int64
#define CAUDIT_MEMBER_UINT64 struct caudit_uint64
#define CAUDIT_MEMBER_BOOL struct caudit_bool
#include "cloudaudit/model.def"
#undef CAUDIT_MEMBER_STRING
#undef CAUDIT_MEMBER_INT64
#undef CAUDIT_MEMBER_UINT64
#undef CAUDIT_MEMBER_BOOL

/* ---- the descriptors ------------------------------------------------------------------- */

enum caudit_type {
  CAUDIT_TYPE_STRING,
  CAUDIT_TYPE_INT64,
  CAUDIT_TYPE_UINT64,
  CAUDIT_TYPE_BOOL,
  CAUDIT_TYPE_STRINGS, /* list of string */
  CAUDIT_TYPE_OBJECT,
  CAUDIT_TYPE_OBJECTS /* list of objects */
};

/* Documented rules on values, applied by caudit_check. */
enum caudit_rule {
  CAUDIT_RULE_NONE,
  CAUDIT_RULE_TRACK_NAME,
  CAUDIT_RULE_SWITCH,         /* 0 or 1 */
  CAUDIT_RULE_ACTION_TYPE,    /* Read, Write or * */
  CAUDIT_RULE_EVENT_NAMES,    /* depends on ResourceType of the same shape */
  CAUDIT_RULE_STORAGE_NAME,   /* depends on StorageType of the same shape */
  CAUDIT_RULE_STORAGE_PREFIX, /* the same */
  CAUDIT_RULE_COMPRESS,       /* 1 or 2 */
  CAUDIT_RULE_PAGE,           /* counted from 1 */
  CAUDIT_RULE_MAX_RESULTS     /* 1 to 50 */
};

struct caudit_shape;

struct caudit_field {
  const char *name;
  const char *key; /* the name as written in JSON: in quotes, with a colon */
  const char *doc;
  const struct caudit_shape *shape; /* of OBJECT and OBJECTS, else NULL */
  uint16_t name_len;
  uint16_t offset; /* of the member in the shape's struct */
  uint8_t type;    /* enum caudit_type */
  uint8_t rule;    /* enum caudit_rule */
  bool required;
};

struct caudit_shape {
  const char *name;
  const struct caudit_field *fields;
  uint16_t field_count;
  uint16_t size; /* sizeof the shape's struct */
};

struct caudit_service {
  const char *name;    /* "cloudaudit": first part of the host and of the credential scope */
  const char *version; /* "2019-03-19" */
};

struct caudit_action {
  const char *name;
  const char *doc;
  const struct caudit_service *service;
  const struct caudit_shape *request;
  const struct caudit_shape *response;
  const char *const *error_codes; /* ends in NULL */
  bool writes;                    /* changes something: retried only without effect so far */
  bool legacy;
  bool unsigned_call; /* sent without credentials: "Authorization: SKIP" */
};

/* All actions; all shapes, requests and responses included. */
CAUDIT_API const struct caudit_action *caudit_actions(size_t *count);
CAUDIT_API const struct caudit_shape *const *caudit_shapes(size_t *count);
/* NULL for a name that is not in the model. Case matters. */
CAUDIT_API const struct caudit_action *caudit_action(struct caudit_str name);
CAUDIT_API const struct caudit_shape *caudit_shape(struct caudit_str name);
CAUDIT_API const struct caudit_field *caudit_field(const struct caudit_shape *shape,
                                                   struct caudit_str name);

/* Validates a struct of the shape: a missing required member is CAUDIT_MISUSE, a value that
 * violates a documented rule is CAUDIT_VALIDATION. err->field is the place; the message starts with
 * `owner` ("CreateAuditTrack") and the place. Returns 0 or -kind. */
CAUDIT_API int caudit_check(const char *owner, const struct caudit_shape *shape, const void *value,
                            struct caudit_error *err);

#ifdef __cplusplus
}
#endif
#endif
