-- A driver for specs that answers DescribeEvents from a list of events in memory, in each of the ways that the
-- documentation leaves open. Its seed makes it deterministic; it is fast enough for thousands of histories.
local core = require "cloudaudit.core"
local random = require "cloudaudit.emulator.random"
local wire = require "support.wire"

local history = {}

history.NOW = 1700000000

-- An event {id, time, name, user, ip, raw} in the service's form; `tells` is its displayed time, if it differs from the
-- time by which it is found.
local function shown(event)
  return {
    EventId = event.id, EventTime = ("%d"):format(event.tells or event.time),
    EventName = event.name or "DescribeInstances", Username = event.user or "root", SourceIPAddress = event.ip,
    CloudAuditEvent = event.raw or "{}", Resources = { ResourceType = "cvm", ResourceName = event.id },
  }
end

-- Which ends of a time range are inclusive: "closed" (both), "open" (none), "right" (the end), "left" (the start).
local function inside(edges, time, from, to)
  local after = time > from or time == from and (edges == "closed" or edges == "left")
  local before = time < to or time == to and (edges == "closed" or edges == "right")
  return after and before
end

local function matches(event, attributes)
  local names
  for _, attribute in ipairs(attributes or {}) do
    if attribute.AttributeKey == "EventName" then
      names = names or {}
      names[attribute.AttributeValue] = true
    elseif attribute.AttributeKey == "SourceIPAddress" and event.ip ~= attribute.AttributeValue then
      return false
    end
  end
  return not names or names[event.name] == true
end

local ORDERS = {
  newest = function(a, b) return a.time > b.time or a.time == b.time and a.seq > b.seq end,
  oldest = function(a, b) return a.time < b.time or a.time == b.time and a.seq < b.seq end,
  shuffled = function(a, b) return a.rank < b.rank end,
}

--- A service: options {events, order = "newest" | "oldest" | "shuffled", edges, short (chance of a short page),
-- seed, now}. service.now is the clock; an event is found from its `visible` on.
function history.new(options)
  local self = { now = options.now or history.NOW, events = {}, requests = {}, order = options.order or "newest",
    edges = options.edges or "closed", short = options.short or 0, random = random.new(options.seed or 1), tokens = 0 }
  function self.add(event)
    event.seq, event.rank = #self.events + 1, self.random:next()
    self.events[event.seq] = event
  end
  for _, event in ipairs(options.events or {}) do
    self.add(event)
  end
  return self
end

-- The matching events after the event `after`.
local function found(self, params)
  local out = {}
  for _, event in ipairs(self.events) do
    if inside(self.edges, event.time, params.StartTime, params.EndTime) and (event.visible or 0) <= self.now
        and matches(event, params.LookupAttributes) then
      out[#out + 1] = event
    end
  end
  local before = ORDERS[self.order]
  table.sort(out, before)
  local seq = params.NextToken and tonumber(tostring(params.NextToken):sub(5, 10)) or 0
  local after = self.events[seq]
  local from = 1
  while after and out[from] and not before(after, out[from]) do
    from = from + 1
  end
  return out, from
end

local function answer(self, params)
  assert(params.EndTime - params.StartTime < 30 * 86400, "the time range is too long")
  assert(params.StartTime >= self.now - 90 * 86400, "the start is too old")
  assert(params.MaxResults <= 50, "the page is too long")
  local all, from = found(self, params)
  local most = params.MaxResults
  if self.short > 0 and self.random:next() < self.short then
    most = self.random:integer(0, most - 1)
  end
  local page = setmetatable({}, core.list)
  for index = from, math.min(from + most - 1, #all) do
    page[#page + 1] = shown(all[index])
  end
  local over = from + most > #all
  local last = all[from + #page - 1]
  self.tokens = self.tokens + 1
  return { Events = page, ListOver = over, RequestId = "r", TotalCount = 0,
    NextToken = over and "0" or ("9107%06d%06d"):format(last and last.seq or 0, self.tokens % 1000000) }
end

--- A client of the service, whose calls can also run concurrently; options are those of cloudaudit.new.
-- self.most_under_way counts how many did.
function history.client(self, options)
  local driver = wire.driver{ function(request)
    local params = core.decode(request.body)
    self.requests[#self.requests + 1] = params
    if self.fail then
      local body = self.fail(#self.requests, params)
      if body then
        return { status = 200, headers = {}, body = body }
      end
    end
    local text = assert(core.encode(answer(self, params), "DescribeEventsResponse"))
    return { status = 200, headers = { ["content-type"] = "application/json" }, body = '{"Response":' .. text .. "}" }
  end }
  function driver.sleep(seconds)
    driver.slept[#driver.slept + 1] = seconds
    driver.time, self.now = driver.time + seconds, self.now + seconds
  end
  -- The async driver: each response takes a few steps, so that several calls are in flight at once.
  local under_way = 0
  driver.async = {
    exchange = function(request, timeout, wait)
      under_way = under_way + 1
      self.most_under_way = math.max(self.most_under_way or 0, under_way)
      local stop
      for _ = 1, self.random:integer(1, 4) do
        stop = stop or wait()
      end
      under_way = under_way - 1
      if stop then
        return nil, "the exchange was " .. stop, { kind = stop, sent = true }
      end
      return driver.exchange(request, timeout)
    end,
    step = function(_, wake)
      if wake and wake > 0 then
        driver.sleep(wake + 1e-6)
      end
    end,
  }
  local given = { driver = driver, clock = function() return self.now end }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  return wire.client(nil, given), driver
end

--- A set of `count` events with ids, at random seconds of the last `days`, some of them in bursts.
function history.events(seed, count, days)
  local chance, out = random.new(seed), {}
  local time = history.NOW - 1
  for index = 1, count do
    if chance:next() > 0.2 then
      time = history.NOW - chance:integer(0, days * 86400 - 1)
    end
    out[index] = { id = ("%d-%d"):format(seed, index), time = time, name = "E" .. index % 3,
      ip = "10.0.0." .. index % 4, user = "u" .. index % 5 }
  end
  return out
end

--- Calls an iterator at most `count` times; adds the ids to the set `got`, each of them new, and the times to the list
-- `times`, if given. False when the iterator ended. A loop of its own: on 5.1 nothing can yield inside the iterator of
-- a for loop.
function history.take(it, count, got, times)
  for _ = 1, count do
    local event = it()
    if not event then
      return false
    end
    history.collect({ event }, got)
    if times then
      times[#times + 1] = event.time
    end
  end
  return true
end

--- Adds the ids of a list of events to the set `got`; raises when one is in it.
function history.collect(events, got)
  for _, event in ipairs(assert(events)) do
    assert(not got[event.id], "twice: " .. event.id)
    got[event.id] = true
  end
end

--- The number of members of a set.
function history.size(set)
  local count = 0
  for _ in pairs(set) do
    count = count + 1
  end
  return count
end

--- Reads an iterator to its end: every event of the list `events` comes once if `expected(event)`, else not at all.
-- Returns the times in order.
function history.check_all(it, events, expected, label)
  local got, times = {}, {}
  history.take(it, math.huge, got, times)
  for _, event in ipairs(events) do
    assert((got[event.id] or false) == expected(event), ("%s: %s at %d"):format(label, event.id,
      event.time - history.NOW))
  end
  return times
end

--- Events in the seconds after NOW, in bursts, each visible some time after it happened.
function history.late_events(seed, count, seconds, lag)
  local chance, out, time = random.new(seed), {}, history.NOW + 1
  for index = 1, count do
    if chance:next() < 0.5 then
      time = history.NOW + chance:integer(1, seconds)
    end
    out[index] = { id = ("t%d"):format(index), time = time, visible = time + chance:integer(0, lag) }
  end
  return out
end

return history
