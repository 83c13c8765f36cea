-- Profile files of the SDKs and tccli's own, as those programs write and read them, and broken in many ways.
local cloudaudit = require "cloudaudit"
local providers = require "cloudaudit.credentials.provider"
local folder = require "support.folder"
local wire = require "support.wire"

local credentials = cloudaudit.credentials

local home
before_each(function() home = folder.new() end)
after_each(function() home.remove() end)

local function context(environment, now)
  local values = { HOME = home.path }
  for name, value in pairs(environment or {}) do
    values[name] = value
  end
  local made = { lines = {}, getenv = function(name) return values[name] end,
    clock = function() return now or 1000 end }
  function made.log(level, line)
    made.lines[#made.lines + 1] = level .. ": " .. line
  end
  return made
end

-- What a provider reads of a file: the raw snapshot, which names no more than the file says.
local function profile(text, environment, given)
  home.write(".tencentcloud/credentials", text)
  return credentials.profile(given).get(context(environment))
end

local function tccli(text, environment, given, now)
  home.write(".tccli/default.credential", text)
  return credentials.tccli(given).get(context(environment, now))
end

local function refused(pattern, snapshot, message, err)
  assert.is_nil(snapshot)
  assert.equal("credentials", err and err.kind)
  assert.truthy(message:find(pattern), message)
  assert.is_nil(message:find("canary", 1, true))
end

describe("credentials.profile", function()
  it("reads what the SDKs document", function()
    local snapshot = profile("[default]\nsecret_id = AKIDone\nsecret_key = key-one\n")
    assert.equal("AKIDone", snapshot.secret_id)
    assert.equal("key-one", snapshot.secret_key)
    assert.is_nil(snapshot.token)
    assert.equal("t", profile("[default]\nsecret_id=a\nsecret_key=b\ntoken=t\n").token) -- as the Node.js SDK reads
  end)

  it("reads what people write", function()
    for _, text in ipairs{
      "\239\187\191[default]\r\nsecret_id = AKIDone\r\nsecret_key = key-one\r\n",
      "; mine\n# and this\n\n  [ default ]  \n\tsecret_id=AKIDone\nsecret_key:key-one\nrole_arn = x y z\n",
      "[other]\nsecret_id=x\nsecret_key=y\n[default]\nsecret_key = \"key-one\"\nsecret_id = 'AKIDone'\n",
      "[default]\nsecret_id=AKIDone\n[other]\nsecret_id=x\n[default]\nsecret_key=key-one",
      "[default]\nsecret_id=AKIDone\nsecret_key=key-one\ntoken=\n",
    } do
      local snapshot = assert(profile(text))
      assert.equal("AKIDone", snapshot.secret_id)
      assert.equal("key-one", snapshot.secret_key)
      assert.is_nil(snapshot.token)
    end
  end)

  it("finds a section by option, by variable, or the default one", function()
    local text = "[default]\nsecret_id=d\nsecret_key=k\n[prod]\nsecret_id=p\nsecret_key=k\n"
      .. "[test]\nsecret_id=t\nsecret_key=k\n"
    assert.equal("d", profile(text).secret_id)
    assert.equal("p", profile(text, { TENCENTCLOUD_PROFILE = "prod" }).secret_id)
    assert.equal("t", profile(text, { TENCENTCLOUD_PROFILE = "prod" }, { name = "test" }).secret_id)
    local snapshot, message, err = profile(text, nil, { name = "none" })
    assert.is_nil(snapshot)
    assert.is_nil(err)
    assert.equal(home.path .. "/.tencentcloud/credentials: has no section [none]", message)
  end)

  it("finds the file by option, by variable, or at home", function()
    profile("[default]\nsecret_id=home\nsecret_key=k\n")
    local named = home.write("named", "[default]\nsecret_id=named\nsecret_key=k\n")
    local given = home.write("given", "[default]\nsecret_id=given\nsecret_key=k\n")
    local environment = { TENCENTCLOUD_CREDENTIALS_FILE = named }
    assert.equal("home", credentials.profile().get(context()).secret_id)
    assert.equal("named", credentials.profile().get(context(environment)).secret_id)
    assert.equal("given", credentials.profile{ file = given }.get(context(environment)).secret_id)
    assert.equal("home", credentials.profile().get(context{ HOME = "", USERPROFILE = home.path }).secret_id)
    local snapshot, message, err = credentials.profile().get(context{ TENCENTCLOUD_CREDENTIALS_FILE = named .. "x" })
    assert.is_nil(snapshot)
    assert.is_nil(err)
    assert.equal(named .. "x: not there", message)
    -- Without an environment only a file that was named is looked at.
    assert.equal("given", credentials.profile{ file = given }.get{ clock = os.time }.secret_id)
    assert.truthy(select(2, credentials.profile().get{ clock = os.time }):find("env = false", 1, true))
  end)

  it("has none in a section without keys", function()
    for _, text in ipairs{ "[default]\n", "[default]\nregion=x\n", "[default]\nsecret_id=\nsecret_key=\n", "", "\n" } do
      local snapshot, _, err = profile(text)
      assert.is_nil(snapshot)
      assert.is_nil(err)
    end
  end)

  it("is broken by what is torn, and shows no line of it", function()
    for text, pattern in pairs{
      ["[default]\nsecret_id=a\n"] = "credentials: secret_key is missing$",
      ["[default]\nsecret_key=canary\n"] = "credentials: secret_id is missing$",
      ["[default]\nsecret_id=\nsecret_key=canary\n"] = "credentials: secret_id is missing$",
      ["[default\nsecret_id=a\nsecret_key=canary"] = "line 1 is neither %[section%] nor name = value$",
      ["secret_id=a\nsecret_key=canary"] = "line 1 stands before any %[section%]$",
      ["[default]\nsecret_id=a\nsecret_key=canary\nsecret_key=canary2\n"] = "line 4 gives secret_key a second time$",
      ["[default]\nsecret_id=a\ncanary\n"] = "line 3 is neither",
      ["[default]\nsecret_id=a\nsecret_key=\nAcanary\n"] = "line 4 is neither",
    } do
      refused(pattern, profile(text))
    end
  end)

  it("is broken by keys that cannot be right", function()
    for _, value in ipairs{ "can ary", "canary\1", "canary\0x", "can\195\164ry", ("c"):rep(9000) } do
      home.write(".tencentcloud/credentials", "[default]\nsecret_id=a\nsecret_key=" .. value .. "\n")
      refused("^profile default of .*: secret_key: ", providers.ask(credentials.profile(), context()))
    end
  end)

  it("is broken by what cannot be read", function()
    local path = home.write(".tencentcloud/credentials", ("x"):rep(1024 * 1024 + 1))
    refused("longer than a file of keys is$", credentials.profile().get(context()))
    os.remove(path)
    home.write(".tencentcloud/credentials/inside", "") -- a folder of that name
    refused("cannot be read: Is a directory$", credentials.profile().get(context()))
  end)

  it("warns, once, of a file that others can read", function()
    home.write(".tencentcloud/credentials", "[default]\nsecret_id=a\nsecret_key=k\n", "644")
    local made = context()
    credentials.profile().get(made)
    credentials.profile().get(made)
    assert.same({ "warn: " .. home.path .. "/.tencentcloud/credentials: others can read this file of keys (mode 644):"
      .. " chmod 600" }, made.lines)
    for mode, warned in pairs{ ["600"] = 0, ["400"] = 0, ["640"] = 1, ["604"] = 1, ["700"] = 0, ["622"] = 0 } do
      home.write(".tencentcloud/credentials", "[default]\nsecret_id=a\nsecret_key=k\n", mode)
      made = context()
      credentials.profile().get(made)
      assert.equal(warned, #made.lines, mode)
    end
  end)

  it("is read again when the service refuses the keys", function()
    local emulator = cloudaudit.emulator.new()
    local id, key = emulator:credential()
    local file = home.write("keys", "[default]\nsecret_id=" .. id .. "\nsecret_key=" .. key .. "\ntoken=old\n")
    local client = emulator:client{ credentials = credentials.profile{ file = file } }
    local driver_answers = 0
    local _, _, err = client:quota()
    assert.equal("AuthFailure.TokenFailure", err.code)
    assert.truthy(err.hint:find("the provider returned the credentials that the service rejected", 1, true))
    assert.equal(1, emulator:count("InquireAuditCredit"))
    emulator:reset()
    -- Rotated between the refusal and the next look.
    local driver = emulator:driver()
    local exchange = driver.exchange
    function driver.exchange(...)
      driver_answers = driver_answers + 1
      home.write("keys", "[default]\nsecret_id=" .. id .. "\nsecret_key=" .. key .. "\n")
      return exchange(...)
    end
    client = emulator:client{ credentials = credentials.profile{ file = file }, driver = driver }
    assert.truthy(client:quota())
    assert.equal(2, driver_answers)
  end)

  it("wants options that it knows", function()
    assert.error_matches(function() credentials.profile{ nmae = "x" } end,
      "profile%.nmae: unknown option, did you mean name")
    assert.error_matches(function() credentials.profile("x") end, "table of options expected")
  end)
end)

-- As `tccli configure` and `tccli auth login` write them (json.dump with an indent).
local CONFIGURED = [[{
    "secretId": "AKIDconfigured",
    "secretKey": "key-configured"
}]]
local OAUTH = [[{
    "type": "oauth",
    "secretId": "AKIDoauth",
    "secretKey": "key-oauth",
    "token": "token-oauth",
    "expiresAt": 2000,
    "oauth": {
        "openId": "canary-open",
        "accessToken": "canary-access",
        "expiresAt": 9000,
        "refreshToken": "canary-refresh",
        "site": "cn"
    }
}]]
local SSO = [[{"type": "sso", "secretId": "AKIDsso", "secretKey": "key-sso", "token": "token-sso", "expiresAt": 2000,
  "sso": {"token": "canary-sso", "uin": "1", "roleConfigurationId": "rc", "roleConfigurationName": "n", "zoneId": "z",
  "site": "cn", "authUrl": "https://example.com", "expiresAt": 3000}}]]

describe("credentials.tccli", function()
  it("reads what tccli configure writes", function()
    local snapshot = tccli(CONFIGURED)
    assert.equal("AKIDconfigured", snapshot.secret_id)
    assert.equal("key-configured", snapshot.secret_key)
    assert.is_nil(snapshot.token)
    assert.is_nil(snapshot.expires_at)
    assert.equal("tccli " .. home.path .. "/.tccli/default.credential", snapshot.source)
    assert.equal("t", tccli('{"secretId":"a","secretKey":"b","token":"t","type":"default"}').token)
    assert.equal("a", tccli('{"secretId":"a","secretKey":"b","token":"","type":""}').secret_id)
    assert.equal("AKIDconfigured", tccli("\239\187\191" .. CONFIGURED).secret_id)
  end)

  it("reads logins until they expire, and leaves renewing to tccli", function()
    for _, case in ipairs{ { OAUTH, "AKIDoauth", "token-oauth" }, { SSO, "AKIDsso", "token-sso" } } do
      local snapshot = tccli(case[1])
      assert.equal(case[2], snapshot.secret_id)
      assert.equal(case[3], snapshot.token)
      assert.equal(2000, snapshot.expires_at)
      assert.is_nil(wire.reachable_strings(snapshot)["canary-refresh"])
      local none, message, err = tccli(case[1], nil, nil, 2000)
      refused("the login's keys expired 0 s ago$", none, message, err)
      assert.truthy(err.hint:find("tccli auth login", 1, true))
    end
    refused("expiresAt is missing$", tccli('{"type":"oauth","secretId":"a","secretKey":"canary"}'))
  end)

  it("finds the profile by option, by variable, or the default one", function()
    for _, name in ipairs{ "prod", "test", "dev" } do
      home.write(".tccli/" .. name .. ".credential", ('{"secretId":"%s","secretKey":"k"}'):format(name))
    end
    local environment = { TCCLI_PROFILE = "prod", TENCENTCLOUD_PROFILE = "test" }
    assert.equal("prod", credentials.tccli().get(context(environment)).secret_id)
    assert.equal("dev", credentials.tccli{ name = "dev" }.get(context(environment)).secret_id)
    environment.TCCLI_PROFILE = ""
    assert.equal("test", credentials.tccli().get(context(environment)).secret_id)
    for _, name in ipairs{ "none", "../prod", "a/b", ".hidden" } do
      local snapshot, message, err = credentials.tccli{ name = name }.get(context())
      assert.is_nil(snapshot)
      assert.is_nil(err)
      assert.is_string(message)
    end
  end)

  it("does not go to the metadata service because tccli would", function()
    local snapshot, message, err = tccli('{"type":"cvm-role"}')
    assert.is_nil(snapshot)
    assert.is_nil(err)
    assert.truthy(message:find("credentials.cvm_role()", 1, true))
  end)

  it("has none in what holds no keys", function()
    for _, text in ipairs{ "{}", '{"secretId":"","secretKey":""}', '{"type":"something-new","secretId":"a"}' } do
      local snapshot, _, err = tccli(text)
      assert.is_nil(snapshot)
      assert.is_nil(err)
    end
  end)

  it("is broken by what is torn", function()
    for text, pattern in pairs{
      [""] = "is no JSON object$", ["{"] = "is no JSON object$", ["[]"] = "is no JSON object$",
      ['"canary"'] = "is no JSON object$", ['{"secretId":"a"}'] = "secret_key is missing$",
      ['{"secretId":5,"secretKey":"canary"}'] = "secret_id is missing$",
      ['{"secretId":{},"secretKey":"canary"}'] = "secret_id is missing$",
    } do
      refused(pattern, tccli(text))
    end
    home.write(".tccli/default.credential", '{"secretId":"a","secretKey":"canary \\n"}')
    refused("^tccli .*: secret_key: ", providers.ask(credentials.tccli(), context()))
  end)

  it("assumes the role that a file names, as tccli does", function()
    local emulator = cloudaudit.emulator.new()
    local id, key = emulator:credential()
    home.write(".tccli/default.credential", ([[{"secretId": "%s", "secretKey": "%s",
      "role-arn": "qcs::cam::uin/1:roleName/audit", "role-session-name": "mine"}]]):format(id, key))
    local getenv = os.getenv
    os.getenv = function(name) return name == "HOME" and home.path or nil end -- luacheck: ignore 122
    local client = emulator:client{ credentials = credentials.tccli(), env = true }
    local quota = client:quota()
    os.getenv = getenv -- luacheck: ignore 122
    assert.truthy(quota)
    local entry = emulator:journal("AssumeRole")[1]
    assert.equal("mine", entry.params.RoleSessionName)
    assert.equal(id, entry.secret_id)
    assert.is_not.equal(id, emulator:journal("InquireAuditCredit")[1].secret_id)
    assert.truthy(tostring(client):find("(tccli qcs::cam::uin/1:roleName/audit)", 1, true))
  end)
end)

describe("a profile by name", function()
  it("brings the region that tccli keeps with it", function()
    home.write(".tccli/prod.credential", CONFIGURED)
    local path = home.write(".tccli/prod.configure", [[{
    "_sys_param": {"region": "ap-singapore", "output": "json", "language": "zh-CN"},
    "cloudaudit": {"endpoint": "cloudaudit.tencentcloudapi.com", "version": "2019-03-19"}
}]], "644")
    local function region(options)
      local getenv = os.getenv
      os.getenv = function(name) return name == "HOME" and home.path or nil end -- luacheck: ignore 122
      options.driver = wire.driver()
      local client = cloudaudit.new(options)
      client:ListAudits()
      local item, message = client:config()
      os.getenv = getenv -- luacheck: ignore 122
      return item and item.region, options.driver.requests[1], message
    end
    local item, request = region{ profile = "prod" }
    assert.same({ name = "region", value = "ap-singapore", source = "tccli " .. path }, item)
    assert.equal("ap-singapore", request.headers["X-TC-Region"])
    assert.equal("option", region{ profile = "prod", region = "ap-tokyo" }.source)
    home.write(".tccli/prod.configure", '{"region": "eu-frankfurt"}') -- as old versions wrote it
    assert.equal("eu-frankfurt", region{ profile = "prod" }.value)
    home.write(".tccli/prod.configure", "{}")
    assert.equal("default", region{ profile = "prod" }.source)
    home.write(".tccli/prod.configure", "{")
    local _, _, message = region{ profile = "prod" }
    assert.truthy(message:find("prod.configure: is no JSON object", 1, true))
  end)
end)
