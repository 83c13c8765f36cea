/* Sixteen Lua states in sixteen threads use cloudaudit.core at the same time, from luaopen on. Also
 * run with ThreadSanitizer. */
#include "lua_support.h"

#include <pthread.h>

enum { THREADS = 16, ROUNDS = 60, MOST = 16 };

static pthread_barrier_t start;

struct worker {
  pthread_t thread;
  struct memory memory;
  long calls;
  char problem[200];
};

static int run_rounds(lua_State *L) {
  struct worker *worker = lua_touserdata(L, 1);
  const char *names[MOST];
  if (luaL_loadfile(L, USES) != 0) return lua_error(L);
  lua_call(L, 0, 1);
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) names[count++] = lua_tostring(L, -2);
  (void)pthread_barrier_wait(&start); /* luaopen in all threads at once */
  lua_pushcfunction(L, luaopen_cloudaudit_core);
  lua_pushliteral(L, "cloudaudit.core");
  lua_call(L, 1, 1);
  for (int round = 0; round < ROUNDS; round++) {
    for (size_t i = 0; i < count; i++) {
      lua_getfield(L, 2, names[i]);
      lua_pushvalue(L, 3);
      lua_call(L, 1, 0);
      worker->calls++;
    }
  }
  return 0;
}

static void *work(void *argument) {
  struct worker *worker = argument;
  lua_State *L = new_state(&worker->memory);
  lua_pushcfunction(L, run_rounds);
  lua_pushlightuserdata(L, worker);
  if (lua_pcall(L, 1, 0, 0) != 0)
    (void)snprintf(worker->problem, sizeof worker->problem, "%s", lua_tostring(L, -1));
  lua_close(L);
  return NULL;
}

static void states_in_threads(void **state) {
  (void)state;
  static struct worker workers[THREADS];
  long calls = 0;
  assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    if (workers[i].problem[0]) fail_msg("%s", workers[i].problem);
    assert_int_equal(workers[i].memory.bytes, 0);
    calls += workers[i].calls;
  }
  print_message("measured: %s, %d states in threads, %ld uses\n", LUA_NAME, THREADS, calls);
  assert_int_equal(pthread_barrier_destroy(&start), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(states_in_threads)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
