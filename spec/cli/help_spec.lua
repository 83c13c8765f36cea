local help = require "cloudaudit.cli.help"
local options = require "cloudaudit.cli.options"
local verbs = require "cloudaudit.cli.verbs"

local function fits(text)
  for line in text:gmatch("[^\n]+") do
    assert.is_true(#line <= 100, line)
  end
end

describe("cloudaudit.cli.help", function()
  it("says at once which format it prints, then gives examples", function()
    local text = help.command()
    fits(text)
    local format, examples = text:find(help.OUTPUT, 1, true), text:find("Examples:", 1, true)
    local list = text:find("Verbs", 1, true)
    assert.is_true(format < 150 and format < examples and examples < list)
    for _, name in ipairs(verbs.names) do
      assert.truthy(text:find("\n  " .. name .. " +" .. verbs.get(name).summary:sub(1, 10):gsub("%p", "%%%0")), name)
    end
    for _, number in ipairs{ "0", "1", "2", "3", "4", "5", "6", "7", "8", "130, 141, 143" } do
      assert.truthy(text:find("\n  " .. number .. " "), number)
    end
  end)

  it("names every option of a verb once, its own first", function()
    for _, name in ipairs(verbs.names) do
      local verb = verbs.get(name)
      local text = help.verb(name, verb)
      fits(text)
      assert.is_true(text:find("Examples:", 1, true) < text:find("ptions", 1, true))
      for _, row in ipairs(options.of(verb)) do
        local _, count = text:gsub("\n  " .. help.option(row):gsub("%p", "%%%0") .. "[ \n]", "")
        assert.equal(1, count, name .. " --" .. row.name)
      end
    end
  end)

  it("writes options and arguments as they are given", function()
    assert.equal("-o, --output FORMAT", help.option{ name = "output", short = "o", value = "FORMAT" })
    assert.equal("--dry-run[=curl]", help.option{ name = "dry-run", value = "curl", optional = "json" })
    assert.equal("SUBJECT [FILTER] [OPTION...]", help.usage(verbs.get("who")))
    assert.equal("[ID...] [OPTION...]", help.usage{ positionals = { { value = "ID", args = "*" } } })
  end)

  it("wraps words", function()
    assert.same({ "a bb", "ccc", "dddddd" }, help.wrap("a bb ccc dddddd", 5))
  end)
end)
