/* cloudaudit_preload: adds the C modules and the embedded Lua files to package.preload. Reads no
 * file and does not run a module before it is required. */
#include "cloudaudit/lua.h"

#include "binding/lcompat.h"
#include "preload/embedded.h"

int luaopen_cloudaudit_core(lua_State *L);
int luaopen_cloudaudit_curl(lua_State *L);

/* Called by require with the module's name and, in newer versions, the loader data. */
static int load_file(lua_State *L) {
  const struct caudit_lua_file *file = &caudit_lua_files[lua_tointeger(L, lua_upvalueindex(1))];
  if (luaL_loadbuffer(L, (const char *)file->text, file->size, file->chunk) != 0)
    return lua_error(L);
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, 1);
  return 1;
}

/* Pushes package.preload, even if scripts changed the global `package`. */
static void push_preload(lua_State *L) {
#if LUA_VERSION_NUM >= 502
  luaL_getsubtable(L, LUA_REGISTRYINDEX, "_PRELOAD");
#else
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
  if (lua_istable(L, -1)) lua_getfield(L, -1, "package");
  if (lua_istable(L, -1)) lua_getfield(L, -1, "preload");
  if (!lua_istable(L, -1)) luaL_error(L, "cloudaudit_preload: the package library is not open");
#endif
}

int cloudaudit_preload(lua_State *L) {
  static const luaL_Reg modules[] = {{"cloudaudit.core", luaopen_cloudaudit_core},
#ifdef CAUDIT_PRELOAD_CURL
                                     {"cloudaudit.curl", luaopen_cloudaudit_curl},
#endif
                                     {NULL, NULL}};
  caudit_check_lua(L, "libcloudaudit-lua");
  int top = lua_gettop(L);
  luaL_checkstack(L, 6, "cloudaudit_preload");
  push_preload(L);
  caudit_setfuncs(L, modules);
  for (size_t i = 0; i < caudit_lua_file_count; i++) {
    lua_pushinteger(L, (lua_Integer)i);
    lua_pushcclosure(L, load_file, 1);
    lua_setfield(L, -2, caudit_lua_files[i].module);
  }
  lua_settop(L, top);
  return 0;
}
