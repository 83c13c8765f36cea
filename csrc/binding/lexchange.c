/* The request of an exchange, the one under way of a core call or a table in the format of drivers,
 * all borrowed; and the head of its response as a table of headers. */
#include "binding/lexchange.h"

#include <string.h>

static struct caudit_str request_text(lua_State *L, int index, const char *name, bool optional) {
  struct caudit_str text = {"", 0};
  lua_getfield(L, index, name);
  if (lua_type(L, -1) == LUA_TSTRING)
    text.data = lua_tolstring(L, -1, &text.len);
  else if (!optional || !lua_isnil(L, -1))
    luaL_error(L, "request.%s: string expected", name);
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
  request->action = request_text(L, index, "action", true);
  request->method = request_text(L, index, "method", false);
  request->url = request_text(L, index, "url", false);
  request->body = request_text(L, index, "body", true);
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

static void push_lower(lua_State *L, struct caudit_str text) {
  luaL_Buffer buffer;
  luaL_buffinit(L, &buffer);
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    luaL_addchar(&buffer, (char)(c >= 'A' && c <= 'Z' ? c + 32 : c));
  }
  luaL_pushresult(&buffer);
}

/* Adds a value to the table at index under the name on top: alone, or in a list. */
static void add_value(lua_State *L, int index, struct caudit_str value) {
  lua_pushvalue(L, -1);
  lua_rawget(L, index);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushlstring(L, value.data, value.len);
    lua_rawset(L, index);
    return;
  }
  if (lua_type(L, -1) == LUA_TSTRING) {
    lua_createtable(L, 2, 0);
    lua_insert(L, -2);
    lua_rawseti(L, -2, 1);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, index);
  }
  lua_pushlstring(L, value.data, value.len);
  lua_rawseti(L, -2, (int)caudit_rawlen(L, -2) + 1);
  lua_pop(L, 2);
}

static void push_joined(lua_State *L, int list) {
  luaL_Buffer buffer;
  int count = (int)caudit_rawlen(L, list);
  luaL_buffinit(L, &buffer);
  for (int i = 1; i <= count; i++) {
    if (i > 1) luaL_addlstring(&buffer, ", ", 2);
    lua_rawgeti(L, list, i);
    luaL_addvalue(&buffer);
  }
  luaL_pushresult(&buffer);
}

/* Lists first and joined once, since a head may repeat a name thousands of times. */
void caudit_push_head(lua_State *L, struct caudit_str head) {
  struct caudit_str name, value;
  lua_newtable(L);
  int headers = lua_gettop(L);
  while (caudit_head_next(&head, &name, &value)) {
    push_lower(L, name);
    add_value(L, headers, value);
  }
  for (lua_pushnil(L); lua_next(L, headers); lua_settop(L, headers + 1)) {
    if (lua_type(L, -1) != LUA_TTABLE) continue;
    push_joined(L, headers + 2);
    lua_pushvalue(L, headers + 1);
    lua_insert(L, -2);
    lua_rawset(L, headers);
  }
  lua_settop(L, headers);
}
