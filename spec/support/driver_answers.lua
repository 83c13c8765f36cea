-- How every driver treats the responses of a misbehaving server. A spec calls it with busted's `it`, inside the
-- describe of its driver, and with a function that returns its rig (driver_rig.lua).
local assert = require "luassert"
local misbehave = require "support.misbehave"

local HEAD = "HTTP/1.1 200 OK\r\n"

return function(it, rig_of)
  local function refuses(kind, script, options, max_response)
    local rig = rig_of()
    local order = rig.request(rig.listen{ script }.url)
    order.max_response = max_response
    local info, message = rig.fails(rig.new(options), order)
    local field = info.field
    info.field = nil
    assert.same({ kind = kind, sent = true }, info)
    return message, field
  end

  it("refuses a body longer than allowed, with or without a length", function()
    local limit, rig = { max_response = 1000 }, rig_of()
    local big = misbehave.response(200, ("x"):rep(1001))
    local message, field = refuses("protocol", { "request", { "send", big } }, limit)
    assert.equal("the body of the response is longer than max_response (1000 bytes)", message)
    assert.equal("max_response", field)
    refuses("protocol", { "request", { "send", big } }, nil, 1000)
    refuses("protocol", { "request", { "send", HEAD .. "\r\n" }, { "flood", ("x"):rep(500) } }, limit)
    local chunk = "1f4\r\n" .. ("x"):rep(500) .. "\r\n"
    local chunked = HEAD .. "Transfer-Encoding: chunked\r\n\r\n"
    refuses("protocol", { "request", { "send", chunked }, { "flood", chunk } }, limit)
    local listener = rig.listen{ { "request", { "send", misbehave.response(200, ("x"):rep(1000)) } } }
    assert.equal(1000, #rig.succeeds(rig.new(limit), rig.request(listener.url)).body)
  end)

  it("refuses headers without an end, in one head or in many", function()
    refuses("protocol", { "request", { "send", HEAD }, { "flood", "X-A: " .. ("x"):rep(1000) .. "\r\n" } })
    refuses("protocol", { "request", { "flood", "HTTP/1.1 102 Processing\r\nX-A: x\r\n\r\n" } })
  end)

  it("refuses a protocol that was not asked for at once", function()
    local head = "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    refuses("protocol", { "request", { "send", head }, "stall" })
  end)

  it("refuses chunks whose size is none", function()
    for _, size in ipairs{ "x", "-5", "g", ("f"):rep(17), "" } do
      refuses("protocol", { "request", { "send", HEAD .. "Transfer-Encoding: chunked\r\n\r\n" .. size .. "\r\n{}\r\n" },
        "stall" })
    end
  end)

  it("refuses every content encoding, and transfer encodings except chunked", function()
    for _, line in ipairs{ "Content-Encoding: gzip", "content-encoding:br", "CONTENT-ENCODING:  zstd  ",
      "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: gzip" } do
      refuses("protocol", { "request", { "send", misbehave.response(200, "{}", { line }) } })
    end
    local rig = rig_of()
    local plain = misbehave.response(200, "{}", { "Content-Encoding: Identity" })
    local listener = rig.listen{ { "request", { "send", plain } } }
    assert.equal("{}", rig.succeeds(rig.new(), rig.request(listener.url)).body)
  end)

  it("refuses a body that was cut short", function()
    for _, ending in ipairs{ "fin", "rst" } do
      refuses("transport", { "request", { "send", HEAD .. "Content-Length: 10\r\n\r\n{}" }, ending })
      refuses("transport", { "request", { "send", HEAD .. "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n" }, ending })
    end
    refuses("transport", { "request", { "send", HEAD .. "\r\n{}" }, "rst" })
  end)

  it("refuses a connection that closes without a response", function()
    refuses("transport", { "request", "fin" })
    refuses("transport", { "request", "rst" })
    refuses("transport", { "request", { "send", "HTTP/1.1 2" }, "fin" })
  end)

  it("drops interim heads and trailers, joins repeated headers, and keeps the final ones", function()
    local rig = rig_of()
    local listener = rig.listen{ { "request", { "send", "HTTP/1.1 100 Continue\r\nDate: interim\r\n\r\n"
      .. "HTTP/1.1 200 OK\r\nDate: final\r\nX-Two: a\r\nx-two:b \r\nTransfer-Encoding: chunked\r\n\r\n"
      .. "2\r\n{}\r\n0\r\nDate: trailer\r\n\r\n" } } }
    local response = rig.succeeds(rig.new(), rig.request(listener.url))
    assert.same({
      status = 200, body = "{}",
      headers = { date = "final", ["x-two"] = "a, b", ["transfer-encoding"] = "chunked" },
    }, response)
  end)

  it("ends by the deadline while bytes trickle in, and within the head and the body", function()
    for _, script in ipairs{
      { "request", "stall" },
      { "request", { "send", "HTTP/1.1 200 OK\r\nX-A" }, "stall" },
      { "request", { "send", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}" }, "stall" },
      { "request", { "drip", misbehave.response(200, ("x"):rep(100)), 0.02 } },
    } do
      local rig = rig_of()
      local order = rig.request(rig.listen{ script }.url)
      assert.same({ kind = "timeout", sent = true }, (rig.fails(rig.new(), order, 0.3)))
    end
  end)
end
