/* HMAC with SHA-1 and SHA-256, for the emulator to verify signatures of version 1. */
#include "binding/core/binding.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

/* hmac("SHA1" | "SHA256", key, text) -> the bytes of the HMAC; nil when libcrypto does not have it
 */
int caudit_lua_hmac(lua_State *L) {
  static const char *const names[] = {"SHA1", "SHA256", NULL};
  size_t key_len, text_len;
  const EVP_MD *digest = luaL_checkoption(L, 1, NULL, names) == 0 ? EVP_sha1() : EVP_sha256();
  const char *key = luaL_checklstring(L, 2, &key_len);
  union {
    const char *text;
    const unsigned char *bytes;
  } data = {luaL_checklstring(L, 3, &text_len)};
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned len = 0;
  luaL_argcheck(L, key_len <= INT_MAX, 2, "too long");
  if (!HMAC(digest, key, (int)key_len, data.bytes, text_len, out, &len)) return 0;
  union {
    unsigned char *bytes;
    char *text;
  } result = {out};
  lua_pushlstring(L, result.text, len);
  return 1;
}
