local cloudaudit = require "cloudaudit"
local providers = require "cloudaudit.credentials.provider"
local folder = require "support.folder"

local credentials = cloudaudit.credentials

local home
before_each(function() home = folder.new() end)
after_each(function() home.remove() end)

local function context(environment, now)
  return home.provider_context(environment, now)
end

-- What a provider reads of a file: the raw snapshot, which names no more than the file says.
local function profile(text, environment, given)
  home.write(".tencentcloud/credentials", text)
  return credentials.profile(given).get(context(environment))
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

  it("reads common variants of the format", function()
    for _, text in ipairs{
      "\239\187\191[default]\r\nsecret_id = AKIDone\r\nsecret_key = key-one\r\n",
      "; mine\n# and this\n\n  [ default ]  \n\tsecret_id=AKIDone\nsecret_key:key-one\nrole_arn = x y z\n",
      "[other]\nsecret_id=x\nsecret_key=y\n[default]\nsecret_key = \"key-one\"\nsecret_id = 'AKIDone'\n",
      "[default]\nsecret_id=AKIDone\n[other]\nsecret_id=x\n[default]\nsecret_key=key-one",
      "[default]\nsecret_id=AKIDone\nsecret_key=key-one\ntoken=\n",
      "[default] ; mine\nSECRET_ID = AKIDone\nSecret_Key : key-one\n",
      "[default]\nsecret_id = AKIDone\nnote = two\n  lines\nsecret_key =\n  key-one\n",
      "[DEFAULT]\nsecret_key = key-one\n[default]\nsecret_id = AKIDone\n",
    } do
      local snapshot = assert(profile(text))
      assert.equal("AKIDone", snapshot.secret_id)
      assert.equal("key-one", snapshot.secret_key)
      assert.is_nil(snapshot.token)
    end
  end)

  it("finds the section by option, by variable, or the default one", function()
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

  it("finds the file by option, by variable, or in the home directory", function()
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
    assert.equal(named .. "x: not found", message)
    -- Without an environment only a file that was named is looked at.
    assert.equal("given", credentials.profile{ file = given }.get{ clock = os.time }.secret_id)
    assert.truthy(select(2, credentials.profile().get{ clock = os.time }):find("env = false", 1, true))
  end)

  it("has no credentials in a section without keys", function()
    for _, text in ipairs{ "[default]\n", "[default]\nregion=x\n", "[default]\nsecret_id=\nsecret_key=\n", "", "\n" } do
      local snapshot, _, err = profile(text)
      assert.is_nil(snapshot)
      assert.is_nil(err)
    end
  end)

  it("is broken by a malformed file, and shows no line of it", function()
    for text, pattern in pairs{
      ["[default]\nsecret_id=a\n"] = "credentials: secret_key is missing$",
      ["[default]\nsecret_key=canary\n"] = "credentials: secret_id is missing$",
      ["[default]\nsecret_id=\nsecret_key=canary\n"] = "credentials: secret_id is missing$",
      ["[default\nsecret_id=a\nsecret_key=canary"] = "line 1 is neither %[section%] nor name = value$",
      ["secret_id=a\nsecret_key=canary"] = "line 1 comes before any %[section%]$",
      ["[default]\nsecret_id=a\nsecret_key=canary\nsecret_key=canary2\n"] = "line 4 repeats secret_key$",
      ["[default]\nsecret_id=a\ncanary\n"] = "line 3 is neither",
      ["[default]\nsecret_id=a\nsecret_key=\nAcanary\n"] = "line 4 is neither",
      ["[default]\nsecret_id=a\nsecret_key=canary ; mine\n"] = "secret_key has a comment behind it, .* of its own$",
      ["[default]\nsecret_id=a\t# mine\nsecret_key=canary\n"] = "secret_id has a comment behind it, ",
    } do
      refused(pattern, profile(text))
    end
  end)

  it("is broken by malformed credentials", function()
    for _, value in ipairs{ "can ary", "canary\1", "canary\0x", "can\195\164ry", ("c"):rep(9000) } do
      home.write(".tencentcloud/credentials", "[default]\nsecret_id=a\nsecret_key=" .. value .. "\n")
      refused("^profile default of .*: secret_key: ", providers.ask(credentials.profile(), context()))
    end
  end)

  it("is read again when the service rejects the credentials", function()
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

  it("accepts only known options", function()
    assert.error_matches(function() credentials.profile{ nmae = "x" } end,
      "profile%.nmae: unknown option, did you mean name")
    assert.error_matches(function() credentials.profile("x") end, "table of options expected")
  end)
end)
