-- The events of the emulator: a store, and DescribeEvents and LookUpEvents over it. Whatever is
-- found, in whatever order and on whatever page, each event that matches comes up exactly once.
local core = require "cloudaudit.core"
local clock = require "cloudaudit.emulator.clock"
local cursor = require "cloudaudit.emulator.actions.next_token"
local record = require "cloudaudit.emulator.actions.event"

local events = {}

local DAY = 86400
local MAX_RESULTS = 50

--- The store: events in the order of their arrival, and sorted by time.
function events.new(random)
  return { arrived = {}, sorted = {}, in_order = true, random = random, empty_pages = 0 }
end

local function earlier(a, b)
  if a.EventTime ~= b.EventTime then
    return a.EventTime < b.EventTime
  end
  return a.seq < b.seq
end

local function lag_of(store, lag)
  if type(lag) == "table" then
    return lag[1] + store.random:next() * (lag[2] - lag[1])
  end
  return lag
end

-- Takes an event that is complete.
local function insert(store, event, lag)
  event.seq = #store.arrived + 1
  event.visible = event.EventTime + lag_of(store, lag)
  local last = store.sorted[#store.sorted]
  store.arrived[event.seq] = event
  store.sorted[#store.sorted + 1] = event
  if last and not earlier(last, event) then
    store.in_order = false
  end
end

--- Adds an event: any member of Event and any attribute that events are searched by, all optional;
-- EventTime in epoch seconds (default: now). Returns its EventId.
function events.add(emulator, given)
  local event, message, err = record.read(emulator, given)
  if not event then
    return nil, message, err
  end
  insert(emulator.events, event, emulator.options.delivery_lag)
  return event.EventId
end

--- Records a call that was made to the emulator; `code` is the error it got, if any.
function events.record(emulator, context, code)
  if emulator.options.record then
    insert(emulator.events, record.of_call(emulator, context, code), emulator.options.delivery_lag)
  end
end

-- The events by time, sorted again only after one came out of order.
local function sorted(store)
  if not store.in_order then
    table.sort(store.sorted, earlier)
    store.in_order = true
  end
  return store.sorted
end

-- The index of the first event for which `holds` is true, when it is false for all before.
local function first_where(list, holds)
  local low, high = 1, #list + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if holds(list[middle]) then
      high = middle
    else
      low = middle + 1
    end
  end
  return low
end

-- Conditions by key: EventName a set (several are ORed), the others lists (ANDed). nil and a key
-- when that key is unknown.
local function conditions(attributes)
  local names, others
  for _, attribute in ipairs(attributes or {}) do
    local key, value = attribute.AttributeKey, attribute.AttributeValue or ""
    local matches = record.MATCHERS[key]
    if not matches then
      return nil, key
    elseif key == "EventName" then
      names = names or {}
      names[value] = true
    else
      others = others or {}
      others[#others + 1] = { matches = matches, value = value }
    end
  end
  return { names = names, others = others or {} }
end

local function satisfies(event, wanted)
  if wanted.names and not wanted.names[event.EventName] then
    return false
  end
  for _, condition in ipairs(wanted.others) do
    if not condition.matches(event, condition.value) then
      return false
    end
  end
  return true
end

-- The part of the sorted events that a query walks: indexes from `at` to `stop` by `step`.
local function walk(emulator, query)
  local store = emulator.events
  local list = sorted(store)
  -- Seconds are whole, so an end that does not count in is the next second.
  local edges = emulator.options.edges
  local first = query.since + ((edges == "open" or edges == "right") and 1 or 0)
  local last = query.to - ((edges == "open" or edges == "left") and 1 or 0)
  local low = first_where(list, function(event) return event.EventTime >= first end)
  local high = first_where(list, function(event) return event.EventTime > last end) - 1
  local newest = emulator.options.order == "newest"
  local from, to, step = low, high, 1
  if newest then
    from, to, step = high, low, -1
  end
  local after = query.after and store.arrived[query.after]
  if after then
    local place = first_where(list, function(event) return not earlier(event, after) end)
    from = newest and math.min(from, place - 1) or math.max(from, place + 1)
  end
  return list, from, to, step, high - low + 1
end

-- Up to `most` events, whether these were the last, and how many the span holds.
local function collect(emulator, query, most)
  local list, from, to, step, total = walk(emulator, query)
  local found, now = {}, emulator.clock:now()
  for i = from, to, step do
    local event = list[i]
    if event.visible <= now and satisfies(event, query.wanted) then
      if #found == most then
        return found, false, total
      end
      found[#found + 1] = event
    end
  end
  return found, true, total
end

-- How many events this page holds at the most: fewer than asked for, perhaps none, on a short page.
local function page_limit(emulator, most)
  local chance = emulator.options.short_pages
  if chance and emulator.events.random:next() < chance then
    return emulator.events.random:integer(0, most - 1)
  end
  return most
end

-- One page of a query {since, to, wanted, after (seq of the last event given)}.
local function page(emulator, query, most)
  local store = emulator.events
  local found, over, total = collect(emulator, query, page_limit(emulator, most))
  local token
  if not over then
    local last = found[#found]
    store.empty_pages = last and store.empty_pages or store.empty_pages + 1
    token = cursor.write(last and last.seq or query.after or 0, store.empty_pages)
  end
  local plain = not query.wanted.names and #query.wanted.others == 0
  return { events = found, over = over, token = token, total = plain and total or nil }
end

local function shape(found, location, format_time)
  local out = setmetatable({}, core.list)
  for i, event in ipairs(found) do
    out[i] = record.show(event, location, format_time)
  end
  return out
end

local function describe_events(emulator, params)
  local since, to = tonumber(params.StartTime), tonumber(params.EndTime)
  local most = tonumber(params.MaxResults or 10)
  local after, token_ok = nil, true
  if params.NextToken then
    after, token_ok = cursor.read(params.NextToken)
  end
  local wanted, unknown = conditions(params.LookupAttributes)
  if to < since then
    return nil, "InvalidParameter", "EndTime is before StartTime."
  elseif since < emulator.clock:now() - 90 * DAY then
    return nil, "InvalidParameter", "StartTime is more than 90 days ago."
  elseif to - since >= 30 * DAY then
    return nil, "InvalidParameter", "The span from StartTime to EndTime must be under 30 days."
  elseif most < 1 or most > MAX_RESULTS then
    return nil, "InvalidParameter", "MaxResults: 1 to 50 expected."
  elseif not wanted then
    return nil, "InvalidParameter", ("LookupAttributes: AttributeKey %s is unknown."):format(unknown)
  elseif not token_ok then
    return nil, "InvalidParameter", "NextToken is not one that this service gave."
  end
  local result = page(emulator, { since = since, to = to, wanted = wanted, after = after }, most)
  return {
    ListOver = result.over, NextToken = result.token or "0", TotalCount = result.total,
    Events = shape(result.events, tonumber(params.IsReturnLocation or 0) == 1, record.epoch),
  }
end

local function look_up_events(emulator, params)
  local since, to = tonumber(params.StartTime), tonumber(params.EndTime)
  local most = tonumber(params.MaxResults or 10)
  local after, token_ok = nil, true
  if params.NextToken and params.NextToken ~= "" then
    after, token_ok = cursor.read(params.NextToken)
  end
  local wanted, unknown = conditions(params.LookupAttributes)
  if to < since or since < 0 then
    return nil, "InvalidParameterValue.Time", "The start time must not be after the end time."
  elseif to - since > 7 * DAY then
    return nil, "LimitExceeded.OverTime", "The span from StartTime to EndTime must be within 7 days."
  elseif since < emulator.clock:now() - 90 * DAY then
    return nil, "InvalidParameter.Time", "StartTime is too long ago."
  elseif most < 1 or most > MAX_RESULTS then
    return nil, "InvalidParameterValue.MaxResult", "MaxResults: 1 to 50 expected."
  elseif params.Mode and params.Mode ~= "standard" and params.Mode ~= "quick" then
    return nil, "InvalidParameterValue", "Mode: standard or quick expected."
  elseif not wanted then
    return nil, "InvalidParameterValue.attributeKey", ("AttributeKey %s is unknown."):format(unknown)
  elseif not token_ok then
    return nil, "InvalidParameterValue", "NextToken is not one that this service gave."
  end
  local result = page(emulator, { since = since, to = to, wanted = wanted, after = after }, most)
  return {
    ListOver = result.over, NextToken = result.token or "", TotalCount = result.total,
    Events = shape(result.events, false, clock.local_time),
  }
end

events.handlers = { DescribeEvents = describe_events, LookUpEvents = look_up_events }

return events
