/* JSON without a shape: documents to Lua values and back. The reader owns nothing, so an error of
 * Lua may be thrown between any two tokens. */
#include "binding/binding.h"

#include <stdio.h>
#include <string.h>

static const char buf_type[] = "cloudaudit.buf";
static const char list_type[] = "cloudaudit.list";

/* ---- reading --------------------------------------------------------------------------- */

struct decoder {
  lua_State *L;
  struct caudit_json_reader reader;
  size_t length;
  int scratch_slot; /* userdata as long as the document, made for the first escape */
  const char *problem;
};

static void push_text(struct decoder *d, const struct caudit_json_value *value) {
  lua_State *L = d->L;
  if (!value->escaped) {
    lua_pushlstring(L, value->text.data, value->text.len);
    return;
  }
  char *scratch = lua_touserdata(L, d->scratch_slot);
  if (!scratch) {
    scratch = caudit_newuserdata(L, d->length);
    lua_replace(L, d->scratch_slot);
  }
  lua_pushlstring(L, scratch, caudit_json_unescape(value->text, scratch));
}

/* A number where this Lua holds it exactly, else its digits. */
static void push_integer(lua_State *L, const struct caudit_json_value *value) {
#if LUA_VERSION_NUM >= 503
  if (value->magnitude <= (uint64_t)INT64_MAX) {
    lua_Integer number = (lua_Integer)value->magnitude;
    lua_pushinteger(L, value->negative ? -number : number);
    return;
  }
#else
  if (value->magnitude < (uint64_t)1 << 53) {
    lua_Number number = (lua_Number)value->magnitude;
    lua_pushnumber(L, value->negative && number > 0 ? -number : number);
    return;
  }
#endif
  lua_pushlstring(L, value->text.data, value->text.len);
}

static bool push_value(struct decoder *d, enum caudit_token token,
                       const struct caudit_json_value *value);

static bool push_object(struct decoder *d) {
  struct caudit_json_value value;
  lua_State *L = d->L;
  lua_newtable(L);
  for (;;) {
    enum caudit_token token = caudit_json_next(&d->reader, &value);
    if (token == CAUDIT_JSON_OBJECT_END) return true;
    if (token != CAUDIT_JSON_KEY) return false;
    push_text(d, &value);
    token = caudit_json_next(&d->reader, &value);
    if (token == CAUDIT_JSON_NULL) {
      lua_pop(L, 1); /* null is absence */
      continue;
    }
    if (!push_value(d, token, &value)) return false;
    lua_rawset(L, -3);
  }
}

static bool push_array(struct decoder *d) {
  struct caudit_json_value value;
  lua_State *L = d->L;
  int count = 0;
  lua_newtable(L);
  for (;;) {
    enum caudit_token token = caudit_json_next(&d->reader, &value);
    if (token == CAUDIT_JSON_ARRAY_END) break;
    if (token == CAUDIT_JSON_NULL)
      lua_pushlightuserdata(L, NULL); /* core.null keeps the others' places */
    else if (!push_value(d, token, &value))
      return false;
    lua_rawseti(L, -2, ++count);
  }
  if (count == 0) {
    caudit_push_list_mark(L);
    lua_setmetatable(L, -2);
  }
  return true;
}

static bool push_value(struct decoder *d, enum caudit_token token,
                       const struct caudit_json_value *value) {
  lua_State *L = d->L;
  double number;
  luaL_checkstack(L, 8, "cloudaudit: nested JSON");
  switch (token) {
  case CAUDIT_JSON_NULL:
    lua_pushlightuserdata(L, NULL);
    return true;
  case CAUDIT_JSON_TRUE:
  case CAUDIT_JSON_FALSE:
    lua_pushboolean(L, token == CAUDIT_JSON_TRUE);
    return true;
  case CAUDIT_JSON_INTEGER:
    push_integer(L, value);
    return true;
  case CAUDIT_JSON_NUMBER: {
    /* Digits alone are an integer beyond 64 bits: exact only as text. */
    bool digits = !memchr(value->text.data, '.', value->text.len) &&
                  !memchr(value->text.data, 'e', value->text.len) &&
                  !memchr(value->text.data, 'E', value->text.len);
    if (digits) {
      lua_pushlstring(L, value->text.data, value->text.len);
      return true;
    }
    if (!caudit_json_double(value->text, &number)) {
      d->problem = "number out of range";
      return false;
    }
    lua_pushnumber(L, number);
    return true;
  }
  case CAUDIT_JSON_STRING:
    push_text(d, value);
    return true;
  case CAUDIT_JSON_ARRAY:
    return push_array(d);
  case CAUDIT_JSON_OBJECT:
    return push_object(d);
  default:
    return false;
  }
}

bool caudit_push_json(lua_State *L, struct caudit_str document) {
  struct decoder d = {.L = L, .length = document.len};
  struct caudit_json_value value;
  int top = lua_gettop(L);
  luaL_checkstack(L, 8, "cloudaudit: JSON");
  lua_pushnil(L);
  d.scratch_slot = top + 1;
  caudit_json_read(&d.reader, document);
  enum caudit_token first = caudit_json_next(&d.reader, &value);
  if (push_value(&d, first, &value) && caudit_json_next(&d.reader, &value) == CAUDIT_JSON_END) {
    lua_replace(L, top + 1);
    return true;
  }
  lua_settop(L, top);
  const char *problem = d.problem ? d.problem : d.reader.problem;
  lua_pushfstring(L, "%s at byte %d", problem ? problem : "invalid JSON",
                  (int)(d.reader.at - d.reader.start) + 1);
  return false;
}

/* decode(text) -> value | nil, message */
int caudit_lua_decode(lua_State *L) {
  struct caudit_str document;
  document.data = luaL_checklstring(L, 1, &document.len);
  if (caudit_push_json(L, document)) return 1;
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

/* ---- writing --------------------------------------------------------------------------- */

struct encoder {
  lua_State *L;
  struct caudit_buf *out;
  const char *problem;
  int depth;
};

static bool write_value(struct encoder *e, int index);

static bool is_marked_list(lua_State *L, int index) {
  if (!lua_getmetatable(L, index)) return false;
  caudit_push_list_mark(L);
  bool marked = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 2);
  return marked;
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
    struct caudit_str name;
    int value = lua_gettop(L);
    if (lua_type(L, value - 1) != LUA_TSTRING) {
      e->problem = "a table is either a list or has strings as keys";
      return false;
    }
    name.data = lua_tolstring(L, value - 1, &name.len);
    caudit_buf_append(e->out, &separator, 1);
    separator = ',';
    caudit_json_write_string(e->out, name);
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
    e->problem = "nested deeper than 64 levels";
    return false;
  }
  luaL_checkstack(L, 8, "cloudaudit: nested tables");
  size_t count = lua_rawlen(L, index), pairs = 0;
  bool ok;
  if (count == 0 && !is_marked_list(L, index)) {
    ok = write_object(e, index);
  } else {
    lua_pushnil(L);
    for (; lua_next(L, index); lua_pop(L, 1)) pairs++;
    ok = pairs == count;
    if (!ok)
      e->problem = "a table is either a list without holes or has strings as keys";
    else
      ok = write_list(e, index, count);
  }
  e->depth--;
  return ok;
}

static bool write_number(struct encoder *e, int index) {
  lua_State *L = e->L;
  char text[40];
#if LUA_VERSION_NUM >= 503
  if (lua_isinteger(L, index)) {
    caudit_json_write_int64(e->out, lua_tointeger(L, index));
    return true;
  }
#endif
  lua_Number number = lua_tonumber(L, index);
  if (number >= -9007199254740992.0 && number <= 9007199254740992.0 &&
      (lua_Number)(int64_t)number == number) {
    caudit_json_write_int64(e->out, (int64_t)number);
    return true;
  }
  if (number - number != 0) {
    e->problem = "JSON has no infinity and no NaN";
    return false;
  }
  int len = snprintf(text, sizeof text, "%.17g", number);
  for (int i = 0; i < len; i++) /* the locale's decimal point */
    if (!strchr("0123456789+-e", text[i])) text[i] = '.';
  caudit_buf_append(e->out, text, (size_t)len);
  return true;
}

static bool write_value(struct encoder *e, int index) {
  lua_State *L = e->L;
  struct caudit_str text;
  switch (lua_type(L, index)) {
  case LUA_TBOOLEAN:
    caudit_buf_append(e->out, lua_toboolean(L, index) ? "true" : "false",
                      lua_toboolean(L, index) ? 4 : 5);
    return true;
  case LUA_TNUMBER:
    return write_number(e, index);
  case LUA_TSTRING:
    text.data = lua_tolstring(L, index, &text.len);
    caudit_json_write_string(e->out, text);
    if (e->out->status == -CAUDIT_VALIDATION) e->problem = "valid UTF-8 expected";
    return !e->problem;
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
  e->problem = "only booleans, numbers, strings, tables and null have a JSON form";
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

/* ---- types ----------------------------------------------------------------------------- */

static int free_buf(lua_State *L) {
  caudit_buf_free(lua_touserdata(L, 1));
  return 0;
}

struct caudit_buf *caudit_push_buf(lua_State *L, size_t max) {
  struct caudit_allocator allocator = caudit_lua_allocator(L);
  struct caudit_buf *buf = caudit_newuserdata(L, sizeof *buf);
  caudit_buf_init(buf, &allocator, max);
  luaL_getmetatable(L, buf_type);
  lua_setmetatable(L, -2);
  return buf;
}

void caudit_push_list_mark(lua_State *L) {
  luaL_getmetatable(L, list_type);
}

void caudit_open_json(lua_State *L) {
  static const luaL_Reg metamethods[] = {{"__gc", free_buf}, {NULL, NULL}};
  static const luaL_Reg none[] = {{NULL, NULL}};
  caudit_newtype(L, buf_type, metamethods, none);
  luaL_newmetatable(L, list_type);
  lua_pop(L, 1);
}
