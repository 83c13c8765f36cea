/* Each allocation of a Lua state fails once, alone and with all later ones, while client.async runs
 * the scenarios in spec/support/async_scenarios.lua: futures end, steps end, later calls work. */
#include "lua_support.h"

static struct memory memory;
static bool onward;
static long at;

/* Lua drops a finalizer for which it has no memory, and what that would have freed stays: so the
 * collector rests while allocations fail. */
static int arm(lua_State *L) {
  lua_gc(L, LUA_GCSTOP, 0);
  memory.onward = onward;
  memory.count = memory.failed = 0;
  memory.at = at;
  return 0;
}

static int disarm(lua_State *L) {
  lua_gc(L, LUA_GCRESTART, 0);
  memory.at = 0;
  return 0;
}

/* Leaves the table of scenarios. */
static void open_scenarios(lua_State *L) {
  lua_getglobal(L, "package");
  lua_pushliteral(L, SOURCE "/lua/?.lua;" SOURCE "/lua/?/init.lua;" SOURCE "/spec/?.lua");
  lua_setfield(L, -2, "path");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, luaopen_cloudaudit_core);
  lua_setfield(L, -2, "cloudaudit.core");
  lua_settop(L, 0);
  if (luaL_dostring(L, "return require 'support.async_scenarios'") != 0)
    fail_msg("%s", lua_tostring(L, -1));
  lua_settop(L, 1);
}

static void run(lua_State *L, const char *name) {
  lua_getfield(L, 1, name);
  lua_pushcfunction(L, arm);
  lua_pushcfunction(L, disarm);
  if (lua_pcall(L, 2, 0, 0) != 0)
    fail_msg("%s, allocation %ld%s: %s", name, at, onward ? " and later ones" : "",
             lua_tostring(L, -1));
}

static long sweep(lua_State *L, const char *name) {
  at = 0;
  run(L, name); /* loads all modules */
  do {
    at++;
    run(L, name);
  } while (memory.failed > 0);
  return at - 1;
}

static void every_allocation_of_async_fails(void **state) {
  (void)state;
  const char *names[] = {"calls",      "tasks", "several_clients", "cancelling", "closing",
                         "refreshing", NULL};
  lua_State *L = new_state(&memory);
  open_scenarios(L);
  for (size_t i = 0; names[i]; i++) {
    onward = false;
    long once = sweep(L, names[i]);
    onward = true;
    long from = sweep(L, names[i]);
    print_message("measured: %s, %s: %ld allocations failed, and %ld times all from one on\n",
                  LUA_NAME, names[i], once, from);
    assert_true(once > 50 && from > 50);
  }
  lua_close(L);
  assert_int_equal(memory.blocks, 0); /* after a failed growth LuaJIT is wrong about some sizes */
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_of_async_fails)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
