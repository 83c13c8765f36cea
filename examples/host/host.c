/* A program that embeds Lua 5.4 and cloudaudit: no Lua file of cloudaudit on the disk, and scripts
 * with neither io nor os, but with the host's clock. From a clone, without installing:
 *   cc -Icsrc/include examples/host/host.c build/5.4/libcloudaudit-lua.a \
 *     $(pkg-config --cflags --libs lua5.4) -lcurl -lcrypto -lm -o build/host
 *   build/host examples/host/script.lua
 * Installed: cc host.c $(pkg-config --cflags --libs cloudaudit-lua lua5.4) */
#include <cloudaudit/lua.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <time.h>

/* host.clock() -> unix seconds */
static int host_clock(lua_State *L) {
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
  return 1;
}

static const luaL_Reg host_functions[] = {{"clock", host_clock}, {NULL, NULL}};

static const luaL_Reg libraries[] = {{"_G", luaopen_base},
                                     {"package", luaopen_package},
                                     {"string", luaopen_string},
                                     {"table", luaopen_table},
                                     {"math", luaopen_math},
                                     {"coroutine", luaopen_coroutine},
                                     {NULL, NULL}};

/* Runs in protected mode, so that an allocation failure is an ordinary error. */
static int run_script(lua_State *L) {
  for (const luaL_Reg *library = libraries; library->name; library++) {
    luaL_requiref(L, library->name, library->func, 1);
    lua_pop(L, 1);
  }
  cloudaudit_preload(L);
  luaL_newlib(L, host_functions);
  lua_setglobal(L, "host");
  if (luaL_loadfile(L, lua_tostring(L, 1)) != LUA_OK) return lua_error(L);
  lua_call(L, 0, 1);
  printf("TrackId %s\n", luaL_tolstring(L, -1, NULL));
  return 0;
}

int main(int argc, char **argv) {
  lua_State *L = luaL_newstate();
  if (!L || argc != 2) {
    fprintf(stderr, L ? "usage: host SCRIPT\n" : "no memory\n");
    return 2;
  }
  lua_pushcfunction(L, run_script);
  lua_pushstring(L, argv[1]);
  int failed = lua_pcall(L, 1, 0, 0);
  if (failed) fprintf(stderr, "%s\n", luaL_tolstring(L, -1, NULL));
  lua_close(L);
  return failed ? 1 : 0;
}
