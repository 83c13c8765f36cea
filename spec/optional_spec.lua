local optional = require "cloudaudit.optional"

describe("cloudaudit.optional", function()
  after_each(function()
    package.preload.cloudaudit_test_module = nil
    package.loaded.cloudaudit_test_module = nil
  end)

  it("gives a module, or nil when it is missing or cannot be loaded", function()
    assert.equal(require "luv", optional.module("luv"))
    assert.is_nil(optional.module("cloudaudit_test_none"))
    package.preload.cloudaudit_test_broken = function() error("hidden") end
    assert.is_nil(optional.module("cloudaudit_test_broken"))
  end)

  it("does not take SIGINT for a missing module", function()
    local calls = 0
    package.preload.cloudaudit_test_module = function()
      calls = calls + 1
      if calls == 1 then
        error("interrupted!", 0)
      end
      return "there"
    end
    local done, message = pcall(optional.module, "cloudaudit_test_module")
    assert.is_false(done)
    assert.truthy(message:find("interrupted!", 1, true))
    package.loaded.cloudaudit_test_module = nil
    assert.equal("there", optional.module("cloudaudit_test_module"))
  end)
end)
