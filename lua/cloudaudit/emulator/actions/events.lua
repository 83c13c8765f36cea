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

local function insert(store, record, lag)
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
  insert(emulator.events, record, emulator.options.delivery_lag)
  return record.EventId
end

--- Adds the event of a call to the emulator, if calls are recorded; `code` is the error that it got, if any.
function events.add_call(emulator, context, code)
  if emulator.options.record then
    insert(emulator.events, event.from_call(emulator, context, code), emulator.options.delivery_lag)
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

-- The part of the sorted records that a query reads: the list, first and last index, step, and the number of records in
-- the time range.
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
  local after = query.after and store.arrived[query.after]
  if after then
    local place = first_where(list, function(record) return not earlier(record, after) end)
    from = newest and math.min(from, place - 1) or math.max(from, place + 1)
  end
  return list, from, to, step, high - low + 1
end

-- Up to `most` records, whether these were the last, and the number of records in the time range.
local function collect(emulator, query, most)
  local list, from, to, step, total = range_of(emulator, query)
  local found, now = {}, emulator.clock:now()
  for i = from, to, step do
    local record = list[i]
    if record.visible <= now and satisfies(record, query.wanted) then
      if #found == most then
        return found, false, total
      end
      found[#found + 1] = record
    end
  end
  return found, true, total
end

-- Maximum number of events on this page: less than requested, possibly 0, for a short page.
local function page_limit(emulator, most)
  local probability = emulator.options.short_pages
  if probability and emulator.events.random:next() < probability then
    return emulator.events.random:integer(0, most - 1)
  end
  return most
end

-- One page of a query {since, to, wanted, after}; `after` is the sequence number of the last record returned.
local function page(emulator, query, most)
  local store = emulator.events
  local found, over, total = collect(emulator, query, page_limit(emulator, most))
  local token
  if not over then
    local last = found[#found]
    store.empty_pages = last and store.empty_pages or store.empty_pages + 1
    token = next_token.write(last and last.seq or query.after or 0, store.empty_pages)
  end
  local plain = not query.wanted.names and #query.wanted.others == 0
  return { events = found, over = over, token = token, total = plain and total or nil }
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
  local after, token_ok = nil, true
  if params.NextToken then
    after, token_ok = next_token.read(params.NextToken)
  end
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
  elseif not token_ok then
    return nil, "InvalidParameter", "NextToken is not one that this service returned."
  end
  local result = page(emulator, { since = since, to = to, wanted = wanted, after = after }, most)
  return {
    ListOver = result.over, NextToken = result.token or "0", TotalCount = result.total,
    Events = shape(result.events, tonumber(params.IsReturnLocation or 0) == 1, event.epoch),
  }
end

local function look_up_events(emulator, params)
  local since, to = tonumber(params.StartTime), tonumber(params.EndTime)
  local most = tonumber(params.MaxResults or 10)
  local after, token_ok = nil, true
  if params.NextToken and params.NextToken ~= "" then
    after, token_ok = next_token.read(params.NextToken)
  end
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
  elseif not token_ok then
    return nil, "InvalidParameterValue", "NextToken is not one that this service returned."
  end
  local result = page(emulator, { since = since, to = to, wanted = wanted, after = after }, most)
  return {
    ListOver = result.over, NextToken = result.token or "", TotalCount = result.total,
    Events = shape(result.events, false, clock.local_time),
  }
end

events.handlers = { DescribeEvents = describe_events, LookUpEvents = look_up_events }

return events
