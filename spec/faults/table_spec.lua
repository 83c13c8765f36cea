-- README.md lists promises and the tests that verify them: each of these tests must exist.
local function folder()
  return debug.getinfo(1, "S").source:match("^@(.*)spec/faults/[^/]*$")
end

local function read(path)
  local file = assert(io.open(folder() .. path))
  local text = file:read("*a")
  file:close()
  return text
end

-- Whether a file has a test of that name.
local function holds(path, name)
  local text = read(path)
  if path:find("_test%.c$") then
    return text:find("cmocka_unit_test(" .. name .. ")", 1, true)
  elseif path:find("_spec%.lua$") or path:find("_faults%.lua$") then
    return text:find('it("' .. name, 1, true) or text:find('it(("' .. name, 1, true)
  end
  return text:find(name, 1, true)
end

describe("the table of faults", function()
  it("lists every fault once, in order, with tests that exist", function()
    local rows, tests = 0, 0
    for line in read("spec/faults/README.md"):gmatch("[^\n]+") do
      local number, fault, promise, held = line:match("^| (%d+) | (.-) | (.-) | (.-) |$")
      if number then
        rows = rows + 1
        assert.equal(rows, tonumber(number))
        assert.is_true(#fault > 5 and #promise > 20, line)
        local found = 0
        for path, name in held:gmatch("`([^:`]+): ([^`]+)`") do
          assert.truthy(holds(path, name), ("%d: %s has no test %q"):format(rows, path, name))
          found = found + 1
        end
        assert.is_true(found > 0, "no test for " .. number)
        tests = tests + found
      end
    end
    assert.equal(64, rows)
    print(("\nmeasured: %d faults, %d tests named"):format(rows, tests))
  end)

  it("holds for the libcurl driver, which does not use Lua", function()
    local command = ("cd '%s.' && grep -l -i 'lua_State\\|<lua\\|lauxlib' csrc/curl/*.[ch] csrc/core/*.[ch]")
    local list = io.popen(command:format(folder()))
    local found = list:read("*a")
    list:close()
    assert.equal("", found)
  end)
end)
