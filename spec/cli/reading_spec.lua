local cloudaudit = require "cloudaudit"
local curl = require "cloudaudit.curl"
local grouped = require "cloudaudit.cli.grouped"
local reading = require "cloudaudit.cli.reading"
local shape = require "cloudaudit.cli.event_shape"
local status = require "cloudaudit.cli.status"

local NOW = 1769846400

local function service(options)
  local emulator = cloudaudit.emulator.new{ now = NOW, record = false, rate = 0,
    short_pages = options and options.short }
  for index = 1, options and options.count or 30 do
    emulator:add_event{ EventId = ("e%02d"):format(index), EventTime = NOW - index * 60, EventName = "N" .. index % 3,
      ResourceName = index % 2 == 0 and "x" or "", ResourceId = index % 3 == 0 and "x" or "",
      SecretId = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", RequestParameters = '{"Password":"very-secret-1"}' }
  end
  return emulator
end

local function context_of(emulator, values)
  local context = { values = values or {}, notes = {}, made = emulator:client{ retries = 0 } }
  context.values.utc = true
  function context:client()
    return self.made
  end
  function context:note(text)
    self.notes[#self.notes + 1] = text
  end
  return context
end

local function request_of(more)
  local request = { since = NOW - 86400, ["until"] = NOW, order = "newest", queries = { {} } }
  for name, value in pairs(more or {}) do
    request[name] = value
  end
  return request
end

local function ids(context, request)
  local list = {}
  local count = reading.each(context, request, function(event)
    list[#list + 1] = event.id
  end)
  assert.equal(#list, count)
  return list
end

describe("cloudaudit.cli.reading", function()
  local sleep = curl.sleep

  after_each(function()
    curl.sleep = sleep -- luacheck: ignore
  end)

  it("reads by time, in either order, as many as --max says", function()
    local context = context_of(service())
    local newest, oldest = ids(context, request_of()), ids(context, request_of{ order = "oldest" })
    assert.same({ 30, 30, "e01", "e30" }, { #newest, #oldest, newest[1], oldest[1] })
    assert.same({ "e01", "e02" }, ids(context, request_of{ max = 2 }))
    assert.same({ "e07" }, ids(context, request_of{ max = 1, filter = function(event) return event.id == "e07" end }))
  end)

  it("ends when a take says so, and tells how far it has come", function()
    local context, request = context_of(service()), request_of{ order = "oldest", up_to_now = true }
    local count = 0
    reading.each(context, request, function()
      count = count + 1
      local edge, last = reading.position(request)
      assert.is_true(edge <= NOW - (31 - count) * 60 and edge >= request.since)
      assert.equal(NOW, last)
      return count < 5
    end)
    assert.equal(5, count)
    reading.each(context, request, function() end)
    assert.same({ NOW + 1, NOW }, { reading.position(request) })
    request = request_of{ order = "oldest", ["until"] = NOW - 600, queries = { {}, { resource_name = "x" } } }
    assert.same({ request.since, NOW - 600 }, { reading.position(request) })
    reading.each(context, request, function() end)
    assert.same({ NOW - 599, NOW - 600 }, { reading.position(request) })
  end)

  it("merges queries by time, each event once", function()
    local context = context_of(service())
    local queries = { { resource_name = "x" }, { resource_id = "x" } }
    for _, order in ipairs{ "newest", "oldest" } do
      local expected = {}
      for index = 1, 30 do
        if index % 2 == 0 or index % 3 == 0 then
          table.insert(expected, order == "newest" and #expected + 1 or 1, ("e%02d"):format(index))
        end
      end
      assert.same(expected, ids(context, request_of{ queries = queries, order = order }))
    end
  end)

  it("redacts secrets but no key ids, unless --no-redact", function()
    local function raw(values)
      local found
      reading.each(context_of(service(), values), request_of{ max = 1 }, function(event, level)
        local row = shape.row(event, level)
        found = row.detail.requestParameters.Password .. row.access_key_id
      end)
      return found:find("very-secret-1", 1, true) ~= nil, found:find("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE$") ~= nil
    end
    assert.same({ false, true }, { raw() })
    assert.same({ true, true }, { raw{ no_redact = true } })
  end)

  it("waits out throttling with jitter, and resumes where it was", function()
    local emulator = service{ count = 120, short = 0.5 }
    emulator:fault{ kind = "throttle", action = "DescribeEvents", after = 2, times = 2 }
    local context, naps = context_of(emulator), 0
    curl.sleep = function(seconds) -- luacheck: ignore
      naps = naps + 1
      sleep(seconds / 100)
    end
    assert.equal(120, #ids(context, request_of()))
    assert.is_true(naps > 0)
    assert.same({ "note: the service limits the rate; waiting" }, context.notes)
  end)

  it("gives up with 5 when its patience is over", function()
    local emulator = service()
    emulator:fault{ kind = "throttle", action = "DescribeEvents", times = "always" }
    local context = context_of(emulator, { patience = 0.2 })
    local done, problem = pcall(ids, context, request_of())
    assert.is_false(done)
    assert.same({ true, 5 }, { status.is_problem(problem), problem.status })
  end)

  it("says how far it came when a page fails for good", function()
    local emulator = service{ count = 2000 }
    emulator:fault{ kind = "error", code = "UnauthorizedOperation", action = "DescribeEvents", after = 35,
      times = "always" }
    local count, broken = 0, 0
    local done, problem = pcall(reading.each, context_of(emulator), request_of(), function()
      count = count + 1
    end, function()
      broken = broken + 1
    end)
    assert.same({ false, 3, 1 }, { done, problem.status, broken })
    assert.is_true(count > 0)
    assert.truthy(problem.message:find(("stopped after %s events at "):format(grouped(count)), 1, true),
      problem.message)
  end)

  it("does not take SIGINT or a bug for a failure of the service", function()
    local done, problem = pcall(ids, context_of(service()), request_of{ filter = function()
      error("interrupted!", 0)
    end })
    assert.same({ false, "interrupted!" }, { done, problem })
  end)

  it("gives a source of the events, with failures as values", function()
    local emulator = service()
    local next_event, list = reading.source(context_of(emulator), request_of{ order = "oldest" }), {}
    for event in next_event do
      list[#list + 1] = event.id
    end
    assert.same({ 30, "e30", "e01" }, { #list, list[1], list[30] })
    emulator:fault{ kind = "error", code = "UnauthorizedOperation", times = "always" }
    local event, err = reading.source(context_of(emulator), request_of())()
    assert.same({ nil, "permission" }, { event, err.kind })
  end)
end)
