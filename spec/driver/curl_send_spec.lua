-- The libcurl driver without tables: the request taken from the core's call, the head unparsed.
local core = require "cloudaudit.core"
local driver_rig = require "support.driver_rig"
local misbehave = require "support.misbehave"

local NOW = 1672829101 -- Wed, 04 Jan 2023 10:45:01 GMT

describe("the libcurl driver's send_call", function()
  local rig, client

  setup(function()
    rig = driver_rig.start()
  end)

  teardown(function()
    rig.stop()
  end)

  after_each(function()
    rig.clean()
  end)

  local function call_to(url)
    client = assert(core.client{ endpoint = url:sub(1, -2), rate = 1000 })
    assert(client:credentials("AKIDEXAMPLE", "key", "token"))
    local call = assert(client:call("DeleteAuditTrack", { TrackId = 7 }, true))
    local step, nothing, seconds = call:next(0, NOW, true)
    assert.equal("send", step)
    assert.is_nil(nothing)
    assert.equal(10, seconds)
    return call
  end

  local function sorted_lines(text)
    local lines = {}
    for line in text:gmatch("[^\r\n]+") do lines[#lines + 1] = line end
    table.sort(lines)
    return lines
  end

  it("sends the same bytes as exchange with a request table", function()
    local answer = misbehave.response(200, "{}")
    local listener = rig.listen{ { "request", { "send", answer }, "request", { "send", answer } } }
    local driver = rig.new()
    local call = call_to(listener.url)
    local request = call:request()
    assert.same({ "DeleteAuditTrack", "POST", '{"TrackId":7}', NOW },
      { request.action, request.method, request.body, request.timestamp })
    assert.same({ '{"TrackId":7}', NOW }, { call:body() })
    local status, head, body = driver.send_call(call, 5)
    assert.equal(200, status)
    assert.is_truthy(head:lower():find("^http/1.1 200.*\r\ncontent%-length: 2\r\n"))
    assert.equal("{}", body)
    rig.succeeds(driver, request)
    local bytes = listener:journal(true).connections[1].bytes
    local half = #bytes / 2
    assert.same(sorted_lines(bytes:sub(half + 1)), sorted_lines(bytes:sub(1, half)))
    call:close()
    assert.has_error(function() driver.send_call(call, 1) end, "call: closed")
  end)

  it("fails as exchange does", function()
    local listener = rig.listen{ { "request" } }
    local url = listener.url
    listener:close()
    local status, message, info = rig.new().send_call(call_to(url), 5)
    assert.is_nil(status)
    assert.is_string(message)
    assert.same({ kind = "connect", sent = false }, info)
  end)

  it("accepts a call with a request under way, and nothing else", function()
    local driver = rig.new()
    local call = call_to("http://127.0.0.1:1/")
    call:failed("connect", "x", false, 0, NOW)
    call = assert(client:call("DeleteAuditTrack", { TrackId = 7 }, true))
    assert.has_error(function() driver.send_call(call, 1) end, "call: no request is under way")
    assert.has_error(function() call:request() end, "call: no request is under way")
    assert.has_error(function() driver.send_call(client, 1) end)
    assert.has_error(function() driver.send_call(io.stdout, 1) end)
  end)

  it("passes the unparsed head to the core", function()
    local success = '{"Response":{"RequestId":"r"}}'
    local function received(head)
      local call = call_to("http://127.0.0.1:1/")
      return call:received(200, head, success, 1, NOW)
    end
    local date = "Wed, 04 Jan 2023 10:45:01 GMT"
    for head, time in pairs{
      ["HTTP/1.1 200 OK\r\ndAtE: \t" .. date .. " \r\nX: y\r\n\r\n"] = NOW,
      ["Date:" .. date] = NOW,
      [""] = false, ["Date"] = false, ["Date:"] = false, ["\n\n:\n"] = false,
      ["Date: " .. date .. "\r\nAge: 3\r\n"] = false, -- a cache's
      ["Date: " .. date .. "\r\nDate: " .. date .. "\r\n"] = false,
      ["Content-Encoding: identity\r\nDate: " .. date] = NOW,
    } do
      local response, seen = received(head)
      assert.same({ RequestId = "r" }, response)
      assert.equal(time or nil, seen)
    end
    assert.is_nil((received("Content-Encoding: gzip\r\n")))
    assert.is_nil((received("Content-Encoding: gzip\r\nContent-Encoding: identity\r\n")))
    assert.is_nil((received("Content-Encoding: identity\r\nContent-Encoding: identity\r\n")))
  end)
end)
