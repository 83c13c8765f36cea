/* Events as they leave the program: redacted, as rows, as JSON. No Lua error is raised while memory
 * belongs to anything but the state's own userdata. */
#include "binding/core/binding.h"

#include <string.h>

static const char work_type[] = "cloudaudit.work";
static const char work_name[] = "cloudaudit.the work";

/* ---- memory that the state keeps -------------------------------------------------------- */

struct kept {
  struct caudit_work *work;
  struct caudit_allocator allocator;
  bool closed; /* the state is closing */
};

static int free_work(lua_State *L) {
  struct kept *self = lua_touserdata(L, 1);
  self->closed = true;
  caudit_work_free(self->work);
  self->work = NULL;
  return 0;
}

void caudit_open_work(lua_State *L) {
  static const luaL_Reg metamethods[] = {{"__gc", free_work}, {NULL, NULL}};
  static const luaL_Reg none[] = {{NULL, NULL}};
  caudit_newtype(L, work_type, metamethods, none);
  struct caudit_allocator allocator = caudit_lua_allocator(L);
  struct kept *self = caudit_newuserdata(L, sizeof *self);
  self->allocator = allocator;
  self->work = NULL;
  self->closed = false;
  luaL_getmetatable(L, work_type);
  lua_setmetatable(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, work_name);
}

/* Begins the work on one event. */
static struct kept *begin(lua_State *L, enum caudit_redact_level level) {
  lua_getfield(L, LUA_REGISTRYINDEX, work_name);
  struct kept *self = lua_touserdata(L, -1); /* the registry keeps it alive */
  lua_pop(L, 1);
  if (self && !self->closed && !self->work) self->work = caudit_work_new(&self->allocator);
  if (self && self->work) {
    caudit_work_begin(self->work, level);
    return self;
  }
  luaL_error(L,
             self && !self->closed ? "not enough memory" : "cloudaudit: the Lua state is closing");
  return NULL;
}

static void check(lua_State *L, const struct kept *self) {
  if (caudit_work_status(self->work) != 0) luaL_error(L, "not enough memory");
}

/* The level at index: "secrets" or "all"; false for nil. */
static bool level_at(lua_State *L, int index, enum caudit_redact_level *level) {
  static const char *const names[] = {"secrets", "all", NULL};
  *level = CAUDIT_REDACT_SECRETS;
  if (lua_isnoneornil(L, index)) return false;
  if (luaL_checkoption(L, index, NULL, names) == 1) *level = CAUDIT_REDACT_ALL;
  return true;
}

/* ---- the texts of an event ---------------------------------------------------------------- */

/* A text of an event, borrowed from it, and what it is to be without its secrets. */
struct text {
  enum caudit_event_member member; /* CAUDIT_EVENT_COUNT: another one */
  struct caudit_str given, clean;
};

enum { FIRST_TEXTS = 32 };

struct texts {
  struct text *list;
  size_t count, capacity;
  struct text first[FIRST_TEXTS];
  struct caudit_event event;
};

static struct caudit_str str_at(lua_State *L, int index) {
  struct caudit_str text;
  text.data = lua_tolstring(L, index, &text.len);
  return text;
}

static bool is_detail(struct caudit_str name) {
  static const struct caudit_str detail = CAUDIT_STR("detail");
  return caudit_str_equal(name, detail);
}

/* A number as the service writes it, in memory of the work. */
static struct caudit_str number_text(lua_State *L, int index, struct kept *self) {
  char *text = caudit_work_alloc(self->work, CAUDIT_NUMBER_TEXT);
  size_t len = 0;
  if (!text) return (struct caudit_str){NULL, 0};
#if LUA_VERSION_NUM >= 503
  if (lua_isinteger(L, index)) {
    len = caudit_integer_text(text, lua_tointeger(L, index));
    return (struct caudit_str){text, len};
  }
#endif
  lua_Number number = lua_tonumber(L, index);
  if (number - number != 0) return (struct caudit_str){NULL, 0};
  len = caudit_number_text(text, number, 14);
  return (struct caudit_str){text, len};
}

static void set_time(lua_State *L, int index, struct caudit_event *event) {
  lua_Number number = lua_tonumber(L, index);
  event->has_time = number >= 0 && number <= 253402300799.0;
  if (event->has_time) event->time = (int64_t)number;
}

static struct text *add_text(struct texts *texts, struct kept *self) {
  if (texts->count == texts->capacity) {
    size_t capacity = texts->capacity * 2;
    struct text *list = caudit_work_alloc(self->work, capacity * sizeof *list);
    if (!list) return NULL;
    memcpy(list, texts->list, texts->count * sizeof *list);
    texts->list = list;
    texts->capacity = capacity;
  }
  return &texts->list[texts->count++];
}

/* Reads the members of the event at index, but for its decoded detail. */
static void read_event(lua_State *L, int index, struct kept *self, struct texts *texts) {
  memset(&texts->event, 0, sizeof texts->event);
  texts->list = texts->first;
  texts->count = 0;
  texts->capacity = FIRST_TEXTS;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    int type = lua_type(L, -1);
    if ((type != LUA_TSTRING && type != LUA_TNUMBER) || lua_type(L, -2) != LUA_TSTRING) continue;
    struct caudit_str name = str_at(L, -2);
    enum caudit_event_member member = caudit_event_member(name);
    if (type == LUA_TSTRING) {
      if (member == CAUDIT_EVENT_COUNT && is_detail(name)) continue;
      struct text *text = add_text(texts, self);
      if (!text) luaL_error(L, "not enough memory");
      text->member = member;
      text->given = text->clean = str_at(L, -1);
      if (member != CAUDIT_EVENT_COUNT) texts->event.texts[member] = text->given;
    } else if (member == CAUDIT_EVENT_TIME) {
      set_time(L, -1, &texts->event);
    } else if (member != CAUDIT_EVENT_COUNT) {
      texts->event.texts[member] = number_text(L, -1, self);
      texts->event.numbers |= (uint32_t)1 << member;
    }
  }
}

/* Removes the secrets from texts that were read. */
static void redact(struct kept *self, struct texts *texts, enum caudit_redact_level level) {
  static const struct caudit_str mark = CAUDIT_STR(CAUDIT_REDACTED);
  for (size_t i = 0; i < texts->count; i++) {
    struct text *text = &texts->list[i];
    if (text->member != CAUDIT_EVENT_ACCESS_KEY_ID) {
      text->clean = caudit_redact_values(self->work, text->given);
    } else if (level == CAUDIT_REDACT_ALL && text->given.len > 0) {
      text->clean = mark;
      caudit_redact_remember(self->work, text->given);
    }
  }
  for (size_t i = 0; i < texts->count; i++) {
    struct text *text = &texts->list[i];
    if (text->member != CAUDIT_EVENT_ACCESS_KEY_ID)
      text->clean = caudit_redact_found(self->work, text->clean);
  }
}

/* ---- functions -------------------------------------------------------------------------- */

/* Pushes what the text on top behind its name is to be. */
static void push_clean(lua_State *L, const struct text *text) {
  if (text->clean.data == text->given.data)
    lua_pushvalue(L, -2);
  else
    lua_pushlstring(L, text->clean.data, text->clean.len);
}

/* redact(event, level) -> a table with the members of the event, without secrets and detail */
int caudit_lua_redact(lua_State *L) {
  struct texts texts;
  enum caudit_redact_level level;
  luaL_checkstring(L, 2);
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  level_at(L, 2, &level);
  struct kept *self = begin(L, level);
  read_event(L, 1, self, &texts);
  redact(self, &texts, level);
  check(L, self);
  size_t at = 0;
  lua_createtable(L, 0, (int)texts.count + 2);
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
    bool named = lua_type(L, -2) == LUA_TSTRING;
    if (named && is_detail(str_at(L, -2))) continue;
    lua_pushvalue(L, -2);
    if (named && lua_type(L, -2) == LUA_TSTRING) {
      if (at == texts.count) return luaL_error(L, "redact: the event has changed meanwhile");
      push_clean(L, &texts.list[at++]);
    } else if (named && level == CAUDIT_REDACT_ALL &&
               caudit_event_member(str_at(L, -1)) == CAUDIT_EVENT_ACCESS_KEY_ID) {
      lua_pushliteral(L, CAUDIT_REDACTED);
    } else {
      lua_pushvalue(L, -2);
    }
    lua_rawset(L, 3);
  }
  return 1;
}

static void push_row_value(lua_State *L, const struct caudit_row_value *value) {
  switch (value->type) {
  case CAUDIT_ROW_TEXT:
    lua_pushlstring(L, value->text.data, value->text.len);
    break;
  case CAUDIT_ROW_INTEGER:
    caudit_push_unix(L, value->number);
    break;
  case CAUDIT_ROW_BOOLEAN:
    lua_pushboolean(L, value->number != 0);
    break;
  default:
    lua_pushlightuserdata(L, NULL);
  }
}

/* row(event) -> the row of the event */
int caudit_lua_row(lua_State *L) {
  struct texts texts;
  struct caudit_row row;
  struct caudit_record *record = NULL;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  struct kept *self = begin(L, CAUDIT_REDACT_SECRETS);
  read_event(L, 1, self, &texts);
  struct caudit_str raw = texts.event.texts[CAUDIT_EVENT_RAW];
  if (raw.data) record = caudit_record_read(self->work, raw, CAUDIT_READ_FOR_ROW);
  caudit_event_row(self->work, &texts.event, record, &row);
  check(L, self);
  lua_createtable(L, 0, CAUDIT_ROW_COUNT);
  for (int i = 0; i < CAUDIT_ROW_COUNT; i++) {
    caudit_push_str(L, caudit_row_names[i]);
    push_row_value(L, &row.values[i]);
    lua_rawset(L, 2);
  }
  return 1;
}

/* event_json(event, level, last) -> the row as JSON text, without its secrets if there is a level,
 * and with a last member: "detail", the decoded record, or "raw", its text */
int caudit_lua_event_json(lua_State *L) {
  static const char *const lasts[] = {"detail", "raw", NULL};
  struct texts texts;
  enum caudit_redact_level level;
  luaL_checktype(L, 1, LUA_TTABLE);
  bool redacted = level_at(L, 2, &level);
  enum caudit_row_last last =
      luaL_checkoption(L, 3, "detail", lasts) == 0 ? CAUDIT_ROW_DETAIL : CAUDIT_ROW_RAW;
  struct kept *self = begin(L, level);
  read_event(L, 1, self, &texts);
  for (size_t i = 0; redacted && i < texts.count; i++) /* what they hide counts in the others */
    if (texts.list[i].member == CAUDIT_EVENT_COUNT)
      caudit_redact_values(self->work, texts.list[i].given);
  struct caudit_str json = caudit_event_json(self->work, &texts.event, redacted, last);
  check(L, self);
  lua_pushlstring(L, json.data, json.len);
  return 1;
}

/* row_names() -> the names of a row's members, in order */
int caudit_lua_row_names(lua_State *L) {
  lua_createtable(L, CAUDIT_ROW_COUNT, 0);
  for (int i = 0; i < CAUDIT_ROW_COUNT; i++) {
    caudit_push_str(L, caudit_row_names[i]);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}
