-- doc/architecture.md: the files that it names exist, and the functions of its walks are in them.
local manual = require "support.manual"

local FOLDERS = { "lua/cloudaudit/", "csrc/", "" }

-- The text of a file under one of the folders, or nil.
local function read(path)
  for _, folder in ipairs(FOLDERS) do
    local file = io.open(folder .. path, "rb")
    if file then
      file:close()
      return manual.read(folder .. path)
    end
  end
end

describe("architecture.md", function()
  local text = manual.read("doc/architecture.md")

  it("names files that exist", function()
    local count = 0
    for path in text:gmatch("`([%w_/]+%.[lcd][uae]?[af]?)`") do
      assert.truthy(read(path), path)
      count = count + 1
    end
    assert.is_true(count > 80)
  end)

  it("walks through functions that are there", function()
    local count = 0
    for path, name in text:gmatch("`([%w_/.]+): ([%w_]+)`") do
      local source = assert(read(path), path)
      assert.truthy(source:find("%f[%w_]" .. name .. "%f[^%w_]"), path .. ": " .. name)
      count = count + 1
    end
    assert.is_true(count > 50)
  end)
end)
