-- Lua in an interpreter of its own, for what must not depend on the specs that ran before.
local own_process = {}

--- Runs Lua text on the build that is tested and gives what it printed, errors too.
function own_process.run(text)
  local name = os.tmpname()
  local file = assert(io.open(name, "w"))
  file:write(text)
  file:close()
  local build = os.getenv("CLOUDAUDIT_BUILD")
  local pipe = assert(io.popen(("env -u LD_PRELOAD sh spec/with %s lua %s 2>&1"):format(build, name)))
  local output = pipe:read("*a")
  pipe:close()
  os.remove(name)
  return output
end

return own_process
