local filter = require "cloudaudit.cli.filter"
local status = require "cloudaudit.cli.status"

local NOW = 1769846400
local DAY = 86400

local function read(values, default)
  values.utc = true
  local context = { values = values, now = NOW, notes = {}, err = { text = "" } }
  function context:note(text)
    self.notes[#self.notes + 1] = text
  end
  function context.err:write(...)
    self.text = self.text .. table.concat({ ... })
  end
  return filter.read(context, default or "-1h"), context
end

local function refused(values)
  local done, problem = pcall(read, values)
  assert.is_false(done)
  assert.is_true(status.is_problem(problem), tostring(problem))
  assert.equal(2, problem.status)
  return problem.message, problem.hint
end

local function where(values)
  local request = read(values)
  assert.equal(1, #request.queries)
  return request.queries[1]
end

describe("cloudaudit.cli.filter", function()
  it("refuses an empty text, which would silently match nothing", function()
    for _, name in ipairs{ "product", "resource", "key", "user", "request_id" } do
      local option = "--" .. name:gsub("_", "-")
      assert.equal(option .. ": a value expected, got an empty text", (refused{ [name] = "" }))
    end
  end)

  it("makes the library's conditions of the options", function()
    assert.same({}, where{})
    assert.same({ event_name = { "RunInstances", "X" }, action = "write", resource_type = "cos",
      access_key_id = "AKIDx", principal_id = "100", source_ip = "10.0.0.1", sensitive_action = "1", request_id = "r",
      region = "ap-a", ApiErrorCode = { "A", "B" } },
      where{ event = { "RunInstances", "X" }, write = true, product = "COS", key = "AKIDx", user = "100",
        ip = { "10.0.0.1" }, sensitive = true, request_id = "r",
        where = { "region=ap-a", "ApiErrorCode=A", "ApiErrorCode=B" } })
    assert.same({ user = "ann", action = "read", source_ip = { "10.0.0.1", "10.1.0.0/16" } },
      where{ user = "ann", read = true, ip = { "10.0.0.1", "10.1.0.0/16" } })
    assert.same({ resource_name = "a=b" }, where{ where = { "resource_name=a=b" } })
  end)

  it("asks for a resource by name and by id", function()
    local request = read{ resource = "x", write = true }
    assert.same({ { resource_name = "x", action = "write" }, { resource_id = "x", action = "write" } }, request.queries)
  end)

  it("tests results here: --failed has denied calls too", function()
    local function of(values)
      local test, kept = read(values).filter, {}
      for _, result in ipairs{ "ok", "failed", "denied", "unknown" } do
        if test{ row = function() return { result = result } end } then
          kept[#kept + 1] = result
        end
      end
      return table.concat(kept, " ")
    end
    assert.same({ "failed denied", "denied", "denied" },
      { of{ failed = true }, of{ denied = true }, of{ failed = true, denied = true } })
    assert.is_nil(read({}).filter)
  end)

  it("resolves the time range once", function()
    local request = read({}, "-7d")
    assert.same({ NOW - 7 * DAY, NOW }, { request.since, request["until"] })
    request = read{ since = "2026-01-30", ["until"] = "1h" }
    assert.same({ NOW - DAY - 8 * 3600, NOW - 3600 }, { request.since, request["until"] })
    assert.equal("--until: 2026-01-31T06:00:00Z is before --since, 2026-01-31T07:00:00Z", (refused{ ["until"] = "2h" }))
  end)

  it("begins inside the 90 days, and names the earliest second", function()
    assert.equal(NOW - 90 * DAY + 60, read{ since = "90d" }.since)
    local message, hint = refused{ since = "91d" }
    assert.equal("--since: 2025-11-01T08:00:00Z is before 2025-11-02T08:01:00Z: events are kept for 90 days", message)
    assert.truthy(hint:find("2025-11-02T08:01:00Z", 1, true))
    assert.equal(NOW - 90 * DAY + 60, read{ since = "2025-11-02T08:01:00Z" }.since)
  end)

  it("corrects the case of known event names, and notes unknown ones", function()
    local request, context = read{ event = { "deletebucket", "DeletBucket", "SomethingNew" } }
    assert.same({ "DeleteBucket", "DeletBucket", "SomethingNew" }, request.queries[1].event_name)
    assert.same({ "note: --event: deletebucket is read as DeleteBucket",
      "note: --event: DeletBucket is not a known event name, did you mean DeleteBucket?" }, context.notes)
  end)

  it("refuses what contradicts itself", function()
    assert.equal("--read: cannot be used together with --write", (refused{ read = true, write = true }))
    assert.equal("--where: resource_type is already given by --product",
      (refused{ product = "cos", where = { "resource_type=cvm" } }))
    assert.equal('--where: KEY=VALUE expected, got "x"', (refused{ where = { "x" } }))
    assert.equal('--ip: address or CIDR block such as 10.0.0.0/8 expected, got "10.0.0.0/99"',
      (refused{ ip = { "10.0.0.0/99" } }))
  end)

  it("says with -v what is tested here", function()
    local _, context = read{ verbose = true, user = "ann", ip = { "10.0.0.0/8" }, denied = true, product = "cos" }
    assert.equal("tested here on every event of the time range: --user ann, --ip 10.0.0.0/8, --denied\n",
      context.err.text)
    _, context = read{ verbose = true, product = "cos", user = "100" }
    assert.equal("", context.err.text)
  end)
end)
