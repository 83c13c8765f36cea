/* Shared by the programs that embed Lua: opening the module, the uses in
 * spec/support/core_uses.lua, and an allocator that counts. */
#ifndef SPEC_LUA_SUPPORT_H
#define SPEC_LUA_SUPPORT_H

#include "support.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

int luaopen_cloudaudit_core(lua_State *L);

/* Lua's allocations, some of which fail. */
struct memory {
  long count; /* since the plan was made */
  long at;    /* the first one to fail, 0: none */
  bool onward;
  long failed;
  size_t bytes; /* alive, by what Lua says of its blocks */
  long blocks;  /* alive */
};

static inline void *memory_alloc(void *ud, void *ptr, size_t osize, size_t nsize) {
  struct memory *memory = ud;
  size_t had = ptr ? osize : 0; /* without a block, 5.4 passes the object's type there */
  if (nsize == 0) {
    memory->bytes -= had;
    memory->blocks -= ptr != NULL;
    free(ptr);
    return NULL;
  }
  if (nsize > had) { /* Lua requires that shrinking succeeds */
    memory->count++;
    bool fails = memory->at > 0 &&
                 (memory->onward ? memory->count >= memory->at : memory->count == memory->at);
    memory->failed += fails;
    if (fails) return NULL;
  }
  void *block = realloc(ptr, nsize);
  if (block) memory->bytes += nsize - had;
  if (block) memory->blocks += ptr == NULL;
  return block;
}

/* Opens the module and leaves it on the stack. Called by lua_pcall. */
static inline int open_core(lua_State *L) {
  lua_settop(L, 0);
  lua_pushcfunction(L, luaopen_cloudaudit_core);
  lua_pushliteral(L, "cloudaudit.core");
  lua_call(L, 1, 1);
  return 1;
}

static inline lua_State *new_state(struct memory *memory) {
  memset(memory, 0, sizeof *memory);
#if LUA_VERSION_NUM >= 505
  lua_State *L = lua_newstate(memory_alloc, memory, 0);
#else
  lua_State *L = lua_newstate(memory_alloc, memory);
#endif
  assert_non_null(L);
  luaL_openlibs(L);
  /* LuaJIT's compiler does not survive a failed allocation: use the interpreter. */
  assert_int_equal(luaL_dostring(L, "if jit then jit.off() end"), 0);
  return L;
}

/* Pushes the table of uses. */
static inline void push_uses(lua_State *L) {
  if (luaL_loadfile(L, USES) != 0 || lua_pcall(L, 0, 1, 0) != 0)
    fail_msg("%s", lua_tostring(L, -1));
}

/* The names of the uses, kept alive by the table on top. */
static inline size_t list_uses(lua_State *L, const char *names[], size_t most) {
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    assert_true(count < most);
    names[count++] = lua_tostring(L, -2);
  }
  assert_true(count > 5);
  return count;
}

/* Live bytes of the core: those that Lua does not count. */
static inline size_t foreign_bytes(lua_State *L, const struct memory *memory) {
  for (int i = 0; i < 3; i++) lua_gc(L, LUA_GCCOLLECT, 0);
  size_t own = (size_t)lua_gc(L, LUA_GCCOUNT, 0) * 1024 + (size_t)lua_gc(L, LUA_GCCOUNTB, 0);
  return memory->bytes - own;
}

#endif
