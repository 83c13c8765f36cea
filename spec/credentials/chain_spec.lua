-- A list of providers, and the default one.
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

describe("credentials.chain", function()
  it("uses the first provider that has credentials, and asks no further", function()
    local empty = counting("empty", nil, "nothing here")
    local first = counting("first", { secret_id = "i", secret_key = "k" })
    local second = counting("second", { secret_id = "j", secret_key = "k" })
    assert.equal("first", ask(credentials.chain{ empty, first, second }).source)
    assert.same({ 1, 1, 0 }, { empty.count, first.count, second.count })
    assert.equal("second", ask(credentials.chain{ empty, credentials.chain{ second } }).source)
  end)

  it("stops at a broken provider", function()
    local _, message, problem = errors.failure{ kind = "credentials", message = "torn" }
    local torn = counting("torn", nil, message, problem)
    local after = counting("after", { secret_id = "i", secret_key = "k" })
    local snapshot, said, err = ask(credentials.chain{ torn, after })
    assert.is_nil(snapshot)
    assert.equal("torn", said)
    assert.equal("credentials", err.kind)
    assert.equal(0, after.count)
  end)

  it("names every place that it searched", function()
    local chain = credentials.chain{ counting("a", nil, "no file"), credentials.chain{ counting("b", nil, "no name") } }
    local _, message, err = refreshers.new(chain, context{}):ensure_fresh{}
    assert.equal("no credentials; a: no file; b: no name", message)
    assert.equal("credentials", err.kind)
  end)

  it("accepts only providers", function()
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

  it("is environment, profile, tccli, pod, in this order", function()
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
      .. profile .. ": not found, /etc/tencentcloud/credentials: not found; tccli: " .. tccli .. ": not found; "
      .. "tke_oidc: TKE_REGION, TKE_PROVIDER_ID, TKE_WEB_IDENTITY_TOKEN_FILE, TKE_ROLE_ARN are not set", message)
    for name, value in pairs{ TKE_REGION = "ap-x", TKE_PROVIDER_ID = "OIDC", TKE_ROLE_ARN = "qcs::cam::uin/1:role/x",
      TKE_WEB_IDENTITY_TOKEN_FILE = home.write("token", "") } do
      environment[name] = value
    end
    local _, broken, err = ask(chain, environment)
    assert.equal(home.path .. "/token: is empty, a token expected", broken)
    assert.equal("credentials", err.kind)
  end)

  it("reads only the files of a profile that is named, not the environment", function()
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

  it("is skipped with env = false, and never asks the metadata service", function()
    local client, driver = wire.client(nil, {})
    client:close()
    client = cloudaudit.new{ driver = driver, env = false }
    local _, message, err = client:ListAudits()
    assert.truthy(message:find("^no credentials; env: skipped"), message)
    assert.truthy(err.hint:find("nginx", 1, true))
    assert.equal(0, #driver.requests)
  end)

  it("cannot be combined with other credentials", function()
    for message, given in pairs{
      ["new.profile: cannot be combined with secret_id, secret_key or token"] =
        { profile = "p", secret_id = "i", secret_key = "k" },
      ["new.profile: cannot be combined with credentials"] = { profile = "p", credentials = credentials.env() },
      ["new.credentials: cannot be combined with secret_id, secret_key or token"] =
        { credentials = credentials.env(), token = "t" },
    } do
      local ok, raised = pcall(cloudaudit.new, given)
      assert.is_false(ok)
      assert.truthy(raised:find(message, 1, true), raised)
    end
  end)
end)
