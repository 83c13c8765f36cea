-- Texts and numbers that come from outside (times, URLs, cursors, checkpoints, responses): work that grows with the
-- length of a text alone, and numbers within what the service can hold.
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local wire = require "support.wire"

local SMALL, LARGE = 65536, 524288

-- The worst input of each reader: a prefix, a piece that is repeated, and an end.
local INPUTS = {
  { "a relative time", { "-", "1d", "" }, function(text) return cloudaudit.time.parse(text, 0) end },
  { "digits of a time", { "", "1", "" }, function(text) return cloudaudit.time.parse(text, 0) end },
  { "a date with a fraction", { "2026-01-31T08:00:00.", "1", "" }, function(text)
    return cloudaudit.time.parse(text, 0)
  end },
  { "a storage URL", { "cos://", "a", "" }, function(text) return cloudaudit.storage.parse(text) end },
  { "a storage URL of percent signs", { "cos://a@b/", "%41", "?compress=1" }, function(text)
    return cloudaudit.storage.parse(text)
  end },
  { "the query of a storage URL", { "cos://a@b/c?", "app_id=1&", "" }, function(text)
    return cloudaudit.storage.parse(text)
  end },
  { "an unknown part of a storage URL's query", { "cos://a@b/c?", "x", "=1" }, function(text)
    return cloudaudit.storage.parse(text)
  end },
  { "a cursor", { '{"v":1,"since":1,"until":2,"page_size":5,"filtered":false,"attributes":[],"tests":[],"window":1,'
    .. '"given":[', '"aaaaaaa",', '"b"]}' }, function(text, client) return client:lookup{ cursor = text } end },
  { "a cursor of brackets", { "", "[", "" }, function(text, client) return client:lookup{ cursor = text } end },
  { "a checkpoint", { '{"v":1,"since":1,"high":2,"seen":[', '["a",1],', '["b",1]]}' }, function(text, client)
    return client:tail{ checkpoint = text }
  end },
  { "a response of quotes", { '{"Response":{"Events":[{"EventId":"', '\\"', '"}],"ListOver":true,"RequestId":"r"}}' },
    function(text, client) return client:parse("DescribeEvents", 200, {}, text) end },
  { "a response that is not JSON", { "<", "token=", ">" }, function(text, client)
    return client:parse("DescribeEvents", 200, {}, text)
  end },
}

local function build(input, size)
  return input[1] .. input[2]:rep(math.floor((size - #input[1]) / #input[2])) .. input[3]
end

describe("the work of reading", function()
  for _, case in ipairs(INPUTS) do
    it("grows with the length alone: " .. case[1], function()
      local client = wire.client()
      local function seconds(size)
        local text = build(case[2], size)
        collectgarbage()
        local started = os.clock()
        local result, message = case[3](text, client)
        local took = os.clock() - started
        assert.is_true(result ~= nil or #message < 1000)
        return took
      end
      -- Eight times the length; quadratic work would take 64 times as long.
      local small = math.max(seconds(SMALL), seconds(SMALL), 0.004)
      assert.is_true(seconds(LARGE) / small < 24)
    end)
  end
end)

describe("numbers from outside", function()
  local NOW = 1767225600
  local function client_of(emulator)
    return emulator:client()
  end

  it("are refused in times", function()
    for _, value in ipairs{ 1e300, 2 ^ 63, 253402300800, -1, 0 / 0, 1 / 0, "99999999999999999999", "1e300" } do
      local time, message, err = cloudaudit.time.parse(value, NOW)
      assert.is_nil(time)
      assert.equal("string", type(message))
      assert.equal("validation", err.kind)
    end
  end)

  it("are refused in cursors and checkpoints", function()
    local client = client_of(cloudaudit.emulator.new{ now = NOW })
    local it = assert(client:events{ since = "-1h" })
    local held = core.decode(it.cursor)
    for _, change in ipairs{ { "until", 2 ^ 52 }, { "until", 253402300799 }, { "since", 0 }, { "until", 1e300 },
      { "since", -5 }, { "window", 2 ^ 40 }, { "page_size", 1e300 } } do
      local before = held[change[1]]
      held[change[1]] = change[2]
      local made, _, err = client:lookup{ cursor = core.encode(held) }
      assert.is_nil(made, change[1])
      assert.equal("cursor", err.field)
      held[change[1]] = before
    end
    local tail = assert(client:tail{ since = "-1h" })
    held = core.decode(tail:checkpoint())
    for _, change in ipairs{ { "since", 1e300 }, { "high", 2 ^ 60 }, { "high", 0.5 } } do
      local before = held[change[1]]
      held[change[1]] = change[2]
      local made, _, err = client:tail{ checkpoint = core.encode(held) }
      assert.is_nil(made, change[1])
      assert.equal("checkpoint", err.field)
      held[change[1]] = before
    end
  end)

  it("cost no request for a future that has no events", function()
    local emulator = cloudaudit.emulator.new{ now = NOW }
    for _, order in ipairs{ false, "oldest", "newest" } do
      local count = emulator:count("DescribeEvents")
      for _ in client_of(emulator):events{ since = "-1h", ["until"] = 253402300799, order = order or nil } do end
      assert.is_true(emulator:count("DescribeEvents") - count < 8)
    end
  end)
end)
