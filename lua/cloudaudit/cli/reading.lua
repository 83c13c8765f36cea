-- Reads the events of a request (see filter.lua) strictly by time, each once: merges its queries, waits when the
-- service throttles, and tells where it stopped when a page fails for good.
local clients = require "cloudaudit.cli.client"
local patience = require "cloudaudit.cli.patience"
local status = require "cloudaudit.cli.status"
local times = require "cloudaudit.cli.times"

local reading = {}

-- A number with its digits in groups of three.
local function grouped(number)
  local text = ("%d"):format(number)
  return (text:reverse():gsub("(%d%d%d)", "%1 "):reverse():gsub("^ ", ""))
end
reading.grouped = grouped

-- ---- one query -------------------------------------------------------------------------------

local function open(context, request, where, cursor)
  local query = { where = where, filter = request.filter, location = request.location, order = request.order,
    parallel = request.parallel, cursor = cursor }
  if not cursor then
    query.since, query["until"] = request.since, request["until"]
  end
  local client = context:client()
  return (clients.checked(client.events, client, query))
end

-- The next event, nil at the end; or nil and the error, also from then on.
local function step(iterator)
  local done, event = pcall(iterator)
  if done and event then
    return event
  elseif not done and not iterator.err then
    error(event, 0) -- SIGINT, or a bug
  end
  return nil, iterator.err
end

-- A source of a query's events: a function as `step`, which waits out throttling.
local function source(context, request, where)
  local iterator = open(context, request, where)
  return function()
    local event, err = step(iterator)
    if event then
      return event
    end
    local state = {}
    while err and patience.is_throttling(err) and patience.wait(context, state) do
      iterator = open(context, request, where, iterator.cursor)
      event, err = step(iterator)
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

-- Calls handle(event) for each event of an iterator, until that returns false: the error that ended it, if any, and
-- whether there was an event. One pcall for all of them, which is cheaper than one for each.
local function drain(iterator, handle)
  local seen = false
  local done, problem = pcall(function()
    for event in iterator do
      seen = true
      if not handle(event) then
        return
      end
    end
  end)
  if not done and not iterator.err then
    error(problem, 0) -- of handle, SIGINT, or a bug
  end
  return iterator.err, seen
end

-- The events of one query, as drain; waits out throttling, with new patience after each event.
local function read_one(context, request, where, handle)
  local iterator, state = open(context, request, where), {}
  while true do
    local err, seen = drain(iterator, handle)
    state = seen and {} or state
    if not err or not patience.is_throttling(err) or not patience.wait(context, state) then
      return err
    end
    iterator = open(context, request, where, iterator.cursor)
  end
end

-- The events of several queries.
local function read_merged(context, request, handle)
  local sources = {}
  for index, where in ipairs(request.queries) do
    sources[index] = source(context, request, where)
  end
  local next_event = merge(sources, request.order == "oldest")
  repeat
    local event, err = next_event()
    if not event then
      return err
    end
  until not handle(event)
end

--- Calls take(made) for each event of the request, in its order, until --max or the end: what make(event, level) makes
-- of it without the secrets of a level, or with all of them if the level is nil (--no-redact). Returns how many there
-- were. Ends the command when a page fails for good; `broken` is called before.
function reading.each(context, request, make, take, broken)
  local level = not context.values.no_redact and "secrets" or nil
  local count, last = 0, nil
  local function handle(event)
    count, last = count + 1, event.time or last
    if context.progress then
      context.progress:update(event.time)
    end
    take(make(event, level))
    return count ~= request.max
  end
  local err
  if #request.queries == 1 then
    err = read_one(context, request, request.queries[1], handle)
  else
    err = read_merged(context, request, handle)
  end
  if err then
    if broken then
      broken()
    end
    local number = patience.is_throttling(err) and 5 or status.of(err)
    local stopped = number ~= 2 and ("; stopped after %s events%s; the rest was not read"):format(grouped(count),
      last and " at " .. times.show(last, context.values.utc) or "")
    status.raise(number, status.message(err) .. (stopped or ""), err.hint)
  end
  return count
end

return reading
