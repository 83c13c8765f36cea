/* Credentials that Lua can hold but not read, for a client whose endpoint is not known yet. The
 * bytes are in the userdata and are overwritten before its memory is freed. */
#include "binding/core/binding.h"

#include <openssl/crypto.h>
#include <string.h>

static const char credentials_type[] = "cloudaudit.credentials";

struct lua_credentials {
  struct caudit_credentials parts; /* point to the bytes after this struct */
  size_t len;
};

static int credentials_gc(lua_State *L) {
  struct lua_credentials *self = luaL_checkudata(L, 1, credentials_type);
  OPENSSL_cleanse(self + 1, self->len);
  memset(&self->parts, 0, sizeof self->parts);
  return 0;
}

static int credentials_tostring(lua_State *L) {
  lua_pushliteral(L, "cloudaudit credentials");
  return 1;
}

/* Detects a refresh that returned the same credentials. */
static int credentials_eq(lua_State *L) {
  struct lua_credentials *a = luaL_checkudata(L, 1, credentials_type);
  struct lua_credentials *b = luaL_checkudata(L, 2, credentials_type);
  bool same = a->len == b->len && a->parts.secret_id.len == b->parts.secret_id.len &&
              a->parts.secret_key.len == b->parts.secret_key.len &&
              CRYPTO_memcmp(a + 1, b + 1, a->len) == 0;
  lua_pushboolean(L, same);
  return 1;
}

struct caudit_credentials caudit_credentials_at(lua_State *L, int index) {
  if (lua_type(L, index) == LUA_TUSERDATA)
    return ((struct lua_credentials *)luaL_checkudata(L, index, credentials_type))->parts;
  struct caudit_credentials given = {caudit_opt_str(L, index), caudit_opt_str(L, index + 1),
                                     caudit_opt_str(L, index + 2)};
  return given;
}

static struct caudit_str keep(char **at, struct caudit_str part) {
  struct caudit_str kept = {NULL, part.len};
  if (!part.data) return part;
  kept.data = memcpy(*at, part.data, part.len);
  *at += part.len;
  return kept;
}

/* credentials(id, key, token) -> credentials | nil, fields */
int caudit_lua_credentials(lua_State *L) {
  struct caudit_error err;
  struct caudit_credentials given = caudit_credentials_at(L, 1);
  if (caudit_credentials_check(&given, &err) != 0) return caudit_push_failure(L, &err);
  size_t len = given.secret_id.len + given.secret_key.len + given.token.len;
  struct lua_credentials *self = caudit_newuserdata(L, sizeof *self + len);
  char *at = (char *)(self + 1);
  self->len = len;
  self->parts.secret_id = keep(&at, given.secret_id);
  self->parts.secret_key = keep(&at, given.secret_key);
  self->parts.token = keep(&at, given.token);
  luaL_getmetatable(L, credentials_type);
  lua_setmetatable(L, -2);
  return 1;
}

void caudit_open_credentials(lua_State *L) {
  static const luaL_Reg metamethods[] = {{"__gc", credentials_gc},
                                         {"__eq", credentials_eq},
                                         {"__tostring", credentials_tostring},
                                         {NULL, NULL}};
  static const luaL_Reg methods[] = {{NULL, NULL}};
  caudit_newtype(L, credentials_type, metamethods, methods);
}
