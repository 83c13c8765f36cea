-- Redacting events in Lua: what the core's redaction must agree with.
local event = require "cloudaudit.events.event"
local text = require "support.oracle.redact_text"

--- A copy of an event without secrets, at a level.
return function(given, level)
  local copy, found = {}, {}
  local key_id = given.access_key_id
  if level == "all" and key_id ~= nil and key_id ~= "" then
    key_id = text.MARK
    text.remember(found, given.access_key_id)
  end
  for name, value in pairs(given) do
    if type(value) == "string" and name ~= "access_key_id" and name ~= "detail" then
      copy[name] = text.values(value, found, level)
    elseif name ~= "detail" then
      copy[name] = value
    end
  end
  local needles = text.needles(found)
  for name, value in pairs(copy) do
    if type(value) == "string" and name ~= "access_key_id" then
      copy[name] = text.without(value, needles, level)
    end
  end
  copy.access_key_id = key_id
  return event.new(copy)
end
