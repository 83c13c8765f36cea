-- Protocol text is ASCII whatever the locale of the host. These functions and classes follow LC_CTYPE or LC_NUMERIC;
-- the behaviour under four locales is in spec/faults/host_faults.lua.
local layout = require "support.layout"

-- In Lua: string.lower and upper, and the character classes of letters and control characters, of which an 8-bit locale
-- has more. %d, %x and %s are the same everywhere: in glibc no 8-bit character set has another space.
local LUA = { ":lower%s*%(", ":upper%s*%(", "string%.lower", "string%.upper", "[^%%]%%[aAcCgGlLpPuUwW]" }

-- A fraction in the text of a chunk, which Lua cannot compile where the decimal point has two bytes.
local FRACTION = "[^%w_.\"][0-9]+%.[0-9]"

local C = { "[^%w_]is[adgluopsx]%l+%s*%(", "[^%w_]to[lu]%l+er%s*%(", "strn?casecmp", "[^%w_]ato[fil]%s*%(", "sscanf",
  "strto[dlfu]%l*%s*%(", "strftime", "%%[-+#0-9.]*[aAeEfFgG][^%w]" }

-- The two places that translate the locale's decimal point.
local TRANSLATED = { ["csrc/core/json_read.c"] = true, ["csrc/core/json_write.c"] = true }

local function without_comments(text, pattern)
  return (text:gsub(pattern, ""))
end

local function found(path, text, patterns)
  local list = {}
  for line in text:gmatch("[^\n]+") do
    for _, pattern in ipairs(patterns) do
      if (" " .. line):find(pattern) then
        list[#list + 1] = path .. ": " .. line
        break
      end
    end
  end
  return list
end

local function strings_removed(text)
  return (text:gsub("%[%[.-%]%]", '""'):gsub("\\.", ""):gsub('"[^"\n]*"', '""'):gsub("'[^'\n]*'", "''"))
end

describe("protocol text", function()
  it("follows no locale in Lua", function()
    local files = layout.find("lua/cloudaudit -name '*.lua' ! -name types.lua")
    files[#files + 1] = "bin/cloudaudit"
    local list = {}
    local function add(lines)
      for _, line in ipairs(lines) do
        list[#list + 1] = line
      end
    end
    for _, path in ipairs(files) do
      local text = without_comments(layout.read(path), "%-%-[^\n]*")
      add(found(path, text, LUA))
      if path ~= "bin/cloudaudit" then -- which starts a process of its own
        add(found(path, strings_removed(text), { FRACTION }))
      end
    end
    assert.same({}, list)
  end)

  it("follows no locale in C", function()
    for _, path in ipairs(layout.find([[csrc -name '*.[ch]']])) do
      local text = without_comments(layout.read(path), "/%*.-%*/")
      if not TRANSLATED[path] then
        assert.same({}, found(path, text, C))
      end
    end
  end)

  it("would be found if it did", function()
    for _, text in ipairs{ "name:lower()", "string.upper(x)", 'x:find("^%w+$")', 'x:match("[%a_]")',
      'gsub("%c", "")' } do
      assert.equal(1, #found("x", text, LUA), text)
    end
    assert.equal(0, #found("x", 'x:find("^%d+%s%x%%a"):format("%s")', LUA))
    for _, text in ipairs{ "local x = 0.5", "f(1.25)", "{ 0.1, 2 }" } do
      assert.equal(1, #found("x", strings_removed(text), { FRACTION }), text)
    end
    assert.equal(0, #found("x", strings_removed('f("127.0.0.1 1.5", x.y, a1.b)'), { FRACTION }))
    for _, text in ipairs{ "if (isalpha(c))", "tolower(c)", 'snprintf(b, n, "%.3f", x)', "x = strtod(a, 0);", "atoi(x)",
      'printf("%g\\n", x)' } do
      assert.equal(1, #found("x", text, C), text)
    end
    assert.equal(0, #found("x", 'snprintf(b, n, "%zu%% %.*s %d", 1, 2); this_is_a(b); is_digit(c)', C))
  end)
end)
