local refreshers = require "cloudaudit.credentials.refresher"
local refreshing = require "support.refreshing"
local static = require "cloudaudit.credentials.static"
local wire = require "support.wire"

local core_client, context = refreshing.core_client, refreshing.context
local provider, keys = refreshing.provider, refreshing.keys

describe("a refresher", function()
  it("asks once for credentials that do not expire", function()
    local mine = provider(keys"AKIDAKIDAKIDAKID")
    local refresher, client = refreshers.new(mine, context()), core_client()
    assert.equal("(no credentials read yet)", refresher:describe())
    assert.is_true(refresher:ensure_fresh(client))
    assert.is_true(refresher:ensure_fresh(client))
    assert.equal(1, mine.calls.count)
    assert.equal(1, #client.handed)
    assert.equal("userdata", type(client.handed[1]))
    assert.equal("AKID****KID (mine)", refresher:describe())
  end)

  it("keeps no secret, and hands none to the core client as text", function()
    local refresher = refreshers.new(provider{ { secret_id = "AKIDAKIDAKIDAKID", secret_key = "canary-1",
      token = "canary-2" } }, context())
    local client = core_client()
    refresher:ensure_fresh(client)
    refresher.provider = nil
    for _, root in ipairs{ refresher, client.handed } do
      local strings = wire.reachable_strings(root)
      assert.is_nil(strings["canary-1"])
      assert.is_nil(strings["canary-2"])
    end
  end)

  it("refreshes 300 s before the credentials expire", function()
    local mine = provider(keys("one", 1301), keys("two", 9999))
    local now = 1000
    local refresher, client = refreshers.new(mine, context(function() return now end)), core_client()
    refresher:ensure_fresh(client)
    refresher:ensure_fresh(client)
    assert.equal(1, mine.calls.count)
    now = 1001
    assert.is_true(refresher:ensure_fresh(client))
    assert.equal(2, mine.calls.count)
    assert.equal(2, #client.handed)
    assert.equal(9999, refresher.expires_at)
  end)

  it("keeps using valid credentials when a refresh fails, and tries again later", function()
    local lines = {}
    local mine = provider(keys("one", 1301), { nil, "down", true }, { nil, "down", true }, keys("two", 9999))
    local now = 1000
    local refresher, client = refreshers.new(mine, context(function() return now end,
      { log = function(level, line) lines[#lines + 1] = level .. ": " .. line end })), core_client()
    refresher:ensure_fresh(client)
    now = 1100
    assert.is_true(refresher:ensure_fresh(client))
    assert.is_true(refresher:ensure_fresh(client))
    assert.equal(2, mine.calls.count)
    assert.equal("warn: mine: the credentials were not refreshed and expire in 201 s: mine: down",
      lines[#lines])
    now = 1131
    assert.is_true(refresher:ensure_fresh(client))
    assert.equal(3, mine.calls.count)
    now = 1301
    assert.is_true(refresher:ensure_fresh(client))
    assert.equal(4, mine.calls.count)
    assert.equal(9999, refresher.expires_at)
  end)

  it("fails when a refresh fails after they have expired", function()
    local mine = provider(keys("one", 1301), { nil, "down", true })
    local now = 1000
    local refresher, client = refreshers.new(mine, context(function() return now end)), core_client()
    refresher:ensure_fresh(client)
    now = 1301
    local ok, message = refresher:ensure_fresh(client)
    assert.is_nil(ok)
    assert.equal("mine: down", message)
  end)

  it("refuses expired credentials", function()
    local refresher = refreshers.new(provider(keys("one", 990)), context())
    local ok, message, err = refresher:ensure_fresh(core_client())
    assert.is_nil(ok)
    assert.equal("mine: the temporary credentials expired 10 s ago", message)
    assert.equal("credentials", err.kind)
  end)

  it("accepts credentials that expire soon, and asks again at each call", function()
    local mine = provider(keys("one", 1200))
    local refresher, client = refreshers.new(mine, context()), core_client()
    assert.is_true(refresher:ensure_fresh(client))
    assert.is_true(refresher:ensure_fresh(client))
    assert.equal(2, mine.calls.count)
  end)

  it("asks again when the service rejected the credentials, unless another call has done so", function()
    local mine = provider(keys"one", keys"two", keys"three")
    local refresher, client = refreshers.new(mine, context()), core_client()
    refresher:ensure_fresh(client)
    local used = refresher.generation
    assert.is_true(refresher:ensure_fresh(client, used))
    assert.equal(2, mine.calls.count)
    assert.is_true(refresher:ensure_fresh(client, used))
    assert.equal(2, mine.calls.count)
  end)

  it("does not accept the rejected credentials again", function()
    local mine = provider(keys"one")
    local refresher, client = refreshers.new(mine, context()), core_client()
    refresher:ensure_fresh(client)
    local ok, message = refresher:ensure_fresh(client, refresher.generation)
    assert.is_nil(ok)
    assert.equal("mine: the provider returned the credentials that the service rejected", message)
    assert.equal(1, #client.handed)
  end)

  it("knows that static keys cannot be refreshed", function()
    local refresher, client = refreshers.new(static.new("new", "id", "key"), context()), core_client()
    assert.is_true(refresher:ensure_fresh(client))
    local ok, message = refresher:ensure_fresh(client, refresher.generation)
    assert.is_nil(ok)
    assert.equal("static: static credentials cannot be refreshed", message)
    assert.equal(1, #client.handed)
  end)

  it("hints at the ways to set credentials when there are none", function()
    local _, message, err = refreshers.new(provider{ nil }, context()):ensure_fresh(core_client())
    assert.equal("no credentials; mine: has none", message)
    assert.truthy(err.hint:find("env TENCENTCLOUD_SECRET_ID;", 1, true))
  end)

  it("reports what the core rejects", function()
    local refresher = refreshers.new(provider(keys"id"), context())
    local ok, message = refresher:ensure_fresh(core_client("secret_key: no"))
    assert.is_nil(ok)
    assert.equal("mine: secret_key: no", message)
    assert.equal("(no credentials read yet)", refresher:describe())
  end)

  it("keeps the environment of the moment when it was frozen", function()
    local chain = require "cloudaudit.credentials.chain"
    local values = { HOME = "/nowhere/at/all", TCCLI_PROFILE = "prod", TENCENTCLOUD_SECRET_ID = "AKIDAKIDAKIDAKID",
      TENCENTCLOUD_SECRET_KEY = "canary-key" }
    local made = context(1000, { getenv = function(name) return values[name] end })
    local refresher = refreshers.new(chain.default(), made)
    refresher:freeze()
    values = {}
    assert.is_nil(wire.reachable_strings(refresher)["canary-key"])
    assert.is_true(refresher:ensure_fresh(core_client()))
    assert.equal("AKID****KID (env)", refresher:describe())
    values = { HOME = "/nowhere/at/all", TCCLI_PROFILE = "prod" }
    local none = refreshers.new(chain.new{ require("cloudaudit.credentials.tccli").new{} },
      context(1000, { getenv = function(name) return values[name] end }))
    none:freeze()
    values = {}
    local _, message = none:ensure_fresh(core_client())
    assert.equal("no credentials; tccli: /nowhere/at/all/.tccli/prod.credential: not found", message)
  end)

  it("closes the clients of its providers, and forgets its credentials", function()
    local closed = 0
    local made = context(1000, { nested = { a = { client = { close = function() closed = closed + 1 end } } } })
    local refresher = refreshers.new(provider(keys"id"), made)
    refresher:ensure_fresh(core_client())
    refresher:close()
    assert.equal(1, closed)
    assert.is_nil(refresher.keys)
    assert.is_nil(made.nested)
  end)
end)
