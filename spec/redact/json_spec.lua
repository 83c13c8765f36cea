-- The rewriter of JSON alone: what it asks about each string, and what it takes for JSON.
local json = require "cloudaudit.redact.json"

local function rewrite(text)
  return json.rewrite(text, "all", "M", function(value, hide)
    return hide and "M" or value
  end)
end

describe("json.rewrite", function()
  it("gives nil for what is not one whole JSON value", function()
    for _, text in ipairs{ "", "{", '{"a"', '{"a":', '{"a":1', '{"a":1}}', "[1,]x", "[1 2]", '"abc', "{a:1}", "[}",
      '{"a" 1}' } do
      assert.is_nil(rewrite(text), text)
    end
    assert.is_nil(rewrite(("["):rep(257) .. ("]"):rep(257)))
    assert.equal(("["):rep(256) .. ("]"):rep(256), rewrite(("["):rep(256) .. ("]"):rep(256)))
  end)

  it("gives strings with their escapes resolved, and writes them with escapes", function()
    local seen = {}
    local out = json.rewrite([[["a\u00e9\n\"b\\"]
]], "all", "M", function(value)
      seen[#seen + 1] = value
      return value .. "\n\1"
    end)
    assert.same({ 'a\195\169\n"b\\' }, seen)
    assert.equal([[["aé\n\"b\\\n\u0001"]
]], out)
  end)

  it("keeps bytes that are not UTF-8", function()
    assert.equal('["\255\254"]', rewrite('["\255\254"]'))
  end)
end)
