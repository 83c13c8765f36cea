-- A canary as secret key, token and identity: whatever the library says, shows or leaves behind holds no eight bytes
-- of it, nor sixteen digits of what is derived from it. The whole suite is watched too, by support/canary_watch.lua.
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local folder = require "support.folder"
local providers = require "cloudaudit.credentials.provider"
local wire = require "support.wire"

local credentials = cloudaudit.credentials
local ID = "AKIDwatched0000000000000000000000001"

-- All texts of eight bytes in the secrets; of sixteen in those that are hexadecimal, since request ids and the
-- addresses of tables are so too.
local function windows(secrets)
  local set = {}
  for _, secret in ipairs(secrets) do
    local size = secret:find("^%x+$") and 16 or 8
    for at = 1, #secret - size + 1 do
      set[secret:sub(at, at + size - 1)] = true
    end
  end
  return set
end

local function find_secret(text, set)
  for at = 1, #text - 7 do
    local found = set[text:sub(at, at + 7)] and text:sub(at, at + 7)
      or set[text:sub(at, at + 15)] and text:sub(at, at + 15)
    if found then
      return found
    end
  end
end

-- Collects every text in a value, through tables.
local function texts(value, list)
  if type(value) == "string" then
    list[#list + 1] = value
  elseif type(value) == "table" then
    list[#list + 1] = tostring(value)
    for key, item in pairs(value) do
      texts(key, list)
      texts(item, list)
    end
  end
  return list
end

-- Letters that stand nowhere else, so that a window of a secret is a secret.
local function secret(name)
  return ("Qz7%sWx9Vk4%sJq2Zx8"):format(name, name)
end

describe("what a client reports", function()
  it("contains no secret, whatever happens to it", function()
    local key, token = secret("k1"), secret("t1")
    local emulator = cloudaudit.emulator.new{ secrets = { [ID] = key }, tokens = { [ID] = token }, rate = 0,
      role = "audit", quota = 100 }
    local said, requests = {}, {}
    local function note(...)
      for index = 1, select("#", ...) do
        texts((select(index, ...)), said)
      end
    end
    local driver = emulator:driver()
    local exchange = driver.exchange
    function driver.exchange(request, timeout)
      requests[#requests + 1] = request
      return exchange(request, timeout)
    end
    local watched = { log = note, on_request = note, on_response = note, driver = driver }
    local function client(more)
      local options = {}
      for name, value in pairs(watched) do
        options[name] = value
      end
      for name, value in pairs(more) do
        options[name] = value
      end
      return emulator:client(options)
    end
    local source = credentials.static{ secret_id = ID, secret_key = key, token = token }
    local clients = {
      client{ secret_id = ID, secret_key = key, token = token }, client{ credentials = source },
      client{ credentials = credentials.assume_role{ role_arn = "qcs::cam::uin/1:roleName/a", source = source } },
      client{ credentials = credentials.cvm_role() },
      client{ credentials = credentials.callback(function()
        return { secret_id = ID, secret_key = key, token = token, expires_at = emulator:now() + 400 }
      end) },
      client{ secret_id = ID, secret_key = key .. "x", token = token }, -- a wrong key
      client{ secret_id = ID, secret_key = key, token = token .. "x" }, -- and a wrong token
      client{ credentials = credentials.callback(function() return { secret_id = ID, secret_key = key .. " " } end) },
      client{ credentials = credentials.callback(function()
        return { secret_id = ID, secret_key = key, token = "\n" }
      end) },
    }
    local spec = { name = "audit", action = "all", storage = "cls://topic@ap-guangzhou/audit" }
    for index, each in ipairs(clients) do
      spec.name = "audit-" .. index
      for _, fault in ipairs{ false, { kind = "throttle" }, { kind = "cut_after" }, { kind = "cut_before" },
        { kind = "truncate" }, { kind = "status" }, { kind = "expired_token" },
        { kind = "error", code = "AuthFailure" }, { kind = "error", code = "InternalError", message = "x" } } do
        if fault then
          emulator:fault(fault)
        end
        note(each:ensure_track(spec, { wait = 0.1 }))
        note(each:get_track(4711))
        note(each:call("NoSuchAction", { a = 1 }))
        note(pcall(each.create_track, each, { nmae = 1 }))
        note(each.async:quota():await())
        note(each:config())
        note(tostring(each), tostring(each.async))
        emulator:clear_faults()
        emulator:advance(200)
      end
      note(each:close(), tostring(each), each:quota())
    end
    for _, given in ipairs{ { secret_id = ID, secret_key = key .. "\n" }, { secret_id = ID, token = token },
      { secret_id = key .. " ", secret_key = key } } do
      note(cloudaudit.new(given))
    end
    note(pcall(cloudaudit.new, { secret_key = { key } }), pcall(cloudaudit.new, { secretkey = key }))
    note(tostring(core.credentials(ID, key, token)))

    local secrets = { key, token }
    for _, request in ipairs(requests) do
      secrets[#secrets + 1] = (request.headers.Authorization or ""):match("Signature=(%x+)")
      secrets[#secrets + 1] = request.headers["X-TC-Token"]
    end
    for id, issued in pairs(emulator.issued.secrets) do
      secrets[#secrets + 1] = issued
      secrets[#secrets + 1] = emulator.issued.tokens[id].token
    end
    local stages = core.sign{ secret_id = ID, secret_key = key, timestamp = math.floor(emulator:now()), method = "POST",
      host = "h", content_type = "x", query = "", payload = "", service = "cloudaudit", extra = {} }
    for _, name in ipairs{ "date_key", "service_key", "signing_key" } do
      secrets[#secrets + 1] = stages[name]
    end
    local set = windows(secrets)
    assert.is_true(#said > 5000 and #requests > 200 and #secrets > 200)
    for _, text in ipairs(said) do
      local found = find_secret(text, set)
      assert.is_nil(found, text)
    end
  end)

  it("has no secret in a traceback, wherever a function of the program raises", function()
    local key, token = secret("k2"), secret("t2")
    local set = windows{ key, token }
    for _, name in ipairs{ "log", "on_request", "on_response", "clock", "random", "exchange", "sleep", "now" } do
      local driver = wire.driver{ wire.refusal("RequestLimitExceeded"), wire.success() }
      local options = { secret_key = key, token = token, driver = driver }
      local function raise()
        error("raised in " .. name)
      end
      if driver[name] then
        driver[name] = raise
      else
        options[name] = raise
      end
      local client = wire.client(nil, options)
      local ok, trace = xpcall(function()
        client:ListAudits()
      end, debug.traceback)
      assert.is_false(ok)
      assert.truthy(trace:find("raised in " .. name, 1, true))
      assert.is_nil(find_secret(trace, set), trace)
    end
  end)
end)

describe("what a client leaves behind", function()
  local home
  before_each(function() home = folder.new() end)
  after_each(function() home.remove() end)

  -- Answers whose secrets are in files alone, so that no value of this spec holds them.
  local function driver_of(path)
    local driver = { now = os.clock, sleep = function() end }
    function driver.exchange(request)
      local place = request.url:find("/cam/security-credentials/audit", 1, true) and "keys"
        or request.url:find("/cam/security-credentials/", 1, true) and "role"
        or request.headers["X-TC-Action"]:find("^AssumeRole") and "sts" or "answer"
      local file = assert(io.open(path .. "/" .. place))
      local body = file:read("*a")
      file:close()
      return { status = 200, headers = {}, body = body }
    end
    return driver
  end

  -- What the registry reaches: loaded modules, metatables, whatever C code and the suite hold.
  local function roots(client)
    return { client, debug.getregistry and debug.getregistry() or {}, package.loaded, providers, errors }
  end

  it("contains no secret that Lua can reach, with any provider", function()
    local build = os.getenv("CLOUDAUDIT_BUILD") or "x"
    local function made()
      return ("K%sQz7-%s-Wx9"):format("reached", build)
    end
    local keys = ('"TmpSecretId":"%s","TmpSecretKey":"%s","Token":"T%s"'):format(ID, made(), made())
    home.write("role", "audit")
    home.write("keys", ('{%s,"ExpiredTime":99999999999,"Code":"Success"}'):format(keys))
    home.write("sts", ('{"Response":{"Credentials":{%s},"ExpiredTime":99999999999,"RequestId":"r"}}'):format(keys))
    home.write("answer", wire.success())
    home.write("ini", ("[default]\nsecret_id=%s\nsecret_key=%s\ntoken=T%s\n"):format(ID, made(), made()))
    home.write(".tccli/watched.credential",
      ('{"secretId":"%s","secretKey":"%s","token":"T%s"}'):format(ID, made(), made()))
    home.write("identity", "T" .. made())
    keys = nil -- luacheck: ignore 311
    local getenv = os.getenv
    local path = home.path
    os.getenv = function(asked) return asked == "HOME" and path or nil end -- luacheck: ignore 122
    local all = {
      credentials.static{ secret_id = ID, secret_key = made(), token = "T" .. made() },
      credentials.profile{ file = path .. "/ini" }, credentials.tccli{ name = "watched" }, credentials.cvm_role(),
      credentials.assume_role{ role_arn = "a", source = credentials.profile{ file = path .. "/ini" } },
      credentials.tke_oidc{ region = "ap-x", provider_id = "p", token_file = path .. "/identity", role_arn = "a" },
      credentials.callback(function() return { secret_id = ID, secret_key = made(), token = "T" .. made() } end),
    }
    local seen = 0
    for index, provider in ipairs(all) do
      local client = cloudaudit.new{ credentials = provider, driver = driver_of(path), log = function() end }
      for _ = 1, 2 do
        assert(client:ListAudits())
        collectgarbage()
        collectgarbage()
        for _, root in ipairs(roots(client)) do
          for text in pairs(wire.reachable_strings(root)) do
            seen = seen + 1
            assert.is_nil(text:find("reached" .. "Qz7", 1, true), ("provider %d: %s"):format(index, text))
          end
        end
      end
    end
    os.getenv = getenv -- luacheck: ignore 122
    assert.is_true(seen > 10000)
  end)

  it("is read by a search that finds a planted string", function()
    local there = ("K%sQz7-there"):format("planted")
    package.loaded["spec.planted"] = { function() return there end }
    local found = wire.reachable_strings(package.loaded)[there]
    package.loaded["spec.planted"] = nil
    assert.is_true(found)
  end)
end)

describe("the watch over the suite", function()
  it("notices a secret in an error, a log line or a hook", function()
    assert.error_matches(function() errors.new{ message = "a can" .. "ary" } end, "a secret in an error")
    assert.error_matches(function()
      providers.log({ log = function() end }, "debug", "%s", "can" .. "ary")
    end, "a secret in a log line")
    local client = wire.client(nil, { on_request = function() end })
    assert(client:ListAudits())
  end)
end)
