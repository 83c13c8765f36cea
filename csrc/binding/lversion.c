/* Detects that a module is loaded into another Lua version than it was built for, before anything
 * else is called. Includes no Lua header, since each describes one version. The functions used here
 * have the same signature in all versions, or are weak symbols that may be missing. */
#include "binding/lversion.h"

#define MAY_BE_MISSING __attribute__((weak))

extern void lua_newuserdatauv(void) MAY_BE_MISSING; /* since 5.4 */
extern void lua_getglobal(void) MAY_BE_MISSING;     /* since 5.2; a macro before */
extern void lua_version(void) MAY_BE_MISSING;       /* since 5.2; with two signatures */
extern void luaJIT_setmode(void) MAY_BE_MISSING;

/* Required: in a process without any Lua the dynamic loader reports them. */
const char *lua_pushfstring(struct lua_State *L, const char *format, ...);
int lua_error(struct lua_State *L);

/* 501 for 5.1 and LuaJIT. */
static int version_here(struct lua_State *L) {
  if (lua_newuserdatauv) {
    double (*number)(struct lua_State *) = (double (*)(struct lua_State *))lua_version;
    return (int)number(L);
  }
  if (lua_getglobal) {
    const double *(*address)(struct lua_State *) =
        (const double *(*)(struct lua_State *))lua_version;
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
