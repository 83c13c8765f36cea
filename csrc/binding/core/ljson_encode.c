/* Encodes Lua values as JSON, with or without a shape. */
#include "binding/core/binding.h"

#include <string.h>

struct encoder {
  lua_State *L;
  struct caudit_buf *out;
  const char *problem;
  int depth;
};

static bool write_value(struct encoder *e, int index);

bool caudit_is_marked_list(lua_State *L, int index) {
  if (!lua_getmetatable(L, index)) return false;
  caudit_push_list_mark(L);
  bool marked = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 2);
  return marked;
}

static bool write_text(struct encoder *e, int index) {
  struct caudit_str text;
  text.data = lua_tolstring(e->L, index, &text.len);
  caudit_json_write_string(e->out, text);
  if (e->out->status == -CAUDIT_VALIDATION) e->problem = "valid UTF-8 expected";
  return !e->problem;
}

static bool write_list(struct encoder *e, int index, size_t count) {
  lua_State *L = e->L;
  caudit_buf_append(e->out, "[", 1);
  for (size_t i = 1; i <= count; i++) {
    if (i > 1) caudit_buf_append(e->out, ",", 1);
    lua_rawgeti(L, index, (int)i);
    if (!write_value(e, lua_gettop(L))) return false;
    lua_pop(L, 1);
  }
  caudit_buf_append(e->out, "]", 1);
  return true;
}

static bool write_object(struct encoder *e, int index) {
  lua_State *L = e->L;
  char separator = '{';
  lua_pushnil(L);
  while (lua_next(L, index)) {
    int value = lua_gettop(L);
    if (lua_type(L, value - 1) != LUA_TSTRING) {
      e->problem = "a list without holes or a table with string keys expected";
      return false;
    }
    caudit_buf_append(e->out, &separator, 1);
    separator = ',';
    if (!write_text(e, value - 1)) return false;
    caudit_buf_append(e->out, ":", 1);
    if (!write_value(e, value)) return false;
    lua_settop(L, value - 1);
  }
  caudit_buf_append(e->out, separator == '{' ? "{}" : "}", separator == '{' ? 2 : 1);
  return true;
}

static bool write_table(struct encoder *e, int index) {
  lua_State *L = e->L;
  if (++e->depth > CAUDIT_JSON_MAX_DEPTH) {
    e->problem = "nested deeper than 256 levels";
    return false;
  }
  luaL_checkstack(L, 8, "cloudaudit: nested tables");
  size_t count = caudit_rawlen(L, index), pairs = 0;
  bool ok;
  if (count == 0 && !caudit_is_marked_list(L, index)) {
    ok = write_object(e, index);
  } else {
    lua_pushnil(L);
    for (; lua_next(L, index); lua_pop(L, 1)) pairs++;
    ok = pairs == count;
    if (!ok)
      e->problem = "a list without holes or a table with string keys expected";
    else
      ok = write_list(e, index, count);
  }
  e->depth--;
  return ok;
}

static bool write_number(struct encoder *e, int index) {
  lua_State *L = e->L;
#if LUA_VERSION_NUM >= 503
  if (lua_isinteger(L, index)) {
    caudit_json_write_int64(e->out, lua_tointeger(L, index));
    return true;
  }
#endif
  lua_Number number = lua_tonumber(L, index);
  if (number - number != 0) {
    e->problem = "finite number expected, got infinity or NaN";
    return false;
  }
  caudit_json_write_double(e->out, number);
  return true;
}

static bool write_value(struct encoder *e, int index) {
  lua_State *L = e->L;
  switch (lua_type(L, index)) {
  case LUA_TBOOLEAN:
    caudit_buf_append(e->out, lua_toboolean(L, index) ? "true" : "false",
                      lua_toboolean(L, index) ? 4 : 5);
    return true;
  case LUA_TNUMBER:
    return write_number(e, index);
  case LUA_TSTRING:
    return write_text(e, index);
  case LUA_TTABLE:
    return write_table(e, index);
  case LUA_TLIGHTUSERDATA:
    if (!lua_touserdata(L, index)) {
      caudit_buf_append(e->out, "null", 4);
      return true;
    }
    break;
  default:
    break;
  }
  e->problem = "boolean, number, string, table or null expected";
  return false;
}

static int encode_shape(lua_State *L, struct caudit_buf *out, const struct caudit_shape *shape,
                        bool checked, struct caudit_error *err) {
  struct caudit_arena arena;
  caudit_arena_begin(&arena, L);
  const void *value = caudit_map(&arena, 1, shape, shape->name, false, err);
  if (!value) return -(int)err->kind;
  int failed = checked ? caudit_check(shape->name, shape, value, err) : 0;
  if (!failed) {
    failed = caudit_json_write(out, shape, value, err);
    if (failed) caudit_error_owned(err, shape->name);
  }
  return failed;
}

/* encode(value [, shape_name [, checked]]) -> text | nil, fields */
int caudit_lua_encode(lua_State *L) {
  struct caudit_error err;
  luaL_checkany(L, 1);
  lua_settop(L, 3);
  struct caudit_buf *out = caudit_push_buf(L, SIZE_MAX / 2);
  int failed = 0;
  if (lua_isnil(L, 2)) {
    struct encoder e = {.L = L, .out = out};
    if (!write_value(&e, 1)) failed = caudit_fail(&err, CAUDIT_MISUSE, "encode: %s", e.problem);
  } else {
    const struct caudit_shape *shape = caudit_shape(caudit_opt_str(L, 2));
    luaL_argcheck(L, shape, 2, "unknown shape");
    failed = encode_shape(L, out, shape, lua_toboolean(L, 3) != 0, &err);
  }
  if (!failed && out->status != 0) failed = caudit_fail(&err, CAUDIT_MEMORY, "not enough memory");
  if (failed) {
    caudit_buf_free(out);
    return caudit_push_failure(L, &err);
  }
  lua_pushlstring(L, out->data, out->len);
  caudit_buf_free(out);
  return 1;
}
