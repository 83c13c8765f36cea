-- How a provider is asked, and what becomes of its snapshot.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local providers = require "cloudaudit.credentials.provider"
local refreshers = require "cloudaudit.credentials.refresher"
local refreshing = require "support.refreshing"
local wire = require "support.wire"

local core_client, context, provider = refreshing.core_client, refreshing.context, refreshing.provider

describe("a mask", function()
  it("tells credentials apart without revealing them", function()
    assert.equal("AKID****PLE", providers.mask(wire.SECRET_ID))
    assert.equal("****", providers.mask("AKIDshort"))
    assert.equal("****", providers.mask(""))
  end)
end)

describe("a provider", function()
  it("that is broken is reported as a failure that sent nothing", function()
    local torn = provider{ nil, "file is torn", true }
    local ok, message, err = refreshers.new(torn, context()):ensure_fresh(core_client())
    assert.is_nil(ok)
    assert.equal("mine: file is torn", message)
    assert.equal("credentials", err.kind)
    local _, own, problem = errors.failure{ kind = "credentials", message = "mine, whole" }
    ok, message = refreshers.new(provider{ nil, own, problem }, context()):ensure_fresh(core_client())
    assert.is_nil(ok)
    assert.equal("mine, whole", message)
    _, own, problem = errors.failure{ kind = "auth", code = "AuthFailure.SecretIdNotFound", outcome = "unknown",
      request_id = "r", http_status = 200, message = "AssumeRole: no" }
    _, message, err = refreshers.new(provider{ nil, own, problem }, context()):ensure_fresh(core_client())
    assert.equal("mine: AssumeRole: no", message)
    assert.equal("credentials", err.kind)
    assert.equal("not_sent", err.outcome)
    assert.equal("AuthFailure.SecretIdNotFound", err.code)
    assert.equal("r", err.request_id)
  end)

  it("that returns the id and the key as two values reveals neither", function()
    for _, returned in ipairs{ { wire.SECRET_ID, wire.SECRET_KEY }, { wire.SECRET_ID, wire.SECRET_KEY, "token" } } do
      local ok, message, err = refreshers.new(provider(returned), context()):ensure_fresh(core_client())
      assert.is_nil(ok)
      assert.equal("mine: table with secret_id and secret_key expected, got string", message)
      assert.equal("credentials", err.kind)
    end
  end)

  it("that seals its credentials may be wrong about when they expire", function()
    local keys = core.credentials(wire.SECRET_ID, wire.SECRET_KEY)
    local ok, message = refreshers.new(provider{ { keys = keys, expires_at = "soon" } }, context()):ensure_fresh(
      core_client())
    assert.is_nil(ok)
    assert.equal("mine: expires_at: unix seconds expected, got string", message)
  end)

  it("shows its source without control characters", function()
    local snapshot = providers.ask(provider{ { secret_id = wire.SECRET_ID, secret_key = wire.SECRET_KEY,
      source = "a\27[31m\226\128\174b\0" } }, context())
    assert.falsy(snapshot.source:find("[%z\1-\31]"), snapshot.source)
    assert.falsy(snapshot.source:find("\226\128\174", 1, true), snapshot.source)
  end)

  it("that returns no credentials, or malformed ones, is named in the message", function()
    for message, snapshot in pairs{
      ["mine: secret_id and secret_key: two strings expected"] = { secret_id = "id" },
      ["here: secret_id and secret_key: two strings expected"] = { secret_id = "id", secret_key = 5, source = "here" },
      ["mine: token: string expected, got table"] = { secret_id = "id", secret_key = "k", token = {} },
      ["mine: expires_at: unix seconds expected, got string"] =
        { secret_id = "id", secret_key = "k", expires_at = "x" },
      ["mine: secret_key: at most 8192 bytes of printable ASCII without whitespace expected"] =
        { secret_id = "id", secret_key = "canary \n" },
      ["mine: token: a string that is not empty expected"] = { secret_id = "id", secret_key = "k", token = "" },
    } do
      local ok, said, err = refreshers.new(provider{ snapshot }, context()):ensure_fresh(core_client())
      assert.is_nil(ok)
      assert.equal(message, said)
      assert.equal("credentials", err.kind)
    end
    local _, message = refreshers.new(provider{ nil }, context()):ensure_fresh(core_client())
    assert.equal("no credentials; mine: has none", message)
  end)
end)

describe("credentials in the core's memory", function()
  it("are equal when all their parts are equal", function()
    assert.is_true(core.credentials("id", "key", "t") == core.credentials("id", "key", "t"))
    for _, other in ipairs{ { "id", "key" }, { "id", "key", "u" }, { "ie", "key", "t" }, { "idk", "ey", "t" },
      { "id", "ke", "yt" } } do
      assert.is_false(core.credentials("id", "key", "t") == core.credentials(other[1], other[2], other[3]))
    end
  end)
end)
