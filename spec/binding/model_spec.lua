-- The compiled-in model against copies of the services' published models: names in any order, types, required
-- members, kinds of actions and their error codes.
local core = require "cloudaudit.core"

local function read(name)
  local file = assert(io.open("spec/fixtures/" .. name, "rb"))
  local value = assert(core.decode(file:read("*a")))
  file:close()
  return value
end

-- The whole model of CloudAudit, and the two actions of STS that return temporary credentials.
local MODELS = { cloudaudit = read("model.json"), sts = read("sts.json") }
local actions, shapes = core.actions(), core.shapes()

local TYPES = { string = "string", int64 = "int64", uint64 = "uint64", boolean = "bool", bool = "bool" }

-- Type and shape for a type in the fixture: "uint64", "Storage", "list of string", "list of Tracks".
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
    local all_actions, all_shapes = {}, {}
    for _, published in pairs(MODELS) do
      for name in pairs(published.shapes) do
        all_shapes[name] = true
      end
      for name in pairs(published.actions) do
        all_actions[name] = true
        all_shapes[name .. "Request"], all_shapes[name .. "Response"] = true, true
      end
    end
    assert.equal(19, #names(MODELS.cloudaudit.actions))
    assert.equal(12, #names(MODELS.cloudaudit.shapes))
    assert.equal(2, #names(MODELS.sts.actions))
    assert.same(names(all_actions), names(actions))
    assert.same(names(all_shapes), names(shapes))
  end)

  for service, published in pairs(MODELS) do
    for name, fields in pairs(published.shapes) do
      it("describes " .. name .. " as published", function()
        compare(name, fields)
      end)
    end

    for name, action in pairs(published.actions) do
      it("describes " .. name .. " as published", function()
        local own = actions[name]
        assert.equal(service, own.service)
        assert.equal(published.version, own.version)
        assert.equal(action.kind == "write", own.writes)
        assert.equal(action.status == "legacy", own.legacy)
        assert.equal(action.unsigned == true, own.unsigned)
        assert.equal(name .. "Request", own.request)
        assert.equal(name .. "Response", own.response)
        assert.same(sorted(action.error_codes), sorted(own.error_codes))
        compare(own.request, action.request)
        compare(own.response, action.response)
      end)
    end
  end

  it("offers only CloudAudit's actions as methods", function()
    local known = require "cloudaudit.actions"
    assert.same(names(MODELS.cloudaudit.actions), known.names)
    assert.is_nil(known.get("AssumeRole"))
  end)
end)
