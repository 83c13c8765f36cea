/* Each allocation of a Lua state fails once, alone and with all later ones, while the state uses
 * cloudaudit.core: nothing crashes or leaks, the error is about memory, and a repetition succeeds.
 */
#include "lua_support.h"

enum { MOST = 16 };

static const char *names[MOST];

/* Checks that the error is about memory. */
static void assert_about_memory(lua_State *L, int status, const char *name) {
  const char *message = lua_tostring(L, -1);
  if (status == LUA_ERRMEM || (message && strstr(message, "memory"))) return;
  if (message && strstr(message, "libcrypto")) return;
  /* Lua's own words when its stack cannot grow. */
  if (message && strstr(message, "stack overflow (cloudaudit: ")) return;
  fail_msg("%s: %s", name, message ? message : "no message");
}

/* Runs a use; the function and the module are at 1 and 2. */
static int run(lua_State *L) {
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  return lua_pcall(L, 1, 0, 0);
}

/* Lua drops a finalizer for which it has no memory, and what that would have freed stays. */
static void rest_collector(lua_State *L) {
  lua_gc(L, LUA_GCSTOP, 0);
}

/* In a warm state: all memory of the core is freed after a collection. */
static long sweep_warm(const char *name, bool onward) {
  struct memory memory;
  long failed = 0;
  lua_State *L = new_state(&memory);
  push_uses(L);
  lua_getfield(L, -1, name);
  lua_pushcfunction(L, open_core);
  lua_call(L, 0, 1);
  lua_remove(L, 1);
  assert_int_equal(run(L), 0);
  size_t before = foreign_bytes(L, &memory);
  for (long at = 1;; at++) {
    memory.at = at;
    memory.onward = onward;
    memory.count = memory.failed = 0;
    rest_collector(L);
    int status = run(L);
    memory.at = 0;
    lua_gc(L, LUA_GCRESTART, 0);
    if (status != 0) assert_about_memory(L, status, name);
    lua_settop(L, 2);
    if (foreign_bytes(L, &memory) != before) fail_msg("%s, %ld: a block stays", name, at);
    if (memory.failed == 0) break;
    failed++;
    if (run(L) != 0) fail_msg("%s after %ld: %s", name, at, lua_tostring(L, -1));
    foreign_bytes(L, &memory);
  }
  lua_close(L);
  assert_int_equal(memory.bytes, 0);
  return failed;
}

/* From luaopen on, each time in a new state; lua_close then frees everything. */
static long sweep_cold(const char *name, bool onward) {
  for (long at = 1;; at++) {
    struct memory memory;
    lua_State *L = new_state(&memory);
    push_uses(L);
    lua_getfield(L, -1, name);
    lua_remove(L, 1);
    lua_pushcfunction(L, open_core);
    memory.at = at;
    memory.onward = onward;
    memory.count = memory.failed = 0;
    rest_collector(L);
    int status = lua_pcall(L, 0, 1, 0);
    if (status == 0) status = run(L);
    memory.at = 0;
    if (status != 0) assert_about_memory(L, status, name);
    lua_close(L);
    if (memory.bytes != 0) fail_msg("%s, %ld: %zu bytes leaked", name, at, memory.bytes);
    if (memory.failed == 0) return at - 1;
  }
}

static void every_allocation_fails(void **state) {
  (void)state;
  static const struct {
    const char *what;
    long (*sweep)(const char *name, bool onward);
  } sweeps[] = {{"in a warm state", sweep_warm}, {"from luaopen on", sweep_cold}};
  struct memory memory;
  lua_State *L = new_state(&memory);
  push_uses(L);
  size_t count = list_uses(L, names, MOST);
  for (size_t i = 0; i < 2; i++) {
    long once = 0, onward = 0;
    for (size_t use = 0; use < count; use++) {
      once += sweeps[i].sweep(names[use], false);
      onward += sweeps[i].sweep(names[use], true);
    }
    print_message("measured: %s, %ld allocations failed %s, and %ld times all from one on\n",
                  LUA_NAME, once, sweeps[i].what, onward);
    assert_true(once > 500 && onward > 500);
  }
  lua_close(L);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_fails)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
