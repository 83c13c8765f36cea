local history = require "support.history"

local NOW = history.NOW
local DOWN = '{"Response":{"Error":{"Code":"%s","Message":"no"},"RequestId":"r"}}'

describe("wait_for", function()
  it("gives the event as soon as it can be found", function()
    local service = history.new{ events = { { id = "x", name = "DeployDone", time = NOW - 5, visible = NOW + 42 },
      { id = "other", name = "Else", time = NOW - 5 } } }
    local client, driver = history.client(service)
    local event = client:wait_for({ where = { event_name = "DeployDone" } }, 120)
    assert.equal("x", event.id)
    assert.same({ 10, 10, 10, 10, 10 }, driver.slept)
  end)

  it("ends with kind timeout, on time", function()
    local service = history.new{}
    local client, driver = history.client(service)
    local event, message, err = client:wait_for({ since = "-1m", interval = 4 }, 10)
    assert.is_nil(event)
    assert.equal("wait_for: no matching event within 10 s", message)
    assert.equal("timeout", err.kind)
    assert.same({ 4, 4, 2 }, driver.slept)
  end)

  it("waits failures out that pass, and ends at others", function()
    local service = history.new{ events = { { id = "x", time = NOW - 5 } } }
    local client = history.client(service, { retries = 0 })
    service.fail = function(count)
      return count < 4 and DOWN:format("InternalError")
    end
    assert.equal("x", client:wait_for({}, 60).id)
    service.fail = function() return DOWN:format("InternalError") end
    local _, _, err = client:wait_for({}, 5)
    assert.equal("timeout", err.kind)
    assert.truthy(err.hint:find("InternalError", 1, true))
    service.fail = function() return DOWN:format("UnauthorizedOperation") end
    _, _, err = client:wait_for({}, 60)
    assert.is_true(err:is("UnauthorizedOperation"))
  end)

  it("raises misuse", function()
    local client = history.client(history.new{})
    assert.error_matches(function() client:wait_for({}) end, "wait_for.timeout: missing: how many seconds to wait")
    assert.error_matches(function() client:wait_for({}, "x") end, "wait_for.timeout: number of seconds")
    assert.error_matches(function() client:wait_for(nil, 5) end, "wait_for: table of fields expected, got nil")
    assert.error_matches(function() client:wait_for({ lag = 5 }, 5) end, "wait_for.lag: unknown field")
  end)
end)
