-- Numbers in parentheses are those of the tests in the command's specification.
local command = require "support.command"
local emulator = require "support.emulator"
local folder = require "support.folder"
local spec_file = require "cloudaudit.cli.spec_file"

describe("cloudaudit.cli.spec_file", function()
  local place

  setup(function()
    place = folder.new()
  end)

  teardown(function()
    place:remove()
  end)

  local function write(name, text)
    local path = place.path .. "/" .. name
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
    return path
  end

  -- The message of the problem with a file.
  local function problem(name, text)
    local done, value = pcall(spec_file.read, write(name, text))
    assert.is_false(done, text)
    assert.equal(2, value.status)
    return (value.message:gsub(place.path:gsub("%p", "%%%0") .. "/", ""))
  end

  it("reads one spec or a list, from JSON or Lua", function()
    local one = { { name = "a", storage = "cos://b@c/d" } }
    assert.same(one, spec_file.read(write("a.json", '{"name":"a","storage":"cos://b@c/d"}')))
    assert.same(one, spec_file.read(write("b.json", '[{"name":"a","storage":"cos://b@c/d"}]')))
    assert.same(one, spec_file.read(write("c.lua", 'local x = "cos://b@c/d" return { name = "a", storage = x }')))
    assert.same(one, spec_file.read(write("c.lua", '\239\187\191return { name = "a", storage = "cos://b@c/d" }\r\n')))
    assert.equal(3, #spec_file.read(write("d.lua",
      "local t = {} for i = 1, 3 do t[i] = { name = 's' .. i } end return t")))
    assert.same({ { nmae = "a" } }, spec_file.read(write("e.json", '{"nmae":"a"}')))
  end)

  it("names the line of what is wrong (26)", function()
    for text, expected in pairs{
      ["x = 1\nwhile true do end"] = "--file: a.lua:2: stopped after 1000000 instructions",
      ["\nlocal function f() return f() end f()"] = "--file: a.lua:2: stopped after 1000000 instructions",
      ["return {\n  name = os.execute('true') }"] = "--file: a.lua:2: attempt to index",
      ["return ('x'):rep(1e9)"] = "--file: a.lua:1: attempt to index",
      ["return require 'cloudaudit'"] = "--file: a.lua:1: attempt to call",
      ["return {\n name = }"] = "--file: a.lua:2: unexpected symbol",
      ["\27Lua"] = "--file: a.lua: a binary chunk; Lua source expected",
      ["return 5"] = "--file: a.lua: a spec or a list of specs expected, got number",
    } do
      local message = problem("a.lua", text)
      assert.equal(expected, message:sub(1, #expected))
    end
    assert.equal("x", ("X"):lower())
    assert.equal("a.json:2:9: invalid JSON: invalid value", (problem("a.json", '[\n{"name":}]')))
    assert.equal("--file: a name that ends in .json or .lua expected, got a.yaml", (problem("a.yaml", "name: no")))
  end)

  it("names the option that named the file", function()
    local path_of = write("e.yaml", "")
    local done, value = pcall(spec_file.read, path_of, "--against")
    assert.same({ false, "--against: a name that ends in .json or .lua expected, got " .. path_of },
      { done, value.message })
    for _, path in ipairs{ place.path .. "/missing.json", write("e.json", "1"), write("e.lua", "return 1 +"),
      write("f.lua", "error('x')") } do
      done, value = pcall(spec_file.read, path, "--against")
      assert.is_false(done)
      assert.truthy(value.message:find("^%-%-against: ") or path:find("e.json"), value.message)
    end
  end)

  it("refuses compiled Lua (26)", function()
    local dump = string.dump(assert((loadstring or load)("return {}")))
    assert.equal("--file: a.lua: a binary chunk; Lua source expected", (problem("a.lua", dump)))
  end)

  it("sends nothing for a file that is wrong, and suggests the nearest name (26)", function()
    local served = emulator.start{}
    local env = command.env(served)
    local good = '{"name":"abc","action":"all","storage":"cos://logs@ap-guangzhou/abc"}'
    for text, expected in pairs{
      ["[" .. good .. ',\n{"nmae":"abc"}]'] =
        "s.json%[2%].nmae: unknown field, did you mean name%?",
      ['{"name":"abc","storage":"cos://logs@ap-guangzhou/abc","action":"wirte"}'] = "s.json%[1%].action: ",
      ["[" .. good .. ",\n" .. good .. "]"] = "s.json%[2%].name: the same as in ",
    } do
      local path = write("s.json", text)
      for _, verb in ipairs{ "plan", "apply" } do
        local result = command.run({ "tracks", verb, "-f", path }, { env = env })
        assert.same({ 2, "" }, { result.status, result.out })
        assert.truthy(result.err:find(expected), result.err)
      end
    end
    assert.equal(2, command.run({ "tracks", "plan", "-f", place.path .. "/none.json" }, { env = env }).status)
    assert.equal(2, command.run({ "tracks", "plan" }, { env = env }).status)
    assert.same({}, served:journal())
    served:stop()
  end)

  it("tells line and column, counted from one", function()
    assert.same({ 1, 1 }, { spec_file.place("abc", 1) })
    assert.same({ 3, 2 }, { spec_file.place("a\n\nbc", 5) })
  end)
end)
