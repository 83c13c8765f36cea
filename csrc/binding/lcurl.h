/* What the files of the Lua module cloudaudit.curl share. */
#ifndef CAUDIT_BINDING_LCURL_H
#define CAUDIT_BINDING_LCURL_H

#include "binding/lcompat.h"
#include "cloudaudit/curl.h"

/* Pushes the table of a head's headers: names in lower case, values of a repeated one joined. */
void caudit_push_head(lua_State *L, struct caudit_str head);

#endif
