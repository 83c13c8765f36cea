/* Decodes a page of events straight to event tables. Total: whatever the service lists as an event
 * becomes one. A member of a wrong type is given as its JSON text, and an item that is not an
 * object as an event whose raw is its JSON text: one odd record must be seen, and must not hide the
 * others. As everywhere, null means absent, and of members of one name the last that is not null
 * counts. */
#include "binding/core/decoder.h"

#include <string.h>

enum { UNKNOWN = CAUDIT_EVENT_COUNT };

struct events {
  struct caudit_decoder *d;
  int names;  /* stack index of the first of our names */
  int size;   /* members of the event before */
  int table;  /* stack index of the event at hand */
  int filled; /* its members */
  bool has_resource;
  int before;                                /* stack index of the event before */
  int count;                                 /* events so far */
  struct caudit_str met[CAUDIT_EVENT_COUNT]; /* in the document: the text that a member had last */
  int met_in[CAUDIT_EVENT_COUNT];            /* the event that had it, counted from 1 */
  unsigned last;                             /* the member that was read last */
  unsigned char after[CAUDIT_EVENT_COUNT];   /* the member that followed each the last time */
};

/* ---- members --------------------------------------------------------------------------- */

/* Replaces the value on top by its text, as any type is shown; nil for null. */
static void to_any_text(lua_State *L) {
  switch (lua_type(L, -1)) {
  case LUA_TSTRING:
  case LUA_TNIL:
    return;
  case LUA_TNUMBER:
    caudit_number_to_text(L);
    return;
  case LUA_TLIGHTUSERDATA:
    lua_pushnil(L);
    break;
  default:
    caudit_push_json_text(L, -1);
  }
  lua_replace(L, -2);
}

/* Replaces the value on top by epoch seconds, nil when it cannot be read. */
static void to_time(lua_State *L) {
  struct caudit_str text = {NULL, 0};
  int64_t seconds;
  if (lua_type(L, -1) == LUA_TNUMBER) caudit_number_to_text(L);
  if (lua_type(L, -1) == LUA_TSTRING) text.data = lua_tolstring(L, -1, &text.len);
  bool known = text.data && caudit_event_time(text, &seconds);
  lua_pop(L, 1);
  if (!known)
    lua_pushnil(L);
  else
    caudit_push_unix(L, seconds);
}

static void to_id(lua_State *L) {
  if (lua_type(L, -1) == LUA_TNUMBER) caudit_number_to_text(L);
  if (lua_type(L, -1) == LUA_TSTRING && caudit_rawlen(L, -1) > 0) return;
  lua_pop(L, 1);
  lua_pushnil(L);
}

/* Sets a member of the event to the value on top, which may be nil. */
static void set_member(struct events *e, unsigned index) {
  lua_State *L = e->d->L;
  lua_pushvalue(L, e->names + (int)index);
  lua_insert(L, -2);
  lua_rawset(L, e->table);
}

/* Sets a member of the event to a value of any type, whose first token was read. */
static bool read_any(struct events *e, unsigned index, enum caudit_token token,
                     const struct caudit_json_value *value) {
  lua_State *L = e->d->L;
  enum caudit_event_kind kind = caudit_event_names[index].kind;
  e->met_in[index] = 0;
  if (!caudit_push_value(e->d, token, value)) return false;
  if (kind == CAUDIT_EVENT_KIND_ID)
    to_id(L);
  else if (kind == CAUDIT_EVENT_KIND_TIME)
    to_time(L);
  else if (kind != CAUDIT_EVENT_KIND_NUMBER || lua_type(L, -1) != LUA_TNUMBER)
    to_any_text(L);
  set_member(e, index);
  return true;
}

/* Pushes a text. Neighbours have much in common, which need not be interned again. */
static void push_text(struct events *e, unsigned index, const struct caudit_json_value *value) {
  lua_State *L = e->d->L;
  struct caudit_str *met = &e->met[index];
  bool known = !value->escaped && e->met_in[index] > 0 && e->met_in[index] == e->count &&
               caudit_str_equal(*met, value->text);
  e->met_in[index] = value->escaped ? 0 : e->count + 1;
  *met = value->text;
  if (known) {
    lua_pushvalue(L, e->names + (int)index);
    lua_rawget(L, e->before);
    if (!lua_isnil(L, -1)) return;
    lua_pop(L, 1);
  }
  lua_pushlstring(L, value->text.data, value->text.len);
}

/* Reads a value and sets a member of the event to it, unless it is null. The usual types come
 * first; read_any gives the same for them. */
static bool read_member(struct events *e, unsigned index) {
  lua_State *L = e->d->L;
  enum caudit_event_kind kind = caudit_event_names[index].kind;
  struct caudit_json_value value;
  int64_t seconds;
  enum caudit_token token = caudit_json_next(&e->d->reader, &value);
  if (token == CAUDIT_JSON_NULL) return true;
  e->filled++;
  if (token != CAUDIT_JSON_STRING) return read_any(e, index, token, &value);
  if (kind == CAUDIT_EVENT_KIND_TIME) {
    if (!caudit_event_time(value.text, &seconds)) return read_any(e, index, token, &value);
    lua_pushvalue(L, e->names + (int)index);
    caudit_push_unix(L, seconds);
  } else {
    if (kind == CAUDIT_EVENT_KIND_ID && value.text.len == 0)
      return read_any(e, index, token, &value);
    lua_pushvalue(L, e->names + (int)index);
    push_text(e, index, &value);
  }
  lua_rawset(L, e->table);
  return true;
}

static bool skip_value(struct caudit_decoder *d) {
  struct caudit_json_value value;
  return caudit_json_skip(&d->reader, caudit_json_next(&d->reader, &value));
}

/* ---- Resources ------------------------------------------------------------------------- */

static const enum caudit_event_member both[] = {CAUDIT_EVENT_RESOURCE_TYPE,
                                                CAUDIT_EVENT_RESOURCE_NAME};

static bool read_resource_object(struct events *e) {
  struct caudit_json_value value;
  enum caudit_token token;
  for (;;) {
    unsigned at = 0;
    while (at < 2 && !caudit_json_key(&e->d->reader, caudit_event_names[both[at]].wire)) at++;
    if (at == 2) {
      token = caudit_json_next(&e->d->reader, &value);
      if (token != CAUDIT_JSON_KEY) return token == CAUDIT_JSON_OBJECT_END;
      at = 0;
      while (at < 2 && !caudit_str_equal(caudit_event_names[both[at]].wire, value.text)) at++;
    }
    if (!(at < 2 ? read_member(e, both[at]) : skip_value(e->d))) return false;
  }
}

/* Reads Resources: an object, or a list of which the first counts. */
static bool read_resource(struct events *e, enum caudit_token token,
                          struct caudit_json_value *value, bool in_list) {
  if (token == CAUDIT_JSON_OBJECT) return read_resource_object(e);
  if (token == CAUDIT_JSON_ARRAY && !in_list) {
    token = caudit_json_next(&e->d->reader, value);
    if (token == CAUDIT_JSON_ARRAY_END) return true;
    if (!read_resource(e, token, value, true)) return false;
    for (;;) {
      token = caudit_json_next(&e->d->reader, value);
      if (token == CAUDIT_JSON_ARRAY_END) return true;
      if (!caudit_json_skip(&e->d->reader, token)) return false;
    }
  }
  return read_any(e, CAUDIT_EVENT_RESOURCE_NAME, token, value);
}

static bool read_resources(struct events *e) {
  struct caudit_json_value value;
  enum caudit_token token = caudit_json_next(&e->d->reader, &value);
  if (token == CAUDIT_JSON_NULL) return true;
  for (unsigned i = 0; e->has_resource && i < 2; i++) { /* the last of several counts alone */
    lua_pushnil(e->d->L);
    set_member(e, both[i]);
  }
  e->has_resource = true;
  return read_resource(e, token, &value, false);
}

/* ---- events ---------------------------------------------------------------------------- */

/* The name of a member in an item. RESOURCE_TYPE stands for Resources, which has it. */
static struct caudit_str name_in_item(unsigned member) {
  static const struct caudit_str resources = CAUDIT_STR("Resources");
  return member == CAUDIT_EVENT_RESOURCE_TYPE ? resources : caudit_event_names[member].wire;
}

/* The member whose name comes next, UNKNOWN for another name, -1 for the token that is there
 * instead. Events have their members in the same order. */
static int next_member(struct events *e, enum caudit_token *token) {
  struct caudit_json_value value;
  unsigned at = e->after[e->last];
  if (caudit_json_key(&e->d->reader, name_in_item(at))) {
    e->last = at;
    return (int)at;
  }
  *token = caudit_json_next(&e->d->reader, &value);
  if (*token != CAUDIT_JSON_KEY) return -1;
  for (at = 0; at < UNKNOWN; at++)
    if (at != CAUDIT_EVENT_RESOURCE_NAME && caudit_str_equal(name_in_item(at), value.text)) break;
  if (at == UNKNOWN) return UNKNOWN;
  e->after[e->last] = (unsigned char)at;
  e->last = at;
  return (int)at;
}

static bool read_event(struct events *e) {
  lua_State *L = e->d->L;
  enum caudit_token token = CAUDIT_JSON_ERROR;
  int member;
  lua_createtable(L, 0, e->size); /* neighbours are alike; it also bounds the waste */
  e->table = lua_gettop(L);
  e->has_resource = false;
  e->filled = 0;
  while ((member = next_member(e, &token)) >= 0) {
    bool read = member == UNKNOWN                      ? skip_value(e->d)
                : member == CAUDIT_EVENT_RESOURCE_TYPE ? read_resources(e)
                                                       : read_member(e, (unsigned)member);
    if (!read) return false;
  }
  e->size = e->filled < UNKNOWN ? e->filled : UNKNOWN;
  return token == CAUDIT_JSON_OBJECT_END;
}

/* Pushes an item that is not an object. */
static bool push_odd_event(struct events *e, enum caudit_token token,
                           struct caudit_json_value *value) {
  lua_State *L = e->d->L;
  lua_createtable(L, 0, 1);
  if (!caudit_push_value(e->d, token, value)) return false;
  caudit_push_json_text(L, -1);
  lua_setfield(L, -3, caudit_event_names[CAUDIT_EVENT_RAW].ours.data);
  lua_pop(L, 1);
  return true;
}

/* Pushes the value of Events: a list of events, or whatever it is. */
static bool push_events(struct caudit_decoder *d, enum caudit_token token,
                        struct caudit_json_value *value) {
  if (token != CAUDIT_JSON_ARRAY) return caudit_push_value(d, token, value);
  struct events e = {.d = d};
  lua_State *L = d->L;
  luaL_checkstack(L, CAUDIT_EVENT_COUNT + 12, "cloudaudit: events");
  e.names = lua_gettop(L) + 1;
  for (int i = 0; i < CAUDIT_EVENT_COUNT; i++) caudit_push_str(L, caudit_event_names[i].ours);
  lua_newtable(L);
  e.before = lua_gettop(L) + 1;
  lua_newtable(L);
  while ((token = caudit_json_next(&d->reader, value)) != CAUDIT_JSON_ARRAY_END) {
    if (!(token == CAUDIT_JSON_OBJECT ? read_event(&e) : push_odd_event(&e, token, value)))
      return false;
    lua_pushvalue(L, d->event_type);
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawseti(L, e.before - 1, ++e.count);
    lua_replace(L, e.before);
  }
  lua_pop(L, 1);
  if (e.count == 0) {
    caudit_push_list_mark(L);
    lua_setmetatable(L, -2);
  }
  lua_replace(L, e.names);
  lua_settop(L, e.names);
  return true;
}

typedef bool (*push_fn)(struct caudit_decoder *d, enum caudit_token token,
                        struct caudit_json_value *value);

/* Pushes a value; if it is an object, the member `name` of it by `push`. */
static bool push_with(struct caudit_decoder *d, enum caudit_token token,
                      struct caudit_json_value *value, struct caudit_str name, push_fn push) {
  lua_State *L = d->L;
  if (token != CAUDIT_JSON_OBJECT) return caudit_push_value(d, token, value);
  luaL_checkstack(L, 8, "cloudaudit: a page");
  lua_newtable(L);
  while ((token = caudit_json_next(&d->reader, value)) == CAUDIT_JSON_KEY) {
    bool found = caudit_str_equal(value->text, name);
    caudit_push_str(L, value->text);
    token = caudit_json_next(&d->reader, value);
    if (token == CAUDIT_JSON_NULL) {
      lua_pop(L, 1);
      continue;
    }
    if (!(found ? push(d, token, value) : caudit_push_value(d, token, value))) return false;
    lua_rawset(L, -3);
  }
  return token == CAUDIT_JSON_OBJECT_END;
}

static bool push_response(struct caudit_decoder *d, enum caudit_token token,
                          struct caudit_json_value *value) {
  static const struct caudit_str events = CAUDIT_STR("Events");
  return push_with(d, token, value, events, push_events);
}

bool caudit_push_page(struct caudit_decoder *d, enum caudit_token token,
                      struct caudit_json_value *value) {
  static const struct caudit_str response = CAUDIT_STR("Response");
  return push_with(d, token, value, response, push_response);
}

/* event_names() -> {{our name, the service's name}, …}: all members of events */
int caudit_lua_event_names(lua_State *L) {
  lua_createtable(L, CAUDIT_EVENT_COUNT, 0);
  for (int i = 0; i < CAUDIT_EVENT_COUNT; i++) {
    lua_createtable(L, 2, 0);
    caudit_push_str(L, caudit_event_names[i].ours);
    lua_rawseti(L, -2, 1);
    caudit_push_str(L, caudit_event_names[i].wire);
    lua_rawseti(L, -2, 2);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}
