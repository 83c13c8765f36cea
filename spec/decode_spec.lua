-- core.decode: what it may take a short way for must come out as if it had not.
local core = require "cloudaudit.core"
local page = require "bench.page"

-- lua-cjson has doubles where we may have decimal strings.
local function same(expected, value, place)
  if type(expected) ~= "table" then
    assert.equal(expected, type(expected) == "number" and tonumber(value) or value, place)
    return
  end
  for name in pairs(value) do assert.is_not_nil(expected[name], place .. tostring(name)) end
  for name, member in pairs(expected) do same(member, value[name], place .. tostring(name) .. ".") end
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

  it("keeps every name in its place, whatever names came before", function()
    local random = 1
    local function choose(count)
      random = random * 69621 % 2147483647
      return random % count + 1
    end
    local objects, expected = {}, {}
    for i = 1, 400 do
      local members, object = {}, {}
      for _ = 1, choose(6) do
        -- More names than are kept, some alike, some written with escapes.
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

  it("takes no more room for an object than the one before it had members", function()
    local many = {}
    for i = 1, 200 do many[i] = '"m' .. i .. '":0' end
    local text = "[{" .. table.concat(many, ",") .. "}" .. (",{}"):rep(1000) .. "]"
    collectgarbage()
    collectgarbage("stop")
    local before = collectgarbage("count")
    local value = assert(core.decode(text))
    local grown = collectgarbage("count") - before
    collectgarbage("restart")
    assert.equal(1001, #value)
    assert.is_true(grown < 200, grown .. " KB")
  end)
end)
