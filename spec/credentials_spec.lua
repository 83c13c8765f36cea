local credentials = require "cloudaudit.credentials"
local env = require "cloudaudit.credentials.env"
local errors = require "cloudaudit.error"
local static = require "cloudaudit.credentials.static"
local wire = require "support.wire"

local ID, KEY = "TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"

-- Stands for the core's client: keeps what it is handed.
local function core_client()
  local handed = {}
  return { handed = handed, credentials = function(_, ...)
    handed[#handed + 1] = { ... }
    return true
  end }
end

local function context(environment, now)
  return { getenv = environment and function(name) return environment[name] end,
    clock = function() return now or 1000 end }
end

local function provider(...)
  local answers, calls = { ... }, { count = 0 }
  return { name = "mine", calls = calls, get = function()
    calls.count = calls.count + 1
    local answer = answers[math.min(calls.count, #answers)]
    return answer[1], answer[2], answer[3]
  end }
end

describe("a mask", function()
  it("tells keys apart and gives nothing away", function()
    assert.equal("AKID****PLE", credentials.mask(wire.SECRET_ID))
    assert.equal("****", credentials.mask("AKIDshort"))
    assert.equal("****", credentials.mask(""))
  end)
end)

describe("the environment", function()
  local function get(environment)
    return env.new().get(context(environment))
  end

  it("gives id and key", function()
    assert.same({ secret_id = "id", secret_key = "key" }, get{ [ID] = "id", [KEY] = "key" })
  end)

  for _, name in ipairs{ "TENCENTCLOUD_SESSION_TOKEN", "TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN" } do
    it("gives the token as " .. name, function()
      assert.equal("t", get{ [ID] = "id", [KEY] = "key", [name] = "t" }.token)
    end)
  end

  it("takes the same token twice, but not two", function()
    local twice = { [ID] = "id", [KEY] = "key", TENCENTCLOUD_TOKEN = "t", TENCENTCLOUD_SECURITY_TOKEN = "t" }
    assert.equal("t", get(twice).token)
    twice.TENCENTCLOUD_SECURITY_TOKEN = "other"
    local snapshot, message, err = get(twice)
    assert.is_nil(snapshot)
    assert.equal("env: TENCENTCLOUD_TOKEN and TENCENTCLOUD_SECURITY_TOKEN hold different tokens", message)
    assert.equal("credentials", err.kind)
  end)

  it("has none when nothing is set, or it is empty", function()
    for _, environment in ipairs{ {}, { [ID] = "", [KEY] = "" } } do
      local snapshot, message, err = get(environment)
      assert.is_nil(snapshot)
      assert.is_nil(err)
      assert.truthy(message:find(ID, 1, true))
      assert.truthy(message:find(KEY, 1, true))
    end
  end)

  it("is broken with one half", function()
    local _, message, err = get{ [ID] = "id" }
    assert.equal("env: TENCENTCLOUD_SECRET_ID is set, TENCENTCLOUD_SECRET_KEY is not", message)
    assert.equal("credentials", err.kind)
    _, message = get{ [KEY] = "canary", [ID] = "" }
    assert.equal("env: TENCENTCLOUD_SECRET_KEY is set, TENCENTCLOUD_SECRET_ID is not", message)
  end)

  it("is not looked at where it is forbidden", function()
    local snapshot, message, err = get(nil)
    assert.is_nil(snapshot)
    assert.is_nil(err)
    assert.truthy(message:find("env = false", 1, true))
  end)
end)

describe("static keys", function()
  it("are handed over without showing them", function()
    local made = static.new(wire.SECRET_ID, wire.SECRET_KEY, "token-canary")
    assert.equal("AKID****PLE", made.shown)
    local strings = wire.reachable_strings(made)
    for _, secret in ipairs{ wire.SECRET_ID, wire.SECRET_KEY, "token-canary" } do
      assert.is_nil(strings[secret])
    end
    assert.equal("userdata", type(made.get().keys))
  end)

  it("come in whole", function()
    local made, message, err = static.new("id", nil)
    assert.is_nil(made)
    assert.equal("new.secret_key: missing beside secret_id", message)
    assert.equal("credentials", err.kind)
    assert.equal("new.secret_id: missing beside secret_key", (select(2, static.new(nil, "key"))))
    assert.equal("new.secret_id: missing beside token", (select(2, static.new(nil, nil, "token"))))
  end)

  it("are refused by name when a blank or a line end came with them", function()
    for name, keys in pairs{ secret_id = { " id", "key" }, secret_key = { "id", "canary\n" },
      token = { "id", "key", "t t" } } do
      local made, message, err = static.new(keys[1], keys[2], keys[3])
      assert.is_nil(made)
      assert.equal("credentials", err.kind)
      assert.truthy(message:find(name, 1, true), message)
      assert.is_nil(message:find("canary", 1, true))
    end
  end)
end)

describe("a keeper", function()
  it("asks once for keys that do not expire", function()
    local mine = provider{ { secret_id = "AKIDAKIDAKIDAKID", secret_key = "k", token = "t" } }
    local keeper, client = credentials.keeper(mine, context()), core_client()
    assert.is_true(credentials.supply(keeper, client))
    assert.is_true(credentials.supply(keeper, client))
    assert.equal(1, mine.calls.count)
    assert.same({ { "AKIDAKIDAKIDAKID", "k", "t" } }, client.handed)
    assert.equal("AKID****KID (mine)", credentials.describe(keeper))
  end)

  it("keeps no secret", function()
    local keeper = credentials.keeper(provider{ { secret_id = "AKIDAKIDAKIDAKID", secret_key = "canary" } }, context())
    credentials.supply(keeper, core_client())
    keeper.chain = nil
    assert.is_nil(wire.reachable_strings(keeper).canary)
  end)

  it("fetches new ones 300 s before they expire", function()
    local mine = provider({ { secret_id = "one", secret_key = "k", expires_at = 1301 } },
      { { secret_id = "two", secret_key = "k", expires_at = 9999 } })
    local now = 1000
    local keeper, client = credentials.keeper(mine, { clock = function() return now end }), core_client()
    credentials.supply(keeper, client)
    credentials.supply(keeper, client)
    assert.equal(1, mine.calls.count)
    now = 1001
    credentials.supply(keeper, client)
    assert.equal(2, mine.calls.count)
    assert.equal("two", client.handed[2][1])
  end)

  it("refuses expired ones", function()
    local keeper = credentials.keeper(provider{ { secret_id = "one", secret_key = "k", expires_at = 990 } }, context())
    local ok, message, err = credentials.supply(keeper, core_client())
    assert.is_nil(ok)
    assert.equal("mine: the temporary key expired 10 s ago", message)
    assert.equal("credentials", err.kind)
  end)

  it("asks again when the service refused the token", function()
    local mine = provider{ { secret_id = "one", secret_key = "k" } }
    local keeper, client = credentials.keeper(mine, context()), core_client()
    credentials.supply(keeper, client)
    assert.is_true(credentials.supply(keeper, client, true))
    assert.equal(2, mine.calls.count)
  end)

  it("knows that static keys cannot be refreshed", function()
    local keeper, client = credentials.keeper(static.new("id", "key"), context()), core_client()
    assert.is_true(credentials.supply(keeper, client))
    assert.is_nil((credentials.supply(keeper, client, true)))
    assert.equal(1, #client.handed)
  end)

  it("names everything it looked at", function()
    local ok, message, err = credentials.supply(credentials.keeper(nil, context{}), core_client())
    assert.is_nil(ok)
    assert.equal("no credentials; env: TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set", message)
    assert.equal("credentials", err.kind)
    assert.equal("not_sent", err.outcome)
    assert.truthy(err.hint:find("nginx", 1, true))
  end)

  it("passes a broken provider on", function()
    local keeper = credentials.keeper(provider{ nil, "file is torn", true }, context())
    local ok, message = credentials.supply(keeper, core_client())
    assert.is_nil(ok)
    assert.equal("mine: file is torn", message)
    local _, own, err = errors.failure{ kind = "credentials", message = "mine, whole" }
    keeper = credentials.keeper(provider{ nil, own, err }, context())
    ok, message = credentials.supply(keeper, core_client())
    assert.is_nil(ok)
    assert.equal("mine, whole", message)
  end)

  it("says when a provider gives no keys", function()
    local keeper = credentials.keeper(provider{ { secret_id = "id" } }, context())
    local _, message = credentials.supply(keeper, core_client())
    assert.equal("mine: gave no secret_id and secret_key", message)
  end)

  it("says when what a provider gives has the wrong type", function()
    for name, value in pairs{ token = 5, expires_at = "2026-01-01T00:00:00Z" } do
      local snapshot = { secret_id = "id", secret_key = "key", [name] = value }
      local keys = core_client()
      local ok, message, err = credentials.supply(credentials.keeper(provider{ snapshot }, context()), keys)
      assert.is_nil(ok)
      assert.equal("credentials", err.kind)
      assert.truthy(message:find("mine: gave an? " .. name .. " that is no "), message)
      assert.same({}, keys.handed)
    end
  end)

  it("shows what the core refuses", function()
    local refusing = { credentials = function()
      return nil, { kind = "credentials", message = "secret_key: blank" }
    end }
    local keeper = credentials.keeper(provider{ { secret_id = "id", secret_key = "k " } }, context())
    local ok, message = credentials.supply(keeper, refusing)
    assert.is_nil(ok)
    assert.equal("secret_key: blank", message)
    assert.equal("(no keys read yet)", credentials.describe(keeper))
  end)
end)
