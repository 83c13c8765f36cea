/* The stack checks of a Lua built with LUA_USE_APICHECK, for the sanitized builds: a push needs a
 * slot that the running C function has reserved, a pop needs enough values. Included by lcompat.h
 * after lua.h; has no effect but on Lua 5.4, whose call records it can read. */
#ifndef SPEC_LUA_CHECKED_H
#define SPEC_LUA_CHECKED_H

#if LUA_VERSION_NUM == 504
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* The start of Lua 5.4's record of a running function: the function and the end of its stack. */
struct spec_frame {
  const char *function;
  const char *end;
};

struct spec_slot {
  union {
    lua_Number number;
    lua_Integer integer;
    void *pointer;
    lua_CFunction function;
  } value;
  unsigned char type;
};

/* Slots that the running C function may still push; INT_MAX outside of a function. */
static inline int spec_room(lua_State *L) {
  lua_Debug ar;
  if (!lua_getstack(L, 0, &ar)) return INT_MAX;
  const struct spec_frame *frame = (const void *)ar.i_ci;
  return (int)((frame->end - frame->function) / (long)sizeof(struct spec_slot)) - 1 - lua_gettop(L);
}

static inline void spec_needs(lua_State *L, int slots, const char *call) {
  if (spec_room(L) >= slots) return;
  (void)fprintf(stderr, "%s: beyond the stack that was reserved\n", call);
  abort();
}

static inline void spec_settop(lua_State *L, int top) {
  int now = lua_gettop(L);
  if (top >= 0) {
    spec_needs(L, top - now, "lua_settop");
  } else if (-(top + 1) > now) {
    (void)fprintf(stderr, "lua_settop: below the stack's bottom\n");
    abort();
  }
}

#define lua_pushnil(L) (spec_needs(L, 1, "lua_pushnil"), lua_pushnil(L))
#define lua_pushnumber(L, n) (spec_needs(L, 1, "lua_pushnumber"), lua_pushnumber(L, n))
#define lua_pushinteger(L, n) (spec_needs(L, 1, "lua_pushinteger"), lua_pushinteger(L, n))
#define lua_pushlstring(L, s, n) (spec_needs(L, 1, "lua_pushlstring"), lua_pushlstring(L, s, n))
#define lua_pushstring(L, s) (spec_needs(L, 1, "lua_pushstring"), lua_pushstring(L, s))
#define lua_pushfstring(L, ...)                                                                    \
  (spec_needs(L, 1, "lua_pushfstring"), lua_pushfstring(L, __VA_ARGS__))
#define lua_pushcclosure(L, f, n) (spec_needs(L, 1, "lua_pushcclosure"), lua_pushcclosure(L, f, n))
#define lua_pushboolean(L, b) (spec_needs(L, 1, "lua_pushboolean"), lua_pushboolean(L, b))
#define lua_pushlightuserdata(L, p)                                                                \
  (spec_needs(L, 1, "lua_pushlightuserdata"), lua_pushlightuserdata(L, p))
#define lua_pushvalue(L, i) (spec_needs(L, 1, "lua_pushvalue"), lua_pushvalue(L, i))
#define lua_getglobal(L, k) (spec_needs(L, 1, "lua_getglobal"), lua_getglobal(L, k))
#define lua_getfield(L, i, k) (spec_needs(L, 1, "lua_getfield"), lua_getfield(L, i, k))
#define lua_rawgeti(L, i, n) (spec_needs(L, 1, "lua_rawgeti"), lua_rawgeti(L, i, n))
#define lua_rawgetp(L, i, p) (spec_needs(L, 1, "lua_rawgetp"), lua_rawgetp(L, i, p))
#define lua_createtable(L, a, h) (spec_needs(L, 1, "lua_createtable"), lua_createtable(L, a, h))
#define lua_newuserdatauv(L, s, n)                                                                 \
  (spec_needs(L, 1, "lua_newuserdatauv"), lua_newuserdatauv(L, s, n))
#define lua_getmetatable(L, i) (spec_needs(L, 1, "lua_getmetatable"), lua_getmetatable(L, i))
#define lua_getiuservalue(L, i, n)                                                                 \
  (spec_needs(L, 1, "lua_getiuservalue"), lua_getiuservalue(L, i, n))
#define lua_next(L, i) (spec_needs(L, 1, "lua_next"), lua_next(L, i))
#define lua_settop(L, i) (spec_settop(L, i), lua_settop(L, i))
#define luaL_newmetatable(L, k) (spec_needs(L, 2, "luaL_newmetatable"), luaL_newmetatable(L, k))
#define luaL_getsubtable(L, i, k) (spec_needs(L, 2, "luaL_getsubtable"), luaL_getsubtable(L, i, k))
#define luaL_checkudata(L, i, k) (spec_needs(L, 2, "luaL_checkudata"), luaL_checkudata(L, i, k))
#define luaL_error(L, ...) (spec_needs(L, 2, "luaL_error"), luaL_error(L, __VA_ARGS__))
#endif
#endif
