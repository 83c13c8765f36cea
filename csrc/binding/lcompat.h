/* One Lua C API for 5.1, LuaJIT, 5.3 and 5.4: missing functions of older versions, by their newer
 * names. */
#ifndef CAUDIT_BINDING_LCOMPAT_H
#define CAUDIT_BINDING_LCOMPAT_H

#include "binding/lversion.h"
#include "cloudaudit/base.h"

#include <luaconf.h>
#ifdef CAUDIT_MODULE
/* Another Lua version lacks some of these functions, and the module must still load far enough to
 * report that. */
#undef LUA_API
#define LUA_API extern __attribute__((weak))
#endif
#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#ifdef CAUDIT_LUA_CHECKS
#include "lua_checked.h" /* in spec/c */
#endif

#if LUA_VERSION_NUM >= 503
_Static_assert(
    sizeof(lua_Integer) >= 8 && sizeof(lua_Number) >= 8,
    "cloudaudit needs a Lua with 64-bit numbers: ids have more digits than LUA_32BITS holds");
#else
_Static_assert(sizeof(lua_Number) >= 8, "cloudaudit needs a Lua whose numbers are doubles");
#endif

/* lua_rawlen as a size: in 5.4 and later it has 64 bits on any machine. */
#if LUA_VERSION_NUM < 502
#define caudit_rawlen(L, index) lua_objlen(L, index)
#else
#define caudit_rawlen(L, index) ((size_t)lua_rawlen(L, index))
#endif

#if LUA_VERSION_NUM < 502
#define lua_absindex(L, index) ((index) < 0 ? lua_gettop(L) + (index) + 1 : (index))

static inline void caudit_setfuncs(lua_State *L, const luaL_Reg *functions) {
  for (; functions->name; functions++) {
    lua_pushcfunction(L, functions->func);
    lua_setfield(L, -2, functions->name);
  }
}
#else
#define caudit_setfuncs(L, functions) luaL_setfuncs(L, functions, 0)
#endif

#if LUA_VERSION_NUM >= 504
#define caudit_newuserdata(L, size) lua_newuserdatauv(L, size, 1)
#else
#define caudit_newuserdata(L, size) lua_newuserdata(L, size)
#endif

/* A thread that lives as long as the state. 5.1 names none: the one that loaded the library is
 * kept. */
#define CAUDIT_THREAD "cloudaudit.thread"

/* Every luaopen function calls this first. */
static inline void caudit_check_lua(lua_State *L, const char *module) {
  caudit_check_version(L, module, LUA_VERSION_NUM);
#if LUA_VERSION_NUM >= 502
  luaL_checkversion(L);
#else
  lua_getfield(L, LUA_REGISTRYINDEX, CAUDIT_THREAD);
  if (lua_isnil(L, -1)) {
    lua_pushthread(L);
    lua_setfield(L, LUA_REGISTRYINDEX, CAUDIT_THREAD);
  }
  lua_pop(L, 1);
#endif
}

/* Asks for the state's allocator each time, since a host may replace it. */
static inline void *caudit_state_alloc(void *ud, void *ptr, size_t osize, size_t nsize) {
  void *own;
  lua_Alloc alloc = lua_getallocf((lua_State *)ud, &own);
  return alloc(own, ptr, osize, nsize);
}

/* The state's allocator, so that its memory limits apply here too. */
static inline struct caudit_allocator caudit_lua_allocator(lua_State *L) {
  struct caudit_allocator allocator;
#if LUA_VERSION_NUM >= 502
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
#else
  lua_getfield(L, LUA_REGISTRYINDEX, CAUDIT_THREAD);
#endif
  allocator.fn = caudit_state_alloc;
  allocator.ud = lua_tothread(L, -1);
  lua_pop(L, 1);
  return allocator;
}

/* The type of a call's userdata, a struct caudit_call *. cloudaudit.curl reads the request from it.
 * The version keeps modules of different versions apart. */
#define CAUDIT_CALL_TYPE "cloudaudit.call " CAUDIT_VERSION

/* Adds functions to the table on top, each with the value below that table as upvalue. */
static inline void caudit_setmethods(lua_State *L, const luaL_Reg *functions) {
  for (; functions->name; functions++) {
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, functions->func, 1);
    lua_setfield(L, -2, functions->name);
  }
}

/* Registers the metatable of a userdata type, with its methods in __index. Pushes nothing. */
static inline void caudit_newtype(lua_State *L, const char *name, const luaL_Reg *metamethods,
                                  const luaL_Reg *methods) {
  luaL_newmetatable(L, name);
  lua_newtable(L);
  caudit_setmethods(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pushvalue(L, -1);
  caudit_setmethods(L, metamethods);
  lua_pushliteral(L, "private");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 2);
}

/* luaL_checkudata of a method's first argument, without a lookup of the type by name. */
static inline void *caudit_self(lua_State *L, const char *name) {
  if (lua_getmetatable(L, 1)) {
    int same = lua_rawequal(L, -1, lua_upvalueindex(1));
    lua_pop(L, 1);
    if (same) return lua_touserdata(L, 1);
  }
  return luaL_checkudata(L, 1, name);
}

#endif
