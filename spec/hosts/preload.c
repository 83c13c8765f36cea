/* A host whose scripts have no io, os and debug, with an allocator that counts. Runs a script,
 * closes the state and checks that every block was freed. Compiled for each Lua by embed.sh. usage:
 * preload SCRIPT ARGUMENT... */
#include <cloudaudit/lua.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct count {
  size_t blocks;
  size_t bytes;
};

/* The first count until the script replaces the allocator, which counts in the second from then on.
 */
static struct count counts[2];
static bool replaced;

static void *counting(void *ud, void *ptr, size_t osize, size_t nsize) {
  struct count *count = ud;
  if (replaced && count == &counts[0]) abort();
  if (!ptr) osize = 0; /* since 5.2 the tag of a type */
  if (nsize == 0) {
    free(ptr);
    if (ptr) count->blocks--;
    count->bytes -= osize;
    return NULL;
  }
  void *block = realloc(ptr, nsize);
  if (!block) return NULL;
  if (!ptr) count->blocks++;
  count->bytes += nsize - osize;
  return block;
}

/* replace_allocator() */
static int replace_allocator(lua_State *L) {
  counts[1] = counts[0];
  replaced = true;
  lua_setallocf(L, counting, &counts[1]);
  return 0;
}

/* foreign_bytes() -> bytes of the allocator that Lua does not count as its own */
static int foreign_bytes(lua_State *L) {
  size_t own = (size_t)lua_gc(L, LUA_GCCOUNT, 0) * 1024 + (size_t)lua_gc(L, LUA_GCCOUNTB, 0);
  lua_pushnumber(L, (lua_Number)counts[replaced].bytes - (lua_Number)own);
  return 1;
}

static void open_library(lua_State *L, const char *name, lua_CFunction open) {
#if LUA_VERSION_NUM >= 502
  luaL_requiref(L, name, open, 1);
  lua_settop(L, 0);
#else
  lua_pushcfunction(L, open);
  lua_pushstring(L, name);
  lua_call(L, 1, 0);
#endif
}

static int run(lua_State *L, int argc, char **argv) {
  open_library(L, LUA_LOADLIBNAME, luaopen_package);
  open_library(L, LUA_STRLIBNAME, luaopen_string);
  open_library(L, LUA_TABLIBNAME, luaopen_table);
  open_library(L, LUA_MATHLIBNAME, luaopen_math);
#if LUA_VERSION_NUM >= 502
  open_library(L, "_G", luaopen_base);
  open_library(L, LUA_COLIBNAME, luaopen_coroutine);
#else
  open_library(L, "", luaopen_base);
#endif
  lua_register(L, "replace_allocator", replace_allocator);
  lua_register(L, "foreign_bytes", foreign_bytes);
  lua_pushcfunction(L, cloudaudit_preload);
  if (lua_pcall(L, 0, 0, 0) != 0 || luaL_loadfile(L, argv[1]) != 0) return 1;
  for (int i = 2; i < argc; i++) lua_pushstring(L, argv[i]);
  return lua_pcall(L, argc - 2, 0, 0);
}

int main(int argc, char **argv) {
#if LUA_VERSION_NUM >= 505
  lua_State *L = lua_newstate(counting, &counts[0], 0);
#else
  lua_State *L = lua_newstate(counting, &counts[0]);
#endif
  if (!L || argc < 2) return 2;
  int failed = run(L, argc, argv);
  if (failed) fprintf(stderr, "%s\n", lua_tostring(L, -1));
  const struct count *count = &counts[replaced];
  size_t peak = count->blocks;
  lua_close(L);
  printf("%zu blocks before lua_close, %zu blocks and %zu bytes after\n", peak, count->blocks,
         count->bytes);
  return failed || !replaced || count->blocks != 0 || count->bytes != 0;
}
