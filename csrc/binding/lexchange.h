/* Shared by the modules that perform exchanges, cloudaudit.core and cloudaudit.curl. */
#ifndef CAUDIT_BINDING_LEXCHANGE_H
#define CAUDIT_BINDING_LEXCHANGE_H

#include "binding/lcompat.h"
#include "cloudaudit/call.h"

enum { CAUDIT_TABLE_HEADERS = 32 };

/* Room for a request that is read from a table. */
struct caudit_request_room {
  struct caudit_request request;
  struct caudit_header headers[CAUDIT_TABLE_HEADERS];
};

/* The request of the call or in the table at index, borrowed from it. */
const struct caudit_request *caudit_request_at(lua_State *L, int index,
                                               struct caudit_request_room *room);
/* Pushes a table of the headers: names in lower case, values of a repeated one joined by ", ". */
void caudit_push_head(lua_State *L, struct caudit_str head);

#endif
