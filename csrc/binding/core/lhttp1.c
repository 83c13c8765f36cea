/* The HTTP/1.1 codec as userdata, for drivers over sockets of a host. */
#include "binding/core/binding.h"
#include "binding/lexchange.h"

#include <string.h>

#define HTTP1_TYPE "cloudaudit.exchange " CAUDIT_VERSION

/* body: the pieces so far of a body that comes in several. */
struct exchange {
  struct caudit_http1 http;
  struct caudit_buf body;
};

static int http1_free(lua_State *L) {
  struct exchange *self = caudit_self(L, HTTP1_TYPE);
  caudit_http1_free(&self->http);
  caudit_buf_free(&self->body);
  return 0;
}

/* close(): ends the exchange; a little memory stays for another one in the same object */
static int http1_close(lua_State *L) {
  struct exchange *self = caudit_self(L, HTTP1_TYPE);
  caudit_http1_clear(&self->http);
  caudit_buf_free(&self->body);
  return 0;
}

/* A limit in bytes; 0, the default, when absent. */
static size_t check_limit(lua_State *L, int index) {
  lua_Number limit = luaL_optnumber(L, index, 0);
  luaL_argcheck(L, limit >= 0 && limit < 1e15, index, "number of bytes expected");
  return (size_t)limit;
}

/* Pushes a new exchange that holds no memory yet. */
static struct exchange *push_exchange(lua_State *L) {
  struct caudit_allocator allocator = caudit_lua_allocator(L);
  struct exchange *self = caudit_newuserdata(L, sizeof *self);
  memset(self, 0, sizeof *self);
  caudit_buf_init(&self->http.output, &allocator, SIZE_MAX);
  caudit_buf_init(&self->http.lines, &allocator, 0);
  caudit_buf_init(&self->body, &allocator, SIZE_MAX);
  luaL_getmetatable(L, HTTP1_TYPE);
  lua_setmetatable(L, -2);
  return self;
}

/* http1(request, max_body, max_head, exchange) -> exchange, url, action, direct | nil, fields
 * request: a call whose request is under way, or a table; the last three are its members. exchange:
 * one that is over, to be used again. */
int caudit_lua_http1(lua_State *L) {
  struct caudit_request_room room;
  struct caudit_error err;
  struct caudit_http1_limits limits = {.max_body = check_limit(L, 2),
                                       .max_head = check_limit(L, 3)};
  struct exchange *self = NULL;
  if (!lua_isnoneornil(L, 4)) self = luaL_checkudata(L, 4, HTTP1_TYPE);
  if (!self) {
    lua_settop(L, 3);
    self = push_exchange(L);
  }
  const struct caudit_request *request = caudit_request_at(L, 1, &room);
  if (caudit_http1_again(&self->http, request, &limits, &err) != 0) {
    caudit_error_owned(&err, "request");
    return caudit_push_failure(L, &err);
  }
  lua_settop(L, 4);
  caudit_push_str(L, request->url);
  caudit_push_str(L, request->action);
  lua_pushboolean(L, request->direct);
  return 4;
}

/* output(most) -> the bytes that are still to be sent, at most so many */
static int http1_output(lua_State *L) {
  struct exchange *self = caudit_self(L, HTTP1_TYPE);
  size_t most = check_limit(L, 2);
  struct caudit_str rest = caudit_http1_output(&self->http);
  lua_pushlstring(L, rest.len > 0 ? rest.data : "", most > 0 && most < rest.len ? most : rest.len);
  return 1;
}

/* sent(count) -> how many bytes are still to be sent; exactly `count` of the output have left */
static int http1_sent(lua_State *L) {
  struct exchange *self = caudit_self(L, HTTP1_TYPE);
  lua_Number count = luaL_checknumber(L, 2);
  luaL_argcheck(L, count >= 0, 2, "number of bytes expected");
  caudit_http1_sent(&self->http, count < 1e15 ? (size_t)count : SIZE_MAX);
  lua_pushinteger(L, (lua_Integer)(self->http.output.len - self->http.sent));
  return 1;
}

/* may_have_left() -> whether a byte of the request may have left */
static int http1_may_have_left(lua_State *L) {
  struct exchange *self = caudit_self(L, HTTP1_TYPE);
  lua_pushboolean(L, caudit_http1_may_have_left(&self->http));
  return 1;
}

/* keep() -> whether the response is complete and the connection may be used for another request */
static int http1_keep(lua_State *L) {
  struct exchange *self = caudit_self(L, HTTP1_TYPE);
  lua_pushboolean(L, self->http.keep);
  return 1;
}

static int push_refusal(lua_State *L, const struct caudit_error *err) {
  if (err->kind == CAUDIT_MEMORY) return luaL_error(L, "%s", err->message);
  lua_pushnil(L);
  lua_pushstring(L, err->message);
  lua_pushstring(L, caudit_kind_name(err->kind));
  if (!err->field[0]) return 3;
  lua_pushstring(L, err->field);
  return 4;
}

/* status, head, body and keep; `last` is the end of the body that is not in self->body yet. */
static int push_response(lua_State *L, struct exchange *self, struct caudit_str last) {
  struct caudit_str head = caudit_http1_head(&self->http), body = last;
  if (self->body.len > 0) {
    caudit_buf_append(&self->body, last.data, last.len);
    if (self->body.status != 0) return luaL_error(L, "not enough memory");
    body = (struct caudit_str){self->body.data, self->body.len};
  }
  lua_pushinteger(L, self->http.status);
  lua_pushlstring(L, head.data, head.len);
  lua_pushlstring(L, body.len > 0 ? body.data : "", body.len);
  lua_pushboolean(L, self->http.keep);
  return 4;
}

/* feed(data) -> status, head, body, keep once the response is complete | false while it is not |
 * nil, message, kind, field. A body that comes in one piece is not copied in between. */
static int http1_feed(lua_State *L) {
  struct exchange *self = caudit_self(L, HTTP1_TYPE);
  struct caudit_str data, piece, last = {NULL, 0};
  struct caudit_error err;
  data.data = luaL_checklstring(L, 2, &data.len);
  for (;;) {
    int event = caudit_http1_read(&self->http, &data, &piece, &err);
    if (event < 0) return push_refusal(L, &err);
    if (event == CAUDIT_HTTP1_END) return push_response(L, self, last);
    if (event == CAUDIT_HTTP1_HEAD) continue;
    caudit_buf_append(&self->body, last.data, last.len);
    if (self->body.status != 0) return luaL_error(L, "not enough memory");
    last = piece;
    if (event == CAUDIT_HTTP1_MORE) break;
  }
  lua_pushboolean(L, 0);
  return 1;
}

/* closed() -> as feed, once the peer has closed its end */
static int http1_closed(lua_State *L) {
  struct exchange *self = caudit_self(L, HTTP1_TYPE);
  struct caudit_error err;
  if (caudit_http1_closed(&self->http, &err) < 0) return push_refusal(L, &err);
  return push_response(L, self, (struct caudit_str){NULL, 0});
}

/* http1_url(text) -> {scheme=, host=, port=, authority=, target=} | nil, fields */
int caudit_lua_http1_url(lua_State *L) {
  struct caudit_str text;
  struct caudit_http1_url url;
  struct caudit_error err;
  text.data = luaL_checklstring(L, 1, &text.len);
  if (caudit_http1_url_read(text, &url, &err) != 0) return caudit_push_failure(L, &err);
  lua_createtable(L, 0, 5);
  lua_pushstring(L, url.tls ? "https" : "http");
  lua_setfield(L, -2, "scheme");
  caudit_push_str(L, url.host);
  lua_setfield(L, -2, "host");
  lua_pushinteger(L, url.port);
  lua_setfield(L, -2, "port");
  caudit_push_str(L, url.authority);
  lua_setfield(L, -2, "authority");
  caudit_push_str(L, url.target);
  lua_setfield(L, -2, "target");
  return 1;
}

/* headers(head) -> a table of the head's headers, names in lower case */
int caudit_lua_headers(lua_State *L) {
  struct caudit_str head;
  head.data = luaL_checklstring(L, 1, &head.len);
  caudit_push_head(L, head);
  return 1;
}

void caudit_open_http1(lua_State *L) {
  static const luaL_Reg metamethods[] = {
      {"__gc", http1_free}, {"__close", http1_free}, {NULL, NULL}};
  static const luaL_Reg methods[] = {
      {"output", http1_output}, {"sent", http1_sent}, {"may_have_left", http1_may_have_left},
      {"keep", http1_keep},     {"feed", http1_feed}, {"closed", http1_closed},
      {"close", http1_close},   {NULL, NULL}};
  caudit_newtype(L, HTTP1_TYPE, metamethods, methods);
}
