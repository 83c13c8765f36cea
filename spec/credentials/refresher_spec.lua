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
    local mine = provider(keys("one", 1901), keys("two", 9999))
    local now = 1000
    local refresher, client = refreshers.new(mine, context(function() return now end)), core_client()
    refresher:ensure_fresh(client)
    now = 1600
    refresher:ensure_fresh(client)
    assert.equal(1, mine.calls.count)
    now = 1601
    assert.is_true(refresher:ensure_fresh(client))
    assert.equal(2, mine.calls.count)
    assert.equal(2, #client.handed)
    assert.equal(9999, refresher.expires_at)
  end)

  it("refreshes credentials of a short life when a third of it is left", function()
    local now = 1000
    local mine = provider(function() return { secret_id = "i", secret_key = "k", expires_at = now + 120 } end)
    local refresher, client = refreshers.new(mine, context(function() return now end)), core_client()
    for second = 0, 240 do
      now = 1000 + second
      for _ = 1, 50 do
        assert.is_true(refresher:ensure_fresh(client))
      end
      assert.equal(1 + math.floor(second / 80), mine.calls.count)
    end
  end)

  it("asks a few times for credentials that stay the same until they expire", function()
    local now = 1000
    local mine = provider(keys("one", 1120))
    local refresher, client = refreshers.new(mine, context(function() return now end)), core_client()
    for _ = 1, 119 * 50 do
      assert.is_true(refresher:ensure_fresh(client))
      now = now + 0.02
    end
    assert.is_true(mine.calls.count > 2 and mine.calls.count < 10, mine.calls.count)
  end)

  it("does not ask more than once a second while a refresh fails", function()
    local now, failing = 1000, false
    local mine = provider(function()
      if failing then
        return nil, "down", true
      end
      return { secret_id = "i", secret_key = "k", expires_at = now + 10 }
    end)
    local refresher, client = refreshers.new(mine, context(function() return now end)), core_client()
    refresher:ensure_fresh(client)
    failing = true
    for _ = 1, 990 do
      assert.is_true(refresher:ensure_fresh(client))
      now = now + 0.01
    end
    assert.is_true(mine.calls.count > 2 and mine.calls.count < 7, mine.calls.count)
  end)

  it("keeps using valid credentials when a refresh fails, and tries again later", function()
    local lines = {}
    local mine = provider(keys("one", 1901), { nil, "down", true }, { nil, "down", true }, keys("two", 9999))
    local now = 1000
    local refresher, client = refreshers.new(mine, context(function() return now end,
      { log = function(level, line) lines[#lines + 1] = level .. ": " .. line end })), core_client()
    refresher:ensure_fresh(client)
    now = 1700
    assert.is_true(refresher:ensure_fresh(client))
    assert.is_true(refresher:ensure_fresh(client))
    assert.equal(2, mine.calls.count)
    assert.equal("warn: mine: the credentials were not refreshed and expire in 201 s: mine: down",
      lines[#lines])
    now = 1731
    assert.is_true(refresher:ensure_fresh(client))
    assert.equal(3, mine.calls.count)
    now = 1901
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

  it("accepts credentials that expire soon, and does not ask again at each call", function()
    for _, expires_at in ipairs{ 1200, 1120, 1003, 1000.5 } do
      local mine = provider(keys("one", expires_at))
      local refresher, client = refreshers.new(mine, context()), core_client()
      for _ = 1, 50 do
        assert.is_true(refresher:ensure_fresh(client))
      end
      assert.equal(1, mine.calls.count)
    end
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

  it("refuses to refresh static credentials", function()
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
    assert.truthy(err.hint:find("credentials.cvm_role()", 1, true))
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

  it("may be asked by a clock that makes a call itself", function()
    local refresher, asked
    refresher = refreshers.new(provider(keys"id"), context(function()
      if not asked then
        asked = true
        assert(refresher:ensure_fresh(core_client()))
      end
      return 1000
    end))
    assert.is_true(refresher:ensure_fresh(core_client()))
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
