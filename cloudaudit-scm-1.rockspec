rockspec_format = "3.0"
package = "cloudaudit"
version = "scm-1"
source = { url = "git+file://." }
description = {
  summary = "Client for Tencent Cloud CloudAudit",
  detailed = "Tracking sets and audit events of Tencent Cloud, for Lua programs, nginx and hosts that "
    .. "embed Lua, with an emulator of the service for tests.",
  license = "MIT",
}
dependencies = { "lua >= 5.1" }
-- lua-cjson is used if it is installed. It is not a dependency: LuaRocks does not see the package of a
-- distribution. CMake finds libcrypto, libcurl and libmicrohttpd and reports what is missing.
build = {
  type = "cmake",
  variables = {
    CMAKE_BUILD_TYPE = "RelWithDebInfo",
    CMAKE_INSTALL_PREFIX = "$(PREFIX)",
    CMAKE_INSTALL_BINDIR = "bin",
    CLOUDAUDIT_CURL = "ON",
    CLOUDAUDIT_INSTALL_C = "OFF",
    CLOUDAUDIT_LUA_INCLUDE_DIR = "$(LUA_INCDIR)",
    CLOUDAUDIT_LUA_MODULE_DIR = "$(LIBDIR)",
    CLOUDAUDIT_LUA_SHARE_DIR = "$(LUADIR)",
  },
}
