/* The head of a response as a table of its headers. */
#include "binding/curl/lcurl.h"

#include <string.h>

static void push_lower(lua_State *L, const char *text, size_t len) {
  luaL_Buffer buffer;
  luaL_buffinit(L, &buffer);
  for (size_t i = 0; i < len; i++)
    luaL_addchar(&buffer, (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]));
  luaL_pushresult(&buffer);
}

/* Adds one line to the table on top of the stack; values of a repeated name are joined. */
static void add_header(lua_State *L, const char *line, size_t len) {
  const char *end = line + len, *colon = memchr(line, ':', len);
  if (!colon || colon == line || *line == ' ' || *line == '\t') return;
  const char *value = colon + 1;
  while (value < end && (*value == ' ' || *value == '\t')) value++;
  while (end > value && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r')) end--;
  push_lower(L, line, (size_t)(colon - line));
  lua_pushvalue(L, -1);
  lua_rawget(L, -3);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushlstring(L, value, (size_t)(end - value));
  } else {
    lua_pushliteral(L, ", ");
    lua_pushlstring(L, value, (size_t)(end - value));
    lua_concat(L, 3);
  }
  lua_rawset(L, -3);
}

void caudit_push_head(lua_State *L, struct caudit_str head) {
  const char *at = head.data, *end = at + head.len;
  lua_newtable(L);
  while (at < end) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    if (!stop) stop = end;
    add_header(L, at, (size_t)(stop - at));
    at = stop + 1;
  }
}
