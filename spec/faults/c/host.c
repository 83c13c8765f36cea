/* The Lua module faults_host: operations of a host process around a client, and the switches of
 * preload.c. */
#include "own_memory.h"

#include <lauxlib.h>
#include <lua.h>

#include <dirent.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* fork() -> 0 in the child, its id in the parent */
static int host_fork(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)fork());
  return 1;
}

/* wait(id) -> exit status, or minus the signal that ended it */
static int host_wait(lua_State *L) {
  int status = 0;
  if (waitpid((pid_t)luaL_checkinteger(L, 1), &status, 0) < 0)
    return luaL_error(L, "waitpid failed");
  lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
  return 1;
}

/* exit(status): at once, like a child that must not clean up objects of its parent */
static int host_exit(lua_State *L) {
  _exit((int)luaL_checkinteger(L, 1));
}

/* descriptors() -> how many are open */
static int host_descriptors(lua_State *L) {
  DIR *folder = opendir("/proc/self/fd");
  if (!folder) return luaL_error(L, "cannot open /proc/self/fd");
  int count = -3; /* ".", ".." and the folder's own */
  while (readdir(folder)) count++;
  closedir(folder);
  lua_pushinteger(L, count);
  return 1;
}

static void *symbol(lua_State *L, const char *name) {
  void *found = dlsym(RTLD_DEFAULT, name);
  if (!found) luaL_error(L, "%s: preload.so is not loaded", name);
  return found;
}

/* fail(after, and_on): see preload.c */
static int host_fail(lua_State *L) {
  void (*fail)(long, bool);
  void *found = symbol(L, "faults_fail");
  long after = (long)luaL_checkinteger(L, 1);
  bool and_on = lua_toboolean(L, 2) != 0;
  memcpy(&fail, &found, sizeof fail);
  fail(after, and_on);
  return 0;
}

static int call_counter(lua_State *L, const char *name) {
  long (*counter)(void);
  void *found = symbol(L, name);
  memcpy(&counter, &found, sizeof counter);
  lua_pushinteger(L, (lua_Integer)counter());
  return 1;
}

/* heal() -> how many allocations have failed */
static int host_heal(lua_State *L) {
  return call_counter(L, "faults_heal");
}

/* live() -> blocks that are not yet freed */
static int host_live(lua_State *L) {
  return call_counter(L, "faults_live");
}

static volatile sig_atomic_t alarms;

static void on_alarm(int number) {
  (void)number;
  alarms++;
}

/* alarms(seconds): a handled SIGALRM every so many seconds, 0: none -> how many came before */
static int host_alarms(lua_State *L) {
  double seconds = luaL_checknumber(L, 1);
  struct sigaction action = {0};
  struct itimerval timer = {0};
  timer.it_interval.tv_usec = timer.it_value.tv_usec = (suseconds_t)(seconds * 1e6);
  action.sa_handler = on_alarm;
  if (sigaction(SIGALRM, &action, NULL) != 0 || setitimer(ITIMER_REAL, &timer, NULL) != 0)
    return luaL_error(L, "no timer");
  lua_pushinteger(L, (lua_Integer)alarms);
  return 1;
}

/* masked(text) -> the text as in_memory searches for it */
static int host_masked(lua_State *L) {
  struct own_secret secret;
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  luaL_argcheck(L, len <= OWN_LONGEST, 1, "too long");
  own_hide(&secret, text, len);
  lua_pushlstring(L, (const char *)secret.masked, secret.len);
  return 1;
}

/* in_memory(masked) -> how often the text stands in the memory of the process */
static int host_in_memory(lua_State *L) {
  struct own_secret secret;
  const char *masked = luaL_checklstring(L, 1, &secret.len);
  luaL_argcheck(L, secret.len <= OWN_LONGEST, 1, "too long");
  memcpy(secret.masked, masked, secret.len);
  lua_pushinteger(L, (lua_Integer)own_memory_count(&secret));
  return 1;
}

__attribute__((visibility("default"))) int luaopen_faults_host(lua_State *L);
int luaopen_faults_host(lua_State *L) {
  static const luaL_Reg functions[] = {{"alarms", host_alarms},
                                       {"fork", host_fork},
                                       {"wait", host_wait},
                                       {"exit", host_exit},
                                       {"descriptors", host_descriptors},
                                       {"fail", host_fail},
                                       {"heal", host_heal},
                                       {"in_memory", host_in_memory},
                                       {"live", host_live},
                                       {"masked", host_masked},
                                       {NULL, NULL}};
  lua_newtable(L);
  for (const luaL_Reg *row = functions; row->name; row++) {
    lua_pushcfunction(L, row->func);
    lua_setfield(L, -2, row->name);
  }
  return 1;
}
