/* The embedded Lua files, generated from lua/ by cmake/embed_lua.cmake. */
#ifndef CAUDIT_PRELOAD_EMBEDDED_H
#define CAUDIT_PRELOAD_EMBEDDED_H

#include <stddef.h>

struct caudit_lua_file {
  const char *module; /* "cloudaudit.client" */
  const char *chunk;  /* "@cloudaudit/client.lua", for messages and tracebacks */
  const unsigned char *text;
  size_t size;
};

extern const struct caudit_lua_file caudit_lua_files[];
extern const size_t caudit_lua_file_count;

#endif
