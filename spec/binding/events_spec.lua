-- Pages that are decoded straight to events, against the same pages decoded to tables and read member by member in Lua.
local core = require "cloudaudit.core"
local event = require "cloudaudit.events.event"
local oracle = require "support.oracle.event"

local ROUNDS = 4000

-- A generator of its own, so that each Lua sees the same pages.
local seed = 1
local function choose(count)
  seed = seed * 69621 % 2147483647
  return seed % count + 1
end

local function one_of(list)
  return list[choose(#list)]
end

local VALUES = {
  "null", "true", "false", "0", "-1", "-0", "-0.0", "1.0", "12.5", "1e3", "1e300", "1e999", "-1e-400", "0.1",
  "2147483648", "9007199254740991", "9007199254740993", "9223372036854775807", "9223372036854775808",
  "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", ("9"):rep(40),
  '""', '"x"', '"17"', '"0"', '"a\\u0000b"', '"\\ud83d"', '"\\ud83d\\ude00"', '"a\255b"', '"a\228\184"', '"a\1b\127"',
  '"\\u001b[2J"', '"1769846400"', '"253402300799"', '"253402300800"', '"000000000005"', '"0000000000005"', '"now"',
  '"-15m"', '"2026-01-31 16:00:00"', '"2026-01-31T08:00:00Z"', '"2026-02-29 00:00:00"', '"2024-02-29T00:00:00.5+08"',
  '"2024-02-29T23:59:59,123-14:00"', '"2024-02-29t00:00:00+1400"', '"2024-12-31T00:00:00+14:60"',
  '"1970-01-01 08:00:00"', '"1970-01-01 07:59:59"', '"9999-12-31T23:59:59Z"', '"9999-12-31T23:59:59-00:01"',
  '"0000-03-01T00:00:00Z"', '"2026-01-31T24:00:00Z"', '"2026-13-31T08:00:00Z"', '"2026-01-31T08:00:00"',
  '"2026-01-31T08:00:00.Z"', '"2026-01-31 16:00:00 "', '"2026-01-31T08:00:00Z' .. ("0"):rep(50) .. '"',
  "[]", "{}", "[null]", "[1,null,2]", "[[]]", "[{}]", '[null,{"ResourceName":"x"}]',
  '{"a":[1,{"b":null,"a!":"\\"\\\\"}]}',
  '{"a\\"":1,"a!":2,"a":3,"a\\\\":4,"a\\u0001":5,"a\127":6,"":7}',
  '{"ResourceType":"t","ResourceName":"n"}', '{"ResourceName":5,"ResourceName":null,"Other":[1]}',
  '{ "ResourceType" : {"x":1} , "Resource\\u004eame" : [true] }', '[{"ResourceType":"a"},{"ResourceType":"b"},7]',
  '["text"]', "[12.5,1]", '"{\\"eventID\\":\\"r\\"}"', '{"eventID":"r"}',
}
local NAMES = { "Resources", "Other", "", "eventid", "EventI\\u0064", "Event\\u004eame" }
for _, pair in ipairs(core.event_names()) do
  NAMES[#NAMES + 1] = pair[2]
end
local BLANKS = { "", "", "", "", " ", "\n\t", " \r" }

local function member()
  return one_of(BLANKS) .. '"' .. one_of(NAMES) .. '"' .. one_of(BLANKS) .. ":" .. one_of(BLANKS) .. one_of(VALUES)
    .. one_of(BLANKS)
end

local function item()
  if choose(12) == 1 then
    return one_of(VALUES)
  end
  local members = {}
  for index = 1, choose(24) - 1 do
    members[index] = member()
  end
  return "{" .. table.concat(members, ",") .. "}"
end

local function page()
  local items = {}
  for index = 1, choose(5) - 1 do
    items[index] = item()
  end
  local events = choose(20) == 1 and one_of(VALUES) or "[" .. table.concat(items, "," .. one_of(BLANKS)) .. "]"
  local response = ('{"ListOver":%s,"Events":%s,"RequestId":"r"%s}'):format(one_of(VALUES), events,
    choose(20) == 1 and ',"Events":' .. one_of(VALUES) or "")
  return ('{"Response":%s%s}'):format(choose(40) == 1 and one_of(VALUES) or response,
    choose(40) == 1 and ',"Response":' .. one_of(VALUES) or "")
end

-- The text with a byte changed, lost or added, or with its end missing.
local function damaged(text)
  local at = choose(#text)
  local how = choose(4)
  local byte = one_of{ '"', "\\", "{", "}", "[", "]", ",", ":", "0", "n", " ", "\255" }
  return how == 1 and text:sub(1, at) or text:sub(1, at - 1) .. (how == 2 and "" or byte)
    .. text:sub(how == 3 and at or at + 1)
end

local function same(expected, found, place)
  if type(expected) ~= "table" or type(found) ~= "table" then
    local exact = expected == found and (not math.type or math.type(expected) == math.type(found))
      and tostring(expected) == tostring(found)
    assert(exact, ("%s: %s expected, got %s"):format(place, tostring(expected), tostring(found)))
    return
  end
  assert(getmetatable(expected) == getmetatable(found), place .. ": another type")
  for name in pairs(found) do
    assert(rawget(expected, name) ~= nil, place .. "." .. tostring(name) .. " is not expected")
  end
  for name, value in pairs(expected) do
    same(value, rawget(found, name), place .. "." .. tostring(name))
  end
end

-- What decoding to events is to give.
local function expected_of(text)
  local value, message = core.decode(text)
  local response = type(value) == "table" and value.Response
  local list = type(response) == "table" and response.Events
  if type(list) == "table" and (list[1] ~= nil or getmetatable(list) == core.list) then
    for index, wire in ipairs(list) do
      list[index] = oracle.from_wire(wire)
    end
  end
  return value, message
end

local function check(text)
  local expected, message = expected_of(text)
  local found, found_message = core.decode_page(text, event.TYPE)
  local ok, problem = pcall(function()
    same(message, found_message, "the message")
    same(expected, found, "page")
  end)
  assert(ok, tostring(problem) .. "\n" .. text)
  return found ~= nil
end

describe("a page decoded to events", function()
  it("is what its tables are, member by member: each value of each member", function()
    for _, name in ipairs(NAMES) do
      for _, value in ipairs(VALUES) do
        check(('{"Response":{"Events":[{"%s":%s},{"EventId":"e","%s":%s,"EventName":"n"}]}}'):format(name, value,
          name, value))
        check(('{"Response":{"Events":[%s,{"%s":"x","%s":%s}]}}'):format(value, name, name, value))
      end
    end
  end)

  it("is what its tables are: random pages, whole and damaged", function()
    local whole = 0
    for _ = 1, ROUNDS do
      local text = page()
      assert.is_true(check(text), text)
      whole = whole + (check(damaged(text)) and 1 or 0)
    end
    assert.is_true(whole > ROUNDS / 20 and whole < ROUNDS)
  end)

  it("needs the right place of Events, and no more", function()
    for _, text in ipairs{ "[]", '{"Events":[{}]}', '{"Response":{"A":{"Events":[{}]}}}', '{"A":{"Events":[{}]}}',
      '{"Response":{"Events":{"Events":[{}]}}}', '{"Respons\\u0065":{"Event\\u0073":[{}]}}', '{"Response":null}' } do
      check(text)
    end
    local page_of_one = core.decode_page('{"Respons\\u0065":{"Event\\u0073":[{}]}}', event.TYPE)
    assert.is_true(event.is(page_of_one.Response.Events[1]))
  end)

  it("is as deep as other documents may be", function()
    for _, depth in ipairs{ 200, 251, 252, 253, 254, 300 } do
      local deep = ("["):rep(depth) .. ("]"):rep(depth)
      check('{"Response":{"Events":[{"Username":' .. deep .. ',"Other":' .. deep .. "}]}}")
      check('{"Response":{"Events":[' .. deep .. "]}}")
    end
  end)

  it("is refused with a type that is none", function()
    assert.has_error(function() core.decode_page("{}", 5) end)
  end)
end)
