-- The events of the emulator: a store, and DescribeEvents and LookUpEvents over it. Invariant: over the pages of a
-- query, in either order, each matching event appears exactly once.
local core = require "cloudaudit.core"
local clock = require "cloudaudit.emulator.clock"
local event = require "cloudaudit.emulator.actions.event"
local next_token = require "cloudaudit.emulator.actions.next_token"

local events = {}

local DAY = 86400
local MAX_RESULTS = 50

--- A store of records (see event.lua), in order of arrival and sorted by time.
function events.new(random, now)
  local origin = next_token.origin(now)
  return { arrived = {}, sorted = {}, in_order = true, random = random, empty_pages = 0, origin = origin,
    ingested = origin }
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

local function insert(emulator, record)
  local store, lag = emulator.events, emulator.options.delivery_lag
  record.ingested = next_token.ingest_time(store, emulator.clock:now())
  record.seq = #store.arrived + 1
  record.visible = record.EventTime + lag_of(store, lag)
  local last = store.sorted[#store.sorted]
  store.arrived[record.seq] = record
  store.sorted[#store.sorted + 1] = record
  if last and not earlier(last, record) then
    store.in_order = false
  end
end

--- Adds an event with any fields of Event and any attributes for searching, all optional; EventTime in epoch seconds
-- (default: now). Returns its EventId.
function events.add(emulator, fields)
  local record, message, err = event.from_fields(emulator, fields)
  if not record then
    return nil, message, err
  end
  insert(emulator, record)
  return record.EventId
end

--- Adds the event of a call to the emulator, if calls are recorded; see event.from_call.
function events.add_call(emulator, context, result)
  if emulator.options.record then
    insert(emulator, event.from_call(emulator, context, result))
  end
end

-- The records by time. They are sorted only if one was inserted out of order.
local function sorted(store)
  if not store.in_order then
    table.sort(store.sorted, earlier)
    store.in_order = true
  end
  return store.sorted
end

-- Binary search: the first index for which `holds` is true, if it is false for all before and true for all after.
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

-- The conditions of a query: event names as a set (ORed), the others as a list (ANDed). nil and the key for an unknown
-- key.
local function conditions(attributes)
  local names, others
  for _, attribute in ipairs(attributes or {}) do
    local key, value = attribute.AttributeKey, attribute.AttributeValue or ""
    local matches = event.MATCHERS[key]
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

local function satisfies(record, wanted)
  if wanted.names and not wanted.names[record.EventName] then
    return false
  end
  for _, condition in ipairs(wanted.others) do
    if not condition.matches(record, condition.value) then
      return false
    end
  end
  return true
end

-- The part of the sorted records that a query reads: from one index to another by steps; `low` to `high` is the whole
-- time range.
local function range_of(emulator, query)
  local store = emulator.events
  local list = sorted(store)
  -- Times are whole seconds: an exclusive end is the neighbouring second.
  local edges = emulator.options.edges
  local first = query.since + ((edges == "open" or edges == "right") and 1 or 0)
  local last = query.to - ((edges == "open" or edges == "left") and 1 or 0)
  local low = first_where(list, function(record) return record.EventTime >= first end)
  local high = first_where(list, function(record) return record.EventTime > last end) - 1
  local newest = emulator.options.order == "newest"
  local from, to, step = low, high, 1
  if newest then
    from, to, step = high, low, -1
  end
  local after = store.arrived[query.place.seq]
  if after then
    local place = first_where(list, function(record) return not earlier(record, after) end)
    local next_one = query.place.inclusive and 0 or 1
    from = newest and math.min(from, place - next_one) or math.max(from, place + next_one)
  end
  return { list = list, from = from, to = to, step = step, low = low, high = high }
end

-- The number of records in the time range that satisfy the conditions, on this page or another.
local function total_of(range, wanted)
  if not wanted.names and #wanted.others == 0 then
    return range.high - range.low + 1
  end
  local total = 0
  for i = range.low, range.high do
    total = total + (satisfies(range.list[i], wanted) and 1 or 0)
  end
  return total
end

-- Up to `most` records, and whether these were the last.
local function collect(emulator, query, range, most)
  local found, now, skip = {}, emulator.clock:now(), query.place.skip or 0
  for i = range.from, range.to, range.step do
    local record = range.list[i]
    if record.visible <= now and satisfies(record, query.wanted) then
      if skip > 0 then
        skip = skip - 1
      elseif #found == most then
        return found, false
      else
        found[#found + 1] = record
      end
    end
  end
  return found, true
end

-- Maximum number of events on this page: less than requested, possibly 0, for a short page.
local function page_limit(emulator, most)
  local probability = emulator.options.short_pages
  if probability and emulator.events.random:next() < probability then
    return emulator.events.random:integer(0, most - 1)
  end
  return most
end

-- One page of a query {since, to, wanted, place}; see next_token.read. `text`: for LookUpEvents.
local function page(emulator, query, most, text)
  local store = emulator.events
  local range = range_of(emulator, query)
  local found, over = collect(emulator, query, range, page_limit(emulator, most))
  local last = found[#found]
  if not over and not last then
    store.empty_pages = store.empty_pages + 1
  end
  local place = { seq = last and last.seq or query.place.seq, skip = (query.place.skip or 0) + #found,
    counter = over and 0 or store.empty_pages }
  return { events = found, over = over, total = total_of(range, query.wanted),
    token = next_token.write(emulator.options.page_tokens, store, place, over, text) }
end

local function shape(found, location, format_time)
  local out = setmetatable({}, core.list)
  for i, record in ipairs(found) do
    out[i] = event.to_shape(record, location, format_time)
  end
  return out
end

local function describe_events(emulator, params)
  local since, to = tonumber(params.StartTime), tonumber(params.EndTime)
  local most = tonumber(params.MaxResults or 10)
  local place = next_token.read(emulator.options.page_tokens, emulator.events, params.NextToken)
  local wanted, unknown = conditions(params.LookupAttributes)
  if to < since then
    return nil, "InvalidParameter", "EndTime is before StartTime."
  elseif since < emulator.clock:now() - 90 * DAY then
    return nil, "InvalidParameter", "StartTime is more than 90 days ago."
  elseif to - since >= 30 * DAY then
    return nil, "InvalidParameter", "The time range from StartTime to EndTime must be under 30 days."
  elseif most < 1 or most > MAX_RESULTS then
    return nil, "InvalidParameter", "MaxResults: 1 to 50 expected."
  elseif not wanted then
    return nil, "InvalidParameter", ("LookupAttributes: AttributeKey %s is unknown."):format(unknown)
  elseif not place then
    return nil, "InvalidParameter", "NextToken is not one that this service returned."
  end
  local result = page(emulator, { since = since, to = to, wanted = wanted, place = place }, most)
  return {
    ListOver = result.over, NextToken = result.token, TotalCount = result.total,
    Events = shape(result.events, tonumber(params.IsReturnLocation or 0) == 1, event.epoch),
  }
end

local function look_up_events(emulator, params)
  local since, to = tonumber(params.StartTime), tonumber(params.EndTime)
  local most = tonumber(params.MaxResults or 10)
  local place = next_token.read(emulator.options.page_tokens, emulator.events, params.NextToken, true)
  local wanted, unknown = conditions(params.LookupAttributes)
  if to < since or since < 0 then
    return nil, "InvalidParameterValue.Time", "The start time must not be after the end time."
  elseif to - since > 7 * DAY then
    return nil, "LimitExceeded.OverTime", "The time range from StartTime to EndTime must be within 7 days."
  elseif since < emulator.clock:now() - 90 * DAY then
    return nil, "InvalidParameter.Time", "StartTime is too long ago."
  elseif most < 1 or most > MAX_RESULTS then
    return nil, "InvalidParameterValue.MaxResult", "MaxResults: 1 to 50 expected."
  elseif params.Mode and params.Mode ~= "standard" and params.Mode ~= "quick" then
    return nil, "InvalidParameterValue", "Mode: standard or quick expected."
  elseif not wanted then
    return nil, "InvalidParameterValue.attributeKey", ("AttributeKey %s is unknown."):format(unknown)
  elseif not place then
    return nil, "InvalidParameterValue", "NextToken is not one that this service returned."
  end
  local result = page(emulator, { since = since, to = to, wanted = wanted, place = place }, most, true)
  return {
    ListOver = result.over, NextToken = result.token, TotalCount = result.total,
    Events = shape(result.events, true, clock.local_time),
  }
end

events.handlers = { DescribeEvents = describe_events, LookUpEvents = look_up_events }

return events
