local cloudaudit = require "cloudaudit"
local options = require "cloudaudit.options"

local function refused(given)
  local settings, message, err = options.read(given)
  assert.is_nil(settings)
  assert.equal("misuse", err.kind)
  return message
end

describe("the options of new", function()
  local getenv, asked

  before_each(function()
    getenv, asked = os.getenv, {}
  end)
  after_each(function()
    os.getenv = getenv -- luacheck: ignore
  end)

  local function environment(values)
    os.getenv = function(name) -- luacheck: ignore
      asked[#asked + 1] = name
      return values[name]
    end
  end

  it("are copied, the secrets into a table of their own", function()
    local given = { region = "ap-tokyo", secret_id = "id", secret_key = "key", token = "token" }
    local settings, secrets = options.read(given)
    given.region = "changed"
    assert.same({ region = "ap-tokyo" }, settings)
    assert.same({ secret_id = "id", secret_key = "key", token = "token" }, secrets)
  end)

  it("are all optional", function()
    assert.same({}, (options.read(nil)))
    assert.same({}, (options.read({})))
  end)

  it("suggest the nearest name for an unknown one", function()
    assert.equal("new.time_out: unknown option, did you mean timeout?", refused{ time_out = 5 })
    assert.equal("new.regoin: unknown option, did you mean region?", refused{ regoin = "x" })
    assert.equal("new: table of options expected, got string", refused("ap-tokyo"))
  end)

  it("never show a secret of the wrong type", function()
    assert.equal("new.secret_key: string expected, got number", refused{ secret_key = 424242424242 })
  end)

  it("have types and ranges", function()
    for name, bad in pairs{ region = 1, endpoint = false, insecure_http = "yes", timeout = -1, connect_timeout = 0,
      retries = 0.5, rate = 0, driver = "curl", proxy = true, proxy_from_env = 1, ca_file = 1, ca_path = 1,
      language = 1, max_skew = 0, max_response = 0.5, validate = "no", log = 1, on_request = 1, on_response = 1,
      clock = 1, sleep = 1, random = 1, env = "no", credentials = "x", token = 1, secret_id = 1 } do
      assert.truthy(refused{ [name] = bad }:find("^new%." .. name .. ": .* expected, got "), name)
    end
  end)

  it("accept no value that the core would refuse at the first call", function()
    local ranges = { timeout = 86400, connect_timeout = 86400, retries = 999, rate = 1000, max_skew = 3153600000,
      max_response = 2 ^ 30 }
    for name, most in pairs(ranges) do
      assert.truthy(options.read{ [name] = most })
      local client = cloudaudit.new{ [name] = most, env = false, secret_id = "AKIDEXAMPLE", secret_key = "key" }
      assert.truthy(client:prepare("ListAudits"))
      assert.truthy(refused{ [name] = most + 1 }:find((" %d expected, got %d"):format(most, most + 1), 1, true))
    end
  end)

  it("validate the fields of a driver and of a provider", function()
    assert.equal("new.driver.exchange: missing", refused{ driver = {} })
    assert.equal("new.driver.sleep: function expected, got number", refused{ driver = { exchange = print, sleep = 1 } })
    assert.equal("new.credentials.get: missing", refused{ credentials = { name = "mine" } })
    assert.equal("new.driver.sleep: missing; set it, or option sleep", refused{ driver = { exchange = print } })
    assert.truthy(options.read{ driver = { exchange = print }, sleep = print })
    assert.truthy(options.read{ driver = { exchange = print, sleep = print, own = 1 },
      credentials = { name = "x", get = print } })
  end)

  it("refuse rate_dict together with a driver, which would ignore it", function()
    assert.equal("new.rate_dict: only for the nginx driver, but option driver is set",
      refused{ driver = { exchange = print, sleep = print }, rate_dict = "audit" })
    assert.truthy(options.read{ rate_dict = "audit" })
  end)

  it("read the environment only when they are resolved", function()
    environment{ TENCENTCLOUD_REGION = "ap-seoul" }
    local settings = options.read{}
    assert.same({}, asked)
    assert.equal("ap-seoul", options.resolve(settings).region)
  end)

  it("report the source of each value", function()
    environment{ TENCENTCLOUD_REGION = "ap-seoul", CLOUDAUDIT_ENDPOINT = "", CLOUDAUDIT_CA_FILE = "/ca.pem" }
    local values, sources = options.resolve(options.read{ timeout = 3 })
    assert.equal(3, values.timeout)
    assert.equal("option", sources.timeout)
    assert.equal("ap-seoul", values.region)
    assert.equal("environment TENCENTCLOUD_REGION", sources.region)
    assert.equal("cloudaudit.tencentcloudapi.com", values.endpoint)
    assert.equal("default", sources.endpoint)
    assert.equal("/ca.pem", values.ca_file)
    assert.is_nil(values.language)
    assert.is_nil(sources.language)
  end)

  it("use no proxy, plain HTTP or other CA by default", function()
    environment{ http_proxy = "http://127.0.0.1:1", HTTPS_PROXY = "http://127.0.0.1:1" }
    local values = options.resolve(options.read{})
    assert.same({ false, "", false, true, "cloudaudit.tencentcloudapi.com" }, { values.insecure_http, values.proxy,
      values.proxy_from_env, values.validate, values.endpoint })
    assert.is_nil(values.ca_file)
  end)

  it("prefer a given option, even false, to the environment and the default", function()
    environment{ TENCENTCLOUD_REGION = "ap-seoul" }
    local values, sources = options.resolve(options.read{ region = "ap-tokyo", validate = false })
    assert.equal("ap-tokyo", values.region)
    assert.is_false(values.validate)
    assert.equal("option", sources.validate)
  end)

  it("take the trust store as a whole: the environment's only when neither option is given", function()
    environment{ CLOUDAUDIT_CA_FILE = "/env.pem", CLOUDAUDIT_CA_PATH = "/env" }
    for _, case in ipairs{
      { {}, "/env.pem", "/env" }, { { ca_file = "/own.pem" }, "/own.pem", nil }, { { ca_path = "/own" }, nil, "/own" },
      { { ca_file = "/own.pem", ca_path = "/own" }, "/own.pem", "/own" },
    } do
      local values, sources = options.resolve(options.read(case[1]))
      assert.same({ case[2], case[3] }, { values.ca_file, values.ca_path })
      assert.equal(case[2] and (case[1].ca_file and "option" or "environment CLOUDAUDIT_CA_FILE"), sources.ca_file)
      assert.equal(case[3] and (case[1].ca_path and "option" or "environment CLOUDAUDIT_CA_PATH"), sources.ca_path)
    end
    environment{ CLOUDAUDIT_CA_FILE = "", CLOUDAUDIT_CA_PATH = "" }
    local values = options.resolve(options.read{})
    assert.same({}, { values.ca_file, values.ca_path })
  end)

  it("do not read the environment with env = false", function()
    environment{ TENCENTCLOUD_REGION = "ap-seoul" }
    local values = options.resolve(options.read{ env = false })
    assert.equal("ap-guangzhou", values.region)
    assert.same({}, asked)
  end)

  it("work in a state without os", function()
    local os_table = os
    _G.os = nil -- luacheck: ignore
    local ok, values = pcall(options.resolve, {})
    _G.os = os_table -- luacheck: ignore
    assert.is_true(ok)
    assert.equal("ap-guangzhou", values.region)
  end)
end)
