-- The tables of doc/check.md are those that `make types` writes.
local check = require "gen.check"

describe("the chapter of checks", function()
  it("is current", function()
    local text = check.read(check.CHAPTER)
    assert.equal(check.chapter(text), text, "run make types")
  end)

  it("would notice a change", function()
    local text = check.read(check.CHAPTER)
    local changed = text:gsub("`trail.writes`", "`trail.write`")
    assert.is_true(changed ~= text and check.chapter(changed) == text)
    assert.has_error(function()
      check.chapter((text:gsub("<!%-%- generated: trail %-%->", "")))
    end)
  end)
end)
