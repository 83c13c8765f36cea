-- Runs every Lua block of README.md against an emulator in this process.
local cloudaudit = require "cloudaudit"

local function blocks()
  local list, text, first, number = {}, nil, nil, 0
  for line in io.lines("README.md") do
    number = number + 1
    if text and line == "```" then
      list[#list + 1] = { line = first, text = table.concat(text, "\n") }
      text = nil
    elseif text then
      text[#text + 1] = line
    elseif line == "```lua" then
      text, first = {}, number + 1
    end
  end
  assert(not text, "a block without its end")
  return list
end

-- What a block sees: the module with a `new` whose clients talk to the emulator, unless they bring a
-- driver; `client` and `track` as README says; print and stderr kept.
local function surroundings(printed)
  local emulator = cloudaudit.emulator.new{ role = "audit" }
  local client = emulator:client()
  local module = setmetatable({}, { __index = cloudaudit })
  function module.new(options)
    if options and options.driver then
      return cloudaudit.new(options)
    end
    return emulator:client(options)
  end
  local environment = {
    cloudaudit = module, client = client,
    track = assert(client:create_track{ name = "given", action = "all", storage = "cls://t@ap-guangzhou/p" }),
    require = function(name)
      return name == "cloudaudit" and module or require(name)
    end,
    print = function(...)
      local line = {}
      for index = 1, select("#", ...) do
        line[index] = tostring((select(index, ...)))
      end
      printed[#printed + 1] = table.concat(line, "\t")
    end,
    io = { stderr = { write = function(_, ...) printed[#printed + 1] = table.concat{ ... } end } },
  }
  return setmetatable(environment, { __index = _G }), emulator
end

local function compile(block, environment)
  local name = "=README.md"
  local text = ("\n"):rep(block.line - 1) .. block.text
  if setfenv then
    return setfenv(assert(loadstring(text, name)), environment)
  end
  return assert(load(text, name, "t", environment))
end

describe("README", function()
  local list = blocks()

  it("has its examples", function()
    assert.is_true(#list >= 12)
  end)

  for _, block in ipairs(list) do
    it("is right in the block of line " .. block.line, function()
      local printed = {}
      local environment, emulator = surroundings(printed)
      compile(block, environment)()
      local _, key = emulator:credential()
      for _, line in ipairs(printed) do
        assert.is_nil(line:find(key, 1, true))
      end
      for _, entry in ipairs(emulator:journal()) do
        assert.is_not.equal("AuthFailure.SignatureFailure", entry.code)
      end
    end)
  end

  it("prints what it says it prints", function()
    for _, block in ipairs(list) do
      if block.text:find("-->", 1, true) then
        local printed, said = {}, {}
        compile(block, (surroundings(printed)))()
        for text in block.text:gmatch("%-%->%s*([^\n]+)") do
          said[#said + 1] = text
        end
        assert.equal(#said, #printed)
        for index, text in ipairs(said) do
          local pattern = text:gsub("[%p]", "%%%0"):gsub("\226\128\166", ".*")
          assert.truthy(printed[index]:find("^" .. pattern .. "$"), printed[index])
        end
      end
    end
  end)

  it("names every option of new and every method of tracks and events", function()
    local file = assert(io.open("README.md"))
    local text = file:read("*a")
    file:close()
    for _, row in ipairs(require("cloudaudit.options").rows) do
      assert.truthy(text:find("`" .. row.name .. "`", 1, true), row.name)
    end
    for _, name in ipairs{ "static", "env", "profile", "tccli", "cvm_role", "assume_role", "tke_oidc", "callback",
      "chain" } do
      assert.truthy(text:find("\n| `" .. name .. "[({]"), name)
    end
    for _, family in ipairs{ "tracks", "tracks.ensure", "events" } do
      for name in pairs(require("cloudaudit." .. family)) do
        assert.truthy(text:find("`" .. name .. "[({]"), name)
      end
    end
    assert.is_nil(text:find("TODO", 1, true))
  end)
end)
