-- Runs Lua in a separate process, for specs that must not depend on earlier ones.
local own_process = {}

--- Runs Lua text with the build under test and returns its output, errors included. `variables`: shell assignments of
-- its environment.
function own_process.run(text, variables)
  local name = os.tmpname()
  local file = assert(io.open(name, "w"))
  file:write(text)
  file:close()
  local build = os.getenv("CLOUDAUDIT_BUILD")
  local line = ("env -u LD_PRELOAD %s sh spec/with %s lua %s 2>&1"):format(variables or "", build, name)
  local pipe = assert(io.popen(line))
  local output = pipe:read("*a")
  pipe:close()
  os.remove(name)
  return output
end

return own_process
