-- The events of the emulator: a store, and DescribeEvents and LookUpEvents over it. Invariant: over the pages of a
-- query, in either order, each matching event appears exactly once.
local core = require "cloudaudit.core"
local clock = require "cloudaudit.emulator.clock"
local event = require "cloudaudit.emulator.actions.event"
local next_token = require "cloudaudit.emulator.actions.next_token"
local refusals = require "cloudaudit.emulator.refusals"

local events = {}

local DAY = 86400

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
local function conditions(attributes, taken)
  local names, count, others = nil, 0, nil
  for _, attribute in ipairs(attributes or {}) do
    local key, value = attribute.AttributeKey, attribute.AttributeValue or ""
    local matches = event.MATCHERS[key]
    if not matches or taken and not taken[key] then
      return nil, key
    elseif key == "EventName" then
      names = names or {}
      names[value] = true
      count = count + 1
    else
      others = others or {}
      others[#others + 1] = { matches = matches, value = value }
    end
  end
  return { names = names, count = count, others = others or {} }
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

local function shape(emulator, found, location, format_time)
  local out = setmetatable({}, core.list)
  for i, record in ipairs(found) do
    out[i] = event.to_shape(record, location, format_time, emulator.options.record_without)
  end
  return out
end

-- ---- requests ----------------------------------------------------------------------------------

local function set_of(list)
  local set = list and {}
  for _, item in ipairs(list or {}) do
    set[item] = true
  end
  return set
end

-- A request as the rules and `page` see it. `text`: of LookUpEvents.
local function query_of(emulator, params, text)
  local options, token = emulator.options, params.NextToken
  local wanted, unknown = conditions(params.LookupAttributes, not text and set_of(options.attribute_keys))
  return {
    since = tonumber(params.StartTime), to = tonumber(params.EndTime), most = tonumber(params.MaxResults or 10),
    now = emulator.clock:now(), wanted = wanted, unknown = unknown, mode = params.Mode,
    place = next_token.read(options.page_tokens, emulator.events, token, text),
    expired = options.token_seconds and token and next_token.age(emulator.events, token, emulator.clock:now())
      > options.token_seconds,
  }
end

local function beyond_max_results(query, options)
  return query.most < 1 or query.most > options.max_results, options.max_results
end

local function too_old(query)
  return query.since < query.now - 90 * DAY
end

local function unknown_key(query)
  return not query.wanted, query.unknown
end

local function bad_token(query)
  return not query.place
end

local EVENT_RULES = {
  { "events.order", function(query) return query.to < query.since end },
  { "events.too_old", too_old },
  { "events.too_long", function(query) return query.to - query.since >= 30 * DAY end },
  { "events.max_results", beyond_max_results },
  { "events.attribute_key", unknown_key },
  { "events.event_names", function(query, options)
    local most = options.most_event_names
    return most and query.wanted and query.wanted.count > most, most
  end },
  { "events.token_expired", function(query) return query.expired end },
  { "events.token", bad_token },
}

local LOOKUP_RULES = {
  { "lookup.order", function(query) return query.to < query.since or query.since < 0 end },
  { "lookup.too_long", function(query) return query.to - query.since > 7 * DAY end },
  { "lookup.too_old", too_old },
  { "lookup.max_results", beyond_max_results },
  { "lookup.mode", function(query)
    return query.mode and query.mode ~= "standard" and query.mode ~= "quick"
  end },
  { "lookup.attribute_key", unknown_key },
  { "lookup.token", bad_token },
}

-- Answers a query: its page, or nil, a code and a message. What a rule that is switched off lets through is served as
-- far as it makes sense.
local function answer(emulator, params, rules, text)
  local query = query_of(emulator, params, text)
  local code, message = refusals.first(emulator.options, rules, query)
  if code then
    return nil, code, message
  end
  query.wanted = query.wanted or { others = {}, count = 0 }
  query.place = query.place or { seq = 0 }
  return page(emulator, query, math.max(1, math.min(query.most, emulator.options.max_results)), text)
end

local function describe_events(emulator, params)
  local result, code, message = answer(emulator, params, EVENT_RULES)
  if not result then
    return nil, code, message
  end
  if emulator.options.token_seconds then
    next_token.remember(emulator.events, result.token, emulator.clock:now())
  end
  return {
    ListOver = result.over, NextToken = result.token, TotalCount = result.total,
    Events = shape(emulator, result.events, tonumber(params.IsReturnLocation or 0) == 1, event.epoch),
  }
end

local function look_up_events(emulator, params)
  local result, code, message = answer(emulator, params, LOOKUP_RULES, true)
  if not result then
    return nil, code, message
  end
  return {
    ListOver = result.over, NextToken = result.token, TotalCount = result.total,
    Events = shape(emulator, result.events, true, clock.local_time),
  }
end

events.handlers = { DescribeEvents = describe_events, LookUpEvents = look_up_events }

return events
