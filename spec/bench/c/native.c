/* The Lua module bench_native: the minimal cost of decoding, and that of a packaged C parser.
 * push: pushes already parsed values into tables of the right size. jansson: jansson parses, then
 * the same push. */
#include <jansson.h>
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

static void push(lua_State *L, json_t *value) {
  const char *key;
  json_t *member;
  size_t i;
  luaL_checkstack(L, 3, "nested");
  switch (json_typeof(value)) {
  case JSON_OBJECT:
    lua_createtable(L, 0, (int)json_object_size(value));
    for (void *at = json_object_iter(value); at; at = json_object_iter_next(value, at)) {
      key = json_object_iter_key(at);
      member = json_object_iter_value(at);
      lua_pushlstring(L, key, strlen(key));
      push(L, member);
      lua_rawset(L, -3);
    }
    break;
  case JSON_ARRAY:
    lua_createtable(L, (int)json_array_size(value), 0);
    for (i = 0; i < json_array_size(value); i++) {
      push(L, json_array_get(value, i));
      lua_rawseti(L, -2, (int)i + 1);
    }
    break;
  case JSON_STRING:
    lua_pushlstring(L, json_string_value(value), json_string_length(value));
    break;
  case JSON_INTEGER:
    lua_pushinteger(L, json_integer_value(value));
    break;
  case JSON_REAL:
    lua_pushnumber(L, json_real_value(value));
    break;
  case JSON_TRUE:
  case JSON_FALSE:
    lua_pushboolean(L, json_is_true(value));
    break;
  default:
    lua_pushnil(L);
  }
}

/* load(text) -> a parsed document, for push */
static int native_load(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  json_t *document = json_loadb(text, len, 0, NULL);
  if (!document) return luaL_error(L, "invalid JSON");
  lua_pushlightuserdata(L, document);
  return 1;
}

static int native_push(lua_State *L) {
  push(L, lua_touserdata(L, 1));
  return 1;
}

static int native_jansson(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  json_t *document = json_loadb(text, len, 0, NULL);
  if (!document) return luaL_error(L, "invalid JSON");
  push(L, document);
  json_decref(document);
  return 1;
}

__attribute__((visibility("default"))) int luaopen_bench_native(lua_State *L);

int luaopen_bench_native(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"load", native_load}, {"push", native_push}, {"jansson", native_jansson}, {NULL, NULL}};
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  return 1;
}
