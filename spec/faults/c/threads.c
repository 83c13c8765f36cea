/* Sixteen threads, each with its own Lua state and client, make calls concurrently over libcurl
 * and TLS, from the first require on, which initialises libcurl. Run under ThreadSanitizer by
 * spec/faults/threads.sh. usage: threads SCRIPT CALLS ENDPOINT CA_FILE SECRET_ID SECRET_KEY */
#include "cloudaudit/lua.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>

enum { THREADS = 16, ARGUMENTS = 6 };

static pthread_barrier_t start;

struct worker {
  pthread_t thread;
  int number;
  char **arguments;
  char problem[300];
};

static int run(lua_State *L) {
  struct worker *worker = lua_touserdata(L, 1);
  luaL_openlibs(L);
  cloudaudit_preload(L);
  if (luaL_loadfile(L, worker->arguments[0]) != 0) return lua_error(L);
  lua_pushinteger(L, worker->number);
  for (int i = 1; i < ARGUMENTS; i++) lua_pushstring(L, worker->arguments[i]);
  pthread_barrier_wait(&start);
  lua_call(L, ARGUMENTS, 0);
  return 0;
}

static void *work(void *argument) {
  struct worker *worker = argument;
  lua_State *L = luaL_newstate();
  if (!L) {
    snprintf(worker->problem, sizeof worker->problem, "luaL_newstate failed");
    return NULL;
  }
  lua_pushcfunction(L, run);
  lua_pushlightuserdata(L, worker);
  if (lua_pcall(L, 1, 0, 0) != 0)
    snprintf(worker->problem, sizeof worker->problem, "%s", lua_tostring(L, -1));
  lua_close(L);
  return NULL;
}

int main(int argc, char **argv) {
  static struct worker workers[THREADS];
  int failed = 0;
  if (argc != 1 + ARGUMENTS || pthread_barrier_init(&start, NULL, THREADS) != 0) return 2;
  for (int i = 0; i < THREADS; i++) {
    workers[i].number = i + 1;
    workers[i].arguments = argv + 1;
    if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) return 2;
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(workers[i].thread, NULL);
    if (workers[i].problem[0]) {
      fprintf(stderr, "thread %d: %s\n", i + 1, workers[i].problem);
      failed++;
    }
  }
  printf("measured: %d states in %d threads, %s calls each over TLS, %d failed\n", THREADS, THREADS,
         argv[2], failed);
  return failed != 0;
}
