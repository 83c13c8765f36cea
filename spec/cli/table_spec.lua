local tables = require "cloudaudit.cli.table"
local width = require "cloudaudit.cli.width"

local COLUMNS = {
  { name = "TIME", whole = true }, { name = "EVENT" }, { name = "USER", free = true },
  { name = "RESULT", free = true, color = function(text) return text == "denied" and "red" or nil end },
}
local ROW = { "2026-01-31T16:00:00+08:00", "ListAttachedUserAllPolicies", "审计用户甲乙丙丁戊己庚辛", "denied" }

local function draw(cells, options)
  options = options or {}
  local drawn = tables.new{ columns = COLUMNS, width = function() return cells end, color = options.color,
    two_lines = options.two_lines }
  drawn:add(ROW, options.after)
  return drawn:text(), drawn
end

local function lines(text)
  local list = {}
  for line in text:gmatch("([^\n]*)\n") do
    list[#list + 1] = line
  end
  return list
end

describe("cloudaudit.cli.table", function()
  it("aligns columns by cells and cuts nothing without a width", function()
    local text, drawn = draw(nil)
    assert.same({ "TIME                       EVENT                        USER                      RESULT",
      "2026-01-31T16:00:00+08:00  ListAttachedUserAllPolicies  审计用户甲乙丙丁戊己庚辛  denied" }, lines(text))
    drawn:add{ "t", "e", "u", "r" }
    assert.same({ "t                          e                            u                         r" },
      lines(drawn:text()))
  end)

  it("fits every width, cuts free columns only, and keeps times and names whole", function()
    for cells = 30, 120 do
      local text = draw(cells, { two_lines = 2 })
      local joined = ""
      for index, line in ipairs(lines(text)) do
        assert.is_true(width.of(line) <= cells, cells .. ": " .. line)
        joined = index > 1 and joined .. line or joined
      end
      if cells >= 40 then
        assert.truthy(text:find(ROW[1], 1, true), text)
      end
      local together = joined:gsub("[^%w:+-]", "")
      if cells >= 96 then
        assert.truthy(together:find("ListAttachedUserAllPolicies", 1, true), text)
      end
    end
  end)

  it("wraps a name below itself", function()
    assert.same({ "TIME                       EVENT",
      "  USER                      RESULT",
      "2026-01-31T16:00:00+08:00  ListAttachedU", "                           serAllPolicie",
      "                           s",
      "  审计用户甲乙丙丁戊己庚辛  denied" }, lines((draw(40, { two_lines = 2 }))))
  end)

  it("colors what a word says, and nothing else", function()
    local text = draw(nil, { color = true })
    assert.equal(draw(nil), (text:gsub("\27%[%d*m", "")))
    assert.truthy(text:find("\27[31mdenied\27[0m", 1, true))
  end)

  it("escapes cells and lines below a row", function()
    local drawn = tables.new{ columns = COLUMNS }
    drawn:add({ "a\27[2J", "b\nc" }, { "  fix: x\r" })
    assert.same({ "a\\x1b[2J  b\\nc", "  fix: x\\r" }, { lines(drawn:text())[2], "  fix: x\\r" })
  end)

  it("is empty without rows", function()
    assert.equal("", tables.new{ columns = COLUMNS }:text())
  end)
end)
