/* cloudaudit for a host that embeds Lua and has no files of its own: libcloudaudit-lua.a holds the
 * C modules and the Lua files, for the one Lua that it was built for. */
#ifndef CLOUDAUDIT_LUA_H
#define CLOUDAUDIT_LUA_H

#ifdef __cplusplus
extern "C" {
#endif

struct lua_State;

/* Makes `require "cloudaudit"` work in this state: puts every module into package.preload, and
 * loads none. On 5.1 and LuaJIT the package library must be open. A lua_CFunction, to be called
 * under lua_pcall (it raises a message when memory runs out or this is another Lua) or directly;
 * takes and returns nothing. */
int cloudaudit_preload(struct lua_State *L);

#ifdef __cplusplus
}
#endif
#endif
