/* A full collection at every step of Lua and at every allocation, for the whole binding: an object
 * that only the C stack refers to is freed at once, and a sanitizer reports its use. */
#include "lua_support.h"

enum { MOST = 16 };

static long collections;

static void collect(lua_State *L, lua_Debug *where) {
  (void)where;
  lua_gc(L, LUA_GCCOLLECT, 0);
  collections++;
}

/* Makes each allocation that may collect run a full cycle. */
static void collect_always(lua_State *L) {
#if LUA_VERSION_NUM >= 505
  lua_gc(L, LUA_GCINC);
  lua_gc(L, LUA_GCPARAM, LUA_GCPSTEPMUL, 0);
  lua_gc(L, LUA_GCPARAM, LUA_GCPPAUSE, 0);
#elif LUA_VERSION_NUM >= 504
  lua_gc(L, LUA_GCINC, 1, 1000, 63);
  lua_gc(L, LUA_GCSETPAUSE, 0);
#else
  lua_gc(L, LUA_GCSETSTEPMUL, 100000000);
  lua_gc(L, LUA_GCSETPAUSE, 0);
#endif
  lua_gc(L, LUA_GCCOLLECT, 0); /* the pause applies from the next cycle on */
}

static int finalized;

static int count_finalized(lua_State *L) {
  (void)L;
  finalized++;
  return 0;
}

/* Garbage is collected within the next few allocations. */
static void assert_collects_always(lua_State *L) {
  finalized = 0;
  for (int i = 0; i < 100; i++) {
    lua_newuserdata(L, 8);
    lua_newtable(L);
    lua_pushcfunction(L, count_finalized);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
  }
  assert_true(finalized >= 80); /* 5.2 calls some a few allocations later */
}

static void run_uses(lua_State *L, const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    lua_getfield(L, 1, names[i]);
    lua_pushvalue(L, 2);
    if (lua_pcall(L, 1, 0, 0) != 0) fail_msg("%s: %s", names[i], lua_tostring(L, -1));
  }
}

static void a_collection_at_every_step(void **state) {
  (void)state;
  struct memory memory;
  const char *names[MOST];
  lua_State *L = new_state(&memory);
  push_uses(L);
  size_t count = list_uses(L, names, MOST);
  collect_always(L);
  assert_collects_always(L);
  lua_pushcfunction(L, open_core);
  lua_call(L, 0, 1);
  run_uses(L, names, count);
  lua_sethook(L, collect, LUA_MASKCOUNT, 1);
  run_uses(L, names, count);
  lua_sethook(L, NULL, 0, 0);
  lua_close(L);
  assert_int_equal(memory.bytes, 0);
  print_message("measured: %s, %ld full collections over the binding\n", LUA_NAME, collections);
  assert_true(collections > 1000);
}

#if LUA_VERSION_NUM >= 503
/* These versions run a full collection when an allocation fails and try again, so that of each new
 * object fails once. Not that of a growing stack, which 5.4.5 and later do not try again, nor those
 * without an object's tag, which may be the core's. */
static void *hesitant_alloc(void *ud, void *ptr, size_t osize, size_t nsize) {
  static bool again;
  bool is_new = !ptr && osize != 0 && nsize > 0;
  if (is_new) again = !again;
  if (!is_new || !again) return memory_alloc(ud, ptr, osize, nsize);
  collections++;
  return NULL;
}

static void a_collection_within_every_allocation(void **state) {
  (void)state;
  struct memory memory;
  const char *names[MOST];
  lua_State *L = new_state(&memory);
  push_uses(L);
  size_t count = list_uses(L, names, MOST);
  collections = 0;
  lua_setallocf(L, hesitant_alloc, &memory);
  lua_pushcfunction(L, open_core);
  lua_call(L, 0, 1);
  run_uses(L, names, count);
  lua_close(L);
  assert_int_equal(memory.bytes, 0);
  print_message("measured: %s, %ld collections within an allocation\n", LUA_NAME, collections);
  assert_true(collections > 1000);
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_collection_at_every_step),
#if LUA_VERSION_NUM >= 503
    cmocka_unit_test(a_collection_within_every_allocation),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
