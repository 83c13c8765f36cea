-- Sources of events: functions that return the next event; nil at the end; nil, message.
--
-- A query is {since (nil: no beginning), until, ends (whether `until` was asked for), oldest (boolean), wanted (a test
-- of an event, or nil)}. Opening a source sets `redacted` when its events were redacted before.
local core = require "cloudaudit.core"
local events = require "cloudaudit.events.event"
local record = require "cloudaudit.export.record"

local source = {}

--- The events of lines (see lines.lua); `place` names them in messages.
function source.of_lines(place, list)
  local number = 0
  return function()
    local line, message, event
    repeat -- a line may be empty, such as the last
      line, message = list:next()
      number = number + 1
    until not line or not line:find("^[ \t\r]*$")
    if not line then
      return nil, message and ("%s: %s"):format(place, message)
    end
    event, message = record.event(core.decode(line), line)
    if not event then
      return nil, ("%s:%d: %s"):format(place, number, message)
    end
    return event
  end
end

--- The events of another source that a query wants. One whose time is unknown is in no time range.
function source.wanted(next_event, query)
  local since, to, test = query.since, query["until"], query.wanted
  return function()
    while true do
      local event, message = next_event()
      if not event then
        return nil, message
      end
      local time = event.time
      local inside = time and time >= (since or 0) and time <= to or not (time or since or query.ends)
      if inside and (not test or test(event)) then
        return event
      end
    end
  end
end

local function later(a, b)
  return events.earlier(b, a)
end

--- Adds all events of a source to a list and sorts it in the order of the query, those without a time last. The list;
-- nil, message.
function source.load(next_event, query, list)
  local event, message = next_event()
  while event do
    list[#list + 1] = event
    event, message = next_event()
  end
  if message then
    return nil, message
  end
  local before = query.oldest and events.earlier or later
  table.sort(list, function(a, b)
    if (a.time == nil) ~= (b.time == nil) then
      return b.time == nil
    end
    return before(a, b)
  end)
  return list
end

--- The events of a sorted list, each identity once.
function source.of_list(list)
  local at, last = 0, nil
  return function()
    repeat
      at = at + 1
    until not list[at] or not last or events.identity(list[at]) ~= events.identity(last)
    last = list[at]
    return last
  end
end

--- The events of a source in the order of a query; they are loaded when the first one is asked for.
function source.sorted(next_event, query)
  local next_sorted
  return function()
    if not next_sorted then
      local list, message = source.load(next_event, query, {})
      if not list then
        return nil, message
      end
      next_sorted = source.of_list(list)
    end
    return next_sorted()
  end
end

-- Inserts a head {event, next, place} where it belongs: a head that advanced mostly stays the first.
local function insert(heads, head)
  local at = 1
  while heads[at] and events.earlier(heads[at].event, head.event) do
    at = at + 1
  end
  table.insert(heads, at, head)
end

-- Takes the next event of a head back into the list. true; nil, message.
local function advance(heads, head)
  local event, message = head.next()
  if message then
    return nil, message
  elseif event and head.event and event.time < head.event.time then
    return nil, head.place .. ": its lines are not sorted by time, as those of an export are"
  elseif event then
    head.event = event
    insert(heads, head)
  end
  return true
end

--- Merges sources that are sorted, oldest first, and whose events have times. list: {next=, place=}… nil, message.
function source.merge(list)
  local heads, last = {}, nil
  for _, head in ipairs(list) do
    local done, message = advance(heads, head)
    if not done then
      return nil, message
    end
  end
  return function()
    while heads[1] do
      local head = table.remove(heads, 1)
      local event = head.event
      local done, message = advance(heads, head)
      if not done then
        return nil, message
      elseif not last or events.identity(event) ~= events.identity(last) then
        last = event
        return event
      end
    end
    return nil
  end
end

return source
