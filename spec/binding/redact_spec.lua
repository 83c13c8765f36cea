-- Redacted events, rows and JSON lines of the core, against the same made in Lua, over hostile records.
local core = require "cloudaudit.core"
local event = require "cloudaudit.events.event"
local format = require "cloudaudit.cli.format"
local redacted = require "support.oracle.redact"
local rows = require "support.oracle.row"

local ROUNDS = 1500

local seed = 1
local function choose(count)
  seed = seed * 69621 % 2147483647
  return seed % count + 1
end

local function one_of(list)
  return list[choose(#list)]
end

local MEMBERS = core.row_names()
MEMBERS[#MEMBERS + 1] = "detail"

local KEYS = {
  "token", "sessionToken", "X-TC-Token", "secretId", "accessKeyId", "Key", "Value", "Name", "value", "name", "a", "b",
  "userIdentity", "sessionContext", "mfa", "type", "principalId", "camErrorCode", "apiErrorCode", "errorCode",
  "ErrorCode", "actionType", "eventType", "sensitiveAction", "userAgent", "resourceName", "apiErrorMessage", "Pass",
  "bypass", "DbPass", "NextToken", "privateKeyId", "secretValueX", "Authorization", "url", "password", "p-a_s.s word",
  "", "content", "data", "eventName", "eventTime", "\\u0074oken", "a\\", "tok\\u0065n", "secretKey", "akid",
  "ParameterName", "Parameter.Value", ("x"):rep(70) .. "_token", ("-"):rep(30) .. "token",
}
local TEXTS = {
  "AKIDz8krbsJ5yKBZ", "canary-token-1", "canary-value/with=parts", "short", "with 'quote' and blank", "[redacted]",
  "Write", "read", "ConsoleCall", "Root", "AssumedRole", "1", "0", "true", "", "UnauthorizedOperation.X",
  "token=abcdefghij&x=y", "?a=canary-token-1", "Authorization: Bearer abcdefghijkl\\r\\nX: y",
  "bearer canary-token-1 basic YWJjZGVmZ2g=", "Bearer bearer short Basic ", "password = 'can ary' user",
  '{\\"token\\":\\"canary-token-1\\",\\"n\\":1}', "[1,2]", ' {\\"a\\":\\"AKIDabcdefgh\\"}', "{broken", "\255\254",
  "\194\155x\127", "\\u0000\\u001f", "审计", "\226\128\174", 'secret\\\\\\":\\\\\\"canary-token-2\\\\\\"',
  "x-cos-security-token%3Dabcdefgh", "cookie: a=b; c=d", "a\\/b/c=canary-token-1", "\\ud83d", "12345678",
  "/p/canary-token-1", "token==x", "token:\\\"a\\\"", "AKID", "AKIDAKIDx",
}
local WORDS = {
  "0", "-0", "1", "12345678", "100000000001", "1.5", "-0.0", "1e300", "1e999", "0.1", "100.0", "true", "false", "null",
  "tru", "-", "1.", "007",
}
-- Lua 5.1 and LuaJIT hold these as text, and rows in Lua have them as text; the core's have numbers.
if math.type then
  for _, word in ipairs{ "9007199254740993", "9223372036854775808", "-9223372036854775808", "18446744073709551616" } do
    WORDS[#WORDS + 1] = word
  end
end
local BLANKS = { "", "", "", "", " ", "\n" }

local function quoted(text)
  return '"' .. text .. '"'
end

local function escaped(text)
  return (text:gsub('[\\"]', "\\%0"):gsub("\n", "\\n"))
end

local value

local function object(depth)
  local members = {}
  for index = 1, choose(7) - 1 do
    members[index] = one_of(BLANKS) .. quoted(one_of(KEYS)) .. one_of(BLANKS) .. ":" .. one_of(BLANKS)
      .. value(depth + 1) .. one_of(BLANKS)
  end
  return "{" .. table.concat(members, ",") .. "}"
end

function value(depth)
  local kind = choose(10)
  if kind == 5 then
    return one_of(WORDS)
  elseif depth < 6 and (kind == 6 or kind == 7) then
    return object(depth)
  elseif depth < 6 and kind == 8 then
    local items = {}
    for index = 1, choose(4) - 1 do
      items[index] = value(depth + 1)
    end
    return "[" .. table.concat(items, ",") .. "]"
  elseif depth < 6 and kind == 9 then
    return quoted(escaped(object(depth)))
  end
  return quoted(kind == 10 and one_of(TEXTS) .. one_of(TEXTS) or one_of(TEXTS))
end

-- The text with a byte changed, lost or added, or with its end missing.
local function damaged(text)
  local at, how = choose(#text), choose(4)
  local byte = one_of{ '"', "\\", "{", "}", "[", "]", ",", ":", "0", "n", " ", "\255", "=", "'" }
  return how == 1 and text:sub(1, at) or text:sub(1, at - 1) .. (how == 2 and "" or byte)
    .. text:sub(how == 3 and at or at + 1)
end

local FIELDS = { "name", "user", "source", "id", "request_id", "access_key_id", "location", "resource_name",
  "resource_type", "region", "source_ip", "custom" }

local function hostile_event()
  local made, raw = event.new{}, object(0)
  made.raw = choose(20) > 1 and (choose(3) == 1 and damaged(raw) or raw) or nil
  for _ = 1, choose(6) do
    made[one_of(FIELDS)] = core.decode(quoted(one_of(TEXTS))) or one_of(TEXTS)
  end
  made.time = choose(2) == 1 and choose(2000000000) or nil
  made.error_code = one_of{ 0, 4, "X", "AuthFailure.Y", "0", "" }
  made.account_id = one_of{ 100000000001, "", "7" }
  return made
end

-- What two tables differ in, as text; nil when they have the same members.
local function difference(expected, found)
  for name, member in pairs(expected) do
    if found[name] ~= member then
      return ("%s: %s expected, got %s"):format(tostring(name), tostring(member), tostring(found[name]))
    end
  end
  for name in pairs(found) do
    if rawget(expected, name) == nil then
      return tostring(name) .. " is not expected"
    end
  end
end

local function check(given, level)
  local expected = level and redacted(given, level) or given
  local problem = level and difference(expected, core.redact(given, level))
  local row = rows.of(expected)
  problem = problem or difference(row, core.row(expected))
  row.detail = expected.detail
  local text, found = format.object(row, MEMBERS), core.event_json(given, level, "detail")
  if text ~= found then
    problem = problem or ("%s\nexpected, got\n%s"):format(text, found)
  end
  row.detail, row.raw = nil, expected.raw
  local names = core.row_names()
  names[#names + 1] = "raw"
  text, found = format.object(row, names), core.event_json(given, level, "raw")
  if text ~= found then
    problem = problem or ("%s\nexpected, got\n%s"):format(text, found)
  end
  assert(not problem, ("%s of %s: %s"):format(tostring(level), tostring(given.raw), tostring(problem)))
  return text:find("[redacted]", 1, true) ~= nil
end

describe("a redacted event, its row and its JSON", function()
  it("are those that are made in Lua", function()
    local changed = 0
    for _ = 1, ROUNDS do
      local given = hostile_event()
      check(given)
      check(given, "all")
      changed = changed + (check(given, "secrets") and 1 or 0)
      given.detail = nil
    end
    assert.is_true(changed > ROUNDS / 5 and changed < ROUNDS)
  end)

  it("have any number of members, of any type", function()
    local given = event.new{ [1] = "x", [true] = 5, raw = '{"token":"canary-token"}', access_key_id = 7, detail = "x" }
    for index = 1, 100 do
      given["m" .. index] = index % 2 == 0 and "has canary-token" or index
    end
    local out = core.redact(given, "all")
    assert.same({ "x", 5, "[redacted]" }, { out[1], out[true], out.access_key_id })
    assert.equal(7, core.redact(given, "secrets").access_key_id)
    assert.is_nil(rawget(out, "detail"))
    for index = 1, 100 do
      assert.equal(index % 2 == 0 and "has [redacted]" or index, out["m" .. index])
    end
    assert.truthy(core.event_json(given, "all"):find('"access_key_id":"[redacted]"', 1, true))
  end)

  it("are deep and long as records may be", function()
    for _, piece in ipairs{ "[", '{"a":', '[{"token":' } do
      local text = piece:rep(256 / #piece:gsub("[^%[{]", "")) .. "1"
      text = text .. piece:reverse():gsub("[^%[{]", ""):gsub("%[", "]"):gsub("{", "}"):rep(256
        / #piece:gsub("[^%[{]", ""))
      check(event.new{ raw = text }, "secrets")
      check(event.new{ raw = "[" .. text .. "]" }, "all")
    end
    local nested = "{}"
    for depth = 1, 12 do
      nested = core.encode{ token = "canary-" .. depth, z = nested, a = 1 }
    end
    check(event.new{ raw = nested }, "secrets")
  end)

  it("need an event and a level", function()
    assert.has_error(function() core.redact(5, "all") end)
    assert.has_error(function() core.redact({}, "some") end)
    assert.has_error(function() core.redact({}) end)
    assert.has_error(function() core.event_json({}, nil, "x") end)
  end)
end)
