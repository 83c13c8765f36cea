/* decode of cloudaudit.core compared with jansson: the same documents are valid, with the same
 * values. What is accepted here but not there must be valid once its strings are: with other bytes
 * in place of those that are not ASCII, of control characters and of surrogate escapes, and without
 * a byte order mark. Known differences are skipped: NUL bytes (jansson overlooks one after a number
 * and refuses names with one), a repeated name in an object, nesting beyond 256 levels, and numbers
 * of more than 399 characters or beyond all doubles (kept as digits here, refused there). */
#include "fuzz.h"
#include "lua_state.h"

#include <jansson.h>
#include <math.h>

static void require_same(lua_State *L, int index, const json_t *value);

static void require_same_object(lua_State *L, int index, const json_t *object) {
  const char *name;
  json_t *value;
  size_t pairs = 0, members = 0;
  json_object_foreach((json_t *)(uintptr_t)object, name, value) {
    lua_pushstring(L, name);
    lua_rawget(L, index);
    if (json_is_null(value))
      REQUIRE(lua_isnil(L, -1));
    else
      require_same(L, lua_gettop(L), value);
    lua_pop(L, 1);
    members += !json_is_null(value);
  }
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) pairs++;
  REQUIRE(pairs == members);
}

static void require_same_array(lua_State *L, int index, const json_t *array) {
  REQUIRE(lua_rawlen(L, index) == json_array_size(array));
  for (size_t i = 0; i < json_array_size(array); i++) {
    lua_rawgeti(L, index, (lua_Integer)i + 1);
    require_same(L, lua_gettop(L), json_array_get(array, i));
    lua_pop(L, 1);
  }
  bool marked = lua_getmetatable(L, index) != 0;
  REQUIRE(marked == (json_array_size(array) == 0));
  if (marked) lua_pop(L, 1);
}

/* A number, or the digits of one that a Lua number cannot hold. */
static void require_same_real(lua_State *L, int index, double expected) {
  if (lua_type(L, index) == LUA_TSTRING)
    REQUIRE(strtod(lua_tostring(L, index), NULL) == expected);
  else
    REQUIRE(lua_type(L, index) == LUA_TNUMBER && lua_tonumber(L, index) == expected);
}

static void require_same(lua_State *L, int index, const json_t *value) {
  size_t len;
  luaL_checkstack(L, 8, "fuzz");
  switch (json_typeof(value)) {
  case JSON_OBJECT:
    REQUIRE(lua_type(L, index) == LUA_TTABLE);
    require_same_object(L, index, value);
    break;
  case JSON_ARRAY:
    REQUIRE(lua_type(L, index) == LUA_TTABLE);
    require_same_array(L, index, value);
    break;
  case JSON_STRING:
    REQUIRE(lua_type(L, index) == LUA_TSTRING);
    REQUIRE(memcmp(lua_tolstring(L, index, &len), json_string_value(value),
                   json_string_length(value)) == 0);
    REQUIRE(len == json_string_length(value));
    break;
  case JSON_INTEGER:
    REQUIRE(lua_isinteger(L, index) && lua_tointeger(L, index) == json_integer_value(value));
    break;
  case JSON_REAL:
    require_same_real(L, index, json_real_value(value));
    break;
  case JSON_TRUE:
  case JSON_FALSE:
    REQUIRE(lua_isboolean(L, index) && lua_toboolean(L, index) == json_is_true(value));
    break;
  case JSON_NULL:
    REQUIRE(lua_islightuserdata(L, index) && !lua_touserdata(L, index));
    break;
  }
}

/* Whether the document has a known difference. */
static bool is_known(struct caudit_str document, enum json_error_code code) {
  struct caudit_json_reader reader;
  struct caudit_json_value value;
  enum caudit_token token;
  if (code == json_error_null_byte_in_key || code == json_error_duplicate_key ||
      code == json_error_numeric_overflow)
    return true;
  if (memchr(document.data, '\0', document.len)) return true;
  caudit_json_read(&reader, document);
  while ((token = caudit_json_next(&reader, &value)) > CAUDIT_JSON_END)
    if (token == CAUDIT_JSON_NUMBER && value.text.len > 300) return true;
  return reader.depth == CAUDIT_JSON_MAX_DEPTH;
}

/* Replaces what RFC 8259 does not allow in a string; every length stays. */
static void clean(char *text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c < 0x20 || c >= 0x80) text[i] = '.';
    if (c != '\\') continue;
    if (text[i + 1] == 'u' && (text[i + 2] == 'd' || text[i + 2] == 'D')) text[i + 2] = '1';
    i++;
  }
}

/* Whether jansson accepts the document with clean strings. */
static bool is_valid_when_clean(struct caudit_str document) {
  struct caudit_json_reader reader;
  struct caudit_json_value value;
  enum caudit_token token;
  json_error_t error = {0};
  char *copy = exact(document), *start = copy;
  size_t len = document.len;
  caudit_json_read(&reader, document);
  if (len >= 3 && memcmp(copy, "\xEF\xBB\xBF", 3) == 0) start += 3, len -= 3;
  while ((token = caudit_json_next(&reader, &value)) > CAUDIT_JSON_END)
    if (token == CAUDIT_JSON_STRING || token == CAUDIT_JSON_KEY)
      clean(copy + (value.text.data - document.data), value.text.len);
  json_t *expected =
      json_loadb(start, len, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
  bool valid = expected || is_known(document, json_error_code(&error));
  json_decref(expected);
  free(copy);
  return valid;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES;
  struct caudit_str document = {(const char *)data, size};
  json_error_t error = {0};
  lua_State *L = fuzz_state();
  char *copy = exact(document);
  json_t *expected = json_loadb(copy, size, flags, &error);
  if (!expected && json_error_code(&error) == json_error_numeric_overflow)
    expected = json_loadb(copy, size, flags | JSON_DECODE_INT_AS_REAL, &error);
  fuzz_function(L, "decode");
  lua_pushlstring(L, copy, size);
  lua_call(L, 1, 2);
  bool valid = lua_isnil(L, -1); /* the second result is a message */
  if (valid && expected)
    require_same(L, lua_gettop(L) - 1, expected);
  else if (valid)
    REQUIRE(is_known(document, json_error_code(&error)) || is_valid_when_clean(document));
  else if (expected)
    REQUIRE(is_known(document, json_error_code(&error)));
  json_decref(expected);
  lua_settop(L, 0);
  free(copy);
  return 0;
}
