-- Uses an installed cloudaudit; run by run.sh with the prefix.
local prefix = assert(arg[1])

for _, name in ipairs { "cloudaudit.core", "cloudaudit.curl", "cloudaudit.httpd" } do
  local path = assert(package.searchpath(name, package.cpath))
  assert(path:sub(1, #prefix) == prefix, name .. " is not the installed one: " .. path)
  require(name)
end

local path = assert(package.searchpath("cloudaudit", package.path))
assert(path:sub(1, #prefix) == prefix, "cloudaudit is not the installed one: " .. path)

-- The command finds its modules without help from the environment.
local command = io.popen(("env -u LUA_PATH -u LUA_CPATH '%s/bin/cloudaudit' --version"):format(prefix))
assert(command:read("*l"):find(require("cloudaudit.core").version, 1, true))
command:close()

local client = require("cloudaudit.emulator").new():client()
local track = assert(client:create_track {
  name = "installed",
  action = "write",
  storage = require("cloudaudit").storage.cos { region = "ap-guangzhou", bucket = "audit-logs", prefix = "logs" },
})
assert(client:get_track(track.id).name == "installed")
client:close()
