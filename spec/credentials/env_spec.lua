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

  describe("with a role", function()
    local ARN, SESSION = "TENCENTCLOUD_ROLE_ARN", "TENCENTCLOUD_ROLE_SESSION_NAME"
    local ROLE = "qcs::cam::uin/1:roleName/audit"
    local emulator, id, environment

    before_each(function()
      emulator = cloudaudit.emulator.new()
      local key
      id, key = emulator:credential()
      environment = { [ID] = id, [KEY] = key, [ARN] = ROLE, [SESSION] = "mine" }
    end)

    -- A client whose environment is that table.
    local function call(options)
      local getenv = os.getenv
      os.getenv = function(name) return environment[name] end -- luacheck: ignore 122
      options.env = true
      local client = emulator:client(options)
      local quota, message, err = client:quota()
      os.getenv = getenv -- luacheck: ignore 122
      return quota, message or client, err
    end

    it("assumes it with the keys, as tccli does", function()
      local quota, client = call{ credentials = credentials.env() }
      assert.truthy(quota, client)
      local entry = emulator:journal("AssumeRole")[1]
      assert.same({ ROLE, "mine", id }, { entry.params.RoleArn, entry.params.RoleSessionName, entry.secret_id })
      assert.is_not.equal(id, emulator:journal("InquireAuditCredit")[1].secret_id)
      assert.truthy(tostring(client):find("(env " .. ROLE .. ")", 1, true))
      assert.truthy(client:quota())
      assert.equal(1, emulator:count("AssumeRole"))
    end)

    it("assumes it in the default chain too", function()
      assert.truthy(call{ credentials = credentials.chain() })
      assert.equal(1, emulator:count("AssumeRole"))
    end)

    it("needs both variables, and says so", function()
      for _, name in ipairs{ ARN, SESSION } do
        local kept, lines = environment[name], {}
        environment[name] = name == ARN and "" or nil
        assert.truthy(call{ credentials = credentials.env(), log = function(level, line)
          lines[#lines + 1] = level == "warn" and line or nil
        end })
        assert.equal(name == SESSION and "TENCENTCLOUD_ROLE_ARN is set, TENCENTCLOUD_ROLE_SESSION_NAME is not: that"
          .. " role is not assumed" or nil, lines[1])
        environment[name] = kept
      end
      assert.equal(0, emulator:count("AssumeRole"))
      assert.equal(id, emulator:journal("InquireAuditCredit")[1].secret_id)
    end)

    it("refuses a name of a session that STS would refuse", function()
      environment[SESSION] = "not valid"
      local _, message, err = call{ credentials = credentials.env() }
      assert.truthy(message:find("env: TENCENTCLOUD_ROLE_SESSION_NAME: 2 to 128 letters", 1, true), message)
      assert.equal("credentials", err.kind)
      _, message = ask(credentials.env().freeze(context(environment)), {})
      assert.truthy(message:find("TENCENTCLOUD_ROLE_SESSION_NAME", 1, true), message)
    end)

    it("has no credentials without the keys", function()
      environment[ID], environment[KEY] = nil, nil
      local snapshot, message, err = get(environment)
      assert.same({ nil, "TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set", nil },
        { snapshot, message, err })
      assert.same({ nil, message, nil }, { ask(credentials.env().freeze(context(environment)), environment) })
    end)

    it("keeps the role when it was frozen", function()
      local frozen = credentials.env().freeze(context(environment))
      environment = {}
      assert.truthy(call{ credentials = frozen })
      assert.equal("mine", emulator:journal("AssumeRole")[1].params.RoleSessionName)
    end)

    it("is not assumed on the way to the role of assume_role", function()
      local other = "qcs::cam::uin/1:roleName/other"
      assert.truthy(call{ credentials = credentials.assume_role{ role_arn = other } })
      assert.equal(1, emulator:count("AssumeRole"))
      assert.same({ other, id }, { emulator:journal("AssumeRole")[1].params.RoleArn,
        emulator:journal("AssumeRole")[1].secret_id })
    end)
  end)
end)
