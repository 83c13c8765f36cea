-- Providers that read nothing but the environment and what they are given, and how they follow one another.
local cloudaudit = require "cloudaudit"
local errors = require "cloudaudit.errors"
local providers = require "cloudaudit.credentials.provider"
local refreshers = require "cloudaudit.credentials.refresher"
local folder = require "support.folder"
local wire = require "support.wire"

local credentials = cloudaudit.credentials
local ID, KEY = "TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"

local function context(environment)
  return { getenv = environment and function(name) return environment[name] end, clock = function() return 1000 end }
end

local function ask(provider, environment)
  return providers.ask(provider, context(environment))
end

-- A provider that counts how often it is asked.
local function counting(name, ...)
  local answer = { ... }
  local made = { name = name, count = 0 }
  function made.get()
    made.count = made.count + 1
    return answer[1], answer[2], answer[3]
  end
  return made
end

describe("credentials.env", function()
  local function get(environment)
    return credentials.env().get(context(environment))
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

  it("names what a blank came with", function()
    local _, message, err = ask(credentials.env(), { [ID] = "id", [KEY] = " canary" })
    assert.truthy(message:find("^env: secret_key: "), message)
    assert.is_nil(message:find("canary", 1, true))
    assert.equal("credentials", err.kind)
  end)

  it("is not looked at where it is forbidden", function()
    local snapshot, message, err = get(nil)
    assert.is_nil(snapshot)
    assert.is_nil(err)
    assert.truthy(message:find("env = false", 1, true))
  end)

  it("keeps what it read when it is frozen, where nobody can read it", function()
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

describe("credentials.static", function()
  it("hands keys over without showing them", function()
    local made = credentials.static{ secret_id = wire.SECRET_ID, secret_key = "canary-key", token = "canary-token" }
    assert.equal("AKID****PLE", made.shown)
    local strings = wire.reachable_strings(made)
    for _, secret in ipairs{ wire.SECRET_ID, "canary-key", "canary-token" } do
      assert.is_nil(strings[secret])
    end
    assert.equal("userdata", type(made.get().keys))
  end)

  it("wants them whole and right", function()
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

  it("says which half is missing of the keys for new", function()
    for message, given in pairs{ ["new.secret_key: missing beside secret_id"] = { secret_id = "id" },
      ["new.secret_id: missing beside secret_key"] = { secret_key = "key" },
      ["new.secret_id: missing beside token"] = { token = "token" } } do
      local made, said, err = cloudaudit.new(given)
      assert.is_nil(made)
      assert.equal(message, said)
      assert.equal("credentials", err.kind)
    end
  end)
end)

describe("credentials.callback", function()
  it("asks a function", function()
    local made = credentials.callback(function() return { secret_id = "AKIDAKIDAKIDAKID", secret_key = "k" } end)
    local snapshot = ask(made)
    assert.equal("AKID****KID", snapshot.shown)
    assert.equal("callback", snapshot.source)
    assert.equal("vault", ask(credentials.callback(function() return { secret_id = "i", secret_key = "k" } end,
      "vault")).source)
    local none, message, err = ask(credentials.callback(function() return nil, "sealed" end))
    assert.is_nil(none)
    assert.equal("sealed", message)
    assert.is_nil(err)
    assert.error_matches(function() credentials.callback{} end, "credentials%.callback%.get: function expected")
    assert.error_matches(function() credentials.callback(print, 5) end, "credentials%.callback: name: string expected")
  end)
end)

describe("credentials.chain", function()
  it("takes the first that has keys, and asks no further", function()
    local empty = counting("empty", nil, "nothing here")
    local first = counting("first", { secret_id = "i", secret_key = "k" })
    local second = counting("second", { secret_id = "j", secret_key = "k" })
    assert.equal("first", ask(credentials.chain{ empty, first, second }).source)
    assert.same({ 1, 1, 0 }, { empty.count, first.count, second.count })
    assert.equal("second", ask(credentials.chain{ empty, credentials.chain{ second } }).source)
  end)

  it("ends at one that is broken", function()
    local _, message, problem = errors.failure{ kind = "credentials", message = "torn" }
    local torn = counting("torn", nil, message, problem)
    local after = counting("after", { secret_id = "i", secret_key = "k" })
    local snapshot, said, err = ask(credentials.chain{ torn, after })
    assert.is_nil(snapshot)
    assert.equal("torn", said)
    assert.equal("credentials", err.kind)
    assert.equal(0, after.count)
  end)

  it("tells all that it looked at", function()
    local chain = credentials.chain{ counting("a", nil, "no file"), credentials.chain{ counting("b", nil, "no name") } }
    local _, message, err = refreshers.new(chain, context{}):ensure_fresh{}
    assert.equal("no credentials; a: no file; b: no name", message)
    assert.equal("credentials", err.kind)
  end)

  it("wants providers", function()
    assert.error_matches(function() credentials.chain{} end, "list of providers expected, got an empty one")
    assert.error_matches(function() credentials.chain("env") end, "list of providers expected, got string")
    assert.error_matches(function() credentials.chain{ credentials.env(), "env" } end,
      "credentials%.chain%[2%]: provider expected, got string")
  end)
end)

describe("the default chain", function()
  local home
  before_each(function() home = folder.new() end)
  after_each(function() home.remove() end)

  local INI = "[default]\nsecret_id=AKIDfromprofile01\nsecret_key=k\n"
    .. "[prod]\nsecret_id=AKIDfromprodsect1\nsecret_key=k\n"
  local TCCLI = '{"secretId": "AKIDfromtccli0001", "secretKey": "k"}'

  it("is environment, profile, tccli, pod; each when those before it have none", function()
    local environment = { HOME = home.path, [ID] = "AKIDfromtheenv001", [KEY] = "k" }
    local profile = home.write(".tencentcloud/credentials", INI)
    local tccli = home.write(".tccli/default.credential", TCCLI)
    local chain = credentials.chain()
    assert.equal("env", ask(chain, environment).source)
    environment[ID], environment[KEY] = nil, nil
    assert.equal("profile default of " .. profile, ask(chain, environment).source)
    os.remove(profile)
    assert.equal("tccli " .. tccli, ask(chain, environment).source)
    os.remove(tccli)
    local _, message = ask(chain, environment)
    assert.equal("env: TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set; profile: "
      .. profile .. ": not there, /etc/tencentcloud/credentials: not there; tccli: " .. tccli .. ": not there; "
      .. "tke_oidc: TKE_REGION, TKE_PROVIDER_ID, TKE_WEB_IDENTITY_TOKEN_FILE, TKE_ROLE_ARN are not set", message)
    for name, value in pairs{ TKE_REGION = "ap-x", TKE_PROVIDER_ID = "OIDC", TKE_ROLE_ARN = "qcs::cam::uin/1:role/x",
      TKE_WEB_IDENTITY_TOKEN_FILE = home.write("token", "") } do
      environment[name] = value
    end
    local _, broken, err = ask(chain, environment)
    assert.equal(home.path .. "/token: is empty, a token expected", broken)
    assert.equal("credentials", err.kind)
  end)

  it("looks at a profile's files alone when one is named, past the environment", function()
    home.write(".tencentcloud/credentials", INI)
    local environment = { HOME = home.path, [ID] = "AKIDfromtheenv001", [KEY] = "k" }
    local function new(profile)
      local driver = wire.driver()
      local getenv = os.getenv
      os.getenv = function(name) return environment[name] end -- luacheck: ignore 122
      local client = cloudaudit.new{ driver = driver, profile = profile }
      local response, message = client:ListAudits()
      os.getenv = getenv -- luacheck: ignore 122
      return client, response, message
    end
    assert.equal("cloudaudit client AKID****001 (env)", tostring(new()))
    local prod = tostring(new("prod"))
    assert.truthy(prod:find("^cloudaudit client AKID%*%*%*%*ct1 %(profile prod of "), prod)
    local _, response, message = new("nobody")
    assert.is_nil(response)
    assert.truthy(message:find("credentials: has no section [nobody]; tccli: ", 1, true), message)
  end)

  it("is not looked at with env = false, and never asks the metadata service", function()
    local client, driver = wire.client(nil, {})
    client:close()
    client = cloudaudit.new{ driver = driver, env = false }
    local _, message, err = client:ListAudits()
    assert.truthy(message:find("^no credentials; env: not looked at"), message)
    assert.truthy(err.hint:find("nginx", 1, true))
    assert.equal(0, #driver.requests)
  end)

  it("cannot be given beside keys", function()
    for message, given in pairs{
      ["new.profile: given beside secret_id, secret_key or token"] =
        { profile = "p", secret_id = "i", secret_key = "k" },
      ["new.profile: given beside credentials"] = { profile = "p", credentials = credentials.env() },
      ["new.credentials: given beside secret_id, secret_key or token"] =
        { credentials = credentials.env(), token = "t" },
    } do
      local ok, raised = pcall(cloudaudit.new, given)
      assert.is_false(ok)
      assert.truthy(raised:find(message, 1, true), raised)
    end
  end)
end)
