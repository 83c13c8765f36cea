/* cloudaudit for programs that embed Lua and ship no Lua files: libcloudaudit-lua.a contains the C
 * modules and the Lua files, for the Lua version that it was built for. */
#ifndef CLOUDAUDIT_LUA_H
#define CLOUDAUDIT_LUA_H

#ifdef __cplusplus
extern "C" {
#endif

struct lua_State;

/* Makes `require "cloudaudit"` work in this state: adds every module to package.preload without
 * loading it. On 5.1 and LuaJIT the package library must be open. A lua_CFunction without arguments
 * and results; it raises an error when memory runs out or the Lua version differs, so call it
 * directly or under lua_pcall. */
int cloudaudit_preload(struct lua_State *L);

#ifdef __cplusplus
}
#endif
#endif
