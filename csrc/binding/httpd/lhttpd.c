/* cloudaudit.httpd: the HTTP server for Lua. Lua pulls requests with next() and responds to them by
 * id; libmicrohttpd never calls into Lua. */
#include "binding/httpd/lprocess.h"
#include "httpd/httpd.h"

#include <string.h>

#define SERVER_TYPE "cloudaudit.httpd.server"

enum {
  DEFAULT_MAX_BODY = 10 * 1024 * 1024 + 64 * 1024,
  MAX_NAMES = 64,
  MAX_WAIT_S = 24 * 3600,
  DEFAULT_IDLE_S = 60
};

struct box {
  struct caudit_httpd *server; /* NULL when closed */
};

/* nil and the message. */
static int push_failure(lua_State *L, const struct caudit_error *err) {
  lua_pushnil(L);
  lua_pushstring(L, err->message);
  return 2;
}

/* Pushes a zeroed userdata. It exists before the resources that it will own, which a memory error
 * would leak otherwise. */
static void *new_object(lua_State *L, const char *type, size_t size) {
  void *object = caudit_newuserdata(L, size);
  memset(object, 0, size);
  luaL_getmetatable(L, type);
  lua_setmetatable(L, -2);
  return object;
}

/* ---- arguments --------------------------------------------------------------------------- */

static struct caudit_httpd *check_server(lua_State *L) {
  struct box *box = caudit_self(L, SERVER_TYPE);
  if (!box->server) luaL_error(L, "the server is closed");
  return box->server;
}

static uint64_t check_id(lua_State *L, int arg) {
  lua_Number id = luaL_checknumber(L, arg);
  luaL_argcheck(L, id >= 1 && id <= 9007199254740992.0, arg, "not the id of a request");
  return (uint64_t)id;
}

/* A string member of the table at arg, which keeps it alive; NULL when absent. */
static const char *text_option(lua_State *L, int arg, const char *name) {
  const char *text = NULL;
  lua_getfield(L, arg, name);
  if (!lua_isnil(L, -1)) {
    if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "%s must be a string", name);
    text = lua_tostring(L, -1);
  }
  lua_pop(L, 1);
  return text;
}

static lua_Number number_option(lua_State *L, int arg, const char *name, lua_Number default_value,
                                lua_Number max) {
  lua_Number number = default_value;
  lua_getfield(L, arg, name);
  if (!lua_isnil(L, -1)) {
    if (lua_type(L, -1) != LUA_TNUMBER) luaL_error(L, "%s must be a number", name);
    number = lua_tonumber(L, -1);
    if (!(number >= 0 && number <= max)) luaL_error(L, "%s is out of range", name);
  }
  lua_pop(L, 1);
  return number;
}

/* The header table at arg as an array that Lua owns; it stays on the stack. */
static const struct caudit_httpd_header *check_headers(lua_State *L, int arg, size_t *count) {
  luaL_checktype(L, arg, LUA_TTABLE);
  *count = 0;
  for (lua_pushnil(L); lua_next(L, arg); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "headers must map names to strings");
    ++*count;
  }
  struct caudit_httpd_header *headers = caudit_newuserdata(L, (*count + 1) * sizeof *headers);
  size_t i = 0;
  for (lua_pushnil(L); lua_next(L, arg); lua_pop(L, 1)) {
    headers[i].name = lua_tostring(L, -2);
    headers[i++].value = lua_tostring(L, -1);
  }
  return headers;
}

/* ---- methods ----------------------------------------------------------------------------- */

static int server_port(lua_State *L) {
  lua_pushinteger(L, caudit_httpd_port(check_server(L)));
  return 1;
}

static int server_connections(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)caudit_httpd_connections(check_server(L)));
  return 1;
}

/* step(seconds): waits at most that long; nil: without limit. */
static int server_step(lua_State *L) {
  struct caudit_httpd *server = check_server(L);
  int timeout_ms = -1;
  if (!lua_isnoneornil(L, 2)) {
    lua_Number seconds = luaL_checknumber(L, 2);
    if (!(seconds > 0)) seconds = 0;
    if (seconds > (lua_Number)MAX_WAIT_S) seconds = (lua_Number)MAX_WAIT_S;
    timeout_ms = (int)(seconds * 1000);
    if (timeout_ms < seconds * 1000) timeout_ms++;
  }
  caudit_httpd_step(server, timeout_ms);
  return 0;
}

static int server_watch_stdin(lua_State *L) {
  caudit_httpd_watch_stdin(check_server(L));
  return 0;
}

static int server_stdin_closed(lua_State *L) {
  lua_pushboolean(L, caudit_httpd_stdin_closed(check_server(L)));
  return 1;
}

/* wake_by(fd): from now on step also returns when fd is readable, and woken() is true after that.
 */
static int server_wake_by(lua_State *L) {
  struct caudit_httpd *server = check_server(L);
  caudit_httpd_wake_by(server, (int)luaL_checkinteger(L, 2));
  return 0;
}

static int server_woken(lua_State *L) {
  lua_pushboolean(L, caudit_httpd_woken(check_server(L)));
  return 1;
}

static void push_headers(lua_State *L, const struct caudit_httpd_request *request) {
  const char *at = request->headers;
  lua_newtable(L);
  for (size_t i = 0; i < request->header_count; i++) {
    const char *name = at;
    const char *value = name + strlen(name) + 1;
    at = value + strlen(value) + 1;
    lua_getfield(L, -1, name);
    if (lua_isnil(L, -1))
      lua_pushstring(L, value);
    else
      lua_pushfstring(L, "%s, %s", lua_tostring(L, -1), value);
    lua_setfield(L, -3, name);
    lua_pop(L, 1);
  }
}

/* next() -> request or nil. The request is taken when its table is complete, so that a memory error
 * does not lose it. */
static int server_next(lua_State *L) {
  struct caudit_httpd *server = check_server(L);
  const struct caudit_httpd_request *request = caudit_httpd_peek(server);
  if (!request) return 0;
  size_t path = strcspn(request->target, "?");
  lua_createtable(L, 0, 9);
  lua_pushboolean(L, request->too_large);
  lua_setfield(L, -2, "too_large");
  lua_pushinteger(L, (lua_Integer)request->id);
  lua_setfield(L, -2, "id");
  lua_pushinteger(L, (lua_Integer)request->connection);
  lua_setfield(L, -2, "connection");
  lua_pushstring(L, request->method);
  lua_setfield(L, -2, "method");
  lua_pushlstring(L, request->target, path);
  lua_setfield(L, -2, "path");
  lua_pushstring(L, request->target[path] == '?' ? request->target + path + 1 : "");
  lua_setfield(L, -2, "query");
  lua_pushstring(L, request->peer);
  lua_setfield(L, -2, "peer");
  lua_pushlstring(L, request->body.data ? request->body.data : "", request->body.len);
  lua_setfield(L, -2, "body");
  push_headers(L, request);
  lua_setfield(L, -2, "headers");
  caudit_httpd_take(server, request->id);
  return 1;
}

/* reply(id, status, headers, body) and reply_truncated(id, status, headers, body, bytes) */
static int respond(lua_State *L, bool truncated) {
  struct caudit_httpd *server = check_server(L);
  struct caudit_httpd_response response = {0};
  struct caudit_error err;
  uint64_t id = check_id(L, 2);
  lua_Number status = luaL_checknumber(L, 3);
  luaL_argcheck(L, status >= 200 && status <= 599, 3, "not an HTTP status");
  response.status = (unsigned)status;
  response.body.data = luaL_checklstring(L, 5, &response.body.len);
  response.send = response.body.len;
  if (truncated) {
    lua_Number bytes = luaL_checknumber(L, 6);
    luaL_argcheck(L, bytes >= 0 && bytes < (lua_Number)response.body.len, 6,
                  "must be less than the length of the body");
    response.send = (size_t)bytes;
  }
  response.headers = check_headers(L, 4, &response.header_count);
  if (caudit_httpd_respond(server, id, &response, &err) != 0) return push_failure(L, &err);
  lua_pushboolean(L, 1);
  return 1;
}

static int server_reply(lua_State *L) {
  return respond(L, false);
}

static int server_reply_truncated(lua_State *L) {
  return respond(L, true);
}

static int server_cut(lua_State *L) {
  struct caudit_httpd *server = check_server(L);
  struct caudit_error err;
  if (caudit_httpd_cut(server, check_id(L, 2), &err) != 0) return push_failure(L, &err);
  lua_pushboolean(L, 1);
  return 1;
}

static int server_close(lua_State *L) {
  struct box *box = caudit_self(L, SERVER_TYPE);
  struct caudit_httpd *server = box->server;
  box->server = NULL;
  caudit_httpd_stop(server);
  return 0;
}

/* ---- functions --------------------------------------------------------------------------- */

/* new{address=, port=, cert=, key=, max_body=, queue_large=, idle_timeout=} -> server, or nil and a
 * message. */
static int httpd_new(lua_State *L) {
  struct caudit_httpd_options options = {0};
  struct caudit_error err;
  luaL_checktype(L, 1, LUA_TTABLE);
  options.address = text_option(L, 1, "address");
  options.cert = text_option(L, 1, "cert");
  options.key = text_option(L, 1, "key");
  if (!options.cert != !options.key) luaL_error(L, "cert and key must be given together");
  options.port = (uint16_t)number_option(L, 1, "port", 0, 65535);
  options.max_body = (size_t)number_option(L, 1, "max_body", DEFAULT_MAX_BODY, 1 << 30);
  options.idle_s = (unsigned)number_option(L, 1, "idle_timeout", DEFAULT_IDLE_S, MAX_WAIT_S);
  lua_getfield(L, 1, "queue_large");
  options.queue_large = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  struct box *box = new_object(L, SERVER_TYPE, sizeof *box);
  if (caudit_httpd_start(&box->server, &options, &err) != 0) return push_failure(L, &err);
  return 1;
}

static void set_text(lua_State *L, const char *name, const struct caudit_buf *text) {
  lua_pushlstring(L, text->data, text->len);
  lua_setfield(L, -2, name);
}

#define CERTIFICATE_TYPE "cloudaudit.httpd.certificate"

static int certificate_free(lua_State *L) {
  caudit_certificate_free(luaL_checkudata(L, 1, CERTIFICATE_TYPE));
  return 0;
}

/* certificate{names={...}, days=30} -> {ca=, cert=, key=}, or nil and a message. */
static int httpd_certificate(lua_State *L) {
  struct caudit_str names[MAX_NAMES];
  struct caudit_error err;
  size_t count = 0;
  luaL_checktype(L, 1, LUA_TTABLE);
  int days = (int)number_option(L, 1, "days", 30, 3650);
  lua_getfield(L, 1, "names");
  luaL_argcheck(L, lua_istable(L, -1), 1, "names must be a list");
  luaL_argcheck(L, caudit_rawlen(L, -1) <= MAX_NAMES, 1, "too many names");
  int list = lua_gettop(L);
  for (; count < caudit_rawlen(L, list); count++) {
    lua_rawgeti(L, list, (int)count + 1);
    luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 1, "a name must be a string");
    names[count].data = lua_tolstring(L, -1, &names[count].len);
    lua_pop(L, 1);
  }
  struct caudit_certificate *made = new_object(L, CERTIFICATE_TYPE, sizeof *made);
  if (caudit_certificate_make(made, names, count, days, &err) != 0) return push_failure(L, &err);
  lua_createtable(L, 0, 3);
  set_text(L, "ca", &made->ca);
  set_text(L, "cert", &made->cert);
  set_text(L, "key", &made->key);
  caudit_certificate_free(made);
  return 1;
}

static const luaL_Reg methods[] = {{"port", server_port},
                                   {"connections", server_connections},
                                   {"step", server_step},
                                   {"next", server_next},
                                   {"reply", server_reply},
                                   {"reply_truncated", server_reply_truncated},
                                   {"cut", server_cut},
                                   {"watch_stdin", server_watch_stdin},
                                   {"stdin_closed", server_stdin_closed},
                                   {"wake_by", server_wake_by},
                                   {"woken", server_woken},
                                   {"close", server_close},
                                   {NULL, NULL}};

static const luaL_Reg metamethods[] = {
    {"__gc", server_close}, {"__close", server_close}, {NULL, NULL}};

static const luaL_Reg certificate_metamethods[] = {{"__gc", certificate_free}, {NULL, NULL}};

static const luaL_Reg functions[] = {
    {"new", httpd_new}, {"certificate", httpd_certificate}, {NULL, NULL}};

CAUDIT_API int luaopen_cloudaudit_httpd(lua_State *L) {
  caudit_check_lua(L, "cloudaudit.httpd");
  caudit_newtype(L, SERVER_TYPE, metamethods, methods);
  luaL_newmetatable(L, CERTIFICATE_TYPE);
  caudit_setfuncs(L, certificate_metamethods);
  lua_newtable(L);
  caudit_setfuncs(L, functions);
  caudit_push_process(L);
  lua_setfield(L, -2, "process");
  return 1;
}
