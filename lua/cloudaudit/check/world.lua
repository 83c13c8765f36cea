-- What a check reads of an account, as functions: tracks(), track(id), quota(), audits(), differences(specs) and
-- events(query), a source (a function that returns the next event, nil after the last), each of which returns nil,
-- message, err on failure; and now(). A host may wrap them, to wait longer or to read events from elsewhere.
local calls = require "cloudaudit.tracks.calls"
local clock = require "cloudaudit.clock"
local ensure = require "cloudaudit.tracks.ensure"
local events = require "cloudaudit.events"
local reader = require "cloudaudit.reader"
local tracks = require "cloudaudit.tracks"

local world = {}

local METHOD = "check"

-- The old-style tracking sets, as the service lists them.
local function audits(session)
  local response, message, err = calls.call(session, METHOD, "ListAudits", {})
  if not response then
    return nil, message, err
  end
  local list, wrong = reader.list(response.AuditSummarys)
  if wrong then
    return reader.failure("ListAudits", response, "AuditSummarys", "a list", response.AuditSummarys)
  end
  local items = {}
  for _, item in ipairs(list) do
    items[#items + 1] = reader.is_object(item) and item or nil
  end
  return items
end

--- The world of a session.
function world.new(session)
  return {
    tracks = function()
      local list, message, err = calls.all(session, METHOD)
      return list, message, err
    end,
    track = function(id)
      return calls.get(session, METHOD, id)
    end,
    quota = function()
      return tracks.quota(session)
    end,
    audits = function()
      return audits(session)
    end,
    differences = function(specs)
      return ensure.diff_tracks(session, specs)
    end,
    events = function(query)
      local iterator = events.events(session, query)
      return function()
        return iterator:next()
      end
    end,
    now = function()
      return clock.now(session)
    end,
  }
end

return world
