local cloudaudit = require "cloudaudit"
local wire = require "support.wire"

local credentials = cloudaudit.credentials

describe("credentials.static", function()
  it("hands credentials over without exposing them", function()
    local made = credentials.static{ secret_id = wire.SECRET_ID, secret_key = "canary-key", token = "canary-token" }
    assert.equal("AKID****PLE", made.shown)
    local strings = wire.reachable_strings(made)
    for _, secret in ipairs{ wire.SECRET_ID, "canary-key", "canary-token" } do
      assert.is_nil(strings[secret])
    end
    assert.equal("userdata", type(made.get().keys))
  end)

  it("refuses incomplete and malformed credentials", function()
    for message, given in pairs{
      ["credentials.static.secret_key: missing"] = { secret_id = "id" },
      ["credentials.static.secret_id: missing"] = { secret_key = "key" },
      ["credentials.static.secret_kye: unknown option, did you mean secret_key?"] = { secret_kye = "x" },
      ["credentials.static.token: string expected, got boolean"] = { secret_id = "i", secret_key = "k", token = true },
    } do
      local ok, raised = pcall(credentials.static, given)
      assert.is_false(ok)
      assert.truthy(raised:find(message, 1, true), raised)
    end
    for name, given in pairs{ secret_id = { secret_id = " id", secret_key = "key" },
      secret_key = { secret_id = "id", secret_key = "canary\n" },
      token = { secret_id = "id", secret_key = "key", token = "t t" } } do
      local made, message, err = credentials.static(given)
      assert.is_nil(made)
      assert.equal("credentials", err.kind)
      assert.truthy(message:find(name, 1, true), message)
      assert.is_nil(message:find("canary", 1, true))
    end
  end)

  it("names the missing half for the options of new", function()
    for message, given in pairs{ ["new.secret_key: missing, though secret_id is given"] = { secret_id = "id" },
      ["new.secret_id: missing, though secret_key is given"] = { secret_key = "key" },
      ["new.secret_id: missing, though token is given"] = { token = "token" } } do
      local made, said, err = cloudaudit.new(given)
      assert.is_nil(made)
      assert.equal(message, said)
      assert.equal("credentials", err.kind)
    end
  end)
end)
