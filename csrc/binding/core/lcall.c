/* The call's userdata: the state machine for drivers in Lua, and responses as tables. */
#include "binding/core/binding.h"

#include <string.h>

static const char call_type[] = CAUDIT_CALL_TYPE;

struct caudit_call **caudit_push_call(lua_State *L) {
  struct caudit_call **self = caudit_newuserdata(L, sizeof(struct caudit_call *));
  *self = NULL;
  luaL_getmetatable(L, call_type);
  lua_setmetatable(L, -2);
  return self;
}

static int call_close(lua_State *L) {
  struct caudit_call **self = caudit_self(L, call_type);
  caudit_call_free(*self);
  *self = NULL;
  return 0;
}

static struct caudit_call *check_call(lua_State *L) {
  struct caudit_call **self = caudit_self(L, call_type);
  if (!*self) luaL_error(L, "call: closed");
  return *self;
}

static struct caudit_now check_now(lua_State *L, int monotonic, int wall) {
  struct caudit_now now;
  now.monotonic_ms = caudit_milliseconds(luaL_checknumber(L, monotonic));
  now.unix_ms = caudit_milliseconds(luaL_checknumber(L, wall));
  now.random = 0.5;
  return now;
}

/* Pushes a text that ends in NUL. lua_pushstring caches strings by address, which pays for short
 * texts with a fixed address; long ones would only evict them. */
static void push_text(lua_State *L, struct caudit_str text) {
  if (text.len <= 40)
    lua_pushstring(L, text.data);
  else
    lua_pushlstring(L, text.data, text.len);
}

static void set_text(lua_State *L, const char *name, struct caudit_str text) {
  push_text(L, text);
  lua_setfield(L, -2, name);
}

void caudit_push_request(lua_State *L, const struct caudit_request *request) {
  luaL_checkstack(L, 8, "cloudaudit: request");
  lua_createtable(L, 0, 7);
  set_text(L, "action", request->action);
  set_text(L, "method", request->method);
  set_text(L, "url", request->url);
  set_text(L, "host", request->host);
  lua_pushlstring(L, request->body.data, request->body.len);
  lua_setfield(L, -2, "body");
  caudit_push_unix(L, request->timestamp);
  lua_setfield(L, -2, "timestamp");
  lua_createtable(L, 0, (int)request->header_count);
  for (size_t i = 0; i < request->header_count; i++) {
    const struct caudit_header *header = &request->headers[i];
    push_text(L, header->name);
    push_text(L, header->value);
    lua_rawset(L, -3);
  }
  lua_setfield(L, -2, "headers");
}

static void push_seconds(lua_State *L, int64_t ms) {
  lua_pushnumber(L, (lua_Number)ms / 1000);
}

/* begin(monotonic): the deadline counts from then */
static int call_begin(lua_State *L) {
  caudit_call_begin(check_call(L), caudit_milliseconds(luaL_checknumber(L, 2)));
  return 0;
}

/* next(monotonic, wall, bare) -> "send", request, seconds | "wait", seconds | "refresh" | "done" |
 * "failed", fields. bare: nil instead of the request, for drivers that read it from the call. */
static int call_next(lua_State *L) {
  struct caudit_call *call = check_call(L);
  struct caudit_now now = check_now(L, 2, 3);
  bool bare = lua_toboolean(L, 4) != 0;
  switch (caudit_call_next(call, &now)) {
  case CAUDIT_SEND:
    lua_pushliteral(L, "send");
    if (bare)
      lua_pushnil(L);
    else
      caudit_push_request(L, caudit_call_request(call));
    push_seconds(L, caudit_call_timeout_ms(call));
    return 3;
  case CAUDIT_WAIT:
    lua_pushliteral(L, "wait");
    push_seconds(L, caudit_call_timeout_ms(call));
    return 2;
  case CAUDIT_REFRESH:
    lua_pushliteral(L, "refresh");
    return 1;
  case CAUDIT_DONE:
    break;
  }
  const struct caudit_error *err = caudit_call_error(call);
  if (!err) {
    lua_pushliteral(L, "done");
    return 1;
  }
  if (err->kind == CAUDIT_MEMORY) return luaL_error(L, "%s", err->message);
  lua_pushliteral(L, "failed");
  caudit_push_fields(L, err);
  return 2;
}

/* request() -> the request under way; raises an error without one */
static int call_request(lua_State *L) {
  const struct caudit_request *request = caudit_call_request(check_call(L));
  if (request->header_count == 0) return luaL_error(L, "call: no request is under way");
  caudit_push_request(L, request);
  return 1;
}

/* body() -> the body of all requests of the call, the timestamp of the last one */
static int call_body(lua_State *L) {
  int64_t timestamp;
  struct caudit_str body = caudit_call_body(check_call(L), &timestamp);
  lua_pushlstring(L, body.data, body.len);
  caudit_push_unix(L, timestamp);
  return 2;
}

/* ---- responses ------------------------------------------------------------------------- */

/* Pushes the value of a header at index as text, a list joined with commas; nothing when it is of
 * another type. */
static bool push_header_text(lua_State *L, int index) {
  luaL_Buffer buffer;
  bool empty = true;
  if (lua_type(L, index) == LUA_TSTRING || lua_type(L, index) == LUA_TNUMBER) {
    lua_pushvalue(L, index); /* lua_tolstring changes a number where it is */
    return true;
  }
  if (lua_type(L, index) != LUA_TTABLE) return false;
  luaL_buffinit(L, &buffer);
  for (int i = 1;; i++) {
    lua_rawgeti(L, index, i);
    int type = lua_type(L, -1);
    if (type == LUA_TSTRING || type == LUA_TNUMBER) {
      if (!empty) {
        lua_pop(L, 1);
        luaL_addlstring(&buffer, ", ", 2);
        lua_rawgeti(L, index, i);
      }
      luaL_addvalue(&buffer);
      empty = false;
      continue;
    }
    lua_pop(L, 1);
    if (type == LUA_TNIL) break;
  }
  luaL_pushresult(&buffer);
  return true;
}

/* Sets the headers from the table at index. Leaves the texts that they borrow on the stack: at most
 * one for each header that a call looks at. */
static void read_headers(lua_State *L, int index, struct caudit_response *response) {
  response->until_close = true;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    struct caudit_str name, value;
    int top = lua_gettop(L);
    if (lua_type(L, top - 1) == LUA_TSTRING && push_header_text(L, top)) {
      name.data = lua_tolstring(L, top - 1, &name.len);
      value.data = lua_tolstring(L, -1, &value.len);
      if (caudit_response_add_header(response, name, value)) lua_insert(L, top++ - 1);
    }
    lua_settop(L, top - 1);
  }
}

/* A string member of the table on top; absent when it is of another type. */
static struct caudit_str text_of(lua_State *L, const char *name) {
  struct caudit_str text = {NULL, 0};
  lua_pushstring(L, name);
  lua_rawget(L, -2);
  if (lua_type(L, -1) == LUA_TSTRING) text.data = lua_tolstring(L, -1, &text.len);
  lua_pop(L, 1);
  return text;
}

/* Reads a body in one pass: pushes its Response table, or nil, and fills the envelope with strings
 * borrowed from that table. Whatever is not a plain success is read a second time, by the core
 * alone, so that there is one reading of refusals and of broken bodies; its strings live in *text,
 * which is pushed below the table. */
static void push_envelope(lua_State *L, struct caudit_str body, int event_type,
                          struct caudit_envelope *envelope, struct caudit_buf **text) {
  int top = lua_gettop(L);
  memset(envelope, 0, sizeof *envelope);
  *text = NULL;
  if (caudit_push_json(L, body, event_type) && lua_type(L, -1) == LUA_TTABLE) {
    lua_pushliteral(L, "Response");
    lua_rawget(L, -2);
    lua_replace(L, top + 1);
  }
  if (lua_type(L, -1) == LUA_TTABLE) {
    envelope->request_id = text_of(L, "RequestId");
    lua_pushliteral(L, "Error");
    lua_rawget(L, -2);
    envelope->well_formed = lua_isnil(L, -1) && envelope->request_id.len > 0;
    lua_pop(L, 1);
    if (envelope->well_formed) return;
  } else {
    lua_settop(L, top);
    lua_pushnil(L);
  }
  *text = caudit_push_buf(L, SIZE_MAX);
  lua_insert(L, -2);
  if (caudit_envelope_read(body, *text, envelope) != 0) luaL_error(L, "not enough memory");
}

/* Reads status, headers and body from index on and pushes the Response table. event_type: see
 * caudit_push_json. The envelope's text is to be freed explicitly, not by the collector: it is as
 * large as the body. */
static void push_response(lua_State *L, int index, int event_type, struct caudit_response *response,
                          struct caudit_buf **text) {
  struct caudit_str body;
  memset(response, 0, sizeof *response);
  response->status = (int)luaL_checkinteger(L, index);
  if (lua_type(L, index + 1) == LUA_TSTRING)
    caudit_response_read_head(response, caudit_opt_str(L, index + 1));
  else if (lua_type(L, index + 1) == LUA_TTABLE)
    read_headers(L, index + 1, response);
  body = caudit_opt_str(L, index + 2);
  push_envelope(L, body, event_type, &response->envelope, text);
}

/* received(status, headers, body, monotonic, wall, random [, event_type]) -> response, the
 * service's time | nil, the kind of the failure, the service's time. headers: a table, or the text
 * of a head. event_type: the metatable of events, which the items of Events become. Once it
 * returned a response, the call is done. */
static int call_received(lua_State *L) {
  struct caudit_response response;
  struct caudit_buf *text;
  int64_t time;
  struct caudit_call *call = check_call(L);
  struct caudit_now now = check_now(L, 5, 6);
  now.random = luaL_optnumber(L, 7, 0.5);
  lua_settop(L, 8);
  lua_replace(L, 5);
  lua_settop(L, 5);
  push_response(L, 2, lua_type(L, 5) == LUA_TTABLE ? 5 : 0, &response, &text);
  int failed = caudit_call_received(call, &response, &now);
  if (text) caudit_buf_free(text);
  if (failed) {
    lua_pushnil(L);
    lua_pushstring(L, caudit_kind_name((enum caudit_kind) - failed));
  }
  if (!caudit_response_time(&response, &time)) return failed ? 2 : 1;
  caudit_push_unix(L, time);
  return failed ? 3 : 2;
}

/* failed(kind, message, sent, monotonic, wall, random) */
static int call_failed(lua_State *L) {
  struct caudit_call *call = check_call(L);
  enum caudit_kind kind = caudit_kind_of(caudit_opt_str(L, 2));
  bool sent = lua_toboolean(L, 4) != 0;
  struct caudit_str message = caudit_opt_str(L, 3);
  struct caudit_now now = check_now(L, 5, 6);
  now.random = luaL_optnumber(L, 7, 0.5);
  /* These two kinds would be raised as errors, which have no outcome. */
  if (kind == CAUDIT_OK || (sent && (kind == CAUDIT_MISUSE || kind == CAUDIT_MEMORY)))
    kind = CAUDIT_TRANSPORT;
  caudit_call_failed(call, kind, sent, message, &now);
  return 0;
}

/* request_id() -> the request id of the last response, or nil */
static int call_request_id(lua_State *L) {
  caudit_push_str(L, caudit_call_request_id(check_call(L)));
  return 1;
}

/* parse(action, status, headers, body) -> response | nil, fields */
int caudit_lua_parse(lua_State *L) {
  struct caudit_response response;
  struct caudit_buf *text;
  struct caudit_error err;
  const struct caudit_action *action = caudit_action(caudit_opt_str(L, 1));
  lua_settop(L, 4);
  push_response(L, 2, 0, &response, &text);
  int failed = caudit_response_error(&response, !action || action->writes, &err);
  if (text) caudit_buf_free(text);
  if (failed) return caudit_push_failure(L, &err);
  return 1;
}

void caudit_open_call(lua_State *L) {
  static const luaL_Reg metamethods[] = {
      {"__gc", call_close}, {"__close", call_close}, {NULL, NULL}};
  static const luaL_Reg methods[] = {
      {"next", call_next},         {"request", call_request}, {"body", call_body},
      {"received", call_received}, {"failed", call_failed},   {"request_id", call_request_id},
      {"begin", call_begin},       {"close", call_close},     {NULL, NULL}};
  caudit_newtype(L, call_type, metamethods, methods);
}
