-- Modules of others that may be missing.
local optional = {}

--- The module of a name, or nil when it cannot be loaded. SIGINT, which lua.c turns into an error, is none of that.
function optional.module(name)
  local found, module = pcall(require, name)
  if not found and tostring(module):find("interrupted!", 1, true) then
    error(module, 0)
  end
  return found and module or nil
end

return optional
