-- The actions of CloudAudit by name, read from the core once. The model also has actions of STS, which are not methods
-- of a client.
local core = require "cloudaudit.core"

local actions, names = {}, {}
for name, action in pairs(core.actions()) do
  if action.service == "cloudaudit" then
    actions[name] = action
    names[#names + 1] = name
  end
end
table.sort(names)

return {
  --- All actions by name.
  known = actions,
  --- {name, doc, service, version, request, response, writes, legacy, error_codes} of an action, or nil.
  get = function(name)
    return name ~= nil and actions[name] or nil
  end,
  --- The known name nearest to an unknown one, or nil.
  nearest = function(name)
    return core.nearest(name, names)
  end,
  --- All names, sorted.
  names = names,
}
