-- The reads of the posture checks, each made once, when a check first needs it. A read that failed stays failed: what
-- depends on it is unknown.
local history = require "cloudaudit.check.history"
local where = require "cloudaudit.events.where"

local state = {}

-- Events are kept for 90 days.
local ALL = "-90d"
local DAY = "-24h"

--- The actions that a read calls, for the catalog.
state.ACTIONS = {
  tracks = { "DescribeAuditTracks" }, details = { "DescribeAuditTrack" }, quota = { "InquireAuditCredit" },
  audits = { "ListAudits" }, differences = { "DescribeAuditTracks", "DescribeAuditTrack" },
  recent = { "DescribeEvents" }, account = { "DescribeEvents" }, changes = { "DescribeEvents" },
  sinks = { "DescribeEvents" },
}

-- All events of a query, oldest first.
local function collect(world, query)
  query.order = "oldest"
  local source, list = world.events(query), {}
  while true do
    local event, message, err = source()
    if err then
      return nil, message, err
    elseif not event then
      return list
    end
    list[#list + 1] = event
  end
end

-- The newest event of a time range as {event = …}, empty when there is none.
local function newest(world, since)
  local event, message, err = world.events{ since = since, max = 1 }()
  if err then
    return nil, message, err
  end
  return { event = event }
end

local reads = {}

function reads.tracks(self)
  return self.world.tracks()
end

-- Lists have neither filters nor all_members. A set that was deleted meanwhile is none.
function reads.details(self)
  local list, message, err = self:get("tracks")
  local details = {}
  for _, track in ipairs(list or {}) do
    local whole
    whole, message, err = self.world.track(track.id)
    if not whole and not err:is("ResourceNotFound") then
      return nil, message, err
    end
    details[#details + 1] = whole
  end
  if not list then
    return nil, message, err
  end
  return details
end

function reads.quota(self)
  return self.world.quota()
end

function reads.audits(self)
  return self.world.audits()
end

function reads.differences(self)
  return self.world.differences(self.against)
end

function reads.recent(self)
  return newest(self.world, DAY)
end

-- The account that the events are about, {id = text}.
function reads.account(self)
  local found, message, err = self:get("recent")
  if found and not found.event then
    found, message, err = newest(self.world, ALL)
  end
  if not found then
    return nil, message, err
  end
  local id = found.event and found.event.account_id
  return { id = id ~= nil and where.exact(id) or nil }
end

function reads.changes(self)
  return collect(self.world, { since = ALL, where = { event_name = history.CHANGES } })
end

function reads.sinks(self)
  local details, message, err = self:get("details")
  if not details then
    return nil, message, err
  end
  local names = history.sink_names(details)
  return names[1] and collect(self.world, { since = ALL, where = { event_name = names } }) or {}
end

local State = {}
State.__index = State

--- The value of a read; nil, message, err when it failed.
function State:get(name)
  local known = self.known[name]
  if not known then
    known = { reads[name](self) }
    self.known[name] = known
  end
  return known[1], known[2], known[3]
end

--- The reads over a world (see world.lua). `against`: the specs that differences compares with.
function state.new(world, against)
  return setmetatable({ world = world, against = against, known = {} }, State)
end

return state
