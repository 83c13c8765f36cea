-- core.decode: its shortcuts must not change the result.
local core = require "cloudaudit.core"
local page = require "bench.page"
local wire = require "support.wire"

-- lua-cjson returns doubles where core.decode may return decimal strings.
local function same(expected, value, place)
  if type(expected) ~= "table" then
    assert.equal(expected, type(expected) == "number" and tonumber(value) or value, place)
    return
  end
  for name in pairs(value) do assert.is_not_nil(expected[name], place .. tostring(name)) end
  for name, member in pairs(expected) do same(member, value[name], place .. tostring(name) .. ".") end
end

-- The memory that a function allocates in Lua, garbage included, and its result.
local function kilobytes(f, ...)
  collectgarbage()
  collectgarbage()
  collectgarbage("stop")
  local before = collectgarbage("count")
  local value = f(...)
  local grown = collectgarbage("count") - before
  collectgarbage("restart")
  return grown, value
end

describe("core.decode", function()
  it("reads a page of events like another parser", function()
    local text = page(50)
    local value = assert(core.decode(text))
    assert.equal(50, #value.Response.Events)
    same(require("cjson").decode(text), value, "")
    for _, event in ipairs(value.Response.Events) do
      local record = assert(core.decode(event.CloudAuditEvent))
      assert.equal(event.EventId, record.eventID)
      assert.equal(event.RequestID, assert(core.decode(record.responseElements)).RequestId)
    end
  end)

  it("assigns every member to the right name, regardless of earlier names", function()
    local random = 1
    local function choose(count)
      random = random * 69621 % 2147483647
      return random % count + 1
    end
    local objects, expected = {}, {}
    for i = 1, 400 do
      local members, object = {}, {}
      for _ = 1, choose(6) do
        -- More names than the cache holds, some similar, some written with escapes.
        local name = ("n"):rep(choose(3)) .. choose(60)
        local written = choose(8) == 1 and name:gsub("n", "\\u006e") or name
        if not object[name] then
          object[name] = i
          members[#members + 1] = ('"%s"%s:%d'):format(written, choose(5) == 1 and " " or "", i)
        end
      end
      objects[i], expected[i] = "{" .. table.concat(members, ",") .. "}", object
    end
    same(expected, assert(core.decode("[" .. table.concat(objects, ",") .. "]")), "")
  end)

  it("keeps objects small after a large one", function()
    local many = {}
    for i = 1, 200 do many[i] = '"m' .. i .. '":0' end
    local text = "[{" .. table.concat(many, ",") .. "}" .. (",{}"):rep(1000) .. "]"
    local grown, value = kilobytes(core.decode, text)
    assert.equal(1001, #assert(value))
    assert.is_true(grown < 200, grown .. " KB")
  end)

  -- A Lua table costs most in relation to its two bytes of text: nested lists are the worst case.
  it("takes at most 48 times the memory of a hostile response", function()
    local LENGTH, worst = 1024 * 1024, 0
    local function members(count)
      local list = {}
      for i = 1, count do list[i] = ('"%s":0'):format(string.char(64 + i)) end
      return "{" .. table.concat(list, ",") .. "}"
    end
    local parts = {
      "[]", "{}", "0", '""', "null", "[0]", "[0,0,0]", "[0,0,0,0,0]", members(1), members(5), members(5) .. ",{}",
      members(9) .. ",{}", members(17) .. ",{}", ("["):rep(60) .. ("]"):rep(60),
      ('{"":'):rep(60) .. "0" .. ("}"):rep(60), ('[{"":'):rep(30) .. "0" .. ("}]"):rep(30),
    }
    for _, part in ipairs(parts) do
      local count = math.floor((LENGTH - 60) / (#part + 1))
      local body = '{"Response":{"RequestId":"r","List":[' .. (part .. ","):rep(count) .. "0]}}"
      assert.is_true(#body <= LENGTH and #body > LENGTH - 600)
      local client = wire.client{ { status = 200, body = body } }
      client:call("SomeNewAction") -- opens the client
      local grown, response = kilobytes(client.call, client, "SomeNewAction")
      assert.is_true(response.List[1] ~= nil and grown * 1024 < 48 * #body, part .. ": " .. grown .. " KB")
      worst = math.max(worst, grown * 1024 / #body)
    end
    print(("\nmeasured: a hostile answer takes %.1f times its length in Lua"):format(worst))
  end)
end)
