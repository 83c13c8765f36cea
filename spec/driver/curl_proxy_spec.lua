-- The libcurl driver's proxies, what it takes from the environment, and files that it is given.
local cloudaudit = require "cloudaudit"
local driver_rig = require "support.driver_rig"
local misbehave = require "support.misbehave"

local OK = misbehave.response(200, "{}")

describe("the libcurl driver", function()
  local rig

  setup(function()
    rig = driver_rig.start()
  end)

  teardown(function()
    rig.stop()
  end)

  after_each(function()
    rig.clean()
  end)

  it("sends plain http to loopback through no proxy at all", function()
    local proxy = rig.listen{ { "request", { "send", OK } }, again = true }
    local success = misbehave.response(200, '{"Response":{"AuditAmount":1,"RequestId":"r"}}')
    for _, host in ipairs{ "127.0.0.1", "localhost", "a.localhost" } do
      local listener = rig.listen{ { "request", { "send", success } }, again = true }
      local client = assert(cloudaudit.new{ secret_id = "AKIDEXAMPLE", secret_key = "example", env = false,
        endpoint = listener.url:gsub("127%.0%.0%.1", host), proxy = proxy.url })
      assert.truthy(client:quota())
      client:close()
      assert.equal(1, listener:journal().requests)
    end
    assert.equal(0, #proxy:journal().connections)
  end)

  it("gives no keys of TLS to SSLKEYLOGFILE with env = false", function()
    for options, kept in pairs{ ["{ ca_file = %q }"] = true, ["{ ca_file = %q, env = false }"] = false } do
      local listener = rig.listen{ { "tls", "request", { "send", OK } }, tls = rig.certificate }
      local path = os.tmpname()
      assert.equal("200", rig.exchange_elsewhere("SSLKEYLOGFILE=" .. path, options:format(rig.authority.ca_file),
        listener.url))
      local file = assert(io.open(path))
      assert.equal(kept, file:read("*a") ~= "")
      file:close()
      os.remove(path)
    end
  end)

  -- Through a client, since hints belong to its errors.
  local function quota(proxy)
    local client = assert(cloudaudit.new{ secret_id = "AKIDEXAMPLE", secret_key = "example", env = false, retries = 0,
      endpoint = "https://service.invalid", proxy = proxy })
    local done, message, err = client:quota()
    client:close()
    assert.is_nil(done)
    return message, err
  end

  it("fails with a hint of its own when a proxy refuses or does not exist", function()
    for status, hint in pairs{ [407] = "a user and a password", [403] = "rules deny",
      [502] = "could not or would not" } do
      local proxy = rig.listen{ { "request", { "send", misbehave.response(status, "") }, "fin" } }
      local message, err = quota(proxy.url)
      assert.equal("InquireAuditCredit: the proxy refused the connection with HTTP " .. status, message)
      assert.equal(status == 407 and "config" or "connect", err.kind)
      assert.equal(status == 407 and "proxy" or nil, err.field)
      assert.truthy(err.hint:find(hint, 1, true), err.hint)
    end
    local message, err = quota("http://user:canary@no-such-host.invalid:3128")
    assert.equal("dns", err.kind)
    assert.truthy(err.hint:find("the proxy's name", 1, true), err.hint)
    assert.is_nil(message:find("canary", 1, true))
  end)

  -- The account could be locked.
  it("asks a proxy that refuses its user once", function()
    local proxy = rig.listen{ { "request", { "send", misbehave.response(407, "") }, "fin" } }
    local client = assert(cloudaudit.new{ secret_id = "AKIDEXAMPLE", secret_key = "example", env = false, timeout = 2,
      endpoint = "https://service.invalid", proxy = proxy.url })
    local _, _, err = client:quota()
    client:close()
    assert.same({ 1, "config" }, { err.attempts, err.kind })
  end)

  it("fails before anything is done with a malformed proxy, which is not shown", function()
    for _, proxy in ipairs{ "http://user:canary#x@127.0.0.1:1", "http://user:can/canary@127.0.0.1:1", "canary://x",
      "http://user:canary@127.0.0.1:port", "http://canary@x@127.0.0.1" } do
      local message, err = quota(proxy)
      assert.same({ "config", "proxy", 0 }, { err.kind, err.field, err.attempts })
      assert.is_nil(message:find("canary", 1, true))
      assert.truthy(err.hint:find("%23", 1, true))
      local info
      info, message = rig.fails(rig.new{ proxy = proxy }, rig.request("https://service.invalid/"))
      assert.same({ kind = "config", sent = false, field = "proxy" }, info)
      assert.is_nil(message:find("canary", 1, true))
      local environment = ("https_proxy='%s'"):format(proxy)
      message = rig.exchange_elsewhere(environment, "{ proxy_from_env = true }", "https://service.invalid/")
      assert.equal("proxy: the variable https_proxy of the environment is not"
        .. " [SCHEME://][USER:PASSWORD@]HOST[:PORT]", message)
      environment = ("ALL_PROXY='%s'"):format(proxy)
      message = rig.exchange_elsewhere(environment, "{ proxy_from_env = true }", "http://service.invalid/")
      assert.truthy(message:find("the variable ALL_PROXY", 1, true), message)
    end
  end)

  it("fails when ca_file is not a file that can be read to its end", function()
    local path = os.tmpname()
    os.remove(path)
    assert(os.execute("LD_PRELOAD= mkfifo " .. path))
    for _, name in ipairs{ path, "/dev/zero", "/" } do
      local info, message = rig.fails(rig.new{ ca_file = name }, rig.request("https://127.0.0.1:1/"))
      assert.same({ kind = "config", sent = false, field = "ca_file" }, info)
      assert.equal("ca_file: a regular file of at most 16 MiB expected", message)
    end
    os.remove(path)
  end)
end)
