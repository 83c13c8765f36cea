-- A temporary folder for a spec, for files that hold keys.
local folder = {}

local function run(command)
  local done = os.execute("LD_PRELOAD= " .. command)
  assert(done == 0 or done == true, command)
end

--- Makes one: {path, write(name, text [, mode]) -> path, remove(), provider_context(environment, now)}. Names may
-- contain folders. provider_context gives the context of a provider whose HOME is the folder; its log is in `lines`.
function folder.new()
  local self = { path = os.tmpname() }
  os.remove(self.path)
  run(("mkdir -m 700 '%s'"):format(self.path))

  function self.write(name, text, mode)
    local path = self.path .. "/" .. name
    run(("mkdir -p '%s'"):format(path:match("^(.*)/")))
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
    run(("chmod %s '%s'"):format(mode or "600", path))
    return path
  end

  function self.remove()
    run(("rm -r '%s'"):format(self.path))
  end

  function self.provider_context(environment, now)
    local values = { HOME = self.path }
    for name, value in pairs(environment or {}) do
      values[name] = value
    end
    local context = { lines = {}, getenv = function(name) return values[name] end,
      clock = function() return now or 1000 end }
    function context.log(level, line)
      context.lines[#context.lines + 1] = level .. ": " .. line
    end
    return context
  end

  return self
end

return folder
