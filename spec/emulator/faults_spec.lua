local emulator = require "cloudaudit.emulator"
local signed = require "support.signed"

describe("cloudaudit.emulator.faults", function()
  local emu

  before_each(function()
    emu = emulator.new{ now = signed.NOW }
  end)

  local function create(name)
    return signed.send(emu, "CreateAuditTrack", signed.track{ Name = name })
  end

  local function code_of(name)
    local response = create(name)
    return response.Error and response.Error.Code
  end

  it("answers with an error, before or after the call took effect", function()
    emu:fault{ kind = "error", code = "InternalError", message = "ordered" }
    local response = create("one")
    assert.same({ Code = "InternalError", Message = "ordered" }, response.Error)
    assert.equal(0, #emu:all_tracks())
    emu:fault{ kind = "error", code = "InternalError", effect = true }
    assert.equal("InternalError", code_of("one"))
    assert.equal(1, #emu:all_tracks())
    assert.is_nil(code_of("two"))
    emu:fault{ kind = "throttle" }
    assert.equal("RequestLimitExceeded", code_of("three"))
    emu:fault{ kind = "expired_token" }
    assert.equal("AuthFailure.TokenFailure", code_of("three"))
    assert.equal(2, #emu:all_tracks())
  end)

  it("answers with a status of a gateway", function()
    emu:fault{ kind = "status" }
    local _, response = create("one")
    assert.same({ 502, "text/html" }, { response.status, response.headers["Content-Type"] })
    assert.truthy(response.body:find("<h1>502</h1>", 1, true))
    assert.equal(0, #emu:all_tracks())
    emu:fault{ kind = "status", status = 503, body = "busy", content_type = "text/plain", effect = true }
    _, response = create("one")
    assert.same({ 503, "busy", "text/plain" }, { response.status, response.body, response.headers["Content-Type"] })
    assert.equal(1, #emu:all_tracks())
  end)

  it("tells whoever sends to cut, to truncate or to wait", function()
    emu:fault{ kind = "cut_before" }
    local _, response = create("one")
    assert.is_true(response.cut)
    assert.equal(0, #emu:all_tracks())
    emu:fault{ kind = "cut_after" }
    _, response = create("one")
    assert.is_true(response.cut)
    assert.equal(1, #emu:all_tracks())
    emu:fault{ kind = "truncate", bytes = 10 }
    _, response = create("two")
    assert.equal(10, response.truncated)
    emu:fault{ kind = "truncate", bytes = 100000 }
    _, response = create("three")
    assert.equal(#response.body - 1, response.truncated)
    emu:fault{ kind = "delay", seconds = 3 }
    _, response = create("four")
    assert.equal(3, response.delay)
    assert.equal(4, #emu:all_tracks())
    local faults = {}
    for i, entry in ipairs(emu:journal()) do
      faults[i] = entry.fault
    end
    assert.same({ "cut_before", "cut_after", "truncate", "truncate", "delay" }, faults)
  end)

  it("runs on a clock that is wrong, and says so in Date", function()
    emu:fault{ kind = "skew", seconds = 301 }
    local value, response = create("one")
    assert.equal("AuthFailure.SignatureExpire", value.Error.Code)
    assert.equal("Mon, 25 Feb 2019 16:49:26 GMT", response.headers.Date)
    assert.is_nil(code_of("one"))
  end)

  it("strikes the action it names, as often and as late as it says", function()
    emu:fault{ kind = "throttle", action = "CreateAuditTrack", after = 1, times = 2 }
    assert.is_nil(signed.code(emu, "ListAudits", {}))
    local codes = {}
    for i = 1, 4 do
      codes[i] = code_of("track-" .. i) or "ok"
    end
    assert.same({ "ok", "RequestLimitExceeded", "RequestLimitExceeded", "ok" }, codes)
    for _, times in ipairs{ "always", math.huge } do
      emu:fault{ kind = "throttle", times = times }
      for _ = 1, 5 do
        assert.equal("RequestLimitExceeded", code_of("x"))
      end
      emu:clear_faults()
    end
    assert.is_nil(code_of("last"))
  end)

  it("strikes by chance, the same for the same seed", function()
    local function pattern(seed)
      local own = emulator.new{ now = signed.NOW, seed = seed, rate = 0 }
      own:fault{ kind = "throttle", probability = 0.5 }
      local out = {}
      for i = 1, 60 do
        out[i] = signed.code(own, "ListAudits", {}) and "x" or "."
      end
      return table.concat(out)
    end
    assert.equal(pattern(1), pattern(1))
    assert.not_equal(pattern(1), pattern(2))
    local _, struck = pattern(1):gsub("x", "")
    assert.is_true(struck > 15 and struck < 45)
  end)

  it("leaves what is wrong anyway as it is", function()
    emu:fault{ kind = "throttle" }
    local response = signed.send(emu, "CreateAuditTrack", signed.track(), { secret_key = "wrong" })
    assert.equal("AuthFailure.SignatureFailure", response.Error.Code)
  end)

  it("raises for an order that it does not understand", function()
    local cases = {
      [{ kind = "trottle" }] = "unknown kind trottle, did you mean throttle?",
      [{ kind = "throttle", tims = 1 }] = "unknown member tims, did you mean times?",
      [{ kind = "throttle", times = true }] = "times: number expected, got boolean",
      [{ kind = "throttle", seconds = 1 }] = "unknown member seconds",
      [{ kind = "delay" }] = "seconds: missing",
      [{ kind = "error" }] = "code: missing",
      [{ kind = "cut_after", effect = false }] = "cut_after does not take it",
      [{}] = "unknown kind nil",
      [{ kind = "status", status = 101 }] = "status: HTTP status of 200 to 599 expected, got 101",
      [{ kind = "status", status = 502.5 }] = "status: HTTP status of 200 to 599 expected",
      [{ kind = "status", content_type = "a\r\nb: c" }] = "content_type: value of a header expected",
      [{ kind = "truncate", bytes = -1 }] = "bytes: integer of 0 or more expected, got -1",
      [{ kind = "delay", seconds = math.huge }] = "seconds: number of seconds within a century expected",
      [{ kind = "skew", seconds = 0 / 0 }] = "seconds: number of seconds within a century expected",
      [{ kind = "error", code = "" }] = "code: code expected",
      [{ kind = "throttle", times = -1 }] = "times: integer of 0 or more expected",
      [{ kind = "throttle", after = 0.5 }] = "after: integer of 0 or more expected",
      [{ kind = "throttle", probability = 2 }] = "probability: number from 0 to 1 expected",
    }
    for given, expected in pairs(cases) do
      local ok, message = pcall(function() emu:fault(given) end)
      assert.is_false(ok)
      assert.truthy(message:find("faults_spec.lua:", 1, true), message)
      assert.truthy(message:find(expected, 1, true), message)
    end
    assert.is_nil(code_of("after"))
  end)
end)
