/* Decoded values as text. */
#include "binding/core/binding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers --------------------------------------------------------------------------- */

void caudit_number_to_text(lua_State *L) {
  char text[CAUDIT_NUMBER_TEXT];
#if LUA_VERSION_NUM >= 503
  if (lua_isinteger(L, -1)) {
    lua_tolstring(L, -1, NULL);
    return;
  }
#endif
  size_t len = caudit_number_text(text, lua_tonumber(L, -1), 14);
  lua_pop(L, 1);
  lua_pushlstring(L, text, len);
}

/* ---- JSON ------------------------------------------------------------------------------ */

/* How the byte at s stands in JSON text; its end is the closing quote. Returns the length. */
static size_t quote(const char *s, const char *end, char out[8]) {
  if (s == end) {
    memcpy(out, "\"", 2);
    return 1;
  }
  unsigned char c = (unsigned char)*s;
  if (c == '"' || c == '\\')
    return (size_t)snprintf(out, 8, "\\%c", c);
  else if (c < 0x20 || c == 0x7F)
    return (size_t)snprintf(out, 8, "\\u%04x", c);
  out[0] = (char)c;
  out[1] = '\0';
  return 1;
}

static void write_quoted(struct caudit_buf *out, struct caudit_str text) {
  const char *end = text.data + text.len;
  char byte[8];
  caudit_buf_append(out, "\"", 1);
  for (const char *s = text.data; s <= end; s++) {
    const char *run = s;
    while (s < end && (unsigned char)*s >= 0x20 && *s != '"' && *s != '\\' && *s != 0x7F) s++;
    caudit_buf_append(out, run, (size_t)(s - run));
    size_t len = quote(s, end, byte);
    caudit_buf_append(out, byte, len);
  }
}

/* Orders names as their quoted texts. */
static int compare_names(const void *left, const void *right) {
  const struct caudit_str *a = left, *b = right;
  char in_a[8], in_b[8];
  size_t at = 0;
  while (at < a->len && at < b->len && a->data[at] == b->data[at]) at++;
  quote(a->data + at, a->data + a->len, in_a);
  quote(b->data + at, b->data + b->len, in_b);
  return strcmp(in_a, in_b);
}

static bool is_list(lua_State *L, int index) {
  lua_rawgeti(L, index, 1);
  bool filled = !lua_isnil(L, -1);
  lua_pop(L, 1);
  return filled || caudit_is_marked_list(L, index);
}

static void write_value(lua_State *L, struct caudit_buf *out, int index, int depth);

static void write_object(lua_State *L, struct caudit_buf *out, int index, int depth) {
  size_t count = 0, at = 0;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) count++;
  struct caudit_str *names = caudit_newuserdata(L, (count + 1) * sizeof *names);
  lua_pushnil(L);
  for (; lua_next(L, index); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) luaL_error(L, "json_text: names of members expected");
    names[at].data = lua_tolstring(L, -2, &names[at].len); /* the table keeps it alive */
    at++;
  }
  qsort(names, count, sizeof *names, compare_names);
  caudit_buf_append(out, "{", 1);
  for (at = 0; at < count; at++) {
    if (at > 0) caudit_buf_append(out, ",", 1);
    write_quoted(out, names[at]);
    caudit_buf_append(out, ":", 1);
    lua_pushlstring(L, names[at].data, names[at].len);
    lua_rawget(L, index);
    write_value(L, out, lua_gettop(L), depth);
    lua_pop(L, 1);
  }
  caudit_buf_append(out, "}", 1);
  lua_pop(L, 1);
}

static void write_list(lua_State *L, struct caudit_buf *out, int index, int depth) {
  caudit_buf_append(out, "[", 1);
  for (int i = 1;; i++) {
    lua_rawgeti(L, index, i);
    if (lua_isnil(L, -1)) break;
    if (i > 1) caudit_buf_append(out, ",", 1);
    write_value(L, out, lua_gettop(L), depth);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  caudit_buf_append(out, "]", 1);
}

static void write_text(lua_State *L, struct caudit_buf *out, int index, bool quoted) {
  struct caudit_str text;
  text.data = lua_tolstring(L, index, &text.len);
  if (quoted)
    write_quoted(out, text);
  else
    caudit_buf_append(out, text.data, text.len);
}

static void write_value(lua_State *L, struct caudit_buf *out, int index, int depth) {
  switch (lua_type(L, index)) {
  case LUA_TSTRING:
    write_text(L, out, index, true);
    break;
  case LUA_TNUMBER:
    lua_pushvalue(L, index);
    caudit_number_to_text(L);
    write_text(L, out, lua_gettop(L), false);
    lua_pop(L, 1);
    break;
  case LUA_TBOOLEAN:
    caudit_buf_append(out, lua_toboolean(L, index) ? "true" : "false",
                      lua_toboolean(L, index) ? 4 : 5);
    break;
  case LUA_TTABLE:
    if (depth == CAUDIT_JSON_MAX_DEPTH) luaL_error(L, "json_text: nested deeper than 256 levels");
    luaL_checkstack(L, 8, "cloudaudit: nested tables");
    if (is_list(L, index))
      write_list(L, out, index, depth + 1);
    else
      write_object(L, out, index, depth + 1);
    break;
  default:
    caudit_buf_append(out, "null", 4);
  }
}

void caudit_push_json_text(lua_State *L, int index) {
  index = lua_absindex(L, index);
  luaL_checkstack(L, 8, "cloudaudit: JSON text");
  struct caudit_buf *out = caudit_push_buf(L, SIZE_MAX / 2);
  write_value(L, out, index, 0);
  if (out->status != 0) luaL_error(L, "not enough memory");
  lua_pushlstring(L, out->data, out->len);
  caudit_buf_free(out);
  lua_remove(L, -2);
}

/* json_text(value) -> the decoded value as JSON text, the same for equal values */
int caudit_lua_json_text(lua_State *L) {
  luaL_checkany(L, 1);
  caudit_push_json_text(L, 1);
  return 1;
}
