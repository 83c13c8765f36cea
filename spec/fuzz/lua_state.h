/* A Lua state for targets that embed Lua: cloudaudit.core is opened once and kept in the registry.
 */
#ifndef SPEC_FUZZ_LUA_STATE_H
#define SPEC_FUZZ_LUA_STATE_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

int luaopen_cloudaudit_core(lua_State *L);

static inline lua_State *fuzz_state(void) {
  static lua_State *L;
  if (L) return L;
  L = luaL_newstate();
  REQUIRE(L);
  luaL_openlibs(L);
  luaL_requiref(L, "cloudaudit.core", luaopen_cloudaudit_core, 0);
  lua_setfield(L, LUA_REGISTRYINDEX, "core");
  return L;
}

/* Pushes core[name]. */
static inline void fuzz_function(lua_State *L, const char *name) {
  lua_getfield(L, LUA_REGISTRYINDEX, "core");
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
}

#endif
