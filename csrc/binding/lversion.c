/* Detects that a module is loaded into another Lua version than it was built for, before anything
 * else is called. Functions that this version's header does not declare are declared here; all are
 * weak symbols, which may be missing. */
#include "binding/lversion.h"

#include <luaconf.h>
#undef LUA_API
#define LUA_API extern __attribute__((weak))
#include <lua.h>

#if LUA_VERSION_NUM < 504
LUA_API void lua_newuserdatauv(void); /* since 5.4 */
#endif
#if LUA_VERSION_NUM < 502
#undef lua_getglobal
LUA_API void lua_getglobal(void);                    /* since 5.2; a macro before */
LUA_API const lua_Number *lua_version(lua_State *L); /* since 5.2, and in LuaJIT */
#endif
LUA_API int luaJIT_setmode(lua_State *L, int index, int mode);

typedef void function(void);
typedef double version_as_number(lua_State *);
typedef const double *version_as_address(lua_State *);

/* 501 for 5.1 and LuaJIT. */
static int version_here(lua_State *L) {
  if (lua_newuserdatauv) {
    version_as_number *number = (version_as_number *)(function *)lua_version;
    return (int)number(L);
  }
  if (lua_getglobal) {
    version_as_address *address = (version_as_address *)(function *)lua_version;
    return (int)*address(L);
  }
  return 501;
}

void caudit_check_version(struct lua_State *L, const char *module, int built_for) {
  int here = version_here(L);
  if (here == built_for) return;
  lua_pushfstring(
      L, "%s was built for Lua %d.%d%s and this is Lua %d.%d%s: use the build for this Lua", module,
      built_for / 100, built_for % 100, built_for == 501 ? " or LuaJIT" : "", here / 100,
      here % 100, luaJIT_setmode ? " (LuaJIT)" : "");
  lua_error(L);
}
