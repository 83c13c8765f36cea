-- The model that is compiled in against the copy of the service's public one: names, order-free, types,
-- what is required, kinds of actions and their error codes.
local core = require "cloudaudit.core"

local file = assert(io.open("spec/fixtures/model.json", "rb"))
local published = assert(core.decode(file:read("*a")))
file:close()

local actions, shapes = core.actions(), core.shapes()

local TYPES = { string = "string", int64 = "int64", uint64 = "uint64", boolean = "bool", bool = "bool" }

-- Our type and shape for the fixture's words: "uint64", "Storage", "list of string", "list of Tracks".
local function expected(words)
  local of = words:match("^list of (.+)$")
  if of == "string" then
    return "strings"
  elseif of then
    return "objects", of
  elseif TYPES[words] then
    return TYPES[words]
  end
  return "object", words
end

local function sorted(list)
  local copy = {}
  for index, value in ipairs(list) do
    copy[index] = value
  end
  table.sort(copy)
  return copy
end

local function names(set)
  local list = {}
  for name in pairs(set) do
    list[#list + 1] = name
  end
  return sorted(list)
end

local function compare(name, fields)
  local ours = {}
  for _, field in ipairs(assert(shapes[name], name)) do
    ours[field.name] = field
  end
  for _, field in ipairs(fields) do
    local own = ours[field.name]
    local place = name .. "." .. field.name
    assert.truthy(own, place)
    local kind, shape = expected(field.type)
    assert.equal(kind, own.type, place)
    assert.equal(shape, own.shape, place)
    assert.equal(field.required == true, own.required, place)
    assert.truthy(#own.doc > 0, place)
    ours[field.name] = nil
  end
  assert.is_nil((next(ours)), name)
end

describe("the model", function()
  it("has the published actions and shapes, and no others", function()
    assert.equal("2019-03-19", published.version)
    assert.equal(19, #names(published.actions))
    assert.equal(12, #names(published.shapes))
    assert.same(names(published.actions), names(actions))
    local all = {}
    for name in pairs(published.shapes) do
      all[name] = true
    end
    for name in pairs(published.actions) do
      all[name .. "Request"], all[name .. "Response"] = true, true
    end
    assert.same(names(all), names(shapes))
  end)

  for name, fields in pairs(published.shapes) do
    it("describes " .. name .. " as published", function()
      compare(name, fields)
    end)
  end

  for name, action in pairs(published.actions) do
    it("describes " .. name .. " as published", function()
      local own = actions[name]
      assert.equal("cloudaudit", own.service)
      assert.equal("2019-03-19", own.version)
      assert.equal(action.kind == "write", own.writes)
      assert.equal(action.status == "legacy", own.legacy)
      assert.equal(name .. "Request", own.request)
      assert.equal(name .. "Response", own.response)
      assert.same(sorted(action.error_codes), sorted(own.error_codes))
      compare(own.request, action.request)
      compare(own.response, action.response)
    end)
  end
end)
