-- lua/cloudaudit/types.lua against its sources, and against the public names at run time.
local cloudaudit = require "cloudaudit"
local types = require "gen.types"
local wire = require "support.wire"

local text, path = types.read()

-- The functions that a table or a metatable gives, by name.
local function names_of(members)
  local list = {}
  for name, value in pairs(members) do
    if type(name) == "string" and type(value) == "function" and name:sub(1, 1) ~= "_" then
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

local function assert_functions(owner, names)
  assert.is_true(#names > 0, owner)
  for _, name in ipairs(names) do
    assert.truthy(text:find(("\nfunction %s%s("):format(owner, name), 1, true), owner .. name)
  end
end

describe("types.lua", function()
  it("equals the output of `make types`", function()
    assert.is_true(types.generate() == text, path .. " is stale: run make types")
  end)

  it("is Lua", function()
    assert.truthy(loadfile(path))
  end)

  it("defines every class that it names, once", function()
    local classes = {}
    for name in text:gmatch("\n%-%-%-@class ([%w_.]+)") do
      assert.is_nil(classes[name], name)
      classes[name] = true
    end
    local count = 0
    for line in text:gmatch("%-%-%-(@[^\n]*)") do
      local kind = line:match("^@param %S+ (.*)$") or line:match("^@return (.*)$") or line:match("^@overload (.*)$")
        or line:match("^@class %S+: (%S+)") or line:match("^@field %b[] (%S+)") or line:match("^@field %S+ (%S+)") or ""
      for name in kind:gmatch("cloudaudit[%w_.]+") do
        count = count + 1
        assert.is_true(classes[name] or false, name)
      end
    end
    assert.is_true(count > 150)
  end)

  it("documents every function", function()
    local documented, docs = 0, false
    for line in text:gmatch("[^\n]*") do
      if line:find("^%-%-%-[^@]") then
        docs = true
      elseif line:find("^function ") then
        assert.is_true(docs, line)
        documented, docs = documented + 1, false
      elseif line:find("^local ") then
        docs = false
      end
    end
    assert.is_true(documented > 100)
  end)

  it("has every method of a client, and of client.async", function()
    local client = wire.client()
    local index, async_index = getmetatable(client).__index, getmetatable(client.async).__index
    assert_functions("Client:", names_of(index))
    assert_functions("Client:", require("cloudaudit.actions").names)
    assert_functions("Async:", names_of(async_index))
    assert_functions("Async:", require("cloudaudit.actions").names)
    for name in text:gmatch("\nfunction Client:([%w_]+)") do
      assert.is_function(client[name], name)
    end
    for name in text:gmatch("\nfunction Async:([%w_]+)") do
      assert.is_function(client.async[name], name)
    end
  end)

  it("has every function of the modules and objects that users get", function()
    local client = wire.client()
    assert_functions("storage.", names_of(cloudaudit.storage))
    assert_functions("Emulator:", names_of(getmetatable(cloudaudit.emulator.new()).__index))
    assert_functions("EmulatorServer:", { "step", "run", "stop", "close", "connections" })
    assert_functions("Tail:", names_of(getmetatable(client:tail{}).__index))
    assert_functions("Future:", names_of(getmetatable(client.async:quota()).__index))
    assert_functions("Error:", names_of(getmetatable(select(3, client:lookup{ since = "x" })).__index))
    assert_functions("credentials.", { "static", "env", "profile", "tccli", "cvm_role", "assume_role", "tke_oidc",
      "callback", "chain" })
    for _, owner in ipairs{ "cloudaudit", "storage", "credentials", "errors", "time", "emulator" } do
      local count = 0
      local module = owner == "cloudaudit" and cloudaudit or cloudaudit[owner]
      for name in text:gmatch("\nfunction " .. owner .. "%.([%w_]+)") do
        assert.is_function(module[name], owner .. "." .. name)
        count = count + 1
      end
      assert.is_true(count > 0, owner)
    end
  end)

  it("has every option of new and every action's parameters", function()
    local function class(name)
      return text:match("\n%-%-%-@class cloudaudit%." .. name .. "\n(.-)\n\n")
    end
    for _, row in ipairs(require("cloudaudit.options").rows) do
      assert.truthy(class("Options"):find("@field " .. row.name .. "? ", 1, true), row.name)
    end
    assert.truthy(class("wire%.CreateAuditTrackRequest"):find("@field Name string ", 1, true))
    assert.truthy(class("wire%.CreateAuditTrackRequest"):find("@field TrackForAllMembers? integer|string ", 1, true))
    assert.truthy(class("wire%.DescribeAuditTracksResponse"):find("@field Tracks? cloudaudit.wire.Tracks[] ", 1, true))
    assert.is_nil(text:find("AssumeRoleRequest", 1, true))
  end)
end)
