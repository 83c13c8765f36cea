/* The request of an exchange: the one under way of a core call, or a table in the format of
 * drivers. Borrows everything. */
#include "binding/curl/lcurl.h"

#include <string.h>

static struct caudit_str request_text(lua_State *L, int index, const char *name) {
  struct caudit_str text = {NULL, 0};
  lua_getfield(L, index, name);
  if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "request.%s: string expected", name);
  text.data = lua_tolstring(L, -1, &text.len);
  lua_pop(L, 1);
  return text;
}

/* Fills headers from the table on top of the stack, which keeps the strings alive. */
static size_t read_headers(lua_State *L, struct caudit_header *headers) {
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "request.headers: strings as names and values expected");
    if (count == CAUDIT_TABLE_HEADERS)
      luaL_error(L, "request.headers: at most %d expected", CAUDIT_TABLE_HEADERS);
    headers[count].line = NULL;
    headers[count].name.data = lua_tolstring(L, -2, &headers[count].name.len);
    headers[count].value.data = lua_tolstring(L, -1, &headers[count].value.len);
    count++;
  }
  return count;
}

/* Fills a request from the table at index. */
static void read_request(lua_State *L, int index, struct caudit_request *request,
                         struct caudit_header *headers) {
  luaL_checktype(L, index, LUA_TTABLE);
  memset(request, 0, sizeof *request);
  request->method = request_text(L, index, "method");
  request->url = request_text(L, index, "url");
  request->body = request_text(L, index, "body");
  lua_getfield(L, index, "direct");
  request->direct = lua_toboolean(L, -1) != 0;
  lua_getfield(L, index, "max_response");
  double most = lua_tonumber(L, -1);
  request->max_response = most >= 1 && most < 1e15 ? (size_t)most : 0;
  lua_pop(L, 2);
  lua_getfield(L, index, "headers");
  luaL_checktype(L, -1, LUA_TTABLE);
  request->header_count = read_headers(L, headers);
  request->headers = headers;
}

const struct caudit_request *caudit_request_at(lua_State *L, int index,
                                               struct caudit_request_room *room) {
  if (lua_type(L, index) != LUA_TUSERDATA) {
    read_request(L, index, &room->request, room->headers);
    return &room->request;
  }
  struct caudit_call **call = luaL_checkudata(L, index, CAUDIT_CALL_TYPE);
  if (!*call) luaL_error(L, "call: closed");
  const struct caudit_request *request = caudit_call_request(*call);
  if (request->header_count == 0) luaL_error(L, "call: no request is under way");
  return request;
}
