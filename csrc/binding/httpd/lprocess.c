/* The process of a server: its id, how it goes into the background, the signals that stop it. */
#include "binding/httpd/lprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int process_pid(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)getpid());
  return 1;
}

static int push_errno(lua_State *L, const char *what, int error) {
  lua_pushnil(L);
  lua_pushfstring(L, "%s: %s", what, strerror(error));
  return 2;
}

/* open_standard(): opens /dev/null for standard descriptors that are closed, so that no socket gets
 * their numbers. */
static int process_open_standard(lua_State *L) {
  (void)L;
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    if (open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) < 0) return 0;
  }
  return 0;
}

/* ---- the background ---------------------------------------------------------------------- */

static int ready_fd = -1; /* in the child: the parent's pipe */

static bool write_all(int fd, const char *data, size_t len) {
  while (len > 0) {
    ssize_t written = write(fd, data, len);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data += written;
    len -= (size_t)written;
  }
  return true;
}

/* Waits for the child: exits with 0 after release_output(), else with its status, or 1 if it has
 * none. */
static void wait_for_child(pid_t pid, int fd) {
  char byte = 1;
  ssize_t got;
  do got = read(fd, &byte, 1);
  while (got < 0 && errno == EINTR);
  if (got == 1 && byte == 0) _exit(0);
  int status = 0;
  pid_t ended;
  do ended = waitpid(pid, &status, 0);
  while (ended < 0 && errno == EINTR);
  int code = ended == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  _exit(code != 0 ? code : 1);
}

/* background(): continues in a child process, in a new session. The parent exits when the child has
 * called release_output(), or has ended, and then with its status. true, or nil and a message. */
static int process_background(lua_State *L) {
  int ends[2];
  if (fflush(NULL) != 0) return push_errno(L, "cannot write", errno);
  if (pipe(ends) != 0) return push_errno(L, "cannot open a pipe", errno);
  pid_t pid = fork();
  if (pid < 0) {
    int error = errno;
    close(ends[0]);
    close(ends[1]);
    return push_errno(L, "cannot fork", error);
  }
  if (pid > 0) {
    close(ends[1]);
    wait_for_child(pid, ends[0]);
  }
  close(ends[0]);
  (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  ready_fd = ends[1];
  setsid();
  lua_pushboolean(L, 1);
  return 1;
}

/* release_output(keep_input): redirects standard output and error, and unless keep_input standard
 * input, to /dev/null, so that a reader of a pipe sees its end, and lets the parent of background()
 * exit. true, or nil and a message. */
static int process_release_output(lua_State *L) {
  if (fflush(NULL) != 0) return push_errno(L, "cannot write", errno);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return push_errno(L, "cannot open /dev/null", errno);
  int first = lua_toboolean(L, 1) ? STDOUT_FILENO : STDIN_FILENO;
  for (int fd = first; fd <= STDERR_FILENO; fd++) dup2(null, fd);
  if (null > STDERR_FILENO) close(null);
  if (ready_fd >= 0) {
    (void)write_all(ready_fd, "", 1);
    close(ready_fd);
    ready_fd = -1;
  }
  lua_pushboolean(L, 1);
  return 1;
}

/* ---- files ------------------------------------------------------------------------------- */

enum { MAX_PATH = 4096, ATTEMPTS = 100 };

/* Creates a file that does not exist yet, "PREFIX.PID.N": its descriptor, or -1. */
static int create_beside(const char *prefix, char path[MAX_PATH]) {
  static unsigned counter;
  for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
    int len = snprintf(path, MAX_PATH, "%s.%ld.%u", prefix, (long)getpid(), ++counter);
    if (len < 0 || len >= MAX_PATH) {
      errno = ENAMETOOLONG;
      return -1;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

/* Writes and closes; on failure the file is removed. */
static bool fill(int fd, const char *path, const char *text, size_t len) {
  bool done = write_all(fd, text, len);
  int error = errno;
  if (close(fd) != 0 && done) {
    done = false;
    error = errno;
  }
  if (!done) unlink(path);
  errno = error;
  return done;
}

/* A rename would put a file in the place of a device or a pipe, such as /dev/null. */
static bool is_irregular(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

/* write_file(path, text): replaces the file as a whole, and a symbolic link itself: readers see the
 * old file or all of the new one. true, or nil and a message. */
static int process_write_file(lua_State *L) {
  char temporary[MAX_PATH];
  size_t len;
  const char *path = luaL_checkstring(L, 1), *text = luaL_checklstring(L, 2, &len);
  if (is_irregular(path)) {
    lua_pushnil(L);
    lua_pushfstring(L, "%s: not a regular file", path);
    return 2;
  }
  int fd = create_beside(path, temporary);
  if (fd < 0 || !fill(fd, temporary, text, len)) return push_errno(L, path, errno);
  if (rename(temporary, path) != 0) {
    int error = errno;
    unlink(temporary);
    return push_errno(L, path, error);
  }
  lua_pushboolean(L, 1);
  return 1;
}

/* temporary_file(text): writes a new file in TMPDIR or /tmp: its path, or nil and a message. */
static int process_temporary_file(lua_State *L) {
  char prefix[MAX_PATH / 2], path[MAX_PATH];
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len), *folder = getenv("TMPDIR");
  if (!folder || folder[0] != '/') folder = "/tmp";
  int written = snprintf(prefix, sizeof prefix, "%s/cloudaudit", folder);
  if (written < 0 || (size_t)written >= sizeof prefix) return push_errno(L, folder, ENAMETOOLONG);
  int fd = create_beside(prefix, path);
  if (fd < 0 || !fill(fd, path, text, len)) return push_errno(L, folder, errno);
  lua_pushstring(L, path);
  return 1;
}

/* ---- signals ----------------------------------------------------------------------------- */

static const int caught[] = {SIGTERM, SIGINT, SIGHUP};
static volatile sig_atomic_t received;
static int wake[2] = {-1, -1};

static void on_signal(int number) {
  int error = errno;
  received = number;
  ssize_t written = write(wake[1], "", 1);
  (void)written;
  errno = error;
}

/* catch_signals(): from now on SIGTERM, SIGINT and SIGHUP only make the returned descriptor
 * readable, unless they were ignored. nil and a message on failure. */
static int process_catch_signals(lua_State *L) {
  if (wake[0] < 0) {
    if (pipe(wake) != 0) return push_errno(L, "cannot open a pipe", errno);
    for (int i = 0; i < 2; i++) {
      (void)fcntl(wake[i], F_SETFD, FD_CLOEXEC);
      (void)fcntl(wake[i], F_SETFL, O_NONBLOCK);
    }
  }
  for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++) {
    struct sigaction old, action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    if (sigaction(caught[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN) continue;
    (void)sigaction(caught[i], &action, NULL);
  }
  lua_pushinteger(L, wake[0]);
  return 1;
}

/* end_by_signal(): ends the process as the caught signal would have; returns when none was. */
static int process_end_by_signal(lua_State *L) {
  (void)L;
  int number = received;
  if (number == 0) return 0;
  (void)fflush(NULL);
  (void)signal(number, SIG_DFL);
  (void)raise(number);
  _exit(128 + number); /* process 1 of a container ignores the default action */
}

static const luaL_Reg functions[] = {{"pid", process_pid},
                                     {"open_standard", process_open_standard},
                                     {"background", process_background},
                                     {"release_output", process_release_output},
                                     {"write_file", process_write_file},
                                     {"temporary_file", process_temporary_file},
                                     {"catch_signals", process_catch_signals},
                                     {"end_by_signal", process_end_by_signal},
                                     {NULL, NULL}};

void caudit_push_process(lua_State *L) {
  lua_newtable(L);
  caudit_setfuncs(L, functions);
}
