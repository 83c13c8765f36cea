-- Runs busted specs inside nginx, in the content handler of a request, so that all their waits yield to the worker.
-- Prints the failures and the counts.
local runner = {}

-- Each run loads busted anew.
local function forget_busted()
  for name in pairs(package.loaded) do
    if name:find("^busted") or name:find("^luassert") or name == "mediator" then
      package.loaded[name] = nil
    end
  end
end

-- dofile in Lua: code inside the original, which is a C function, could not yield.
local function lua_dofile(path)
  return assert(loadfile(path))()
end

local function subscribe(busted, sums, say)
  local function next_one()
    return nil, true
  end
  local function told(word)
    return function(element, parent, message, trace)
      say(("%s -> %s %s\n%s\n%s"):format(word, parent and parent.name or "", element and element.name or "",
        tostring(message), type(trace) == "table" and trace.traceback or ""))
      return next_one()
    end
  end
  busted.subscribe({ "test", "end" }, function(_, _, status)
    sums[status] = (sums[status] or 0) + 1
    return next_one()
  end)
  busted.subscribe({ "failure" }, told("Failure"))
  busted.subscribe({ "error" }, function(element, ...)
    if element.descriptor ~= "it" then
      sums.error = (sums.error or 0) + 1
    end
    return told("Error")(element, ...)
  end)
end

--- Runs files (a list of paths); `say` is called with lines of output. Returns true on success.
function runner.run(files, say)
  forget_busted()
  local busted = require "busted.core"()
  require "busted"(busted)
  local sums = {}
  subscribe(busted, sums, say)
  local dofile_before = dofile
  local print_before = print
  rawset(_G, "dofile", lua_dofile)
  rawset(_G, "print", say)
  for _, path in ipairs(files) do
    local chunk = assert(loadfile(path))
    local file = { getTrace = function(_, info)
      return info
    end }
    busted.executors.file(path, setmetatable(file, { __call = chunk }))
  end
  require "busted.execute"(busted)(1, {})
  rawset(_G, "dofile", dofile_before)
  rawset(_G, "print", print_before)
  local passed, failed = sums.success or 0, (sums.failure or 0) + (sums.error or 0) + (sums.pending or 0)
  say(("%d passed, %d failed"):format(passed, failed))
  return passed > 0 and failed == 0
end

return runner
