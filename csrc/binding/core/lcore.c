/* The Lua C module cloudaudit.core. */
#include "binding/core/binding.h"

#include <sys/stat.h>
#include <time.h>

static void push_clock(lua_State *L, clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now) != 0) luaL_error(L, "clock_gettime failed");
  lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
}

/* monotonic() -> seconds since an arbitrary time, never decreasing */
static int core_monotonic(lua_State *L) {
  push_clock(L, CLOCK_MONOTONIC);
  return 1;
}

/* time() -> unix seconds with a fraction */
static int core_time(lua_State *L) {
  push_clock(L, CLOCK_REALTIME);
  return 1;
}

/* file_mode(path) -> the permission bits (420 is 0644), or nil when stat fails */
static int core_file_mode(lua_State *L) {
  struct stat file;
  if (stat(luaL_checkstring(L, 1), &file) != 0)
    lua_pushnil(L);
  else
    lua_pushinteger(L, (lua_Integer)(file.st_mode & 07777));
  return 1;
}

/* nearest(name, list) -> the closest name in the list, or nil when none is close */
static int core_nearest(lua_State *L) {
  struct caudit_str name;
  name.data = luaL_checklstring(L, 1, &name.len);
  luaL_checktype(L, 2, LUA_TTABLE);
  size_t count = lua_rawlen(L, 2);
  const char **names = caudit_newuserdata(L, (count + 1) * sizeof *names);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, 2, (int)i + 1);
    if (lua_type(L, -1) != LUA_TSTRING) return luaL_argerror(L, 2, "list of strings expected");
    names[i] = lua_tostring(L, -1); /* the list keeps it alive */
    lua_pop(L, 1);
  }
  const char *nearest = caudit_nearest(name, names, count, sizeof *names);
  if (nearest)
    lua_pushstring(L, nearest);
  else
    lua_pushnil(L);
  return 1;
}

CAUDIT_API int luaopen_cloudaudit_core(lua_State *L);

int luaopen_cloudaudit_core(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"client", caudit_lua_client}, {"credentials", caudit_lua_credentials},
      {"parse", caudit_lua_parse},   {"sign", caudit_lua_sign},
      {"decode", caudit_lua_decode}, {"encode", caudit_lua_encode},
      {"check", caudit_lua_check},   {"actions", caudit_lua_actions},
      {"shapes", caudit_lua_shapes}, {"nearest", core_nearest},
      {"file_mode", core_file_mode}, {"monotonic", core_monotonic},
      {"time", core_time},           {NULL, NULL}};
  caudit_check_lua(L, "cloudaudit.core");
  caudit_open_json(L);
  caudit_open_credentials(L);
  caudit_open_client(L);
  caudit_open_call(L);
  lua_newtable(L);
  caudit_setfuncs(L, functions);
  lua_pushliteral(L, CAUDIT_VERSION);
  lua_setfield(L, -2, "version");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  caudit_push_list_mark(L);
  lua_setfield(L, -2, "list");
  return 1;
}
