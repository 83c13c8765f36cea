/* The HTTP/1.1 codec compared with the reader in Lua that it replaced: both take the same responses
 * as complete, with the same status, body and reuse of the connection. The codec may refuse a line
 * before the rest of its head is there, which the oracle then misses. */
#include "http1_reading.h"
#include "lua_state.h"

/* feed(bytes, most_head, most_body) -> outcome, status, body. */
static const char oracle[] =
    "package.path = ... .. '/lua/?.lua;' .. ... .. '/spec/?.lua'\n"
    "local http1 = require 'support.http1_oracle'\n"
    "return function(bytes, most_head, most_body)\n"
    "  local reader = http1.reader{ max_head = most_head, max_body = most_body }\n"
    "  local done, problem = reader:feed(bytes)\n"
    "  local outcome = problem and 'refused' or done and (reader.keep and 'keep' or 'close')\n"
    "  if not outcome then\n"
    "    done, problem = reader:finish()\n"
    "    outcome = problem and 'cut' or 'until close'\n"
    "  end\n"
    "  local response = done and reader.response or {}\n"
    "  return outcome, response.status or 0, response.body or ''\n"
    "end\n";

static lua_State *state_with_oracle(void) {
  static lua_State *L;
  if (L) return L;
  L = fuzz_state();
  REQUIRE(luaL_loadstring(L, oracle) == LUA_OK);
  lua_pushliteral(L, SOURCE);
  if (lua_pcall(L, 1, 1, 0) != LUA_OK) (void)fprintf(stderr, "%s\n", lua_tostring(L, -1)), abort();
  lua_setfield(L, LUA_REGISTRYINDEX, "oracle");
  return L;
}

static void require_same(const struct http1_reading *reading, struct caudit_str bytes) {
  static const char *const names[] = {"keep", "close", "until close", "cut", "refused"};
  lua_State *L = state_with_oracle();
  lua_getfield(L, LUA_REGISTRYINDEX, "oracle");
  lua_pushlstring(L, bytes.data, bytes.len);
  lua_pushinteger(L, HTTP1_MOST_HEAD);
  lua_pushinteger(L, HTTP1_MOST_BODY);
  REQUIRE(lua_pcall(L, 3, 3, 0) == LUA_OK);
  const char *outcome = lua_tostring(L, -3);
  bool early = reading->outcome == HTTP1_REFUSED && strcmp(outcome, "cut") == 0;
  REQUIRE(early || strcmp(outcome, names[reading->outcome]) == 0);
  if (http1_is_complete(reading)) {
    size_t len;
    const char *body = lua_tolstring(L, -1, &len);
    REQUIRE(lua_tointeger(L, -2) == reading->status);
    REQUIRE(caudit_str_equal((struct caudit_str){body, len}, http1_body(reading)));
  }
  lua_pop(L, 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct choices c = {data, data + size};
  struct http1_reading reading;
  (void)choose(&c); /* so that the corpus is http1.c's */
  struct caudit_str bytes = rest_of(&c);
  http1_read(&reading, bytes, bytes.len, "POST");
  require_same(&reading, bytes);
  http1_free(&reading);
  return 0;
}
