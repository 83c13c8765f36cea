-- Runs Lua in a separate process, for specs that must not depend on earlier ones.
local own_process = {}

--- Runs Lua text with the build under test and returns its output, errors included.
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
