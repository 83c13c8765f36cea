/* Decodes JSON documents to Lua values. The reader does not own memory, so a Lua error may be
 * raised after any token. */
#include "binding/core/decoder.h"

#include <string.h>

static const char buf_type[] = "cloudaudit.buf";
static const char list_type[] = "cloudaudit.json";

enum { NAMES_PAY = 1024, FEW = 4 };

/* Pushes the next name of an object, or returns false with the token found instead. */
static bool push_name(struct caudit_decoder *d, enum caudit_token *token) {
  struct caudit_names *names = &d->names;
  struct caudit_json_value value;
  unsigned at = names->after[names->last];
  if (at < names->count && caudit_json_key(&d->reader, names->met[at])) {
    lua_rawgeti(d->L, names->slot, (int)at + 1);
    names->last = at;
    return true;
  }
  *token = caudit_json_next(&d->reader, &value);
  if (*token != CAUDIT_JSON_KEY) return false;
  lua_pushlstring(d->L, value.text.data, value.text.len);
  if (names->slot == 0 || value.escaped) return true;
  for (at = 0; at < names->count; at++)
    if (caudit_str_equal(names->met[at], value.text)) break;
  if (at == CAUDIT_NAMES) return true;
  if (at == names->count) {
    lua_pushvalue(d->L, -1);
    lua_rawseti(d->L, names->slot, (int)at + 1);
    names->met[names->count++] = value.text;
  }
  names->after[names->last] = (unsigned char)at;
  names->last = at;
  return true;
}

/* Pushes a number if this Lua holds it exactly, else its digits. */
static void push_integer(lua_State *L, const struct caudit_json_value *value) {
#if LUA_VERSION_NUM >= 503
  if (value->magnitude <= (uint64_t)INT64_MAX) {
    lua_Integer number = (lua_Integer)value->magnitude;
    lua_pushinteger(L, value->negative ? -number : number);
    return;
  }
  if (value->negative) { /* the reader reports anything lower as a NUMBER */
    lua_pushinteger(L, INT64_MIN);
    return;
  }
#else
  if (value->magnitude < (uint64_t)1 << 53) {
    lua_Number number = (lua_Number)value->magnitude;
    lua_pushnumber(L, value->negative && number > 0 ? -number : number);
    return;
  }
#endif
  lua_pushlstring(L, value->text.data, value->text.len);
}

static bool push_object(struct caudit_decoder *d) {
  struct caudit_json_value value;
  lua_State *L = d->L;
  unsigned depth = d->reader.depth < CAUDIT_DEPTHS ? d->reader.depth : CAUDIT_DEPTHS - 1;
  int *before = &d->members[depth], count = 0;
  luaL_checkstack(L, 8, "cloudaudit: nested JSON");
  /* Neighbouring objects are alike. Sizing by the previous one also bounds the waste. */
  lua_createtable(L, 0, *before > 0 ? *before - 1 : FEW);
  enum caudit_token token;
  while (push_name(d, &token)) {
    token = caudit_json_next(&d->reader, &value);
    if (token == CAUDIT_JSON_STRING) {
      lua_pushlstring(L, value.text.data, value.text.len);
    } else if (token == CAUDIT_JSON_NULL) {
      lua_pop(L, 1); /* null means absent */
      continue;
    } else if (!caudit_push_value(d, token, &value)) {
      return false;
    }
    lua_rawset(L, -3);
    count++;
  }
  *before = count + 1;
  return token == CAUDIT_JSON_OBJECT_END;
}

static bool push_array(struct caudit_decoder *d) {
  struct caudit_json_value value;
  lua_State *L = d->L;
  int count = 0;
  luaL_checkstack(L, 8, "cloudaudit: nested JSON");
  lua_newtable(L);
  for (;;) {
    enum caudit_token token = caudit_json_next(&d->reader, &value);
    if (token == CAUDIT_JSON_ARRAY_END) break;
    if (token == CAUDIT_JSON_NULL)
      lua_pushlightuserdata(L, NULL); /* core.null keeps the positions of the other items */
    else if (!caudit_push_value(d, token, &value))
      return false;
    lua_rawseti(L, -2, ++count);
  }
  if (count == 0) {
    caudit_push_list_mark(L);
    lua_setmetatable(L, -2);
  }
  return true;
}

bool caudit_push_value(struct caudit_decoder *d, enum caudit_token token,
                       const struct caudit_json_value *value) {
  lua_State *L = d->L;
  double number;
  switch (token) {
  case CAUDIT_JSON_NULL:
    lua_pushlightuserdata(L, NULL);
    return true;
  case CAUDIT_JSON_TRUE:
  case CAUDIT_JSON_FALSE:
    lua_pushboolean(L, token == CAUDIT_JSON_TRUE);
    return true;
  case CAUDIT_JSON_INTEGER:
    push_integer(L, value);
    return true;
  case CAUDIT_JSON_NUMBER: {
    /* Digits alone are an integer beyond 64 bits, which is exact only as text. A number beyond all
     * doubles is given as text too: it must not hide the rest of a response. */
    bool digits = !memchr(value->text.data, '.', value->text.len) &&
                  !memchr(value->text.data, 'e', value->text.len) &&
                  !memchr(value->text.data, 'E', value->text.len);
    if (!digits && caudit_json_double(value->text, &number))
      lua_pushnumber(L, number);
    else
      lua_pushlstring(L, value->text.data, value->text.len);
    return true;
  }
  case CAUDIT_JSON_STRING:
    lua_pushlstring(L, value->text.data, value->text.len);
    return true;
  case CAUDIT_JSON_ARRAY:
    return push_array(d);
  case CAUDIT_JSON_OBJECT:
    return push_object(d);
  default:
    return false;
  }
}

/* Pushes scratch memory if the document has escapes. Freed explicitly, not by the collector: for a
 * page of events it is as large as the tables. */
static struct caudit_buf *push_scratch(lua_State *L, struct caudit_str document) {
  if (document.len == 0 || !memchr(document.data, '\\', document.len)) {
    lua_pushnil(L);
    return NULL;
  }
  struct caudit_buf *scratch = caudit_push_buf(L, document.len);
  if (!caudit_buf_reserve(scratch, document.len)) luaL_error(L, "not enough memory");
  return scratch;
}

bool caudit_push_json(lua_State *L, struct caudit_str document, int event_type) {
  struct caudit_decoder d = {.L = L, .event_type = event_type};
  struct caudit_json_value value;
  int top = lua_gettop(L);
  luaL_checkstack(L, 8, "cloudaudit: JSON");
  caudit_json_read(&d.reader, document);
  struct caudit_buf *scratch = push_scratch(L, document);
  if (scratch) d.reader.scratch = scratch->data;
  if (document.len >= NAMES_PAY) {
    lua_createtable(L, CAUDIT_NAMES, 0);
    d.names.slot = top + 2;
  }
  enum caudit_token first = caudit_json_next(&d.reader, &value);
  bool pushed =
      event_type ? caudit_push_page(&d, first, &value) : caudit_push_value(&d, first, &value);
  bool whole = pushed && caudit_json_next(&d.reader, &value) == CAUDIT_JSON_END;
  if (scratch) caudit_buf_free(scratch);
  if (whole) {
    lua_replace(L, top + 1);
    lua_settop(L, top + 1);
    return true;
  }
  lua_settop(L, top);
  lua_pushfstring(L, "%s at byte %d", d.reader.problem, (int)(d.reader.at - d.reader.start) + 1);
  return false;
}

static int decode(lua_State *L, int event_type) {
  struct caudit_str document;
  document.data = luaL_checklstring(L, 1, &document.len);
  if (caudit_push_json(L, document, event_type)) return 1;
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

/* decode(text) -> value | nil, message */
int caudit_lua_decode(lua_State *L) {
  return decode(L, 0);
}

/* decode_page(text, event_type) -> value | nil, message. event_type: the metatable of events, which
 * the items of Response.Events become. */
int caudit_lua_decode_page(lua_State *L) {
  luaL_checktype(L, 2, LUA_TTABLE);
  return decode(L, 2);
}

/* ---- types ----------------------------------------------------------------------------- */

static int free_buf(lua_State *L) {
  caudit_buf_free(lua_touserdata(L, 1));
  return 0;
}

struct caudit_buf *caudit_push_buf(lua_State *L, size_t max) {
  struct caudit_allocator allocator = caudit_lua_allocator(L);
  struct caudit_buf *buf = caudit_newuserdata(L, sizeof *buf);
  caudit_buf_init(buf, &allocator, max);
  luaL_getmetatable(L, buf_type);
  lua_setmetatable(L, -2);
  return buf;
}

void caudit_push_list_mark(lua_State *L) {
  luaL_getmetatable(L, list_type);
}

void caudit_open_json(lua_State *L) {
  static const luaL_Reg metamethods[] = {{"__gc", free_buf}, {NULL, NULL}};
  static const luaL_Reg none[] = {{NULL, NULL}};
  caudit_newtype(L, buf_type, metamethods, none);
  luaL_newmetatable(L, list_type);
  lua_pop(L, 1);
}
