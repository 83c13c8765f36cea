-- Members of responses: each value that JSON can hold, through each reader.
local core = require "cloudaudit.core"
local reader = require "cloudaudit.reader"

-- Every kind of value, as the core decodes it.
local VALUES = { "null", "true", "false", "0", "1", "-1", "12.5", "1e3", "1e300", "9007199254740993",
  "18446744073709551616", '""', '"0"', '"1"',
  '"007"', '"-0"', '"12.5"', '"a"', '"true"', "[]", "[null]", "[1]", "{}", '{"a":1}' }

local function value_of(json)
  return core.decode("[" .. json .. "]")[1]
end

-- What a reader gives for each of VALUES: as JSON, "nil", or "wrong".
local function results(read)
  local out = {}
  for index, json in ipairs(VALUES) do
    local value, wrong = read(value_of(json))
    assert.is_true(value == nil or not wrong)
    out[index] = wrong and "wrong" or value == nil and "nil" or type(value) == "table" and "table" or tostring(value)
  end
  return out
end

local function row(text)
  local out = {}
  for word in text:gmatch("%S+") do
    out[#out + 1] = word == "EMPTY" and "" or word
  end
  return out
end

describe("reader", function()
  it("reads texts", function()
    assert.same(row("nil wrong wrong 0 1 -1 12.5 1000 1e+300 9007199254740993 18446744073709551616 EMPTY 0 1"
      .. " 007 -0 12.5 a true wrong wrong wrong wrong wrong"), results(reader.text))
  end)

  it("reads ids: an empty one is absent", function()
    assert.is_nil(reader.id(""))
    assert.equal("17", reader.id(17))
    assert.is_nil(reader.id(core.null))
    local _, wrong = reader.id{}
    assert.is_true(wrong)
  end)

  it("reads integers, exactly", function()
    assert.same(row("nil wrong wrong 0 1 -1 wrong 1000 wrong 9007199254740993 18446744073709551616 nil 0 1 7 0 wrong"
      .. " wrong wrong wrong wrong wrong wrong wrong"), results(reader.integer))
    assert.equal(5, reader.integer("5"))
  end)

  it("reads times, the same on every Lua", function()
    for _, value in ipairs{ 0, 1700000000, 1700000000.5, 253402300799 } do
      assert.equal(value, reader.seconds(value))
      assert.equal(value, reader.seconds(("%.1f"):format(value)))
    end
    for _, value in ipairs{ -1, 253402300800, math.huge, "", "inf", "nan", "0x10", "1e9", " 1", "-1", "1.2.3", true, {},
      ("1"):rep(40) } do
      assert.is_nil(reader.seconds(value))
    end
    assert.is_nil(reader.seconds(0 / 0))
  end)

  it("reads booleans", function()
    assert.same(row("nil true false false true wrong wrong wrong wrong wrong wrong nil false true wrong wrong wrong"
      .. " wrong true wrong wrong wrong wrong wrong"), results(reader.boolean))
  end)

  it("reads lists and objects, and tells empty ones apart", function()
    for index, json in ipairs(VALUES) do
      local list, no_list = reader.list(value_of(json))
      local object, no_object = reader.object(value_of(json))
      local first = json:sub(1, 1)
      assert.equal(first ~= "[" and first ~= "n", no_list or false, VALUES[index])
      assert.equal(first ~= "{" and first ~= "n", no_object or false, VALUES[index])
      assert.equal(first == "[" or first == "n", list ~= nil)
      assert.equal(first == "{", object ~= nil)
    end
    assert.same({}, reader.list(nil))
  end)

  it("writes any value as JSON, equal values as equal texts, and keeps bytes that are not UTF-8", function()
    for _, json in ipairs(VALUES) do
      local text = reader.json(value_of(json))
      local again = core.decode("[" .. text .. "]")
      assert.equal(text, reader.json(again[1]))
    end
    assert.equal('{"a":[1,"x\\"\\\\\\u000a",{}],"b":null}', reader.json{ b = core.null, a = { 1, 'x"\\\n', {} } })
    assert.equal("[]", reader.json(setmetatable({}, core.list)))
    assert.equal('"a\255b"', reader.json("a\255b"))
    assert.equal("17", reader.any_text(17))
    assert.equal('{"a":1}', reader.any_text{ a = 1 })
    assert.equal("true", reader.any_text(true))
    assert.is_nil(reader.any_text(core.null))
    assert.equal("", reader.any_text(""))
  end)

  it("names action, member, what was expected and what came", function()
    local value, message, err = reader.failure("DescribeEvents", { RequestId = "r-1" }, "Events", "a list", "[]")
    assert.is_nil(value)
    assert.equal("DescribeEvents: the response's Events is a string: a list expected", message)
    assert.equal("protocol", err.kind)
    assert.equal("Events", err.field)
    assert.equal("r-1", err.request_id)
    assert.equal("unknown", err.outcome)
    for _, json in ipairs(VALUES) do
      assert.equal("string", type(select(2, reader.failure("A", value_of(json), "M", "a list", value_of(json)))))
    end
  end)
end)
