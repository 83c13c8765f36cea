/* The client's userdata: takes options and credentials, makes calls and requests. */
#include "binding/core/binding.h"

static const char client_type[] = "cloudaudit.client";

struct lua_client {
  struct caudit_client *client; /* NULL before it is created and after close */
};

static int bounded_int(lua_Number number) {
  return !(number >= 0) ? -1 : number > 1e9 ? 1000000000 : (int)number; /* NaN is refused too */
}

/* An option in seconds, at least a millisecond unless it is 0, which means the default. */
static lua_Number seconds_option(lua_State *L, const char *name) {
  lua_Number seconds = caudit_member_number(L, 1, name, 0);
  return seconds > 0 && seconds < 0.001 ? 0.001 : seconds;
}

static void read_options(lua_State *L, struct caudit_options *options) {
  options->endpoint = caudit_member_str(L, 1, "endpoint");
  options->region = caudit_member_str(L, 1, "region");
  options->language = caudit_member_str(L, 1, "language");
  options->request_client = caudit_member_str(L, 1, "request_client");
  options->timeout_ms = bounded_int(seconds_option(L, "timeout") * 1000);
  options->attempts = bounded_int(caudit_member_number(L, 1, "attempts", 0));
  options->rate = bounded_int(caudit_member_number(L, 1, "rate", 0));
  options->max_skew_ms = caudit_milliseconds(seconds_option(L, "max_skew"));
  lua_getfield(L, 1, "insecure_http");
  options->insecure_http = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
}

/* client(options) -> client | nil, fields */
int caudit_lua_client(lua_State *L) {
  struct caudit_options options = {0};
  struct caudit_error err;
  luaL_checktype(L, 1, LUA_TTABLE);
  read_options(L, &options);
  struct caudit_allocator allocator = caudit_lua_allocator(L);
  struct lua_client *self = caudit_newuserdata(L, sizeof *self);
  self->client = NULL;
  luaL_getmetatable(L, client_type);
  lua_setmetatable(L, -2);
  if (caudit_client_new(&self->client, &options, &allocator, &err) != 0)
    return caudit_push_failure(L, &err);
  return 1;
}

/* NULL and an error after close: a finalizer may have closed the client in the meantime. */
static struct caudit_client *open_client(lua_State *L, struct caudit_error *err) {
  struct lua_client *self = caudit_self(L, client_type);
  if (!self->client) caudit_fail(err, CAUDIT_CLOSED, "the client is closed");
  return self->client;
}

static int client_close(lua_State *L) {
  struct lua_client *self = caudit_self(L, client_type);
  caudit_client_free(self->client);
  self->client = NULL;
  return 0;
}

/* credentials(id, key, token) or credentials(held) -> true | nil, fields */
static int client_credentials(lua_State *L) {
  struct caudit_error err;
  struct caudit_credentials credentials = caudit_credentials_at(L, 2);
  struct caudit_client *client = open_client(L, &err);
  if (!client || caudit_client_credentials(client, &credentials, &err) != 0)
    return caudit_push_failure(L, &err);
  lua_pushboolean(L, 1);
  return 1;
}

/* Makes a call of a known action from a table, or of any action from JSON text. Lua arguments:
 * client, action, params. Returns 0 or -kind. */
static int new_call(lua_State *L, bool checked, struct caudit_call **out,
                    struct caudit_error *err) {
  struct caudit_arena arena;
  struct caudit_str name = {luaL_checkstring(L, 2), caudit_rawlen(L, 2)};
  bool raw = lua_type(L, 3) == LUA_TSTRING;
  const struct caudit_action *action = raw ? NULL : caudit_action(name);
  const void *params = NULL;
  if (!raw) {
    if (!action) return caudit_fail(err, CAUDIT_MISUSE, "%.60s: unknown action", name.data);
    caudit_arena_begin(&arena, L);
    params = caudit_map(&arena, 3, action->request, action->name, false, err);
    if (!params) return -(int)err->kind;
  }
  struct caudit_client *client = open_client(L, err);
  if (!client) return -CAUDIT_CLOSED;
  if (raw) return caudit_call_new_raw(out, client, name, caudit_opt_str(L, 3), err);
  return caudit_call_new(out, client, action, params, checked, err);
}

/* call(action, params, checked) -> call | nil, fields */
static int client_call(lua_State *L) {
  struct caudit_error err;
  bool checked = lua_toboolean(L, 4) != 0;
  lua_settop(L, 3);
  struct caudit_call **call = caudit_push_call(L);
  if (new_call(L, checked, call, &err) != 0) return caudit_push_failure(L, &err);
  lua_settop(L, 4);
  return 1;
}

/* prepare(action, params, timestamp, checked) -> request | nil, fields */
static int client_prepare(lua_State *L) {
  struct caudit_error err;
  lua_Number timestamp = luaL_checknumber(L, 4);
  bool checked = lua_toboolean(L, 5) != 0;
  lua_settop(L, 3);
  if (!(timestamp >= 0 && timestamp < 1e12)) timestamp = -1; /* the signer refuses it */
  struct caudit_call **call = caudit_push_call(L);
  if (new_call(L, checked, call, &err) != 0 ||
      caudit_call_prepare(*call, (int64_t)timestamp, &err) != 0)
    return caudit_push_failure(L, &err);
  caudit_push_request(L, caudit_call_request(*call));
  caudit_call_free(*call);
  *call = NULL;
  return 1;
}

/* clock_offset() -> seconds added to the caller's clock in signatures; 0 after close */
static int client_clock_offset(lua_State *L) {
  struct lua_client *self = caudit_self(L, client_type);
  int64_t ms = self->client ? caudit_client_clock_offset_ms(self->client) : 0;
  lua_pushnumber(L, (lua_Number)ms / 1000);
  return 1;
}

/* endpoint() -> url, host header, whether it must not be reached through a proxy; nothing after
 * close */
static int client_endpoint(lua_State *L) {
  struct lua_client *self = caudit_self(L, client_type);
  if (!self->client) return 0;
  const struct caudit_endpoint *endpoint = caudit_client_endpoint(self->client);
  lua_pushstring(L, endpoint->url);
  lua_pushstring(L, endpoint->host);
  lua_pushboolean(L, endpoint->direct);
  return 3;
}

void caudit_open_client(lua_State *L) {
  static const luaL_Reg metamethods[] = {
      {"__gc", client_close}, {"__close", client_close}, {NULL, NULL}};
  static const luaL_Reg methods[] = {{"credentials", client_credentials},
                                     {"call", client_call},
                                     {"prepare", client_prepare},
                                     {"clock_offset", client_clock_offset},
                                     {"endpoint", client_endpoint},
                                     {"close", client_close},
                                     {NULL, NULL}};
  caudit_newtype(L, client_type, metamethods, methods);
}
