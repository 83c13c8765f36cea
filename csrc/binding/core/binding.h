/* Shared by the files of cloudaudit.core. A function that may raise a Lua error holds no memory of
 * its own at that moment: memory belongs to a userdata, the Lua stack or a C stack frame. */
#ifndef CAUDIT_BINDING_H
#define CAUDIT_BINDING_H

#include "binding/lcompat.h"
#include "cloudaudit/cloudaudit.h"

/* ---- fields and options ---------------------------------------------------------------- */

/* Pushes the table of an error's fields (see errors.lua); `text` is the message without the owner
 * and the field in front of it, nil when neither is there. */
void caudit_push_fields(lua_State *L, const struct caudit_error *err);
/* Pushes nil and the fields, returns 2; raises when memory ran out. */
int caudit_push_failure(lua_State *L, const struct caudit_error *err);
void caudit_push_str(lua_State *L, struct caudit_str text);
/* The string argument at index, borrowed; absent for nil or none. */
struct caudit_str caudit_opt_str(lua_State *L, int index);
/* A string member of the table at index, borrowed from the table; absent for nil. */
struct caudit_str caudit_member_str(lua_State *L, int index, const char *name);
lua_Number caudit_member_number(lua_State *L, int index, const char *name, lua_Number fallback);
/* Pushes seconds as an integer, in a Lua that has them. */
void caudit_push_unix(lua_State *L, int64_t seconds);
/* Seconds as milliseconds, limited to about 31 700 years. */
int64_t caudit_milliseconds(lua_Number seconds);

/* ---- tables onto structs (lmodel.c) ---------------------------------------------------- */

/* Memory of a mapping: a block in the caller's frame first, then userdata anchored on the Lua
 * stack. */
struct caudit_arena {
  lua_State *L;
  int slot; /* stack index of the table that anchors further blocks */
  size_t blocks;
  char *at;
  size_t left;
  union {
    long double alignment;
    char bytes[1024];
  } first;
};
/* Initialises the arena and pushes its anchor, which must stay while the memory is used. */
void caudit_arena_begin(struct caudit_arena *arena, lua_State *L);

/* Maps the table at index to a struct of the shape; strings are borrowed from the table. wire: a
 * decimal string is accepted as an integer only when this Lua has no exact number for it. NULL: err
 * has the place, and its message starts with `owner`. */
const void *caudit_map(struct caudit_arena *arena, int index, const struct caudit_shape *shape,
                       const char *owner, bool wire, struct caudit_error *err);
/* The closest of count names, `stride` bytes apart; NULL when none is close. */
const char *caudit_nearest(struct caudit_str name, const char *const *names, size_t count,
                           size_t stride);

/* ---- values without a shape (ljson_decode.c) ------------------------------------------- */

/* Pushes the document's value and returns true, or pushes a message and returns false. event_type:
 * stack index of the metatable of events, which the items of Response.Events become; 0: none. */
bool caudit_push_json(lua_State *L, struct caudit_str document, int event_type);
int caudit_lua_decode(lua_State *L);
int caudit_lua_decode_page(lua_State *L);
int caudit_lua_encode(lua_State *L); /* ljson_encode.c */
/* Pushes a decoded value as JSON text, the same for equal values. Any bytes stay, unlike in
 * caudit_lua_encode: one odd member must not hide a response (ltext.c). */
void caudit_push_json_text(lua_State *L, int index);
int caudit_lua_json_text(lua_State *L);
/* Replaces the number on top by its text: every digit of an integer, 14 digits of another. */
void caudit_number_to_text(lua_State *L);
int caudit_lua_event_names(lua_State *L); /* levents.c */
void caudit_open_work(lua_State *L);      /* lredact.c */
int caudit_lua_redact(lua_State *L);
int caudit_lua_row(lua_State *L);
int caudit_lua_row_names(lua_State *L);
int caudit_lua_event_json(lua_State *L);
/* Pushes a userdata that owns a new buffer. */
struct caudit_buf *caudit_push_buf(lua_State *L, size_t max);
/* Registers the file's types in the state. */
void caudit_open_json(lua_State *L);
/* Pushes the metatable that marks a list (core.list). */
void caudit_push_list_mark(lua_State *L);
bool caudit_is_marked_list(lua_State *L, int index);

/* ---- the rest of the module ------------------------------------------------------------ */

void caudit_open_client(lua_State *L); /* lclient.c */
int caudit_lua_client(lua_State *L);
void caudit_open_credentials(lua_State *L); /* lcredentials.c */
int caudit_lua_credentials(lua_State *L);
/* Borrows id, key and token from the arguments from index on, or from a credentials userdata there.
 */
struct caudit_credentials caudit_credentials_at(lua_State *L, int index);
void caudit_open_http1(lua_State *L); /* lhttp1.c */
int caudit_lua_http1(lua_State *L);
int caudit_lua_http1_url(lua_State *L);
int caudit_lua_headers(lua_State *L);
void caudit_open_call(lua_State *L); /* lcall.c */
/* Pushes the userdata of a call, which is still NULL. */
struct caudit_call **caudit_push_call(lua_State *L);
/* Pushes the request as a table. */
void caudit_push_request(lua_State *L, const struct caudit_request *request);
int caudit_lua_parse(lua_State *L);
int caudit_lua_hmac(lua_State *L); /* lhmac.c */
int caudit_lua_sign(lua_State *L); /* lsign.c */
int caudit_lua_sha256(lua_State *L);
int caudit_lua_actions(lua_State *L); /* lmodel_tables.c */
int caudit_lua_shapes(lua_State *L);
int caudit_lua_check(lua_State *L); /* lmodel.c */

#endif
