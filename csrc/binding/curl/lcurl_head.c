/* The head of a response as a table of headers. */
#include "binding/curl/lcurl.h"

static void push_lower(lua_State *L, struct caudit_str text) {
  luaL_Buffer buffer;
  luaL_buffinit(L, &buffer);
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    luaL_addchar(&buffer, (char)(c >= 'A' && c <= 'Z' ? c + 32 : c));
  }
  luaL_pushresult(&buffer);
}

void caudit_push_head(lua_State *L, struct caudit_str head) {
  struct caudit_str name, value;
  lua_newtable(L);
  while (caudit_head_next(&head, &name, &value)) {
    push_lower(L, name);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      lua_pushlstring(L, value.data, value.len);
    } else {
      lua_pushliteral(L, ", ");
      lua_pushlstring(L, value.data, value.len);
      lua_concat(L, 3);
    }
    lua_rawset(L, -3);
  }
}
