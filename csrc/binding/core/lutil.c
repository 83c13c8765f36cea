/* Helpers between C and Lua: error fields, option members. */
#include "binding/core/binding.h"

void caudit_push_str(lua_State *L, struct caudit_str text) {
  if (text.data)
    lua_pushlstring(L, text.data, text.len);
  else
    lua_pushnil(L);
}

static void set_text(lua_State *L, const char *name, const char *text) {
  if (!text[0]) return;
  lua_pushstring(L, text);
  lua_setfield(L, -2, name);
}

void caudit_push_fields(lua_State *L, const struct caudit_error *err) {
  lua_createtable(L, 0, 10);
  set_text(L, "kind", caudit_kind_name(err->kind));
  set_text(L, "outcome", caudit_outcome_name(err->outcome));
  set_text(L, "code", err->code);
  set_text(L, "request_id", err->request_id);
  set_text(L, "field", err->field);
  set_text(L, "message", err->message);
  if (err->text_at > 0) set_text(L, "text", err->message + err->text_at);
  lua_pushboolean(L, err->retryable);
  lua_setfield(L, -2, "retryable");
  lua_pushinteger(L, err->attempts);
  lua_setfield(L, -2, "attempts");
  lua_pushnumber(L, (lua_Number)err->elapsed_ms / 1000);
  lua_setfield(L, -2, "elapsed");
  if (err->http_status != 0) {
    lua_pushinteger(L, err->http_status);
    lua_setfield(L, -2, "http_status");
  }
}

int caudit_push_failure(lua_State *L, const struct caudit_error *err) {
  if (err->kind == CAUDIT_MEMORY) return luaL_error(L, "%s", err->message);
  lua_pushnil(L);
  caudit_push_fields(L, err);
  return 2;
}

struct caudit_str caudit_opt_str(lua_State *L, int index) {
  struct caudit_str text = {NULL, 0};
  if (!lua_isnoneornil(L, index)) text.data = luaL_checklstring(L, index, &text.len);
  return text;
}

struct caudit_str caudit_member_str(lua_State *L, int index, const char *name) {
  struct caudit_str text = {NULL, 0};
  lua_getfield(L, index, name);
  /* Strings only: a number would be converted to a string that the table does not keep alive. */
  if (lua_type(L, -1) == LUA_TSTRING)
    text.data = lua_tolstring(L, -1, &text.len);
  else if (!lua_isnil(L, -1))
    luaL_error(L, "%s: string expected, got %s", name, luaL_typename(L, -1));
  lua_pop(L, 1);
  return text;
}

lua_Number caudit_member_number(lua_State *L, int index, const char *name, lua_Number fallback) {
  lua_getfield(L, index, name);
  lua_Number number = fallback;
  if (lua_type(L, -1) == LUA_TNUMBER)
    number = lua_tonumber(L, -1);
  else if (!lua_isnil(L, -1))
    luaL_error(L, "%s: number expected, got %s", name, luaL_typename(L, -1));
  lua_pop(L, 1);
  return number;
}

void caudit_push_unix(lua_State *L, int64_t seconds) {
#if LUA_VERSION_NUM >= 503
  lua_pushinteger(L, (lua_Integer)seconds);
#else
  lua_pushnumber(L, (lua_Number)seconds);
#endif
}

int64_t caudit_milliseconds(lua_Number seconds) {
  if (!(seconds > -1e12)) return (int64_t)-1e15;
  if (seconds > 1e12) return (int64_t)1e15;
  return (int64_t)(seconds * 1000);
}
