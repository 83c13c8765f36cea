local core = require "cloudaudit.core"
local emulator = require "cloudaudit.emulator"
local signed = require "support.signed"

describe("cloudaudit.emulator", function()
  it("returns the integer 1 as the first TrackId", function()
    local emu = emulator.new{ now = signed.NOW }
    local response = emu:handle(signed.request(emu, "CreateAuditTrack", signed.track()))
    assert.equal('{"Response":{"TrackId":1,"RequestId":"5bccde90-c45a-49f0-a974-11b31b5f0f34"}}', response.body)
    assert.equal(200, response.status)
  end)

  it("returns the same bytes for the same seed and clock", function()
    local function run(seed)
      local emu, out = emulator.new{ now = signed.NOW, seed = seed, short_pages = true }, {}
      for i = 1, 4 do
        out[#out + 1] = emu:handle(signed.request(emu, "CreateAuditTrack", signed.track{ Name = "t-" .. i })).body
        out[#out + 1] = emu:handle(signed.request(emu, "DescribeEvents",
          { StartTime = signed.NOW - 5, EndTime = signed.NOW, MaxResults = 2 })).body
      end
      return table.concat(out, "\n")
    end
    assert.equal(run(1), run(1))
    assert.not_equal(run(1), run(2))
  end)

  it("limits the rate of each action, by the emulator's clock", function()
    local emu = emulator.new{ now = signed.NOW, rate = 3 }
    local function code()
      return (signed.code(emu, "ListAudits", {}))
    end
    for _ = 1, 3 do
      assert.is_nil(code())
    end
    assert.equal("RequestLimitExceeded", code())
    assert.is_nil(signed.code(emu, "InquireAuditCredit", {}))
    emu:advance(0.99)
    assert.equal("RequestLimitExceeded", code())
    emu:advance(0.01)
    assert.is_nil(code())
    local documented = emulator.new{ now = signed.NOW }
    for _ = 1, 20 do
      assert.is_nil(signed.code(documented, "ListAudits", {}))
    end
    assert.equal("RequestLimitExceeded", (signed.code(documented, "ListAudits", {})))
  end)

  it("restores the initial state at reset", function()
    local emu = emulator.new{ now = signed.NOW }
    local function run()
      emu:advance(10)
      return emu:handle(signed.request(emu, "CreateAuditTrack", signed.track())).body
    end
    local first = run()
    emu:fault{ kind = "throttle", times = "always" }
    emu:reset()
    assert.equal(signed.NOW, emu:now())
    assert.equal(0, #emu:journal())
    assert.equal(first, run())
  end)

  it("raises for an invalid time", function()
    local emu = emulator.new()
    assert.has_error(function() emu:set_now("x") end)
    assert.has_error(function() emu:advance() end)
    assert.has_error(function() emu:set_now(1e300) end)
    assert.has_error(function() emu:advance(0 / 0) end)
  end)

  it("returns 404 for other paths", function()
    local emu = emulator.new{ now = signed.NOW }
    local request = signed.request(emu, "ListAudits", {})
    request.path = "/other"
    assert.equal(404, emu:handle(request).status)
    assert.is_nil(emu:journal()[1].code)
  end)

  it("returns the trace id and its time", function()
    local emu = emulator.new{ now = signed.NOW }
    local _, response = signed.send(emu, "ListAudits", {}, { headers = { ["x-tc-traceid"] = "trace-1" } })
    assert.same({ "trace-1", "Mon, 25 Feb 2019 16:44:25 GMT", "application/json" },
      { response.headers["X-TC-TraceId"], response.headers.Date, response.headers["Content-Type"] })
  end)

  it("returns well-formed JSON for any request, and never the key", function()
    local emu = emulator.new{ now = signed.NOW, debug_signature = true, rate = 0 }
    local _, key = emu:credential()
    local random = require("cloudaudit.emulator.random").new(7)
    local names = { "Content-Type", "Host", "X-TC-Action", "X-TC-Version", "X-TC-Timestamp", "X-TC-Region",
      "Authorization" }
    for _ = 1, 500 do
      local request = signed.request(emu, "CreateAuditTrack", signed.track())
      local name = names[random:integer(1, #names)]
      local value = request.headers[name]
      local at = random:integer(1, #value)
      request.headers[name] = value:sub(1, at - 1) .. string.char(random:integer(1, 255)) .. value:sub(at + 1)
      local body = emu:handle(request).body
      local inner = assert(core.decode(body)).Response
      assert.truthy(inner.RequestId)
      assert.is_nil(body:find(key, 1, true))
    end
    assert.equal(500, (emu:count()))
  end)

  it("raises for an action that does not exist, since none of its requests could arrive", function()
    local emu = emulator.new()
    for name, call in pairs{ count = emu.count, journal = emu.journal } do
      local ok, message = pcall(function() return (call(emu, "create_track")) end)
      assert.is_false(ok)
      assert.truthy(message:find(name .. ': unknown action "create_track", did you mean CreateAuditTrack?', 1, true))
      call(emu, "metadata")
      call(emu, nil)
    end
    signed.send(emu, "CreateAudit", {})
    assert.equal(1, (emu:count("CreateAudit")))
  end)
end)
