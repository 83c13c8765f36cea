rockspec_format = "3.0"
package = "cloudaudit"
version = "scm-1"
source = { url = "git+file://." }
description = {
  summary = "Client for Tencent Cloud CloudAudit",
  detailed = "Tracking sets and audit events of Tencent Cloud, from plain Lua, nginx or any host "
    .. "that embeds Lua, with an emulator of the service to test against.",
  license = "MIT",
}
dependencies = { "lua >= 5.1" }
-- lua-cjson is used where there is one and no dependency: a distribution has it without LuaRocks
-- knowing. libcrypto, libcurl and libmicrohttpd are found by CMake, which also says what is missing.
build = {
  type = "cmake",
  variables = {
    CMAKE_BUILD_TYPE = "RelWithDebInfo",
    CMAKE_INSTALL_PREFIX = "$(PREFIX)",
    CMAKE_INSTALL_BINDIR = "bin",
    CLOUDAUDIT_INSTALL_C = "OFF",
    CLOUDAUDIT_LUA_INCLUDE_DIR = "$(LUA_INCDIR)",
    CLOUDAUDIT_LUA_MODULE_DIR = "$(LIBDIR)",
    CLOUDAUDIT_LUA_SHARE_DIR = "$(LUADIR)",
  },
}
