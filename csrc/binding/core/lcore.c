/* The Lua C module cloudaudit.core. */
#include "binding/core/binding.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void push_clock(lua_State *L, clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now) != 0) luaL_error(L, "clock_gettime failed");
  lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
}

/* monotonic() -> seconds since an arbitrary time, never decreasing */
static int core_monotonic(lua_State *L) {
  push_clock(L, CLOCK_MONOTONIC);
  return 1;
}

/* time() -> unix seconds with a fraction */
static int core_time(lua_State *L) {
  push_clock(L, CLOCK_REALTIME);
  return 1;
}

#define FILE_TYPE "cloudaudit.file " CAUDIT_VERSION

/* An open file that the garbage collector closes when reading it raises. */
struct file {
  int fd; /* -1: closed */
};

static int file_close(lua_State *L) {
  struct file *file = caudit_self(L, FILE_TYPE);
  if (file->fd >= 0) close(file->fd);
  file->fd = -1;
  return 0;
}

static int push_reason(lua_State *L, const char *message, const char *reason) {
  lua_pushnil(L);
  lua_pushstring(L, message);
  lua_pushstring(L, reason);
  return 3;
}

static int push_system_failure(lua_State *L) {
  int code = errno;
  return push_reason(L, strerror(code),
                     code == ENOENT || code == ENOTDIR ? "missing" : "unreadable");
}

static int push_irregular(lua_State *L, mode_t mode) {
  return push_reason(L, S_ISDIR(mode) ? "Is a directory" : "not a regular file", "unreadable");
}

/* Pushes the rest of the file and returns true, or sets errno (0: longer than that). */
static bool push_content(lua_State *L, int fd, size_t most) {
  luaL_Buffer buffer;
  size_t size = 0;
  luaL_buffinit(L, &buffer);
  for (;;) {
    char piece[4096];
    ssize_t got = read(fd, piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      luaL_pushresult(&buffer);
      return got == 0;
    }
    size += (size_t)got;
    if (size > most) {
      luaL_pushresult(&buffer);
      errno = 0;
      return false;
    }
    luaL_addlstring(&buffer, piece, (size_t)got);
  }
}

/* read_file(path, most) -> text, permission bits (420 is 0644)
 *                        | nil, message, "missing" | "unreadable" | "long"
 * Never waits: only a regular file is opened, so no pipe or device can keep the caller. */
static int core_read_file(lua_State *L) {
  size_t len;
  struct stat status;
  const char *path = luaL_checklstring(L, 1, &len);
  size_t most = (size_t)luaL_checknumber(L, 2);
  if (strlen(path) != len) return push_reason(L, "its name holds a NUL byte", "unreadable");
  struct file *file = caudit_newuserdata(L, sizeof *file);
  file->fd = -1;
  luaL_getmetatable(L, FILE_TYPE);
  lua_setmetatable(L, -2);
  if (stat(path, &status) != 0) return push_system_failure(L);
  if (!S_ISREG(status.st_mode)) return push_irregular(L, status.st_mode);
  /* Something else may have that name by now. */
  file->fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (file->fd < 0 || fstat(file->fd, &status) != 0) return push_system_failure(L);
  if (!S_ISREG(status.st_mode)) return push_irregular(L, status.st_mode);
  bool done = push_content(L, file->fd, most);
  int code = errno;
  close(file->fd);
  file->fd = -1;
  errno = code;
  if (!done && code == 0) return push_reason(L, "too long", "long");
  if (!done) return push_system_failure(L);
  lua_pushinteger(L, (lua_Integer)(status.st_mode & 07777));
  return 2;
}

/* check_proxy(text) -> true | nil, fields */
static int core_check_proxy(lua_State *L) {
  struct caudit_error err;
  struct caudit_str text;
  text.data = luaL_checklstring(L, 1, &text.len);
  if (caudit_proxy_check(text, &err) != 0) return caudit_push_failure(L, &err);
  lua_pushboolean(L, 1);
  return 1;
}

/* nearest(name, list) -> the closest name in the list, or nil when none is close */
static int core_nearest(lua_State *L) {
  struct caudit_str name;
  name.data = luaL_checklstring(L, 1, &name.len);
  luaL_checktype(L, 2, LUA_TTABLE);
  size_t count = caudit_rawlen(L, 2);
  const char **names = caudit_newuserdata(L, (count + 1) * sizeof *names);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, 2, (int)i + 1);
    if (lua_type(L, -1) != LUA_TSTRING) return luaL_argerror(L, 2, "list of strings expected");
    names[i] = lua_tostring(L, -1); /* the list keeps it alive */
    lua_pop(L, 1);
  }
  const char *nearest = caudit_nearest(name, names, count, sizeof *names);
  if (nearest)
    lua_pushstring(L, nearest);
  else
    lua_pushnil(L);
  return 1;
}

/* line(text) -> the text as one printable line of valid UTF-8 */
static int core_line(lua_State *L) {
  struct caudit_str text;
  text.data = luaL_checklstring(L, 1, &text.len);
  size_t plain = 0;
  while (plain < text.len && text.data[plain] >= ' ' && text.data[plain] <= '~') plain++;
  lua_settop(L, 1);
  if (plain == text.len) return 1;
  size_t room = 6 * text.len + 1;
  char *out = caudit_newuserdata(L, room);
  caudit_copy_line(out, room, text);
  lua_pushstring(L, out);
  return 1;
}

CAUDIT_API int luaopen_cloudaudit_core(lua_State *L);

int luaopen_cloudaudit_core(lua_State *L) {
  static const luaL_Reg methods[] = {{NULL, NULL}};
  static const luaL_Reg file_meta[] = {{"__gc", file_close}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"client", caudit_lua_client},
                                       {"credentials", caudit_lua_credentials},
                                       {"parse", caudit_lua_parse},
                                       {"sign", caudit_lua_sign},
                                       {"decode", caudit_lua_decode},
                                       {"decode_page", caudit_lua_decode_page},
                                       {"encode", caudit_lua_encode},
                                       {"json_text", caudit_lua_json_text},
                                       {"event_names", caudit_lua_event_names},
                                       {"event_json", caudit_lua_event_json},
                                       {"redact", caudit_lua_redact},
                                       {"row", caudit_lua_row},
                                       {"row_names", caudit_lua_row_names},
                                       {"check", caudit_lua_check},
                                       {"actions", caudit_lua_actions},
                                       {"shapes", caudit_lua_shapes},
                                       {"nearest", core_nearest},
                                       {"read_file", core_read_file},
                                       {"check_proxy", core_check_proxy},
                                       {"monotonic", core_monotonic},
                                       {"time", core_time},
                                       {"sha256", caudit_lua_sha256},
                                       {"line", core_line},
                                       {"http1", caudit_lua_http1},
                                       {"http1_url", caudit_lua_http1_url},
                                       {"headers", caudit_lua_headers},
                                       {NULL, NULL}};
  caudit_check_lua(L, "cloudaudit.core");
  caudit_newtype(L, FILE_TYPE, file_meta, methods);
  caudit_open_json(L);
  caudit_open_work(L);
  caudit_open_credentials(L);
  caudit_open_client(L);
  caudit_open_call(L);
  caudit_open_http1(L);
  lua_newtable(L);
  caudit_setfuncs(L, functions);
  lua_pushliteral(L, CAUDIT_VERSION);
  lua_setfield(L, -2, "version");
  lua_pushstring(L, OpenSSL_version(OPENSSL_VERSION));
  lua_setfield(L, -2, "openssl_version");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  caudit_push_list_mark(L);
  lua_setfield(L, -2, "list");
  lua_pushcfunction(L, caudit_lua_hmac);
  lua_setfield(L, -2, "hmac");
  return 1;
}
