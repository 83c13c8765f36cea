/* The model as Lua tables: the source of the API methods, the types and the emulator. */
#include "binding/core/binding.h"

static void set_text(lua_State *L, const char *name, const char *text) {
  lua_pushstring(L, text);
  lua_setfield(L, -2, name);
}

static void set_flag(lua_State *L, const char *name, bool flag) {
  lua_pushboolean(L, flag);
  lua_setfield(L, -2, name);
}

static void push_action(lua_State *L, const struct caudit_action *action) {
  lua_createtable(L, 0, 10);
  set_text(L, "name", action->name);
  set_text(L, "doc", action->doc);
  set_text(L, "service", action->service->name);
  set_text(L, "version", action->service->version);
  set_text(L, "request", action->request->name);
  set_text(L, "response", action->response->name);
  set_flag(L, "writes", action->writes);
  set_flag(L, "legacy", action->legacy);
  set_flag(L, "unsigned", action->unsigned_call);
  lua_newtable(L);
  for (int i = 0; action->error_codes[i]; i++) {
    lua_pushstring(L, action->error_codes[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "error_codes");
}

int caudit_lua_actions(lua_State *L) {
  size_t count;
  const struct caudit_action *actions = caudit_actions(&count);
  lua_createtable(L, 0, (int)count);
  for (size_t i = 0; i < count; i++) {
    push_action(L, &actions[i]);
    lua_setfield(L, -2, actions[i].name);
  }
  return 1;
}

static void push_field(lua_State *L, const struct caudit_field *field) {
  static const char *const types[] = {"string",  "int64",  "uint64", "bool",
                                      "strings", "object", "objects"};
  lua_createtable(L, 0, 5);
  set_text(L, "name", field->name);
  set_text(L, "doc", field->doc);
  set_text(L, "type", types[field->type]);
  set_flag(L, "required", field->required);
  if (field->shape) set_text(L, "shape", field->shape->name);
}

int caudit_lua_shapes(lua_State *L) {
  size_t count;
  const struct caudit_shape *const *shapes = caudit_shapes(&count);
  lua_createtable(L, 0, (int)count);
  for (size_t i = 0; i < count; i++) {
    lua_createtable(L, shapes[i]->field_count, 0);
    for (int f = 0; f < shapes[i]->field_count; f++) {
      push_field(L, &shapes[i]->fields[f]);
      lua_rawseti(L, -2, f + 1);
    }
    lua_setfield(L, -2, shapes[i]->name);
  }
  return 1;
}
