-- The actions of the model by name, read from the core once.
local core = require "cloudaudit.core"

local actions = core.actions()
local names = {}
for name in pairs(actions) do
  names[#names + 1] = name
end
table.sort(names)

return {
  --- {name, doc, service, version, request, response, writes, legacy, error_codes} of an action, or nil.
  get = function(name)
    return name ~= nil and actions[name] or nil
  end,
  --- The closest known name to one that is not known, or nil.
  nearest = function(name)
    return core.nearest(name, names)
  end,
  --- All names, sorted.
  names = names,
}
