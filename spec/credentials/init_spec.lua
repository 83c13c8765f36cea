local credentials = require "cloudaudit.credentials"

local NAMES = { "static", "env", "profile", "tccli", "cvm_role", "assume_role", "tke_oidc", "callback", "chain" }

describe("cloudaudit.credentials", function()
  it("holds a constructor for each provider, and nothing else", function()
    for _, name in ipairs(NAMES) do
      assert.equal("function", type(credentials[name]), name)
      assert.equal(require("cloudaudit.credentials." .. name).public, credentials[name])
    end
    for _, name in ipairs{ "files", "sts", "refresher", "provider", "init", "statik" } do
      assert.is_nil(credentials[name])
    end
  end)

  it("gives providers without asking any of them", function()
    local getenv, open = os.getenv, io.open
    os.getenv = function() error("the environment was read") end -- luacheck: ignore 122
    io.open = function() error("a file was opened") end -- luacheck: ignore 122
    local ok, problem = pcall(function()
      for _, made in ipairs{ credentials.env(), credentials.profile(), credentials.tccli(), credentials.cvm_role(),
        credentials.tke_oidc(), credentials.chain(), credentials.callback(error),
        credentials.assume_role{ role_arn = "qcs::cam::uin/1:roleName/x" } } do
        assert.equal("string", type(made.name))
        assert.equal("function", type(made.get))
      end
    end)
    os.getenv, io.open = getenv, open -- luacheck: ignore 122
    assert.is_true(ok, problem)
  end)
end)
