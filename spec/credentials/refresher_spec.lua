local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local keepers = require "cloudaudit.credentials.refresher"
local keeping = require "support.keeping"
local static = require "cloudaudit.credentials.static"
local wire = require "support.wire"

local core_client, context, provider, keys = keeping.core_client, keeping.context, keeping.provider, keeping.keys

describe("a mask", function()
  it("tells keys apart and gives nothing away", function()
    assert.equal("AKID****PLE", keepers.mask(wire.SECRET_ID))
    assert.equal("****", keepers.mask("AKIDshort"))
    assert.equal("****", keepers.mask(""))
  end)
end)

describe("a keeper", function()
  it("asks once for keys that do not expire", function()
    local mine = provider(keys"AKIDAKIDAKIDAKID")
    local keeper, client = keepers.new(mine, context()), core_client()
    assert.equal("(no keys read yet)", keepers.describe(keeper))
    assert.is_true(keepers.supply(keeper, client))
    assert.is_true(keepers.supply(keeper, client))
    assert.equal(1, mine.calls.count)
    assert.equal(1, #client.handed)
    assert.equal("userdata", type(client.handed[1]))
    assert.equal("AKID****KID (mine)", keepers.describe(keeper))
  end)

  it("keeps no secret, nor has the core's client been handed one", function()
    local keeper = keepers.new(provider{ { secret_id = "AKIDAKIDAKIDAKID", secret_key = "canary-1",
      token = "canary-2" } }, context())
    local client = core_client()
    keepers.supply(keeper, client)
    keeper.provider = nil
    for _, root in ipairs{ keeper, client.handed } do
      local strings = wire.reachable_strings(root)
      assert.is_nil(strings["canary-1"])
      assert.is_nil(strings["canary-2"])
    end
  end)

  it("fetches new ones 300 s before they expire", function()
    local mine = provider(keys("one", 1301), keys("two", 9999))
    local now = 1000
    local keeper, client = keepers.new(mine, context(function() return now end)), core_client()
    keepers.supply(keeper, client)
    keepers.supply(keeper, client)
    assert.equal(1, mine.calls.count)
    now = 1001
    assert.is_true(keepers.supply(keeper, client))
    assert.equal(2, mine.calls.count)
    assert.equal(2, #client.handed)
    assert.equal(9999, keeper.expires_at)
  end)

  it("goes on with keys that hold when newer ones cannot be had, and tries again later", function()
    local lines = {}
    local mine = provider(keys("one", 1301), { nil, "down", true }, { nil, "down", true }, keys("two", 9999))
    local now = 1000
    local keeper, client = keepers.new(mine, context(function() return now end,
      { log = function(level, line) lines[#lines + 1] = level .. ": " .. line end })), core_client()
    keepers.supply(keeper, client)
    now = 1100
    assert.is_true(keepers.supply(keeper, client))
    assert.is_true(keepers.supply(keeper, client))
    assert.equal(2, mine.calls.count)
    assert.equal("warn: the keys of mine hold for 201 s more, and newer ones could not be had: mine: down",
      lines[#lines])
    now = 1131
    assert.is_true(keepers.supply(keeper, client))
    assert.equal(3, mine.calls.count)
    now = 1301
    assert.is_true(keepers.supply(keeper, client))
    assert.equal(4, mine.calls.count)
    assert.equal(9999, keeper.expires_at)
  end)

  it("fails once they have expired", function()
    local mine = provider(keys("one", 1301), { nil, "down", true })
    local now = 1000
    local keeper, client = keepers.new(mine, context(function() return now end)), core_client()
    keepers.supply(keeper, client)
    now = 1301
    local ok, message = keepers.supply(keeper, client)
    assert.is_nil(ok)
    assert.equal("mine: down", message)
  end)

  it("refuses expired ones", function()
    local keeper = keepers.new(provider(keys("one", 990)), context())
    local ok, message, err = keepers.supply(keeper, core_client())
    assert.is_nil(ok)
    assert.equal("mine: the temporary key expired 10 s ago", message)
    assert.equal("credentials", err.kind)
  end)

  it("takes keys that end soon, and asks again at each call", function()
    local mine = provider(keys("one", 1200))
    local keeper, client = keepers.new(mine, context()), core_client()
    assert.is_true(keepers.supply(keeper, client))
    assert.is_true(keepers.supply(keeper, client))
    assert.equal(2, mine.calls.count)
  end)

  it("asks again when the service refused the keys, unless somebody has meanwhile", function()
    local mine = provider(keys"one", keys"two", keys"three")
    local keeper, client = keepers.new(mine, context()), core_client()
    keepers.supply(keeper, client)
    local used = keeper.generation
    assert.is_true(keepers.supply(keeper, client, used))
    assert.equal(2, mine.calls.count)
    assert.is_true(keepers.supply(keeper, client, used))
    assert.equal(2, mine.calls.count)
  end)

  it("does not take the same keys for newer ones", function()
    local mine = provider(keys"one")
    local keeper, client = keepers.new(mine, context()), core_client()
    keepers.supply(keeper, client)
    local ok, message = keepers.supply(keeper, client, keeper.generation)
    assert.is_nil(ok)
    assert.equal("mine: it is the same key again", message)
    assert.equal(1, #client.handed)
  end)

  it("knows that static keys cannot be refreshed", function()
    local keeper, client = keepers.new(static.new("new", "id", "key"), context()), core_client()
    assert.is_true(keepers.supply(keeper, client))
    local ok, message = keepers.supply(keeper, client, keeper.generation)
    assert.is_nil(ok)
    assert.equal("static: the key was given once and for all", message)
    assert.equal(1, #client.handed)
  end)

  it("passes a broken provider on, as a failure that sent nothing", function()
    local torn = provider{ nil, "file is torn", true }
    local ok, message, err = keepers.supply(keepers.new(torn, context()), core_client())
    assert.is_nil(ok)
    assert.equal("mine: file is torn", message)
    assert.equal("credentials", err.kind)
    local _, own, problem = errors.failure{ kind = "credentials", message = "mine, whole" }
    ok, message = keepers.supply(keepers.new(provider{ nil, own, problem }, context()), core_client())
    assert.is_nil(ok)
    assert.equal("mine, whole", message)
    _, own, problem = errors.failure{ kind = "auth", code = "AuthFailure.SecretIdNotFound", outcome = "unknown",
      request_id = "r", http_status = 200, message = "AssumeRole: no" }
    _, message, err = keepers.supply(keepers.new(provider{ nil, own, problem }, context()), core_client())
    assert.equal("mine: AssumeRole: no", message)
    assert.equal("credentials", err.kind)
    assert.equal("not_sent", err.outcome)
    assert.equal("AuthFailure.SecretIdNotFound", err.code)
    assert.equal("r", err.request_id)
  end)

  it("says when a provider gives no keys, or keys that cannot be right", function()
    for message, snapshot in pairs{
      ["mine: gave no secret_id and secret_key"] = { secret_id = "id" },
      ["here: gave no secret_id and secret_key"] = { secret_id = "id", secret_key = 5, source = "here" },
      ["mine: token: string expected, got table"] = { secret_id = "id", secret_key = "k", token = {} },
      ["mine: expires_at: unix seconds expected, got string"] =
        { secret_id = "id", secret_key = "k", expires_at = "x" },
      ["mine: secret_key: at most 8192 bytes of printable ASCII without whitespace expected"] =
        { secret_id = "id", secret_key = "canary \n" },
      ["mine: token: a string that is not empty expected"] = { secret_id = "id", secret_key = "k", token = "" },
    } do
      local ok, said, err = keepers.supply(keepers.new(provider{ snapshot }, context()), core_client())
      assert.is_nil(ok)
      assert.equal(message, said)
      assert.equal("credentials", err.kind)
    end
    local _, message = keepers.supply(keepers.new(provider{ nil }, context()), core_client())
    assert.equal("no credentials; mine: has none", message)
  end)

  it("shows what the core refuses", function()
    local keeper = keepers.new(provider(keys"id"), context())
    local ok, message = keepers.supply(keeper, core_client("secret_key: no"))
    assert.is_nil(ok)
    assert.equal("mine: secret_key: no", message)
    assert.equal("(no keys read yet)", keepers.describe(keeper))
  end)

  it("keeps what the environment said when it was frozen", function()
    local chain = require "cloudaudit.credentials.chain"
    local values = { HOME = "/nowhere/at/all", TCCLI_PROFILE = "prod", TENCENTCLOUD_SECRET_ID = "AKIDAKIDAKIDAKID",
      TENCENTCLOUD_SECRET_KEY = "canary-key" }
    local made = context(1000, { getenv = function(name) return values[name] end })
    local keeper = keepers.new(chain.default(), made)
    keepers.freeze(keeper)
    values = {}
    assert.is_nil(wire.reachable_strings(keeper)["canary-key"])
    assert.is_true(keepers.supply(keeper, core_client()))
    assert.equal("AKID****KID (env)", keepers.describe(keeper))
    values = { HOME = "/nowhere/at/all", TCCLI_PROFILE = "prod" }
    local none = keepers.new(chain.new{ require("cloudaudit.credentials.tccli").new{} },
      context(1000, { getenv = function(name) return values[name] end }))
    keepers.freeze(none)
    values = {}
    local _, message = keepers.supply(none, core_client())
    assert.equal("no credentials; tccli: /nowhere/at/all/.tccli/prod.credential: not there", message)
  end)

  it("closes the clients behind providers, and forgets", function()
    local closed = 0
    local made = context(1000, { nested = { a = { client = { close = function() closed = closed + 1 end } } } })
    local keeper = keepers.new(provider(keys"id"), made)
    keepers.supply(keeper, core_client())
    keepers.close(keeper)
    assert.equal(1, closed)
    assert.is_nil(keeper.keys)
    assert.is_nil(made.nested)
  end)
end)

describe("keys in the core's memory", function()
  it("are equal when they are the same", function()
    assert.is_true(core.credentials("id", "key", "t") == core.credentials("id", "key", "t"))
    for _, other in ipairs{ { "id", "key" }, { "id", "key", "u" }, { "ie", "key", "t" }, { "idk", "ey", "t" },
      { "id", "ke", "yt" } } do
      assert.is_false(core.credentials("id", "key", "t") == core.credentials(other[1], other[2], other[3]))
    end
  end)
end)
