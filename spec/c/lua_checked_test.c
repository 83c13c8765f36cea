/* The stack limits that the sanitized builds check are those of Lua itself. */
#include "lua_support.h"

#include "lua_checked.h"

static int fill(lua_State *L) {
  int given = lua_gettop(L);
  for (int used = 0; used < LUA_MINSTACK; used++) {
    assert_int_equal(spec_room(L), LUA_MINSTACK - used);
    lua_pushnil(L);
  }
  assert_int_equal(spec_room(L), 0);
  assert_true(lua_checkstack(L, 100));
  assert_int_equal(spec_room(L), 100);
  lua_settop(L, given);
  assert_int_equal(spec_room(L), 100 + LUA_MINSTACK);
  return 0;
}

static void reserved_slots_of_a_function(void **state) {
  (void)state;
  lua_State *L = luaL_newstate();
  assert_non_null(L);
  for (int arguments = 0; arguments < 3; arguments++) {
    lua_pushcfunction(L, fill);
    for (int i = 0; i < arguments; i++) lua_pushinteger(L, i);
    lua_call(L, arguments, 0);
  }
  lua_close(L);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(reserved_slots_of_a_function)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
