/* sign{…}: all stages of a signature, for debugging and for the emulator. */
#include "binding/core/binding.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

static const char signer_type[] = "cloudaudit.signer";

static int signer_gc(lua_State *L) {
  struct caudit_signer **self = lua_touserdata(L, 1);
  caudit_signer_free(*self);
  *self = NULL;
  return 0;
}

/* The state's signer, kept in the registry; NULL and an error when there is none. */
static struct caudit_signer *state_signer(lua_State *L, struct caudit_error *err) {
  lua_getfield(L, LUA_REGISTRYINDEX, signer_type);
  struct caudit_signer **self = lua_touserdata(L, -1);
  lua_pop(L, 1);
  if (self && *self) return *self;
  struct caudit_allocator allocator = caudit_lua_allocator(L);
  self = caudit_newuserdata(L, sizeof(struct caudit_signer *));
  *self = NULL;
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, signer_gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, signer_type);
  return caudit_signer_new(self, &allocator, err) == 0 ? *self : NULL;
}

static void push_hex(lua_State *L, const unsigned char bytes[32]) {
  static const char digits[] = "0123456789abcdef";
  char hex[64];
  for (size_t i = 0; i < 32; i++) {
    hex[2 * i] = digits[bytes[i] >> 4];
    hex[2 * i + 1] = digits[bytes[i] & 15];
  }
  lua_pushlstring(L, hex, sizeof hex);
}

static void set_hex(lua_State *L, const char *name, const unsigned char bytes[32]) {
  push_hex(L, bytes);
  lua_setfield(L, -2, name);
}

/* sha256(text) -> 64 hexadecimal digits */
int caudit_lua_sha256(lua_State *L) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  struct caudit_str text;
  text.data = luaL_checklstring(L, 1, &text.len);
  if (EVP_Digest(text.data, text.len, digest, NULL, EVP_sha256(), NULL) != 1)
    return luaL_error(L, "not enough memory");
  push_hex(L, digest);
  return 1;
}

static void set_text(lua_State *L, const char *name, const char *text) {
  lua_pushstring(L, text);
  lua_setfield(L, -2, name);
}

static void set_buf(lua_State *L, const char *name, const struct caudit_buf *buf) {
  lua_pushlstring(L, buf->len > 0 ? buf->data : "", buf->len);
  lua_setfield(L, -2, name);
}

/* Reads the list `extra` of {name, value} pairs; the strings are borrowed from it. */
static size_t read_extra(lua_State *L, struct caudit_signed_header *items, size_t most) {
  size_t count = 0;
  lua_getfield(L, 1, "extra");
  if (lua_isnil(L, -1)) return 0;
  luaL_checktype(L, -1, LUA_TTABLE);
  int list = lua_gettop(L);
  for (; count < caudit_rawlen(L, list); count++) {
    if (count == most) luaL_error(L, "extra: at most %d headers expected", (int)most);
    lua_rawgeti(L, list, (int)count + 1);
    luaL_checktype(L, -1, LUA_TTABLE);
    struct caudit_str *parts[2] = {&items[count].name, &items[count].value};
    for (int i = 0; i < 2; i++) {
      lua_rawgeti(L, -1, i + 1);
      if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "extra: pairs of strings expected");
      parts[i]->data = lua_tolstring(L, -1, &parts[i]->len);
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  return count; /* the list stays on the stack and keeps the strings alive */
}

static void check_present(lua_State *L, struct caudit_str value, const char *name) {
  if (!value.data) luaL_error(L, "%s: string expected, got nil", name);
}

static void read_input(lua_State *L, struct caudit_sign_input *input) {
  input->method = caudit_member_str(L, 1, "method");
  input->content_type = caudit_member_str(L, 1, "content_type");
  input->host = caudit_member_str(L, 1, "host");
  input->query = caudit_member_str(L, 1, "query");
  input->payload = caudit_member_str(L, 1, "payload");
  input->service = caudit_member_str(L, 1, "service");
  lua_Number timestamp = caudit_member_number(L, 1, "timestamp", -1);
  input->timestamp = timestamp >= 0 && timestamp < 1e12 ? (int64_t)timestamp : -1;
  lua_getfield(L, 1, "unsigned_payload");
  input->unsigned_payload = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  check_present(L, input->method, "method");
  check_present(L, input->content_type, "content_type");
  check_present(L, input->host, "host");
  check_present(L, input->service, "service");
}

/* sign{…} -> table of all stages | nil, fields */
int caudit_lua_sign(lua_State *L) {
  struct caudit_sign_input input = {0};
  struct caudit_signed_header extra[16];
  struct caudit_signature signature;
  struct caudit_keys keys;
  struct caudit_error err;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  read_input(L, &input);
  struct caudit_credentials credentials = {
      caudit_member_str(L, 1, "secret_id"), caudit_member_str(L, 1, "secret_key"), {NULL, 0}};
  check_present(L, credentials.secret_id, "secret_id");
  check_present(L, credentials.secret_key, "secret_key");
  input.extra = extra;
  input.extra_count = read_extra(L, extra, sizeof extra / sizeof extra[0]);
  struct caudit_signer *signer = state_signer(L, &err);
  if (!signer) return caudit_push_failure(L, &err);
  struct caudit_buf *authorization = caudit_push_buf(L, 1 << 16);
  struct caudit_buf *canonical = caudit_push_buf(L, 1 << 20);
  struct caudit_buf *string_to_sign = caudit_push_buf(L, 1 << 16);
  if (caudit_sign(signer, &credentials, &input, &signature, authorization, &err) != 0)
    return caudit_push_failure(L, &err);
  caudit_sign_canonical_request(canonical, &input, signature.payload_hash);
  caudit_sign_string_to_sign(string_to_sign, input.timestamp, signature.date, input.service,
                             signature.canonical_request_hash);
  if (canonical->status != 0 || string_to_sign->status != 0 ||
      caudit_sign_keys(signer, credentials.secret_key, signature.date, input.service, &keys) != 0)
    return luaL_error(L, "not enough memory");
  lua_createtable(L, 0, 10);
  set_text(L, "date", signature.date);
  set_text(L, "payload_hash", signature.payload_hash);
  set_buf(L, "canonical_request", canonical);
  set_text(L, "canonical_request_hash", signature.canonical_request_hash);
  set_buf(L, "string_to_sign", string_to_sign);
  set_text(L, "signature", signature.signature);
  set_buf(L, "authorization", authorization);
  set_hex(L, "date_key", keys.date);
  set_hex(L, "service_key", keys.service);
  set_hex(L, "signing_key", keys.signing);
  OPENSSL_cleanse(&keys, sizeof keys);
  return 1;
}
