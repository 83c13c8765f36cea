/* The Lua module cloudaudit.curl: transports and transfers of the libcurl driver as userdata, and a
 * sleep function. libcurl callbacks do not call Lua. */
#include "binding/lexchange.h"
#include "cloudaudit/curl.h"

#include <curl/curl.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#define TRANSPORT "cloudaudit.transport"
#define TRANSFER "cloudaudit.transfer"

enum { MAX_SECONDS = 1000000 };

/* NULL once closed, which a finalizer may do wherever Lua allocates. */
struct transport {
  struct caudit_curl *curl;
};
struct transfer {
  struct caudit_transfer *transfer;
};

/* ---- failures and numbers -------------------------------------------------------------- */

/* nil, message, {kind=, sent=}; with field= when an option or a member is to blame */
static int push_failure(lua_State *L, enum caudit_kind kind, bool sent, const char *message) {
  lua_pushnil(L);
  lua_pushstring(L, message);
  lua_createtable(L, 0, 2);
  lua_pushstring(L, caudit_kind_name(kind));
  lua_setfield(L, -2, "kind");
  lua_pushboolean(L, sent);
  lua_setfield(L, -2, "sent");
  return 3;
}

static void set_field(lua_State *L, const char *field) {
  if (!field || !field[0]) return;
  lua_pushstring(L, field);
  lua_setfield(L, -2, "field");
}

static int push_exchange_failure(lua_State *L, const struct caudit_exchange *exchange) {
  int pushed = push_failure(L, exchange->kind, exchange->sent, exchange->message);
  set_field(L, exchange->field);
  return pushed;
}

/* Of something that was not started. */
static int push_refusal(lua_State *L, const struct caudit_error *err) {
  int pushed = push_failure(L, err->kind, false, err->message);
  set_field(L, err->field);
  return pushed;
}

static int milliseconds(lua_State *L, double seconds, const char *what) {
  if (seconds != seconds) return luaL_error(L, "%s: number of seconds expected, got NaN", what);
  if (seconds <= 0) return 0;
  return (int)(fmin(seconds, MAX_SECONDS) * 1000.0);
}

/* Pushes a userdata that is still closed, so that it exists before the object that it will own. */
static void *new_object(lua_State *L, const char *type, size_t size) {
  void *object = caudit_newuserdata(L, size);
  memset(object, 0, size);
  luaL_getmetatable(L, type);
  lua_setmetatable(L, -2);
  return object;
}

/* ---- transports ------------------------------------------------------------------------ */

/* Pushes the option unless it is nil. */
static bool has_option(lua_State *L, const char *name, int type) {
  lua_getfield(L, 1, name);
  int have = lua_type(L, -1);
  if (have != LUA_TNIL && have != type)
    luaL_error(L, "%s: %s expected, got %s", name, lua_typename(L, type), lua_typename(L, have));
  if (have == LUA_TNIL) lua_pop(L, 1);
  return have != LUA_TNIL;
}

static const char *text_option(lua_State *L, const char *name) {
  if (!has_option(L, name, LUA_TSTRING)) return NULL;
  const char *text = lua_tostring(L, -1);
  if (strlen(text) != caudit_rawlen(L, -1)) luaL_error(L, "%s: string without NUL expected", name);
  lua_pop(L, 1);
  return text;
}

static double number_option(lua_State *L, const char *name, double most) {
  if (!has_option(L, name, LUA_TNUMBER)) return 0;
  double value = lua_tonumber(L, -1);
  if (!(value > 0)) luaL_error(L, "%s: number above 0 expected", name);
  lua_pop(L, 1);
  return fmin(value, most);
}

/* curl.new{ca_file=, ca_path=, proxy=, proxy_from_env=, env=, connect_timeout=, max_response=,
 * max_connections=} */
static int transport_new(lua_State *L) {
  struct caudit_curl_options options = {0};
  struct caudit_error err;
  lua_settop(L, 1);
  if (lua_isnil(L, 1)) {
    lua_newtable(L);
    lua_replace(L, 1);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  options.ca_file = text_option(L, "ca_file");
  options.ca_path = text_option(L, "ca_path");
  options.proxy = text_option(L, "proxy");
  /* Rounded up, since 0 means the default. */
  options.connect_timeout_ms = (int)ceil(number_option(L, "connect_timeout", MAX_SECONDS) * 1000.0);
  options.max_response = (size_t)number_option(L, "max_response", 1 << 30);
  options.max_connections = (int)number_option(L, "max_connections", 4096);
  if (has_option(L, "proxy_from_env", LUA_TBOOLEAN)) {
    options.proxy_from_env = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
  }
  if (has_option(L, "env", LUA_TBOOLEAN)) {
    options.no_env = lua_toboolean(L, -1) == 0;
    lua_pop(L, 1);
  }
  struct transport *self = new_object(L, TRANSPORT, sizeof *self);
  struct caudit_allocator allocator = caudit_lua_allocator(L);
  if (caudit_curl_new(&self->curl, &options, &allocator, &err) != 0) return push_refusal(L, &err);
  return 1;
}

static int transport_close(lua_State *L) {
  struct transport *self = caudit_self(L, TRANSPORT);
  struct caudit_curl *curl = self->curl;
  self->curl = NULL;
  caudit_curl_free(curl);
  return 0;
}

/* Pushes status, head and body, or nil, message, info; pushes nothing while it is under way.
 * Returns the number of values. */
static int push_taken(lua_State *L, struct caudit_transfer *transfer) {
  struct caudit_exchange exchange = {.kind = CAUDIT_OK};
  if (!caudit_transfer_done(transfer, &exchange)) return 0;
  if (exchange.kind != CAUDIT_OK) return push_exchange_failure(L, &exchange);
  lua_pushinteger(L, exchange.status);
  lua_pushlstring(L, exchange.head.data, exchange.head.len);
  lua_pushlstring(L, exchange.body.data, exchange.body.len);
  return 3;
}

/* transport:start(request | call, timeout, seconds) -> transfer | nil, message, info
 * With seconds also makes a step; if the exchange is over then: status, head, body | nil, message,
 * info */
static int transport_start(lua_State *L) {
  struct transport *self = caudit_self(L, TRANSPORT);
  struct caudit_request_room room;
  struct caudit_error err;
  int timeout_ms = milliseconds(L, luaL_checknumber(L, 3), "timeout");
  bool steps = !lua_isnoneornil(L, 4);
  int wait_ms = milliseconds(L, luaL_optnumber(L, 4, 0), "seconds");
  lua_settop(L, 3);
  struct transfer *transfer = new_object(L, TRANSFER, sizeof *transfer);
  const struct caudit_request *request = caudit_request_at(L, 2, &room);
  if (!self->curl) return push_failure(L, CAUDIT_CLOSED, false, "the transport is closed");
  int rc = caudit_curl_start(self->curl, request, timeout_ms, &transfer->transfer, &err);
  if (rc == -CAUDIT_MISUSE) return luaL_error(L, "request.%s", err.message);
  if (rc != 0) return push_refusal(L, &err);
  if (steps) {
    caudit_curl_step(self->curl, wait_ms);
    int pushed = push_taken(L, transfer->transfer);
    if (pushed > 0) {
      caudit_transfer_free(transfer->transfer);
      transfer->transfer = NULL;
      return pushed;
    }
  }
  lua_settop(L, 4);
  return 1;
}

/* transport:step(seconds) -> number of transfers under way */
static int transport_step(lua_State *L) {
  struct transport *self = caudit_self(L, TRANSPORT);
  int wait_ms = milliseconds(L, luaL_optnumber(L, 2, 0), "seconds");
  lua_pushinteger(L, self->curl ? caudit_curl_step(self->curl, wait_ms) : 0);
  return 1;
}

static int transport_pending(lua_State *L) {
  struct transport *self = caudit_self(L, TRANSPORT);
  lua_pushinteger(L, self->curl ? caudit_curl_pending(self->curl) : 0);
  return 1;
}

/* transport:fds() -> {{fd=, read=, write=}, ...}, seconds until a step is due | nil */
static int transport_fds(lua_State *L) {
  struct transport *self = caudit_self(L, TRANSPORT);
  int timeout_ms = -1;
  size_t room = self->curl ? caudit_curl_fds(self->curl, NULL, 0, &timeout_ms) : 0;
  struct caudit_fd *fds = lua_newuserdata(L, (room + 1) * sizeof *fds);
  lua_newtable(L);
  /* A finalizer may have started another transfer in the meantime. */
  size_t count = self->curl ? caudit_curl_fds(self->curl, fds, room, &timeout_ms) : 0;
  if (count > room) count = room;
  for (size_t i = 0; i < count; i++) {
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, fds[i].fd);
    lua_setfield(L, -2, "fd");
    lua_pushboolean(L, fds[i].read);
    lua_setfield(L, -2, "read");
    lua_pushboolean(L, fds[i].write);
    lua_setfield(L, -2, "write");
    lua_rawseti(L, -2, (int)i + 1);
  }
  if (timeout_ms < 0) return 1;
  lua_pushnumber(L, timeout_ms / 1000.0);
  return 2;
}

/* ---- transfers ------------------------------------------------------------------------- */

static int transfer_done(lua_State *L) {
  struct transfer *self = caudit_self(L, TRANSFER);
  lua_pushboolean(L, !self->transfer || caudit_transfer_done(self->transfer, NULL));
  return 1;
}

static struct transfer *ended_transfer(lua_State *L) {
  struct transfer *self = caudit_self(L, TRANSFER);
  if (!self->transfer) luaL_error(L, "transfer: closed");
  if (!caudit_transfer_done(self->transfer, NULL)) luaL_error(L, "transfer: still under way");
  return self;
}

/* transfer:result() -> {status=, headers=, body=} | nil, message, info */
static int transfer_result(lua_State *L) {
  struct caudit_exchange exchange;
  caudit_transfer_done(ended_transfer(L)->transfer, &exchange);
  if (exchange.kind != CAUDIT_OK) return push_exchange_failure(L, &exchange);
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, exchange.status);
  lua_setfield(L, -2, "status");
  caudit_push_head(L, exchange.head);
  lua_setfield(L, -2, "headers");
  lua_pushlstring(L, exchange.body.data, exchange.body.len);
  lua_setfield(L, -2, "body");
  return 1;
}

/* transfer:take() -> status, head, body | nil, message, info; closes the transfer */
static int transfer_take(lua_State *L) {
  struct transfer *self = ended_transfer(L);
  int pushed = push_taken(L, self->transfer);
  caudit_transfer_free(self->transfer);
  self->transfer = NULL;
  return pushed;
}

/* transfer:cancel(): ends it with kind "cancelled", unless it is over */
static int transfer_cancel(lua_State *L) {
  struct transfer *self = caudit_self(L, TRANSFER);
  if (self->transfer) caudit_transfer_cancel(self->transfer);
  return 0;
}

static int transfer_close(lua_State *L) {
  struct transfer *self = caudit_self(L, TRANSFER);
  struct caudit_transfer *transfer = self->transfer;
  self->transfer = NULL;
  caudit_transfer_free(transfer);
  return 0;
}

/* ---- time ------------------------------------------------------------------------------ */

/* curl.sleep(seconds) -> the seconds that are left when a signal ended it early, or nil. The caller
 * sleeps the rest: in between, Lua runs the hook that an interpreter sets for Ctrl-C. */
static int sleep_seconds(lua_State *L) {
  double seconds = luaL_checknumber(L, 1);
  if (!(seconds > 0)) return 0;
  seconds = fmin(seconds, MAX_SECONDS);
  struct timespec left;
  left.tv_sec = (time_t)seconds;
  left.tv_nsec = (long)((seconds - floor(seconds)) * 1e9);
  if (nanosleep(&left, &left) == 0 || errno != EINTR) return 0;
  lua_pushnumber(L, (lua_Number)left.tv_sec + (lua_Number)left.tv_nsec / 1e9);
  return 1;
}

/* ---- the module ------------------------------------------------------------------------ */

static const luaL_Reg transport_methods[] = {
    {"start", transport_start}, {"step", transport_step},   {"pending", transport_pending},
    {"fds", transport_fds},     {"close", transport_close}, {NULL, NULL}};
static const luaL_Reg transport_meta[] = {
    {"__gc", transport_close}, {"__close", transport_close}, {NULL, NULL}};

static const luaL_Reg transfer_methods[] = {{"done", transfer_done},   {"result", transfer_result},
                                            {"take", transfer_take},   {"cancel", transfer_cancel},
                                            {"close", transfer_close}, {NULL, NULL}};
static const luaL_Reg transfer_meta[] = {
    {"__gc", transfer_close}, {"__close", transfer_close}, {NULL, NULL}};

static const luaL_Reg functions[] = {
    {"new", transport_new}, {"sleep", sleep_seconds}, {NULL, NULL}};

CAUDIT_API int luaopen_cloudaudit_curl(lua_State *L);
int luaopen_cloudaudit_curl(lua_State *L) {
  caudit_check_lua(L, "cloudaudit.curl");
  caudit_newtype(L, TRANSPORT, transport_meta, transport_methods);
  caudit_newtype(L, TRANSFER, transfer_meta, transfer_methods);
  lua_newtable(L);
  caudit_setfuncs(L, functions);
  lua_pushstring(L, curl_version_info(CURLVERSION_NOW)->version);
  lua_setfield(L, -2, "version");
  return 1;
}
