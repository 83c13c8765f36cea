local cloudaudit = require "cloudaudit"
local history = require "support.history"

local function service()
  local self = history.new{ events = {
    { id = "a", time = history.NOW - 10, name = "RunInstances", user = "ann", ip = "10.0.0.1" },
    { id = "b", time = history.NOW - 20, name = "DeleteBucket", user = "bob", ip = "10.0.0.2" },
    { id = "c", time = history.NOW - 30, name = "PutBucket", user = "ann", ip = "10.0.0.3" },
  } }
  return history.client(self), self
end

local function ids(client, query)
  query.since = "-1h"
  local out = {}
  for event in client:events(query) do
    out[#out + 1] = event.id
  end
  return table.concat(out, " ")
end

-- AttributeKey=AttributeValue of the last request.
local function sent(self)
  local out = {}
  for _, attribute in ipairs(self.requests[#self.requests].LookupAttributes or {}) do
    out[#out + 1] = attribute.AttributeKey .. "=" .. attribute.AttributeValue
  end
  return table.concat(out, " ")
end

describe("where", function()
  it("sends every documented attribute under its own name", function()
    local client, self = service()
    local cases = {
      request_id = "RequestId", event_name = "EventName", principal_id = "PrincipalId", resource_type = "ResourceType",
      resource_id = "ResourceId", resource_name = "ResourceName", access_key_id = "AccessKeyId",
      sensitive_action = "SensitiveAction", api_error_code = "ApiErrorCode", cam_error_code = "CamErrorCode",
      source_ip = "SourceIPAddress",
    }
    for name, key in pairs(cases) do
      client:lookup{ since = "-1h", where = { [name] = "some value" } }
      assert.equal(key .. "=some value", sent(self))
    end
    client:lookup{ since = "-1h", where = { action = "write" } }
    assert.equal("ActionType=Write", sent(self))
    client:lookup{ since = "-1h", where = { action = "Read", tags = { env = "prod", a = "\"" } } }
    assert.equal([[ActionType=Read Tags=[{"key":"a","value":"\""},{"key":"env","value":"prod"}]
]], sent(self) .. "\n")
    client:lookup{ since = "-1h", where = { tags = "[]" } }
    assert.equal("Tags=[]", sent(self))
    client:lookup{ since = "-1h" }
    assert.is_nil(self.requests[#self.requests].LookupAttributes)
  end)

  it("passes through CamelCase keys, known or not", function()
    local client, self = service()
    client:lookup{ since = "-1h", where = { OnlyRecordNotSeen = "0", EventPlatform = 0, EventName = { "A", "B" } } }
    assert.equal("EventName=A EventName=B EventPlatform=0 OnlyRecordNotSeen=0", sent(self))
  end)

  it("lets the service OR event names, and ORs the other values itself", function()
    local client, self = service()
    assert.equal("a b", ids(client, { where = { event_name = { "RunInstances", "DeleteBucket" } } }))
    assert.equal("EventName=RunInstances EventName=DeleteBucket", sent(self))
    assert.equal("b c", ids(client, { where = { source_ip = { "10.0.0.3", "10.0.0.2" } } }))
    assert.equal("", sent(self))
    assert.equal("b", ids(client, { where = { source_ip = { "10.0.0.2" } } }))
    assert.equal("SourceIPAddress=10.0.0.2", sent(self))
  end)

  it("filters client-side where the service has no attribute", function()
    local client, self = service()
    assert.equal("a c", ids(client, { where = { user = "ann" } }))
    assert.equal("", sent(self))
    assert.equal("a", ids(client, { where = { user = "ann", event_name = "RunInstances" } }))
    assert.equal("a b", ids(client, { where = { id = { "a", "b" } } }))
    assert.equal("", ids(client, { where = { error_code = 5 } }))
  end)

  it("combines with a filter", function()
    local client = service()
    assert.equal("c", ids(client, { where = { user = "ann" }, filter = function(event) return event.id ~= "a" end }))
    assert.equal("b", ids(client, { filter = function(event) return event.user == "bob" end }))
  end)

  it("raises for an invalid condition", function()
    local client = service()
    local cases = {
      { { event_nam = "x" }, "where.event_nam: unknown field, did you mean event_name?" },
      { { user = true }, "where.user: string, number or a list of these expected, got boolean" },
      { { user = {} }, "where.user: empty list" },
      { { principal_id = { "a", "b" } }, "where.principal_id: one value expected" },
      { { tags = 5 }, "where.tags: table of tags" },
      { { tags = { 5 } }, "where.tags: table of tags" },
      { { EventName = { {} } }, "where.EventName: string, number or a list of these expected, got table" },
      { { "x" }, "unknown field" },
      { { action = "wirte" }, 'where.action: read or write expected, got "wirte", did you mean write?' },
      { { action = "all" }, "where.action: read or write expected" },
      { { event_name = { "A", nil, "C" } }, "where.event_name: string, number or a list of these without holes" },
      { { event_name = { [2] = "A" } }, "where.event_name: string, number or a list of these without holes" },
      { { EventName = { "A", x = "C" } }, "where.EventName: string, number or a list of these without holes" },
    }
    for _, case in ipairs(cases) do
      local ok, message = pcall(client.events, client, { since = "-1h", where = case[1] })
      assert.is_false(ok)
      assert.truthy(message:find(case[2], 1, true), message)
    end
  end)

  it("has the same meaning for the emulator", function()
    local emulator = cloudaudit.emulator.new{ now = history.NOW, record = false }
    emulator:add_event{ EventId = "r", EventTime = history.NOW - 5, ActionType = "Read",
      Tags = { { key = "k", value = "v" } } }
    emulator:add_event{ EventId = "w", EventTime = history.NOW - 6, ActionType = "Write", SourceIPAddress = "10.1.1.1" }
    local client = emulator:client()
    assert.equal("r", ids(client, { where = { action = "read" } }))
    assert.equal("w", ids(client, { where = { action = "write", source_ip = "10.1.1.1" } }))
    assert.equal("r", ids(client, { where = { tags = { k = "v" } } }))
    assert.equal("r w", ids(client, { where = { user = "root" } }))
    local it = client:events{ since = "-1h", where = { NoSuchKey = "x" } }
    assert.error_matches(it, "NoSuchKey")
    assert.equal("InvalidParameter", it.err.code)
  end)

  it("tests CIDR blocks here, also beside addresses, and refuses malformed ones", function()
    local client, self = service()
    assert.equal("a b c", ids(client, { where = { source_ip = "10.0.0.0/29" } }))
    assert.equal("", sent(self))
    assert.equal("b c", ids(client, { where = { source_ip = { "10.0.0.2/31" } } }))
    assert.equal("a b c", ids(client, { where = { source_ip = { "10.0.0.2/31", "10.0.0.1" } } }))
    assert.equal("", ids(client, { where = { source_ip = "2001:db8::/32" } }))
    local _, message, err = client:lookup{ since = "-1h", where = { source_ip = "10.0.0.0/40" } }
    assert.equal("validation", err.kind)
    assert.equal('lookup.where.source_ip: invalid CIDR block "10.0.0.0/40": such as 10.0.0.0/8 or 2001:db8::/32 '
      .. "expected", message)
  end)

  it("asks for at most ten event names at a time, and returns each event once", function()
    local client, self = service()
    local names = {}
    for index = 1, 23 do
      names[index] = "Name" .. index
    end
    names[3], names[14], names[23] = "RunInstances", "DeleteBucket", "PutBucket"
    self.requests = {}
    assert.equal("a b c", ids(client, { where = { event_name = names, action = "write" }, order = "newest" }))
    local seen = {}
    for _, request in ipairs(self.requests) do
      local count = 0
      for _, attribute in ipairs(request.LookupAttributes) do
        if attribute.AttributeKey == "EventName" then
          count = count + 1
          assert.is_nil(seen[attribute.AttributeValue])
          seen[attribute.AttributeValue] = true
        else
          assert.equal("Write", attribute.AttributeValue)
        end
      end
      assert.is_true(count >= 1 and count <= 10)
    end
    assert.equal(3, #self.requests)
  end)

  it("resumes within the queries of many event names, in any order of reading", function()
    local emulator = cloudaudit.emulator.new{ now = 1769846400, short_pages = 0.5, record = false }
    local names = {}
    for index = 1, 25 do
      names[index] = "Name" .. index
    end
    for index = 1, 200 do
      emulator:add_event{ EventName = names[index % 25 + 1], EventTime = 1769846400 - index * 7,
        EventId = ("e%03d"):format(index) }
    end
    local client = emulator:client()
    for _, order in ipairs{ "none", "newest", "oldest" } do
      local count, seen, text = 0, {}, nil
      repeat
        local it = client:events{ since = "-1h", where = { event_name = names }, page_size = 9, max = 7, cursor = text,
          order = order ~= "none" and order or nil }
        local taken = 0
        for event in it do
          assert.is_nil(seen[event.id], event.id)
          seen[event.id], count, taken = true, count + 1, taken + 1
        end
        text = it.cursor
      until taken == 0
      assert.equal(200, count, order)
    end
  end)
end)
