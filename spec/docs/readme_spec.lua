-- README.md and the chapters in doc/: every Lua block runs against an emulator in this process, every link resolves,
-- and every option and method is named.
local cloudaudit = require "cloudaudit"
local manual = require "support.manual"

local MOST_LINES = 250

-- The globals of a block: the module with a `new` whose clients talk to the emulator, unless they bring a
-- driver; `client` and `track` as the manual says; print and stderr recorded.
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
  local name = "=" .. block.path
  local text = ("\n"):rep(block.line - 1) .. block.text
  if setfenv then
    return setfenv(assert(loadstring(text, name)), environment)
  end
  return assert(load(text, name, "t", environment))
end

local function blocks_of_all()
  local list = {}
  for _, path in ipairs(manual.reference()) do
    for _, block in ipairs(manual.lua_blocks(path)) do
      list[#list + 1] = block
    end
  end
  return list
end

local function text_of_all()
  local texts = {}
  for index, path in ipairs(manual.reference()) do
    texts[index] = manual.read(path)
  end
  return table.concat(texts, "\n")
end

describe("the examples of README and doc", function()
  local list = blocks_of_all()

  it("are found", function()
    assert.is_true(#manual.lua_blocks(manual.README) >= 4)
    assert.is_true(#list >= 30)
  end)

  for _, block in ipairs(list) do
    it(("run: %s, line %d"):format(block.path, block.line), function()
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

  it("print the text behind -->", function()
    local promised = 0
    for _, block in ipairs(list) do
      if block.text:find("-->", 1, true) then
        local printed, said = {}, {}
        compile(block, (surroundings(printed)))()
        for text in block.text:gmatch("%-%->%s*([^\n]+)") do
          said[#said + 1] = text
        end
        assert.equal(#said, #printed, block.path)
        promised = promised + #said
        for index, text in ipairs(said) do
          local pattern = text:gsub("[%p]", "%%%0"):gsub("\226\128\166", ".*")
          assert.truthy(printed[index]:find("^" .. pattern .. "$"), printed[index])
        end
      end
    end
    assert.is_true(promised > 0)
  end)
end)

describe("README and doc", function()
  it("name every option of new, and every method of tracks and events", function()
    local text = text_of_all()
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

  it("keep README short, and link every chapter from it", function()
    local _, lines = manual.read(manual.README):gsub("\n", "")
    assert.is_true(lines <= MOST_LINES, lines .. " lines")
    local linked = {}
    for _, link in ipairs(manual.links(manual.read(manual.README))) do
      linked[link.target:gsub("#.*$", "")] = true
    end
    for _, path in ipairs(manual.chapters()) do
      assert.is_true(linked[path] or false, path)
    end
    for _, path in ipairs(manual.OTHERS) do
      assert.is_true(linked[path] or false, path)
    end
  end)

  it("link to files and headings that exist", function()
    local paths, checked = manual.reference(), 0
    for _, path in ipairs(manual.OTHERS) do
      paths[#paths + 1] = path
    end
    for _, path in ipairs(paths) do
      local text = manual.read(path)
      for _, link in ipairs(manual.links(text)) do
        if not link.target:find("^%a+:") then
          local place = ("%s:%d: %s"):format(path, link.line, link.target)
          local file, anchor = link.target:match("^([^#]*)#?(.*)$")
          local full = file == "" and path or (path:match("^.*/") or "") .. file
          local opened = io.open(full)
          assert.truthy(opened, place)
          opened:close()
          if anchor ~= "" then
            assert.is_true(manual.anchors(manual.read(full))[anchor] or false, place)
          end
          checked = checked + 1
        end
      end
    end
    assert.is_true(checked > 60)
  end)
end)
