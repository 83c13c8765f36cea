local options = require "cloudaudit.cli.options"
local verbs = require "cloudaudit.cli.verbs"

describe("cloudaudit.cli.verbs", function()
  it("has a complete module for each name", function()
    for _, name in ipairs(verbs.names) do
      local verb = verbs.get(name)
      assert.is_true(#verb.summary > 10 and #verb.summary < 70, name)
      assert.equal("function", type(verb.run))
      assert.is_true(#verb.examples > 0, name)
      for _, line in ipairs(verb.examples) do
        assert.truthy(line:find("cloudaudit " .. name, 1, true), line)
      end
    end
    assert.is_nil(verbs.get("nothing"))
    assert.is_nil(verbs.get("init"))
  end)

  it("gives examples whose options exist", function()
    for _, name in ipairs(verbs.names) do
      local verb, known = verbs.get(name), {}
      for _, row in ipairs(options.of(verb)) do
        known["--" .. row.name] = true
      end
      for _, line in ipairs(verb.examples) do
        for option in line:gmatch("%s(%-%-[%w-]+)") do
          assert.is_true(known[option] or false, line)
        end
      end
    end
  end)
end)
