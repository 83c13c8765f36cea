-- JSON values that Lua has no equivalent for, in parameters of actions that the model does not know: an empty
-- table is written as {} unless it is marked as a list. (Fields of the model know which of them are lists.)
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"

local json = { null = core.null }

--- Marks a table as a JSON list, so that it is written as [] when it is empty. Returns it (or a new one).
--: cloudaudit.list(items?: table) -> table
json.list = errors.public(function(items)
  if items ~= nil and type(items) ~= "table" then
    return errors.misuse("list: table expected, got " .. type(items))
  end
  return setmetatable(items or {}, core.list)
end)

return json
