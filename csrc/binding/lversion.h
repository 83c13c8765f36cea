/* The first thing that a module does in a state: see whether it was built for this Lua. */
#ifndef CAUDIT_BINDING_LVERSION_H
#define CAUDIT_BINDING_LVERSION_H

struct lua_State;

/* Raises a sentence that names both versions unless built_for (LUA_VERSION_NUM) is the one of L.
 * 5.1 and LuaJIT are one version. */
void caudit_check_version(struct lua_State *L, const char *module, int built_for);

#endif
