/* Lua tables built from the input, through all functions that read tables: no metamethod is called,
 * no error is raised, and an encoded value is decoded and encoded to the same bytes again. */
#include "fuzz.h"
#include "lua_state.h"

#include <math.h>

enum { DEEPEST = 70, MOST_MEMBERS = 12 };

static const struct caudit_shape *shape;

static int never(lua_State *L) {
  (void)L;
  bool asked = true;
  REQUIRE(!asked);
  return 0;
}

/* A metatable whose metamethods end the run. */
static void push_trap(lua_State *L) {
  static const char *const names[] = {"__index", "__newindex", "__len",  "__pairs", "__eq",
                                      "__call",  "__tostring", "__name", "__lt",    "__concat"};
  if (luaL_newmetatable(L, "trap")) {
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
      lua_pushcfunction(L, never);
      lua_setfield(L, -2, names[i]);
    }
  }
}

static const struct caudit_shape *push_key(lua_State *L, struct choices *c,
                                           const struct caudit_shape *of) {
  uint8_t kind = choose(c);
  if (kind < 160 && of && of->field_count > 0) {
    const struct caudit_field *field = &of->fields[kind % of->field_count];
    lua_pushstring(L, field->name);
    return field->shape;
  }
  struct caudit_str text = {"", 0};
  if (kind >= 160 && kind < 190) text = choose_text(c);
  if (kind < 190)
    lua_pushlstring(L, text.data, text.len);
  else if (kind < 230)
    lua_pushinteger(L, kind % 5);
  else if (kind < 240)
    lua_pushnumber(L, 0.5);
  else
    lua_pushboolean(L, kind & 1);
  return NULL;
}

static void push_value(lua_State *L, struct choices *c, const struct caudit_shape *of, int depth);

static void push_number(lua_State *L, struct choices *c, uint8_t kind) {
  static const double numbers[] = {
      0.5,    -0.0,   1e15,     9007199254740992.0, 9007199254740994.0,
      -1e300, 1e-300, HUGE_VAL, -HUGE_VAL,          18446744073709551616.0};
  if (kind & 1)
    lua_pushinteger(L, (lua_Integer)choose_bits(c));
  else if (kind & 2)
    lua_pushinteger(L, (int8_t)choose(c));
  else
    lua_pushnumber(L, numbers[choose(c) % (sizeof numbers / sizeof numbers[0])]);
}

static void push_table(lua_State *L, struct choices *c, const struct caudit_shape *of, int depth) {
  uint8_t kind = choose(c);
  lua_newtable(L);
  int table = lua_gettop(L), count = kind % MOST_MEMBERS;
  for (int i = 1; i <= count; i++) {
    const struct caudit_shape *nested = of;
    if (kind & 0x80)
      lua_pushinteger(L, i);
    else
      nested = push_key(L, c, of);
    push_value(L, c, nested, depth + 1);
    lua_rawset(L, table);
  }
  if (kind == 0x7F) { /* a table that contains itself */
    lua_pushvalue(L, table);
    lua_rawseti(L, table, 1);
  }
  if (choose(c) % 32 == 1) {
    push_trap(L);
    lua_setmetatable(L, table);
  } else if (choose(c) % 16 == 1) {
    lua_getfield(L, LUA_REGISTRYINDEX, "core");
    lua_getfield(L, -1, "list");
    lua_setmetatable(L, table);
    lua_pop(L, 1);
  }
}

static void push_value(lua_State *L, struct choices *c, const struct caudit_shape *of, int depth) {
  uint8_t kind = choose(c);
  REQUIRE(lua_checkstack(L, 8));
  if (kind < 96 && depth < DEEPEST) {
    push_table(L, c, of, depth);
  } else if (kind < 160) {
    struct caudit_str text = choose_text(c);
    lua_pushlstring(L, text.data, text.len);
  } else if (kind < 210) {
    push_number(L, c, kind);
  } else if (kind < 225) {
    lua_pushfstring(L, "%s%I", kind & 1 ? "-" : "", (LUAI_UACINT)choose_bits(c));
  } else if (kind < 240) {
    lua_pushboolean(L, kind & 1);
  } else if (kind < 250) {
    lua_pushlightuserdata(L, kind & 1 ? L : NULL);
  } else if (kind < 253) {
    lua_pushcfunction(L, never);
  } else {
    (void)lua_newuserdatauv(L, 8, 0);
  }
}

/* Calls the function below the arguments and leaves two results. */
static void call(lua_State *L, int arguments) {
  int raised = lua_pcall(L, arguments, 2, 0);
  if (raised) (void)fprintf(stderr, "%s\n", lua_tostring(L, -1));
  REQUIRE(!raised);
}

/* The fields of the failure on top are complete. */
static void require_fields(lua_State *L) {
  REQUIRE(lua_istable(L, -1) && lua_isnil(L, -2));
  lua_getfield(L, -1, "message");
  size_t len;
  const char *message = lua_tolstring(L, -1, &len);
  REQUIRE(message && len > 0 && len < 512);
  for (size_t i = 0; i < len; i++) REQUIRE((unsigned char)message[i] >= 0x20);
  lua_pop(L, 1);
}

/* Encodes the value at 1, decodes and encodes again: the same text. Without a shape names are
 * unordered. */
static void require_round_trip(lua_State *L, const char *of) {
  fuzz_function(L, "encode");
  lua_pushvalue(L, 1);
  lua_pushstring(L, of);
  call(L, 2);
  if (lua_isnil(L, -2)) {
    require_fields(L);
    return;
  }
  lua_pop(L, 1);
  int text = lua_gettop(L);
  fuzz_function(L, "decode");
  lua_pushvalue(L, text);
  call(L, 1);
  REQUIRE(lua_isnil(L, -1));
  if (!of) return;
  fuzz_function(L, "encode");
  lua_pushvalue(L, text + 1);
  lua_pushstring(L, of);
  call(L, 2);
  REQUIRE(lua_rawequal(L, text, -2));
}

static void require_check(lua_State *L, bool checked, bool wire) {
  fuzz_function(L, "check");
  lua_pushstring(L, shape->name);
  lua_pushvalue(L, 1);
  lua_pushliteral(L, "owner");
  lua_pushboolean(L, checked);
  lua_pushboolean(L, wire);
  call(L, 5);
  if (lua_isnil(L, -2)) require_fields(L);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct choices c = {data, data + size};
  lua_State *L = fuzz_state();
  size_t count;
  const struct caudit_shape *const *shapes = caudit_shapes(&count);
  shape = shapes[choose(&c) % count];
  lua_settop(L, 0);
  push_value(L, &c, shape, 0);
  require_round_trip(L, NULL);
  lua_settop(L, 1);
  require_round_trip(L, shape->name);
  lua_settop(L, 1);
  uint8_t options = choose(&c);
  require_check(L, options & 1, options & 2);
  lua_settop(L, 0);
  return 0;
}
