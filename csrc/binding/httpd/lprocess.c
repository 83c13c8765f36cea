/* The process of a server: its id, and how it goes into the background. */
#include "binding/httpd/lprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int process_pid(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)getpid());
  return 1;
}

/* background(): continues in a child process, in a new session; the parent exits with
 * status 0. */
static int process_background(lua_State *L) {
  (void)fflush(NULL);
  pid_t pid = fork();
  if (pid < 0) return luaL_error(L, "cannot fork: %s", strerror(errno));
  if (pid > 0) _exit(0);
  setsid();
  return 0;
}

/* release_output(): redirects standard input, output and error to /dev/null, so that a reader of a
 * pipe sees its end. */
static int process_release_output(lua_State *L) {
  (void)fflush(NULL);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return luaL_error(L, "cannot open /dev/null: %s", strerror(errno));
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) dup2(null, fd);
  if (null > STDERR_FILENO) close(null);
  return 0;
}

static const luaL_Reg functions[] = {{"pid", process_pid},
                                     {"background", process_background},
                                     {"release_output", process_release_output},
                                     {NULL, NULL}};

void caudit_push_process(lua_State *L) {
  lua_newtable(L);
  caudit_setfuncs(L, functions);
}
