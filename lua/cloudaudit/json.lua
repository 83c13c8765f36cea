-- Marks a table as a JSON list, for parameters of actions that the model does not know: there an
-- empty table would be written as {}. (Fields of the model are lists by themselves.)
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"

local list = {}

--- Returns the same table (or a new one), which is written as [] when it is empty.
--: cloudaudit.list(items?: table) -> table
list.mark = errors.public(function(items)
  if items ~= nil and type(items) ~= "table" then
    return errors.misuse("list: table expected, got " .. type(items))
  end
  return setmetatable(items or {}, core.list)
end)

return list
