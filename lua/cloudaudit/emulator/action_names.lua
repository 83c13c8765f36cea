-- The names of requests in faults and in the journal: the API's actions, and that of the metadata service.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local metadata = require "cloudaudit.emulator.metadata"

local action_names = {}

local known, list = {}, {}
for name in pairs(core.actions()) do
  known[name], list[#list + 1] = true, name
end
known[metadata.action], list[#list + 1] = true, metadata.action
table.sort(list)

--- True, or a failure of kind misuse with the nearest name. `place` is for its message.
function action_names.validate(place, name)
  if type(name) ~= "string" then
    return errors.misuse(("%s: name of an action expected, got %s"):format(place, type(name)), "action")
  elseif known[name] then
    return true
  end
  local near = core.nearest(name, list)
  return errors.misuse(("%s: unknown action %q%s"):format(place, core.line(name:sub(1, 40)),
    near and (", did you mean %s?"):format(near) or "; names such as DescribeEvents expected"), "action")
end

return action_names
