/* The JSON decoder, shared by the files that push decoded values. */
#ifndef CAUDIT_BINDING_DECODER_H
#define CAUDIT_BINDING_DECODER_H

#include "binding/core/binding.h"

enum { CAUDIT_NAMES = 64, CAUDIT_DEPTHS = 32 };

/* Names repeat from object to object in the same order. Comparing a name with the one that followed
 * the last time is cheaper than interning it again. */
struct caudit_names {
  int slot; /* stack index of the list of the names as Lua strings; 0 in a short document */
  unsigned count, last;
  struct caudit_str met[CAUDIT_NAMES]; /* in the document, in the order of first occurrence */
  unsigned char after[CAUDIT_NAMES];   /* index of the name that followed this one the last time */
};

struct caudit_decoder {
  lua_State *L;
  struct caudit_json_reader reader;
  int members[CAUDIT_DEPTHS]; /* of the last object at this depth, plus 1; deeper share the last */
  struct caudit_names names;
  int event_type; /* stack index of the metatable of events; 0: Events are lists as any other */
};

/* Pushes the value whose first token was read. False when the document is malformed; what lies on
 * the stack then is the caller's to drop. */
bool caudit_push_value(struct caudit_decoder *d, enum caudit_token token,
                       const struct caudit_json_value *value);
/* The same for a whole document in which the items of Response.Events become events (levents.c). */
bool caudit_push_page(struct caudit_decoder *d, enum caudit_token token,
                      struct caudit_json_value *value);

#endif
