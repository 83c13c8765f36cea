-- Reads the events of a request (see filter.lua) strictly by time, each once: merges its queries, waits when the
-- service throttles, and tells where it stopped when a page fails for good.
local clients = require "cloudaudit.cli.client"
local cursors = require "cloudaudit.events.cursor"
local grouped = require "cloudaudit.cli.grouped"
local patience = require "cloudaudit.cli.patience"
local status = require "cloudaudit.cli.status"
local times = require "cloudaudit.cli.times"

local reading = {}

-- ---- one query -------------------------------------------------------------------------------

local function open(context, request, where, cursor)
  local query = { where = where, filter = request.filter, location = request.location, order = request.order,
    parallel = request.parallel, cursor = cursor }
  if not cursor then
    query.since, query["until"] = request.since, request.up_to_now and "now" or request["until"]
  end
  local client = context:client()
  return (clients.checked(client.events, client, query))
end

--- How far the reading of a request, oldest first, has come: the first second that was not read to its end, and the
-- last second of the request. With `up_to_now` that is by the service's clock, which the first response may have told.
function reading.position(request)
  local edge, last = math.huge, math.huge
  if not next(request.iterators or {}) then
    return request.since, request["until"]
  end
  for _, iterator in pairs(request.iterators) do
    local text = iterator.cursor
    if not text then
      return request.since, request["until"]
    end
    local held, position = cursors.read("events", text)
    last = math.min(last, held.to)
    edge = math.min(edge, position.done and held.to + 1 or position.edge)
  end
  return math.min(edge, last + 1), last
end

-- A source of a query's events: a function that returns the next one, nil at the end, or nil and the error. It waits
-- out throttling.
local function source(context, request, where)
  local iterator = open(context, request, where)
  request.iterators[where] = iterator
  return function()
    local event, _, err = iterator:next()
    if event then
      return event
    end
    local state = {}
    while err and patience.is_throttling(err) and patience.wait(context, state) do
      iterator = open(context, request, where, iterator.cursor)
      request.iterators[where] = iterator
      event, _, err = iterator:next()
    end
    return event, err
  end
end

-- ---- several queries -------------------------------------------------------------------------

-- Whether an event comes before another in the order of the reading: by time, then by id.
local function before(a, b, oldest)
  local first, second = a.time or 0, b.time or 0
  if first ~= second then
    return (first < second) == oldest
  end
  return a.id ~= b.id and ((a.id or "") < (b.id or "")) == oldest
end

-- One source of several, whose events come in one order; an event that several have comes once.
local function merge(sources, oldest)
  local heads, last = {}, nil
  local function fill(index)
    local event, err = sources[index]()
    heads[index] = event
    return err
  end
  local stale = {}
  for index = 1, #sources do
    stale[index] = true
  end
  return function()
    while true do
      for index = 1, #sources do
        local err = stale[index] and fill(index)
        if err then
          return nil, err
        end
        stale[index] = false
      end
      local first
      for index = 1, #sources do
        if heads[index] and (not first or before(heads[index], heads[first], oldest)) then
          first = index
        end
      end
      if not first then
        return nil
      end
      local event = heads[first]
      stale[first] = true
      if not (last and event.id and event.id == last.id) then
        last = event
        return event
      end
    end
  end
end

--- A source of the events of a request, in its order, each once: a function that returns the next event, nil after the
-- last, or nil and the error. Whatever reads events, from the service or from an export, takes them from here.
function reading.source(context, request)
  request.iterators = {}
  if request.from then
    return require("cloudaudit.cli.stored").open(context, request)
  end
  local sources = {}
  for index, where in ipairs(request.queries) do
    sources[index] = source(context, request, where)
  end
  return #sources == 1 and sources[1] or merge(sources, request.order == "oldest")
end

--- Calls take(event, level) for each event of the request, in its order, until --max, the end or a take that returns
-- false. The event has its secrets; `level` is what take must redact, nil for nothing: with --no-redact, and for an
-- export that did so before. Returns how many there were. Ends the command when a page fails for good; `broken` is
-- called before.
function reading.each(context, request, take, broken)
  local next_event = reading.source(context, request)
  local level = not (context.values.no_redact or request.redacted) and "secrets" or nil
  local count, last = 0, nil
  while not request.max or count < request.max do
    local event, err = next_event()
    if err then
      if broken then
        broken()
      end
      local number = patience.is_throttling(err) and 5 or status.of(err)
      local stopped = number ~= 2 and ("; stopped after %s events%s; the rest was not read"):format(grouped(count),
        last and " at " .. times.show(last, context.values.utc) or "")
      status.raise(number, status.message(err) .. (stopped or ""), err.hint)
    elseif not event then
      break
    end
    count, last = count + 1, event.time or last
    if context.progress then
      context.progress:update(event.time)
    end
    if take(event, level) == false then
      break
    end
  end
  return count
end

return reading
