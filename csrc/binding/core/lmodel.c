/* Maps Lua tables to the model's structs by descriptor. Access is raw, strings are borrowed from
 * the tables, and there is nothing to free when an error is raised. */
#include "binding/core/binding.h"

#include <stdio.h>
#include <string.h>

/* ---- arena ----------------------------------------------------------------------------- */

void caudit_arena_begin(struct caudit_arena *arena, lua_State *L) {
  arena->L = L;
  arena->blocks = 0;
  arena->at = arena->first.bytes;
  arena->left = sizeof arena->first.bytes;
  lua_pushnil(L);
  arena->slot = lua_gettop(L);
}

/* Returns zeroed memory, or raises an error. */
static void *take(struct caudit_arena *arena, size_t size) {
  lua_State *L = arena->L;
  size = (size + 15) & ~(size_t)15;
  if (size > arena->left) {
    if (arena->blocks == 0) {
      lua_newtable(L);
      lua_replace(L, arena->slot);
    }
    size_t block = size > 4096 ? size : 4096;
    arena->at = caudit_newuserdata(L, block);
    arena->left = block;
    lua_rawseti(L, arena->slot, (int)++arena->blocks);
  }
  void *at = arena->at;
  arena->at += size;
  arena->left -= size;
  return memset(at, 0, size);
}

/* ---- values ---------------------------------------------------------------------------- */

struct mapper {
  struct caudit_arena *arena;
  lua_State *L;
  bool wire;
  bool ordered; /* by the model's order, which is slower: to name the same of two mistakes each time
                 */
  struct caudit_error *err;
};

static int refuse(struct mapper *m, const char *code, const char *message) {
  int failed = caudit_fail(m->err, CAUDIT_MISUSE, "%s", message);
  (void)snprintf(m->err->code, sizeof m->err->code, "%s", code);
  return failed;
}

static int wrong_type(struct mapper *m, const char *expected, int index) {
  char message[128];
  (void)snprintf(message, sizeof message, "%s expected, got %s", expected,
                 luaL_typename(m->L, index));
  return refuse(m, "InvalidParameter", message);
}

/* Parses digits with an optional minus. False for other texts and for more than 64 bits. */
static bool parse_decimal(const char *text, size_t len, bool *negative, uint64_t *magnitude) {
  *negative = len > 0 && text[0] == '-';
  size_t i = *negative ? 1 : 0;
  *magnitude = 0;
  if (i == len) return false;
  for (; i < len; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
    unsigned digit = (unsigned)(text[i] - '0');
    if (*magnitude > (UINT64_MAX - digit) / 10) return false;
    *magnitude = *magnitude * 10 + digit;
  }
  return true;
}

/* Whether a number of this Lua holds it exactly. */
static bool fits_number(bool negative, uint64_t magnitude) {
#if LUA_VERSION_NUM >= 503
  return magnitude <= (uint64_t)INT64_MAX + (negative ? 1 : 0);
#else
  (void)negative;
  return magnitude < (uint64_t)1 << 53; /* a larger double may have been rounded */
#endif
}

/* Accepts integers, integral floats below 2^53 (larger ones may have been rounded), decimal
 * strings. */
static bool to_integer(struct mapper *m, int index, bool *negative, uint64_t *magnitude) {
  lua_State *L = m->L;
  if (lua_type(L, index) == LUA_TSTRING) {
    size_t len;
    const char *text = lua_tolstring(L, index, &len);
    if (!parse_decimal(text, len, negative, magnitude)) return false;
    return !m->wire || !fits_number(*negative, *magnitude);
  }
  if (lua_type(L, index) != LUA_TNUMBER) return false;
#if LUA_VERSION_NUM >= 503
  if (lua_isinteger(L, index)) {
    lua_Integer value = lua_tointeger(L, index);
    *negative = value < 0;
    *magnitude = *negative ? 0 - (uint64_t)value : (uint64_t)value;
    return true;
  }
#endif
  lua_Number number = lua_tonumber(L, index);
  if (!(number > -9007199254740992.0 && number < 9007199254740992.0)) return false;
  *negative = number < 0;
  *magnitude = (uint64_t)(*negative ? -number : number);
  return (lua_Number)*magnitude == (*negative ? -number : number);
}

static int map_integer(struct mapper *m, int index, const struct caudit_field *field,
                       void *member) {
  bool negative, is_signed = field->type == CAUDIT_TYPE_INT64;
  uint64_t magnitude;
  if (!to_integer(m, index, &negative, &magnitude)) {
    int type = lua_type(m->L, index);
    if (type == LUA_TNUMBER || type == LUA_TSTRING)
      return refuse(m, "InvalidParameter",
                    type == LUA_TNUMBER
                        ? "integer expected, got a fraction or a float beyond 2^53 (pass such a "
                          "number as a string)"
                        : "integer expected, got a string that is not a decimal number");
    return wrong_type(m, "integer", index);
  }
  uint64_t most = is_signed ? (uint64_t)INT64_MAX + (negative ? 1 : 0) : UINT64_MAX;
  if (magnitude > most || (negative && !is_signed && magnitude > 0))
    return refuse(m, "InvalidParameter",
                  is_signed ? "integer of 64 bits expected" : "integer of 0 or more expected");
  if (is_signed) {
    struct caudit_int64 *out = member;
    out->value = negative ? -(int64_t)(magnitude - 1) - 1 : (int64_t)magnitude;
    if (negative && magnitude == 0) out->value = 0;
    out->set = true;
  } else {
    struct caudit_uint64 *out = member;
    out->value = magnitude;
    out->set = true;
  }
  return 0;
}

static int map_string(struct mapper *m, int index, struct caudit_str *out) {
  if (lua_type(m->L, index) != LUA_TSTRING) return wrong_type(m, "string", index);
  out->data = lua_tolstring(m->L, index, &out->len);
  return 0;
}

/* Sets *count to the number of items of a list and refuses other keys. */
static int list_length(struct mapper *m, int index, size_t *count) {
  lua_State *L = m->L;
  size_t pairs = 0;
  *count = caudit_rawlen(L, index);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TNUMBER)
      return refuse(m, "InvalidParameter", "list expected, got a table with string keys");
    pairs++;
  }
  if (pairs != *count) return refuse(m, "InvalidParameter", "list without holes expected");
  return 0;
}

static int map_strings(struct mapper *m, int index, struct caudit_strings *out) {
  if (lua_type(m->L, index) != LUA_TTABLE) return wrong_type(m, "list of strings", index);
  int item = lua_gettop(m->L) + 1, failed = list_length(m, index, &out->count);
  if (failed) return failed;
  struct caudit_str *items = take(m->arena, (out->count + 1) * sizeof *items);
  for (size_t i = 0; i < out->count; i++) {
    lua_rawgeti(m->L, index, (int)(i + 1));
    failed = map_string(m, item, &items[i]);
    if (failed) return caudit_error_at(m->err, "", i + 1), failed;
    lua_settop(m->L, item - 1); /* the list keeps the string alive */
  }
  out->items = items;
  return 0;
}

static int map_shape(struct mapper *m, int index, const struct caudit_shape *shape, void *out);

static int map_object(struct mapper *m, int index, const struct caudit_shape *shape,
                      const void **out) {
  if (lua_type(m->L, index) != LUA_TTABLE) return wrong_type(m, "table", index);
  void *value = take(m->arena, shape->size);
  *out = value;
  return map_shape(m, index, shape, value);
}

static int map_objects(struct mapper *m, int index, const struct caudit_shape *shape,
                       struct caudit_objects *out) {
  if (lua_type(m->L, index) != LUA_TTABLE) return wrong_type(m, "list of tables", index);
  int failed = list_length(m, index, &out->count);
  if (failed) return failed;
  char *items = take(m->arena, (out->count + 1) * shape->size);
  for (size_t i = 0; i < out->count; i++) {
    lua_rawgeti(m->L, index, (int)(i + 1));
    int item = lua_gettop(m->L);
    failed = lua_type(m->L, item) == LUA_TTABLE ? map_shape(m, item, shape, items + i * shape->size)
                                                : wrong_type(m, "table", item);
    if (failed) return caudit_error_at(m->err, "", i + 1), failed;
    lua_settop(m->L, item - 1);
  }
  out->items = items;
  return 0;
}

static int map_value(struct mapper *m, int index, const struct caudit_field *field, void *member) {
  int type = lua_type(m->L, index);
  /* core.null means absent, like nil. */
  if (type == LUA_TLIGHTUSERDATA && !lua_touserdata(m->L, index)) return 0;
  switch ((enum caudit_type)field->type) {
  case CAUDIT_TYPE_STRING:
    return map_string(m, index, member);
  case CAUDIT_TYPE_INT64:
  case CAUDIT_TYPE_UINT64:
    return map_integer(m, index, field, member);
  case CAUDIT_TYPE_BOOL: {
    struct caudit_bool *out = member;
    if (type != LUA_TBOOLEAN) return wrong_type(m, "boolean", index);
    out->value = lua_toboolean(m->L, index) != 0;
    out->set = true;
    return 0;
  }
  case CAUDIT_TYPE_STRINGS:
    return map_strings(m, index, member);
  case CAUDIT_TYPE_OBJECT:
    return map_object(m, index, field->shape, member);
  case CAUDIT_TYPE_OBJECTS:
    return map_objects(m, index, field->shape, member);
  }
  return 0;
}

static int unknown_field(struct mapper *m, const struct caudit_shape *shape,
                         struct caudit_str name) {
  const char *near = NULL;
  char place[64];
  if (shape->field_count > 0)
    near = caudit_nearest(name, &shape->fields[0].name, shape->field_count, sizeof *shape->fields);
  caudit_fail(m->err, CAUDIT_MISUSE, near ? "unknown field, did you mean %s?" : "unknown field%s",
              near ? near : "");
  (void)snprintf(m->err->code, sizeof m->err->code, "UnknownParameter");
  size_t len = name.len < sizeof place - 1 ? name.len : sizeof place - 1;
  for (size_t i = 0; i < len; i++)
    place[i] = name.data[i] > 0x20 && name.data[i] < 0x7F ? name.data[i] : '?';
  place[len] = '\0';
  caudit_error_at(m->err, place, 0);
  return -CAUDIT_MISUSE;
}

/* The first unknown name of the table by its bytes; absent without one. A key that is not a string
 * is an error. */
static int find_unknown(struct mapper *m, int index, const struct caudit_shape *shape,
                        struct caudit_str *first) {
  lua_State *L = m->L;
  int key = lua_gettop(L) + 1;
  first->data = NULL;
  for (lua_pushnil(L); lua_next(L, index); lua_settop(L, key)) {
    struct caudit_str name;
    if (lua_type(L, key) != LUA_TSTRING)
      return refuse(m, "InvalidParameter", "table with string keys expected, got a list");
    name.data = lua_tolstring(L, key, &name.len); /* the table keeps it alive */
    if (caudit_field(shape, name)) continue;
    if (!first->data || strcmp(name.data, first->data) < 0) *first = name;
  }
  return 0;
}

/* Maps the members in the model's order; unknown names come first. */
static int map_in_order(struct mapper *m, int index, const struct caudit_shape *shape, void *out) {
  lua_State *L = m->L;
  struct caudit_str unknown;
  int top = lua_gettop(L), failed = find_unknown(m, index, shape, &unknown);
  if (failed) return failed;
  if (unknown.data) return unknown_field(m, shape, unknown);
  for (size_t i = 0; i < shape->field_count; i++) {
    const struct caudit_field *field = &shape->fields[i];
    lua_pushstring(L, field->name);
    lua_rawget(L, index);
    if (!lua_isnil(L, -1)) failed = map_value(m, top + 1, field, (char *)out + field->offset);
    if (failed) return caudit_error_at(m->err, field->name, 0), failed;
    lua_settop(L, top); /* the table keeps the strings alive */
  }
  return 0;
}

static int map_shape(struct mapper *m, int index, const struct caudit_shape *shape, void *out) {
  lua_State *L = m->L;
  luaL_checkstack(L, 8, "cloudaudit: nested parameters");
  if (m->ordered) return map_in_order(m, index, shape, out);
  int key = lua_gettop(L) + 1;
  for (lua_pushnil(L); lua_next(L, index); lua_settop(L, key)) {
    struct caudit_str name;
    if (lua_type(L, key) != LUA_TSTRING)
      return refuse(m, "InvalidParameter", "table with string keys expected, got a list");
    name.data = lua_tolstring(L, key, &name.len);
    const struct caudit_field *field = caudit_field(shape, name);
    if (!field) return unknown_field(m, shape, name);
    int failed = map_value(m, key + 1, field, (char *)out + field->offset);
    if (failed) return caudit_error_at(m->err, field->name, 0), failed;
  }
  return 0;
}

const void *caudit_map(struct caudit_arena *arena, int index, const struct caudit_shape *shape,
                       const char *owner, bool wire, struct caudit_error *err) {
  struct mapper m = {arena, arena->L, wire, false, err};
  int top = lua_gettop(arena->L), failed;
  void *value = NULL;
  if (lua_type(arena->L, index) != LUA_TTABLE) {
    failed = wrong_type(&m, "table", index);
  } else {
    value = take(arena, shape->size);
    failed = map_shape(&m, index, shape, value);
    lua_settop(arena->L, top);
    m.ordered = true;
    if (failed) failed = map_shape(&m, index, shape, value);
  }
  lua_settop(arena->L, top);
  if (!failed) return value;
  caudit_error_owned(err, owner);
  return NULL;
}

/* check(shape_name, table, owner, checked, wire) -> true | nil, fields
 * checked: also the rules on values */
int caudit_lua_check(lua_State *L) {
  struct caudit_error err;
  struct caudit_arena arena;
  struct caudit_str name = {luaL_checkstring(L, 1), caudit_rawlen(L, 1)};
  const struct caudit_shape *shape = caudit_shape(name);
  const char *owner = luaL_checkstring(L, 3);
  bool checked = lua_toboolean(L, 4) != 0, wire = lua_toboolean(L, 5) != 0;
  luaL_argcheck(L, shape, 1, "unknown shape");
  lua_settop(L, 5);
  caudit_arena_begin(&arena, L);
  const void *value = caudit_map(&arena, 2, shape, owner, wire, &err);
  if (!value || (checked && caudit_check(owner, shape, value, &err) != 0))
    return caudit_push_failure(L, &err);
  lua_pushboolean(L, 1);
  return 1;
}
