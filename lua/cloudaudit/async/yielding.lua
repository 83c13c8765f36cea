-- Where the running code may yield, and to whom.
local yielding = {}

-- PUC Lua 5.1 cannot yield across pcall, iterators and metamethods.
local OLD = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

local in_nginx = require("cloudaudit.driver").in_nginx

-- On Lua 5.1 a C function on the stack prevents yielding, and so does the call of an iterator by a for loop. Lua's own
-- message names neither the cause nor the remedy.

--- Raises where Lua 5.1 could not yield.
function yielding.check()
  if not OLD or type(debug) ~= "table" then
    return
  end
  local level = 3
  local info = debug.getinfo(level, "Sn")
  while info do
    if info.what == "C" or info.name == "(for generator)" then
      error("cloudaudit: Lua 5.1 cannot wait inside pcall, the iterator of a for loop, a metamethod or a C function;"
        .. " call this outside of it (for an iterator: while true do local item = it() ...)", 0)
    end
    level = level + 1
    info = debug.getinfo(level, "Sn")
  end
end

--- Yields once to the host that runs this coroutine.
function yielding.to_host()
  yielding.check()
  coroutine.yield()
end

--- True in a coroutine that its host resumes later; false on the main thread, and in nginx, which resumes a
-- coroutine that yields at once, without a step in between.
function yielding.in_coroutine()
  local thread, is_main = coroutine.running()
  return thread ~= nil and not is_main and not in_nginx
end

return yielding
