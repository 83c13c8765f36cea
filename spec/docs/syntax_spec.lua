-- Every Lua file loads in every Lua: also in Lua 5.5, whose compiler refuses what older ones accept.
local layout = require "support.layout"
local loop_variables = require "support.loop_variables"

local function assigned(text)
  return table.concat(loop_variables.assigned(text), ", ")
end

describe("an assignment to a control variable", function()
  it("is found in numeric and generic loops, alone and in a list", function()
    assert.equal("1: i", assigned("for i = 1, 3 do i = i + 1 end"))
    assert.equal("2: line", assigned("for line in lines() do\n  line = line:lower()\nend"))
    assert.equal("1: key", assigned("for key, value in pairs(t) do if x then key, value = value.a, value.b end end"))
    assert.equal("1: k", assigned("for k in f do t.a, k = 1, 2 end"))
    assert.equal("1: k", assigned("for k in f do g(function() k = 1 end) end"))
    assert.equal("1: k", assigned("for k in f do local x = { y = function() k = 1 end } end"))
    assert.equal("1: i", assigned("for i = 1, 2 do repeat i = 2 until true end"))
    assert.equal("1: i", assigned("for i = 1, 2 do if a then b() elseif c then d() else i = 2 end end"))
  end)

  it("is not taken for what looks like one", function()
    assert.equal("", assigned("for i, v in f do v = 1 local w = i end"))
    assert.equal("", assigned("for i in f do local i = i i = 2 end"))
    assert.equal("", assigned("for i in f do g(function(a, i) i = 2 end) end"))
    assert.equal("", assigned("for i in f do t.i = 1 t[i] = 2 u = { i = 3, 4 } end i = 5"))
    assert.equal("", assigned("for i in f do if i == 1 or i <= 2 then return { i, a = i } end end"))
    assert.equal("", assigned("for i in f do -- i = 1\n g('i = 2', [[ i = 3 ]]) --[[ i = 4 ]] end"))
    assert.equal("", assigned("for i = 1, 2 do for i = 1, i do g(i) end end"))
  end)
end)

describe("every Lua file", function()
  local files = layout.find("lua spec doc examples -name '*.lua'")
  files[#files + 1] = "bin/cloudaudit"

  it("sets no control variable, which Lua 5.5 refuses", function()
    local found = {}
    for _, path in ipairs(files) do
      for _, place in ipairs(loop_variables.assigned((layout.read(path):gsub("^#![^\n]*", "")))) do
        found[#found + 1] = path .. ":" .. place
      end
    end
    assert.is_true(#files > 200)
    assert.same({}, found)
  end)

  it("loads in this Lua", function()
    for _, path in ipairs(files) do
      assert(loadfile(path))
    end
  end)
end)
