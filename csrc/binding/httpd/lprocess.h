/* cloudaudit.httpd.process: what the emulator's command needs to run in the background. */
#ifndef CAUDIT_BINDING_LPROCESS_H
#define CAUDIT_BINDING_LPROCESS_H

#include "binding/lcompat.h"

/* Pushes the table. */
void caudit_push_process(lua_State *L);

#endif
