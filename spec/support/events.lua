-- Event tables for specs: as the library gets them, out of a page's JSON.
local core = require "cloudaudit.core"
local event = require "cloudaudit.events.event"

local events = {}

--- The events of a list that is given as JSON text.
function events.decode(list)
  local page, message = core.decode_page('{"Response":{"Events":' .. list .. "}}", event.TYPE)
  return page and page.Response.Events, message
end

--- The event of a wire table.
function events.of(item)
  return assert(events.decode("[" .. core.json_text(item) .. "]"))[1]
end

return events
