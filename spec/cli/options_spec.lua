local options = require "cloudaudit.cli.options"
local verbs = require "cloudaudit.cli.verbs"

local function names(rows)
  local set = {}
  for _, row in ipairs(rows) do
    assert.is_nil(set[row.name], row.name)
    set[row.name] = row
  end
  return set
end

describe("cloudaudit.cli.options", function()
  it("has for each verb every option once, its own in place of a common one", function()
    for _, name in ipairs(verbs.names) do
      local verb = verbs.get(name)
      local set, letters = names(options.of(verb)), {}
      for _, row in pairs(set) do
        assert.is_true(#row.doc > 5, row.name)
        assert.is_nil(row.short and letters[row.short], row.name)
        letters[row.short or ""] = true
        letters[""] = nil
      end
      assert.truthy(set.help)
      assert.equal(verb.filter == true, set.resource ~= nil)
      assert.equal(verb.common ~= false, set.profile ~= nil)
    end
    assert.truthy(names(options.of(verbs.get("emulate")))["ca-file"].doc:find("write the CA", 1, true))
  end)

  it("has the options that the manual names", function()
    local set = names(options.of{ filter = true })
    for name in ("profile region endpoint ca-file proxy call-timeout patience language output columns color utc "
      .. "progress no-redact quiet verbose help version since until event write read product resource key user ip "
      .. "failed denied sensitive request-id where from max"):gmatch("%S+") do
      assert.truthy(set[name], name)
      set[name] = nil
    end
    assert.is_nil(next(set))
  end)
end)
