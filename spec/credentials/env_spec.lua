local cloudaudit = require "cloudaudit"
local providers = require "cloudaudit.credentials.provider"
local wire = require "support.wire"

local credentials = cloudaudit.credentials
local ID, KEY = "TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"

local function context(environment)
  return { getenv = environment and function(name) return environment[name] end, clock = function() return 1000 end }
end

local function ask(provider, environment)
  return providers.ask(provider, context(environment))
end

describe("credentials.env", function()
  local function get(environment)
    return credentials.env().get(context(environment))
  end

  it("returns id and key", function()
    assert.same({ secret_id = "id", secret_key = "key" }, get{ [ID] = "id", [KEY] = "key" })
  end)

  for _, name in ipairs{ "TENCENTCLOUD_SESSION_TOKEN", "TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN" } do
    it("reads the token from " .. name, function()
      assert.equal("t", get{ [ID] = "id", [KEY] = "key", [name] = "t" }.token)
    end)
  end

  it("accepts the same token under two names, but not two tokens", function()
    local twice = { [ID] = "id", [KEY] = "key", TENCENTCLOUD_TOKEN = "t", TENCENTCLOUD_SECURITY_TOKEN = "t" }
    assert.equal("t", get(twice).token)
    twice.TENCENTCLOUD_SECURITY_TOKEN = "other"
    local snapshot, message, err = get(twice)
    assert.is_nil(snapshot)
    assert.equal("env: TENCENTCLOUD_TOKEN and TENCENTCLOUD_SECURITY_TOKEN hold different tokens", message)
    assert.equal("credentials", err.kind)
  end)

  it("has no credentials when the variables are missing or empty", function()
    for _, environment in ipairs{ {}, { [ID] = "", [KEY] = "" } } do
      local snapshot, message, err = get(environment)
      assert.is_nil(snapshot)
      assert.is_nil(err)
      assert.truthy(message:find(ID, 1, true))
      assert.truthy(message:find(KEY, 1, true))
    end
  end)

  it("is broken when only one of id and key is set", function()
    local _, message, err = get{ [ID] = "id" }
    assert.equal("env: TENCENTCLOUD_SECRET_ID is set, TENCENTCLOUD_SECRET_KEY is not", message)
    assert.equal("credentials", err.kind)
    _, message = get{ [KEY] = "canary", [ID] = "" }
    assert.equal("env: TENCENTCLOUD_SECRET_KEY is set, TENCENTCLOUD_SECRET_ID is not", message)
  end)

  it("names the part that contains whitespace", function()
    local _, message, err = ask(credentials.env(), { [ID] = "id", [KEY] = " canary" })
    assert.truthy(message:find("^env: secret_key: "), message)
    assert.is_nil(message:find("canary", 1, true))
    assert.equal("credentials", err.kind)
  end)

  it("is skipped where it is forbidden", function()
    local snapshot, message, err = get(nil)
    assert.is_nil(snapshot)
    assert.is_nil(err)
    assert.truthy(message:find("env = false", 1, true))
  end)

  it("keeps what it read when it was frozen, unreadable for Lua", function()
    local environment = { [ID] = "AKIDAKIDAKIDAKID", [KEY] = "canary-key" }
    local frozen = credentials.env().freeze(context(environment))
    environment[ID], environment[KEY] = nil, nil
    assert.is_nil(wire.reachable_strings(frozen)["canary-key"])
    assert.equal("AKID****KID", ask(frozen, {}).shown)
    local _, message = ask(credentials.env().freeze(context{}), {})
    assert.truthy(message:find("are not set", 1, true))
    local _, _, err = ask(credentials.env().freeze(context{ [ID] = "x" }), {})
    assert.equal("credentials", err.kind)
  end)
end)
