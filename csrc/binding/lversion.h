/* The version check that every module starts with. */
#ifndef CAUDIT_BINDING_LVERSION_H
#define CAUDIT_BINDING_LVERSION_H

struct lua_State;

/* Raises an error that names both versions unless built_for (LUA_VERSION_NUM) is the version of
 * L. 5.1 and LuaJIT are the same version. */
void caudit_check_version(struct lua_State *L, const char *module, int built_for);

#endif
